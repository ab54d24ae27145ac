//! Takes each remedy out in turn, and demands that a test goes red.
//!
//! A remedy is named in code by `ticketing_core::remedy::is_removed("name")`. This finds the names in the sources, so that
//! none is forgotten, and runs the suites once per name, until a test goes red. The switches are in every test build of the
//! workspace, so that the tests as `cargo test --workspace` built them serve.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cargo::cargo;

/// Which remedies to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only remedies whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only list their names.
    #[arg(long)]
    list: bool,
}

/// The packages whose tests are run without a remedy, beside those of every provider.
const SUITES: &[&str] = &["ticketing-http", CONFORMANCE];
const CONFORMANCE: &str = "conformance-tests";
/// It builds a crate of its own, without the switches.
const SKIPPED: &str = "external_contributor";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")?;
    let names: Vec<String> = find(root)?
        .into_iter()
        .filter(|name| arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str())))
        .collect();
    ensure!(!names.is_empty(), "no remedy of that name is in the sources");
    if arguments.list {
        names.iter().for_each(|name| println!("{name}"));
        return Ok(());
    }
    let binaries = build(root)?;
    let mut silent = Vec::new();
    for name in &names {
        match first_red(&binaries, name)? {
            Some(red) => println!("{name}: {red}"),
            None => {
                println!("{name}: NO TEST WENT RED");
                silent.push(name.as_str());
            }
        }
    }
    if !silent.is_empty() {
        bail!("nobody notices when these are taken out: {}", silent.join(", "));
    }
    println!("{} remedies, each missed by a test", names.len());
    Ok(())
}

/// One test binary, and the folder of its package, in which cargo would run it.
struct Suite {
    binary: PathBuf,
    folder: PathBuf,
}

impl Suite {
    fn package(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    fn command(&self, removed: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env("TICKETING_WITHOUT_REMEDY", removed)
            .env("INSTA_UPDATE", "no")
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// The first test that fails without this remedy and passes with it; the others are not waited for.
    fn first_red(&self, removed: &str, only: &str) -> Result<Option<String>> {
        let mut child = self.command(removed).args([only, "--skip", SKIPPED]).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the tests' output")?;
        for line in BufReader::new(output).split(b'\n') {
            // What a failed test printed may be anything.
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if let Some(red) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
                child.kill()?;
                child.wait()?;
                let whole = self.command("").args(["--exact", red]).stdout(Stdio::null()).status()?.success();
                ensure!(whole, "{}: {red} fails with every remedy in place; mend that first", self.package());
                return Ok(Some(format!("{}: {red}", self.package())));
            }
        }
        let status = child.wait()?;
        ensure!(status.success(), "{} ended without naming a test", self.binary.display());
        Ok(None)
    }
}

/// The first test that fails without this remedy, in the tests of its own package or else in the suite of all providers.
fn first_red(suites: &[Suite], removed: &str) -> Result<Option<String>> {
    let owner = removed.split('.').next().unwrap_or_default();
    let own = |suite: &&Suite| suite.package().ends_with(&format!("-{owner}"));
    for suite in suites.iter().filter(own) {
        if let Some(red) = suite.first_red(removed, "")? {
            return Ok(Some(red));
        }
    }
    // A provider's remedies are missed by the cases that run on it; what all share, by any.
    let is_provider = suites.iter().any(|suite| suite.package() == format!("provider-{owner}"));
    let only = if is_provider { format!("{owner}::") } else { String::new() };
    for suite in suites.iter().filter(|suite| suite.package() == CONFORMANCE) {
        if let Some(red) = suite.first_red(removed, &only)? {
            return Ok(Some(red));
        }
    }
    Ok(None)
}

/// The names in every `is_removed("name")` of the sources.
fn find(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<PathBuf> = fs::read_dir(root)?
        .filter_map(|entry| Some(entry.ok()?.path().join("src")))
        .filter(|path| path.is_dir() && !path.starts_with(root.join("xtask")))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)?;
                names.extend(
                    text.split("is_removed(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())),
                );
            }
        }
    }
    Ok(names)
}

/// Builds the suites' test binaries, and says where they are. Exactly as `cargo test --workspace` does: another choice of
/// packages has other features, and would build half of the tree again.
fn build(root: &Path) -> Result<Vec<Suite>> {
    let mut command = cargo();
    command.current_dir(root).args(["test", "--workspace", "--no-run", "--message-format=json", "--quiet"]);
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the tests do not build");
    let binaries: Vec<Suite> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let binary = message["executable"].as_str()?.into();
            let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
            let package = folder.file_name()?.to_string_lossy().into_owned();
            let wanted = SUITES.contains(&package.as_str()) || package.starts_with("provider-");
            (wanted && message["profile"]["test"] == true).then_some(Suite { binary, folder })
        })
        .collect();
    ensure!(!binaries.is_empty(), "cargo named no test binary");
    Ok(binaries)
}
