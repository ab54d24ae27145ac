//! Whether a JSON value is what a schema says: as much of JSON Schema as the contract's schemas use. What is not known here
//! fails, so that no part of a schema goes unchecked.

use serde_json::Value;

/// The first place where the value is not what the schema says.
pub(crate) fn validate(root: &Value, value: &Value) -> Result<(), String> {
    check(root, root, value, "$")
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let Some(schema) = schema.as_object() else {
        return if *schema == Value::Bool(true) { Ok(()) } else { Err(format!("{path}: nothing is allowed here")) };
    };
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "format" | "default" | "examples" => {}
            "$ref" => {
                let name = wanted.as_str().and_then(|text| text.strip_prefix("#/$defs/")).unwrap();
                check(root, &root["$defs"][name], value, path)?;
            }
            "type" => {
                let types = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                if !types.iter().any(|one| is_of(value, one.as_str().unwrap())) {
                    return Err(format!("{path}: {value} is not of type {wanted}"));
                }
            }
            "const" if wanted != value => return Err(format!("{path}: {value} is not {wanted}")),
            "enum" if !wanted.as_array().unwrap().contains(value) => {
                return Err(format!("{path}: {value} is none of {wanted}"));
            }
            "const" | "enum" => {}
            "minimum" if value.as_f64().is_some_and(|number| number < wanted.as_f64().unwrap()) => {
                return Err(format!("{path}: {value} is less than {wanted}"));
            }
            "minimum" => {}
            "anyOf" | "oneOf" => {
                let fits = |one: &&Value| check(root, one, value, path).is_ok();
                let fitting = wanted.as_array().unwrap().iter().filter(fits).count();
                if fitting == 0 || keyword == "oneOf" && fitting > 1 {
                    return Err(format!("{path}: {value} fits {fitting} of {keyword}"));
                }
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    if value.is_object() && value.get(key.as_str().unwrap()).is_none() {
                        return Err(format!("{path}: {key} is missing"));
                    }
                }
            }
            "properties" => {
                for (key, one) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(key) {
                        check(root, one, value, &format!("{path}.{key}"))?;
                    }
                }
            }
            "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (key, one) in value.as_object().into_iter().flatten() {
                    if known.is_none_or(|known| !known.contains_key(key)) {
                        check(root, wanted, one, &format!("{path}.{key}"))?;
                    }
                }
            }
            "items" => {
                for (nth, one) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, one, &format!("{path}[{nth}]"))?;
                }
            }
            "uniqueItems" => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                if items.iter().enumerate().any(|(nth, one)| items[..nth].contains(one)) {
                    return Err(format!("{path}: an item comes twice"));
                }
            }
            other => return Err(format!("{path}: the keyword `{other}` is not known")),
        }
    }
    Ok(())
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[test]
fn a_wrong_value_is_seen() {
    let schema = schemars::schema_for!(ticketing_core::model::Ticket).to_value();
    let ticket = serde_json::to_value(super::full::ticket()).unwrap();
    assert_eq!(validate(&schema, &ticket), Ok(()));
    for (key, wrong) in [
        ("title", Value::Null),
        ("status", serde_json::json!({ "category": "parked", "native": { "id": "1", "name": null }, "reason": null })),
        ("assignees", serde_json::json!([{ "id": "u1" }])),
        ("due", serde_json::json!({ "date": "2026-03-01", "at": 7 })),
        ("tags", serde_json::json!([7])),
    ] {
        let mut ticket = ticket.clone();
        ticket[key] = wrong;
        let error = validate(&schema, &ticket).unwrap_err();
        assert!(error.starts_with(&format!("$.{key}")), "{error}");
    }
}
