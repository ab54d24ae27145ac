//! Jira against the emulated site, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod attachments;
#[allow(dead_code, reason = "the tests of the rooms to come")]
mod bed;
mod comments;
mod connecting;
mod history;
mod links;
mod listing;
mod reading;
mod transitions;
mod webhooks;
mod writing;
