//! Every figure of docs/performance.md: `cargo xtask bars`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod alternating;
mod bare_loop;
mod bars;
mod canned;
mod figure;
mod instance;
mod limited_server;
mod process;
mod slow;
mod tree;
mod vendors;

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use crate::figure::Figure;

/// Measures what docs/performance.md says: one JSON line per figure on standard output, a table on standard error. Fails
/// where a bound is missed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bars")]
struct Arguments {
    /// Only these groups, or groups of these figures; several by commas
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// The slow ones too: `cost` builds two programs from nothing
    #[arg(long)]
    all: bool,
    /// So many rounds of each ratio, instead of the usual number
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Only list the groups
    #[arg(long)]
    list: bool,
    /// Stream this instance's incidents, and say how many there were and the memory that it took: a process of `memory`
    #[arg(long, value_name = "URL", hide = true)]
    stream: Option<String>,
    /// Open each connection of this store once, and say the memory that they take then: a process of `connections`
    #[arg(long, value_name = "PATH", hide = true)]
    idle: Option<String>,
}

/// Figures that are measured together.
struct Group {
    name: &'static str,
    run: fn(Option<usize>) -> Result<Vec<Figure>>,
    /// True where it is measured only when it is asked for.
    slow: bool,
}

const GROUPS: &[Group] = &[
    Group { name: "mapping", run: bars::mapping::run, slow: false },
    Group { name: "text", run: bars::text::run, slow: false },
    Group { name: "overlap", run: bars::overlap::run, slow: false },
    Group { name: "pages", run: bars::pages::run, slow: false },
    Group { name: "limits", run: bars::limits::run, slow: false },
    Group { name: "reading", run: bars::reading::run, slow: false },
    Group { name: "witnesses", run: bars::witnesses::run, slow: false },
    Group { name: "memory", run: bars::memory::run, slow: false },
    Group { name: "connections", run: bars::connections::run, slow: false },
    Group { name: "cost", run: bars::cost::run, slow: true },
];

impl Arguments {
    /// The groups to measure; a figure's id stands for its group.
    fn groups(&self) -> Result<Vec<&'static Group>> {
        for only in &self.only {
            let known = GROUPS.iter().any(|group| Some(group.name) == only.split('.').next());
            let names: Vec<_> = GROUPS.iter().map(|group| group.name).collect();
            ensure!(known, "--only: there is no `{only}`; there are: {}", names.join(", "));
        }
        let is_wanted = |group: &&Group| match self.only.as_slice() {
            [] => self.all || !group.slow,
            only => only.iter().any(|only| Some(group.name) == only.split('.').next()),
        };
        Ok(GROUPS.iter().filter(is_wanted).collect())
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(url) = &arguments.stream {
        bars::memory::stream(url)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(path) = &arguments.idle {
        bars::connections::idle(path)?;
        return Ok(ExitCode::SUCCESS);
    }
    let groups = arguments.groups()?;
    if arguments.list {
        groups.iter().for_each(|group| println!("{}", group.name));
        return Ok(ExitCode::SUCCESS);
    }
    let mut failed = false;
    for group in groups {
        for figure in (group.run)(arguments.rounds).with_context(|| format!("measuring `{}`", group.name))? {
            println!("{}", serde_json::to_string(&figure)?);
            eprintln!("{}", figure.line());
            failed |= figure.fails();
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
