//! What the instance's answers mean: status and message to kind, retry and delivery (`wire/servicenow.md` §1.6).

use std::any::Any;
use std::fmt;
use std::time::Duration;

use ticketing_core::{Delivery, Error, ErrorKind, NativeError, Result, remedy};
use ticketing_http::{Answer, Judge};

use crate::wire::{ErrorBody, error_body};

/// ServiceNow's own words; get it by [`Error::native`](ticketing_core::Error::native).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceNowError {
    /// `error.message`: `Operation Failed`.
    pub message: String,
    /// `error.detail`.
    pub detail: Option<String>,
}

impl fmt::Display for ServiceNowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.detail {
            Some(detail) if !detail.is_empty() => write!(f, ": {detail}"),
            _ => Ok(()),
        }
    }
}

impl NativeError for ServiceNowError {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl From<ErrorBody> for ServiceNowError {
    fn from(body: ErrorBody) -> Self {
        Self { message: body.message, detail: body.detail }
    }
}

/// What an answer must be to be believed: a good status, JSON, whole, and no `error` in it. Everything else is a failure of
/// a kind, also where the status is 200.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ServiceNowJudge;

impl Judge for ServiceNowJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if remedy::is_removed("servicenow.body_check") && answer.status.is_success() {
            return Ok(());
        }
        match answer.status.as_u16() {
            200 | 201 => good(answer),
            204 => Ok(()),
            // The session's queue was full, and the request was dropped, not processed (wire §6).
            202 => Err(Error::new(
                ErrorKind::RateLimited,
                "the instance dropped the request: too many wait in the session",
            )
            .with_http_status(202)
            .with_retry_after(Duration::ZERO)),
            _ => Err(refused(answer)),
        }
    }
}

/// What a page of the instance must be: a good status.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PageJudge;

impl Judge for PageJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        match answer.status.is_success() && !answer.is_json() {
            true => Ok(()),
            false => ServiceNowJudge.judge(answer),
        }
    }
}

/// How much of a large answer's end is looked at for an error that came after the rows.
const TAIL: usize = 4096;
/// Up to this size, an answer is read through.
const SMALL: usize = 16 * 1024;

fn good(answer: &Answer<'_>) -> Result<()> {
    if answer.streamed {
        return Ok(());
    }
    if !answer.is_json() {
        return not_json(answer);
    }
    let body = answer.body.trim_ascii();
    // The error of a cancelled transaction comes after the rows; a cut answer lacks its end.
    let tail = &body[body.len().saturating_sub(TAIL)..];
    let suspicious = body.len() <= SMALL
        || !matches!(body.last_chunk::<2>(), Some(b"]}" | b"}}"))
        || tail.windows(7).any(|window| window == b"\"error\"");
    if !suspicious {
        return Ok(());
    }
    match error_body(body) {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(in_a_good_answer(&error)),
        Err(error) => Err(Error::new(
            ErrorKind::Unavailable,
            if error.is_eof() { "the answer ends in the middle" } else { "the answer is broken JSON" },
        )
        .with_delivery(Delivery::MaybeApplied)
        .with_retry_after(Duration::ZERO)
        .with_source(error)),
    }
}

/// 200 with a page for people: hibernation, login, maintenance (wire §1.6); or a file.
fn not_json(answer: &Answer<'_>) -> Result<()> {
    let is_page = answer.header("content-type").is_none_or(|media| {
        let media = media.to_ascii_lowercase();
        media.starts_with("text/html") || media.starts_with("text/plain")
    });
    if !is_page {
        // A file of an attachment that is not streamed, or a raw request's answer.
        return Ok(());
    }
    let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(64 * 1024)]).to_ascii_lowercase();
    let (what, hint) = if text.contains("hibernating") {
        ("the instance is hibernating", "wake it: sign in to the developer site and open the instance")
    } else if text.contains("login") || text.contains("password") {
        (
            "the instance answered with its login page",
            "check that the user may use web services, and that no single sign-on stands before the API",
        )
    } else {
        ("the instance answered with a page instead of JSON", "try again later")
    };
    // A page means that nobody read the request; a proxy or login wall stands before the API.
    Err(Error::new(ErrorKind::Unavailable, what)
        .with_http_status(answer.status.as_u16())
        .with_retry_after(Duration::ZERO)
        .with_hint(hint))
}

