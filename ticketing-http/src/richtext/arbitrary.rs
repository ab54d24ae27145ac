//! Generated trees and texts, for the properties.

use std::rc::Rc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::document::{Alert, Align, Block, Item, Kind, Link, Marks, Span, Table, flatten};
use super::spans::normalise;

/// That many cases, or as many as `PROPTEST_CASES` says; a failure is printed, not stored.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    // The default reads the variable.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases: count, ..config } }
}

/// Words with what could be taken for markup in any of the formats.
pub(crate) fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c1]{1,3}( [a-c]{1,3}){0,2} ?",
        3 => r"[ab1 *_`~<>&#|!:=+.()\[\]{}\\/@^?\-]{1,8}",
        1 => "[ é“”漢☑\u{a0}x]{1,4}",
        1 => prop::sample::select(vec![
            "javascript:alert(1)", "<script>", "&amp;", "&#39;", "{code}", "h1. x", "----", "- [ ] x", "1. x", "||", "\\\\", "[x]",
            "www.example.com", "https://example.com/a_b", "snake_case_word", "{quote}", "bq. x", "[^1]", ":-", "```", "~~~", "***",
        ]).prop_map(str::to_owned),
    ]
}

pub(crate) fn span() -> impl Strategy<Value = Span> {
    let marks = prop_oneof![3 => Just(Marks::NONE), 3 => prop::sample::select(Marks::AROUND.to_vec()), 2 => (0..6usize, 0..6usize)
        .prop_map(|(a, b)| Marks::AROUND[a].and(Marks::AROUND[b])), 1 => Just(Marks::CODE)];
    let link = prop_oneof![6 => Just(None), 1 => (prop::sample::select(vec!["https://example.com/a_(b)?c=d&copy;e", "/x%20y", "mailto:a@example.com", "#a"]),
        prop::sample::select(vec!["", "a \"title\""])).prop_map(|(href, title)| Some(Rc::new(Link { href: href.to_owned(), title: title.to_owned() })))];
    let kind = prop_oneof![
        12 => words().prop_map(Kind::Text),
        1 => Just(Kind::Break),
        1 => ("[a-c *\\]]{0,4}", prop::sample::select(vec!["https://example.com/i.png", "media:1-2"]))
            .prop_map(|(alt, src)| Kind::Image { src: src.to_owned(), alt, title: String::new() }),
        1 => ("[a-z0-9:-]{1,6}", "[A-C][a-c_]{1,3}").prop_map(|(id, name)| Kind::Mention { id, name }),
    ];
    (marks, link, kind).prop_map(|(marks, link, kind)| {
        let plain = !matches!(kind, Kind::Text(_));
        Span { marks: if plain { marks.without(Marks::CODE) } else { marks }, link, kind }
    })
}

pub(crate) fn line() -> impl Strategy<Value = Vec<Span>> {
    vec(span(), 1..5).prop_map(normalise)
}

fn paragraph() -> impl Strategy<Value = Block> {
    line().prop_filter("empty", |line| !line.is_empty()).prop_map(Block::Paragraph)
}

fn table() -> impl Strategy<Value = Block> {
    (1..4usize)
        .prop_flat_map(|width| {
            let row = vec(vec(span(), 0..3).prop_map(normalise), width).boxed();
            let align = vec(prop::sample::select(vec![Align::None, Align::Left, Align::Center, Align::Right]), width);
            (align, row.clone(), vec(row, 0..3)).prop_map(|(align, head, rows)| Table { align, head, rows })
        })
        .prop_filter("nothing in it", |table| table.has_head() || !table.rows.is_empty())
        .prop_map(Block::Table)
}

