//! Moving tickets to every status there is.

use std::collections::BTreeSet;

use ticketing_core::model::{StatusCategory, Ticket};
use ticketing_core::request::{CreateTicket, GetTicket, ListStatuses, ListTransitions, SetPatch, UpdateTicket};
use ticketing_core::{ErrorKind, Operation, StatusSelector, UserSelector};

use crate::gate;
use crate::harness::{Harness, Interference, StatusNeeds};
use crate::reading::{client, tickets};
use crate::verdict::{names, names_any, not_offered, ok, refused, same_set};
use crate::world::World;

fn with_needs(mut update: UpdateTicket, needs: &StatusNeeds) -> UpdateTicket {
    if needs.assignee {
        update = update.with_assignees(SetPatch::replace([UserSelector::Me]));
    }
    if let Some(reason) = &needs.reason {
        update = update.with_reason(reason.clone());
    }
    for (id, value) in &needs.fields {
        update = update.with_field(id.clone(), value.clone());
    }
    update
}

fn moved(h: &dyn Harness, ticket: &Ticket, to: StatusCategory) -> UpdateTicket {
    with_needs(UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::from(to)), &h.status_needs(to))
}

async fn new_ticket(h: &dyn Harness) -> Ticket {
    ok(client(h).create_ticket(CreateTicket::new("to be moved")).await, "create_ticket")
}

/// The category that stands in for another, where a vendor has only one of resolved and closed.
fn expected(h: &dyn Harness, wanted: StatusCategory) -> StatusCategory {
    let writable = h.provider().capabilities().writable_statuses;
    match wanted {
        StatusCategory::Resolved if !writable.contains(&wanted) => StatusCategory::Closed,
        StatusCategory::Closed if !writable.contains(&wanted) => StatusCategory::Resolved,
        _ => wanted,
    }
}

/// A new ticket can be moved to every status that is claimed, and the answer says where it now stands.
pub async fn every_writable_status_is_reached(h: &dyn Harness) {
    let client = client(h);
    for category in client.capabilities().writable_statuses {
        let ticket = new_ticket(h).await;
        h.advance(5);
        let answer =
            ok(client.update_ticket(moved(h, &ticket, category)).await, &format!("moving a new ticket to {category}"));
        assert_eq!(answer.status.category, category, "the answer says where the ticket now stands");
        let read = ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket");
        assert_eq!(read.status, answer.status, "and there it stands");
        if category == StatusCategory::Resolved && gate::reads(h, "resolved_at") {
            assert!(read.resolved_at.is_some(), "a resolved ticket says when");
        }
        if category == StatusCategory::Closed && gate::reads(h, "closed_at") {
            assert!(read.closed_at.is_some(), "a closed ticket says when");
        }
    }
}

/// `resolved` and `closed` stand in for each other where the vendor has only one of them.
pub async fn resolved_and_closed_stand_in_for_each_other(h: &dyn Harness) {
    let client = client(h);
    let writable = client.capabilities().writable_statuses;
    if !writable.contains(&StatusCategory::Resolved) && !writable.contains(&StatusCategory::Closed) {
        return;
    }
    for wanted in [StatusCategory::Resolved, StatusCategory::Closed] {
        let ticket = new_ticket(h).await;
        let stand_in = expected(h, wanted);
        let needs = h.status_needs(stand_in);
        let update = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::from(wanted));
        let answer =
            ok(client.update_ticket(with_needs(update, &needs)).await, &format!("moving a ticket to {wanted}"));
        assert_eq!(answer.status.category, stand_in);
    }
}

/// From every status that is not final, every writable status is reached, or refused with a cause; never another one.
pub async fn a_move_ends_where_it_was_asked_or_is_refused(h: &dyn Harness) {
    let client = client(h);
    let writable = client.capabilities().writable_statuses;
    for from in &writable {
        for to in &writable {
            let ticket = new_ticket(h).await;
            ok(client.update_ticket(moved(h, &ticket, *from)).await, &format!("moving a new ticket to {from}"));
            h.advance(5);
            match client.update_ticket(moved(h, &ticket, *to)).await {
                Ok(answer) => assert_eq!(answer.status.category, *to, "a ticket that is {from} was moved to {to}"),
                Err(error) => {
                    let kinds = [ErrorKind::Conflict, ErrorKind::InvalidRequest, ErrorKind::PermissionDenied];
                    refused(Err::<(), _>(error), &kinds, &format!("moving a ticket that is {from} to {to}"));
                    let read = ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket");
                    assert_eq!(read.status.category, *from, "a refused move changes nothing");
                }
            }
        }
    }
}

