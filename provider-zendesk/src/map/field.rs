//! Catalogue fields: what the account describes, its values as typed ones, and back (`wire/jira-zendesk.md` §B3.2, §B7).

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Value, json};
use ticketing_core::model::{Choice, Field, FieldData, FieldLabel, FieldType, FieldValue, RefType};
use ticketing_core::{Error, Result};

use crate::connection::number;
use crate::wire::{CustomValue, FieldRow};

/// A field of the account's catalogue.
#[derive(Debug, Clone)]
pub(crate) struct CatalogueField {
    pub(crate) row: FieldRow,
    pub(crate) field_type: FieldType,
    pub(crate) multiple: bool,
    /// The document's key, for a system field that has one.
    pub(crate) core: Option<&'static str>,
    /// What the API calls a system field on tickets.
    pub(crate) native: Option<&'static str>,
}

/// A system field: its type in the catalogue, its name on tickets, the document's key and type.
const SYSTEM: &[(&str, &str, &str, FieldType)] = &[
    ("subject", "subject", "title", FieldType::String),
    ("description", "description", "description", FieldType::Text),
    ("status", "status", "status", FieldType::Choice),
    ("custom_status", "custom_status_id", "status", FieldType::Choice),
    ("tickettype", "type", "type", FieldType::Choice),
    ("priority", "priority", "priority", FieldType::Choice),
    ("basic_priority", "priority", "priority", FieldType::Choice),
    ("group", "group_id", "assigned_groups", FieldType::Group),
    ("assignee", "assignee_id", "assignees", FieldType::User),
];

/// A member of tickets that the catalogue does not list: id, name, type, native type, several, core key, writable.
type Line = (&'static str, &'static str, FieldType, &'static str, bool, Option<&'static str>, Option<bool>);

const MEMBERS: &[Line] = &[
    ("requester_id", "Requester", FieldType::User, "integer", false, Some("requester"), Some(true)),
    ("submitter_id", "Submitter", FieldType::User, "integer", false, Some("creator"), Some(false)),
    ("follower_ids", "Followers", FieldType::User, "array", true, Some("watchers"), Some(true)),
    ("organization_id", "Organization", FieldType::Account, "integer", false, Some("account"), Some(true)),
    ("brand_id", "Brand", FieldType::Collection, "integer", false, Some("collections"), None),
    ("tags", "Tags", FieldType::String, "array", true, Some("tags"), Some(true)),
    ("external_id", "External ID", FieldType::String, "string", false, Some("external_id"), Some(true)),
    // Of tasks alone, and only along with that type.
    ("due_at", "Due date", FieldType::Datetime, "string", false, Some("due"), None),
    ("created_at", "Created", FieldType::Datetime, "string", false, Some("created_at"), Some(false)),
    ("updated_at", "Updated", FieldType::Datetime, "string", false, Some("updated_at"), Some(false)),
    ("recipient", "Received at", FieldType::Email, "string", false, None, None),
    ("problem_id", "Linked problem", FieldType::Ticket, "integer", false, None, Some(true)),
    ("has_incidents", "Has incidents", FieldType::Boolean, "boolean", false, None, Some(false)),
    ("is_public", "Has public comments", FieldType::Boolean, "boolean", false, None, Some(false)),
    ("ticket_form_id", "Form", FieldType::Choice, "integer", false, None, Some(true)),
    ("via_channel", "Channel", FieldType::String, "string", false, None, Some(false)),
    ("satisfaction_rating", "Satisfaction", FieldType::String, "object", false, None, Some(false)),
    ("email_cc_ids", "CCs", FieldType::User, "array", true, None, Some(false)),
    // Written when a closed ticket is to go on (§B4), and never read back.
    ("via_followup_source_id", "Follow-up to", FieldType::Ticket, "integer", false, None, None),
];

/// The account's fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    all: Vec<CatalogueField>,
    by_id: HashMap<i64, usize>,
}

