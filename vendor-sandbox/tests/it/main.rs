//! Integration tests of the sandbox, in process unless they are about sockets.

mod auth;
mod client;
mod control;
mod limits;
mod query;
mod records;
mod table_api;
