//! Builds what measures, optimised as it is shipped, and runs it: `benches/` has the figures.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// Which figures to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For the measuring program: `--only ID`, `--all`, `--list`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.current_dir(root).args(["build", "--release", "--locked", "--message-format=json", "--quiet"]);
    build.args(["--package", "ticketing-benches", "--package", "ticketing-cli"]);
    let output = build.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the bars do not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let binary = text
        .lines()
        .filter_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            (message["target"]["name"] == "bars").then(|| message["executable"].as_str().map(str::to_owned))?
        })
        .next_back()
        .context("cargo named no program `bars`")?;
    let status = Command::new(binary).current_dir(root).args(&arguments.arguments).status()?;
    if !status.success() {
        bail!("a figure misses its bound, or could not be measured")
    }
    Ok(())
}
