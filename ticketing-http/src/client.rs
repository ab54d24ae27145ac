//! The client of one connection: a request's way through the planes.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use http::HeaderMap;
use http::header::{ACCEPT, HOST};
use ticketing_core::request::ByteStream;
use ticketing_core::{Delivery, Error, ErrorKind, Result};
use tokio::time::{Instant, timeout, timeout_at};

use crate::address::Address;
use crate::auth::Authenticator;
use crate::context::HttpContext;
use crate::rate::RateGate;
use crate::redact;
use crate::request::{Idempotency, Request};
use crate::response::{Answer, Judge, Response, StatusJudge, StreamedResponse};
use crate::retry::{Attempt, Decision, RetryBudget};
use crate::transport::{TransportError, TransportErrorKind};

/// The client of one connection. Cloning it is cheap, and clones share rate gate, retry budget and credential.
///
/// Operation timeout → retry → rate gate → attempt timeout → auth → redacting trace → transport. Everything goes to the
/// connection's own address; redirects are not followed.
#[derive(Debug, Clone)]
pub struct HttpClient {
    context: HttpContext,
    address: Address,
    authenticator: Option<Arc<dyn Authenticator>>,
    judge: Arc<dyn Judge>,
    gate: RateGate,
    budget: RetryBudget,
    headers: HeaderMap,
}

/// Makes an [`HttpClient`].
#[derive(Debug)]
pub struct HttpClientBuilder {
    client: HttpClient,
}

impl HttpClientBuilder {
    /// With this credential.
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.client.authenticator = Some(authenticator);
        self
    }

    /// With this reading of the vendor's answers.
    #[must_use]
    pub fn with_judge(mut self, judge: Arc<dyn Judge>) -> Self {
        self.client.judge = judge;
        self
    }

    /// With this rate gate, which may be shared with other connections to the same server.
    #[must_use]
    pub fn with_gate(mut self, gate: RateGate) -> Self {
        self.client.gate = gate;
        self
    }

    /// With this retry budget, which may be shared with other connections.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.client.budget = budget;
        self
    }

    /// With headers that go on every request.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.client.headers = headers;
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> HttpClient {
        self.client
    }
}

/// An answer whose head is there, and whose body may be.
struct Received {
    status: http::StatusCode,
    headers: HeaderMap,
    body: Content,
}

enum Content {
    Whole(Bytes),
    Pieces(ByteStream),
}

/// How many requests of one connection run at the same time unless a provider says otherwise.
const DEFAULT_CONCURRENCY: usize = 4;

impl HttpClient {
    /// A client of this address.
    #[must_use]
    pub fn builder(address: Address, context: HttpContext) -> HttpClientBuilder {
        HttpClientBuilder {
            client: Self {
                context,
                address,
                authenticator: None,
                judge: Arc::new(StatusJudge),
                gate: RateGate::new(DEFAULT_CONCURRENCY),
                budget: RetryBudget::default(),
                headers: HeaderMap::new(),
            },
        }
    }

    /// The address that everything goes to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What the client was handed.
    #[must_use]
    pub fn context(&self) -> &HttpContext {
        &self.context
    }

