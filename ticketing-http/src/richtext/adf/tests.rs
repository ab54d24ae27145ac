//! ADF against the official schema, and edits against what they must not touch.

use std::io::Read;
use std::sync::OnceLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{edit, from_markdown, to_markdown};
use crate::richtext::arbitrary;
use crate::richtext::markdown;

/// The official schema; `None`, and a line that says so, without the folder of specifications.
fn schema() -> Option<&'static Validator> {
    static SCHEMA: OnceLock<Option<Validator>> = OnceLock::new();
    SCHEMA
        .get_or_init(|| {
            let Some(folder) = std::env::var_os("VENDOR_SPECS_DIR") else {
                println!("skipped: VENDOR_SPECS_DIR is not set, so ADF is not validated against the official schema");
                return None;
            };
            let file = std::fs::File::open(std::path::Path::new(&folder).join("adf-schema.json.gz")).unwrap();
            let mut text = String::new();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            Some(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap())
        })
        .as_ref()
}

pub(super) fn assert_valid(document: &str) -> Result<(), TestCaseError> {
    let value: Value =
        serde_json::from_str(document).map_err(|error| TestCaseError::fail(format!("{error}: {document}")))?;
    if let Some(schema) = schema()
        && let Some(error) = schema.iter_errors(&value).next()
    {
        return Err(TestCaseError::fail(format!("{error} at {}: {document}", error.instance_path())));
    }
    match line_end(&value) {
        Some(text) => Err(TestCaseError::fail(format!("a line end within {text}: {document}"))),
        None => Ok(()),
    }
}

/// A text outside code that has a line end, which the site refuses and the schema does not name (wire A6).
fn line_end(node: &Value) -> Option<&Value> {
    if node["type"] == "codeBlock" {
        return None;
    }
    let has_one = node["text"].as_str().is_some_and(|text| text.contains('\n'));
    let within = || node["content"].as_array().into_iter().flatten().find_map(line_end);
    has_one.then_some(node).or_else(within)
}

pub(super) fn doc(blocks: Value) -> String {
    json!({"version": 1, "type": "doc", "content": blocks}).to_string()
}

#[test]
fn the_schema_refuses_what_is_not_adf() {
    let Some(schema) = schema() else { return };
    for (valid, blocks) in [
        (true, json!([{"type": "paragraph", "content": [{"type": "text", "text": "a"}]}])),
        (false, json!([{"type": "paragraph", "content": [{"type": "text", "text": ""}]}])),
        (false, json!([{"type": "taskList", "content": []}])),
        (false, json!([{"type": "blockquote", "content": [{"type": "heading", "attrs": {"level": 1}}]}])),
    ] {
        let document: Value = serde_json::from_str(&doc(blocks)).unwrap();
        assert_eq!(schema.is_valid(&document), valid, "{document}");
    }
}

