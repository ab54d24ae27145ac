//! Jira Cloud's platform API (wire S1). A Data Center has none of its own that is published; its v2 is held against this one,
//! with what is its alone (wire A13) as exceptions that Cloud does not get.

use serde_json::json;

use super::exception::Exception;
use super::{Vendor, service_desk};

pub(super) const VENDOR: Vendor =
    Vendor { file: "jira-platform-v3.json.gz", more: service_desk::add, path, refusal, exceptions: &[BOTH, CLOUD] };

pub(super) const DATA_CENTER: Vendor = Vendor { exceptions: &[BOTH, DATA_CENTERS], ..VENDOR };

/// wire A8: the usual one, and those that come from before the application.
fn refusal() -> serde_json::Value {
    json!({ "anyOf": [
        { "$ref": "#/components/schemas/ErrorCollection" },
        { "type": "object", "required": ["message", "status-code"] },
        { "type": "object", "required": ["message", "code"] },
    ] })
}

/// The document's path for one of a site: behind the gateway the site's id stands before it (wire A1). v2 has the same surface,
/// with wiki markup where v3 has ADF: the document takes any value for either.
fn path(path: &str) -> String {
    let behind =
        path.strip_prefix("/ex/jira/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| format!("/{rest}"));
    let path = behind.unwrap_or_else(|| path.to_owned());
    path.replacen("/rest/api/2/", "/rest/api/3/", 1)
}

const BOTH: &[Exception] = &[
    // The document's own example has `"from":null` where its schema wants a string.
    Exception::answer("*", "*/items/*/from*", "the document's own example of a changelog; wire A4.9 [REC S11]"),
    // `additionalProperties: false` beside `anyOf`, without properties.
    Exception::answer(
        "POST /rest/api/3/jql/parse",
        "*/structure/where*",
        "the schema forbids its own alternatives' members",
    ),
    // One link in the schema, a list in the example.
    Exception::answer(
        "GET /rest/api/3/issue/{issueIdOrKey}/remotelink",
        "",
        "the document's own example; wire A4.9 [CLI]",
    )
    .by_suite(),
    Exception::request(
        "PUT /rest/api/3/issue/{issueIdOrKey}/assignee",
        "/accountId",
        "null unassigns: wire A4.1 [OAS prose]",
    ),
    // What the cases of raw requests ask for, which nobody has.
    Exception::operation("* /", "conformance-tests, cases/raw.rs").by_suite(),
    Exception::operation("GET /x", "conformance-tests, cases/raw.rs").by_suite(),
    Exception::operation("GET /nowhere", "conformance-tests, cases/raw.rs").by_suite(),
];

const CLOUD: &[Exception] = &[
    Exception::operation("GET /_edge/tenant_info", "wire A1 [DOC]").by_suite(),
    Exception::operation("POST /oauth/token", "wire A2.2 [DOC]").by_suite(),
    Exception::operation("GET /_media/*", "wire A4.8: the host that files are on [DOC]").by_suite(),
];

const DATA_CENTERS: &[Exception] = &[
    Exception::parameter(
        "GET /rest/api/3/user/search",
        "includeInactive",
        "wire A13: people are searched by `username`; those who left come where they are asked for [CLI pycontribs]",
    )
    .by_suite(),
    Exception::operation(
        "GET /rest/api/3/attachment/content/*/*",
        "wire A13: files are served by the site itself, where an attachment's `content` says",
    )
    .by_suite(),
];
