//! What the instance's own states, priorities and tables stand for: the defaults per table, and a connection's overrides.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_core::model::{PriorityLevel, StatusCategory, TypeCategory};
use ticketing_core::remedy;
use ticketing_core::{Error, Result};

use crate::config::is_table_name;
use ticketing_http::config::{kind_of, known_keys, object};

use StatusCategory::{Cancelled, Closed, InProgress, OnHold, Open, Resolved};

/// A connection's overrides: category by native id or label, for all tables or for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    status: BTreeMap<String, StatusCategory>,
    priority: BTreeMap<String, PriorityLevel>,
    ticket_type: BTreeMap<String, TypeCategory>,
}

/// The states of a table: native id and what it stands for (wire §3.1–§3.5).
type States = &'static [(&'static str, StatusCategory)];

/// `wire/servicenow.md` §3.2; 4 and 5 are the legacy Awaiting Caller and Awaiting Evidence.
const INCIDENT: States = &[
    ("1", Open),
    ("2", InProgress),
    ("3", OnHold),
    ("4", OnHold),
    ("5", OnHold),
    ("6", Resolved),
    ("7", Closed),
    ("8", Cancelled),
];
/// `wire/servicenow.md` §3.4.
const CHANGE: States = &[
    ("-5", Open),
    ("-4", InProgress),
    ("-3", InProgress),
    ("-2", InProgress),
    ("-1", InProgress),
    ("0", Resolved),
    ("3", Closed),
    ("4", Cancelled),
];
/// `wire/servicenow.md` §3.5, with the states before problem models.
const PROBLEM: States = &[
    ("101", Open),
    ("102", InProgress),
    ("103", InProgress),
    ("104", InProgress),
    ("106", Resolved),
    ("107", Closed),
    ("1", Open),
    ("2", InProgress),
    ("3", OnHold),
    ("4", Closed),
];
/// `wire/servicenow.md` §3.5: the states of `request_state`.
const REQUEST: States = &[
    ("requested", Open),
    ("in_process", InProgress),
    ("closed_complete", Closed),
    ("closed_incomplete", Closed),
    ("closed_cancelled", Cancelled),
    ("closed_rejected", Cancelled),
    ("closed_skipped", Cancelled),
];
/// `wire/servicenow.md` §3.5.
const CASE: States = &[("1", Open), ("10", InProgress), ("18", OnHold), ("6", Resolved), ("3", Closed)];
/// `wire/servicenow.md` §3.5.
const PROBLEM_TASK: States = &[("151", Open), ("152", InProgress), ("154", InProgress), ("157", Closed)];
/// `wire/servicenow.md` §3.1: every other table that extends `task`.
const TASK: States =
    &[("1", Open), ("2", InProgress), ("-5", OnHold), ("3", Closed), ("4", Cancelled), ("7", Cancelled)];

fn defaults(table: &str) -> States {
    match table {
        "incident" => INCIDENT,
        "change_request" => CHANGE,
        "problem" => PROBLEM,
        "sc_request" => REQUEST,
        "sn_customerservice_case" => CASE,
        "problem_task" => PROBLEM_TASK,
        _ => TASK,
    }
}

/// The states that a table knows unless somebody added to them.
pub(crate) fn default_states(table: &str) -> impl Iterator<Item = (&'static str, StatusCategory)> {
    defaults(table).iter().copied()
}

/// `wire/servicenow.md` §3.3.
const PRIORITIES: &[(&str, PriorityLevel)] = &[
    ("1", PriorityLevel::Urgent),
    ("2", PriorityLevel::High),
    ("3", PriorityLevel::Normal),
    ("4", PriorityLevel::Low),
    ("5", PriorityLevel::Lowest),
];

