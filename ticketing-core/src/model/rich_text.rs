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
    /// let text = RichText::plain("2 * 3, *not* bold\nnext line");
    /// assert_eq!(text.markdown, "2 * 3, \\*not\\* bold\\\nnext line");
    /// assert_eq!(text.native.content, "2 * 3, *not* bold\nnext line");
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
///
/// Only what Markdown would read as markup is escaped, so that ordinary prose stays as it is.
fn escape_markdown(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 8);
    let mut lines = plain.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start_matches([' ', '\t']);
        // Leading blanks would vanish, or open a code block.
        if !text.is_empty() {
            out.extend(line[..line.len() - text.len()].chars().map(|_| '\u{a0}'));
        }
        let text = text.trim_end_matches([' ', '\t']);
        escape_line(text, &mut out);
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
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    // Most of a line is no markup, and goes over in one piece.
    let mut copied = 0;
    for (at, byte) in line.bytes().enumerate() {
        let may_open = match byte {
            b'\\' | b'`' | b'[' | b']' | b'|' | b'*' | b'~' | b'_' | b'<' | b'&' => true,
            b'#' | b'>' | b'-' | b'+' | b'=' | b':' => at == 0,
            b'.' | b')' => at == digits && digits > 0,
            _ => false,
        };
        if may_open && opens(line, at, byte) {
            out.push_str(&line[copied..at]);
            out.push('\\');
            copied = at;
        }
    }
    out.push_str(&line[copied..]);
}

/// Whether this byte of a line, one that may open a block or a span, does so where it stands.
fn opens(line: &str, at: usize, byte: u8) -> bool {
    let rest = &line[at + 1..];
    let before = line[..at].chars().next_back().unwrap_or(' ');
    let after = rest.chars().next().unwrap_or(' ');
    match byte {
        b'\\' => after.is_ascii_punctuation() || rest.is_empty(),
        b'*' | b'~' => at == 0 || !(before.is_whitespace() && after.is_whitespace()),
        b'_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
        b'<' => after.is_ascii_alphabetic() || matches!(after, '/' | '!' | '?'),
        b'&' => after.is_ascii_alphanumeric() || after == '#',
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    #[test]
    fn plain_text_keeps_its_shape() {
        for (plain, markdown) in [
            ("", ""),
            ("Printer_1 is on fire, 3 > 2 & a * b!", "Printer_1 is on fire, 3 > 2 & a * b!"),
            ("a\r\nb", "a\\\nb"),
            ("a\n\nb", "a\n\nb"),
            ("- item", "\\- item"),
            ("1. first", "1\\. first"),
            ("<b> &amp; [x](y)", "\\<b> \\&amp; \\[x\\](y)"),
            ("  indented", "\u{a0}\u{a0}indented"),
            ("**bold**", "\\*\\*bold\\*\\*"),
        ] {
            assert_eq!(RichText::plain(plain).markdown, markdown, "{plain:?}");
        }
    }

    /// What a CommonMark reader, written by others, makes of the Markdown: text and line breaks, and nothing else.
    fn rendered(markdown: &str) -> Result<String, String> {
        let mut out = String::new();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(text) => out.push_str(&text),
                Event::HardBreak => out.push('\n'),
                Event::Start(Tag::Paragraph) => {}
                Event::End(TagEnd::Paragraph) => out.push_str("\n\n"),
                other => return Err(format!("{other:?}")),
            }
        }
        Ok(out.trim_end_matches('\n').to_owned())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn markdown_readers_see_the_plain_text(plain in r"[ab1_*`~<>&#|!:=+.()\[\]\\\-\n \t]{0,24}") {
            let seen = rendered(&RichText::plain(plain.as_str()).markdown);
            let lines: Vec<_> = plain.split('\n').map(|line| {
                let text = line.trim_start_matches([' ', '\t']);
                format!("{}{}", "\u{a0}".repeat(line.len() - text.len()), text.trim_end_matches([' ', '\t']))
            }).collect();
            // Several empty lines are one paragraph's end; a line of blanks is an empty one.
            let mut expected: Vec<&str> = Vec::new();
            for line in &lines {
                let line = if line.chars().all(|c| c == '\u{a0}') { "" } else { line.as_str() };
                if !(line.is_empty() && expected.last().is_none_or(|last| last.is_empty())) {
                    expected.push(line);
                }
            }
            prop_assert_eq!(seen, Ok(expected.join("\n").trim_end_matches('\n').to_owned()), "{:?}", plain);
        }
    }
}