impl CatalogueField {
    pub(crate) fn of(row: FieldRow) -> Self {
        let system = SYSTEM.iter().find(|(field_type, ..)| *field_type == row.field_type);
        let (field_type, multiple) = match row.field_type.as_str() {
            "textarea" => (FieldType::Text, false),
            "tagger" => (FieldType::Choice, false),
            "multiselect" => (FieldType::Choice, true),
            "checkbox" => (FieldType::Boolean, false),
            "integer" => (FieldType::Integer, false),
            "decimal" => (FieldType::Decimal, false),
            "date" => (FieldType::Date, false),
            "lookup" => match row.relationship_target_type.as_deref() {
                Some("zen:user") => (FieldType::User, false),
                Some("zen:organization") => (FieldType::Account, false),
                Some("zen:ticket") => (FieldType::Ticket, false),
                _ => (FieldType::Reference, false),
            },
            "text" | "regexp" | "partialcreditcard" => (FieldType::String, false),
            _ => (system.map_or(FieldType::Other, |(.., field_type)| *field_type), false),
        };
        Self { field_type, multiple, core: system.map(|one| one.2), native: system.map(|one| one.1), row }
    }

    /// True for a field of the customer's own making.
    pub(crate) fn is_custom(&self) -> bool {
        self.core.is_none()
    }

    /// The field's id: the key under a ticket's `fields`.
    pub(crate) fn id(&self) -> String {
        self.native.map_or_else(|| self.row.id.to_string(), str::to_owned)
    }

    fn choices(&self) -> Option<Vec<Choice>> {
        let options = match (&self.row.custom_field_options, &self.row.system_field_options) {
            (Some(options), _) if !options.is_empty() => options,
            (_, Some(options)) if !options.is_empty() => options,
            _ if self.field_type == FieldType::Choice => return Some(Vec::new()),
            _ => return None,
        };
        let mut choices: Vec<Choice> = Vec::new();
        for option in options {
            let Some(value) = option.value.as_ref().filter(|value| !value.is_empty()) else { continue };
            if choices.iter().any(|known| known.id == *value) {
                continue;
            }
            let name = option.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| value.clone());
            choices.push(Choice { id: value.clone(), name, active: true, depends_on: None });
        }
        Some(choices)
    }

    fn label(&self, value: &str) -> Option<String> {
        let options = self.row.custom_field_options.iter().flatten();
        options.clone().find(|option| option.value.as_deref() == Some(value)).and_then(|option| option.name.clone())
    }

    /// The value of a choice, by value or label.
    fn chosen(&self, wanted: &str) -> Result<String> {
        let mut options = self.row.custom_field_options.iter().flatten();
        let by_value = options.clone().find(|option| option.value.as_deref() == Some(wanted));
        let by_label = || {
            let same = |name: &str| name.eq_ignore_ascii_case(wanted);
            options.find(|option| option.name.as_deref().is_some_and(same))
        };
        by_value.or_else(by_label).and_then(|option| option.value.clone()).ok_or_else(|| {
            let there: Vec<_> = self.choices().unwrap_or_default().into_iter().take(20).map(|one| one.id).collect();
            Error::invalid(
                format!("fields.{}", self.id()),
                format!("`{}` is no choice of `{}`", wanted.escape_debug(), self.title()),
            )
            .with_hint(format!("there are: {}", there.join(", ")))
        })
    }

    fn title(&self) -> &str {
        self.row.title.as_deref().unwrap_or_default()
    }

    /// The catalogue's entry.
    fn document(&self, choices: bool) -> Field {
        let writable = match self.core {
            // The first comment: written with a new ticket, and never changed (§B3.2).
            Some("description") => None,
            _ => Some(self.row.agent_can_edit != Some(false) && self.row.field_type != "partialcreditcard"),
        };
        Field {
            id: self.id().into(),
            name: Some(self.title()).filter(|title| !title.is_empty()).map_or_else(|| self.id(), str::to_owned),
            description: self.row.description.clone(),
            field_type: self.field_type,
            native_type: self.row.field_type.clone(),
            multiple: self.multiple,
            // The account's own `required` speaks of solving, not of a new ticket (§B7).
            required: self.core == Some("title"),
            writable,
            custom: self.is_custom(),
            core: self.core.map(str::to_owned),
            choices: if choices { self.choices() } else { None },
            reference: reference(self.field_type),
            max_length: None,
            default: FieldData::Null,
            scopes: Vec::new(),
        }
    }
}

