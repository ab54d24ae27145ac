//! Rich text: Markdown to and from the formats that vendors keep, saying what a conversion loses.
//!
//! Each format has the same three functions: `to_markdown`, `from_markdown` and `edit`, which carries an edit of the Markdown
//! into the native text and leaves the rest of it as it was. None of them panics or takes long, whatever the text.
//!
//! | | Markdown | [`adf`] | [`html`] | [`wiki`] |
//! |---|---|---|---|---|
//! | mention | `[@Jane](mention:ID)` | `mention` | its name | `[~ID]` |
//! | vendor's file | `![name](media:ID)` | `media`, `mediaInline` | its name | `!ID!` |
//! | alert | `> [!WARNING]` | `panel` | `blockquote` with a class | `{panel:title=Warning}` |
//! | task | `- [x] done` | `taskItem` | ☑ | ☑ |
//! | underline, sub, sup | `<u>`, `<sub>`, `<sup>` | marks | elements | `+a+`, `~a~`, `^a^` |
//! | raw HTML, unknown macro | text, and a [`Loss`] | – | left out, and a [`Loss`] | text, and a [`Loss`] |
//!
//! ```
//! use ticketing_http::richtext::{LossKind, html, wiki};
//! let native = "{color:red}Down{color} since *9:00*\n\nWill look.";
//! let shown = wiki::to_markdown(native);
//! assert_eq!(shown.value, "Down since **9:00**\n\nWill look.");
//! assert_eq!(shown.losses[0].kind, LossKind::Formatting);
//! assert_eq!(wiki::edit(native, "Down since **9:00**\n\nFixed.").value, "{color:red}Down{color} since *9:00*\n\nFixed.");
//! assert_eq!(html::from_markdown(&shown.value).value, "<p>Down since <strong>9:00</strong></p>\n<p>Will look.</p>");
//! ```

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
pub mod wiki;

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
