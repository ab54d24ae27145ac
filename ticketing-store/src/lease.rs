//! Whose turn it is to ask a vendor for tokens, and tokens that only grow newer.

use std::time::Duration;

use serde_json::Value;
use sqlx::AssertSqlSafe;
use ticketing_core::{Error, Result};

use crate::connection::{Connection, ConnectionId};
use crate::credential::{Bound, Client, Credential, Tokens};
use crate::database::storage;
use crate::failpoint;
use crate::secrets::{CLIENT, CREDENTIAL};
use crate::store::{Store, json, no_connection};

/// What comes in the place of a connection's credential.
pub(crate) struct Replacement {
    pub(crate) credential: Credential,
    /// Other scopes, where the vendor said which it gave.
    pub(crate) scopes: Option<Vec<String>>,
    /// The client of the connection's own that the credential is of.
    pub(crate) client: Option<Client>,
    /// Another configuration, where one was given with the credential; the client that was there before goes with the old one.
    pub(crate) config: Option<NewConfig>,
}

/// A configuration that comes with a new credential.
pub(crate) struct NewConfig {
    pub(crate) config: Value,
    pub(crate) mapping: Option<Value>,
}

impl Store {
    /// Takes the turn to ask for tokens, for so long at most: a process that dies meanwhile holds nobody for longer.
    pub(crate) async fn take_lease(
        &self,
        tenant: &str,
        id: &ConnectionId,
        owner: &str,
        life: Duration,
    ) -> Result<bool> {
        let now = self.database.dialect.now();
        let query = format!(
            "UPDATE connections SET lease_owner = $1, lease_until = {now} + $2
             WHERE tenant = $3 AND id = $4 AND (lease_owner IS NULL OR lease_until <= {now})"
        );
        let taken = sqlx::query(AssertSqlSafe(query))
            .bind(owner)
            .bind(i64::try_from(life.as_millis()).unwrap_or(i64::MAX))
            .bind(tenant)
            .bind(id.as_str())
            .execute(&self.database.pool)
            .await
            .map_err(storage)?;
        Ok(taken.rows_affected() == 1)
    }

    /// Keeps the turn for so long from now on, where it is still ours.
    pub(crate) async fn extend_lease(
        &self,
        tenant: &str,
        id: &ConnectionId,
        owner: &str,
        life: Duration,
    ) -> Result<()> {
        let now = self.database.dialect.now();
        let query = format!(
            "UPDATE connections SET lease_until = {now} + $1 WHERE tenant = $2 AND id = $3 AND lease_owner = $4"
        );
        let statement = sqlx::query(AssertSqlSafe(query))
            .bind(i64::try_from(life.as_millis()).unwrap_or(i64::MAX))
            .bind(tenant)
            .bind(id.as_str())
            .bind(owner);
        self.database.run(statement).await
    }

    /// Gives the turn back where it is still ours, with what went wrong.
    pub(crate) async fn give_back_lease(
        &self,
        tenant: &str,
        id: &ConnectionId,
        owner: &str,
        error: Option<&str>,
    ) -> Result<()> {
        let statement = sqlx::query(
            "UPDATE connections SET lease_owner = NULL, lease_until = NULL, last_error = COALESCE($1, last_error)
             WHERE tenant = $2 AND id = $3 AND lease_owner = $4",
        )
        .bind(error)
        .bind(tenant)
        .bind(id.as_str())
        .bind(owner);
        self.database.run(statement).await
    }

    /// Keeps new tokens where the store still has those they were had with. A process that was asleep for long writes nothing
    /// over newer ones.
    pub(crate) async fn put_tokens(
        &self,
        connection: &Connection,
        tokens: Tokens,
        scopes: Option<Vec<String>>,
    ) -> Result<bool> {
        let (tenant, id, generation) = (connection.tenant.as_str(), &connection.id, connection.generation);
        let account = connection.account.clone();
        let expires_at = tokens.expires_at.map(|at| at.timestamp_millis());
        let clear = Bound { account, credential: Credential::OAuth(tokens) }.to_clear()?;
        let mut transaction = self.database.begin().await?;
        let changed = sqlx::query(
            "UPDATE connections SET generation = generation + 1, status = 'active', last_error = NULL, expires_at = $1,
                scopes = COALESCE($2, scopes)
             WHERE tenant = $3 AND id = $4 AND generation = $5",
        )
        .bind(expires_at)
        .bind(scopes.as_deref().map(json))
        .bind(tenant)
        .bind(id.as_str())
        .bind(generation)
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        self.put(&mut transaction, tenant, id.as_str(), CREDENTIAL, &clear).await?;
        failpoint::reached("written").await?;
        transaction.commit().await.map_err(storage)?;
        Ok(true)
    }

