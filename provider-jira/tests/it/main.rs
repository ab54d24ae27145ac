//! Jira against the emulated site, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[allow(dead_code, reason = "the tests of the rooms to come")]
mod bed;
mod connecting;
mod listing;
mod reading;
