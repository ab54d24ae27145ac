//! Reading tickets: listings, single records, and the ids that callers hold.

mod find;
mod list;
mod source;

pub(crate) use find::{MOST_IDS, bare, get, now, several, whole};
pub(crate) use list::{SORTS, list};
