//! The one error type: what went wrong, whether to try again, and whether a write may have happened.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::operation::Operation;

/// Result of every call in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure this is, the same for every provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The record does not exist, or the credential may not know that it does.
    NotFound,
    /// A record with that identity exists already.
    AlreadyExists,
    /// The vendor refused the change because of the record's present state.
    Conflict,
    /// `expected_version` did not match: somebody else changed the record.
    PreconditionFailed,
    /// The request is wrong; [`Error::field`] names the part.
    InvalidRequest,
    /// The credential is missing, expired or refused.
    Unauthenticated,
    /// The credential is good, and may not do this.
    PermissionDenied,
    /// The provider, or this connection, cannot do this; nothing was sent.
    Unsupported,
    /// The vendor's rate limit; [`Error::retry_after`] says for how long.
    RateLimited,
    /// No answer within the time allowed.
    Timeout,
    /// The vendor is down, hibernating, unreachable or answered nonsense a proxy would send.
    Unavailable,
    /// The answer could not be understood; the message names the place in it.
    Decode,
    /// The connection's configuration is wrong; [`Error::field`] names the key.
    Config,
    /// The reading would be incomplete or repeat itself; continuing would lose or repeat records. Or what is stored of a
    /// connection is not as it was written.
    Integrity,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Unsupported,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Decode,
        Self::Config,
        Self::Integrity,
        Self::Unexpected,
    ];

    /// The kind's stable name, as in JSON: `"rate_limited"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::Unsupported => "unsupported",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Decode => "decode",
            Self::Config => "config",
            Self::Integrity => "integrity",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the same call may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// The same call may succeed, not before this long from now (zero: the vendor named no time).
    After(Duration),
}

/// How far the request got: what a caller needs to know before repeating a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// Nothing reached the vendor.
    NotSent,
    /// The vendor may have applied it; look before repeating a write.
    MaybeApplied,
    /// The vendor answered, and its answer was this error.
    Answered,
}

/// A vendor's own error, kept whole for those who know the vendor; see [`Error::native`].
pub trait NativeError: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The value itself, to downcast.
    fn as_any(&self) -> &dyn Any;
}

