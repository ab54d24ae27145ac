//! The Atlassian Document Format: what the site accepts, and what it makes of it (wire A6).

use serde_json::{Value, json};

pub(crate) fn document(content: Vec<Value>) -> Value {
    json!({ "type": "doc", "version": 1, "content": content })
}

pub(crate) fn paragraph(content: Vec<Value>) -> Value {
    json!({ "type": "paragraph", "content": content })
}

pub(crate) fn heading(level: u64, content: Vec<Value>) -> Value {
    json!({ "type": "heading", "attrs": { "level": level }, "content": content })
}

pub(crate) fn quote(content: Vec<Value>) -> Value {
    json!({ "type": "blockquote", "content": content })
}

pub(crate) fn code_block(text: &str, language: Option<&str>) -> Value {
    let content = if text.is_empty() { vec![] } else { vec![text_with(text, &[])] };
    match language {
        Some(language) => json!({ "type": "codeBlock", "attrs": { "language": language }, "content": content }),
        None => json!({ "type": "codeBlock", "content": content }),
    }
}

pub(crate) fn list(kind: &str, items: Vec<Vec<Value>>) -> Value {
    let items: Vec<Value> =
        items.into_iter().map(|content| json!({ "type": "listItem", "content": content })).collect();
    json!({ "type": kind, "content": items })
}

pub(crate) fn text_with(text: &str, marks: &[Value]) -> Value {
    if marks.is_empty() {
        json!({ "type": "text", "text": text })
    } else {
        json!({ "type": "text", "text": text, "marks": marks })
    }
}

const INLINE: &[&str] = &[
    "text",
    "hardBreak",
    "mention",
    "emoji",
    "inlineCard",
    "status",
    "date",
    "mediaInline",
    "placeholder",
    "inlineExtension",
];
const LISTS: &[&str] = &["bulletList", "orderedList", "taskList", "decisionList"];
const MARKS: &[&str] = &[
    "strong",
    "em",
    "strike",
    "underline",
    "code",
    "link",
    "subsup",
    "textColor",
    "backgroundColor",
    "annotation",
    "border",
    "alignment",
    "indentation",
    "breakout",
    "dataConsumer",
    "fragment",
    "fontSize",
];
const TOP: &[&str] = &[
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "blockquote",
    "codeBlock",
    "panel",
    "rule",
    "table",
    "mediaSingle",
    "mediaGroup",
    "expand",
    "taskList",
    "decisionList",
    "blockCard",
    "embedCard",
    "layoutSection",
    "extension",
    "bodiedExtension",
    "multiBodiedExtension",
];

/// What may stand inside a node; `None` for a node that nobody knows.
fn may_hold(kind: &str, child: &str) -> Option<bool> {
    Some(match kind {
        "doc" | "layoutColumn" | "bodiedExtension" | "extensionFrame" => TOP.contains(&child),
        "paragraph" | "heading" | "taskItem" | "decisionItem" => INLINE.contains(&child),
        "bulletList" | "orderedList" => child == "listItem",
        "taskList" => matches!(child, "taskItem" | "taskList" | "blockTaskItem"),
        "decisionList" => child == "decisionItem",
        "listItem" => {
            matches!(child, "paragraph" | "codeBlock" | "mediaSingle" | "extension") || LISTS[..3].contains(&child)
        }
        "blockquote" => {
            matches!(child, "paragraph" | "codeBlock" | "mediaSingle" | "mediaGroup" | "extension")
                || LISTS[..2].contains(&child)
        }
        "codeBlock" => child == "text",
        "panel" => {
            TOP.contains(&child) && !matches!(child, "panel" | "table" | "expand" | "layoutSection" | "blockquote")
        }
        "expand" | "nestedExpand" => {
            TOP.contains(&child) && !matches!(child, "expand" | "layoutSection") || child == "nestedExpand"
        }
        "table" => child == "tableRow",
        "tableRow" => matches!(child, "tableHeader" | "tableCell"),
        "tableHeader" | "tableCell" => {
            TOP.contains(&child) && !matches!(child, "table" | "expand" | "layoutSection" | "bodiedExtension")
                || child == "nestedExpand"
        }
        "mediaSingle" => matches!(child, "media" | "caption"),
        "mediaGroup" => child == "media",
        "caption" | "blockTaskItem" => INLINE.contains(&child) || child == "paragraph",
        "layoutSection" => child == "layoutColumn",
        "multiBodiedExtension" => child == "extensionFrame",
        _ if INLINE.contains(&kind) => false,
        "rule" | "media" | "blockCard" | "embedCard" | "extension" => false,
        _ => return None,
    })
}

/// Attributes without which a node is refused.
fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "heading" => &["level"],
        "panel" => &["panelType"],
        "taskList" | "decisionList" => &["localId"],
        "taskItem" | "decisionItem" => &["localId", "state"],
        "mention" => &["id"],
        "emoji" => &["shortName"],
        "status" => &["text", "color"],
        "date" => &["timestamp"],
        "media" => &["type"],
        _ => &[],
    }
}

/// Whether the site takes the document: the nesting rules of the official schema that wire A6 names.
pub(crate) fn is_valid(value: &Value) -> bool {
    value["type"] == "doc" && value["version"] == 1 && value["content"].is_array() && node(value)
}

