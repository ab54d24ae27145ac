//! Each order is that order, the same at every page size.

use ticketing_core::request::{ListTickets, Sort, SortField};

use crate::gate::{has_sort, lacks};
use crate::harness::Harness;
use crate::oracle::check_order;
use crate::reading::{client, ids, tickets};
use crate::verdict::{ok, same_set};
use crate::world::World;

async fn is_ordered(h: &dyn Harness, field: SortField) {
    let client = client(h);
    if !has_sort(h, field) {
        let request = ListTickets::new().with_sort(vec![Sort::ascending(field)]);
        return lacks(h, field.as_str(), async || client.list_tickets(request).await).await;
    }
    let world = World::read(h).await;
    let mut both = Vec::new();
    for sort in [Sort::ascending(field), Sort::descending(field)] {
        let request = ListTickets::new().with_sort(vec![sort]);
        let got = ok(tickets(&client, &request).await, &format!("list_tickets sorted by {field}"));
        same_set(ids(&got), ids(&world.listing), &format!("tickets sorted by {field}"));
        check_order(&got, sort);
        for page_size in [1, 2, 5] {
            let request = request.clone().with_page_size(page_size);
            let paged = ok(tickets(&client, &request).await, &format!("list_tickets sorted by {field}"));
            assert_eq!(
                ids(&paged),
                ids(&got),
                "sorted by {field}, {page_size} to a page: the order must not depend on it"
            );
        }
        both.push(ids(&got));
    }
    if field == SortField::Key {
        both[1].reverse();
        assert_eq!(both[0], both[1], "keys are unique, so descending is ascending from its end");
    }
}

macro_rules! fields {
    ($( $(#[$doc:meta])* $case:ident: $field:ident; )*) => { $(
        $(#[$doc])*
        pub async fn $case(h: &dyn Harness) {
            is_ordered(h, SortField::$field).await;
        }
    )* };
}

fields! {
    /// From old to new, and back.
    by_creation: CreatedAt;
    /// From old to new, and back; several were changed in the same second.
    by_last_change: UpdatedAt;
    /// From old to new, and back; unanswered ones together.
    by_answer: ResolvedAt;
    /// From early to late, and back.
    by_due_date: Due;
    /// From the least urgent up, and back.
    by_priority: Priority;
    /// One way and its reverse.
    by_key: Key;
}

/// A second sort decides where the first is equal.
pub async fn a_second_sort_decides_ties(h: &dyn Harness) {
    if !has_sort(h, SortField::Priority) || !has_sort(h, SortField::CreatedAt) {
        return;
    }
    let client = client(h);
    let sort = vec![Sort::ascending(SortField::Priority), Sort::descending(SortField::CreatedAt)];
    let got = ok(tickets(&client, &ListTickets::new().with_sort(sort)).await, "list_tickets sorted twice");
    for pair in got.windows(2) {
        let same = pair[0].priority.as_ref().map(|one| one.level) == pair[1].priority.as_ref().map(|one| one.level);
        assert!(
            !same || pair[0].created_at >= pair[1].created_at,
            "of the same priority, the newer comes first: `{}` came before `{}`",
            pair[0].key,
            pair[1].key
        );
    }
}

/// A filter and a sort work together.
pub async fn a_filtered_listing_is_ordered(h: &dyn Harness) {
    if !has_sort(h, SortField::UpdatedAt) || !crate::gate::has_filter(h, ticketing_core::request::FilterKind::Status) {
        return;
    }
    let client = client(h);
    let sort = Sort::descending(SortField::UpdatedAt);
    let filter = ticketing_core::request::TicketFilter::unresolved();
    let request = ListTickets::new().with_filter(filter).with_sort(vec![sort]).with_page_size(2);
    let got = ok(tickets(&client, &request).await, "list_tickets filtered and sorted");
    assert!(!got.is_empty(), "the company has unresolved tickets");
    check_order(&got, sort);
}
