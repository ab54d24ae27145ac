//! A customer's connection, as it is kept.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::{Error, ErrorKind, ProviderRegistration, Result};

/// A connection's id: made once, and never used for another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    pub(crate) fn random() -> Self {
        Self(format!("conn_{:032x}", rand::random::<u128>()))
    }

    pub(crate) fn from_row(id: String) -> Self {
        Self(id)
    }

    /// The id as text: `conn_` and 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a connection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// As far as is known, it does.
    Active,
    /// The vendor takes its credential no more: the customer has to connect again.
    NeedsReauthorization,
}

impl Status {
    /// The stable name: `needs_reauthorization`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReauthorization => "needs_reauthorization",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        match text {
            "active" => Ok(Self::Active),
            "needs_reauthorization" => Ok(Self::NeedsReauthorization),
            other => {
                let shown: String = other.chars().take(60).flat_map(char::escape_debug).collect();
                Err(Error::new(ErrorKind::Integrity, format!("its status `{shown}` is not known"))
                    .with_field("status")
                    .with_hint(
                        "update this program where a newer one wrote the store; else put the row back from a backup",
                    ))
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose OAuth client a connection uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthApp {
    /// The product's own registration with the vendor, by its name in the store.
    Shared(String),
    /// A client that the customer's administrator made, by its id; its secret is sealed.
    Own {
        /// The client's id.
        client_id: String,
    },
}

/// A customer's connection: everything about it but its secrets, which are sealed beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub tenant: String,
    /// The provider's name.
    pub provider: String,
    /// What people call it, once per tenant.
    pub name: String,
    /// The account at the vendor: the host of an instance or site.
    pub account: String,
    /// The provider's configuration, without `auth` and `mapping`.
    pub config: Value,
    /// The configuration's `mapping`.
    pub mapping: Option<Value>,
    /// Whose OAuth client it uses; `null` for one that does not log in by OAuth.
    pub oauth_app: Option<OAuthApp>,
    /// The form of its credential, `oauth` or `basic` for two; `null` where it needs none. The credential is sealed.
    pub credential: Option<String>,
    /// How many webhook secrets are sealed beside it: two while one is being replaced.
    pub webhook_secrets: u32,
    /// Whether it works.
    pub status: Status,
    /// The scopes that the vendor gave.
    pub scopes: Vec<String>,
    /// When the access token ends that is kept now.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last opened, within a minute.
    pub last_used: Option<DateTime<Utc>>,
    /// What went wrong last with its credential; `null` once it went well again.
    pub last_error: Option<String>,
    /// Counts the tokens: a token of an older generation is never written over a newer one.
    #[serde(skip)]
    pub(crate) generation: i64,
    /// Counts the changes to everything else: a client that is kept open is of this revision.
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// A name for a connection or an OAuth client: 1 to 100 letters, digits and `. _ - @ / +`, so that it goes on a command line as
/// it is.
pub(crate) fn checked_name(field: &str, name: &str) -> Result<()> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '/' | '+' | ':');
    if (1..=100).contains(&name.chars().count()) && name.chars().all(allowed) && !name.starts_with('-') {
        return Ok(());
    }
    let shown: String = name.chars().take(60).flat_map(char::escape_debug).collect();
    Err(Error::invalid(field, format!("`{shown}` is no name"))
        .with_hint("write 1 to 100 letters, digits, and `.`, `_`, `-`, `@`, `/`, `+` or `:`, not beginning with `-`"))
}

/// Refuses a configuration that holds a secret: it is kept and shown in clear. `auth` was taken out of it before, and of
/// everything else the provider's schema says which is secret.
pub(crate) fn holds_no_secret(registration: &ProviderRegistration, config: &Value) -> Result<()> {
    let schema = (registration.config_schema)().to_value();
    let is_secret = |key: &str| {
        let schema = schema["properties"][key].to_string();
        schema.contains(r##""#/$defs/Secret""##) || schema.contains(r#""writeOnly":true"#)
    };
    match config.as_object().into_iter().flatten().find(|(key, _)| *key == "auth" || is_secret(key)) {
        None => Ok(()),
        Some((key, _)) => Err(Error::config(key.clone(), "it is a secret, and a configuration is kept in clear")
            .with_provider(registration.name)
            .with_hint("leave it out; webhook secrets are kept sealed, by `ticketing admin-kit --secret-file FILE --connection NAME`")),
    }
}
