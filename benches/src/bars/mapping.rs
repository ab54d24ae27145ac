//! A page of tickets: bytes to documents, beside serde_json's bytes to an owned struct.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use futures::StreamExt as _;
use ticketing::TicketingClient;
use ticketing::request::ListTickets;

use crate::alternating::{alternate, thread_cpu};
use crate::bare_loop::parse;
use crate::canned::Canned;
use crate::figure::Figure;
use crate::instance::{IN_PROCESS, connect, event_log, in_process};
use crate::vendors::{Jira, ServiceNow, Vendor, Zendesk, check_page};

const ROUNDS: usize = 40;
/// Pages of a vendor whose pages are small are mapped several times in a run.
const ROWS: u32 = 1_000;

/// A page of each kind of row: of ServiceNow, the recorded log's, where there is one, and a synthetic one.
pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if let Some(path) = event_log() {
        let recorded = vendor_sandbox::servicenow::Sandbox::builder().event_log(path).build()?.router();
        figures.push(measure::<ServiceNow>("mapping", "of the recorded event log", recorded, rounds)?);
    }
    figures.push(synthetic::<ServiceNow>("mapping.synthetic", rounds)?);
    figures.push(synthetic::<Jira>("mapping.jira", rounds)?);
    figures.push(synthetic::<Zendesk>("mapping.zendesk", rounds)?);
    Ok(figures)
}

fn synthetic<V: Vendor>(id: &str, rounds: Option<usize>) -> Result<Figure> {
    measure::<V>(id, "of the sandbox's making", V::sandbox(V::COUNT)?, rounds)
}

/// Nothing waits here and nothing leaves the thread, so that its CPU time is what the work takes.
fn measure<V: Vendor>(id: &str, whose: &str, sandbox: Router, rounds: Option<usize>) -> Result<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let transport = Arc::new(Canned::new(in_process(sandbox), V::PATH));
    let client = connect::<V>(IN_PROCESS, Some(Arc::clone(&transport) as _))?;
    let count = runtime.block_on(page::<V>(&client))?;
    let noted = transport.freeze().with_context(|| format!("no {} were asked for", V::TICKETS))?;
    let rows = check_page::<V>(&noted.body)?;
    ensure!(rows == V::PAGE as usize, "the page holds {rows} rows");
    // Few of a page may be told at the end of a reading alone, as Zendesk's that were closed long ago; mapped they are here.
    ensure!(count > rows * 9 / 10, "the page holds {rows} rows, and {count} tickets were made of it");

    let times = (ROWS / V::PAGE).max(1);
    let mut ours = || {
        let begun = thread_cpu();
        for _ in 0..times {
            black_box(runtime.block_on(page::<V>(&client))?);
        }
        Ok(thread_cpu() - begun)
    };
    // Dropping belongs to having: both drop what they made.
    let mut theirs = || {
        let begun = thread_cpu();
        for _ in 0..times {
            drop(parse::<V>(black_box(&noted.body))?);
        }
        Ok(thread_cpu() - begun)
    };
    let runs = alternate(1, rounds.unwrap_or(ROUNDS), &mut [&mut ours, &mut theirs])?;
    let each = |side: usize| runs.median(side) * 1e3 / f64::from(times);
    let detail = format!(
        "{rows} {} {whose}, {} bytes: {:.2} ms to {count} tickets, {:.2} ms to a struct",
        V::TICKETS,
        noted.body.len(),
        each(0),
        each(1)
    );
    Ok(Figure::at_most(id, runs.ratio(0, 1), 1.5, " ×", detail))
}

async fn page<V: Vendor>(client: &TicketingClient) -> Result<usize> {
    let mut pages = client.ticket_pages(ListTickets::new().with_page_size(V::PAGE));
    let page = pages.next().await.context("there is a page")??;
    Ok(page.items.len())
}