fn reference(field_type: FieldType) -> Option<RefType> {
    Some(match field_type {
        FieldType::User => RefType::User,
        FieldType::Group => RefType::Group,
        FieldType::Ticket => RefType::Ticket,
        FieldType::Account => RefType::Account,
        FieldType::Collection => RefType::Collection,
        _ => return None,
    })
}

impl Fields {
    pub(crate) fn new(all: Vec<CatalogueField>) -> Self {
        let by_id = all.iter().enumerate().map(|(at, field)| (field.row.id, at)).collect();
        Self { all, by_id }
    }

    /// A custom field by number, or by its title where only one bears it.
    ///
    /// # Errors
    /// `InvalidRequest`, listing the candidates, where several do.
    pub(crate) fn custom(&self, wanted: &str) -> Result<Option<&CatalogueField>> {
        if let Some(field) = number(wanted).and_then(|id| self.by_id.get(&id)).and_then(|at| self.all.get(*at)) {
            return Ok(Some(field).filter(|field| field.is_custom()));
        }
        let named: Vec<_> =
            self.all.iter().filter(|field| field.is_custom() && field.title().eq_ignore_ascii_case(wanted)).collect();
        match named.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            several => {
                let ids: Vec<_> = several.iter().map(|field| field.id()).collect();
                Err(Error::invalid(format!("fields.{wanted}"), format!("several fields are called `{wanted}`"))
                    .with_hint(format!("name one by its id: {}", ids.join(", "))))
            }
        }
    }

    /// The custom fields that must be given to solve a ticket.
    pub(crate) fn needed_to_solve(&self) -> impl Iterator<Item = &CatalogueField> {
        self.all
            .iter()
            .filter(|field| field.is_custom() && field.row.required == Some(true) && field.row.active != Some(false))
    }

    /// True where tickets can have the field under `fields`.
    pub(crate) fn is_on_tickets(&self, id: &str) -> bool {
        let member = MEMBERS.iter().any(|line| line.0 == id && line.5.is_none());
        let custom = matches!(self.custom(id), Ok(Some(field)) if field.id() == id);
        // Without the right to read the catalogue, a number may be one.
        member || custom || (self.all.is_empty() && number(id).is_some())
    }

    /// A custom field's value; `None` where there is none.
    pub(crate) fn value(&self, custom: &CustomValue) -> Option<FieldValue> {
        let Some(field) = self.by_id.get(&custom.id).and_then(|at| self.all.get(*at)) else {
            let data: FieldData = serde_json::from_value(custom.value.clone()).ok()?;
            let empty = data.is_null() || data == FieldData::List(Vec::new()) || data == FieldData::from("");
            return (!empty).then(|| FieldValue::new(FieldType::Other, data).custom());
        };
        let data = typed(field, &custom.value)?;
        let mut value = FieldValue::new(field.field_type, data).custom();
        if field.field_type == FieldType::Choice {
            let labels: Option<Vec<String>> =
                value.value.iter().map(|one| one.as_text().and_then(|text| field.label(text))).collect();
            value.label = match (labels, field.multiple) {
                (Some(labels), true) => Some(FieldLabel::Many(labels)),
                (Some(labels), false) => labels.into_iter().next().map(FieldLabel::One),
                (None, _) => None,
            };
        }
        Some(value)
    }

    /// Every field, those of the catalogue first, each once.
    pub(crate) fn documents(&self, choices: bool, forms: &[crate::wire::FormRow]) -> Vec<Field> {
        let mut out: Vec<Field> = Vec::new();
        for field in self.all.iter().filter(|field| field.row.active != Some(false) || field.is_custom()) {
            // Two system fields may stand for one member: `priority`, and `basic_priority`.
            if !out.iter().any(|known| known.id.as_str() == field.id()) {
                out.push(field.document(choices));
            }
        }
        for (id, name, field_type, native, multiple, core, writable) in MEMBERS {
            let is_form = *id == "ticket_form_id";
            let choices = (choices && is_form).then(|| {
                let choice = |form: &crate::wire::FormRow| Choice {
                    id: form.id.to_string(),
                    name: form.name.clone().unwrap_or_else(|| form.id.to_string()),
                    active: form.active != Some(false),
                    depends_on: None,
                };
                forms.iter().map(choice).collect()
            });
            out.push(Field {
                id: (*id).into(),
                name: (*name).to_owned(),
                description: None,
                field_type: *field_type,
                native_type: (*native).to_owned(),
                multiple: *multiple,
                required: false,
                writable: *writable,
                custom: false,
                core: core.map(str::to_owned),
                choices,
                reference: reference(*field_type),
                max_length: None,
                default: FieldData::Null,
                scopes: Vec::new(),
            });
        }
        if !out.iter().any(|field| field.core.as_deref() == Some("title")) {
            out.extend(SYSTEM.iter().filter(|one| matches!(one.0, "subject" | "status" | "priority")).map(built_in));
        }
        out.sort_by(|a, b| a.id.cmp(&b.id));
        out
    }

    /// What a ticket's member or custom field is written as.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field, where there is none such, or the value is not of its type.
    pub(crate) fn encode(&self, id: &str, data: &FieldData) -> Result<Written> {
        let place = || format!("fields.{id}");
        match id {
            "problem_id" | "ticket_form_id" | "via_followup_source_id" => {
                let value = match data {
                    FieldData::Null => Value::Null,
                    FieldData::Integer(number) => json!(number),
                    FieldData::Text(text) => json!(crate::connection::checked(&place(), text)?),
                    _ => return Err(Error::invalid(place(), "it takes the id of a record")),
                };
                return Ok(Written::Member(id.to_owned(), value));
            }
            "recipient" => {
                return match data.as_text() {
                    Some(text) => Ok(Written::Member(id.to_owned(), json!(text))),
                    None => Err(Error::invalid(place(), "it takes an email address")),
                };
            }
            _ => {}
        }
        if let Some(line) = MEMBERS.iter().find(|line| line.0 == id) {
            let (what, hint) = match line.5 {
                Some(core) => (format!("it is the ticket's `{core}`"), format!("set `{core}` itself")),
                None => ("the account sets it itself".to_owned(), "leave it out".to_owned()),
            };
            return Err(Error::invalid(place(), what).with_hint(hint));
        }
        let known = self.custom(id)?;
        let Some(field) = known else {
            return match (self.all.is_empty(), number(id)) {
                (true, Some(id)) => Ok(Written::Custom(id, serde_json::to_value(data).unwrap_or_default())),
                _ => Err(crate::connection::unknown_field(&place(), id)),
            };
        };
        Ok(Written::Custom(field.row.id, encoded(field, data)?))
    }
}

