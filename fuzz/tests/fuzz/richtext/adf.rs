//! ADF: valid documents, documents with nodes that nobody knows, and what is no document.

use serde_json::{Map, Value, json};
use ticketing_fuzz::Shape;
use ticketing_http::richtext::adf;

use super::{assert_has_words, assert_told, in_time, may_lose_words, shown_words, words_of};

/// A text of some length; most are plain.
fn text(shape: &mut Shape<'_>) -> String {
    let text = shape.word().replace('\0', "");
    if text.trim().is_empty() { "x".to_owned() } else { text }
}

/// An inline node.
fn inline(shape: &mut Shape<'_>) -> Value {
    match shape.below(12) {
        0 => json!({"type": "hardBreak"}),
        1 => json!({"type": "mention", "attrs": {"id": text(shape), "text": format!("@{}", text(shape))}}),
        2 => json!({"type": "emoji", "attrs": {"shortName": ":smile:", "text": text(shape)}}),
        3 => json!({"type": "status", "attrs": {"text": text(shape), "color": "green"}}),
        4 => json!({"type": "date", "attrs": {"timestamp": shape.number().to_string()}}),
        5 => json!({"type": "inlineCard", "attrs": {"url": format!("https://x.example/{}", text(shape))}}),
        6 => json!({"type": "hologram", "attrs": {"text": text(shape), "depth": shape.json()}}),
        _ => {
            let mut node = json!({"type": "text", "text": text(shape)});
            let marks = [
                json!([]),
                json!([{"type": "strong"}]),
                json!([{"type": "em"}, {"type": "underline"}]),
                json!([{"type": "textColor", "attrs": {"color": "#ff0000"}}]),
                json!([{"type": "strike"}, {"type": "link", "attrs": {"href": "https://x.example/a b"}}]),
                json!([{"type": "code"}]),
                json!([{"type": "subsup", "attrs": {"type": "sub"}}, {"type": "glow"}]),
            ];
            node["marks"] = shape.pick(&marks).clone();
            node
        }
    }
}

fn paragraph(shape: &mut Shape<'_>) -> Value {
    let count = shape.below(4);
    json!({"type": "paragraph", "content": (0..count).map(|_| inline(shape)).collect::<Vec<_>>()})
}

fn some<T>(shape: &mut Shape<'_>, most: usize, mut one: impl FnMut(&mut Shape<'_>) -> T) -> Vec<T> {
    let count = 1 + shape.below(most);
    (0..count).map(|_| one(shape)).collect()
}

/// A block as the schema has it, or of a kind that it does not have.
fn block(shape: &mut Shape<'_>, depth: usize) -> Value {
    let inner = |shape: &mut Shape<'_>| match depth {
        0 => vec![paragraph(shape)],
        _ => some(shape, 3, |shape| block(shape, depth - 1)),
    };
    match shape.below(15) {
        0 => json!({"type": "heading", "attrs": {"level": 1 + shape.below(6)}, "content": some(shape, 3, inline)}),
        1 => {
            json!({"type": "codeBlock", "attrs": {"language": text(shape)}, "content": [{"type": "text", "text": text(shape)}]})
        }
        2 => json!({"type": "rule"}),
        3 => {
            let items = some(shape, 3, |shape| json!({"type": "listItem", "content": inner(shape)}));
            json!({"type": "bulletList", "content": items})
        }
        4 => {
            let items = some(shape, 3, |shape| json!({"type": "listItem", "content": inner(shape)}));
            json!({"type": "orderedList", "attrs": {"order": shape.number()}, "content": items})
        }
        5 => {
            let items = some(shape, 3, |shape| {
                let state = *shape.pick(&["TODO", "DONE"]);
                json!({"type": "taskItem", "attrs": {"localId": "t", "state": state}, "content": some(shape, 2, inline)})
            });
            json!({"type": "taskList", "attrs": {"localId": "l"}, "content": items})
        }
        6 => {
            let rows = some(shape, 3, |shape| {
                let cell = *shape.pick(&["tableCell", "tableHeader"]);
                let cells = some(
                    shape,
                    3,
                    |shape| json!({"type": cell, "attrs": {"colspan": 1 + shape.below(3)}, "content": inner(shape)}),
                );
                json!({"type": "tableRow", "content": cells})
            });
            json!({"type": "table", "content": rows})
        }
        7 => {
            json!({"type": "panel", "attrs": {"panelType": *shape.pick(&["info", "error", "custom", "x"])}, "content": inner(shape)})
        }
        8 => json!({"type": "expand", "attrs": {"title": text(shape)}, "content": inner(shape)}),
        9 => json!({"type": "blockquote", "content": inner(shape)}),
        10 => {
            json!({"type": "extension", "attrs": {"extensionType": "t", "extensionKey": text(shape), "parameters": shape.json()}})
        }
        11 => {
            json!({"type": "mediaSingle", "content": [{"type": "media", "attrs": {"type": "file", "id": text(shape), "collection": ""}}]})
        }
        12 => json!({"type": "hologram", "attrs": shape.json(), "content": inner(shape)}),
        _ => paragraph(shape),
    }
}

