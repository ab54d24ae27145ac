//! A typed value as the site takes it (wire A4.1).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};
use ticketing_core::model::FieldData;
use ticketing_core::request::TextInput;
use ticketing_core::{AccountSelector, Error, GroupSelector, Result, UserSelector};

use super::meta::FieldMeta;
use super::people::{self, user_value};
use super::text_value;
use crate::catalogue::{Column, Shape};
use crate::connection::Connection;
use ticketing_http::config::shown;

/// A catalogue field's value; `Null` clears it.
///
/// # Errors
/// `InvalidRequest`, naming the field, where it cannot hold that.
pub(crate) async fn encode(
    connection: &Connection,
    column: &Column,
    meta: &FieldMeta,
    data: &FieldData,
) -> Result<Value> {
    let field = format!("fields.{}", column.id);
    if data.is_null() {
        return Ok(if column.multiple { json!([]) } else { Value::Null });
    }
    if column.shape == Shape::Cascade {
        return cascade(&field, meta, data);
    }
    if !column.multiple {
        return one(connection, &field, column, meta, data).await;
    }
    let mut all = Vec::new();
    for item in data.iter() {
        all.push(one(connection, &field, column, meta, item).await?);
    }
    Ok(Value::Array(all))
}

async fn one(
    connection: &Connection,
    field: &str,
    column: &Column,
    meta: &FieldMeta,
    data: &FieldData,
) -> Result<Value> {
    let wrong = |wanted: &str| Error::invalid(field, format!("`{}` takes {wanted}", column.name));
    let text = |wanted: &str| data.as_text().ok_or_else(|| wrong(wanted));
    let flavour = connection.api.site().await?.flavour;
    Ok(match column.shape {
        Shape::Text => Value::String(text("a text")?.to_owned()),
        Shape::Rich => text_value(flavour, field, &TextInput::Markdown(text("a text")?.to_owned()), None)?,
        Shape::Number | Shape::Seconds => match data {
            FieldData::Integer(number) => json!(number),
            FieldData::Decimal(number) if number.is_finite() => json!(number),
            _ => return Err(wrong("a number")),
        },
        Shape::Date => {
            let day = text("a day, `2026-03-09`")?;
            let parsed: NaiveDate = day.parse().map_err(|_| wrong("a day, `2026-03-09`"))?;
            json!(parsed.to_string())
        }
        Shape::Moment => {
            let at: DateTime<Utc> = text("a moment, `2026-03-09T08:00:00Z`")?
                .parse()
                .map_err(|_| wrong("a moment, `2026-03-09T08:00:00Z`"))?;
            // No colon in the offset (wire A12).
            json!(at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string())
        }
        Shape::Named => {
            chosen(field, &column.name, meta.allowed_values.as_deref(), text("the id or name of a choice")?)?
        }
        Shape::User => {
            let id = text("the id of a user")?;
            user_value(flavour, &people::user(connection, field, &UserSelector::id(id)).await?)
        }
        Shape::Group => people::group(connection, field, &GroupSelector::id(text("the id of a group")?)).await?,
        Shape::Organization => {
            let id = AccountSelector::Id(text("the id of an organisation")?.into());
            people::organization(connection, field, &id).await?
        }
        Shape::Project | Shape::Issue => {
            let id = text("an id or key")?;
            let member = if id.bytes().all(|b| b.is_ascii_digit()) { "id" } else { "key" };
            json!({ member: id })
        }
        Shape::RequestType => {
            return Err(Error::invalid(field, "a request's type is given when it is made, and stays")
                .with_hint("create another ticket, and link the two"));
        }
        // The vendor's own JSON, as it was read.
        Shape::Cascade | Shape::Other => serde_json::to_value(data)
            .map_err(|error| Error::invalid(field, "the value has no JSON").with_source(error))?,
    })
}

/// The choice of this id or name, as an object with its id.
///
/// # Errors
/// `InvalidRequest`, naming the field, with the choices.
pub(crate) fn chosen(field: &str, name: &str, allowed: Option<&[Value]>, wanted: &str) -> Result<Value> {
    let Some(allowed) = allowed else {
        let is_id = !wanted.is_empty() && wanted.bytes().all(|b| b.is_ascii_digit());
        return Ok(if is_id { json!({ "id": wanted }) } else { json!({ "name": wanted }) });
    };
    match find(allowed, wanted) {
        Some(found) => Ok(json!({ "id": id_of(found) })),
        None => Err(no_choice(field, name, allowed, wanted)),
    }
}

