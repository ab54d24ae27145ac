//! Markdown to the tree.

use std::ops::Range;
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::richtext::address::runs_code;
use crate::richtext::builder::{Builder, Open};
use crate::richtext::document::{Alert, Align, Block, Kind, Link, Marks};
use crate::richtext::loss::{LossKind, Losses, line};
use crate::richtext::spans::clean;

/// What a Markdown text says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) blocks: Vec<Block>,
    /// Where each block stands in the text.
    pub(crate) ranges: Vec<Range<usize>>,
    pub(crate) losses: Losses,
}

/// Scheme of a link that is a mention: `[@Jane](mention:ID)`.
pub(crate) const MENTION: &str = "mention:";

/// Reads CommonMark with tables, strikethrough, task lists and alerts.
pub(crate) fn read(markdown: &str) -> Read {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let mut reader = Reader { source: markdown, ..Reader::default() };
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        reader.event(event, &range);
        while ranges.len() < reader.builder.blocks.len() {
            ranges.push(range.clone());
        }
    }
    reader.builder.finish();
    ranges.resize(reader.builder.blocks.len(), markdown.len()..markdown.len());
    Read { blocks: reader.builder.blocks, ranges, losses: reader.builder.losses }
}

#[derive(Debug, Default)]
struct Reader<'a> {
    source: &'a str,
    builder: Builder,
    /// A code block or block of HTML under way.
    verbatim: Option<Verbatim>,
    image: Option<Image>,
    mention: Option<Mention>,
    /// Marks opened by HTML tags that Markdown has no other form for.
    tags: Vec<(&'static str, Marks)>,
    /// How often each mark is open: emphasis may stand in emphasis.
    depth: [usize; 7],
    links: usize,
}

#[derive(Debug)]
struct Verbatim {
    language: Option<String>,
    text: String,
}

#[derive(Debug)]
struct Image {
    /// Where it begins.
    at: usize,
    src: String,
    title: String,
    alt: String,
    nested: usize,
}

#[derive(Debug)]
struct Mention {
    id: String,
    name: String,
}

const MARKS: [Marks; 7] =
    [Marks::STRONG, Marks::EM, Marks::STRIKE, Marks::UNDERLINE, Marks::SUB, Marks::SUP, Marks::CODE];

/// HTML tags that stand for a mark.
const TAGS: [(&str, usize); 11] = [
    ("b", 0),
    ("strong", 0),
    ("i", 1),
    ("em", 1),
    ("s", 2),
    ("del", 2),
    ("strike", 2),
    ("u", 3),
    ("ins", 3),
    ("sub", 4),
    ("sup", 5),
];

