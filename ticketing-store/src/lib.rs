//! Connections of many customers: each connected once, kept alive, and never mixed with another.
//!
//! - [`Store`]: rows of connections in SQLite or PostgreSQL, and their secrets, sealed beside them.
//! - [`Connections`]: clients of stored connections, opened on demand; and connecting, by
//!   [`begin_authorization`](Connections::begin_authorization) and
//!   [`complete_authorization`](Connections::complete_authorization), or with a credential that is given.
//! - [`KeySource`]: where the keys come from that seal.
//!
//! ```
//! use provider_memory as _; // linked, and so found
//! use serde_json::json;
//! use ticketing_core::{BuildContext, Registry};
//! use ticketing_store::{Connections, KeySource, Location, Store};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let location = Location::File(folder.path().join("connections.db"));
//! let keys = KeySource::Generated(folder.path().join("keys"));
//! let store = Store::open(&location, keys).await?;
//!
//! let connections = Connections::new(store, Registry::discover()?, &BuildContext::new())?;
//!
//! connections.connect("tenant-7", "memory", "prod", json!({ "account": "acme" })).await?;
//! let client = connections.client("tenant-7", "prod").await?;
//! assert_eq!(client.info().account, "acme");
//! # Ok(())
//! # }
//! ```
//!
//! The whole story is in the project's `docs/connections.md`.

mod again;
mod authorize;
mod connection;
mod connections;
mod consent;
mod credential;
mod database;
mod failpoint;
mod given;
mod grant;
mod intake;
mod key;
mod lease;
mod migration;
mod oauth_app;
mod pending;
mod refresh;
mod seal;
mod secrets;
mod store;
mod transfer;

pub use connection::{Connection, ConnectionId, OAuthApp, Status};
pub use connections::Connections;
pub use consent::{BeginAuthorization, Begun, Callback, ClientChoice, Completed, Site};
pub use credential::{Client, Credential, FixedAuth, GrantKind, Tokens};
pub use database::Location;
pub use key::KeySource;
pub use migration::SCHEMA_VERSION;
pub use oauth_app::SharedApp;
pub use pending::new_webhook_secret;
pub use secrets::Rekeyed;
pub use store::{NewConnection, Store};
pub use transfer::Exported;

/// The programs of docs/connections.md compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/connections.md")]
pub struct Documents;
