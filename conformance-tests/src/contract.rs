//! The keys of the contract documents: every one always there, in this order, and no other.

use serde::Serialize;
use serde_json::Value;

/// The kinds of document, with their keys as the contract fixes them.
pub(crate) const DOCUMENTS: &[(&str, &[&str])] = &[
    (
        "ticket",
        &[
            "id",
            "key",
            "title",
            "description",
            "status",
            "priority",
            "type",
            "assignees",
            "assigned_groups",
            "requester",
            "creator",
            "watchers",
            "account",
            "collections",
            "parent",
            "tags",
            "external_id",
            "url",
            "created_at",
            "updated_at",
            "resolved_at",
            "closed_at",
            "due",
            "fields",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "user",
        &[
            "id",
            "username",
            "name",
            "email",
            "type",
            "active",
            "title",
            "phone",
            "time_zone",
            "locale",
            "account",
            "groups",
            "avatar_url",
            "url",
            "created_at",
            "updated_at",
            "fields",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "group",
        &[
            "id",
            "name",
            "description",
            "email",
            "active",
            "manager",
            "parent",
            "members",
            "url",
            "created_at",
            "updated_at",
            "fields",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "account",
        &[
            "id",
            "key",
            "name",
            "description",
            "domains",
            "parent",
            "active",
            "url",
            "created_at",
            "updated_at",
            "fields",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "contact",
        &[
            "id",
            "name",
            "email",
            "phone",
            "account",
            "active",
            "time_zone",
            "locale",
            "url",
            "created_at",
            "updated_at",
            "fields",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "comment",
        &[
            "id",
            "ticket",
            "body",
            "visibility",
            "restricted_to",
            "author",
            "parent",
            "attachments",
            "url",
            "created_at",
            "updated_at",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    (
        "attachment",
        &[
            "id",
            "ticket",
            "comment",
            "file_name",
            "content_type",
            "size",
            "checksum",
            "visibility",
            "author",
            "created_at",
            "unreadable",
            "deleted",
        ],
    ),
    (
        "collection",
        &[
            "id",
            "key",
            "name",
            "description",
            "type",
            "parent",
            "active",
            "url",
            "created_at",
            "updated_at",
            "unreadable",
            "version",
            "deleted",
        ],
    ),
    ("tag", &["name", "id"]),
    (
        "field",
        &[
            "id",
            "name",
            "description",
            "type",
            "native_type",
            "multiple",
            "required",
            "writable",
            "custom",
            "core",
            "choices",
            "reference",
            "max_length",
            "default",
            "scopes",
        ],
    ),
    ("choice", &["id", "name", "active", "depends_on"]),
    ("link", &["id", "type", "ticket", "target", "url", "title", "created_at"]),
    ("history entry", &["id", "ticket", "author", "at", "changes"]),
    ("field change", &["field", "native", "from", "to"]),
    ("history value", &["value", "label"]),
    ("status info", &["category", "native", "scopes", "active"]),
    ("transition", &["id", "name", "to", "required_fields"]),
    ("status", &["category", "native", "reason"]),
    ("priority", &["level", "native"]),
    ("type", &["category", "native"]),
    ("native", &["id", "name"]),
    ("ref", &["id", "key", "name", "type"]),
    ("text", &["markdown", "native"]),
    ("native text", &["format", "content"]),
    ("field value", &["type", "value", "label", "custom"]),
    ("checksum", &["algorithm", "value"]),
    ("removal", &["at", "reason", "moved_to"]),
    ("webhook", &["id", "url", "events", "active", "expires_at"]),
    ("check", &["user", "time_zone", "clock_difference_seconds", "vendor_time", "warnings"]),
    ("change page", &["items", "checkpoint", "caught_up"]),
    ("page", &["items", "next", "total", "as_of"]),
];

/// The core keys of a ticket: what `readable_fields` and `writable_fields` speak of.
pub(crate) fn ticket_keys() -> &'static [&'static str] {
    DOCUMENTS[0].1
}

/// A document is what the contract says: every key, no other, times in UTC with `Z`; it reads back as the same.
#[track_caller]
pub(crate) fn holds<T: Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
    what: &str,
    document: &T,
) {
    let json = serde_json::to_value(document).unwrap();
    keys(what, &json, what);
    let back: T = serde_json::from_value(json.clone())
        .unwrap_or_else(|error| panic!("a {what} must read back from its own JSON: {error}\n  {json}"));
    assert_eq!(&back, document, "a {what} must read back from its own JSON as the same");
}

/// The keys of one object, and of everything under them that the contract names.
#[track_caller]
pub(crate) fn keys(what: &str, json: &Value, path: &str) {
    let Value::Object(object) = json else { panic!("{path}: a {what} is an object, not {json}") };
    let expected = DOCUMENTS
        .iter()
        .find(|(name, _)| *name == what)
        .map(|(_, keys)| *keys)
        .unwrap_or_else(|| panic!("the suite knows no document `{what}`"));
    for key in expected {
        assert!(object.contains_key(*key), "{path}: the key `{key}` is missing; every key is always present: {json}");
    }
    for (key, value) in object {
        assert!(
            expected.contains(&key.as_str()) || key == "raw",
            "{path}: the contract of a {what} has no key `{key}`"
        );
        under(what, key, value, &format!("{path}.{key}"));
    }
}

/// What the contract says of one key's value.
#[track_caller]
fn under(what: &str, key: &str, value: &Value, path: &str) {
    let each = |kind: &str| {
        for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
            keys(kind, item, &format!("{path}[{nth}]"));
        }
    };
    match (what, key) {
        (_, "raw") => {}
        (_, "created_at" | "updated_at" | "resolved_at" | "closed_at" | "at" | "expires_at" | "vendor_time") => {
            if let Value::String(text) = value {
                assert!(text.ends_with('Z') && text.contains('T'), "{path}: times are UTC with `Z`, not {text}");
            }
        }
        (_, "fields") => {
            for (id, field) in value.as_object().into_iter().flatten() {
                keys("field value", field, &format!("{path}.{id}"));
            }
        }
        ("history entry", "changes") => each("field change"),
        ("field change", "from" | "to") => keys("history value", value, path),
        ("field", "choices") => each("choice"),
        ("comment", "attachments") => each("attachment"),
        (_, "assignees" | "assigned_groups" | "watchers" | "collections" | "groups" | "members") => each("ref"),
        _ if value.is_null() => {}
        ("ticket" | "transition", "status" | "to") => keys("status", value, path),
        ("ticket", "priority") => keys("priority", value, path),
        ("ticket" | "collection" | "link", "type") => keys("type", value, path),
        ("ticket", "description") | ("comment", "body") => keys("text", value, path),
        ("text", "native") => keys("native text", value, path),
        ("status" | "priority" | "type" | "status info" | "field change", "native") | ("status", "reason") => {
            keys("native", value, path);
        }
        ("comment", "parent") => {}
        (
            _,
            "requester" | "creator" | "account" | "parent" | "author" | "manager" | "ticket" | "target" | "user"
            | "restricted_to" | "moved_to",
        ) => keys("ref", value, path),
        ("attachment", "checksum") => keys("checksum", value, path),
        (_, "deleted") => keys("removal", value, path),
        _ => {}
    }
}
