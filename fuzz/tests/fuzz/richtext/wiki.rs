//! Wiki markup, both ways.

use ticketing_fuzz::Shape;
use ticketing_http::richtext::{adf as to_adf, wiki};

use super::{assert_has_words, assert_told, in_time, may_lose_words, shown_words};

/// Pieces of the markup (wire A6).
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "h1. ",
    "\nh2. ",
    "*",
    "_",
    "-",
    "+",
    "^",
    "~",
    "??",
    "{{",
    "}}",
    "{*}",
    "{_}",
    "bq. ",
    "{quote}",
    "{code}",
    "{code:java|title=x}",
    "{noformat}",
    "{panel}",
    "{panel:title=Warning}",
    "{color:red}",
    "{color}",
    "\n* ",
    "\n** ",
    "\n# ",
    "\n#* ",
    "\n- ",
    "----",
    "\n----\n",
    "\n||a||b||",
    "\n|a|b|",
    "|",
    "||",
    "[",
    "]",
    "[a|https://x.example]",
    "[~ann]",
    "[~accountid:5b:1]",
    "[x|javascript:alert(1)]",
    "!a.png!",
    "!a.png|width=3!",
    "\\\\",
    "\\",
    "\\*",
    "{anchor:x}",
    "{unknown}",
    "https://x.example/a_b",
    "(!)",
    ":)",
    "&nbsp;",
    "<b>",
    "{",
    "}",
    "\r\n",
    "\t",
    "---",
    "[^a.txt]",
];

/// Whatever it is, it is read, with all its words; written again, it is the same, and so is what was not edited.
#[test]
fn markup_is_read_and_written() {
    fuzz!("richtext/wiki/markup_is_read_and_written", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let native = shape.soup(PIECES, 30);
        let shown = wiki::to_markdown(&native);
        assert_told(&shown.losses);
        super::adf::assert_valid(&to_adf::from_markdown(&shown.value).value);
        assert_eq!(wiki::edit(&native, &shown.value).value, native, "an edit that changes nothing: {:?}", shown.value);
        let written = wiki::from_markdown(&shown.value).value;
        let again = wiki::to_markdown(&written).value;
        let third = wiki::to_markdown(&wiki::from_markdown(&again).value).value;
        assert_eq!(third, again, "{written:?} of {native:?}");
        let edited = wiki::edit(&native, &format!("{}\n\nzzz last words", shown.value));
        assert!(edited.value.contains("zzz"), "{:?}", edited.value);
        if !may_lose_words(&shown.losses) {
            assert_has_words(&shown_words(&again), &shown_words(&shown.value), &native);
        }
    });
}

#[test]
fn nesting_and_length_are_bounded() {
    fuzz!("richtext/wiki/nesting_and_length_are_bounded", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let piece = shape.soup(PIECES, 3);
        let times = usize::from(shape.byte()) << shape.below(6);
        let native = format!("{}needle", piece.repeat(times.min(40_000 / piece.len().max(1))));
        in_time("reading wiki markup", || {
            let shown = wiki::to_markdown(&native);
            assert_has_words(&shown_words(&shown.value), "needle", &piece);
            let _ = wiki::from_markdown(&shown.value);
            let _ = wiki::edit(&native, "other");
        });
    });
}
