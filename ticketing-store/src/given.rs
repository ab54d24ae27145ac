//! A credential that is given, in the configuration's `auth`: kept as what it is.

use serde_json::{Map, Value};
use ticketing_core::{Error, Result, Secret};

use crate::connection::{Connection, holds_no_secret};
use crate::connections::Connections;
use crate::credential::{Client, Credential, FixedAuth, GrantKind, Tokens};
use crate::store::NewConnection;

/// The parts of a whole configuration.
pub(crate) struct Given {
    pub(crate) account: String,
    pub(crate) config: Value,
    pub(crate) mapping: Option<Value>,
    pub(crate) client: Option<Client>,
    pub(crate) credential: Option<Credential>,
}

impl Connections {
    /// Keeps a connection with a credential that is given: in the configuration's `auth`, or a grant that needs no browser.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong; `AlreadyExists` where the name is taken.
    pub async fn connect(&self, tenant: &str, provider: &str, name: &str, config: Value) -> Result<Connection> {
        let provider = self.inner.registry.get(provider)?.name;
        let given = self.given(provider, config)?;
        let scopes = self.scopes_of(provider, &given.config, given.credential.as_ref())?;
        let mut new = NewConnection::new(tenant, provider, name, given.account, given.config);
        new.mapping = given.mapping;
        new.scopes = scopes;
        (new.own_client, new.credential) = (given.client, given.credential);
        self.store().add(new).await
    }

    /// What a whole configuration holds. What is wrong with it is told by the provider, before anything is kept.
    pub(crate) fn given(&self, provider: &str, config: Value) -> Result<Given> {
        let Value::Object(mut map) = config else {
            return Err(Error::config("config", "it must be an object"));
        };
        let auth = match map.remove("auth") {
            None | Some(Value::Null) => None,
            Some(Value::Object(auth)) => Some(auth),
            Some(_) => return Err(Error::config("auth", "it must be an object")),
        };
        let mapping = map.remove("mapping").filter(|mapping| !mapping.is_null());
        let config = Value::Object(map);
        holds_no_secret(self.inner.registry.get(provider)?, &config)?;
        let built = self.inner.provider(provider, &config, mapping.as_ref(), auth.clone().map(Value::Object), None)?;
        let account = built.info().account.clone();
        let (client, credential) = match auth {
            None => (None, None),
            Some(auth) => match self.refreshing(provider, &config, &auth)? {
                Some((client, tokens)) => (Some(client), Some(Credential::OAuth(tokens))),
                None => (None, Some(Credential::Fixed(FixedAuth(auth)))),
            },
        };
        Ok(Given { account, config, mapping, client, credential })
    }

    /// A client in `auth`, with a refresh token or for its own credentials, is kept as what it is, so that rotation is written
    /// down and all processes share one token.
    ///
    /// # Errors
    /// Those of the address, where its tokens could not be kept alive.
    fn refreshing(
        &self,
        provider: &str,
        config: &Value,
        auth: &Map<String, Value>,
    ) -> Result<Option<(Client, Tokens)>> {
        let known = ["type", "client_id", "client_secret", "refresh_token"];
        let text = |key: &str| auth.get(key).and_then(Value::as_str).map(str::to_owned);
        let is_oauth = text("type").as_deref() == Some("oauth");
        if !is_oauth || auth.iter().any(|(key, value)| !known.contains(&key.as_str()) && !value.is_null()) {
            return Ok(None);
        }
        let (Some(id), refresh) = (text("client_id"), text("refresh_token")) else { return Ok(None) };
        let authorization = self.inner.authorization(provider, config)?;
        let grant = match refresh {
            Some(_) => GrantKind::AuthorizationCode,
            None if authorization.client_credentials => GrantKind::ClientCredentials,
            None => return Ok(None),
        };
        // A public client has no secret.
        let client = Client::new(id, text("client_secret").map(Secret::new));
        let refresh = refresh.map(Secret::new);
        Ok(Some((client, Tokens { grant, access: None, expires_at: None, refresh, login: None })))
    }

    /// The scopes that a client asks for where it asks for a token of its own.
    pub(crate) fn scopes_of(
        &self,
        provider: &str,
        config: &Value,
        credential: Option<&Credential>,
    ) -> Result<Vec<String>> {
        match credential {
            Some(Credential::OAuth(Tokens { grant: GrantKind::ClientCredentials, .. })) => {
                Ok(self.inner.authorization(provider, config)?.scopes)
            }
            _ => Ok(Vec::new()),
        }
    }
}