pub(crate) fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let leaf = prop_oneof![
        5 => paragraph(),
        1 => (1..=6u8, line()).prop_map(|(level, content)| Block::Heading { level, content }),
        1 => ("(rust|c\\+\\+|)", "[a`~ {}\n\t|*]{0,12}|\\{code\\}\n```\n")
            .prop_map(|(language, text)| Block::Code { language, text }),
        1 => Just(Block::Rule),
        1 => table(),
    ];
    let block = leaf.prop_recursive(3, 24, 4, |inner| {
        let alert = prop::sample::select(vec![
            None,
            None,
            Some(Alert::Note),
            Some(Alert::Tip),
            Some(Alert::Important),
            Some(Alert::Warning),
            Some(Alert::Caution),
        ]);
        let start = prop::sample::select(vec![None, None, Some(1), Some(7)]);
        let nested = vec(inner.clone(), 1..3);
        prop_oneof![
            (alert, nested.clone()).prop_map(|(alert, blocks)| Block::Quote { alert, blocks }),
            (start, vec(nested.clone(), 1..4)).prop_map(|(start, items)| {
                Block::List { start, items: items.into_iter().map(|blocks| Item { task: None, blocks }).collect() }
            }),
            vec((any::<bool>(), paragraph(), vec(inner, 0..2)), 1..3).prop_map(|items| Block::List {
                start: None,
                items: items
                    .into_iter()
                    .map(|(done, first, mut rest)| {
                        rest.insert(0, first);
                        Item { task: Some(done), blocks: rest }
                    })
                    .collect()
            }),
        ]
    });
    vec(block, 0..4)
}

/// Blocks of what every Markdown renderer knows, without blanks that HTML does not keep.
pub(crate) fn plain_blocks() -> impl Strategy<Value = Vec<Block>> {
    let text = (
        "[a-c1&<>*_]{1,4}( [a-c]{1,3})?",
        prop::sample::select(vec![Marks::NONE, Marks::STRONG, Marks::EM, Marks::CODE]),
    )
        .prop_map(|(text, marks)| Span { marks, ..Span::text(text) });
    let line = vec(text, 1..4).prop_map(normalise).boxed();
    let leaf = prop_oneof![
        4 => line.clone().prop_map(Block::Paragraph),
        1 => (1..=6u8, line.clone()).prop_map(|(level, content)| Block::Heading { level, content }),
        1 => "[a<&\n ]{0,8}x".prop_map(|text| Block::Code { language: "rust".to_owned(), text }),
        1 => Just(Block::Rule),
        1 => (vec(line.clone(), 2), vec(vec(line, 2), 1..3))
            .prop_map(|(head, rows)| Block::Table(Table { align: vec![Align::None; 2], head, rows })),
    ];
    let block = leaf.prop_recursive(3, 16, 3, |inner| {
        let item = vec(inner.clone(), 1..3).prop_map(|blocks| Item { task: None, blocks });
        prop_oneof![
            vec(inner, 1..3).prop_map(|blocks| Block::Quote { alert: None, blocks }),
            (prop::sample::select(vec![None, Some(1), Some(3)]), vec(item, 1..3))
                .prop_map(|(start, items)| Block::List { start, items }),
        ]
    });
    vec(block, 1..4)
}

/// Texts that look like Markdown, well-formed or not.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => words(),
        4 => prop::sample::select(vec![
            "\n", "\n\n", "\n- ", "\n  ", "\n> ", "\n1. ", "\n```\n", "\n# ", "**", "*", "_", "~~", "`", "[a](b)", "![a](b \"t\")",
            "<u>", "</u>", "<br>", "\n| a | b |\n| - | - |\n| c | d |\n", "\\\n", "\n    ", "\n\t", "&nbsp;", "\n---\n", "\n<div>\n",
            "<!-- x -->", "\n- [x] ", "> [!NOTE]\n> ", "[@A](mention:1)", "  \n", "\n[r]: /x\n", "[r]", "<https://a.example>", "\r\n", "\0",
            "\r", "\u{b}", "a\u{c}b", "a&#10;b", "&#13;",
        ]).prop_map(str::to_owned),
    ];
    vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// Fails unless every letter of the wanted blocks is in the others, as often.
pub(crate) fn has_the_words(blocks: &[Block], wanted: &[Block]) -> Result<(), TestCaseError> {
    let letters = |blocks: &[Block]| {
        let mut letters = std::collections::BTreeMap::<char, usize>::new();
        for span in flatten(blocks.to_vec()) {
            let text = match span.kind {
                Kind::Text(text) => text,
                Kind::Mention { name, .. } => name,
                Kind::Image { alt, .. } => alt,
                Kind::Break => String::new(),
            };
            text.chars().filter(|c| c.is_alphabetic()).for_each(|c| *letters.entry(c).or_default() += 1);
        }
        letters
    };
    let has = letters(blocks);
    for (letter, count) in letters(wanted) {
        prop_assert!(has.get(&letter).is_some_and(|has| *has >= count), "{letter} of {wanted:?} is not in {blocks:?}");
    }
    Ok(())
}
