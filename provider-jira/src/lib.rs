#![doc = include_str!("docs.md")]
#![allow(dead_code, unused_imports, reason = "what the writing side needs")]

mod api;
mod auth;
mod capabilities;
mod catalogue;
mod check;
mod collections;
mod config;
mod connection;
mod delta;
mod directory;
mod error;
mod fields;
mod listing;
mod map;
mod mapping;
mod people;
mod provider;
pub mod query;
mod rate;
mod resolve;
mod tickets;
mod wire;

use std::sync::Arc;

use ticketing_core::{ProviderRegistration, TicketingProvider};

pub use config::{AuthConfig, Config};
pub use error::JiraError;
pub use mapping::Mapping;
pub use provider::Jira;

/// How Jira makes itself known to a [`Registry`](ticketing_core::Registry).
pub const REGISTRATION: ProviderRegistration = ProviderRegistration {
    name: connection::NAME,
    aliases: &["jira_cloud", "jira_data_center"],
    description: "Jira: Cloud, Data Center and Service Management",
    config_schema: || schemars::schema_for!(Config),
    build: |config, context| {
        Jira::new(config, context).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    },
    authorization: Some(auth::authorization),
    webhook: None,
};

ticketing_core::inventory::submit! { REGISTRATION }
