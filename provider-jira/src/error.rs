//! What a site's answers mean: status, headers and body to kind, retry and delivery (wire A2.3, A8, A9).

use std::any::Any;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use ticketing_core::{Delivery, Error, ErrorKind, NativeError, Result, remedy};
use ticketing_http::{ANONYMOUS, Answer, Judge, RateReading};

/// The longest wait that an answer may ask for: a Data Center whose quota is 0 says 292 billion years (wire A9).
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// Jira's own words; get it by [`Error::native`](ticketing_core::Error::native).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct JiraError {
    /// What is said of the request as a whole; may be empty where `fields` is not.
    pub messages: Vec<String>,
    /// What is said of single fields, by id.
    pub fields: Vec<(String, String)>,
}

impl fmt::Display for JiraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter().map(|(field, message)| format!("{field}: {message}"));
        let all: Vec<String> = self.messages.iter().cloned().chain(fields).collect();
        f.write_str(&all.join("; "))
    }
}

impl NativeError for JiraError {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Every form of a refusal (wire A8).
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    error_messages: Vec<String>,
    errors: Value,
    /// Data Center and gateway.
    message: Option<String>,
    /// Service Management.
    error_message: Option<String>,
    /// `application/problem+json`.
    detail: Option<String>,
    title: Option<String>,
}

impl JiraError {
    /// From a body; `None` where it says nothing.
    fn read(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        let mut out = Self { messages: body.error_messages, fields: Vec::new() };
        if let Value::Object(errors) = body.errors {
            let text = |value: Value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            out.fields = Map::into_iter(errors).map(|(field, message)| (field, text(message))).collect();
        }
        out.messages.extend(body.error_message.or(body.message).or(body.detail).or(body.title));
        (!out.messages.is_empty() || !out.fields.is_empty()).then_some(out)
    }

    fn says(&self, word: &str) -> bool {
        self.messages.iter().any(|message| message.contains(word))
    }
}

/// The code of a 404 that does not say to whom it was given: perhaps to anybody, whatever the credential was (wire A2.1).
pub(crate) const TO_ANYBODY: &str = "to_anybody";

/// What an answer must be to be believed: a good status, JSON, whole, and for somebody who is logged in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct JiraJudge;

impl Judge for JiraJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if remedy::is_removed("jira.body_check") && answer.status.is_success() {
            return Ok(());
        }
        if !answer.status.is_success() {
            // Nobody sees nothing: what is missing to a stranger may be there (wire A2.3).
            if matches!(answer.status.as_u16(), 400 | 403 | 404) {
                logged_in(answer)?;
            }
            let error = refused(answer);
            let is_named = ["x-aaccountid", "x-ausername"].iter().any(|name| answer.header(name).is_some());
            return Err(match error.kind() == ErrorKind::NotFound && error.code().is_none() && !is_named {
                true => error.with_code(TO_ANYBODY),
                false => error,
            });
        }
        logged_in(answer)?;
        match answer.status.as_u16() {
            204 => Ok(()),
            _ => good(answer),
        }
    }

    fn wait(&self, answer: &Answer<'_>) -> Option<Duration> {
        // Retry-After is read anyway; this one clamps it.
        let wait = ticketing_http::parse_retry_after(answer.headers, answer.now)?;
        (wait > LONGEST_WAIT).then_some(LONGEST_WAIT)
    }

    fn readings(&self, answer: &Answer<'_>) -> Vec<RateReading> {
        crate::rate::readings(answer)
    }
}

/// What an answer that may be read without logging in must be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PublicJudge;

impl Judge for PublicJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() { good(answer) } else { Err(refused(answer)) }
    }
}

/// What a file or a page must be: a good status, for somebody who is logged in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PageJudge;

impl Judge for PageJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() { logged_in(answer) } else { Err(refused(answer)) }
    }
}

/// wire A2.3: a Data Center answers a bad token with 200, as to anybody.
fn logged_in(answer: &Answer<'_>) -> Result<()> {
    if remedy::is_removed("jira.anonymous_check") {
        return Ok(());
    }
    let anonymous = answer.header("x-ausername").is_some_and(|name| name.eq_ignore_ascii_case("anonymous"));
    let denied = answer
        .header("x-seraph-loginreason")
        .is_some_and(|reason| reason.contains("AUTHENTICATED_FAILED") || reason.contains("AUTHENTICATION_DENIED"));
    if !anonymous && !denied {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unauthenticated, "the site takes us for nobody: it does not know the credential")
        .with_http_status(answer.status.as_u16())
        .with_code(ANONYMOUS)
        .with_delivery(Delivery::Answered)
        .with_hint("check the token: it may have expired or been revoked"))
}

