//! HTML to the tree, token by token: no document is built, so that no nesting of it takes long or deep.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::source::Source;
use crate::richtext::address::runs_code;
use crate::richtext::builder::{Builder, Open};
use crate::richtext::document::{Alert, Block, Kind, Link, Marks};
use crate::richtext::loss::{LossKind, Losses};
use crate::richtext::segments::Segment;
use crate::richtext::spans::clean;

/// What an HTML text says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) blocks: Vec<Block>,
    pub(super) losses: Losses,
    /// The text in pieces, with what stands around them, if asked for.
    pub(super) segments: Vec<Segment>,
    pub(super) around: (String, String),
}

pub(super) fn read(html: &str) -> Read {
    run(html, None)
}

/// Reads, and keeps the source of each piece.
pub(super) fn read_in_pieces(html: &str) -> Read {
    run(html, Some(Source::default()))
}

fn run(html: &str, source: Option<Source>) -> Read {
    let state = State { source, ..State::default() };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(state)), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&calm(html)));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.0.into_inner();
    state.end_pre();
    state.builder.finish();
    let (segments, around) = match state.source {
        Some(source) => source.finish(state.builder.blocks.len()),
        None => Default::default(),
    };
    Read { blocks: state.builder.blocks, losses: state.builder.losses, segments, around }
}

/// How deeply a text nests its elements, at most: every start tag counts that has no end tag yet.
pub(super) fn depth(html: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let bytes = html.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, bytes.get(at + 1)) {
            (b'<', Some(b'/')) => open = open.saturating_sub(1),
            (b'<', Some(next)) if next.is_ascii_alphabetic() => {
                let void = ["br", "hr", "img", "input", "wbr", "p", "li", "td", "th", "tr"];
                let name: String = html[at + 1..].chars().take_while(char::is_ascii_alphanumeric).take(8).collect();
                open += usize::from(!void.contains(&name.to_ascii_lowercase().as_str()));
                deepest = deepest.max(open);
            }
            _ => {}
        }
    }
    deepest
}

/// A text without tags of thousands of attributes, which parsers take long over: they are text.
pub(super) fn calm(html: &str) -> Cow<'_, str> {
    const MOST: usize = 500;
    let bytes = html.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'<' || !bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
            at += 1;
            continue;
        }
        let start = at;
        let (mut quote, mut before, mut parts) = (None, b' ', 0);
        at += 1;
        while at < bytes.len() {
            let byte = bytes[at];
            match quote {
                Some(open) if byte == open => quote = None,
                Some(_) => {}
                None if byte == b'>' => break,
                None if before == b'=' && (byte == b'"' || byte == b'\'') => quote = Some(byte),
                None if byte.is_ascii_whitespace() || byte == b'/' || byte == b'=' => parts += 1,
                None => {}
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
            at += 1;
        }
        if parts > MOST {
            out.push_str(&html[copied..start]);
            out.push_str("&lt;");
            copied = start + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[copied..]);
    Cow::Owned(out)
}

struct Sink(RefCell<State>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        state.line = line;
        let starts = matches!(&token, Token::TagToken(tag) if tag.kind == TagKind::StartTag);
        let shown = state.source.as_ref().map(|_| super::source::show(&token, state.skip.is_some()));
        let (effect, void) = state.source.as_ref().map(|_| super::source::nesting(&token)).unwrap_or_default();
        let result = state.token(token);
        if let Some(shown) = shown {
            let (blocks, outside) = (state.builder.blocks.len(), state.builder.is_outside());
            let lossy = state.builder.losses.len();
            if let Some(source) = &mut state.source {
                source.add(&shown, effect, starts && !void, blocks, outside, lossy);
            }
        }
        result
    }
}

#[derive(Debug, Default)]
struct State {
    builder: Builder,
    source: Option<Source>,
    line: u64,
    /// How often each mark is open.
    depth: [usize; 7],
    /// The element whose content is not shown.
    skip: Option<String>,
    pre: Option<Pre>,
    /// For each table: header cells and others of the row under way, and columns still to fill.
    tables: Vec<(usize, usize, usize)>,
}

