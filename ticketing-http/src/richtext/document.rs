//! The tree between the formats: what Markdown can say, and the little more that Markdown can be made to say.

use std::rc::Rc;

/// Containers nest no deeper than this; readers flatten what is below, so that recursion over a tree is bounded.
pub(crate) const DEEPEST: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Block {
    Paragraph(Vec<Span>),
    Heading { level: u8, content: Vec<Span> },
    Code { language: String, text: String },
    Quote { alert: Option<Alert>, blocks: Vec<Block> },
    List { start: Option<u32>, items: Vec<Item> },
    Table(Table),
    Rule,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Item {
    pub(crate) task: Option<bool>,
    pub(crate) blocks: Vec<Block>,
}

/// Every row is as wide as `align`; a head without words stands for none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Table {
    pub(crate) align: Vec<Align>,
    pub(crate) head: Vec<Cell>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

pub(crate) type Cell = Vec<Span>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Align {
    #[default]
    None,
    Left,
    Center,
    Right,
}

/// What a quote with a heading such as `[!NOTE]` says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Alert {
    Note,
    Tip,
    Important,
    Warning,
    Caution,
}

/// A piece of a line, flat: what is around it is in its marks and its link.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) marks: Marks,
    pub(crate) link: Option<Rc<Link>>,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Text(String),
    Break,
    Image { src: String, alt: String, title: String },
    Mention { id: String, name: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) title: String,
}

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const STRONG: Self = Self(1);
    pub(crate) const EM: Self = Self(2);
    pub(crate) const STRIKE: Self = Self(4);
    pub(crate) const UNDERLINE: Self = Self(8);
    pub(crate) const SUB: Self = Self(16);
    pub(crate) const SUP: Self = Self(32);
    pub(crate) const CODE: Self = Self(64);
    /// Those that go around other text, in the order in which they open when they are as long as each other.
    pub(crate) const AROUND: [Self; 6] = [Self::STRONG, Self::EM, Self::STRIKE, Self::UNDERLINE, Self::SUB, Self::SUP];

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl Span {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { marks: Marks::NONE, link: None, kind }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::new(Kind::Text(text.into()))
    }

    pub(crate) fn is_code(&self) -> bool {
        self.marks.has(Marks::CODE)
    }

    /// Whether another span stands in the same marks and link, so that two texts are one.
    pub(crate) fn same_dress(&self, other: &Self) -> bool {
        self.marks == other.marks && self.link == other.link
    }
}

impl Table {
    /// A table of rows that may differ in width; `None` if there is nothing in it.
    pub(crate) fn new(align: Vec<Align>, head: Vec<Cell>, rows: Vec<Vec<Cell>>) -> Option<Self> {
        let width = rows.iter().map(Vec::len).max().unwrap_or(0).max(head.len()).max(align.len());
        let mut table = Self { align, head, rows };
        table.align.resize(width, Align::None);
        table.head.resize(width, Vec::new());
        for row in &mut table.rows {
            row.resize(width, Vec::new());
        }
        (width > 0 && (table.has_head() || !table.rows.is_empty())).then_some(table)
    }

    pub(crate) fn has_head(&self) -> bool {
        self.head.iter().any(|cell| !cell.is_empty())
    }
}

/// The blocks of something that may hold lines only, one line each; nested structure is flattened.
pub(crate) fn flatten(blocks: Vec<Block>) -> Vec<Span> {
    let mut lines: Vec<Vec<Span>> = Vec::new();
    flatten_into(blocks, &mut lines);
    let mut out = Vec::new();
    for line in lines.into_iter().filter(|line| !line.is_empty()) {
        if !out.is_empty() {
            out.push(Span::new(Kind::Break));
        }
        out.extend(line);
    }
    out
}

fn flatten_into(blocks: Vec<Block>, lines: &mut Vec<Vec<Span>>) {
    for block in blocks {
        match block {
            Block::Paragraph(content) | Block::Heading { content, .. } => lines.push(content),
            Block::Code { text, .. } => lines.extend(text.split('\n').map(|line| {
                let code = Span { marks: Marks::CODE, ..Span::text(line) };
                if line.is_empty() { Vec::new() } else { vec![code] }
            })),
            Block::Quote { blocks, .. } => flatten_into(blocks, lines),
            Block::List { start, items } => {
                for (number, item) in items.into_iter().enumerate() {
                    let mut marker = match start {
                        Some(start) => format!("{}. ", u64::from(start) + number as u64),
                        None => "• ".to_owned(),
                    };
                    marker.push_str(match item.task {
                        Some(true) => "[x] ",
                        Some(false) => "[ ] ",
                        None => "",
                    });
                    let mut inner = Vec::new();
                    flatten_into(item.blocks, &mut inner);
                    if let Some(first) = inner.first_mut() {
                        first.insert(0, Span::text(marker));
                    }
                    lines.append(&mut inner);
                }
            }
            Block::Table(table) => {
                let head = table.has_head().then_some(table.head);
                for row in head.into_iter().chain(table.rows) {
                    lines.push(joined(row));
                }
            }
            Block::Rule => {}
        }
    }
}

/// The cells of a row in one line.
pub(crate) fn joined(row: Vec<Cell>) -> Vec<Span> {
    let mut line = Vec::new();
    for (number, cell) in row.into_iter().enumerate() {
        if number > 0 {
            line.push(Span::text(" | "));
        }
        line.extend(cell);
    }
    line
}
