//! Zendesk's answers (`wire/jira-zendesk.md` §B2, §B3.2, §B9.1).

use provider_zendesk::ZendeskError;
use serde_json::{Map, Value, json};
use ticketing_core::Error;
use ticketing_fuzz::{Forged, Shape, Zendesk};

use super::{Row, Wire, good, odd, unknown_key};

/// A record of any kind, or nearly.
fn record(shape: &mut Shape<'_>) -> Value {
    let mut row = Map::new();
    for name in [
        "id",
        "subject",
        "status",
        "priority",
        "type",
        "created_at",
        "updated_at",
        "requester_id",
        "assignee_id",
        "group_id",
        "tags",
        "custom_fields",
        "custom_status_id",
        "via",
        "due_at",
        "description",
        "name",
        "email",
        "role",
        "active",
        "html_body",
        "public",
        "attachments",
        "author_id",
        "events",
        "metadata",
        "user_fields",
        "external_id",
    ] {
        if shape.one_in(6) {
            continue;
        }
        let value = match (name, shape.below(7)) {
            ("id", 0) => shape.json(),
            ("id", _) => json!(1 + shape.below(9)),
            (_, 0) => odd(shape),
            (_, 1) => json!(null),
            ("created_at" | "updated_at" | "due_at", _) => json!("2026-01-05T08:00:00Z"),
            ("requester_id" | "assignee_id" | "group_id" | "custom_status_id" | "author_id", _) => {
                json!(shape.number() >> 1)
            }
            ("tags", _) => json!([shape.text()]),
            ("custom_fields", _) => json!([{ "id": 360_001, "value": shape.json() }]),
            ("via", _) => json!({ "channel": shape.text(), "source": { "from": {}, "rel": null } }),
            ("active" | "public", _) => json!(shape.one_in(2)),
            ("attachments" | "events", _) => {
                json!([{ "id": 5, "type": "Change", "field_name": shape.text(), "value": shape.json() }])
            }
            ("metadata" | "user_fields", _) => json!({ "custom": shape.json() }),
            _ => json!(shape.text()),
        };
        row.insert(name.to_owned(), value);
    }
    Value::Object(row)
}

const LISTS: &[&str] = &["tickets", "tickets", "results", "users", "groups", "organizations", "comments", "audits"];

impl Wire for Zendesk {
    const TICKET: &'static str = "1";
    const TEXT_FIELD: &'static str = "recipient";
    const HEADERS: &'static [&'static str] = &[
        "x-rate-limit",
        "x-rate-limit-remaining",
        "rate-limit-reset",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "zendesk-ratelimit-tickets-index",
        "x-zendesk-api-warn",
    ];

    fn body(shape: &mut Shape<'_>) -> Value {
        let mut body = match shape.below(6) {
            0 => json!({ "error": shape.json(), "description": shape.json(), "details": shape.json() }),
            1 => json!({ *shape.pick(&["ticket", "user", "group"]): record(shape) }),
            _ => {
                let count = shape.below(4);
                json!({ *shape.pick(LISTS): (0..count).map(|_| record(shape)).collect::<Vec<_>>() })
            }
        };
        for name in ["meta", "users", "groups", "metric_sets", "after_cursor", "end_of_stream", "count", "end_time"] {
            if shape.one_in(2) {
                continue;
            }
            let value = match (name, shape.below(4)) {
                (_, 0) => odd(shape),
                ("meta", _) => {
                    json!({ "has_more": shape.one_in(2), "after_cursor": shape.json(), "before_cursor": null })
                }
                ("users" | "groups" | "metric_sets", _) => json!([record(shape)]),
                ("after_cursor", _) => json!(shape.text()),
                ("end_of_stream", _) => json!(shape.one_in(2)),
                _ => json!(shape.number()),
            };
            if body.get(name).is_none() {
                body[name] = value;
            }
        }
        body
    }

    /// §B2: pages of any length; a cursor is there behind the last one too, and `has_more` alone says whether there is more.
    /// Behind the database the search is asked for what was archived, and finds nothing.
    fn listing(shape: &mut Shape<'_>) -> (Vec<Forged>, Vec<Row>) {
        let (mut answers, mut expected) = (Vec::new(), Vec::new());
        let pages = 1 + shape.below(4);
        for page in 0..pages {
            let mut rows = Vec::new();
            for _ in 0..shape.below(5) {
                let id = expected.len() + 1;
                let mut told = Row {
                    id: id.to_string(),
                    key: id.to_string(),
                    title: shape.text(),
                    status: (*shape.pick(&["new", "open", "pending", "hold", "solved", "scrubbed"])).to_owned(),
                    external_id: shape.text(),
                    text: shape.text(),
                };
                let mut row = Map::new();
                for (name, value) in [
                    ("recipient", json!(told.text)),
                    ("subject", json!(told.title)),
                    ("id", json!(id)),
                    ("external_id", json!(told.external_id)),
                    ("status", json!(told.status)),
                    ("tags", json!([])),
                ] {
                    if shape.one_in(5) {
                        row.insert(unknown_key(shape), shape.json());
                    }
                    row.insert(name.to_owned(), value);
                }
                for (name, value) in [("recipient", &mut told.text), ("external_id", &mut told.external_id)] {
                    match shape.below(8) {
                        0 => drop(row.remove(name)),
                        1 => drop(row.insert(name.to_owned(), Value::Null)),
                        _ => continue,
                    }
                    value.clear();
                }
                rows.push(Value::Object(row));
                expected.push(told);
            }
            let more = page + 1 < pages;
            let mut body = json!({
                "tickets": rows, "users": [], "groups": [],
                "meta": { "has_more": more, "after_cursor": format!("{page}{}", shape.text()), "before_cursor": shape.text() },
                "links": { "next": shape.text() },
            });
            if shape.one_in(3) {
                body[unknown_key(shape)] = shape.json();
            }
            answers.push(good(&body, &[]));
        }
        answers.push(good(&json!({ "results": [], "meta": { "has_more": false, "after_cursor": null } }), &[]));
        (answers, expected)
    }

    fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>) {
        let (code, description) = (format!("x{}", shape.text()), shape.word());
        match shape.below(4) {
            0 => {
                let words = vec![code, description];
                (json!({ "error": { "title": words[0], "message": words[1] } }), words)
            }
            1 => {
                let words = vec![code, description];
                (json!({ "errors": [{ "code": words[0], "title": shape.text(), "detail": words[1] }] }), words)
            }
            _ => {
                let mut words = vec![code.clone(), description.clone()];
                let mut details = Map::new();
                for nth in 0..shape.below(3) {
                    let (field, what) = (format!("{nth}{}", shape.text()), shape.text());
                    words.extend([field.clone(), what.clone()]);
                    details.insert(field, json!([{ "description": what, "error": "BlankValue" }]));
                }
                (json!({ "error": code, "description": description, "details": details }), words)
            }
        }
    }

    fn words(error: &Error) -> Option<Vec<String>> {
        let native = error.native::<ZendeskError>()?;
        let details = native.details.iter().flat_map(|(field, what)| [field.clone(), what.clone()]);
        Some(native.code.clone().into_iter().chain([native.description.clone()]).chain(details).collect())
    }
}
