//! A page of 1,000 incidents: bytes to documents, beside serde_json's bytes to an owned struct.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use futures::StreamExt as _;
use serde_json::Value;
use ticketing::TicketingClient;
use ticketing::request::ListTickets;
use vendor_sandbox::servicenow::{Sandbox, SandboxBuilder};

use crate::alternating::{alternate, thread_cpu};
use crate::canned::Canned;
use crate::figure::Figure;
use crate::instance::{IN_PROCESS, INCIDENTS, PAGE, connect, event_log, in_process};
use crate::owned_incident::{KEYS, Page};

const ROUNDS: usize = 40;

/// A page of each kind of row: the recorded log's, where there is one, and a synthetic one.
pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if let Some(path) = event_log() {
        let recorded = Sandbox::builder().event_log(path);
        figures.push(measure("mapping", "incidents of the recorded event log", recorded, rounds)?);
    }
    let synthetic = Sandbox::builder().seed(1).tickets(INCIDENTS);
    figures.push(measure("mapping.synthetic", "synthetic incidents", synthetic, rounds)?);
    Ok(figures)
}

/// Nothing waits here and nothing leaves the thread, so that its CPU time is what the work takes.
fn measure(id: &str, what: &str, instance: SandboxBuilder, rounds: Option<usize>) -> Result<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sandbox = instance.build()?;
    let transport = Arc::new(Canned::new(in_process(&sandbox)));
    let client = connect(IN_PROCESS, Some(Arc::clone(&transport) as _))?;
    let count = runtime.block_on(page(&client))?;
    let noted = transport.freeze().context("no incidents were asked for")?;
    let rows = check_keys(&noted.body)?;
    ensure!(count == rows && rows == PAGE as usize, "the page holds {rows} rows, and {count} tickets were made of it");

    let mut ours = || {
        let begun = thread_cpu();
        black_box(runtime.block_on(page(&client))?);
        Ok(thread_cpu() - begun)
    };
    let mut theirs = || {
        let begun = thread_cpu();
        let page: Page = serde_json::from_slice(black_box(&noted.body))?;
        let took = thread_cpu();
        black_box(page.result.iter().map(crate::owned_incident::Incident::size).sum::<usize>());
        // Dropping belongs to having: ours drops its tickets too.
        let again = thread_cpu();
        drop(page);
        Ok(took - begun + (thread_cpu() - again))
    };
    let runs = alternate(1, rounds.unwrap_or(ROUNDS), &mut [&mut ours, &mut theirs])?;
    let detail = format!(
        "1,000 {what}, {} bytes, {} keys: {:.2} ms to tickets, {:.2} ms to a struct",
        noted.body.len(),
        KEYS.len(),
        runs.median(0) * 1e3,
        runs.median(1) * 1e3
    );
    Ok(Figure::at_most(id, runs.ratio(0, 1), 1.5, " ×", detail))
}

async fn page(client: &TicketingClient) -> Result<usize> {
    let mut pages = client.ticket_pages(ListTickets::new().with_page_size(PAGE));
    let page = pages.next().await.context("there is a page")??;
    Ok(page.items.len())
}

/// The struct has the page's keys, all of them and no others.
fn check_keys(body: &[u8]) -> Result<usize> {
    let page: Value = serde_json::from_slice(body)?;
    let rows = page["result"].as_array().context("a list of rows")?;
    for row in rows {
        let row = row.as_object().context("a row")?;
        ensure!(
            row.len() == KEYS.len() && KEYS.iter().all(|key| row.contains_key(*key)),
            "the keys of the page are no longer those of `owned_incident.rs`"
        );
    }
    Ok(rows.len())
}
