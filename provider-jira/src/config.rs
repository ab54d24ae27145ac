//! The connection's configuration: every wrong key or value is one error that names it.

use schemars::JsonSchema;
use serde_json::Value;
use ticketing_core::{Error, Result, Secret};
use ticketing_http::config::{kind_of, known_keys, object, shown, text};

use crate::mapping::Mapping;

const KEYS: &[&str] = &["instance", "auth", "projects", "mapping"];

/// A Jira connection.
///
/// ```
/// use provider_jira::Config;
///
/// let config = Config::from_value(serde_json::json!({
///     "instance": "acme",
///     "auth": { "type": "basic", "username": "integration@acme.com", "password": "…" },
///     "projects": ["HELP"],
///     "mapping": { "status": { "Waiting for customer": "on_hold" } },
/// }))
/// .unwrap();
/// assert_eq!(config.projects, ["HELP"]);
/// ```
#[derive(Debug, Clone, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The site: its name (`acme`), its host (`acme.atlassian.net`, a Data Center's own), or its URL. For an API token with
    /// scopes, the gateway's address: `https://api.atlassian.com/ex/jira/CLOUD_ID`.
    pub instance: String,
    /// How to log in.
    pub auth: AuthConfig,
    /// The keys of the projects that tickets come from; every project that may be read unless given.
    #[serde(default)]
    #[schemars(extend("items" = { "type": "string", "pattern": "^[A-Z][A-Z0-9_]*$" }))]
    pub projects: Vec<String>,
    /// What the site's own statuses, priorities, types and fields stand for, where that is not what they usually do.
    #[serde(default)]
    #[schemars(with = "MappingSchema")]
    pub mapping: Mapping,
}

/// How to log in.
#[derive(Debug, Clone, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AuthConfig {
    /// On Cloud an address and an API token, on Data Center a user name and password.
    Basic {
        /// The account's address, or the user name.
        username: String,
        /// The API token, or the password.
        password: Secret,
    },
    /// A personal access token of a Data Center, or an access token of Cloud's that somebody else keeps fresh.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// The credential that a store of connections hands in and keeps alive.
    Connection,
    /// An OAuth 2.0 app of Cloud's, and a refresh token of the user's.
    #[serde(rename = "oauth")]
    OAuth {
        /// The app's id.
        client_id: String,
        /// The app's secret.
        client_secret: Secret,
        /// The refresh token. Each use ends it and gives another one.
        refresh_token: Secret,
    },
}

/// What `mapping` looks like, for the schema alone.
#[derive(JsonSchema)]
#[schemars(rename = "Mapping", deny_unknown_fields)]
#[expect(dead_code, reason = "the schema of a map that is read by hand")]
struct MappingSchema {
    /// Status category by status id or name.
    status: Option<std::collections::BTreeMap<String, ticketing_core::model::StatusCategory>>,
    /// Priority level by priority id or name.
    priority: Option<std::collections::BTreeMap<String, ticketing_core::model::PriorityLevel>>,
    /// Type by issue type id or name.
    r#type: Option<std::collections::BTreeMap<String, ticketing_core::model::TypeCategory>>,
    /// The custom field that holds a core key which Jira has no field for: `assigned_groups` (a group picker),
    /// `external_id` (one line of text).
    fields: Option<std::collections::BTreeMap<String, String>>,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong, why, and what to write instead. Secrets are never quoted.
    pub fn from_value(value: Value) -> Result<Self> {
        let map = object("config", value)?;
        known_keys("", &map, KEYS)?;
        let instance = text(&map, "", "instance", "the site's name, `acme`, or its host, `acme.atlassian.net`")?;
        let auth = auth(map.get("auth"))?;
        let projects = match map.get("projects") {
            None | Some(Value::Null) => Vec::new(),
            Some(value) => projects(value)?,
        };
        let mapping = match map.get("mapping") {
            None | Some(Value::Null) => Mapping::default(),
            Some(value) => Mapping::from_value(value)?,
        };
        Ok(Self { instance, auth, projects, mapping })
    }
}

