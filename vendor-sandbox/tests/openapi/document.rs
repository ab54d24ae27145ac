//! A vendor's document: read, resolved, and made what a validator of JSON Schema understands.

use std::collections::BTreeSet;
use std::io::{Read, Write as _};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// The folder, or nothing where it is not set, which is said.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("VENDOR_SPECS_DIR").map(PathBuf::from);
    if folder.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "\nskipped: VENDOR_SPECS_DIR is not set, so that nothing is compared with the vendor's documents"
        );
    }
    folder
}

/// A document of the folder, unpacked.
pub(crate) fn read(name: &str) -> Option<Value> {
    let path = folder()?.join(name);
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// OpenAPI 3.0 says `nullable` where JSON Schema lists `null` among the types.
pub(super) fn nullable(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true))
                && let Some(Value::String(kind)) = object.get("type")
            {
                let both = json!([kind, "null"]);
                object.insert("type".to_owned(), both);
                if let Some(Value::Array(words)) = object.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
            object.values_mut().for_each(nullable);
        }
        Value::Array(list) => list.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// What a `$ref` points to, however often it is pointed on.
pub(super) fn resolved<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(place) = value.get("$ref").and_then(Value::as_str) {
        let pointer = place.strip_prefix('#').unwrap_or_else(|| panic!("{place} is in another document"));
        value = document.pointer(pointer).unwrap_or_else(|| panic!("{place} is not in the document"));
    }
    value
}

/// A validator of one schema of a document; formats are the vendors' own.
///
/// Jira writes its moments as `2026-01-07T11:00:00.000+0100`, without the colon that `date-time` wants; so do the document's own
/// examples.
pub(super) fn validator(document: &Value, schema: &Value) -> Validator {
    let all = &document["components"]["schemas"];
    let mut used = BTreeSet::new();
    let mut open = Vec::new();
    references(schema, &mut open);
    while let Some(name) = open.pop() {
        if used.insert(name.clone()) {
            references(&all[&name], &mut open);
        }
    }
    // Only what the schema leads to: each validator looks at all that it is handed.
    let schemas: Map<String, Value> = used.into_iter().map(|name| (name.clone(), all[&name].clone())).collect();
    let root = json!({ "allOf": [schema], "components": { "schemas": schemas } });
    jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(false).build(&root).unwrap()
}

/// The schemas that a schema names.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(place)) = object.get("$ref") {
                let name = place.strip_prefix(SCHEMAS).unwrap_or_else(|| panic!("{place} is no schema"));
                found.push(name.to_owned());
            }
            object.values().for_each(|own| references(own, found));
        }
        Value::Array(list) => list.iter().for_each(|own| references(own, found)),
        _ => {}
    }
}
