//! Answers in the vendor's shapes: wire B9.1.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) use crate::reply::{Reply, empty, html, set_header, with_body};

/// Content type of JSON answers (recorded, wire S12).
pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// A refusal as the API words it.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl ApiError {
    /// `{"error":…,"description":…}`.
    pub(crate) fn new(status: StatusCode, error: &str, description: impl Into<String>) -> Self {
        Self { status, body: json!({ "error": error, "description": description.into() }) }
    }

    /// wire B9.1: the row is missing, soft-deleted, or not to be seen.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "RecordNotFound", "Not found")
    }

    /// wire B9.1: the path is missing, or the plan lacks it.
    pub(crate) fn invalid_endpoint() -> Self {
        let body = json!({ "error": { "title": "InvalidEndpoint", "message": "Not found" } });
        Self { status: StatusCode::NOT_FOUND, body }
    }

    /// wire B1.3, B9.1.
    pub(crate) fn unauthorized() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, body: json!({ "error": "Couldn't authenticate you" }) }
    }

    /// wire B9.1: role, scope or plan.
    pub(crate) fn forbidden() -> Self {
        let message = "You do not have access to this page. Please contact the account owner of this help desk for \
                       further help.";
        let body = json!({ "error": { "title": "Forbidden", "message": message } });
        Self { status: StatusCode::FORBIDDEN, body }
    }

    /// wire B1.3: a scope that the token lacks; the wording is not established.
    pub(crate) fn missing_scope() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", "You are missing the following required scopes")
    }

    pub(crate) fn bad_request(error: &str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, description)
    }

    /// `{"errors":[{"code":…,"title":…}]}` (wire B2).
    pub(crate) fn listed(status: StatusCode, code: &str, title: impl Into<String>) -> Self {
        Self { status, body: json!({ "errors": [{ "code": code, "title": title.into() }] }) }
    }

    /// 422 with one reason (wire B4).
    pub(crate) fn invalid(field: &str, description: impl Into<String>, error: Option<&str>) -> Self {
        Self::invalid_all([(field.to_owned(), json!({ "description": description.into(), "error": error }))])
    }

    /// 422 with a reason for each of several fields.
    pub(crate) fn invalid_all(reasons: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut details = Map::new();
        for (field, reason) in reasons {
            if let Value::Array(list) = details.entry(field).or_insert_with(|| json!([])) {
                list.push(reason);
            }
        }
        let body = json!({ "error": "RecordInvalid", "description": "Record validation errors", "details": details });
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body }
    }

    /// The error and its description in one line, for the results of jobs.
    pub(crate) fn summary(&self) -> (String, String) {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let error = text(&self.body["error"]).unwrap_or_else(|| "Failed".to_owned());
        let description = text(&self.body["description"]).unwrap_or_default();
        (error, description)
    }

    pub(crate) fn into_response(self) -> Reply {
        json_reply(self.status, &self.body)
    }
}

pub(crate) fn json_reply(status: StatusCode, body: &impl Serialize) -> Reply {
    with_body(status, JSON, serde_json::to_vec(body).unwrap_or_default())
}

pub(crate) fn ok(body: &impl Serialize) -> Reply {
    json_reply(StatusCode::OK, body)
}

/// wire B3.1: 201 with `Location`.
pub(crate) fn created(body: &impl Serialize, location: &str) -> Reply {
    let mut reply = json_reply(StatusCode::CREATED, body);
    set_header(&mut reply, "location", location);
    reply
}

pub(crate) fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// A JSON object written member by member, so that large lists are written once.
#[derive(Debug)]
pub(crate) struct Document(Vec<u8>);

impl Document {
    pub(crate) fn new() -> Self {
        Self(Vec::from(*b"{"))
    }

    pub(crate) fn put(&mut self, name: &str, value: &impl Serialize) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        // Neither can fail: keys are text, and a vector takes everything.
        let _ = serde_json::to_writer(&mut self.0, name);
        self.0.push(b':');
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    pub(crate) fn reply(mut self) -> Reply {
        self.0.push(b'}');
        with_body(StatusCode::OK, JSON, self.0)
    }
}

/// wire B9.1: maintenance may answer in HTML.
pub(crate) const ERROR_PAGE: &str = "<!DOCTYPE html><html><head><title>Zendesk | Down for maintenance</title></head>\
<body><h1>We are down for maintenance</h1><p>Please try again in a few minutes.</p></body></html>";

/// Pages for people.
pub(crate) const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
<body><form action=\"/access/login\" method=\"post\"></form></body></html>";
