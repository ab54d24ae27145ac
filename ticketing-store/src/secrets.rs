//! The table of everything secret: one row per tenant, owner and slot, with the id of the key it is sealed under.

use sqlx::{AnyConnection, Row as _};
use ticketing_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::database::storage;
use crate::key::Keys;
use crate::seal::{Place, key_of, open, seal};
use crate::store::Store;

/// The slots of a connection.
pub(crate) const CREDENTIAL: &str = "credential";
pub(crate) const CLIENT: &str = "oauth_client";
pub(crate) const WEBHOOK_SECRETS: &str = "webhook_secrets";
/// The slot of somebody who is on the vendor's page now.
pub(crate) const PENDING: &str = "pending";

/// So many rows are sealed anew in one transaction.
const BATCH: i64 = 100;

/// How many secrets were sealed under a new key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Rekeyed {
    /// Secrets that were sealed anew.
    pub sealed_anew: u64,
    /// Secrets that changed meanwhile and were sealed by that change.
    pub changed_meanwhile: u64,
}

/// Seals and writes one secret.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    keys: &Keys,
    tenant: &str,
    owner: &str,
    slot: &str,
    clear: &[u8],
) -> Result<()> {
    let ring = keys.ring();
    let sealed = seal(ring.primary()?, Place { tenant, owner, slot }, clear)?;
    sqlx::query(
        "INSERT INTO secrets (tenant, owner, slot, key_id, sealed) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, owner, slot) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
    )
    .bind(tenant)
    .bind(owner)
    .bind(slot)
    .bind(key_of(&sealed))
    .bind(sealed)
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(storage)
}

/// A secret that should be there.
pub(crate) fn lost(slot: &str, name: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("the sealed {slot} of `{name}` is not where it was written"))
        .with_field("credential")
        .with_hint("put the row back from a backup, or connect the account again")
}

impl Store {
    /// Reads and opens one secret.
    pub(crate) async fn secret(&self, tenant: &str, owner: &str, slot: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let row = sqlx::query("SELECT sealed FROM secrets WHERE tenant = $1 AND owner = $2 AND slot = $3")
            .bind(tenant)
            .bind(owner)
            .bind(slot)
            .fetch_optional(&self.database.pool)
            .await
            .map_err(storage)?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get(0).map_err(storage)?;
        open(&self.keys, Place { tenant, owner, slot }, &sealed).map(Some)
    }

    /// Seals everything under the newest key; with a key file, a new key is made first. Nobody has to stop: rows are sealed
    /// anew a few at a time, one that changes meanwhile is left to that change, and both keys open until `forget_old`.
    ///
    /// # Errors
    /// `Integrity` or `Config` where a row cannot be opened: it is named, and left as it is.
    pub async fn rekey(&self, forget_old: bool) -> Result<Rekeyed> {
        if self.keys.can_add() {
            self.keys.add()?;
        } else {
            self.keys.reload()?;
        }
        let mut out = Rekeyed { sealed_anew: 0, changed_meanwhile: 0 };
        let ring = self.keys.ring();
        let primary = ring.primary()?;
        loop {
            let rows = sqlx::query(
                "SELECT tenant, owner, slot, sealed FROM secrets WHERE key_id <> $1 ORDER BY tenant, owner, slot LIMIT $2",
            )
            .bind(primary.name())
            .bind(BATCH)
            .fetch_all(&self.database.pool)
            .await
            .map_err(storage)?;
            if rows.is_empty() {
                break;
            }
            let mut transaction = self.database.begin().await?;
            for row in &rows {
                let text = |column: usize| row.try_get::<String, _>(column).map_err(storage);
                let (tenant, owner, slot) = (text(0)?, text(1)?, text(2)?);
                let old: Vec<u8> = row.try_get(3).map_err(storage)?;
                let place = Place { tenant: &tenant, owner: &owner, slot: &slot };
                let clear = open(&self.keys, place, &old)?;
                let changed = sqlx::query(
                    "UPDATE secrets SET key_id = $1, sealed = $2 WHERE tenant = $3 AND owner = $4 AND slot = $5 AND sealed = $6",
                )
                .bind(primary.name())
                .bind(seal(primary, place, &clear)?)
                .bind(&tenant)
                .bind(&owner)
                .bind(&slot)
                .bind(old)
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
                match changed.rows_affected() {
                    0 => out.changed_meanwhile += 1,
                    _ => out.sealed_anew += 1,
                }
            }
            transaction.commit().await.map_err(storage)?;
        }
        if forget_old {
            self.keys.forget_old()?;
        }
        Ok(out)
    }
}
