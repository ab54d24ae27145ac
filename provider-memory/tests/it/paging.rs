//! Listings in pages: every order, every page size, rows that move meanwhile.

use futures::TryStreamExt;
use ticketing_core::model::{PriorityLevel, RemovalReason};
use ticketing_core::request::{
    CreateTicket, GetTicket, ListTickets, ListUsers, Sort, SortDirection, SortField, TicketFilter,
};
use ticketing_core::{Cursor, ErrorKind, PrioritySelector};

use crate::world::{World, refused, world};

/// Tickets in pairs that were made at the same moment, with every level of priority and none.
async fn filled() -> World {
    let world = world();
    for n in 0..12 {
        if n % 2 == 0 {
            world.clock.advance(chrono::TimeDelta::seconds(1));
        }
        let mut request = CreateTicket::new(format!("ticket {n}"));
        if n % 6 > 0 {
            request = request.with_priority(PrioritySelector::from(PriorityLevel::ALL[n % 6 - 1]));
        }
        world.client.create_ticket(request).await.unwrap();
    }
    world
}

async fn read(world: &World, request: ListTickets) -> Vec<String> {
    world.client.tickets(request).map_ok(|ticket| ticket.id.to_string()).try_collect().await.unwrap()
}

#[tokio::test]
async fn every_page_size_gives_the_same_sequence() {
    let world = filled().await;
    for field in SortField::ALL {
        for direction in SortDirection::ALL {
            let sort = Sort { field: *field, direction: *direction };
            let request = || ListTickets::new().with_sort(vec![sort]);
            let whole = read(&world, request()).await;
            assert_eq!(whole.len(), 12, "{sort:?}");
            for size in 1..=13 {
                assert_eq!(read(&world, request().with_page_size(size)).await, whole, "{sort:?} by {size}");
            }
        }
    }
}

#[tokio::test]
async fn priority_ascends_from_the_least_urgent() {
    let world = filled().await;
    let sort = vec![Sort::ascending(SortField::Priority), Sort::descending(SortField::CreatedAt)];
    let page = world.client.list_tickets(ListTickets::new().with_sort(sort)).await.unwrap();
    let levels: Vec<_> =
        page.items.iter().map(|one| one.priority.as_ref().map_or("none", |one| one.level.as_str())).collect();
    assert_eq!(
        levels,
        ["none", "none", "lowest", "lowest", "low", "low", "normal", "normal", "high", "high", "urgent", "urgent"]
    );
    assert!(page.items.chunks(2).all(|pair| pair[0].created_at > pair[1].created_at), "the second key breaks ties");
    let twice = vec![Sort::ascending(SortField::Key), Sort::descending(SortField::Key)];
    let outcome = world.client.list_tickets(ListTickets::new().with_sort(twice)).await;
    refused(outcome, ErrorKind::InvalidRequest, "sort", &["key", "twice"]);
}

#[tokio::test]
async fn rows_that_stay_as_they_are_come_exactly_once() {
    let world = filled().await;
    for sort in [Sort::ascending(SortField::CreatedAt), Sort::descending(SortField::UpdatedAt)] {
        let whole = read(&world, ListTickets::new().with_sort(vec![sort])).await;
        let mut seen = Vec::new();
        let mut moved = Vec::new();
        let mut cursor: Option<Cursor> = None;
        let mut round = 0;
        loop {
            let request = ListTickets::new().with_sort(vec![sort]).with_page_size(3).with_cursor(cursor);
            let page = world.client.list_tickets(request).await.unwrap();
            seen.extend(page.items.iter().map(|ticket| ticket.id.to_string()));
            // One that was read goes, one that was not changes, and one comes.
            world.clock.advance(chrono::TimeDelta::seconds(1));
            if let Some(gone) = seen.iter().find(|id| !moved.contains(*id)).cloned() {
                world.store.remove_ticket(gone.as_str(), RemovalReason::Deleted, None, world.now());
                moved.push(gone);
            }
            if let Some(changed) = whole.iter().rev().find(|id| !seen.contains(*id)).cloned() {
                world.store.change_ticket(changed.as_str(), None, world.now(), |ticket| ticket.title.push('!'));
                moved.push(changed);
            }
            moved.push(world.make(CreateTicket::new(format!("new {round}"))).await.id.to_string());
            round += 1;
            cursor = page.next;
            if cursor.is_none() || round > 20 {
                break;
            }
        }
        for id in whole.iter().filter(|id| !moved.contains(*id)) {
            assert_eq!(seen.iter().filter(|one| *one == id).count(), 1, "{id} by {sort:?}");
        }
        assert!(whole.iter().any(|id| !moved.contains(id)));
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_alone() {
    let world = filled().await;
    let page = world.client.list_tickets(ListTickets::new().with_page_size(2)).await.unwrap();
    let cursor = Cursor::new(page.next.unwrap().as_str());
    let rest = read(&world, ListTickets::new().with_cursor(cursor.clone()).with_page_size(5)).await;
    assert_eq!(rest.len(), 10, "another page size will do");
    let other = ListTickets::new().with_cursor(cursor.clone());
    for request in [
        other.clone().with_filter(TicketFilter::unresolved()),
        other.clone().with_sort(vec![Sort::ascending(SortField::Key)]),
        other.clone().with_include_deleted(true),
        other.with_include_raw(true),
    ] {
        refused(world.client.list_tickets(request).await, ErrorKind::InvalidRequest, "cursor", &["another query"]);
    }
    let users = world.client.list_users(ListUsers::new().with_cursor(cursor)).await;
    refused(users, ErrorKind::InvalidRequest, "cursor", &["another operation"]);
    let damaged = world.client.list_tickets(ListTickets::new().with_cursor(Cursor::new("bm8"))).await;
    refused(damaged, ErrorKind::InvalidRequest, "cursor", &["damaged"]);
}

#[tokio::test]
async fn pages_are_bounded_and_counted() {
    let world = world();
    for n in 0..60 {
        world.client.create_ticket(CreateTicket::new(format!("{n}"))).await.unwrap();
    }
    let page = world.client.list_tickets(ListTickets::new().with_count(true)).await.unwrap();
    assert_eq!((page.items.len(), page.total.map(|total| (total.value, total.exact))), (50, Some((60, true))));
    let last = world.client.list_tickets(ListTickets::new().with_cursor(page.next).with_page_size(1000)).await.unwrap();
    assert_eq!((last.items.len(), last.next, last.total), (10, None, None));
    // Every one can be read by the id in the listing.
    let ticket = &last.items[9];
    assert_eq!(world.client.get_ticket(GetTicket::new(ticket.id.clone())).await.unwrap(), *ticket);
}
