//! Rich text: Markdown to and from the formats that vendors keep, saying what a conversion loses.

pub mod adf;

mod address;
mod align;
mod builder;
mod document;
pub mod html;
mod loss;
mod markdown;
mod segments;
mod spans;

#[cfg(test)]
mod arbitrary;

use std::error::Error as StdError;
use std::fmt;

pub use loss::{Converted, Loss, LossKind};

/// A native text that is not in its format at all.
#[derive(Debug)]
pub struct InvalidText {
    format: &'static str,
    cause: serde_json::Error,
}

impl InvalidText {
    fn new(format: &'static str, cause: serde_json::Error) -> Self {
        Self { format, cause }
    }
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text is not {}: {}", self.format, self.cause)
    }
}

impl StdError for InvalidText {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.cause)
    }
}
