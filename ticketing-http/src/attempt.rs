//! One attempt: auth, redacting trace, transport, body, judge.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use ticketing_core::request::ByteStream;
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::body::{collect, collect_beginning, no_answer, patient, promised, whole};
use crate::client::HttpClient;
use crate::rate::{RateReading, RefusedFor};
use crate::redact;
use crate::request::{Idempotency, Request};
use crate::response::Answer;
use crate::transport::TransportErrorKind;

/// As much of a failure's body is looked at.
const FAILURE_BYTES: usize = 256 * 1024;
/// As many redirects are followed.
const MOST_HOPS: u32 = 3;

/// An answer whose head is there, and whose body may be.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Content,
}

pub(crate) enum Content {
    Whole(Bytes),
    Pieces(ByteStream),
}

/// A failed attempt, and the credential it carried.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) generation: Option<u64>,
}

/// What an answer says to the rate gate.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) answered: bool,
    pub(crate) readings: Vec<RateReading>,
    pub(crate) refused_for: RefusedFor,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, generation: None }
    }
}

impl HttpClient {
    /// One attempt. `sent` becomes true as soon as something may have reached the vendor, and `heard` is what its answer
    /// says to the rate gate.
    pub(crate) async fn attempt(
        &self,
        request: &Request,
        streamed: bool,
        sent: &AtomicBool,
        heard: &mut Heard,
    ) -> Result<Received, Failure> {
        request.check_headers()?;
        let url = self.address.join(&request.target())?;
        let mut headers = self.headers.clone();
        headers.extend(request.headers.clone());
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let generation = match &self.authenticator {
            Some(authenticator) if !request.anonymous => Some(authenticator.authorize(&mut headers).await?),
            _ => None,
        };
        let failed = |error: Error| Failure { error, generation };
        let patience = request.attempt_timeout.unwrap_or(self.context.timeouts.attempt);
        let (parts, pieces) = self.exchange(request, url, headers, patience, sent).await.map_err(failed)?.into_parts();
        let pieces = patient(pieces, patience);
        // The answer to a HEAD names a length, and has no body.
        let bodiless = request.method == Method::HEAD || parts.status == StatusCode::NOT_MODIFIED;
        let pieces = if bodiless { pieces } else { whole(pieces, &parts.headers) };
        let body = if !parts.status.is_success() {
            // A failure's body is always read: it says what went wrong.
            Content::Whole(collect_beginning(pieces, FAILURE_BYTES).await)
        } else if streamed {
            Content::Pieces(pieces)
        } else {
            let collected = collect(pieces, promised(&parts.headers), request.max_bytes).await;
            Content::Whole(collected.map_err(|error| failed(unreadable(error, parts.status, request.idempotency)))?)
        };
        let answer = Answer {
            status: parts.status,
            headers: &parts.headers,
            body: match &body {
                Content::Whole(bytes) => bytes,
                Content::Pieces(_) => &[],
            },
            streamed: matches!(body, Content::Pieces(_)),
            now: self.context.clock.now(),
        };
        heard.answered = true;
        heard.readings = self.judge.readings(&answer);
        if let Err(error) = self.judge.judge(&answer) {
            heard.refused_for = self.judge.refused_for(&answer);
            let error = match self.judge.wait(&answer) {
                Some(wait) if error.is_retryable() => error.with_retry_after(wait),
                _ => error,
            };
            return Err(failed(judged(error, parts.status, request.idempotency)));
        }
        Ok(Received { status: parts.status, headers: parts.headers, body })
    }
}

