//! A store of every released schema is brought forward, with everything in it; one of a newer program is left alone.

use sqlx::any::AnyPoolOptions;
use sqlx::{AssertSqlSafe, Executor as _};
use ticketing_core::{ErrorKind, Secret};
use ticketing_store::{Location, SCHEMA_VERSION, Store};

use crate::bed::key;
use crate::postgres;

/// A dump of a store of each released schema, of both databases: a connection `prod` of `acme`, with a webhook secret under
/// the tests' key.
const RELEASED: &[[&str; 2]] = &[[include_str!("schemas/1.sql"), include_str!("schemas/1.postgres.sql")]];

/// Reads a dump into an empty database, and opens it as a store.
async fn is_brought_forward(url: &str, dump: &str, location: &Location, schema: usize) {
    // The drivers are there once a store was opened.
    let folder = tempfile::tempdir().unwrap();
    Store::open(&Location::File(folder.path().join("drivers.db")), key(7)).await.unwrap().close().await;
    let pool = AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(dump.to_owned())).execute(&pool).await.unwrap();
    pool.close().await;
    let store = Store::open(location, key(7)).await.unwrap();
    let prod = store.find("acme", "prod").await.unwrap();
    assert_eq!(prod.account, "acme.service-now.com", "schema {schema}");
    assert_eq!(store.webhook_secrets(&prod).await.unwrap()[0].expose(), "old secret", "schema {schema}");
    // And it is written to as a new one is.
    store.set_webhook_secrets(&prod, &[Secret::new("new secret")]).await.unwrap();
    let renamed = store.rename("acme", "prod", "main").await.unwrap();
    assert_eq!(store.webhook_secrets(&renamed).await.unwrap()[0].expose(), "new secret", "schema {schema}");
    store.close().await;
}

#[tokio::test]
async fn every_released_schema_is_brought_forward() {
    assert_eq!(RELEASED.len(), SCHEMA_VERSION, "a schema was released without a dump of it");
    for (schema, [dump, _]) in (1..).zip(RELEASED) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let url = format!("sqlite://{}?mode=rwc", path.display());
        is_brought_forward(&url, dump, &Location::File(path), schema).await;
    }
}

#[tokio::test]
async fn every_released_schema_of_postgresql_is_brought_forward() {
    for (schema, [_, dump]) in (1..).zip(RELEASED) {
        let Some(location) = postgres::database().await else { return };
        let Location::Postgres(url) = &location else { panic!("{location:?}") };
        is_brought_forward(url, dump, &location, schema).await;
    }
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::File(folder.path().join("store.db"));
    Store::open(&location, key(7)).await.unwrap().close().await;
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    pool.execute(AssertSqlSafe(format!("UPDATE store_schema SET version = {}", SCHEMA_VERSION + 1))).await.unwrap();
    let error = Store::open(&location, key(7)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{error}");
    assert!(error.message().contains(&(SCHEMA_VERSION + 1).to_string()) && error.hint().is_some(), "{error}");
}
