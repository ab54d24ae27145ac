//! Pages that only the page before leads to, where every answer takes 50 ms: through the trait, and by a bare loop over the
//! same transport. In real time, so that what is done between two requests counts.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use futures::TryStreamExt as _;
use ticketing::request::ListTickets;
use ticketing_http::http::{Request, StatusCode};
use ticketing_http::{Body, Transport};

use super::reading::read_all;
use crate::alternating::{alternate, wall};
use crate::bare_loop::{BareLoop, parse};
use crate::figure::Figure;
use crate::instance::{IN_PROCESS, connect, in_process};
use crate::slow::{LATENCY, Slow};
use crate::vendors::{Jira, Page as _, Vendor as _};

const ROUNDS: usize = 3;
const PAGES: u64 = 100;
const TICKETS: u64 = PAGES * Jira::PAGE as u64;

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let slow = Arc::new(Slow::new(in_process(Jira::sandbox(TICKETS - Jira::COMPANY)?)));
    let client = connect::<Jira>(IN_PROCESS, Some(Arc::clone(&slow) as _))?;
    let bare = BareLoop::<Jira>::new(IN_PROCESS)?;
    // What is learned of a site once is learned before.
    runtime.block_on(client.list_tickets(ListTickets::new().with_page_size(1)))?;

    let timed = |count: Result<u64>, begun: Duration| {
        let took = wall() - begun;
        let count = count?;
        ensure!(count == TICKETS, "{count} issues were read");
        Ok(took)
    };
    let mut ours = || {
        let begun = wall();
        timed(runtime.block_on(read_all::<Jira>(&client)), begun)
    };
    let mut theirs = || {
        let begun = wall();
        timed(runtime.block_on(read(&bare, slow.as_ref())), begun)
    };
    let runs = alternate(1, rounds.unwrap_or(ROUNDS), &mut [&mut ours, &mut theirs])?;
    let detail = format!(
        "{PAGES} pages of {} issues, token by token, {} ms each: {:.2} s through the trait, {:.2} s by a bare loop",
        Jira::PAGE,
        LATENCY.as_millis(),
        runs.median(0),
        runs.median(1)
    );
    Ok(vec![Figure::at_most("pages.tokens", runs.ratio(0, 1), 1.1, " ×", detail)])
}

/// The bare loop, over a transport of ours.
async fn read(bare: &BareLoop<Jira>, transport: &dyn Transport) -> Result<u64> {
    let (mut count, mut after) = (0, None);
    loop {
        let (parts, body) = Request::<reqwest::Body>::try_from(bare.request(after.as_deref()).build()?)?.into_parts();
        let body = Bytes::copy_from_slice(body.as_bytes().unwrap_or_default());
        let answer = transport.send(Request::from_parts(parts, Body::Bytes(body))).await?;
        ensure!(answer.status() == StatusCode::OK, "the instance answered {}", answer.status());
        let pieces: Vec<Bytes> = answer.into_body().try_collect().await?;
        let page = parse::<Jira>(&pieces.concat())?;
        count += page.rows();
        after = page.next(count);
        if after.is_none() {
            return Ok(count as u64);
        }
    }
}