impl Mapping {
    /// Reads `mapping` of a configuration.
    ///
    /// Keys of `status` are native ids or labels, for every table, or `TABLE.ID` for one; or tables with a map of their own.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub(crate) fn from_value(value: &Value, tables: &[String]) -> Result<Self> {
        let map = object("mapping", value.clone())?;
        known_keys("mapping.", &map, &["status", "priority", "type"])?;
        let mut mapping = Self::default();
        for (key, value) in entries("mapping.status", map.get("status"))? {
            match value {
                Value::Object(own) if tables.contains(&key) => {
                    for (id, value) in own {
                        let word = category(&format!("mapping.status.{key}.{id}"), &value)?;
                        mapping.status.insert(format!("{key}.{id}"), word);
                    }
                }
                value => {
                    let word = category(&format!("mapping.status.{key}"), &value)?;
                    mapping.status.insert(key, word);
                }
            }
        }
        for (key, value) in entries("mapping.priority", map.get("priority"))? {
            let word = category(&format!("mapping.priority.{key}"), &value)?;
            mapping.priority.insert(key, word);
        }
        for (key, value) in entries("mapping.type", map.get("type"))? {
            let field = format!("mapping.type.{key}");
            if !is_table_name(&key) {
                return Err(Error::config(field, "it is not the name of a table")
                    .with_hint("use the table's name, not its label: `change_request`"));
            }
            let word = category(&field, &value)?;
            mapping.ticket_type.insert(key, word);
        }
        Ok(mapping)
    }

    /// What a state of a table stands for. An override for the table goes before one for all, an id before a label.
    pub(crate) fn status(&self, table: &str, id: &str, label: Option<&str>) -> StatusCategory {
        if remedy::is_removed("servicenow.status_mapping") {
            return InProgress;
        }
        if !self.status.is_empty()
            && let Some(category) = self.status_override(table, id, label)
        {
            return category;
        }
        defaults(table)
            .iter()
            .find(|(known, _)| *known == id)
            .map_or(StatusCategory::Unknown, |(_, category)| *category)
    }

    fn status_override(&self, table: &str, id: &str, label: Option<&str>) -> Option<StatusCategory> {
        let own = |wanted: &str| {
            self.status.iter().find_map(|(key, category)| {
                let name = key.strip_prefix(table)?.strip_prefix('.')?;
                name.eq_ignore_ascii_case(wanted).then_some(*category)
            })
        };
        let shared = |wanted: &str| {
            self.status.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, category)| *category)
        };
        own(id).or_else(|| label.and_then(own)).or_else(|| shared(id)).or_else(|| label.and_then(shared))
    }

    /// The native keys that overrides for a table name: ids or labels.
    pub(crate) fn status_keys<'a>(&'a self, table: &'a str, tables: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.status.keys().filter_map(move |key| match key.split_once('.') {
            Some((other, rest)) if tables.iter().any(|known| known == other) => (other == table).then_some(rest),
            _ => Some(key.as_str()),
        })
    }

    /// What a priority stands for.
    pub(crate) fn priority(&self, id: &str, label: Option<&str>) -> PriorityLevel {
        if remedy::is_removed("servicenow.priority_mapping") {
            return PriorityLevel::Normal;
        }
        let shared = |wanted: &str| {
            self.priority.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, level)| *level)
        };
        if !self.priority.is_empty()
            && let Some(level) = shared(id).or_else(|| label.and_then(shared))
        {
            return level;
        }
        PRIORITIES.iter().find(|(known, _)| *known == id).map_or(PriorityLevel::Unknown, |(_, level)| *level)
    }

    /// The ids of priorities that are known, defaults and overrides.
    pub(crate) fn priority_ids(&self) -> Vec<String> {
        let own = self.priority.keys().filter(|key| key.bytes().all(|b| b.is_ascii_digit())).cloned();
        let mut ids: Vec<String> = PRIORITIES.iter().map(|(id, _)| (*id).to_owned()).chain(own).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// True where some priority is mapped by its label, which a query cannot ask for.
    pub(crate) fn has_priority_labels(&self) -> bool {
        self.priority.keys().any(|key| !key.bytes().all(|b| b.is_ascii_digit()))
    }

    /// What a table's records are.
    pub(crate) fn ticket_type(&self, table: &str) -> TypeCategory {
        if let Some(category) = self.ticket_type.get(table) {
            return *category;
        }
        match table {
            "incident" => TypeCategory::Incident,
            "problem" => TypeCategory::Problem,
            "change_request" => TypeCategory::Change,
            "sc_request" | "sc_req_item" => TypeCategory::Request,
            "task" | "sc_task" | "problem_task" | "change_task" | "incident_task" => TypeCategory::Task,
            "sn_customerservice_case" => TypeCategory::Question,
            _ => TypeCategory::Other,
        }
    }

    /// True where this table has states or a type of its own, so that its records need not be taken for their parent's.
    pub(crate) fn knows_table(&self, table: &str) -> bool {
        self.ticket_type.contains_key(table) || self.ticket_type(table) != TypeCategory::Other
    }
}

