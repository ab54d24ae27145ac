//! The company as neutral documents: one file per kind, the same for every provider.
//!
//! The files are written from the company alone, by no provider; [`documents`] makes them, and a provider's documents,
//! brought into the same words, are compared with what the files say.

mod company;
mod difference;
mod normal;

use std::collections::BTreeMap;

use serde_json::Value;

pub use company::documents;
pub(crate) use difference::compare;
pub(crate) use normal::{
    account, attachment, comment, contact, due_day, group, history, link, plain_text, ticket, user,
};

/// One kind's documents by stable key.
pub type Documents = BTreeMap<String, Value>;

/// The kinds that have a file.
pub const KINDS: &[&str] =
    &["tickets", "users", "groups", "accounts", "contacts", "comments", "attachments", "links", "history"];

/// What the file of a kind says.
///
/// # Panics
/// Where there is no such kind.
#[must_use]
pub fn file(kind: &str) -> Documents {
    let text = match kind {
        "tickets" => include_str!("../../snapshots/canonical_tickets.snap"),
        "users" => include_str!("../../snapshots/canonical_users.snap"),
        "groups" => include_str!("../../snapshots/canonical_groups.snap"),
        "accounts" => include_str!("../../snapshots/canonical_accounts.snap"),
        "contacts" => include_str!("../../snapshots/canonical_contacts.snap"),
        "comments" => include_str!("../../snapshots/canonical_comments.snap"),
        "attachments" => include_str!("../../snapshots/canonical_attachments.snap"),
        "links" => include_str!("../../snapshots/canonical_links.snap"),
        "history" => include_str!("../../snapshots/canonical_history.snap"),
        other => panic!("there is no canonical file of `{other}`"),
    };
    serde_json::from_str(crate::snapshot::body(text))
        .unwrap_or_else(|error| panic!("the canonical file of {kind}: {error}"))
}
