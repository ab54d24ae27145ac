//! `--field`: values typed the way the catalogue types them.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use ticketing::model::{Field, FieldData, FieldType};
use ticketing::request::ListFields;
use ticketing::{ErrorKind, FieldId, Operation, TicketingClient};

use super::parse::{FieldArg, FieldText};
use crate::failure::Result;

/// The values of each field to look for, in the order given; an empty text is no value: the field is empty.
pub(crate) async fn grouped(client: &TicketingClient, args: &[FieldArg]) -> Result<BTreeMap<FieldId, Vec<FieldData>>> {
    let catalogue = catalogue(client, args).await?;
    let mut values: BTreeMap<FieldId, Vec<FieldData>> = BTreeMap::new();
    for arg in args {
        let id = FieldId::from(arg.id.as_str());
        let value = typed(&arg.value, catalogue.get(&id));
        values.entry(id).or_default().extend((!value.is_null()).then_some(value));
    }
    Ok(values)
}

/// The value of each field to write; the same field several times is a list of values, an empty text clears.
pub(crate) async fn to_write(client: &TicketingClient, args: &[FieldArg]) -> Result<BTreeMap<FieldId, FieldData>> {
    let catalogue = catalogue(client, args).await?;
    let mut values: BTreeMap<FieldId, Vec<FieldData>> = BTreeMap::new();
    for arg in args {
        let id = FieldId::from(arg.id.as_str());
        let value = typed(&arg.value, catalogue.get(&id));
        values.entry(id).or_default().push(value);
    }
    Ok(values
        .into_iter()
        .map(|(id, mut several)| {
            let many = several.len() > 1 || catalogue.get(&id).is_some_and(|field| field.multiple);
            let value = match (several.pop(), many) {
                (Some(value @ (FieldData::List(_) | FieldData::Null)), _) if several.is_empty() => value,
                (Some(value), false) => value,
                (Some(value), true) => {
                    several.push(value);
                    FieldData::List(several)
                }
                (None, _) => FieldData::Null,
            };
            (id, value)
        })
        .collect())
}

/// The catalogue's entries for fields whose text alone does not say its type.
async fn catalogue(client: &TicketingClient, args: &[FieldArg]) -> Result<BTreeMap<FieldId, Field>> {
    let mut wanted: BTreeSet<FieldId> =
        args.iter().filter(|arg| is_ambiguous(&arg.value)).map(|arg| FieldId::from(arg.id.as_str())).collect();
    let mut found = BTreeMap::new();
    if wanted.is_empty() || !client.capabilities().supports(Operation::ListFields) {
        return Ok(found);
    }
    let mut fields = client.fields(ListFields::new());
    while !wanted.is_empty() {
        match fields.try_next().await {
            Ok(Some(field)) if wanted.remove(&field.id) => {
                found.insert(field.id.clone(), field);
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            // A credential that may write a field and not read the catalogue writes text, as the vendor's own forms do.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// True where the text could be a number or a truth value as well as a text.
fn is_ambiguous(value: &FieldText) -> bool {
    match value {
        FieldText::Json(_) => false,
        FieldText::Text(text) => matches!(text.as_str(), "true" | "false") || text.parse::<f64>().is_ok(),
    }
}

/// The value as its field has it; a text that does not fit is handed on as it is, for the provider to refuse.
fn typed(value: &FieldText, field: Option<&Field>) -> FieldData {
    let text = match value {
        FieldText::Json(value) => return value.clone(),
        FieldText::Text(text) if text.is_empty() => return FieldData::Null,
        FieldText::Text(text) => text,
    };
    let as_text = || FieldData::Text(text.clone());
    match field.map(|field| field.field_type) {
        Some(FieldType::Boolean) => text.parse().map_or_else(|_| as_text(), FieldData::Bool),
        Some(FieldType::Integer | FieldType::Duration) => text.parse().map_or_else(|_| as_text(), FieldData::Integer),
        // A binary fraction is used only where it gives the same digits again.
        Some(FieldType::Decimal) => match text.parse::<f64>() {
            Ok(number) if number.to_string() == *text => FieldData::Decimal(number),
            _ => as_text(),
        },
        _ => as_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> FieldText {
        FieldText::Text(value.to_owned())
    }

    fn field(field_type: FieldType) -> Field {
        Field {
            id: "f".into(),
            name: "F".to_owned(),
            description: None,
            field_type,
            native_type: "x".to_owned(),
            multiple: false,
            required: false,
            writable: Some(true),
            custom: false,
            core: None,
            choices: None,
            reference: None,
            max_length: None,
            default: FieldData::Null,
            scopes: Vec::new(),
        }
    }

    #[test]
    fn the_catalogue_decides_the_type() {
        for (field_type, written, expected) in [
            (FieldType::Choice, "72", FieldData::from("72")),
            (FieldType::Integer, "72", FieldData::Integer(72)),
            (FieldType::Boolean, "true", FieldData::Bool(true)),
            (FieldType::String, "true", FieldData::from("true")),
            (FieldType::Decimal, "0.5", FieldData::Decimal(0.5)),
            (FieldType::Decimal, "0.50", FieldData::from("0.50")),
            (FieldType::Integer, "many", FieldData::from("many")),
            (FieldType::Integer, "", FieldData::Null),
        ] {
            assert_eq!(typed(&text(written), Some(&field(field_type))), expected, "{field_type} {written}");
        }
    }

    #[test]
    fn only_what_may_be_a_number_or_a_truth_value_is_looked_up() {
        assert!(is_ambiguous(&text("72")) && is_ambiguous(&text("1.5")) && is_ambiguous(&text("false")));
        assert!(!is_ambiguous(&text("Solved")) && !is_ambiguous(&text("")));
        assert!(!is_ambiguous(&FieldText::Json(FieldData::Integer(1))));
    }
}
