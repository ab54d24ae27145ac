//! Zendesk against the emulated account, in process, and against recorded traffic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod attachments;
mod bed;
mod comments;
mod delta;
mod faults;
mod fixtures;
mod listing;
mod login;
mod people;
mod reading;
mod under_fire;
mod webhooks;
mod writing;