fn good(answer: &Answer<'_>) -> Result<()> {
    // Some writes are answered with nothing at all (wire A4.9).
    if answer.streamed || answer.body.is_empty() && answer.header("content-type").is_none() {
        return Ok(());
    }
    if !answer.is_json() {
        return not_json(answer);
    }
    let body = answer.body.trim_ascii();
    if body.is_empty() && answer.status.as_u16() == 201 {
        return Ok(());
    }
    // A cut answer lacks its end; whether all of it is JSON is found out by whoever reads it.
    let whole = matches!((body.first(), body.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
        || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if whole && (body.len() > SMALL || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unavailable, "the answer ends in the middle, or is broken JSON")
        .with_delivery(Delivery::MaybeApplied)
        .with_retry_after(Duration::ZERO))
}

/// Up to this size, an answer is read through before it is believed.
const SMALL: usize = 16 * 1024;

/// 200 with a page for people: a login page, a proxy's, maintenance (wire A8).
fn not_json(answer: &Answer<'_>) -> Result<()> {
    let is_page = answer.header("content-type").is_none_or(|media| {
        let media = media.to_ascii_lowercase();
        media.starts_with("text/html") || media.starts_with("text/plain")
    });
    if !is_page {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(64 * 1024)]).to_ascii_lowercase();
    let (what, hint) = if text.contains("log in") || text.contains("login") || text.contains("password") {
        ("the site answered with its login page", "check that no single sign-on stands before the API")
    } else {
        ("the site answered with a page instead of JSON", "try again later")
    };
    // A page means that nobody read the request; a proxy or login wall stands before the API.
    Err(Error::new(ErrorKind::Unavailable, what)
        .with_http_status(answer.status.as_u16())
        .with_retry_after(Duration::ZERO)
        .with_hint(hint))
}

/// A status that is no success.
fn refused(answer: &Answer<'_>) -> Error {
    let native = if answer.is_json() { JiraError::read(answer.body) } else { None };
    let text = native
        .as_ref()
        .map_or_else(|| answer.status.canonical_reason().unwrap_or("the site refused").to_owned(), ToString::to_string);
    let new = |kind| {
        Error::new(kind, text.clone()).with_http_status(answer.status.as_u16()).with_delivery(Delivery::Answered)
    };
    let error = match (answer.status.as_u16(), native.as_ref()) {
        (400, Some(own)) => match own.fields.first() {
            Some((field, _)) => answer.error(text.clone()).with_field(field.clone()),
            None => answer.error(text.clone()),
        },
        // A gateway's 401 for a scope that the token lacks (wire A2.2): another token would be refused as well.
        (401, Some(own)) if own.says("scope does not match") => new(ErrorKind::PermissionDenied)
            .with_code("scope")
            .with_hint("connect the account again, with the scopes that the documentation lists"),
        (401, _) => answer.error(text.clone()).with_hint(
            "check the credential; API tokens end after a year at most, and those with scopes work through \
             `https://api.atlassian.com/ex/jira/CLOUD_ID` alone",
        ),
        (403, _) if answer.header("x-authentication-denied-reason").is_some() => new(ErrorKind::Unauthenticated)
            .with_code("captcha")
            .with_hint("log in once with a browser, as that user: the site asks for a CAPTCHA after failed logins"),
        (403, _) => answer.error(text.clone()),
        // Nobody of Jira's answers a missing issue with a page: the site is gone, or somebody stands before it (wire A8).
        (404, None) => new(ErrorKind::Unavailable)
            .with_code("no_site")
            .with_hint("check `instance`: no Jira answers there, or the site is suspended"),
        (404 | 405, Some(own)) if is_no_endpoint(answer, own) => new(ErrorKind::Unsupported).with_code("no_endpoint"),
        // wire A3.1; as `NotFound` it would pass for a ticket that is gone.
        (410, _) => new(ErrorKind::Unsupported)
            .with_code("removed_api")
            .with_hint("the vendor has removed this part of its API: update this library"),
        (413, _) => answer.error(text.clone()).with_hint("the issue has reached a limit of the site's"),
        (429, _) => match answer.header("ratelimit-reason") {
            Some(reason) => answer.error(text.clone()).with_code(reason),
            None => answer.error(text.clone()),
        },
        // Transient on real sites, with a page that says nothing.
        (500, _) => answer.error(text.clone()).with_retry_after(Duration::ZERO),
        _ => answer.error(text.clone()),
    };
    let error = match ["x-arequestid", "atl-traceid"].iter().find_map(|name| answer.header(name)) {
        Some(id) => error.with_request_id(id),
        None => error,
    };
    match native {
        Some(native) => error.with_native(native),
        None => error,
    }
}

/// A path that the site does not have, told apart from an issue that is not there (wire A8).
fn is_no_endpoint(answer: &Answer<'_>, native: &JiraError) -> bool {
    let is_problem = answer.header("content-type").is_some_and(|media| media.contains("problem+json"));
    is_problem || native.says("null for uri") || native.says("HTTP 405")
}

