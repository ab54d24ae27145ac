//! ServiceNow against the emulated instance, in process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod admin_kit;
mod bed;
mod catalogue;
mod comments;
mod delta;
mod fault_table;
mod faults;
mod filters;
mod large_files;
mod listing;
mod people;
mod plays;
mod queries;
mod reading;
mod rights;
mod under_fire;
mod webhooks;
mod writing;
