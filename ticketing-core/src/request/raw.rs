//! The way around the model: the vendor's own API, with the connection's credential and limits.

use bytes::Bytes;

use super::request;
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

request! {
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

/// The vendor's answer as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}
