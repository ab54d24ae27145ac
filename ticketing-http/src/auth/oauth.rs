//! Tokens by OAuth 2.0, with the newest refresh token kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ticketing_core::{Result, Secret};

use super::token_cache::{CredentialSource, Token};
use super::token_endpoint::{Granted, OAuthClient, OAuthGrant, TokenEndpoint};
use crate::context::HttpContext;

/// Is told of a rotated refresh token before the access token that came with it is used.
#[async_trait]
pub trait RefreshTokenStore: std::fmt::Debug + Send + Sync + 'static {
    /// Keeps the new refresh token. The access token is used only once this went well.
    ///
    /// # Errors
    /// Where it could not be kept.
    async fn rotated(&self, refresh_token: &Secret) -> Result<()>;
}

/// Tokens from an OAuth 2.0 token endpoint.
#[derive(Debug)]
pub struct OAuthSource {
    endpoint: TokenEndpoint,
    grant: Mutex<OAuthGrant>,
    /// A rotated refresh token that the store has not taken yet.
    left_over: Mutex<Option<Secret>>,
    store: Option<Arc<dyn RefreshTokenStore>>,
}

impl OAuthSource {
    /// Tokens for this client by this grant.
    #[must_use]
    pub fn new(client: OAuthClient, grant: OAuthGrant, context: HttpContext) -> Self {
        Self {
            endpoint: TokenEndpoint::new(client, context),
            grant: Mutex::new(grant),
            left_over: Mutex::default(),
            store: None,
        }
    }

    /// Asks for these scopes where a client asks for a token of its own.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.endpoint = self.endpoint.with_scopes(scopes.into_iter().map(Into::into));
        self
    }

    /// Asks in JSON, for an endpoint that reads no form.
    #[must_use]
    pub fn with_json(mut self) -> Self {
        self.endpoint = self.endpoint.with_json();
        self
    }

    /// With a store that is told of rotated refresh tokens.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn RefreshTokenStore>) -> Self {
        self.store = Some(store);
        self
    }
}

#[async_trait]
impl CredentialSource for OAuthSource {
    async fn fetch(&self) -> Result<Token> {
        self.keep_left_over().await?;
        let grant = self.grant().clone();
        let granted = self.endpoint.ask(&grant).await?;
        self.keep(&grant, &granted).await?;
        Ok(Token { access: granted.access, expires_at: granted.expires_at })
    }
}

impl OAuthSource {
    fn grant(&self) -> MutexGuard<'_, OAuthGrant> {
        self.grant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_over(&self) -> MutexGuard<'_, Option<Secret>> {
        self.left_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a rotated refresh token before its access token is used; an empty or missing one leaves the old in place.
    async fn keep(&self, grant: &OAuthGrant, granted: &Granted) -> Result<()> {
        let OAuthGrant::RefreshToken(old) = grant else { return Ok(()) };
        let Some(new) = granted.refresh.as_ref().filter(|new| *new != old) else { return Ok(()) };
        *self.left_over() = Some(new.clone());
        self.keep_left_over().await
    }

    /// Hands a rotated refresh token to the store, and goes over to it once that went well. Until then it is kept in memory:
    /// the vendor may have ended the old one, and the next fetch begins here again.
    async fn keep_left_over(&self) -> Result<()> {
        let Some(new) = self.left_over().clone() else { return Ok(()) };
        if let Some(store) = &self.store {
            store.rotated(&new).await?;
        }
        *self.grant() = OAuthGrant::RefreshToken(new);
        *self.left_over() = None;
        Ok(())
    }
}
