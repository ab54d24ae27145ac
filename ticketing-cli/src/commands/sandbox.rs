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

/// Who may come in.
const LOGINS: &str = "\
Logins:
  servicenow  basic admin/admin, and itil/itil, who sees less; the API key sandbox-api-key
  jira        basic admin/admin and itil/itil; a Data Center's token sandbox-pat
  zendesk     bearer sandbox-bearer; EMAIL of the staff with the API token sandbox-token
  OAuth       the client sandbox-client with the secret sandbox-secret";

/// Serve the APIs of vendors on loopback ports, until Ctrl-C.
///
/// One line on standard output for each says where it listens. `admin` with the password `admin` may do everything. The
/// control API of each is below /_sandbox/: state, clock, faults, requests, reset.
#[derive(Debug, Args)]
#[command(after_help = LOGINS)]
pub(crate) struct SandboxCommand {
    /// Whose API: servicenow, jira, zendesk; several with commas between them, each on a port of its own
    #[arg(long, required = true, value_delimiter = ',', value_name = "VENDOR")]
    vendor: Vec<Vendor>,
    /// The port on 127.0.0.1, and of several the first one's; 0 takes any free ones
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Which Jira: cloud or data-center; without it, cloud
    #[arg(long, value_name = "NAME")]
    flavour: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// Serve https, with a self-signed certificate whose path is the second line on standard output
    #[arg(long)]
    tls: bool,
    /// Where the certificate is written; without it, into the system's temporary folder. Not with several vendors
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
    #[arg(long, value_name = "TIME", requires = "event_log", value_parser = parse::moment_of_a_log)]
    as_of: Option<Timestamp>,
}

impl SourceArgs {
    /// The recorded log, where one was given.
    pub(crate) fn event_log(&self) -> Option<&Path> {
        self.event_log.as_deref()
    }

    /// The moment of the log that is served, where one was given.
    pub(crate) fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// A sandbox of this vendor with the small company, whatever the log.
    pub(crate) fn company(&self, vendor: Vendor) -> Launch {
        Launch::new(vendor).seed(self.seed)
    }

    /// A sandbox of this vendor with it, to be started.
    pub(crate) fn launch(&self, vendor: Vendor) -> Launch {
        let mut launch = self.company(vendor);
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
        if self.certificate.is_some() && self.vendor.len() > 1 {
            return Err(Failure::usage(
                "--certificate: one file cannot hold the certificates of several vendors; leave it out",
            ));
        }
        if self.flavour.is_some() && !self.vendor.contains(&Vendor::Jira) {
            return Err(Failure::usage("--flavour: only jira has flavours; name it in --vendor, or leave this out"));
        }
        let mut started = Vec::with_capacity(self.vendor.len());
        for (vendor, offset) in self.vendor.iter().zip(0..) {
            started.push((*vendor, self.start(*vendor, offset).await?));
        }
        let signals = Signals::listen()?;
        announce(globals, &started)?;
        let outcome = signals.told_to_stop().await;
        for (_, running) in started {
            running.shutdown().await;
        }
        outcome
    }

    /// Starts one of the vendors, on the port that is so many after the first one.
    async fn start(&self, vendor: Vendor, offset: u16) -> Result<Running> {
        let port = match self.port {
            0 => 0,
            first => first.checked_add(offset).ok_or_else(|| {
                Failure::usage(format!("--port: no port is left for {vendor} after {first}; take a lower one"))
            })?,
        };
        let mut launch = self.source.launch(vendor).port(port);
        if let Some(flavour) = self.flavour.as_ref().filter(|_| vendor == Vendor::Jira) {
            launch = launch.flavour(flavour);
        }
        if self.tls {
            launch = launch.tls(self.certificate.clone().unwrap_or_else(|| {
                std::env::temp_dir().join(format!("ticketing-sandbox-{}-{vendor}.pem", std::process::id()))
            }));
        }
        launch.start().await.map_err(|error| match error {
            SandboxError::Io { ref source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Failure::usage(format!("--port: {port} is in use; take another, or 0 for any free one"))
            }
            other => failure(other),
        })
    }
}

/// Says where each of them listens: a line each, or one document, which is a list when there are several.
fn announce(globals: &Globals, started: &[(Vendor, Running)]) -> Result<()> {
    let urls: Vec<String> = started.iter().map(|(_, running)| running.base_url()).collect();
    let all: Vec<Listening<'_>> = started
        .iter()
        .zip(&urls)
        .map(|((vendor, running), url)| Listening {
            vendor: vendor.name(),
            url,
            certificate: running.certificate().map(|path| path.display().to_string()),
        })
        .collect();
    match (globals.output.format(), all.as_slice()) {
        (Format::Json | Format::Jsonl, [one]) => globals.output.json_document(one),
        (Format::Json, all) => globals.output.json_document(&all),
        (Format::Jsonl, all) => all.iter().try_for_each(|one| globals.output.json_document(one)),
        (Format::Table, all) => {
            let mut out = stdout();
            for one in all {
                writeln!(out, "{} sandbox listening on {}", one.vendor, one.url)?;
                if let Some(certificate) = &one.certificate {
                    writeln!(out, "certificate: {certificate}")?;
                }
            }
            Ok(out.flush()?)
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
