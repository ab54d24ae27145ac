//! Pages, cursors and totals (docs/pagination.md).

use futures::future::BoxFuture;
use futures::{StreamExt as _, TryStreamExt as _};
use ticketing_core::layer::{Call, Intercept};
use ticketing_core::model::{StatusCategory, Ticket};
use ticketing_core::request::{
    CreateTicket, ListTickets, ListUsers, Projection, Sort, SortField, TicketFilter, UpdateTicket,
};
use ticketing_core::{Cursor, ErrorKind, Page, Result, TicketId, TicketingClient};

use crate::gate::{has_filter, has_sort};
use crate::harness::{Connection, Harness, Interference, Misbehaviour};
use crate::listing::listings;
use crate::reading::{client, ids, nothing_sent_since, pages, sent, tickets};
use crate::verdict::{names, no_repeats, not_offered, ok, refused, same_set};
use crate::world::World;

const SIZES: [u32; 6] = [1, 2, 3, 5, 13, 1000];

/// However many to a page, the tickets and their order are the same.
pub async fn every_page_size_gives_the_same_sequence(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    for size in SIZES {
        let paged = ok(tickets(&client, &ListTickets::new().with_page_size(size)).await, "list_tickets");
        assert_eq!(ids(&paged), ids(&whole), "{size} to a page must give the same tickets in the same order");
    }
}

/// Every other list keeps to its pages too.
pub async fn every_list_is_the_same_at_every_page_size(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for listing in listings(&client, &world.ticket_id("move"), &world.group("helpdesk").id) {
        // Where the reading goes in circles, this is the last line.
        eprintln!("reading {}", listing.name);
        let whole = ok(listing.all(None).await, &listing.name);
        no_repeats(&whole, &listing.name);
        for size in [1, 2, 7] {
            let paged = ok(listing.all(Some(size)).await, &format!("{} with {size} to a page", listing.name));
            assert_eq!(paged, whole, "{} with {size} to a page", listing.name);
        }
    }
}

/// No page is larger than asked for, nor larger than the provider says; a size beyond that is bounded.
pub async fn no_page_is_larger_than_asked(h: &dyn Harness) {
    let client = client(h);
    for size in SIZES {
        let first = ok(client.list_tickets(ListTickets::new().with_page_size(size)).await, "list_tickets");
        assert!(first.items.len() <= size as usize, "{} on a page of {size}", first.items.len());
    }
    let huge = ok(client.list_tickets(ListTickets::new().with_page_size(u32::MAX)).await, "an enormous page size");
    if let Some(max) = client.capabilities().limits.max_page_size {
        assert!(huge.items.len() <= max as usize, "{} on a page, and `max_page_size` is {max}", huge.items.len());
    }
}

/// A page size of nothing is one, or refused; it never hangs and never ends the reading early.
pub async fn a_page_size_of_nothing_does_no_harm(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    match tickets(&client, &ListTickets::new().with_page_size(0_u32)).await {
        Ok(paged) => assert_eq!(ids(&paged), ids(&whole), "a page size of 0 must lose nothing"),
        Err(error) => {
            let error = refused(Err::<(), _>(error), &[ErrorKind::InvalidRequest], "a page size of 0");
            names(&error, &["page_size"], "the field that is wrong");
        }
    }
}

/// A cursor may be stored as text, and used by another process with another page size.
pub async fn a_cursor_goes_on_in_another_process(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    let other = match h.connect(Connection::Again).await {
        Some(provider) => TicketingClient::new(ok(provider, "connecting again")),
        None => {
            not_offered("Connection::Again");
            client.clone()
        }
    };
    for size in [1, 2, 5] {
        let mut cursor = None;
        let mut read: Vec<Ticket> = Vec::new();
        loop {
            let request = ListTickets::new().with_page_size(size).with_cursor(cursor);
            let page = ok(client.list_tickets(request).await, "list_tickets");
            read.extend(page.items);
            let Some(next) = page.next else { break };
            let text = serde_json::to_string(&next).unwrap();
            let stored: Cursor = serde_json::from_str(&text).unwrap();
            let request = ListTickets::new().with_page_size(3_u32);
            let rest = pages(Some(stored.clone()), |cursor| other.list_tickets(request.clone().with_cursor(cursor)));
            let rest: Vec<Ticket> =
                ok(rest.await, "a stored cursor, elsewhere").into_iter().flat_map(|page| page.items).collect();
            let together: Vec<_> = ids(&read).into_iter().chain(ids(&rest)).collect();
            assert_eq!(together, ids(&whole), "what was read, and what a stored cursor brought elsewhere");
            cursor = Some(stored);
        }
        assert_eq!(ids(&read), ids(&whole));
    }
}

