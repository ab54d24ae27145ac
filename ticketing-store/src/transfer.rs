//! A connection taken from one installation to another, sealed under a passphrase.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ticketing_core::{Error, ErrorKind, Result, Secret};
use zeroize::Zeroizing;

use crate::connection::{Connection, OAuthApp, Status};
use crate::credential::{Bound, Client, from_clear, to_clear};
use crate::store::{NewConnection, Store};

const FORMAT: &str = "ticketing-connection";
const VERSION: u32 = 1;
/// Argon2id as RFC 9106 recommends it where memory is scarce: 64 MiB, three passes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// The most that a file may ask for: it is input, and must not take the machine.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 20;
const MOST_LANES: u32 = 16;
/// The shortest passphrase.
const SHORTEST: usize = 12;

/// A connection outside of a store: everything about it, sealed under a passphrase.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    format: String,
    version: u32,
    kdf: Kdf,
    nonce: String,
    sealed: String,
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exported")
            .field("version", &self.version)
            .field("sealed_bytes", &self.sealed.len())
            .finish_non_exhaustive()
    }
}

/// How the key is made from the passphrase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

/// What is under the seal.
#[derive(Serialize, Deserialize)]
struct Content {
    provider: String,
    name: String,
    account: String,
    config: Value,
    mapping: Option<Value>,
    shared_app: Option<String>,
    client: Option<Map<String, Value>>,
    credential: Option<Map<String, Value>>,
    webhook_secrets: Vec<String>,
    scopes: Vec<String>,
    /// Why the vendor takes it no more, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead: Option<String>,
}

impl Kdf {
    fn new() -> Self {
        let mut salt = [0; 16];
        rand::rng().fill_bytes(&mut salt);
        Self {
            name: "argon2id".to_owned(),
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: STANDARD.encode(salt),
        }
    }

    fn key(&self, passphrase: &Secret) -> Result<Zeroizing<[u8; 32]>> {
        let wrong = || wrong_file("it asks for a key in a way that is not known");
        if self.name != "argon2id"
            || self.memory_kib > MOST_MEMORY_KIB
            || self.passes > MOST_PASSES
            || self.lanes > MOST_LANES
        {
            return Err(wrong());
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| wrong())?;
        let salt = STANDARD.decode(&self.salt).map_err(|_| wrong())?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut_slice())
            .map_err(|_| wrong())?;
        Ok(key)
    }

    /// What the seal is bound to, besides the passphrase.
    fn bound(&self) -> Vec<u8> {
        format!("{FORMAT}/{VERSION}/{}/{}/{}/{}/{}", self.name, self.memory_kib, self.passes, self.lanes, self.salt)
            .into_bytes()
    }
}

fn wrong_file(why: &str) -> Error {
    Error::invalid("file", format!("it is no exported connection: {why}"))
        .with_hint("give a file that `ticketing connections export` wrote, whole")
}

impl Store {
    /// A connection with its credential, to be imported elsewhere under the same passphrase. The tenant is not part of it.
    ///
    /// # Errors
    /// `InvalidRequest` where the passphrase is too short; those of opening the connection's secrets.
    pub async fn export(&self, connection: &Connection, passphrase: &Secret) -> Result<Exported> {
        if passphrase.expose().chars().count() < SHORTEST {
            return Err(Error::invalid("passphrase", format!("it is shorter than {SHORTEST} characters"))
                .with_hint("take several words that belong to nobody"));
        }
        let client = match &connection.oauth_app {
            None => None,
            Some(_) => Some(from_clear(&self.client(connection).await?.to_clear(None)?)?),
        };
        let credential = match self.credential(connection).await? {
            None => None,
            Some(credential) => {
                Some(from_clear(&Bound { account: connection.account.clone(), credential }.to_clear()?)?)
            }
        };
        let secrets = self.webhook_secrets(connection).await?;
        let content = Content {
            provider: connection.provider.clone(),
            name: connection.name.clone(),
            account: connection.account.clone(),
            config: connection.config.clone(),
            mapping: connection.mapping.clone(),
            shared_app: match &connection.oauth_app {
                Some(OAuthApp::Shared(name)) => Some(name.clone()),
                Some(OAuthApp::Own { .. }) | None => None,
            },
            client,
            credential,
            webhook_secrets: secrets.iter().map(|secret| secret.expose().to_owned()).collect(),
            scopes: connection.scopes.clone(),
            dead: (connection.status == Status::NeedsReauthorization)
                .then(|| connection.last_error.clone().unwrap_or_default()),
        };
        let kdf = Kdf::new();
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let clear = to_clear(&content)?;
        let payload = Payload { msg: &clear, aad: &kdf.bound() };
        let sealed = XChaCha20Poly1305::new(&(*kdf.key(passphrase)?).into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::new(ErrorKind::Unexpected, "the connection could not be sealed"))?;
        Ok(Exported {
            format: FORMAT.to_owned(),
            version: VERSION,
            kdf,
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// Keeps an exported connection as this tenant's, under its own name or another. A shared OAuth client stays shared where
    /// this store has the same one; otherwise it becomes the connection's own.
    ///
    /// A vendor whose refresh tokens rotate ends the other installation's token when this one uses it: move such a connection,
    /// do not copy it.
    ///
    /// # Errors
    /// `InvalidRequest` where it is no exported connection or the passphrase is another; `AlreadyExists` where the name is
    /// taken.
    pub async fn import(
        &self,
        tenant: &str,
        exported: &Exported,
        passphrase: &Secret,
        name: Option<&str>,
    ) -> Result<Connection> {
        if exported.format != FORMAT || exported.version != VERSION {
            return Err(wrong_file("its format or version is not known"));
        }
        let decoded = |text: &str| STANDARD.decode(text).map_err(|_| wrong_file("it is damaged"));
        let nonce: [u8; 24] =
            decoded(&exported.nonce)?.try_into().map_err(|_| wrong_file("its nonce is not of 24 bytes"))?;
        let sealed = decoded(&exported.sealed)?;
        let payload = Payload { msg: &sealed, aad: &exported.kdf.bound() };
        let clear = XChaCha20Poly1305::new(&(*exported.kdf.key(passphrase)?).into())
            .decrypt(&XNonce::from(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| {
                Error::invalid("passphrase", "it is not the one of this file, or the file was changed")
                    .with_hint("give the passphrase of the export; export again where it is lost")
            })?;
        let content: Content = from_clear(&clear)?;
        let mut new = NewConnection::new(
            tenant,
            content.provider,
            name.unwrap_or(&content.name),
            content.account,
            content.config,
        );
        if let Some(client) = content.client {
            let (client, _) = Client::from_clear(&to_clear(&client)?)?;
            match &content.shared_app {
                Some(app) if self.oauth_app(app, &new.provider).await.is_ok_and(|known| known == client) => {
                    new.shared_app = Some(app.clone());
                }
                _ => new.own_client = Some(client),
            }
        }
        if let Some(credential) = content.credential {
            let bound = Bound::from_clear(&to_clear(&credential)?)?;
            if bound.account != new.account {
                return Err(wrong_file("its credential is of another account"));
            }
            new.credential = Some(bound.credential);
        }
        new.mapping = content.mapping;
        new.webhook_secrets = content.webhook_secrets.into_iter().map(Secret::new).collect();
        new.scopes = content.scopes;
        let made = self.add(new).await?;
        let Some(why) = content.dead else { return Ok(made) };
        self.mark_dead(tenant, &made.id, made.generation, &why).await?;
        self.get(tenant, &made.id).await
    }
}
