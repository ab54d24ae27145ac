//! The connection's configuration: every wrong key or value is one error that names it.

use schemars::JsonSchema;
use serde_json::Value;
use ticketing_core::{Error, Result, Secret};
use ticketing_http::config::{known_keys, object, shown, text};

use crate::mapping::Mapping;

const KEYS: &[&str] = &["instance", "auth", "mapping"];

/// A Zendesk connection.
///
/// ```
/// use provider_zendesk::Config;
///
/// let config = Config::from_value(serde_json::json!({
///     "instance": "acme",
///     "auth": { "type": "oauth", "client_id": "product", "client_secret": "…", "refresh_token": "…" },
///     "mapping": { "status": { "Waiting for parts": "on_hold" } },
/// }))
/// .unwrap();
/// assert_eq!(config.instance, "acme");
/// ```
#[derive(Debug, Clone, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The account: its subdomain (`acme`), its host (`acme.zendesk.com`, a host-mapped one), or its URL.
    pub instance: String,
    /// How to log in.
    pub auth: AuthConfig,
    /// What the account's own statuses, priorities and types stand for, where that is not what they usually do.
    #[serde(default)]
    #[schemars(with = "MappingSchema")]
    pub mapping: Mapping,
}

/// How to log in.
#[derive(Debug, Clone, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AuthConfig {
    /// The credential that a store of connections hands in and keeps alive.
    Connection,
    /// An OAuth client of the account, with a refresh token of the user's, or, without one, on its own account.
    #[serde(rename = "oauth")]
    OAuth {
        /// The client's id.
        client_id: String,
        /// The client's secret; a public client has none.
        client_secret: Option<Secret>,
        /// The refresh token; without it, the client's own credentials are used.
        refresh_token: Option<Secret>,
    },
    /// An access token that somebody else keeps fresh.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// An API token and its user's address: a legacy way in, which ends on 2027-04-30.
    ApiToken {
        /// The user's email address.
        email: String,
        /// The API token.
        token: Secret,
    },
}

/// What `mapping` looks like, for the schema alone.
#[derive(JsonSchema)]
#[schemars(rename = "Mapping", deny_unknown_fields)]
#[expect(dead_code, reason = "the schema of a map that is read by hand")]
struct MappingSchema {
    /// Status category by native status, custom status id or label.
    status: Option<std::collections::BTreeMap<String, ticketing_core::model::StatusCategory>>,
    /// Priority level by native priority.
    priority: Option<std::collections::BTreeMap<String, ticketing_core::model::PriorityLevel>>,
    /// Type by native type.
    r#type: Option<std::collections::BTreeMap<String, ticketing_core::model::TypeCategory>>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong, why, and what to write instead. Secrets are never quoted.
    pub fn from_value(value: Value) -> Result<Self> {
        let map = object("config", value)?;
        known_keys("", &map, KEYS)?;
        let instance = text(&map, "", "instance", "the account's subdomain, `acme`, or its host, `acme.zendesk.com`")?;
        let auth = auth(map.get("auth"))?;
        let mapping = match map.get("mapping") {
            None | Some(Value::Null) => Mapping::default(),
            Some(value) => Mapping::from_value(value)?,
        };
        Ok(Self { instance, auth, mapping })
    }
}