/// Where a value goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Written {
    /// A member of the ticket.
    Member(String, Value),
    /// One of `custom_fields`.
    Custom(i64, Value),
}

fn built_in((field_type, native, core, data_type): &(&str, &str, &str, FieldType)) -> Field {
    Field {
        id: (*native).into(),
        name: (*native).to_owned(),
        description: None,
        field_type: *data_type,
        native_type: (*field_type).to_owned(),
        multiple: false,
        required: *core == "title",
        writable: None,
        custom: false,
        core: Some((*core).to_owned()),
        choices: None,
        reference: None,
        max_length: None,
        default: FieldData::Null,
        scopes: Vec::new(),
    }
}

/// The account's value as one of the field's type; one that does not fit stays as it is, so that nothing is lost.
fn typed(field: &CatalogueField, value: &Value) -> Option<FieldData> {
    let text = |text: &str| FieldData::Text(text.to_owned());
    match (field.field_type, value) {
        (_, Value::Null) => None,
        (_, Value::String(empty)) if empty.is_empty() => None,
        (_, Value::Array(list)) => {
            let items: Vec<FieldData> = list
                .iter()
                .map(|item| match item {
                    Value::String(one) => text(one),
                    other => serde_json::from_value(other.clone()).unwrap_or(FieldData::Null),
                })
                .collect();
            (!items.is_empty()).then_some(FieldData::List(items))
        }
        (FieldType::Boolean, Value::String(word)) => match word.as_str() {
            "true" | "1" => Some(FieldData::Bool(true)),
            "false" | "0" => Some(FieldData::Bool(false)),
            other => Some(text(other)),
        },
        (FieldType::Integer, Value::String(digits)) => {
            Some(digits.parse().map_or_else(|_| text(digits), FieldData::Integer))
        }
        (FieldType::Decimal, Value::String(digits)) => Some(decimal(digits)),
        (FieldType::Decimal, Value::Number(number)) => Some(decimal(&number.to_string())),
        (FieldType::Boolean, Value::Bool(flag)) => Some(FieldData::Bool(*flag)),
        (FieldType::Integer, Value::Number(number)) => {
            Some(number.as_i64().map_or_else(|| text(&number.to_string()), FieldData::Integer))
        }
        (_, Value::String(one)) => Some(text(one)),
        // Ids of records may be numbers, and are texts here.
        (_, Value::Number(number)) => Some(text(&number.to_string())),
        (_, other) => serde_json::from_value(other.clone()).ok(),
    }
}

