//! Filters worth asking for, made from what the listing holds.

use std::collections::BTreeSet;

use ticketing_core::model::{FieldData, FieldType, PriorityLevel, StatusCategory, Ticket, Timestamp, TypeCategory};
use ticketing_core::request::{AssigneeFilter, FilterKind, StatusFilter, TicketFilter, TimeRange};
use ticketing_core::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, TypeSelector, UserSelector,
};

use super::due;
use crate::world::World;

/// Filters of one kind alone: each value there is, values together, and values that nobody has.
pub(crate) fn samples(kind: FilterKind, world: &World) -> Vec<TicketFilter> {
    let listing = &world.listing;
    let new = TicketFilter::new;
    match kind {
        FilterKind::Status => {
            let mut wanted: Vec<StatusFilter> =
                StatusCategory::ALL.iter().map(|category| StatusFilter::Category(*category)).collect();
            for ticket in listing {
                wanted.push(StatusFilter::Native(ticket.status.native.id.clone()));
                wanted.extend(ticket.status.native.name.clone().map(StatusFilter::Native));
            }
            wanted.push(StatusFilter::Unresolved);
            alone_and_together(wanted, |values| new().with_status(values))
        }
        FilterKind::Unassigned => {
            let mut out = vec![new().with_unassigned()];
            if let Some(someone) = listing.iter().flat_map(|ticket| &ticket.assignees).next() {
                let user = UserSelector::id(someone.id.as_str());
                out.push(new().with_unassigned().with_assignee([AssigneeFilter::User(user)]));
            }
            out
        }
        FilterKind::Assignee => alone_and_together(users(world), |values| new().with_assignee(values)),
        FilterKind::Requester => alone_and_together(users(world), |values| new().with_requester(values)),
        FilterKind::Creator => alone_and_together(users(world), |values| new().with_creator(values)),
        FilterKind::Group => {
            let groups = world.groups.iter();
            let groups =
                groups.flat_map(|group| [GroupSelector::Id(group.id.clone()), GroupSelector::name(&group.name)]);
            alone_and_together(groups.collect(), |values| new().with_group(values))
        }
        FilterKind::Account => {
            let accounts = world.accounts.iter();
            let accounts =
                accounts.flat_map(|one| [AccountSelector::Id(one.id.clone()), AccountSelector::Name(one.name.clone())]);
            let mut accounts: Vec<_> = accounts.collect();
            for one in listing.iter().flat_map(|ticket| &ticket.account) {
                accounts.push(AccountSelector::Id(one.id.as_str().into()));
            }
            alone_and_together(accounts, |values| new().with_account(values))
        }
        FilterKind::Collection => {
            let mut collections = Vec::new();
            for one in listing.iter().flat_map(|ticket| &ticket.collections) {
                collections.push(CollectionSelector::Id(one.id.as_str().into()));
                collections.extend(one.key.clone().map(CollectionSelector::Key));
            }
            if collections.is_empty() {
                collections.push(CollectionSelector::Id("1".into()));
            }
            alone_and_together(collections, |values| new().with_collection(values))
        }
        FilterKind::Tag => {
            let mut tags: Vec<String> =
                listing.iter().flat_map(|ticket| ticket.tags.iter().flatten().cloned()).collect();
            tags.push("no ticket has this tag".to_owned());
            alone_and_together(tags, |values| new().with_tag(values))
        }
        FilterKind::Priority => {
            let mut wanted: Vec<PrioritySelector> =
                PriorityLevel::ALL.iter().map(|level| PrioritySelector::Level(*level)).collect();
            for native in listing.iter().filter_map(|ticket| ticket.priority.as_ref()).map(|priority| &priority.native)
            {
                wanted.push(PrioritySelector::native(&native.id));
                wanted.extend(native.name.as_ref().map(PrioritySelector::native));
            }
            alone_and_together(wanted, |values| new().with_priority(values))
        }
        FilterKind::Type => {
            let mut wanted: Vec<TypeSelector> =
                TypeCategory::ALL.iter().map(|category| TypeSelector::Category(*category)).collect();
            for native in listing.iter().map(|ticket| &ticket.ticket_type.native) {
                wanted.push(TypeSelector::native(&native.id));
                wanted.extend(native.name.as_ref().map(TypeSelector::native));
            }
            alone_and_together(wanted, |values| new().with_type(values))
        }
        FilterKind::Parent => {
            alone_and_together(some(listing, 4, |ticket| ticket.id.clone()), |values| new().with_parent(values))
                .into_iter()
                .chain(
                    listing
                        .iter()
                        .filter_map(|ticket| ticket.parent.as_ref())
                        .map(|one| new().with_parent([one.id.as_str()])),
                )
                .collect()
        }
        FilterKind::Text => vec![new().with_text("blank pages")],
        FilterKind::Ids => {
            alone_and_together(some(listing, 3, |ticket| ticket.id.clone()), |values| new().with_ids(values))
        }
        FilterKind::Keys => {
            alone_and_together(some(listing, 3, |ticket| ticket.key.clone()), |values| new().with_keys(values))
        }
        FilterKind::ExternalId => {
            let mut ids: Vec<String> = listing.iter().filter_map(|ticket| ticket.external_id.clone()).collect();
            ids.push("nobody's".to_owned());
            alone_and_together(ids, |values| new().with_external_id(values))
        }
        FilterKind::Fields => fields(listing),
        FilterKind::Created => ranges(listing, |ticket| ticket.created_at, |range| new().with_created(range)),
        FilterKind::Updated => ranges(listing, |ticket| ticket.updated_at, |range| new().with_updated(range)),
        FilterKind::Resolved => ranges(listing, |ticket| ticket.resolved_at, |range| new().with_resolved(range)),
        FilterKind::Closed => ranges(listing, |ticket| ticket.closed_at, |range| new().with_closed(range)),
        FilterKind::Due => ranges(listing, due, |range| new().with_due(range)),
        other => panic!("the oracle has no samples of the filter `{other}`"),
    }
}

