//! A line of wiki markup to spans.

use std::rc::Rc;

use crate::richtext::address::runs_code;
use crate::richtext::builder::Builder;
use crate::richtext::document::{Kind, Link, Marks};
use crate::richtext::loss::LossKind;

/// No link is longer.
const FAR: usize = 4_000;

/// The sign of each mark.
pub(super) const SIGNS: [(char, Marks); 6] = [
    ('*', Marks::STRONG),
    ('_', Marks::EM),
    ('-', Marks::STRIKE),
    ('+', Marks::UNDERLINE),
    ('^', Marks::SUP),
    ('~', Marks::SUB),
];

/// Reads a line; `at` says where it stands.
pub(super) fn read(builder: &mut Builder, text: &str, at: &dyn Fn() -> String) {
    let mut reader = Reader { builder, text, pos: 0, at, hopeless: [false; 6], barren: [0; 2] };
    while reader.pos < text.len() {
        reader.step();
    }
    reader.builder.marks = Marks::NONE;
}

struct Reader<'a> {
    builder: &'a mut Builder,
    text: &'a str,
    pos: usize,
    at: &'a dyn Fn() -> String,
    /// Signs that nothing in the rest of the line closes.
    hopeless: [bool; 6],
    /// Up to where no `]` and no `}}` stands.
    barren: [usize; 2],
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.pos..]
    }

    fn loss(&mut self, kind: LossKind, what: &str) {
        self.builder.losses.add(|| (self.at)(), kind, what);
    }

    fn literal(&mut self, c: char) {
        let mut utf8 = [0; 4];
        self.builder.text(c.encode_utf8(&mut utf8));
        self.pos += c.len_utf8();
    }

    /// Adds what has no formatting of its own, whatever is open around it.
    fn bare(&mut self, kind: Kind) {
        let marks = std::mem::replace(&mut self.builder.marks, Marks::NONE);
        self.builder.span(kind);
        self.builder.marks = marks;
    }

    fn step(&mut self) {
        let special =
            |c: char| matches!(c, '\\' | '{' | '[' | '!' | '&' | '*' | '_' | '-' | '+' | '^' | '~' | 'h' | '\n');
        let plain = self.rest().find(special).unwrap_or(self.rest().len());
        if plain > 0 {
            let text = &self.text[self.pos..self.pos + plain];
            self.builder.text(text);
            self.pos += plain;
            return;
        }
        let Some(c) = self.rest().chars().next() else { return };
        let done = match c {
            '\n' => {
                self.builder.span(Kind::Break);
                self.pos += 1;
                true
            }
            '\\' => self.backslash(),
            '{' => self.brace(),
            '[' => self.link(),
            '!' => self.image(),
            '&' => self.entity(),
            'h' => self.address(),
            _ => self.sign(c, false),
        };
        if !done {
            self.literal(c);
        }
    }

    fn backslash(&mut self) -> bool {
        let next = self.rest()[1..].chars().next();
        match next {
            Some('\\') => {
                self.builder.span(Kind::Break);
                self.pos += 2;
                // The line end behind it says the same.
                self.pos += self.rest().len() - self.rest().trim_start_matches(' ').len();
                self.pos += usize::from(self.rest().starts_with('\n'));
                true
            }
            Some(c) if c.is_ascii_punctuation() => {
                self.pos += 1;
                self.literal(c);
                true
            }
            _ => false,
        }
    }

    fn brace(&mut self) -> bool {
        let rest = &self.text[self.pos..];
        if let Some(inner) = rest.strip_prefix("{{").filter(|_| self.pos >= self.barren[1]) {
            let Some(end) = inner.as_bytes().windows(2).take(FAR).position(|two| two == b"}}") else {
                self.barren[1] = self.pos + inner.len().min(FAR / 2);
                return false;
            };
            if end > 0 && !inner[..end].contains('\n') {
                self.builder.code(&unescaped(&inner[..end]));
                self.pos += end + 4;
                return true;
            }
        }
        let Some(end) = rest.bytes().take(80).position(|byte| byte == b'}') else { return false };
        let name = &rest[1..end];
        if let Some(sign) =
            name.chars().next().filter(|sign| name.len() == 1 && SIGNS.iter().any(|(known, _)| known == sign))
        {
            return self.sign(sign, true);
        }
        match name.split(':').next().unwrap_or_default() {
            "color" => self.loss(LossKind::Formatting, "color"),
            "anchor" => self.loss(LossKind::Removed, "anchor"),
            macro_name => {
                if macro_name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && macro_name.chars().all(|c| c.is_ascii_alphanumeric())
                {
                    self.loss(LossKind::RawMarkup, &format!("macro {macro_name}"));
                }
                return false;
            }
        }
        self.pos += end + 1;
        true
    }

    /// A sign that begins or ends a mark; in braces it does so within a word.
    fn sign(&mut self, sign: char, braced: bool) -> bool {
        let Some(which) = SIGNS.iter().position(|(known, _)| *known == sign) else { return false };
        let mark = SIGNS[which].1;
        let length = if braced { 3 } else { 1 };
        let before = self.text[..self.pos].chars().next_back();
        let after = self.text[self.pos + length..].chars().next();
        if self.builder.marks.has(mark) {
            let closes = braced || (before.is_some_and(|c| !c.is_whitespace()) && edge(after));
            if closes {
                self.builder.marks = self.builder.marks.without(mark);
                self.pos += length;
            }
            return closes;
        }
        let may_open = (braced || edge(before)) && after.is_some_and(|c| !c.is_whitespace() && c != sign);
        if !may_open || self.hopeless[which] {
            return false;
        }
        let opens = closer(&self.text[self.pos + length..], sign);
        if opens {
            self.builder.marks = self.builder.marks.and(mark);
            self.pos += length;
        } else {
            self.hopeless[which] = true;
        }
        opens
    }

    fn link(&mut self) -> bool {
        if self.pos < self.barren[0] {
            return false;
        }
        let rest = &self.text[self.pos + 1..];
        let Some(end) = unescaped_end(rest, ']') else {
            // Not here, and so not a little further on.
            self.barren[0] = self.pos + rest.find('\n').unwrap_or(rest.len()).min(FAR / 2);
            return false;
        };
        let inner = &rest[..end];
        if let Some(user) = inner.strip_prefix('~').filter(|user| !user.is_empty() && !user.contains('|')) {
            let id = user.strip_prefix("accountid:").unwrap_or(user).to_owned();
            self.bare(Kind::Mention { name: id.clone(), id });
            self.pos += end + 2;
            return true;
        }
        let (label, target) = match unescaped_end(inner, '|') {
            Some(bar) => (&inner[..bar], &inner[bar + 1..]),
            None => (inner, inner),
        };
        let (href, title) = target.split_once('|').unwrap_or((target, ""));
        let href = href.trim();
        let is_address = href.contains("://")
            || href.starts_with(['#', '/', '^'])
            || href.starts_with("mailto:")
            || href.contains(':');
        if href.is_empty() || href.contains(char::is_whitespace) || !(is_address || label.len() != inner.len()) {
            return false;
        }
        self.pos += end + 2;
        if runs_code(href) {
            self.loss(LossKind::UnsafeAddress, "link");
            self.builder.text(&unescaped(label));
            return true;
        }
        let outer = self.builder.link.take();
        self.builder.link = Some(Rc::new(Link { href: decoded(href), title: unescaped(title) }));
        if label.len() == inner.len() {
            self.builder.text(&decoded(href));
        } else {
            // Marks that were open before the link go on in it.
            let marks = self.builder.marks;
            let mut reader = Reader {
                builder: &mut *self.builder,
                text: label,
                pos: 0,
                at: self.at,
                hopeless: [false; 6],
                barren: [0; 2],
            };
            while reader.pos < label.len() {
                let c = reader.rest().chars().next().unwrap_or(' ');
                if matches!(c, '[' | 'h') {
                    reader.literal(c);
                } else {
                    reader.step();
                }
            }
            self.builder.marks = marks;
        }
        self.builder.link = outer;
        true
    }

    fn image(&mut self) -> bool {
        let rest = &self.text[self.pos + 1..];
        let Some(end) = rest.find(['!', '\n']).filter(|end| rest[*end..].starts_with('!') && *end > 0) else {
            return false;
        };
        let (src, options) = rest[..end].split_once('|').unwrap_or((&rest[..end], ""));
        if src.is_empty() || src.contains(|c: char| c.is_whitespace() || c == '{') || !src.contains(['.', '/', ':']) {
            return false;
        }
        self.pos += end + 2;
        let mut alt = String::new();
        for option in options.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            match option.strip_prefix("alt=") {
                Some(text) => alt = decoded(text.trim_matches('"')),
                None => self.loss(LossKind::Formatting, "layout of an image"),
            }
        }
        let src = decoded(src);
        if runs_code(&src) {
            self.loss(LossKind::UnsafeAddress, "image");
            self.builder.text(&alt);
        } else {
            let src = if src.contains([':', '/']) { src } else { format!("media:{src}") };
            self.bare(Kind::Image { src, alt, title: String::new() });
        }
        true
    }

    fn entity(&mut self) -> bool {
        let Some((c, length)) = entity(self.rest()) else { return false };
        let mut utf8 = [0; 4];
        self.builder.text(c.encode_utf8(&mut utf8));
        self.pos += length;
        true
    }

    /// An address that stands in the text is a link; within formatting it is text, and whoever shows it links it.
    fn address(&mut self) -> bool {
        if self.builder.marks != Marks::NONE {
            return false;
        }
        let rest = &self.text[self.pos..];
        let starts_word = self.text[..self.pos].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        if !starts_word || !(rest.starts_with("https://") || rest.starts_with("http://")) || self.builder.link.is_some()
        {
            return false;
        }
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(c, '|' | ']' | '[' | '{' | '}' | '<' | '>' | '"' | '\\' | '*' | '!' | '&' | '^')
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        let address = rest[..end].trim_end_matches(['.', ',', ';', ':', ')', '?', '\'', '_', '-', '+', '~']);
        if address.ends_with("//") {
            return false;
        }
        self.builder.link = Some(Rc::new(Link { href: address.to_owned(), title: String::new() }));
        self.builder.text(address);
        self.builder.link = None;
        self.pos += address.len();
        true
    }
}

/// Whether a sign may stand beside this: the end of the line, a blank, or something that is no word.
pub(super) fn edge(c: Option<char>) -> bool {
    c.is_none_or(|c| !c.is_alphanumeric())
}

/// Whether the rest of a line closes a sign.
fn closer(rest: &str, sign: char) -> bool {
    let mut before = ' ';
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
            before = ' ';
            continue;
        }
        if c == sign && !before.is_whitespace() {
            let after = rest[at + 1..].chars().next();
            if edge(after) || (before == '{' && after == Some('}')) {
                return true;
            }
        }
        before = c;
    }
    false
}

/// Where a character stands that is not escaped, on this line.
fn unescaped_end(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().take(FAR) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            c if c == wanted => return Some(at),
            _ => {}
        }
    }
    None
}

fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "nbsp" => '\u{a0}',
        _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?).filter(|c| *c != '\0')?,
    };
    Some((c, end + 1))
}

/// A text without its entities.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, length) = entity(rest).unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// A text without its entities and backslashes.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    decoded(&plain)
}
