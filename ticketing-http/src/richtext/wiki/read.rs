//! Wiki markup to the tree, line by line.

use std::cell::Cell;
use std::ops::Range;

use super::inline;
use crate::richtext::builder::{Builder, Open};
use crate::richtext::document::{Alert, Block, DEEPEST, Marks, Span};
use crate::richtext::loss::{LossKind, Losses, line};
use crate::richtext::spans::normalise;

/// What a wiki text says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) blocks: Vec<Block>,
    pub(super) losses: Losses,
    /// Where each outermost piece stands, with the number of blocks and of losses up to its end.
    pub(super) pieces: Vec<(Range<usize>, usize, usize)>,
}

pub(super) fn read(text: &str) -> Read {
    let mut reader = Reader {
        text,
        pos: 0,
        end: text.len(),
        builder: Builder::default(),
        pieces: Vec::new(),
        depth: 0,
        line_ends: Cell::new((1, 0)),
        unclosed: Vec::new(),
    };
    reader.run();
    reader.builder.finish();
    Read { blocks: reader.builder.blocks, losses: reader.builder.losses, pieces: reader.pieces }
}

struct Reader<'a> {
    text: &'a str,
    pos: usize,
    end: usize,
    builder: Builder,
    pieces: Vec<(Range<usize>, usize, usize)>,
    depth: usize,
    /// Where the line begins and ends that was looked at last.
    line_ends: Cell<(usize, usize)>,
    /// Macros that nothing in the rest of the text closes.
    unclosed: Vec<&'a str>,
}

/// Lines longer than this are not searched for macros in them.
const LONGEST: usize = 10_000;

/// What stands around a line and says nothing; other blanks are text.
const BLANKS: [char; 2] = [' ', '\t'];

/// Macros that hold blocks, and what they are.
const HOLDERS: [(&str, Option<Alert>); 6] = [
    ("quote", None),
    ("panel", Some(Alert::Note)),
    ("info", Some(Alert::Note)),
    ("tip", Some(Alert::Tip)),
    ("note", Some(Alert::Important)),
    ("warning", Some(Alert::Warning)),
];

impl<'a> Reader<'a> {
    fn run(&mut self) {
        while self.pos < self.end {
            let from = self.pos;
            let current = self.line();
            if current.trim_matches(BLANKS).is_empty() {
                self.pos = self.next_line();
                continue;
            }
            self.block(current);
            self.builder.end_paragraph();
            if self.depth == 0 {
                self.pieces.push((from..self.pos, self.builder.blocks.len(), self.builder.losses.len()));
            }
        }
    }

