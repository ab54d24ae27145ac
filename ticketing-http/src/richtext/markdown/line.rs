//! The spans of a line to Markdown: marks are opened and closed so that any CommonMark reader sees the same marks.

use std::rc::Rc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::escape::{self, Class, Place, class};
use super::read::MENTION;
use crate::richtext::document::{Kind, Link, Marks, Span};

/// How far ahead it is looked to see which mark lasts longest.
const AHEAD: usize = 32;
/// What a mention's id may hold unescaped.
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b':').remove(b'-').remove(b'.');

#[derive(Debug, Clone, PartialEq)]
enum Around {
    Link(Rc<Link>),
    Mark(Marks),
}

impl Around {
    fn holds(&self, span: &Span) -> bool {
        match self {
            Self::Link(link) => span.link.as_ref() == Some(link),
            Self::Mark(mark) => span.marks.has(*mark),
        }
    }

    fn emphasis(&self) -> Option<&'static str> {
        match self {
            Self::Mark(Marks::STRONG) => Some("**"),
            Self::Mark(Marks::EM) => Some("_"),
            Self::Mark(Marks::STRIKE) => Some("~~"),
            _ => None,
        }
    }

    fn tag(&self) -> &'static str {
        match self {
            Self::Mark(Marks::SUB) => "sub",
            Self::Mark(Marks::SUP) => "sup",
            _ => "u",
        }
    }
}

/// How line breaks are written, and what must be escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Paragraph,
    Heading,
    Cell,
}

pub(super) fn write(out: &mut String, spans: &[Span], setting: Setting, prefix: &str) {
    let mut line =
        Line { out, setting, prefix, open: Vec::new(), number_next: false, fresh: setting == Setting::Paragraph };
    for (at, span) in spans.iter().enumerate() {
        line.close(span);
        line.open(&spans[at..]);
        line.content(span);
    }
    line.close_all(None);
}

struct Line<'a> {
    out: &'a mut String,
    setting: Setting,
    prefix: &'a str,
    open: Vec<Around>,
    /// Whether the next character must be written as a number, so that emphasis ends before it.
    number_next: bool,
    /// Whether nothing has been written on this line.
    fresh: bool,
}

