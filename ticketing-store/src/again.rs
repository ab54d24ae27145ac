//! A connection that is there gets another credential: its token is dead, a password or a client's secret was changed.

use serde_json::Value;
use ticketing_core::{Error, ErrorKind, Result, Secret};

use crate::authorize::{Chosen, is_same_account};
use crate::connection::{Connection, ConnectionId, OAuthApp};
use crate::connections::Connections;
use crate::consent::{BeginAuthorization, Begun, ClientChoice};
use crate::credential::{Credential, GrantKind};
use crate::lease::{NewConfig, Replacement};
use crate::store::moved;

/// The scope that asks for a refresh token (wire/jira-zendesk.md A2.2).
const OFFLINE: &str = "offline_access";

impl Connections {
    /// Where to send a customer, so that a connection that they have works again.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` where it does not log in by OAuth.
    pub async fn begin_reauthorization(&self, tenant: &str, id: &ConnectionId, redirect_uri: &str) -> Result<Begun> {
        let connection = self.store().get(tenant, id).await?;
        self.leads_home(&connection).await?;
        let client = self.known_client(&connection).await?;
        self.begin_again(connection, client, redirect_uri).await
    }

    /// The same with another client: one of the connection's own whose secret was changed, or the product's registration, which
    /// changes for all who use it. What is kept changes once the vendor has given tokens to it.
    ///
    /// # Errors
    /// As [`begin_reauthorization`](Self::begin_reauthorization); `Conflict` where the connection's client is not of that kind.
    pub async fn begin_reauthorization_with(
        &self,
        tenant: &str,
        id: &ConnectionId,
        redirect_uri: &str,
        client: ClientChoice,
    ) -> Result<Begun> {
        let connection = self.store().get(tenant, id).await?;
        self.leads_home(&connection).await?;
        may_have(&connection, &client)?;
        self.begin_again(connection, client, redirect_uri).await
    }

    /// How a connection's tokens are had; `None` where it does not log in by OAuth, or its credential does not open.
    ///
    /// # Errors
    /// `Integrity` where somebody changed the connection's account.
    pub async fn grant(&self, connection: &Connection) -> Result<Option<GrantKind>> {
        match self.store().credential(connection).await {
            Ok(Some(Credential::OAuth(tokens))) => Ok(Some(tokens.grant)),
            Ok(_) => Ok(None),
            // Another one is about to take its place.
            Err(error) if error.kind() == ErrorKind::Integrity && error.field() != Some("account") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Refuses a row that leads elsewhere than it was made for: what is typed or sealed would go there.
    async fn leads_home(&self, connection: &Connection) -> Result<()> {
        if connection.oauth_app.is_none() {
            return Err(no_oauth(connection));
        }
        self.grant(connection).await?;
        if matches!(connection.oauth_app, Some(OAuthApp::Own { .. })) {
            match self.store().client(connection).await {
                Err(error) if error.field() == Some("account") => return Err(error),
                // It may be about to be replaced.
                _ => {}
            }
        }
        let nothing = Secret::new("nothing");
        let account = self.account(&connection.provider, &connection.config, connection.mapping.as_ref(), &nothing)?;
        match account == connection.account {
            true => Ok(()),
            false => Err(moved("config", &connection.name, "has a configuration that leads to another account")),
        }
    }

    /// Gives a connection new tokens by a grant that needs no browser, with the client that it has or another, as in
    /// [`begin_reauthorization_with`](Self::begin_reauthorization_with).
    ///
    /// # Errors
    /// As [`connect_by_grant`](Self::connect_by_grant); `Conflict` where the connection's client is not of that kind.
    pub async fn reauthorize_by_grant(
        &self,
        tenant: &str,
        id: &ConnectionId,
        client: Option<ClientChoice>,
        login: Option<(String, Secret)>,
    ) -> Result<Connection> {
        let connection = self.store().get(tenant, id).await?;
        self.leads_home(&connection).await?;
        let provider = connection.provider.as_str();
        let authorization = self.inner.authorization(provider, &connection.config)?;
        let is_another = client.is_some();
        let choice = match client {
            Some(client) => {
                may_have(&connection, &client)?;
                client
            }
            None => self.known_client(&connection).await?,
        };
        let Chosen { client, shared_app, registers } = self.chosen(choice, provider, &authorization).await?;
        let given = self.by_grant(provider, &authorization, &client, login, &connection.scopes).await?;
        let account = self.account(provider, &connection.config, connection.mapping.as_ref(), &given.access)?;
        is_same_account(&connection, &account)?;
        if let (true, Some(app)) = (registers, &shared_app) {
            self.store().set_oauth_app(app, provider, &client).await?;
        }
        let client = (is_another && shared_app.is_none()).then_some(client);
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
        // The scopes were those of the credential that goes.
        let scopes = Some(self.scopes_of(&connection.provider, &given.config, Some(&credential))?);
        let config = NewConfig { config: given.config, mapping: given.mapping };
        let new = Replacement { credential, scopes, client: given.client, config: Some(config) };
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

/// Refuses a client of another kind than the connection's: a registration is changed by its name, for all who use it.
fn may_have(connection: &Connection, client: &ClientChoice) -> Result<()> {
    let conflict = |field: &str, message: String, hint: &str| {
        Err(Error::new(ErrorKind::Conflict, message).with_field(field).with_hint(hint.to_owned()))
    };
    let name = &connection.name;
    match (&connection.oauth_app, client) {
        (None, _) => Err(no_oauth(connection)),
        (Some(OAuthApp::Own { .. }), ClientChoice::Own(_)) => Ok(()),
        (Some(OAuthApp::Shared(app)), ClientChoice::Shared(own) | ClientChoice::Register { name: own, .. })
            if app == own =>
        {
            Ok(())
        }
        (Some(OAuthApp::Shared(app)), ClientChoice::Own(_)) => conflict(
            "client",
            format!("the connection `{name}` uses the shared OAuth client `{app}`"),
            &format!(
                "change that one for all its connections (`--app {app}` with the new client), or make a new connection"
            ),
        ),
        (Some(OAuthApp::Shared(app)), _) => conflict(
            "app",
            format!("the connection `{name}` uses the shared OAuth client `{app}`, and no other"),
            &format!("give `{app}`"),
        ),
        (Some(OAuthApp::Own { .. }), _) => {
            conflict("app", format!("the connection `{name}` has an OAuth client of its own"), "leave `app` out")
        }
    }
}

fn no_oauth(connection: &Connection) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the connection `{}` does not log in by OAuth", connection.name))
        .with_hint("give its new credential instead, in `auth` of the configuration (`--config`)")
}
