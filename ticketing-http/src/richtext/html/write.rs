//! The tree to HTML.

use crate::richtext::address::may_be_linked;
use crate::richtext::document::{Alert, Align, Block, Item, Kind, Marks, Span, Table};
use crate::richtext::loss::{LossKind, Losses};

pub(super) fn write(blocks: &[Block], losses: &mut Losses) -> String {
    let mut writer = Writer { out: String::new(), losses, at: 0 };
    for (at, block) in blocks.iter().enumerate() {
        writer.at = at;
        if at > 0 {
            writer.out.push('\n');
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

impl Writer<'_> {
    fn loss(&mut self, kind: LossKind, what: &str) {
        let at = self.at;
        self.losses.add(|| format!("block {}", at + 1), kind, what);
    }

    fn element(&mut self, name: &str, attributes: &str, content: impl FnOnce(&mut Self)) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str(attributes);
        self.out.push('>');
        content(self);
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// In a tight list a paragraph is a line.
    fn block(&mut self, block: &Block, tight: bool) {
        match block {
            Block::Paragraph(content) if tight => self.line(content),
            Block::Paragraph(content) => self.element("p", "", |writer| writer.line(content)),
            Block::Heading { level, content } => {
                self.element(&format!("h{}", level.clamp(&1, &6)), "", |writer| writer.line(content));
            }
            Block::Code { language, text } => {
                let mut class = String::new();
                if !language.is_empty() {
                    class.push_str(" class=\"language-");
                    escape(&mut class, language);
                    class.push('"');
                }
                self.element("pre", "", |writer| {
                    writer.element("code", &class, |writer| {
                        escape(&mut writer.out, text);
                        writer.out.push('\n');
                    });
                });
            }
            Block::Quote { alert, blocks } => {
                let class = alert.map(|alert| format!(" class=\"{}\"", class(alert))).unwrap_or_default();
                self.element("blockquote", &class, |writer| blocks.iter().for_each(|block| writer.block(block, false)));
            }
            Block::List { start, items } => {
                let (name, attributes) = match start {
                    None => ("ul", String::new()),
                    Some(1) => ("ol", String::new()),
                    Some(start) => ("ol", format!(" start=\"{start}\"")),
                };
                self.element(name, &attributes, |writer| items.iter().for_each(|item| writer.item(item)));
            }
            Block::Table(table) => self.element("table", "", |writer| writer.table(table)),
            Block::Rule => self.out.push_str("<hr>"),
        }
    }

    fn item(&mut self, item: &Item) {
        let paragraphs = item.blocks.iter().filter(|block| matches!(block, Block::Paragraph(_))).count();
        let tight = paragraphs <= 1 && !item.blocks.iter().skip(1).any(|block| matches!(block, Block::Paragraph(_)));
        self.element("li", "", |writer| {
            if let Some(done) = item.task {
                writer.out.push_str(if done { "☑ " } else { "☐ " });
            }
            item.blocks
                .iter()
                .enumerate()
                .for_each(|(at, block)| writer.block(block, tight || (at == 0 && item.task.is_some())));
        });
    }

    fn table(&mut self, table: &Table) {
        if table.has_head() {
            self.element("thead", "", |writer| writer.row(&table.head, "th", &table.align));
        }
        if !table.rows.is_empty() || !table.has_head() {
            self.element("tbody", "", |writer| table.rows.iter().for_each(|row| writer.row(row, "td", &table.align)));
        }
    }

    fn row(&mut self, cells: &[Vec<Span>], name: &str, align: &[Align]) {
        self.element("tr", "", |writer| {
            for (cell, align) in cells.iter().zip(align) {
                let attribute = match align {
                    Align::None => "",
                    Align::Left => " align=\"left\"",
                    Align::Center => " align=\"center\"",
                    Align::Right => " align=\"right\"",
                };
                writer.element(name, attribute, |writer| writer.line(cell));
            }
        });
    }

    fn line(&mut self, content: &[Span]) {
        for span in content {
            self.span(span);
        }
    }

    fn span(&mut self, span: &Span) {
        const TAGS: [(Marks, &str); 7] = [
            (Marks::STRONG, "strong"),
            (Marks::EM, "em"),
            (Marks::STRIKE, "del"),
            (Marks::UNDERLINE, "u"),
            (Marks::SUB, "sub"),
            (Marks::SUP, "sup"),
            (Marks::CODE, "code"),
        ];
        let linked = span.link.as_ref().filter(|link| may_be_linked(&link.href));
        if let Some(link) = linked {
            self.out.push_str("<a href=\"");
            escape(&mut self.out, &link.href);
            if !link.title.is_empty() {
                self.out.push_str("\" title=\"");
                escape(&mut self.out, &link.title);
            }
            self.out.push_str("\">");
        }
        let marks = TAGS.iter().filter(|(mark, _)| span.marks.has(*mark));
        for (_, tag) in marks.clone() {
            self.out.push_str(&format!("<{tag}>"));
        }
        match &span.kind {
            Kind::Text(text) => escape(&mut self.out, text),
            Kind::Break => self.out.push_str("<br>"),
            Kind::Mention { name, .. } => {
                self.loss(LossKind::Approximated, "mention");
                self.out.push('@');
                escape(&mut self.out, name);
            }
            Kind::Image { src, alt, .. } if !may_be_linked(src) => {
                self.loss(LossKind::Approximated, "an image that is no web address");
                escape(&mut self.out, if alt.is_empty() { src } else { alt });
            }
            Kind::Image { src, alt, title } => {
                self.out.push_str("<img src=\"");
                escape(&mut self.out, src);
                self.out.push_str("\" alt=\"");
                escape(&mut self.out, alt);
                if !title.is_empty() {
                    self.out.push_str("\" title=\"");
                    escape(&mut self.out, title);
                }
                self.out.push_str("\">");
            }
        }
        for (_, tag) in marks.rev() {
            self.out.push_str(&format!("</{tag}>"));
        }
        if linked.is_some() {
            self.out.push_str("</a>");
        } else if let Some(link) = &span.link {
            self.loss(LossKind::UnsafeAddress, "link to an address that is not of the web");
            self.out.push_str(" (");
            escape(&mut self.out, &link.href);
            self.out.push(')');
        }
    }
}

/// The class of a quote that is an alert, and back.
pub(super) fn class(alert: Alert) -> &'static str {
    match alert {
        Alert::Note => "note",
        Alert::Tip => "tip",
        Alert::Important => "important",
        Alert::Warning => "warning",
        Alert::Caution => "caution",
    }
}

pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
}
