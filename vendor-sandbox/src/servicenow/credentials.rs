//! Who may log in, and with what: wire §5.2. OAuth tokens are in [`super::oauth`].

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::cookies;
use super::oauth::{OAuthClient, Tokens};
use super::params::Params;

/// Passwords, API keys, OAuth clients and everything issued to them.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    passwords: HashMap<String, String>,
    api_keys: HashMap<String, String>,
    pub(crate) clients: Vec<OAuthClient>,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: cookies::Sessions,
}

/// What the sandbox is told about logins when it is built.
#[derive(Debug, Clone)]
pub(crate) struct Logins {
    pub(crate) passwords: Vec<(String, String)>,
    pub(crate) api_keys: Vec<(String, String)>,
    pub(crate) clients: Vec<OAuthClient>,
    pub(crate) rotate_refresh_tokens: bool,
}

impl Default for Logins {
    fn default() -> Self {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Self {
            passwords: vec![pair("admin", "admin"), pair("itil", "itil")],
            api_keys: vec![pair("sandbox-api-key", "admin"), pair("sandbox-itil-key", "itil")],
            clients: vec![OAuthClient::standard(), OAuthClient::public()],
            rotate_refresh_tokens: false,
        }
    }
}

impl Credentials {
    pub(crate) fn new(logins: &Logins, seed: u64) -> Self {
        Self {
            passwords: logins.passwords.iter().cloned().collect(),
            api_keys: logins.api_keys.iter().cloned().collect(),
            clients: logins.clients.clone(),
            tokens: Tokens::new(seed, logins.rotate_refresh_tokens),
            sessions: cookies::Sessions::new(seed),
        }
    }

    /// Whether a password is right; an unknown user has none.
    pub(crate) fn password_matches(&self, user: &str, password: &str) -> bool {
        self.passwords.get(user).is_some_and(|own| own == password)
    }

    /// The user name that a request's credential stands for.
    pub(crate) fn identify(&self, headers: &HeaderMap, params: &Params, now: DateTime<Utc>) -> Option<String> {
        if let Some(value) = headers.get(AUTHORIZATION) {
            let value = value.to_str().ok()?;
            let (scheme, rest) = value.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("basic") {
                let (user, password) = basic(rest)?;
                return self.password_matches(&user, &password).then_some(user);
            }
            if scheme.eq_ignore_ascii_case("bearer") {
                return self.tokens.user_of(rest.trim(), now).map(str::to_owned);
            }
            return None;
        }
        // wire §5.2: in the header, or as a query parameter of the same name.
        let key = headers.get("x-sn-apikey").and_then(|key| key.to_str().ok()).or_else(|| params.get("x-sn-apikey"));
        if let Some(key) = key {
            return self.api_keys.get(key).cloned();
        }
        let session = cookies::session_id(headers)?;
        self.sessions.user_of(session).map(str::to_owned)
    }
}

/// User and password of a Basic credential.
pub(crate) fn basic(encoded: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
