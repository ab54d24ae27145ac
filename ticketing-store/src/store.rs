//! The store: rows of connections, and the sealed secrets beside them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use ticketing_core::{Clock, Error, ErrorKind, Result, Secret, SystemClock};
use zeroize::Zeroizing;

use crate::connection::{Connection, ConnectionId, OAuthApp, Status, checked_name};
use crate::consent::keys;
use crate::credential::{Bound, Client, Credential, secrets_from_clear, secrets_to_clear};
use crate::database::{Database, Location, storage};
use crate::key::{KeySource, Keys};
use crate::secrets::{self, CLIENT, CREDENTIAL, WEBHOOK_SECRETS};

/// Where connections are kept. Cloning it is cheap.
///
/// Every call names the tenant, and sees nothing of any other.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) keys: Arc<Keys>,
    /// Whether the keys are known to be those of this store.
    has_right_keys: Arc<AtomicBool>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.database).field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// What a new connection is made of.
#[derive(Clone)]
#[non_exhaustive]
pub struct NewConnection {
    /// Whose it is.
    pub tenant: String,
    /// The provider's name.
    pub provider: String,
    /// What people call it, once per tenant.
    pub name: String,
    /// The account at the vendor.
    pub account: String,
    /// The provider's configuration, without `auth` and `mapping`.
    pub config: Value,
    /// The configuration's `mapping`.
    pub mapping: Option<Value>,
    /// The shared OAuth client it uses, by its name in the store.
    pub shared_app: Option<String>,
    /// The OAuth client of its own.
    pub own_client: Option<Client>,
    /// The credential.
    pub credential: Option<Credential>,
    /// The secrets that its webhook deliveries are signed with.
    pub webhook_secrets: Vec<Secret>,
    /// The scopes that the vendor gave.
    pub scopes: Vec<String>,
}

impl fmt::Debug for NewConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewConnection")
            .field("tenant", &self.tenant)
            .field("provider", &self.provider)
            .field("name", &self.name)
            .field("account", &self.account)
            // Nobody has looked yet whether it holds what it should not.
            .field("config", &keys(&self.config))
            .field("credential", &self.credential)
            .field("webhook_secrets", &self.webhook_secrets.len())
            .finish_non_exhaustive()
    }
}

impl NewConnection {
    /// A connection without a credential.
    #[must_use]
    pub fn new(
        tenant: impl Into<String>,
        provider: impl Into<String>,
        name: impl Into<String>,
        account: impl Into<String>,
        config: Value,
    ) -> Self {
        Self {
            tenant: tenant.into(),
            provider: provider.into(),
            name: name.into(),
            account: account.into(),
            config,
            mapping: None,
            shared_app: None,
            own_client: None,
            credential: None,
            webhook_secrets: Vec::new(),
            scopes: Vec::new(),
        }
    }
}

/// The columns of a connection, in the order that [`connection`] reads them.
pub(crate) const COLUMNS: &str = "id, tenant, name, provider, account, config, mapping, oauth_app, oauth_client_id, \
     credential_kind, webhook_secrets, status, scopes, expires_at, created, last_used, last_error, generation, revision";

impl Store {
    /// Opens a store: makes it where there is none, and brings its schema forward.
    ///
    /// # Errors
    /// `Config` where location or keys are wrong; `Unavailable` where the database cannot be reached.
    pub async fn open(location: &Location, keys: KeySource) -> Result<Self> {
        let database = Database::open(location).await?;
        let sealed: i64 = sqlx::query_scalar("SELECT count(*) FROM (SELECT 1 FROM secrets LIMIT 1) AS one")
            .fetch_one(&database.pool)
            .await
            .map_err(storage)?;
        let keys = Arc::new(Keys::load(keys, sealed == 0)?);
        Ok(Self { database, keys, has_right_keys: Arc::default(), clock: Arc::new(SystemClock) })
    }

    /// With another clock for what is written down; leases go by the database's own.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Closes the connections to the database; waits for what is under way.
    pub async fn close(&self) {
        self.database.pool.close().await;
    }

    /// Keeps a new connection.
    ///
    /// # Errors
    /// `AlreadyExists` where the tenant has one of that name.
    pub async fn add(&self, new: NewConnection) -> Result<Connection> {
        let tenant = new.tenant.clone();
        let mut transaction = self.database.begin().await?;
        let id = self.insert(&mut transaction, new).await?;
        transaction.commit().await.map_err(storage)?;
        self.get(&tenant, &id).await
    }

    /// Keeps new connections: all of them, or none.
    ///
    /// # Errors
    /// `AlreadyExists` where a tenant has one of such a name.
    pub async fn add_all(&self, new: impl IntoIterator<Item = NewConnection>) -> Result<Vec<ConnectionId>> {
        let mut transaction = self.database.begin().await?;
        let mut ids = Vec::new();
        for new in new {
            ids.push(self.insert(&mut transaction, new).await?);
        }
        transaction.commit().await.map_err(storage)?;
        Ok(ids)
    }

