//! What the site's own statuses, priorities, types and fields stand for: the defaults, and a connection's overrides.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_core::model::{PriorityLevel, StatusCategory, TypeCategory};
use ticketing_core::remedy;
use ticketing_core::{Error, Result};

use ticketing_http::config::{kind_of, known_keys, object};

/// The core keys that Jira has no field for, and that a custom field can hold.
pub(crate) const HOLDABLE: &[&str] = &["assigned_groups", "external_id"];

/// A connection's overrides: category by native id or name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    status: BTreeMap<String, StatusCategory>,
    priority: BTreeMap<String, PriorityLevel>,
    ticket_type: BTreeMap<String, TypeCategory>,
    fields: BTreeMap<String, String>,
}

/// A done status is closed, unless its name says how it ended (design: the table of statuses).
const DONE_BY_NAME: &[(&str, StatusCategory)] = &[
    ("resolved", StatusCategory::Resolved),
    ("cancelled", StatusCategory::Cancelled),
    ("canceled", StatusCategory::Cancelled),
    ("declined", StatusCategory::Cancelled),
    ("won't do", StatusCategory::Cancelled),
];

/// Jira's own names (wire A4.4), Service Management's older ones among them.
const PRIORITIES: &[(&str, PriorityLevel)] = &[
    ("highest", PriorityLevel::Urgent),
    ("blocker", PriorityLevel::Urgent),
    ("critical", PriorityLevel::Urgent),
    ("high", PriorityLevel::High),
    ("major", PriorityLevel::High),
    ("medium", PriorityLevel::Normal),
    ("normal", PriorityLevel::Normal),
    ("low", PriorityLevel::Low),
    ("minor", PriorityLevel::Low),
    ("lowest", PriorityLevel::Lowest),
    ("trivial", PriorityLevel::Lowest),
];

/// The names of types, without `[System]` and ` Sub-task`.
const TYPES: &[(&str, TypeCategory)] = &[
    ("incident", TypeCategory::Incident),
    ("problem", TypeCategory::Problem),
    ("change", TypeCategory::Change),
    ("service request", TypeCategory::Request),
    ("service request with approvals", TypeCategory::Request),
    ("request", TypeCategory::Request),
    ("it help", TypeCategory::Request),
    ("task", TypeCategory::Task),
    ("sub-task", TypeCategory::Task),
    ("subtask", TypeCategory::Task),
    ("bug", TypeCategory::Bug),
    ("story", TypeCategory::Story),
    ("epic", TypeCategory::Epic),
    ("question", TypeCategory::Question),
];

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

/// An override by id, or else by name.
fn overridden<T: Copy>(own: &BTreeMap<String, T>, id: &str, name: Option<&str>) -> Option<T> {
    if own.is_empty() {
        return None;
    }
    let by = |wanted: &str| own.iter().find(|(key, _)| same(key, wanted)).map(|(_, category)| *category);
    by(id).or_else(|| name.and_then(by))
}

impl Mapping {
    /// Reads `mapping` of a configuration.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub(crate) fn from_value(value: &Value) -> Result<Self> {
        let map = object("mapping", value.clone())?;
        known_keys("mapping.", &map, &["status", "priority", "type", "fields"])?;
        let mut mapping = Self {
            status: words("mapping.status", map.get("status"))?,
            priority: words("mapping.priority", map.get("priority"))?,
            ticket_type: words("mapping.type", map.get("type"))?,
            fields: BTreeMap::new(),
        };
        let fields = entries("mapping.fields", map.get("fields"))?;
        known_keys("mapping.fields.", &fields, HOLDABLE)?;
        for (key, value) in fields {
            match value {
                Value::String(field) if !field.trim().is_empty() => drop(mapping.fields.insert(key, field)),
                _ => {
                    return Err(Error::config(format!("mapping.fields.{key}"), "it must be the name of a field")
                        .with_hint("give the field's id, `customfield_10030`, or its name"));
                }
            }
        }
        Ok(mapping)
    }

    /// What a status stands for; `category` is the key of Jira's own category, the only stable meaning (wire A4.4).
    pub(crate) fn status(&self, id: &str, name: Option<&str>, category: Option<&str>) -> StatusCategory {
        if remedy::is_removed("jira.status_mapping") {
            return StatusCategory::InProgress;
        }
        if let Some(own) = overridden(&self.status, id, name) {
            return own;
        }
        match category {
            Some("new") => StatusCategory::Open,
            Some("indeterminate") => StatusCategory::InProgress,
            Some("done") => {
                let by_name = |name: &str| DONE_BY_NAME.iter().find(|(known, _)| same(known, &name.replace('’', "'")));
                name.and_then(by_name).map_or(StatusCategory::Closed, |(_, category)| *category)
            }
            _ => StatusCategory::Unknown,
        }
    }

    /// What a priority stands for.
    pub(crate) fn priority(&self, id: &str, name: Option<&str>) -> PriorityLevel {
        if remedy::is_removed("jira.priority_mapping") {
            return PriorityLevel::Normal;
        }
        overridden(&self.priority, id, name).unwrap_or_else(|| {
            let by_name = |name: &str| PRIORITIES.iter().find(|(known, _)| same(known, name));
            name.and_then(by_name).map_or(PriorityLevel::Unknown, |(_, level)| *level)
        })
    }

    /// What an issue type stands for.
    pub(crate) fn ticket_type(&self, id: &str, name: Option<&str>) -> TypeCategory {
        overridden(&self.ticket_type, id, name).unwrap_or_else(|| {
            let Some(name) = name else { return TypeCategory::Other };
            let plain = name.strip_prefix("[System] ").unwrap_or(name);
            let by_name = |name: &str| TYPES.iter().find(|(known, _)| same(known, name)).map(|(_, category)| *category);
            by_name(plain)
                .or_else(|| by_name(plain.strip_suffix(" Sub-task").or_else(|| plain.strip_suffix(" sub-task"))?))
                .unwrap_or(TypeCategory::Other)
        })
    }

    /// The custom field, by id or name, that holds a core key.
    pub(crate) fn field(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    /// The categories that statuses of this connection can stand for, as far as is known before anything is asked.
    pub(crate) fn status_categories(&self) -> impl Iterator<Item = StatusCategory> + '_ {
        self.status.values().copied()
    }
}

