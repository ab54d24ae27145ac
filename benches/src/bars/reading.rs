//! 24,918 incidents over a loopback socket: through the trait, by a bare loop, and by the command line.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::TryStreamExt as _;
use ticketing::TicketingClient;
use ticketing::request::ListTickets;
use tokio::runtime::Runtime;

use crate::alternating::{alternate, wall};
use crate::bare_loop::BareLoop;
use crate::figure::Figure;
use crate::instance::{INCIDENTS, PAGE, config, connect, source};
use crate::process::{SandboxProcess, output, ticketing, timed};

const ROUNDS: usize = 5;

/// Everything that a connection has, with the usual number of pages in flight.
pub(crate) async fn read_all(client: &TicketingClient) -> Result<u64> {
    let mut count = 0;
    let mut tickets = client.tickets(ListTickets::new().with_page_size(PAGE));
    while let Some(ticket) = tickets.try_next().await? {
        std::hint::black_box(ticket);
        count += 1;
    }
    Ok(count)
}

/// How long a reading takes, whole or not at all.
pub(crate) fn timed_read(runtime: &Runtime, client: &TicketingClient) -> Result<Duration> {
    let begun = wall();
    let count = runtime.block_on(read_all(client))?;
    let took = wall() - begun;
    ensure!(count == INCIDENTS, "{count} incidents were read");
    Ok(took)
}

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let runtime = Runtime::new()?;
    let sandbox = SandboxProcess::start()?;
    let client = connect(&sandbox.url, None)?;
    let bare = BareLoop::new(&sandbox.url)?;
    let program = ticketing()?;
    let config = config(&sandbox.url).to_string();

    let listed = |program: &Path| {
        let mut command = Command::new(program);
        command.args(["tickets", "list", "--jsonl", "--provider", "servicenow", "--config", &config]);
        command.args(["--page-size", &PAGE.to_string()]);
        command
    };
    let lines = output(&mut listed(&program))?.lines().count();
    ensure!(lines as u64 == INCIDENTS, "the command line listed {lines} incidents");

    let mut ours = || timed_read(&runtime, &client);
    let mut theirs = || {
        let begun = wall();
        let count = runtime.block_on(bare.read())?;
        let took = wall() - begun;
        ensure!(count as u64 == INCIDENTS, "the bare loop read {count} incidents");
        Ok(took)
    };
    // Beside the command line: the library in a program that does nothing else, started and connected anew as well.
    let this = std::env::current_exe()?;
    let mut program_of_ours = || timed(Command::new(&this).args(["--stream", &sandbox.url]));
    let mut command_line = || timed(&mut listed(&program));
    let runs =
        alternate(1, rounds.unwrap_or(ROUNDS), &mut [&mut ours, &mut theirs, &mut program_of_ours, &mut command_line])?;
    let rate = |side: usize| INCIDENTS as f64 / runs.median(side);
    let what = format!("{INCIDENTS} {}", source());
    let bare = format!("{what}: {:.0}/s through the trait, {:.0}/s by a bare loop", rate(0), rate(1));
    let jsonl = format!("{what}: {:.0}/s by a program of the library's, {:.0}/s by the command line", rate(2), rate(3));
    Ok(vec![
        Figure::at_least("reading.bare", runs.ratio(1, 0), 0.6, " ×", bare),
        Figure::at_least("reading.jsonl", runs.ratio(2, 3), 0.75, " ×", jsonl),
    ])
}
