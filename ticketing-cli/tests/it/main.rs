//! The `ticketing` binary, as its users meet it: exit code, standard output, standard error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

mod bad_input;
mod connections;
mod demo;
mod documents;
mod help;
mod memory;
mod runner;
mod sandbox;
mod secrets;
mod server;
mod servicenow;
mod tampering;
