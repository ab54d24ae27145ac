//! Project chores: `cargo xtask --help`.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod bars;
mod cargo;
mod optimised;
mod remedies;
mod simulate;

use clap::{Parser, Subcommand};

/// Project chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measures what docs/performance.md says, and fails where a bound is missed.
    #[command(disable_help_flag = true)]
    Bars(bars::Arguments),
    /// Takes each remedy out in turn, and says which test goes red; fails where none does.
    Remedies(remedies::Arguments),
    /// Plays seeds of the simulation: small accounts under fire; fails where a ticket is lost, or anything written twice.
    Simulate(simulate::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Bars(arguments) => bars::run(&arguments),
        Chore::Remedies(arguments) => remedies::run(&arguments),
        Chore::Simulate(arguments) => simulate::run(&arguments),
    }
}