/// An error that came with status 200: part of the rows may be missing, so none of them is believed.
pub(crate) fn in_a_good_answer(error: &ErrorBody) -> Error {
    let native = ServiceNowError::from(error.clone());
    let text = native.to_string();
    let error = if text.contains("No Record found") {
        Error::new(ErrorKind::NotFound, text)
    } else {
        // The transaction quota, or whatever else ended the answer (wire §1.6, §1.7).
        Error::new(ErrorKind::Unavailable, text)
            .with_retry_after(Duration::ZERO)
            .with_hint("where it stays, ask for smaller pages: the instance ends a request after 60 s")
    };
    error.with_delivery(Delivery::MaybeApplied).with_native(native)
}

/// A status that is no success.
fn refused(answer: &Answer<'_>) -> Error {
    let body = if answer.is_json() { error_body(answer.body).ok().flatten() } else { None };
    let native = body.map(ServiceNowError::from);
    let text = native.as_ref().map_or_else(
        || answer.status.canonical_reason().unwrap_or("the instance refused").to_owned(),
        ToString::to_string,
    );
    let status = answer.status.as_u16();
    let error = match (status, native.as_ref()) {
        (400, Some(native)) if native.message.starts_with("Invalid table") => answer
            .error(text)
            .with_code("invalid_table")
            .with_hint("check the table's name, and that its plugin is active"),
        (403, Some(native)) => forbidden(answer, native, text),
        (401, _) => answer.error(text).with_hint(
            "check the credential; a valid one is refused too where an access policy or MFA stands before the API",
        ),
        // Transient on real instances, with a page that says nothing (wire §1.6).
        (500, _) => answer.error(text).with_retry_after(Duration::ZERO),
        // Without a rule's headers it is a semaphore: the next moment may do (wire §6).
        (429, _) => answer.error(text),
        _ => answer.error(text),
    };
    match native {
        Some(native) => error.with_native(native),
        None => error,
    }
}

/// A 403 is a right that is missing, a field that is missing, or a rule that said no; only the text tells.
fn forbidden(answer: &Answer<'_>, native: &ServiceNowError, text: String) -> Error {
    let detail = native.detail.as_deref().unwrap_or_default();
    let status = answer.status.as_u16();
    let new = |kind| Error::new(kind, text.clone()).with_http_status(status);
    if let Some((_, labels)) = detail.split_once("fields are mandatory:") {
        let labels = labels.split_whitespace().collect::<Vec<_>>().join(" ");
        return new(ErrorKind::InvalidRequest)
            .with_code("data_policy")
            .with_hint(format!("give a value for: {labels}"));
    }
    if detail.contains("aborted by Business Rule") {
        return new(ErrorKind::Conflict)
            .with_code("business_rule")
            .with_hint("the instance's own rule refused the change");
    }
    if native.message.contains("User Not Authorized") {
        return new(ErrorKind::PermissionDenied)
            .with_code("api_acl")
            .with_hint("give the integration user the role that this table or API needs");
    }
    if detail.contains("ACL Exception") {
        return new(ErrorKind::PermissionDenied)
            .with_code("record_acl")
            .with_hint("give the integration user the right to write this record and its fields");
    }
    new(ErrorKind::PermissionDenied)
}

