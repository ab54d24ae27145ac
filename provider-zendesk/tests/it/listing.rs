//! Listing tickets: pages by cursor, filters decided on the tickets themselves, orders that the account does not have.

use futures::StreamExt as _;
use serde_json::json;
use ticketing_core::model::{FieldData, PriorityLevel, StatusCategory, Ticket};
use ticketing_core::request::{ListTickets, Sort, SortDirection, SortField, TicketFilter};
use ticketing_core::{PrioritySelector, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::{AccountSettings, Sandbox};

use crate::bed::{Bed, all};

fn ids(tickets: &[Ticket]) -> Vec<&str> {
    tickets.iter().map(|ticket| ticket.id.as_str()).collect()
}

async fn ids_of(client: &TicketingClient, request: ListTickets) -> Vec<String> {
    let mut ids: Vec<String> = all(client, request).await.iter().map(|ticket| ticket.id.to_string()).collect();
    ids.sort();
    ids
}

fn by(filter: TicketFilter) -> ListTickets {
    ListTickets::new().with_filter(filter)
}

#[tokio::test(start_paused = true)]
async fn pages_of_any_size_hold_the_same_tickets_and_no_names_cost_a_request() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(40));
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await;
    assert!(whole.len() > 40, "{}", whole.len());
    for size in [1, 7, 100] {
        bed.control.clear_requests();
        let request = ListTickets::new().with_page_size(size);
        assert_eq!(ids(&all(&client, request).await), ids(&whole), "pages of {size}");
        let sent = bed.sent();
        let pages = sent.iter().filter(|sent| sent.starts_with("GET /api/v2/tickets?")).count();
        assert!(pages <= whole.len().div_ceil(size as usize) + 1, "{sent:#?}");
        assert!(!sent.iter().any(|sent| sent.contains("/users/") || sent.contains("/groups/")), "{sent:#?}");
    }
    assert!(whole.iter().flat_map(|ticket| &ticket.assignees).all(|one| one.name.is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_short_page_is_no_end_and_a_cursor_that_stands_still_is_an_error() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(30));
    let client = bed.client();
    let whole = ids_of(&client, ListTickets::new()).await;
    for items in [1, 3] {
        bed.control.set_faults(vec![Fault::new("short_page").parameter(items).rate(0.5).seed(3)]).unwrap();
        assert_eq!(ids_of(&client, ListTickets::new().with_page_size(10)).await, whole, "short pages of {items}");
    }
    bed.control.set_faults(vec![Fault::new("repeated_cursor")]).unwrap();
    let pages: Vec<_> = client.ticket_pages(ListTickets::new().with_page_size(10)).take(20).collect().await;
    let error = pages.last().unwrap().as_ref().unwrap_err();
    assert_eq!(error.kind(), ticketing_core::ErrorKind::Integrity, "{error}");
}

#[tokio::test(start_paused = true)]
async fn archived_tickets_are_listed_and_found_all_the_same() {
    let bed = Bed::new();
    let client = bed.client();
    let before = ids_of(&client, ListTickets::new()).await;
    let closed = TicketFilter::new().with_status([StatusCategory::Closed]);
    let over = ids_of(&client, by(closed.clone())).await;
    assert!(!over.is_empty());
    // The account archives what was closed for 120 days.
    bed.advance(300 * 86_400);
    for id in &over {
        bed.control.archive_ticket(id.parse().unwrap()).unwrap();
    }
    bed.advance(86_400);
    assert_eq!(ids_of(&client, ListTickets::new()).await, before);
    assert_eq!(ids_of(&client, by(closed)).await, over);
}

