//! Answers against a vendor's own OpenAPI document, read from the folder that `VENDOR_SPECS_DIR` names.

use std::io::{Read, Write as _};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

/// The folder, or nothing where it is not set, which is said.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("VENDOR_SPECS_DIR").map(PathBuf::from);
    if folder.is_none() {
        let _ = writeln!(std::io::stderr(), "\nskipped: VENDOR_SPECS_DIR is not set");
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
pub(crate) fn nullable(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("nullable") == Some(&Value::Bool(true))
                && let Some(Value::String(kind)) = object.get("type")
            {
                let both = json!([kind, "null"]);
                object.insert("type".to_owned(), both);
            }
            object.values_mut().for_each(nullable);
        }
        Value::Array(list) => list.iter_mut().for_each(nullable),
        _ => {}
    }
}

/// The schema of an answer; `Null` when the document gives it no body.
pub(crate) fn schema(document: &Value, template: &str, method: &str, status: u16) -> Value {
    let operation = &document["paths"][template][method.to_lowercase()];
    assert!(operation.is_object(), "{method} {template} is not in the document");
    let answer = &operation["responses"][status.to_string()];
    assert!(answer.is_object(), "{method} {template}: {status} is not in the document");
    answer["content"]["application/json"]["schema"].clone()
}

/// A validator of one schema of a document; formats are the vendors' own.
pub(crate) fn validator(document: &Value, schema: &Value) -> Validator {
    let root = json!({ "allOf": [schema], "components": { "schemas": document["components"]["schemas"] } });
    jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(false).build(&root).unwrap()
}