fn auth(value: Option<&Value>) -> Result<AuthConfig> {
    const TYPES: &str = "oauth, bearer, api_token, connection";
    let missing = || {
        Error::config("auth", "it is missing").with_hint(
            r#"give {"type":"oauth","client_id":"…","client_secret":"…","refresh_token":"…"}, or another type: bearer, api_token"#,
        )
    };
    let Some(value) = value.filter(|value| !value.is_null()) else { return Err(missing()) };
    let map = object("auth", value.clone())?;
    let kind = text(&map, "auth.", "type", &format!("one of: {TYPES}"))?;
    let keys = |own: &[&'static str]| {
        let known: Vec<&str> = std::iter::once("type").chain(own.iter().copied()).collect();
        known_keys("auth.", &map, &known)
    };
    let secret = |key: &str, what: &str| text(&map, "auth.", key, what).map(Secret::new);
    let optional = |key: &str, what: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => secret(key, what).map(Some),
    };
    match kind.as_str() {
        "connection" => {
            keys(&[])?;
            Ok(AuthConfig::Connection)
        }
        "oauth" => {
            keys(&["client_id", "client_secret", "refresh_token"])?;
            let client_id = text(&map, "auth.", "client_id", "the unique identifier of the OAuth client")?;
            let client_secret = optional("client_secret", "the secret of the OAuth client, or none of a public one")?;
            let refresh_token = optional("refresh_token", "a refresh token of the integration user")?;
            if client_secret.is_none() && refresh_token.is_none() {
                return Err(Error::config("auth.refresh_token", "it is missing")
                    .with_hint("give a refresh token, or the secret of a client that logs in by itself"));
            }
            Ok(AuthConfig::OAuth { client_id, client_secret, refresh_token })
        }
        "bearer" => {
            keys(&["token"])?;
            Ok(AuthConfig::Bearer { token: secret("token", "an OAuth access token")? })
        }
        "api_token" => {
            keys(&["email", "token"])?;
            let email = text(&map, "auth.", "email", "the email address of the user that the token is used for")?;
            Ok(AuthConfig::ApiToken { email, token: secret("token", "an API token")? })
        }
        other => {
            let shown = shown(other);
            Err(Error::config("auth.type", format!("there is no type `{shown}`"))
                .with_hint(format!("use one of: {TYPES}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use ticketing_core::ErrorKind;

    fn token() -> Value {
        json!({"type": "api_token", "email": "ada@example.com", "token": "hunter2"})
    }

    #[test]
    fn every_form_of_login_is_read() {
        for auth in [
            token(),
            json!({"type": "bearer", "token": "t"}),
            json!({"type": "oauth", "client_id": "i", "client_secret": "s", "refresh_token": "r"}),
            json!({"type": "oauth", "client_id": "i", "refresh_token": "r"}),
            json!({"type": "oauth", "client_id": "i", "client_secret": "s"}),
        ] {
            let config = Config::from_value(json!({"instance": "acme", "auth": auth})).unwrap();
            assert!(!format!("{config:?}").contains("hunter2"));
        }
    }

    #[test]
    fn every_mistake_is_one_error_that_names_the_key() {
        let with = |key: &str, value: Value| {
            let mut config = json!({"instance": "acme", "auth": token()});
            config[key] = value;
            config
        };
        for (config, field) in [
            (json!("acme"), "config"),
            (json!({"auth": token()}), "instance"),
            (json!({"instance": "", "auth": token()}), "instance"),
            (json!({"instance": 7, "auth": token()}), "instance"),
            (json!({"instance": "acme"}), "auth"),
            (with("auth", json!("hunter2")), "auth"),
            (with("auth", json!({"token": "hunter2"})), "auth.type"),
            (with("auth", json!({"type": "basic"})), "auth.type"),
            (with("auth", json!({"type": "api_token", "token": "hunter2"})), "auth.email"),
            (with("auth", json!({"type": "api_token", "email": "a", "token": ["hunter2"]})), "auth.token"),
            (with("auth", json!({"type": "bearer", "token": "hunter2", "user": "x"})), "auth.user"),
            (with("auth", json!({"type": "oauth", "client_secret": "hunter2"})), "auth.client_id"),
            (with("auth", json!({"type": "oauth", "client_id": "i"})), "auth.refresh_token"),
            (with("auth", json!({"type": "oauth", "client_id": "i", "client_secret": 7})), "auth.client_secret"),
            (with("mapping", json!([])), "mapping"),
            (with("mapping", json!({"state": {}})), "mapping.state"),
            (with("mapping", json!({"status": {"hold": "waiting"}})), "mapping.status.hold"),
            (with("mapping", json!({"status": {"hold": 3}})), "mapping.status.hold"),
            (with("mapping", json!({"priority": {"high": "critical"}})), "mapping.priority.high"),
            (with("mapping", json!({"type": {"task": "trouble"}})), "mapping.type.task"),
            (with("subdomain", json!("acme")), "subdomain"),
        ] {
            let error = Config::from_value(config.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{config}");
            assert_eq!(error.field(), Some(field), "{config}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
