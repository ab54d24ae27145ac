//! ADF to the tree.

use std::rc::Rc;

use serde_json::Value;

use super::node::{Node, words};
use crate::richtext::address::runs_code;
use crate::richtext::document::{Alert, Block, DEEPEST, Item, Kind, Link, Marks, Span, Table, flatten};
use crate::richtext::loss::{LossKind, Losses};
use crate::richtext::spans::{clean, normalise, push_lines};

/// The source of a vendor's file: `![name](media:ID)`.
pub(super) const MEDIA: &str = "media:";

/// Reads nodes; knows where it is.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The indexes on the way to the node that is read.
    pub(super) path: Vec<usize>,
    pub(super) losses: Losses,
    depth: usize,
}

/// How many columns a cell stands in.
pub(super) fn columns_of(cell: &Node<'_>) -> usize {
    match cell.attrs {
        None => 1,
        Some(_) => cell.attributes()["colspan"].as_f64().unwrap_or(1.0).clamp(1.0, 100.0) as usize,
    }
}

impl Reader {
    pub(super) fn loss(&mut self, kind: LossKind, what: impl Into<String>) {
        let path = &self.path;
        let at = || match path.is_empty() {
            true => "document".to_owned(),
            false => path.iter().map(|index| format!("/content/{index}")).collect(),
        };
        self.losses.add(at, kind, what);
    }

    fn each(&mut self, nodes: &[Node<'_>], mut read: impl FnMut(&mut Self, &Node<'_>)) {
        for (index, node) in nodes.iter().enumerate() {
            self.path.push(index);
            read(self, node);
            self.path.pop();
        }
    }

