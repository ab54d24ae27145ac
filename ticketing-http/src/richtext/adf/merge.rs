//! An edit of the Markdown, carried into the document it was made from.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;

use super::node::{Doc, Node};
use super::read::{Reader, columns_of};
use super::write::{Inside, Writer, panel_type};
use super::{from_markdown, parse};
use crate::richtext::InvalidText;
use crate::richtext::align::{Fate, fates};
use crate::richtext::document::{Block, Item, Kind, Span, flatten};
use crate::richtext::loss::{Converted, LossKind};
use crate::richtext::markdown;

/// The document after an edit of its Markdown, and what the edit could not hold or overwrote.
///
/// `markdown` is the edited text of `to_markdown(native)`. What was not touched is the native original, byte for byte: whole
/// blocks, and within an edited block the items, rows, cells, mentions, emoji, statuses, colours that the edit left alone.
///
/// # Errors
/// If the native text is no JSON, or no object or `null`.
pub fn edit(native: &str, markdown: &str) -> Result<Converted<String>, InvalidText> {
    let doc: Doc<'_> = parse(native)?;
    let edited = markdown::read(markdown);
    if doc.content.is_empty() {
        // Nothing said, and nothing to say: an empty document stays as it is written.
        let is_document = native.trim_start().starts_with('{');
        return Ok(if is_document && edited.blocks.is_empty() {
            edited.losses.with(native.to_owned())
        } else {
            from_markdown(markdown)
        });
    }
    let mut merge = Merge { writer: Writer::new(native), top: true };
    merge.writer.losses = edited.losses;
    merge.writer.json.push_str("{\"version\":1,\"type\":\"doc\",\"content\":[");
    if !merge.blocks(&doc.content, &edited.blocks, Inside::Doc) {
        return Ok(merge.writer.losses.with(native.to_owned()));
    }
    merge.writer.json.push_str("]}");
    Ok(merge.writer.losses.with(merge.writer.json))
}

struct Merge {
    writer: Writer,
    top: bool,
}

/// A native node beside what it says.
struct Child<'a> {
    raw: &'a RawValue,
    node: Node<'a>,
    /// Its blocks among those of its siblings, as Markdown reads them.
    range: Range<usize>,
    /// Whether Markdown could not say all of it.
    lossy: bool,
}

/// Native nodes, and their blocks as they come back from their Markdown.
fn said<'a>(raws: &[&'a RawValue]) -> (Vec<Child<'a>>, Vec<Block>) {
    let mut blocks = Vec::new();
    let mut children = Vec::with_capacity(raws.len());
    for raw in raws {
        let mut reader = Reader::default();
        let node = Node::parse(raw);
        let from = blocks.len();
        reader.block(&node, &mut blocks);
        children.push(Child { raw, node, range: from..blocks.len(), lossy: reader.losses.len() > 0 });
    }
    let written = markdown::write(&blocks);
    let read = markdown::read(&written.markdown);
    // Where Markdown does not read back one for one, blocks are found by their place in the text.
    let owner = |at: usize| written.ranges.partition_point(|range| range.start <= at).saturating_sub(1);
    let owners: Vec<usize> = read.ranges.iter().map(|range| owner(range.start)).collect();
    for child in &mut children {
        let from = owners.partition_point(|owner| *owner < child.range.start);
        let to = owners.partition_point(|owner| *owner < child.range.end);
        child.range = from..to;
    }
    (children, read.blocks)
}

impl Merge {
    /// Writes what became of the nodes; false if nothing changed.
    fn blocks(&mut self, raws: &[&RawValue], edited: &[Block], inside: Inside) -> bool {
        let top = std::mem::replace(&mut self.top, false);
        let (children, base) = said(raws);
        if base == edited {
            for child in &children {
                self.writer.raw(child.raw.get());
            }
            return false;
        }
        let fates = fates(&base, edited, alike);
        let mut next = 0;
        for child in &children {
            let mine = &fates[child.range.clone()];
            let places: Vec<usize> = mine.iter().filter_map(|fate| fate.place()).collect();
            let (Some(first), Some(last)) = (places.first(), places.last()) else {
                if child.range.is_empty() {
                    self.writer.raw(child.raw.get());
                } else if child.lossy {
                    if top {
                        self.writer.at = next;
                    }
                    self.overwritten(&child.node.kind);
                }
                continue;
            };
            self.new_blocks(edited, next..*first, inside, top);
            next = last + 1;
            if top {
                self.writer.at = *first;
            }
            let kept = mine.iter().all(|fate| matches!(fate, Fate::Kept(_))) && places.len() == last - first + 1;
            if kept {
                self.writer.raw(child.raw.get());
            } else {
                let title_stays = matches!(mine.first(), Some(Fate::Kept(_)));
                self.changed(child, &edited[*first..next], inside, title_stays);
            }
        }
        self.new_blocks(edited, next..edited.len(), inside, top);
        true
    }