async fn cursor_of(client: &TicketingClient, request: &ListTickets) -> Cursor {
    let page = ok(client.list_tickets(request.clone().with_page_size(2_u32)).await, "list_tickets");
    page.next.expect("a page of two is not the last one")
}

async fn refuses(h: &dyn Harness, client: &TicketingClient, request: ListTickets, why: &str) {
    let before = sent(h);
    let error = refused(client.list_tickets(request).await, &[ErrorKind::InvalidRequest], why);
    names(&error, &["cursor"], why);
    nothing_sent_since(h, before, why);
}

/// A cursor of another query is refused, whichever part of the query differs; the page size is no part of it.
pub async fn a_cursor_of_another_query_is_refused(h: &dyn Harness) {
    let client = client(h);
    let cursor = cursor_of(&client, &ListTickets::new()).await;
    let filter = if has_filter(h, ticketing_core::request::FilterKind::Status) {
        TicketFilter::new().with_status([StatusCategory::Open])
    } else {
        TicketFilter::new()
    };
    let mut others =
        vec![("fields", ListTickets::new().with_projection(Projection::new().with_fields(Vec::<&str>::new())))];
    if filter != TicketFilter::new() {
        others.push(("filter", ListTickets::new().with_filter(filter)));
    }
    if has_sort(h, SortField::UpdatedAt) {
        others.push(("sort", ListTickets::new().with_sort(vec![Sort::descending(SortField::UpdatedAt)])));
    }
    for (what, other) in others {
        let why = format!("a cursor of a query with another {what}");
        refuses(h, &client, other.with_cursor(cursor.clone()), &why).await;
    }
    let same = ListTickets::new().with_page_size(7_u32).with_cursor(cursor);
    ok(client.list_tickets(same).await, "a cursor with another page size");
}

/// A cursor of another operation is refused, in every direction.
pub async fn a_cursor_of_another_operation_is_refused(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let listings = listings(&client, &world.ticket_id("move"), &world.group("helpdesk").id);
    for from in &listings {
        let Some(cursor) = ok(from.page(None, Some(1)).await, &from.name).next else { continue };
        for to in listings.iter().filter(|to| to.name != from.name) {
            let why = format!("a cursor of {} for {}", from.name, to.name);
            let before = sent(h);
            let outcome = to.page(Some(cursor.clone()), None).await;
            let error = refused(outcome, &[ErrorKind::InvalidRequest], &why);
            names(&error, &["cursor"], &why);
            nothing_sent_since(h, before, &why);
        }
    }
}

/// A cursor of another account is refused.
pub async fn a_cursor_of_another_account_is_refused(h: &dyn Harness) {
    let client = client(h);
    let cursor = cursor_of(&client, &ListTickets::new()).await;
    let Some(other) = h.connect(Connection::OtherAccount).await else { return not_offered("Connection::OtherAccount") };
    let other = TicketingClient::new(ok(other, "connecting to another account"));
    let outcome = other.list_tickets(ListTickets::new().with_cursor(cursor)).await;
    let error = refused(outcome, &[ErrorKind::InvalidRequest], "a cursor of another account");
    names(&error, &["cursor"], "a cursor of another account");
}

/// A damaged cursor, and text that never was one, are refused.
pub async fn a_damaged_cursor_is_refused(h: &dyn Harness) {
    let client = client(h);
    let cursor = cursor_of(&client, &ListTickets::new()).await;
    let text = cursor.as_str();
    let mut damaged = vec![String::new(), "x".to_owned(), "{}".to_owned(), "../..".to_owned(), "9".repeat(100_000)];
    damaged.push(text[..text.len() / 2].to_owned());
    damaged.push(format!("{text}A"));
    for at in [0, text.len() / 3, text.len() / 2, text.len() - 1] {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        damaged.push(String::from_utf8(bytes).unwrap());
    }
    for text in damaged {
        let why = format!("the damaged cursor `{}`", text.chars().take(30).collect::<String>());
        refuses(h, &client, ListTickets::new().with_cursor(Cursor::new(text)), &why).await;
    }
}

