//! One file per group of figures.

pub(crate) mod connections;
pub(crate) mod cost;
pub(crate) mod limits;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod overlap;
pub(crate) mod pages;
pub(crate) mod reading;
pub(crate) mod text;
pub(crate) mod witnesses;
