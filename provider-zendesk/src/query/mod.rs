//! Which tickets: what a search is asked for to find few (`wire/jira-zendesk.md` §B5), and the exact decision on each ticket.
//!
//! The account's search lags behind by minutes, knows no escape, and matches words loosely. So it only names candidates:
//! every ticket is read again from the database, and decided here.

mod fits;
mod narrow;
mod order;

pub(crate) use fits::{Resolved, fits, native_statuses, native_types};
pub(crate) use narrow::{is_hopeless, narrow};
pub(crate) use order::{Place, sorted, up_to};
