//! Reading tickets: one, several, and lists of them.

mod find;
mod list;

pub(crate) use find::{MOST_IDS, get, list_watchers, may_be_issue, plan, several, watchers};
pub(crate) use list::list;
