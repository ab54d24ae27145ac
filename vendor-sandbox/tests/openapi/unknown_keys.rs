//! Keys of a request's body that the document does not have.

use serde_json::Value;

use super::document::resolved;

/// What schemas say of the members of an object together.
#[derive(Default)]
struct Members<'a> {
    named: Vec<(&'a str, &'a Value)>,
    others: Vec<&'a Value>,
    /// Anything may be in it: it says so, or says nothing of members.
    open: bool,
}

/// The places of the keys that no alternative of the schemas has.
pub(super) fn unknown_keys(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, &[schema], value, "", &mut found);
    found
}

fn walk(document: &Value, schemas: &[&Value], value: &Value, place: &str, found: &mut Vec<String>) {
    let all: Vec<&Value> = schemas.iter().flat_map(|schema| alternatives(document, schema)).collect();
    match value {
        Value::Object(object) => {
            let members = members(&all);
            for (name, own) in object {
                let here = format!("{place}/{name}");
                let named = members.named.iter().filter(|(known, _)| known == name).map(|(_, schema)| *schema);
                let mut next: Vec<&Value> = named.collect();
                if next.is_empty() {
                    next.clone_from(&members.others);
                }
                if next.is_empty() {
                    if !members.open {
                        found.push(here);
                    }
                    continue;
                }
                walk(document, &next, own, &here, found);
            }
        }
        Value::Array(list) => {
            let items: Vec<&Value> = all.iter().filter_map(|schema| schema.get("items")).collect();
            for (nth, own) in list.iter().enumerate() {
                walk(document, &items, own, &format!("{place}/{nth}"), found);
            }
        }
        _ => {}
    }
}

/// A schema, and those that it is made of.
fn alternatives<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolved(document, schema);
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let mut out = vec![schema];
    out.extend(parts.flat_map(|part| alternatives(document, part)));
    out
}

fn members<'a>(schemas: &[&'a Value]) -> Members<'a> {
    let mut members = Members::default();
    let mut says = false;
    for schema in schemas {
        if let Some(named) = schema.get("properties").and_then(Value::as_object) {
            says = true;
            members.named.extend(named.iter().map(|(name, own)| (name.as_str(), own)));
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => says = true,
            Some(Value::Object(object)) if !object.is_empty() => {
                says = true;
                members.others.push(&schema["additionalProperties"]);
            }
            Some(_) => members.open = true,
            None => {}
        }
    }
    members.open |= !says;
    members
}