/// Every user of the company, by every selector that names exactly one.
fn users(world: &World) -> Vec<UserSelector> {
    let mut out = vec![UserSelector::Me];
    for user in &world.users {
        out.push(UserSelector::Id(user.id.clone()));
        out.extend(user.username.as_ref().map(UserSelector::username));
        let shared = world.users.iter().filter(|other| other.email == user.email).count() > 1;
        out.extend(user.email.as_ref().filter(|_| !shared).map(UserSelector::email));
    }
    // Customers ask too; their ids are taken from the tickets, since not every vendor lists them.
    for one in world.listing.iter().filter_map(|ticket| ticket.requester.as_ref()) {
        out.push(UserSelector::id(one.id.as_str()));
    }
    out
}

fn some<T>(listing: &[Ticket], every: usize, value: impl Fn(&Ticket) -> T) -> Vec<T> {
    listing.iter().step_by(every).map(value).collect()
}

/// Each value alone, and every third pair of neighbours together: values of one filter are alternatives.
fn alone_and_together<T: Clone + PartialEq>(
    values: Vec<T>,
    filter: impl Fn(Vec<T>) -> TicketFilter,
) -> Vec<TicketFilter> {
    let mut unique: Vec<T> = Vec::new();
    for value in values {
        if !unique.contains(&value) {
            unique.push(value);
        }
    }
    let mut out: Vec<_> = unique.iter().map(|value| filter(vec![value.clone()])).collect();
    out.extend(unique.windows(2).step_by(3).map(|pair| filter(pair.to_vec())));
    out
}

