//! The programs that measure and play, built optimised as the product is shipped: one build serves them all.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::cargo::cargo;

/// The workspace's folder.
pub(crate) fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")
}

/// Builds them, always the same packages together: another choice has other features, and would build half of the tree
/// again. Says where the one of that name is.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--bins", "--example", "simulate"]);
    build.args(["--package", "ticketing-benches", "--package", "ticketing-cli", "--package", "conformance-tests"]);
    built(build, name)
}

/// Runs a build, and says where the program of that name is.
pub(crate) fn built(mut build: Command, name: &str) -> Result<PathBuf> {
    build.current_dir(root()?).args(["--message-format=json", "--quiet"]);
    let output = build.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "`{name}` does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut executables = text.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == name).then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executables.next_back().with_context(|| format!("cargo named no program `{name}`"))
}
