//! Exchanges against the vendors' own OpenAPI documents, which are read from the folder that `VENDOR_SPECS_DIR` names.
//!
//! One judge for a vendor serves the sandbox's own tests and the conformance suite, which has it look at every exchange
//! of its providers. Where the document is wrong, [`Exception`]s say so, each with the recorded fact that overrides it;
//! an exception that nothing uses is an error too.

#![allow(dead_code, reason = "the sandbox's tests and the suite each use a part")]

mod document;
mod exception;
mod jira;
mod judge;
mod operations;
mod service_desk;
mod unknown_keys;
mod zendesk;

#[allow(unused_imports, reason = "the suite reads no other files")]
pub(crate) use document::{folder, read};
pub(crate) use exception::{Exception, Seen};
pub(crate) use judge::{Exchange, Judge};

use std::sync::OnceLock;

/// A vendor whose document there is.
pub(crate) struct Vendor {
    /// The document's file in the folder.
    pub(crate) file: &'static str,
    /// What is added to it, where the vendor has a document that the folder has not.
    pub(crate) more: fn(&mut serde_json::Value),
    /// The document's path for one that is asked for.
    pub(crate) path: fn(&str) -> String,
    /// The schema of refusals that the document gives no body.
    pub(crate) refusal: fn() -> serde_json::Value,
    pub(crate) exceptions: &'static [&'static [Exception]],
}

/// Jira's platform API, as Cloud has it (wire S1); `None`, said aloud, where there is no folder.
pub(crate) fn jira() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::new(&jira::VENDOR)).as_ref()
}

/// The same for what a Data Center has of it (wire A13).
pub(crate) fn jira_data_center() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::new(&jira::DATA_CENTER)).as_ref()
}

/// Zendesk's Support API (wire S6); `None`, said aloud, where there is no folder.
pub(crate) fn zendesk() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    JUDGE.get_or_init(|| Judge::new(&zendesk::VENDOR)).as_ref()
}
