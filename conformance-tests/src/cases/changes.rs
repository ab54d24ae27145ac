//! Following what changes, without missing anything (docs/pagination.md, Checkpoints).

use std::collections::{BTreeMap, BTreeSet};

use ticketing_core::model::{Change, Kind, RemovalReason, Ticket};
use ticketing_core::request::{AddComment, CreateTicket, ListChanges, ListTickets, UpdateTicket};
use ticketing_core::{Checkpoint, ErrorKind, Operation, TicketId, TicketingClient};

use crate::gate;
use crate::harness::{Connection, Harness, Interference};
use crate::reading::{census, changes, client, nothing_sent_since, sent, tickets};
use crate::verdict::{names, not_offered, ok, refused, same_set};
use crate::world::World;

async fn read(client: &TicketingClient, kind: Kind, checkpoint: Option<Checkpoint>) -> (Vec<Change>, Checkpoint) {
    changes(client, ListChanges::new(kind).with_checkpoint(checkpoint), async |_| {}).await
}

fn upserted(items: &[Change]) -> BTreeMap<String, &Change> {
    let upserts = items.iter().filter(|change| matches!(change, Change::Upserted { .. }));
    upserts.map(|change| (change.id().to_owned(), change)).collect()
}

fn ticket_of<'a>(items: &'a [Change], id: &TicketId) -> Option<&'a Ticket> {
    items.iter().rev().find_map(|change| match change {
        Change::Upserted { document, .. } => document.as_ticket().filter(|ticket| ticket.id == *id),
        Change::Removed { .. } => None,
    })
}

async fn follows(h: &dyn Harness, kind: Kind) -> bool {
    if !gate::operations(h, &[Operation::ListChanges]).await {
        return false;
    }
    if gate::follows(h, kind) {
        return true;
    }
    let client = client(h);
    gate::lacks(h, kind.as_str(), async || client.list_changes(ListChanges::new(kind)).await).await;
    false
}

/// Without a checkpoint, everything there is of each kind comes, at every page size.
pub async fn from_the_beginning_everything_comes(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListChanges]).await {
        return;
    }
    let client = client(h);
    for kind in client.capabilities().change_kinds {
        let (whole, _) = read(&client, kind, None).await;
        let whole = upserted(&whole);
        if gate::counts(h, kind) {
            let counted = census(&client, kind, None).await;
            same_set(whole.keys().cloned(), counted, &format!("{kind}s from the beginning, and the census"));
        }
        for size in [1, 3] {
            let request = ListChanges::new(kind).with_page_size(size);
            let (paged, _) = changes(&client, request, async |_| {}).await;
            same_set(upserted(&paged).into_keys(), whole.keys().cloned(), &format!("{kind}s, {size} to a page"));
        }
        for change in whole.values() {
            let Change::Upserted { kind: told, document } = change else { continue };
            assert_eq!((*told, document.kind()), (kind, kind), "a change says what kind it is of");
        }
    }
}

/// A changed ticket comes as it is now, the same as it is listed.
pub async fn a_change_brings_the_ticket_as_it_is(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let client = client(h);
    let listing = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    let (items, _) = read(&client, Kind::Ticket, None).await;
    for listed in listing {
        let mut told = ticket_of(&items, &listed.id).cloned().unwrap_or_else(|| panic!("`{}` must come", listed.key));
        if listed.watchers.is_none() || told.watchers.is_none() {
            told.watchers.clone_from(&listed.watchers);
        }
        if listed.tags.is_none() || told.tags.is_none() {
            told.tags.clone_from(&listed.tags);
        }
        assert_eq!(told, listed, "a ticket in a delta is the ticket as it is listed");
    }
}

/// Where nothing changed, it says so, keeps its checkpoint, and brings nothing new.
pub async fn where_nothing_changed_the_checkpoint_stands(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListChanges]).await {
        return;
    }
    let client = client(h);
    for kind in client.capabilities().change_kinds {
        let (_, mut checkpoint) = read(&client, kind, None).await;
        let mut earlier: Option<Checkpoint> = None;
        for _ in 0..4 {
            h.advance(600);
            let request = ListChanges::new(kind).with_checkpoint(checkpoint.clone());
            let page = ok(client.list_changes(request).await, "list_changes where nothing changed");
            assert!(page.caught_up, "nothing changed among {kind}s: there is no more for now");
            assert!(page.items.len() <= 100, "an idle reading must not bring everything again");
            if let Some(earlier) = &earlier {
                assert_eq!(&page.checkpoint, earlier, "the checkpoint of idle readings of {kind}s stands still");
            }
            earlier = Some(page.checkpoint.clone());
            checkpoint = page.checkpoint;
        }
    }
}

