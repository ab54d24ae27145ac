//! Whether a ticket fits a filter: decided on the ticket itself, so that the result is exact.

use ticketing_core::model::{Due, FieldData, Native, Ref, Ticket, Timestamp};
use ticketing_core::request::{FieldFilter, StatusFilter, TicketFilter};
use ticketing_core::{Error, PrioritySelector, Result, TypeSelector};

use crate::catalogue::Statuses;
use crate::mapping::TYPES;

/// The people and places of a filter, as ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) assignees: Vec<String>,
    pub(crate) unassigned: bool,
    pub(crate) requesters: Vec<String>,
    pub(crate) creators: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) accounts: Vec<String>,
    pub(crate) collections: Vec<String>,
}

fn any<T>(wanted: &[T], fits: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(fits)
}

fn among<'r>(refs: impl IntoIterator<Item = &'r Ref>, ids: &[String]) -> bool {
    refs.into_iter().any(|one| ids.contains(&one.id))
}

fn is_native(native: &Native, wanted: &str) -> bool {
    native.id == wanted || native.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
}

/// Whether the ticket fits. Words of a text are the search's to judge, unless `words` are to be looked for here.
pub(crate) fn fits(ticket: &Ticket, filter: &TicketFilter, resolved: &Resolved, words: bool) -> bool {
    let asked = |asked: bool, fits: bool| !asked || fits;
    any(&filter.status, |wanted| match wanted {
        StatusFilter::Category(category) => ticket.status.category == *category,
        StatusFilter::Unresolved => ticket.status.category.is_unresolved(),
        StatusFilter::Native(native) => is_native(&ticket.status.native, native),
        _ => false,
    }) && asked(
        !filter.assignee.is_empty(),
        (resolved.unassigned && ticket.assignees.is_empty()) || among(&ticket.assignees, &resolved.assignees),
    ) && asked(!filter.requester.is_empty(), among(&ticket.requester, &resolved.requesters))
        && asked(!filter.creator.is_empty(), among(&ticket.creator, &resolved.creators))
        && asked(!filter.group.is_empty(), among(&ticket.assigned_groups, &resolved.groups))
        && asked(!filter.account.is_empty(), among(&ticket.account, &resolved.accounts))
        && asked(!filter.collection.is_empty(), among(&ticket.collections, &resolved.collections))
        && any(&filter.tag, |wanted| ticket.tags.iter().flatten().any(|tag| tag == wanted))
        && any(&filter.priority, |wanted| match (wanted, &ticket.priority) {
            (PrioritySelector::Level(level), Some(priority)) => priority.level == *level,
            (PrioritySelector::Native(native), Some(priority)) => is_native(&priority.native, native),
            _ => false,
        })
        && any(&filter.ticket_type, |wanted| match wanted {
            TypeSelector::Category(category) => ticket.ticket_type.category == *category,
            TypeSelector::Native(native) => is_native(&ticket.ticket_type.native, native),
            _ => false,
        })
        && any(&filter.ids, |wanted| *wanted == ticket.id)
        && any(&filter.keys, |wanted| *wanted == ticket.key)
        && any(&filter.external_id, |wanted| ticket.external_id.as_ref() == Some(wanted))
        && filter.fields.iter().all(|wanted| has_field(ticket, wanted))
        && filter.created.contains(ticket.created_at)
        && filter.updated.contains(ticket.updated_at)
        && filter.resolved.contains(ticket.resolved_at)
        && filter.closed.contains(ticket.closed_at)
        && filter.due.contains(due(ticket))
        && (!words || filter.text.as_ref().is_none_or(|text| has_words(ticket, text)))
}

fn has_field(ticket: &Ticket, wanted: &FieldFilter) -> bool {
    let value = ticket.fields.get(&wanted.id).map_or(&FieldData::Null, |field| &field.value);
    if wanted.values.is_empty() {
        return value.iter().next().is_none();
    }
    wanted.values.iter().any(|wanted| value.holds(wanted))
}

/// True where each word is in title or description, in any case.
fn has_words(ticket: &Ticket, text: &str) -> bool {
    let title = ticket.title.to_lowercase();
    let description = ticket.description.as_ref().map(|text| text.native.content.to_lowercase()).unwrap_or_default();
    text.to_lowercase().split_whitespace().all(|word| title.contains(word) || description.contains(word))
}

/// When a ticket is due: a day counts as its first moment in UTC.
pub(super) fn due(ticket: &Ticket) -> Option<Timestamp> {
    ticket.due.map(|due| match due {
        Due::At(at) => at,
        Due::Date(day) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
    })
}

/// The refusal of a native value that the account does not have.
pub(super) fn unknown(field: &str, wanted: &str, known: &str) -> Error {
    let shown: String = wanted.chars().take(80).flat_map(char::escape_debug).collect();
    Error::invalid(field, format!("there is no {field} `{shown}`"))
        .with_hint(format!("there are: {known}; or one of the shared words"))
}

/// Refuses native statuses that the account does not have.
///
/// # Errors
/// `InvalidRequest`, naming `status`, with those there are.
pub(crate) fn native_statuses(filter: &TicketFilter, statuses: &Statuses) -> Result<()> {
    for status in &filter.status {
        if let StatusFilter::Native(native) = status
            && statuses.named(native).is_none()
        {
            return Err(unknown("status", native, &statuses.told()));
        }
    }
    super::narrow::check_priorities(filter)
}

/// Refuses native types that there are not.
///
/// # Errors
/// `InvalidRequest`, naming `type`, with those there are.
pub(crate) fn native_types(filter: &TicketFilter) -> Result<()> {
    for selector in &filter.ticket_type {
        if let TypeSelector::Native(native) = selector
            && !TYPES.iter().any(|(id, _)| id.eq_ignore_ascii_case(native))
        {
            let known: Vec<_> = TYPES.iter().map(|(id, _)| *id).collect();
            return Err(unknown("type", native, &known.join(", ")));
        }
    }
    Ok(())
}
