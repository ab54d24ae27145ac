//! The way around the model: on the connection's own site, with its credential and limits.

use ticketing_core::request::{RawMethod, RawRequest, RawResponse};
use ticketing_core::{Error, Result};
use ticketing_http::http::{HeaderName, HeaderValue, Method};
use ticketing_http::{Body, Idempotency, Request};

use crate::config::shown;
use crate::connection::Connection;
use crate::error::PageJudge;

/// Headers that carry credentials or lead elsewhere.
const REFUSED: &[&str] = &[
    "authorization",
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

/// A request in the vendor's own words. Its path is the site's, `/rest/api/3/issue/HELP-1`; where the site stands below
/// another path (the gateway's, a Data Center's own), that is put before it.
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
    for (name, _) in &request.headers {
        if REFUSED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(Error::invalid("headers", format!("the header `{}` is the connection's own", shown(name)))
                .with_hint("leave it out"));
        }
    }
    let reads = method.is_safe();
    let (path, inline) = match request.path.split_once('?') {
        Some((path, query)) => (path.to_owned(), query.to_owned()),
        None => (request.path.clone(), String::new()),
    };
    let mut headers = Vec::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let refused = |why: &str| {
            Error::invalid("headers", format!("the header `{}` {why}", shown(name))).with_hint("leave it out")
        };
        let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes()).map_err(|_| refused("is no header"))?;
        let value = HeaderValue::from_str(value).map_err(|_| refused("has a value that no header can have"))?;
        headers.push((name, value));
    }
    let path = connection.api.own(&path).await?;
    let mut out = Request::new(method, path);
    for (name, value) in url::form_urlencoded::parse(inline.as_bytes()) {
        out = out.with_query(&name, &value);
    }
    for (name, value) in &request.query {
        out = out.with_query(name, value);
    }
    if let Some(body) = request.body {
        out = out.with_body(HeaderValue::from_static("application/json"), Body::Bytes(body));
    }
    for (name, value) in headers {
        out = out.with_header(name, value);
    }
    if request.idempotent && !reads {
        out = out.with_idempotency(Idempotency::Idempotent);
    }
    // Whatever is asked for, a file or a page, is what was asked for.
    let response = connection.api.client().with_judge(std::sync::Arc::new(PageJudge)).send(&out).await?;
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| *name != "set-cookie")
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    Ok(RawResponse { status: response.status.as_u16(), headers: headers.collect(), body: response.body })
}
