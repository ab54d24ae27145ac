//! What a listing must bring, computed from all tickets in plain code: slow, simple and in no vendor's words.

mod order;
mod samples;

use ticketing_core::model::{Due, FieldData, Native, Ref, Ticket, Timestamp};
use ticketing_core::request::{AssigneeFilter, FieldFilter, StatusFilter, TicketFilter};
use ticketing_core::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, StatusSelector, TypeSelector, UserSelector,
};

pub(crate) use order::check_order;
pub(crate) use samples::{combinations, samples};

use crate::world::World;

/// True where the ticket belongs into the filter's listing; `me` is the credential's user. Words in the text are not
/// judged here: every vendor searches in its own way.
pub(crate) fn matches(world: &World, me: Option<&str>, ticket: &Ticket, filter: &TicketFilter) -> bool {
    let user = |wanted: &[UserSelector], one: Option<&Ref>| {
        any(wanted, |wanted| one.is_some_and(|one| is_user(world, me, wanted, &one.id)))
    };
    any(&filter.status, |wanted| status(ticket, wanted))
        && any(&filter.assignee, |wanted| match wanted {
            AssigneeFilter::Unassigned => ticket.assignees.is_empty(),
            AssigneeFilter::User(wanted) => ticket.assignees.iter().any(|one| is_user(world, me, wanted, &one.id)),
            other => panic!("the oracle does not know the assignee {other:?}"),
        })
        && user(&filter.requester, ticket.requester.as_ref())
        && user(&filter.creator, ticket.creator.as_ref())
        && any(&filter.group, |wanted| ticket.assigned_groups.iter().any(|one| is_group(world, wanted, &one.id)))
        && any(&filter.account, |wanted| ticket.account.iter().any(|one| is_account(world, wanted, &one.id)))
        && any(&filter.collection, |wanted| ticket.collections.iter().any(|one| is_collection(wanted, one)))
        && any(&filter.tag, |wanted| ticket.tags.iter().flatten().any(|tag| tag == wanted))
        && any(&filter.priority, |wanted| match (wanted, &ticket.priority) {
            (PrioritySelector::Level(level), Some(priority)) => priority.level == *level,
            (PrioritySelector::Native(native), Some(priority)) => is_native(&priority.native, native),
            _ => false,
        })
        && any(&filter.ticket_type, |wanted| match wanted {
            TypeSelector::Category(category) => ticket.ticket_type.category == *category,
            TypeSelector::Native(native) => is_native(&ticket.ticket_type.native, native),
            other => panic!("the oracle does not know the type {other:?}"),
        })
        && any(&filter.parent, |wanted| ticket.parent.iter().any(|parent| wanted.as_str() == parent.id))
        && any(&filter.ids, |wanted| *wanted == ticket.id)
        && any(&filter.keys, |wanted| *wanted == ticket.key)
        && any(&filter.external_id, |wanted| ticket.external_id.as_ref() == Some(wanted))
        && filter.fields.iter().all(|wanted| field(ticket, wanted))
        && filter.created.contains(ticket.created_at)
        && filter.updated.contains(ticket.updated_at)
        && filter.resolved.contains(ticket.resolved_at)
        && filter.closed.contains(ticket.closed_at)
        && filter.due.contains(due(ticket))
}

fn any<T>(wanted: &[T], matches: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(matches)
}

fn is_native(native: &Native, wanted: &str) -> bool {
    native.id == wanted || native.name.as_deref() == Some(wanted)
}

fn status(ticket: &Ticket, wanted: &StatusFilter) -> bool {
    match wanted {
        StatusFilter::Category(category) => ticket.status.category == *category,
        StatusFilter::Native(native) => is_native(&ticket.status.native, native),
        StatusFilter::Unresolved => ticket.status.category.is_unresolved(),
        other => panic!("the oracle does not know the status {other:?}"),
    }
}

fn is_user(world: &World, me: Option<&str>, wanted: &UserSelector, id: &str) -> bool {
    let found = |test: &dyn Fn(&ticketing_core::model::User) -> bool| {
        world.users.iter().any(|user| user.id == id && test(user))
    };
    match wanted {
        UserSelector::Id(wanted) => wanted == id,
        UserSelector::Email(email) => {
            let contact = world.contacts.iter().any(|one| one.id == id && one.email.as_ref() == Some(email));
            contact || found(&|user| user.email.as_ref() == Some(email))
        }
        UserSelector::Username(name) => found(&|user| user.username.as_ref() == Some(name)),
        UserSelector::Me => Some(id) == me,
        other => panic!("the oracle does not know the user {other:?}"),
    }
}

fn is_group(world: &World, wanted: &GroupSelector, id: &str) -> bool {
    match wanted {
        GroupSelector::Id(wanted) => wanted == id,
        GroupSelector::Name(name) => world.groups.iter().any(|group| group.id == id && group.name == *name),
        other => panic!("the oracle does not know the group {other:?}"),
    }
}

fn is_account(world: &World, wanted: &AccountSelector, id: &str) -> bool {
    match wanted {
        AccountSelector::Id(wanted) => wanted == id,
        AccountSelector::Name(name) => world.accounts.iter().any(|account| account.id == id && account.name == *name),
        other => panic!("the oracle does not know the account {other:?}"),
    }
}

fn is_collection(wanted: &CollectionSelector, collection: &Ref) -> bool {
    match wanted {
        CollectionSelector::Id(id) => *id == collection.id.as_str(),
        CollectionSelector::Key(key) => collection.key.as_ref() == Some(key),
        other => panic!("the oracle does not know the collection {other:?}"),
    }
}

fn field(ticket: &Ticket, wanted: &FieldFilter) -> bool {
    let value = ticket.fields.get(&wanted.id).map_or(&FieldData::Null, |field| &field.value);
    if wanted.values.is_empty() {
        return is_empty(value);
    }
    wanted.values.iter().any(|wanted| value.holds(wanted))
}

fn is_empty(value: &FieldData) -> bool {
    match value {
        FieldData::Null => true,
        FieldData::List(items) => items.is_empty(),
        FieldData::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// When a ticket is due: a day counts as its first moment in UTC.
pub(crate) fn due(ticket: &Ticket) -> Option<Timestamp> {
    ticket.due.map(|due| match due {
        Due::Date(day) => day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(),
        Due::At(at) => at,
    })
}

/// The filter about statuses, from a selector.
pub(crate) fn by_status(selector: impl Into<StatusSelector>) -> TicketFilter {
    TicketFilter::new().with_status([StatusFilter::from(selector.into())])
}