/// A failed call: one pointer wide, one line to print.
///
/// ```
/// use ticketing_core::{Error, ErrorKind, Operation};
///
/// let error = Error::new(ErrorKind::RateLimited, "Rate limit exceeded")
///     .with_provider("servicenow")
///     .with_operation(Operation::ListTickets)
///     .with_http_status(429)
///     .with_retry_after(std::time::Duration::from_secs(30));
/// assert!(error.is_retryable());
/// assert_eq!(
///     error.to_string(),
///     "rate_limited: servicenow list_tickets: HTTP 429: Rate limit exceeded (retry after 30 s)"
/// );
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    field: Option<String>,
    hint: Option<String>,
    provider: Option<String>,
    operation: Option<Operation>,
    retry: Retry,
    delivery: Delivery,
    applied: Vec<String>,
    http_status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    native: Option<Box<dyn NativeError>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind; not retryable, and not sent, until said otherwise.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            field: None,
            hint: None,
            provider: None,
            operation: None,
            retry: Retry::Never,
            delivery: Delivery::NotSent,
            applied: Vec::new(),
            http_status: None,
            code: None,
            request_id: None,
            native: None,
            source: None,
        }))
    }

    /// The refusal of an operation that the provider does not have.
    #[must_use]
    pub fn unsupported(operation: Operation) -> Self {
        Self::new(ErrorKind::Unsupported, format!("the provider has no {operation}")).with_operation(operation)
    }

    /// The refusal of a request because of one of its fields.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message).with_field(field)
    }

    /// The refusal of a configuration because of one of its keys.
    #[must_use]
    pub fn config(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message).with_field(field)
    }

    /// Names the field or key that is wrong.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Says what the reader can do about it, as an instruction.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Names the provider that failed; a provider named before stays.
    #[must_use]
    pub fn with_provider(mut self, provider: impl Into<String>) -> Self {
        self.0.provider.get_or_insert_with(|| provider.into());
        self
    }

    /// Names the operation that failed; an operation named before stays.
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Marks the error as worth another try.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Marks the error as worth another try after this long.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.with_retry(Retry::After(wait))
    }

    /// Says how far the request got.
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Adds the HTTP status that the vendor answered with; the delivery becomes [`Delivery::Answered`].
    #[must_use]
    pub fn with_http_status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self.0.delivery = Delivery::Answered;
        self
    }

    /// Names the parts of a change that took effect before the rest failed.
    #[must_use]
    pub fn with_applied<P: Into<String>>(mut self, parts: impl IntoIterator<Item = P>) -> Self {
        self.0.applied = parts.into_iter().map(Into::into).collect();
        self
    }

    /// Adds the vendor's own code for it.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds the vendor's id of the request, for a support case.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Keeps the vendor's own error.
    #[must_use]
    pub fn with_native(mut self, native: impl NativeError) -> Self {
        self.0.native = Some(Box::new(native));
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error, its message put behind a few words of context.
    #[must_use]
    pub fn with_context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The field or key that is wrong.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The provider that failed.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// Whether, and when, to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.0.retry
    }

    /// True where the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.retry, Retry::After(_))
    }

    /// How long to wait before trying again; `None` where trying again is pointless.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.retry {
            Retry::Never => None,
            Retry::After(wait) => Some(wait),
        }
    }

    /// How far the request got.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// True where a write may have happened although the call failed: look before repeating it.
    #[must_use]
    pub fn maybe_applied(&self) -> bool {
        self.0.delivery == Delivery::MaybeApplied
    }

    /// The parts of a change that took effect before the rest failed, where a vendor needs several calls.
    #[must_use]
    pub fn applied(&self) -> &[String] {
        &self.0.applied
    }

    /// The HTTP status that the vendor answered with.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The vendor's own code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The vendor's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The vendor's own error, where it is of type `E`.
    #[must_use]
    pub fn native<E: NativeError>(&self) -> Option<&E> {
        self.0.native.as_deref()?.as_any().downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "{}: ", inner.kind)?;
        match (&inner.provider, inner.operation) {
            (Some(provider), Some(operation)) => write!(f, "{provider} {operation}: ")?,
            (Some(provider), None) => write!(f, "{provider}: ")?,
            (None, Some(operation)) => write!(f, "{operation}: ")?,
            (None, None) => {}
        }
        if let Some(status) = inner.http_status {
            write!(f, "HTTP {status}: ")?;
        }
        if let Some(code) = &inner.code {
            write!(f, "[{}] ", OneLine(code))?;
        }
        if let Some(field) = &inner.field {
            write!(f, "`{}`: ", OneLine(field))?;
        }
        write!(f, "{}", OneLine(&inner.message))?;
        match inner.retry {
            Retry::After(wait) if wait.as_secs() > 0 => write!(f, " (retry after {} s)", wait.as_secs())?,
            Retry::Never | Retry::After(_) => {}
        }
        if inner.delivery == Delivery::MaybeApplied {
            f.write_str(" (the change may have been applied)")?;
        }
        if !inner.applied.is_empty() {
            write!(f, " (applied already: {})", inner.applied.join(", "))?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {}", OneLine(hint))?;
        }
        Ok(())
    }
}

/// A text in one line, whatever the vendor wrote: its texts, codes and names of fields hold line breaks and tabs.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, word) in self.0.split_whitespace().enumerate() {
            if nth > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("field", &inner.field)
            .field("hint", &inner.hint)
            .field("provider", &inner.provider)
            .field("operation", &inner.operation)
            .field("retry", &inner.retry)
            .field("delivery", &inner.delivery)
            .field("applied", &inner.applied)
            .field("http_status", &inner.http_status)
            .field("code", &inner.code)
            .field("request_id", &inner.request_id)
            .field("native", &inner.native)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_every_part() {
        let error = Error::invalid("status", "unknown\n\tcategory")
            .with_provider("memory")
            .with_operation(Operation::CreateTicket)
            .with_code("E1")
            .with_http_status(400)
            .with_delivery(Delivery::MaybeApplied)
            .with_hint("use `open`");
        assert_eq!(
            error.to_string(),
            "invalid_request: memory create_ticket: HTTP 400: [E1] `status`: unknown category \
             (the change may have been applied); use `open`"
        );
    }

    /// Found by fuzzing: codes and names of fields are the vendor's, too.
    #[test]
    fn display_is_one_line_whatever_the_vendor_names() {
        let error = Error::invalid("0\r\na", "b").with_code("x\r\ny").with_hint("c\nd");
        assert_eq!(error.to_string(), "invalid_request: [x y] `0 a`: b; c d");
    }

    #[test]
    fn names_agree_with_json() {
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
