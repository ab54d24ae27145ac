//! The table of everything secret: one row per tenant, owner and slot, with the id of the key it is sealed under.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use ticketing_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

use crate::database::{Dialect, storage};
use crate::failpoint;
use crate::key::{Key, Keyring, Keys};
use crate::seal::{Place, key_of, no_bytes, open, seal, way_out};
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

/// What cannot be sealed anew, because it does not open.
#[derive(Default)]
struct Unopened {
    count: u64,
    /// Whose the first is, and why.
    first: Option<(String, Error)>,
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
    let mut ring = keys.ring();
    loop {
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
        .execute(&mut *connection)
        .await
        .map_err(storage)?;
        // Another process may have put a new key first since this one read them, and takes the old one away once no row needs
        // it. It waits for whoever holds a row by now; so whoever looks from here on sees the key that stays.
        let now = keys.current()?;
        if now.primary()?.id() == ring.primary()?.id() {
            return Ok(());
        }
        ring = now;
    }
}

/// Refuses keys of which none opens anything: who has only those has lost the others, or came to a store of somebody else.
pub(crate) async fn has_right_keys(connection: &mut AnyConnection, keys: &Keys) -> Result<()> {
    // What belongs to no connection is made anew where its key is lost: the product's registrations, and consents under way.
    let owned = "SELECT DISTINCT key_id FROM secrets WHERE owner IN (SELECT id FROM connections)";
    let ids: Vec<String> = sqlx::query_scalar(owned).fetch_all(&mut *connection).await.map_err(storage)?;
    let opens = |keys: &Keyring| ids.iter().any(|id| hex::decode(id).is_ok_and(|id| keys.find(&id).is_some()));
    if ids.is_empty() || opens(&keys.ring()) || opens(keys.current()?.as_ref()) {
        return Ok(());
    }
    let (needed, names) = (ids.join(", "), keys.ring().names());
    Err(Error::new(
        ErrorKind::Config,
        format!("the store is sealed under the key {needed}, which is not among those at hand: {names}"),
    )
    .with_field("key")
    .with_hint(
        "give that key, in TICKETING_KEY or the key file; where it is lost, remove the connections that are sealed under it, and connect them anew",
    ))
}

/// A secret that should be there.
pub(crate) fn lost(slot: &str, name: &str) -> Error {
    let (field, instead) = way_out(slot);
    Error::new(ErrorKind::Integrity, format!("the sealed {slot} of `{name}` is not where it was written"))
        .with_field(field)
        .with_hint(format!("put the row back from a backup, or {instead}"))
}

impl Store {
    /// Reads and opens one secret.
    pub(crate) async fn secret(&self, tenant: &str, owner: &str, slot: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let place = Place { tenant, owner, slot };
        let Some(sealed) = self.sealed(place).await? else { return Ok(None) };
        match open(&self.keys, place, &sealed) {
            Ok(clear) => Ok(Some(clear)),
            Err(error) => match self.sealed(place).await? {
                // It was sealed anew while it was read, and its old key is forgotten by now.
                Some(anew) if anew != sealed => open(&self.keys, place, &anew).map(Some),
                _ => Err(error),
            },
        }
    }

    async fn sealed(&self, Place { tenant, owner, slot }: Place<'_>) -> Result<Option<Vec<u8>>> {
        let row = sqlx::query("SELECT sealed FROM secrets WHERE tenant = $1 AND owner = $2 AND slot = $3")
            .bind(tenant)
            .bind(owner)
            .bind(slot)
            .fetch_optional(&self.database.pool)
            .await
            .map_err(storage)?;
        row.map(|row| row.try_get(0).map_err(|_| no_bytes(slot, owner))).transpose()
    }

    /// Seals everything under the newest key; with a key file, a new key is made first. Nobody has to stop: rows are sealed
    /// anew a few at a time, one that changes meanwhile is left to that change, and both keys open until `forget_old`.
    ///
    /// # Errors
    /// `Integrity` or `Config` where rows cannot be opened, once all others are sealed anew: the first is named, they are left
    /// as they are, and no key is forgotten. `Conflict` where another change of the key began meanwhile.
    pub async fn rekey(&self, forget_old: bool) -> Result<Rekeyed> {
        if self.keys.can_add() {
            self.keys.add()?;
        } else {
            self.keys.reload()?;
        }
        let mut done = Rekeyed { sealed_anew: 0, changed_meanwhile: 0 };
        let ring = self.keys.ring();
        let primary = ring.primary()?;
        loop {
            let mut unopened = Unopened::default();
            let mut behind = [const { String::new() }; 3];
            while let Some(last) = self.seal_some(primary, behind, &mut done, &mut unopened).await? {
                failpoint::reached("rekeying").await?;
                behind = last;
            }
            if let Some((owner, error)) = unopened.first {
                let error = self.named(&owner, error).await;
                return Err(match unopened.count {
                    1 => error.with_context("one secret was not sealed anew, all others are"),
                    many => {
                        error.with_context(format!("{many} secrets were not sealed anew, all others are; the first"))
                    }
                });
            }
            if self.is_done(primary, forget_old).await? {
                return Ok(done);
            }
        }
    }

