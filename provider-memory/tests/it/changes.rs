//! Deltas and the census.

use std::collections::BTreeSet;

use ticketing_core::model::{Change, Kind, RemovalReason, Visibility};
use ticketing_core::request::{AddComment, CreateTicket, DeleteComment, ListChanges, ListIds, UpdateTicket};
use ticketing_core::{ChangePage, Checkpoint, ErrorKind};

use crate::world::{World, refused, world, world_of};

async fn changes(world: &World, kind: Kind, checkpoint: Option<Checkpoint>) -> ChangePage {
    world.client.list_changes(ListChanges::new(kind).with_checkpoint(checkpoint)).await.unwrap()
}

fn told(page: &ChangePage) -> Vec<String> {
    let one = |change: &Change| match change {
        Change::Upserted { document, .. } => format!("+{}", document.id()),
        Change::Removed { id, removal, .. } => format!("-{id} {}", removal.reason.unwrap()),
    };
    page.items.iter().map(one).collect()
}

#[tokio::test]
async fn a_first_reading_is_the_census_for_every_kind() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    world.client.add_comment(AddComment::new(id, "one", Visibility::Public)).await.unwrap();
    for kind in Kind::ALL {
        let page = changes(&world, *kind, None).await;
        assert!(page.caught_up && !page.items.is_empty(), "{kind}");
        let read: BTreeSet<_> = page.items.iter().map(|change| change.id().to_owned()).collect();
        let census = world.client.list_ids(ListIds::new(*kind)).await.unwrap();
        assert_eq!(read, census.items.iter().cloned().collect(), "{kind}");
        // Nothing changed: nothing is told, and the checkpoint stays.
        let idle = changes(&world, *kind, Some(page.checkpoint.clone())).await;
        assert_eq!((idle.items.len(), idle.caught_up, idle.checkpoint), (0, true, page.checkpoint), "{kind}");
        let small = world.client.list_ids(ListIds::new(*kind).with_page_size(1)).await.unwrap();
        let rest = world.client.list_ids(ListIds::new(*kind).with_cursor(small.next.clone())).await.unwrap();
        if small.next.is_some() {
            assert_eq!([small.items, rest.items].concat(), census.items);
        }
    }
}

#[tokio::test]
async fn each_change_is_told_and_nothing_is_missed_between_pages() {
    let world = world();
    for n in 0..7 {
        // All of one moment: ties must not be lost.
        world.client.create_ticket(CreateTicket::new(format!("{n}"))).await.unwrap();
    }
    let mut checkpoint = None;
    let mut seen = BTreeSet::new();
    let mut rounds = 0;
    loop {
        let request = ListChanges::new(Kind::Ticket).with_checkpoint(checkpoint.clone()).with_page_size(2);
        let page = world.client.list_changes(request).await.unwrap();
        for change in &page.items {
            let Change::Upserted { document, .. } = change else { panic!("{change:?}") };
            let ticket = document.as_ticket().unwrap();
            seen.insert((ticket.id.to_string(), ticket.title.clone()));
        }
        checkpoint = Some(page.checkpoint);
        if page.caught_up {
            break;
        }
        if rounds < 3 {
            let update = UpdateTicket::new(format!("MEM-{}", rounds + 1)).with_title(format!("{rounds} changed"));
            world.client.update_ticket(update).await.unwrap();
            world.client.create_ticket(CreateTicket::new(format!("late {rounds}"))).await.unwrap();
        }
        rounds += 1;
        assert!(rounds < 20);
    }
    let now = world.client.list_tickets(ticketing_core::request::ListTickets::new()).await.unwrap().items;
    assert_eq!(now.len(), 10);
    for ticket in now {
        assert!(seen.contains(&(ticket.id.to_string(), ticket.title.clone())), "{}", ticket.title);
    }
}

