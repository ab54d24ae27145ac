//! HTML that is safe to show.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use ammonia::Builder;

use super::read::depth;
use crate::richtext::address::linked_schemes;

/// HTML parsers take long over elements nested without end; nobody writes such.
const DEEPEST: usize = 120;

/// HTML without scripts, styles, forms, event handlers and addresses that run code.
///
/// For showing a vendor's own HTML. What is nested absurdly deep is brought into the form that [`from_markdown`] writes.
///
/// ```
/// use ticketing_http::richtext::html::sanitize;
/// assert_eq!(sanitize("<p onclick=x>a <script>b()</script><a href='javascript:c()'>d</a></p>"), "<p>a <a>d</a></p>");
/// ```
///
/// [`from_markdown`]: super::from_markdown
#[must_use]
pub fn sanitize(html: &str) -> String {
    if depth(html) > DEEPEST {
        let read = super::read::read(html);
        return cleaned(&super::write::write(&read.blocks, &mut Default::default()));
    }
    cleaned(html)
}

pub(super) fn cleaned(html: &str) -> String {
    static RULES: OnceLock<Builder<'static>> = OnceLock::new();
    RULES
        .get_or_init(|| {
            let tags: HashSet<&str> = [
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
            ]
            .into();
            let attributes: HashMap<&str, HashSet<&str>> = [
                ("a", ["href", "title"].into()),
                ("img", ["src", "alt", "title", "width", "height"].into()),
                ("ol", ["start"].into()),
                ("code", ["class"].into()),
                ("blockquote", ["class"].into()),
                ("td", ["align", "colspan", "rowspan"].into()),
                ("th", ["align", "colspan", "rowspan"].into()),
            ]
            .into();
            let mut rules = Builder::empty();
            rules
                .tags(tags)
                .clean_content_tags(
                    ["script", "style", "template", "title", "noscript", "iframe", "object", "textarea", "select"]
                        .into(),
                )
                .tag_attributes(attributes)
                .generic_attributes(HashSet::new())
                .url_schemes(linked_schemes().collect())
                .link_rel(None)
                .strip_comments(true);
            rules
        })
        .clean(html)
        .to_string()
}
