//! Providers by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::Schema;
use serde_json::Value;

use crate::client::TicketingClient;
use crate::context::BuildContext;
use crate::error::{Error, Result};
use crate::provider::TicketingProvider;
use crate::webhook::WebhookIntake;

/// Makes a provider from its configuration.
pub type Build = fn(Value, &BuildContext) -> Result<Arc<dyn TicketingProvider>>;

/// Makes the receiver of a provider's webhook deliveries from its configuration.
pub type BuildWebhook = fn(Value, &BuildContext) -> Result<Arc<dyn WebhookIntake>>;

/// Says how a customer's account is connected by OAuth, from the address in its configuration; which addresses may be
/// named is the context's to say.
pub type Authorize = fn(&Value, &BuildContext) -> Result<Authorization>;

/// How a provider makes itself known; submit one with `inventory::submit!`, or call [`Registry::register`].
#[derive(Debug, Clone, Copy)]
pub struct ProviderRegistration {
    /// The name, lower-case: `servicenow`.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it talks to, in one line.
    pub description: &'static str,
    /// The schema of its configuration.
    pub config_schema: fn() -> Schema,
    /// Makes a provider from its configuration; unknown keys are refused by name.
    pub build: Build,
    /// How a customer's account is connected by OAuth, from the configuration's address.
    pub authorization: Option<Authorize>,
    /// Receives webhook deliveries, from the configuration.
    pub webhook: Option<BuildWebhook>,
}

inventory::collect!(ProviderRegistration);

/// How a customer's account is connected by OAuth 2.0, and the vendor's habits in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// Where the customer is sent.
    pub authorize_url: String,
    /// Where codes and refresh tokens are exchanged.
    pub token_url: String,
    /// Where tokens are revoked.
    pub revoke_url: Option<String>,
    /// The scopes asked for by default.
    pub scopes: Vec<String>,
    /// True where PKCE (S256) is used.
    pub pkce: bool,
    /// True where the vendor re-issues a token that still lives, so that an early refresh gains nothing.
    pub reissues_live_token: bool,
    /// True where each refresh gives a new refresh token and ends the old one.
    pub rotates_refresh_token: bool,
    /// Where the customer's sites are listed, for vendors whose token opens several.
    pub sites_url: Option<String>,
    /// The configuration's key that the chosen site's id goes to.
    pub site_id_key: Option<String>,
    /// The configuration's key that the chosen site's address goes to.
    pub site_url_key: Option<String>,
    /// More parameters of the address where the customer is sent.
    pub authorize_parameters: Vec<(String, String)>,
    /// True where the token endpoint is documented to take JSON, false where it takes a form.
    pub json_token_request: bool,
    /// True where the client's id and secret go into the body of a token request, false where they go into a Basic header.
    pub secret_in_body: bool,
    /// True where a client may ask for tokens of its own (`client_credentials`).
    pub client_credentials: bool,
    /// True where a user's name and password can be exchanged for tokens.
    pub password: bool,
    /// True where the token endpoint is on a host that the vendor itself runs. To another one, which a customer named, a client
    /// that the product shares between its customers is not given.
    pub is_vendors_own: bool,
}

impl Authorization {
    /// The two addresses that every OAuth vendor has.
    #[must_use]
    pub fn new(authorize_url: impl Into<String>, token_url: impl Into<String>) -> Self {
        Self {
            authorize_url: authorize_url.into(),
            token_url: token_url.into(),
            revoke_url: None,
            scopes: Vec::new(),
            pkce: false,
            reissues_live_token: false,
            rotates_refresh_token: false,
            sites_url: None,
            site_id_key: None,
            site_url_key: None,
            authorize_parameters: Vec::new(),
            json_token_request: false,
            secret_in_body: true,
            client_credentials: false,
            password: false,
            is_vendors_own: false,
        }
    }
}

/// The providers that can be built, by name.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    providers: BTreeMap<&'static str, ProviderRegistration>,
}

impl Registry {
    /// No providers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The providers that are linked into this program.
    ///
    /// A crate that is listed as a dependency and never named in code is not linked: name it once, `use provider_x as _;`.
    ///
    /// # Errors
    /// `Config` where two providers claim the same name.
    pub fn discover() -> Result<Self> {
        let mut registry = Self::new();
        for registration in inventory::iter::<ProviderRegistration> {
            registry.register(*registration)?;
        }
        Ok(registry)
    }

    /// Adds a provider.
    ///
    /// # Errors
    /// `Config` where its name or an alias is taken.
    pub fn register(&mut self, registration: ProviderRegistration) -> Result<()> {
        for name in std::iter::once(&registration.name).chain(registration.aliases) {
            if self.find(name).is_some() {
                return Err(Error::config("provider", format!("two providers claim the name `{name}`")));
            }
        }
        self.providers.insert(registration.name, registration);
        Ok(())
    }

    /// The providers, by name.
    pub fn iter(&self) -> impl Iterator<Item = &ProviderRegistration> {
        self.providers.values()
    }

    /// The provider of this name or alias.
    ///
    /// # Errors
    /// `Config`, listing the names there are.
    pub fn get(&self, name: &str) -> Result<&ProviderRegistration> {
        self.find(name).ok_or_else(|| {
            let known: Vec<_> = self.providers.keys().copied().collect();
            let hint = if known.is_empty() {
                "no provider is linked: name one in code, `use provider_x as _;`".to_owned()
            } else {
                format!("use one of: {}", known.join(", "))
            };
            // What came to the wrong place may be a configuration, and hold a secret.
            let is_name = name.len() <= 64 && name.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c));
            let cause = if is_name {
                format!("there is no provider `{name}`")
            } else {
                "it is no name of a provider".to_owned()
            };
            Error::config("provider", cause).with_hint(hint)
        })
    }

    /// A provider from its name and configuration.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong.
    pub fn build(&self, name: &str, config: Value, context: &BuildContext) -> Result<Arc<dyn TicketingProvider>> {
        let registration = self.get(name)?;
        (registration.build)(config, context).map_err(|error| error.with_provider(registration.name))
    }

    /// A client from a provider's name and configuration.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong.
    pub fn connect(&self, name: &str, config: Value, context: &BuildContext) -> Result<TicketingClient> {
        self.build(name, config, context).map(TicketingClient::new)
    }

    fn find(&self, name: &str) -> Option<&ProviderRegistration> {
        self.providers.values().find(|registration| registration.name == name || registration.aliases.contains(&name))
    }
}
