//! The default table from HTTP status to error; providers override it by the vendor's codes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;
use ticketing_core::{Error, ErrorKind};

use crate::retry::parse_retry_after;

/// The error of a status: kind, whether to try again, and when.
///
/// A 500 is not retryable here: for many vendors it is a defect that the same request meets again. A provider whose vendor
/// means something passing by it says so with [`Error::with_retry_after`]. A redirection is an answer of somebody before the
/// API.
#[must_use]
pub fn error_for_status(status: u16, headers: &HeaderMap, now: DateTime<Utc>, message: impl Into<String>) -> Error {
    let (kind, retryable) = match status {
        400 | 405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 => (ErrorKind::InvalidRequest, false),
        401 | 407 => (ErrorKind::Unauthenticated, false),
        402 | 403 | 451 => (ErrorKind::PermissionDenied, false),
        404 | 410 => (ErrorKind::NotFound, false),
        408 => (ErrorKind::Timeout, true),
        409 | 423 => (ErrorKind::Conflict, false),
        412 | 428 => (ErrorKind::PreconditionFailed, false),
        425 => (ErrorKind::Unavailable, true),
        429 => (ErrorKind::RateLimited, true),
        501 => (ErrorKind::Unsupported, false),
        300..=399 | 500 => (ErrorKind::Unavailable, false),
        502 | 503 | 520..=527 | 529 | 530 => (ErrorKind::Unavailable, true),
        504 => (ErrorKind::Timeout, true),
        _ => (ErrorKind::Unexpected, false),
    };
    let mut error = Error::new(kind, message).with_http_status(status);
    if retryable {
        error = error.with_retry_after(parse_retry_after(headers, now).unwrap_or(Duration::ZERO));
    }
    let request_id = ["x-request-id", "x-correlation-id", "x-transaction-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok());
    match request_id {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_kind() {
        let headers = HeaderMap::new();
        let now = "2026-01-05T08:00:00Z".parse().unwrap();
        for (status, kind, retryable) in [
            (400, ErrorKind::InvalidRequest, false),
            (401, ErrorKind::Unauthenticated, false),
            (403, ErrorKind::PermissionDenied, false),
            (404, ErrorKind::NotFound, false),
            (409, ErrorKind::Conflict, false),
            (412, ErrorKind::PreconditionFailed, false),
            (429, ErrorKind::RateLimited, true),
            (302, ErrorKind::Unavailable, false),
            (500, ErrorKind::Unavailable, false),
            (502, ErrorKind::Unavailable, true),
            (503, ErrorKind::Unavailable, true),
            (504, ErrorKind::Timeout, true),
            (418, ErrorKind::Unexpected, false),
        ] {
            let error = error_for_status(status, &headers, now, "x");
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status}");
        }
    }
}
