//! A transport on which everything takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use ticketing::request::ByteStream;
use ticketing_http::http::{Request, Response};
use ticketing_http::{Body, Transport, TransportError};
use tokio::time::sleep;

/// How long every answer takes at least.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

/// Takes its time, and counts how many requests run at once.
#[derive(Debug)]
pub(crate) struct Slow {
    inner: Arc<dyn Transport>,
    running: AtomicUsize,
    pub(crate) peak: AtomicUsize,
}

impl Slow {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Self { inner, running: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }
}

struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        let _running = Running(&self.running);
        self.peak.fetch_max(now, Ordering::SeqCst);
        sleep(LATENCY).await;
        self.inner.send(request).await
    }
}