fn document(shape: &mut Shape<'_>) -> Value {
    let blocks = some(shape, 5, |shape| block(shape, 2));
    json!({"version": 1, "type": "doc", "content": blocks})
}

/// Changes some of a document into what is none.
fn distort(value: &mut Value, shape: &mut Shape<'_>) {
    match value {
        Value::Array(items) if !items.is_empty() && !shape.one_in(8) => {
            let at = shape.below(items.len());
            match shape.below(6) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, shape.json()),
                _ => distort(&mut items[at], shape),
            }
        }
        Value::Object(pairs) if !pairs.is_empty() && !shape.one_in(8) => {
            let at = shape.below(pairs.len());
            let key = pairs.keys().nth(at).cloned().unwrap_or_default();
            if shape.one_in(6) {
                let value = pairs.remove(&key).unwrap_or_default();
                pairs.insert(shape.text(), value);
            } else if let Some(value) = pairs.get_mut(&key) {
                distort(value, shape);
            }
        }
        Value::String(text) if !shape.one_in(3) => *text = shape.text(),
        _ => *value = shape.json(),
    }
}

/// What may stand in what, in the documents that we write (wire A6, and the official schema; the property tests beside the
/// converter hold them against that one, where it is there).
pub(super) fn assert_valid(document: &str) {
    let value: Value = serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {document}"));
    assert_eq!((&value["version"], &value["type"]), (&json!(1), &json!("doc")), "{document}");
    let blocks = value["content"].as_array().unwrap_or_else(|| panic!("no content: {document}"));
    blocks.iter().for_each(|block| node(block, "doc", document));
}

