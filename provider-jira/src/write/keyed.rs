//! New tickets under a key of the caller's. Jira has no place for such a key that is sure to be found again (wire A4.1, A3.4), so
//! that it is remembered as long as the connection lives, and no longer.

use std::sync::PoisonError;

use ticketing_core::{Delivery, Error, ErrorKind, Result};

use super::create::TicketIds;
use crate::connection::Connection;

/// A key, among those of the connection.
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
    pub(super) fn new(connection: &'c Connection, key: Option<&str>) -> Option<Self> {
        key.map(|key| Self { connection, key: format!("ticket {key}") })
    }

    /// The name of the key where all is done.
    fn whole(&self) -> String {
        format!("whole {}", self.key)
    }

    fn remembered<T>(&self, work: impl FnOnce(&mut ticketing_http::Written) -> T) -> T {
        work(&mut self.connection.keyed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an earlier call made under the key; `None` where there was none.
    ///
    /// # Errors
    /// `Conflict` where nobody knows what became of it, or it is under way: a second ticket might come of it.
    pub(super) fn known(&self) -> Result<Option<Known>> {
        let whole = self.whole();
        self.remembered(|keys| {
            let id = keys.get(&self.key).map(str::to_owned);
            if keys.before(&self.key).is_some() {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "whether a ticket was made under this key is not known: the answer was lost, or is still awaited",
                )
                .with_field("idempotency_key")
                .with_delivery(Delivery::Answered)
                .with_hint("look for the ticket; where there is none, make it under another key"));
            }
            let is_whole = id.is_some() && keys.get(&whole) == id.as_deref();
            Ok(id.map(|id| if is_whole { Known::Whole(id) } else { Known::Begun(id) }))
        })
    }

    /// Makes the ticket under the key: nobody else does meanwhile, and nobody does again where its answer was lost.
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
        let whole = self.whole();
        self.remembered(|keys| keys.note(whole, id.to_owned()));
    }
}
