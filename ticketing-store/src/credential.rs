//! What is sealed: credentials, clients, webhook secrets, and their form under the seal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ticketing_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

/// How tokens are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantKind {
    /// The customer agreed on the vendor's page; a refresh token gives new ones.
    AuthorizationCode,
    /// The client's own credentials give new ones.
    ClientCredentials,
    /// A user's name and password gave the first; a refresh token, or they again, give new ones.
    Password,
}

/// A connection's credential.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Credential {
    /// What goes into the configuration's `auth` as it is: a password, an API key.
    Fixed(FixedAuth),
    /// Tokens that are kept alive.
    OAuth(Tokens),
}

/// The configuration's `auth`, whole. It shows its type alone.
#[derive(Clone, PartialEq)]
pub struct FixedAuth(pub(crate) Map<String, Value>);

impl FixedAuth {
    /// The `auth` of a configuration.
    #[must_use]
    pub fn new(auth: Map<String, Value>) -> Self {
        Self(auth)
    }

    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or("fixed")
    }
}

impl std::fmt::Debug for FixedAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FixedAuth").field(&self.kind()).finish()
    }
}

/// Tokens, and what new ones are had with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Tokens {
    /// How they are had.
    pub grant: GrantKind,
    /// The access token.
    pub access: Option<Secret>,
    /// When it ends; `None`: the vendor did not say.
    pub expires_at: Option<DateTime<Utc>>,
    /// The refresh token.
    pub refresh: Option<Secret>,
    /// The user's name and password, where they give new tokens.
    pub login: Option<(String, Secret)>,
}

impl Credential {
    /// Its form, for people: `oauth`, or the `type` of what stays as it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Fixed(auth) => auth.kind(),
            Self::OAuth(_) => "oauth",
        }
    }
}

/// The client that a vendor knows a connection or the product by.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret; a public client has none.
    pub secret: Option<Secret>,
}

impl Client {
    /// A client.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: Option<Secret>) -> Self {
        Self { id: id.into(), secret }
    }
}

/// A credential, and the account it was given for: a row whose address was changed does not get it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) account: String,
    pub(crate) credential: Credential,
}

#[derive(Serialize, Deserialize)]
struct WireBound {
    account: String,
    #[serde(flatten)]
    credential: WireCredential,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum WireCredential {
    Fixed {
        auth: Map<String, Value>,
    },
    #[serde(rename = "oauth")]
    OAuth {
        grant: GrantKind,
        access: Option<String>,
        expires_at: Option<DateTime<Utc>>,
        refresh: Option<String>,
        username: Option<String>,
        password: Option<String>,
    },
}

#[derive(Serialize, Deserialize)]
struct WireClient {
    id: String,
    secret: Option<String>,
    /// The account that a connection's own client was given for; the product's is for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

fn text(secret: &Secret) -> String {
    secret.expose().to_owned()
}

pub(crate) fn to_clear(wire: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(wire)
        .map(Zeroizing::new)
        .map_err(|_| Error::new(ErrorKind::Unexpected, "a secret has no form that can be sealed"))
}

/// What was under the seal; its text is quoted in no error.
pub(crate) fn from_clear<'a, T: Deserialize<'a>>(clear: &'a [u8]) -> Result<T> {
    serde_json::from_slice(clear).map_err(|_| {
        Error::new(ErrorKind::Integrity, "a sealed secret has a form that this version does not know")
            .with_field("credential")
            .with_hint("update this program: a newer one wrote the store")
    })
}

impl Bound {
    pub(crate) fn to_clear(&self) -> Result<Zeroizing<Vec<u8>>> {
        let credential = match &self.credential {
            Credential::Fixed(auth) => WireCredential::Fixed { auth: auth.0.clone() },
            Credential::OAuth(tokens) => WireCredential::OAuth {
                grant: tokens.grant,
                access: tokens.access.as_ref().map(text),
                expires_at: tokens.expires_at,
                refresh: tokens.refresh.as_ref().map(text),
                username: tokens.login.as_ref().map(|(name, _)| name.clone()),
                password: tokens.login.as_ref().map(|(_, password)| text(password)),
            },
        };
        to_clear(&WireBound { account: self.account.clone(), credential })
    }

    pub(crate) fn from_clear(clear: &[u8]) -> Result<Self> {
        let wire: WireBound = from_clear(clear)?;
        let credential = match wire.credential {
            WireCredential::Fixed { auth } => Credential::Fixed(FixedAuth(auth)),
            WireCredential::OAuth { grant, access, expires_at, refresh, username, password } => {
                Credential::OAuth(Tokens {
                    grant,
                    access: access.map(Secret::new),
                    expires_at,
                    refresh: refresh.map(Secret::new),
                    login: username.zip(password).map(|(name, password)| (name, Secret::new(password))),
                })
            }
        };
        Ok(Self { account: wire.account, credential })
    }
}

impl Client {
    /// What is sealed: with the account that it was given for, where it is a connection's own.
    pub(crate) fn to_clear(&self, account: Option<&str>) -> Result<Zeroizing<Vec<u8>>> {
        let (id, secret) = (self.id.clone(), self.secret.as_ref().map(text));
        to_clear(&WireClient { id, secret, account: account.map(str::to_owned) })
    }

    /// What was sealed, and the account that it was given for.
    pub(crate) fn from_clear(clear: &[u8]) -> Result<(Self, Option<String>)> {
        let wire: WireClient = from_clear(clear)?;
        Ok((Self { id: wire.id, secret: wire.secret.map(Secret::new) }, wire.account))
    }
}

pub(crate) fn secrets_to_clear(secrets: &[Secret]) -> Result<Zeroizing<Vec<u8>>> {
    to_clear(&secrets.iter().map(Secret::expose).collect::<Vec<_>>())
}

pub(crate) fn secrets_from_clear(clear: &[u8]) -> Result<Vec<Secret>> {
    from_clear::<Vec<String>>(clear).map(|all| all.into_iter().map(Secret::new).collect())
}
