//! The instance as an OAuth 2.0 authorization server: wire §5.1.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::answer::{Reply, empty, json_response};
use super::credentials::Credentials;
use super::jwt;
use super::params::{Params, encode};
use super::properties;
use super::session::Session;
use super::world::World;
use crate::random::{SplitMix, hash_text};

/// A client registered on the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthClient {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`; `None` for public clients, which need PKCE and get no refresh token.
    pub client_secret: Option<String>,
    /// Registered redirects; a request for any other goes to the first one.
    pub redirect_uris: Vec<String>,
    /// Life of an access token in seconds.
    pub access_token_seconds: i64,
    /// Life of a refresh token in seconds.
    pub refresh_token_seconds: i64,
    /// User that a `client_credentials` token belongs to; without one it is useless (K:1710801).
    pub application_user: Option<String>,
}

impl OAuthClient {
    /// `sandbox-client` / `sandbox-secret`, with the documented lifetimes.
    pub fn standard() -> Self {
        Self {
            client_id: "sandbox-client".to_owned(),
            client_secret: Some("sandbox-secret".to_owned()),
            redirect_uris: vec!["http://127.0.0.1:8400/callback".to_owned()],
            access_token_seconds: 1_800,
            refresh_token_seconds: 8_640_000,
            application_user: Some("admin".to_owned()),
        }
    }

    /// `sandbox-public`, without a secret.
    pub fn public() -> Self {
        Self { client_id: "sandbox-public".to_owned(), client_secret: None, application_user: None, ..Self::standard() }
    }
}

#[derive(Debug, Clone)]
struct Grant {
    client: String,
    user: String,
    expires: DateTime<Utc>,
}

#[derive(Debug, Clone)]
struct Code {
    grant: Grant,
    challenge: Option<String>,
}

/// Everything issued so far.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    codes: HashMap<String, Code>,
    used_assertions: HashSet<String>,
    random: SplitMix,
    rotate: bool,
}

impl Tokens {
    pub(crate) fn new(seed: u64, rotate: bool) -> Self {
        Self {
            access: HashMap::new(),
            refresh: HashMap::new(),
            codes: HashMap::new(),
            used_assertions: HashSet::new(),
            random: SplitMix::new(hash_text(seed, "tokens")),
            rotate,
        }
    }

    pub(crate) fn user_of(&self, token: &str, now: DateTime<Utc>) -> Option<&str> {
        let grant = self.access.get(token)?;
        (grant.expires > now).then_some(grant.user.as_str())
    }

    fn secret(&mut self) -> String {
        (0..6).map(|_| format!("{:016x}", self.random.next())).collect()
    }

    /// Forgets every access token: what a restart of the instance or an administrator does.
    pub(crate) fn expire_access(&mut self) {
        self.access.clear();
    }

    /// wire §5.1: a token that is still valid is issued again, with the time it has left.
    fn access_for(&mut self, client: &OAuthClient, user: &str, now: DateTime<Utc>) -> (String, i64) {
        self.access.retain(|_, grant| grant.expires > now);
        let valid = self.access.iter().find(|(_, grant)| grant.client == client.client_id && grant.user == user);
        if let Some((token, grant)) = valid {
            return (token.clone(), (grant.expires - now).num_seconds());
        }
        let token = self.secret();
        let expires = now + seconds(client.access_token_seconds);
        self.access.insert(token.clone(), grant(client, user, expires));
        // The documented answer says 1799 for a life of 1800 seconds.
        (token, client.access_token_seconds - 1)
    }

    /// A fresh grant gives the current refresh token a new life (K:0791140).
    fn refresh_for(&mut self, client: &OAuthClient, user: &str, now: DateTime<Utc>) -> String {
        let expires = now + seconds(client.refresh_token_seconds);
        let current = self
            .refresh
            .iter_mut()
            .find(|(_, grant)| grant.client == client.client_id && grant.user == user && grant.expires > now);
        if let Some((token, grant)) = current {
            grant.expires = expires;
            return token.clone();
        }
        let token = self.secret();
        self.refresh.insert(token.clone(), grant(client, user, expires));
        token
    }
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::try_seconds(count).unwrap_or(TimeDelta::MAX)
}

