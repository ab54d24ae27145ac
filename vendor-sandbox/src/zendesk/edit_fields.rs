//! Custom fields and the tags that hang on them: wire B3.2.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::answer::ApiError;
use super::catalogue::{self, Field, custom_fields};
use super::edit::{How, id};
use super::model::Ticket;
use super::seed_company::tag;

/// `[{"id","value"}]`, or an object by id: only what is sent changes, null clears.
pub(crate) fn custom(ticket: &mut Ticket, given: &Value) -> Result<(), ApiError> {
    let pairs: Vec<(u64, Value)> = match given {
        Value::Array(list) => list.iter().filter_map(|own| Some((id(&own["id"])?, own["value"].clone()))).collect(),
        Value::Object(object) => {
            object.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.clone()))).collect()
        }
        _ => Vec::new(),
    };
    for (number, value) in pairs {
        // An unknown field is silently left out.
        let Some(field) = catalogue::field(number).filter(|field| field.removable) else { continue };
        let previous = ticket.custom.remove(&number);
        ticket.tags.retain(|tag| !tags_of(field, previous.as_ref()).contains(tag));
        let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
        if !empty {
            let value = checked(field, value)?;
            ticket.tags.extend(tags_of(field, Some(&value)));
            ticket.custom.insert(number, value);
        }
    }
    sort(&mut ticket.tags);
    Ok(())
}

fn sort(tags: &mut Vec<String>) {
    *tags = std::mem::take(tags).into_iter().collect::<BTreeSet<_>>().into_iter().collect();
}

/// A value of the field's kind, or 422.
fn checked(field: &Field, value: Value) -> Result<Value, ApiError> {
    // wire B4: a field is told by its number too.
    let refused = || {
        let mut kind = field.kind.to_owned();
        kind[..1].make_ascii_uppercase();
        let reason = json!({
            "description": format!("{}: {value} is not valid", field.title),
            "error": "InvalidValue",
            "ticket_field_id": field.id,
            "ticket_field_type": format!("Field{kind}"),
        });
        ApiError::invalid_all([("base".to_owned(), reason)])
    };
    let known = |value: &str| field.options.iter().any(|option| option.1 == value);
    let fits = match field.kind {
        "tagger" => value.as_str().is_some_and(known),
        "multiselect" => value.as_array().is_some_and(|list| list.iter().all(|own| own.as_str().is_some_and(known))),
        "checkbox" => value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
        "integer" => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i64>().is_ok()),
        "decimal" => value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok()),
        "date" => value.as_str().is_some_and(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()),
        "regexp" => value.as_str().is_some_and(is_asset),
        _ => value.is_string() || value.is_number(),
    };
    if !fits {
        return Err(refused());
    }
    Ok(match (field.kind, &value) {
        ("checkbox", Value::String(text)) => Value::Bool(text == "true"),
        // wire B3.2: numbers come back as text.
        ("integer" | "decimal", Value::Number(number)) => Value::String(number.to_string()),
        ("text" | "textarea", Value::Number(number)) => Value::String(number.to_string()),
        _ => value,
    })
}

/// [`catalogue::ASSET`], which is all that one pattern needs.
fn is_asset(text: &str) -> bool {
    let Some((letters, digits)) = text.split_once('-') else { return false };
    letters.len() == 2
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.len() == 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The tags that a value stands for.
fn tags_of(field: &Field, value: Option<&Value>) -> Vec<String> {
    match (field.kind, value) {
        ("tagger", Some(Value::String(text))) => vec![text.clone()],
        ("multiselect", Some(Value::Array(list))) => {
            list.iter().filter_map(|own| Some(own.as_str()?.to_owned())).collect()
        }
        ("checkbox", Some(Value::Bool(true))) => field.tag.map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Tags as a list, or as words in one text.
pub(crate) fn read_tags(value: &Value) -> Vec<String> {
    let texts: Vec<String> = match value {
        Value::Array(list) => list.iter().filter_map(|own| own.as_str()).map(tag).collect(),
        Value::String(text) => text.split([' ', ',']).map(tag).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

/// `tags` replaces the whole set; a body of one of many may add and remove (wire B3.1, B3.2).
pub(crate) fn settle_tags(before: &Ticket, ticket: &mut Ticket, body: &Map<String, Value>, how: How) {
    let mut touched = false;
    if let Some(value) = body.get("tags") {
        // Tags of fields that this same body sets stay.
        let by_fields = ticket.tags.iter().filter(|tag| !before.tags.contains(tag)).cloned();
        ticket.tags = by_fields.chain(read_tags(value)).collect();
        touched = true;
    }
    if let Some(value) = body.get("additional_tags").filter(|_| how == How::Bulk) {
        ticket.tags.extend(read_tags(value));
        touched = true;
    }
    if let Some(value) = body.get("remove_tags").filter(|_| how == How::Bulk) {
        let gone = read_tags(value);
        ticket.tags.retain(|tag| !gone.contains(tag));
        touched = true;
    }
    if touched {
        follow_tags(ticket);
    }
}

/// Fields follow tags that were set by hand (wire B3.2).
pub(crate) fn follow_tags(ticket: &mut Ticket) {
    sort(&mut ticket.tags);
    for field in custom_fields() {
        let has = |tag: &str| ticket.tags.iter().any(|own| own == tag);
        let value = match field.kind {
            "tagger" => field.options.iter().find(|own| has(own.1)).map(|own| Value::from(own.1)),
            "multiselect" => {
                let all: Vec<&str> = field.options.iter().map(|own| own.1).filter(|tag| has(tag)).collect();
                (!all.is_empty()).then(|| Value::from(all))
            }
            "checkbox" => match field.tag {
                Some(tag) => has(tag).then_some(Value::Bool(true)),
                None => continue,
            },
            _ => continue,
        };
        match value {
            Some(value) => {
                ticket.custom.insert(field.id, value);
            }
            None => {
                ticket.custom.remove(&field.id);
            }
        }
    }
}
