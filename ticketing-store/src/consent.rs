//! What a product says to send a customer to the vendor's page, and what comes back.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::{Error, Result, Secret};
use url::Url;

use crate::connection::Connection;
use crate::credential::Client;

/// Whose OAuth client is used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientChoice {
    /// The product's own registration, by its name in the store.
    Shared(String),
    /// The product's own registration, with its client: once the vendor has given it tokens, it is kept under this name, and
    /// takes the place of the client that was there.
    Register {
        /// Its name in the store.
        name: String,
        /// The client as it is registered with the vendor.
        client: Client,
    },
    /// One that the customer's administrator made; it is sealed with the connection.
    Own(Client),
}

/// A customer to be sent to the vendor's page.
#[derive(Clone)]
#[non_exhaustive]
pub struct BeginAuthorization {
    /// Whose connection it will be.
    pub tenant: String,
    /// The provider's name.
    pub provider: String,
    /// What people will call the connection.
    pub name: String,
    /// The provider's configuration, without `auth`.
    pub config: Value,
    /// Whose OAuth client is used.
    pub client: ClientChoice,
    /// Where the vendor sends the customer back to; registered with the vendor.
    pub redirect_uri: String,
    /// Other scopes than the provider's default ones.
    pub scopes: Option<Vec<String>>,
    /// Which of the customer's sites, by its id or address, where the token opens several.
    pub site: Option<String>,
}

impl fmt::Debug for BeginAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BeginAuthorization")
            .field("tenant", &self.tenant)
            .field("provider", &self.provider)
            .field("name", &self.name)
            // As a customer typed it: what is in it is not known yet.
            .field("config", &keys(&self.config))
            .field("client", &self.client)
            .field("redirect_uri", &self.redirect_uri)
            .field("scopes", &self.scopes)
            .field("site", &self.site)
            .finish()
    }
}

/// The keys of a configuration, without their values.
pub(crate) fn keys(config: &Value) -> Vec<&str> {
    config.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

impl BeginAuthorization {
    /// With the provider's default scopes.
    #[must_use]
    pub fn new(
        tenant: impl Into<String>,
        provider: impl Into<String>,
        name: impl Into<String>,
        config: Value,
        client: ClientChoice,
        redirect_uri: impl Into<String>,
    ) -> Self {
        let (tenant, provider, name) = (tenant.into(), provider.into(), name.into());
        Self { tenant, provider, name, config, client, redirect_uri: redirect_uri.into(), scopes: None, site: None }
    }

    /// With other scopes.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// With the site that is meant, by its id or address, where the customer's token opens several. It goes before an
    /// address in the configuration, and leaves nothing to choose afterwards.
    #[must_use]
    pub fn with_site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }
}

/// Where to send the customer.
#[derive(Clone)]
#[non_exhaustive]
pub struct Begun {
    /// The vendor's page. It holds the state, and is for this customer's browser alone.
    pub url: Url,
    /// Until when they may come back.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address holds the state.
        f.debug_struct("Begun")
            .field("host", &self.url.host_str())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What a customer's browser brings back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Callback {
    /// The state.
    pub state: Secret,
    /// The code, or what went wrong at the vendor's.
    pub outcome: Result<Secret, String>,
}

impl Callback {
    /// From the query of the address that the browser was sent to.
    ///
    /// # Errors
    /// `InvalidRequest` where it holds no state, or neither a code nor an error.
    pub fn from_query(query: &str) -> Result<Self> {
        let value = |name: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .filter(|value| !value.is_empty())
        };
        let missing = |field: &str| {
            Error::invalid(field, "the redirect does not hold it")
                .with_hint("hand over the query as the browser brought it, and begin again where it is cut off")
        };
        let state = Secret::new(value("state").ok_or_else(|| missing("state"))?);
        let outcome = match (value("code"), value("error")) {
            (_, Some(error)) => {
                let text = value("error_description").map_or(error.clone(), |text| format!("{error}: {text}"));
                Err(text.chars().take(200).flat_map(char::escape_debug).collect())
            }
            (Some(code), None) => Ok(Secret::new(code)),
            (None, None) => return Err(missing("code")),
        };
        Ok(Self { state, outcome })
    }
}

/// A site that a customer's token opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Site {
    /// The vendor's id of it.
    pub id: String,
    /// Its address.
    #[serde(default)]
    pub url: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
}

/// What became of an authorization.
#[derive(Debug)]
#[non_exhaustive]
pub enum Completed {
    /// The connection is made, or works again.
    Connected(Box<Connection>),
    /// The customer's token opens several sites: one has to be chosen by `choose_site`.
    ChooseSite {
        /// Stands for the customer's consent, once, for ten minutes.
        continuation: Secret,
        /// The sites.
        sites: Vec<Site>,
    },
}
