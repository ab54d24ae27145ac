//! What the simulation found, each as the shortest way to see it.

use std::collections::BTreeSet;

use ticketing_core::Cursor;
use ticketing_core::request::{ListTickets, Sort, SortField};

use crate::bed::{Bed, all};

/// An order that the account does not have is made here, and made again by whoever goes on from a cursor: what came and went
/// in between must not move the place.
#[tokio::test]
async fn a_sorted_listing_goes_on_where_it_was_whoever_reads_on() {
    for sort in [Sort::ascending(SortField::CreatedAt), Sort::descending(SortField::CreatedAt)] {
        let bed = Bed::new();
        let request = ListTickets::new().with_sort(vec![sort]).with_page_size(5);
        let before: BTreeSet<String> =
            all(&bed.client(), request.clone()).await.iter().map(|ticket| ticket.id.to_string()).collect();
        let first = bed.client().list_tickets(request.clone()).await.unwrap();
        // Two that were told go, and on top of the descending order three come.
        let mut gone = BTreeSet::new();
        for ticket in &first.items[..2] {
            bed.control.delete_ticket(ticket.id.as_str().parse().unwrap(), "itil").unwrap();
            gone.insert(ticket.id.to_string());
        }
        let come: BTreeSet<String> = (0..3)
            .map(|nth| bed.control.create_ticket(&format!("new {nth}"), "itil", 0).unwrap().to_string())
            .collect();
        let mut read: Vec<String> = first.items.iter().map(|ticket| ticket.id.to_string()).collect();
        let mut cursor = first.next;
        while let Some(at) = cursor {
            // Another process each time.
            let request = request.clone().with_cursor(Some(Cursor::new(at.to_string())));
            let page = bed.client().list_tickets(request).await.unwrap();
            read.extend(page.items.iter().map(|ticket| ticket.id.to_string()));
            cursor = page.next;
        }
        read.retain(|id| !come.contains(id));
        let once: BTreeSet<String> = read.iter().cloned().collect();
        assert_eq!(once.len(), read.len(), "{sort:?}: twice: {read:?}");
        assert_eq!(once, before, "{sort:?}");
    }
}