    async fn insert(&self, transaction: &mut AnyConnection, new: NewConnection) -> Result<ConnectionId> {
        checked_name("name", &new.name)?;
        checked_name("tenant", &new.tenant)?;
        if new.config.get("auth").is_some() {
            return Err(Error::config("auth", "it stands in the configuration, which is kept in clear")
                .with_hint("take it out, and give it as the credential"));
        }
        let id = ConnectionId::random();
        let oauth_client_id = new.own_client.as_ref().map(|client| client.id.clone());
        let expires_at = new.credential.as_ref().and_then(expires_at);
        let inserted = sqlx::query(
            "INSERT INTO connections (id, tenant, name, provider, account, config, mapping, oauth_app, oauth_client_id,
                credential_kind, webhook_secrets, status, scopes, expires_at, created, generation, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'active', $12, $13, $14, 1, 1)
             ON CONFLICT (tenant, name) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(&new.tenant)
        .bind(&new.name)
        .bind(&new.provider)
        .bind(&new.account)
        .bind(new.config.to_string())
        .bind(new.mapping.as_ref().map(Value::to_string))
        .bind(new.shared_app.clone())
        .bind(oauth_client_id)
        .bind(new.credential.as_ref().map(|credential| credential.kind().to_owned()))
        .bind(new.webhook_secrets.len() as i64)
        .bind(json(&new.scopes))
        .bind(expires_at.map(|at| at.timestamp_millis()))
        .bind(self.clock.now().timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        if inserted.rows_affected() != 1 {
            return Err(name_taken(&new.name));
        }
        if let Some(client) = &new.own_client {
            self.put(transaction, &new.tenant, id.as_str(), CLIENT, &client.to_clear(Some(&new.account))?).await?;
        }
        if let Some(credential) = new.credential {
            let clear = Bound { account: new.account, credential }.to_clear()?;
            self.put(transaction, &new.tenant, id.as_str(), CREDENTIAL, &clear).await?;
        }
        if !new.webhook_secrets.is_empty() {
            let clear = secrets_to_clear(&new.webhook_secrets)?;
            self.put(transaction, &new.tenant, id.as_str(), WEBHOOK_SECRETS, &clear).await?;
        }
        Ok(id)
    }

    /// The connection of this id.
    ///
    /// # Errors
    /// `NotFound` where the tenant has none.
    pub async fn get(&self, tenant: &str, id: &ConnectionId) -> Result<Connection> {
        let query = format!("SELECT {COLUMNS} FROM connections WHERE tenant = $1 AND id = $2");
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(tenant)
            .bind(id.as_str())
            .fetch_optional(&self.database.pool)
            .await
            .map_err(storage)?;
        row.map_or_else(|| Err(no_connection(id.as_str())), |row| connection(&row))
    }

    /// The connection of this name.
    ///
    /// # Errors
    /// `NotFound` where the tenant has none.
    pub async fn find(&self, tenant: &str, name: &str) -> Result<Connection> {
        let query = format!("SELECT {COLUMNS} FROM connections WHERE tenant = $1 AND name = $2");
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(tenant)
            .bind(name)
            .fetch_optional(&self.database.pool)
            .await
            .map_err(storage)?;
        row.map_or_else(|| Err(no_connection(name)), |row| connection(&row))
    }

    /// The tenant's connections by name, at most `limit` of them, behind the name `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list(&self, tenant: &str, after: &str, limit: u32) -> Result<Vec<Connection>> {
        let query = format!("SELECT {COLUMNS} FROM connections WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3");
        let rows = sqlx::query(AssertSqlSafe(query))
            .bind(tenant)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.database.pool)
            .await
            .map_err(storage)?;
        rows.iter().map(connection).collect()
    }

    /// All of the tenant's connections that can be read, by name; and of those whose row was changed, what is wrong with each.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_readable(&self, tenant: &str) -> Result<(Vec<Connection>, Vec<Error>)> {
        let query = format!("SELECT {COLUMNS} FROM connections WHERE tenant = $1 ORDER BY name");
        let rows =
            sqlx::query(AssertSqlSafe(query)).bind(tenant).fetch_all(&self.database.pool).await.map_err(storage)?;
        let (mut all, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in &rows {
            match connection(row) {
                Ok(connection) => all.push(connection),
                Err(error) => unreadable.push(error),
            }
        }
        Ok((all, unreadable))
    }

    /// Gives a connection another name.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` where the name is taken.
    pub async fn rename(&self, tenant: &str, name: &str, to: &str) -> Result<Connection> {
        checked_name("name", to)?;
        // One that cannot be read is not renamed half.
        self.find(tenant, name).await?;
        let mut transaction = self.database.begin().await?;
        let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM connections WHERE tenant = $1 AND name = $2")
            .bind(tenant)
            .bind(to)
            .fetch_one(&mut *transaction)
            .await
            .map_err(storage)?;
        if taken > 0 && name != to {
            return Err(name_taken(to));
        }
        let changed =
            sqlx::query("UPDATE connections SET name = $1, revision = revision + 1 WHERE tenant = $2 AND name = $3")
                .bind(to)
                .bind(tenant)
                .bind(name)
                .execute(&mut *transaction)
                .await
                .map_err(|error| match &error {
                    sqlx::Error::Database(cause) if cause.is_unique_violation() => name_taken(to),
                    _ => storage(error),
                })?;
        if changed.rows_affected() == 0 {
            return Err(no_connection(name));
        }
        transaction.commit().await.map_err(storage)?;
        self.find(tenant, to).await
    }

    /// Removes a connection and everything sealed beside it, whatever became of its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove(&self, tenant: &str, name: &str) -> Result<()> {
        let mut transaction = self.database.begin().await?;
        let id: String = sqlx::query_scalar("SELECT id FROM connections WHERE tenant = $1 AND name = $2")
            .bind(tenant)
            .bind(name)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(storage)?
            .ok_or_else(|| no_connection(name))?;
        for statement in [
            "DELETE FROM connections WHERE tenant = $1 AND id = $2",
            "DELETE FROM secrets WHERE tenant = $1 AND owner = $2",
        ] {
            sqlx::query(statement).bind(tenant).bind(&id).execute(&mut *transaction).await.map_err(storage)?;
        }
        transaction.commit().await.map_err(storage)
    }

    /// The secrets that webhook deliveries of a connection are signed with.
    ///
    /// # Errors
    /// `Integrity` where the row was changed; `Config` where its key is not at hand.
    pub async fn webhook_secrets(&self, connection: &Connection) -> Result<Vec<Secret>> {
        match self.own_secret(connection, WEBHOOK_SECRETS).await? {
            Some(clear) => secrets_from_clear(&clear),
            None => Ok(Vec::new()),
        }
    }

    /// A secret of a connection; where it does not open, the error names the connection as people do.
    async fn own_secret(&self, connection: &Connection, slot: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let opened = self.secret(&connection.tenant, connection.id.as_str(), slot).await;
        opened.map_err(|error| match error.kind() {
            ErrorKind::Integrity | ErrorKind::Config => {
                error.with_context(format!("the connection `{}`", connection.name))
            }
            _ => error,
        })
    }

    /// Puts other secrets in their place: the new one and the old one, while one is being replaced.
    ///
    /// # Errors
    /// `NotFound` where the connection is gone.
    pub async fn set_webhook_secrets(&self, connection: &Connection, secrets: &[Secret]) -> Result<()> {
        let mut transaction = self.database.begin().await?;
        let changed = sqlx::query(
            "UPDATE connections SET webhook_secrets = $1, revision = revision + 1 WHERE tenant = $2 AND id = $3",
        )
        .bind(secrets.len() as i64)
        .bind(&connection.tenant)
        .bind(connection.id.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(storage)?;
        if changed.rows_affected() == 0 {
            return Err(no_connection(&connection.name));
        }
        let clear = secrets_to_clear(secrets)?;
        self.put(&mut transaction, &connection.tenant, connection.id.as_str(), WEBHOOK_SECRETS, &clear).await?;
        transaction.commit().await.map_err(storage)
    }

    /// The credential of a connection; refused where the row was given another account than the credential was for.
    pub(crate) async fn credential(&self, connection: &Connection) -> Result<Option<Credential>> {
        let Some(clear) = self.own_secret(connection, CREDENTIAL).await? else {
            return match &connection.credential {
                None => Ok(None),
                Some(_) => Err(secrets::lost(CREDENTIAL, &connection.name)),
            };
        };
        let bound = Bound::from_clear(&clear)?;
        if bound.account != connection.account {
            return Err(moved("account", &connection.name, "has another account than its credential was given for"));
        }
        Ok(Some(bound.credential))
    }

    /// The OAuth client that a connection uses.
    pub(crate) async fn client(&self, connection: &Connection) -> Result<Client> {
        let clear = match &connection.oauth_app {
            Some(OAuthApp::Shared(name)) => return self.oauth_app(name, &connection.provider).await,
            Some(OAuthApp::Own { .. }) => self.own_secret(connection, CLIENT).await?,
            None => None,
        };
        let clear = clear.ok_or_else(|| secrets::lost(CLIENT, &connection.name))?;
        let (client, account) = Client::from_clear(&clear)?;
        // Stores of the first versions do not say whose it is.
        if account.is_some_and(|account| account != connection.account) {
            return Err(moved("account", &connection.name, "has another account than its OAuth client was given for"));
        }
        Ok(client)
    }

    /// Seals and writes one secret.
    ///
    /// # Errors
    /// `Config` where no key at hand opens anything that is in the store: what is sealed now would open nowhere else.
    pub(crate) async fn put(
        &self,
        connection: &mut AnyConnection,
        tenant: &str,
        owner: &str,
        slot: &str,
        clear: &[u8],
    ) -> Result<()> {
        if !self.has_right_keys.load(Ordering::Relaxed) {
            secrets::has_right_keys(connection, &self.keys).await?;
            self.has_right_keys.store(true, Ordering::Relaxed);
        }
        secrets::put(connection, &self.keys, tenant, owner, slot, clear).await
    }
}