fn entries(field: &str, value: Option<&Value>) -> Result<serde_json::Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(serde_json::Map::new()),
        Some(value) => object(field, value.clone()),
    }
}

/// A map to one of the shared words.
fn words<T: std::str::FromStr<Err = Error>>(field: &str, value: Option<&Value>) -> Result<BTreeMap<String, T>> {
    let mut out = BTreeMap::new();
    for (key, value) in entries(field, value)? {
        let field = format!("{field}.{key}");
        let Value::String(word) = value else {
            let hint = "".parse::<T>().err().and_then(|error| error.hint().map(str::to_owned)).unwrap_or_default();
            let found = kind_of(&value);
            return Err(
                Error::config(field, format!("it must be one of the shared words, and is {found}")).with_hint(hint)
            );
        };
        let word = word.parse().map_err(|error: Error| {
            Error::config(field, error.message().to_owned()).with_hint(error.hint().unwrap_or_default().to_owned())
        })?;
        out.insert(key, word);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_follow_the_category_and_the_name() {
        let none = Mapping::default();
        for (name, category, expected) in [
            ("Open", Some("new"), StatusCategory::Open),
            ("Pending", Some("indeterminate"), StatusCategory::InProgress),
            ("Resolved", Some("done"), StatusCategory::Resolved),
            ("Done", Some("done"), StatusCategory::Closed),
            ("Canceled", Some("done"), StatusCategory::Cancelled),
            ("Won’t do", Some("done"), StatusCategory::Cancelled),
            ("Odd", Some("undefined"), StatusCategory::Unknown),
            ("Resolved", None, StatusCategory::Unknown),
        ] {
            assert_eq!(none.status("7", Some(name), category), expected, "{name}");
        }
        assert_eq!(none.priority("1", Some("Highest")), PriorityLevel::Urgent);
        assert_eq!(none.priority("1", Some("P1")), PriorityLevel::Unknown);
        assert_eq!(none.ticket_type("1", Some("[System] Incident Sub-task")), TypeCategory::Incident);
        assert_eq!(none.ticket_type("1", Some("Sub-task")), TypeCategory::Task);
        assert_eq!(none.ticket_type("1", Some("Risk")), TypeCategory::Other);
    }

    #[test]
    fn overrides_go_by_id_before_name() {
        let own = Mapping::from_value(&json!({
            "status": {"10002": "in_progress", "Pending": "on_hold"},
            "priority": {"P1": "urgent"},
            "type": {"Risk": "problem"},
            "fields": {"external_id": "External ID"},
        }))
        .unwrap();
        assert_eq!(own.status("10002", Some("Pending"), Some("new")), StatusCategory::InProgress);
        assert_eq!(own.status("7", Some("pending"), Some("new")), StatusCategory::OnHold);
        assert_eq!(own.priority("1", Some("p1")), PriorityLevel::Urgent);
        assert_eq!(own.ticket_type("1", Some("Risk")), TypeCategory::Problem);
        assert_eq!((own.field("external_id"), own.field("assigned_groups")), (Some("External ID"), None));
    }
}
