//! The connection's configuration: every wrong key or value is one error that names it.

use schemars::JsonSchema;
use serde_json::Value;
use ticketing_core::{Error, Result, Secret};
use ticketing_http::config::{kind_of, known_keys, object, shown, text};

use crate::mapping::Mapping;

const KEYS: &[&str] = &["instance", "auth", "tables", "mapping"];

/// The table that tickets come from unless told otherwise.
const DEFAULT_TABLE: &str = "incident";

/// A ServiceNow connection.
///
/// ```
/// use provider_servicenow::Config;
///
/// let config = Config::from_value(serde_json::json!({
///     "instance": "acme",
///     "auth": { "type": "basic", "username": "integration", "password": "…" },
///     "tables": ["incident", "problem"],
///     "mapping": { "status": { "incident.9": "on_hold" } },
/// }))
/// .unwrap();
/// assert_eq!(config.tables, ["incident", "problem"]);
/// ```
#[derive(Debug, Clone, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The instance: its name (`acme`), its host (`acme.service-now.com`, a custom one), or its URL.
    pub instance: String,
    /// How to log in.
    pub auth: AuthConfig,
    /// The tables that tickets come from; `incident` alone unless given.
    #[serde(default = "default_tables")]
    #[schemars(extend("items" = { "type": "string", "pattern": "^[a-z][a-z0-9_]*$" }))]
    pub tables: Vec<String>,
    /// What the instance's own statuses, priorities and tables stand for, where that is not what they usually do.
    #[serde(default)]
    #[schemars(with = "MappingSchema")]
    pub mapping: Mapping,
}

/// How to log in.
#[derive(Debug, Clone, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AuthConfig {
    /// A user name and password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An access token that somebody else keeps fresh.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// An inbound API key (`x-sn-apikey`).
    ApiKey {
        /// The key.
        key: Secret,
    },
    /// The credential that a store of connections hands in and keeps alive.
    Connection,
    /// An OAuth client of the instance, and a refresh token of the user's.
    #[serde(rename = "oauth")]
    OAuth {
        /// The client's id.
        client_id: String,
        /// The client's secret.
        client_secret: Secret,
        /// The refresh token.
        refresh_token: Secret,
    },
}

/// What `mapping` looks like, for the schema alone.
#[derive(JsonSchema)]
#[schemars(rename = "Mapping", deny_unknown_fields)]
#[expect(dead_code, reason = "the schema of a map that is read by hand")]
struct MappingSchema {
    /// Status category by native id or label; `TABLE.ID` for one table alone.
    status: Option<std::collections::BTreeMap<String, ticketing_core::model::StatusCategory>>,
    /// Priority level by native id or label.
    priority: Option<std::collections::BTreeMap<String, ticketing_core::model::PriorityLevel>>,
    /// Type by table.
    r#type: Option<std::collections::BTreeMap<String, ticketing_core::model::TypeCategory>>,
}

fn default_tables() -> Vec<String> {
    vec![DEFAULT_TABLE.to_owned()]
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong, why, and what to write instead. Secrets are never quoted.
    pub fn from_value(value: Value) -> Result<Self> {
        let map = object("config", value)?;
        known_keys("", &map, KEYS)?;
        let instance = text(&map, "", "instance", "the instance's name, `acme`, or its host, `acme.service-now.com`")?;
        let auth = auth(map.get("auth"))?;
        let tables = match map.get("tables") {
            None | Some(Value::Null) => default_tables(),
            Some(value) => tables(value)?,
        };
        let mapping = match map.get("mapping") {
            None | Some(Value::Null) => Mapping::default(),
            Some(value) => Mapping::from_value(value, &tables)?,
        };
        Ok(Self { instance, auth, tables, mapping })
    }
}