impl Reader<'_> {
    fn loss(&mut self, range: &Range<usize>, kind: LossKind, what: impl Into<String>) {
        let source = self.source;
        self.builder.losses.add(|| line(source, range.start), kind, what);
    }

    fn event(&mut self, event: Event<'_>, range: &Range<usize>) {
        if self.image.is_some() {
            return self.in_image(event);
        }
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) | Event::Html(text) if self.verbatim.is_some() => {
                if let Some(verbatim) = &mut self.verbatim {
                    verbatim.text.push_str(&text);
                }
            }
            Event::Text(text) => match &mut self.mention {
                Some(mention) => mention.name.push_str(&text),
                None => self.builder.text(&text),
            },
            Event::Code(code) => match &mut self.mention {
                Some(mention) => mention.name.push_str(&code),
                None => self.builder.code(&code),
            },
            Event::SoftBreak => match &mut self.mention {
                Some(mention) => mention.name.push(' '),
                None => self.builder.text(" "),
            },
            Event::HardBreak => self.builder.span(Kind::Break),
            Event::Rule => {
                self.builder.end_paragraph();
                self.builder.push(Block::Rule);
            }
            Event::TaskListMarker(done) => self.builder.task(done),
            Event::InlineHtml(html) => self.inline_html(&html, range),
            // Extensions that are not switched on; as typed, should one come.
            Event::Html(other)
            | Event::InlineMath(other)
            | Event::DisplayMath(other)
            | Event::FootnoteReference(other) => {
                self.builder.text(&other);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        let source = self.source;
        let at = || line(source, range.start);
        match tag {
            Tag::Paragraph => {}
            Tag::Heading { level, .. } => self.builder.open(Open::Heading(level as u8), at),
            Tag::BlockQuote(kind) => self.builder.open(Open::Quote(kind.map(alert)), at),
            Tag::CodeBlock(kind) => {
                self.builder.end_paragraph();
                let language = match kind {
                    CodeBlockKind::Indented => String::new(),
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().unwrap_or_default().to_owned(),
                };
                self.verbatim = Some(Verbatim { language: Some(language), text: String::new() });
            }
            Tag::HtmlBlock => {
                self.builder.end_paragraph();
                self.verbatim = Some(Verbatim { language: None, text: String::new() });
            }
            Tag::List(start) => {
                let start = start.map(|start| u32::try_from(start).unwrap_or(1));
                self.builder.open(Open::List(start), at);
            }
            Tag::Item => self.builder.open(Open::Item(None), at),
            Tag::Table(align) => self.builder.open(Open::Table(align.into_iter().map(alignment).collect()), at),
            Tag::TableHead => self.builder.open(Open::Head, at),
            Tag::TableRow => self.builder.open(Open::Row, at),
            Tag::TableCell => self.builder.open(Open::Cell, at),
            Tag::Emphasis => self.mark(1, true),
            Tag::Strong => self.mark(0, true),
            Tag::Strikethrough => self.mark(2, true),
            Tag::Link { dest_url, title, .. } => self.link(&dest_url, &title, range),
            Tag::Image { dest_url, title, .. } => {
                let (src, title) = (clean(&dest_url).into_owned(), clean(&title).replace('\n', " "));
                self.image = Some(Image { at: range.start, src, title, alt: String::new(), nested: 0 });
            }
            // Extensions that are not switched on.
            Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        let source = self.source;
        let at = || line(source, range.start);
        match tag {
            TagEnd::Paragraph => {
                self.close_tags();
                self.builder.end_paragraph();
            }
            TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableCell => {
                self.close_tags();
                self.builder.close(at);
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Table | TagEnd::TableHead | TagEnd::TableRow => {
                self.builder.close(at);
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.end_verbatim(range),
            TagEnd::Emphasis => self.mark(1, false),
            TagEnd::Strong => self.mark(0, false),
            TagEnd::Strikethrough => self.mark(2, false),
            TagEnd::Link => {
                if let Some(Mention { id, name }) = self.mention.take() {
                    let name = name.strip_prefix('@').unwrap_or(&name).to_owned();
                    self.builder.span(Kind::Mention { id, name });
                }
                self.links = self.links.saturating_sub(1);
                if self.links == 0 {
                    self.builder.link = None;
                }
            }
            TagEnd::Image
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn mark(&mut self, which: usize, open: bool) {
        let depth = &mut self.depth[which];
        *depth = if open { *depth + 1 } else { depth.saturating_sub(1) };
        let mark = MARKS[which];
        self.builder.marks = if *depth > 0 { self.builder.marks.and(mark) } else { self.builder.marks.without(mark) };
    }

    fn link(&mut self, href: &str, title: &str, range: &Range<usize>) {
        self.links += 1;
        if let Some(id) = href.strip_prefix(MENTION) {
            let id = percent_decode_str(id).decode_utf8_lossy().into_owned();
            self.mention = Some(Mention { id, name: String::new() });
        } else if runs_code(href) {
            self.loss(range, LossKind::UnsafeAddress, format!("link to {}", scheme(href)));
        } else {
            let link = Link { href: clean(href).into_owned(), title: clean(title).replace('\n', " ") };
            self.builder.link = Some(Rc::new(link));
        }
    }

    fn in_image(&mut self, event: Event<'_>) {
        let Some(image) = &mut self.image else { return };
        match event {
            Event::Start(Tag::Image { .. }) => image.nested += 1,
            Event::End(TagEnd::Image) if image.nested > 0 => image.nested -= 1,
            Event::End(TagEnd::Image) => {
                let Some(Image { at, src, title, alt, .. }) = self.image.take() else { return };
                let alt = clean(&alt).replace('\n', " ");
                if runs_code(&src) {
                    self.loss(&(at..at), LossKind::UnsafeAddress, format!("image from {}", scheme(&src)));
                    self.builder.text(&alt);
                } else {
                    self.builder.span(Kind::Image { src, alt, title });
                }
            }
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => image.alt.push_str(&text),
            Event::SoftBreak | Event::HardBreak => image.alt.push(' '),
            _ => {}
        }
    }

    fn end_verbatim(&mut self, range: &Range<usize>) {
        let Some(Verbatim { language, text }) = self.verbatim.take() else { return };
        let text = clean(&text);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if let Some(language) = language {
            return self.builder.push(Block::Code { language: clean(&language).into_owned(), text: text.to_owned() });
        }
        let text = text.trim();
        if text.starts_with("<!--") && text.find("-->").is_some_and(|end| end + 3 == text.len()) {
            return self.loss(range, LossKind::Removed, "HTML comment");
        }
        self.loss(range, LossKind::RawMarkup, "HTML block");
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.builder.span(Kind::Break);
            }
            self.builder.text(line);
        }
        self.builder.end_paragraph();
    }

    /// The tags that stand for what Markdown has no other form for; others are text.
    fn inline_html(&mut self, html: &str, range: &Range<usize>) {
        if let Some(mention) = &mut self.mention {
            return mention.name.push_str(html);
        }
        let inner = html.trim_start_matches('<').trim_end_matches(['>', '/', ' ']).to_ascii_lowercase();
        let (name, closes) = match inner.strip_prefix('/') {
            Some(name) => (name.trim_end(), true),
            None => (inner.as_str(), false),
        };
        if name == "br" {
            return self.builder.span(Kind::Break);
        }
        if html.starts_with("<!--") {
            return self.loss(range, LossKind::Removed, "HTML comment");
        }
        let known = TAGS.iter().find(|(tag, _)| *tag == name);
        match known {
            Some((tag, which)) if !closes => {
                self.tags.push((tag, MARKS[*which]));
                self.mark(*which, true);
            }
            Some((tag, which)) if self.tags.iter().any(|(open, _)| open == tag) => {
                if let Some(at) = self.tags.iter().rposition(|(open, _)| open == tag) {
                    self.tags.remove(at);
                }
                self.mark(*which, false);
            }
            _ => {
                self.loss(range, LossKind::RawMarkup, format!("HTML tag {name}"));
                self.builder.text(&html.replace('\n', " "));
            }
        }
    }

    /// A tag that is not closed goes no further than its block.
    fn close_tags(&mut self) {
        for (_, mark) in std::mem::take(&mut self.tags) {
            if let Some(which) = MARKS.iter().position(|known| *known == mark) {
                self.mark(which, false);
            }
        }
    }
}

fn scheme(address: &str) -> String {
    address.split(':').next().unwrap_or_default().chars().take(20).collect()
}

fn alert(kind: BlockQuoteKind) -> Alert {
    match kind {
        BlockQuoteKind::Note => Alert::Note,
        BlockQuoteKind::Tip => Alert::Tip,
        BlockQuoteKind::Important => Alert::Important,
        BlockQuoteKind::Warning => Alert::Warning,
        BlockQuoteKind::Caution => Alert::Caution,
    }
}

fn alignment(align: Alignment) -> Align {
    match align {
        Alignment::None => Align::None,
        Alignment::Left => Align::Left,
        Alignment::Center => Align::Center,
        Alignment::Right => Align::Right,
    }
}