/// True where a part of the API is not there, or not for us: what hangs on it can be done without.
pub(crate) fn is_closed(error: &Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied || error.code() == Some("no_endpoint")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    const JSON: &str = "application/json;charset=UTF-8";

    fn judged(status: u16, media: &str, body: &str, headers: &[(&'static str, &str)]) -> Result<()> {
        let mut all = HeaderMap::new();
        all.insert("content-type", HeaderValue::from_str(media).unwrap());
        for (name, value) in headers {
            all.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        JiraJudge.judge(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &all,
            body: body.as_bytes(),
            streamed: false,
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
        })
    }

    #[test]
    fn every_form_of_refusal_has_its_kind_and_its_words() {
        for (status, media, body, kind, word) in [
            (400, JSON, r#"{"errorMessages":["Bad JQL."],"errors":{}}"#, ErrorKind::InvalidRequest, "Bad JQL."),
            (
                400,
                JSON,
                r#"{"errorMessages":[],"errors":{"comment":"Comment body is not valid!"}}"#,
                ErrorKind::InvalidRequest,
                "comment: Comment body is not valid!",
            ),
            (
                401,
                JSON,
                r#"{"message":"Client must be authenticated","status-code":401}"#,
                ErrorKind::Unauthenticated,
                "Client",
            ),
            (
                401,
                JSON,
                r#"{"code":401,"message":"Unauthorized; scope does not match"}"#,
                ErrorKind::PermissionDenied,
                "scope",
            ),
            (
                403,
                JSON,
                r#"{"errorMessage":"You may not","i18nErrorMessage":{}}"#,
                ErrorKind::PermissionDenied,
                "may not",
            ),
            (404, JSON, r#"{"errorMessages":["Issue does not exist"],"errors":{}}"#, ErrorKind::NotFound, "Issue"),
            (404, "text/html", "<html>", ErrorKind::Unavailable, "Not Found"),
            (
                404,
                "application/problem+json",
                r#"{"title":"Not Found","detail":"No endpoint GET /x."}"#,
                ErrorKind::Unsupported,
                "No endpoint",
            ),
            (
                404,
                JSON,
                r#"{"message":"null for uri: http://x/y","status-code":404}"#,
                ErrorKind::Unsupported,
                "null for uri",
            ),
            (409, JSON, r#"{"errorMessages":["conflict"],"errors":{}}"#, ErrorKind::Conflict, "conflict"),
            (
                410,
                JSON,
                r#"{"errorMessages":["The requested API has been removed."],"errors":{}}"#,
                ErrorKind::Unsupported,
                "removed",
            ),
            (429, JSON, r#"{"errorMessages":["slow"],"errors":{}}"#, ErrorKind::RateLimited, "slow"),
            (500, "text/html", "<html>", ErrorKind::Unavailable, "Internal"),
        ] {
            let error = judged(status, media, body, &[]).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {body}: {error}");
            assert!(error.message().contains(word), "{status} {body}: {error}");
            assert_eq!(error.http_status(), Some(status));
        }
        let error = judged(400, JSON, r#"{"errors":{"summary":"required"}}"#, &[]).unwrap_err();
        assert_eq!(error.field(), Some("summary"));
        assert_eq!(error.native::<JiraError>().unwrap().fields, [("summary".to_owned(), "required".to_owned())]);
        let reason = [("ratelimit-reason", "jira-per-issue-on-write"), ("retry-after", "2")];
        let error = judged(429, JSON, "{}", &reason).unwrap_err();
        assert_eq!(
            (error.code(), error.retry_after()),
            (Some("jira-per-issue-on-write"), Some(Duration::from_secs(2)))
        );
    }

    #[test]
    fn nobody_is_unauthenticated() {
        for header in [("x-ausername", "anonymous"), ("x-seraph-loginreason", "AUTHENTICATED_FAILED")] {
            let error = judged(200, JSON, r#"{"issues":[]}"#, &[header]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        }
        assert!(judged(200, JSON, r#"{"issues":[]}"#, &[("x-ausername", "itil")]).is_ok());
        let error = judged(403, JSON, "{}", &[("x-authentication-denied-reason", "CAPTCHA_CHALLENGE; x")]).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("captcha")));
    }

    #[test]
    fn a_good_status_is_not_enough() {
        assert!(judged(204, JSON, "", &[]).is_ok());
        for (media, body) in [
            ("text/html", "<form>Log in</form>"),
            (JSON, r#"{"issues":[{"id":"#),
            (JSON, r#"{"issues":[}"#),
            (JSON, ""),
        ] {
            let error = judged(200, media, body, &[]).unwrap_err();
            assert!(error.is_retryable(), "{media} {body}: {error}");
        }
    }
}