    /// The rest of the line; long ones are not looked through again and again.
    fn line(&self) -> &'a str {
        let (from, to) = self.line_ends.get();
        if !(from <= self.pos && self.pos <= to && to <= self.end) {
            let to = self.text[self.pos..self.end].find('\n').map_or(self.end, |at| self.pos + at);
            self.line_ends.set((self.pos, to));
        }
        &self.text[self.pos..self.line_ends.get().1]
    }

    /// Where a macro that begins before this ends.
    fn close_of(&mut self, name: &'a str, start: usize) -> Option<usize> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let found = self.text[start..self.end].find(&format!("{{{name}}}"));
        if found.is_none() && self.end == self.text.len() {
            self.unclosed.push(name);
        }
        found
    }

    fn next_line(&self) -> usize {
        (self.pos + self.line().len() + 1).min(self.end)
    }

    fn loss(&mut self, kind: LossKind, what: &str) {
        let (text, pos) = (self.text, self.pos);
        self.builder.losses.add(|| line(text, pos), kind, what);
    }

    fn open(&mut self, open: Open) {
        let (text, pos) = (self.text, self.pos);
        self.builder.open(open, || line(text, pos));
    }

    fn close(&mut self) {
        let (text, pos) = (self.text, self.pos);
        self.builder.close(|| line(text, pos));
    }

    fn inline(&mut self, content: &str) {
        let (text, pos) = (self.text, self.pos);
        inline::read(&mut self.builder, content, &|| line(text, pos));
    }

    fn block(&mut self, current: &'a str) {
        let trimmed = current.trim_matches(BLANKS);
        if let Some((name, options, length)) = macro_at(trimmed) {
            let start = self.pos + (current.len() - current.trim_start_matches(BLANKS).len()) + length;
            match name {
                "code" | "noformat" if self.verbatim(name, options, start) => return,
                _ if self.holder(name, options, start) => return,
                _ => {}
            }
        }
        if let Some((level, content)) = heading(trimmed) {
            self.open(Open::Heading(level));
            self.inline(content);
            self.close();
            self.pos = self.next_line();
        } else if let Some(content) = trimmed.strip_prefix("bq. ") {
            self.open(Open::Quote(None));
            self.inline(content);
            self.close();
            self.pos = self.next_line();
        } else if trimmed.len() >= 4 && trimmed.bytes().all(|byte| byte == b'-') {
            self.builder.push(Block::Rule);
            self.pos = self.next_line();
        } else if marker(current).is_some() {
            self.list();
        } else if trimmed.starts_with('|') {
            self.table();
        } else {
            self.paragraph();
        }
    }

    /// Code up to the macro's end; false if it has none.
    fn verbatim(&mut self, name: &'a str, options: &str, start: usize) -> bool {
        let close = format!("{{{name}}}");
        let Some(length) = self.close_of(name, start) else { return false };
        let mut language = "";
        for option in options.split('|').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                None => language = option,
                Some(("language", value)) => language = value,
                Some(_) => self.loss(LossKind::Formatting, "options of a code block"),
            }
        }
        let language: String = language.chars().filter(|c| c.is_alphanumeric() || "+-#._".contains(*c)).collect();
        let text = &self.text[start..start + length];
        let text = text.strip_prefix('\n').unwrap_or(text);
        let text = text.strip_suffix('\n').unwrap_or(text).to_owned();
        self.builder.push(Block::Code { language, text });
        self.behind(start + length + close.len());
        true
    }

    /// Blocks up to the macro's end.
    fn holder(&mut self, name: &'a str, options: &str, start: usize) -> bool {
        let Some((_, alert)) = HOLDERS.iter().find(|(known, _)| *known == name) else { return false };
        let close = format!("{{{name}}}");
        let Some(length) = self.close_of(name, start) else { return false };
        if self.depth >= DEEPEST {
            return false;
        }
        let mut alert = *alert;
        let title = options
            .split('|')
            .find_map(|option| option.strip_prefix("title="))
            .unwrap_or_default()
            .trim_matches(BLANKS);
        let named = super::write::ALERTS.iter().find(|(_, known)| *known == title);
        if let Some((known, _)) = named {
            alert = Some(*known);
        } else if name == "panel" {
            self.loss(LossKind::Approximated, "panel");
        }
        self.open(Open::Quote(alert));
        if named.is_none() && !title.is_empty() {
            let title = normalise(vec![Span { marks: Marks::STRONG, ..Span::text(title) }]);
            self.builder.push(Block::Paragraph(title));
        }
        let outer = std::mem::replace(&mut self.end, start + length);
        self.pos = start;
        self.depth += 1;
        self.run();
        self.depth -= 1;
        self.end = outer;
        self.close();
        self.behind(start + length + close.len());
        true
    }

    /// Goes on behind a macro; the end of its line is part of it if nothing else is there.
    fn behind(&mut self, pos: usize) {
        self.pos = pos.min(self.end);
        if self.line().trim_matches(BLANKS).is_empty() {
            self.pos = self.next_line();
        }
    }

    fn list(&mut self) {
        let mut open: Vec<char> = Vec::new();
        while self.pos < self.end {
            let current = self.line();
            let Some((signs, content)) = marker(current) else { break };
            let signs: Vec<char> = signs.chars().take(DEEPEST).collect();
            let same = open.iter().zip(&signs).take_while(|(a, b)| a == b).count().min(signs.len());
            while open.len() > same {
                self.close();
                self.close();
                open.pop();
            }
            if same == signs.len() {
                self.close();
                self.open(Open::Item(None));
            }
            for sign in &signs[same..] {
                self.open(Open::List((*sign == '#').then_some(1)));
                self.open(Open::Item(None));
                open.push(*sign);
            }
            let mut content = content.trim_start_matches(BLANKS);
            for (sign, done) in [("☑", true), ("☐", false)] {
                if let Some(rest) = content.strip_prefix(sign).filter(|rest| !rest.trim_matches(BLANKS).is_empty()) {
                    self.builder.task(done);
                    content = rest.trim_start_matches(BLANKS);
                }
            }
            let content = content.to_owned();
            let from = self.pos;
            self.pos = self.next_line();
            // Lines that begin nothing belong to the item.
            let mut content = content;
            while self.pos < self.end && begins_nothing(self.line()) {
                content.push('\n');
                content.push_str(self.line());
                self.pos = self.next_line();
            }
            let after = std::mem::replace(&mut self.pos, from);
            self.inline(&content);
            self.pos = after;
        }
        for _ in 0..open.len() * 2 {
            self.close();
        }
    }

    fn table(&mut self) {
        self.open(Open::Table(Vec::new()));
        let mut first = true;
        while self.pos < self.end && self.line().trim_start_matches(BLANKS).starts_with('|') {
            let current = self.line().trim_matches(BLANKS);
            let heads = current.starts_with("||");
            self.open(if heads && first { Open::Head } else { Open::Row });
            if heads && !first {
                self.loss(LossKind::Formatting, "a header row that is not the first");
            }
            first = false;
            for cell in cells(current) {
                self.open(Open::Cell);
                self.inline(cell.trim_matches(BLANKS));
                self.close();
            }
            self.close();
            self.pos = self.next_line();
        }
        self.close();
    }

    fn paragraph(&mut self) {
        let from = self.pos;
        let to = loop {
            let current = self.line();
            // A macro with blocks may begin within a line, if it is one that people write.
            let skip = usize::from(self.pos == from);
            let starts = ["{code", "{noformat}", "{quote}", "{panel"];
            let inner = starts.iter().filter_map(|start| current.get(skip..)?.find(start)).min().map(|at| at + skip);
            if let Some(at) = inner.filter(|_| current.len() < LONGEST).filter(|at| self.closes(&current[*at..], *at)) {
                self.pos += at;
                break self.pos;
            }
            let to = self.pos + current.len();
            self.pos = self.next_line();
            if self.pos >= self.end || !begins_nothing(self.line()) {
                break to;
            }
        };
        let after = std::mem::replace(&mut self.pos, from);
        let content = &self.text[from..to];
        self.inline(content);
        self.pos = after;
    }

    /// Whether a macro that begins here ends somewhere.
    fn closes(&mut self, rest: &'a str, at: usize) -> bool {
        let Some((name, _, length)) = macro_at(rest) else { return false };
        self.close_of(name, self.pos + at + length).is_some()
    }
}

