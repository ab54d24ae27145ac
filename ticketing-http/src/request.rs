//! A request as a provider states it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use ticketing_core::request::{AttachmentContent, ByteStream};
use ticketing_core::{Error, ErrorKind, Result};

use crate::redact;

/// Escapes everything but the unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How safe it is to send a request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// It only reads.
    Safe,
    /// Twice is the same as once.
    Idempotent,
    /// It carries the vendor's idempotency key, so that twice is the same as once.
    Keyed,
    /// Twice may be two.
    Unsafe,
}

/// A request's body; it can be read again for another attempt.
#[derive(Clone, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes from a source that can be opened again.
    Stream(AttachmentContent),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self {
            Self::Empty => "Empty",
            Self::Bytes(_) => "Bytes",
            Self::Stream(_) => "Stream",
        };
        f.debug_struct(form).field("bytes", &self.len()).finish_non_exhaustive()
    }
}

impl Body {
    /// The body's length in bytes, where it is known.
    #[must_use]
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(content) => content.size(),
        }
    }

    /// True where there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The bytes, from the first.
    #[must_use]
    pub fn open(&self) -> ByteStream {
        match self {
            Self::Empty => futures::stream::empty().boxed(),
            Self::Bytes(bytes) => futures::stream::iter([Ok(bytes.clone())]).boxed(),
            Self::Stream(content) => content.open(),
        }
    }
}

/// One segment of a path, escaped: an id or name from elsewhere stays one segment, whatever is in it.
///
/// ```
/// assert_eq!(ticketing_http::path_segment("a/b ?c%2e.."), "a%2Fb%20%3Fc%252e..");
/// assert_eq!(ticketing_http::path_segment(".."), "%2E%2E");
/// ```
#[must_use]
pub fn path_segment(text: &str) -> String {
    match text {
        // Unescaped, these two are steps; escaped, an `Address` refuses them.
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, QUERY).to_string(),
    }
}

/// A request as a provider states it: on the connection's own host, and with a word on how safe it is to repeat.
///
/// ```
/// use ticketing_http::{Idempotency, Request};
///
/// let request = Request::get("/api/now/table/incident").with_query("sysparm_query", "active=true^numberLIKEa&b");
/// assert_eq!(request.target(), "/api/now/table/incident?sysparm_query=active%3Dtrue%5EnumberLIKEa%26b");
/// assert_eq!(request.idempotency(), Idempotency::Safe);
/// ```
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) path: Cow<'static, str>,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) idempotency: Idempotency,
    pub(crate) max_bytes: u64,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) anonymous: bool,
    pub(crate) signed_redirects: bool,
    pub(crate) cost: Vec<(Cow<'static, str>, f64)>,
}

/// The largest answer that is held in memory, after decompression, unless a request says otherwise.
pub(crate) const DEFAULT_MAX_BYTES: u64 = 64 * 1024 * 1024;

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &redact::query(&self.query))
            .field("headers", &redact::headers(&self.headers))
            .field("body", &self.body)
            .field("idempotency", &self.idempotency)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request of this method and path from the root. Reads are `Safe`, everything else is `Unsafe` until said otherwise.
    #[must_use]
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        let idempotency = if method.is_safe() { Idempotency::Safe } else { Idempotency::Unsafe };
        Self {
            method,
            path: path.into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Body::Empty,
            idempotency,
            max_bytes: DEFAULT_MAX_BYTES,
            attempt_timeout: None,
            anonymous: false,
            signed_redirects: false,
            cost: Vec::new(),
        }
    }

    /// A `GET`.
    #[must_use]
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST`.
    #[must_use]
    pub fn post(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::POST, path)
    }

    /// A `PATCH`.
    #[must_use]
    pub fn patch(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::PATCH, path)
    }

    /// A `PUT`.
    #[must_use]
    pub fn put(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::PUT, path)
    }

    /// A `DELETE`.
    #[must_use]
    pub fn delete(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// The path from the root, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// With another path from the root.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// With a query parameter more; name and value are escaped here, once.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.extend(utf8_percent_encode(name, QUERY));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, QUERY));
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a body of this media type.
    #[must_use]
    pub fn with_body(mut self, content_type: HeaderValue, body: Body) -> Self {
        self.headers.insert(http::header::CONTENT_TYPE, content_type);
        self.body = body;
        self
    }

    /// With a JSON body.
    ///
    /// # Errors
    /// `Unexpected` where the value has no JSON.
    pub fn with_json(self, value: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "the body has no JSON").with_source(error))?;
        Ok(self.with_body(HeaderValue::from_static("application/json"), Body::Bytes(bytes.into())))
    }

    /// With a word on how safe it is to repeat.
    #[must_use]
    pub fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// With another bound on the answer that is held in memory, in bytes after decompression.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// With another time for one attempt.
    #[must_use]
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// With what it takes from a budget of the vendor's, such as `points`; the rate gate waits until there is enough. One of
    /// [`RateReading::REQUESTS`](crate::RateReading::REQUESTS) is taken in any case.
    #[must_use]
    pub fn with_cost(mut self, budget: impl Into<Cow<'static, str>>, cost: f64) -> Self {
        self.cost.push((budget.into(), cost));
        self
    }

    /// Without the connection's credential.
    #[must_use]
    pub fn without_credential(mut self) -> Self {
        self.anonymous = true;
        self
    }

    /// With leave to follow a redirect of a `GET` to another host that the address policy admits, as vendors send downloads
    /// to signed addresses. Nothing of the connection's goes there: of the headers no more than `Accept` and `Range`.
    #[must_use]
    pub fn with_signed_redirects(mut self) -> Self {
        self.signed_redirects = true;
        self
    }

    /// Refuses headers that are not a provider's or a user's to set: the credential is the connection's, the framing the
    /// transport's. A request without the connection's credential may carry its own.
    pub(crate) fn check_headers(&self) -> Result<()> {
        const FRAMING: [&str; 7] =
            ["connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"];
        const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
        let refused = |name: &&HeaderName| {
            FRAMING.contains(&name.as_str()) || (!self.anonymous && CREDENTIALS.contains(&name.as_str()))
        };
        match self.headers.keys().find(refused) {
            None => Ok(()),
            Some(name) => Err(Error::invalid("headers", format!("`{name}` cannot be set on a request"))
                .with_hint("leave it out; the connection's own credential and the transport set it")),
        }
    }

    /// How safe it is to repeat.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        self.idempotency
    }

    /// Path and escaped query.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}{}", self.path, self.query)
    }
}
