//! Other processes: the sandbox, the command line, a client of its own; and what they needed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use tokio::runtime::Runtime;

use crate::alternating::wall;
use crate::instance::event_log;
use crate::vendors::{ServiceNow, Vendor};

/// The `ticketing` binary that was built beside this one.
pub(crate) fn ticketing() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(format!("ticketing{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.is_file(), "{} is not there: run `cargo xtask bars`, which builds it", path.display());
    Ok(path)
}

/// A sandbox in a process of its own; it ends with this value.
#[derive(Debug)]
pub(crate) struct SandboxProcess {
    child: Child,
    pub(crate) url: String,
    /// Whose tickets it has, in words.
    pub(crate) whose: &'static str,
}

impl SandboxProcess {
    /// With as many tickets as are read: ServiceNow's of the recorded log where there is one, generated ones elsewhere.
    pub(crate) fn start<V: Vendor>() -> Result<Self> {
        match event_log().filter(|_| V::NAME == ServiceNow::NAME) {
            Some(path) => Self::with::<V>("of the recorded event log", |command| command.arg("--event-log").arg(path)),
            None => Self::of::<V>(V::COUNT - V::COMPANY),
        }
    }

    /// So many generated tickets.
    pub(crate) fn of<V: Vendor>(tickets: u64) -> Result<Self> {
        Self::with::<V>("of the sandbox's making", |command| command.args(["--tickets", &tickets.to_string()]))
    }

    fn with<V: Vendor>(whose: &'static str, fill: impl FnOnce(&mut Command) -> &mut Command) -> Result<Self> {
        use std::io::BufRead as _;

        let mut command = Command::new(ticketing()?);
        fill(command.args(["sandbox", "--vendor", V::NAME, "--port", "0"]));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().context("the sandbox has an output")?;
        std::io::BufReader::new(out).read_line(&mut line)?;
        let Some((_, url)) = line.trim().rsplit_once(' ') else {
            let _ = child.kill();
            bail!("the sandbox did not start: {:?}", child.wait()?)
        };
        let sandbox = Self { url: url.to_owned(), whose, child };
        if let Some(settings) = V::SETTINGS {
            Runtime::new()?.block_on(sandbox.set(settings))?;
        }
        Ok(sandbox)
    }

    /// Changes how the sandbox answers.
    #[expect(clippy::disallowed_methods, reason = "the control API is no vendor's")]
    async fn set(&self, settings: &'static str) -> Result<()> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.put(format!("{}/_sandbox/settings", self.url)).body(settings).send().await?;
        ensure!(answer.status().is_success(), "the sandbox answered {} to {settings}", answer.status());
        Ok(())
    }

    /// The most memory that it ever had resident, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        peak_memory(&self.child.id().to_string())
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process ever had resident, in bytes; `self` is this one.
pub(crate) fn peak_memory(process: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).context("this needs Linux's /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel counts VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// The CPU time of all child processes that have ended and were waited for, theirs included.
pub(crate) fn children_cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("this needs Linux's /proc")?;
    // The name in brackets may hold blanks; what follows it does not.
    let (_, rest) = stat.rsplit_once(')').context("the form of /proc/self/stat")?;
    let ticks: Vec<u64> =
        rest.split_whitespace().skip(13).take(2).map(str::parse).collect::<Result<_, _>>().context("cutime, cstime")?;
    Ok(Duration::from_secs_f64(ticks.iter().sum::<u64>() as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Runs a command to its end and says what it printed; its complaints come with the error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// How long a command takes from its start to its end; its output goes nowhere.
pub(crate) fn timed(command: &mut Command) -> Result<Duration> {
    let begun = wall();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let took = wall() - begun;
    ensure!(status.success(), "{command:?} failed with {status}");
    Ok(took)
}