/// New and changed tickets come, others do not have to.
pub async fn new_and_changed_tickets_come(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    h.advance(600);
    let (_, checkpoint) = read(&client, Kind::Ticket, None).await;
    h.advance(600);
    let made = ok(client.create_ticket(CreateTicket::new("new since")).await, "create_ticket");
    let update = UpdateTicket::new(world.ticket_id("disk")).with_title("changed since");
    let changed = ok(client.update_ticket(update).await, "update_ticket");
    h.advance(h.delta_lag());
    let (items, after) = read(&client, Kind::Ticket, Some(checkpoint.clone())).await;
    assert_ne!(after, checkpoint, "something changed, so the checkpoint moves on");
    for expected in [&made, &changed] {
        let told =
            ticket_of(&items, &expected.id).unwrap_or_else(|| panic!("`{}` changed, and must come", expected.title));
        assert_eq!(told.title, expected.title, "it comes as it is now");
    }
    assert!(
        upserted(&items).len() < world.listing.len(),
        "what did not change for long does not come again: {}",
        items.len()
    );
    let (again, _) = read(&client, Kind::Ticket, Some(checkpoint)).await;
    same_set(upserted(&again).into_keys(), upserted(&items).into_keys(), "the same checkpoint twice");
}

/// A change in the same second as the last reading is not missed: second by second, before and after.
pub async fn a_change_in_the_second_of_the_reading_is_not_missed(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let keys = ["punctuation", "vpn", "disk", "arabic", "move"];
    h.advance(600);
    let (_, mut checkpoint) = read(&client, Kind::Ticket, None).await;
    for (nth, key) in keys.iter().cycle().take(12).enumerate() {
        // Mostly the clock stands still between reading and change.
        if nth % 4 == 3 {
            h.advance(1);
        }
        let title = format!("second {nth}");
        let update = UpdateTicket::new(world.ticket_id(key)).with_title(title.as_str());
        ok(client.update_ticket(update).await, "update_ticket");
        h.advance(h.delta_lag());
        let (items, next) = read(&client, Kind::Ticket, Some(checkpoint)).await;
        let told = ticket_of(&items, &world.ticket_id(key)).map(|ticket| ticket.title.clone());
        assert_eq!(told.as_deref(), Some(title.as_str()), "change {nth} fell into the second of the last reading");
        checkpoint = next;
    }
}

/// Many changes in one second come whole, at every page size.
pub async fn many_changes_in_one_second_come_whole(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let client = client(h);
    h.advance(600);
    let (_, checkpoint) = read(&client, Kind::Ticket, None).await;
    h.advance(600);
    let mut made = BTreeSet::new();
    for nth in 0..9 {
        let ticket = ok(client.create_ticket(CreateTicket::new(format!("at once {nth}"))).await, "create_ticket");
        made.insert(ticket.id.to_string());
    }
    h.advance(h.delta_lag());
    for size in [1, 2, 4, 100] {
        let request = ListChanges::new(Kind::Ticket).with_checkpoint(checkpoint.clone()).with_page_size(size);
        let (items, _) = changes(&client, request, async |_| {}).await;
        let told: BTreeSet<_> = upserted(&items).into_keys().collect();
        let missing: Vec<_> = made.difference(&told).collect();
        assert!(missing.is_empty(), "made in one second, {size} to a page, and missing: {missing:?}");
    }
}

