//! What the account's statuses, priorities and types stand for: the defaults, and a connection's overrides.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_core::model::{PriorityLevel, StatusCategory, TypeCategory};
use ticketing_core::{Error, Result, remedy};

use ticketing_http::config::{kind_of, known_keys, object};

/// The statuses that every account has (`wire/jira-zendesk.md` §B4); a custom status belongs to one of them.
pub(crate) const STATUSES: &[(&str, StatusCategory)] = &[
    ("new", StatusCategory::Open),
    ("open", StatusCategory::InProgress),
    ("pending", StatusCategory::OnHold),
    ("hold", StatusCategory::OnHold),
    ("solved", StatusCategory::Resolved),
    ("closed", StatusCategory::Closed),
];

/// The priorities (§B4), from the least urgent up.
pub(crate) const PRIORITIES: &[(&str, PriorityLevel)] = &[
    ("low", PriorityLevel::Low),
    ("normal", PriorityLevel::Normal),
    ("high", PriorityLevel::High),
    ("urgent", PriorityLevel::Urgent),
];

/// The types (§B4); a ticket without one is of type `none`, which is what a search calls it (§B5).
pub(crate) const TYPES: &[(&str, TypeCategory)] = &[
    ("problem", TypeCategory::Problem),
    ("incident", TypeCategory::Incident),
    ("question", TypeCategory::Question),
    ("task", TypeCategory::Task),
    (NO_TYPE, TypeCategory::Other),
];

/// The native type of a ticket that has none.
pub(crate) const NO_TYPE: &str = "none";

/// A connection's overrides: category by native id or label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    status: BTreeMap<String, StatusCategory>,
    priority: BTreeMap<String, PriorityLevel>,
    ticket_type: BTreeMap<String, TypeCategory>,
}

impl Mapping {
    /// Reads `mapping` of a configuration.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub(crate) fn from_value(value: &Value) -> Result<Self> {
        let map = object("mapping", value.clone())?;
        known_keys("mapping.", &map, &["status", "priority", "type"])?;
        Ok(Self {
            status: words("mapping.status", map.get("status"))?,
            priority: words("mapping.priority", map.get("priority"))?,
            ticket_type: words("mapping.type", map.get("type"))?,
        })
    }

    /// What a status stands for: an override by id, then by label, then what its system status does.
    pub(crate) fn status(&self, system: &str, id: &str, label: Option<&str>) -> StatusCategory {
        if remedy::is_removed("zendesk.status_mapping") {
            return StatusCategory::InProgress;
        }
        let own = |wanted: &str| find(&self.status, wanted);
        own(id)
            .or_else(|| label.and_then(own))
            .or_else(|| own(system))
            .or_else(|| STATUSES.iter().find(|(known, _)| *known == system).map(|(_, category)| *category))
            .unwrap_or(StatusCategory::Unknown)
    }

    /// The categories that overrides name.
    pub(crate) fn named_categories(&self) -> impl Iterator<Item = StatusCategory> {
        self.status.values().copied()
    }

    /// What a priority stands for.
    pub(crate) fn priority(&self, id: &str) -> PriorityLevel {
        if remedy::is_removed("zendesk.priority_mapping") {
            return PriorityLevel::Normal;
        }
        find(&self.priority, id)
            .or_else(|| PRIORITIES.iter().find(|(known, _)| *known == id).map(|(_, level)| *level))
            .unwrap_or(PriorityLevel::Unknown)
    }

    /// What a type stands for.
    pub(crate) fn ticket_type(&self, id: &str) -> TypeCategory {
        find(&self.ticket_type, id)
            .or_else(|| TYPES.iter().find(|(known, _)| *known == id).map(|(_, category)| *category))
            .unwrap_or(TypeCategory::Other)
    }
}

fn find<T: Copy>(map: &BTreeMap<String, T>, wanted: &str) -> Option<T> {
    map.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
}

/// A map of native values to shared words.
fn words<T: std::str::FromStr<Err = Error>>(field: &str, value: Option<&Value>) -> Result<BTreeMap<String, T>> {
    let entries = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(value) => object(field, value.clone())?,
    };
    let mut out = BTreeMap::new();
    for (key, value) in entries {
        let field = format!("{field}.{key}");
        let Value::String(word) = value else {
            let found = kind_of(&value);
            let hint = "".parse::<T>().err().and_then(|error| error.hint().map(str::to_owned)).unwrap_or_default();
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
    fn defaults_are_the_documented_values() {
        let none = Mapping::default();
        for (status, category) in [
            ("new", StatusCategory::Open),
            ("open", StatusCategory::InProgress),
            ("pending", StatusCategory::OnHold),
            ("hold", StatusCategory::OnHold),
            ("solved", StatusCategory::Resolved),
            ("closed", StatusCategory::Closed),
            ("deleted", StatusCategory::Unknown),
        ] {
            assert_eq!(none.status(status, status, None), category, "{status}");
        }
        assert_eq!(none.priority("urgent"), PriorityLevel::Urgent);
        assert_eq!(none.priority("9"), PriorityLevel::Unknown);
        assert_eq!(none.ticket_type("task"), TypeCategory::Task);
        assert_eq!(none.ticket_type(NO_TYPE), TypeCategory::Other);
    }

    #[test]
    fn overrides_go_before_defaults_and_ids_before_labels() {
        let own = Mapping::from_value(&json!({
            "status": {"10041": "closed", "Waiting for parts": "on_hold", "pending": "in_progress"},
            "priority": {"low": "lowest"},
            "type": {"task": "change"},
        }))
        .unwrap();
        assert_eq!(own.status("solved", "10041", Some("Waiting for parts")), StatusCategory::Closed);
        assert_eq!(own.status("open", "10042", Some("waiting for parts")), StatusCategory::OnHold);
        assert_eq!(own.status("pending", "pending", None), StatusCategory::InProgress);
        assert_eq!(own.status("pending", "10043", Some("Waiting for a call")), StatusCategory::InProgress);
        assert_eq!(own.status("hold", "hold", None), StatusCategory::OnHold);
        assert_eq!(own.priority("low"), PriorityLevel::Lowest);
        assert_eq!(own.ticket_type("task"), TypeCategory::Change);
    }
}
