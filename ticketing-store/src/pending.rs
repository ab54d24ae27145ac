//! Customers who are on the vendor's page now: what must be known when they come back, once.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use ticketing_core::{Error, ErrorKind, Result, Secret};

use crate::credential::{from_clear, to_clear};
use crate::database::storage;
use crate::seal::{Place, open};
use crate::secrets::{PENDING, lost};
use crate::store::Store;

/// How long a customer may take.
pub(crate) const LIFE: TimeDelta = TimeDelta::minutes(10);

/// What is sealed until the customer comes back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) config: Value,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) shared_app: Option<String>,
    /// Whether the client is to be kept as that registration.
    #[serde(default)]
    pub(crate) registers: bool,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) verifier: Option<String>,
    /// The connection that is authorized again.
    pub(crate) again: Option<String>,
    /// The site that is meant, by its id or address.
    #[serde(default)]
    pub(crate) site: Option<String>,
    /// The tokens, where only the choice of a site is left to make.
    pub(crate) tokens: Option<PendingTokens>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PendingTokens {
    pub(crate) access: String,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) refresh: Option<String>,
    pub(crate) scopes: Vec<String>,
}

/// 256 random bits in letters that need no escape in an address: a state, a secret.
fn random_text() -> Secret {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// A state.
pub(crate) fn new_state() -> Secret {
    random_text()
}

/// A secret for a vendor to sign its webhook deliveries with: 256 random bits, in letters that go anywhere.
#[must_use]
pub fn new_webhook_secret() -> Secret {
    random_text()
}

/// What the store knows a state by: who reads the store cannot come back in a customer's place.
fn digest(state: &Secret) -> String {
    hex::encode(Sha256::digest(state.expose().as_bytes()))
}

fn owner(digest: &str) -> String {
    format!("state {digest}")
}

impl Store {
    /// Keeps what must be known when the customer comes back with this state, until then.
    pub(crate) async fn put_pending(
        &self,
        tenant: &str,
        state: &Secret,
        account: &str,
        pending: &Pending,
    ) -> Result<DateTime<Utc>> {
        let now = self.clock.now();
        let expires = now + LIFE;
        let digest = digest(state);
        let mut transaction = self.database.begin().await?;
        // Those who never came back.
        let over = sqlx::query("DELETE FROM pending_authorizations WHERE expires < $1 RETURNING tenant, state_digest")
            .bind(now.timestamp_millis())
            .fetch_all(&mut *transaction)
            .await
            .map_err(storage)?;
        for row in over {
            let (tenant, digest): (String, String) =
                (row.try_get(0).map_err(storage)?, row.try_get(1).map_err(storage)?);
            sqlx::query("DELETE FROM secrets WHERE tenant = $1 AND owner = $2")
                .bind(tenant)
                .bind(owner(&digest))
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
        }
        sqlx::query(
            "INSERT INTO pending_authorizations (state_digest, tenant, provider, account, expires) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&digest)
        .bind(tenant)
        .bind(&pending.provider)
        .bind(account)
        .bind(expires.timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        self.put(&mut transaction, tenant, &owner(&digest), PENDING, &to_clear(pending)?).await?;
        transaction.commit().await.map_err(storage)?;
        Ok(expires)
    }

    /// Takes what was kept for this state out, once. Another tenant's state is unknown here, and stays for its owner.
    pub(crate) async fn take_pending(&self, tenant: &str, state: &Secret) -> Result<Pending> {
        let unknown = || {
            Error::new(
                ErrorKind::Unauthenticated,
                "the state is not one that this tenant waits for, or was used already",
            )
            .with_field("state")
            .with_hint("begin again: a state is good once, for ten minutes, and for whom it was made")
        };
        let digest = digest(state);
        let mut transaction = self.database.begin().await?;
        let row =
            sqlx::query("DELETE FROM pending_authorizations WHERE state_digest = $1 AND tenant = $2 RETURNING expires")
                .bind(&digest)
                .bind(tenant)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(storage)?
                .ok_or_else(unknown)?;
        let expires: i64 = row.try_get(0).map_err(storage)?;
        let sealed = sqlx::query("DELETE FROM secrets WHERE tenant = $1 AND owner = $2 AND slot = $3 RETURNING sealed")
            .bind(tenant)
            .bind(owner(&digest))
            .bind(PENDING)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(storage)?;
        transaction.commit().await.map_err(storage)?;
        if self.clock.now().timestamp_millis() >= expires {
            return Err(Error::new(ErrorKind::Unauthenticated, "the customer took longer than ten minutes")
                .with_field("state")
                .with_hint("begin again"));
        }
        let sealed: Vec<u8> = sealed.ok_or_else(|| lost(PENDING, "an authorization"))?.try_get(0).map_err(storage)?;
        let place = Place { tenant, owner: &owner(&digest), slot: PENDING };
        from_clear(&open(&self.keys, place, &sealed)?)
    }
}
