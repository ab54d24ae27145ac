//! Answers in the vendor's shapes: wire A8.

use axum::body::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

pub(crate) use crate::reply::{Reply, empty, html, set_header};

/// A refusal as the REST API words it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    messages: Vec<String>,
    errors: Map<String, Value>,
    /// A body of another shape.
    other: Option<(&'static str, Value)>,
}

const JSON: &str = JSON_KIND;

/// Content type of JSON answers.
pub(crate) const JSON_KIND: &str = "application/json;charset=UTF-8";

impl ApiError {
    /// `{"errorMessages":[message],"errors":{}}`.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, messages: vec![message.into()], errors: Map::new(), other: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Several messages at once.
    pub(crate) fn messages(messages: Vec<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, messages, errors: Map::new(), other: None }
    }

    /// `{"errorMessages":[],"errors":{field:message}}`: messages empty, as on field errors.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields([(field.to_owned(), message.into())])
    }

    pub(crate) fn fields(errors: impl IntoIterator<Item = (String, String)>) -> Self {
        let errors = errors.into_iter().map(|(field, message)| (field, Value::from(message))).collect();
        Self { status: StatusCode::BAD_REQUEST, messages: Vec::new(), errors, other: None }
    }

    /// wire A8: missing, or not visible.
    pub(crate) fn no_issue() -> Self {
        Self::not_found("Issue does not exist or you do not have permission to see it.")
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// wire A8: `{"message":…,"status-code":401}`.
    pub(crate) fn not_authenticated() -> Self {
        Self::other(
            StatusCode::UNAUTHORIZED,
            JSON,
            json!({ "message": "Client must be authenticated to access this resource.", "status-code": 401 }),
        )
    }

    /// wire A8: `{"code":401,"message":…}` from the gateway.
    pub(crate) fn gateway(status: StatusCode, message: &str) -> Self {
        Self::other(status, JSON, json!({ "code": status.as_u16(), "message": message }))
    }

    /// wire A8: Service Management's `errorMessage`.
    pub(crate) fn service_desk(status: StatusCode, message: &str) -> Self {
        let body = json!({
            "errorMessage": message,
            "i18nErrorMessage": { "i18nKey": "sd.error", "parameters": [] },
        });
        Self::other(status, JSON, body)
    }

    /// wire A8: `application/problem+json` for an unknown path or a wrong method on Cloud.
    pub(crate) fn problem(status: StatusCode, detail: String, path: &str) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "instance": path,
        });
        Self::other(status, "application/problem+json", body)
    }

    pub(crate) fn other(status: StatusCode, kind: &'static str, body: Value) -> Self {
        Self { status, messages: Vec::new(), errors: Map::new(), other: Some((kind, body)) }
    }

    /// The messages and field errors in one line.
    pub(crate) fn summary(&self) -> String {
        let fields =
            self.errors.iter().map(|(field, message)| format!("{field}: {}", message.as_str().unwrap_or_default()));
        self.messages.iter().cloned().chain(fields).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn body(&self) -> Value {
        match &self.other {
            Some((_, body)) => body.clone(),
            None => json!({ "errorMessages": self.messages, "errors": self.errors }),
        }
    }

    pub(crate) fn into_response(self) -> Reply {
        let kind = self.other.as_ref().map_or(JSON, |(kind, _)| kind);
        let mut reply = json_reply(self.status, &self.body());
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        reply
    }
}

pub(crate) fn json_reply(status: StatusCode, body: &Value) -> Reply {
    text_reply(status, body.to_string())
}

fn text_reply(status: StatusCode, json: String) -> Reply {
    let mut response = Response::new(Bytes::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, no-transform"));
    response
}

pub(crate) fn ok(body: &Value) -> Reply {
    json_reply(StatusCode::OK, body)
}

/// JSON that was written before.
pub(crate) fn ok_text(json: String) -> Reply {
    text_reply(StatusCode::OK, json)
}

pub(crate) fn created(body: &Value) -> Reply {
    json_reply(StatusCode::CREATED, body)
}

pub(crate) fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// wire A8: HTML for a suspended site, proxies and outages.
pub(crate) const ERROR_PAGE: &str = "<!DOCTYPE html><html><head><title>Atlassian Cloud Notifications Page</title></head>\
<body><h1>Your Atlassian Cloud site is currently unavailable.</h1></body></html>";

/// wire A8: HTML of a Data Center's login page.
pub(crate) const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Log in - Jira</title></head>\
<body><form id=\"login-form\" action=\"/login.jsp\" method=\"post\"></form></body></html>";
