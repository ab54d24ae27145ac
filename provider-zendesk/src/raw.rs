//! The way around the model: on the connection's own host, with its credential and limits.

use std::sync::Arc;

use ticketing_core::request::{RawMethod, RawRequest, RawResponse};
use ticketing_core::{Error, Result};
use ticketing_http::http::{HeaderName, HeaderValue, Method};
use ticketing_http::{Body, Idempotency, Request};

use crate::connection::Connection;
use ticketing_http::StatusJudge;

/// Headers that carry credentials or lead elsewhere.
const REFUSED: &[&str] = &[
    "authorization",
    "authentication",
    "cookie",
    "host",
    "proxy-authorization",
    "x-http-method-override",
    "forwarded",
    "x-forwarded-host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
];

/// A request in the vendor's own words.
pub(crate) async fn send(connection: &Connection, request: RawRequest) -> Result<RawResponse> {
    // A path that leads elsewhere is refused before anything else is looked at.
    connection.api.client().address().join(&request.path)?;
    let method = match request.method {
        RawMethod::Get => Method::GET,
        RawMethod::Head => Method::HEAD,
        RawMethod::Post => Method::POST,
        RawMethod::Put => Method::PUT,
        RawMethod::Patch => Method::PATCH,
        RawMethod::Delete => Method::DELETE,
        other => return Err(Error::invalid("method", format!("the method `{other}` is not known here"))),
    };
    let reads = method.is_safe();
    let (path, inline) = match request.path.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (request.path.clone(), String::new()),
    };
    let path_of_api = path.starts_with("/api/");
    let mut out = Request::new(method, path);
    for pair in inline.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| {
            url::form_urlencoded::parse(format!("{text}=").as_bytes())
                .next()
                .map_or(String::new(), |(name, _)| name.into_owned())
        };
        out = out.with_query(&plain(name), &plain(value));
    }
    for (name, value) in &request.query {
        out = out.with_query(name, value);
    }
    if let Some(body) = request.body {
        out = out.with_body(HeaderValue::from_static("application/json"), Body::Bytes(body));
    }
    for (name, value) in &request.headers {
        let lower = name.to_ascii_lowercase();
        let refused = |why: &str| {
            let shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
            Error::invalid("headers", format!("the header `{shown}` {why}")).with_hint("leave it out")
        };
        if REFUSED.contains(&lower.as_str()) {
            return Err(refused("is the connection's own"));
        }
        let name = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| refused("is no header"))?;
        let value = HeaderValue::from_str(value).map_err(|_| refused("has a value that no header can have"))?;
        out = out.with_header(name, value);
    }
    if request.idempotent && !reads {
        out = out.with_idempotency(Idempotency::Idempotent);
    }
    // Outside of the APIs, a page is what was asked for.
    let response = match path_of_api {
        true => connection.api.client().send(&out).await?,
        false => connection.api.client().with_judge(Arc::new(StatusJudge)).send(&out).await?,
    };
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| *name != "set-cookie")
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    Ok(RawResponse { status: response.status.as_u16(), headers: headers.collect(), body: response.body })
}
