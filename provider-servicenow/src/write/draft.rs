//! The values of one write, gathered from what the caller named.

use std::collections::BTreeMap;

use serde_json::Value;
use ticketing_core::model::{Due, FieldData};
use ticketing_core::request::{NewComment, Patch, TextInput};
use ticketing_core::{Error, FieldId, PrioritySelector, Result};

use super::plain;
use crate::api::Values;
use crate::catalogue::{Choices, CoreFields, TableSchema, core_of};
use crate::connection::unknown_field;
use crate::map::{element, encode_field};
use crate::mapping::Mapping;
use crate::query::value::{check, literal};

/// The length of a title where the catalogue does not say (wire §3.1).
pub(crate) const TITLE_CHARS: u32 = 160;
/// The length of `correlation_id`.
const EXTERNAL_ID_CHARS: usize = 100;

/// The values of one write.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) schema: &'a TableSchema,
    pub(crate) choices: &'a Choices,
    pub(crate) mapping: &'a Mapping,
    pub(crate) own: CoreFields,
    pub(crate) values: Values,
    /// The priority that impact and urgency should give.
    pub(crate) priority: Option<String>,
    /// The text of a comment that rides along, and its column.
    pub(crate) comment: Option<(&'static str, String)>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(schema: &'a TableSchema, choices: &'a Choices, mapping: &'a Mapping) -> Self {
        Self {
            schema,
            choices,
            mapping,
            own: CoreFields::of(&schema.table),
            values: Values::new(),
            priority: None,
            comment: None,
        }
    }

    /// Sets a column; an empty text clears it.
    pub(crate) fn set(&mut self, column: &str, value: impl Into<String>) {
        self.values.insert(column.to_owned(), Value::String(value.into()));
    }

    /// What a column is set to.
    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        self.values.get(column).and_then(Value::as_str)
    }

    /// The title: one line, not empty, as long as the column.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `title`.
    pub(crate) fn title(&mut self, title: &str) -> Result<()> {
        let column = self.schema.column("short_description");
        let limit = column.and_then(|column| column.max_length).unwrap_or(TITLE_CHARS);
        if title.trim().is_empty() {
            return Err(Error::invalid("title", "the title is empty").with_hint("give the ticket a title"));
        }
        let length = title.chars().count();
        if length > limit as usize {
            return Err(Error::invalid("title", format!("the title has {length} characters, and {limit} are allowed"))
                .with_hint("shorten it, and put the rest into the description"));
        }
        self.set("short_description", title);
        Ok(())
    }

    /// The description.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `description`.
    pub(crate) fn description(&mut self, text: &TextInput) -> Result<()> {
        let text = plain("description", text)?;
        self.set("description", text);
        Ok(())
    }

    /// When it is due. The column holds a moment; a day is written as its first one in UTC.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `due`, where the column holds days and a moment was given.
    pub(crate) fn due(&mut self, due: Due) -> Result<()> {
        let is_day = self.schema.column("due_date").is_some_and(|column| column.native_type == "glide_date");
        let text = match (due, is_day) {
            (Due::Date(day), true) => day.to_string(),
            (Due::Date(day), false) => format!("{day} 00:00:00"),
            (Due::At(at), false) => literal(at),
            (Due::At(_), true) => {
                return Err(
                    Error::invalid("due", "the instance keeps days here, and this is a moment").with_hint("give a day")
                );
            }
        };
        self.set("due_date", text);
        Ok(())
    }

    /// The product's own id.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `external_id`.
    pub(crate) fn external_id(id: &str) -> Result<()> {
        check("external_id", id)?;
        if id.trim().is_empty() || id.trim() != id {
            return Err(
                Error::invalid("external_id", "it is empty, or has blanks around it").with_hint("give an id, or none")
            );
        }
        if id.chars().count() > EXTERNAL_ID_CHARS {
            return Err(Error::invalid("external_id", format!("it is longer than {EXTERNAL_ID_CHARS} characters")));
        }
        Ok(())
    }

    /// The priority: impact and urgency that give it (wire §3.3), or the column itself where nothing is derived.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `priority`, where there is none such.
    pub(crate) fn priority(&mut self, selector: &PrioritySelector) -> Result<()> {
        let id = self.priority_id(selector)?;
        if !self.own.derived_priority {
            if self.schema.column("priority").is_some_and(|column| column.read_only) {
                return Err(Error::invalid(
                    "priority",
                    format!("the instance sets the priority of `{}` itself", self.schema.table),
                )
                .with_hint("leave it out"));
            }
            self.set("priority", id.clone());
            self.priority = Some(id);
            return Ok(());
        }
        // `wire/servicenow.md` §3.3: writing `priority` itself is overwritten.
        let (impact, urgency) = match id.as_str() {
            "1" => ("1", "1"),
            "2" => ("1", "2"),
            "3" => ("2", "2"),
            "4" => ("2", "3"),
            "5" => ("3", "3"),
            _ => {
                return Err(Error::invalid(
                    "priority",
                    format!("no impact and urgency are known to give the priority `{id}`"),
                )
                .with_hint("set `impact` and `urgency` under `fields`"));
            }
        };
        if ticketing_core::remedy::is_removed("servicenow.derived_priority") {
            self.set("priority", id.clone());
        } else {
            self.set("impact", impact);
            self.set("urgency", urgency);
        }
        self.priority = Some(id);
        Ok(())
    }

    fn priority_id(&self, selector: &PrioritySelector) -> Result<String> {
        let there = || {
            let told = self.choices.told("priority");
            if told.is_empty() { "there are: 1, 2, 3, 4, 5".to_owned() } else { format!("there are: {told}") }
        };
        match selector {
            PrioritySelector::Native(native) => match self.choices.value_of("priority", native) {
                Some(value) => Ok(value.to_owned()),
                None if self.choices.of("priority").is_empty() && self.mapping.priority_ids().contains(native) => {
                    Ok(native.clone())
                }
                None => Err(Error::invalid("priority", format!("there is no priority `{native}`")).with_hint(there())),
            },
            PrioritySelector::Level(level) => self
                .mapping
                .priority_ids()
                .into_iter()
                .find(|id| self.mapping.priority(id, self.choices.label_of("priority", id)) == *level)
                .ok_or_else(|| {
                    Error::invalid("priority", format!("no priority stands for `{level}`")).with_hint(there())
                }),
            other => Err(Error::invalid("priority", format!("the selector `{other}` is not known here"))),
        }
    }

    /// Catalogue fields, each known, writable and of its type.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field.
    pub(crate) fn fields(&mut self, fields: &BTreeMap<FieldId, FieldData>) -> Result<()> {
        for (id, data) in fields {
            let name = id.as_str();
            let Some(column) = self.schema.column(name) else {
                // Without the dictionary, a well-formed name may be a column, and the echo says what became of it.
                let may_be = !self.schema.complete && crate::query::FieldName::new(name).is_ok() && !name.contains('.');
                if may_be && let Some(text) = data.as_text() {
                    self.set(name, text);
                    continue;
                }
                return Err(unknown_field(&format!("fields.{name}"), name));
            };
            if column.is_journal() {
                return Err(Error::invalid(format!("fields.{name}"), "comments say who may read them")
                    .with_hint("write it as a comment, public or internal"));
            }
            let is_system =
                name.starts_with("sys_") || matches!(core_of(&self.schema.table, name), Some("id" | "key" | "type"));
            if column.read_only || is_system {
                return Err(Error::invalid(format!("fields.{name}"), format!("the instance sets `{name}` itself"))
                    .with_hint("leave it out"));
            }
            let text = encode_field(column, data)?;
            let text = self.chosen(&format!("fields.{name}"), name, text)?;
            self.set(name, text);
        }
        Ok(())
    }

    /// The value of a choice, by value or label. Values outside the list would be dropped in silence (wire §1.3).
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field, with the choices.
    pub(crate) fn chosen(&self, field: &str, column: &str, text: String) -> Result<String> {
        if text.is_empty() || self.choices.of(column).is_empty() {
            return Ok(text);
        }
        match self.choices.value_of(column, &text) {
            Some(value) => Ok(value.to_owned()),
            None => Err(Error::invalid(field, format!("`{}` is no choice of `{column}`", text.escape_debug()))
                .with_hint(format!("there are: {}", self.choices.told(column)))),
        }
    }

    /// A comment that rides along.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `comment`.
    pub(crate) fn comment(&mut self, comment: Option<&NewComment>) -> Result<()> {
        let Some(comment) = comment else { return Ok(()) };
        let text = plain("comment", &comment.body)?;
        if text.trim().is_empty() {
            return Err(Error::invalid("comment", "the comment's body is empty")
                .with_hint("write a text, or leave the comment out"));
        }
        let column = element(comment.visibility).ok_or_else(|| {
            Error::new(ticketing_core::ErrorKind::Unsupported, format!("there are no {} comments", comment.visibility))
                .with_field("visibility")
                .with_hint("it has: public, internal")
        })?;
        self.set(column, text.clone());
        self.comment = Some((column, text));
        Ok(())
    }

    /// A text that is kept, set or cleared.
    ///
    /// # Errors
    /// What `set` says.
    pub(crate) fn patch<T>(
        &mut self,
        column: &str,
        patch: &Patch<T>,
        set: impl FnOnce(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        match patch {
            Patch::Keep => Ok(()),
            Patch::Clear => {
                self.set(column, "");
                Ok(())
            }
            Patch::Set(value) => set(self, value),
        }
    }
}
