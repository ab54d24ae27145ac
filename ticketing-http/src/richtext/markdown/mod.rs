//! Markdown: CommonMark with tables, strikethrough, task lists and alerts.
//!
//! Beyond it, three things that Markdown readers show well and that the vendors have: `<u>`, `<sub>` and `<sup>`; a mention
//! as the link `[@Jane](mention:ID)`; a vendor's file as the image `![name](media:ID)`.

mod escape;
mod line;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use read::read;
pub(crate) use write::write;