fn node(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return false };
    let Some(kind) = object.get("type").and_then(Value::as_str) else { return false };
    let known = ["type", "content", "attrs", "marks", "text"];
    if !object.keys().all(|key| known.contains(&key.as_str()) || (kind == "doc" && key == "version")) {
        return false;
    }
    if kind == "text" && object.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
        return false;
    }
    // wire A6: a line break is a node of its own, but in code.
    let breaks = |child: &Value| child["text"].as_str().is_some_and(|text| text.contains('\n'));
    if kind != "codeBlock" && object.get("content").and_then(Value::as_array).is_some_and(|all| all.iter().any(breaks))
    {
        return false;
    }
    if !required(kind).iter().all(|name| value["attrs"].get(name).is_some()) {
        return false;
    }
    if kind == "heading" && !value["attrs"]["level"].as_u64().is_some_and(|level| (1..=6).contains(&level)) {
        return false;
    }
    if !object.get("marks").is_none_or(marks) {
        return false;
    }
    let empty = Vec::new();
    let children = match object.get("content") {
        None => &empty,
        Some(Value::Array(children)) => children,
        Some(_) => return false,
    };
    let needs_children = matches!(
        kind,
        "bulletList" | "orderedList" | "taskList" | "listItem" | "blockquote" | "panel" | "table" | "mediaSingle"
    );
    if needs_children && children.is_empty() {
        return false;
    }
    if kind == "listItem"
        && !matches!(children[0]["type"].as_str(), Some("paragraph" | "codeBlock" | "mediaSingle" | "extension"))
    {
        return false;
    }
    if may_hold(kind, "").is_none() {
        return false;
    }
    children.iter().all(|child| {
        let bare = kind != "codeBlock" || child.get("marks").is_none();
        bare && child["type"].as_str().is_some_and(|own| may_hold(kind, own) == Some(true)) && node(child)
    })
}

/// Known marks; `code` goes with links and annotations only.
fn marks(marks: &Value) -> bool {
    let Some(marks) = marks.as_array() else { return false };
    let kinds: Vec<&str> = marks.iter().filter_map(|mark| mark["type"].as_str()).collect();
    let known = kinds.len() == marks.len() && kinds.iter().all(|kind| MARKS.contains(kind));
    let code_is_alone =
        !kinds.contains(&"code") || kinds.iter().all(|kind| matches!(*kind, "code" | "link" | "annotation"));
    let links_lead_somewhere =
        marks.iter().filter(|mark| mark["type"] == "link").all(|mark| mark["attrs"]["href"].is_string());
    known && code_is_alone && links_lead_somewhere
}

pub(crate) fn children(value: &Value) -> &[Value] {
    value["content"].as_array().map_or(&[], Vec::as_slice)
}

/// The text of inline nodes that have one.
pub(crate) fn inline_text(value: &Value) -> String {
    let attribute = |name: &str| value["attrs"][name].as_str().unwrap_or_default().to_owned();
    match value["type"].as_str().unwrap_or_default() {
        "text" => value["text"].as_str().unwrap_or_default().to_owned(),
        "hardBreak" => "\n".to_owned(),
        "mention" | "status" => attribute("text"),
        "emoji" => attribute("shortName"),
        "inlineCard" => attribute("url"),
        "date" => attribute("timestamp"),
        _ => String::new(),
    }
}

/// The words, a line per block.
pub(crate) fn plain(value: &Value) -> String {
    let mut out = String::new();
    collect(value, &mut out);
    out.trim_end().to_owned()
}

fn collect(value: &Value, out: &mut String) {
    out.push_str(&inline_text(value));
    for child in children(value) {
        collect(child, out);
    }
    let is_leaf_block =
        matches!(value["type"].as_str(), Some("paragraph" | "heading" | "codeBlock" | "taskItem" | "rule"));
    if is_leaf_block {
        out.push('\n');
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "<br/>\n")
}

/// HTML as `renderedFields` has it: good for display, not for round trips.
pub(crate) fn html(value: &Value) -> String {
    let inner: String = children(value).iter().map(html).collect();
    let level = value["attrs"]["level"].as_u64().unwrap_or(1);
    match value["type"].as_str().unwrap_or_default() {
        "doc" => inner,
        "paragraph" => format!("<p>{inner}</p>\n"),
        "heading" => format!("<h{level}>{inner}</h{level}>\n"),
        "bulletList" => format!("<ul>\n{inner}</ul>\n"),
        "orderedList" => format!("<ol>\n{inner}</ol>\n"),
        "listItem" => format!("<li>{inner}</li>\n"),
        "blockquote" => format!("<blockquote>{inner}</blockquote>\n"),
        "codeBlock" => format!("<div class=\"preformatted panel\"><pre>{inner}</pre></div>\n"),
        "rule" => "<hr/>\n".to_owned(),
        "text" => {
            let text = escape(value["text"].as_str().unwrap_or_default());
            value["marks"].as_array().into_iter().flatten().fold(text, |text, mark| match mark["type"].as_str() {
                Some("strong") => format!("<b>{text}</b>"),
                Some("em") => format!("<em>{text}</em>"),
                Some("strike") => format!("<del>{text}</del>"),
                Some("code") => format!("<tt>{text}</tt>"),
                Some("link") => {
                    let target = escape(mark["attrs"]["href"].as_str().unwrap_or_default());
                    format!("<a href=\"{target}\" class=\"external-link\" rel=\"nofollow noreferrer\">{text}</a>")
                }
                _ => text,
            })
        }
        _ => format!("{}{inner}", escape(&inline_text(value))),
    }
}
