//! Jira's answers, Cloud's and a Data Center's (`wire/jira-zendesk.md` A3, A4.2, A8).

use provider_jira::JiraError;
use serde_json::{Map, Value, json};
use ticketing_core::Error;
use ticketing_fuzz::{Forged, JiraCloud, JiraDataCenter, Shape};

use super::{Row, Wire, good, odd, unknown_key};

/// Somebody or something, or nearly.
fn thing(shape: &mut Shape<'_>) -> Value {
    match shape.below(6) {
        0 => odd(shape),
        1 => json!(null),
        2 => json!({ "id": shape.number(), "name": shape.text(), "key": shape.json() }),
        _ => {
            let category = json!({ "id": 2, "key": *shape.pick(&["new", "indeterminate", "done", "undefined", "x"]) });
            json!({ "id": shape.text(), "name": shape.text(), "statusCategory": category, "accountId": shape.text() })
        }
    }
}

/// An issue, or nearly.
fn issue(shape: &mut Shape<'_>) -> Value {
    let mut fields = Map::new();
    for name in [
        "summary",
        "status",
        "priority",
        "issuetype",
        "assignee",
        "reporter",
        "project",
        "labels",
        "created",
        "updated",
        "duedate",
        "description",
        "parent",
        "resolution",
        "issuelinks",
        "attachment",
        "customfield_10030",
        "customfield_10031",
        "customfield_10034",
        "customfield_10035",
    ] {
        if shape.one_in(8) {
            continue;
        }
        let value = match (name, shape.below(6)) {
            (_, 0) => odd(shape),
            (_, 1) => json!(null),
            ("created" | "updated", _) => json!("2026-01-05T08:00:00.123+0100"),
            ("duedate", _) => json!("2026-01-05"),
            ("summary" | "customfield_10031", _) => json!(shape.text()),
            ("labels", _) => json!([shape.text(), "x"]),
            ("description", 2) => json!(shape.text()),
            ("description", 3) => json!({ "version": 1, "type": odd(shape), "content": odd(shape) }),
            ("description", _) => json!({ "version": 1, "type": "doc", "content": [shape.json()] }),
            ("issuelinks" | "attachment" | "customfield_10034", _) => json!([thing(shape)]),
            _ => thing(shape),
        };
        fields.insert(name.to_owned(), value);
    }
    let id = if shape.one_in(6) { odd(shape) } else { json!((10_000 + shape.below(9)).to_string()) };
    json!({ "id": id, "key": format!("HELP-{}", shape.byte()), "fields": fields })
}

/// A list in the envelope of an operation, or nearly.
fn envelope(shape: &mut Shape<'_>) -> Value {
    let key = *shape.pick(&["issues", "issues", "comments", "values", "users", "groups", "histories"]);
    let count = shape.below(4);
    let rows: Vec<Value> = (0..count).map(|_| if key == "issues" { issue(shape) } else { thing(shape) }).collect();
    let mut body = json!({ key: rows });
    for name in ["isLast", "nextPageToken", "startAt", "total", "maxResults"] {
        if shape.one_in(3) {
            continue;
        }
        body[name] = match (name, shape.below(5)) {
            (_, 0) => odd(shape),
            ("isLast", _) => json!(shape.one_in(2)),
            ("nextPageToken", _) => json!(shape.text()),
            _ => json!(shape.below(7)),
        };
    }
    body
}

fn body(shape: &mut Shape<'_>) -> Value {
    match shape.below(6) {
        0 => json!({ "errorMessages": shape.json(), "errors": shape.json() }),
        1 => {
            let count = shape.below(3);
            (0..count).map(|_| thing(shape)).collect()
        }
        2 => issue(shape),
        _ => envelope(shape),
    }
}

/// An issue as the site writes it, whatever else is on it.
fn told(shape: &mut Shape<'_>, nth: usize) -> (Value, Row) {
    let mut row = Row {
        id: (10_000 + nth).to_string(),
        key: format!("HELP-{}", nth + 1),
        title: shape.text(),
        status: shape.text(),
        external_id: shape.text(),
        text: shape.text(),
    };
    let status = json!({ "name": shape.text(), "id": row.status, "statusCategory": { "key": "new", "id": 2 }, "self": shape.text() });
    let mut fields = Map::new();
    for (name, value) in [
        ("customfield_10040", json!(row.text)),
        ("summary", json!(row.title)),
        ("customfield_10031", json!(row.external_id)),
        ("status", status),
        ("project", json!({ "id": "10000", "key": "HELP" })),
        ("labels", json!([])),
    ] {
        if shape.one_in(5) {
            fields.insert(unknown_key(shape), shape.json());
        }
        fields.insert(name.to_owned(), value);
    }
    for (name, value) in [("customfield_10040", &mut row.text), ("customfield_10031", &mut row.external_id)] {
        match shape.below(8) {
            0 => drop(fields.remove(name)),
            1 => drop(fields.insert(name.to_owned(), Value::Null)),
            _ => continue,
        }
        value.clear();
    }
    let mut issue = Map::new();
    for (name, value) in [("fields", Value::Object(fields)), ("key", json!(row.key)), ("id", json!(row.id))] {
        if shape.one_in(4) {
            issue.insert(unknown_key(shape), shape.json());
        }
        issue.insert(name.to_owned(), value);
    }
    (Value::Object(issue), row)
}

