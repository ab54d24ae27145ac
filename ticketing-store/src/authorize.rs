//! Connecting a customer: to the vendor's page and back, or with a credential that is given.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use ticketing_core::{Authorization, Error, ErrorKind, Result, Secret};
use ticketing_http::auth::{Bearer, Granted, OAuthGrant, TokenEndpoint};
use ticketing_http::{HttpClient, Request};
use tokio::time::timeout;
use url::Url;

use crate::connection::{Connection, ConnectionId, checked_name, holds_no_secret};
use crate::connections::Connections;
use crate::consent::{BeginAuthorization, Begun, Callback, ClientChoice, Completed, Site};
use crate::credential::{Client, Credential, GrantKind, Tokens};
use crate::lease::Replacement;
use crate::pending::{Pending, PendingTokens, new_state};
use crate::refresh::ASK;
use crate::store::NewConnection;

impl Connections {
    /// Where to send a customer, so that they agree to a new connection. Nothing is sent to the vendor.
    ///
    /// # Errors
    /// `Config`, naming the key, where the address or another part of the configuration is wrong; `AlreadyExists` where the
    /// name is taken.
    pub async fn begin_authorization(&self, request: BeginAuthorization) -> Result<Begun> {
        self.is_free(&request.tenant, &request.name).await?;
        self.begin(request, None).await
    }