/// True where a table or API is not there, or not for us: what hangs on it can be done without.
pub(crate) fn is_closed(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied) || error.code() == Some("invalid_table")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_http::http::{HeaderMap, HeaderValue, StatusCode};

    fn judge(status: u16, content_type: &str, body: &str) -> Result<()> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
        ServiceNowJudge.judge(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: body.as_bytes(),
            streamed: false,
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
        })
    }

    const JSON: &str = "application/json;charset=UTF-8";

    #[test]
    fn every_row_of_the_catalogue_has_its_kind() {
        let body = |message: &str, detail: &str| {
            format!(r#"{{"error":{{"message":"{message}","detail":"{detail}"}},"status":"failure"}}"#)
        };
        for (status, message, detail, kind, retryable) in [
            (400, "Invalid table nope", "", ErrorKind::InvalidRequest, false),
            (400, "Requested URI does not represent any resource", "", ErrorKind::InvalidRequest, false),
            (401, "User Not Authenticated", "Required to provide Auth information", ErrorKind::Unauthenticated, false),
            (403, "User Not Authorized", "Failed API level ACL Validation", ErrorKind::PermissionDenied, false),
            (
                403,
                "Operation Failed",
                "ACL Exception Update Failed due to security constraints",
                ErrorKind::PermissionDenied,
                false,
            ),
            (
                403,
                "Operation Failed",
                r"Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes",
                ErrorKind::InvalidRequest,
                false,
            ),
            (
                403,
                "Operation Failed",
                "Operation against file 'incident' was aborted by Business Rule 'No^1'. Business Rule Stack:No",
                ErrorKind::Conflict,
                false,
            ),
            (
                404,
                "No Record found",
                "Record doesn't exist or ACL restricts the record retrieval",
                ErrorKind::NotFound,
                false,
            ),
            (405, "Method not allowed", "", ErrorKind::InvalidRequest, false),
            (414, "", "", ErrorKind::InvalidRequest, false),
            (429, "Rate limit exceeded", "", ErrorKind::RateLimited, true),
            (500, "", "", ErrorKind::Unavailable, true),
            (503, "", "", ErrorKind::Unavailable, true),
        ] {
            let error = judge(status, JSON, &body(message, detail)).unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status} {message} {detail}: {error}");
            assert_eq!(error.http_status(), Some(status));
            assert_eq!(error.native::<ServiceNowError>().unwrap().message, message);
        }
        let error = judge(
            403,
            JSON,
            &body(
                "Operation Failed",
                r"Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes",
            ),
        )
        .unwrap_err();
        assert!(error.hint().unwrap().contains("Resolution code, Close notes"));
        assert!(!error.to_string().contains('\n'));
    }

    #[test]
    fn a_good_status_is_not_enough() {
        assert!(judge(200, JSON, r#"{"result":[]}"#).is_ok());
        assert!(judge(204, JSON, "").is_ok());
        for (status, media, body) in [
            (200, "text/html", "<html>Instance Hibernating page</html>"),
            (200, "text/html;charset=UTF-8", "<form>Login</form>"),
            (202, JSON, ""),
            (
                200,
                JSON,
                r#"{"result":[],"error":{"message":"Transaction cancelled","detail":null},"status":"failure"}"#,
            ),
            (200, JSON, r#"{"result":[{"a":"#),
            (200, JSON, ""),
            (201, "text/html", ""),
        ] {
            let error = judge(status, media, body).unwrap_err();
            assert!(error.is_retryable(), "{status} {media} {body}: {error}");
        }
    }

    #[test]
    fn a_large_answer_is_judged_by_its_end() {
        let rows = vec![r#"{"short_description":"an \"error\" occurred"}"#; 1000].join(",");
        assert!(judge(200, JSON, &format!(r#"{{"result":[{rows}]}}"#)).is_ok());
        assert!(judge(200, JSON, &format!(r#"{{"result":[{rows},{{"short_descr"#)).is_err());
        let error = judge(
            200,
            JSON,
            &format!(r#"{{"result":[{rows}],"error":{{"message":"Transaction cancelled"}},"status":"failure"}}"#),
        );
        assert!(error.unwrap_err().message().contains("Transaction cancelled"));
    }
}
