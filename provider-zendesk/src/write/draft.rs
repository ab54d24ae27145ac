//! The members of one write, gathered from what the caller named.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use ticketing_core::model::{Due, FieldData, StatusCategory, Ticket, TypeCategory, format_timestamp};
use ticketing_core::{Delivery, Error, ErrorKind, FieldId, PrioritySelector, Result, StatusSelector, TypeSelector};

use crate::catalogue::{KnownStatus, Statuses};
use crate::connection::number;
use crate::map::field::{Fields, Written};
use crate::mapping::{Mapping, NO_TYPE, PRIORITIES, TYPES};

/// The members of one write.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) fields: &'a Fields,
    pub(super) statuses: &'a Statuses,
    pub(super) mapping: &'a Mapping,
    pub(super) ticket: Map<String, Value>,
    /// The status that should come of it.
    pub(super) goal: Option<KnownStatus>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(fields: &'a Fields, statuses: &'a Statuses, mapping: &'a Mapping) -> Self {
        Self { fields, statuses, mapping, ticket: Map::new(), goal: None }
    }

    pub(super) fn set(&mut self, member: &str, value: impl Into<Value>) {
        self.ticket.insert(member.to_owned(), value.into());
    }

    /// Sets a member that names a record.
    pub(super) fn set_id(&mut self, member: &str, id: &str) {
        self.set(member, number(id).map_or(Value::Null, Value::from));
    }

    /// The title: not empty.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `title`.
    pub(super) fn title(&mut self, title: &str) -> Result<()> {
        if title.trim().is_empty() {
            return Err(Error::invalid("title", "the title is empty").with_hint("give the ticket a title"));
        }
        self.set("subject", title);
        Ok(())
    }

    /// The product's own id.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `external_id`.
    pub(super) fn external_id(&mut self, id: &str) -> Result<()> {
        if id.trim().is_empty() || id.trim() != id || id.chars().any(char::is_control) {
            return Err(
                Error::invalid("external_id", "it is empty, or has blanks around it").with_hint("give an id, or none")
            );
        }
        self.set("external_id", id);
        Ok(())
    }

    /// The priority: one of four (`wire/jira-zendesk.md` §B4).
    ///
    /// # Errors
    /// `InvalidRequest`, naming `priority`, where there is none such.
    pub(super) fn priority(&mut self, selector: &PrioritySelector) -> Result<()> {
        let known = || PRIORITIES.iter().map(|(id, _)| *id);
        let found = match selector {
            PrioritySelector::Level(level) => known().find(|id| self.mapping.priority(id) == *level),
            PrioritySelector::Native(native) => known().find(|id| id.eq_ignore_ascii_case(native)),
            _ => None,
        };
        let id = found.ok_or_else(|| {
            Error::invalid("priority", format!("no priority is `{selector}`"))
                .with_hint(format!("there are: {}", known().collect::<Vec<_>>().join(", ")))
        })?;
        self.set("priority", id);
        Ok(())
    }

    /// The type: one of four, or none.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `type`, where there is none such.
    pub(super) fn ticket_type(&mut self, selector: &TypeSelector) -> Result<()> {
        let known = || TYPES.iter().map(|(id, _)| *id);
        let found = match selector {
            TypeSelector::Category(TypeCategory::Other) => Some(NO_TYPE),
            TypeSelector::Category(category) => known().find(|id| self.mapping.ticket_type(id) == *category),
            TypeSelector::Native(native) => known().find(|id| id.eq_ignore_ascii_case(native)),
            _ => None,
        };
        let id = found.ok_or_else(|| {
            Error::invalid("type", format!("no type is `{selector}`"))
                .with_hint(format!("there are: {}", known().collect::<Vec<_>>().join(", ")))
        })?;
        self.set("type", if id == NO_TYPE { Value::Null } else { json!(id) });
        Ok(())
    }

    /// When it is due: a task's alone (§B3.2). A day is written as its first moment in UTC.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `due`, where the ticket is not made a task.
    pub(super) fn due(&mut self, due: Due) -> Result<()> {
        if self.ticket.get("type").and_then(Value::as_str) != Some("task") {
            return Err(Error::new(ErrorKind::Unsupported, "tasks alone have a due date, and this is made none")
                .with_field("due")
                .with_hint("give the type `task` along with `due`"));
        }
        let text = match due {
            Due::At(at) => format_timestamp(at),
            Due::Date(day) => format!("{day}T00:00:00Z"),
        };
        self.set("due_at", text);
        Ok(())
    }

    /// Catalogue fields, each known, writable and of its type.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field.
    pub(super) fn fields(&mut self, fields: &BTreeMap<FieldId, FieldData>) -> Result<()> {
        let mut custom: Vec<Value> = Vec::new();
        for (id, data) in fields {
            match self.fields.encode(id.as_str(), data)? {
                Written::Member(member, value) => self.set(&member, value),
                Written::Custom(id, value) => custom.push(json!({ "id": id, "value": value })),
            }
        }
        if !custom.is_empty() {
            // Only what is sent changes (§B3.2).
            self.set("custom_fields", custom);
        }
        Ok(())
    }

    /// The status to reach, from the one that the ticket has now.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `status`, where there is none such; `Conflict` where the ticket cannot go there.
    pub(super) fn status(&mut self, selector: &StatusSelector, now: Option<&Ticket>) -> Result<()> {
        let goal = self.wanted(selector)?.clone();
        if let Some(now) = now {
            let from = self.statuses.named(&now.status.native.id);
            let conflict = |what: &str, hint: &str| {
                Err(Error::new(ErrorKind::Conflict, what.to_owned())
                    .with_field("status")
                    .with_delivery(Delivery::Answered)
                    .with_hint(hint.to_owned()))
            };
            if from == Some(&goal) {
                return Ok(());
            }
            if from.is_some_and(|from| from.system == "closed") {
                return conflict(
                    "the ticket is closed, which is final",
                    "create a follow-up ticket with the field `via_followup_source_id`",
                );
            }
            if goal.system == "new" {
                return conflict(
                    "a ticket that was taken up is never new again",
                    "open it instead; list the transitions that the ticket can make now",
                );
            }
        }
        // The custom status wins where both are sent (§B4); the system's own needs no number.
        match goal.custom_id.filter(|_| !goal.default) {
            Some(id) => self.set("custom_status_id", id),
            None => self.set("status", goal.system.clone()),
        }
        self.goal = Some(goal);
        Ok(())
    }

    fn wanted(&self, selector: &StatusSelector) -> Result<&'a KnownStatus> {
        let active = || self.statuses.0.iter().filter(|status| status.active);
        let of = |category: StatusCategory| {
            active()
                .find(|status| status.category == category && status.default)
                .or_else(|| active().find(|status| status.category == category))
        };
        let found = match selector {
            StatusSelector::Native(native) => self.statuses.named(native).filter(|status| status.active),
            // `resolved` and `closed` stand in for each other where there is only one of them.
            StatusSelector::Category(StatusCategory::Resolved) => {
                of(StatusCategory::Resolved).or_else(|| of(StatusCategory::Closed))
            }
            StatusSelector::Category(StatusCategory::Closed) => {
                of(StatusCategory::Closed).or_else(|| of(StatusCategory::Resolved))
            }
            StatusSelector::Category(category) => of(*category),
            _ => None,
        };
        found.ok_or_else(|| {
            Error::invalid("status", format!("no status is `{selector}`"))
                .with_hint(format!("there are: {}; or map one in the connection's `mapping`", self.statuses.told()))
        })
    }

    /// Compares the status that came of a write with the one that was asked for.
    ///
    /// # Errors
    /// `Conflict` where a rule of the account's own made another one of it.
    pub(super) fn check(&self, ticket: &Ticket, applied: &[String]) -> Result<()> {
        let Some(goal) = &self.goal else { return Ok(()) };
        if ticket.status.category == goal.category {
            return Ok(());
        }
        let stands = ticket.status.native.name.clone().unwrap_or_else(|| ticket.status.native.id.clone());
        Err(Error::new(ErrorKind::Conflict, format!("the account did not take the status: it stands at `{stands}`"))
            .with_field("status")
            .with_delivery(Delivery::Answered)
            .with_applied(applied.iter().filter(|part| *part != "status").cloned())
            .with_hint("a trigger of the account's own may decide"))
    }
}

/// A ticket has one assignee and one group.
///
/// # Errors
/// `InvalidRequest`, naming the field, where more are given.
pub(super) fn at_most_one(field: &str, count: usize) -> Result<()> {
    if count > 1 {
        return Err(Error::invalid(field, format!("{count} were given, and a ticket has 1 at most"))
            .with_hint("name one; the others can be watchers"));
    }
    Ok(())
}

/// The refusal of a ticket's place under another one.
pub(super) fn no_parent() -> Error {
    Error::new(ErrorKind::Unsupported, "tickets have no parent here")
        .with_field("parent")
        .with_hint("link an incident to its problem instead: `caused_by`")
}
