//! Text in two forms: Markdown to work with, the vendor's own to lose nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vocabulary;

vocabulary! {
    /// The format of a vendor's text.
    TextFormat: "text format" {
        /// Plain text.
        Plain = "plain",
        /// HTML.
        Html = "html",
        /// Atlassian Document Format, as JSON.
        Adf = "adf",
        /// Jira wiki markup.
        Wiki = "wiki",
        /// Markdown.
        Markdown = "markdown",
    }
}

/// A text as Markdown, beside the vendor's original.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RichText {
    /// The text as Markdown (CommonMark, tables and task lists).
    pub markdown: String,
    /// The vendor's original.
    pub native: NativeText,
}

/// A text as the vendor keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct NativeText {
    /// Its format.
    pub format: TextFormat,
    /// The text itself.
    pub content: String,
}

impl RichText {
    /// A plain text; its Markdown escapes what Markdown would read as markup.
    ///
    /// ```
    /// use ticketing_core::model::RichText;
    /// let text = RichText::plain("1 * 2\nnext line");
    /// assert_eq!(text.markdown, "1 \\* 2\\\nnext line");
    /// assert_eq!(text.native.content, "1 * 2\nnext line");
    /// ```
    #[must_use]
    pub fn plain(content: impl Into<String>) -> Self {
        let content = content.into();
        Self { markdown: escape_markdown(&content), native: NativeText { format: TextFormat::Plain, content } }
    }

    /// A text that is Markdown at the vendor's too.
    #[must_use]
    pub fn from_markdown(content: impl Into<String>) -> Self {
        let content = content.into();
        Self { markdown: content.clone(), native: NativeText { format: TextFormat::Markdown, content } }
    }
}

/// Plain text as Markdown that renders to the same text, line breaks kept.
fn escape_markdown(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 8);
    let mut lines = plain.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        // Leading blanks would open a code block.
        out.extend(line[..indent].chars().map(|_| '\u{a0}'));
        escape_line(&line[indent..], &mut out);
        if let Some(next) = lines.peek() {
            // A hard break inside a paragraph; an empty line already ends one.
            if !line.trim().is_empty() && !next.trim().is_empty() {
                out.push('\\');
            }
            out.push('\n');
        }
    }
    out
}

fn escape_line(line: &str, out: &mut String) {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    for (at, c) in line.char_indices() {
        let starts_block =
            at == 0 && matches!(c, '-' | '+' | '=' | '~') || at == digits && digits > 0 && matches!(c, '.' | ')');
        let inline = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!');
        if starts_block || inline {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_keeps_its_shape() {
        for (plain, markdown) in [
            ("", ""),
            ("a\r\nb", "a\\\nb"),
            ("a\n\nb", "a\n\nb"),
            ("- item", "\\- item"),
            ("1. first", "1\\. first"),
            ("<b> & [x](y)", "\\<b\\> \\& \\[x\\](y)"),
            ("  indented", "\u{a0}\u{a0}indented"),
            ("snake_case", "snake\\_case"),
        ] {
            assert_eq!(RichText::plain(plain).markdown, markdown, "{plain:?}");
        }
    }
}