    /// What became of the nodes in a container, changed or not.
    fn within(&mut self, raws: &[&RawValue], edited: &[Block], inside: Inside) {
        self.blocks(raws, edited, inside);
    }

    fn new_blocks(&mut self, edited: &[Block], range: Range<usize>, inside: Inside, top: bool) {
        for at in range {
            if top {
                self.writer.at = at;
            }
            self.writer.block(&edited[at], inside);
        }
    }

    fn overwritten(&mut self, what: &str) {
        let at = self.writer.at;
        self.writer.losses.add(|| format!("block {}", at + 1), LossKind::Overwritten, what);
    }

    /// A node whose words were edited: what surrounds the edit is kept.
    fn changed(&mut self, child: &Child<'_>, edited: &[Block], inside: Inside, title_stays: bool) {
        let Some(raw) = Members::of(child.raw) else { return self.writer.blocks(edited, inside) };
        let content = raw.content();
        match (&*child.node.kind, edited) {
            ("paragraph", [Block::Paragraph(line)])
                if !line.iter().all(|span| matches!(span.kind, Kind::Image { .. })) =>
            {
                self.around(&raw, None, |merge| merge.line(&content, line));
            }
            ("heading", [Block::Heading { level, content: line }]) => {
                let same = child.node.attributes()["level"].as_f64() == Some(f64::from(*level));
                let attrs = (!same).then(|| format!("{{\"level\":{level}}}"));
                self.around(&raw, attrs, |merge| merge.line(&content, line));
            }
            ("codeBlock", [Block::Code { language, text }])
                if child.node.attributes()["language"].as_str().unwrap_or_default() == language =>
            {
                let node = Block::Code { language: String::new(), text: text.clone() };
                let mut writer = Writer::new("");
                writer.block(&node, Inside::Doc);
                let text = Members::parse(&writer.json).map(|members| members.content_json()).unwrap_or_default();
                self.around(&raw, None, |merge| {
                    merge.writer.json.push_str(text.trim_start_matches('[').trim_end_matches(']'))
                });
            }
            ("panel", [Block::Quote { alert: Some(alert), blocks }]) if !blocks.is_empty() => {
                let same = Reader::default().alert(&child.node.attributes()) == *alert;
                let attrs = (!same).then(|| format!("{{\"panelType\":\"{}\"}}", panel_type(*alert)));
                self.around(&raw, attrs, |merge| {
                    merge.within(&content, blocks, Inside::Panel);
                });
            }
            ("blockquote", [Block::Quote { alert: None, blocks }]) if !blocks.is_empty() => {
                self.around(&raw, None, |merge| {
                    merge.within(&content, blocks, Inside::Quote);
                });
            }
            ("bulletList", [Block::List { start: None, items }]) if items.iter().all(|item| item.task.is_none()) => {
                self.around(&raw, None, |merge| merge.items(&content, items));
            }
            ("orderedList", [Block::List { start: Some(start), items }])
                if items.iter().all(|item| item.task.is_none()) =>
            {
                let same = child.node.attributes()["order"].as_f64().unwrap_or(1.0) == f64::from(*start);
                let attrs = (!same).then(|| format!("{{\"order\":{start}}}"));
                self.around(&raw, attrs, |merge| merge.items(&content, items));
            }
            ("table", [Block::Table(table)]) => {
                let rows: Vec<Vec<Vec<Span>>> =
                    table.has_head().then_some(&table.head).into_iter().chain(&table.rows).cloned().collect();
                self.around(&raw, None, |merge| merge.rows(&content, &rows, table.has_head()));
            }
            ("expand" | "nestedExpand", _) => {
                let has_title = child.node.attributes()["title"].as_str().is_some_and(|title| !title.trim().is_empty());
                let body = if has_title && title_stays { &edited[1..] } else { edited };
                if body.is_empty() {
                    self.overwritten(&child.node.kind);
                    return self.writer.blocks(edited, inside);
                }
                self.around(&raw, None, |merge| {
                    merge.within(&content, body, Inside::Expand);
                });
            }
            _ => {
                if child.lossy {
                    self.overwritten(&child.node.kind);
                }
                self.writer.blocks(edited, inside);
            }
        }
    }