#[derive(Debug, Default)]
struct Pre {
    language: String,
    text: String,
    /// A line end right behind `<pre>` is not shown, one behind `<code>` is.
    in_code: bool,
}

const MARKS: [Marks; 7] =
    [Marks::STRONG, Marks::EM, Marks::STRIKE, Marks::UNDERLINE, Marks::SUB, Marks::SUP, Marks::CODE];

fn mark(name: &str) -> Option<usize> {
    Some(match name {
        "b" | "strong" => 0,
        "i" | "em" | "cite" | "dfn" | "var" => 1,
        "s" | "del" | "strike" => 2,
        "u" | "ins" => 3,
        "sub" => 4,
        "sup" => 5,
        "code" | "tt" | "kbd" | "samp" => 6,
        _ => return None,
    })
}

impl State {
    fn loss(&mut self, kind: LossKind, what: impl Into<String>) {
        let line = self.line;
        self.builder.losses.add(|| format!("line {line}"), kind, what);
    }

    fn token(&mut self, token: Token) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::NullCharacterToken => self.text("\u{fffd}"),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.start(&tag),
            Token::TagToken(tag) => self.end(&tag.name),
            Token::CommentToken(_) => self.loss(LossKind::Removed, "comment"),
            Token::DoctypeToken(_) | Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }

    fn text(&mut self, text: &str) {
        if self.skip.is_some() {
            return;
        }
        if let Some(pre) = &mut self.pre {
            return pre.text.push_str(text);
        }
        const BLANK: [char; 5] = [' ', '\t', '\n', '\r', '\u{c}'];
        let mut text = text;
        if self.builder.at_item_start() {
            let trimmed = text.trim_start_matches(BLANK);
            for (sign, done) in [("☑", true), ("☐", false)] {
                if let Some(rest) = trimmed.strip_prefix(sign) {
                    self.builder.task(done);
                    text = rest;
                }
            }
        }
        let mut line = String::with_capacity(text.len());
        let mut in_blank = self.builder.ends_in_blank();
        for (number, word) in text.split(BLANK).enumerate() {
            if number > 0 && !in_blank {
                line.push(' ');
                in_blank = true;
            }
            if !word.is_empty() {
                line.push_str(word);
                in_blank = false;
            }
        }
        if !line.is_empty() {
            self.builder.text(&line);
        }
    }

    fn open(&mut self, open: Open) {
        let line = self.line;
        self.builder.open(open, || format!("line {line}"));
    }

    fn close(&mut self, wanted: fn(&Open) -> bool, barrier: fn(&Open) -> bool) {
        let line = self.line;
        self.builder.close_nearest(wanted, barrier, || format!("line {line}"));
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if self.skip.is_some() {
            return TokenSinkResult::Continue;
        }
        let attribute = |name: &str| tag.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value);
        if attribute("style").is_some_and(|style| !style.trim().is_empty()) {
            self.loss(LossKind::Formatting, format!("style of {name}"));
        }
        match name {
            "script" | "style" | "iframe" | "noscript" | "noframes" | "noembed" | "xmp" | "title" | "textarea" => {
                if name != "title" {
                    self.loss(LossKind::Removed, name);
                }
                self.skip = Some(name.to_owned());
                return TokenSinkResult::RawData(match name {
                    "script" => RawKind::ScriptData,
                    "title" | "textarea" => RawKind::Rcdata,
                    _ => RawKind::Rawtext,
                });
            }
            "template" | "object" | "select" | "svg" | "math" if !tag.self_closing => {
                self.loss(LossKind::Removed, name);
                self.skip = Some(name.to_owned());
            }
            "br" => match &mut self.pre {
                Some(pre) => pre.text.push('\n'),
                None => self.builder.span(Kind::Break),
            },
            "img" => self.image(attribute("src"), attribute("alt"), attribute("title")),
            "input" if attribute("type") == Some("checkbox") && self.builder.at_item_start() => {
                self.builder.task(attribute("checked").is_some());
            }
            "audio" | "video" | "embed" | "input" | "button" | "canvas" => self.loss(LossKind::Removed, name),
            "a" => self.link(attribute("href"), attribute("title")),
            "code" if self.pre.is_some() => {
                let class = attribute("class").unwrap_or_default();
                let language = class.split_whitespace().find_map(|class| class.strip_prefix("language-"));
                if let Some(pre) = &mut self.pre {
                    pre.in_code = true;
                    let language = language.unwrap_or_default();
                    let known = |c: &char| c.is_alphanumeric() || "+-#._".contains(*c);
                    pre.language = language.chars().filter(known).collect();
                }
            }
            _ if self.pre.is_some() => {}
            "pre" => {
                self.builder.end_paragraph();
                self.pre = Some(Pre::default());
            }
            "hr" => {
                self.builder.end_paragraph();
                self.builder.push(Block::Rule);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.close(|open| matches!(open, Open::Heading(_)), |_| true);
                self.open(Open::Heading(name.as_bytes()[1] - b'0'));
            }
            "blockquote" => {
                let class = attribute("class").unwrap_or_default();
                let alert = [Alert::Note, Alert::Tip, Alert::Important, Alert::Warning, Alert::Caution]
                    .into_iter()
                    .find(|alert| class.split_whitespace().any(|word| word == super::write::class(*alert)));
                self.open(Open::Quote(alert));
            }
            "ul" | "menu" | "dir" => self.open(Open::List(None)),
            "ol" => {
                let start = attribute("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
                self.open(Open::List(Some(start)));
            }
            "li" => {
                self.close(|open| matches!(open, Open::Item(_)), |open| matches!(open, Open::List(_) | Open::Cell));
                self.open(Open::Item(None));
            }
            "table" => {
                self.tables.push((0, 0, 0));
                self.open(Open::Table(Vec::new()));
            }
            "tr" => self.row(),
            "td" | "th" => self.cell(name == "th", attribute("colspan"), attribute("rowspan")),
            _ => match mark(name) {
                Some(which) => self.mark(which, true),
                None if is_block(name) => self.builder.end_paragraph(),
                None => {}
            },
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if let Some(skipped) = &self.skip {
            if skipped == name {
                self.skip = None;
            }
            return;
        }
        let table: fn(&Open) -> bool = |open| matches!(open, Open::Table(_));
        let cell: fn(&Open) -> bool = |open| matches!(open, Open::Cell);
        match name {
            "pre" => self.end_pre(),
            "code" if self.pre.is_some() => {}
            "a" => self.builder.link = None,
            "br" => self.builder.span(Kind::Break),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.close(|open| matches!(open, Open::Heading(_)), cell),
            "blockquote" => self.close(|open| matches!(open, Open::Quote(_)), cell),
            "ul" | "ol" | "menu" | "dir" => self.close(|open| matches!(open, Open::List(_)), cell),
            "li" => {
                self.close(|open| matches!(open, Open::Item(_)), |open| matches!(open, Open::List(_) | Open::Cell));
            }
            "td" | "th" => self.end_cell(),
            "tr" => self.end_row(),
            "table" => {
                self.end_row();
                self.close(table, |_| false);
                self.tables.pop();
            }
            _ => match mark(name) {
                Some(which) => self.mark(which, false),
                None if is_block(name) => self.builder.end_paragraph(),
                None => {}
            },
        }
    }

    fn end_cell(&mut self) {
        self.close(|open| matches!(open, Open::Cell), |open| matches!(open, Open::Table(_)));
        if let Some((_, _, fill)) = self.tables.last_mut() {
            for _ in 0..std::mem::take(fill) {
                if self.builder.is_innermost(|open| matches!(open, Open::Row)) {
                    self.open(Open::Cell);
                    self.close(|open| matches!(open, Open::Cell), |_| true);
                }
            }
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if let Some((heads, others, _)) = self.tables.last_mut() {
            let all_heads = *heads > 0 && *others == 0;
            (*heads, *others) = (0, 0);
            if all_heads {
                self.builder.make_head();
            }
        }
        self.close(|open| matches!(open, Open::Row | Open::Head), |open| matches!(open, Open::Table(_)));
    }

    fn row(&mut self) {
        self.end_row();
        if self.builder.is_innermost(|open| matches!(open, Open::Table(_))) {
            self.open(Open::Row);
        }
    }

    fn cell(&mut self, is_head: bool, columns: Option<&str>, rows: Option<&str>) {
        self.end_cell();
        if self.builder.is_innermost(|open| matches!(open, Open::Table(_))) {
            self.open(Open::Row);
        }
        let columns = columns.and_then(|columns| columns.trim().parse().ok()).unwrap_or(1_usize).clamp(1, 100);
        if columns > 1 || rows.is_some_and(|rows| rows.trim() != "1") {
            self.loss(LossKind::Flattened, "a cell over several columns or rows");
        }
        if self.builder.is_innermost(|open| matches!(open, Open::Row)) {
            if let Some((heads, others, fill)) = self.tables.last_mut() {
                *(if is_head { heads } else { others }) += 1;
                *fill = columns - 1;
            }
            self.open(Open::Cell);
        } else {
            self.builder.end_paragraph();
        }
    }

    fn mark(&mut self, which: usize, open: bool) {
        let depth = &mut self.depth[which];
        *depth = if open { *depth + 1 } else { depth.saturating_sub(1) };
        let marks = self.builder.marks;
        self.builder.marks = if *depth > 0 { marks.and(MARKS[which]) } else { marks.without(MARKS[which]) };
    }

    fn link(&mut self, href: Option<&str>, title: Option<&str>) {
        self.builder.link = None;
        let Some(href) = href.map(str::trim).filter(|href| !href.is_empty()) else { return };
        if runs_code(href) {
            return self.loss(LossKind::UnsafeAddress, "link");
        }
        let link =
            Link { href: clean(href).replace('\n', ""), title: clean(title.unwrap_or_default()).replace('\n', " ") };
        self.builder.link = Some(Rc::new(link));
    }

    fn image(&mut self, src: Option<&str>, alt: Option<&str>, title: Option<&str>) {
        let tidy = |text: Option<&str>| clean(text.unwrap_or_default()).replace('\n', " ");
        let alt = tidy(alt);
        match src.map(str::trim) {
            Some(src) if !src.is_empty() && !runs_code(src) => {
                self.builder.span(Kind::Image { src: clean(src).replace('\n', ""), alt, title: tidy(title) });
            }
            src => {
                let kind = if src.is_some_and(runs_code) { LossKind::UnsafeAddress } else { LossKind::Malformed };
                self.loss(kind, "image");
                self.text(&alt);
            }
        }
    }

    fn end_pre(&mut self) {
        let Some(Pre { language, text, in_code }) = self.pre.take() else { return };
        let text = clean(&text).into_owned();
        let text = if in_code { &text } else { text.strip_prefix('\n').unwrap_or(&text) };
        let text = text.strip_suffix('\n').unwrap_or(text).to_owned();
        self.builder.push(Block::Code { language, text });
    }
}

/// Elements that end a line where they begin and end.
fn is_block(name: &str) -> bool {
    const BLOCKS: [&str; 34] = [
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "figure",
        "figcaption",
        "details",
        "summary",
        "center",
        "address",
        "fieldset",
        "form",
        "dl",
        "dt",
        "dd",
        "body",
        "html",
        "head",
        "hgroup",
        "legend",
        "search",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "colgroup",
        "optgroup",
        "option",
        "dialog",
    ];
    BLOCKS.contains(&name)
}
