//! Takes each remedy out in turn, and demands that a test goes red.
//!
//! A remedy is named in code by `ticketing_core::remedy::is_removed("name")`. This finds the names in the sources, so that
//! none is forgotten, and runs the suites once per name, until one goes red. The switches are in every test build of the
//! workspace, so that the tests as `cargo test --workspace` built them serve.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

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

/// The packages whose tests are run without each remedy, beside those of every provider.
const SUITES: &[&str] = &["conformance-tests", "ticketing-http"];

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
    ensure!(failing(&binaries, "")?.is_empty(), "tests fail with every remedy in place; mend them first");
    let mut silent = Vec::new();
    for name in &names {
        let mut red = Vec::new();
        for suite in by_likelihood(&binaries, name) {
            red = failing(std::slice::from_ref(suite), name)?;
            if !red.is_empty() {
                break;
            }
        }
        match red.first() {
            Some(first) => println!("{name}: {} red, the first {first}", red.len()),
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

/// The suites, first those of the crate that the remedy's name begins with.
fn by_likelihood<'s>(suites: &'s [Suite], remedy: &str) -> Vec<&'s Suite> {
    let crate_of = remedy.split('.').next().unwrap_or_default();
    let mut ordered: Vec<&Suite> = suites.iter().collect();
    ordered.sort_by_key(|suite| !suite.folder.to_string_lossy().ends_with(&format!("-{crate_of}")));
    ordered
}

/// Builds the suites' test binaries, and says where they are. Exactly as `cargo test --workspace` does: another choice of
/// packages has other features, and would build half of the tree again.
fn build(root: &Path) -> Result<Vec<Suite>> {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
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

/// The tests that fail without this remedy.
fn failing(suites: &[Suite], removed: &str) -> Result<Vec<String>> {
    let mut red = Vec::new();
    for suite in suites {
        let output = Command::new(&suite.binary)
            .env("TICKETING_WITHOUT_REMEDY", removed)
            .env("INSTA_UPDATE", "no")
            .env("CARGO_MANIFEST_DIR", &suite.folder)
            .current_dir(&suite.folder)
            .stdin(Stdio::null())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        red.extend(
            text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::to_owned)),
        );
        if !output.status.success() && red.is_empty() {
            red.push(format!("{} (it ended without naming a test)", suite.binary.display()));
        }
    }
    Ok(red)
}