#[test]
fn every_kind_of_node_is_shown() {
    let native = doc(json!([
        {"type": "panel", "attrs": {"panelType": "warning"}, "content": [{"type": "paragraph", "content": [
            {"type": "text", "text": "Mind "}, {"type": "mention", "attrs": {"id": "5b:1", "text": "@Ann"}}]}]},
        {"type": "expand", "attrs": {"title": "More"}, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "inside"}]}]},
        {"type": "taskList", "attrs": {"localId": "l"}, "content": [
            {"type": "taskItem", "attrs": {"localId": "a", "state": "DONE"}, "content": [{"type": "text", "text": "did"}]},
            {"type": "taskList", "attrs": {"localId": "m"}, "content": [
                {"type": "taskItem", "attrs": {"localId": "b", "state": "TODO"}, "content": [{"type": "text", "text": "will"}]}]}]},
        {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [
            {"type": "media", "attrs": {"type": "file", "id": "f-1", "collection": "", "alt": "a.png"}}]},
        {"type": "paragraph", "content": [
            {"type": "emoji", "attrs": {"shortName": ":smile:", "text": "😄"}}, {"type": "text", "text": " "},
            {"type": "date", "attrs": {"timestamp": "1456707780000"}}, {"type": "hardBreak"},
            {"type": "inlineCard", "attrs": {"url": "https://example.com/x"}}]},
        {"type": "extension", "attrs": {"extensionType": "t", "extensionKey": "toc"}},
        {"type": "layoutSection", "content": [
            {"type": "layoutColumn", "attrs": {"width": 50}, "content": [{"type": "rule"}]},
            {"type": "layoutColumn", "attrs": {"width": 50}, "content": [
                {"type": "codeBlock", "attrs": {"language": "rust"}, "content": [{"type": "text", "text": "a\n```\nb"}]}]}]},
        {"type": "hologram", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "new kind"}]}]},
    ]));
    let shown = to_markdown(&native).unwrap();
    assert_eq!(
        shown.value,
        "> [!WARNING]\n> Mind [@Ann](mention:5b:1)\n\n**More**\n\ninside\n\n- [x] did\n  - [ ] will\n\n![a.png](media:f-1)\n\n\
         😄 2016-02-29\\\n[https://example.com/x](https://example.com/x)\n\ntoc\n\n***\n\n````rust\na\n```\nb\n````\n\nnew kind"
    );
    let said: Vec<String> = shown.losses.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "/content/1: expand shown in another form",
            "/content/4/content/0: emoji shown in another form",
            "/content/4/content/2: date shown in another form",
            "/content/4/content/4: inlineCard shown in another form",
            "/content/5: extension shown in another form",
            "/content/6: layoutSection taken out of its structure",
            "/content/6/content/0: layoutColumn taken out of its structure",
            "/content/6/content/1: layoutColumn taken out of its structure",
            "/content/7: hologram shown in another form",
        ]
    );
}