fn grant(client: &OAuthClient, user: &str, expires: DateTime<Utc>) -> Grant {
    Grant { client: client.client_id.clone(), user: user.to_owned(), expires }
}

/// wire §5.1: the one error that is documented, for a bad client, user or grant.
pub(crate) fn denied() -> Reply {
    let body = json!({ "error_description": "access_denied", "error": "server_error" });
    json_response(StatusCode::UNAUTHORIZED, body.to_string().into_bytes())
}

fn bad_request(error: &str, description: &str) -> Reply {
    let body = json!({ "error_description": description, "error": error });
    json_response(StatusCode::BAD_REQUEST, body.to_string().into_bytes())
}

/// What the endpoints need of the instance.
#[derive(Debug)]
pub(crate) struct Endpoint<'a> {
    pub(crate) world: &'a World,
    pub(crate) credentials: &'a mut Credentials,
    pub(crate) now: DateTime<Utc>,
}

impl Endpoint<'_> {
    fn client(&self, id: &str) -> Option<OAuthClient> {
        let mut clients = self.credentials.clients.iter();
        clients.find(|client| client.client_id == id).cloned()
    }

    /// `GET /oauth_auth.do`: the user of the request's own credential consents at once, `admin`
    /// when there is none: the sandbox has no login page to click through.
    pub(crate) fn authorize(&mut self, headers: &HeaderMap, params: &Params, refuse: bool) -> Reply {
        let Some(client) = params.get("client_id").and_then(|id| self.client(id)) else {
            return denied();
        };
        let needs_state = properties::is_true(&self.world.store, "glide.oauth.state.parameter.required");
        let state = params.get("state");
        if needs_state && state.is_none() {
            return bad_request("invalid_request", "Missing State parameter in request.");
        }
        if params.get("response_type") != Some("code") {
            return bad_request("unsupported_response_type", "response_type must be code");
        }
        // D: a redirect that is not registered is replaced by the first one that is.
        let wanted = params.get("redirect_uri");
        let redirect =
            client.redirect_uris.iter().find(|uri| Some(uri.as_str()) == wanted).or(client.redirect_uris.first());
        let Some(redirect) = redirect else {
            return denied();
        };
        let answer = if refuse {
            "error=access_denied".to_owned()
        } else {
            let user = self.credentials.identify(headers, params, self.now).unwrap_or_else(|| "admin".to_owned());
            let code = self.credentials.tokens.secret();
            let issued = Code {
                grant: grant(&client, &user, self.now + seconds(60)),
                challenge: params.get("code_challenge").map(str::to_owned),
            };
            self.credentials.tokens.codes.insert(code.clone(), issued);
            format!("code={code}")
        };
        let separator = if redirect.contains('?') { '&' } else { '?' };
        let mut location = format!("{redirect}{separator}{answer}");
        if let Some(state) = state {
            location.push_str("&state=");
            location.push_str(&encode(state));
        }
        let mut reply = empty(StatusCode::FOUND);
        if let Ok(location) = HeaderValue::from_str(&location) {
            reply.headers_mut().insert(LOCATION, location);
        }
        reply
    }

    /// `POST /oauth_token.do`.
    pub(crate) fn token(&mut self, headers: &HeaderMap, query: &Params, body: &[u8]) -> Reply {
        let is_form = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if !is_form {
            // wire §5.1: JSON gives an unspecified error.
            return bad_request("invalid_request", "form body required");
        }
        let body_only = properties::is_true(&self.world.store, "glide.oauth.allow.parameters.in.post.body.only");
        let form = Params::parse(&String::from_utf8_lossy(body));
        let value = |name: &str| {
            let in_query = || if body_only { None } else { query.get(name) };
            form.get(name).or_else(in_query).map(str::to_owned)
        };
        let Some(client) = value("client_id").and_then(|id| self.client(&id)) else {
            return denied();
        };
        if client.client_secret.is_some() && client.client_secret != value("client_secret") {
            return denied();
        }
        let user = match value("grant_type").as_deref() {
            Some("authorization_code") => self.redeem(&client, &value),
            Some("password") => value("username").filter(|user| {
                value("password").is_some_and(|password| self.credentials.password_matches(user, &password))
            }),
            Some("refresh_token") => return self.refresh(&client, value("refresh_token")),
            Some("client_credentials") => {
                let enabled =
                    properties::is_true(&self.world.store, "glide.oauth.inbound.client.credential.grant_type.enabled");
                // Without an application user the token belongs to guest, and gets 401 everywhere.
                let user = client.application_user.clone();
                enabled.then(|| user.unwrap_or_else(|| "guest".to_owned()))
            }
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => self.assertion(&client, value("assertion")),
            Some(_) => return bad_request("unsupported_grant_type", "unknown grant_type"),
            None => return bad_request("invalid_request", "Missing grant_type"),
        };
        match user {
            Some(user) if user == "guest" || self.may_log_in(&user) => self.issue(&client, &user, true),
            _ => denied(),
        }
    }

    fn may_log_in(&self, user: &str) -> bool {
        Session::open(&self.world.store, user).is_some()
    }

    fn redeem(&mut self, client: &OAuthClient, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let code = self.credentials.tokens.codes.remove(&value("code")?)?;
        let verified = match &code.challenge {
            Some(challenge) => value("code_verifier").is_some_and(|verifier| jwt::s256(&verifier) == *challenge),
            // Public clients must use PKCE.
            None => client.client_secret.is_some(),
        };
        let grant = code.grant;
        (verified && grant.client == client.client_id && grant.expires > self.now).then_some(grant.user)
    }

    fn assertion(&mut self, client: &OAuthClient, assertion: Option<String>) -> Option<String> {
        let claims = jwt::verify(&assertion?, client.client_secret.as_deref()?)?;
        let text = |name: &str| claims.get(name).and_then(|value| value.as_str());
        let expires = claims.get("exp").and_then(serde_json::Value::as_i64)?;
        let audience = text("aud")?;
        let audience_fits = audience == client.client_id || audience.ends_with("/oauth_token.do");
        if text("iss") != Some(&client.client_id) || !audience_fits || expires <= self.now.timestamp() {
            return None;
        }
        // wire §5.1: a jti is good once.
        let id = text("jti")?.to_owned();
        let fresh = self.credentials.tokens.used_assertions.insert(id);
        fresh.then(|| text("sub").map(str::to_owned)).flatten()
    }

    fn refresh(&mut self, client: &OAuthClient, token: Option<String>) -> Reply {
        let now = self.now;
        let tokens = &mut self.credentials.tokens;
        let Some(token) = token else {
            return denied();
        };
        let Some(current) = tokens.refresh.get(&token).cloned() else {
            return denied();
        };
        if current.client != client.client_id || current.expires <= now || !self.may_log_in(&current.user) {
            return denied();
        }
        let tokens = &mut self.credentials.tokens;
        if tokens.rotate {
            tokens.refresh.remove(&token);
            let next = tokens.secret();
            tokens.refresh.insert(next, current.clone());
        }
        self.issue(client, &current.user, false)
    }

    /// wire §5.1: the documented answer. `renew` is true for grants that extend the refresh token.
    fn issue(&mut self, client: &OAuthClient, user: &str, renew: bool) -> Reply {
        let now = self.now;
        let tokens = &mut self.credentials.tokens;
        let (access, expires_in) = tokens.access_for(client, user, now);
        let mut body = json!({
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": expires_in,
            "access_token": access,
        });
        if client.client_secret.is_some() {
            let refresh = if renew {
                Some(tokens.refresh_for(client, user, now))
            } else {
                tokens
                    .refresh
                    .iter()
                    .find(|(_, grant)| grant.client == client.client_id && grant.user == user)
                    .map(|(token, _)| token.clone())
            };
            if let Some(refresh) = refresh {
                body["refresh_token"] = json!(refresh);
            }
        }
        json_response(StatusCode::OK, body.to_string().into_bytes())
    }

    /// `/oauth_revoke_token.do?token=`, without authentication.
    pub(crate) fn revoke(&mut self, params: &Params) -> Reply {
        if let Some(token) = params.get("token") {
            self.credentials.tokens.access.remove(token);
            self.credentials.tokens.refresh.remove(token);
        }
        empty(StatusCode::OK)
    }
}
