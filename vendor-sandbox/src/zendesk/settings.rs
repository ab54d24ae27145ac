//! What a sandbox is built from, and what may be changed while it runs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::world::World;
use super::{load, seed_company};
use crate::company::Company;

/// What decides how an account answers, besides its data; changed by `PUT /_sandbox/settings`.
///
/// ```
/// let settings = vendor_sandbox::zendesk::AccountSettings { search_lag_seconds: 30, ..Default::default() };
/// assert!(!settings.endpoint_limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSettings {
    /// How far searches lag behind writes, in seconds of virtual time (wire B5: minutes). 0 unless
    /// asked for, because the clock stands still unless it is moved.
    pub search_lag_seconds: u32,
    /// The latest seconds that incremental exports leave out (wire B6: one minute).
    pub export_lag_seconds: u32,
    /// Requests per minute before 429; `None` for no limit. What headers show is 700 then (wire B9.2).
    pub requests_per_minute: Option<u32>,
    /// Whether the limits of single endpoints are enforced (wire B9.2).
    pub endpoint_limits: bool,
    /// Whether answers say how much of the limits is left (wire B9.2). A client that heeds them reads 100 pages a minute and
    /// no more; without them, and with nothing enforced, limits are lifted: for those who measure how fast a client can be.
    pub limit_headers: bool,
    /// How often a job must be asked for before it is completed; 0 for at once (wire B7).
    pub job_polls: u32,
    /// Results that a search gives at most (wire B5); a test may want fewer.
    pub search_cap: usize,
    /// Bytes of the largest attachment (wire B3.4).
    pub upload_limit: u64,
    /// Whether attachments need a credential of the account ("private attachments", wire B3.4).
    pub private_attachments: bool,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            search_lag_seconds: 0,
            export_lag_seconds: 60,
            requests_per_minute: None,
            endpoint_limits: false,
            limit_headers: true,
            job_polls: 1,
            search_cap: 1_000,
            upload_limit: 50 * 1024 * 1024,
            private_attachments: false,
        }
    }
}

/// Everything that the builder decided.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) company: Company,
    /// Generated tickets beside the company's.
    pub(crate) tickets: u64,
    pub(crate) account: AccountSettings,
    pub(crate) passwords: Vec<(String, String)>,
}

impl Settings {
    /// The account's data at the start.
    pub(crate) fn world(&self) -> World {
        let mut world = World::default();
        seed_company::seed(&mut world, &self.company);
        load::fill(&mut world, self.tickets, self.seed, self.start);
        world
    }
}
