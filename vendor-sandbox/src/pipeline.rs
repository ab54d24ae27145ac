//! The way of a request through a sandbox: log, faults, the vendor's emulator, faults again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use futures::{StreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, Entry, LOCATION, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;

use crate::clock::rfc3339;
use crate::emulator::{ConnectionReset, Emulator, StockAnswer, Struck};
use crate::faults::{FaultPlan, FaultSpec, Strike, Strikes};
use crate::request_log::RequestLog;

/// Emulator, faults and log of one running sandbox.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) emulator: Arc<dyn Emulator>,
    pub(crate) faults: FaultPlan,
    pub(crate) log: RequestLog,
}

fn any(_: &Method, _: &str) -> bool {
    true
}

fn writes(method: &Method, _: &str) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
}

/// Faults of transport and gateway, the same for every vendor.
pub(crate) const SHARED_FAULTS: &[FaultSpec] = &[
    FaultSpec::new("slow", "the answer comes late", Some("delay in milliseconds, default 1000"), any),
    FaultSpec::new("reset_before_answer", "the connection breaks; nothing was processed", None, any),
    FaultSpec::new(
        "reset_after_write",
        "the write happens, then the connection breaks before the answer",
        None,
        writes,
    ),
    FaultSpec::new(
        "reset_mid_body",
        "the connection breaks in the middle of the answer",
        Some("bytes sent before the break; by default drawn from the seed"),
        any,
    ),
    FaultSpec::new(
        "truncated_json",
        "the answer ends early, though the exchange is complete as HTTP",
        Some("bytes kept; by default drawn from the seed"),
        any,
    ),
    FaultSpec::new("status_500", "500 with an HTML page", None, any),
    FaultSpec::new("status_502", "502 with an HTML page", None, any),
    FaultSpec::new("status_503", "503 with an HTML page", None, any),
    FaultSpec {
        default_count: Some(1),
        ..FaultSpec::new(
            "unauthorized",
            "401 although the credential is good; once unless a count says otherwise",
            None,
            any,
        )
    },
    FaultSpec::new(
        "too_many_requests",
        "429 with the vendor's rate limit headers and Retry-After",
        Some("Retry-After in seconds, default 30; negative: the limit ended so long ago by the vendor's clock"),
        any,
    ),
    FaultSpec::new("too_many_requests_bare", "429 without any header", None, any),
    FaultSpec::new(
        "redirect",
        "302 to another host",
        Some("the Location, default https://elsewhere.example.net/"),
        any,
    ),
    FaultSpec::new(
        "big_page",
        "the answer is padded to a large size; still valid JSON",
        Some("size in bytes, default 10485760"),
        |method, _| *method == Method::GET,
    ),
];

impl Pipeline {
    pub(crate) fn new(emulator: Arc<dyn Emulator>) -> Self {
        Self { faults: FaultPlan::new(SHARED_FAULTS, emulator.faults()), emulator, log: RequestLog::default() }
    }

    pub(crate) async fn handle(&self, request: Request<Body>) -> Response<Body> {
        self.emulator.catch_up();
        let at = rfc3339(self.emulator.clock().now());
        let entry = self.log.open(at, request.method(), request.uri(), request.headers());
        let strikes = self.faults.draw(request.method(), request.uri());
        let names = strikes.names();
        let mut response = self.answer(request, strikes).await;
        // Vendor and client count from the same clock: resets and expiries are told on it.
        let date = self.emulator.clock().now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let (Entry::Vacant(entry), Ok(date)) = (response.headers_mut().entry(DATE), HeaderValue::try_from(date)) {
            entry.insert(date);
        }
        let status = match response.extensions().get::<ConnectionReset>() {
            Some(ConnectionReset) => None,
            None => Some(response.status().as_u16()),
        };
        if !names.is_empty() {
            response.extensions_mut().insert(Struck);
        }
        self.log.close(entry, status, names);
        response
    }

    async fn answer(&self, request: Request<Body>, strikes: Strikes) -> Response<Body> {
        let admission = match self.emulator.admit(request.headers()).await {
            Ok(admission) => admission,
            Err(refusal) => return *refusal,
        };
        if let Some(slow) = strikes.get("slow") {
            tokio::time::sleep(Duration::from_millis(slow.number(1000))).await;
        }
        if let Some(response) = self.instead(&strikes) {
            return response;
        }
        let response = self.emulator.respond(request, strikes.clone()).await;
        drop(admission);
        afterwards(response, &strikes).await
    }