fn no_choice(field: &str, name: &str, allowed: &[Value], wanted: &str) -> Error {
    const LISTED: usize = 30;
    let told: Vec<&str> = allowed.iter().take(LISTED).filter_map(label).collect();
    let more = if allowed.len() > LISTED { ", …" } else { "" };
    Error::invalid(field, format!("`{}` is no choice of `{name}`", shown(wanted)))
        .with_hint(format!("there are: {}{more}", told.join(", ")))
}

fn id_of(value: &Value) -> String {
    match &value["id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    }
}

fn label(value: &Value) -> Option<&str> {
    ["name", "value", "key"].iter().find_map(|member| value[*member].as_str())
}

/// By id, by name, and by name in other letters.
fn find<'v>(allowed: &'v [Value], wanted: &str) -> Option<&'v Value> {
    allowed
        .iter()
        .find(|value| id_of(value) == wanted)
        .or_else(|| allowed.iter().find(|value| label(value) == Some(wanted)))
        .or_else(|| {
            allowed.iter().find(|value| label(value).is_some_and(|own| own.to_lowercase() == wanted.to_lowercase()))
        })
}

/// Two options, the second below the first: a list of both, or the first alone.
fn cascade(field: &str, meta: &FieldMeta, data: &FieldData) -> Result<Value> {
    let words: Option<Vec<&str>> = data.iter().map(FieldData::as_text).collect();
    let wrong =
        || Error::invalid(field, format!("`{}` takes an option, or a list of an option and one below it", meta.name));
    let words = words.ok_or_else(wrong)?;
    let allowed = meta.allowed_values.as_deref().unwrap_or_default();
    let (parent, child) = match words.as_slice() {
        [parent] => (*parent, None),
        [parent, child] => (*parent, Some(*child)),
        _ => return Err(wrong()),
    };
    let found = find(allowed, parent).ok_or_else(|| no_choice(field, &meta.name, allowed, parent))?;
    let mut value = Map::from_iter([("id".to_owned(), Value::from(id_of(found)))]);
    if let Some(child) = child {
        let below = found["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own =
            find(below, child).ok_or_else(|| no_choice(field, label(found).unwrap_or(&meta.name), below, child))?;
        value.insert("child".to_owned(), json!({ "id": id_of(own) }));
    }
    Ok(Value::Object(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_found_by_id_and_by_name() {
        let allowed = [json!({"id": "1", "name": "Highest"}), json!({"id": 2, "value": "1"})];
        assert_eq!(chosen("priority", "Priority", Some(&allowed), "1").unwrap(), json!({"id": "1"}));
        assert_eq!(chosen("priority", "Priority", Some(&allowed), "highest").unwrap(), json!({"id": "1"}));
        let error = chosen("priority", "Priority", Some(&allowed), "urgent").unwrap_err();
        assert_eq!((error.field(), error.hint()), (Some("priority"), Some("there are: Highest, 1")));
        assert_eq!(chosen("x", "X", None, "Blue").unwrap(), json!({"name": "Blue"}));
    }

    #[test]
    fn a_cascade_is_an_option_and_one_below_it() {
        let meta = FieldMeta {
            name: "Category".to_owned(),
            allowed_values: Some(vec![
                json!({"id": "1", "value": "Hardware", "children": [{"id": "2", "value": "Disk"}]}),
            ]),
            ..FieldMeta::default()
        };
        let data = |words: &[&str]| FieldData::from(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let value = cascade("fields.c", &meta, &data(&["Hardware", "Disk"])).unwrap();
        assert_eq!(value, json!({"id": "1", "child": {"id": "2"}}));
        assert_eq!(cascade("fields.c", &meta, &FieldData::from("1")).unwrap(), json!({"id": "1"}));
        assert!(cascade("fields.c", &meta, &data(&["Hardware", "Fan"])).unwrap_err().hint().unwrap().contains("Disk"));
    }
}
