//! The field catalogue, and the values that tickets may carry in it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ticketing_core::model::{Choice, Field, FieldData, FieldType, FieldValue, Fields, RefType, Ticket, Timestamp};
use ticketing_core::request::ListFields;
use ticketing_core::{Error, FieldId, Operation, Page, Result};

use crate::paging::Window;
use crate::session::Session;

/// The core keys in the catalogue: id, name, type, several values, required.
const CORE: &[(&str, &str, FieldType, bool, bool)] = &[
    ("title", "Title", FieldType::String, false, true),
    ("description", "Description", FieldType::Text, false, false),
    ("status", "Status", FieldType::Choice, false, false),
    ("reason", "Reason", FieldType::Choice, false, false),
    ("priority", "Priority", FieldType::Choice, false, false),
    ("type", "Type", FieldType::Choice, false, false),
    ("assignees", "Assignees", FieldType::User, true, false),
    ("assigned_groups", "Assigned groups", FieldType::Group, true, false),
    ("requester", "Requester", FieldType::User, false, false),
    ("watchers", "Watchers", FieldType::User, true, false),
    ("account", "Account", FieldType::Account, false, false),
    ("collections", "Collections", FieldType::Collection, true, false),
    ("parent", "Parent", FieldType::Ticket, false, false),
    ("tags", "Tags", FieldType::String, true, false),
    ("external_id", "External id", FieldType::String, false, false),
    ("due", "Due", FieldType::Datetime, false, false),
];

/// What a value is for: writing takes what can be chosen now, looking for it also what could be once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Find,
}