/// A row that leads elsewhere than what is sealed beside it was given for: nothing goes there.
pub(crate) fn moved(field: &str, name: &str, how: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("the connection `{name}` {how}")).with_field(field).with_hint(
        "put the row back from a backup, or remove the connection and connect the account anew; nothing was sent",
    )
}

fn expires_at(credential: &Credential) -> Option<DateTime<Utc>> {
    match credential {
        Credential::Fixed(_) => None,
        Credential::OAuth(tokens) => tokens.expires_at,
    }
}

pub(crate) fn json(list: &[String]) -> String {
    Value::from(list).to_string()
}

fn name_taken(name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("there is a connection `{name}` already"))
        .with_field("name")
        .with_hint("take another name, or remove or rename the other one")
}

pub(crate) fn no_connection(name: &str) -> Error {
    let shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::NotFound, format!("there is no connection `{shown}`"))
        .with_field("connection")
        .with_hint("`ticketing connections list` shows which there are; `ticketing connect` makes one")
}

/// A row of [`COLUMNS`]. One that is not as this program writes them is named, with what is wrong about it.
pub(crate) fn connection(row: &AnyRow) -> Result<Connection> {
    read(row).map_err(|error| {
        // By its name, or else by its id.
        let known = [2, 0].into_iter().find_map(|column| row.try_get::<String, _>(column).ok()).unwrap_or_default();
        let known: String = known.chars().take(100).flat_map(char::escape_debug).collect();
        error.with_context(format!("the connection `{known}`"))
    })
}

