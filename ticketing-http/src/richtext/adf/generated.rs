//! Generated ADF, valid and with everything in it that Markdown has no form for.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{assert_valid, doc};
use super::{edit, from_markdown, to_markdown};
use crate::richtext::arbitrary;
use crate::richtext::markdown;

fn inline() -> impl Strategy<Value = Value> {
    let marks = prop::sample::select(vec![
        json!([]),
        json!([{"type": "strong"}]),
        json!([{"type": "em"}, {"type": "underline"}]),
        json!([{"type": "textColor", "attrs": {"color": "#ff0000"}}]),
        json!([{"type": "link", "attrs": {"href": "https://example.com/a b"}}, {"type": "strike"}]),
        json!([{"type": "code"}]),
        json!([{"type": "subsup", "attrs": {"type": "sub"}}]),
    ]);
    prop_oneof![
        8 => (arbitrary::words().prop_filter("empty", |text| !text.is_empty()), marks)
            .prop_map(|(text, marks)| json!({"type": "text", "text": text, "marks": marks})),
        2 => prop::sample::select(vec![
            json!({"type": "hardBreak"}),
            json!({"type": "mention", "attrs": {"id": "5b:1", "text": "@Ann", "localId": "m"}}),
            json!({"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}}),
            json!({"type": "status", "attrs": {"text": "DONE", "color": "green"}}),
            json!({"type": "date", "attrs": {"timestamp": "1456707780000"}}),
            json!({"type": "inlineCard", "attrs": {"url": "https://example.com/c"}}),
            json!({"type": "inlineExtension", "attrs": {"extensionType": "t", "extensionKey": "k"}}),
            json!({"type": "mediaInline", "attrs": {"id": "i", "collection": "c"}}),
        ]),
    ]
}

fn paragraph() -> impl Strategy<Value = Value> {
    vec(inline(), 0..4).prop_map(|content| json!({"type": "paragraph", "content": content}))
}

fn block() -> impl Strategy<Value = Value> {
    let lists = vec(vec(paragraph(), 1..3), 1..3).prop_map(|items| {
        let items: Vec<Value> =
            items.into_iter().map(|content| json!({"type": "listItem", "content": content})).collect();
        json!({"type": "bulletList", "content": items})
    });
    let table = vec(vec(paragraph(), 2), 1..3).prop_map(|rows| {
        let row = |cells: Vec<Value>| {
            let cell = |content| json!({"type": "tableCell", "attrs": {"background": "#eee"}, "content": [content]});
            json!({"type": "tableRow", "content": cells.into_iter().map(cell).collect::<Vec<_>>()})
        };
        json!({"type": "table", "attrs": {"layout": "wide"}, "content": rows.into_iter().map(row).collect::<Vec<_>>()})
    });
    prop_oneof![
        4 => paragraph(),
        1 => lists,
        1 => table,
        1 => vec(paragraph(), 1..3).prop_map(|content| json!({"type": "panel",
            "attrs": {"panelType": "custom", "panelColor": "#123456"}, "content": content})),
        1 => vec(paragraph(), 1..3).prop_map(|content| json!({"type": "expand", "attrs": {"title": "More"}, "content": content})),
        1 => vec(paragraph(), 1..3).prop_map(|content| json!({"type": "blockquote", "content": content})),
        1 => vec(inline(), 0..3).prop_map(|content| json!({"type": "taskList", "attrs": {"localId": "l"}, "content": [
            {"type": "taskItem", "attrs": {"localId": "task-1", "state": "DONE"}, "content": content}]})),
        1 => prop::sample::select(vec![
            json!({"type": "extension", "attrs": {"extensionType": "t", "extensionKey": "chart", "parameters": {"x": [1.50]}}}),
            json!({"type": "mediaSingle", "attrs": {"layout": "wide"}, "content": [
                {"type": "media", "attrs": {"type": "file", "id": "f", "collection": "c"}}]}),
            json!({"type": "blockCard", "attrs": {"url": "https://example.com/card"}}),
            json!({"type": "rule"}),
        ]),
    ]
}

proptest! {
    #![proptest_config(arbitrary::cases(300))]

    #[test]
    fn an_edited_document_is_valid_and_keeps_what_was_not_edited(blocks in vec(block(), 1..5), at in 0..5usize, text in "[a-c]{3} ?[a-c*_]{0,3}") {
        let native = doc(json!(blocks));
        assert_valid(&native)?;
        let shown = to_markdown(&native).unwrap().value;
        prop_assert_eq!(&edit(&native, &shown).unwrap().value, &native);
        assert_valid(&from_markdown(&shown).value)?;

        // A paragraph put between two blocks leaves every block as it is.
        let mut parts = markdown::read(&shown).blocks;
        let new = markdown::read(&format!("zzz {text}")).blocks;
        let at = at.min(parts.len());
        parts.splice(at..at, new);
        let edited = edit(&native, &markdown::write(&parts).markdown).unwrap();
        assert_valid(&edited.value)?;
        prop_assert!(edited.value.contains("zzz"));
        let kept = blocks.iter().filter(|block| edited.value.contains(&block.to_string())).count();
        // It may stand within one: an expand or a card shows as several blocks.
        prop_assert!(kept + 1 >= blocks.len(), "{} of {}", edited.value, native);
    }
}
