//! Builds the tree from openings and closings, as readers meet them; keeps the nesting within bounds.

use super::document::{Alert, Align, Block, Cell, DEEPEST, Item, Kind, Link, Marks, Span, Table, flatten};
use super::loss::{LossKind, Losses};
use super::spans::{clean, normalise, push};
use std::rc::Rc;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Open {
    Quote(Option<Alert>),
    List(Option<u32>),
    Item(Option<bool>),
    Table(Vec<Align>),
    Head,
    Row,
    Cell,
    Heading(u8),
}

#[derive(Debug)]
struct Frame {
    open: Open,
    blocks: Vec<Block>,
    items: Vec<Item>,
    head: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

/// Takes what a reader meets, in order, and makes blocks of it.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    frames: Vec<Frame>,
    /// Blocks outside any container.
    pub(crate) blocks: Vec<Block>,
    line: Vec<Span>,
    /// Containers that were opened beyond the deepest level.
    beyond: usize,
    /// The dress of text to come.
    pub(crate) marks: Marks,
    pub(crate) link: Option<Rc<Link>>,
    pub(crate) losses: Losses,
}

impl Builder {
    /// A text; a line end in it, of whichever kind, is a line break: no format keeps one within a text.
    pub(crate) fn text(&mut self, text: &str) {
        for (number, line) in clean(text).split('\n').enumerate() {
            if number > 0 {
                self.span(Kind::Break);
            }
            if !line.is_empty() {
                self.span(Kind::Text(line.to_owned()));
            }
        }
    }

    pub(crate) fn code(&mut self, text: &str) {
        let mut span = self.dressed(Kind::Text(clean(text).replace('\n', " ")));
        span.marks = span.marks.and(Marks::CODE);
        push(&mut self.line, span);
    }

    pub(crate) fn span(&mut self, kind: Kind) {
        let span = self.dressed(kind);
        push(&mut self.line, span);
    }

    fn dressed(&self, kind: Kind) -> Span {
        Span { marks: self.marks, link: self.link.clone(), kind }
    }

    /// Whether the line under way ends in a blank, or has not begun.
    pub(crate) fn ends_in_blank(&self) -> bool {
        match self.line.last().map(|span| &span.kind) {
            None | Some(Kind::Break) => true,
            Some(Kind::Text(text)) => text.ends_with(' '),
            Some(Kind::Image { .. } | Kind::Mention { .. }) => false,
        }
    }

    /// Ends the paragraph under way.
    pub(crate) fn end_paragraph(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let content = normalise(std::mem::take(&mut self.line));
        if !content.is_empty() {
            self.push(Block::Paragraph(content));
        }
    }

    pub(crate) fn push(&mut self, block: Block) {
        match self.frames.last_mut() {
            None => self.blocks.push(block),
            // Something between the items of a list belongs to an item of its own.
            Some(Frame { open: Open::List(_), items, .. }) => items.push(Item { task: None, blocks: vec![block] }),
            Some(frame) => frame.blocks.push(block),
        }
    }

    /// Closes the innermost such container and what is open in it, unless a barrier stands between.
    pub(crate) fn close_nearest(
        &mut self,
        wanted: fn(&Open) -> bool,
        barrier: fn(&Open) -> bool,
        at: impl Fn() -> String,
    ) {
        if self.beyond > 0 {
            return self.close(at);
        }
        let within = self.frames.iter().rev().position(|frame| wanted(&frame.open) || barrier(&frame.open));
        let Some(within) = within.filter(|within| wanted(&self.frames[self.frames.len() - 1 - within].open)) else {
            return self.end_paragraph();
        };
        for _ in 0..=within {
            self.close(&at);
        }
    }

    pub(crate) fn is_innermost(&self, wanted: fn(&Open) -> bool) -> bool {
        self.beyond == 0 && self.frames.last().is_some_and(|frame| wanted(&frame.open))
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.frames.is_empty() && self.beyond == 0
    }

    /// Whether an item of a list was opened and has nothing in it yet.
    pub(crate) fn at_item_start(&self) -> bool {
        let empty = |frame: &Frame| matches!(frame.open, Open::Item(None)) && frame.blocks.is_empty();
        self.line.is_empty() && self.beyond == 0 && self.frames.last().is_some_and(empty)
    }

    /// Makes the row under way the head of its table, if it is the first.
    pub(crate) fn make_head(&mut self) {
        if let [.., table, row] = self.frames.as_mut_slice()
            && matches!((&table.open, &row.open), (Open::Table(_), Open::Row))
            && table.rows.is_empty()
            && table.head.is_empty()
        {
            row.open = Open::Head;
        }
    }

