//! Encoded queries: `wire/servicenow.md` §2, and the vendor's pages on encoded query strings.
//!
//! [`parse`] reads the text, [`compile`] resolves it against a table and a session (dropping
//! silently what is invalid, as the vendor does), [`evaluate`] tests rows, [`select`] finds and
//! orders them with the help of the store's indexes.

mod compile;
mod evaluate;
mod index_walk;
mod parse;
mod reading;
mod related;
mod script;
mod select;

pub(crate) use compile::{Compiler, Filter};
pub(crate) use parse::{Encoded, parameter, parse};
pub use reading::{ConditionReading, QueryReading};
pub(crate) use script::{parse_time, time_text};
pub(crate) use select::{TieBreak, select};