/// Whatever happens between two pages, the reading ends with every ticket as it last was.
pub async fn changes_between_pages_are_not_missed(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    // What is closed may be final.
    let open = world.listing.iter().filter(|ticket| ticket.status.category.is_unresolved());
    let order: Vec<TicketId> = open.map(|ticket| ticket.id.clone()).collect();
    for advance in [0, 1] {
        let request = ListChanges::new(Kind::Ticket).with_page_size(2_u32);
        let (mut items, checkpoint) = changes(&client, request, async |nth| {
            h.advance(advance);
            if nth < 12 {
                // Something far ahead, and something that was read already.
                for at in [nth % order.len(), (nth * 5 + 7) % order.len()] {
                    let title = format!("between {advance}.{nth}.{at}");
                    let update = UpdateTicket::new(order[at].clone()).with_title(title.as_str());
                    ok(client.update_ticket(update).await, "update_ticket");
                }
                if nth % 3 == 0 {
                    let title = format!("made between {advance}.{nth}");
                    ok(client.create_ticket(CreateTicket::new(title)).await, "create_ticket");
                }
            }
        })
        .await;
        h.advance(h.delta_lag());
        let (rest, _) = read(&client, Kind::Ticket, Some(checkpoint)).await;
        items.extend(rest);
        for now in ok(tickets(&client, &ListTickets::new()).await, "list_tickets") {
            let told = ticket_of(&items, &now.id).map(|ticket| ticket.title.as_str());
            assert_eq!(told, Some(now.title.as_str()), "`{}` was told as it is not any more", now.key);
        }
    }
}

/// A deleted ticket comes as removed where the provider says that it sees deletes; the census misses it in any case.
pub async fn a_deleted_ticket_comes_as_removed(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    h.advance(600);
    let (_, checkpoint) = read(&client, Kind::Ticket, None).await;
    h.advance(600);
    let id = world.ticket_id("arabic");
    if h.interfere(Interference::DeleteTicket { ticket: id.clone() }).await.is_none() {
        return not_offered("DeleteTicket");
    }
    h.advance(h.delta_lag());
    let (items, after) = read(&client, Kind::Ticket, Some(checkpoint)).await;
    assert!(ticket_of(&items, &id).is_none(), "a deleted ticket must not come as if it were there");
    if client.capabilities().sees_deletes {
        let removed = items.iter().find_map(|change| match change {
            Change::Removed { kind, id: gone, removal } if *gone == id.as_str() => Some((kind, removal)),
            _ => None,
        });
        let (kind, removal) =
            removed.unwrap_or_else(|| panic!("`sees_deletes` is claimed, so it must come: {items:?}"));
        assert_eq!((*kind, removal.reason), (Kind::Ticket, Some(RemovalReason::Deleted)), "{removal:?}");
        h.advance(600);
        let (idle, _) = read(&client, Kind::Ticket, Some(after)).await;
        let told = idle.iter().filter(|change| change.id() == id.as_str()).count();
        assert!(told <= 1, "a removal may be told twice, not on and on: {idle:?}");
    }
    if gate::counts(h, Kind::Ticket) {
        let counted = census(&client, Kind::Ticket, None).await;
        assert!(!counted.contains(&id.to_string()), "the census must miss a deleted ticket");
    }
}

/// A ticket that the credential may no longer read is missing from the census, and never comes as it was.
pub async fn a_hidden_ticket_is_missing_from_the_census(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListIds]).await || !gate::counts(h, Kind::Ticket) {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let id = world.ticket_id("vpn");
    if h.interfere(Interference::HideTicket { ticket: id.clone() }).await.is_none() {
        return not_offered("HideTicket");
    }
    for size in [1, 2, 100] {
        let counted = census(&client, Kind::Ticket, Some(size)).await;
        let expected = world.listing.iter().map(|ticket| ticket.id.to_string()).filter(|one| *one != id.as_str());
        same_set(counted, expected, &format!("the census without a hidden ticket, {size} to a page"));
    }
    let outcome = client.get_ticket(ticketing_core::request::GetTicket::new(id)).await;
    refused(outcome, &[ErrorKind::NotFound, ErrorKind::PermissionDenied], "a ticket that may no longer be read");
}