    pub(crate) fn task(&mut self, done: bool) {
        if let Some(Frame { open: Open::Item(task), .. }) = self.frames.last_mut() {
            *task = Some(done);
        }
    }

    /// Opens a container; beyond the deepest level it is not opened, and its content stays where it is.
    pub(crate) fn open(&mut self, open: Open, at: impl FnOnce() -> String) {
        self.end_paragraph();
        let structural = matches!(open, Open::Head | Open::Row | Open::Cell | Open::Item(_) | Open::Heading(_));
        if self.beyond > 0 || self.frames.len() >= DEEPEST + if structural { 4 } else { 0 } {
            if self.beyond == 0 {
                self.losses.add(at, LossKind::TooDeep, "a container");
            }
            self.beyond += 1;
            return;
        }
        self.frames.push(Frame { open, blocks: Vec::new(), items: Vec::new(), head: Vec::new(), rows: Vec::new() });
    }

    /// Closes the innermost container.
    pub(crate) fn close(&mut self, at: impl Fn() -> String) {
        if self.beyond > 0 {
            self.end_paragraph();
            self.beyond -= 1;
            return;
        }
        if let Some(Frame { open: Open::Heading(level), .. }) = self.frames.last() {
            let level = *level;
            let line = normalise(std::mem::take(&mut self.line));
            let blocks = self.frames.pop().map(|frame| frame.blocks).unwrap_or_default();
            let mut content = flatten(blocks);
            if !content.is_empty() && !line.is_empty() {
                content.push(Span::new(Kind::Break));
            }
            content.extend(line);
            self.push(Block::Heading { level, content });
            return;
        }
        self.end_paragraph();
        let Some(frame) = self.frames.pop() else { return };
        match frame.open {
            Open::Quote(alert) => self.push(Block::Quote { alert, blocks: frame.blocks }),
            Open::List(start) => {
                if !frame.items.is_empty() {
                    self.push(Block::List { start, items: frame.items });
                }
            }
            Open::Item(task) => {
                let mut item = Item { task, blocks: frame.blocks };
                if let Some(done) = task
                    && !matches!(item.blocks.first(), Some(Block::Paragraph(_)))
                {
                    // A box is a task only before words.
                    item.task = None;
                    let typed = if done { "[x]" } else { "[ ]" };
                    item.blocks.insert(0, Block::Paragraph(vec![Span::text(typed)]));
                }
                match self.frames.last_mut() {
                    Some(Frame { open: Open::List(_), items, .. }) => items.push(item),
                    _ => self.push(Block::List { start: None, items: vec![item] }),
                }
            }
            Open::Table(align) => {
                match Table::new(align, frame.head, frame.rows) {
                    Some(table) => self.push(Block::Table(table)),
                    None => self.losses.add(&at, LossKind::Removed, "a table with nothing in it"),
                }
                // What stood in the table and in no cell.
                for block in frame.blocks {
                    self.push(block);
                }
            }
            Open::Head | Open::Row => {
                let is_head = frame.open == Open::Head;
                let mut row = frame.rows.into_iter().next().unwrap_or_default();
                if !frame.blocks.is_empty() {
                    row.push(flatten(frame.blocks));
                }
                match self.frames.last_mut() {
                    Some(table) if matches!(table.open, Open::Table(_)) => {
                        if is_head && table.head.is_empty() && table.rows.is_empty() {
                            table.head = row;
                        } else {
                            table.rows.push(row);
                        }
                    }
                    _ => self.push(Block::Paragraph(normalise(super::document::joined(row)))),
                }
            }
            Open::Cell => {
                if frame.blocks.iter().any(|block| !matches!(block, Block::Paragraph(_))) {
                    self.losses.add(&at, LossKind::Flattened, "a block in a table cell");
                }
                let cell = normalise(flatten(frame.blocks));
                match self.frames.last_mut() {
                    Some(row) if matches!(row.open, Open::Row | Open::Head) => match row.rows.first_mut() {
                        Some(cells) => cells.push(cell),
                        None => row.rows.push(vec![cell]),
                    },
                    _ if cell.is_empty() => {}
                    _ => self.push(Block::Paragraph(cell)),
                }
            }
            Open::Heading(_) => {}
        }
    }

    /// Closes whatever is open.
    pub(crate) fn finish(&mut self) {
        self.end_paragraph();
        self.beyond = 0;
        while !self.frames.is_empty() {
            self.close(|| "the end".to_owned());
        }
    }
}
