//! The tree to Markdown, in one normal form.

use std::ops::Range;

use super::line::{self, Setting};
use crate::richtext::document::{Alert, Align, Block, Item, Span, Table};

/// A Markdown text, and where each of the blocks it was made of stands in it.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) markdown: String,
    pub(crate) ranges: Vec<Range<usize>>,
}

pub(crate) fn write(blocks: &[Block]) -> Written {
    let mut writer = Writer { out: String::new(), prefix: String::new() };
    let mut ranges = Vec::with_capacity(blocks.len());
    let mut bullets = Bullets::default();
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            writer.blank_line();
        }
        let start = writer.out.len();
        writer.block(block, &mut bullets);
        ranges.push(start..writer.out.len());
    }
    Written { markdown: writer.out, ranges }
}

/// Lists that follow each other change their markers, or they would be one.
#[derive(Debug, Default)]
struct Bullets {
    previous: Option<(bool, bool)>,
}

impl Bullets {
    /// Whether a list takes the other marker.
    fn next(&mut self, block: &Block) -> bool {
        let Block::List { start, .. } = block else {
            self.previous = None;
            return false;
        };
        let other = matches!(self.previous, Some((ordered, false)) if ordered == start.is_some());
        self.previous = Some((start.is_some(), other));
        other
    }
}

struct Writer {
    out: String,
    prefix: String,
}

impl Writer {
    fn line_end(&mut self) {
        self.out.push('\n');
        self.out.push_str(&self.prefix);
    }

    fn blank_line(&mut self) {
        self.out.push('\n');
        self.out.push_str(self.prefix.trim_end());
        self.line_end();
    }

    fn blocks(&mut self, blocks: &[Block]) {
        let mut bullets = Bullets::default();
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.blank_line();
            }
            self.block(block, &mut bullets);
        }
    }

    fn block(&mut self, block: &Block, bullets: &mut Bullets) {
        let other = bullets.next(block);
        match block {
            Block::Paragraph(content) => self.line(content, Setting::Paragraph),
            Block::Heading { level, content } => {
                self.out.push_str(&"######"[..usize::from((*level).clamp(1, 6))]);
                if !content.is_empty() {
                    self.out.push(' ');
                }
                self.line(content, Setting::Heading);
            }
            Block::Code { language, text } => self.code(language, text),
            Block::Quote { alert, blocks } => {
                self.out.push('>');
                let outer = self.prefix.len();
                self.prefix.push_str("> ");
                if let Some(alert) = alert {
                    self.out.push_str(" [!");
                    self.out.push_str(alert_name(*alert));
                    self.out.push(']');
                    match blocks.first() {
                        None => {}
                        Some(Block::Paragraph(_)) => self.line_end(),
                        // Not every block can follow a line directly.
                        Some(_) => self.blank_line(),
                    }
                } else if !blocks.is_empty() {
                    self.out.push(' ');
                }
                self.blocks(blocks);
                self.prefix.truncate(outer);
            }
            Block::List { start, items } => self.list(*start, items, other),
            Block::Table(table) => self.table(table),
            Block::Rule => self.out.push_str("***"),
        }
    }

    fn line(&mut self, content: &[Span], setting: Setting) {
        line::write(&mut self.out, content, setting, &self.prefix);
    }

    fn code(&mut self, language: &str, text: &str) {
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(3.max(longest + 1));
        self.out.push_str(&fence);
        self.out.push_str(&language.replace(['`', '\n'], ""));
        if !text.is_empty() {
            for line in text.split('\n') {
                // Not even the prefix' blanks on an empty line.
                if line.is_empty() {
                    self.out.push('\n');
                    self.out.push_str(self.prefix.trim_end());
                } else {
                    self.line_end();
                    self.out.push_str(line);
                }
            }
        }
        self.line_end();
        self.out.push_str(&fence);
    }

    fn list(&mut self, start: Option<u32>, items: &[Item], other: bool) {
        let tight = items.iter().all(is_tight);
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                if tight { self.line_end() } else { self.blank_line() }
            }
            let marker = match start {
                None => if other { "+" } else { "-" }.to_owned(),
                Some(start) => {
                    let number = (u64::from(start) + number as u64).min(999_999_999);
                    format!("{number}{}", if other { ")" } else { "." })
                }
            };
            self.out.push_str(&marker);
            let outer = self.prefix.len();
            self.prefix.extend(std::iter::repeat_n(' ', marker.len() + 1));
            if let Some(done) = item.task {
                self.out.push_str(if done { " [x]" } else { " [ ]" });
            }
            if !item.blocks.is_empty() {
                self.out.push(' ');
            }
            if tight {
                let mut bullets = Bullets::default();
                for (at, block) in item.blocks.iter().enumerate() {
                    if at > 0 {
                        self.line_end();
                    }
                    self.block(block, &mut bullets);
                }
            } else {
                self.blocks(&item.blocks);
            }
            self.prefix.truncate(outer);
        }
    }

    fn table(&mut self, table: &Table) {
        self.row(&table.head);
        self.line_end();
        for align in &table.align {
            self.out.push_str(match align {
                Align::None => "| --- ",
                Align::Left => "| :-- ",
                Align::Center => "| :-: ",
                Align::Right => "| --: ",
            });
        }
        self.out.push('|');
        for row in &table.rows {
            self.line_end();
            self.row(row);
        }
    }

    fn row(&mut self, cells: &[Vec<Span>]) {
        for cell in cells {
            self.out.push_str("| ");
            self.line(cell, Setting::Cell);
            if !cell.is_empty() {
                self.out.push(' ');
            }
        }
        self.out.push('|');
    }
}

/// Whether an item may stand without blank lines: a line, and perhaps a list that can follow a line directly.
fn is_tight(item: &Item) -> bool {
    match item.blocks.as_slice() {
        [] | [Block::Paragraph(_)] => true,
        [Block::Paragraph(_), Block::List { start, items }] => {
            start.is_none_or(|start| start == 1) && items.first().is_some_and(|item| !item.blocks.is_empty())
        }
        _ => false,
    }
}

fn alert_name(alert: Alert) -> &'static str {
    match alert {
        Alert::Note => "NOTE",
        Alert::Tip => "TIP",
        Alert::Important => "IMPORTANT",
        Alert::Warning => "WARNING",
        Alert::Caution => "CAUTION",
    }
}
