//! What a sandbox is built from, and what may be changed while it runs.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::world::World;
use super::{load, seed_company};
use crate::company::Company;
use crate::error::SandboxError;

/// Which Jira is emulated (wire A1, A13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    /// REST v3 with ADF, v2 with wiki markup, account ids, OAuth through the gateway.
    #[default]
    Cloud,
    /// REST v2, user names, personal access tokens.
    DataCenter,
}

impl Flavour {
    /// The name that options use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::DataCenter => "data-center",
        }
    }
}

impl FromStr for Flavour {
    type Err = SandboxError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "cloud" => Ok(Self::Cloud),
            "data-center" => Ok(Self::DataCenter),
            _ => Err(SandboxError::invalid("flavour", format!("{name:?}; Jira's flavours: cloud, data-center"))),
        }
    }
}

/// What decides how a site answers, besides its data; changed by `PUT /_sandbox/settings`.
///
/// ```
/// let settings = vendor_sandbox::jira::SiteSettings { search_lag_seconds: 30, ..Default::default() };
/// assert!(settings.burst.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSettings {
    /// How far searches lag behind writes, in seconds of virtual time (wire A3.4). 0 unless asked
    /// for, because the clock stands still unless it is moved.
    pub search_lag_seconds: u32,
    /// Issues per page at most, whatever is asked; `None` for the flavour's own limits.
    pub page_cap: Option<usize>,
    /// Requests per second and endpoint before 429 `jira-burst-based` (wire A9); `None` for no limit.
    pub burst: Option<u32>,
    /// 20 writes per 2 s and 100 per 30 s on one issue (wire A9).
    pub per_issue_writes: bool,
    /// Points per hour for OAuth traffic before 429 `jira-quota-global-based` (wire A9).
    pub points_per_hour: Option<u32>,
    /// Bytes of the largest attachment.
    pub upload_limit: u64,
    /// Other sites that a token opens too (wire A2.2); they are listed beside this one, and not emulated.
    pub other_sites: Vec<OtherSite>,
}

/// A site that `accessible-resources` lists beside the emulated one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSite {
    /// Its id behind the gateway.
    pub id: String,
    /// Its address.
    pub url: String,
    /// What people call it.
    pub name: String,
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            search_lag_seconds: 0,
            page_cap: None,
            burst: None,
            per_issue_writes: false,
            points_per_hour: None,
            upload_limit: 1_073_741_824,
            other_sites: Vec::new(),
        }
    }
}

/// Everything that the builder decided.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) flavour: Flavour,
    pub(crate) company: Company,
    /// Generated issues beside the company's.
    pub(crate) tickets: u64,
    /// The site's own time zone, for people whose profile names none.
    pub(crate) zone: Tz,
    pub(crate) site: SiteSettings,
    pub(crate) passwords: Vec<(String, String)>,
}

impl Settings {
    /// The site's data at the start.
    pub(crate) fn world(&self) -> World {
        let mut world = World::default();
        seed_company::seed(&mut world, &self.company, self.flavour);
        load::fill(&mut world, self.tickets, self.seed, self.start, self.flavour);
        world
    }
}
