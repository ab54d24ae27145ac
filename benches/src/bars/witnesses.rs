//! Other people's clients on the same server, as their authors publish them, in the versions that drive the sandboxes in CI.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::Runtime;

use super::reading::timed_read;
use crate::alternating::{Runs, alternate};
use crate::figure::Figure;
use crate::instance::connect;
use crate::process::{SandboxProcess, output};
use crate::vendors::{Client, Jira, ServiceNow, Vendor, Zendesk};

const ROUNDS: usize = 3;

/// A figure: against which of the clients, the fastest of them, and its bound.
struct Wanted {
    id: &'static str,
    bound: f64,
    of: fn(&Client) -> bool,
}

/// Of those that Python has, and of those that JavaScript has. Faster is faster: by whatever is more than the measuring is off.
const fn by_language(python: &'static str, javascript: &'static str) -> [Wanted; 2] {
    [
        Wanted { id: python, bound: 10.0, of: |client| !client.is_javascript() },
        Wanted { id: javascript, bound: 1.0, of: Client::is_javascript },
    ]
}

pub(crate) fn run(rounds: Option<usize>) -> Result<Vec<Figure>> {
    let rounds = rounds.unwrap_or(ROUNDS);
    let servicenow = [
        Wanted { id: "witnesses.pysnc", bound: 10.0, of: |client| client.name == "PySNC" },
        Wanted { id: "witnesses.fastest", bound: 2.0, of: |_| true },
    ];
    let jira = by_language("witnesses.jira.python", "witnesses.jira.javascript");
    let zendesk = by_language("witnesses.zendesk.python", "witnesses.zendesk.javascript");
    let mut figures = measure::<ServiceNow>(&servicenow, rounds)?;
    figures.extend(measure::<Jira>(&jira, rounds)?);
    figures.extend(measure::<Zendesk>(&zendesk, rounds)?);
    Ok(figures)
}

/// A client that can be run.
struct Ready {
    client: &'static Client,
    runner: Runner,
}

fn measure<V: Vendor>(wanted: &[Wanted], rounds: usize) -> Result<Vec<Figure>> {
    let (mut ready, mut absent) = (Vec::new(), Vec::new());
    for client in V::CLIENTS {
        match Runner::of(V::NAME, client) {
            Ok(runner) => ready.push(Ready { client, runner }),
            Err(error) => absent.push((client, format!("{} cannot be installed: {error:#}", client.name))),
        }
    }
    let runtime = Runtime::new()?;
    let sandbox = SandboxProcess::start::<V>()?;
    let connection = connect::<V>(&sandbox.url, None)?;
    let mut ours = || timed_read::<V>(&runtime, &connection);
    let mut theirs: Vec<_> = ready.iter().map(|one| || one.read::<V>(&sandbox.url)).collect();
    let mut sides: Vec<&mut dyn FnMut() -> Result<Duration>> = vec![&mut ours];
    sides.extend(theirs.iter_mut().map(|side| side as &mut dyn FnMut() -> Result<Duration>));
    // Each of their runs is a process of its own, so that nothing is warmer in the second.
    let runs = alternate(0, if ready.is_empty() { 0 } else { rounds }, &mut sides)?;
    let figure = |wanted: &Wanted| match absent.iter().find(|(client, _)| (wanted.of)(client)) {
        Some((_, why)) => Figure::skipped(wanted.id, why.clone()),
        None => told::<V>(wanted, &ready, &runs, sandbox.whose),
    };
    Ok(wanted.iter().map(figure).collect())
}

fn told<V: Vendor>(wanted: &Wanted, ready: &[Ready], runs: &Runs, whose: &str) -> Figure {
    let rate = |side: usize| format!("{:.0}/s", V::COUNT as f64 / runs.median(side));
    let sides = || ready.iter().zip(1..).filter(|(one, _)| (wanted.of)(one.client));
    let rates: Vec<String> = sides().map(|(one, side)| format!("{} {}", one.client.name, rate(side))).collect();
    let least = sides().map(|(_, side)| runs.ratio(side, 0)).fold(f64::INFINITY, f64::min);
    let detail = format!(
        "{} {} {whose}: {} through the trait; {}; the fastest counts",
        V::COUNT,
        V::TICKETS,
        rate(0),
        rates.join(", ")
    );
    Figure::at_least(wanted.id, least, wanted.bound, " ×", detail)
}

impl Ready {
    /// The time that a client took for reading, without the start of its interpreter.
    fn read<V: Vendor>(&self, url: &str) -> Result<Duration> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(self.client.script);
        let mut command = Command::new(&self.runner.program);
        command.args([script.as_os_str(), url.as_ref(), V::FIELDS.join(",").as_ref(), V::PAGE.to_string().as_ref()]);
        command.envs(self.runner.modules.iter().map(|path| ("NODE_PATH", path)));
        let said = output(command.env_remove("http_proxy").env("NO_PROXY", "*"))?;
        let (count, seconds) = said.trim().split_once(' ').context("a count and seconds")?;
        ensure!(count.parse::<u64>()? == V::COUNT, "{} read {count} {}", self.client.name, V::TICKETS);
        Ok(Duration::from_secs_f64(seconds.parse()?))
    }
}

/// What runs a client's script.
struct Runner {
    program: PathBuf,
    /// Where Node.js finds packages.
    modules: Option<PathBuf>,
}

impl Runner {
    /// An environment below `target/` with the client's pinned packages, made where it is not there.
    fn of(vendor: &str, client: &Client) -> Result<Self> {
        let target = std::env::current_exe()?.parent().and_then(Path::parent).context("a target folder")?.to_owned();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace has a root")?;
        let pins = root.join("conformance-tests/witnesses").join(vendor).join("requirements").join(client.pins);
        let environment = target.join("bars-clients").join(vendor).join(client.pins);
        let runner = match client.is_javascript() {
            true => Self { program: "node".into(), modules: Some(environment.join("node_modules")) },
            false => Self { program: environment.join("bin/python"), modules: None },
        };
        let lock = if client.is_javascript() { pins.join("package-lock.json") } else { pins.clone() };
        let wanted = std::fs::read_to_string(&lock).with_context(|| format!("{}", lock.display()))?;
        let ready = environment.join("installed.txt");
        if std::fs::read_to_string(&ready).is_ok_and(|installed| installed == wanted) {
            return Ok(runner);
        }
        if client.is_javascript() {
            std::fs::create_dir_all(&environment)?;
            for name in ["package.json", "package-lock.json"] {
                std::fs::copy(pins.join(name), environment.join(name))?;
            }
            output(Command::new("node").arg("--version"))?;
            let quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
            output(Command::new("npm").arg("ci").args(quiet).arg("--prefix").arg(&environment))?;
        } else {
            output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
            output(Command::new(&runner.program).args(pip).arg(&pins))?;
        }
        std::fs::write(&ready, wanted)?;
        Ok(runner)
    }
}