    /// Refuses a name that is none, or taken: before a vendor is asked for anything.
    pub(crate) async fn is_free(&self, tenant: &str, name: &str) -> Result<()> {
        checked_name("name", name)?;
        checked_name("tenant", tenant)?;
        match self.store().find(tenant, name).await {
            Ok(_) => Err(Error::new(ErrorKind::AlreadyExists, format!("there is a connection `{name}` already"))
                .with_field("name")
                .with_hint("take another name, or authorize that one again by `begin_reauthorization`")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The client that a choice stands for.
    pub(crate) async fn chosen(
        &self,
        choice: ClientChoice,
        provider: &str,
        authorization: &Authorization,
    ) -> Result<Chosen> {
        Ok(match choice {
            ClientChoice::Shared(name) => {
                may_have_shared(authorization)?;
                let client = self.store().oauth_app(&name, provider).await?;
                Chosen { client, shared_app: Some(name), registers: false }
            }
            ClientChoice::Register { name, client } => {
                may_have_shared(authorization)?;
                checked_name("app", &name)?;
                self.store().has_oauth_app(&name, provider).await?;
                Chosen { client, shared_app: Some(name), registers: true }
            }
            ClientChoice::Own(client) => Chosen { client, shared_app: None, registers: false },
        })
    }

    pub(crate) async fn begin(&self, request: BeginAuthorization, again: Option<ConnectionId>) -> Result<Begun> {
        without_auth(&request.config)?;
        let registration = self.inner.registry.get(&request.provider)?;
        holds_no_secret(registration, &request.config)?;
        let provider = registration.name;
        let authorization = self.inner.authorization(provider, &request.config)?;
        is_redirect(&request.redirect_uri)?;
        let Chosen { client, shared_app, registers } = self.chosen(request.client, provider, &authorization).await?;
        let scopes = request.scopes.unwrap_or_else(|| authorization.scopes.clone());
        let state = new_state();
        let asked = TokenEndpoint::authorize(&authorization, &client.id, &request.redirect_uri, &scopes, &state)?;
        let pending = Pending {
            provider: provider.to_owned(),
            name: request.name,
            config: request.config,
            redirect_uri: request.redirect_uri,
            scopes,
            shared_app,
            registers,
            client_id: client.id,
            client_secret: client.secret.map(|secret| secret.expose().to_owned()),
            verifier: asked.verifier.map(|verifier| verifier.expose().to_owned()),
            again: again.map(|id| id.to_string()),
            site: request.site,
            tokens: None,
        };
        let account = asked.url.authority().to_owned();
        let expires_at = self.store().put_pending(&request.tenant, &state, &account, &pending).await?;
        Ok(Begun { url: asked.url, expires_at })
    }

    /// Takes what the customer's browser brought back: exchanges the code, and keeps the connection. The state is used up,
    /// whatever comes of it.
    ///
    /// # Errors
    /// `Unauthenticated` where the state is none of this tenant's, was used, or is over, and where the vendor refuses;
    /// `PermissionDenied` where the customer did.
    pub async fn complete_authorization(&self, tenant: &str, callback: Callback) -> Result<Completed> {
        let pending = self.store().take_pending(tenant, &callback.state).await?;
        let begin_again = "begin again, and have somebody agree who may";
        let code = callback.outcome.map_err(|why| {
            Error::new(ErrorKind::PermissionDenied, format!("the vendor's page came back with `{why}`"))
                .with_hint(begin_again)
        })?;
        let authorization = self.inner.authorization(&pending.provider, &pending.config)?;
        let endpoint = self.endpoint(&authorization, &pending)?;
        let grant = OAuthGrant::AuthorizationCode {
            code,
            redirect_uri: pending.redirect_uri.clone(),
            verifier: pending.verifier.clone().map(Secret::new),
        };
        let granted = ask(&endpoint, &grant).await.map_err(|error| match error.kind() {
            ErrorKind::Unauthenticated => {
                error.with_hint("begin again; check the client's id, secret and redirect address")
            }
            _ => error.with_hint("begin again: a code is good once"),
        })?;
        let scopes = granted.scopes.clone().unwrap_or_else(|| pending.scopes.clone());
        let tokens = PendingTokens {
            access: granted.access.expose().to_owned(),
            expires_at: granted.expires_at,
            refresh: granted.refresh.map(|refresh| refresh.expose().to_owned()),
            scopes,
        };
        let pending = Pending { tokens: Some(tokens), verifier: None, ..pending };
        let Some(sites_url) = &authorization.sites_url else {
            return self.finish(tenant, pending).await.map(|made| Completed::Connected(Box::new(made)));
        };
        let sites = self.sites(sites_url, &granted.access).await?;
        let named = authorization.site_url_key.as_ref().and_then(|key| pending.config.get(key)?.as_str());
        let mut fitting = sites.iter().filter(|site| match &pending.site {
            Some(wanted) => site.id == *wanted || is_same_site(wanted, &site.url),
            // The gateway's address ends in the site's id.
            None => {
                named.is_none_or(|named| is_same_site(named, &site.url) || named.ends_with(&format!("/{}", site.id)))
            }
        });
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => {
                let pending = at_site(pending, &authorization, one);
                self.finish(tenant, pending).await.map(|made| Completed::Connected(Box::new(made)))
            }
            (None, _) => {
                let names: Vec<_> = sites.iter().map(|site| format!("{} ({})", site.url, site.id)).collect();
                Err(Error::new(
                    ErrorKind::PermissionDenied,
                    format!("the customer agreed to no site that was asked for, but to: {}", names.join(", ")),
                )
                .with_field(authorization.site_url_key.unwrap_or_else(|| "site".to_owned()))
                .with_hint("begin again, and choose the site on the vendor's page"))
            }
            (Some(_), Some(_)) => {
                let continuation = new_state();
                self.store().put_pending(tenant, &continuation, "choice of a site", &pending).await?;
                Ok(Completed::ChooseSite { continuation, sites })
            }
        }
    }

    /// Keeps the connection to the site that the customer chose among those of [`Completed::ChooseSite`].
    ///
    /// # Errors
    /// `Unauthenticated` where the continuation is none of this tenant's, was used, or is over; `InvalidRequest` where the
    /// token does not open that site.
    pub async fn choose_site(&self, tenant: &str, continuation: &Secret, site_id: &str) -> Result<Connection> {
        let pending = self.store().take_pending(tenant, continuation).await?;
        let authorization = self.inner.authorization(&pending.provider, &pending.config)?;
        let access = pending.tokens.as_ref().map(|tokens| Secret::new(tokens.access.clone()));
        let (Some(access), Some(sites_url)) = (access, &authorization.sites_url) else {
            return Err(Error::invalid("continuation", "it is not of a choice of a site"));
        };
        let sites = self.sites(sites_url, &access).await?;
        let chosen = sites.iter().find(|site| site.id == site_id).ok_or_else(|| {
            let known: Vec<_> = sites.iter().map(|site| site.id.as_str()).collect();
            Error::invalid("site", "the customer's token does not open it")
                .with_hint(format!("begin again, and choose one of: {}", known.join(", ")))
        })?;
        self.finish(tenant, at_site(pending, &authorization, chosen)).await
    }

    fn endpoint(&self, authorization: &Authorization, pending: &Pending) -> Result<TokenEndpoint> {
        let secret = pending.client_secret.clone().map(Secret::new);
        TokenEndpoint::of(authorization, &pending.client_id, secret, self.inner.http.clone())
    }

    /// The account that a configuration leads to, as the provider names it.
    pub(crate) fn account(
        &self,
        provider: &str,
        config: &Value,
        mapping: Option<&Value>,
        access: &Secret,
    ) -> Result<String> {
        let auth = serde_json::json!({ "type": "connection" });
        let built = self.inner.provider(provider, config, mapping, Some(auth), Some(Arc::new(Bearer::new(access)?)))?;
        Ok(built.info().account.clone())
    }

    /// Makes the connection, or gives the one that is authorized again its new tokens.
    async fn finish(&self, tenant: &str, pending: Pending) -> Result<Connection> {
        let Some(tokens) = pending.tokens else {
            return Err(Error::new(ErrorKind::Unexpected, "an authorization ended without tokens"));
        };
        let access = Secret::new(tokens.access);
        let (config, mapping) = split_mapping(pending.config);
        let account = self.account(&pending.provider, &config, mapping.as_ref(), &access)?;
        let credential = Credential::OAuth(Tokens {
            grant: GrantKind::AuthorizationCode,
            access: Some(access),
            expires_at: tokens.expires_at,
            refresh: tokens.refresh.map(Secret::new),
            login: None,
        });
        let client = pending_client(pending.client_id, pending.client_secret);
        // The one that the vendor has just given these tokens to.
        if let (true, Some(app)) = (pending.registers, &pending.shared_app) {
            self.store().set_oauth_app(app, &pending.provider, &client).await?;
        }
        let own_client = pending.shared_app.is_none().then_some(client);
        if let Some(id) = pending.again {
            let id = ConnectionId::from_row(id);
            let connection = self.store().get(tenant, &id).await?;
            is_same_account(&connection, &account)?;
            let new = Replacement { credential, scopes: Some(tokens.scopes), client: own_client, config: None };
            self.store().replace_credential(&connection, new).await?;
            return self.store().get(tenant, &id).await;
        }
        let mut new = NewConnection::new(tenant, pending.provider, pending.name, account, config);
        new.mapping = mapping;
        new.scopes = tokens.scopes;
        new.own_client = own_client;
        new.shared_app = pending.shared_app;
        new.credential = Some(credential);
        self.store().add(new).await
    }

    /// The sites that a token opens, each once.
    async fn sites(&self, sites_url: &str, access: &Secret) -> Result<Vec<Site>> {
        let url =
            Url::parse(sites_url).map_err(|error| Error::config("sites_url", "it is no address").with_source(error))?;
        let origin = url.origin().ascii_serialization();
        let address = self.inner.http.policy().check("sites_url", &origin, None)?;
        let client = HttpClient::builder(address, self.inner.http.clone())
            .with_authenticator(Arc::new(Bearer::new(access)?))
            .build();
        let request = Request::get(url.path().to_owned());
        let response = client.send(&request).await?;
        let mut sites: Vec<Site> = ticketing_http::decode(&response.body)?;
        let mut seen = BTreeSet::new();
        sites.retain(|site| seen.insert(site.id.clone()));
        Ok(sites)
    }
}

/// The client that is used.
pub(crate) struct Chosen {
    pub(crate) client: Client,
    /// The registration that it is, where it is not the connection's own.
    pub(crate) shared_app: Option<String>,
    /// Whether it is to be kept as that.
    pub(crate) registers: bool,
}

/// Refuses to give a host that a customer named the client that all customers share.
pub(crate) fn may_have_shared(authorization: &Authorization) -> Result<()> {
    if authorization.is_vendors_own {
        return Ok(());
    }
    let host = Url::parse(&authorization.token_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    Err(Error::config(
        "app",
        format!("a shared OAuth client goes to the vendor's own hosts alone, and `{host}` is none"),
    )
    .with_hint("give the account by the vendor's own name for it, or a client that its administrator made"))
}

fn pending_client(id: String, secret: Option<String>) -> Client {
    Client::new(id, secret.map(Secret::new))
}

pub(crate) fn is_same_account(connection: &Connection, account: &str) -> Result<()> {
    if connection.account == account {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Conflict,
        format!("this is of the account {account}, and `{}` is of {}", connection.name, connection.account),
    )
    .with_field("account")
    .with_hint("choose the same account, or make a new connection"))
}

pub(crate) async fn ask(endpoint: &TokenEndpoint, grant: &OAuthGrant) -> Result<Granted> {
    timeout(ASK, endpoint.ask(grant)).await.unwrap_or_else(|_| {
        Err(Error::new(ErrorKind::Timeout, "the token endpoint did not answer in time")
            .with_retry_after(std::time::Duration::ZERO))
    })
}

pub(crate) fn split_mapping(mut config: Value) -> (Value, Option<Value>) {
    let mapping = config.as_object_mut().and_then(|map| map.remove("mapping")).filter(|mapping| !mapping.is_null());
    (config, mapping)
}

fn at_site(mut pending: Pending, authorization: &Authorization, site: &Site) -> Pending {
    if let Some(map) = pending.config.as_object_mut() {
        for (key, value) in [(&authorization.site_id_key, &site.id), (&authorization.site_url_key, &site.url)] {
            if let Some(key) = key {
                map.insert(key.clone(), Value::String(value.clone()));
            }
        }
    }
    pending
}

/// Whether what was typed, a host or an address, is the site's.
fn is_same_site(named: &str, url: &str) -> bool {
    let host = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        text.split('/').next().unwrap_or_default().to_ascii_lowercase()
    };
    let (named, site) = (host(named), host(url));
    // The bare name of a site stands for it too.
    named == site || (!named.contains('.') && site.split('.').next() == Some(&named))
}

pub(crate) fn without_auth(config: &Value) -> Result<()> {
    match config {
        Value::Object(map) if !map.contains_key("auth") => Ok(()),
        Value::Object(_) => Err(Error::config("auth", "OAuth gives the credential: the configuration must hold none")
            .with_hint("leave `auth` out")),
        _ => Err(Error::config("config", "it must be an object")),
    }
}

/// An address that a browser may be sent back to: https, or this machine.
fn is_redirect(text: &str) -> Result<()> {
    let refused = |why: &str| {
        Err(Error::config("redirect_uri", why.to_owned())
            .with_hint("give the address that is registered with the vendor: https, or http on 127.0.0.1"))
    };
    let Ok(url) = Url::parse(text) else { return refused("it is no address") };
    let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return refused("it is not https: the code would travel in clear"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return refused("it holds a user name, password or fragment");
    }
    Ok(())
}
