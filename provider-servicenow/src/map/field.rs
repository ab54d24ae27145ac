//! Catalogue fields: the instance's texts as typed values, and back.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ticketing_core::model::{FieldData, FieldLabel, FieldType, FieldValue};
use ticketing_core::{Error, Result};

use crate::catalogue::Column;
use crate::query::value::{literal, parse_time};
use crate::wire::Cell;

/// A field's value; `None` where there is none.
pub(crate) fn field_value(column: &Column, cell: &Cell<'_>) -> Option<FieldValue> {
    let text = cell.value.as_ref();
    if text.is_empty() || column.field_type == FieldType::Secret {
        return None;
    }
    let shown = || cell.display.as_deref().filter(|display| !display.is_empty()).map(str::to_owned);
    let (value, label) = if column.is_list() {
        let ids: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
        let labels: Vec<String> =
            shown().map(|shown| shown.split(',').map(|label| label.trim().to_owned()).collect()).unwrap_or_default();
        let label = (labels.len() == ids.len()).then_some(FieldLabel::Many(labels));
        (FieldData::from(ids), label)
    } else {
        let value = typed(column.field_type, text);
        let stands_for_something = matches!(
            column.field_type,
            FieldType::Choice
                | FieldType::User
                | FieldType::Group
                | FieldType::Ticket
                | FieldType::Account
                | FieldType::Contact
                | FieldType::Collection
                | FieldType::Reference
        );
        (value, if stands_for_something { shown().map(FieldLabel::One) } else { None })
    };
    Some(FieldValue { field_type: column.field_type, value, label, custom: column.is_custom() })
}

/// A text as a value of its type; one that does not fit stays text, so that nothing is lost.
fn typed(field_type: FieldType, text: &str) -> FieldData {
    let plain = || FieldData::Text(text.to_owned());
    match field_type {
        FieldType::Boolean => match text {
            "true" | "1" => FieldData::Bool(true),
            "false" | "0" => FieldData::Bool(false),
            _ => plain(),
        },
        FieldType::Integer => text.parse().map_or_else(|_| plain(), FieldData::Integer),
        FieldType::Decimal => match text.parse::<f64>() {
            // Only where the number reads back as the same digits.
            Ok(number) if number.is_finite() && number.to_string() == trimmed(text) => FieldData::Decimal(number),
            _ => plain(),
        },
        FieldType::Datetime => {
            parse_time(text).map_or_else(plain, |at| FieldData::Text(ticketing_core::model::format_timestamp(at)))
        }
        // A length of time is the moment that long after the epoch (wire §1.3).
        FieldType::Duration => parse_time(text).map_or_else(plain, |end| FieldData::Integer(end.timestamp())),
        _ => plain(),
    }
}

/// Without zeros that say nothing.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A value as the instance writes it; empty clears the field.
///
/// # Errors
/// `InvalidRequest`, naming the field, where the value is not of its type.
pub(crate) fn encode_field(column: &Column, data: &FieldData) -> Result<String> {
    let id = column.name.as_str();
    let wrong = |what: &str| {
        Error::invalid(format!("fields.{id}"), format!("the field takes {what}"))
            .with_hint("see the field catalogue for its type")
    };
    if column.is_list() {
        let items: Result<Vec<String>> = data.iter().map(|item| one(column, item, &wrong)).collect();
        return Ok(items?.join(","));
    }
    match data {
        FieldData::Null => Ok(String::new()),
        FieldData::List(_) => Err(wrong("one value, not several")),
        data => one(column, data, &wrong),
    }
}

