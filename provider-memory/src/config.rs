//! The configuration: parsed strictly, every mistake named.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use ticketing_core::{Error, Result, Secret};

use crate::catalogue::StatusMapping;

/// The keys of a configuration, as a wrong one is told.
const KEYS: &str = "account, seed, mapping, webhook_secret";

/// The configuration of a connection.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MemoryConfig {
    /// The account's name. Each connection has a store of its own, unless stores are shared through the build context.
    #[schemars(length(min = 1))]
    pub account: String,
    /// What the store holds at first.
    pub seed: Seed,
    /// What native values count as on this connection.
    pub mapping: Mapping,
    /// What webhook deliveries are verified with.
    pub webhook_secret: Option<Secret>,
}

/// What a store holds at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Seed {
    /// The connection's own user, and nothing else.
    #[default]
    Empty,
    /// A small company: people, groups, a customer, and some tickets.
    Company,
}

/// What native values count as on this connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Mapping {
    /// Status categories by native id or name: `{"active": "on_hold"}`.
    pub status: StatusMapping,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            account: crate::NAME.to_owned(),
            seed: Seed::default(),
            mapping: Mapping::default(),
            webhook_secret: None,
        }
    }
}

impl MemoryConfig {
    /// Reads a configuration.
    ///
    /// ```
    /// use provider_memory::MemoryConfig;
    /// let config = serde_json::json!({ "account": "acme", "mapping": { "status": { "active": "on_hold" } } });
    /// assert_eq!(MemoryConfig::from_json(config).unwrap().account, "acme");
    ///
    /// let error = MemoryConfig::from_json(serde_json::json!({ "acount": "acme" })).unwrap_err();
    /// assert_eq!(error.field(), Some("acount"));
    /// ```
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong, the cause and the way out.
    pub fn from_json(config: Value) -> Result<Self> {
        if !config.is_object() {
            return Err(Error::config("config", "it is not a JSON object").with_hint(format!("its keys are: {KEYS}")));
        }
        let config: Self = serde_path_to_error::deserialize(config).map_err(|error| named(&error))?;
        if config.account.trim().is_empty() {
            return Err(Error::config("account", "it is empty").with_hint("give the account a name"));
        }
        if config.webhook_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(
                Error::config("webhook_secret", "it is empty").with_hint("make a long random one, or leave it out")
            );
        }
        Ok(config)
    }
}

/// What serde says, under the key that it says it about.
fn named(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    if path == "webhook_secret" {
        // What serde says would show the value.
        return Error::config(path, "it is not a text").with_hint("give it as a JSON string");
    }
    let message = error.inner().to_string();
    // An unknown key is told of where it should not be: behind the path.
    let Some(key) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return Error::config(path, message).with_hint("see the configuration's schema");
    };
    if path == "." || path == key {
        Error::config(key, "there is no such key").with_hint(format!("use one of: {KEYS}"))
    } else {
        let place = path.strip_suffix(key).map_or(path.as_str(), |place| place.trim_end_matches('.'));
        Error::config(format!("{place}.{key}"), "there is no such key").with_hint("use one of: status")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_has_a_default() {
        let config = MemoryConfig::from_json(json!({})).unwrap();
        assert_eq!((config.account.as_str(), config.seed), ("memory", Seed::Empty));
    }

    #[test]
    fn each_mistake_is_named() {
        for (config, field, says) in [
            (json!("acme"), "config", "account, seed"),
            (json!({ "tenant": "acme" }), "tenant", "use one of: account, seed, mapping, webhook_secret"),
            (json!({ "account": 7 }), "account", "expected a string"),
            (json!({ "account": " " }), "account", "empty"),
            (json!({ "seed": "big" }), "seed", "`empty` or `company`"),
            (json!({ "mapping": { "priority": {} } }), "mapping.priority", "use one of: status"),
            (json!({ "mapping": { "status": { "active": "parked" } } }), "mapping.status.active", "on_hold"),
            (json!({ "webhook_secret": "" }), "webhook_secret", "empty"),
        ] {
            let error = MemoryConfig::from_json(config.clone()).unwrap_err();
            assert_eq!(error.kind(), ticketing_core::ErrorKind::Config);
            assert_eq!(error.field(), Some(field), "{config}: {error}");
            assert!(error.to_string().contains(says), "{config}: {error}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let config = MemoryConfig::from_json(json!({ "webhook_secret": "hunter2" })).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let error = MemoryConfig::from_json(json!({ "webhook_secret": 4711 })).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4711"), "{error}");
    }
}