fn auth(value: Option<&Value>) -> Result<AuthConfig> {
    const TYPES: &str = "basic, bearer, oauth, connection";
    let missing = || {
        Error::config("auth", "it is missing").with_hint(
            r#"give {"type":"basic","username":"you@example.com","password":"an API token"}, or another type: bearer, oauth"#,
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
            let username = text(&map, "auth.", "username", "the account's address, or a Data Center's user name")?;
            Ok(AuthConfig::Basic { username, password: secret("password", "an API token, or that user's password")? })
        }
        "bearer" => {
            keys(&["token"])?;
            Ok(AuthConfig::Bearer { token: secret("token", "a personal access token, or an access token")? })
        }
        "connection" => {
            keys(&[])?;
            Ok(AuthConfig::Connection)
        }
        "oauth" => {
            keys(&["client_id", "client_secret", "refresh_token"])?;
            let client_id = text(&map, "auth.", "client_id", "the id of the OAuth app")?;
            Ok(AuthConfig::OAuth {
                client_id,
                client_secret: secret("client_secret", "the secret of the OAuth app")?,
                refresh_token: secret("refresh_token", "a refresh token, which the scope `offline_access` gives")?,
            })
        }
        other => Err(Error::config("auth.type", format!("there is no type `{}`", shown(other)))
            .with_hint(format!("use one of: {TYPES}"))),
    }
}

fn projects(value: &Value) -> Result<Vec<String>> {
    let hint = "give a list of project keys, such as [\"HELP\", \"OPS\"], or leave it out for all";
    let Value::Array(items) = value else {
        let found = kind_of(value);
        return Err(Error::config("projects", format!("it must be an array, and is {found}")).with_hint(hint));
    };
    if items.is_empty() {
        return Err(Error::config("projects", "it is empty").with_hint(hint));
    }
    let mut projects: Vec<String> = Vec::new();
    for (nth, item) in items.iter().enumerate() {
        let field = format!("projects[{nth}]");
        let Value::String(key) = item else {
            let found = kind_of(item);
            return Err(Error::config(field, format!("it must be a string, and is {found}")).with_hint(hint));
        };
        if !is_project_key(key) {
            return Err(Error::config(field, format!("`{}` is not the key of a project", shown(key)))
                .with_hint("use the project's key, not its name: `HELP`"));
        }
        if projects.contains(key) {
            return Err(Error::config(field, format!("`{key}` is named twice")).with_hint("name each project once"));
        }
        projects.push(key.clone());
    }
    Ok(projects)
}

/// A capital letter, then capitals, digits and underscores: what Jira names projects; administrators may allow more letters.
fn is_project_key(key: &str) -> bool {
    key.len() <= 255
        && key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
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
            json!({"type": "oauth", "client_id": "i", "client_secret": "s", "refresh_token": "r"}),
        ] {
            let config = Config::from_value(json!({"instance": "acme", "auth": auth})).unwrap();
            assert!(config.projects.is_empty());
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
            (
                with("auth", json!({"type": "oauth", "client_id": "i", "client_secret": "hunter2"})),
                "auth.refresh_token",
            ),
            (with("projects", json!("HELP")), "projects"),
            (with("projects", json!([])), "projects"),
            (with("projects", json!([7])), "projects[0]"),
            (with("projects", json!(["HELP", "Help Desk"])), "projects[1]"),
            (with("projects", json!(["HELP\" OR \"1\"=\"1"])), "projects[0]"),
            (with("projects", json!(["HELP", "HELP"])), "projects[1]"),
            (with("mapping", json!([])), "mapping"),
            (with("mapping", json!({"state": {}})), "mapping.state"),
            (with("mapping", json!({"status": {"3": "hold"}})), "mapping.status.3"),
            (with("mapping", json!({"priority": {"1": "critical"}})), "mapping.priority.1"),
            (with("mapping", json!({"type": {"Bug": 3}})), "mapping.type.Bug"),
            (with("mapping", json!({"fields": {"title": "summary"}})), "mapping.fields.title"),
            (with("mapping", json!({"fields": {"external_id": 7}})), "mapping.fields.external_id"),
            (with("project", json!([])), "project"),
        ] {
            let error = Config::from_value(config.clone()).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)), "{config}: {error}");
            assert!(!format!("{error} {error:?} {:?}", error.hint()).contains("hunter2"), "{config}: {error:?}");
        }
    }
}
