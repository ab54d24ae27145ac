//! Following what changes, and counting what there is (`wire/servicenow.md` §7): keyset by `sys_updated_on` and `sys_id`, an
//! overlap because a second may not be over yet, deletions from `sys_audit_delete` where it is readable.

mod census;
mod changes;
mod deletions;
mod sweep;

pub(crate) use census::list_ids;
pub(crate) use changes::list_changes;
