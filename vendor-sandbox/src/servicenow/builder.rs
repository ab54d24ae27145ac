//! Building, serving and cloning a ServiceNow sandbox.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};

use super::control::Control;
use super::credentials::Logins;
use super::event_log::EventLog;
use super::instance::Instance;
use super::oauth::OAuthClient;
use super::settings::{Settings, Source};
use crate::company::Company;
use crate::control::{self, Control as SharedControl};
use crate::error::{Result, SandboxError};
use crate::pipeline::Pipeline;
use crate::serve::{Running, serve};
use crate::tls;

/// When the clock starts, unless an event log or the caller says otherwise: after everything that
/// happened to the standard company.
const START: &str = "2026-02-01T00:00:00Z";

/// Tables of the customer service plugin.
const CUSTOMER_SERVICE: &[&str] = &["sn_customerservice_case", "customer_account", "customer_contact"];

/// A ServiceNow instance that fails the way the vendor fails. Clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox {
    instance: Arc<Instance>,
    pipeline: Arc<Pipeline>,
}

/// What a sandbox is made of; every choice has a default.
#[derive(Debug, Clone)]
pub struct SandboxBuilder {
    seed: u64,
    start: Option<DateTime<Utc>>,
    as_of: Option<DateTime<Utc>>,
    company: Company,
    tickets: Option<u64>,
    event_log: Option<PathBuf>,
    logins: Logins,
    properties: Vec<(String, String)>,
    customer_service: bool,
    threads: usize,
    queue: usize,
    rate_limit_flush_seconds: i64,
}

impl Sandbox {
    /// Starts with the standard company and seed 0.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            seed: 0,
            start: None,
            as_of: None,
            company: Company::standard(),
            tickets: None,
            event_log: None,
            logins: Logins::default(),
            properties: Vec::new(),
            customer_service: true,
            threads: 16,
            queue: 50,
            rate_limit_flush_seconds: 0,
        }
    }

    /// The sandbox in process: the control API below `/_sandbox/`, the instance everywhere else.
    ///
    /// A connection that breaks before an answer is a response with the extension
    /// [`crate::ConnectionReset`]; one that breaks later is a body that ends in an error.
    pub fn router(&self) -> Router {
        control::router(Arc::clone(&self.pipeline)).merge(super::webhook_control::router(self.control()))
    }

    /// Serves on a loopback port; 0 takes any free one.
    ///
    /// # Errors
    /// [`SandboxError::Io`] when the port is taken.
    pub async fn serve(&self, port: u16) -> Result<Running> {
        serve(self.router(), port, None).await
    }

    /// Serves https with a self-signed certificate, which is written to `certificate` as PEM.
    ///
    /// # Errors
    /// [`SandboxError::Io`] when the port is taken or the file cannot be written.
    pub async fn serve_tls(&self, port: u16, certificate: impl AsRef<Path>) -> Result<Running> {
        let listener = tls::self_signed(certificate.as_ref())?;
        serve(self.router(), port, Some(listener)).await
    }

    /// Clock, faults, request log and data, in process.
    pub fn control(&self) -> Control {
        let shared = SharedControl::new(Arc::clone(&self.pipeline));
        Control::new(shared, Arc::clone(&self.instance))
    }
}

impl SandboxBuilder {
    /// Decides everything that is random: ids, the order of unordered answers, tokens.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with this company instead of the standard one.
    pub fn company(mut self, company: Company) -> Self {
        self.company = company;
        self
    }

    /// Adds so many generated incidents.
    pub fn tickets(mut self, tickets: u64) -> Self {
        self.tickets = Some(tickets);
        self
    }

    /// Starts with a real instance's event log (`.zip` or `.csv`) instead of a company.
    pub fn event_log(mut self, path: impl Into<PathBuf>) -> Self {
        self.event_log = Some(path.into());
        self
    }

    /// The moment as of which the event log is loaded; its end when not given.
    pub fn as_of(mut self, as_of: DateTime<Utc>) -> Self {
        self.as_of = Some(as_of);
        self
    }

    /// The time that the clock shows first.
    pub fn clock(mut self, start: DateTime<Utc>) -> Self {
        self.start = Some(start);
        self
    }

    /// Adds a password for a user of the company, or changes one.
    pub fn password(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.logins.passwords.push((user.into(), password.into()));
        self
    }

    /// Adds an API key that stands for a user.
    pub fn api_key(mut self, key: impl Into<String>, user: impl Into<String>) -> Self {
        self.logins.api_keys.push((key.into(), user.into()));
        self
    }

    /// Registers an OAuth client, replacing one of the same id.
    pub fn oauth_client(mut self, client: OAuthClient) -> Self {
        self.logins.clients.retain(|own| own.client_id != client.client_id);
        self.logins.clients.push(client);
        self
    }

    /// Whether a refresh gives a new refresh token; off on documented releases (wire §5.1).
    pub fn rotate_refresh_tokens(mut self, rotate: bool) -> Self {
        self.logins.rotate_refresh_tokens = rotate;
        self
    }

    /// Sets a system property from the start.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.push((name.into(), value.into()));
        self
    }

    /// Whether the customer service plugin is active; without it, its tables are invalid.
    pub fn customer_service(mut self, active: bool) -> Self {
        self.customer_service = active;
        self
    }

    /// Requests that run at once (16: four nodes of four threads) and that may wait for that (50);
    /// further ones get 429 without headers (wire §6.2).
    pub fn workers(mut self, threads: usize, queue: usize) -> Self {
        self.threads = threads;
        self.queue = queue;
        self
    }

    /// Seconds for which rate limit counts are not enforced yet; 30 on a real instance (wire §6.1),
    /// 0 here unless asked for.
    pub fn rate_limit_flush_seconds(mut self, seconds: u32) -> Self {
        self.rate_limit_flush_seconds = seconds.into();
        self
    }

    /// Builds the sandbox.
    ///
    /// # Errors
    /// [`SandboxError::EventLog`] for a log that cannot be read, [`SandboxError::Invalid`] for
    /// options that exclude each other.
    pub fn build(self) -> Result<Sandbox> {
        let (source, start) = match self.event_log {
            Some(_) if self.tickets.is_some() => {
                return Err(SandboxError::invalid("tickets", "generated tickets and an event log exclude each other"));
            }
            Some(path) => {
                let log = Arc::new(EventLog::open(&path)?);
                let start = self.as_of.or(self.start).unwrap_or_else(|| log.end());
                (Source::Log(log), start)
            }
            None if self.as_of.is_some() => {
                return Err(SandboxError::invalid("as_of", "needs an event log"));
            }
            None => {
                let start = match self.start {
                    Some(start) => start,
                    None => START.parse().map_err(|error| SandboxError::invalid("clock", format!("{error}")))?,
                };
                let company = Box::new(self.company);
                let source = match self.tickets {
                    Some(tickets) => Source::Load(company, tickets),
                    None => Source::Company(company),
                };
                (source, start)
            }
        };
        let absent_tables = if self.customer_service { Vec::new() } else { CUSTOMER_SERVICE.to_vec() };
        let instance = Arc::new(Instance::new(Settings {
            seed: self.seed,
            start,
            source,
            logins: self.logins,
            properties: self.properties,
            absent_tables,
            threads: self.threads,
            queue: self.queue,
            rate_limit_flush_seconds: self.rate_limit_flush_seconds,
        })?);
        let pipeline = Arc::new(Pipeline::new(instance.clone()));
        Ok(Sandbox { instance, pipeline })
    }
}