/// An answered ticket comes back into work, and is no longer answered.
pub async fn a_resolved_ticket_comes_back(h: &dyn Harness) {
    let client = client(h);
    let writable = client.capabilities().writable_statuses;
    let (there, back) = (StatusCategory::Resolved, StatusCategory::InProgress);
    if !writable.contains(&there) || !writable.contains(&back) {
        return;
    }
    let ticket = new_ticket(h).await;
    ok(client.update_ticket(moved(h, &ticket, there)).await, "resolving");
    h.advance(60);
    let answer = ok(client.update_ticket(moved(h, &ticket, back)).await, "reopening");
    assert_eq!(answer.status.category, back);
}

/// Where a status demands something more, the error names all that is missing, and nothing changes.
pub async fn what_a_status_needs_is_named(h: &dyn Harness) {
    let client = client(h);
    for category in client.capabilities().writable_statuses {
        let needs = h.status_needs(category);
        if needs.is_empty() {
            continue;
        }
        let ticket = new_ticket(h).await;
        let bare = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::from(category));
        let error = refused(
            client.update_ticket(bare).await,
            &[ErrorKind::InvalidRequest],
            &format!("{category} without what it needs"),
        );
        let missing: Vec<&str> = needs.fields.keys().map(|id| id.as_str()).collect();
        names(&error, &missing, "what is missing");
        if needs.assignee {
            names(&error, &["assignee"], "what is missing");
        }
        if needs.reason.is_some() {
            names_any(&error, &["reason", "code"], "what is missing");
        }
        let read = ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket");
        assert_eq!(read.status, ticket.status, "a refused move changes nothing");
    }
}

/// The reason that was given is the reason that is read.
pub async fn a_reason_is_kept(h: &dyn Harness) {
    let client = client(h);
    for category in client.capabilities().writable_statuses {
        let needs = h.status_needs(category);
        let Some(reason) = needs.reason.clone() else { continue };
        let ticket = new_ticket(h).await;
        let answer =
            ok(client.update_ticket(moved(h, &ticket, category)).await, &format!("moving a ticket to {category}"));
        let kept = answer.status.reason.expect("a reason was given");
        let same = kept.id == reason || kept.name.as_deref() == Some(&reason);
        assert!(same, "the reason `{reason}` was given for {category}, and it reads {kept:?}");
        let update = UpdateTicket::new(new_ticket(h).await.id).with_status(StatusSelector::from(category));
        let update = with_needs(update, &needs).with_reason("no such reason".to_owned());
        let error = refused(client.update_ticket(update).await, &[ErrorKind::InvalidRequest], "an unknown reason");
        names(&error, &["no such reason"], "the reason that does not exist");
    }
}

/// The vendor's own status does as well as a category, by id and by name.
pub async fn a_native_status_is_reached_by_id_and_name(h: &dyn Harness) {
    if !gate::writes(h, "status") {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let native = &world.ticket("move").status.native;
    for name in std::iter::once(&native.id).chain(&native.name) {
        let ticket = new_ticket(h).await;
        let needs = h.status_needs(world.ticket("move").status.category);
        let update = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::native(name));
        let answer = ok(client.update_ticket(with_needs(update, &needs)).await, &format!("the native status `{name}`"));
        assert_eq!(&answer.status.native, native);
    }
}

/// A status that does not exist is refused with the list of those that do.
pub async fn an_unknown_status_is_refused_with_those_there_are(h: &dyn Harness) {
    if !gate::writes(h, "status") {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket("move");
    let update = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::native("no such status"));
    let error = refused(client.update_ticket(update).await, &[ErrorKind::InvalidRequest], "an unknown status");
    names(&error, &["status", "no such status"], "the status that does not exist");
    let known = &ticket.status.native;
    names_any(&error, &[known.name.as_deref().unwrap_or(&known.id)], "the statuses there are");
}

