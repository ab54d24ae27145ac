//! The memory provider, as its users meet it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod attachments;
mod changes;
mod comments;
mod create;
mod fields;
mod filters;
mod links;
mod paging;
mod people;
mod raw;
mod registry;
mod update;
mod webhooks;
mod world;
