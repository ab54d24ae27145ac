//! OAuth 2.0 at the token endpoint, by the `oauth2` crate over our transport.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryStreamExt as _};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken, RequestTokenError,
    StandardErrorResponse, TokenResponse as _, TokenUrl,
};
use ticketing_core::{Delivery, Error, ErrorKind, Result, Secret};
use url::Url;

use super::token_cache::{CredentialSource, Token};
use crate::context::HttpContext;
use crate::request::Body;
use crate::status::error_for_status;

/// The largest answer of a token endpoint.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Is told of a rotated refresh token before the access token that came with it is used.
#[async_trait]
pub trait RefreshTokenStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps the new refresh token. The access token is used only once this went well.
    ///
    /// # Errors
    /// Where it could not be kept.
    async fn rotated(&self, refresh_token: &Secret) -> Result<()>;
}

/// The client that a vendor knows us by.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// The client's id.
    pub id: String,
    /// The client's secret; a public client has none.
    pub secret: Option<Secret>,
    /// The token endpoint, on the connection's own host or the vendor's documented one.
    pub token_url: Url,
    /// True where id and secret go into the form, false where they go into a Basic header.
    pub secret_in_body: bool,
}

/// What a token is asked for with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum OAuthGrant {
    /// A refresh token.
    RefreshToken(Secret),
    /// The client's own credentials.
    ClientCredentials,
}

/// Tokens from an OAuth 2.0 token endpoint.
#[derive(Debug)]
pub struct OAuthSource {
    client: OAuthClient,
    grant: Mutex<OAuthGrant>,
    /// A rotated refresh token that the store has not taken yet.
    left_over: Mutex<Option<Secret>>,
    context: HttpContext,
    store: Option<Arc<dyn RefreshTokenStore>>,
}

impl OAuthSource {
    /// Tokens for this client by this grant.
    #[must_use]
    pub fn new(client: OAuthClient, grant: OAuthGrant, context: HttpContext) -> Self {
        Self { client, grant: Mutex::new(grant), left_over: Mutex::default(), context, store: None }
    }

    /// With a store that is told of rotated refresh tokens.
    #[must_use]
    pub fn with_store(mut self, store: Arc<dyn RefreshTokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, Body::Bytes(body.into()));
        let response = self.context.transport.send(request).await.map_err(|error| Failed(Box::new(error.into())))?;
        let (parts, body) = response.into_parts();
        let collected = body
            .try_fold(Vec::new(), |mut all, piece| async move {
                if all.len() + piece.len() > MAX_ANSWER_BYTES {
                    return Err(unavailable("the token endpoint's answer is too large"));
                }
                all.extend_from_slice(&piece);
                Ok(all)
            })
            .await
            .map_err(|error| Failed(Box::new(error)))?;
        let status = parts.status.as_u16();
        // An outage or a rate limit is not the end of a credential, whatever its body says.
        let outage = parts.status.is_server_error() || matches!(status, 408 | 425 | 429);
        if let Some(code) = refusal(&collected).filter(|_| !outage) {
            return Err(Failed(Box::new(refused(&code))));
        }
        if !parts.status.is_success() {
            let message = "the token endpoint did not give a token";
            let error = error_for_status(status, &parts.headers, self.context.clock.now(), message);
            let error = if error.is_retryable() { error } else { unavailable(message).with_http_status(status) };
            return Err(Failed(Box::new(error)));
        }
        // A hibernating instance answers with a page and 200. What is JSON is taken, whatever its media type says.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&collected).is_err() {
            return Err(Failed(Box::new(unavailable("the token endpoint's answer is not JSON"))));
        }
        let mut response = http::Response::new(collected);
        *response.status_mut() = parts.status;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for OAuthSource {
    type Error = Failed;
    type Future = BoxFuture<'c, Result<HttpResponse, Failed>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

/// An [`Error`] as the `oauth2` crate can carry it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Failed(Box<Error>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

fn unavailable(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_retry_after(std::time::Duration::ZERO)
}

#[async_trait]
impl CredentialSource for OAuthSource {
    async fn fetch(&self) -> Result<Token> {
        let token_url = TokenUrl::new(self.client.token_url.to_string())
            .map_err(|error| Error::config("token_url", "it is not an address").with_source(error))?;
        let mut client = BasicClient::new(ClientId::new(self.client.id.clone()))
            .set_token_uri(token_url)
            .set_auth_type(if self.client.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth });
        if let Some(secret) = &self.client.secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        self.keep_left_over().await?;
        let grant = self.grant().clone();
        let answer = match &grant {
            OAuthGrant::RefreshToken(token) => {
                let token = RefreshToken::new(token.expose().to_owned());
                client.exchange_refresh_token(&token).request_async(self).await
            }
            OAuthGrant::ClientCredentials => client.exchange_client_credentials().request_async(self).await,
        }
        .map_err(unreadable)?;
        if answer.access_token().secret().is_empty() {
            return Err(unavailable("the token endpoint's answer holds no token"));
        }
        self.keep(&grant, &answer).await?;
        let expires_at = answer
            .expires_in()
            .and_then(|life| TimeDelta::from_std(life).ok())
            .map(|life| self.context.clock.now() + life);
        Ok(Token { access: Secret::new(answer.access_token().secret().clone()), expires_at })
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
    async fn keep(&self, grant: &OAuthGrant, answer: &BasicTokenResponse) -> Result<()> {
        let OAuthGrant::RefreshToken(old) = grant else { return Ok(()) };
        let Some(new) = answer.refresh_token().map(|new| new.secret()) else { return Ok(()) };
        if new.is_empty() || new == old.expose() {
            return Ok(());
        }
        *self.left_over() = Some(Secret::new(new.clone()));
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

/// The vendor's code where the answer says that it gives no token: any JSON with an `error`, whatever its form and status.
fn refusal(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    match json.get("error")? {
        serde_json::Value::Null => None,
        serde_json::Value::String(code) => Some(code.clone()),
        _ => Some("error".to_owned()),
    }
}

fn refused(code: &str) -> Error {
    let code: String = code.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    Error::new(ErrorKind::Unauthenticated, "the vendor refused the credential at its token endpoint")
        .with_code(code)
        .with_delivery(Delivery::Answered)
        .with_hint("connect the account again, or correct client_id, client_secret and refresh_token")
}

type Unreadable = RequestTokenError<Failed, StandardErrorResponse<BasicErrorResponseType>>;

fn unreadable(error: Unreadable) -> Error {
    match error {
        RequestTokenError::Request(Failed(error)) => *error,
        RequestTokenError::ServerResponse(response) => refused(response.error().as_ref()),
        // The text may hold a token; its place says enough.
        RequestTokenError::Parse(..) => unavailable("the token endpoint's answer is not a token"),
        RequestTokenError::Other(message) => {
            Error::new(ErrorKind::Config, format!("no token can be asked for: {message}"))
        }
    }
}
