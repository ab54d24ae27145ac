//! Markdown as people type it, into every format and back.

use ticketing_fuzz::Shape;
use ticketing_http::richtext::{adf, html, wiki};

use super::adf::assert_valid;
use super::html::assert_safe;
use super::{assert_has_words, assert_told, in_time, shown_words};

pub(crate) const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "\n- ",
    "\n  - ",
    "\n> ",
    "\n1. ",
    "\n```rust\n",
    "\n```\n",
    "\n# ",
    "**",
    "*",
    "_",
    "~~",
    "`",
    "[a](b)",
    "![a](b \"t\")",
    "[a](javascript:x)",
    "<u>",
    "</u>",
    "<br>",
    "\n| a | b |\n| - | - |\n| c | d |\n",
    "\\\n",
    "\n    ",
    "\n\t",
    "&nbsp;",
    "\n---\n",
    "\n===\n",
    "\n<div>\n",
    "<!-- x -->",
    "\n- [x] ",
    "- [ ] ",
    "> [!NOTE]\n> ",
    "[@A](mention:1)",
    "![f](media:1)",
    "  \n",
    "\n[r]: javascript:x\n",
    "[r]",
    "<https://a.example>",
    "<javascript:x>",
    "\r\n",
    "|",
    "||",
    "{code}",
    "h1. ",
    "https://a.example/b_c",
    "&#106;avascript:",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
];

/// What is typed is valid, safe and stable wherever it goes; and each format keeps its words.
#[test]
fn what_is_typed_goes_everywhere() {
    fuzz!("richtext/markdown/what_is_typed_goes_everywhere", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let typed = shape.soup(PIECES, 30);
        let document = adf::from_markdown(&typed);
        assert_told(&document.losses);
        assert_valid(&document.value);
        let shown = adf::to_markdown(&document.value).unwrap().value;
        assert_eq!(adf::to_markdown(&adf::from_markdown(&shown).value).unwrap().value, shown, "{typed:?}");

        let page = html::from_markdown(&typed);
        assert_told(&page.losses);
        assert_safe(&page.value, &typed);
        let shown = html::to_markdown(&page.value).value;
        assert_has_words(&shown_words(&shown), &shown_words(&typed), &typed);

        let markup = wiki::from_markdown(&typed);
        assert_told(&markup.losses);
        let shown = wiki::to_markdown(&markup.value).value;
        assert_eq!(wiki::to_markdown(&wiki::from_markdown(&shown).value).value, shown, "{typed:?}");
        assert_valid(&adf::from_markdown(&shown).value);
    });
}

/// One text, edited into another: what comes out says what the other says.
#[test]
fn an_edit_says_what_was_typed() {
    fuzz!("richtext/markdown/an_edit_says_what_was_typed", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (before, after) = (shape.soup(PIECES, 15), shape.soup(PIECES, 15));
        let native = adf::from_markdown(&before).value;
        let edited = adf::edit(&native, &after).unwrap();
        assert_valid(&edited.value);
        let said = |document: &str| adf::to_markdown(document).unwrap().value;
        assert_eq!(said(&edited.value), said(&adf::from_markdown(&after).value), "{before:?} to {after:?}");
        let native = html::from_markdown(&before).value;
        assert_safe(&html::edit(&native, &after).value, &after);
        let native = wiki::from_markdown(&before).value;
        let edited = wiki::edit(&native, &after).value;
        assert_has_words(&shown_words(&wiki::to_markdown(&edited).value), &shown_words(&after), &before);
    });
}

#[test]
fn nesting_and_length_are_bounded() {
    fuzz!("richtext/markdown/nesting_and_length_are_bounded", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let piece = shape.soup(PIECES, 3);
        let times = usize::from(shape.byte()) << shape.below(6);
        let typed = format!("{}needle", piece.repeat(times.min(40_000 / piece.len().max(1))));
        in_time("reading Markdown", || {
            assert_valid(&adf::from_markdown(&typed).value);
            assert_safe(&html::from_markdown(&typed).value, &piece);
            let _ = wiki::from_markdown(&typed);
        });
    });
}
