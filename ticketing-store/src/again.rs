//! A connection that is there gets another credential: its token is dead, a password or a client's secret was changed.

use serde_json::Value;
use ticketing_core::{Error, ErrorKind, Result, Secret};

use crate::authorize::{is_same_account, may_have_shared};
use crate::connection::{Connection, ConnectionId, OAuthApp};
use crate::connections::Connections;
use crate::consent::{BeginAuthorization, Begun, ClientChoice};
use crate::credential::{Client, Credential, GrantKind};
use crate::lease::{NewConfig, Replacement};

/// The scope that asks for a refresh token (wire/jira-zendesk.md A2.2).
const OFFLINE: &str = "offline_access";

impl Connections {
    /// Where to send a customer, so that a connection that they have works again.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` where it does not log in by OAuth.
    pub async fn begin_reauthorization(&self, tenant: &str, id: &ConnectionId, redirect_uri: &str) -> Result<Begun> {
        let connection = self.store().get(tenant, id).await?;
        let client = self.known_client(&connection).await?;
        self.begin_again(connection, client, redirect_uri).await
    }

    /// The same with another client of the connection's own: the customer's administrator changed its secret, or made another.
    /// What is kept changes once the vendor has given tokens to it.
    ///
    /// # Errors
    /// As [`begin_reauthorization`](Self::begin_reauthorization); `Conflict` where the connection uses a shared client.
    pub async fn begin_reauthorization_with(
        &self,
        tenant: &str,
        id: &ConnectionId,
        redirect_uri: &str,
        client: Client,
    ) -> Result<Begun> {
        let connection = self.store().get(tenant, id).await?;
        may_have_another(&connection)?;
        self.begin_again(connection, ClientChoice::Own(client), redirect_uri).await
    }

    /// How a connection's tokens are had; `None` where it does not log in by OAuth.
    ///
    /// # Errors
    /// `Integrity` where its credential does not open.
    pub async fn grant(&self, connection: &Connection) -> Result<Option<GrantKind>> {
        Ok(match self.store().credential(connection).await? {
            Some(Credential::OAuth(tokens)) => Some(tokens.grant),
            _ => None,
        })
    }

    /// Gives a connection new tokens by a grant that needs no browser, with the client that it has or another of its own.
    ///
    /// # Errors
    /// As [`connect_by_grant`](Self::connect_by_grant); `Conflict` where the connection uses a shared client and another is given.
    pub async fn reauthorize_by_grant(
        &self,
        tenant: &str,
        id: &ConnectionId,
        client: Option<Client>,
        login: Option<(String, Secret)>,
    ) -> Result<Connection> {
        let connection = self.store().get(tenant, id).await?;
        let provider = connection.provider.as_str();
        let authorization = self.inner.authorization(provider, &connection.config)?;
        let known = match (&client, &connection.oauth_app) {
            (Some(client), _) => {
                may_have_another(&connection)?;
                client.clone()
            }
            (None, None) => return Err(no_oauth(&connection)),
            (None, Some(app)) => {
                if matches!(app, OAuthApp::Shared(_)) {
                    may_have_shared(&authorization)?;
                }
                self.store().client(&connection).await?
            }
        };
        let given = self.by_grant(provider, &authorization, &known, login, &connection.scopes).await?;
        let account = self.account(provider, &connection.config, connection.mapping.as_ref(), &given.access)?;
        is_same_account(&connection, &account)?;
        let new = Replacement { credential: given.credential, scopes: given.scopes, client, config: None };
        self.store().replace_credential(&connection, new).await?;
        self.store().get(tenant, id).await
    }

    /// Gives a connection another configuration and credential in its place: a new password, other tables. The account stays.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong; `Conflict` where the configuration leads to another account.
    pub async fn reconnect(&self, tenant: &str, id: &ConnectionId, config: Value) -> Result<Connection> {
        let connection = self.store().get(tenant, id).await?;
        let given = self.given(&connection.provider, config)?;
        is_same_account(&connection, &given.account)?;
        let Some(credential) = given.credential else {
            return Err(Error::config("auth", "it is missing: there is no new credential in it"));
        };
        let config = NewConfig { config: given.config, mapping: given.mapping };
        // The scopes were those of the credential that goes.
        let new = Replacement { credential, scopes: Some(Vec::new()), client: given.client, config: Some(config) };
        self.store().replace_credential(&connection, new).await?;
        self.store().get(tenant, id).await
    }

    async fn known_client(&self, connection: &Connection) -> Result<ClientChoice> {
        match &connection.oauth_app {
            Some(OAuthApp::Shared(name)) => Ok(ClientChoice::Shared(name.clone())),
            Some(OAuthApp::Own { .. }) => self.store().client(connection).await.map(ClientChoice::Own),
            None => Err(no_oauth(connection)),
        }
    }

    async fn begin_again(&self, connection: Connection, client: ClientChoice, redirect_uri: &str) -> Result<Begun> {
        let usual = self.inner.authorization(&connection.provider, &connection.config)?.scopes;
        let mut scopes = connection.scopes;
        // A vendor may leave it out where it says what it gave, and without it there is no refresh token.
        if !scopes.is_empty()
            && usual.iter().any(|scope| scope == OFFLINE)
            && !scopes.iter().any(|scope| scope == OFFLINE)
        {
            scopes.push(OFFLINE.to_owned());
        }
        let mut request = BeginAuthorization::new(
            connection.tenant,
            connection.provider,
            connection.name,
            connection.config,
            client,
            redirect_uri,
        );
        if !scopes.is_empty() {
            request = request.with_scopes(scopes);
        }
        self.begin(request, Some(connection.id)).await
    }
}

/// Refuses another client where the one there is everybody's, or there is none.
fn may_have_another(connection: &Connection) -> Result<()> {
    match &connection.oauth_app {
        Some(OAuthApp::Own { .. }) => Ok(()),
        Some(OAuthApp::Shared(name)) => Err(Error::new(
            ErrorKind::Conflict,
            format!("the connection `{}` uses the shared OAuth client `{name}`", connection.name),
        )
        .with_field("client")
        .with_hint("change that one for all its connections (`ticketing connect … --app`), or make a new connection")),
        None => Err(no_oauth(connection)),
    }
}

fn no_oauth(connection: &Connection) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the connection `{}` does not log in by OAuth", connection.name))
        .with_hint("give its new credential instead, in `auth` of the configuration (`--config`)")
}
