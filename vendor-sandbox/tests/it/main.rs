//! Integration tests of the sandbox, in process unless they are about sockets.

mod client;
mod control;
mod table_api;
