//! The tree to ADF, within what the schema allows where.

use crate::richtext::document::{Alert, Align, Block, Item, Kind, Marks, Span, Table, flatten, joined};
use crate::richtext::loss::{LossKind, Losses};
use crate::richtext::spans::normalise;

use super::read::MEDIA;

/// What holds the blocks that are written; each may hold others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Doc,
    Item,
    Quote,
    Panel,
    Expand,
}

/// Writes nodes as JSON, one after the other.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) json: String,
    pub(super) losses: Losses,
    /// The top-level block that is written, for the losses.
    pub(super) at: usize,
    /// What the ids of this document's tasks begin with; the vendor wants them unique.
    task_prefix: &'static str,
    tasks: usize,
}

impl Writer {
    /// A writer for a document whose other nodes are in `beside`.
    pub(super) fn new(beside: &str) -> Self {
        let task_prefix = ["task-", "new-task-", "added-task-"].into_iter().find(|prefix| !beside.contains(*prefix));
        Self {
            json: String::with_capacity(beside.len() + 256),
            losses: Losses::default(),
            at: 0,
            task_prefix: task_prefix.unwrap_or("ticketing-task-"),
            tasks: 0,
        }
    }

    fn loss(&mut self, kind: LossKind, what: &str) {
        let at = self.at;
        self.losses.add(|| format!("block {}", at + 1), kind, what);
    }

    fn comma(&mut self) {
        if !(self.json.is_empty() || self.json.ends_with(['[', ','])) {
            self.json.push(',');
        }
    }

    /// A node as it is.
    pub(super) fn raw(&mut self, json: &str) {
        self.comma();
        self.json.push_str(json);
    }

