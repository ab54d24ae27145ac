//! Comments as HTML: wire B3.3, B11.

use pulldown_cmark::{Event, Options, Parser, html::push_html};

/// HTML of text that somebody typed: Markdown, line breaks kept. HTML in it is stripped (wire B3.3).
pub(crate) fn from_markdown(text: &str) -> String {
    sanitize(&render(text, false))
}

/// HTML of the company's texts, in which a `<` is just a character.
pub(crate) fn from_plain_markdown(text: &str) -> String {
    sanitize(&render(text, true))
}

/// Text that somebody typed, as `body` keeps it: HTML in it is stripped (wire B3.3), and a `<` that begins none stays.
pub(crate) fn stripped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = 0;
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) || range.start < rest {
            continue;
        }
        out.push_str(&text[rest..range.start]);
        rest = range.end;
        let mut html = &text[range];
        while let Some(at) = html.find('<') {
            out.push_str(&html[..at]);
            html = html[at..].find('>').map_or("", |end| &html[at + end + 1..]);
        }
        out.push_str(html);
    }
    out.push_str(&text[rest..]);
    out
}

const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);

fn render(text: &str, html_is_text: bool) -> String {
    let events = Parser::new_ext(text, OPTIONS).map(|event| match event {
        Event::SoftBreak => Event::HardBreak,
        Event::Html(html) | Event::InlineHtml(html) if html_is_text => Event::Text(html),
        other => other,
    });
    let mut html = String::new();
    push_html(&mut html, events);
    html.trim_end().to_owned()
}

/// The subset of HTML that is stored (wire B11; its exact rules are not known, part E).
pub(crate) fn sanitize(html: &str) -> String {
    ammonia::Builder::default().link_rel(Some("noreferrer")).clean(html).to_string()
}

/// As answers show it (wire B3.3).
pub(crate) fn wrapped(html: &str) -> String {
    format!("<div class=\"zd-comment\" dir=\"auto\">{html}</div>")
}

/// The words of sanitised HTML.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let chunk = &rest[..at];
        // Line breaks between blocks are no text.
        if !chunk.trim().is_empty() || !(text.is_empty() || text.ends_with('\n')) {
            text.push_str(&decoded(chunk));
        }
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = rest[at..end].trim_start_matches('<').trim_end_matches('>');
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        let closes = tag.starts_with('/');
        match name {
            "br" | "hr" => text.push('\n'),
            "li" if !closes => text.push_str("- "),
            "li" | "tr" if closes && !text.ends_with('\n') => text.push('\n'),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "pre" | "blockquote" | "div" if closes => {
                while !text.ends_with("\n\n") && !text.is_empty() {
                    text.push('\n');
                }
            }
            _ => {}
        }
        rest = &rest[end..];
        if name == "br" {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
    text.push_str(&decoded(rest));
    text.trim().to_owned()
}

fn decoded(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}"), ("&amp;", "&")]
        .into_iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_and_words() {
        let html = from_markdown("one\ntwo\n\n- **a**\n- <b onclick=x>b</b><script>alert(1)</script>");
        assert!(html.starts_with("<p>one<br>\ntwo</p>"), "{html}");
        assert!(html.contains("<strong>a</strong>") && !html.contains("script") && !html.contains("onclick"), "{html}");
        assert_eq!(
            plain("<p>one<br>\ntwo &amp; <b>three</b></p>\n<ul><li>x</li><li>y</li></ul>"),
            "one\ntwo & three\n\n- x\n- y"
        );
        assert_eq!(plain(&from_plain_markdown("a <z> & b")), "a <z> & b");
        assert_eq!(stripped("1 < 2, <b>bold</b> and `<i>`\n\n<div>x</div>\n"), "1 < 2, bold and `<i>`\n\nx\n");
    }
}
