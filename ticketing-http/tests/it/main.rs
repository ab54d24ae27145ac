//! The HTTP plane, against a server that misbehaves on cue and against time that stands still.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod addresses;
mod delivery;
mod fake;
mod faults;
mod hostile;
#[cfg(feature = "test-util")]
mod in_process;
mod limits;
mod mock;
mod oauth;
mod redirects;
mod secrets;
mod tls;
mod tokens;
mod waits;
