//! The Batch API: wire §4.2.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_response};
use super::call::Call;
use super::instance::Instance;
use crate::faults::Strikes;

/// Bytes that one inner answer may have.
const MAX_ANSWER: usize = 10 * 1024 * 1024;

/// Bytes that one inner body may have.
const MAX_BODY: usize = 5 * 1024 * 1024;

/// Runs the inner requests one after another, as the caller of the outer one.
pub(crate) fn run(instance: &Instance, call: &Call<'_>) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let body = call.json_body()?;
    let id = text_of(body.get("batch_request_id"));
    let requests = body
        .get("rest_requests")
        .and_then(Value::as_array)
        .ok_or_else(|| ApiError::bad_request("rest_requests is required", None))?;
    let budget = match call.strikes.get("batch_unserviced") {
        Some(strike) => usize::try_from(strike.number(1)).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let mut serviced = Vec::new();
    let mut unserviced = Vec::new();
    for request in requests {
        let own_id = text_of(request.get("id"));
        if serviced.len() >= budget {
            unserviced.push(own_id);
        } else {
            serviced.push(one(instance, call, own_id, request));
        }
    }
    let answer = json!({
        "batch_request_id": id,
        "serviced_requests": serviced,
        "unserviced_requests": unserviced,
    });
    Ok(json_response(StatusCode::OK, answer.to_string().into_bytes()))
}

/// Ids come back as strings, also where a number was sent: S:pysnc sends one and compares.
fn text_of(id: Option<&Value>) -> Value {
    match id {
        None | Some(Value::Null) => json!(""),
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    }
}

fn one(instance: &Instance, outer: &Call<'_>, id: Value, request: &Value) -> Value {
    match answer(instance, outer, request) {
        Ok(reply) => {
            let status = reply.status();
            let exclude = request.get("exclude_response_headers").and_then(Value::as_bool).unwrap_or(false);
            let headers: Vec<Value> = reply
                .headers()
                .iter()
                .map(|(name, value)| {
                    json!({ "name": name.as_str(), "value": String::from_utf8_lossy(value.as_bytes()) })
                })
                .collect();
            json!({
                "id": id,
                "status_code": status.as_u16(),
                "status_text": status.canonical_reason().unwrap_or_default(),
                "body": STANDARD.encode(reply.body()),
                "headers": if exclude { Vec::new() } else { headers },
                "execution_time": 1,
                "error_message": "",
                "redirect_url": "",
            })
        }
        Err(message) => json!({
            "id": id,
            "status_code": 400,
            "status_text": "Bad Request",
            "body": "",
            "headers": [],
            "execution_time": 1,
            "error_message": message,
            "redirect_url": "",
        }),
    }
}

fn answer(instance: &Instance, outer: &Call<'_>, request: &Value) -> Result<Reply, String> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let url = text("url").ok_or("url is required")?;
    if !url.starts_with('/') {
        return Err("url must be relative".to_owned());
    }
    let method =
        text("method").and_then(|method| Method::from_bytes(method.as_bytes()).ok()).ok_or("method is required")?;
    let mut headers = HeaderMap::new();
    for header in request.get("headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = HeaderName::from_bytes(part("name").as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_str(part("value")).map_err(|error| error.to_string())?;
        headers.append(name, value);
    }
    if let Some(host) = outer.headers.get(http::header::HOST) {
        headers.insert(http::header::HOST, host.clone());
    }
    let body = match text("body") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    if body.len() > MAX_BODY {
        return Err("request body exceeds the limit of a batch item".to_owned());
    }
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let strikes = Strikes::default();
    let call = instance.inner_call(outer, &method, path, query, &headers, Bytes::from(body), &strikes);
    if call.segments.last().is_some_and(|last| last == "batch") {
        return Err("a batch cannot contain a batch".to_owned());
    }
    let reply = instance.dispatch(&call);
    if reply.body().len() > MAX_ANSWER {
        return Err("response body exceeds the limit of a batch item".to_owned());
    }
    Ok(reply)
}
