#![doc = include_str!("docs.md")]

mod api;
mod attachments;
mod auth;
mod capabilities;
mod catalogue;
mod check;
mod collections;
mod comments;
mod config;
mod connection;
mod delta;
mod error;
mod fields;
mod history;
mod links;
mod listing;
mod map;
mod mapping;
mod people;
mod permissions;
mod place;
mod provider;
pub mod query;
mod rate;
mod raw;
mod resolve;
mod tickets;
mod webhook;
mod wire;
mod write;

use std::sync::Arc;

use ticketing_core::{ProviderRegistration, TicketingProvider};

pub use config::{AuthConfig, Config};
pub use error::JiraError;
pub use mapping::Mapping;
pub use provider::Jira;
pub use webhook::JiraWebhook;

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
    webhook: Some(webhook::build),
};

ticketing_core::inventory::submit! { REGISTRATION }