    /// Sends a request, and holds its answer in memory.
    ///
    /// # Errors
    /// What the judge makes of the answer, or what broke; see [`Error::delivery`] for whether a write may have happened.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        match self.run(request, false).await? {
            Received { status, headers, body: Content::Whole(body) } => Ok(Response { status, headers, body }),
            Received { .. } => Err(Error::new(ErrorKind::Unexpected, "a whole answer came in pieces")),
        }
    }

    /// Sends a request, and hands its answer's body through piece by piece. A failure in the middle ends the stream with an
    /// error; it is not sent again then.
    ///
    /// # Errors
    /// As for [`send`](Self::send), up to the answer's head.
    pub async fn stream(&self, request: &Request) -> Result<StreamedResponse> {
        let Received { status, headers, body } = self.run(request, true).await?;
        let body = match body {
            Content::Pieces(pieces) => pieces,
            Content::Whole(bytes) => stream::iter([Ok(bytes)]).boxed(),
        };
        Ok(StreamedResponse { status, headers, body })
    }

    /// The retry plane, under the operation's timeout.
    async fn run(&self, request: &Request, streamed: bool) -> Result<Received> {
        let begun = Instant::now();
        let deadline = begun + self.context.timeouts.operation;
        let mut number = 0;
        let mut refreshed = false;
        // A write that may have happened in an earlier attempt may have happened, whatever the last attempt says.
        let mut maybe_applied = false;
        loop {
            number += 1;
            let error = match timeout_at(deadline, self.gated(request, streamed)).await {
                Ok(Ok(received)) => {
                    self.budget.deposit();
                    return Ok(received);
                }
                Ok(Err(Failure { error, generation })) => {
                    let unauthenticated =
                        error.kind() == ErrorKind::Unauthenticated && error.http_status() == Some(401);
                    if let (true, Some(generation), Some(authenticator)) =
                        (unauthenticated, generation, &self.authenticator)
                    {
                        // A refused credential ends that one; where another can be had, it is tried once.
                        if authenticator.refused(generation) && !refreshed {
                            refreshed = true;
                            number -= 1;
                            continue;
                        }
                    }
                    error
                }
                Err(_) => Error::new(ErrorKind::Timeout, "the operation took too long")
                    .with_delivery(Delivery::MaybeApplied)
                    .with_retry_after(Duration::ZERO),
            };
            let error = doubt(error, request.idempotency);
            maybe_applied |= error.maybe_applied();
            let attempt =
                Attempt::new(number, request.idempotency, &error, begun.elapsed(), self.context.random.unit());
            let decision = self.context.retry.decide(&attempt);
            match decision {
                Decision::Retry(wait) if Instant::now() + wait < deadline && self.budget.withdraw() => {
                    tracing::debug!(attempt = number, wait_ms = wait.as_millis() as u64, kind = %error.kind(), "sending again");
                    tokio::time::sleep(wait).await;
                }
                _ if maybe_applied && !error.maybe_applied() && !request.method.is_safe() => {
                    return Err(error.with_delivery(Delivery::MaybeApplied));
                }
                _ => return Err(error),
            }
        }
    }

    /// The rate gate, and the attempt behind it.
    async fn gated(&self, request: &Request, streamed: bool) -> Result<Received, Failure> {
        let permit = self.gate.enter().await?;
        let outcome = self.attempt(request, streamed).await;
        match &outcome {
            Ok(_) => self.gate.accepted(),
            Err(failure) if failure.error.kind() == ErrorKind::RateLimited => {
                self.gate.refused(failure.error.retry_after().unwrap_or_default());
            }
            Err(_) => {}
        }
        drop(permit);
        outcome
    }

    /// One attempt: auth, trace, transport, body, judge.
    async fn attempt(&self, request: &Request, streamed: bool) -> Result<Received, Failure> {
        let url = self.address.join(&request.target())?;
        let mut headers = self.headers.clone();
        headers.extend(request.headers.clone());
        headers.entry(ACCEPT).or_insert(http::HeaderValue::from_static("application/json"));
        headers.remove(HOST);
        let generation = match &self.authenticator {
            Some(authenticator) if !request.anonymous => Some(authenticator.authorize(&mut headers).await?),
            _ => None,
        };
        let failed = |error: Error| Failure { error, generation };
        let mut outgoing = http::Request::new(request.body.clone());
        *outgoing.method_mut() = request.method.clone();
        *outgoing.uri_mut() = url.as_str().parse().map_err(|error| {
            failed(Error::new(ErrorKind::InvalidRequest, "the request's address is not sendable").with_source(error))
        })?;
        *outgoing.headers_mut() = headers;

        let patience = request.attempt_timeout.unwrap_or(self.context.timeouts.attempt);
        let begun = Instant::now();
        let sent = timeout(patience, self.context.transport.send(outgoing)).await;
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::debug!(method = %request.method, path = %request.path, error = %error, "no answer");
                return Err(failed(error.into()));
            }
            Err(_) => return Err(failed(no_answer().into())),
        };
        let (parts, pieces) = response.into_parts();
        tracing::debug!(
            method = %request.method,
            path = %request.path,
            status = parts.status.as_u16(),
            milliseconds = begun.elapsed().as_millis() as u64,
            headers = %redact::headers(&parts.headers),
            "answered"
        );
        let pieces = patient(pieces, patience);
        // A failure's body is always read: it says what went wrong.
        let body = if streamed && parts.status.is_success() {
            Content::Pieces(whole(pieces, &parts.headers))
        } else {
            Content::Whole(collect(whole(pieces, &parts.headers), request.max_bytes).await.map_err(failed)?)
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
        if let Err(error) = self.judge.judge(&answer) {
            let error = match self.judge.wait(&answer) {
                Some(wait) if error.is_retryable() => error.with_retry_after(wait),
                _ => error,
            };
            return Err(failed(error));
        }
        Ok(Received { status: parts.status, headers: parts.headers, body })
    }
}