/// A number where it reads back as the same digits, else its text.
fn decimal(digits: &str) -> FieldData {
    let short = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() && number.to_string() == short => FieldData::Decimal(number),
        _ => FieldData::Text(digits.to_owned()),
    }
}

/// A value as the account takes it; null clears (§B3.2).
fn encoded(field: &CatalogueField, data: &FieldData) -> Result<Value> {
    let wrong = |what: &str| {
        Error::invalid(format!("fields.{}", field.id()), format!("the field takes {what}"))
            .with_hint("see the field catalogue for its type")
    };
    if field.multiple {
        let mut values = Vec::new();
        for item in data.iter() {
            values.push(field.chosen(item.as_text().ok_or_else(|| wrong("a list of choices"))?)?);
        }
        return Ok(json!(values));
    }
    Ok(match (field.field_type, data) {
        (_, FieldData::Null) => Value::Null,
        (_, FieldData::List(_) | FieldData::Object(_)) => return Err(wrong("one value, not several")),
        (FieldType::Choice, FieldData::Text(text)) if text.is_empty() => Value::Null,
        (FieldType::Choice, FieldData::Text(text)) => json!(field.chosen(text)?),
        (FieldType::Choice, _) => return Err(wrong("one of its choices")),
        (FieldType::Boolean, FieldData::Bool(flag)) => json!(flag),
        (FieldType::Boolean, FieldData::Text(text)) if text == "true" || text == "false" => json!(text == "true"),
        (FieldType::Boolean, _) => return Err(wrong("true or false")),
        (FieldType::Integer, FieldData::Integer(number)) => json!(number),
        (FieldType::Integer, FieldData::Text(text)) => {
            json!(text.parse::<i64>().map_err(|_| wrong("a whole number"))?)
        }
        (FieldType::Integer, _) => return Err(wrong("a whole number")),
        (FieldType::Decimal, FieldData::Decimal(number)) if number.is_finite() => json!(number),
        (FieldType::Decimal, FieldData::Integer(number)) => json!(number),
        (FieldType::Decimal, FieldData::Text(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => json!(text),
        (FieldType::Decimal, _) => return Err(wrong("a number")),
        (FieldType::Date, FieldData::Text(text)) if text.parse::<NaiveDate>().is_ok() => json!(text),
        (FieldType::Date, _) => return Err(wrong("a day, such as 2026-03-01")),
        (_, FieldData::Text(text)) => json!(text),
        (_, FieldData::Integer(number)) => json!(number.to_string()),
        (_, FieldData::Bool(flag)) => json!(flag.to_string()),
        (_, _) => return Err(wrong("a text")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(field_type: &str) -> CatalogueField {
        let row = json!({
            "id": 7, "type": field_type, "title": "Parts",
            "custom_field_options": [{"name": "Left wheel", "value": "wheel_left"}, {"name": "Axle", "value": "axle"}],
        });
        CatalogueField::of(serde_json::from_value(row).unwrap())
    }

    fn read(field_type: &str, value: Value) -> Option<(FieldData, Option<FieldLabel>)> {
        let fields = Fields::new(vec![field(field_type)]);
        fields.value(&CustomValue { id: 7, value }).map(|value| (value.value, value.label))
    }

    #[test]
    fn values_are_typed_and_nothing_is_lost() {
        for (field_type, value, expected) in [
            ("text", json!("a"), FieldData::from("a")),
            ("checkbox", json!(false), FieldData::Bool(false)),
            ("checkbox", json!("true"), FieldData::Bool(true)),
            ("integer", json!("12"), FieldData::Integer(12)),
            ("integer", json!(12), FieldData::Integer(12)),
            ("integer", json!("many"), FieldData::from("many")),
            ("decimal", json!("2.50"), FieldData::Decimal(2.5)),
            ("decimal", json!("0.10000000000000000001"), FieldData::from("0.10000000000000000001")),
            ("date", json!("2026-03-01"), FieldData::from("2026-03-01")),
            ("lookup", json!(46_406_145_565_073_i64), FieldData::from("46406145565073")),
        ] {
            assert_eq!(read(field_type, value.clone()).unwrap().0, expected, "{field_type} {value}");
        }
        assert_eq!(read("tagger", json!("axle")).unwrap().1, Some(FieldLabel::One("Axle".into())));
        let several = read("multiselect", json!(["axle", "wheel_left"])).unwrap();
        assert_eq!(several.1, Some(FieldLabel::Many(vec!["Axle".into(), "Left wheel".into()])));
        for empty in [json!(null), json!(""), json!([])] {
            assert_eq!(read("text", empty), None);
        }
        let unknown = Fields::default().value(&CustomValue { id: 9, value: json!("x") }).unwrap();
        assert_eq!((unknown.field_type, unknown.custom), (FieldType::Other, true));
    }

    #[test]
    fn values_are_written_by_id_and_title_choices_by_label() {
        let write =
            |field_type: &str, id: &str, data: FieldData| Fields::new(vec![field(field_type)]).encode(id, &data);
        assert_eq!(write("tagger", "7", "axle".into()).unwrap(), Written::Custom(7, json!("axle")));
        assert_eq!(write("tagger", "parts", "left wheel".into()).unwrap(), Written::Custom(7, json!("wheel_left")));
        assert_eq!(write("multiselect", "7", vec!["Axle"].into()).unwrap(), Written::Custom(7, json!(["axle"])));
        assert_eq!(write("text", "7", FieldData::Null).unwrap(), Written::Custom(7, Value::Null));
        assert_eq!(write("text", "problem_id", "12".into()).unwrap(), Written::Member("problem_id".into(), json!(12)));
        for (field_type, id, data, named) in [
            ("tagger", "7", FieldData::from("engine"), "fields.7"),
            ("integer", "7", FieldData::from("x"), "fields.7"),
            ("date", "7", FieldData::from("tomorrow"), "fields.7"),
            ("text", "8", FieldData::from("x"), "fields.8"),
            ("text", "no such field", FieldData::from("x"), "fields.no such field"),
            ("text", "requester_id", FieldData::from("1"), "fields.requester_id"),
            ("text", "has_incidents", FieldData::Bool(true), "fields.has_incidents"),
        ] {
            assert_eq!(write(field_type, id, data).unwrap_err().field(), Some(named));
        }
    }
}
