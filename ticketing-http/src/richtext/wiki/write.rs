//! The tree to wiki markup.

use super::inline::{SIGNS, edge};
use crate::richtext::document::{Alert, Block, Item, Kind, Marks, Span, Table, flatten};
use crate::richtext::loss::{LossKind, Losses};
use crate::richtext::spans::normalise;

/// How an alert is named in the title of its panel.
pub(super) const ALERTS: [(Alert, &str); 5] = [
    (Alert::Note, "Note"),
    (Alert::Tip, "Tip"),
    (Alert::Important, "Important"),
    (Alert::Warning, "Warning"),
    (Alert::Caution, "Caution"),
];

pub(super) fn write(blocks: &[Block], losses: &mut Losses) -> String {
    let mut writer = Writer { out: String::new(), losses, at: 0 };
    for (at, block) in blocks.iter().enumerate() {
        writer.at = at;
        if at > 0 {
            writer.out.push_str("\n\n");
        }
        writer.block(block, false);
    }
    writer.out
}

struct Writer<'a> {
    out: String,
    losses: &'a mut Losses,
    at: usize,
}

/// How a line break is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Lines,
    Signs,
}

impl Writer<'_> {
    fn loss(&mut self, kind: LossKind, what: &str) {
        let at = self.at;
        self.losses.add(|| format!("block {}", at + 1), kind, what);
    }

    fn block(&mut self, block: &Block, in_quote: bool) {
        match block {
            Block::Paragraph(content) => self.line(content, Breaks::Lines),
            Block::Heading { level, content } => {
                self.out.push_str(&format!("h{}. ", level.clamp(&1, &6)));
                self.line(content, Breaks::Signs);
            }
            Block::Code { language, text } => self.code(language, text),
            Block::Quote { blocks, .. } if in_quote => {
                self.loss(LossKind::Flattened, "a quote in a quote");
                self.blocks(blocks, true);
            }
            Block::Quote { alert, blocks } => {
                let (open, close) = match alert {
                    None => ("{quote}".to_owned(), "{quote}"),
                    Some(alert) => {
                        let name = ALERTS.iter().find(|(known, _)| known == alert).map_or("Note", |(_, name)| name);
                        (format!("{{panel:title={name}}}"), "{panel}")
                    }
                };
                self.out.push_str(&open);
                self.out.push('\n');
                self.blocks(blocks, true);
                self.out.push('\n');
                self.out.push_str(close);
            }
            Block::List { items, start } => self.list(*start, items, &mut String::new()),
            Block::Table(table) => self.table(table),
            Block::Rule => self.out.push_str("----"),
        }
    }

    fn blocks(&mut self, blocks: &[Block], in_quote: bool) {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.out.push_str("\n\n");
            }
            self.block(block, in_quote);
        }
    }

    fn code(&mut self, language: &str, text: &str) {
        // What is in it must not end it, nor a quote around it.
        let ends = ["{code}", "{noformat}", "{quote}", "{panel}"];
        let mut text = text.to_owned();
        if ends.iter().any(|end| text.contains(end)) {
            self.loss(LossKind::Approximated, "a macro's name in code");
            for end in ends {
                text = text.replace(end, &end.replace('{', "{ "));
            }
        }
        let open = if language.is_empty() { "{code}".to_owned() } else { format!("{{code:{language}}}") };
        self.out.push_str(&format!("{open}\n{text}\n{{code}}"));
    }

    fn list(&mut self, start: Option<u32>, items: &[Item], signs: &mut String) {
        if start.is_some_and(|start| start != 1) {
            self.loss(LossKind::Formatting, "first number of a list");
        }
        signs.push(if start.is_some() { '#' } else { '*' });
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            self.out.push_str(signs);
            self.out.push(' ');
            if let Some(done) = item.task {
                self.out.push_str(if done { "☑ " } else { "☐ " });
            }
            let is_list = |block: &Block| matches!(block, Block::List { .. });
            let (lists, lines): (Vec<Block>, Vec<Block>) = item.blocks.iter().cloned().partition(is_list);
            if lines.iter().skip(1).count() > 0 || lines.iter().any(|block| !matches!(block, Block::Paragraph(_))) {
                self.loss(LossKind::Flattened, "a block in a list");
            }
            self.line(&normalise(flatten(lines)), Breaks::Signs);
            for list in lists {
                if let Block::List { start, items } = list {
                    self.out.push('\n');
                    self.list(start, &items, signs);
                }
            }
        }
        signs.pop();
    }

    fn table(&mut self, table: &Table) {
        if table.align.iter().any(|align| *align != Default::default()) {
            self.loss(LossKind::Formatting, "alignment of a table's columns");
        }
        let head = (table.has_head() || table.rows.is_empty()).then_some((&table.head, "||"));
        let rows = table.rows.iter().map(|row| (row, "|"));
        for (number, (row, bar)) in head.into_iter().chain(rows).enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            self.out.push_str(bar);
            for cell in row {
                if cell.is_empty() {
                    self.out.push(' ');
                }
                self.line(cell, Breaks::Signs);
                self.out.push_str(bar);
            }
        }
    }

    fn line(&mut self, content: &[Span], breaks: Breaks) {
        let mut fresh = breaks == Breaks::Lines;
        for (at, span) in content.iter().enumerate() {
            let next = content.get(at + 1);
            let marks = if span.is_code() { Marks::NONE } else { span.marks };
            if span.is_code() && span.marks != Marks::CODE {
                self.loss(LossKind::Formatting, "formatting of code");
            }
            let whole = matches!(span.kind, Kind::Text(_));
            if !whole && marks != Marks::NONE {
                self.loss(LossKind::Formatting, "formatting of an image or mention");
            }
            let inside_link = span.link.is_some() && whole;
            if inside_link {
                self.out.push('[');
                fresh = false;
            }
            match &span.kind {
                // Blanks at the ends of a mark are outside it.
                Kind::Text(text) if marks != Marks::NONE => {
                    let core = text.trim();
                    let lead = text.len() - text.trim_start().len();
                    self.out.push_str(&text[..lead]);
                    self.marked(core, marks, inside_link, next);
                    self.out.push_str(&text[lead + core.len()..]);
                    fresh = false;
                }
                _ => self.content(span, breaks, &mut fresh, next),
            }
            if inside_link && let Some(link) = &span.link {
                self.out.push('|');
                address(&mut self.out, &link.href);
                if !link.title.is_empty() {
                    self.out.push('|');
                    escape(&mut self.out, &link.title, false, false);
                }
                self.out.push(']');
            } else if span.link.is_some() {
                self.loss(LossKind::Formatting, "link of an image");
            }
        }
    }

    /// A text in its signs; in braces where they stand beside a word.
    fn marked(&mut self, text: &str, marks: Marks, in_link: bool, next: Option<&Span>) {
        let signs = SIGNS.iter().filter(|(_, mark)| !text.is_empty() && marks.has(*mark));
        let words = text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric);
        let plain = words && !in_link && edge(self.out.chars().next_back()) && edge(next.and_then(first_char));
        for (sign, _) in signs.clone() {
            self.sign(*sign, plain);
        }
        escape(&mut self.out, text, false, false);
        for (sign, _) in signs.rev() {
            self.sign(*sign, plain);
        }
    }

    fn sign(&mut self, sign: char, plain: bool) {
        if plain {
            self.out.push(sign);
        } else {
            self.out.push('{');
            self.out.push(sign);
            self.out.push('}');
        }
    }

    fn content(&mut self, span: &Span, breaks: Breaks, fresh: &mut bool, next: Option<&Span>) {
        let at_start = std::mem::take(fresh);
        match &span.kind {
            Kind::Text(text) if span.is_code() => {
                self.out.push_str("{{");
                for c in text.chars() {
                    match c {
                        '\\' | '{' | '}' | '&' | '|' | ']' | '[' => self.out.push_str(&format!("&#{};", u32::from(c))),
                        c if c.is_ascii_punctuation() => {
                            self.out.push('\\');
                            self.out.push(c);
                        }
                        c => self.out.push(c),
                    }
                }
                self.out.push_str("}}");
            }
            Kind::Text(text) => escape(&mut self.out, text, at_start, next.is_none()),
            Kind::Break => {
                let again = next.is_none_or(|next| matches!(next.kind, Kind::Break)) || at_start;
                if breaks == Breaks::Signs || again {
                    self.out.push_str("\\\\");
                }
                if breaks == Breaks::Lines {
                    self.out.push('\n');
                    *fresh = true;
                } else {
                    self.out.push(' ');
                }
            }
            Kind::Image { src, alt, .. } if !src.contains(['.', '/', ':']) => {
                // Between its signs it would be no image: a file has an extension, an address more than that.
                self.loss(LossKind::Approximated, "an image from no address");
                let words = if alt.is_empty() { src } else { alt };
                if src.is_empty() {
                    return escape(&mut self.out, words, at_start, next.is_none());
                }
                self.out.push('[');
                escape(&mut self.out, words, false, false);
                self.out.push('|');
                address(&mut self.out, src);
                self.out.push(']');
            }
            Kind::Image { src, alt, title } => {
                if !title.is_empty() {
                    self.loss(LossKind::Formatting, "title of an image");
                }
                let file = src.strip_prefix("media:").filter(|name| name.contains('.'));
                if file.is_some_and(|name| name.contains(is_sign)) {
                    self.loss(LossKind::Approximated, "signs in a file's name");
                }
                self.out.push('!');
                address(&mut self.out, file.unwrap_or(src));
                if !alt.is_empty() {
                    self.out.push_str("|alt=");
                    for c in alt.chars() {
                        if c.is_ascii_punctuation() {
                            self.out.push_str(&format!("&#{};", u32::from(c)))
                        } else {
                            self.out.push(c)
                        }
                    }
                }
                self.out.push('!');
            }
            Kind::Mention { id, name } => {
                if name != id {
                    self.loss(LossKind::Approximated, "name of a mention");
                }
                // Cloud ids are told apart from user names.
                let cloud = id.contains(':') || (id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
                self.out.push_str(if cloud { "[~accountid:" } else { "[~" });
                let held: String = id.chars().filter(|c| !matches!(c, ']' | '\n' | '|' | '\\')).collect();
                if held.len() != id.len() {
                    self.loss(LossKind::Approximated, "signs in the id of a mention");
                }
                self.out.push_str(&held);
                self.out.push(']');
            }
        }
    }
}