fn entries(field: &str, value: Option<&Value>) -> Result<serde_json::Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(serde_json::Map::new()),
        Some(value) => object(field, value.clone()),
    }
}

/// One of the shared words.
fn category<T: std::str::FromStr<Err = Error>>(field: &str, value: &Value) -> Result<T> {
    let Value::String(word) = value else {
        let found = kind_of(value);
        return Err(Error::config(field, format!("it must be one of the shared words, and is {found}"))
            .with_hint(word_hint::<T>()));
    };
    word.parse().map_err(|error: Error| {
        Error::config(field, error.message().to_owned()).with_hint(error.hint().unwrap_or_default().to_owned())
    })
}

fn word_hint<T: std::str::FromStr<Err = Error>>() -> String {
    "".parse::<T>().err().and_then(|error| error.hint().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapping(value: Value) -> Mapping {
        Mapping::from_value(&value, &["incident".to_owned(), "problem".to_owned()]).unwrap()
    }

    #[test]
    fn defaults_are_the_documented_states() {
        let none = Mapping::default();
        for (table, id, category) in [
            ("incident", "1", Open),
            ("incident", "2", InProgress),
            ("incident", "3", OnHold),
            ("incident", "6", Resolved),
            ("incident", "7", Closed),
            ("incident", "8", Cancelled),
            ("incident", "-100", StatusCategory::Unknown),
            ("problem", "104", InProgress),
            ("problem", "107", Closed),
            ("change_request", "-5", Open),
            ("change_request", "4", Cancelled),
            ("sc_request", "in_process", InProgress),
            ("sc_task", "3", Closed),
        ] {
            assert_eq!(none.status(table, id, None), category, "{table} {id}");
        }
        assert_eq!(none.priority("1", None), PriorityLevel::Urgent);
        assert_eq!(none.priority("9", None), PriorityLevel::Unknown);
    }

    #[test]
    fn overrides_go_from_the_particular_to_the_general() {
        let own = mapping(json!({
            "status": {"3": "in_progress", "incident.3": "on_hold", "Awaiting Vendor": "on_hold", "problem": {"104": "on_hold"}},
            "priority": {"1 - Critical": "high", "5": "low"},
            "type": {"u_defect": "bug"},
        }));
        assert_eq!(own.status("incident", "3", Some("On Hold")), OnHold);
        assert_eq!(own.status("problem", "3", None), InProgress);
        assert_eq!(own.status("problem", "104", None), OnHold);
        assert_eq!(own.status("incident", "77", Some("awaiting vendor")), OnHold);
        assert_eq!(own.priority("1", Some("1 - Critical")), PriorityLevel::High);
        assert_eq!(own.priority("5", None), PriorityLevel::Low);
        assert_eq!(own.ticket_type("u_defect"), TypeCategory::Bug);
        let tables = ["incident".to_owned(), "problem".to_owned()];
        assert_eq!(own.status_keys("problem", &tables).collect::<Vec<_>>(), ["3", "Awaiting Vendor", "104"]);
    }
}
