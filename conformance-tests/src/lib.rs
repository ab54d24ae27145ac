//! The conformance suite: what every ticketing provider must do, as cases that say what is wrong.
//!
//! A provider's author implements [`Harness`] (about forty lines: a world with the [shared company](Company) in it, and a
//! provider connected to it), writes [`conformance_suite!`]`(MyHarness);` into a test, and runs `cargo test`. Each case
//! becomes one test, named by what it shows:
//!
//! ```text
//! acme::paging::every_page_size_gives_the_same_sequence
//! acme::filters::each_status_is_exact
//! acme::errors::a_refused_credential_is_unauthenticated
//! ```
//!
//! # What a provider cannot do is tested too
//! Where its [capabilities](ticketing_core::Capabilities) lack an operation, filter, sort, visibility, status or kind, the
//! case turns round: the call must be refused as `unsupported`, with nothing sent.
//!
//! # Hooks
//! Some cases need the vendor to do something odd ([`Misbehaviour`]), somebody else to change records
//! ([`Interference`]), or another credential ([`Connection`]). A harness offers what it can; the case
//! `snapshots::the_hooks_are_those_that_were_reviewed` writes down what it offers, so that a hook is not lost unseen.
//!
//! # Snapshots
//! - *canonical*, one per kind and the same for every provider: the company as neutral documents. A provider must match it
//!   on every key it declares as readable; where the vendor cannot, the harness says so ([`Deviation`]), and the suite
//!   checks that it really cannot.
//! - *wire* and *capabilities*, one per provider: what is sent, and what is claimed. Accept a new one with
//!   `INSTA_UPDATE=always cargo test`, and read it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the whole crate is test code: a panic is how a case says what is wrong"
)]

pub mod canonical;
pub mod cases;
mod contract;
mod gate;
mod harness;
mod listing;
mod oracle;
mod probe;
mod reading;
mod record;
pub mod simulation;
mod snapshot;
mod suite;
mod verdict;
mod world;

pub use harness::{
    Connection, Delivered, Deviation, Harness, Interference, Misbehaviour, Purpose, SentRequest, Setup, StatusNeeds,
};
pub use snapshot::SNAPSHOTS;
pub use suite::{CASES, run};
#[doc(no_inline)]
pub use vendor_sandbox::company::Company;
