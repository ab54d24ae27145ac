//! HTML against a CommonMark renderer and a sanitiser that we did not write.

use proptest::prelude::*;
use pulldown_cmark::{Options, Parser};

use super::{edit, from_markdown, sanitize, to_markdown};
use crate::richtext::arbitrary;
use crate::richtext::markdown;

/// The HTML that another renderer makes of Markdown.
fn rendered(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(text, options));
    html
}

#[test]
fn html_as_vendors_and_people_write_it() {
    for (html, expected) in [
        ("plain &amp; simple &lt;b&gt;", "plain & simple \\<b>"),
        ("<div class=\"zd-comment\" dir=\"auto\"><p>a<br>b</p><p>&nbsp;</p></div>", "a\\\nb\n\n\u{a0}"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("<b>a<i>b</b>c</i>", "**&#97;_b_**_c_"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<ol start=3><li><p>a</p><p>b</p></li></ol>", "3. a\n\n   b"),
        ("<table><tr><th>a<th>b<tr><td>1<td>2<br>3</table>", "| a | b |\n| --- | --- |\n| 1 | 2<br>3 |"),
        ("<table><tbody><tr><td colspan=2>x</td></tr></tbody></table>", "| | |\n| --- | --- |\n| x | |"),
        ("<pre><code class=\"language-rust x\">a\n  b\n</code></pre>", "```rust\na\n  b\n```"),
        ("<h2>T <em>x</em></h2>text<hr>more", "## T _x_\n\ntext\n\n***\n\nmore"),
        (
            "<a href=\"https://a.example/?b=1&amp;c=2\">x</a><img src=\"/i.png\" alt=\"i\">",
            "[x](https://a.example/?b=1\\&c=2)![i](/i.png)",
        ),
        ("<blockquote>q<blockquote>r</blockquote></blockquote>", "> q\n>\n> > r"),
        ("<ul><li><input type=checkbox checked> done<li>☐ open</ul>", "- [x] done\n- [ ] open"),
        ("a <!-- b --> c<style>x{}</style><title>t</title>", "a c"),
        ("<script>alert('<p>')</script>x", "x"),
        ("<a href=\" java\nscript:x\">y</a><img src=x onerror=alert(1)>", "y![](x)"),
    ] {
        assert_eq!(to_markdown(html).value, expected, "{html}");
    }
    let losses = |html| to_markdown(html).losses.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        losses("<p style=\"color:red\">a\n<!-- x --></p>"),
        ["line 1: style of p shown without its formatting", "line 2: comment removed"]
    );
}

#[test]
fn an_edit_leaves_the_other_elements() {
    let native = "<div class=\"zd-comment\"><p style=\"color:red\">Red &amp; <span data-x=1>kept</span></p><p>old</p><ul class=\"y\"><li>a</ul></div>";
    let shown = to_markdown(native).value;
    assert_eq!(shown, "Red & kept\n\nold\n\n- a");
    assert_eq!(edit(native, &shown).value, native);
    let edited = edit(native, &shown.replace("old", "**new** <script>"));
    assert_eq!(
        edited.value,
        "<div class=\"zd-comment\"><p style=\"color:red\">Red &amp; <span data-x=\"1\">kept</span></p>\
         <p><strong>new</strong> &lt;script&gt;</p><ul class=\"y\"><li>a</ul></div>"
    );
    let edited = edit(native, "Red\n\nold");
    assert_eq!(
        edited.losses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["block 1: what Markdown cannot say of the HTML overwritten by the edit"]
    );
}

#[test]
fn what_is_shown_is_safe() {
    for html in [
        "<svg><script>alert(1)</script></svg>",
        "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
        "<img src=x onerror=alert(1)>",
        "<a href=\"&#106;avascript:alert(1)\">x</a>",
        "<iframe src=javascript:alert(1)>",
        "<<script>alert(1)//<</script>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<form><button formaction=javascript:alert(1)>X",
        "<style>@import'javascript:x'</style>",
    ] {
        for safe in [sanitize(html), from_markdown(&to_markdown(html).value).value, from_markdown(html).value] {
            let tags = safe.replace("&lt;", "");
            assert!(
                !tags.contains("<script")
                    && !tags.contains("<iframe")
                    && !tags.contains("<img src=\"x\" on")
                    && !tags.contains("=\"javascript"),
                "{html} is {safe}"
            );
        }
    }
}

#[test]
fn hostile_html_ends() {
    for piece in [
        "<div>",
        "<b>",
        "<ul><li>",
        "<table><tr><td>",
        "<blockquote>",
        "<a href=x>",
        "<p><font size=1>",
        "<pre>",
        "</p>",
        "<!--",
        "<",
        "&",
        "&#x",
        "<svg>",
        "<h1>",
        "<select>",
    ] {
        let html = format!("{}needle", piece.repeat(8_000));
        let shown = to_markdown(&html).value;
        assert!(shown.contains("needle") || ["<!--", "<svg>", "<select>", "<"].contains(&piece), "{piece}");
        let _ = edit(&html, "other");
        let _ = sanitize(&html);
    }
    let attributes = format!("<p {}>needle", (0..40_000).map(|n| format!("a{n} ")).collect::<String>());
    assert!(to_markdown(&attributes).value.contains("needle"));
    let image = format!("<p><img src=\"data:image/png;base64,{}\" alt=\"picture\">needle", "Ab/=".repeat(100_000));
    assert_eq!(to_markdown(&image).value, "pictureneedle");
}

proptest! {
    #![proptest_config(arbitrary::cases(400))]

    #[test]
    fn another_renderers_html_reads_as_its_markdown(blocks in arbitrary::plain_blocks()) {
        let text = markdown::write(&blocks).markdown;
        prop_assert_eq!(to_markdown(&rendered(&text)).value, text);
    }

    #[test]
    fn html_is_stable_and_loses_no_words(text in prop_oneof![
        arbitrary::soup(), arbitrary::blocks().prop_map(|blocks| markdown::write(&blocks).markdown)
    ]) {
        let html = from_markdown(&text).value;
        let shown = to_markdown(&html).value;
        prop_assert_eq!(&to_markdown(&from_markdown(&shown).value).value, &shown, "{} from {}", html, text);
        arbitrary::has_the_words(&markdown::read(&shown).blocks, &markdown::read(&text).blocks)?;
        prop_assert_eq!(edit(&html, &shown).value, html);
    }

    #[test]
    fn an_edit_gives_what_its_markdown_says(before in arbitrary::blocks(), after in arbitrary::blocks(), at in 0..5usize) {
        let native = format!("<div class=\"zd-comment\">{}</div>", from_markdown(&markdown::write(&before).markdown).value);
        let shown = to_markdown(&native).value;
        let mut blocks = markdown::read(&shown).blocks;
        let at = at.min(blocks.len());
        let cut = (at + 1).min(blocks.len());
        blocks.splice(at..cut, after);
        let wanted = markdown::write(&blocks).markdown;
        let edited = edit(&native, &wanted).value;
        prop_assert_eq!(to_markdown(&edited).value, to_markdown(&from_markdown(&wanted).value).value, "{} from {}", edited, native);
    }
}
