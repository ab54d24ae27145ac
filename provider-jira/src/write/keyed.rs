//! New tickets under a key of the caller's. Jira has no place for such a key that is sure to be found again (wire A4.1, A3.4), so
//! that the latest ones are remembered as long as the connection lives, and no longer.

use std::sync::PoisonError;

use ticketing_core::{Delivery, Error, ErrorKind, Result};

use super::create::TicketIds;
use crate::connection::Connection;

/// Before a key of a ticket's: comments and attachments have theirs beside it.
const TICKET: &str = "ticket ";
/// Before the id of a ticket with which everything is done.
const WHOLE: &str = "whole ";

/// A key, among those of the connection, and nobody else's as long as this lives: neither making a ticket nor finishing one is
/// done twice at once.
#[derive(Debug)]
pub(super) struct Keyed<'c> {
    connection: &'c Connection,
    key: String,
}

/// What was made under a key.
#[derive(Debug)]
pub(super) enum Known {
    /// This ticket, with everything that was asked for.
    Whole(String),
    /// This ticket, and not all that was to be done with it.
    Begun(String),
}

impl<'c> Keyed<'c> {
    /// Takes a key.
    ///
    /// # Errors
    /// `Conflict` where another call has it.
    pub(super) fn take(connection: &'c Connection, key: &str) -> Result<Self> {
        let key = [TICKET, key].concat();
        if !connection.keys_in_use.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Err(taken(
                "another call makes a ticket under this key",
                "ask again once it is over: the same key gives its ticket",
            ));
        }
        Ok(Self { connection, key })
    }

    fn remembered<T>(&self, work: impl FnOnce(&mut ticketing_http::Written) -> T) -> T {
        work(&mut self.connection.keyed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an earlier call made under the key; `None` where there was none.
    ///
    /// # Errors
    /// `Conflict` where nobody knows what became of it: a second ticket might come of it.
    pub(super) fn known(&self) -> Result<Option<Known>> {
        self.remembered(|keys| {
            if keys.before(&self.key).is_some() {
                return Err(taken(
                    "whether a ticket was made under this key, and whole, is not known: an answer was lost",
                    "look for the ticket; where there is none, make it under another key",
                ));
            }
            Ok(keys.get(&self.key).map(|made| match made.strip_prefix(WHOLE) {
                Some(id) => Known::Whole(id.to_owned()),
                None => Known::Begun(made.to_owned()),
            }))
        })
    }

    /// Makes the ticket under the key: nobody does again where its answer was lost.
    pub(super) async fn making(&self, make: impl Future<Output = Result<TicketIds>>) -> Result<TicketIds> {
        self.remembered(|keys| keys.begin(&self.key, Vec::new()));
        let outcome = make.await;
        self.remembered(|keys| match &outcome {
            Ok(made) => keys.note(self.key.clone(), made.id.clone()),
            Err(error) if error.maybe_applied() || !error.applied().is_empty() => {}
            Err(_) => keys.forget(&self.key),
        });
        outcome
    }

    /// Notes that nothing is left to be done.
    pub(super) fn is_whole(&self, id: &str) {
        self.remembered(|keys| keys.note(self.key.clone(), [WHOLE, id].concat()));
    }
}

impl Drop for Keyed<'_> {
    fn drop(&mut self) {
        self.connection.keys_in_use.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// Forgets the keys of a ticket that was deleted here.
pub(super) fn free(connection: &Connection, id: &str) {
    let mut keys = connection.keyed.lock().unwrap_or_else(PoisonError::into_inner);
    keys.forget_where(|key, made| key.starts_with(TICKET) && made.strip_prefix(WHOLE).unwrap_or(made) == id);
}

/// Why a key gives nothing.
fn taken(message: impl Into<String>, hint: &str) -> Error {
    Error::new(ErrorKind::Conflict, message)
        .with_field("idempotency_key")
        .with_delivery(Delivery::Answered)
        .with_hint(hint)
}

/// The ticket of a key cannot be read any more. That it was deleted is only one reason (wire A4.1, A14): it may have been moved
/// out of the connection's projects, or hidden, so that the key is not free.
pub(super) fn gone(id: &str) -> Error {
    taken(
        format!("a ticket of id {id} was made under this key, and cannot be read now: it was deleted, moved or hidden"),
        "where another one is wanted, make it under another key",
    )
}
