//! An OAuth 2.0 authorization server as we ask it, by the `oauth2` crate over our transport.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryStreamExt as _};
use http::header::{CONTENT_TYPE, HeaderValue};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, Scope, StandardErrorResponse, TokenResponse as _, TokenUrl,
};
use ticketing_core::{Authorization, Delivery, Error, ErrorKind, Result, Secret};
use url::Url;

use crate::context::HttpContext;
use crate::request::Body;
use crate::status::error_for_status;

/// The largest answer of a token endpoint.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The client that a vendor knows us by.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// The client's id.
    pub id: String,
    /// The client's secret; a public client has none.
    pub secret: Option<Secret>,
    /// The token endpoint, on the connection's own host or the vendor's documented one.
    pub token_url: Url,
    /// True where id and secret go into the body, false where they go into a Basic header.
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
    /// A user's name and password, where the vendor still takes them.
    Password {
        /// The user's name.
        username: String,
        /// The user's password.
        password: Secret,
    },
    /// The code that came with the customer, back from the vendor's page.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// The redirect that it was asked for with.
        redirect_uri: String,
        /// The PKCE verifier, where there was a challenge.
        verifier: Option<Secret>,
    },
}

/// What a token endpoint gave.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Granted {
    /// The access token.
    pub access: Secret,
    /// When the access token ends; `None`: the vendor did not say.
    pub expires_at: Option<DateTime<Utc>>,
    /// The refresh token, where a new or the same one came along; never an empty one.
    pub refresh: Option<Secret>,
    /// The scopes, where the vendor said which it gave.
    pub scopes: Option<Vec<String>>,
}

/// An address to send a customer to, and what must be known when they come back.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuthorizeRequest {
    /// The address.
    pub url: Url,
    /// The PKCE verifier, where the vendor has PKCE; it is sent with the code.
    pub verifier: Option<Secret>,
}

impl fmt::Debug for AuthorizeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query holds the state.
        f.debug_struct("AuthorizeRequest")
            .field("host", &self.url.host_str())
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// A token endpoint, and the client that asks it.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    client: OAuthClient,
    context: HttpContext,
    scopes: Vec<String>,
    json: bool,
}

impl TokenEndpoint {
    /// The endpoint that the client names, asked over the context's transport.
    #[must_use]
    pub fn new(client: OAuthClient, context: HttpContext) -> Self {
        Self { client, context, scopes: Vec::new(), json: false }
    }

    /// The endpoint that an authorization describes.
    ///
    /// # Errors
    /// `Config` where its address is none.
    pub fn of(
        authorization: &Authorization,
        client_id: &str,
        client_secret: Option<Secret>,
        context: HttpContext,
    ) -> Result<Self> {
        let token_url = Url::parse(&authorization.token_url)
            .map_err(|error| Error::config("token_url", "it is not an address").with_source(error))?;
        let secret_in_body = authorization.secret_in_body;
        let client = OAuthClient { id: client_id.to_owned(), secret: client_secret, token_url, secret_in_body };
        Ok(Self { json: authorization.json_token_request, ..Self::new(client, context) })
    }

    /// Asks in JSON, for an endpoint that reads no form.
    #[must_use]
    pub fn with_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Asks for these scopes where a client asks for a token of its own.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = String>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Where the customer is sent, with a fresh PKCE challenge where the vendor has PKCE.
    ///
    /// # Errors
    /// `Config` where an address is none.
    pub fn authorize(
        authorization: &Authorization,
        client_id: &str,
        redirect_uri: &str,
        scopes: &[String],
        state: &Secret,
    ) -> Result<AuthorizeRequest> {
        let auth_url = AuthUrl::new(authorization.authorize_url.clone())
            .map_err(|error| Error::config("authorize_url", "it is not an address").with_source(error))?;
        let redirect = redirect(redirect_uri)?;
        let client =
            BasicClient::new(ClientId::new(client_id.to_owned())).set_auth_uri(auth_url).set_redirect_uri(redirect);
        let state = CsrfToken::new(state.expose().to_owned());
        let mut request = client.authorize_url(move || state);
        request = request.add_scopes(scopes.iter().cloned().map(Scope::new));
        for (name, value) in &authorization.authorize_parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        let mut verifier = None;
        if authorization.pkce {
            let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(Secret::new(secret.into_secret()));
        }
        let (url, _) = request.url();
        Ok(AuthorizeRequest { url, verifier })
    }

