//! Who a request is from: wire B1.2, B1.3.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::world::World;
use crate::random::{SplitMix, hash_text};

/// The confidential OAuth client, and the public one that proves itself by PKCE.
pub(crate) const CLIENT_ID: &str = "sandbox-client";
pub(crate) const CLIENT_SECRET: &str = "sandbox-secret";
pub(crate) const PUBLIC_CLIENT_ID: &str = "sandbox-public";

/// An API token of the account: with it anybody of the staff is who they say (wire B1.2).
const ACCOUNT_TOKEN: &str = "sandbox-token";

/// Life of an access token in seconds, unless the client asks for another (wire B1.3: new clients).
pub(crate) const ACCESS_SECONDS: i64 = 1_800;

/// Life of a refresh token in seconds (wire B1.3).
pub(crate) const REFRESH_SECONDS: i64 = 30 * 86_400;

/// A code lives so long (wire B1.3).
const CODE_SECONDS: i64 = 120;

/// What the `Authorization` header turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Presented {
    Nothing,
    /// An address with an API token.
    ApiToken(u64),
    /// A good access token: user and scopes.
    OAuth(u64, Vec<String>),
    /// Anything else that was sent.
    Bad,
}

/// What an access token is good for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) user: u64,
    pub(crate) client: String,
    pub(crate) scopes: Vec<String>,
}

/// A code that waits to be redeemed.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect: String,
    /// The SHA-256 of the verifier, Base64 for addresses.
    pub(crate) challenge: Option<String>,
    expires: DateTime<Utc>,
}

/// API tokens, and every OAuth token issued so far.
#[derive(Debug)]
pub(crate) struct Credentials {
    tokens: HashMap<String, String>,
    /// `None` for tokens of old clients, which never expire (wire B1.3).
    access: HashMap<String, (Grant, Option<DateTime<Utc>>)>,
    refresh: HashMap<String, (Grant, DateTime<Utc>)>,
    codes: HashMap<String, Code>,
    random: SplitMix,
}

impl Credentials {
    pub(crate) fn new(passwords: &[(String, String)], seed: u64, world: &World) -> Self {
        let mut tokens =
            HashMap::from([("admin".to_owned(), "admin".to_owned()), ("itil".to_owned(), "itil".to_owned())]);
        tokens.extend(passwords.iter().cloned());
        let old = [("sandbox-bearer", "admin"), ("sandbox-itil-bearer", "itil")];
        let access = old.into_iter().filter_map(|(token, name)| {
            let scopes = ["read", "write"].map(str::to_owned).to_vec();
            let grant = Grant { user: world.user_named(name)?.id, client: CLIENT_ID.to_owned(), scopes };
            Some((token.to_owned(), (grant, None)))
        });
        Self {
            access: access.collect(),
            tokens,
            refresh: HashMap::new(),
            codes: HashMap::new(),
            random: SplitMix::new(hash_text(seed, "zendesk tokens")),
        }
    }

    fn secret(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.random.next())).collect()
    }

    pub(crate) fn identify(&self, world: &World, headers: &HeaderMap, now: DateTime<Utc>) -> Presented {
        let Some(header) = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()) else {
            return Presented::Nothing;
        };
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return self.basic(world, rest.trim()).map_or(Presented::Bad, Presented::ApiToken);
        }
        let live = |own: &&(Grant, Option<DateTime<Utc>>)| own.1.is_none_or(|expires| expires > now);
        match self.access.get(rest.trim()).filter(live) {
            Some((grant, _)) if scheme.eq_ignore_ascii_case("bearer") => {
                Presented::OAuth(grant.user, grant.scopes.clone())
            }
            _ => Presented::Bad,
        }
    }

    /// wire B1.2: `email/token:API_TOKEN`; passwords ended in January 2026.
    fn basic(&self, world: &World, encoded: &str) -> Option<u64> {
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (login, token) = text.split_once(':')?;
        let name = login.strip_suffix("/token")?;
        let user = world.user_named(name).filter(|user| user.active && !user.suspended)?;
        let own = self.tokens.get(&user.key).is_some_and(|own| own == token);
        (own || (token == ACCOUNT_TOKEN && user.is_agent())).then_some(user.id)
    }

    pub(crate) fn authorize(
        &mut self,
        grant: Grant,
        redirect: &str,
        challenge: Option<&str>,
        now: DateTime<Utc>,
    ) -> String {
        let code = self.secret();
        let own = Code {
            grant,
            redirect: redirect.to_owned(),
            challenge: challenge.map(str::to_owned),
            expires: now + TimeDelta::seconds(CODE_SECONDS),
        };
        self.codes.insert(code.clone(), own);
        code
    }

    pub(crate) fn redeem(&mut self, code: &str, now: DateTime<Utc>) -> Option<Code> {
        self.codes.remove(code).filter(|own| own.expires > now)
    }

    /// A new access token, and a refresh token where the grant has one.
    pub(crate) fn issue(
        &mut self,
        grant: &Grant,
        now: DateTime<Utc>,
        seconds: i64,
        refresh_seconds: Option<i64>,
    ) -> (String, Option<String>) {
        let access = self.secret();
        self.access.insert(access.clone(), (grant.clone(), Some(now + TimeDelta::seconds(seconds))));
        let refresh = refresh_seconds.map(|life| (self.secret(), now + TimeDelta::seconds(life)));
        if let Some((token, expires)) = &refresh {
            self.refresh.insert(token.clone(), (grant.clone(), *expires));
        }
        (access, refresh.map(|own| own.0))
    }

    /// wire B1.3: the old refresh token is consumed.
    pub(crate) fn rotate(&mut self, token: &str, now: DateTime<Utc>) -> Option<Grant> {
        self.refresh.remove(token).filter(|(_, expires)| *expires > now).map(|(grant, _)| grant)
    }

    /// Old tokens, which never expire, stay.
    pub(crate) fn expire_access(&mut self) {
        self.access.retain(|_, (_, expires)| expires.is_none());
    }
}