    pub(super) fn blocks(&mut self, nodes: &[Node<'_>]) -> Vec<Block> {
        let mut blocks = Vec::with_capacity(nodes.len());
        self.each(nodes, |reader, node| reader.block(node, &mut blocks));
        blocks
    }

    /// The blocks of a container; too deep, they stand where the container stood.
    fn nested(&mut self, node: &Node<'_>) -> Vec<Block> {
        self.depth += 1;
        let blocks = self.blocks(&node.content);
        self.depth -= 1;
        blocks
    }

    pub(super) fn block(&mut self, node: &Node<'_>, out: &mut Vec<Block>) {
        self.check(node, out);
        self.block_marks(node);
        match &*node.kind {
            "paragraph" => self.paragraph(&node.content, out),
            "heading" => {
                let level = node.attributes()["level"].as_f64().unwrap_or(1.0).clamp(1.0, 6.0) as u8;
                let content = self.line(&node.content);
                out.push(Block::Heading { level, content });
            }
            "codeBlock" => {
                let attrs = node.attributes();
                let asked = attrs["language"].as_str().unwrap_or_default();
                let language: String = asked.chars().filter(|c| c.is_alphanumeric() || "+-#._".contains(*c)).collect();
                if language != asked {
                    self.loss(LossKind::Formatting, "the name of a code block's language");
                }
                let text: String = node.content.iter().filter_map(|node| node.text.as_deref()).collect();
                out.push(Block::Code { language, text: clean(&text).into_owned() });
            }
            "rule" => out.push(Block::Rule),
            "bulletList" | "orderedList" | "taskList" | "decisionList" => self.list(node, out),
            "blockquote" => {
                let blocks = self.nested(node);
                self.container(Block::Quote { alert: None, blocks }, out);
            }
            "panel" => {
                let alert = self.alert(&node.attributes());
                let blocks = self.nested(node);
                self.container(Block::Quote { alert: Some(alert), blocks }, out);
            }
            "table" => self.table(node, out),
            "mediaSingle" | "mediaGroup" => self.media(node, out),
            "expand" | "nestedExpand" => {
                self.loss(LossKind::Approximated, node.kind.clone());
                let attrs = node.attributes();
                if let Some(title) = attrs["title"].as_str().filter(|title| !title.trim().is_empty()) {
                    let title =
                        normalise(vec![Span { marks: Marks::STRONG, ..Span::text(clean(title).replace('\n', " ")) }]);
                    out.push(Block::Paragraph(title));
                }
                out.append(&mut self.nested(node));
            }
            "layoutSection"
            | "bodiedExtension"
            | "bodiedSyncBlock"
            | "multiBodiedExtension"
            | "layoutColumn"
            | "doc" => {
                self.loss(LossKind::Flattened, node.kind.clone());
                out.append(&mut self.nested(node));
            }
            "blockCard" | "embedCard" => {
                let mut line = Vec::new();
                self.card(node, &mut line);
                paragraph(line, out);
            }
            // Inline nodes among blocks are a line of their own.
            "text" | "hardBreak" | "mention" | "emoji" | "date" | "status" | "inlineCard" | "placeholder"
            | "mediaInline" | "inlineExtension" => {
                self.loss(LossKind::Malformed, format!("{} outside a paragraph", node.kind));
                self.paragraph(std::slice::from_ref(node), out);
            }
            "" => {
                if let Some(text) = &node.text {
                    paragraph(vec![Span::text(clean(text).replace('\n', " "))], out);
                }
                if !node.content.is_empty() {
                    self.loss(LossKind::Malformed, "a node without a type");
                    out.append(&mut self.nested(node));
                }
            }
            other => {
                self.loss(LossKind::Approximated, other);
                if node.content.is_empty() {
                    paragraph(vec![Span::text(label(node))], out);
                } else {
                    out.append(&mut self.nested(node));
                }
            }
        }
    }

    /// Says what of a node could not be read; its words are kept.
    fn check(&mut self, node: &Node<'_>, out: &mut Vec<Block>) {
        if node.malformed {
            self.loss(LossKind::Malformed, if node.kind.is_empty() { "a node" } else { &node.kind });
        }
        if let Some(beyond) = node.beyond {
            self.loss(LossKind::TooDeep, node.kind.clone());
            paragraph(vec![Span::text(clean(&words(beyond.get())).replace('\n', " "))], out);
        }
    }

    fn block_marks(&mut self, node: &Node<'_>) {
        for mark in &node.marks {
            match &*mark.kind {
                "fragment" | "dataConsumer" | "breakout" => {}
                "link" if node.is("mediaSingle") => {}
                kind => self.loss(LossKind::Formatting, format!("{kind} of {}", node.kind)),
            }
        }
    }

    /// A container, or what is in it if it is nested too deeply.
    fn container(&mut self, block: Block, out: &mut Vec<Block>) {
        if self.depth < DEEPEST {
            return out.push(block);
        }
        self.loss(LossKind::TooDeep, "a container");
        paragraph(flatten(vec![block]), out);
    }

    pub(super) fn alert(&mut self, attrs: &Value) -> Alert {
        let kind = attrs["panelType"].as_str().unwrap_or("info");
        let alert = match kind {
            "success" => Alert::Tip,
            "note" => Alert::Important,
            "warning" => Alert::Warning,
            "error" => Alert::Caution,
            "tip" => {
                self.loss(LossKind::Approximated, "panel of type tip");
                Alert::Tip
            }
            "info" => Alert::Note,
            other => {
                self.loss(LossKind::Approximated, format!("panel of type {other}"));
                Alert::Note
            }
        };
        if attrs["panelIcon"].is_string() || attrs["panelColor"].is_string() {
            self.loss(LossKind::Formatting, "icon or colour of a panel");
        }
        alert
    }

    fn list(&mut self, node: &Node<'_>, out: &mut Vec<Block>) {
        let mut items: Vec<Item> = Vec::with_capacity(node.content.len());
        if node.is("decisionList") {
            self.loss(LossKind::Approximated, "decisionList");
        }
        let start = node.is("orderedList").then(|| {
            let order = node.attributes()["order"].as_f64().unwrap_or(1.0);
            order.clamp(0.0, 999_999_999.0) as u32
        });
        self.each(&node.content, |reader, child| {
            let mut blocks = Vec::new();
            reader.depth += 1;
            match &*child.kind {
                // A list in a task list stands beside its item, and belongs to it.
                "taskList" | "bulletList" | "orderedList" => {
                    let mut nested = Vec::new();
                    reader.block(child, &mut nested);
                    items.last_mut().map_or(&mut blocks, |item| &mut item.blocks).append(&mut nested);
                }
                "taskItem" | "decisionItem" => {
                    reader.check(child, &mut blocks);
                    reader.paragraph(&child.content, &mut blocks);
                }
                "listItem" | "blockTaskItem" => {
                    reader.check(child, &mut blocks);
                    blocks.append(&mut reader.blocks(&child.content));
                }
                _ => reader.block(child, &mut blocks),
            }
            reader.depth -= 1;
            let is_list = child.kind.ends_with("List");
            let task = child
                .kind
                .to_lowercase()
                .ends_with("taskitem")
                .then(|| child.attributes()["state"].as_str() == Some("DONE"))
                .filter(|_| matches!(blocks.first(), Some(Block::Paragraph(_))));
            if !is_list || !blocks.is_empty() {
                items.push(Item { task, blocks });
            }
        });
        if !items.is_empty() {
            self.container(Block::List { start, items }, out);
        }
    }

    fn table(&mut self, node: &Node<'_>, out: &mut Vec<Block>) {
        let mut head = Vec::new();
        let mut rows = Vec::new();
        self.each(&node.content, |reader, row| {
            let mut loose = Vec::new();
            reader.check(row, &mut loose);
            let is_head = rows.is_empty()
                && head.is_empty()
                && !row.content.is_empty()
                && row.content.iter().all(|cell| cell.is("tableHeader"));
            let mut cells = Vec::with_capacity(row.content.len());
            reader.each(&row.content, |reader, cell| {
                if cell.is("tableHeader") && !is_head {
                    reader.loss(LossKind::Formatting, "a header cell outside the first row");
                }
                let mut blocks = Vec::new();
                reader.check(cell, &mut blocks);
                blocks.append(&mut reader.nested(cell));
                if blocks.iter().any(|block| !matches!(block, Block::Paragraph(_))) {
                    reader.loss(LossKind::Flattened, "a block in a table cell");
                }
                cells.push(normalise(flatten(blocks)));
                reader.spans(cell, &mut cells);
            });
            if !loose.is_empty() {
                cells.push(flatten(loose));
            }
            if is_head { head = cells } else { rows.push(cells) }
        });
        match Table::new(Vec::new(), head, rows) {
            Some(table) => out.push(Block::Table(table)),
            None => self.loss(LossKind::Removed, "a table with nothing in it"),
        }
    }

    /// A cell over several columns is followed by empty ones.
    fn spans(&mut self, cell: &Node<'_>, cells: &mut Vec<Vec<Span>>) {
        if cell.attrs.is_none() {
            return;
        }
        let attrs = cell.attributes();
        let columns = columns_of(cell);
        if columns > 1 || attrs["rowspan"].as_f64().unwrap_or(1.0) > 1.0 {
            self.loss(LossKind::Flattened, "a cell over several columns or rows");
        }
        if attrs["background"].is_string() {
            self.loss(LossKind::Formatting, "background of a table cell");
        }
        cells.extend(std::iter::repeat_n(Vec::new(), columns - 1));
    }

    fn media(&mut self, node: &Node<'_>, out: &mut Vec<Block>) {
        let link = node.marks.iter().find(|mark| mark.is("link")).and_then(|mark| self.link(mark));
        let layout = node.attributes();
        if layout["width"].is_number() || layout["layout"].as_str().is_some_and(|layout| layout != "center") {
            self.loss(LossKind::Formatting, "layout of an image");
        }
        let mut images = Vec::new();
        let mut captions = Vec::new();
        self.each(&node.content, |reader, child| match &*child.kind {
            "caption" => {
                reader.loss(LossKind::Approximated, "caption");
                captions.push(reader.line(&child.content));
            }
            _ => {
                let own = child.marks.iter().find(|mark| mark.is("link")).and_then(|mark| reader.link(mark));
                let kind = reader.image(child);
                images.push(Span { link: own.or_else(|| link.clone()), ..Span::new(kind) });
            }
        });
        let mut line = Vec::new();
        for image in images {
            if !line.is_empty() {
                line.push(Span::text(" "));
            }
            line.push(image);
        }
        paragraph(line, out);
        for caption in captions {
            paragraph(caption, out);
        }
    }

    fn image(&mut self, node: &Node<'_>) -> Kind {
        let attrs = node.attributes();
        let alt = clean(attrs["alt"].as_str().unwrap_or_default()).replace('\n', " ");
        let title = String::new();
        if let Some(url) = attrs["url"].as_str() {
            if runs_code(url) {
                self.loss(LossKind::UnsafeAddress, "media");
                return Kind::Text(alt);
            }
            return Kind::Image { src: clean(url).into_owned(), alt, title };
        }
        if let Some(id) = attrs["id"].as_str() {
            if attrs["collection"].as_str().is_some_and(|collection| !collection.is_empty()) {
                self.loss(LossKind::Approximated, "media");
            }
            return Kind::Image { src: format!("{MEDIA}{}", clean(id)), alt, title };
        }
        self.loss(LossKind::Malformed, "media");
        Kind::Text(alt)
    }

    fn paragraph(&mut self, nodes: &[Node<'_>], out: &mut Vec<Block>) {
        paragraph(self.line(nodes), out);
    }

    pub(super) fn line(&mut self, nodes: &[Node<'_>]) -> Vec<Span> {
        let mut line = Vec::with_capacity(nodes.len());
        self.each(nodes, |reader, node| reader.inline(node, &mut line));
        normalise(line)
    }

    /// The spans of an inline node, not yet in normal form.
    pub(super) fn inline(&mut self, node: &Node<'_>, line: &mut Vec<Span>) {
        if node.malformed {
            self.loss(LossKind::Malformed, if node.kind.is_empty() { "a node" } else { &node.kind });
        }
        match &*node.kind {
            "" if !node.content.is_empty() => {
                self.loss(LossKind::Malformed, "a node without a type");
                line.append(&mut flatten(self.nested(node)));
            }
            "text" | "" => {
                let Some(text) = &node.text else { return };
                let dress = self.dress(node);
                if dress.is_code() && text.contains('\n') {
                    push_lines(line, &text.replace('\n', " "), &dress);
                } else {
                    push_lines(line, text, &dress);
                }
            }
            "hardBreak" => line.push(Span::new(Kind::Break)),
            "mention" => {
                let attrs = node.attributes();
                let id = attrs["id"].as_str().unwrap_or_default();
                let text = attrs["text"].as_str().unwrap_or_default();
                let name = clean(text.strip_prefix('@').unwrap_or(text)).replace('\n', " ");
                let name = if name.trim().is_empty() { id.to_owned() } else { name.trim().to_owned() };
                line.push(Span::new(Kind::Mention { id: clean(id).into_owned(), name }));
            }
            "emoji" => {
                self.loss(LossKind::Approximated, "emoji");
                let attrs = node.attributes();
                let text = attrs["text"].as_str().filter(|text| !text.is_empty()).or(attrs["shortName"].as_str());
                push_lines(line, text.unwrap_or_default(), &Span::text(""));
            }
            "status" | "placeholder" => {
                self.loss(LossKind::Approximated, node.kind.clone());
                push_lines(line, node.attributes()["text"].as_str().unwrap_or_default(), &Span::text(""));
            }
            "date" => {
                self.loss(LossKind::Approximated, "date");
                let attrs = node.attributes();
                push_lines(line, &date(&attrs["timestamp"]), &Span::text(""));
            }
            "inlineCard" => self.card(node, line),
            "mediaInline" => {
                let kind = self.image(node);
                line.push(Span::new(kind));
            }
            other => {
                self.loss(LossKind::Approximated, other);
                if node.content.is_empty() && node.beyond.is_none() {
                    push_lines(line, &label(node), &Span::text(""));
                } else {
                    let mut blocks = Vec::new();
                    self.check(node, &mut blocks);
                    blocks.append(&mut self.nested(node));
                    line.append(&mut flatten(blocks));
                }
            }
        }
    }

    /// The marks and the link of a text, on an empty text.
    fn dress(&mut self, node: &Node<'_>) -> Span {
        let mut dress = Span::text("");
        for mark in &node.marks {
            let known = match &*mark.kind {
                "strong" => Marks::STRONG,
                "em" => Marks::EM,
                "strike" => Marks::STRIKE,
                "underline" => Marks::UNDERLINE,
                "code" => Marks::CODE,
                "subsup" if mark.attributes()["type"].as_str() == Some("sub") => Marks::SUB,
                "subsup" => Marks::SUP,
                "link" => {
                    dress.link = self.link(mark);
                    continue;
                }
                other => {
                    self.loss(LossKind::Formatting, if other.is_empty() { "a mark" } else { other });
                    continue;
                }
            };
            dress.marks = dress.marks.and(known);
        }
        dress
    }

    fn link(&mut self, mark: &Node<'_>) -> Option<Rc<Link>> {
        let attrs = mark.attributes();
        let href = attrs["href"].as_str()?;
        if runs_code(href) {
            self.loss(LossKind::UnsafeAddress, "link");
            return None;
        }
        let title = attrs["title"].as_str().unwrap_or_default();
        Some(Rc::new(Link { href: clean(href).into_owned(), title: clean(title).replace('\n', " ") }))
    }

    fn card(&mut self, node: &Node<'_>, line: &mut Vec<Span>) {
        self.loss(LossKind::Approximated, node.kind.clone());
        let attrs = node.attributes();
        let url = attrs["url"].as_str().or(attrs["data"]["url"].as_str());
        match url {
            Some(url) if !runs_code(url) => {
                let text = clean(url).replace('\n', "");
                let link = Link { href: text.clone(), title: String::new() };
                line.push(Span { link: Some(Rc::new(link)), ..Span::text(text) });
            }
            _ => line.push(Span::text(label(node))),
        }
    }
}

fn paragraph(line: Vec<Span>, out: &mut Vec<Block>) {
    let line = normalise(line);
    if !line.is_empty() {
        out.push(Block::Paragraph(line));
    }
}

/// Something to see of a node that has no words.
fn label(node: &Node<'_>) -> String {
    let attrs = node.attributes();
    let text = ["text", "title", "extensionTitle", "extensionKey"].iter().find_map(|key| attrs[*key].as_str());
    let text = text.filter(|text| !text.trim().is_empty()).or(node.text.as_deref());
    text.map_or_else(|| format!("[{}]", node.kind), |text| clean(text).replace('\n', " "))
}

/// The day of a timestamp in milliseconds, in UTC.
fn date(timestamp: &Value) -> String {
    let text = timestamp.as_str().map_or_else(|| timestamp.to_string(), str::to_owned);
    let day = text.parse::<i64>().ok().and_then(chrono::DateTime::from_timestamp_millis);
    day.map_or(text, |at| at.format("%Y-%m-%d").to_string())
}
