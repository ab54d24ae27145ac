//! Building, serving and cloning a Zendesk sandbox.

use std::path::Path;
use std::sync::Arc;

use axum::{Extension, Router};
use chrono::{DateTime, Utc};

use super::account::Account;
use super::control::{self, Control};
use super::settings::{AccountSettings, Settings};
use crate::company::Company;
use crate::control::{self as shared, Control as SharedControl};
use crate::error::{Result, SandboxError};
use crate::pipeline::Pipeline;
use crate::serve::{Running, Scheme, serve};
use crate::tls;

/// When the clock starts: after everything that happened to the standard company.
const START: &str = "2026-02-01T00:00:00Z";

/// A Zendesk account that fails the way the vendor fails. Clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox {
    account: Arc<Account>,
    pipeline: Arc<Pipeline>,
}

/// What a sandbox is made of; every choice has a default.
#[derive(Debug, Clone)]
pub struct SandboxBuilder {
    seed: u64,
    start: Option<DateTime<Utc>>,
    company: Company,
    tickets: u64,
    account: AccountSettings,
    passwords: Vec<(String, String)>,
}

impl Sandbox {
    /// Starts with the standard company and seed 0.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            seed: 0,
            start: None,
            company: Company::standard(),
            tickets: 0,
            account: AccountSettings::default(),
            passwords: Vec::new(),
        }
    }

    /// The sandbox in process: the control API below `/_sandbox/`, the account everywhere else.
    ///
    /// A connection that breaks before an answer is a response with the extension
    /// [`crate::ConnectionReset`]; one that breaks later is a body that ends in an error.
    pub fn router(&self) -> Router {
        shared::router(Arc::clone(&self.pipeline)).merge(control::router(self.control()))
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
        serve(self.router().layer(Extension(Scheme("https"))), port, Some(listener)).await
    }

    /// Clock, faults, request log and data, in process.
    pub fn control(&self) -> Control {
        Control::new(SharedControl::new(Arc::clone(&self.pipeline)), Arc::clone(&self.account))
    }
}

impl SandboxBuilder {
    /// Decides everything that is random: tokens, generated tickets.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts with this company instead of the standard one.
    pub fn company(mut self, company: Company) -> Self {
        self.company = company;
        self
    }

    /// Adds so many generated tickets.
    pub fn tickets(mut self, tickets: u64) -> Self {
        self.tickets = tickets;
        self
    }

    /// The time that the clock shows first.
    pub fn clock(mut self, start: DateTime<Utc>) -> Self {
        self.start = Some(start);
        self
    }

    /// Lags, limits and caps from the start.
    pub fn settings(mut self, settings: AccountSettings) -> Self {
        self.account = settings;
        self
    }

    /// Adds an API token that opens the account for one person of the company, by key.
    pub fn password(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.passwords.push((user.into(), password.into()));
        self
    }

    /// Builds the sandbox.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for options that make no sense.
    pub fn build(self) -> Result<Sandbox> {
        let start = match self.start {
            Some(start) => start,
            None => START.parse().map_err(|error| SandboxError::invalid("clock", format!("{error}")))?,
        };
        let account = Arc::new(Account::new(Settings {
            seed: self.seed,
            start,
            company: self.company,
            tickets: self.tickets,
            account: self.account,
            passwords: self.passwords,
        }));
        let pipeline = Arc::new(Pipeline::new(account.clone()));
        Ok(Sandbox { account, pipeline })
    }
}