    /// Asks for a token, once.
    ///
    /// # Errors
    /// `Unauthenticated` where the vendor refuses; anything retryable where it cannot be asked now, or answers nonsense.
    pub async fn ask(&self, grant: &OAuthGrant) -> Result<Granted> {
        let token_url = TokenUrl::new(self.client.token_url.to_string())
            .map_err(|error| Error::config("token_url", "it is not an address").with_source(error))?;
        let mut client = BasicClient::new(ClientId::new(self.client.id.clone()))
            .set_token_uri(token_url)
            .set_auth_type(if self.client.secret_in_body { AuthType::RequestBody } else { AuthType::BasicAuth });
        if let Some(secret) = &self.client.secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        let scopes = || self.scopes.iter().cloned().map(Scope::new);
        let answer = match grant {
            OAuthGrant::RefreshToken(token) => {
                let token = RefreshToken::new(token.expose().to_owned());
                client.exchange_refresh_token(&token).request_async(self).await
            }
            OAuthGrant::ClientCredentials => {
                client.exchange_client_credentials().add_scopes(scopes()).request_async(self).await
            }
            OAuthGrant::Password { username, password } => {
                let username = ResourceOwnerUsername::new(username.clone());
                let password = ResourceOwnerPassword::new(password.expose().to_owned());
                client.exchange_password(&username, &password).add_scopes(scopes()).request_async(self).await
            }
            OAuthGrant::AuthorizationCode { code, redirect_uri, verifier } => {
                let redirect = redirect(redirect_uri)?;
                let code = AuthorizationCode::new(code.expose().to_owned());
                let mut request = client.exchange_code(code).set_redirect_uri(std::borrow::Cow::Owned(redirect));
                if let Some(verifier) = verifier {
                    request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
                }
                request.request_async(self).await
            }
        }
        .map_err(unreadable)?;
        self.granted(&answer)
    }

    fn granted(&self, answer: &BasicTokenResponse) -> Result<Granted> {
        if answer.access_token().secret().is_empty() {
            return Err(unavailable("the token endpoint's answer holds no token"));
        }
        let expires_at = answer
            .expires_in()
            .and_then(|life| TimeDelta::from_std(life).ok())
            .and_then(|life| self.context.clock.now().checked_add_signed(life));
        let refresh = answer.refresh_token().map(|token| token.secret()).filter(|token| !token.is_empty());
        let scopes = answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect());
        Ok(Granted {
            access: Secret::new(answer.access_token().secret().clone()),
            expires_at,
            refresh: refresh.map(|token| Secret::new(token.clone())),
            scopes,
        })
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let (mut parts, body) = request.into_parts();
        let body = if self.json { as_json(&body, &mut parts.headers) } else { body };
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
        if let Some(code) = refusal(status, &collected).filter(|_| !outage) {
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
        // Zendesk's document answers 201, and whoever reads this takes 200 alone.
        *response.status_mut() = http::StatusCode::OK;
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint {
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

fn redirect(uri: &str) -> Result<RedirectUrl> {
    RedirectUrl::new(uri.to_owned()).map_err(|error| {
        Error::config("redirect_uri", "it is not an address")
            .with_hint("write the address that is registered with the vendor, `https://…`")
            .with_source(error)
    })
}

/// The form's fields as a JSON object: the fields of OAuth 2.0 are all texts.
fn as_json(form: &[u8], headers: &mut http::HeaderMap) -> Vec<u8> {
    let fields: serde_json::Map<_, _> =
        url::form_urlencoded::parse(form).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    serde_json::Value::Object(fields).to_string().into_bytes()
}

fn unavailable(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, message).with_retry_after(std::time::Duration::ZERO)
}

/// The codes of RFC 6749 §4.1.2.1 and §5.2 that say that no token will be given.
const REFUSALS: [&str; 7] = [
    "access_denied",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
];

/// The vendor's code where the answer says that it gives no token: with 400 and 401 any JSON with an `error`, since vendors have
/// codes of their own (ServiceNow's `server_error`, wire/servicenow.md §5); with another status only a code that can mean nothing
/// else, with 200 some of vendors who answer so (`bad_refresh_token`). A gateway's `{"error":"Not Found"}`, a
/// firewall's `access_denied` and a transaction that was cancelled (200, an object) are outages.
fn refusal(status: u16, body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = match json.get("error")? {
        serde_json::Value::Null => return None,
        serde_json::Value::String(code) => code.as_str(),
        _ => return matches!(status, 400 | 401).then(|| "error".to_owned()),
    };
    let is_told = json.get("error_description").is_some();
    let is_own = ["bad_", "incorrect_", "redirect_uri_"].iter().any(|start| code.starts_with(start));
    let is_refusal = match (status, code) {
        // An outage by another name.
        (_, "temporarily_unavailable") => false,
        (400 | 401, _) => true,
        (403, "access_denied") => is_told,
        (200, _) => is_own || REFUSALS.contains(&code),
        _ => REFUSALS.contains(&code),
    };
    is_refusal.then(|| code.to_owned())
}

fn refused(code: &str) -> Error {
    let code: String = code.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    Error::new(ErrorKind::Unauthenticated, "the vendor refused the credential at its token endpoint")
        .with_code(code)
        .with_delivery(Delivery::Answered)
        .with_hint(
            "connect the account again, or correct the client's id and secret, and the refresh token or password",
        )
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
