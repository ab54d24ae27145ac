//! One call at a time under a caller's key, and orders whose key was not written yet.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::PoisonError;

use ticketing_core::{Delivery, Error, ErrorKind, Result};
use tokio::sync::{Mutex, MutexGuard};

use crate::connection::Connection;

/// Keys whose turns may fall together.
const TURNS: usize = 64;

/// Whose turn it is under which key, among the calls of one client: two that look for a ticket at once would both find none.
#[derive(Debug)]
pub(crate) struct KeyedTurns([Mutex<()>; TURNS]);

impl Default for KeyedTurns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl KeyedTurns {
    /// Waits for the turn, where there is a key.
    pub(crate) async fn take(&self, key: Option<&str>) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        key?.hash(&mut hasher);
        let nth = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        Some(self.0.get(nth)?.lock().await)
    }
}

/// An order that is placed before its key can be written on it.
#[derive(Debug)]
pub(super) struct OpenOrder<'c> {
    connection: &'c Connection,
    /// The key, among those of the connection.
    key: Option<String>,
}

impl<'c> OpenOrder<'c> {
    /// Notes that an order is placed under the key.
    ///
    /// # Errors
    /// `Conflict` where one was placed already, and nobody knows what became of it.
    pub(super) fn begin(connection: &'c Connection, key: Option<&str>) -> Result<Self> {
        let key = key.map(|key| format!("order {key}"));
        if let Some(key) = &key {
            let mut written = connection.written.lock().unwrap_or_else(PoisonError::into_inner);
            if written.before(key).is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "something was ordered under this key, or may have been, and the key could not be written on it",
                )
                .with_field("idempotency_key")
                .with_delivery(Delivery::NotSent)
                .with_hint("look for the request; where there is none, order under another key"));
            }
            written.begin(key, Vec::new());
        }
        Ok(Self { connection, key })
    }

    /// The outcome of the order, forgotten where the instance surely placed none.
    pub(super) fn unless_refused<T>(&self, outcome: Result<T>) -> Result<T> {
        if outcome.as_ref().is_err_and(|error| !error.maybe_applied()) {
            self.is_found_by_its_key();
        }
        outcome
    }

    /// From now on the search under the key says what there is.
    pub(super) fn is_found_by_its_key(&self) {
        if let Some(key) = &self.key {
            self.connection.written.lock().unwrap_or_else(PoisonError::into_inner).forget(key);
        }
    }
}
