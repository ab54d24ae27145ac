//! A span and an event for every operation.

use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::intercepted::{Call, Intercept};
use crate::error::Result;

/// A span around every operation, and an event with its length and outcome. No document, query or credential is in them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trace;

impl Intercept for Trace {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        let info = call.provider().info();
        let span = tracing::info_span!("ticketing", provider = %info.name, account = %info.account, operation = %call.operation());
        let begun = Instant::now();
        let outcome = forward().instrument(span.clone()).await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        span.in_scope(|| match &outcome {
            Ok(_) => tracing::debug!(milliseconds, "done"),
            Err(error) => {
                tracing::warn!(milliseconds, kind = %error.kind(), retryable = error.is_retryable(), "failed")
            }
        });
        outcome
    }
}