fn node(value: &Value, parent: &str, document: &str) {
    let kind = value["type"].as_str().unwrap_or_else(|| panic!("a node without type in {document}"));
    let keys: Vec<&str> = value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    assert!(
        keys.iter().all(|key| ["type", "text", "attrs", "marks", "content"].contains(key)),
        "{value} in {document}"
    );
    let allowed: &[&str] = match parent {
        "doc" => &[
            "paragraph",
            "heading",
            "codeBlock",
            "rule",
            "bulletList",
            "orderedList",
            "taskList",
            "blockquote",
            "panel",
            "table",
            "mediaSingle",
            "mediaGroup",
        ],
        "blockquote" => &["paragraph", "codeBlock", "bulletList", "orderedList", "mediaSingle", "mediaGroup"],
        "panel" => &[
            "paragraph",
            "heading",
            "codeBlock",
            "rule",
            "bulletList",
            "orderedList",
            "taskList",
            "mediaSingle",
            "mediaGroup",
            "blockquote",
        ],
        "listItem" => &["paragraph", "codeBlock", "bulletList", "orderedList", "taskList", "mediaSingle"],
        "tableHeader" | "tableCell" => &[
            "paragraph",
            "heading",
            "codeBlock",
            "rule",
            "bulletList",
            "orderedList",
            "taskList",
            "blockquote",
            "panel",
            "mediaSingle",
            "mediaGroup",
        ],
        "bulletList" | "orderedList" => &["listItem"],
        "taskList" => &["taskItem", "taskList", "blockTaskItem"],
        "table" => &["tableRow"],
        "tableRow" => &["tableCell", "tableHeader"],
        "mediaSingle" | "mediaGroup" => &["media", "caption"],
        "codeBlock" => &["text"],
        "paragraph" | "heading" | "taskItem" | "caption" => {
            &["text", "hardBreak", "mention", "emoji", "inlineCard", "status", "date", "mediaInline"]
        }
        _ => &[],
    };
    assert!(allowed.contains(&kind), "{kind} in {parent}: {document}");
    let text = value.get("text").and_then(Value::as_str);
    assert_eq!(kind == "text", text.is_some_and(|text| !text.is_empty()), "{value} in {document}");
    let marks: Vec<&str> =
        value["marks"].as_array().into_iter().flatten().filter_map(|mark| mark["type"].as_str()).collect();
    if parent == "codeBlock" {
        assert!(marks.is_empty(), "{value} in {document}");
    } else {
        // wire A6: a line end within a text is refused, the whole document with it.
        assert!(!text.is_some_and(|text| text.contains('\n')), "{value} in {document}");
    }
    if marks.contains(&"code") {
        assert!(marks.iter().all(|mark| ["code", "link", "annotation"].contains(mark)), "{value} in {document}");
    }
    for link in value["marks"].as_array().into_iter().flatten().filter(|mark| mark["type"] == "link") {
        let href = link["attrs"]["href"].as_str().unwrap_or_default().to_ascii_lowercase();
        let seen: String = href.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        assert!(
            !seen.starts_with("javascript:") && !seen.starts_with("vbscript:") && !seen.starts_with("data:"),
            "{document}"
        );
    }
    let content = value["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let must_have = [
        "bulletList",
        "orderedList",
        "listItem",
        "taskList",
        "table",
        "tableRow",
        "blockquote",
        "panel",
        "mediaSingle",
        "tableCell",
        "tableHeader",
    ];
    assert!(!must_have.contains(&kind) || !content.is_empty(), "{kind} is empty: {document}");
    if ["taskList", "taskItem"].contains(&kind) {
        assert!(value["attrs"]["localId"].is_string(), "{document}");
    }
    content.iter().for_each(|child| node(child, kind, document));
}

/// A document, whatever is in it, is shown with all its words, and back again; unknown nodes survive an edit elsewhere.
#[test]
fn a_document_keeps_its_words_and_its_nodes() {
    fuzz!("richtext/adf/a_document_keeps_its_words_and_its_nodes", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let document = document(shape);
        let native = document.to_string();
        let shown = adf::to_markdown(&native).unwrap();
        assert_told(&shown.losses);
        let mut words = String::new();
        words_of(&document["content"], &mut words);
        if !may_lose_words(&shown.losses) {
            assert_has_words(&shown_words(&shown.value), &words, &native);
        }
        assert_valid(&adf::from_markdown(&shown.value).value);
        assert_eq!(adf::edit(&native, &shown.value).unwrap().value, native, "an edit that changes nothing");

        let edited = adf::edit(&native, &format!("{}\n\nzzz last words", shown.value)).unwrap();
        assert_told(&edited.losses);
        assert!(edited.value.contains("zzz"), "{}", edited.value);
        // The last block may be what the new words were typed into.
        let blocks = document["content"].as_array().unwrap();
        for block in &blocks[..blocks.len() - 1] {
            let raw = block.to_string();
            assert!(edited.value.contains(&raw), "{raw} is not in {} of {:?}", edited.value, shown.value);
        }
    });
}

