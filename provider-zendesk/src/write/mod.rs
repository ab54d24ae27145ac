//! Writing tickets: what callers name, as the members of a ticket, checked before anything is sent.

mod create;
mod draft;
mod update;

pub(crate) use create::create;
pub(crate) use update::{delete, update};