fn first_char(span: &Span) -> Option<char> {
    match &span.kind {
        Kind::Text(text) if !span.is_code() && span.link.is_none() => text.chars().next(),
        Kind::Break => None,
        Kind::Text(_) | Kind::Image { .. } | Kind::Mention { .. } => Some('{'),
    }
}

/// What cannot stand in an address between its signs.
fn is_sign(c: char) -> bool {
    matches!(c, '|' | ']' | '[' | '!' | '\\' | '"' | '{' | '}') || c.is_whitespace()
}

fn address(out: &mut String, href: &str) {
    for c in href.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            c if c.is_whitespace() => out.push_str("%20"),
            c if is_sign(c) => out.push_str(&format!("%{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// Adds a text; what would be markup is escaped.
fn escape(out: &mut String, text: &str, at_start: bool, last: bool) {
    let mut before: Option<char> = None;
    let mut chars = text.char_indices().peekable();
    let line_start = if at_start { text.find(|c: char| !c.is_alphanumeric()).filter(|at| *at < 3) } else { None };
    let opens_block =
        at_start && ["h1.", "h2.", "h3.", "h4.", "h5.", "h6.", "bq."].iter().any(|start| text.starts_with(start));
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, next)| *next);
        let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '\\' | '&' | '{' | '}' => out.push_str(&format!("&#{};", u32::from(c))),
            '.' if opens_block && line_start == Some(at) => out.push_str("&#46;"),
            '[' | ']' | '|' | '^' => {
                out.push('\\');
                out.push(c);
            }
            // What ends a sentence begins no image.
            '!' if !(blank(after) || last && after.is_none()) => {
                out.push('\\');
                out.push(c);
            }
            '?' if before == Some('?') || after == Some('?') => out.push_str("&#63;"),
            '#' if at == 0 => out.push_str("\\#"),
            '*' | '_' | '-' | '+' | '~' => {
                let harmless = at > 0 && (word(before) && word(after) || blank(before) && blank(after));
                if !harmless {
                    out.push('\\');
                }
                out.push(c);
            }
            c => out.push(c),
        }
        before = Some(c);
    }
}
