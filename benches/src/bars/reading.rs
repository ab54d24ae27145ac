//! All tickets over a loopback socket: through the trait, by a bare loop, and by the command line.

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
use crate::instance::connect;
use crate::process::{SandboxProcess, output, ticketing, timed};
use crate::vendors::{Jira, ServiceNow, Vendor, Zendesk};

const ROUNDS: usize = 5;

/// Everything that a connection has, with the usual number of pages in flight.
pub(crate) async fn read_all<V: Vendor>(client: &TicketingClient) -> Result<u64> {
    let mut count = 0;
    let mut tickets = client.tickets(ListTickets::new().with_page_size(V::PAGE));
    while let Some(ticket) = tickets.try_next().await? {
        std::hint::black_box(ticket);
        count += 1;
    }
    Ok(count)
}

/// How long a reading takes, whole or not at all.
pub(crate) fn timed_read<V: Vendor>(runtime: &Runtime, client: &TicketingClient) -> Result<Duration> {
    let begun = wall();
    let count = runtime.block_on(read_all::<V>(client))?;
    let took = wall() - begun;
    ensure!(count == V::COUNT, "{count} {} were read", V::TICKETS);
    Ok(took)
}

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let runtime = Runtime::new()?;
    let sandbox = SandboxProcess::start::<ServiceNow>()?;
    let rounds = rounds.unwrap_or(ROUNDS);
    Ok(vec![
        beside_bare::<ServiceNow>("reading.bare", &runtime, &sandbox, rounds)?,
        beside_command_line::<ServiceNow>("reading.jsonl", &sandbox, rounds)?,
        beside_bare::<Jira>("reading.jira", &runtime, &SandboxProcess::start::<Jira>()?, rounds)?,
        beside_bare::<Zendesk>("reading.zendesk", &runtime, &SandboxProcess::start::<Zendesk>()?, rounds)?,
    ])
}

fn beside_bare<V: Vendor>(id: &str, runtime: &Runtime, sandbox: &SandboxProcess, rounds: usize) -> Result<Figure> {
    let client = connect::<V>(&sandbox.url, None)?;
    let bare = BareLoop::<V>::new(&sandbox.url)?;
    let mut ours = || timed_read::<V>(runtime, &client);
    let mut theirs = || {
        let begun = wall();
        let count = runtime.block_on(bare.read())?;
        let took = wall() - begun;
        ensure!(count == V::COUNT, "the bare loop read {count} {}", V::TICKETS);
        Ok(took)
    };
    let runs = alternate(1, rounds, &mut [&mut ours, &mut theirs])?;
    let rate = |side: usize| V::COUNT as f64 / runs.median(side);
    let what = format!("{} {} {}", V::COUNT, V::TICKETS, sandbox.whose);
    let detail = format!("{what}: {:.0}/s through the trait, {:.0}/s by a bare loop", rate(0), rate(1));
    Ok(Figure::at_least(id, runs.ratio(1, 0), 0.6, " ×", detail))
}

/// Beside the command line: the library in a program that does nothing else, started and connected anew as well.
fn beside_command_line<V: Vendor>(id: &str, sandbox: &SandboxProcess, rounds: usize) -> Result<Figure> {
    let (this, program) = (std::env::current_exe()?, ticketing()?);
    let config = V::config(&sandbox.url).to_string();
    let listed = |program: &Path| {
        let mut command = Command::new(program);
        command.args(["tickets", "list", "--jsonl", "--provider", V::NAME, "--config", &config]);
        command.args(["--page-size", &V::PAGE.to_string()]);
        command
    };
    let lines = output(&mut listed(&program))?.lines().count();
    ensure!(lines as u64 == V::COUNT, "the command line listed {lines} {}", V::TICKETS);
    let mut program_of_ours = || timed(Command::new(&this).args(["--stream", &sandbox.url]));
    let mut command_line = || timed(&mut listed(&program));
    let runs = alternate(1, rounds, &mut [&mut program_of_ours, &mut command_line])?;
    let rate = |side: usize| V::COUNT as f64 / runs.median(side);
    let what = format!("{} {} {}", V::COUNT, V::TICKETS, sandbox.whose);
    let detail =
        format!("{what}: {:.0}/s by a program of the library's, {:.0}/s by the command line", rate(0), rate(1));
    Ok(Figure::at_least(id, runs.ratio(0, 1), 0.75, " ×", detail))
}
