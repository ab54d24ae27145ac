//! What the instance sends, read leniently and without copies where that is free.

mod envelope;
mod row;

pub(crate) use envelope::{ErrorBody, decode_list, decode_record, error_body};
pub(crate) use row::{Cell, Layout, Row};