#[tokio::test(start_paused = true)]
async fn what_the_search_has_not_seen_yet_is_found_all_the_same() {
    let lagging = AccountSettings { search_lag_seconds: 300, ..AccountSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).settings(lagging));
    let client = bed.client();
    bed.advance(3_600);
    let urgent = || by(TicketFilter::new().with_priority([PrioritySelector::from(PriorityLevel::Urgent)]));
    let before = ids_of(&client, urgent()).await;
    assert!(!before.is_empty());
    let low = all(&client, by(TicketFilter::new().with_priority([PrioritySelector::native("low")]))).await;
    let request = ticketing_core::request::UpdateTicket::new(low[0].id.clone())
        .with_priority(PrioritySelector::from(PriorityLevel::Urgent));
    client.update_ticket(request).await.unwrap();
    let mut expected = before;
    expected.push(low[0].id.to_string());
    expected.sort();
    assert_eq!(ids_of(&client, urgent()).await, expected);
    // Neither is what it was before.
    let still = ids_of(&client, by(TicketFilter::new().with_priority([PrioritySelector::native("low")]))).await;
    assert!(!still.contains(&low[0].id.to_string()));
}

/// What changed lately is told by the account's clock: ours may be hours away.
#[tokio::test(start_paused = true)]
async fn what_the_search_has_not_seen_yet_is_found_whatever_our_clock_says() {
    let lagging = AccountSettings { search_lag_seconds: 300, ..AccountSettings::default() };
    for ahead in [7_200, -7_200] {
        let bed = Bed::of(Sandbox::builder().seed(7).settings(lagging.clone()));
        bed.advance(3_600);
        bed.be_ahead(ahead);
        let client = bed.client();
        let create = ticketing_core::request::CreateTicket::new("late").with_tags(vec!["late".to_owned()]);
        let made = client.create_ticket(create).await.unwrap();
        let found = ids_of(&bed.client(), by(TicketFilter::new().with_tag(["late"]))).await;
        assert_eq!(found, [made.id.to_string()], "{ahead}");
    }
}

/// A number is a number, however it was typed.
#[tokio::test(start_paused = true)]
async fn a_field_of_numbers_is_found_by_its_number() {
    let bed = Bed::new();
    let client = bed.client();
    let create =
        ticketing_core::request::CreateTicket::new("numbered").with_field("42000000000107", FieldData::Decimal(12.5));
    let made = client.create_ticket(create).await.unwrap();
    for wanted in [FieldData::Decimal(12.5), FieldData::from("12.5"), FieldData::from("12.50")] {
        let filter = TicketFilter::new().with_field("42000000000107", [wanted.clone()]);
        assert_eq!(ids_of(&client, by(filter)).await, [made.id.to_string()], "{wanted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_has_no_bound_of_a_thousand() {
    let narrow = AccountSettings { search_cap: 5, ..AccountSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60).settings(narrow));
    let client = bed.client();
    let everything = all(&client, ListTickets::new()).await;
    let mut expected: Vec<String> = everything
        .iter()
        .filter(|ticket| ticket.status.category.is_unresolved())
        .map(|ticket| ticket.id.to_string())
        .collect();
    expected.sort();
    assert!(expected.len() > 5, "{expected:?}");
    assert_eq!(ids_of(&client, by(TicketFilter::unresolved())).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_made_whole_and_pages_do_not_change_it() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(30));
    let client = bed.client();
    let sort = |direction| vec![Sort { field: SortField::Priority, direction }];
    for direction in [SortDirection::Ascending, SortDirection::Descending] {
        let whole = all(&client, ListTickets::new().with_sort(sort(direction))).await;
        let ranks: Vec<_> = whole.iter().map(|ticket| ticket.priority.as_ref().map(|one| one.level)).collect();
        assert!(ranks.len() > 30);
        let paged = all(&client, ListTickets::new().with_sort(sort(direction)).with_page_size(4)).await;
        assert_eq!(ids(&paged), ids(&whole));
    }
}

#[tokio::test(start_paused = true)]
async fn words_of_a_text_are_words_and_no_query() {
    let bed = Bed::new();
    let client = bed.client();
    let found = all(&client, by(TicketFilter::new().with_text("VPN"))).await;
    assert!(found.iter().any(|ticket| ticket.title.contains("VPN")), "{found:?}");
    let sly = by(TicketFilter::new().with_text("status:open"));
    let everything = all(&client, ListTickets::new()).await;
    assert!(all(&client, sly).await.len() < everything.len());
    let sent = bed.sent();
    assert!(sent.iter().any(|sent| sent.contains(r#""status:open""#)), "{:#?}", json!(sent));
}
