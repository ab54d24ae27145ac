//! Builds what measures, optimised as it is shipped, and runs it: `benches/` has the figures.

use std::process::Command;

use anyhow::{Result, bail};

use crate::optimised;

/// Which figures to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For the measuring program: `--only ID`, `--all`, `--list`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let binary = optimised::program("bars")?;
    let status = Command::new(binary).current_dir(optimised::root()?).args(&arguments.arguments).status()?;
    if !status.success() {
        bail!("a figure misses its bound, or could not be measured")
    }
    Ok(())
}
