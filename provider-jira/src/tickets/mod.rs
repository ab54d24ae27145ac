//! Reading tickets.

mod find;

pub(crate) use find::get;
