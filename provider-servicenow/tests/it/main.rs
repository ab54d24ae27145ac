//! ServiceNow against the emulated instance, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod admin_kit;
mod bed;
mod catalogue;
mod comments;
mod delta;
mod faults;
mod filters;
mod listing;
mod people;
mod queries;
mod reading;
mod rights;
mod under_fire;
mod webhooks;
mod writing;
