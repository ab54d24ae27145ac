#![doc = include_str!("docs.md")]

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
mod judge;
mod links;
mod map;
mod mapping;
mod people;
mod provider;
mod query;
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
pub use error::ZendeskError;
pub use mapping::Mapping;
pub use provider::Zendesk;
pub use webhook::ZendeskWebhook;

/// How Zendesk makes itself known to a [`Registry`](ticketing_core::Registry).
pub const REGISTRATION: ProviderRegistration = ProviderRegistration {
    name: connection::NAME,
    aliases: &[],
    description: "Zendesk Support: tickets, their comments and the people behind them",
    config_schema: || schemars::schema_for!(Config),
    build: |config, context| {
        Zendesk::new(config, context).map(|provider| Arc::new(provider) as Arc<dyn TicketingProvider>)
    },
    authorization: Some(auth::authorization),
    webhook: Some(webhook::build),
};

ticketing_core::inventory::submit! { REGISTRATION }
