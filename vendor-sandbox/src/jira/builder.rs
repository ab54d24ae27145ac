//! Building, serving and cloning a Jira sandbox.

use std::path::Path;
use std::sync::Arc;

use axum::{Extension, Router};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::control::{self, Control};
use super::settings::{Flavour, Settings, SiteSettings};
use super::site::Site;
use crate::company::Company;
use crate::control::{self as shared, Control as SharedControl};
use crate::error::{Result, SandboxError};
use crate::pipeline::Pipeline;
use crate::serve::{Running, Scheme, serve};
use crate::tls;

/// When the clock starts: after everything that happened to the standard company.
const START: &str = "2026-02-01T00:00:00Z";

/// A Jira site that fails the way the vendor fails. Clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox {
    site: Arc<Site>,
    pipeline: Arc<Pipeline>,
}

/// What a sandbox is made of; every choice has a default.
#[derive(Debug, Clone)]
pub struct SandboxBuilder {
    seed: u64,
    start: Option<DateTime<Utc>>,
    flavour: Flavour,
    company: Company,
    tickets: u64,
    zone: Tz,
    site: SiteSettings,
    passwords: Vec<(String, String)>,
}

impl Sandbox {
    /// Starts with the standard company and seed 0, on Cloud.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder {
            seed: 0,
            start: None,
            flavour: Flavour::Cloud,
            company: Company::standard(),
            tickets: 0,
            // Not UTC: dates in JQL are read in the caller's zone (wire A5), and that has to show.
            zone: Tz::Europe__Berlin,
            site: SiteSettings::default(),
            passwords: Vec::new(),
        }
    }

    /// The sandbox in process: the control API below `/_sandbox/`, the site everywhere else.
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
        Control::new(SharedControl::new(Arc::clone(&self.pipeline)), Arc::clone(&self.site))
    }
}

impl SandboxBuilder {
    /// Decides everything that is random: tokens, the order of equal hits.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Cloud, or Data Center.
    pub fn flavour(mut self, flavour: Flavour) -> Self {
        self.flavour = flavour;
        self
    }

    /// Starts with this company instead of the standard one.
    pub fn company(mut self, company: Company) -> Self {
        self.company = company;
        self
    }

    /// Adds so many generated issues.
    pub fn tickets(mut self, tickets: u64) -> Self {
        self.tickets = tickets;
        self
    }

    /// The time that the clock shows first.
    pub fn clock(mut self, start: DateTime<Utc>) -> Self {
        self.start = Some(start);
        self
    }

    /// The site's time zone, for people whose profile names none; Europe/Berlin unless said otherwise.
    pub fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Lags, limits and caps from the start.
    pub fn settings(mut self, settings: SiteSettings) -> Self {
        self.site = settings;
        self
    }

    /// Adds a password or API token for somebody of the company, by key, or changes one.
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
        let site = Arc::new(Site::new(Settings {
            seed: self.seed,
            start,
            flavour: self.flavour,
            company: self.company,
            tickets: self.tickets,
            zone: self.zone,
            site: self.site,
            passwords: self.passwords,
        }));
        let pipeline = Arc::new(Pipeline::new(site.clone()));
        Ok(Sandbox { site, pipeline })
    }
}
