//! The way around the model: a request in the vendor's own words, on the connection's own host, with its credential and limits.

use ticketing_core::request::{RawMethod, RawRequest, RawResponse};
use ticketing_core::{Error, Result};

use crate::config::shown;
use crate::http::{HeaderName, HeaderValue, Method};
use crate::{Address, Body, Idempotency, Request, Response};

/// Headers that carry credentials, lead elsewhere, or frame the message.
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

/// The request that is meant. `own` names more headers, in lower case, that are the connection's and nobody else's to set.
///
/// # Errors
/// `InvalidRequest`, naming `path`, `method` or `headers`, before anything is sent.
pub fn request(address: &Address, raw: RawRequest, own: &[&str]) -> Result<Request> {
    // A path that leads elsewhere is refused before anything else is looked at.
    address.join(&raw.path)?;
    let method = match raw.method {
        RawMethod::Get => Method::GET,
        RawMethod::Head => Method::HEAD,
        RawMethod::Post => Method::POST,
        RawMethod::Put => Method::PUT,
        RawMethod::Patch => Method::PATCH,
        RawMethod::Delete => Method::DELETE,
        other => return Err(Error::invalid("method", format!("the method `{other}` is not known here"))),
    };
    let reads = method.is_safe();
    let (path, inline) = raw.path.split_once('?').unwrap_or((&raw.path, ""));
    let mut out = Request::new(method, path.to_owned());
    for (name, value) in url::form_urlencoded::parse(inline.as_bytes()) {
        out = out.with_query(&name, &value);
    }
    for (name, value) in &raw.query {
        out = out.with_query(name, value);
    }
    if let Some(body) = raw.body {
        out = out.with_body(HeaderValue::from_static("application/json"), Body::Bytes(body));
    }
    for (name, value) in &raw.headers {
        let refused = |why: &str| {
            Error::invalid("headers", format!("the header `{}` {why}", shown(name))).with_hint("leave it out")
        };
        let lower = name.to_ascii_lowercase();
        if REFUSED.contains(&lower.as_str()) || own.contains(&lower.as_str()) {
            return Err(refused("is the connection's own"));
        }
        let name = HeaderName::from_bytes(lower.as_bytes()).map_err(|_| refused("is no header"))?;
        let value = HeaderValue::from_str(value).map_err(|_| refused("has a value that no header can have"))?;
        out = out.with_header(name, value);
    }
    Ok(if raw.idempotent && !reads { out.with_idempotency(Idempotency::Idempotent) } else { out })
}

/// The answer as it came, without the cookies that are the connection's.
#[must_use]
pub fn response(response: Response) -> RawResponse {
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| *name != "set-cookie")
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    RawResponse { status: response.status.as_u16(), headers, body: response.body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AddressPolicy;

    fn meant(raw: RawRequest) -> Result<Request> {
        request(&AddressPolicy::strict().check("instance", "acme.example.com", None)?, raw, &["x-own-key"])
    }

    #[test]
    fn a_query_in_the_path_and_beside_it_go_together() {
        let mut raw = RawRequest::new(RawMethod::Get, "/api/x?a=1%262&b");
        raw.query.push(("c".to_owned(), "d e".to_owned()));
        assert_eq!(meant(raw).unwrap().target(), "/api/x?a=1%262&b=&c=d%20e");
    }

    #[test]
    fn nothing_of_the_connections_is_set_and_nothing_leads_elsewhere() {
        for name in REFUSED.iter().copied().chain(["X-Own-Key", "Authorization", "a b", ""]) {
            let mut raw = RawRequest::new(RawMethod::Get, "/api/x");
            raw.headers.push((name.to_owned(), "canary".to_owned()));
            let error = meant(raw).unwrap_err();
            assert_eq!(error.field(), Some("headers"), "{name}");
            assert!(!format!("{error:?}").contains("canary"));
        }
        for path in ["//evil.example.org/x", "/a/../b", "https://evil.example.org", "x", "/a\\b"] {
            assert_eq!(meant(RawRequest::new(RawMethod::Get, path)).unwrap_err().field(), Some("path"), "{path}");
        }
    }
}