    /// Faults that replace the answer: the request is not processed at all.
    fn instead(&self, strikes: &Strikes) -> Option<Response<Body>> {
        if strikes.has("reset_before_answer") {
            return Some(reset());
        }
        for status in [500, 502, 503] {
            if strikes.has(&format!("status_{status}")) {
                return Some(self.emulator.stock_answer(StockAnswer::ServerError(status)));
            }
        }
        if strikes.has("unauthorized") {
            return Some(self.emulator.stock_answer(StockAnswer::Unauthorized));
        }
        if let Some(strike) = strikes.get("too_many_requests") {
            let answer = StockAnswer::TooManyRequests(Some(strike.parameter.as_i64().unwrap_or(30)));
            return Some(self.emulator.stock_answer(answer));
        }
        if strikes.has("too_many_requests_bare") {
            return Some(self.emulator.stock_answer(StockAnswer::TooManyRequests(None)));
        }
        let strike = strikes.get("redirect")?;
        let location = strike.text("https://elsewhere.example.net/");
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        let location =
            HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("https://elsewhere.example.net/"));
        response.headers_mut().insert(LOCATION, location);
        Some(response)
    }
}

/// A broken connection as a response, see [`ConnectionReset`].
fn reset() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(ConnectionReset);
    response
}

/// Faults that spoil an answer that was really given.
async fn afterwards(response: Response<Body>, strikes: &Strikes) -> Response<Body> {
    if strikes.has("reset_after_write") {
        return reset();
    }
    let response = match strikes.get("big_page") {
        Some(strike) => pad(response, strike.number(10 * 1024 * 1024)).await,
        None => response,
    };
    if let Some(strike) = strikes.get("truncated_json") {
        let (parts, bytes) = collect(response).await;
        let end = cut(strike, bytes.len());
        return complete(parts, bytes.slice(..end));
    }
    if let Some(strike) = strikes.get("reset_mid_body") {
        return break_off(response, strike);
    }
    response
}

/// The same answer, its body ending in an error part-way; large bodies are not held.
fn break_off(response: Response<Body>, strike: &Strike) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let declared = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = declared.and_then(|length| length.parse().ok()).or(body.size_hint().exact()).unwrap_or(0);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    let left = cut(strike, usize::try_from(length).unwrap_or(usize::MAX));
    let start = Some((body.into_data_stream(), left));
    let pieces = stream::unfold(start, |state| async move {
        let (mut pieces, left) = state?;
        if left > 0
            && let Some(Ok(piece)) = pieces.next().await
        {
            let piece = piece.slice(..piece.len().min(left));
            let left = left - piece.len();
            return Some((Ok(piece), Some((pieces, left))));
        }
        // A pause, so that a server gets to send what it has.
        tokio::task::yield_now().await;
        Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn cut(strike: &Strike, length: usize) -> usize {
    let drawn = match u64::try_from(length) {
        Ok(length) if length > 1 => 1 + strike.random % (length - 1),
        _ => 0,
    };
    usize::try_from(strike.number(drawn)).map_or(length, |end| end.min(length))
}

async fn collect(response: Response<Body>) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::new(),
    };
    (parts, bytes)
}

fn complete(mut parts: http::response::Parts, bytes: Bytes) -> Response<Body> {
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(TRANSFER_ENCODING);
    Response::from_parts(parts, Body::from(bytes))
}

/// Whitespace before the last brace: large on the wire, the same document to a parser.
async fn pad(response: Response<Body>, size: u64) -> Response<Body> {
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return response;
    }
    let (parts, bytes) = collect(response).await;
    let missing = usize::try_from(size).unwrap_or(usize::MAX).saturating_sub(bytes.len());
    let Some((last, head)) = bytes.split_last().filter(|_| missing > 0) else {
        return complete(parts, bytes);
    };
    let mut padded = Vec::with_capacity(bytes.len() + missing);
    padded.extend_from_slice(head);
    padded.resize(head.len() + missing, b' ');
    padded.push(*last);
    complete(parts, padded.into())
}
