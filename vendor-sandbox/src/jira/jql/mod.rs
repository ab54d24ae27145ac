//! JQL: wire A5. Emulated are the fields, operators and functions that `fields.rs` and `values.rs`
//! name, `WAS` and `CHANGED` without predicates, and `ORDER BY`; entity properties are not.

mod compile;
mod dates;
mod fields;
mod lex;
mod order;
mod parse;
mod reading;
mod reserved;
mod text;
mod values;

pub(crate) use compile::compile;
pub(crate) use fields::Ref;
pub(crate) use order::sort;
pub(crate) use parse::{Clause, Operand, Query, parse};
pub use reading::{JqlCondition, JqlReading, JqlValue};
pub(crate) use reserved::RESERVED;
pub(crate) use values::FUNCTIONS;
