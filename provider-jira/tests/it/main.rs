//! Jira against the emulated site, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod attachments;
mod bed;
mod comments;
mod connecting;
mod delta;
mod filters;
mod grammar;
mod history;
mod links;
mod listing;
mod people;
mod reading;
mod transitions;
mod under_fire;
mod webhooks;
mod writing;