/// The name and the options of a macro, and how long its tag is.
fn macro_at(text: &str) -> Option<(&str, &str, usize)> {
    let end = text.strip_prefix('{')?.bytes().take(200).position(|byte| byte == b'}')? + 1;
    let inner = text[1..end].trim_matches(BLANKS);
    let (name, options) = inner.split_once(':').unwrap_or((inner, ""));
    name.chars().all(|c| c.is_ascii_lowercase()).then_some((name, options, end + 1)).filter(|_| !name.is_empty())
}

fn heading(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix('h')?;
    let level = rest.bytes().next().filter(|byte| (b'1'..=b'6').contains(byte))? - b'0';
    let content = rest[1..].strip_prefix('.')?;
    (content.is_empty() || content.starts_with(' ')).then_some((level, content.trim_matches(BLANKS)))
}

/// The signs of a list's item, and its text.
fn marker(text: &str) -> Option<(&str, &str)> {
    let trimmed = text.trim_start_matches(BLANKS);
    let length = trimmed.len() - trimmed.trim_start_matches(['*', '#', '-']).len();
    let (signs, content) = trimmed.split_at(length);
    let is_list =
        length > 0 && (content.starts_with(' ') || content.is_empty() && length == 1) && !(signs.starts_with("--"));
    is_list.then_some((signs, content))
}

fn begins_nothing(text: &str) -> bool {
    let trimmed = text.trim_matches(BLANKS);
    let is_rule = trimmed.len() >= 4 && trimmed.bytes().all(|byte| byte == b'-');
    let is_macro = macro_at(trimmed).is_some_and(|(name, ..)| {
        name == "code" || name == "noformat" || HOLDERS.iter().any(|(known, _)| *known == name)
    });
    !(trimmed.is_empty()
        || is_rule
        || is_macro
        || trimmed.starts_with('|')
        || trimmed.starts_with("bq. ")
        || heading(trimmed).is_some()
        || marker(text).is_some())
}

/// The cells of a row; a bar in a link, an image or behind a backslash parts nothing.
fn cells(row: &str) -> Vec<&str> {
    let row = row.trim_start_matches('|');
    let mut cells = Vec::new();
    let (mut from, mut in_link, mut escaped) = (0, false, false);
    let last = row.rfind(']');
    let mut at = 0;
    let bytes = row.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_link = last.is_some_and(|last| last > at),
            b']' => in_link = false,
            b'!' if row[at + 1..].find('!').is_some_and(|end| !row[at + 1..at + 1 + end].contains(' ')) => {
                at += 1 + row[at + 1..].find('!').unwrap_or(0);
            }
            b'|' if !in_link => {
                cells.push(&row[from..at]);
                at += usize::from(bytes.get(at + 1) == Some(&b'|'));
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if row.get(from..).is_some_and(|rest| !rest.trim_matches(BLANKS).is_empty()) {
        cells.push(&row[from..]);
    }
    cells
}