/// A cursor holds no address and no secret.
pub async fn a_cursor_shows_nothing(h: &dyn Harness) {
    let client = client(h);
    let cursor = cursor_of(&client, &ListTickets::new()).await;
    assert!(!cursor.as_str().contains("http"), "a cursor must not hold an address: {}", cursor.as_str());
    for secret in h.secrets() {
        assert!(!cursor.as_str().contains(&secret), "a cursor holds a secret");
    }
    assert!(!format!("{cursor:?}").contains(cursor.as_str()), "a cursor's `Debug` must not show it");
}

/// Asked for a total, the provider says how many there are, or that it does not know; exact totals are exact.
pub async fn a_total_is_what_there_is(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let mut filters = vec![TicketFilter::new()];
    if has_filter(h, ticketing_core::request::FilterKind::Status) {
        filters.push(TicketFilter::unresolved());
        filters.push(TicketFilter::new().with_status([StatusCategory::Unknown]));
    }
    for filter in filters {
        let count = ok(tickets(&client, &ListTickets::new().with_filter(filter.clone())).await, "list_tickets").len();
        let request = ListTickets::new().with_filter(filter).with_count(true).with_page_size(2_u32);
        let counted = pages(None, |cursor| client.list_tickets(request.clone().with_cursor(cursor))).await;
        for page in ok(counted, "list_tickets with a count") {
            let Some(total) = page.total else { continue };
            assert!(total.value >= count as u64, "a total of {} where {count} were listed", total.value);
            assert!(!total.exact || total.value == count as u64, "an exact total of {} where {count} are", total.value);
        }
    }
    assert!(!world.listing.is_empty());
}

/// Changing, adding or deleting other tickets while pages are read neither loses nor repeats a ticket that stayed.
pub async fn rows_that_move_lose_and_repeat_nothing(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let mut requests = vec![ListTickets::new()];
    for field in [SortField::UpdatedAt, SortField::CreatedAt, SortField::Priority] {
        if has_sort(h, field) {
            requests.push(ListTickets::new().with_sort(vec![Sort::ascending(field)]));
            requests.push(ListTickets::new().with_sort(vec![Sort::descending(field)]));
        }
    }
    let mut touched: Vec<TicketId> = vec![world.ticket_id("disk"), world.ticket_id("punctuation")];
    // Those that go, one after the other: each can go once.
    let mut going: Vec<TicketId> = vec![world.ticket_id("punctuation")];
    for request in requests {
        let request = request.with_page_size(3_u32);
        let mut read = Vec::new();
        let mut cursor = None;
        let mut nth = 0_u32;
        loop {
            let page = ok(client.list_tickets(request.clone().with_cursor(cursor)).await, "list_tickets");
            read.extend(page.items);
            let Some(next) = page.next else { break };
            cursor = Some(next);
            h.advance(1);
            // Each time something else moves: a change at the far end, a new ticket, and one that goes.
            match nth % 3 {
                0 => {
                    let id = touched[0].clone();
                    let title = format!("moved {nth}");
                    ok(client.update_ticket(UpdateTicket::new(id).with_title(title)).await, "update_ticket");
                }
                1 => {
                    let made = ok(client.create_ticket(CreateTicket::new("moving")).await, "create_ticket");
                    touched.push(made.id.clone());
                    going.push(made.id);
                }
                _ => {
                    let id = going.remove(0);
                    if h.interfere(Interference::DeleteTicket { ticket: id }).await.is_none() {
                        not_offered("DeleteTicket");
                    }
                }
            }
            nth += 1;
            assert!(nth < 100, "the listing does not end while tickets are added behind it");
        }
        let stayed: Vec<_> =
            ids(&world.listing).into_iter().filter(|id| !touched.iter().any(|one| one == id.as_str())).collect();
        let read: Vec<_> = ids(&read).into_iter().filter(|id| stayed.contains(id)).collect();
        no_repeats(&read, "tickets that stayed while others moved");
        same_set(read, stayed, &format!("tickets that stayed while others moved, sorted by {:?}", request.sort));
    }
}

