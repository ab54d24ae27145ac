//! One look at the store: the locked state, at one moment, as one connection sees it.

use ticketing_core::model::Timestamp;
use ticketing_core::{CursorCodec, Operation, UserId};

use crate::NAME;
use crate::catalogue::StatusMapping;
use crate::store::State;

/// One look at the store. Each room adds the operations it knows.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) account: &'a str,
    pub(crate) statuses: &'a StatusMapping,
    pub(crate) now: Timestamp,
}

impl Session<'_> {
    /// The cursors of one query; see [`CursorCodec::new`] for what belongs into it.
    pub(crate) fn codec(&self, operation: Operation, query: &impl serde::Serialize) -> CursorCodec {
        CursorCodec::new(NAME, self.account, operation, query)
    }

    /// The user that the connection's credential belongs to.
    pub(crate) fn me(&self) -> Option<UserId> {
        self.state.current_user.clone()
    }
}
