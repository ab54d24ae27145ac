//! The source of an HTML text in pieces, one for each of its outermost blocks.

use html5ever::tokenizer::{TagKind, Token};

use super::write::escape;
use crate::richtext::segments::Segment;

const VOID: [&str; 9] = ["br", "hr", "img", "input", "wbr", "meta", "link", "col", "source"];

/// Cuts the tokens of a text into pieces.
#[derive(Debug, Default)]
pub(super) struct Source {
    segments: Vec<Segment>,
    /// `div`s around everything.
    before: String,
    wrappers: usize,
    begun: bool,
    piece: String,
    /// Blocks in earlier pieces, and losses before the piece under way.
    blocks: usize,
    losses: usize,
    /// How deeply elements are nested at the end of the piece.
    depth: usize,
}

impl Source {
    pub(super) fn add(&mut self, shown: &str, effect: i8, starts: bool, blocks: usize, outside: bool, losses: usize) {
        if !self.begun && starts && shown.starts_with("<div") {
            self.before.push_str(shown);
            self.wrappers += 1;
            self.depth += 1;
            return;
        }
        if !self.begun && shown.trim().is_empty() {
            self.before.push_str(shown);
            return;
        }
        self.begun = true;
        // The piece ends before a tag that begins something else, and behind one that ends something.
        let ends = blocks > self.blocks && outside;
        if starts && ends && self.depth == self.wrappers {
            self.cut(blocks, losses);
        }
        self.piece.push_str(shown);
        self.depth = self.depth.saturating_add_signed(isize::from(effect));
        if self.depth == self.wrappers && blocks > self.blocks && outside && !starts {
            self.cut(blocks, losses);
        }
    }

    fn cut(&mut self, blocks: usize, losses: usize) {
        let native = std::mem::take(&mut self.piece);
        self.segments.push(Segment { native, blocks: self.blocks..blocks, lossy: losses > self.losses });
        self.blocks = blocks;
        self.losses = losses;
    }

    /// The pieces, and what stands around them.
    pub(super) fn finish(mut self, blocks: usize) -> (Vec<Segment>, (String, String)) {
        let mut after = String::new();
        if blocks > self.blocks {
            // Text that nothing ended: what closes the wrappers is in it.
            let close = "</div>".repeat(self.wrappers.saturating_sub(self.depth));
            if let Some(text) = self.piece.trim_end().strip_suffix(&close) {
                self.piece = text.to_owned();
                after = close;
            }
            self.cut(blocks, usize::MAX);
        } else {
            after = self.piece;
        }
        if after.matches("</div>").count() != self.wrappers {
            after = "</div>".repeat(self.wrappers);
        }
        (self.segments, (self.before, after))
    }
}

/// What a token does to the nesting, and whether it is an element without content.
pub(super) fn nesting(token: &Token) -> (i8, bool) {
    const OPTIONAL: [&str; 12] =
        ["p", "li", "td", "th", "tr", "dt", "dd", "thead", "tbody", "tfoot", "option", "colgroup"];
    match token {
        Token::TagToken(tag) if VOID.contains(&&*tag.name) => (0, true),
        // Their end tags may be missing.
        Token::TagToken(tag) if OPTIONAL.contains(&&*tag.name) => (0, false),
        Token::TagToken(tag) if tag.kind == TagKind::StartTag => (1, false),
        Token::TagToken(_) => (-1, false),
        _ => (0, false),
    }
}

/// A token as HTML; text in scripts and styles is as it is.
pub(super) fn show(token: &Token, verbatim: bool) -> String {
    let mut out = String::new();
    match token {
        Token::TagToken(tag) => {
            out.push_str(if tag.kind == TagKind::StartTag { "<" } else { "</" });
            out.push_str(&tag.name);
            for attribute in &tag.attrs {
                out.push(' ');
                out.push_str(&attribute.name.local);
                out.push_str("=\"");
                escape(&mut out, &attribute.value);
                out.push('"');
            }
            out.push('>');
        }
        Token::CharacterTokens(text) if verbatim => out.push_str(text),
        Token::CharacterTokens(text) => escape(&mut out, text),
        Token::CommentToken(text) => {
            out.push_str("<!--");
            out.push_str(text);
            out.push_str("-->");
        }
        Token::NullCharacterToken => out.push('\u{fffd}'),
        Token::DoctypeToken(_) | Token::EOFToken | Token::ParseError(_) => {}
    }
    out
}