#[test]
fn an_edit_leaves_the_rest_byte_for_byte() {
    // Key order, blanks and unknown members as no serialiser would write them.
    let panel = r##"{ "content":[{"type":"paragraph","content":[{"text":"Careful","type":"text"}]}], "type":"panel","attrs":{"panelType":"custom","panelColor":"#fff","panelIcon":":x:"} }"##;
    let chart = r#"{"type":"extension","attrs":{"extensionType":"com.x","extensionKey":"chart","parameters":{"z":1.50,"a":[]}}}"#;
    let expand = r#"{"type":"expand","attrs":{"title":"Log"},"content":[{"type":"codeBlock","content":[{"type":"text","text":"x"}]}]}"#;
    let empty = r#"{"type":"paragraph"}"#;
    let text = r#"{"type":"paragraph","content":[{"type":"text","text":"Old words here."}]}"#;
    let native = format!(r#"{{"version":1,"type":"doc","content":[{panel},{empty},{text},{chart},{expand}]}}"#);
    let shown = to_markdown(&native).unwrap().value;
    assert_eq!(edit(&native, &shown).unwrap().value, native);

    let edited = edit(&native, &shown.replace("Old words here.", "New words here.\n\nAnd a line.")).unwrap();
    for kept in [panel, empty, chart, expand] {
        assert!(edited.value.contains(kept), "{kept} in {}", edited.value);
    }
    assert!(
        edited.value.contains("New words") && edited.value.contains("And a line.") && !edited.value.contains("Old")
    );
    assert_eq!(edited.losses, []);

    // Within the expand, and within the panel.
    let edited = edit(&native, &shown.replace("x\n```", "y\n```").replace("Careful", "Careful now")).unwrap();
    assert!(edited.value.contains(r#"{"attrs":{"title":"Log"},"type":"expand","content":[{"type":"codeBlock","content":[{"type":"text","text":"y"}]}]}"#), "{}", edited.value);
    assert!(
        edited.value.contains(r##""panelType":"custom","panelColor":"#fff","panelIcon":":x:"}"##)
            && edited.value.contains("{\"type\":\"text\",\"text\":\" now\"}"),
        "{}",
        edited.value
    );

    // Taken out on purpose: said.
    let edited = edit(&native, &shown.replace("chart\n\n", "")).unwrap();
    assert!(!edited.value.contains("chart"));
    assert_eq!(
        edited.losses.iter().map(|loss| loss.to_string()).collect::<Vec<_>>(),
        ["block 3: extension overwritten by the edit"]
    );
}

#[test]
fn an_edit_within_a_line_leaves_its_nodes() {
    let mention = r#"{"type":"mention","attrs":{"id":"7","text":"@Ann","accessLevel":"","localId":"q"}}"#;
    let status = r#"{"type":"status","attrs":{"text":"IN REVIEW","color":"blue","localId":"s"}}"#;
    let red = r##"{"type":"text","text":"red text","marks":[{"type":"textColor","attrs":{"color":"#ff0000"}}]}"##;
    let native = format!(
        r##"{{"version":1,"type":"doc","content":[{{"type":"paragraph","marks":[{{"type":"alignment","attrs":{{"align":"end"}}}}],"content":[
        {{"type":"text","text":"Ask "}},{mention},{{"type":"text","text":" about "}},{status},{{"type":"text","text":" and "}},{red},{{"type":"text","text":" please "}}]}}]}}"##
    );
    let shown = to_markdown(&native).unwrap().value;
    assert_eq!(shown, "Ask [@Ann](mention:7) about IN REVIEW and red text please");
    let edited = edit(&native, "Ask [@Ann](mention:7) again about **the** IN REVIEW and red text!").unwrap();
    for kept in [mention, status, red, r#""alignment""#] {
        assert!(edited.value.contains(kept), "{kept} in {}", edited.value);
    }
    assert_eq!(edited.losses, []);
    // A colour stays on the words that stay.
    let edited = edit(&native, "Ask [@Ann](mention:7) about IN REVIEW and red ink please").unwrap();
    assert!(
        edited
            .value
            .contains(r##"{"type":"text","text":"red ","marks":[{"type":"textColor","attrs":{"color":"#ff0000"}}]}"##),
        "{}",
        edited.value
    );
    let edited = edit(&native, "Ask [@Ann](mention:7) about REVIEW").unwrap();
    assert_eq!(edited.losses.iter().map(|loss| loss.what.as_str()).collect::<Vec<_>>(), ["status", "text"]);
}

/// Found by fuzzing: an empty document, too, is its own edit.
#[test]
fn an_empty_document_stays_as_it_is() {
    let native = r#"{"content": [], "type": "doc", "version": 1}"#;
    assert_eq!(edit(native, "").unwrap().value, native);
    assert_eq!(edit(native, "a").unwrap().value, from_markdown("a").value);
    assert_eq!(edit("null", "").unwrap().value, from_markdown("").value);
}

/// Found by fuzzing: a blank at the end of a line, which Markdown has not, does not come back in the middle of it.
#[test]
fn a_blank_at_the_end_stays_at_the_end() {
    for blank in [" ", "\u{a0}"] {
        let native = doc(json!([{"type": "paragraph", "content": [{"type": "text", "text": format!("f{blank}")}]}]));
        for edited in ["f, and more", "more f", "f"] {
            let value = edit(&native, edited).unwrap().value;
            assert_eq!(to_markdown(&value).unwrap().value, edited, "{value}");
        }
    }
}

/// Found by fuzzing: a node that does not say what it is holds words all the same.
#[test]
fn a_node_without_a_type_keeps_its_words() {
    let words = json!([{"type": "text", "text": "needle"}]);
    for block in [
        json!({"content": [{"type": "paragraph", "content": words}]}),
        json!({"type": "", "content": words}),
        json!({"type": "paragraph", "content": [{"content": words}]}),
    ] {
        let shown = to_markdown(&doc(json!([block]))).unwrap();
        assert!(shown.value.contains("needle") && !shown.losses.is_empty(), "{block}: {shown:?}");
    }
}