    /// A node's own members around new content.
    fn around(&mut self, raw: &Members<'_>, attrs: Option<String>, content: impl FnOnce(&mut Self)) {
        let mut opening = String::from("{");
        if let Some(attrs) = &attrs {
            opening.push_str(&format!("\"attrs\":{attrs},"));
        }
        for (key, value) in raw.0.iter().filter(|(key, _)| *key != "content" && !(attrs.is_some() && *key == "attrs")) {
            let value = value.get();
            opening.push_str(&format!("{}:{value},", serde_json::to_string(key).unwrap_or_default()));
        }
        opening.push_str("\"content\":[");
        self.writer.raw(&opening);
        content(self);
        self.writer.json.push_str("]}");
    }

    fn items(&mut self, raws: &[&RawValue], edited: &[Item]) {
        let base: Vec<Item> = raws
            .iter()
            .map(|raw| {
                let content = Members::of(raw).map(|members| members.content()).unwrap_or_default();
                Item { task: None, blocks: said(&content).1 }
            })
            .collect();
        let share = |a: &Item, b: &Item, only: bool| only || shares_words(&a.blocks, &b.blocks);
        let fates = fates(&base, edited, share);
        let mut next = 0;
        for (raw, fate) in raws.iter().zip(fates) {
            let Some(place) = fate.place() else { continue };
            self.new_items(&edited[next..place]);
            next = place + 1;
            match (fate, Members::of(raw)) {
                (Fate::Kept(_), _) => self.writer.raw(raw.get()),
                (_, Some(members))
                    if matches!(edited[place].blocks.first(), Some(Block::Paragraph(_) | Block::Code { .. })) =>
                {
                    let content = members.content();
                    self.around(&members, None, |merge| {
                        merge.within(&content, &edited[place].blocks, Inside::Item);
                    });
                }
                _ => self.new_items(&edited[place..=place]),
            }
        }
        self.new_items(&edited[next..]);
    }

    fn new_items(&mut self, items: &[Item]) {
        for item in items {
            self.writer.raw("{\"type\":\"listItem\",\"content\":[");
            self.writer.filled(&item.blocks, Inside::Item);
            self.writer.json.push_str("]}");
        }
    }

    fn rows(&mut self, raws: &[&RawValue], edited: &[Vec<Vec<Span>>], has_head: bool) {
        let width = edited.first().map_or(0, Vec::len);
        let base: Vec<Vec<Vec<Span>>> = raws.iter().map(|raw| row(raw, width)).collect();
        let fates = fates(&base, edited, |a, b, only| only || a.iter().zip(b).any(|(a, b)| !a.is_empty() && a == b));
        let mut next = 0;
        for (raw, fate) in raws.iter().zip(fates) {
            let Some(place) = fate.place() else { continue };
            self.new_rows(edited, next..place, has_head);
            next = place + 1;
            if matches!(fate, Fate::Kept(_)) {
                self.writer.raw(raw.get());
                continue;
            }
            let members = Members::of(raw);
            let content = members.as_ref().map(|members| members.content()).unwrap_or_default();
            match (members, lines(&content, &edited[place])) {
                (Some(members), Some(lines)) => self.around(&members, None, |merge| merge.cells(&content, &lines)),
                _ => {
                    if raw.get().contains("\"attrs\"") || raw.get().contains("\"marks\"") {
                        self.overwritten("tableRow");
                    }
                    self.new_rows(edited, place..place + 1, has_head);
                }
            }
        }
        self.new_rows(edited, next..edited.len(), has_head);
    }

    fn new_rows(&mut self, edited: &[Vec<Vec<Span>>], range: Range<usize>, has_head: bool) {
        for at in range {
            self.writer.row(&edited[at], if has_head && at == 0 { "tableHeader" } else { "tableCell" });
        }
    }

