//! The database: an SQLite file, or a PostgreSQL server; one SQL for both.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyConnectOptions, AnyPoolOptions};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _, Transaction};
use ticketing_core::{Error, ErrorKind, Result};
use tokio::time::timeout;

use crate::migration;

/// How long a statement waits for another process's write.
const BUSY: Duration = Duration::from_secs(20);
/// How long a database may take to be reached.
const OPENING: Duration = Duration::from_secs(30);
/// Connections to the database at the same time.
const CONNECTIONS: u32 = 8;

/// Where connections are kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// An SQLite file, made on first use for its owner alone.
    File(PathBuf),
    /// A PostgreSQL server, `postgres://user:password@host/database`; needs the feature `postgres`.
    Postgres(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // The URL may hold a password.
            Self::Postgres(_) => f.debug_tuple("Postgres").finish_non_exhaustive(),
        }
    }
}

impl FromStr for Location {
    type Err = Error;

    /// A path, `sqlite:PATH`, or `postgres://…`.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(
                Error::config("store", "it is empty").with_hint("give a path, or postgres://user@host/database")
            );
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.contains("://") || path.is_empty() {
            return Err(Error::config("store", "it is neither a path nor an address of PostgreSQL")
                .with_hint("give a path, or postgres://user@host/database"));
        }
        Ok(Self::File(PathBuf::from(path)))
    }
}

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The database's own clock in milliseconds: what leases are measured by, whatever clock a process is handed.
    pub(crate) fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Self::Postgres => "CAST(extract(epoch from clock_timestamp()) * 1000 AS BIGINT)",
        }
    }
}

/// An open database of the newest schema.
#[derive(Clone)]
pub(crate) struct Database {
    pub(crate) pool: AnyPool,
    pub(crate) dialect: Dialect,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens it, and brings its schema to the newest.
    pub(crate) async fn open(location: &Location) -> Result<Self> {
        install_drivers();
        let (url, dialect) = match location {
            Location::File(path) => {
                make_file(path)?;
                (sqlite_url(path)?, Dialect::Sqlite)
            }
            Location::Postgres(url) if cfg!(feature = "postgres") => (url.clone(), Dialect::Postgres),
            Location::Postgres(_) => {
                return Err(Error::config("store", "PostgreSQL is not built into this program")
                    .with_hint("build it with the feature `postgres`, or give the path of a file"));
            }
        };
        let options = AnyConnectOptions::from_str(&url).map_err(|_| {
            // The error's own text may quote the URL, and with it a password.
            Error::config("store", "it is not the address of a database")
                .with_hint("write postgres://user:password@host/database, or a path")
        })?;
        // A pool tries again until its time is over, whatever is wrong: once by hand, what no waiting mends is told at once.
        let first = async {
            let mut first = AnyConnection::connect_with(&options).await?;
            prepare(&mut first, dialect).await?;
            first.close().await
        };
        timeout(OPENING, first).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(unopened)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(OPENING)
            .after_connect(move |connection, _| Box::pin(prepare(connection, dialect)))
            .connect_with(options)
            .await
            .map_err(unopened)?;
        let database = Self { pool, dialect };
        migration::run(&database).await?;
        Ok(database)
    }

    /// Runs one statement by itself, of which nothing is asked back.
    pub(crate) async fn run(&self, statement: Query<'_, Any, AnyArguments>) -> Result<()> {
        statement.execute(&self.pool).await.map(drop).map_err(storage)
    }

    /// A transaction that may write: of the writers of an SQLite file there is one at a time, from its beginning on.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>> {
        let statement = match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        self.pool.begin_with(statement).await.map_err(storage)
    }
}

/// How a connection to the database is used.
async fn prepare(connection: &mut AnyConnection, dialect: Dialect) -> Result<(), sqlx::Error> {
    if dialect == Dialect::Sqlite {
        // FULL: a token that was written is there after a power cut, as the vendor has ended the old one.
        let busy = BUSY.as_millis();
        let pragmas = format!(
            "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;"
        );
        connection.execute(AssertSqlSafe(pragmas)).await?;
    }
    Ok(())
}

/// Why a database cannot be opened: an address that leads to none, or one that is not there now.
fn unopened(error: sqlx::Error) -> Error {
    let hint = "write postgres://user:password@host/database, or a path";
    match &error {
        // PostgreSQL: no such database, no such role, wrong password.
        sqlx::Error::Database(cause) if matches!(cause.code().as_deref(), Some("3D000" | "28000" | "28P01")) => {
            Error::config("store", format!("the database server refused: {}", cause.message())).with_hint(hint)
        }
        // Its text may quote the address, and with it a password.
        sqlx::Error::Configuration(_) => Error::config("store", "it is not the address of a database").with_hint(hint),
        _ => {
            let error = storage(error);
            match error.kind() {
                ErrorKind::Unavailable => error.with_hint("check the address, and that the database runs"),
                _ => error,
            }
        }
    }
}

fn install_drivers() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    // Whoever uses sqlx beside us may have installed them already.
    ONCE.call_once(|| {
        let _ = std::panic::catch_unwind(sqlx::any::install_default_drivers);
    });
}

fn sqlite_url(path: &Path) -> Result<String> {
    let absolute = std::path::absolute(path).map_err(|error| unusable(path, error))?;
    let file = url::Url::from_file_path(&absolute)
        .map_err(|()| Error::config("store", format!("{} is no path of a file", path.display())))?;
    Ok(format!("sqlite://{}", file.path()))
}

/// Makes the file for its owner alone; SQLite gives its companions the same rights.
fn make_file(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| unusable(path, error))?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| unusable(path, error))?;
    // A file that is something else is told at once, and left as it is.
    let mut head = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| unusable(path, error))?;
    file.take(16).read_to_end(&mut head).map_err(|error| unusable(path, error))?;
    if head.is_empty() || head == b"SQLite format 3\0" {
        return Ok(());
    }
    Err(Error::config("store", format!("{} is not a store of connections", path.display()))
        .with_hint("give the path of another file; this one was left as it is"))
}

fn unusable(path: &Path, error: std::io::Error) -> Error {
    Error::config("store", format!("{} cannot be opened for writing ({error})", path.display()))
        .with_hint("give a path in a folder that this user may write, or set TICKETING_STORE")
}

/// An error of the database. Its text holds names of tables and columns, and none of our values.
pub(crate) fn storage(error: sqlx::Error) -> Error {
    let message = match &error {
        sqlx::Error::Database(cause) if is_damage(cause.code().as_deref()) => {
            let message = format!("the store of connections is damaged ({})", cause.message());
            return Error::new(ErrorKind::Integrity, message)
                .with_field("store")
                .with_hint("put it back from a backup; nothing was changed in it")
                .with_source(error);
        }
        sqlx::Error::Database(cause) => format!("the store of connections refused a statement ({})", cause.message()),
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => {
            "the store of connections cannot be reached".to_owned()
        }
        other => format!("the store of connections failed ({other})"),
    };
    Error::new(ErrorKind::Unavailable, message).with_retry_after(Duration::ZERO).with_source(error)
}

/// True where a database says that its file is broken, or that a table or column is not there: waiting mends neither.
fn is_damage(code: Option<&str>) -> bool {
    // SQLite: ERROR (no such table), CORRUPT, NOTADB. PostgreSQL: undefined table, undefined column, data corrupted.
    matches!(code, Some("1" | "11" | "26" | "42P01" | "42703" | "XX001"))
}