/// A failed attempt, and the credential it carried.
struct Failure {
    error: Error,
    generation: Option<u64>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, generation: None }
    }
}

/// A server's failure leaves open whether an unsafe request was carried out.
fn doubt(error: Error, idempotency: Idempotency) -> Error {
    let unclear = matches!(error.http_status(), Some(408 | 500 | 502 | 504 | 520..=527))
        || (error.http_status() == Some(503) && error.retry_after().is_none_or(|wait| wait.is_zero()));
    if idempotency == Idempotency::Unsafe && unclear && error.kind() != ErrorKind::RateLimited {
        return error.with_delivery(Delivery::MaybeApplied);
    }
    error
}

fn no_answer() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, "no answer in time")
}

/// Fails where no piece comes for this long.
fn patient(pieces: ByteStream, patience: Duration) -> ByteStream {
    stream::unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match timeout(patience, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(no_answer().into()), None)),
        }
    })
    .boxed()
}

/// Fails where the body ends before the length that its head promised; a compressed body's length is another one.
fn whole(pieces: ByteStream, headers: &HeaderMap) -> ByteStream {
    let promised = headers
        .get(http::header::CONTENT_LENGTH)
        .filter(|_| !headers.contains_key(http::header::CONTENT_ENCODING))
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let Some(promised) = promised else { return pieces };
    stream::unfold((Some(pieces), 0_u64), move |(pieces, seen)| async move {
        let mut pieces = pieces?;
        match pieces.next().await {
            Some(Ok(piece)) => {
                let seen = seen + piece.len() as u64;
                Some((Ok(piece), (Some(pieces), seen)))
            }
            Some(Err(error)) => Some((Err(error), (None, seen))),
            None if seen < promised => {
                let cut = TransportError::new(TransportErrorKind::Broken, "the answer is cut off");
                Some((Err(cut.into()), (None, seen)))
            }
            None => None,
        }
    })
    .boxed()
}

/// The whole body, up to a bound that holds after decompression too.
async fn collect(mut pieces: ByteStream, max_bytes: u64) -> Result<Bytes> {
    let mut first = None;
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        let so_far = first.as_ref().map_or(0, Bytes::len) + all.len() + piece.len();
        if so_far as u64 > max_bytes {
            return Err(Error::new(ErrorKind::Decode, format!("the answer is larger than {max_bytes} bytes"))
                .with_delivery(Delivery::Answered)
                .with_hint("ask for smaller pages"));
        }
        // One piece is the common case, and needs no copy.
        match first.take() {
            None if all.is_empty() => first = Some(piece),
            None => all.extend_from_slice(&piece),
            Some(begin) => {
                all.reserve(begin.len() + piece.len());
                all.extend_from_slice(&begin);
                all.extend_from_slice(&piece);
            }
        }
    }
    Ok(first.unwrap_or_else(|| all.freeze()))
}