/// Pages whose rows were all taken away by access rules are not the end.
pub async fn an_empty_page_in_the_middle_is_not_the_end(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    if !h.misbehave(Misbehaviour::EmptyPages, None) {
        return not_offered("EmptyPages");
    }
    let visible = ok(tickets(&client, &ListTickets::new().with_page_size(1000_u32)).await, "list_tickets");
    assert!(
        visible.len() < whole.len() && !visible.is_empty(),
        "the harness hid {} of {}",
        whole.len() - visible.len(),
        whole.len()
    );
    for size in [1, 2, 3] {
        let paged = ok(tickets(&client, &ListTickets::new().with_page_size(size)).await, "list_tickets");
        assert_eq!(ids(&paged), ids(&visible), "{size} to a page, while whole pages lose their rows to access rules");
    }
}

/// A total that is wrong, too low above all, does not end the reading.
pub async fn a_wrong_total_ends_nothing(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    if !h.misbehave(Misbehaviour::WrongTotal, None) {
        return not_offered("WrongTotal");
    }
    for size in [1, 3, 1000] {
        let request = ListTickets::new().with_page_size(size).with_count(true);
        let paged = ok(tickets(&client, &request).await, "list_tickets");
        assert_eq!(ids(&paged), ids(&whole), "{size} to a page, while the vendor's total is wrong");
    }
}

/// Where the vendor orders equals anew each time, nothing is lost or repeated.
pub async fn ties_that_come_in_another_order_lose_nothing(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    if !h.misbehave(Misbehaviour::ShuffledTies, None) {
        return not_offered("ShuffledTies");
    }
    let mut requests = vec![ListTickets::new()];
    if has_sort(h, SortField::UpdatedAt) {
        requests.push(ListTickets::new().with_sort(vec![Sort::ascending(SortField::UpdatedAt)]));
    }
    for request in requests {
        let paged = ok(tickets(&client, &request.with_page_size(1_u32)).await, "list_tickets");
        no_repeats(&ids(&paged), "tickets whose ties are shuffled");
        same_set(ids(&paged), ids(&whole), "tickets whose ties are shuffled");
    }
}

/// The client's streams bring the same tickets in the same order, reading ahead or not.
pub async fn a_stream_brings_what_the_pages_bring(h: &dyn Harness) {
    let client = client(h);
    let whole = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    for read_ahead in [1, 4] {
        let client = client.clone().with_read_ahead(read_ahead);
        for size in [1, 2, 5] {
            let stream = client.tickets(ListTickets::new().with_page_size(size));
            let read: Vec<Ticket> = ok(stream.try_collect().await, "the stream of tickets");
            assert_eq!(ids(&read), ids(&whole), "{size} to a page, {read_ahead} pages at the same time");
        }
    }
}

/// Answers every page of tickets with the first one, and the same cursor.
#[derive(Debug)]
struct Circle;

impl Intercept for Circle {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        let Some(request) = call.request_as::<ListTickets>() else { return forward().await };
        let first = call.provider().list_tickets(request.clone().with_cursor(None)).await?;
        let page: Box<dyn std::any::Any> = Box::new(Page::new(first.items, Some(Cursor::new("again"))));
        Ok(*page.downcast::<T>().expect("list_tickets answers a page of tickets"))
    }
}

/// A cursor that comes twice ends the stream in an error, after what was read; it does not go in circles.
pub async fn a_cursor_that_comes_twice_ends_the_stream(h: &dyn Harness) {
    let client = client(h).with_layer(Circle);
    let stream = client.ticket_pages(ListTickets::new().with_page_size(2_u32));
    let read: Vec<Result<Page<Ticket>>> = stream.take(10).collect().await;
    assert!(read.len() < 10, "the stream goes in circles");
    let last = read.last().expect("a first page").as_ref().expect_err("a cursor that came twice must be an error");
    assert_eq!(last.kind(), ErrorKind::Integrity, "{last}");
}

/// A listing of nothing is one page with an end.
pub async fn a_listing_of_nothing_ends(h: &dyn Harness) {
    let client = client(h);
    if !has_filter(h, ticketing_core::request::FilterKind::ExternalId) {
        return;
    }
    let filter = TicketFilter::new().with_external_id(["nobody's"]);
    let read =
        pages(None, |cursor| client.list_tickets(ListTickets::new().with_filter(filter.clone()).with_cursor(cursor)));
    let read = ok(read.await, "a listing of nothing");
    assert!(read.iter().all(|page| page.items.is_empty()), "nothing was to be found");
    let users = ok(client.list_users(ListUsers::new().with_page_size(1_u32)).await, "list_users");
    assert!(users.items.len() <= 1);
}
