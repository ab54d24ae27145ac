//! What the account's answers mean: status and envelope to kind, retry and delivery (`wire/jira-zendesk.md` §B9).

use std::any::Any;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};
use ticketing_core::{Delivery, Error, ErrorKind, NativeError, Result, remedy};
use ticketing_http::{Answer, Judge, RateReading, RefusedFor, common_rate_headers};

/// Zendesk's own words; get it by [`Error::native`](ticketing_core::Error::native).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ZendeskError {
    /// The code: `RecordInvalid`.
    pub code: Option<String>,
    /// What happened, in words.
    pub description: String,
    /// The fields that are wrong, each with what is wrong with it.
    pub details: Vec<(String, String)>,
}

impl fmt::Display for ZendeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)?;
        for (nth, (_, what)) in self.details.iter().enumerate() {
            f.write_str(if nth == 0 { ": " } else { "; " })?;
            f.write_str(what)?;
        }
        Ok(())
    }
}

impl NativeError for ZendeskError {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What an answer must be to be believed: a good status, and JSON that is whole and says no error.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ZendeskJudge;

impl Judge for ZendeskJudge {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() { good(answer) } else { Err(refused(answer)) }
    }

    /// The account's budget, and those of single endpoints (§B9.2).
    fn readings(&self, answer: &Answer<'_>) -> Vec<RateReading> {
        let number = |name: &str| answer.header(name)?.trim().parse::<f64>().ok().filter(|number| *number >= 0.0);
        let mut readings = common_rate_headers(answer.headers, answer.now);
        if readings.is_empty()
            && let Some(limit) = number("x-rate-limit")
        {
            let mut reading = RateReading::new(RateReading::REQUESTS).with_limit(limit);
            reading.remaining = number("x-rate-limit-remaining");
            reading.resets_in = number("rate-limit-reset").and_then(seconds);
            readings.push(reading);
        }
        for (name, value) in answer.headers {
            let name = name.as_str();
            let budget = name.strip_prefix("zendesk-ratelimit-").or_else(|| name.strip_prefix("zendesk-rate-limit-"));
            if let (Some(budget), Ok(value)) = (budget, value.to_str()) {
                readings.extend(endpoint(budget, value));
            }
        }
        readings
    }

    /// An endpoint's bucket is empty where the account has requests left (§B9.2): what goes elsewhere need not wait.
    fn refused_for(&self, answer: &Answer<'_>) -> RefusedFor {
        let readings = self.readings(answer);
        let (account, endpoints): (Vec<_>, Vec<_>) =
            readings.iter().partition(|reading| reading.budget == RateReading::REQUESTS);
        let spent = |reading: &&RateReading| reading.remaining.is_some_and(|left| left < 1.0);
        match account.iter().find_map(|reading| reading.remaining) {
            Some(left) if left >= 1.0 => RefusedFor::Endpoint,
            None if endpoints.iter().any(spent) => RefusedFor::Endpoint,
            _ => RefusedFor::Rate,
        }
    }
}

/// `total=100; remaining=99; resets=41`.
fn endpoint(budget: &str, value: &str) -> Option<RateReading> {
    let part = |wanted: &str| {
        let mut parts = value.split(';').filter_map(|part| part.trim().split_once('='));
        parts.find(|(name, _)| *name == wanted)?.1.trim().parse::<f64>().ok().filter(|number| *number >= 0.0)
    };
    let mut reading = RateReading::new(budget.to_owned()).with_limit(part("total")?);
    reading.remaining = part("remaining");
    // A minute of which something was used is not whole any more; a whole one would be too long to be waited for.
    let begun = |seconds: f64| if (59.0..=60.0).contains(&seconds) { 59.0 } else { seconds };
    reading.resets_in = part("resets").map(begun).and_then(seconds);
    Some(reading)
}

/// A wait; `None` for what is longer than any.
fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok()
}

/// Up to this size, an answer is read through for an error.
const SMALL: usize = 16 * 1024;

