#![doc = include_str!("docs.md")]

pub mod admin_kit;
mod api;
mod attachments;
mod auth;
mod capabilities;
mod catalogue;
mod check;
mod comments;
mod config;
mod connection;
mod delta;
mod error;
mod fields;
mod history;
mod links;
mod listing;
mod lookup;
mod map;
mod mapping;
mod people;
mod provider;
pub mod query;
mod raw;
mod resolve;
mod tags;
mod tickets;
mod webhook;
mod wire;
mod write;

use std::sync::Arc;

use ticketing_core::{ProviderRegistration, TicketingProvider};

pub use config::{AuthConfig, Config};
pub use error::ServiceNowError;
pub use mapping::Mapping;
pub use provider::ServiceNow;
pub use webhook::ServiceNowWebhook;

/// How ServiceNow makes itself known to a [`Registry`](ticketing_core::Registry).
pub const REGISTRATION: ProviderRegistration = ProviderRegistration {
    name: connection::NAME,
    aliases: &["snow"],
    description: "ServiceNow: incidents, problems, changes, requests and cases",
    config_schema: || schemars::schema_for!(Config),
    build: |config, context| {
        ServiceNow::new(config, context).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    },
    authorization: Some(auth::authorization),
    webhook: Some(webhook::build),
};

ticketing_core::inventory::submit! { REGISTRATION }
