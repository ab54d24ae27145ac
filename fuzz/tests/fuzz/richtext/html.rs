//! HTML, well-formed or not: what we write of it and of Markdown runs no code, whoever wrote it.

use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use std::cell::RefCell;

use ticketing_fuzz::Shape;
use ticketing_http::richtext::{adf as to_adf, html};

use super::{assert_has_words, assert_told, in_time, may_lose_words, shown_words};

/// Pieces of HTML, and of what browsers make of it.
const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<div class=\"zd-comment\" dir=\"auto\">",
    "</div>",
    "<b>",
    "</b>",
    "<strong>",
    "</strong>",
    "<em>",
    "</em>",
    "<i>",
    "<code>",
    "</code>",
    "<pre>",
    "</pre>",
    "<ul>",
    "<ol start=3>",
    "<li>",
    "</li>",
    "</ul>",
    "</ol>",
    "<br>",
    "<hr>",
    "<h2>",
    "</h2>",
    "<table>",
    "<tr>",
    "<td colspan=2>",
    "<th>",
    "</td>",
    "</tr>",
    "</table>",
    "<blockquote>",
    "</blockquote>",
    "<img src=x alt=y>",
    "<a href=\"https://x.example/?a=1&amp;b=2\">",
    "</a>",
    "<span style=\"color:red\">",
    "</span>",
    "<u>",
    "</u>",
    "<sub>",
    "</sub>",
    "&lt;",
    "&gt;",
    "&amp;",
    "&nbsp;",
    "&#60;",
    "&#x3c;script&#x3e;",
    "&quot;",
    "<input type=checkbox checked>",
    "<!-- -->",
    "\n",
    "<script>alert(1)</script>",
    "<script",
    "</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg>",
    "</svg>",
    "<math>",
    "<style>",
    "</style>",
    "<iframe src=javascript:alert(1)>",
    "<a href=\"javascript:alert(1)\">",
    "<a href=' java\nscript:x'>",
    "<a href=\"&#106;avascript:x\">",
    "<a href=vbscript:x>",
    "<a href='data:text/html,<script>'>",
    "<p onclick=\"x\">",
    "<form action=javascript:x>",
    "<button formaction=javascript:x>",
    "<template>",
    "<noscript>",
    "<textarea>",
    "<select>",
    "<title>",
    "<xmp>",
    "<plaintext>",
    "<base href=//x.example>",
    "<meta http-equiv=refresh content='0;url=javascript:x'>",
    "<object data=x>",
    "<p title=\"",
    "\">",
    "'>",
    "<![CDATA[",
    "]]>",
    "<?x ?>",
    "<!doctype html>",
    "[a](javascript:x)",
    "<javascript:x>",
    "![a](javascript:x)",
    "`",
    "**",
    "\n\n",
    "    ",
    "- ",
    "> ",
    "| a |\n|---|\n",
];

/// Elements and attributes that run nothing, and no others.
const ELEMENTS: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "del",
    "details",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
const ATTRIBUTES: &[&str] =
    &["href", "title", "src", "alt", "width", "height", "start", "class", "align", "colspan", "rowspan"];

/// The tags of a text, as a browser's tokeniser sees them.
#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token
            && tag.kind == TagKind::StartTag
        {
            self.0.borrow_mut().push(tag);
        }
        TokenSinkResult::Continue
    }
}

/// Fails where a browser would run something.
pub(super) fn assert_safe(html: &str, from: &str) {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    for tag in tokenizer.sink.0.take() {
        assert!(ELEMENTS.contains(&&*tag.name), "<{}> in {html:?} of {from:?}", tag.name);
        for attribute in tag.attrs {
            let name = &*attribute.name.local;
            assert!(ATTRIBUTES.contains(&name), "{name} of {} in {html:?} of {from:?}", tag.name);
            if ["href", "src"].contains(&name) {
                let seen = attribute.value.chars().filter(|c| !c.is_whitespace() && !c.is_control());
                let seen = seen.collect::<String>().to_ascii_lowercase();
                for scheme in ["javascript:", "vbscript:", "data:", "livescript:", "blob:", "filesystem:"] {
                    assert!(!seen.starts_with(scheme), "{seen:?} in {html:?} of {from:?}");
                }
            }
        }
    }
}

