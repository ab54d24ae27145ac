//! ADF, the Atlassian Document Format: a document as JSON.
//!
//! What Markdown cannot say is shown as near as it can be, and said in the losses; [`edit`] keeps it in the document.
//!
//! ```
//! use ticketing_http::richtext::adf;
//! let native = r#"{"version":1,"type":"doc","content":[
//!     {"type":"paragraph","content":[{"type":"text","text":"State: "},
//!         {"type":"status","attrs":{"text":"WAITING","color":"yellow"}}]},
//!     {"type":"paragraph","content":[{"type":"text","text":"More soon."}]}]}"#;
//! let shown = adf::to_markdown(native)?;
//! assert_eq!(shown.value, "State: WAITING\n\nMore soon.");
//! assert_eq!(shown.losses[0].to_string(), "/content/0/content/1: status shown in another form");
//! // An edit elsewhere in the text keeps the status as it was.
//! let edited = adf::edit(native, "State: WAITING\n\n**Solved.**")?;
//! assert!(edited.value.contains(r#"{"type":"status","attrs":{"text":"WAITING","color":"yellow"}}"#));
//! assert!(edited.value.contains(r#"{"type":"text","text":"Solved.","marks":[{"type":"strong"}]}"#));
//! assert!(edited.losses.is_empty());
//! # Ok::<(), ticketing_http::richtext::InvalidText>(())
//! ```

#[cfg(test)]
mod generated;
mod inline;
mod merge;
mod node;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::InvalidText;
use super::document::Block;
use super::loss::{Converted, LossKind, Losses};
use super::markdown;
use node::{Doc, Node};
use read::Reader;
use write::{Inside, Writer};

pub use merge::edit;

/// The Markdown of an ADF document, and what it cannot show.
///
/// Identifiers without a meaning to readers (`localId`, `occurrenceKey`) and empty paragraphs are left out without a word.
///
/// # Errors
/// If the text is no JSON, or no object or `null`.
pub fn to_markdown(adf: &str) -> Result<Converted<String>, InvalidText> {
    let (blocks, losses) = read(&parse(adf)?);
    let blocks: Vec<Block> = blocks.into_iter().flatten().collect();
    Ok(losses.with(markdown::write(&blocks).markdown))
}

/// The ADF document of a Markdown text, and what it cannot hold.
///
/// ```
/// use ticketing_http::richtext::adf;
/// let document = adf::from_markdown("> a\n>\n> > b");
/// assert_eq!(document.value, concat!(r#"{"version":1,"type":"doc","content":[{"type":"blockquote","content":["#,
///     r#"{"type":"paragraph","content":[{"type":"text","text":"a"}]},"#,
///     r#"{"type":"paragraph","content":[{"type":"text","text":"b"}]}]}]}"#));
/// assert_eq!(document.losses[0].what, "a quote or table in a quote");
/// ```
#[must_use]
pub fn from_markdown(text: &str) -> Converted<String> {
    let read = markdown::read(text);
    let mut writer = Writer::new("");
    writer.losses = read.losses;
    writer.json.push_str("{\"version\":1,\"type\":\"doc\",\"content\":[");
    for (at, block) in read.blocks.iter().enumerate() {
        writer.at = at;
        writer.block(block, Inside::Doc);
    }
    writer.json.push_str("]}");
    writer.losses.with(writer.json)
}

/// The outermost node; `null` and an empty text are an empty document.
fn parse(adf: &str) -> Result<Doc<'_>, InvalidText> {
    let trimmed = adf.trim();
    if trimmed.is_empty() || trimmed == "null" {
        return Ok(Doc { kind: None, content: Vec::new() });
    }
    if !trimmed.starts_with('{') {
        // A list would pass for the members of a document.
        let none: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(trimmed);
        return match none {
            Err(cause) => Err(InvalidText::new("ADF", cause)),
            Ok(_) => Ok(Doc { kind: None, content: Vec::new() }),
        };
    }
    serde_json::from_str(trimmed).map_err(|cause| InvalidText::new("ADF", cause))
}

/// The blocks of each top-level node.
fn read(doc: &Doc<'_>) -> (Vec<Vec<Block>>, Losses) {
    let mut reader = Reader::default();
    let mut all = Vec::with_capacity(doc.content.len());
    for (index, raw) in doc.content.iter().enumerate() {
        reader.path.push(index);
        let mut blocks = Vec::with_capacity(1);
        reader.block(&Node::parse(raw), &mut blocks);
        reader.path.pop();
        all.push(blocks);
    }
    if doc.kind.as_deref().is_some_and(|kind| kind != "doc") {
        reader.loss(LossKind::Malformed, "a document of another type than doc");
    }
    (all, reader.losses)
}
