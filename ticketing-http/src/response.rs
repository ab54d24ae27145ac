//! An answer, and what it means.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use ticketing_core::request::ByteStream;
use ticketing_core::{Error, Result};
use url::Url;

use crate::decode::decode;
use crate::rate::{RateReading, RefusedFor, common_rate_headers};
use crate::redact;
use crate::status::error_for_status;

/// An answer whose body is in memory.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Response {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The vendor's own clock at the answer, in whole seconds, where it says so (`Date`).
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        httpdate::parse_http_date(self.header("date")?).ok().map(Into::into)
    }

    /// The body as JSON; text in it can be borrowed.
    ///
    /// # Errors
    /// `Decode`, with the JSON path of what could not be understood.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        decode(&self.body).map_err(|error| error.with_http_status(self.status.as_u16()))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer whose body comes piece by piece.
pub struct StreamedResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; one that ends early ends in an error.
    pub body: ByteStream,
}

impl fmt::Debug for StreamedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamedResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// An answer, as a [`Judge`] sees it.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body; empty where it is streamed.
    pub body: &'a [u8],
    /// True where the body is streamed to the caller and not in `body`.
    pub streamed: bool,
    /// When the answer came.
    pub now: DateTime<Utc>,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &redact::headers(self.headers))
            .field("body_bytes", &self.body.len())
            .field("streamed", &self.streamed)
            .field("now", &self.now)
            .finish()
    }
}

impl Answer<'_> {
    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// True where the body says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|value| {
            let media = value.split(';').next().unwrap_or_default().trim();
            media.eq_ignore_ascii_case("application/json") || media.to_ascii_lowercase().ends_with("+json")
        })
    }

    /// The error that the default table makes of the status.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> Error {
        let error = error_for_status(self.status.as_u16(), self.headers, self.now, message);
        if !self.status.is_redirection() || !self.headers.contains_key(LOCATION) {
            return error;
        }
        // No more than the host: the rest may hold a session.
        let target = self.header("location").and_then(|text| Url::parse(text).ok());
        let host = target.as_ref().and_then(Url::host_str);
        error
            .with_context(match host {
                Some(host) => format!("the server redirects to `{host}`"),
                None => "the server redirects elsewhere".to_owned(),
            })
            .with_hint("redirects are not followed; connect to the address that answers itself")
    }
}

/// The code of an error that a [`Judge`] makes of an answer which takes us for nobody, whatever its status. Like a 401, it ends
/// the token that was sent, and the request is sent once more where another one is had.
pub const ANONYMOUS: &str = "anonymous";

/// Says what a vendor's answers mean: a 200 may be a failure, a code in the body may say more than the status.
pub trait Judge: fmt::Debug + Send + Sync + 'static {
    /// Fails where the answer is a failure. Retry and rate gate act on the error: its kind, `retry_after` and delivery.
    ///
    /// `RateLimited` says that the request was turned away undone, and is always repeated. Where the error says nothing of
    /// its delivery, it becomes `Answered`; for a write whose status is a success, `MaybeApplied`.
    ///
    /// # Errors
    /// What the answer means.
    fn judge(&self, answer: &Answer<'_>) -> Result<()>;

    /// How long the vendor asks to wait, where it says so in headers of its own.
    fn wait(&self, _answer: &Answer<'_>) -> Option<Duration> {
        None
    }

    /// What the answer, good or bad, says of the vendor's rate limits; the rate gate learns from it. By default the headers
    /// that many vendors share, see [`common_rate_headers`].
    fn readings(&self, answer: &Answer<'_>) -> Vec<RateReading> {
        common_rate_headers(answer.headers, answer.now)
    }

    /// Why the vendor turned a request away, where the error is `RateLimited`: too many in a time, or too many at once.
    fn refused_for(&self, _answer: &Answer<'_>) -> RefusedFor {
        RefusedFor::Rate
    }
}

/// Goes by the status alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatusJudge;

impl Judge for StatusJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() {
            return Ok(());
        }
        Err(answer.error(answer.status.canonical_reason().unwrap_or("the vendor refused")))
    }
}
