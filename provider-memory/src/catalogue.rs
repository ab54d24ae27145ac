//! The native values of the store: statuses, reasons, priorities, types. They are not the shared words on purpose, so that
//! nobody mistakes the one for the other.

use std::collections::BTreeMap;

use ticketing_core::model::{
    Native, Priority, PriorityLevel, Status, StatusCategory, StatusInfo, TicketType, TypeCategory,
};
use ticketing_core::{Error, PrioritySelector, Result, StatusSelector, TypeSelector};

/// What statuses count as on this connection, by native id or name: the `mapping` of its configuration.
pub(crate) type StatusMapping = BTreeMap<String, StatusCategory>;

/// The native values that can be written.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) statuses: Vec<StatusInfo>,
    pub(crate) reasons: Vec<(StatusCategory, Native)>,
    pub(crate) priorities: Vec<Priority>,
    pub(crate) types: Vec<TicketType>,
}

impl Default for Catalogue {
    fn default() -> Self {
        use PriorityLevel::{High, Low, Lowest, Normal, Urgent};
        use StatusCategory::{Cancelled, Closed, InProgress, OnHold, Open, Resolved};

        let statuses = [
            (Open, "new", "New"),
            (InProgress, "active", "Active"),
            (OnHold, "waiting", "Waiting"),
            (Resolved, "solved", "Solved"),
            (Closed, "final", "Final"),
            (Cancelled, "withdrawn", "Withdrawn"),
        ];
        let reasons = [
            (OnHold, "requester", "Awaiting requester"),
            (OnHold, "problem", "Awaiting problem"),
            (OnHold, "vendor", "Awaiting vendor"),
            (OnHold, "change", "Awaiting change"),
            (Resolved, "solution", "Solution provided"),
            (Resolved, "workaround", "Workaround provided"),
            (Resolved, "requester", "Resolved by requester"),
            (Resolved, "duplicate", "Duplicate"),
        ];
        let priorities =
            [(Urgent, "p1", "P1"), (High, "p2", "P2"), (Normal, "p3", "P3"), (Low, "p4", "P4"), (Lowest, "p5", "P5")];
        let types = TypeCategory::ALL.iter().filter(|category| **category != TypeCategory::Other);
        Self {
            statuses: statuses
                .map(|(category, id, name)| StatusInfo {
                    category,
                    native: Native::named(id, name),
                    scopes: Vec::new(),
                    active: true,
                })
                .to_vec(),
            reasons: reasons.map(|(category, id, name)| (category, Native::named(id, name))).to_vec(),
            priorities: priorities
                .map(|(level, id, name)| Priority { level, native: Native::named(id, name) })
                .to_vec(),
            types: types
                .map(|category| {
                    let id = category.as_str();
                    let name = id[..1].to_ascii_uppercase() + &id[1..];
                    TicketType { category: *category, native: Native::named(id, name) }
                })
                .collect(),
        }
    }
}

impl Catalogue {
    /// Adds a status, or replaces the one of the same native id.
    pub(crate) fn insert_status(&mut self, status: StatusInfo) {
        self.statuses.retain(|known| known.native.id != status.native.id);
        self.statuses.push(status);
    }

    /// The native status that new tickets of a category get.
    pub(crate) fn first_status(&self, category: StatusCategory) -> Option<Native> {
        let mut usable = self.statuses.iter().filter(|status| status.active);
        usable.find(|status| status.category == category).map(|status| status.native.clone())
    }

    /// The statuses as they count on this connection.
    pub(crate) fn statuses(&self, mapping: &StatusMapping) -> Vec<StatusInfo> {
        let mapped = |status: &StatusInfo| StatusInfo {
            category: mapped(mapping, &status.native).unwrap_or(status.category),
            ..status.clone()
        };
        self.statuses.iter().map(mapped).collect()
    }

    /// The status to write, without a reason.
    ///
    /// # Errors
    /// `InvalidRequest`, listing what there is.
    pub(crate) fn status(&self, selector: &StatusSelector, mapping: &StatusMapping) -> Result<Status> {
        let usable: Vec<_> = self.statuses(mapping).into_iter().filter(|status| status.active).collect();
        let of_category = |wanted| usable.iter().find(|status| status.category == wanted);
        let found = match selector {
            // `resolved` and `closed` stand in for each other where only one of them is left.
            StatusSelector::Category(StatusCategory::Resolved) => {
                of_category(StatusCategory::Resolved).or_else(|| of_category(StatusCategory::Closed))
            }
            StatusSelector::Category(StatusCategory::Closed) => {
                of_category(StatusCategory::Closed).or_else(|| of_category(StatusCategory::Resolved))
            }
            StatusSelector::Category(category) => of_category(*category),
            StatusSelector::Native(text) => usable.iter().find(|status| is_named(&status.native, text)),
            _ => None,
        };
        let found = found.ok_or_else(|| unknown("status", selector, usable.iter().map(|known| &known.native)))?;
        Ok(Status { category: found.category, native: found.native.clone(), reason: None })
    }

