//! Reading everything, page by page, without the client's streams: they are tested, not trusted.

use std::collections::HashSet;
use std::future::Future;

use ticketing_core::model::{Change, Kind, Ticket};
use ticketing_core::request::{ListChanges, ListIds, ListTickets};
use ticketing_core::{Checkpoint, Cursor, Page, Result, TicketingClient};

use crate::harness::Harness;
use crate::verdict::ok;

/// More pages than any case can need: beyond it, the paging goes in circles.
const PAGES: usize = 10_000;

/// The client that users would have.
pub(crate) fn client(h: &dyn Harness) -> TicketingClient {
    TicketingClient::new(h.provider())
}

/// Every page from `cursor` on.
pub(crate) async fn pages<T, F: Future<Output = Result<Page<T>>>>(
    mut cursor: Option<Cursor>,
    fetch: impl Fn(Option<Cursor>) -> F,
) -> Result<Vec<Page<T>>> {
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    for _ in 0..PAGES {
        let page = fetch(cursor.take()).await?;
        cursor.clone_from(&page.next);
        out.push(page);
        let Some(next) = &cursor else { return Ok(out) };
        assert!(seen.insert(next.clone()), "the paging does not advance: a cursor came twice (docs/pagination.md)");
    }
    panic!("the paging does not end after {PAGES} pages (docs/pagination.md)");
}

/// Every item, in order.
pub(crate) async fn all<T, F: Future<Output = Result<Page<T>>>>(fetch: impl Fn(Option<Cursor>) -> F) -> Result<Vec<T>> {
    Ok(pages(None, fetch).await?.into_iter().flat_map(|page| page.items).collect())
}

/// Every ticket that a request brings, in order.
pub(crate) async fn tickets(client: &TicketingClient, request: &ListTickets) -> Result<Vec<Ticket>> {
    all(|cursor| client.list_tickets(request.clone().with_cursor(cursor))).await
}

/// The ids of tickets.
pub(crate) fn ids(tickets: &[Ticket]) -> Vec<String> {
    tickets.iter().map(|ticket| ticket.id.to_string()).collect()
}

/// The ids of everything of a kind: the census.
pub(crate) async fn census(client: &TicketingClient, kind: Kind, page_size: Option<u32>) -> Vec<String> {
    let request = ListIds::new(kind).with_page_size(page_size);
    ok(all(|cursor| client.list_ids(request.clone().with_cursor(cursor))).await, "list_ids")
}

/// What changed since a checkpoint, until the provider says that it has caught up.
pub(crate) async fn changes(
    client: &TicketingClient,
    request: ListChanges,
    mut between: impl AsyncFnMut(usize),
) -> (Vec<Change>, Checkpoint) {
    let mut checkpoint = request.checkpoint.clone();
    let mut items = Vec::new();
    for nth in 0..PAGES {
        let page = ok(client.list_changes(request.clone().with_checkpoint(checkpoint)).await, "list_changes");
        items.extend(page.items);
        if page.caught_up {
            return (items, page.checkpoint);
        }
        checkpoint = Some(page.checkpoint);
        between(nth).await;
    }
    panic!("list_changes does not catch up after {PAGES} pages (docs/pagination.md, Checkpoints)");
}

/// How many requests were sent so far.
pub(crate) fn sent(h: &dyn Harness) -> usize {
    h.requests().map_or(0, |requests| requests.len())
}

/// How many requests that may change something were sent so far.
pub(crate) fn writes_sent(h: &dyn Harness) -> usize {
    h.requests().map_or(0, |requests| requests.iter().filter(|request| request.is_write()).count())
}

/// Nothing was sent since.
#[track_caller]
pub(crate) fn nothing_sent_since(h: &dyn Harness, before: usize, call: &str) {
    let requests = h.requests().unwrap_or_default();
    let lines: Vec<_> =
        requests[before..].iter().map(|one| format!("{} {}?{}", one.method, one.path, one.query)).collect();
    assert!(lines.is_empty(), "{call} must be refused before anything is sent, and sent:\n  {}", lines.join("\n  "));
}