    /// Notes that the vendor takes the credential no more, where it is still the one that was refused.
    pub(crate) async fn mark_dead(&self, tenant: &str, id: &ConnectionId, generation: i64, why: &str) -> Result<()> {
        let statement = sqlx::query(
            "UPDATE connections SET status = 'needs_reauthorization', last_error = $1
             WHERE tenant = $2 AND id = $3 AND generation = $4",
        )
        .bind(why)
        .bind(tenant)
        .bind(id.as_str())
        .bind(generation);
        self.database.run(statement).await
    }

    /// Puts another credential in a connection's place, all at once with what belongs to it: the customer agreed once more, or
    /// gave another password.
    pub(crate) async fn replace_credential(&self, connection: &Connection, new: Replacement) -> Result<()> {
        let Replacement { credential, scopes, client, config } = new;
        let (tenant, id) = (connection.tenant.as_str(), connection.id.as_str());
        let (kind, expires_at) = match &credential {
            Credential::Fixed(auth) => (auth.kind().to_owned(), None),
            Credential::OAuth(tokens) => ("oauth".to_owned(), tokens.expires_at),
        };
        let clear = Bound { account: connection.account.clone(), credential }.to_clear()?;
        let mut transaction = self.database.begin().await?;
        let changed = sqlx::query(
            "UPDATE connections SET generation = generation + 1, revision = revision + 1, status = 'active',
                last_error = NULL, expires_at = $1, credential_kind = $2, scopes = COALESCE($3, scopes)
             WHERE tenant = $4 AND id = $5",
        )
        .bind(expires_at.map(|at| at.timestamp_millis()))
        .bind(kind)
        .bind(scopes.as_deref().map(json))
        .bind(tenant)
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        if changed.rows_affected() == 0 {
            return Err(no_connection(&connection.name));
        }
        self.put(&mut transaction, tenant, id, CREDENTIAL, &clear).await?;
        if let Some(NewConfig { config, mapping }) = &config {
            sqlx::query(
                "UPDATE connections SET config = $1, mapping = $2, oauth_app = NULL, oauth_client_id = NULL
                 WHERE tenant = $3 AND id = $4",
            )
            .bind(config.to_string())
            .bind(mapping.as_ref().map(Value::to_string))
            .bind(tenant)
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(storage)?;
            sqlx::query("DELETE FROM secrets WHERE tenant = $1 AND owner = $2 AND slot = $3")
                .bind(tenant)
                .bind(id)
                .bind(CLIENT)
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
        }
        if let Some(client) = client {
            sqlx::query("UPDATE connections SET oauth_client_id = $1 WHERE tenant = $2 AND id = $3")
                .bind(&client.id)
                .bind(tenant)
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(storage)?;
            self.put(&mut transaction, tenant, id, CLIENT, &client.to_clear(Some(&connection.account))?).await?;
        }
        transaction.commit().await.map_err(storage)
    }

    /// Notes what the vendor said of a credential when it was tried, or that it takes it: a credential that is not refreshed is
    /// judged by that alone.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn note_check(&self, connection: &Connection, refused: Option<&Error>) -> Result<()> {
        let why: Option<String> = refused.map(|error| error.message().chars().take(300).collect());
        // Who gave it other tokens meanwhile, or found them dead, knows better.
        let current = "UPDATE connections SET last_error = $1
             WHERE tenant = $2 AND id = $3 AND generation = $4 AND status = 'active'";
        let statement = sqlx::query(current)
            .bind(why)
            .bind(&connection.tenant)
            .bind(connection.id.as_str())
            .bind(connection.generation);
        self.database.run(statement).await
    }

    /// Notes that a connection is in use; not more often than it is worth a write.
    pub(crate) async fn note_use(&self, tenant: &str, id: &ConnectionId) -> Result<()> {
        let statement = sqlx::query("UPDATE connections SET last_used = $1 WHERE tenant = $2 AND id = $3")
            .bind(self.clock.now().timestamp_millis())
            .bind(tenant)
            .bind(id.as_str());
        self.database.run(statement).await
    }
}