fn read(row: &AnyRow) -> Result<Connection> {
    let text = |column: usize, name: &str| row.try_get::<String, _>(column).map_err(|_| unreadable(name));
    let maybe = |column: usize, name: &str| row.try_get::<Option<String>, _>(column).map_err(|_| unreadable(name));
    let number = |column: usize, name: &str| row.try_get::<i64, _>(column).map_err(|_| unreadable(name));
    let time = |column: usize, name: &str| -> Result<Option<DateTime<Utc>>> {
        let millis = row.try_get::<Option<i64>, _>(column).map_err(|_| unreadable(name))?;
        millis.map(|millis| DateTime::from_timestamp_millis(millis).ok_or_else(|| unreadable(name))).transpose()
    };
    let oauth_app = match (maybe(7, "oauth_app")?, maybe(8, "oauth_client_id")?) {
        (Some(shared), _) => Some(OAuthApp::Shared(shared)),
        (None, Some(client_id)) => Some(OAuthApp::Own { client_id }),
        (None, None) => None,
    };
    Ok(Connection {
        id: ConnectionId::from_row(text(0, "id")?),
        tenant: text(1, "tenant")?,
        name: text(2, "name")?,
        provider: text(3, "provider")?,
        account: text(4, "account")?,
        config: parse("config", &text(5, "config")?)?,
        mapping: maybe(6, "mapping")?.map(|text| parse("mapping", &text)).transpose()?,
        oauth_app,
        credential: maybe(9, "credential")?,
        webhook_secrets: number(10, "webhook_secrets")?.try_into().map_err(|_| unreadable("webhook_secrets"))?,
        status: Status::parse(&text(11, "status")?)?,
        scopes: serde_json::from_value(parse("scopes", &text(12, "scopes")?)?).map_err(|_| unreadable("scopes"))?,
        expires_at: time(13, "expires_at")?,
        created: time(14, "created")?.ok_or_else(|| unreadable("created"))?,
        last_used: time(15, "last_used")?,
        last_error: maybe(16, "last_error")?,
        generation: number(17, "generation")?,
        revision: number(18, "revision")?,
    })
}

fn parse(column: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

fn unreadable(column: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("its `{column}` is not what was written"))
        .with_field(column)
        .with_hint(
            "put the row back from a backup, or remove the connection and connect the account anew; the row was left as it is",
        )
}
