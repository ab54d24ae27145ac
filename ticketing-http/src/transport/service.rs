//! A server in the same process as the transport: deterministic, without sockets.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http_body_util::BodyExt as _;
use ticketing_core::Error;
use ticketing_core::request::ByteStream;
use tower::ServiceExt as _;

use super::{Transport, TransportError, TransportErrorKind};
use crate::request::Body;

type IsReset = dyn Fn(&http::Extensions) -> bool + Send + Sync;

/// Any `tower` service of HTTP requests, an axum router for one, as the transport. For tests.
pub struct ServiceTransport<S, B> {
    service: S,
    is_reset: Box<IsReset>,
    body: PhantomData<fn() -> B>,
}

impl<S, B> ServiceTransport<S, B> {
    /// Sends to this service; an answer whose extensions `is_reset` recognises becomes a broken connection.
    pub fn new(service: S, is_reset: impl Fn(&http::Extensions) -> bool + Send + Sync + 'static) -> Self {
        Self { service, is_reset: Box::new(is_reset), body: PhantomData }
    }
}

impl<S, B> fmt::Debug for ServiceTransport<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl<S, B, R> Transport for ServiceTransport<S, B>
where
    S: tower::Service<http::Request<B>, Response = http::Response<R>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: fmt::Display + Send,
    B: From<Bytes> + Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: fmt::Display + Send,
{
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<ByteStream>, TransportError> {
        let (mut parts, body) = request.into_parts();
        let pieces: Vec<Bytes> = body.open().try_collect().await.map_err(|error| {
            TransportError::new(TransportErrorKind::Broken, "the body could not be read").with_source(error)
        })?;
        if let Some(authority) = parts.uri.authority()
            && let Ok(host) = http::HeaderValue::from_str(authority.as_str())
        {
            parts.headers.entry(http::header::HOST).or_insert(host);
        }
        let request = http::Request::from_parts(parts, B::from(Bytes::from(pieces.concat())));
        let response = self.service.clone().oneshot(request).await.map_err(|error| {
            TransportError::new(TransportErrorKind::Broken, format!("the service failed ({error})"))
        })?;
        if (self.is_reset)(response.extensions()) {
            return Err(TransportError::new(TransportErrorKind::Broken, "the connection broke (reset)"));
        }
        Ok(response.map(|body| {
            body.into_data_stream()
                .map_err(|error| {
                    let broken = format!("the connection broke ({error})");
                    Error::from(TransportError::new(TransportErrorKind::Broken, broken))
                })
                .boxed()
        }))
    }
}
