//! The way around the model: the vendor's own API, with the connection's credential and limits.

use std::fmt;

use bytes::Bytes;

use super::request_shown_by_hand;
use crate::model::vocabulary;

vocabulary! {
    /// The method of a raw request.
    RawMethod: "method" {
        /// Reads.
        Get = "get",
        /// Reads no body.
        Head = "head",
        /// Makes, or does.
        Post = "post",
        /// Puts in place.
        Put = "put",
        /// Changes a part.
        Patch = "patch",
        /// Ends.
        Delete = "delete",
    }
}

request_shown_by_hand! {
    /// A request in the vendor's own words; it goes to the connection's own host and nowhere else.
    RawRequest {
        /// The method.
        method: RawMethod,
        /// The path from the root, `/api/now/table/incident`; no host.
        path: String,
    } {
        /// The query, unescaped.
        query / with_query: Vec<(String, String)>,
        /// Further headers; those that carry credentials are refused.
        headers / with_headers: Vec<(String, String)>,
        /// The body.
        body / with_body: Option<Bytes>,
        /// True where repeating it does no harm; reads always count as such.
        idempotent / with_idempotent: bool,
    }
}

/// Names, without what they stand for: query, headers and bodies in the vendor's own words may hold anything, a token too.
fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path may have a query of its own behind it.
        let path = self.path.split(['?', '#']).next().unwrap_or_default();
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &path)
            .field("query", &names(&self.query))
            .field("headers", &names(&self.headers))
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .field("idempotent", &self.idempotent)
            .finish()
    }
}

/// The vendor's answer as it came.
#[derive(Clone, PartialEq)]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        const CANARY: &str = "c4n4ry";
        let pair = |name: &str| vec![(name.to_owned(), CANARY.to_owned())];
        let request = RawRequest::new(RawMethod::Post, format!("/oauth_token.do?token={CANARY}"))
            .with_query(pair("client_secret"))
            .with_headers(pair("x-vendor-key"))
            .with_body(Bytes::from_static(CANARY.as_bytes()));
        let response = RawResponse { status: 200, headers: pair("x-session"), body: CANARY.into() };
        let shown = format!("{request:?} {request:#?} {response:?} {response:#?}");
        assert!(!shown.contains(CANARY), "{shown}");
        for name in ["/oauth_token.do", "client_secret", "x-vendor-key", "x-session", "200"] {
            assert!(shown.contains(name), "{name}: {shown}");
        }
    }
}
