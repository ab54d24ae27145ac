//! The product's own registrations with vendors, shared by all its customers' connections.

use serde::Serialize;
use sqlx::Row as _;
use ticketing_core::{Error, ErrorKind, Result};

use crate::connection::checked_name;
use crate::credential::Client;
use crate::database::storage;
use crate::secrets::{CLIENT, lost};
use crate::store::Store;

/// What no tenant owns.
const EVERYBODY: &str = "";

/// A registration, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SharedApp {
    /// Its name in the store.
    pub name: String,
    /// The provider it is for.
    pub provider: String,
    /// The client's id.
    pub client_id: String,
}

fn owner(name: &str) -> String {
    format!("app {name}")
}

impl Store {
    /// Keeps a registration, or puts another client in its place: connections that use it use the new one. `provider` is the
    /// provider's own name (`jira`), not one of its aliases.
    ///
    /// # Errors
    /// `InvalidRequest` where the name is none; `Conflict` where it is another provider's.
    pub async fn set_oauth_app(&self, name: &str, provider: &str, client: &Client) -> Result<()> {
        checked_name("app", name)?;
        let mut transaction = self.database.begin().await?;
        let written = sqlx::query(
            "INSERT INTO oauth_apps (name, provider, client_id, created) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET client_id = excluded.client_id WHERE oauth_apps.provider = excluded.provider",
        )
        .bind(name)
        .bind(provider)
        .bind(&client.id)
        .bind(self.clock.now().timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        if written.rows_affected() == 0 {
            return Err(Error::new(ErrorKind::Conflict, format!("the OAuth client `{name}` is another provider's"))
                .with_field("app")
                .with_hint("take another name for it"));
        }
        self.put(&mut transaction, EVERYBODY, &owner(name), CLIENT, &client.to_clear(None)?).await?;
        transaction.commit().await.map_err(storage)
    }

    /// The registrations, by name.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn oauth_apps(&self) -> Result<Vec<SharedApp>> {
        let rows = sqlx::query("SELECT name, provider, client_id FROM oauth_apps ORDER BY name")
            .fetch_all(&self.database.pool)
            .await
            .map_err(storage)?;
        rows.iter()
            .map(|row| {
                let text = |column: usize| row.try_get::<String, _>(column).map_err(storage);
                Ok(SharedApp { name: text(0)?, provider: text(1)?, client_id: text(2)? })
            })
            .collect()
    }

    /// Whether there is a registration of this name; refused where it is another provider's.
    pub(crate) async fn has_oauth_app(&self, name: &str, provider: &str) -> Result<bool> {
        let known: Option<String> = sqlx::query_scalar("SELECT provider FROM oauth_apps WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.database.pool)
            .await
            .map_err(storage)?;
        match known {
            Some(known) if known != provider => {
                let message = format!("the shared OAuth client `{name}` is of {known}, and this is {provider}");
                Err(Error::new(ErrorKind::Conflict, message)
                    .with_field("app")
                    .with_hint(format!("name a client that is registered with {provider}")))
            }
            known => Ok(known.is_some()),
        }
    }

    /// The client of a registration with this provider: no other vendor is given it.
    pub(crate) async fn oauth_app(&self, name: &str, provider: &str) -> Result<Client> {
        if !self.has_oauth_app(name, provider).await? {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no shared OAuth client `{name}`"))
                .with_field("app")
                .with_hint("keep one: give its name with its client id and secret once"));
        }
        let clear = self.secret(EVERYBODY, &owner(name), CLIENT).await?;
        clear.map_or_else(|| Err(lost(CLIENT, name)), |clear| Client::from_clear(&clear).map(|(client, _)| client))
    }
}
