//! Integration tests of the sandbox, in process unless they are about sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod attachments;
mod auth;
mod client;
mod control;
mod documented_calls;
mod documented_examples;
mod event_log;
mod faults;
mod jira_auth;
mod jira_issues;
mod jira_openapi;
mod jira_query;
mod jira_search;
mod limits;
mod load;
mod odd_requests;
#[path = "../openapi/mod.rs"]
mod openapi;
mod other_apis;
mod query;
mod records;
mod sockets;
mod table_api;
mod zendesk_around;
mod zendesk_auth;
mod zendesk_exports;
mod zendesk_openapi;
mod zendesk_reading;
mod zendesk_writing;
