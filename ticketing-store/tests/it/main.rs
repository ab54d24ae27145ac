//! The store against both databases, and connections against the vendors' sandboxes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "processes of these tests say how they fare")]

mod addresses;
mod bed;
mod consent;
mod expiries;
mod gateway;
mod intakes;
mod isolation;
mod outages;
mod postgres;
mod processes;
mod rekeying;
mod rows;
mod schemas;
mod shown;
mod tampering;
mod transfer;
