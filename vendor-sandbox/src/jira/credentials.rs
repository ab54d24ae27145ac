//! Who a request is from: wire A2.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::world::World;
use crate::random::{SplitMix, hash_text};

/// The one OAuth client of the sandbox.
pub(crate) const CLIENT_ID: &str = "sandbox-client";
pub(crate) const CLIENT_SECRET: &str = "sandbox-secret";

/// Life of an access token in seconds (wire A2.2).
pub(crate) const ACCESS_SECONDS: i64 = 3_600;

/// How long a refresh token may be used again after it was rotated (wire A2.2).
const REUSE_MINUTES: i64 = 10;

/// A refresh token dies after 90 days without use (wire A2.2).
const REFRESH_DAYS: i64 = 90;

/// What the `Authorization` header turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    Nothing,
    /// A good user name or address with its password or API token.
    Basic(String),
    /// A good access token: account id and scopes.
    OAuth(String, Vec<String>),
    /// A good personal access token of a Data Center.
    Personal(String),
    BadBasic,
    BadBearer,
}

#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) account: String,
    pub(crate) scopes: Vec<String>,
}

#[derive(Debug, Clone)]
struct Refresh {
    grant: Grant,
    used: DateTime<Utc>,
    rotated: Option<DateTime<Utc>>,
}

/// Passwords, and every token issued so far.
#[derive(Debug)]
pub(crate) struct Credentials {
    passwords: HashMap<String, String>,
    personal: HashMap<String, String>,
    access: HashMap<String, (Grant, DateTime<Utc>)>,
    refresh: HashMap<String, Refresh>,
    codes: HashMap<String, (Grant, DateTime<Utc>)>,
    random: SplitMix,
}

impl Credentials {
    pub(crate) fn new(passwords: &[(String, String)], seed: u64) -> Self {
        let mut all = HashMap::from([("admin".to_owned(), "admin".to_owned()), ("itil".to_owned(), "itil".to_owned())]);
        all.extend(passwords.iter().cloned());
        let personal = [("sandbox-pat", "admin"), ("sandbox-itil-pat", "itil")];
        Self {
            passwords: all,
            personal: personal.map(|(token, user)| (token.to_owned(), user.to_owned())).into(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            codes: HashMap::new(),
            random: SplitMix::new(hash_text(seed, "jira tokens")),
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
            return self.basic(world, rest.trim()).map_or(Presented::BadBasic, Presented::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Presented::Nothing;
        }
        let token = rest.trim();
        if let Some(user) = self.personal.get(token).and_then(|name| world.user_named(name)) {
            return Presented::Personal(user.account_id.clone());
        }
        match self.access.get(token).filter(|(_, expires)| *expires > now) {
            Some((grant, _)) => Presented::OAuth(grant.account.clone(), grant.scopes.clone()),
            None => Presented::BadBearer,
        }
    }

    /// Name or address, and the password; the account id when both fit and the user is active.
    fn basic(&self, world: &World, encoded: &str) -> Option<String> {
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (name, password) = text.split_once(':')?;
        let user = world.login(name).filter(|user| user.active)?;
        (self.passwords.get(&user.name)? == password).then(|| user.account_id.clone())
    }

    pub(crate) fn authorize(&mut self, grant: Grant, now: DateTime<Utc>) -> String {
        let code = self.secret();
        self.codes.insert(code.clone(), (grant, now + TimeDelta::minutes(5)));
        code
    }

    pub(crate) fn redeem(&mut self, code: &str, now: DateTime<Utc>) -> Option<Grant> {
        self.codes.remove(code).filter(|(_, expires)| *expires > now).map(|(grant, _)| grant)
    }

    /// A new pair; the refresh token only for `offline_access` (wire A2.2).
    pub(crate) fn issue(&mut self, grant: &Grant, now: DateTime<Utc>) -> (String, Option<String>) {
        let access = self.secret();
        self.access.insert(access.clone(), (grant.clone(), now + TimeDelta::seconds(ACCESS_SECONDS)));
        let offline = grant.scopes.iter().any(|scope| scope == "offline_access");
        let refresh = offline.then(|| self.secret());
        if let Some(token) = &refresh {
            self.refresh.insert(token.clone(), Refresh { grant: grant.clone(), used: now, rotated: None });
        }
        (access, refresh)
    }

    /// wire A2.2: every use rotates; the old token keeps working for some ten minutes.
    pub(crate) fn rotate(&mut self, token: &str, now: DateTime<Utc>) -> Option<Grant> {
        let own = self.refresh.get_mut(token)?;
        let reused_late = own.rotated.is_some_and(|at| now - at > TimeDelta::minutes(REUSE_MINUTES));
        if reused_late || now - own.used > TimeDelta::days(REFRESH_DAYS) {
            return None;
        }
        own.used = now;
        own.rotated.get_or_insert(now);
        Some(own.grant.clone())
    }

    pub(crate) fn expire_access(&mut self) {
        self.access.clear();
    }
}