    /// The reason to write, which goes with this category.
    ///
    /// # Errors
    /// `InvalidRequest`, listing what there is.
    pub(crate) fn reason(&self, category: StatusCategory, text: &str) -> Result<Native> {
        // A ticket that is closed keeps the reasons why it was answered.
        let group = if category == StatusCategory::Closed { StatusCategory::Resolved } else { category };
        let usable = || self.reasons.iter().filter(|(known, _)| *known == group).map(|(_, reason)| reason);
        let missing = || {
            let error = unknown("reason", &text, usable());
            error.with_context(format!("for the status category `{category}`"))
        };
        usable().find(|reason| is_named(reason, text)).cloned().ok_or_else(missing)
    }

    /// The priority to write.
    ///
    /// # Errors
    /// `InvalidRequest`, listing what there is.
    pub(crate) fn priority(&self, selector: &PrioritySelector) -> Result<Priority> {
        let found = self.priorities.iter().find(|priority| match selector {
            PrioritySelector::Level(level) => priority.level == *level,
            PrioritySelector::Native(text) => is_named(&priority.native, text),
            _ => false,
        });
        found.cloned().ok_or_else(|| unknown("priority", selector, self.priorities.iter().map(|known| &known.native)))
    }

    /// The type to write.
    ///
    /// # Errors
    /// `InvalidRequest`, listing what there is.
    pub(crate) fn ticket_type(&self, selector: &TypeSelector) -> Result<TicketType> {
        let found = self.types.iter().find(|known| match selector {
            TypeSelector::Category(category) => known.category == *category,
            TypeSelector::Native(text) => is_named(&known.native, text),
            _ => false,
        });
        found.cloned().ok_or_else(|| unknown("type", selector, self.types.iter().map(|known| &known.native)))
    }
}

/// What a native status counts as by the connection's mapping, where that names it.
pub(crate) fn mapped(mapping: &StatusMapping, native: &Native) -> Option<StatusCategory> {
    let by_name = || native.name.as_ref().and_then(|name| mapping.get(name));
    mapping.get(&native.id).or_else(by_name).copied()
}

/// True where a native value is meant by this text: its id, or its name in any case.
pub(crate) fn is_named(native: &Native, text: &str) -> bool {
    native.id == text || native.name.as_ref().is_some_and(|name| name.to_lowercase() == text.to_lowercase())
}

/// The refusal of a value that is not in a catalogue, listing what is.
pub(crate) fn unknown<'a>(
    field: &str,
    wanted: &dyn std::fmt::Display,
    known: impl Iterator<Item = &'a Native>,
) -> Error {
    let known: Vec<_> = known
        .map(|native| match &native.name {
            Some(name) => format!("`{}` ({name})", native.id),
            None => format!("`{}`", native.id),
        })
        .collect();
    let hint = if known.is_empty() {
        "leave it out: there is none".to_owned()
    } else {
        format!("use one of: {}", known.join(", "))
    };
    Error::invalid(field, format!("there is no {field} `{wanted}`")).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_category_id_and_name() {
        let catalogue = Catalogue::default();
        let none = StatusMapping::new();
        for selector in ["on_hold", "native:waiting", "native:WAITING"] {
            let status = catalogue.status(&selector.parse().unwrap(), &none).unwrap();
            assert_eq!(status.native.id, "waiting", "{selector}");
        }
        assert_eq!(catalogue.priority(&"high".parse().unwrap()).unwrap().native.id, "p2");
        assert_eq!(
            catalogue.ticket_type(&"native:Incident".parse().unwrap()).unwrap().category,
            TypeCategory::Incident
        );
        assert_eq!(catalogue.reason(StatusCategory::Closed, "duplicate").unwrap().id, "duplicate");
    }

    #[test]
    fn a_refusal_lists_what_there_is() {
        let catalogue = Catalogue::default();
        let error = catalogue.status(&"native:parked".parse().unwrap(), &StatusMapping::new()).unwrap_err().to_string();
        assert!(
            error.contains("`status`") && error.contains("parked") && error.contains("`waiting` (Waiting)"),
            "{error}"
        );
        let error = catalogue.reason(StatusCategory::Open, "vendor").unwrap_err().to_string();
        assert!(error.contains("`reason`") && error.contains("there is none"), "{error}");
        assert!(catalogue.priority(&"unknown".parse().unwrap()).is_err());
    }

    #[test]
    fn a_mapping_decides_what_a_status_counts_as() {
        let catalogue = Catalogue::default();
        let mapping = StatusMapping::from([("Active".to_owned(), StatusCategory::OnHold)]);
        assert_eq!(
            catalogue.status(&"native:active".parse().unwrap(), &mapping).unwrap().category,
            StatusCategory::OnHold
        );
        assert!(catalogue.status(&"in_progress".parse().unwrap(), &mapping).is_err());
    }
}
