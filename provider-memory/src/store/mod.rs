//! The store: what a vendor's servers are to other providers.

mod insert;
mod intervene;
mod state;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use state::{File, IdempotencyScope, LinkEnd, State, StoredLink, Subscription, Tabled};
pub(crate) use table::{Record, Table};
use ticketing_core::WebhookDelivery;

/// One customer's account, in memory. Cloning it gives another handle of the same account.
///
/// What is inserted comes out of a [`MemoryProvider`](crate::MemoryProvider) as it went in; names of people and things in
/// references are looked up on reading, so that a rename shows everywhere.
///
/// ```
/// use std::sync::Arc;
/// use provider_memory::{MemoryProvider, MemoryStore};
/// use ticketing_core::model::User;
/// use ticketing_core::request::ListUsers;
/// use ticketing_core::{ManualClock, TicketingClient};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ticketing_core::Result<()> {
/// let store = MemoryStore::new("acme");
/// store.insert_user(User::new("u1".into(), "Ada Lovelace"));
///
/// let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
/// let client = TicketingClient::new(Arc::new(MemoryProvider::new(store.clone(), clock)));
/// assert_eq!(client.list_users(ListUsers::new()).await?.items[0].name, "Ada Lovelace");
/// assert_eq!(store.requests(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    account: Arc<str>,
    state: Arc<Mutex<State>>,
}

impl MemoryStore {
    /// An empty account of this name. Two stores share nothing, also where their names are the same.
    #[must_use]
    pub fn new(account: impl Into<Arc<str>>) -> Self {
        Self { account: account.into(), state: Arc::default() }
    }

    /// The account's name.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// How many operations have reached the store. Requests that are wrong in themselves do not: a vendor would not have been
    /// sent them.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Takes the webhook deliveries that are waiting, oldest first, each with the address it goes to as its path.
    #[must_use]
    pub fn take_deliveries(&self) -> Vec<WebhookDelivery> {
        std::mem::take(&mut self.lock().outbox)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Stores by account, for connections that shall share them: put one into the
/// [`BuildContext`](ticketing_core::BuildContext) as an extension.
///
/// Without it, each connection made from configuration has a store of its own.
///
/// ```
/// use provider_memory::MemoryStores;
/// use ticketing_core::{BuildContext, Registry};
///
/// let context = BuildContext::new().with_extension(MemoryStores::new());
/// let config = serde_json::json!({ "account": "acme" });
/// let one = Registry::discover().unwrap().connect("memory", config.clone(), &context).unwrap();
/// let other = Registry::discover().unwrap().connect("memory", config, &context).unwrap();
/// assert_eq!(one.info(), other.info());
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStores(Arc<Mutex<BTreeMap<String, MemoryStore>>>);

impl MemoryStores {
    /// No stores yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The store of this account; where there is none yet, `make` makes it.
    pub fn get_or_insert_with(&self, account: &str, make: impl FnOnce() -> MemoryStore) -> MemoryStore {
        let mut stores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stores.entry(account.to_owned()).or_insert_with(make).clone()
    }
}