#[tokio::test]
async fn removals_say_why_and_whereto() {
    let world = world();
    let mut ids = Vec::new();
    for n in 0..6 {
        ids.push(world.make(CreateTicket::new(format!("{n}"))).await.id);
    }
    world.store.remove_ticket(ids[5].clone(), RemovalReason::Deleted, None, world.now());
    let first = changes(&world, Kind::Ticket, None).await;
    assert_eq!(first.items.len(), 5, "who begins now need not hear of what was gone before");
    let comment = AddComment::new(ids[0].clone(), "one", Visibility::Public);
    let comment = world.client.add_comment(comment).await.unwrap();
    let comments = changes(&world, Kind::Comment, None).await;
    let reasons = [RemovalReason::Deleted, RemovalReason::Archived, RemovalReason::AccessLost, RemovalReason::Moved];
    for (id, reason) in ids.iter().zip(reasons) {
        let moved_to = (reason == RemovalReason::Moved).then(|| ids[4].clone());
        world.store.remove_ticket(id.clone(), reason, moved_to, world.now());
    }
    let page = changes(&world, Kind::Ticket, Some(first.checkpoint)).await;
    assert_eq!(
        told(&page),
        ["-ticket-000001 deleted", "-ticket-000002 archived", "-ticket-000003 access_lost", "-ticket-000004 moved"]
    );
    let Change::Removed { removal, .. } = &page.items[3] else { panic!() };
    assert_eq!(removal.moved_to.as_ref().unwrap().key.as_deref(), Some("MEM-5"));
    // Comments go with their ticket, and come back with it.
    let gone = changes(&world, Kind::Comment, Some(comments.checkpoint)).await;
    assert_eq!(told(&gone), [format!("-{} deleted", comment.id)]);
    world.store.restore_ticket(ids[0].clone(), world.now());
    let back = changes(&world, Kind::Comment, Some(gone.checkpoint)).await;
    assert_eq!(told(&back), [format!("+{}", comment.id)]);
    assert_eq!(told(&changes(&world, Kind::Ticket, Some(page.checkpoint)).await), ["+ticket-000001"]);
}

#[tokio::test]
async fn people_are_followed_too() {
    let world = world();
    let users = changes(&world, Kind::User, None).await.checkpoint;
    let groups = changes(&world, Kind::Group, None).await.checkpoint;
    world.store.change_user("ada", world.now(), |ada| ada.title = Some("Lead".to_owned()));
    world.store.remove_user("ben", world.now());
    world.store.change_group("desk", world.now(), |desk| desk.active = Some(false));
    let page = changes(&world, Kind::User, Some(users)).await;
    assert_eq!(told(&page), ["+ada", "-ben deleted"]);
    assert_eq!(told(&changes(&world, Kind::Group, Some(groups)).await), ["+desk"]);
    let id = world.make(CreateTicket::new("x")).await.id;
    let from = changes(&world, Kind::Comment, None).await.checkpoint;
    let comment = world.client.add_comment(AddComment::new(id.clone(), "x", Visibility::Public)).await.unwrap();
    world.client.delete_comment(DeleteComment::new(id, comment.id.clone())).await.unwrap();
    assert_eq!(told(&changes(&world, Kind::Comment, Some(from)).await), [format!("-{} deleted", comment.id)]);
}

#[tokio::test]
async fn a_checkpoint_is_good_for_its_kind_and_account_alone() {
    let world = world();
    let checkpoint = changes(&world, Kind::Ticket, None).await.checkpoint;
    let request = |kind| ListChanges::new(kind).with_checkpoint(checkpoint.clone());
    let outcome = world.client.list_changes(request(Kind::User)).await;
    refused(outcome, ErrorKind::InvalidRequest, "checkpoint", &["another query"]);
    let outcome = world_of("other").client.list_changes(request(Kind::Ticket)).await;
    refused(outcome, ErrorKind::InvalidRequest, "checkpoint", &["another account"]);
    let damaged = ListChanges::new(Kind::Ticket).with_checkpoint(Checkpoint::new("x"));
    refused(world.client.list_changes(damaged).await, ErrorKind::InvalidRequest, "checkpoint", &["damaged"]);
}