/// Text that looks like HTML is read, and what comes of it is safe and the same the next time.
#[test]
fn whatever_is_read_is_written_safely() {
    fuzz!("richtext/html/whatever_is_read_is_written_safely", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let mut native = shape.soup(PIECES, 30);
        if shape.one_in(4) {
            native = String::from_utf8_lossy(&shape.bend(native.into_bytes())).into_owned();
        }
        let shown = html::to_markdown(&native);
        assert_told(&shown.losses);
        super::adf::assert_valid(&to_adf::from_markdown(&shown.value).value);
        let written = html::from_markdown(&shown.value);
        assert_safe(&written.value, &native);
        assert_safe(&html::sanitize(&native), &native);
        assert_safe(&html::sanitize(&html::sanitize(&native)), &native);
        // Typed as Markdown, it is text.
        assert_safe(&html::from_markdown(&native).value, &native);

        assert_eq!(html::edit(&native, &shown.value).value, native, "an edit that changes nothing: {:?}", shown.value);
        let again = html::to_markdown(&written.value).value;
        let third = html::to_markdown(&html::from_markdown(&again).value).value;
        assert_eq!(third, again, "{native:?}");
        let edited = html::edit(&native, &format!("{}\n\nzzz <script>last</script> words", shown.value));
        assert!(edited.value.contains("zzz") && !edited.value.contains("zzz <script"), "{:?}", edited.value);
    });
}

/// What people and vendors write, element in element: no word is lost without a word about it.
#[test]
fn well_formed_text_keeps_its_words() {
    fuzz!("richtext/html/well_formed_text_keeps_its_words", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let mut words = String::new();
        let mut native = String::new();
        element(shape, 4, &mut native, &mut words);
        let shown = html::to_markdown(&native);
        assert_told(&shown.losses);
        if !may_lose_words(&shown.losses) {
            assert_has_words(&shown_words(&shown.value), &words, &native);
        }
        assert_has_words(&shown_words(&html::to_markdown(&html::sanitize(&native)).value), &words, &native);
    });
}

fn element(shape: &mut Shape<'_>, depth: usize, out: &mut String, words: &mut String) {
    for _ in 0..1 + shape.below(3) {
        if depth == 0 || shape.one_in(3) {
            let text = shape.text();
            words.push_str(&text);
            out.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
            continue;
        }
        let name = *shape.pick(&[
            "p",
            "div",
            "b",
            "em",
            "code",
            "ul><li",
            "ol><li",
            "blockquote",
            "table><tr><td",
            "h3",
            "a href='/x'",
            "span",
            "pre",
            "u",
            "s",
            "sub",
            "font",
            "section",
            "center",
            "dl><dd",
            "details",
            "label",
            "article",
        ]);
        out.push_str(&format!("<{name}>"));
        element(shape, depth - 1, out, words);
        for part in name.split("><").collect::<Vec<_>>().into_iter().rev() {
            out.push_str(&format!("</{}>", part.split(' ').next().unwrap_or_default()));
        }
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    fuzz!("richtext/html/nesting_and_length_are_bounded", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let piece = shape.soup(PIECES, 3);
        let times = usize::from(shape.byte()) << shape.below(6);
        let native = format!("{}needle", piece.repeat(times.min(40_000 / piece.len().max(1))));
        in_time("reading HTML", || {
            let shown = html::to_markdown(&native);
            assert_safe(&html::from_markdown(&shown.value).value, &piece);
            assert_safe(&html::sanitize(&native), &piece);
            let _ = html::edit(&native, "other");
        });
    });
}