fn one(column: &Column, data: &FieldData, wrong: &dyn Fn(&str) -> Error) -> Result<String> {
    match (column.field_type, data) {
        (_, FieldData::Null) => Ok(String::new()),
        (_, FieldData::List(_) | FieldData::Object(_)) => Err(wrong("a single value")),
        (FieldType::Boolean, FieldData::Bool(value)) => Ok(value.to_string()),
        (FieldType::Boolean, FieldData::Text(text)) if text == "true" || text == "false" || text.is_empty() => {
            Ok(text.clone())
        }
        (FieldType::Boolean, _) => Err(wrong("true or false")),
        (FieldType::Integer, FieldData::Integer(value)) => Ok(value.to_string()),
        (FieldType::Integer, FieldData::Text(text)) if text.is_empty() || text.parse::<i64>().is_ok() => {
            Ok(text.clone())
        }
        (FieldType::Integer, _) => Err(wrong("a whole number")),
        (FieldType::Decimal, FieldData::Decimal(value)) if value.is_finite() => Ok(value.to_string()),
        (FieldType::Decimal, FieldData::Integer(value)) => Ok(value.to_string()),
        (FieldType::Decimal, FieldData::Text(text)) if text.is_empty() || text.parse::<f64>().is_ok() => {
            Ok(text.clone())
        }
        (FieldType::Decimal, _) => Err(wrong("a number")),
        (FieldType::Date, FieldData::Text(text)) if text.is_empty() || text.parse::<NaiveDate>().is_ok() => {
            Ok(text.clone())
        }
        (FieldType::Date, _) => Err(wrong("a day, such as 2026-03-01")),
        (FieldType::Datetime, FieldData::Text(text)) if text.is_empty() => Ok(String::new()),
        (FieldType::Datetime, FieldData::Text(text)) => DateTime::parse_from_rfc3339(text)
            .map(|at| literal(at.with_timezone(&Utc)))
            .map_err(|_| wrong("a moment, such as 2026-03-01T09:00:00Z")),
        (FieldType::Datetime, _) => Err(wrong("a moment, such as 2026-03-01T09:00:00Z")),
        (FieldType::Duration, FieldData::Integer(seconds)) => TimeDelta::try_seconds(*seconds)
            .and_then(|length| DateTime::<Utc>::UNIX_EPOCH.checked_add_signed(length))
            .map(literal)
            .ok_or_else(|| wrong("a length of time in seconds")),
        (FieldType::Duration, FieldData::Text(text)) if text.is_empty() => Ok(String::new()),
        (FieldType::Duration, FieldData::Text(text)) => match text.parse::<i64>() {
            Ok(seconds) => one(column, &FieldData::Integer(seconds), wrong),
            Err(_) => Err(wrong("a length of time in seconds")),
        },
        (FieldType::Duration, _) => Err(wrong("a length of time in seconds")),
        (_, FieldData::Text(text)) => Ok(text.clone()),
        (_, FieldData::Bool(value)) => Ok(value.to_string()),
        (_, FieldData::Integer(value)) => Ok(value.to_string()),
        (_, FieldData::Decimal(value)) => Ok(value.to_string()),
        (_, _) => Err(wrong("a text, number or boolean")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::borrow::Cow;

    fn column(native: &str, field_type: FieldType) -> Column {
        Column {
            name: "u_x".into(),
            label: "X".into(),
            native_type: native.into(),
            field_type,
            reference: None,
            mandatory: false,
            read_only: false,
            max_length: None,
            has_choices: false,
            choices_at: None,
            dependent: None,
            default: None,
        }
    }

    fn cell(value: &str, display: &str) -> Cell<'static> {
        Cell { value: Cow::Owned(value.into()), display: Some(Cow::Owned(display.into())) }
    }

    fn json(native: &str, field_type: FieldType, value: &str, display: &str) -> serde_json::Value {
        serde_json::to_value(field_value(&column(native, field_type), &cell(value, display))).unwrap()
    }

    #[test]
    fn values_are_typed_and_nothing_is_lost() {
        use serde_json::json;
        let full = |field_type: &str, value: serde_json::Value, label: serde_json::Value| json!({"type": field_type, "value": value, "label": label, "custom": true});
        assert_eq!(json("boolean", FieldType::Boolean, "true", "true"), full("boolean", json!(true), json!(null)));
        assert_eq!(json("integer", FieldType::Integer, "7", "7"), full("integer", json!(7), json!(null)));
        assert_eq!(json("integer", FieldType::Integer, "many", "many"), full("integer", json!("many"), json!(null)));
        assert_eq!(json("decimal", FieldType::Decimal, "2.50", "2.50"), full("decimal", json!(2.5), json!(null)));
        assert_eq!(
            json("decimal", FieldType::Decimal, "0.1000000000000000055511151231257827", ""),
            full("decimal", json!("0.1000000000000000055511151231257827"), json!(null))
        );
        assert_eq!(
            json("glide_date_time", FieldType::Datetime, "2026-03-01 09:00:00", "01.03.2026 10:00"),
            full("datetime", json!("2026-03-01T09:00:00Z"), json!(null))
        );
        assert_eq!(
            json("glide_duration", FieldType::Duration, "1970-01-01 00:02:17", "2 Minutes 17 Seconds"),
            full("duration", json!(137), json!(null))
        );
        assert_eq!(
            json("string", FieldType::Choice, "72", "Symptom 72"),
            full("choice", json!("72"), json!("Symptom 72"))
        );
        assert_eq!(
            json("glide_list", FieldType::User, "a,b", "Ada, Bob"),
            full("user", json!(["a", "b"]), json!(["Ada", "Bob"]))
        );
        assert_eq!(json("string", FieldType::String, "", ""), json!(null));
    }

    #[test]
    fn wrong_values_are_refused_by_name() {
        for (native, field_type, data) in [
            ("boolean", FieldType::Boolean, FieldData::from("yes")),
            ("integer", FieldType::Integer, FieldData::from("x")),
            ("glide_date_time", FieldType::Datetime, FieldData::from("tomorrow")),
            ("glide_date", FieldType::Date, FieldData::from(7)),
            ("string", FieldType::String, FieldData::from(vec!["a", "b"])),
        ] {
            assert_eq!(encode_field(&column(native, field_type), &data).unwrap_err().field(), Some("fields.u_x"));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_can_be_written_back(seconds in 0_i64..100_000_000, number in any::<i64>(), text in "[ -~]{1,40}") {
            let moment = literal(DateTime::from_timestamp(seconds, 0).unwrap());
            for (native, field_type, value) in [
                ("glide_date_time", FieldType::Datetime, moment.clone()),
                ("glide_duration", FieldType::Duration, moment),
                ("integer", FieldType::Integer, number.to_string()),
                ("string", FieldType::String, text),
            ] {
                let column = column(native, field_type);
                let read = field_value(&column, &cell(&value, "")).unwrap();
                prop_assert_eq!(encode_field(&column, &read.value).unwrap(), value);
            }
        }
    }
}
