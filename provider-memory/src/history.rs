//! What happened to a ticket: found by comparing it before and after.

use ticketing_core::model::{
    Due, FieldChange, FieldData, FieldLabel, HistoryEntry, HistoryValue, Native, Ref, Ticket, Timestamp,
    format_timestamp,
};
use ticketing_core::request::ListHistory;
use ticketing_core::{HistoryEntryId, Operation, Page, Result, UserId};

use crate::map::ticket_ref;
use crate::paging::Window;
use crate::session::Session;
use crate::store::State;

impl Session<'_> {
    pub(crate) fn list_history(&self, request: &ListHistory) -> Result<Page<HistoryEntry>> {
        let ticket = self.state.ticket(&request.ticket)?;
        let codec = self.codec(Operation::ListHistory, &ticket.id);
        let entries = self.state.history.iter().filter(|entry| entry.ticket.id == ticket.id.as_str());
        let keyed = entries.map(|entry| ((entry.at, entry.id.to_string()), entry));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(keyed)?;
        Ok(page.map(|entry| {
            let mut entry = entry.clone();
            entry.changes.retain(|change| !self.state.unreadable.contains(&change.field));
            self.rename(&mut entry.ticket);
            entry.changes.iter_mut().for_each(|change| self.label_change(change));
            entry.author.iter_mut().for_each(|author| self.rename(author));
            entry
        }))
    }

    /// Says what the values of a catalogue field stand for.
    fn label_change(&self, change: &mut FieldChange) {
        let Some(field) = self.state.fields.get(change.field.as_str()) else { return };
        for side in [&mut change.from, &mut change.to] {
            let labels: Vec<_> = side.value.iter().filter_map(|one| self.label_of(field, one)).collect();
            if side.label.is_none() && !labels.is_empty() {
                side.label = Some(labels.join(", "));
            }
        }
    }
}

/// A new entry.
pub(crate) fn entry(
    state: &mut State,
    ticket: &Ticket,
    author: Option<UserId>,
    at: Timestamp,
    changes: Vec<FieldChange>,
) -> HistoryEntry {
    let author = author.map(|id| {
        let user = state.users.get_any(id.as_str());
        user.map_or_else(
            || Ref::new(ticketing_core::model::RefType::User, id.as_str()),
            ticketing_core::model::User::to_ref,
        )
    });
    HistoryEntry { id: HistoryEntryId::from(state.next_id("history")), ticket: ticket_ref(ticket), author, at, changes }
}

/// What changed between two states of a ticket, by core key and catalogue field.
pub(crate) fn differences(before: &Ticket, after: &Ticket) -> Vec<FieldChange> {
    let mut changes: Vec<_> = values(before)
        .into_iter()
        .zip(values(after))
        .filter(|((.., from), (.., to))| from != to)
        .map(|((key, native, from), (.., to))| change(key, native, from, to))
        .collect();
    let mut ids: Vec<_> = before.fields.keys().chain(after.fields.keys()).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let value = |ticket: &Ticket| {
            ticket.fields.get(id).map_or(HistoryValue::new(FieldData::Null), |field| HistoryValue {
                value: field.value.clone(),
                label: field.label.as_ref().map(label),
            })
        };
        let (from, to) = (value(before), value(after));
        if from.value != to.value {
            changes.push(change(id.as_str(), id.as_str(), from, to));
        }
    }
    changes
}

fn change(key: &str, native: &str, from: HistoryValue, to: HistoryValue) -> FieldChange {
    FieldChange { field: key.to_owned(), native: Native::new(native), from, to }
}

fn label(label: &FieldLabel) -> String {
    match label {
        FieldLabel::One(label) => label.clone(),
        FieldLabel::Many(labels) => labels.join(", "),
    }
}

/// The values that a history tells of, by core key and the store's own name, always in the same order.
fn values(ticket: &Ticket) -> [(&'static str, &'static str, HistoryValue); 16] {
    [
        ("title", "title", HistoryValue::new(ticket.title.as_str())),
        (
            "description",
            "description",
            HistoryValue::new(ticket.description.as_ref().map(|text| text.native.content.clone())),
        ),
        ("status", "status", native(Some(&ticket.status.native))),
        // The reason is part of the status, and a field of its own in the store.
        ("status", "reason", native(ticket.status.reason.as_ref())),
        ("priority", "priority", native(ticket.priority.as_ref().map(|priority| &priority.native))),
        ("type", "type", native(Some(&ticket.ticket_type.native))),
        ("assignees", "assignees", refs(&ticket.assignees)),
        ("assigned_groups", "assigned_groups", refs(&ticket.assigned_groups)),
        ("requester", "requester", refs(ticket.requester.as_slice())),
        ("watchers", "watchers", refs(ticket.watchers.as_deref().unwrap_or_default())),
        ("account", "account", refs(ticket.account.as_slice())),
        ("collections", "collections", refs(&ticket.collections)),
        ("parent", "parent", refs(ticket.parent.as_slice())),
        ("tags", "tags", HistoryValue::new(several(ticket.tags.iter().flatten().cloned().collect()))),
        ("external_id", "external_id", HistoryValue::new(ticket.external_id.clone())),
        ("due", "due", HistoryValue::new(ticket.due.map(due))),
    ]
}

fn native(native: Option<&Native>) -> HistoryValue {
    HistoryValue {
        value: native.map(|native| native.id.clone()).into(),
        label: native.and_then(|native| native.name.clone()),
    }
}

fn refs(refs: &[Ref]) -> HistoryValue {
    let names: Vec<_> = refs.iter().filter_map(|one| one.name.as_deref().or(one.key.as_deref())).collect();
    HistoryValue {
        value: several(refs.iter().map(|one| one.id.clone()).collect()),
        label: (!names.is_empty()).then(|| names.join(", ")),
    }
}

/// None, one, or an array: a set of one is written as that one.
fn several(mut values: Vec<String>) -> FieldData {
    match values.len() {
        0 => FieldData::Null,
        1 => values.pop().into(),
        _ => values.into(),
    }
}

fn due(due: Due) -> String {
    match due {
        Due::Date(day) => day.to_string(),
        Due::At(at) => format_timestamp(at),
    }
}
