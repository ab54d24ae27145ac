#![doc = include_str!("docs.md")]

mod attachments;
mod capabilities;
mod catalogue;
mod comments;
mod config;
mod create;
mod delta;
mod fields;
mod history;
mod links;
mod map;
mod paging;
mod people;
mod provider;
mod query;
mod raw;
mod resolve;
mod seed;
mod session;
mod store;
mod update;
mod webhook;

use std::sync::Arc;

pub use config::{Mapping, MemoryConfig, Seed};
pub use provider::MemoryProvider;
use serde_json::Value;
pub use store::{MemoryStore, MemoryStores};
use ticketing_core::{BuildContext, Error, ProviderRegistration, Result, TicketingProvider, WebhookIntake, inventory};

/// The provider's name in the registry.
pub const NAME: &str = "memory";

inventory::submit! {
    ProviderRegistration {
        name: NAME,
        aliases: &[],
        description: "The reference provider: a ticketing system in memory, for tests and demonstrations",
        config_schema: || schemars::schema_for!(MemoryConfig),
        build,
        authorization: None,
        webhook: Some(build_webhook),
    }
}

fn build(config: Value, context: &BuildContext) -> Result<Arc<dyn TicketingProvider>> {
    let config = MemoryConfig::from_json(config)?;
    let clock = context.clock();
    let make = || seed::seeded(&config.account, config.seed, clock.now());
    let store = match context.extension::<MemoryStores>() {
        Some(stores) => stores.get_or_insert_with(&config.account, make),
        None => make(),
    };
    Ok(Arc::new(MemoryProvider::new(store, context.clock()).with_mapping(config.mapping)))
}

/// From the connection's own configuration, or from `{"secret": "…"}`, as every provider's.
fn build_webhook(mut config: Value, _: &BuildContext) -> Result<Arc<dyn WebhookIntake>> {
    if let Some(map) = config.as_object_mut()
        && let Some(secret) = map.remove("secret")
    {
        map.insert("webhook_secret".to_owned(), secret);
    }
    let secret = MemoryConfig::from_json(config)?.webhook_secret.ok_or_else(|| {
        Error::config("webhook_secret", "it is missing").with_hint("give the secret that webhooks are subscribed with")
    })?;
    Ok(Arc::new(webhook::MemoryWebhook::new(secret)))
}