/// What is no document: an error, or what could be read of it, and no word about the rest is missing.
#[test]
fn what_is_no_document_is_read_as_far_as_it_can_be() {
    fuzz!("richtext/adf/what_is_no_document_is_read_as_far_as_it_can_be", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let mut value = document(shape);
        for _ in 0..1 + shape.below(4) {
            distort(&mut value, shape);
        }
        let native = match shape.below(4) {
            0 => String::from_utf8_lossy(&shape.bend(value.to_string().into_bytes())).into_owned(),
            _ => value.to_string(),
        };
        let Ok(shown) = adf::to_markdown(&native) else {
            assert!(adf::edit(&native, "other").is_err(), "{native}");
            let is_object = serde_json::from_str::<Map<String, Value>>(&native).is_ok();
            let content = serde_json::from_str::<Value>(&native).unwrap_or_default();
            assert!(!is_object || !content["content"].is_array() || !content["type"].is_string(), "{native}");
            return;
        };
        assert_told(&shown.losses);
        assert_valid(&adf::from_markdown(&shown.value).value);
        // `null` and no text at all stand for a document, and are none.
        if !["", "null"].contains(&native.trim()) {
            assert_eq!(adf::edit(&native, &shown.value).unwrap().value, native, "{:?}", shown.value);
        }
        let edited = adf::edit(&native, &format!("{}\n\nzzz last words", shown.value)).unwrap();
        assert!(edited.value.contains("zzz"), "{}", edited.value);
        serde_json::from_str::<Value>(&edited.value).unwrap_or_else(|error| panic!("{error}: {}", edited.value));
        adf::to_markdown(&edited.value).unwrap();
        if shown.losses.is_empty()
            && let Ok(value) = serde_json::from_str::<Value>(&native)
        {
            let mut words = String::new();
            words_of(&value["content"], &mut words);
            assert_has_words(&shown_words(&shown.value), &words, &native);
        }
    });
}

/// Nested without end, or very long: read in time, without a stack that grows with it, and with its words.
#[test]
fn nesting_and_length_are_bounded() {
    fuzz!("richtext/adf/nesting_and_length_are_bounded", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        const AROUND: &[(&str, &str)] = &[
            (r#"{"type":"blockquote","content":["#, "]}"),
            (r#"{"type":"bulletList","content":[{"type":"listItem","content":["#, "]}]}"),
            (r#"{"type":"table","content":[{"type":"tableRow","content":[{"type":"tableCell","content":["#, "]}]}]}"),
            (r#"{"type":"taskList","content":["#, "]}"),
            (r#"{"type":"hologram","content":["#, "]}"),
            (r#"{"type":"paragraph","content":["#, "]}"),
            (r#"{"content":["#, "]}"),
            (r#"{"type":"text","marks":["#, "]}"),
            (r#"{"type":"panel","attrs":{"a":["#, "]}}"),
            ("[", "]"),
        ];
        let (mut open, mut close) = (String::new(), String::new());
        for _ in 0..1 + shape.below(4) {
            let (before, after) = *shape.pick(AROUND);
            open.push_str(before);
            close.insert_str(0, after);
        }
        let times = (usize::from(shape.byte()) << 4).min(60_000 / open.len());
        let inner = r#"{"type":"paragraph","content":[{"type":"text","text":"needle"}]}"#;
        let wide = inner.to_owned() + &format!(",{inner}").repeat(usize::from(shape.byte()));
        let native = format!(r#"{{"type":"doc","content":[{}{wide}{}]}}"#, open.repeat(times), close.repeat(times));
        in_time("reading ADF", || {
            let Ok(shown) = adf::to_markdown(&native) else { return };
            let edited = adf::edit(&native, &format!("more\n\n{}", shown.value)).unwrap();
            assert!(edited.value.contains("more"));
            assert_valid(&adf::from_markdown(&shown.value).value);
        });
    });
}
