//! Reading tickets.

mod find;

pub(crate) use find::{get, may_be_issue, watchers};
