//! The schema, brought forward step by step when a store is opened; never back.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use ticketing_core::{Error, ErrorKind, Result};

use crate::database::{Database, Dialect, storage};

/// The steps, oldest first. A step that was released is never changed: a new one comes behind it.
const STEPS: &[&str] = &[include_str!("schema/0001.sql")];

/// The number of the newest schema.
pub const SCHEMA_VERSION: usize = STEPS.len();

/// Takes the steps that are missing, in one transaction; another process that opens the store waits.
pub(crate) async fn run(database: &Database) -> Result<()> {
    // Without a write where nothing is to be done: many processes open one store.
    if version(database).await? == Some(STEPS.len()) {
        return Ok(());
    }
    let mut transaction = database.begin().await?;
    if database.dialect == Dialect::Postgres {
        // Held until the transaction ends; the number is this project's own.
        transaction.execute("SELECT pg_advisory_xact_lock(7238911)").await.map_err(storage)?;
    }
    transaction.execute("CREATE TABLE IF NOT EXISTS store_schema (version BIGINT NOT NULL)").await.map_err(storage)?;
    let found: Option<i64> = sqlx::query("SELECT version FROM store_schema")
        .fetch_optional(&mut *transaction)
        .await
        .map_err(storage)?
        .map(|row| row.try_get(0))
        .transpose()
        .map_err(storage)?;
    let found = known(found.unwrap_or(0))?;
    for step in &STEPS[found..] {
        let statements = match database.dialect {
            Dialect::Sqlite => (*step).to_owned(),
            Dialect::Postgres => step.replace(" BLOB ", " BYTEA "),
        };
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await.map_err(storage)?;
    }
    transaction.execute("DELETE FROM store_schema").await.map_err(storage)?;
    sqlx::query("INSERT INTO store_schema (version) VALUES ($1)")
        .bind(STEPS.len() as i64)
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
    transaction.commit().await.map_err(storage)
}

/// The schema's number; `None` where there is none yet.
async fn version(database: &Database) -> Result<Option<usize>> {
    let exists = match database.dialect {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = 'store_schema'",
        Dialect::Postgres => {
            "SELECT count(*) FROM information_schema.tables
             WHERE table_name = 'store_schema' AND table_schema = ANY (current_schemas(false))"
        }
    };
    let count: i64 = sqlx::query_scalar(exists).fetch_one(&database.pool).await.map_err(storage)?;
    if count == 0 {
        return Ok(None);
    }
    let found: Option<i64> =
        sqlx::query_scalar("SELECT version FROM store_schema").fetch_optional(&database.pool).await.map_err(storage)?;
    found.map(known).transpose()
}

fn known(version: i64) -> Result<usize> {
    usize::try_from(version).ok().filter(|version| *version <= STEPS.len()).ok_or_else(|| {
        let newest = STEPS.len();
        Error::new(ErrorKind::Config, format!("the store has schema {version}, and this program knows up to {newest}"))
            .with_field("store")
            .with_hint("update this program: a newer one wrote the store, and nothing was changed in it")
    })
}
