//! What a sandbox is built from: enough to build it again on reset.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::credentials::Logins;
use super::event_log::{self, EventLog};
use super::query::time_text;
use super::world::World;
use super::{load, properties, seed_company};
use crate::company::Company;
use crate::error::Result;

/// Where the data comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Company(Box<Company>),
    /// The company, and this many generated incidents.
    Load(Box<Company>, u64),
    Log(Arc<EventLog>),
}

/// Everything that the builder decided.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) source: Source,
    pub(crate) logins: Logins,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) absent_tables: Vec<&'static str>,
    /// Requests that run at once.
    pub(crate) threads: usize,
    /// Requests that may wait.
    pub(crate) queue: usize,
    /// How long a node keeps its counts to itself (wire §6.1: 30 s on a real instance).
    pub(crate) rate_limit_flush_seconds: i64,
}

impl Settings {
    /// The instance's data at the start.
    pub(crate) fn world(&self) -> Result<World> {
        let mut world = World::new(self.seed);
        match &self.source {
            Source::Company(company) => seed_company::seed(&mut world, company),
            Source::Load(company, tickets) => {
                seed_company::seed(&mut world, company);
                load::fill(&mut world, *tickets, self.seed, self.start);
            }
            Source::Log(log) => event_log::load(&mut world, log, self.start),
        }
        for (name, value) in &self.properties {
            properties::set(&mut world.store, name, value, &time_text(self.start));
        }
        world.absent_tables.clone_from(&self.absent_tables);
        Ok(world)
    }
}
