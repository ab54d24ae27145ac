//! Integration tests of the sandbox, in process unless they are about sockets.

mod attachments;
mod auth;
mod client;
mod control;
mod documented_examples;
mod event_log;
mod faults;
mod limits;
mod load;
mod other_apis;
mod query;
mod records;
mod sockets;
mod table_api;