fn auth(value: Option<&Value>) -> Result<AuthConfig> {
    const TYPES: &str = "basic, bearer, api_key, oauth, connection";
    let missing = || {
        Error::config("auth", "it is missing").with_hint(
            r#"give {"type":"basic","username":"…","password":"…"}, or another type: bearer, api_key, oauth"#,
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
    match kind.as_str() {
        "basic" => {
            keys(&["username", "password"])?;
            let username = text(&map, "auth.", "username", "the name of a user with Web service access")?;
            Ok(AuthConfig::Basic { username, password: secret("password", "that user's password")? })
        }
        "bearer" => {
            keys(&["token"])?;
            Ok(AuthConfig::Bearer { token: secret("token", "an access token")? })
        }
        "api_key" => {
            keys(&["key"])?;
            Ok(AuthConfig::ApiKey { key: secret("key", "an inbound API key of the instance")? })
        }
        "connection" => {
            keys(&[])?;
            Ok(AuthConfig::Connection)
        }
        "oauth" => {
            keys(&["client_id", "client_secret", "refresh_token"])?;
            let client_id = text(&map, "auth.", "client_id", "the id of the instance's OAuth client")?;
            Ok(AuthConfig::OAuth {
                client_id,
                client_secret: secret("client_secret", "the secret of the instance's OAuth client")?,
                refresh_token: secret("refresh_token", "a refresh token of the integration user")?,
            })
        }
        other => {
            let shown = shown(other);
            Err(Error::config("auth.type", format!("there is no type `{shown}`"))
                .with_hint(format!("use one of: {TYPES}")))
        }
    }
}

fn tables(value: &Value) -> Result<Vec<String>> {
    let hint = "give a list of table names, such as [\"incident\", \"problem\"]";
    let Value::Array(items) = value else {
        let found = kind_of(value);
        return Err(Error::config("tables", format!("it must be an array, and is {found}")).with_hint(hint));
    };
    if items.is_empty() {
        return Err(Error::config("tables", "it is empty").with_hint(hint));
    }
    let mut tables: Vec<String> = Vec::new();
    for (nth, item) in items.iter().enumerate() {
        let field = format!("tables[{nth}]");
        let Value::String(name) = item else {
            let found = kind_of(item);
            return Err(Error::config(field, format!("it must be a string, and is {found}")).with_hint(hint));
        };
        if !is_table_name(name) {
            let shown = shown(name);
            return Err(Error::config(field, format!("`{shown}` is not the name of a table"))
                .with_hint("use the table's name, not its label: `change_request`"));
        }
        if tables.contains(name) {
            return Err(Error::config(field, format!("`{name}` is named twice")).with_hint("name each table once"));
        }
        tables.push(name.clone());
    }
    Ok(tables)
}

/// `[a-z][a-z0-9_]*`, at most 80 characters: what ServiceNow names tables.
pub(crate) fn is_table_name(name: &str) -> bool {
    name.len() <= 80
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use ticketing_core::ErrorKind;

    fn basic() -> Value {
        json!({"type": "basic", "username": "u", "password": "hunter2"})
    }

    #[test]
    fn every_form_of_login_is_read() {
        for auth in [
            basic(),
            json!({"type": "bearer", "token": "t"}),
            json!({"type": "api_key", "key": "k"}),
            json!({"type": "oauth", "client_id": "i", "client_secret": "s", "refresh_token": "r"}),
            json!({"type": "connection"}),
        ] {
            let config = Config::from_value(json!({"instance": "acme", "auth": auth})).unwrap();
            assert_eq!(config.tables, ["incident"]);
            assert!(!format!("{config:?}").contains("hunter2"));
        }
    }

    #[test]
    fn every_mistake_is_one_error_that_names_the_key() {
        let with = |key: &str, value: Value| {
            let mut config = json!({"instance": "acme", "auth": basic()});
            config[key] = value;
            config
        };
        for (config, field) in [
            (json!("acme"), "config"),
            (json!({"auth": basic()}), "instance"),
            (json!({"instance": "", "auth": basic()}), "instance"),
            (json!({"instance": 7, "auth": basic()}), "instance"),
            (json!({"instance": "acme"}), "auth"),
            (with("auth", json!("hunter2")), "auth"),
            (with("auth", json!({"username": "u"})), "auth.type"),
            (with("auth", json!({"type": "hunter"})), "auth.type"),
            (with("auth", json!({"type": "basic", "username": "u"})), "auth.password"),
            (with("auth", json!({"type": "basic", "username": "", "password": "hunter2"})), "auth.username"),
            (with("auth", json!({"type": "basic", "username": "u", "password": ["hunter2"]})), "auth.password"),
            (with("auth", json!({"type": "bearer", "token": "hunter2", "user": "x"})), "auth.user"),
            (with("auth", json!({"type": "api_key"})), "auth.key"),
            (
                with("auth", json!({"type": "oauth", "client_id": "i", "client_secret": "hunter2"})),
                "auth.refresh_token",
            ),
            (with("tables", json!("incident")), "tables"),
            (with("tables", json!([])), "tables"),
            (with("tables", json!([7])), "tables[0]"),
            (with("tables", json!(["incident", "Incident"])), "tables[1]"),
            (with("tables", json!(["incident^NQ"])), "tables[0]"),
            (with("tables", json!(["incident", "incident"])), "tables[1]"),
            (with("mapping", json!([])), "mapping"),
            (with("mapping", json!({"state": {}})), "mapping.state"),
            (with("mapping", json!({"status": {"3": "hold"}})), "mapping.status.3"),
            (with("mapping", json!({"status": {"3": 3}})), "mapping.status.3"),
            (with("mapping", json!({"priority": {"1": "critical"}})), "mapping.priority.1"),
            (with("mapping", json!({"type": {"problem": "trouble"}})), "mapping.type.problem"),
            (with("page_size", json!(7)), "page_size"),
        ] {
            let error = Config::from_value(config.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{config}");
            assert_eq!(error.field(), Some(field), "{config}: {error}");
            assert!(error.hint().is_some() || field == "config" || !error.message().is_empty());
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let error = Config::from_value(with("pagesize", json!(7))).unwrap_err().to_string();
        assert!(error.contains("`pagesize`") && error.contains("instance, auth, tables, mapping"), "{error}");
    }
}
