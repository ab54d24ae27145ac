//! What a product sees of the facade.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

#[cfg(feature = "servicenow")]
mod event_log;
mod readme;
mod registered;
