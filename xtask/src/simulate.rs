//! Plays seeds of the deterministic simulation, or tells the story of one.
//!
//! What is played, and what must hold, is said in `conformance-tests/src/simulation/`. This builds its program and runs it.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::optimised;

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
    /// Takes this remedy out first, to see the simulation miss it; `cargo xtask remedies --list` names them. Slower: this is
    /// the build of the tests, the one that has the switches.
    #[arg(long, value_name = "NAME")]
    without: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = match &arguments.without {
        None => optimised::program("simulate")?,
        Some(_) => {
            let mut build = optimised::cargo();
            build.args(["build", "--locked", "--workspace", "--example", "simulate"]);
            optimised::built(build, "simulate")?
        }
    };
    let mut command = Command::new(program);
    command.current_dir(optimised::root()?);
    command.env("TICKETING_WITHOUT_REMEDY", arguments.without.as_deref().unwrap_or_default());
    match arguments.seed {
        Some(seed) => command.args(["replay".to_owned(), seed.to_string()]),
        None => command.arg("play").args([arguments.from, arguments.seeds, arguments.threads].map(|n| n.to_string())),
    };
    ensure!(command.status()?.success(), "the simulation found something; see above");
    Ok(())
}