impl Line<'_> {
    fn close(&mut self, next: &Span) {
        if let Some(first) = self.open.iter().position(|around| !around.holds(next)) {
            self.close_to(first, Some(next));
        }
    }

    fn close_all(&mut self, next: Option<&Span>) {
        self.close_to(0, next);
    }

    fn close_to(&mut self, keep: usize, next: Option<&Span>) {
        while self.open.len() > keep
            && let Some(around) = self.open.pop()
        {
            let more = self.open.len() > keep;
            match (around.emphasis(), &around) {
                (Some(delimiter), _) => {
                    let outside = match next {
                        _ if more => Class::Punctuation,
                        None => Class::Blank,
                        Some(next) => self.first_class(next),
                    };
                    self.end_emphasis(delimiter, outside);
                }
                (None, Around::Link(link)) => {
                    self.out.push(']');
                    escape::target(self.out, &link.href, &link.title);
                }
                (None, Around::Mark(_)) => self.tag(around.tag(), true),
            }
        }
    }

    /// The class of what a span begins with, marks that open before it included.
    fn first_class(&self, span: &Span) -> Class {
        let opens = span.link.as_ref().is_some_and(|link| !self.open.contains(&Around::Link(link.clone())))
            || Marks::AROUND.iter().any(|mark| span.marks.has(*mark) && !self.open.contains(&Around::Mark(*mark)));
        if opens { Class::Punctuation } else { content_class(span) }
    }

    fn end_emphasis(&mut self, delimiter: &str, outside: Class) {
        let inside = self.out.chars().next_back().map_or(Class::Blank, class);
        let mut inside = inside;
        if inside == Class::Blank {
            escape::number_last(self.out);
            inside = Class::Punctuation;
        }
        self.out.push_str(delimiter);
        if !beside(delimiter, inside, outside) {
            self.number_next = true;
        }
    }

    fn open(&mut self, spans: &[Span]) {
        let Some(span) = spans.first() else { return };
        let mut wanted: Vec<Around> = Vec::new();
        if let Some(link) = &span.link {
            wanted.push(Around::Link(link.clone()));
        }
        wanted.extend(Marks::AROUND.iter().filter(|mark| span.marks.has(**mark)).map(|mark| Around::Mark(*mark)));
        wanted.retain(|around| !self.open.contains(around));
        if wanted.is_empty() {
            return;
        }
        let lasts = |around: &Around| spans.iter().take(AHEAD).take_while(|span| around.holds(span)).count();
        wanted.sort_by_key(|around| std::cmp::Reverse(lasts(around)));
        let count = wanted.len();
        for (at, around) in wanted.into_iter().enumerate() {
            match (around.emphasis(), &around) {
                (Some(delimiter), _) => {
                    let mut inside = if at + 1 < count { Class::Punctuation } else { content_class(span) };
                    if inside == Class::Blank {
                        self.number_next = true;
                        inside = Class::Punctuation;
                    }
                    let before = if self.fresh { None } else { self.out.chars().next_back() };
                    let outside = before.map_or(Class::Blank, class);
                    if !beside(delimiter, inside, outside) {
                        escape::number_last(self.out);
                    }
                    self.out.push_str(delimiter);
                }
                (None, Around::Link(_)) => self.out.push('['),
                (None, Around::Mark(_)) => self.tag(around.tag(), false),
            }
            self.fresh = false;
            self.open.push(around);
        }
    }

    fn tag(&mut self, name: &str, closes: bool) {
        self.out.push_str(if closes { "</" } else { "<" });
        self.out.push_str(name);
        self.out.push('>');
    }

    fn content(&mut self, span: &Span) {
        let place = if self.fresh { Place::LineStart } else { Place::Inside };
        let number = std::mem::take(&mut self.number_next);
        self.fresh = false;
        match &span.kind {
            Kind::Text(text) if span.is_code() => escape::code(self.out, text, self.setting == Setting::Cell),
            Kind::Text(text) => {
                let from = self.out.len();
                escape::text(self.out, text, place, number);
                if self.setting == Setting::Heading && self.out[from..].contains('#') {
                    let hashes = self.out.split_off(from).replace("&#", "\0").replace('#', "\\#").replace('\0', "&#");
                    self.out.push_str(&hashes);
                }
            }
            Kind::Break if self.setting == Setting::Paragraph => {
                self.out.push_str("\\\n");
                self.out.push_str(self.prefix);
                self.fresh = true;
            }
            Kind::Break => self.out.push_str("<br>"),
            Kind::Image { src, alt, title } => {
                self.out.push_str("![");
                escape::text(self.out, alt, Place::Inside, false);
                self.out.push(']');
                escape::target(self.out, src, title);
            }
            Kind::Mention { id, name } => {
                self.out.push_str("[@");
                escape::text(self.out, name, Place::Inside, false);
                self.out.push_str("](");
                self.out.push_str(MENTION);
                self.out.extend(utf8_percent_encode(id, ID));
                self.out.push(')');
            }
        }
    }
}

fn content_class(span: &Span) -> Class {
    match &span.kind {
        Kind::Text(text) if !span.is_code() => text.chars().next().map_or(Class::Blank, class),
        Kind::Break => Class::Blank,
        Kind::Text(_) | Kind::Image { .. } | Kind::Mention { .. } => Class::Punctuation,
    }
}

/// Whether a delimiter between these is one, whatever the reader makes of symbols. `_` does not work inside a word.
fn beside(delimiter: &str, inside: Class, outside: Class) -> bool {
    match (inside, outside) {
        (_, Class::Blank | Class::Punctuation) => true,
        (Class::Letter, _) => delimiter != "_",
        _ => false,
    }
}
