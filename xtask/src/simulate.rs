//! Plays seeds of the deterministic simulation, or tells the story of one.
//!
//! What is played, and what must hold, is said in `conformance-tests/src/simulation/`. This builds its program and runs it.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::cargo::cargo;
use crate::optimised;

/// Who has a world in the simulation.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Vendor {
    /// ServiceNow.
    #[value(name = "servicenow")]
    ServiceNow,
    /// Jira: Cloud or Data Center, as the seed says.
    Jira,
    /// Zendesk.
    Zendesk,
}

impl Vendor {
    const ALL: [Self; 3] = [Self::ServiceNow, Self::Jira, Self::Zendesk];

    /// As the program knows it.
    fn name(self) -> &'static str {
        match self {
            Self::ServiceNow => "servicenow",
            Self::Jira => "jira",
            Self::Zendesk => "zendesk",
        }
    }
}

/// Which seeds.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose world is played; all of them, one after the other, unless one is named.
    #[arg(long, value_enum)]
    vendor: Option<Vendor>,
    /// Plays this seed alone, and tells what happens; the vendor is to be named too.
    #[arg(long, value_name = "N", requires = "vendor", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// How many seeds of each vendor.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    from: u64,
    /// Threads that play them; 0: one for each core.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    threads: u64,
    /// Takes this remedy out first, to see the simulation miss it; `cargo xtask remedies --list` names them. This is the
    /// build of the tests, the one that has the switches.
    #[arg(long, value_name = "NAME")]
    without: Option<String>,
    /// Plays in the build of the tests: a fourth as fast, and worth it where an optimised one is not there yet.
    #[arg(long)]
    as_tested: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = if arguments.as_tested || arguments.without.is_some() {
        let mut build = cargo();
        build.args(["build", "--locked", "--workspace", "--example", "simulate"]);
        optimised::built(build, "simulate")?
    } else {
        optimised::program("simulate")?
    };
    let mut well = true;
    for vendor in arguments.vendor.map_or(Vendor::ALL.to_vec(), |vendor| vec![vendor]) {
        let mut command = Command::new(&program);
        command.current_dir(optimised::root()?);
        command.env("TICKETING_WITHOUT_REMEDY", arguments.without.as_deref().unwrap_or_default());
        match arguments.seed {
            Some(seed) => command.args(["replay", vendor.name()]).arg(seed.to_string()),
            None => {
                let numbers = [arguments.from, arguments.seeds, arguments.threads].map(|number| number.to_string());
                command.args(["play", vendor.name()]).args(numbers)
            }
        };
        well &= command.status()?.success();
    }
    ensure!(well, "the simulation found something; see above");
    Ok(())
}
