//! Tokens that are had without a browser: by the client's own credentials, or a user's name and password.

use ticketing_core::{Authorization, Error, ErrorKind, Result, Secret};
use ticketing_http::auth::{OAuthGrant, TokenEndpoint};

use crate::authorize::{Chosen, ask, split_mapping, without_auth};
use crate::connection::{Connection, holds_no_secret};
use crate::connections::Connections;
use crate::consent::BeginAuthorization;
use crate::credential::{Client, Credential, GrantKind, Tokens};
use crate::store::NewConnection;

/// What a grant gave.
pub(crate) struct ByGrant {
    pub(crate) access: Secret,
    pub(crate) credential: Credential,
    /// Where the vendor said which.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Connections {
    /// Keeps a connection by a grant that needs no browser: the client's own credentials, or a user's name and password where
    /// the vendor still takes them. A token is asked for at once, so that what is kept works.
    ///
    /// # Errors
    /// `Unsupported` where the vendor has no such grant; `Unauthenticated` where it refuses.
    pub async fn connect_by_grant(
        &self,
        request: BeginAuthorization,
        login: Option<(String, Secret)>,
    ) -> Result<Connection> {
        self.is_free(&request.tenant, &request.name).await?;
        without_auth(&request.config)?;
        let registration = self.inner.registry.get(&request.provider)?;
        holds_no_secret(registration, &request.config)?;
        let provider = registration.name;
        let authorization = self.inner.authorization(provider, &request.config)?;
        let Chosen { client, shared_app, registers } = self.chosen(request.client, provider, &authorization).await?;
        let scopes = request.scopes.unwrap_or_else(|| authorization.scopes.clone());
        let given = self.by_grant(provider, &authorization, &client, login, &scopes).await?;
        let (config, mapping) = split_mapping(request.config);
        let account = self.account(provider, &config, mapping.as_ref(), &given.access)?;
        if let (true, Some(app)) = (registers, &shared_app) {
            self.store().set_oauth_app(app, provider, &client).await?;
        }
        let mut new = NewConnection::new(request.tenant, provider, request.name, account, config);
        new.mapping = mapping;
        new.scopes = given.scopes.unwrap_or(scopes);
        new.own_client = shared_app.is_none().then_some(client);
        new.shared_app = shared_app;
        new.credential = Some(given.credential);
        self.store().add(new).await
    }

    pub(crate) async fn by_grant(
        &self,
        provider: &str,
        authorization: &Authorization,
        client: &Client,
        login: Option<(String, Secret)>,
        scopes: &[String],
    ) -> Result<ByGrant> {
        let (is_offered, kind, grant) = match &login {
            None => (authorization.client_credentials, GrantKind::ClientCredentials, OAuthGrant::ClientCredentials),
            Some((username, password)) => (
                authorization.password,
                GrantKind::Password,
                OAuthGrant::Password { username: username.clone(), password: password.clone() },
            ),
        };
        if !is_offered {
            return Err(Error::new(ErrorKind::Unsupported, format!("{provider} gives no tokens that way"))
                .with_field("grant")
                .with_hint("have somebody agree on the vendor's page instead"));
        }
        let endpoint = TokenEndpoint::of(authorization, &client.id, client.secret.clone(), self.inner.http.clone())?
            .with_scopes(scopes.to_vec());
        let granted = ask(&endpoint, &grant).await?;
        let credential = Credential::OAuth(Tokens {
            grant: kind,
            access: Some(granted.access.clone()),
            expires_at: granted.expires_at,
            refresh: granted.refresh,
            login,
        });
        Ok(ByGrant { access: granted.access, credential, scopes: granted.scopes })
    }
}
