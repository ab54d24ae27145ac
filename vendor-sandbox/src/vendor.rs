//! The vendors that can be emulated, and one call to start any of them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::error::{Result, SandboxError};
use crate::serve::Running;
use crate::{jira, servicenow, zendesk};

/// An emulated vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Vendor {
    /// ServiceNow, see [`crate::servicenow`].
    ServiceNow,
    /// Jira, see [`crate::jira`].
    Jira,
    /// Zendesk Support, see [`crate::zendesk`].
    Zendesk,
}

impl Vendor {
    /// Every vendor there is.
    pub const ALL: &'static [Self] = &[Self::ServiceNow, Self::Jira, Self::Zendesk];

    /// The name that options and documents use.
    pub fn name(self) -> &'static str {
        match self {
            Self::ServiceNow => "servicenow",
            Self::Jira => "jira",
            Self::Zendesk => "zendesk",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Vendor {
    type Err = SandboxError;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|vendor| vendor.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|vendor| vendor.name()).collect();
            SandboxError::invalid("vendor", format!("{name:?}; known vendors: {}", known.join(", ")))
        })
    }
}

/// What can be chosen for a sandbox of any vendor.
///
/// ```
/// # async fn example() -> Result<(), vendor_sandbox::SandboxError> {
/// use vendor_sandbox::{Launch, Vendor};
///
/// let running = Launch::new(Vendor::ServiceNow).port(0).start().await?;
/// assert!(running.base_url().starts_with("http://127.0.0.1:"));
/// running.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Launch {
    vendor: Vendor,
    port: u16,
    seed: u64,
    tickets: Option<u64>,
    event_log: Option<PathBuf>,
    as_of: Option<DateTime<Utc>>,
    certificate: Option<PathBuf>,
    flavour: Option<String>,
}

impl Launch {
    /// A small synthetic company on any free port, plain http.
    pub fn new(vendor: Vendor) -> Self {
        Self { vendor, port: 0, seed: 0, tickets: None, event_log: None, as_of: None, certificate: None, flavour: None }
    }

    /// The loopback port; 0 for any free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The seed of everything random.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds so many generated tickets.
    pub fn tickets(mut self, tickets: u64) -> Self {
        self.tickets = Some(tickets);
        self
    }

    /// Loads a real event log (`.zip` or `.csv`).
    pub fn event_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.event_log = Some(path.into());
        self
    }

    /// The moment as of which the event log is loaded.
    pub fn as_of(mut self, as_of: DateTime<Utc>) -> Self {
        self.as_of = Some(as_of);
        self
    }

    /// Serves https; the self-signed certificate is written to this file.
    pub fn tls(mut self, certificate: impl Into<PathBuf>) -> Self {
        self.certificate = Some(certificate.into());
        self
    }

    /// Which of a vendor's products is emulated, by name: Jira's are `cloud` and `data-center`.
    pub fn flavour(mut self, flavour: impl Into<String>) -> Self {
        self.flavour = Some(flavour.into());
        self
    }

    /// Builds the sandbox and serves it.
    ///
    /// # Errors
    /// Options that do not fit together, a log that cannot be read, a port that is taken.
    pub async fn start(self) -> Result<Running> {
        match self.vendor {
            Vendor::ServiceNow => self.start_servicenow().await,
            Vendor::Jira => self.start_jira().await,
            Vendor::Zendesk => self.start_zendesk().await,
        }
    }

    /// Refuses what only another vendor's sandbox can do.
    fn without(&self, flavours: bool, event_log: bool) -> Result<()> {
        if let Some(flavour) = self.flavour.as_ref().filter(|_| !flavours) {
            return Err(SandboxError::invalid("flavour", format!("{flavour:?}; {} has no flavours", self.vendor)));
        }
        if !event_log && (self.event_log.is_some() || self.as_of.is_some()) {
            let reason = format!("the event log is one of ServiceNow; {} cannot load it", self.vendor);
            return Err(SandboxError::invalid("event_log", reason));
        }
        Ok(())
    }

    async fn start_servicenow(self) -> Result<Running> {
        self.without(false, true)?;
        let mut builder = servicenow::Sandbox::builder().seed(self.seed);
        if let Some(tickets) = self.tickets {
            builder = builder.tickets(tickets);
        }
        if let Some(path) = self.event_log {
            builder = builder.event_log(path);
        }
        if let Some(as_of) = self.as_of {
            builder = builder.as_of(as_of);
        }
        let sandbox = builder.build()?;
        match self.certificate {
            Some(path) => sandbox.serve_tls(self.port, path).await,
            None => sandbox.serve(self.port).await,
        }
    }

    async fn start_jira(self) -> Result<Running> {
        self.without(true, false)?;
        let mut builder = jira::Sandbox::builder().seed(self.seed).tickets(self.tickets.unwrap_or(0));
        if let Some(flavour) = self.flavour {
            builder = builder.flavour(flavour.parse()?);
        }
        let sandbox = builder.build()?;
        match self.certificate {
            Some(path) => sandbox.serve_tls(self.port, path).await,
            None => sandbox.serve(self.port).await,
        }
    }

    async fn start_zendesk(self) -> Result<Running> {
        self.without(false, false)?;
        let sandbox = zendesk::Sandbox::builder().seed(self.seed).tickets(self.tickets.unwrap_or(0)).build()?;
        match self.certificate {
            Some(path) => sandbox.serve_tls(self.port, path).await,
            None => sandbox.serve(self.port).await,
        }
    }
}