    /// Seals the next few rows behind this one under the key, passing over those that do not open; the last one that it came
    /// to, or `None` at the end.
    async fn seal_some(
        &self,
        primary: &Key,
        [tenant, owner, slot]: [String; 3],
        done: &mut Rekeyed,
        unopened: &mut Unopened,
    ) -> Result<Option<[String; 3]>> {
        let rows = sqlx::query(
            "SELECT tenant, owner, slot, sealed FROM secrets
             WHERE key_id <> $1 AND (tenant, owner, slot) > ($2, $3, $4) ORDER BY tenant, owner, slot LIMIT $5",
        )
        .bind(primary.name())
        .bind(tenant)
        .bind(owner)
        .bind(slot)
        .bind(BATCH)
        .fetch_all(&self.database.pool)
        .await
        .map_err(storage)?;
        let mut last = None;
        let mut transaction = self.database.begin().await?;
        for row in &rows {
            let text = |column: usize| row.try_get::<String, _>(column).map_err(storage);
            let [tenant, owner, slot] = last.insert([text(0)?, text(1)?, text(2)?]);
            let place = Place { tenant, owner, slot };
            let old: Result<Vec<u8>> = row.try_get(3).map_err(|_| no_bytes(slot, owner));
            let (old, clear) = match old.and_then(|old| open(&self.keys, place, &old).map(|clear| (old, clear))) {
                Ok(both) => both,
                Err(error) => {
                    unopened.count += 1;
                    unopened.first.get_or_insert_with(|| (owner.clone(), error));
                    continue;
                }
            };
            let changed = sqlx::query(
                "UPDATE secrets SET key_id = $1, sealed = $2 WHERE tenant = $3 AND owner = $4 AND slot = $5 AND sealed = $6",
            )
            .bind(primary.name())
            .bind(seal(primary, place, &clear)?)
            .bind(&*tenant)
            .bind(&*owner)
            .bind(&*slot)
            .bind(old)
            .execute(&mut *transaction)
            .await
            .map_err(storage)?;
            match changed.rows_affected() {
                0 => done.changed_meanwhile += 1,
                _ => done.sealed_anew += 1,
            }
        }
        // Another run that began meanwhile seals under a newer key; what it has sealed is not to be taken back.
        self.keys.still_seals(primary)?;
        transaction.commit().await.map_err(storage)?;
        Ok(last)
    }

    /// The error, with the name of the connection that it is about.
    async fn named(&self, owner: &str, error: Error) -> Error {
        let name: Result<Option<String>, _> = sqlx::query_scalar("SELECT name FROM connections WHERE id = $1")
            .bind(owner)
            .fetch_optional(&self.database.pool)
            .await;
        match name {
            Ok(Some(name)) => error.with_context(format!("the connection `{name}`")),
            _ => error,
        }
    }

    /// Whether no row is left of another key, where nobody is writing one: on SQLite there is one writer at a time, and on
    /// PostgreSQL the table is taken until the old keys are forgotten.
    async fn is_done(&self, primary: &Key, forget_old: bool) -> Result<bool> {
        let mut transaction = self.database.begin().await?;
        if self.database.dialect == Dialect::Postgres {
            sqlx::query("LOCK TABLE secrets IN SHARE ROW EXCLUSIVE MODE")
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
        }
        // What is sealed says itself which key it needs. A row whose `key_id` says otherwise would lose its key here.
        let needed = match self.database.dialect {
            Dialect::Sqlite => "lower(hex(substr(sealed, 2, 8)))",
            Dialect::Postgres => "encode(substr(sealed, 2, 8), 'hex')",
        };
        let truthful = format!("UPDATE secrets SET key_id = {needed} WHERE key_id = $1 AND {needed} <> $1");
        sqlx::query(AssertSqlSafe(truthful)).bind(primary.name()).execute(&mut *transaction).await.map_err(storage)?;
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM secrets WHERE key_id <> $1")
            .bind(primary.name())
            .fetch_one(&mut *transaction)
            .await
            .map_err(storage)?;
        if left == 0 && forget_old {
            self.keys.forget_all_but(primary)?;
        }
        transaction.commit().await.map_err(storage)?;
        Ok(left == 0)
    }
}