/// A few catalogue fields with a few of the values they have, and empty.
fn fields(listing: &[Ticket]) -> Vec<TicketFilter> {
    let simple = [FieldType::String, FieldType::Choice, FieldType::Boolean, FieldType::Integer, FieldType::User];
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for ticket in listing {
        for (id, field) in &ticket.fields {
            let is_simple = matches!(field.value, FieldData::Text(_) | FieldData::Bool(_) | FieldData::Integer(_));
            if simple.contains(&field.field_type)
                && is_simple
                && seen.insert((id.clone(), format!("{:?}", field.value)))
            {
                out.push(TicketFilter::new().with_field(id.clone(), [field.value.clone()]));
            }
        }
    }
    // Enough of each sort: every field once at least, and not more than forty filters.
    let mut by_field = BTreeSet::new();
    let (mut first, rest): (Vec<_>, Vec<_>) =
        out.into_iter().partition(|one| by_field.insert(one.fields[0].id.clone()));
    first.extend(rest.into_iter().take(40));
    let empty: Vec<_> =
        by_field.into_iter().take(3).map(|id| TicketFilter::new().with_field(id, Vec::<FieldData>::new())).collect();
    first.extend(empty);
    first
}

/// Stretches that begin and end exactly at a ticket's moment, just beside it, and nowhere.
fn ranges(
    listing: &[Ticket],
    moment: impl Fn(&Ticket) -> Option<Timestamp>,
    filter: impl Fn(TimeRange) -> TicketFilter,
) -> Vec<TicketFilter> {
    let moments: Vec<Timestamp> = listing.iter().filter_map(moment).collect::<BTreeSet<_>>().into_iter().collect();
    let second = chrono::TimeDelta::seconds(1);
    let mut out = Vec::new();
    for at in moments.iter().step_by(2) {
        out.extend([TimeRange::after(*at), TimeRange::after(*at + second), TimeRange::before(*at)].map(&filter));
        out.push(filter(TimeRange::between(*at, *at + second)));
    }
    if let (Some(first), Some(last)) = (moments.first(), moments.last()) {
        out.push(filter(TimeRange::between(*first, *last)));
        out.push(filter(TimeRange::after(*last + chrono::TimeDelta::days(400))));
    }
    out
}

/// Several filters together, chosen by a fixed rule: filters narrow each other.
pub(crate) fn combinations(kinds: &[FilterKind], world: &World, count: usize) -> Vec<TicketFilter> {
    // A small congruential generator: the same combinations in every run.
    let mut state: u64 = 2026;
    let mut pick = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let pools: Vec<(FilterKind, Vec<TicketFilter>)> = kinds
        .iter()
        .filter(|kind| **kind != FilterKind::Text)
        .map(|kind| (*kind, samples(*kind, world)))
        .filter(|(_, pool)| !pool.is_empty())
        .collect();
    let mut out = Vec::new();
    while out.len() < count && pools.len() > 1 {
        let mut combined = TicketFilter::new();
        for _ in 0..2 + pick(2) {
            let (kind, pool) = &pools[pick(pools.len())];
            if !combined.kinds().contains(kind) {
                combined = narrow(combined, &pool[pick(pool.len())]);
            }
        }
        if combined.kinds().len() > 1 {
            out.push(combined);
        }
    }
    out
}

/// Both filters at the same time; they must be of different kinds.
fn narrow(mut one: TicketFilter, other: &TicketFilter) -> TicketFilter {
    one = one
        .with_status(other.status.clone())
        .with_assignee(other.assignee.clone())
        .with_requester(other.requester.clone())
        .with_creator(other.creator.clone())
        .with_group(other.group.clone())
        .with_account(other.account.clone())
        .with_collection(other.collection.clone())
        .with_tag(other.tag.clone())
        .with_priority(other.priority.clone())
        .with_type(other.ticket_type.clone())
        .with_parent(other.parent.clone())
        .with_ids(other.ids.clone())
        .with_keys(other.keys.clone())
        .with_external_id(other.external_id.clone());
    one.fields.extend(other.fields.clone());
    for (mine, theirs) in [
        (&mut one.created, other.created),
        (&mut one.updated, other.updated),
        (&mut one.resolved, other.resolved),
        (&mut one.closed, other.closed),
        (&mut one.due, other.due),
    ] {
        if !theirs.is_empty() {
            *mine = theirs;
        }
    }
    one
}