    fn cells(&mut self, raws: &[&RawValue], edited: &[&Vec<Span>]) {
        for (raw, line) in raws.iter().zip(edited.iter().copied()) {
            let Some(members) = Members::of(raw).filter(|_| row_cell(raw) != *line) else {
                self.writer.raw(raw.get());
                continue;
            };
            let content = members.content();
            match content.as_slice() {
                // One paragraph; its line was edited.
                [one] if Node::parse(one).is("paragraph") && !line.is_empty() => {
                    let paragraph = [Block::Paragraph(line.clone())];
                    self.around(&members, None, |merge| {
                        merge.within(&[one], &paragraph, Inside::Panel);
                    });
                }
                // Its columns and colour stay, whatever it says now.
                _ => {
                    if !content.iter().all(|one| Node::parse(one).is("paragraph")) {
                        self.overwritten("tableCell");
                    }
                    self.around(&members, None, |merge| merge.writer.within_cell(line));
                }
            }
        }
    }

    fn line(&mut self, raws: &[&RawValue], edited: &[Span]) {
        super::inline::merge(&mut self.writer, raws, edited);
    }
}

/// The line of a table cell, as Markdown reads it.
fn row_cell(raw: &RawValue) -> Vec<Span> {
    let content = Members::of(raw).map(|members| members.content()).unwrap_or_default();
    let mut blocks = Vec::new();
    let mut reader = Reader::default();
    for node in content {
        reader.block(&Node::parse(node), &mut blocks);
    }
    let cell = crate::richtext::spans::normalise(flatten(blocks));
    let table =
        crate::richtext::document::Table { align: vec![Default::default()], head: vec![cell], rows: Vec::new() };
    match markdown::read(&markdown::write(&[Block::Table(table)]).markdown).blocks.pop() {
        Some(Block::Table(mut table)) => table.head.pop().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A row as Markdown shows it: a cell over several columns is followed by empty ones, and a short row ends in them.
fn row(raw: &RawValue, width: usize) -> Vec<Vec<Span>> {
    let cells = Members::of(raw).map(|members| members.content()).unwrap_or_default();
    let mut row: Vec<Vec<Span>> = Vec::with_capacity(width);
    for cell in cells {
        row.push(row_cell(cell));
        row.extend(std::iter::repeat_n(Vec::new(), columns_of(&Node::parse(cell)) - 1));
    }
    row.resize(width.max(row.len()), Vec::new());
    row
}

/// What each cell of a row says after an edit; `None` where something was written into a column that has no cell of its own, or
/// there is none for a cell any more.
fn lines<'e>(cells: &[&RawValue], edited: &'e [Vec<Span>]) -> Option<Vec<&'e Vec<Span>>> {
    let mut rest = edited.iter();
    let mut out = Vec::with_capacity(cells.len());
    for cell in cells {
        out.push(rest.next()?);
        for _ in 1..columns_of(&Node::parse(cell)) {
            rest.next().filter(|line| line.is_empty())?;
        }
    }
    rest.all(|line| line.is_empty()).then_some(out)
}

fn alike(before: &Block, after: &Block, only: bool) -> bool {
    std::mem::discriminant(before) == std::mem::discriminant(after)
        && (only || shares_words(std::slice::from_ref(before), std::slice::from_ref(after)))
}

/// Whether two texts have a word in common.
fn shares_words(before: &[Block], after: &[Block]) -> bool {
    let text = |blocks: &[Block]| {
        let mut text = String::new();
        for span in flatten(blocks.to_vec()) {
            match span.kind {
                Kind::Text(words) => text.push_str(&words),
                Kind::Mention { name, .. } => text.push_str(&name),
                Kind::Break => text.push(' '),
                Kind::Image { src, .. } => text.push_str(&src),
            }
        }
        text
    };
    let is_word = |word: &&str| word.chars().any(char::is_alphanumeric);
    let (before, after) = (text(before), text(after));
    let words: std::collections::HashSet<&str> = before.split_whitespace().filter(is_word).collect();
    after.split_whitespace().any(|word| words.contains(word))
}

/// The members of a JSON object, as they are.
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        Self::parse(raw.get())
    }

    fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    fn content_json(&self) -> String {
        self.0.get("content").map(|content| content.get().to_owned()).unwrap_or_default()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.get(key).copied()
    }

    fn content(&self) -> Vec<&'a RawValue> {
        self.get("content").and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default()
    }
}