impl Session<'_> {
    pub(crate) fn list_fields(&self, request: &ListFields) -> Result<Page<Field>> {
        if let Some(wanted) = &request.ticket_type {
            let known = self.state.catalogue.types.iter().any(|known| known.native.id == *wanted);
            if !known {
                let types = self.state.catalogue.types.iter().map(|known| &known.native);
                return Err(crate::catalogue::unknown("type", wanted, types));
            }
        }
        if let Some(id) = &request.collection {
            self.collection("collection", &ticketing_core::CollectionSelector::Id(id.clone()))?;
        }
        let wanted: Vec<&str> = request
            .ticket_type
            .iter()
            .map(String::as_str)
            .chain(request.collection.iter().map(AsRef::as_ref))
            .collect();
        let in_scope = |field: &Field| {
            wanted.is_empty()
                || field.scopes.is_empty()
                || field.scopes.iter().any(|scope| wanted.contains(&scope.as_str()))
        };
        let codec = self.codec(Operation::ListFields, &(&request.ticket_type, &request.collection, request.choices));
        let fields = CORE.iter().map(|core| self.core_field(*core)).chain(self.state.fields.values().cloned());
        let fields = fields.filter(in_scope).map(|mut field| {
            if !request.choices {
                field.choices = None;
            }
            (field.id.to_string(), field)
        });
        Window::new(&codec, request.cursor.as_ref(), request.page_size).page(fields)
    }

    fn core_field(&self, (id, name, field_type, multiple, required): (&str, &str, FieldType, bool, bool)) -> Field {
        let catalogue = &self.state.catalogue;
        let choice = |native: &ticketing_core::model::Native, active, depends_on| Choice {
            id: native.id.clone(),
            name: native.name.clone().unwrap_or_else(|| native.id.clone()),
            active,
            depends_on,
        };
        let statuses = || catalogue.statuses(self.statuses);
        let choices = match id {
            "status" => Some(statuses().iter().map(|known| choice(&known.native, known.active, None)).collect()),
            "reason" => {
                let of = |category| statuses().into_iter().filter(move |known| known.category == category);
                let each = catalogue.reasons.iter().flat_map(|(category, reason)| {
                    of(*category).map(|status| choice(reason, true, Some(status.native.id)))
                });
                Some(each.collect())
            }
            "priority" => Some(catalogue.priorities.iter().map(|known| choice(&known.native, true, None)).collect()),
            "type" => Some(catalogue.types.iter().map(|known| choice(&known.native, true, None)).collect()),
            _ => None,
        };
        let reference = match field_type {
            FieldType::User => Some(RefType::User),
            FieldType::Group => Some(RefType::Group),
            FieldType::Account => Some(RefType::Account),
            FieldType::Collection => Some(RefType::Collection),
            FieldType::Ticket => Some(RefType::Ticket),
            _ => None,
        };
        Field {
            id: FieldId::from(id),
            name: name.to_owned(),
            description: None,
            field_type,
            native_type: field_type.as_str().to_owned(),
            multiple,
            required,
            writable: Some(true),
            custom: false,
            core: Some(if id == "reason" { "status" } else { id }.to_owned()),
            choices,
            reference,
            max_length: (id == "title").then_some(crate::create::MAX_TITLE_CHARS),
            default: if id == "type" { FieldData::from(crate::create::DEFAULT_TYPE.as_str()) } else { FieldData::Null },
            scopes: Vec::new(),
        }
    }

    /// The catalogue field of this id.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field.
    pub(crate) fn field(&self, id: &FieldId) -> Result<&Field> {
        self.state.fields.get(id).ok_or_else(|| {
            if CORE.iter().any(|(core, ..)| *id == **core) {
                return Error::invalid(id.as_str(), "it is a core key, not a catalogue field")
                    .with_hint("use the request's own member for it");
            }
            let known: Vec<_> = self.state.fields.keys().map(FieldId::as_str).collect();
            let hint = if known.is_empty() {
                "leave it out: there is none".to_owned()
            } else {
                format!("use one of: {}", known.join(", "))
            };
            Error::invalid(id.as_str(), format!("there is no field `{id}`")).with_hint(hint)
        })
    }

    /// Writes catalogue fields into a ticket; `Null` clears one.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field that is wrong.
    pub(crate) fn write_fields(&self, ticket: &mut Ticket, values: &BTreeMap<FieldId, FieldData>) -> Result<()> {
        for (id, value) in values {
            let field = self.field(id)?;
            self.check_scope(field, ticket)?;
            if field.writable == Some(false) {
                return Err(Error::invalid(id.as_str(), "it cannot be written").with_hint("leave it out"));
            }
            if value.is_null() {
                if field.required {
                    return Err(Error::invalid(id.as_str(), "it is required and cannot be cleared").with_hint("set it"));
                }
                ticket.fields.remove(id);
                continue;
            }
            self.check_value(field, value, Purpose::Write)?;
            let value =
                FieldValue { field_type: field.field_type, value: value.clone(), label: None, custom: field.custom };
            ticket.fields.insert(id.clone(), value);
        }
        Ok(())
    }

    /// Gives a new ticket the defaults of its fields, and names the first required one that is missing.
    pub(crate) fn complete_fields(&self, ticket: &mut Ticket) -> Result<()> {
        let applies =
            |field: &&Field| self.check_scope(field, ticket).is_ok() && !ticket.fields.contains_key(&field.id);
        let missing: Vec<_> = self.state.fields.values().filter(applies).cloned().collect();
        let mut defaults = Fields::new();
        for field in missing {
            if !field.default.is_null() {
                let value = FieldValue {
                    field_type: field.field_type,
                    value: field.default,
                    label: None,
                    custom: field.custom,
                };
                defaults.insert(field.id, value);
            } else if field.required {
                return Err(Error::invalid(field.id.as_str(), format!("a new ticket must have it ({})", field.name))
                    .with_hint("set it"));
            }
        }
        ticket.fields.extend(defaults);
        Ok(())
    }

    fn check_scope(&self, field: &Field, ticket: &Ticket) -> Result<()> {
        let places = std::iter::once(ticket.ticket_type.native.id.as_str())
            .chain(ticket.collections.iter().map(|collection| collection.id.as_str()));
        if field.scopes.is_empty() || places.into_iter().any(|place| field.scopes.iter().any(|scope| scope == place)) {
            return Ok(());
        }
        Err(Error::invalid(field.id.as_str(), "this ticket has no such field")
            .with_hint(format!("it belongs to: {}", field.scopes.join(", "))))
    }

    /// Whether a value is one that the field can hold.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field.
    pub(crate) fn check_value(&self, field: &Field, value: &FieldData, purpose: Purpose) -> Result<()> {
        let id = field.id.as_str();
        if matches!(value, FieldData::List(_)) && !field.multiple {
            return Err(Error::invalid(id, "it holds one value, not several").with_hint("give one"));
        }
        if purpose == Purpose::Write && field.multiple && !matches!(value, FieldData::List(_)) {
            return Err(Error::invalid(id, "it holds several values").with_hint("give an array"));
        }
        value.iter().try_for_each(|one| self.check_one(field, one, purpose))
    }

    fn check_one(&self, field: &Field, value: &FieldData, purpose: Purpose) -> Result<()> {
        let id = field.id.as_str();
        let shown = serde_json::to_string(value).unwrap_or_default();
        let wrong = |expected: &str| {
            Error::invalid(id, format!("{shown} is not of its type, {}", field.field_type))
                .with_hint(format!("give {expected}"))
        };
        let text = value.as_text();
        match field.field_type {
            FieldType::Boolean if !matches!(value, FieldData::Bool(_)) => return Err(wrong("true or false")),
            FieldType::Integer | FieldType::Duration if !matches!(value, FieldData::Integer(_)) => {
                return Err(wrong("a whole number"));
            }
            FieldType::Decimal => {
                let number = matches!(value, FieldData::Integer(_) | FieldData::Decimal(_))
                    || text.is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
                if !number {
                    return Err(wrong("a number"));
                }
            }
            FieldType::Date if text.is_none_or(|text| text.parse::<NaiveDate>().is_err()) => {
                return Err(wrong("a day as `2026-03-01`"));
            }
            FieldType::Datetime if text.is_none_or(|text| text.parse::<Timestamp>().is_err()) => {
                return Err(wrong("a moment as `2026-03-01T09:00:00Z`"));
            }
            FieldType::Boolean
            | FieldType::Integer
            | FieldType::Duration
            | FieldType::Date
            | FieldType::Datetime
            | FieldType::Other => {}
            FieldType::Choice => {
                let choices = field.choices.as_deref().unwrap_or_default();
                let usable = || choices.iter().filter(|choice| choice.active || purpose == Purpose::Find);
                if !usable().any(|choice| text == Some(choice.id.as_str())) {
                    let known: Vec<_> = usable().map(|choice| format!("`{}` ({})", choice.id, choice.name)).collect();
                    return Err(Error::invalid(id, format!("there is no choice {shown}"))
                        .with_hint(format!("use one of: {}", known.join(", "))));
                }
            }
            FieldType::User
            | FieldType::Group
            | FieldType::Ticket
            | FieldType::Account
            | FieldType::Contact
            | FieldType::Collection => {
                let Some(target) = text else { return Err(wrong("an id")) };
                if purpose == Purpose::Write && !self.target_exists(field.field_type, target) {
                    return Err(Error::invalid(id, format!("there is no {} `{target}`", field.field_type))
                        .with_hint("give the id of one that exists"));
                }
            }
            _ => {
                let Some(text) = text else { return Err(wrong("a text")) };
                let longest = field.max_length.map_or(usize::MAX, |most| most as usize);
                if text.chars().count() > longest {
                    return Err(
                        Error::invalid(id, format!("it is longer than {longest} characters")).with_hint("shorten it")
                    );
                }
                if field.field_type == FieldType::String && text.contains('\n') {
                    return Err(Error::invalid(id, "it holds one line").with_hint("take the line breaks out"));
                }
            }
        }
        Ok(())
    }

    /// What a value stands for.
    pub(crate) fn label_of(&self, field: &Field, value: &FieldData) -> Option<String> {
        let text = value.as_text()?;
        match field.field_type {
            FieldType::Choice => {
                field.choices.iter().flatten().find(|choice| choice.id == text).map(|choice| choice.name.clone())
            }
            other => self.target_name(other, text),
        }
    }

    fn target_exists(&self, field_type: FieldType, id: &str) -> bool {
        let state = &*self.state;
        match field_type {
            FieldType::User => state.users.get(id).is_some(),
            FieldType::Group => state.groups.get(id).is_some(),
            FieldType::Ticket => state.tickets.get(id).is_some(),
            FieldType::Account => state.accounts.get(id).is_some(),
            FieldType::Contact => state.contacts.get(id).is_some(),
            FieldType::Collection => state.collections.get(id).is_some(),
            _ => false,
        }
    }

    fn target_name(&self, field_type: FieldType, id: &str) -> Option<String> {
        let state = &*self.state;
        match field_type {
            FieldType::User => state.users.get_any(id).map(|user| user.name.clone()),
            FieldType::Group => state.groups.get_any(id).map(|group| group.name.clone()),
            FieldType::Ticket => state.tickets.get_any(id).map(|ticket| ticket.key.clone()),
            FieldType::Account => state.accounts.get_any(id).map(|account| account.name.clone()),
            FieldType::Contact => state.contacts.get_any(id).map(|contact| contact.name.clone()),
            FieldType::Collection => state.collections.get_any(id).map(|collection| collection.name.clone()),
            _ => None,
        }
    }
}