/// Pages of issues: short ones, and empty ones before the end where the vendor may give those.
fn pages(shape: &mut Shape<'_>, empty_ones: bool) -> (Vec<Vec<Value>>, Vec<Row>) {
    let (mut pages, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..1 + shape.below(4) {
        let count = if empty_ones { shape.below(5) } else { 1 + shape.below(4) };
        let mut page = Vec::new();
        for _ in 0..count {
            let (issue, row) = told(shape, expected.len());
            page.push(issue);
            expected.push(row);
        }
        pages.push(page);
    }
    (pages, expected)
}

/// A refusal in one of the forms of wire A8.
fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>) {
    let word = |shape: &mut Shape<'_>| shape.word();
    match shape.below(5) {
        0 => {
            let words = vec![word(shape)];
            (json!({ "message": words[0], "status-code": 400 }), words)
        }
        1 => {
            let words = vec![word(shape)];
            (json!({ "errorMessage": words[0], "i18nErrorMessage": {} }), words)
        }
        form => {
            let count = usize::from(form == 2) + shape.below(3);
            let mut words: Vec<String> = (0..count).map(|_| word(shape)).collect();
            let messages = words.clone();
            let mut fields = Map::new();
            for nth in 0..shape.below(3) + usize::from(words.is_empty()) {
                let (field, what) = (format!("{nth}{}", shape.text()), word(shape));
                words.extend([field.clone(), what.clone()]);
                fields.insert(field, json!(what));
            }
            (json!({ "errors": fields, "errorMessages": messages }), words)
        }
    }
}

fn words(error: &Error) -> Option<Vec<String>> {
    let native = error.native::<JiraError>()?;
    let fields = native.fields.iter().flat_map(|(field, what)| [field.clone(), what.clone()]);
    Some(native.messages.iter().cloned().chain(fields).collect())
}

impl Wire for JiraCloud {
    const TICKET: &'static str = "10001";
    const TEXT_FIELD: &'static str = "customfield_10040";
    const HEADERS: &'static [&'static str] = &[
        "x-ratelimit-reset",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "ratelimit-reason",
        "beta-ratelimit",
        "beta-ratelimit-policy",
        "x-aaccountid",
    ];

    fn body(shape: &mut Shape<'_>) -> Value {
        body(shape)
    }

    /// wire A3.2: pages shorter than asked, empty ones among them; a missing token is the end.
    fn listing(shape: &mut Shape<'_>) -> (Vec<Forged>, Vec<Row>) {
        let (pages, expected) = pages(shape, true);
        let last = pages.len() - 1;
        let answers = pages.into_iter().enumerate().map(|(nth, page)| {
            let mut body = json!({ "issues": page, "isLast": nth == last });
            if nth < last {
                body["nextPageToken"] = json!(format!("{nth}{}", shape.text()));
            }
            if shape.one_in(3) {
                body[unknown_key(shape)] = shape.json();
            }
            good(&body, &[("x-aaccountid", "5b%3A1".to_owned())])
        });
        (answers.collect(), expected)
    }

    fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>) {
        refusal(shape)
    }

    fn words(error: &Error) -> Option<Vec<String>> {
        words(error)
    }
}

impl Wire for JiraDataCenter {
    const TICKET: &'static str = "10001";
    const TEXT_FIELD: &'static str = "customfield_10040";
    const HEADERS: &'static [&'static str] = &[
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-interval-seconds",
        "x-ratelimit-fillrate",
        "x-ausername",
        "x-seraph-loginreason",
    ];

    fn body(shape: &mut Shape<'_>) -> Value {
        body(shape)
    }

    /// wire A3.3: pages capped in silence; the total says what is left.
    fn listing(shape: &mut Shape<'_>) -> (Vec<Forged>, Vec<Row>) {
        let (mut pages, expected) = pages(shape, false);
        pages.push(Vec::new());
        let mut left = expected.len();
        let answers = pages.into_iter().map(|page| {
            let total = left;
            left -= page.len();
            good(&json!({ "startAt": 0, "maxResults": page.len(), "total": total, "issues": page }), &[])
        });
        (answers.collect(), expected)
    }

    fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>) {
        refusal(shape)
    }

    fn words(error: &Error) -> Option<Vec<String>> {
        words(error)
    }
}
