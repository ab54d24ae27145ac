//! Offset pages in flight at once, against one after the other, where every answer takes 50 ms: on the virtual clock, on
//! which nothing but the waiting takes time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::{FutureExt as _, TryStreamExt as _};
use ticketing::request::ListTickets;
use ticketing::{DEFAULT_READ_AHEAD, PageStream, TicketingClient};
use tokio::time::Instant;

use crate::figure::Figure;
use crate::instance::{IN_PROCESS, connect, in_process};
use crate::slow::Slow;
use crate::vendors::{ServiceNow, Vendor as _};

/// 250 pages, so that neither the first page, which nothing overlaps, nor the proof of the end decides.
const PAGE: u32 = 100;
/// More at once fill an instance's semaphore (wire/servicenow.md §6).
const AT_ONCE: usize = 4;

pub(crate) fn run(_rounds: Option<usize>) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<Vec<Figure>> {
    let slow = Arc::new(Slow::new(in_process(ServiceNow::sandbox(ServiceNow::COUNT)?)));
    let connection = || connect::<ServiceNow>(IN_PROCESS, Some(Arc::clone(&slow) as _));
    let one = connection()?;
    warm(&one).await?;
    let (serial, expected) = read(&one, 1).await?;
    ensure!(expected.len() as u64 >= ServiceNow::COUNT, "{} incidents were read", expected.len());
    let mut figures = Vec::new();
    for (id, ahead, bound) in [("overlap.2", 2, 1.7), ("overlap.4", 4, 3.4), ("overlap.8", 8, 6.8)] {
        slow.peak.store(0, Ordering::SeqCst);
        // One connection has four at once at most; eight are those of two.
        let (took, ids) = match ahead {
            8 => read_by_two(&one, &connection()?, ahead).await?,
            _ => read(&one, ahead).await?,
        };
        ensure!(ids == expected, "{ahead} pages in flight brought another list than one after the other");
        let detail = format!(
            "{} pages of {PAGE} in the same order: {:.1} s one by one, {:.1} s, {} in flight at most",
            expected.len().div_ceil(PAGE as usize),
            serial.as_secs_f64(),
            took.as_secs_f64(),
            slow.peak.load(Ordering::SeqCst)
        );
        figures.push(Figure::at_least(id, serial.as_secs_f64() / took.as_secs_f64(), bound, " ×", detail));
    }
    slow.peak.store(0, Ordering::SeqCst);
    let (_, ids) = read(&one, 8).await?;
    ensure!(ids == expected, "eight pages ahead brought another list");
    let peak = slow.peak.load(Ordering::SeqCst);
    let detail = format!("requests in flight on one connection, 8 pages ahead; {DEFAULT_READ_AHEAD} pages by default");
    figures.push(Figure::at_most("overlap.servicenow", peak as f64, AT_ONCE as f64, "", detail));
    ensure!(DEFAULT_READ_AHEAD == 4, "the default is no longer what the documentation says");
    Ok(figures)
}

/// The catalogue is read once, before anything is measured.
async fn warm(client: &TicketingClient) -> Result<()> {
    client.list_tickets(ListTickets::new().with_page_size(1)).await?;
    Ok(())
}

async fn ids(pages: PageStream<ticketing::model::Ticket>) -> Result<(Duration, Vec<String>)> {
    let begun = Instant::now();
    let ids = pages.items().map_ok(|ticket| ticket.id.to_string()).try_collect().await?;
    Ok((begun.elapsed(), ids))
}

async fn read(client: &TicketingClient, ahead: usize) -> Result<(Duration, Vec<String>)> {
    let client = client.clone().with_read_ahead(ahead);
    ids(client.ticket_pages(ListTickets::new().with_page_size(PAGE))).await
}

/// The same stream over two connections to the same instance, which take turns.
async fn read_by_two(one: &TicketingClient, two: &TicketingClient, ahead: usize) -> Result<(Duration, Vec<String>)> {
    warm(two).await?;
    let (clients, turn) = ([one.clone(), two.clone()], AtomicUsize::new(0));
    let pages = PageStream::new(None, ahead, move |cursor| {
        let client = clients[turn.fetch_add(1, Ordering::SeqCst) % 2].clone();
        let mut request = ListTickets::new().with_page_size(PAGE);
        request.cursor = cursor;
        async move { client.list_tickets(request).await }.boxed()
    });
    ids(pages).await
}
