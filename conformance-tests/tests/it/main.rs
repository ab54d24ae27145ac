//! The suite on every provider of this workspace, and what the suite promises to those outside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod canonical;
mod external_contributor;
mod fault_table;
mod jira;
mod judged;
mod memory;
#[path = "../../../vendor-sandbox/tests/openapi/mod.rs"]
mod openapi;
mod openapi_exceptions;
mod registered;
mod servicenow;
mod simulation;
mod suite;
mod zendesk;
