//! Markdown in its normal form reads back as what it was written from.

use proptest::prelude::*;

use super::{read, write};
use crate::richtext::arbitrary;
use crate::richtext::document::{Block, Kind, Marks, Span};

fn normal(markdown: &str) -> String {
    write(&read(markdown).blocks).markdown
}

#[test]
fn common_markdown_is_its_own_normal_form() {
    for markdown in [
        "Plain text, 3 > 2 & a * b; snake_case.",
        "# Title\n\nA **bold** and _slanted_ line with `code`, ~~gone~~ and [a link](https://example.com/x?y=1#z \"title\").",
        "- one\n- two\n  - nested\n- three",
        "1. one\n2. two",
        "- [x] done\n- [ ] to do",
        "> quoted\n>\n> > twice",
        "> [!WARNING]\n> Mind the gap.",
        "```rust\nfn main() {}\n\n```",
        "| a | b |\n| --- | --: |\n| 1 | 2<br>3 |\n| | x |",
        "line one\\\nline two",
        "![alt](https://example.com/i.png)",
        "[@Jane Doe](mention:557058:ab-c)",
        "- one\n\n  more\n\n- two",
        "- a\n\n+ b",
        "- a\n-\n- b",
        "H<sub>2</sub>O and <u>under</u>",
        "***",
        "",
    ] {
        assert_eq!(normal(markdown), markdown);
    }
}

#[test]
fn emphasis_that_markdown_has_no_place_for_is_kept_by_numbers() {
    let spans = vec![
        Span { marks: Marks::STRONG, ..Span::text("\"x\"") },
        Span::text("y"),
        Span { marks: Marks::EM, ..Span::text("z") },
    ];
    let blocks = vec![Block::Paragraph(spans)];
    let markdown = write(&blocks).markdown;
    assert_eq!(markdown, "**\"x\"**&#121;_z_");
    assert_eq!(read(&markdown).blocks, blocks);
}

#[test]
fn what_is_not_markdown_is_said() {
    let losses = |markdown| read(markdown).losses.with(()).losses.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(losses("a\n\n<div>\nx\n</div>"), ["line 3: HTML block kept as typed, as text"]);
    assert_eq!(losses("a <!-- b --> c"), ["line 1: HTML comment removed"]);
    assert_eq!(
        losses("[a](javascript:alert(1))"),
        ["line 1: link to javascript not linked, its address could run code"]
    );
    assert_eq!(losses("**a** <u>b</u>\n\n| a |\n|---|"), [""; 0]);
}

#[test]
fn hostile_markdown_ends() {
    let deep = "> ".repeat(50_000) + "word";
    assert!(normal(&deep).contains("word"));
    let deep = (0..3_000).map(|level| " ".repeat(level * 2) + "- word\n").collect::<String>();
    assert!(normal(&deep).contains("word"));
    for piece in ["[", "![", "*a ", "**a_ ", "`", "<u>", "[a](", "|", "&#", "\\", "<!--", "~~a~", "[@a](mention:"] {
        let text = piece.repeat(20_000);
        let _ = normal(&text);
    }
    let table = format!("|{}\n|{}\n{}", "a|".repeat(500), "-|".repeat(500), "|x\n".repeat(200));
    assert!(normal(&table).len() < 2_000_000);
    // A mention keeps its name, an image its alternative text.
    let Block::Paragraph(line) = &read("![a *b* `c`](x) [@J](mention:a%20b)").blocks[0] else { panic!("a paragraph") };
    assert!(matches!(&line[0].kind, Kind::Image { alt, .. } if alt == "a b c"));
    assert!(matches!(&line[2].kind, Kind::Mention { id, name } if id == "a b" && name == "J"));
}

proptest! {
    #![proptest_config(arbitrary::cases(600))]

    #[test]
    fn a_tree_written_reads_back(blocks in arbitrary::blocks()) {
        let written = write(&blocks);
        let read = read(&written.markdown);
        prop_assert_eq!(&read.blocks, &blocks, "{}", written.markdown);
        prop_assert_eq!(read.ranges.len(), written.ranges.len());
        for (read, written) in read.ranges.iter().zip(&written.ranges) {
            prop_assert_eq!(read.start, written.start);
        }
    }

    #[test]
    fn any_text_has_a_stable_normal_form(markdown in arbitrary::soup()) {
        let once = normal(&markdown);
        prop_assert_eq!(&normal(&once), &once, "from {:?}", markdown);
    }
}