fn good(answer: &Answer<'_>) -> Result<()> {
    if answer.streamed || answer.status.as_u16() == 204 || remedy::is_removed("zendesk.body_check") {
        return Ok(());
    }
    let body = answer.body.trim_ascii();
    // The answer to an upload says that it is plain text, and is JSON (§B3.4): the text itself decides.
    if !matches!(body.first(), Some(b'{' | b'[')) {
        let is_page = !answer.is_json()
            && answer.header("content-type").is_none_or(|media| media.to_ascii_lowercase().starts_with("text/"));
        if answer.is_json() || is_page {
            return Err(no_json(answer, body));
        }
        return Ok(());
    }
    if !matches!(body.last(), Some(b'}' | b']')) {
        return Err(cut(None));
    }
    if body.len() > SMALL
        && !contains(&body[..SMALL / 4], b"\"error\"")
        && !contains(&body[body.len() - SMALL / 4..], b"\"error\"")
    {
        return Ok(());
    }
    match serde_json::from_slice::<Value>(body) {
        Err(error) => Err(cut(Some(error))),
        Ok(Value::Object(map)) if says_error(&map) => {
            let native = native(&Value::Object(map));
            Err(Error::new(ErrorKind::Unavailable, native.to_string())
                .with_delivery(Delivery::MaybeApplied)
                .with_retry_after(Duration::ZERO)
                .with_native(native))
        }
        Ok(_) => Ok(()),
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// True for an error that came with a good status. A search names what it could not do in `error` beside its results.
fn says_error(map: &Map<String, Value>) -> bool {
    map.get("error").is_some_and(|error| !error.is_null())
}

fn cut(cause: Option<serde_json::Error>) -> Error {
    let what = if cause.as_ref().is_none_or(serde_json::Error::is_eof) {
        "the answer ends in the middle"
    } else {
        "the answer is broken JSON"
    };
    let error =
        Error::new(ErrorKind::Unavailable, what).with_delivery(Delivery::MaybeApplied).with_retry_after(Duration::ZERO);
    match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    }
}

/// A good status with a page for people, or with nothing: nobody of the API's read the request.
fn no_json(answer: &Answer<'_>, body: &[u8]) -> Error {
    let what = if body.is_empty() { "the answer is empty" } else { "the account answered with a page instead of JSON" };
    Error::new(ErrorKind::Unavailable, what)
        .with_http_status(answer.status.as_u16())
        .with_retry_after(Duration::ZERO)
        .with_hint("check the instance's address; where it is right, try again later")
}

/// The four envelopes of §B9.1.
fn native(body: &Value) -> ZendeskError {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut out = ZendeskError::default();
    match (&body["error"], &body["errors"]) {
        (Value::Object(error), _) => {
            out.code = error.get("title").and_then(text);
            out.description = error.get("message").or(error.get("title")).and_then(text).unwrap_or_default();
        }
        (Value::String(code), _) => {
            out.code = Some(code.clone());
            let words = ["description", "error_description", "message"].iter().find_map(|key| text(&body[*key]));
            out.description = words.unwrap_or_else(|| code.clone());
        }
        (_, Value::Array(errors)) => {
            for error in errors {
                out.code = out.code.or_else(|| error.get("code").and_then(text));
                let words = error.get("detail").or(error.get("title")).and_then(text).unwrap_or_default();
                if !out.description.is_empty() {
                    out.description.push_str("; ");
                }
                out.description.push_str(&words);
            }
        }
        _ => {
            out.description = ["description", "message"].iter().find_map(|key| text(&body[*key])).unwrap_or_default();
        }
    }
    for (field, problems) in body["details"].as_object().into_iter().flatten() {
        for problem in problems.as_array().into_iter().flatten() {
            let words = problem.get("description").and_then(text).or_else(|| text(problem)).unwrap_or_default();
            let code = problem.get("error").and_then(text);
            if code.as_deref() == Some("DuplicateValue") {
                out.code = code;
            }
            out.details.push((custom_field(problem).unwrap_or_else(|| field.clone()), words));
        }
    }
    out
}

/// The key of a custom field that is wrong, which is told by number beside its title (§B4).
fn custom_field(problem: &Value) -> Option<String> {
    const SYSTEM: &[&str] = &[
        "FieldAssignee",
        "FieldBasicPriority",
        "FieldCustomStatus",
        "FieldDescription",
        "FieldGroup",
        "FieldPriority",
        "FieldStatus",
        "FieldSubject",
        "FieldTicketType",
    ];
    let kind = problem.get("ticket_field_type")?.as_str()?;
    let id = problem.get("ticket_field_id")?.as_i64()?;
    (!SYSTEM.contains(&kind)).then(|| format!("fields.{id}"))
}

/// A status that is no success.
pub(crate) fn refused(answer: &Answer<'_>) -> Error {
    let status = answer.status.as_u16();
    // A rate limit may come as plain text, an outage as a page (§B9.1): the text decides, not what it says of itself.
    let body = serde_json::from_slice::<Value>(answer.body).ok().filter(Value::is_object);
    let native = body.as_ref().map(native);
    let text = match &native {
        Some(native) if !native.description.is_empty() => native.to_string(),
        _ => plain(answer)
            .unwrap_or_else(|| answer.status.canonical_reason().unwrap_or("the account refused").to_owned()),
    };
    let code = native.as_ref().and_then(|native| native.code.clone());
    let error = answer.error(text.clone());
    let as_kind = |kind: ErrorKind| Error::new(kind, text.clone()).with_http_status(status);
    let error = match (status, code.as_deref()) {
        // The account's own cursors end, and some break on the way (§B2).
        (400, Some("InvalidPaginationParameter")) => {
            error.with_field("cursor").with_hint("start over without a cursor")
        }
        (401, _) => error.with_hint("connect the account again, or correct the credential"),
        (403, _) => error.with_hint("the credential's role, its scopes or the account's plan do not allow it"),
        (404, Some("InvalidEndpoint")) => {
            as_kind(ErrorKind::Unsupported).with_hint("the account's plan does not have it")
        }
        (409, Some("UpdateConflict")) => as_kind(ErrorKind::PreconditionFailed)
            .with_field("expected_version")
            .with_hint("read the ticket, and decide again"),
        (409, Some("IdempotentRequestInProgress")) => error.with_retry_after(Duration::from_secs(1)),
        // Two writes met in the database, and this one was undone (§B8).
        (409, _) => error.with_retry_after(Duration::ZERO),
        (400, Some("IdempotentRequestError")) => as_kind(ErrorKind::Conflict)
            .with_field("idempotency_key")
            .with_hint("the key was used within the last two hours for another request; use a new one"),
        (422, Some("DuplicateValue")) => as_kind(ErrorKind::AlreadyExists),
        (422, _) => match native.as_ref().map(|native| invalid(native, &text)) {
            Some(told) => told.with_http_status(status),
            None => error,
        },
        (429, Some("TooManyJobs")) => error,
        (500, _) => error.with_retry_after(Duration::ZERO),
        _ => error,
    };
    let error = match code {
        Some(code) => error.with_code(code),
        None => error,
    };
    match native {
        Some(native) => error.with_native(native),
        None => error,
    }
}

/// What a short text says that is no JSON.
fn plain(answer: &Answer<'_>) -> Option<String> {
    let text = std::str::from_utf8(answer.body).ok()?.trim();
    (!text.is_empty() && text.len() <= 300 && !text.starts_with(['<', '{', '['])).then(|| text.to_owned())
}

/// A validation error: which of our fields it is about, and what can be done.
fn invalid(native: &ZendeskError, text: &str) -> Error {
    let says = |words: &str| native.details.iter().any(|(_, what)| what.contains(words));
    if says("closed prevents ticket update") {
        return Error::new(ErrorKind::Conflict, text.to_owned())
            .with_field("status")
            .with_hint("a closed ticket is final: create a follow-up ticket with the field `via_followup_source_id`");
    }
    let field = native.details.iter().map(|(field, what)| {
        // What is wrong with a field of the form is told under `base`, with its title before a colon.
        let named = if field == "base" { what.split_once(':').map_or("", |(title, _)| title) } else { field };
        core_key(named).to_owned()
    });
    let error = Error::new(ErrorKind::InvalidRequest, text.to_owned());
    match field.into_iter().find(|field| !field.is_empty()) {
        Some(field) => error.with_field(field),
        None => error,
    }
}

/// The document's key of a native field or of a system field's title.
fn core_key(native: &str) -> &str {
    match native {
        "subject" | "Subject" => "title",
        "comment" | "description" | "Description" => "description",
        "requester" | "requester_id" | "Requester" => "requester",
        "assignee" | "assignee_id" | "Assignee" => "assignees",
        "group" | "group_id" | "Group" => "assigned_groups",
        "organization" | "organization_id" => "account",
        "brand" | "brand_id" => "collections",
        "ticket_type" | "Type" => "type",
        "Priority" => "priority",
        "Status" | "custom_status_id" => "status",
        "due_at" | "due_date" => "due",
        other => other,
    }
}

/// True where an endpoint is not there, or not for us: what hangs on it can be done without.
pub(crate) fn is_closed(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    fn judge(status: u16, headers: &[(&str, &str)], body: &str) -> Result<()> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        ZendeskJudge.judge(&Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &map,
            body: body.as_bytes(),
            streamed: false,
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
        })
    }

    const JSON: &[(&str, &str)] = &[("content-type", "application/json; charset=utf-8")];

    /// Found by fuzzing: no number in a header is too large to be read.
    #[test]
    fn absurd_waits_are_none() {
        for absurd in ["1e999", "inf", "1e300", "NaN", "-1"] {
            let mut headers = HeaderMap::new();
            headers.insert("x-rate-limit", HeaderValue::from_static("400"));
            headers.insert("rate-limit-reset", HeaderValue::from_str(absurd).unwrap());
            let bucket = format!("total=100; remaining=3; resets={absurd}");
            headers.insert("zendesk-ratelimit-tickets-index", HeaderValue::from_str(&bucket).unwrap());
            let now = "2026-01-05T08:00:00Z".parse().unwrap();
            let answer = Answer { status: StatusCode::OK, headers: &headers, body: b"{}", streamed: false, now };
            let readings = ZendeskJudge.readings(&answer);
            assert_eq!(readings.len(), 2, "{absurd}");
            assert!(readings.iter().all(|reading| reading.resets_in.is_none()), "{absurd}: {readings:?}");
        }
    }

    /// Found by fuzzing: a cursor that the account does not take any more is the cursor's fault, and there is a way out.
    #[test]
    fn a_cursor_that_has_ended_is_named() {
        let body = r#"{"errors":[{"code":"InvalidPaginationParameter","title":"page[after] is not valid"}]}"#;
        let error = judge(400, JSON, body).unwrap_err();
        assert_eq!((error.field(), error.hint().is_some()), (Some("cursor"), true), "{error}");
    }

    #[test]
    fn every_envelope_has_its_kind() {
        for (status, body, kind, retryable, code) in [
            (
                400,
                r#"{"errors":[{"code":"InvalidPaginationDepth","title":"Offset too deep"}]}"#,
                ErrorKind::InvalidRequest,
                false,
                Some("InvalidPaginationDepth"),
            ),
            (
                400,
                r#"{"errors":[{"code":"InvalidPaginationParameter","title":"page[after] is not valid"}]}"#,
                ErrorKind::InvalidRequest,
                false,
                Some("InvalidPaginationParameter"),
            ),
            (
                400,
                r#"{"error":"IdempotentRequestError","description":"Request parameters don't match the given idempotency key"}"#,
                ErrorKind::Conflict,
                false,
                Some("IdempotentRequestError"),
            ),
            (
                401,
                r#"{"error":"Couldn't authenticate you"}"#,
                ErrorKind::Unauthenticated,
                false,
                Some("Couldn't authenticate you"),
            ),
            (
                403,
                r#"{"error":{"title":"Forbidden","message":"You do not have access to this page."}}"#,
                ErrorKind::PermissionDenied,
                false,
                Some("Forbidden"),
            ),
            (
                404,
                r#"{"error":"RecordNotFound","description":"Not found"}"#,
                ErrorKind::NotFound,
                false,
                Some("RecordNotFound"),
            ),
            (
                404,
                r#"{"error":"InvalidEndpoint","description":"Not found"}"#,
                ErrorKind::Unsupported,
                false,
                Some("InvalidEndpoint"),
            ),
            (
                409,
                r#"{"error":"UpdateConflict","description":"Safe Update prevented the update due to outdated ticket data."}"#,
                ErrorKind::PreconditionFailed,
                false,
                Some("UpdateConflict"),
            ),
            (409, r#"{"error":"Conflict"}"#, ErrorKind::Conflict, true, Some("Conflict")),
            (
                422,
                r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}"#,
                ErrorKind::Conflict,
                false,
                Some("RecordInvalid"),
            ),
            (
                422,
                r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"email":[{"description":"Email: a@b.c is already being used by another user","error":"DuplicateValue"}]}}"#,
                ErrorKind::AlreadyExists,
                false,
                Some("DuplicateValue"),
            ),
            (
                429,
                "Rate limit for ticket updates exceeded, please wait before updating this ticket again",
                ErrorKind::RateLimited,
                true,
                None,
            ),
            (500, "", ErrorKind::Unavailable, true, None),
            (503, "<html><body>Down for maintenance</body></html>", ErrorKind::Unavailable, true, None),
        ] {
            let error = judge(status, JSON, body).unwrap_err();
            assert_eq!(
                (error.kind(), error.is_retryable(), error.code()),
                (kind, retryable, code),
                "{status} {body}: {error}"
            );
            assert_eq!(error.http_status(), Some(status));
        }
        let told = r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"base":[{"description":"Assignee: is required when solving a ticket","error":null,"ticket_field_type":"FieldAssignee"}]}}"#;
        let error = judge(422, JSON, told).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("assignees")));
        assert!(error.message().contains("is required when solving a ticket"), "{error}");
        let custom = told.replace("FieldAssignee\"", "FieldRegexp\",\"ticket_field_id\":42000000000109");
        let error = judge(422, JSON, &custom).unwrap_err();
        assert_eq!(error.field(), Some("fields.42000000000109"));
        let closed = judge(
            422,
            JSON,
            r#"{"error":"RecordInvalid","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}"#,
        );
        assert!(closed.unwrap_err().hint().unwrap().contains("follow-up"));
        let limited = judge(429, &[("content-type", "text/plain"), ("retry-after", "93")], "Rate limit exceeded");
        assert_eq!(limited.unwrap_err().retry_after(), Some(Duration::from_secs(93)));
    }

    #[test]
    fn a_good_status_is_not_enough() {
        assert!(judge(200, JSON, r#"{"tickets":[]}"#).is_ok());
        // An upload's answer (wire §B3.4).
        assert!(judge(201, &[("content-type", "text/plain")], r#"{"upload":{"token":"t"}}"#).is_ok());
        assert!(judge(204, &[], "").is_ok());
        for (headers, body) in [
            (&[("content-type", "text/html")][..], "<html>Login</html>"),
            (JSON, r#"{"tickets":[{"id":"#),
            (JSON, ""),
            (JSON, r#"{"tickets":[],"error":"unavailable","description":"Sorry"}"#),
        ] {
            assert!(judge(200, headers, body).unwrap_err().is_retryable(), "{body}");
        }
    }

    #[test]
    fn budgets_of_the_account_and_of_endpoints_are_read() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-rate-limit", "400"),
            ("x-rate-limit-remaining", "397"),
            ("zendesk-ratelimit-tickets-index", "total=100; remaining=99; resets=41"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let answer = Answer {
            status: StatusCode::OK,
            headers: &headers,
            body: b"{}",
            streamed: false,
            now: "2026-01-05T08:00:00Z".parse().unwrap(),
        };
        let readings = ZendeskJudge.readings(&answer);
        assert_eq!((readings[0].limit, readings[0].remaining), (Some(400.0), Some(397.0)));
        assert_eq!(readings[1].budget, "tickets-index");
        assert_eq!(readings[1].resets_in, Some(Duration::from_secs(41)));
        // Whose bucket was empty, where the answer is a refusal.
        let refused = |headers: &HeaderMap| {
            ZendeskJudge.refused_for(&Answer { status: StatusCode::TOO_MANY_REQUESTS, headers, ..answer })
        };
        assert_eq!(refused(&headers), RefusedFor::Endpoint);
        let mut spent = headers.clone();
        spent.insert("x-rate-limit-remaining", HeaderValue::from_static("0"));
        assert_eq!(refused(&spent), RefusedFor::Rate);
        assert_eq!(refused(&HeaderMap::new()), RefusedFor::Rate);
        let endpoint = HeaderValue::from_static("total=10; remaining=0; resets=41");
        let alone =
            HeaderMap::from_iter([(HeaderName::from_static("zendesk-ratelimit-incremental-exports"), endpoint)]);
        assert_eq!(refused(&alone), RefusedFor::Endpoint);
    }
}
