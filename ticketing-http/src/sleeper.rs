//! Waiting as a value that is handed in.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

/// How retries wait.
#[async_trait]
pub trait Sleeper: fmt::Debug + Send + Sync + 'static {
    /// Comes back after this long.
    async fn sleep(&self, wait: Duration);
}

/// Waits by tokio's timer: under paused time, no longer than it takes to say so.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioSleeper;

#[async_trait]
impl Sleeper for TokioSleeper {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}
