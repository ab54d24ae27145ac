//! Links, watchers and history.

use ticketing_core::model::{LinkCategory, StatusCategory, Ticket};
use ticketing_core::request::{
    AddLink, CreateTicket, LinkTarget, ListHistory, ListLinks, ListWatchers, RemoveLink, UpdateTicket,
};
use ticketing_core::{ErrorKind, LinkId, Operation, TicketId};

use crate::gate;
use crate::harness::Harness;
use crate::reading::{all, client};
use crate::verdict::{no_repeats, not_offered, ok, refused, same_set};
use crate::world::World;

pub(crate) async fn all_of(h: &dyn Harness, ticket: &TicketId) -> Vec<ticketing_core::model::Link> {
    let client = client(h);
    let request = ListLinks::new(ticket.clone());
    ok(all(|c| client.list_links(request.clone().with_cursor(c))).await, "list_links")
}

/// A duplicate is linked to what it repeats, and seen from both ends.
pub async fn a_duplicate_is_seen_from_both_ends(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListLinks]).await {
        return;
    }
    let world = World::read(h).await;
    let duplicates =
        world.company.tickets.iter().filter_map(|one| Some((one.key.as_str(), one.duplicate_of.as_deref()?)));
    let ends = |(one, of)| [(one, of, LinkCategory::Duplicates), (of, one, LinkCategory::DuplicatedBy)];
    let ends: Vec<(&str, &str, LinkCategory)> = duplicates.flat_map(ends).collect();
    if ends.is_empty() {
        return not_offered("a company with duplicates");
    }
    for (one, other, category) in ends {
        let links = all_of(h, &world.ticket_id(one)).await;
        no_repeats(&links.iter().map(|link| link.id.to_string()).collect::<Vec<_>>(), "links");
        let found = links.iter().find(|link| link.link_type.category == category);
        let found = found.unwrap_or_else(|| panic!("`{one}` must have a link `{category}`: {links:?}"));
        assert_eq!(found.ticket.id, world.ticket_id(one).as_str(), "a link names the ticket it was asked of");
        assert_eq!(world.keys_of(&found.target), [other], "the other end of `{category}`");
    }
}

async fn two(h: &dyn Harness) -> (Ticket, Ticket) {
    let client = client(h);
    let one = ok(client.create_ticket(CreateTicket::new("one end")).await, "create_ticket");
    let two = ok(client.create_ticket(CreateTicket::new("other end")).await, "create_ticket");
    (one, two)
}

/// A link of each category is made as that, seen from both ends, and removed; or refused by name.
pub async fn each_link_is_made_seen_and_removed(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddLink, Operation::ListLinks]).await {
        return;
    }
    let client = client(h);
    let mut made = 0;
    for category in LinkCategory::ALL.iter().filter(|category| **category != LinkCategory::Other) {
        let (one, other) = two(h).await;
        let add = AddLink::new(one.id.clone(), other.id.clone(), *category);
        let link = match client.add_link(add).await {
            Ok(link) => link,
            Err(error) => {
                let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidRequest];
                let error = refused(Err::<(), _>(error), &kinds, &format!("a link `{category}`"));
                crate::verdict::names(&error, &[category.as_str()], "the link that cannot be made");
                continue;
            }
        };
        made += 1;
        assert_eq!(link.link_type.category, *category, "the answer is the link as it was made");
        for (end, target, expected) in [(&one, &other, *category), (&other, &one, category.inverse())] {
            let links = all_of(h, &end.id).await;
            let target = |link: &&ticketing_core::model::Link| {
                link.target.as_ref().is_some_and(|it| it.id == target.id.as_str())
            };
            let seen: Vec<_> = links.iter().filter(target).map(|link| link.link_type.category).collect();
            assert_eq!(seen, [expected], "a link `{category}`, seen from `{}`", end.title);
        }
        if gate::operations(h, &[Operation::RemoveLink]).await {
            ok(client.remove_link(RemoveLink::new(one.id.clone(), link.id.clone())).await, "remove_link");
            for end in [&one, &other] {
                assert!(all_of(h, &end.id).await.is_empty(), "a link `{category}` was removed");
            }
            let again = client.remove_link(RemoveLink::new(one.id.clone(), link.id)).await;
            refused(again, &[ErrorKind::NotFound], "removing a link again");
        }
    }
    assert!(made > 0, "`add_link` is claimed, and makes no link at all");
}