impl HttpClient {
    /// The trace and the transport, and the redirects that stay on the connection's own host where the policy follows them.
    async fn exchange(
        &self,
        request: &Request,
        mut url: Url,
        mut headers: HeaderMap,
        patience: Duration,
        sent: &AtomicBool,
    ) -> Result<http::Response<ByteStream>> {
        // The path that was asked for; one that the server points to may hold a session.
        let path = url.path().to_owned();
        let mut hops = 0;
        loop {
            let mut outgoing = http::Request::new(request.body.clone());
            *outgoing.method_mut() = request.method.clone();
            *outgoing.uri_mut() = url.as_str().parse().map_err(|error| {
                Error::new(ErrorKind::InvalidRequest, "the request's address is not sendable").with_source(error)
            })?;
            *outgoing.headers_mut() = headers.clone();
            let begun = Instant::now();
            sent.store(true, Ordering::Relaxed);
            let response = match timeout(patience, self.context.transport.send(outgoing)).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => {
                    tracing::debug!(method = %request.method, path, error = %error, "no answer");
                    let forbidden = error.kind() == TransportErrorKind::Forbidden;
                    let error = Error::from(error);
                    return Err(if forbidden { error.with_field(self.address.field()) } else { error });
                }
                Err(_) => {
                    tracing::debug!(method = %request.method, path, "no answer in time");
                    return Err(no_answer().into());
                }
            };
            tracing::debug!(
                method = %request.method,
                path,
                hops,
                query = %redact::query(url.query().unwrap_or_default()),
                status = response.status().as_u16(),
                milliseconds = begun.elapsed().as_millis() as u64,
                headers = %redact::headers(response.headers()),
                "answered"
            );
            match self.next_hop(request, &url, &response) {
                Some(next) if hops < MOST_HOPS => {
                    if !self.address.is_home_of(&next) && !remedy::is_removed("http.bare_redirects") {
                        headers = for_strangers(&headers);
                    }
                    (url, hops) = (next, hops + 1);
                }
                _ => return Ok(response),
            }
        }
    }

    fn next_hop(&self, request: &Request, url: &Url, response: &http::Response<ByteStream>) -> Option<Url> {
        let redirects =
            matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) && request.method == Method::GET;
        let next = url.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()?;
        let home = self.address.is_home_of(&next);
        let stays = self.context.policy.follows_same_host_redirects()
            && (home || remedy::is_removed("http.redirects_stay_home"));
        let abroad = || match remedy::is_removed("http.answers_stay_outside") {
            true => self.context.policy.admits(&next).is_ok(),
            false => self.context.policy.for_answers_of(&self.address).admits(&next).is_ok(),
        };
        let signed = request.signed_redirects && (home || abroad());
        (redirects && (stays || signed)).then_some(next)
    }
}

/// What a host that is not the connection's may be told.
fn for_strangers(headers: &HeaderMap) -> HeaderMap {
    [ACCEPT, RANGE].into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

/// A write whose good answer cannot be read has probably happened.
fn unreadable(error: Error, status: StatusCode, idempotency: Idempotency) -> Error {
    if status.is_success() && idempotency != Idempotency::Safe && error.delivery() == Delivery::Answered {
        return error.with_delivery(Delivery::MaybeApplied);
    }
    error
}

/// Says how far a judged request got where the judge did not: an answer came, so that it was sent.
fn judged(error: Error, status: StatusCode, idempotency: Idempotency) -> Error {
    if error.kind() == ErrorKind::RateLimited {
        return error.with_delivery(Delivery::Answered);
    }
    let unclear = matches!(status.as_u16(), 408 | 500 | 502 | 504 | 520..=527)
        || (status == StatusCode::SERVICE_UNAVAILABLE && error.retry_after().is_none_or(|wait| wait.is_zero()));
    let broken = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Unexpected);
    let unsaid = error.delivery() == Delivery::NotSent;
    // A server's failure leaves open whether a write was carried out; so does a success that the judge does not believe.
    if idempotency != Idempotency::Safe && ((unclear && broken) || (unsaid && status.is_success())) {
        return error.with_delivery(Delivery::MaybeApplied);
    }
    if unsaid { error.with_delivery(Delivery::Answered) } else { error }
}
