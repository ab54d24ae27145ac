//! Following what changes, by the account's exports, and counting what there is (`wire/jira-zendesk.md` §B6).

mod census;
mod changes;
mod organizations;

pub(crate) use census::list_ids;
pub(crate) use changes::{KINDS, list_changes};