    pub(super) fn string(&mut self, text: &str) {
        // Strings always serialise.
        self.json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    fn open(&mut self, kind: &str, attrs: Option<&str>) {
        self.comma();
        self.json.push_str("{\"type\":\"");
        self.json.push_str(kind);
        self.json.push('"');
        if let Some(attrs) = attrs {
            self.json.push_str(",\"attrs\":");
            self.json.push_str(attrs);
        }
        self.json.push_str(",\"content\":[");
    }

    fn close(&mut self) {
        self.json.push_str("]}");
    }

    pub(super) fn blocks(&mut self, blocks: &[Block], inside: Inside) {
        for block in blocks {
            self.block(block, inside);
        }
    }

    pub(super) fn block(&mut self, block: &Block, inside: Inside) {
        match block {
            Block::Paragraph(content) => self.paragraphs(content),
            Block::Heading { level, content } if matches!(inside, Inside::Item | Inside::Quote) => {
                self.loss(LossKind::Flattened, &format!("heading of level {level}"));
                let strong = |span: &Span| {
                    let plain = span.is_code() || matches!(span.kind, Kind::Break);
                    Span { marks: if plain { span.marks } else { span.marks.and(Marks::STRONG) }, ..span.clone() }
                };
                let content = normalise(content.iter().map(strong).collect());
                if !content.is_empty() {
                    self.paragraphs(&content);
                }
            }
            Block::Heading { level, content } => {
                self.open("heading", Some(&format!("{{\"level\":{}}}", level.clamp(&1, &6))));
                self.line(content);
                self.close();
            }
            Block::Code { language, text } => self.code(language, text),
            Block::Rule if matches!(inside, Inside::Item | Inside::Quote) => {
                self.loss(LossKind::Removed, "rule");
            }
            Block::Rule => self.raw("{\"type\":\"rule\"}"),
            Block::Quote { alert, blocks } => self.quote(*alert, blocks, inside),
            Block::List { start, items } => self.list(*start, items, inside),
            Block::Table(table) if matches!(inside, Inside::Doc | Inside::Expand) => self.table(table),
            Block::Table(table) => {
                self.loss(LossKind::Flattened, "table");
                for row in table.has_head().then_some(&table.head).into_iter().chain(&table.rows) {
                    let line = normalise(joined(row.clone()));
                    if !line.is_empty() {
                        self.paragraphs(&line);
                    }
                }
            }
        }
    }

    fn code(&mut self, language: &str, text: &str) {
        let attrs = (!language.is_empty())
            .then(|| format!("{{\"language\":{}}}", serde_json::to_string(language).unwrap_or_default()));
        self.open("codeBlock", attrs.as_deref());
        if !text.is_empty() {
            self.json.push_str("{\"type\":\"text\",\"text\":");
            self.string(text);
            self.json.push('}');
        }
        self.close();
    }

    fn quote(&mut self, alert: Option<Alert>, blocks: &[Block], inside: Inside) {
        let holds_all =
            |blocks: &[Block]| blocks.iter().all(|block| !matches!(block, Block::Quote { .. } | Block::Table(_)));
        if !matches!(inside, Inside::Doc | Inside::Expand) {
            self.loss(LossKind::Flattened, if alert.is_some() { "alert" } else { "quote" });
            return self.blocks(blocks, inside);
        }
        if !holds_all(blocks) {
            self.loss(LossKind::Flattened, "a quote or table in a quote");
        }
        let (kind, attrs, within) = match alert {
            None => ("blockquote", None, Inside::Quote),
            Some(alert) => ("panel", Some(format!("{{\"panelType\":\"{}\"}}", panel_type(alert))), Inside::Panel),
        };
        self.open(kind, attrs.as_deref());
        self.filled(blocks, within);
        self.close();
    }

    /// Blocks where at least one is wanted, and where the first must be one of lines.
    pub(super) fn filled(&mut self, blocks: &[Block], inside: Inside) {
        let from = self.json.len();
        if inside == Inside::Item && matches!(blocks.first(), Some(Block::List { .. } | Block::Quote { .. })) {
            self.raw(EMPTY);
        }
        self.blocks(blocks, inside);
        if self.json.len() == from {
            self.raw(EMPTY);
        }
    }

    fn list(&mut self, start: Option<u32>, items: &[Item], inside: Inside) {
        let mut rest = items;
        let mut number = start;
        while let Some(first) = rest.first() {
            let is_task = |item: &Item| item.task.is_some();
            let like = rest.iter().take_while(|item| is_task(item) == is_task(first)).count();
            let (run, after) = rest.split_at(like);
            if is_task(first) && inside != Inside::Quote {
                if start.is_some() {
                    self.loss(LossKind::Formatting, "numbers of tasks");
                }
                self.tasks(run, inside);
            } else {
                self.items(number, run);
            }
            number = number.map(|number| number.saturating_add(u32::try_from(like).unwrap_or(u32::MAX)));
            rest = after;
        }
    }

    fn items(&mut self, start: Option<u32>, items: &[Item]) {
        match start {
            None => self.open("bulletList", None),
            Some(start) => self.open("orderedList", Some(&format!("{{\"order\":{start}}}"))),
        }
        for item in items {
            self.open("listItem", None);
            match item.task {
                None => self.filled(&item.blocks, Inside::Item),
                Some(done) => {
                    self.loss(LossKind::Approximated, "task in a quote");
                    self.filled(&typed(done, item), Inside::Item);
                }
            }
            self.close();
        }
        self.close();
    }

    /// Tasks hold lines only; a list of tasks in one stands beside it, what else is in it stands behind the list.
    fn tasks(&mut self, items: &[Item], inside: Inside) {
        let mut open = false;
        for item in items {
            if !open {
                self.open_tasks();
                open = true;
            }
            let is_line = |block: &&Block| matches!(block, Block::Paragraph(_));
            let lines: Vec<Block> = item.blocks.iter().take_while(is_line).cloned().collect();
            let rest = &item.blocks[lines.len()..];
            if lines.len() > 1 {
                self.loss(LossKind::Flattened, "a paragraph in a task");
            }
            let id = self.task_id();
            let state = if item.task == Some(true) { "DONE" } else { "TODO" };
            self.open("taskItem", Some(&format!("{{\"localId\":{id},\"state\":\"{state}\"}}")));
            self.line(&normalise(flatten(lines)));
            self.close();
            for block in rest {
                match block {
                    Block::List { start: None, items } if only_tasks(items) => {
                        if !open {
                            self.open_tasks();
                            open = true;
                        }
                        self.tasks(items, inside);
                    }
                    other => {
                        self.loss(LossKind::Flattened, "a block in a task");
                        if open {
                            self.close();
                            open = false;
                        }
                        self.block(other, inside);
                    }
                }
            }
        }
        if open {
            self.close();
        }
    }

    fn open_tasks(&mut self) {
        let id = self.task_id();
        self.open("taskList", Some(&format!("{{\"localId\":{id}}}")));
    }

    fn task_id(&mut self) -> String {
        self.tasks += 1;
        format!("\"{}{}\"", self.task_prefix, self.tasks)
    }

    fn table(&mut self, table: &Table) {
        if table.align.iter().any(|align| !matches!(align, Align::None | Align::Left)) {
            self.loss(LossKind::Formatting, "alignment of a table's columns");
        }
        self.open("table", None);
        if table.has_head() {
            self.row(&table.head, "tableHeader");
        }
        for row in &table.rows {
            self.row(row, "tableCell");
        }
        // A table without rows is none.
        if self.json.ends_with('[') {
            self.row(&table.head, "tableHeader");
        }
        self.close();
    }

    pub(super) fn row(&mut self, cells: &[Vec<Span>], kind: &str) {
        self.open("tableRow", None);
        for cell in cells {
            self.cell(cell, kind);
        }
        self.close();
    }

    pub(super) fn cell(&mut self, cell: &[Span], kind: &str) {
        self.open(kind, None);
        self.within_cell(cell);
        self.close();
    }

    /// What a cell holds: something, always.
    pub(super) fn within_cell(&mut self, cell: &[Span]) {
        if cell.is_empty() { self.raw(EMPTY) } else { self.paragraphs(cell) }
    }

    /// A paragraph; images alone on it are blocks of their own.
    fn paragraphs(&mut self, content: &[Span]) {
        let is_image = |span: &Span| matches!(span.kind, Kind::Image { .. });
        let is_between = |span: &Span| match &span.kind {
            Kind::Text(text) => text.trim().is_empty() && !span.is_code(),
            Kind::Break => true,
            Kind::Image { .. } | Kind::Mention { .. } => false,
        };
        if content.iter().any(is_image) && content.iter().all(|span| is_image(span) || is_between(span)) {
            for span in content.iter().filter(|span| is_image(span)) {
                self.media_single(span);
            }
            return;
        }
        self.open("paragraph", None);
        self.line(content);
        self.close();
    }

    fn media_single(&mut self, span: &Span) {
        let Kind::Image { src, alt, title } = &span.kind else { return };
        if !title.is_empty() || span.marks != Marks::NONE {
            self.loss(LossKind::Formatting, "title or formatting of an image");
        }
        self.comma();
        self.json.push_str(
            "{\"type\":\"mediaSingle\",\"attrs\":{\"layout\":\"center\"},\"content\":[{\"type\":\"media\",\"attrs\":{",
        );
        match src.strip_prefix(MEDIA).filter(|id| !id.is_empty()) {
            Some(id) => {
                self.json.push_str("\"type\":\"file\",\"id\":");
                self.string(id);
                self.json.push_str(",\"collection\":\"\"");
            }
            None => {
                self.json.push_str("\"type\":\"external\",\"url\":");
                self.string(src);
            }
        }
        if !alt.is_empty() {
            self.json.push_str(",\"alt\":");
            self.string(alt);
        }
        self.json.push('}');
        if span.link.is_some() {
            self.json.push_str(",\"marks\":[");
            self.link_mark(span);
            self.json.push(']');
        }
        self.json.push_str("}]}");
    }

    pub(super) fn line(&mut self, content: &[Span]) {
        for span in content {
            self.span(span);
        }
    }

    pub(super) fn span(&mut self, span: &Span) {
        match &span.kind {
            Kind::Text(text) if text.is_empty() => {}
            Kind::Text(text) => {
                self.comma();
                self.json.push_str("{\"type\":\"text\",\"text\":");
                self.string(text);
                self.marks(span);
                self.json.push('}');
            }
            Kind::Break => self.raw("{\"type\":\"hardBreak\"}"),
            Kind::Mention { id, name } => {
                self.comma();
                self.json.push_str("{\"type\":\"mention\",\"attrs\":{\"id\":");
                self.string(id);
                self.json.push_str(",\"text\":");
                self.string(&format!("@{name}"));
                self.json.push_str("}}");
                if span.marks != Marks::NONE {
                    self.loss(LossKind::Formatting, "formatting of a mention");
                }
            }
            Kind::Image { src, alt, .. } => match src.strip_prefix(MEDIA).filter(|id| !id.is_empty()) {
                Some(id) => {
                    self.comma();
                    self.json.push_str("{\"type\":\"mediaInline\",\"attrs\":{\"type\":\"file\",\"id\":");
                    self.string(id);
                    self.json.push_str(",\"collection\":\"\"");
                    if !alt.is_empty() {
                        self.json.push_str(",\"alt\":");
                        self.string(alt);
                    }
                    self.json.push_str("}}");
                }
                None => {
                    self.loss(LossKind::Approximated, "an image within a line");
                    let link = crate::richtext::document::Link { href: src.clone(), title: String::new() };
                    let text = if alt.trim().is_empty() { src.clone() } else { alt.clone() };
                    let link = span.link.clone().unwrap_or_else(|| link.into());
                    self.span(&Span { marks: span.marks, link: Some(link), kind: Kind::Text(text) });
                }
            },
        }
    }

    fn marks(&mut self, span: &Span) {
        if span.marks == Marks::NONE && span.link.is_none() {
            return;
        }
        self.json.push_str(",\"marks\":[");
        if span.link.is_some() {
            self.link_mark(span);
        }
        if span.is_code() {
            if span.marks != Marks::CODE {
                self.loss(LossKind::Formatting, "formatting of code");
            }
            self.raw("{\"type\":\"code\"}");
        } else {
            for (mark, name) in [
                (Marks::STRONG, "strong"),
                (Marks::EM, "em"),
                (Marks::STRIKE, "strike"),
                (Marks::UNDERLINE, "underline"),
            ] {
                if span.marks.has(mark) {
                    self.raw(&format!("{{\"type\":\"{name}\"}}"));
                }
            }
            // One of them: the vendor's mark is either.
            if span.marks.has(Marks::SUB) {
                self.raw("{\"type\":\"subsup\",\"attrs\":{\"type\":\"sub\"}}");
                if span.marks.has(Marks::SUP) {
                    self.loss(LossKind::Formatting, "superscript in subscript");
                }
            } else if span.marks.has(Marks::SUP) {
                self.raw("{\"type\":\"subsup\",\"attrs\":{\"type\":\"sup\"}}");
            }
        }
        self.json.push(']');
    }

    fn link_mark(&mut self, span: &Span) {
        let Some(link) = &span.link else { return };
        self.comma();
        self.json.push_str("{\"type\":\"link\",\"attrs\":{\"href\":");
        self.string(&link.href);
        if !link.title.is_empty() {
            self.json.push_str(",\"title\":");
            self.string(&link.title);
        }
        self.json.push_str("}}");
    }
}

const EMPTY: &str = "{\"type\":\"paragraph\",\"content\":[]}";

/// Whether a list holds tasks all the way down, so that it can stand in a list of tasks.
fn only_tasks(items: &[Item]) -> bool {
    items.iter().all(|item| {
        let lines = item.blocks.iter().take_while(|block| matches!(block, Block::Paragraph(_))).count();
        item.task.is_some()
            && item.blocks[lines..].iter().all(|block| match block {
                Block::List { start: None, items } => only_tasks(items),
                _ => false,
            })
    })
}

/// An item whose box is typed as text.
fn typed(done: bool, item: &Item) -> Vec<Block> {
    let mut blocks = item.blocks.clone();
    if let Some(Block::Paragraph(line)) = blocks.first_mut() {
        line.insert(0, Span::text(if done { "[x] " } else { "[ ] " }));
        *line = normalise(std::mem::take(line));
    }
    blocks
}

pub(super) fn panel_type(alert: Alert) -> &'static str {
    match alert {
        Alert::Note => "info",
        Alert::Tip => "success",
        Alert::Important => "note",
        Alert::Warning => "warning",
        Alert::Caution => "error",
    }
}
