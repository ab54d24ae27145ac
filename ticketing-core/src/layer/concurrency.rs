//! Bounds how many operations run at the same time.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use super::intercepted::{Call, Intercept};
use crate::error::{Error, ErrorKind, Result};

/// Bounds how many operations run at the same time; clones share the bound, and those who wait are served in order.
#[derive(Debug, Clone)]
pub struct ConcurrencyLimit(Arc<Semaphore>);

impl ConcurrencyLimit {
    /// At most this many at the same time; at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Semaphore::new(limit.max(1))))
    }
}

impl Intercept for ConcurrencyLimit {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        let _permit = self.0.acquire().await.map_err(|closed| {
            Error::new(ErrorKind::Unexpected, "the limit was closed")
                .with_operation(call.operation())
                .with_source(closed)
        })?;
        forward().await
    }
}
