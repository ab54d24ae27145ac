//! Answers in the vendor's shapes: wire §1.3, §1.5, §1.6.

use axum::body::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, RETRY_AFTER, SERVER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) use crate::reply::{Reply, set_header};

/// A refusal as the REST API words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    /// `null` in the answer when absent.
    pub(crate) detail: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>, detail: Option<String>) -> Self {
        Self { status, message: message.into(), detail }
    }

    /// wire §1.6: unknown table.
    pub(crate) fn invalid_table(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("Invalid table {name}"), None)
    }

    /// wire §1.6: bad path.
    pub(crate) fn no_resource() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Requested URI does not represent any resource", None)
    }

    /// wire §1.6: missing, or hidden by an ACL.
    pub(crate) fn no_record() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "No Record found",
            Some("Record doesn't exist or ACL restricts the record retrieval".to_owned()),
        )
    }

    /// wire §1.6: missing or invalid credentials.
    pub(crate) fn not_authenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "User Not Authenticated",
            Some("Required to provide Auth information".to_owned()),
        )
    }

    /// wire §1.6: the role for the API or the table is missing.
    pub(crate) fn not_authorized() -> Self {
        Self::new(StatusCode::FORBIDDEN, "User Not Authorized", Some("Failed API level ACL Validation".to_owned()))
    }

    /// wire §1.6: a write was refused.
    pub(crate) fn operation_failed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Operation Failed", Some(detail.into()))
    }

    /// wire §1.6: `ACL Exception Insert|Update|Delete Failed due to security constraints`.
    pub(crate) fn write_acl(operation: &str) -> Self {
        Self::operation_failed(format!("ACL Exception {operation} Failed due to security constraints"))
    }

    pub(crate) fn bad_request(message: impl Into<String>, detail: Option<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, detail)
    }

    /// D: r_RESTAPIHTTPResponseCodes.
    pub(crate) fn method_not_allowed(method: &http::Method) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", Some(format!("{method} method not supported")))
    }

    pub(crate) fn body(&self) -> Value {
        json!({
            "error": { "message": self.message, "detail": self.detail },
            "status": "failure",
        })
    }

    pub(crate) fn into_response(self) -> Reply {
        let mut response = json_response(self.status, self.body().to_string().into_bytes());
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("BASIC realm=\"Service-now\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A JSON answer with the headers of wire §1.5.
pub(crate) fn json_response(status: StatusCode, body: Vec<u8>) -> Reply {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    standard_headers(response.headers_mut());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    response
}

/// `{"result": …}`.
pub(crate) fn result(status: StatusCode, result: &Value) -> Reply {
    json_response(status, json!({ "result": result }).to_string().into_bytes())
}

/// 204 without a body.
pub(crate) fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// An answer without a body, such as 202 on a crowded session (wire §1.6).
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    standard_headers(response.headers_mut());
    response
}

/// An HTML page, with a status of the caller's choice.
pub(crate) fn html(status: StatusCode, page: &'static str) -> Reply {
    let mut response = Response::new(Bytes::from_static(page.as_bytes()));
    *response.status_mut() = status;
    standard_headers(response.headers_mut());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html;charset=UTF-8"));
    response
}

fn standard_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (SERVER, "ServiceNow"),
        (PRAGMA, "no-store,no-cache"),
        (CACHE_CONTROL, "no-cache,no-store,must-revalidate,max-age=-1"),
        (EXPIRES, "0"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// 429 with this error text; headers are the caller's business (wire §6).
pub(crate) fn too_many_requests(limit: u64, api: &str) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "Rate limit exceeded",
        Some(format!("Rate limit of {limit} requests per hour for {api} exceeded")),
    )
}

pub(crate) fn set_retry_after(response: &mut Reply, seconds: u64) {
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
}

/// wire §1.6: text by which S:xsoar recognises a sleeping developer instance.
pub(crate) const HIBERNATING_PAGE: &str = "<!DOCTYPE html><html><head><title>Instance Hibernating page</title></head>\
<body><h1>Your instance is hibernating</h1><p>Sign in to the developer site to wake it.</p></body></html>";

/// wire §1.6: where single sign-on or an expired session ends up.
pub(crate) const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Log in | ServiceNow</title></head>\
<body><form action=\"/login.do\" method=\"post\"><input name=\"user_name\"/><input name=\"user_password\" type=\"password\"/></form></body></html>";

/// wire §1.6: 500, 502 and 503 are often HTML.
pub(crate) const ERROR_PAGE: &str = "<html><head><title>Service unavailable</title></head>\
<body><h1>Service unavailable</h1><p>The server is temporarily unable to service your request.</p></body></html>";
