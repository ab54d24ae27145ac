//! One request out, one answer in: the seam between us and the network.

mod network;
#[cfg(feature = "test-util")]
mod service;

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;
use ticketing_core::request::ByteStream;
use ticketing_core::{Delivery, Error, ErrorKind};

pub use network::{ReqwestTransport, ReqwestTransportBuilder};
#[cfg(feature = "test-util")]
pub use service::ServiceTransport;

use crate::request::Body;

/// Sends one request, once: no retry, no redirect, no cookie.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends the request, and answers as soon as the head of the answer is there.
    ///
    /// # Errors
    /// What broke, and whether the request may have reached the vendor.
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<ByteStream>, TransportError>;
}

/// What broke between us and the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: nothing was sent.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection broke.
    Broken,
    /// The request itself is not sendable.
    Request,
    /// The server could not prove who it is: nothing was sent, and trying again does not help.
    Untrusted,
    /// The address policy forbids this host, or what it resolves to: nothing was sent.
    Forbidden,
}

/// A request that got no answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// What broke, in words that hold no address with a credential in it.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// With the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What broke.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let (kind, delivery, retryable) = match error.kind {
            TransportErrorKind::Connect => (ErrorKind::Unavailable, Delivery::NotSent, true),
            TransportErrorKind::Timeout => (ErrorKind::Timeout, Delivery::MaybeApplied, true),
            TransportErrorKind::Broken => (ErrorKind::Unavailable, Delivery::MaybeApplied, true),
            TransportErrorKind::Request => (ErrorKind::InvalidRequest, Delivery::NotSent, false),
            TransportErrorKind::Untrusted => (ErrorKind::Unavailable, Delivery::NotSent, false),
            TransportErrorKind::Forbidden => (ErrorKind::Config, Delivery::NotSent, false),
        };
        let mut mapped = Self::new(kind, error.message).with_delivery(delivery);
        if error.kind == TransportErrorKind::Forbidden {
            mapped = mapped
                .with_field("address")
                .with_hint("name a public host, or have the operator allow this one in the address policy");
        }
        if error.kind == TransportErrorKind::Connect {
            mapped = mapped.with_hint("check the address, and that this network reaches it");
        }
        if error.kind == TransportErrorKind::Untrusted {
            mapped = mapped.with_hint("check the host's name; trust a company's own certificate authority explicitly");
        }
        if retryable {
            mapped = mapped.with_retry_after(std::time::Duration::ZERO);
        }
        match error.source {
            Some(source) => mapped.with_source(source),
            None => mapped,
        }
    }
}
