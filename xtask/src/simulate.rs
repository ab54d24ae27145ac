//! Plays seeds of the deterministic simulation, or tells the story of one.
//!
//! What is played, and what must hold, is said in `conformance-tests/src/simulation/`. This builds its program in a profile
//! that is fast and still checks everything, and runs it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Which seeds.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Plays this seed alone, and tells what happens.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// How many seeds.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Threads that play them; 0: one for each core.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    threads: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")?;
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.current_dir(root).args(["run", "--quiet", "--locked", "--profile", "simulate"]);
    command.args(["--package", "conformance-tests", "--example", "simulate", "--"]);
    match arguments.seed {
        Some(seed) => command.args(["replay".to_owned(), seed.to_string()]),
        None => command.arg("play").args([arguments.from, arguments.seeds, arguments.threads].map(|n| n.to_string())),
    };
    ensure!(command.status()?.success(), "the simulation found something; see above");
    Ok(())
}
