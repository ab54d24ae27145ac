//! Other people's clients on the same server: PySNC, pysnow and aiosnow, as their authors publish them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use super::reading::timed_read;
use crate::alternating::alternate;
use crate::figure::Figure;
use crate::instance::{INCIDENTS, PAGE, connect, source};
use crate::owned_incident::KEYS;
use crate::process::{SandboxProcess, output};

const ROUNDS: usize = 3;
/// What is installed, together; aiosnow wants an environment of its own.
const CLIENTS: [(&str, &str, &[&str]); 3] = [
    ("pysnc", "requests", &["pysnc==1.2.1", "pysnow==0.7.17"]),
    ("pysnow", "requests", &["pysnc==1.2.1", "pysnow==0.7.17"]),
    ("aiosnow", "aiohttp", &["aiosnow==0.6.0"]),
];

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let mut pythons = Vec::new();
    for (name, environment, packages) in CLIENTS {
        match python(environment, packages) {
            Ok(python) => pythons.push((name, python)),
            Err(error) => {
                let why = format!("{name} cannot be installed: {error:#}");
                return Ok(vec![
                    Figure::skipped("witnesses.pysnc", why.clone()),
                    Figure::skipped("witnesses.fastest", why),
                ]);
            }
        }
    }
    let runtime = Runtime::new()?;
    let sandbox = SandboxProcess::start()?;
    let client = connect(&sandbox.url, None)?;
    let read = |nth: usize| {
        let (name, python) = &pythons[nth];
        read_with(name, python, &sandbox.url)
    };
    let mut ours = || timed_read(&runtime, &client);
    let (mut pysnc, mut pysnow, mut aiosnow) = (|| read(0), || read(1), || read(2));
    // Each of their runs is a process of its own, so that nothing is warmer in the second.
    let runs = alternate(0, rounds.unwrap_or(ROUNDS), &mut [&mut ours, &mut pysnc, &mut pysnow, &mut aiosnow])?;
    let rate = |side: usize| INCIDENTS as f64 / runs.median(side);
    let fastest = (1..4).min_by(|a, b| runs.median(*a).total_cmp(&runs.median(*b))).unwrap_or(1);
    let detail = format!(
        "{INCIDENTS} {}: {:.0}/s through the trait; PySNC {:.0}/s, pysnow {:.0}/s, aiosnow {:.0}/s",
        source(),
        rate(0),
        rate(1),
        rate(2),
        rate(3)
    );
    Ok(vec![
        Figure::at_least("witnesses.pysnc", runs.ratio(1, 0), 10.0, " ×", detail.clone()),
        Figure::at_least("witnesses.fastest", runs.ratio(fastest, 0), 2.0, " ×", detail),
    ])
}

/// The time that a client took for reading, without the start of its interpreter.
fn read_with(name: &str, python: &Path, url: &str) -> Result<Duration> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("clients/read_{name}.py"));
    let mut command = Command::new(python);
    command.arg(script).args([url, &KEYS.join(","), &PAGE.to_string()]).env_remove("http_proxy").env("NO_PROXY", "*");
    let said = output(&mut command)?;
    let (count, seconds) = said.trim().split_once(' ').context("a count and seconds")?;
    ensure!(count.parse::<u64>()? == INCIDENTS, "{name} read {count} incidents");
    Ok(Duration::from_secs_f64(seconds.parse()?))
}

/// The interpreter of an environment with these packages, below `target/`, made where it is not there.
fn python(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let target = std::env::current_exe()?.parent().and_then(Path::parent).context("a target folder")?.to_owned();
    let environment = target.join("bars-python").join(name);
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if !ready.is_file() {
        output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        output(Command::new(&python).args(pip).args(packages))?;
        std::fs::write(&ready, packages.join("\n"))?;
    }
    Ok(python)
}
