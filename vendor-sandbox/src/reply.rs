//! Answers whose body is at hand, in no vendor's shape.

use axum::body::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

/// An answer whose body is at hand.
pub(crate) type Reply = Response<Bytes>;

/// An answer of this content type.
pub(crate) fn with_body(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// An HTML page, with a status of the caller's choice.
pub(crate) fn html(status: StatusCode, page: &'static str) -> Reply {
    with_body(status, "text/html;charset=UTF-8", page)
}

/// Sets a header from text that may not be one; such a value is left out.
pub(crate) fn set_header(response: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
