//! A field's JSON as a typed value.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use ticketing_core::model::{FieldData, FieldLabel, FieldType, FieldValue, format_timestamp};
use ticketing_core::{Error, Result};
use ticketing_http::decode_error;

use super::{moment, rich_text};
use crate::catalogue::{Column, Shape};
use crate::wire::{GroupInfo, Person, Thing};

/// What Service Management says of a request: its type, among other things.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfType {
    request_type: Thing,
}

/// One value, and what it stands for.
type Labelled = (FieldData, Option<String>);

/// A field's value; `None` where it is empty.
///
/// # Errors
/// `Decode` where it is not what the catalogue says.
pub(crate) fn field_value(column: &Column, raw: &RawValue) -> Result<Option<FieldValue>> {
    let named = |error: Error| error.with_context(format!("field `{}`", column.id));
    if matches!(raw.get(), "null" | "[]" | "\"\"") {
        return Ok(None);
    }
    let field_type = column.field_type();
    let single = !column.multiple || !raw.get().starts_with('[');
    let values: Vec<Labelled> = if single {
        one(column.shape, raw).map_err(named)?.into_iter().collect()
    } else {
        let items: Vec<&RawValue> = read(raw).map_err(named)?;
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            out.extend(one(column.shape, item).map_err(named)?);
        }
        out
    };
    // A cascade is two values in one.
    let is_list = !single || column.shape == Shape::Cascade;
    let labels: Option<Vec<String>> = values.iter().map(|(_, label)| label.clone()).collect();
    let mut data: Vec<FieldData> = values.into_iter().map(|(data, _)| data).collect();
    if data.is_empty() {
        return Ok(None);
    }
    let mut value = match is_list {
        true => FieldValue::new(field_type, FieldData::List(data)),
        false => FieldValue::new(field_type, data.remove(0)),
    };
    value.label = match labels {
        Some(labels) if is_list && !labels.is_empty() => Some(FieldLabel::Many(labels)),
        Some(mut labels) if !labels.is_empty() => Some(FieldLabel::One(labels.remove(0))),
        _ => None,
    };
    value.custom = column.custom;
    if matches!(value.value, FieldData::Integer(_)) && value.field_type == FieldType::Decimal {
        value.field_type = FieldType::Decimal;
    }
    Ok(Some(value))
}

fn read<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| decode_error("", error).with_context("the value"))
}

fn owned<T: DeserializeOwned>(raw: &RawValue) -> Result<T> {
    read(raw)
}

fn one(shape: Shape, raw: &RawValue) -> Result<Vec<Labelled>> {
    let plain = |data: FieldData| Ok(vec![(data, None)]);
    match shape {
        Shape::Text => match owned::<Value>(raw)? {
            Value::String(text) => plain(FieldData::Text(text)),
            other => plain(data(other)),
        },
        Shape::Rich => match rich_text(raw)? {
            Some(text) => plain(FieldData::Text(text.markdown)),
            None => Ok(Vec::new()),
        },
        Shape::Number | Shape::Seconds | Shape::Other => plain(data(owned(raw)?)),
        Shape::Date => plain(FieldData::Text(owned(raw)?)),
        Shape::Moment => {
            let text: String = owned(raw)?;
            // A moment in a form nobody has heard of stays as it came.
            plain(FieldData::Text(moment(&text).map_or(text, format_timestamp)))
        }
        Shape::Named | Shape::Project | Shape::Issue | Shape::Organization => {
            Ok(thing(&owned(raw)?, shape).into_iter().collect())
        }
        Shape::Cascade => {
            let own: Thing = owned(raw)?;
            let child = own.child.as_deref().and_then(|child| thing(child, shape));
            Ok(thing(&own, shape).into_iter().chain(child).collect())
        }
        Shape::RequestType => {
            let own: OfType = owned(raw)?;
            Ok(thing(&own.request_type, shape).into_iter().collect())
        }
        Shape::User => {
            let person: Person = owned(raw)?;
            let id = person.id().map(FieldData::from);
            Ok(id.map(|id| (id, person.display_name.clone())).into_iter().collect())
        }
        Shape::Group => {
            let group: GroupInfo = owned(raw)?;
            Ok(vec![(FieldData::from(group.id()), Some(group.name.clone()))])
        }
    }
}

fn thing(own: &Thing, shape: Shape) -> Option<Labelled> {
    let id = own.id.as_deref().map(FieldData::from)?;
    let label = if shape == Shape::Issue { own.key.as_deref() } else { own.label() };
    Some((id, label.map(str::to_owned)))
}

/// JSON as field data.
fn data(value: Value) -> FieldData {
    match value {
        Value::Null => FieldData::Null,
        Value::Bool(value) => FieldData::Bool(value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => FieldData::Integer(whole),
            // Jira shows whole numbers with a fraction of nothing: `3.0`.
            (None, Some(fraction)) if fraction.fract() == 0.0 && fraction.abs() < 9e15 => {
                FieldData::Integer(fraction as i64)
            }
            (None, Some(fraction)) => FieldData::Decimal(fraction),
            (None, None) => FieldData::Text(number.to_string()),
        },
        Value::String(text) => FieldData::Text(text),
        Value::Array(items) => FieldData::List(items.into_iter().map(data).collect()),
        Value::Object(object) => FieldData::Object(object),
    }
}