/// A link to the web is made, or refused as unsupported or wrong; an unknown ticket is no target.
pub async fn a_link_to_nowhere_is_refused(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddLink]).await {
        return;
    }
    let client = client(h);
    let (one, other) = two(h).await;
    let nowhere =
        AddLink::new(one.id.clone(), TicketId::new("ffffffffffffffffffffffffffffffff"), LinkCategory::RelatesTo);
    let kinds = [ErrorKind::NotFound, ErrorKind::InvalidRequest, ErrorKind::Unsupported];
    refused(client.add_link(nowhere).await, &kinds, "a link to an unknown ticket");
    let target = LinkTarget::Url { url: "https://example.com/wiki".to_owned(), title: Some("Wiki".to_owned()) };
    match client.add_link(AddLink::new(other.id.clone(), target, LinkCategory::RelatesTo)).await {
        Ok(link) => assert_eq!(link.url.as_deref(), Some("https://example.com/wiki")),
        Err(error) => {
            refused(Err::<(), _>(error), &[ErrorKind::Unsupported, ErrorKind::InvalidRequest], "a link to the web");
        }
    }
    if gate::operations(h, &[Operation::RemoveLink]).await {
        let remove = RemoveLink::new(one.id, LinkId::new("ffffffffffffffffffffffffffffffff"));
        refused(client.remove_link(remove).await, &[ErrorKind::NotFound, ErrorKind::InvalidRequest], "an unknown link");
    }
}

/// The watchers' own list says what the ticket says.
pub async fn the_watchers_are_those_of_the_ticket(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListWatchers]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    for ticket in &world.company.tickets {
        let request = ListWatchers::new(world.ticket_id(&ticket.key));
        let watchers = ok(all(|c| client.list_watchers(request.clone().with_cursor(c))).await, "list_watchers");
        same_set(world.keys_of(&watchers), ticket.watchers.clone(), &format!("watchers of `{}`", ticket.title));
        for watcher in &watchers {
            assert!(watcher.name.is_some(), "a watcher has a name: {watcher:?}");
        }
    }
}

/// A ticket's history tells what the company's people did, oldest first.
pub async fn the_history_tells_what_happened(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListHistory]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    for ticket in world.company.tickets.iter().filter(|ticket| !ticket.history.is_empty()) {
        let request = ListHistory::new(world.ticket_id(&ticket.key));
        let entries = ok(all(|c| client.list_history(request.clone().with_cursor(c))).await, "list_history");
        assert!(entries.is_sorted_by_key(|entry| entry.at), "history comes oldest first: {entries:?}");
        let told: Vec<_> = entries
            .iter()
            .flat_map(|entry| {
                entry.changes.iter().map(|change| (entry.at, world.keys_of(&entry.author), change.field.clone()))
            })
            .collect();
        for change in &ticket.history {
            use vendor_sandbox::company::ChangedField;
            let field = match change.field {
                ChangedField::Status(..) => "status",
                ChangedField::Assignee(..) => "assignees",
                ChangedField::Priority(..) => "priority",
            };
            let expected = (change.at, vec![change.author.clone()], field.to_owned());
            assert!(told.contains(&expected), "the history of `{}` must tell {expected:?}: {told:?}", ticket.title);
        }
    }
}

/// A change made through the provider is in the history, with its author and both values.
pub async fn a_change_of_our_own_is_in_the_history(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListHistory]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket("arabic");
    h.advance(60);
    let to = StatusCategory::InProgress;
    if !client.capabilities().writable_statuses.contains(&to) {
        return;
    }
    let update = UpdateTicket::new(ticket.id.clone()).with_status(ticketing_core::StatusSelector::from(to));
    let now = ok(client.update_ticket(update).await, "update_ticket");
    let request = ListHistory::new(ticket.id.clone());
    let entries = ok(all(|c| client.list_history(request.clone().with_cursor(c))).await, "list_history");
    let change = entries.iter().flat_map(|entry| &entry.changes).rfind(|change| change.field == "status");
    let change = change.unwrap_or_else(|| panic!("a change of status must be in the history: {entries:?}"));
    assert_eq!(change.from.value.as_text(), Some(ticket.status.native.id.as_str()), "what it was: {change:?}");
    assert_eq!(change.to.value.as_text(), Some(now.status.native.id.as_str()), "what it became: {change:?}");
}
