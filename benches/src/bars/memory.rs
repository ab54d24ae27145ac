//! 1,000,000 incidents, one by one, in little memory: client and sandbox are processes of their own.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use super::reading::read_all;
use crate::alternating::wall;
use crate::figure::Figure;
use crate::instance::connect;
use crate::process::{SandboxProcess, output, peak_memory};
use crate::vendors::ServiceNow;

const MILLION: u64 = 1_000_000;
const MIB: f64 = 1024.0 * 1024.0;

/// Reads everything of an instance, and says on standard output how many there were and what memory it took. This is the
/// client's own process.
pub(crate) fn stream(url: &str) -> Result<()> {
    let count = Runtime::new()?.block_on(read_all::<ServiceNow>(&connect::<ServiceNow>(url, None)?))?;
    println!("{count} {}", peak_memory("self")?);
    Ok(())
}

pub(crate) fn run(_rounds: Option<usize>) -> Result<Vec<Figure>> {
    let sandbox = SandboxProcess::of::<ServiceNow>(MILLION)?;
    let begun = wall();
    let said = output(Command::new(std::env::current_exe()?).args(["--stream", &sandbox.url]))?;
    let took = wall() - begun;
    let (count, memory) = said.trim().split_once(' ').context("a count and a number of bytes")?;
    let (count, memory): (u64, f64) = (count.parse()?, memory.parse()?);
    // The company of the sandbox has some of its own.
    ensure!(count >= MILLION, "{count} incidents were streamed");
    let served = sandbox.peak_memory()? as f64;
    let client = format!("{count} incidents streamed in {:.0} s, peak resident memory", took.as_secs_f64());
    Ok(vec![
        Figure::at_most("memory.client", memory / MIB, 64.0, " MiB", client),
        Figure::at_most(
            "memory.sandbox",
            served / MIB,
            1024.0,
            " MiB",
            "of the sandbox that served them, peak resident memory".to_owned(),
        ),
    ])
}