/// Found by fuzzing: what is wrong with all of it has a place, too.
#[test]
fn a_loss_of_the_whole_document_says_so() {
    let losses = to_markdown(r#"{"type": "page", "content": []}"#).unwrap().losses;
    assert_eq!(
        losses[0].to_string(),
        "document: a document of another type than doc malformed, shown as far as it could be read"
    );
}

/// A blank in a formatting of its own is not the plain blank that Markdown has there.
#[test]
fn a_blank_keeps_to_its_formatting() {
    let text = |text: &str, marks: Value| json!({"type": "text", "text": text, "marks": marks});
    let native = doc(json!([{"type": "paragraph", "content": [
        text("a c", json!([{"type": "em"}, {"type": "underline"}])), text(" ", json!([{"type": "underline"}])),
        {"type": "text", "text": "a"}]}]));
    let edited = edit(&native, "1 a a").unwrap().value;
    assert_eq!(to_markdown(&edited).unwrap().value, "1 a a", "{edited}");
}

#[test]
fn hostile_documents_end() {
    for text in ["", "null", "{}", r#"{"content":null}"#] {
        let _ = to_markdown(text);
    }
    for text in ["{", "[]x", "[]", "[\"doc\", []]", "\"a\"", "<html>", "7"] {
        let error = to_markdown(text).unwrap_err().to_string();
        assert!(error.starts_with("the text is not ADF: "), "{error}");
    }
    for node in [
        json!(7),
        json!("words"),
        json!([1]),
        json!({}),
        json!({"type": 5}),
        json!({"type": "paragraph", "content": "words"}),
        json!({"type": "paragraph", "content": {"type": "text", "text": "words"}}),
        json!({"type": "heading", "attrs": {"level": "x"}}),
        json!({"type": "text", "text": 5}),
        json!({"type": "paragraph", "content": [{"type": "text", "text": "a", "marks": [{"type": "link"}, 5, {"type": "link", "attrs": {"href": "javascript:x"}}]}]}),
        json!({"type": "table", "content": [{"type": "tableRow", "content": [{"type": "tableCell", "attrs": {"colspan": 1e9}, "content": []}]}]}),
        json!({"type": "orderedList", "attrs": {"order": -5}, "content": [{"type": "paragraph"}]}),
        json!({"type": "date", "attrs": {"timestamp": "99999999999999999999"}}),
    ] {
        let native = doc(json!([node]));
        let shown = to_markdown(&native).unwrap();
        assert!(!shown.value.contains("javascript"), "{}", shown.value);
        edit(&native, "other").unwrap();
        edit(&native, &format!("{}\n\nmore", shown.value)).unwrap();
    }
    for (open, close, levels) in [
        (r#"{"type":"blockquote","content":["#, "]}", 10_000),
        (r#"{"type":"blockquote","content":["#, "]}", 50),
        (r#"{"type":"bulletList","content":[{"type":"listItem","content":["#, "]}]}", 26),
        (r#"{"type":"x","content":["#, "]}", 60),
        (r#"{"type":"taskList","content":["#, "]}", 55),
    ] {
        let inner = r#"{"type":"paragraph","content":[{"type":"text","text":"needle"}]}"#;
        let native = format!(r#"{{"type":"doc","content":[{}{inner}{}]}}"#, open.repeat(levels), close.repeat(levels));
        let shown = to_markdown(&native).unwrap();
        assert!(shown.value.contains("needle"), "{levels}: {}", shown.value);
        assert!(!shown.losses.is_empty() || levels < 50);
        let edited = edit(&native, &format!("more\n\n{}", shown.value)).unwrap().value;
        assert!(edited.contains("needle"));
    }
}

/// A cell over two columns makes a row shorter than its table: an edit of its neighbour leaves it as it is.
#[test]
fn a_cell_over_several_columns_survives_an_edit_beside_it() {
    let cell = |attrs: Value, content: Value| json!({"type": "tableCell", "attrs": attrs, "content": [{"type": "paragraph", "content": content}]});
    let text = |text: &str| json!([{"type": "text", "text": text}]);
    let wide = cell(
        json!({"colspan": 2, "background": "#eee"}),
        json!([{"type": "text", "text": "wide "}, {"type": "status", "attrs": {"text": "GO", "color": "green"}}]),
    );
    let native = doc(json!([{"type": "table", "content": [
        {"type": "tableRow", "content": [cell(json!({}), text("a")), cell(json!({}), text("b")), cell(json!({}), text("c"))]},
        {"type": "tableRow", "content": [wide.clone(), cell(json!({}), text("OTHER"))]}]}]));
    let shown = to_markdown(&native).unwrap().value;
    let edited = edit(&native, &shown.replace("OTHER", "EDITED")).unwrap();
    assert!(edited.value.contains(&wide.to_string()) && edited.value.contains("EDITED"), "{}", edited.value);
    assert!(edited.losses.is_empty(), "{:?}", edited.losses);
    assert_valid(&edited.value).unwrap();
    // Cleared, it still stands in two columns.
    let edited = edit(&native, &shown.replace("wide GO", "")).unwrap().value;
    assert!(edited.contains("\"colspan\":2") && edited.contains("OTHER"), "{edited}");
    assert_eq!(
        to_markdown(&edited).unwrap().value,
        to_markdown(&native).unwrap().value.replace("wide GO ", ""),
        "{edited}"
    );
    // What has no place in the row is written anew, and what goes with that is told.
    let edited = edit(&native, &shown.replace("wide GO |", "wide GO | more")).unwrap();
    assert!(edited.value.contains("more"), "{}", edited.value);
    assert_eq!(edited.losses.len(), 1, "{:?}", edited.losses);
}

/// Line ends of every kind, also those by number: within a text the site would refuse the whole document.
#[test]
fn a_line_end_within_a_text_is_a_line_break() {
    let document = from_markdown("one\u{c}two&#10;**th&#xD;ree**").value;
    assert_valid(&document).unwrap();
    assert_eq!(document.matches("hardBreak").count(), 3, "{document}");
    assert_eq!(to_markdown(&document).unwrap().value, "one\\\ntwo\\\n**th**\\\n**ree**");
}

proptest! {
    #![proptest_config(arbitrary::cases(400))]

    #[test]
    fn what_markdown_becomes_is_valid_and_stable(text in prop_oneof![
        arbitrary::soup(), arbitrary::blocks().prop_map(|blocks| markdown::write(&blocks).markdown)
    ]) {
        let document = from_markdown(&text);
        assert_valid(&document.value)?;
        let shown = to_markdown(&document.value).unwrap();
        let again = from_markdown(&shown.value);
        prop_assert_eq!(&to_markdown(&again.value).unwrap().value, &shown.value, "from {:?} by {}", text, document.value);
    }

    #[test]
    fn words_are_never_lost(blocks in arbitrary::blocks()) {
        let text = markdown::write(&blocks).markdown;
        let shown = to_markdown(&from_markdown(&text).value).unwrap().value;
        arbitrary::has_the_words(&markdown::read(&shown).blocks, &blocks)?;
    }

    #[test]
    fn an_edit_gives_what_its_markdown_says(before in arbitrary::blocks(), after in arbitrary::blocks(), at in 0..5usize) {
        let native = from_markdown(&markdown::write(&before).markdown).value;
        let shown = to_markdown(&native).unwrap().value;
        // Some of the old, some of the new.
        let mut blocks = markdown::read(&shown).blocks;
        let at = at.min(blocks.len());
        let cut = (at + 1).min(blocks.len());
        blocks.splice(at..cut, after);
        let wanted = markdown::write(&blocks).markdown;
        let edited = edit(&native, &wanted).unwrap();
        assert_valid(&edited.value)?;
        let plain = to_markdown(&from_markdown(&wanted).value).unwrap().value;
        prop_assert_eq!(to_markdown(&edited.value).unwrap().value, plain, "{} from {}", edited.value, native);
        prop_assert_eq!(edit(&native, &shown).unwrap().value, native);
    }
}
