//! `ticketing sandbox`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use ticketing::model::Timestamp;
use vendor_sandbox::{Launch, Running, SandboxError, Vendor};

use crate::args::{Globals, parse};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Format, stdout};

/// Serve a vendor's API on a loopback port, until Ctrl-C.
///
/// One line on standard output says where it listens. `admin` with the password `admin` may do everything. Its control
/// API is below /_sandbox/: state, clock, faults, requests, reset.
#[derive(Debug, Args)]
pub(crate) struct SandboxCommand {
    /// Whose API: servicenow
    #[arg(long)]
    vendor: Vendor,
    /// The port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    #[command(flatten)]
    source: SourceArgs,
    /// Serve https, with a self-signed certificate whose path is the second line on standard output
    #[arg(long)]
    tls: bool,
    /// Where the certificate is written; without it, into the system's temporary folder
    #[arg(long, value_name = "FILE", requires = "tls")]
    certificate: Option<PathBuf>,
}

/// What the sandbox is filled with; without anything, a small synthetic company.
#[derive(Debug, Clone, Args)]
pub(crate) struct SourceArgs {
    /// Everything random follows from it
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// So many synthetic tickets
    #[arg(long, value_name = "N", conflicts_with = "event_log")]
    tickets: Option<u64>,
    /// The recorded log of a real instance: UCI's "Incident management process enriched event log", zip or CSV
    #[arg(long, value_name = "FILE")]
    event_log: Option<PathBuf>,
    /// The moment of the log to serve, in UTC: '2016-03-10 12:00:00'; without it, its end
    #[arg(long, value_name = "TIME", requires = "event_log", value_parser = parse::moment)]
    as_of: Option<Timestamp>,
}

impl SourceArgs {
    /// The recorded log, where one was given.
    pub(crate) fn event_log(&self) -> Option<&Path> {
        self.event_log.as_deref()
    }

    /// A sandbox of this vendor with it, to be started.
    pub(crate) fn launch(&self, vendor: Vendor) -> Launch {
        let mut launch = Launch::new(vendor).seed(self.seed);
        if let Some(tickets) = self.tickets {
            launch = launch.tickets(tickets);
        }
        if let Some(path) = &self.event_log {
            launch = launch.event_log(path);
        }
        if let Some(as_of) = self.as_of {
            launch = launch.as_of(as_of);
        }
        launch
    }
}

/// A sandbox fails by its options: files, ports.
pub(crate) fn failure(error: SandboxError) -> Failure {
    Failure::new(Exit::Usage, error.to_string())
}

/// Where a sandbox listens, as a document.
#[derive(Serialize)]
struct Listening<'a> {
    vendor: &'static str,
    url: &'a str,
    certificate: Option<String>,
}

impl SandboxCommand {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let mut launch = self.source.launch(self.vendor).port(self.port);
        if self.tls {
            launch =
                launch.tls(self.certificate.clone().unwrap_or_else(|| {
                    std::env::temp_dir().join(format!("ticketing-sandbox-{}.pem", std::process::id()))
                }));
        }
        let running = launch.start().await.map_err(|error| match error {
            SandboxError::Io { ref source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Failure::usage(format!("--port: {} is in use; take another, or 0 for any free one", self.port))
            }
            other => failure(other),
        })?;
        let signals = Signals::listen()?;
        self.announce(globals, &running)?;
        let outcome = signals.told_to_stop().await;
        running.shutdown().await;
        outcome
    }

    fn announce(&self, globals: &Globals, running: &Running) -> Result<()> {
        let url = running.base_url();
        let certificate = running.certificate().map(|path| path.display().to_string());
        match globals.output.format() {
            Format::Json | Format::Jsonl => {
                globals.output.json_document(&Listening { vendor: self.vendor.name(), url: &url, certificate })
            }
            Format::Table => {
                let mut out = stdout();
                writeln!(out, "{} sandbox listening on {url}", self.vendor.name())?;
                if let Some(certificate) = certificate {
                    writeln!(out, "certificate: {certificate}")?;
                }
                Ok(out.flush()?)
            }
        }
    }
}

/// The signals that end a service: Ctrl-C, and where there is such a thing, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on: who reads the announcement may send a signal at once.
    fn listen() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let on = |kind| signal(kind).map_err(no_signals);
            Ok(Self { interrupt: on(SignalKind::interrupt())?, terminate: on(SignalKind::terminate())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    #[cfg_attr(not(unix), expect(unused_mut, reason = "the streams of signals are polled where there are any"))]
    async fn told_to_stop(mut self) -> Result<()> {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
            }
            Ok(())
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await.map_err(no_signals)
    }
}

fn no_signals(error: io::Error) -> Failure {
    Failure::new(Exit::Unexpected, format!("cannot wait for a signal: {error}"))
}
