//! Following what changes: deltas and the census.

mod census;
mod changes;

pub(crate) use census::list_ids;
pub(crate) use changes::list_changes;