/// New comments come, our own and other people's.
pub async fn new_comments_come(h: &dyn Harness) {
    if !follows(h, Kind::Comment).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    h.advance(600);
    let (_, checkpoint) = read(&client, Kind::Comment, None).await;
    h.advance(600);
    let mut expected = BTreeSet::new();
    if client.capabilities().supports(Operation::AddComment) {
        for visibility in client.capabilities().comment_visibilities {
            let mut add = AddComment::new(world.ticket_id("disk"), format!("{visibility} word"), visibility);
            if visibility == ticketing_core::model::Visibility::Restricted {
                add = add.with_restricted_to("Network & Databases".to_owned());
            }
            expected.insert(ok(client.add_comment(add).await, "add_comment").id.to_string());
        }
    }
    let said = Interference::AddComment { ticket: world.ticket_id("vpn"), body: "it works again".to_owned() };
    if let Some(id) = h.interfere(said).await {
        expected.insert(id);
    }
    let (items, _) = read(&client, Kind::Comment, Some(checkpoint)).await;
    let told: BTreeSet<_> = upserted(&items).into_keys().collect();
    let missing: Vec<_> = expected.difference(&told).collect();
    assert!(missing.is_empty(), "comments that were said since, and are missing: {missing:?}");
}

/// A changed user comes.
pub async fn a_changed_user_comes(h: &dyn Harness) {
    if !follows(h, Kind::User).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    h.advance(600);
    let (_, checkpoint) = read(&client, Kind::User, None).await;
    h.advance(600);
    let user = world.user("alex.kim").id.clone();
    let change = Interference::SetUserTitle { user: user.clone(), title: "Head of Data".to_owned() };
    if h.interfere(change).await.is_none() {
        return not_offered("SetUserTitle");
    }
    h.advance(h.delta_lag());
    let (items, _) = read(&client, Kind::User, Some(checkpoint)).await;
    let told = items.iter().find_map(|change| match change {
        Change::Upserted { document: ticketing_core::model::Document::User(told), .. } if told.id == user => Some(told),
        _ => None,
    });
    let told = told.unwrap_or_else(|| panic!("the user changed, and must come: {items:?}"));
    assert_eq!(told.title.as_deref(), Some("Head of Data"));
}

/// A checkpoint is good for its own kind and account alone; a damaged one is refused.
pub async fn a_checkpoint_of_something_else_is_refused(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListChanges]).await {
        return;
    }
    let client = client(h);
    let kinds = client.capabilities().change_kinds;
    let mut held = Vec::new();
    for kind in &kinds {
        held.push((*kind, read(&client, *kind, None).await.1));
    }
    let refuse = async |client: &TicketingClient, kind: Kind, checkpoint: Checkpoint, why: &str| {
        let before = sent(h);
        let request = ListChanges::new(kind).with_checkpoint(checkpoint);
        let error = refused(client.list_changes(request).await, &[ErrorKind::InvalidRequest], why);
        names(&error, &["checkpoint"], why);
        nothing_sent_since(h, before, why);
    };
    for (kind, checkpoint) in &held {
        for other in kinds.iter().filter(|other| *other != kind) {
            refuse(&client, *other, checkpoint.clone(), &format!("a checkpoint of {kind}s for {other}s")).await;
        }
        let text = checkpoint.as_str();
        for damaged in [String::new(), text[1..].to_owned(), format!("{text}A"), text.to_lowercase()] {
            refuse(&client, *kind, Checkpoint::new(damaged), "a damaged checkpoint").await;
        }
        let restored: Checkpoint = serde_json::from_str(&serde_json::to_string(checkpoint).unwrap()).unwrap();
        read(&client, *kind, Some(restored)).await;
    }
    let Some(other) = h.connect(Connection::OtherAccount).await else { return not_offered("Connection::OtherAccount") };
    let other = TicketingClient::new(ok(other, "connecting to another account"));
    let (kind, checkpoint) = held.swap_remove(0);
    let outcome = other.list_changes(ListChanges::new(kind).with_checkpoint(checkpoint)).await;
    refused(outcome, &[ErrorKind::InvalidRequest], "a checkpoint of another account");
}

/// A checkpoint goes on in another process.
pub async fn a_checkpoint_goes_on_in_another_process(h: &dyn Harness) {
    if !follows(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let first = ListChanges::new(Kind::Ticket).with_page_size(3_u32);
    let page = ok(client.list_changes(first).await, "list_changes");
    let Some(other) = h.connect(Connection::Again).await else { return not_offered("Connection::Again") };
    let other = TicketingClient::new(ok(other, "connecting again"));
    let (rest, _) = read(&other, Kind::Ticket, Some(page.checkpoint)).await;
    let told = upserted(&page.items).into_keys().chain(upserted(&rest).into_keys());
    same_set(told, world.listing.iter().map(|ticket| ticket.id.to_string()), "one page here, the rest elsewhere");
}