/// A status that no mapping knows is `unknown`, keeps its native value, counts as unresolved, and is found by it.
pub async fn an_unmapped_status_survives(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let id = world.ticket_id("arabic");
    let Some(native) = h.interfere(Interference::SetUnknownStatus { ticket: id.clone() }).await else {
        return not_offered("SetUnknownStatus");
    };
    let read = ok(client.get_ticket(GetTicket::new(id.clone())).await, "get_ticket with an unknown status");
    assert_eq!(read.status.category, StatusCategory::Unknown, "a status without a mapping is `unknown`");
    assert_eq!(read.status.native.id, native, "its native value survives");
    use ticketing_core::request::{FilterKind, ListTickets, StatusFilter, TicketFilter};
    if gate::has_filter(h, FilterKind::Status) {
        let all = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
        for (wanted, expected) in [
            (
                StatusFilter::Unresolved,
                all.iter().filter(|one| one.status.category.is_unresolved()).collect::<Vec<_>>(),
            ),
            (StatusFilter::Category(StatusCategory::Unknown), all.iter().filter(|one| one.id == id).collect()),
            (StatusFilter::Native(native.clone()), all.iter().filter(|one| one.id == id).collect()),
        ] {
            let request = ListTickets::new().with_filter(TicketFilter::new().with_status([wanted.clone()]));
            let found = ok(tickets(&client, &request).await, &format!("list_tickets by {wanted:?}"));
            let expected = expected.into_iter().map(|one| one.id.to_string());
            same_set(crate::reading::ids(&found), expected, &format!("tickets by {wanted:?}"));
        }
    }
}

/// The statuses in the list are those that tickets have, with the same category.
pub async fn the_status_list_agrees_with_the_tickets(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListStatuses]).await {
        return;
    }
    let world = World::read(h).await;
    let statuses = ok(client(h).list_statuses(ListStatuses::new()).await, "list_statuses");
    for ticket in &world.listing {
        let scope = &ticket.ticket_type.native.id;
        let same = statuses.iter().find(|one| {
            one.native.id == ticket.status.native.id && (one.scopes.is_empty() || one.scopes.contains(scope))
        });
        let same =
            same.unwrap_or_else(|| panic!("the status {:?} of `{}` is not in the list", ticket.status, ticket.key));
        assert_eq!(
            same.category, ticket.status.category,
            "the category of {:?}, in the list and on a ticket",
            same.native
        );
        assert_eq!(same.native, ticket.status.native, "the same native status, in the list and on a ticket");
    }
    let listed: BTreeSet<_> = statuses.iter().filter(|one| one.active).map(|one| one.category).collect();
    let writable = h.provider().capabilities().writable_statuses;
    let missing: Vec<_> = writable.difference(&listed).collect();
    assert!(missing.is_empty(), "`writable_statuses` without an active status in the list: {missing:?}");
}

/// Each transition that is offered can be made, and leads where it says.
pub async fn transitions_lead_where_they_say(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListTransitions]).await {
        return;
    }
    let client = client(h);
    let ticket = new_ticket(h).await;
    let transitions = ok(client.list_transitions(ListTransitions::new(ticket.id.clone())).await, "list_transitions");
    assert!(!transitions.is_empty(), "a new ticket can go somewhere");
    for transition in transitions {
        crate::contract::holds("transition", &transition);
        let ticket = new_ticket(h).await;
        let to = transition.to.category;
        let update = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::native(&transition.to.native.id));
        let update = with_needs(update, &h.status_needs(to));
        let answer = ok(client.update_ticket(update).await, &format!("the transition `{}`", transition.name));
        assert_eq!(
            answer.status.native.id, transition.to.native.id,
            "where the transition `{}` leads",
            transition.name
        );
        let needed: BTreeSet<_> = h.status_needs(to).fields.into_keys().collect();
        let told: BTreeSet<_> = transition.required_fields.iter().cloned().collect();
        let missing: Vec<_> = needed.difference(&told).collect();
        assert!(missing.is_empty(), "the transition `{}` needs {missing:?}, and does not say so", transition.name);
    }
}
