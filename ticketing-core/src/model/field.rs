//! Catalogue fields: everything outside the core, typed, under the vendor's own ids.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RefType, vocabulary};
use crate::id::FieldId;

vocabulary! {
    /// The type of a field's value.
    FieldType: "field type" {
        /// One line of text.
        String = "string",
        /// Text of many lines.
        Text = "text",
        /// A whole number.
        Integer = "integer",
        /// A number with a fraction; text where a binary fraction would not hold it exactly.
        Decimal = "decimal",
        /// True or false.
        Boolean = "boolean",
        /// A day, `2026-03-01`.
        Date = "date",
        /// A moment in UTC, `2026-03-01T09:00:00Z`.
        Datetime = "datetime",
        /// A length of time in seconds.
        Duration = "duration",
        /// One of a list; the value is the choice's id, the label its name.
        Choice = "choice",
        /// A user; the value is the id, the label the name.
        User = "user",
        /// A group.
        Group = "group",
        /// A ticket.
        Ticket = "ticket",
        /// An account.
        Account = "account",
        /// A contact.
        Contact = "contact",
        /// A collection.
        Collection = "collection",
        /// Any other record of the vendor's.
        Reference = "reference",
        /// An address on the web.
        Url = "url",
        /// An email address.
        Email = "email",
        /// A value that the vendor never returns, such as a password.
        Secret = "secret",
        /// A type that has no mapping; the value is the vendor's JSON.
        Other = "other",
    }
}

/// A ticket's catalogue fields by the vendor's field id.
pub type Fields = BTreeMap<FieldId, FieldValue>;

/// A field's value: typed, with its label where it stands for something. Several values are arrays.
///
/// ```
/// use ticketing_core::model::{FieldType, FieldValue};
/// let symptom = FieldValue::new(FieldType::Choice, "72").with_label("Symptom 72").custom();
/// assert_eq!(
///     serde_json::to_string(&symptom).unwrap(),
///     r#"{"type":"choice","value":"72","label":"Symptom 72","custom":true}"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct FieldValue {
    /// The value's type.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The value.
    pub value: FieldData,
    /// What the value stands for, in people's words.
    pub label: Option<FieldLabel>,
    /// True for a field of the customer's own making.
    pub custom: bool,
}

impl FieldValue {
    /// A value without a label.
    #[must_use]
    pub fn new(field_type: FieldType, value: impl Into<FieldData>) -> Self {
        Self { field_type, value: value.into(), label: None, custom: false }
    }

    /// With what the value stands for.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<FieldLabel>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// As a field of the customer's own making.
    #[must_use]
    pub fn custom(mut self) -> Self {
        self.custom = true;
        self
    }
}

/// The data of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum FieldData {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Decimal(f64),
    /// A text, id, day or moment.
    Text(String),
    /// Several values.
    List(Vec<FieldData>),
    /// A vendor's structure.
    Object(serde_json::Map<String, serde_json::Value>),
}

impl FieldData {
    /// The text, where it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// True where there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether two values are the same to somebody who looks for one: a number counts as itself, whether it came as a whole one,
    /// a fraction, or its digits.
    ///
    /// ```
    /// use ticketing_core::model::FieldData;
    ///
    /// let held = FieldData::Integer(12);
    /// assert!(held.is_same(&FieldData::Decimal(12.0)) && held.is_same(&FieldData::from("12.00")));
    /// assert!(!held.is_same(&FieldData::from("12 apples")) && !FieldData::from("12").is_same(&FieldData::from("12.0")));
    /// ```
    #[must_use]
    pub fn is_same(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Integer(own), Self::Integer(wanted)) => own == wanted,
            // A fraction does not hold every whole number.
            (Self::Integer(own), Self::Text(text)) if let Ok(wanted) = text.trim().parse::<i64>() => *own == wanted,
            (Self::Integer(_) | Self::Decimal(_), Self::Integer(_) | Self::Decimal(_) | Self::Text(_)) => {
                self.number().zip(wanted.number()).is_some_and(|(own, wanted)| own == wanted)
            }
            (own, wanted) => own == wanted,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// Whether a field that holds this has a wanted value: the whole of it, or one of several.
    #[must_use]
    pub fn holds(&self, wanted: &Self) -> bool {
        self.is_same(wanted) || self.iter().any(|one| one.is_same(wanted))
    }

    /// The values one by one: a list's items, or the value itself; nothing where there is none.
    pub fn iter(&self) -> impl Iterator<Item = &Self> {
        match self {
            Self::Null => &[],
            Self::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        }
        .iter()
    }
}

impl From<&str> for FieldData {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FieldData {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for FieldData {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for FieldData {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<T: Into<FieldData>> From<Vec<T>> for FieldData {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<FieldData>> From<Option<T>> for FieldData {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a value stands for: one label, or one for each of several values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldLabel {
    /// One label.
    One(String),
    /// One label per value, in the same order.
    Many(Vec<String>),
}

impl From<&str> for FieldLabel {
    fn from(label: &str) -> Self {
        Self::One(label.to_owned())
    }
}

impl From<String> for FieldLabel {
    fn from(label: String) -> Self {
        Self::One(label)
    }
}

impl From<Vec<String>> for FieldLabel {
    fn from(labels: Vec<String>) -> Self {
        Self::Many(labels)
    }
}

/// One entry of the field catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Field {
    /// The field's id: the key under a ticket's `fields`.
    pub id: FieldId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The type of its value.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// The vendor's own type.
    pub native_type: String,
    /// True where it holds several values.
    pub multiple: bool,
    /// True where a new ticket must have it.
    pub required: bool,
    /// True where this connection may write it; `null` where the vendor does not say.
    pub writable: Option<bool>,
    /// True for a field of the customer's own making.
    pub custom: bool,
    /// The core key that it is delivered under (`title`, `status`, …); `null`: under `fields`.
    pub core: Option<String>,
    /// The choices, for a field that has them; `null`: it has none, or they were not loaded.
    pub choices: Option<Vec<Choice>>,
    /// What it refers to, for a reference.
    pub reference: Option<RefType>,
    /// The longest value, in characters.
    pub max_length: Option<u32>,
    /// The value that a new ticket gets.
    pub default: FieldData,
    /// The native ticket types or collections that have it; empty: all.
    pub scopes: Vec<String>,
}

/// One choice of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Choice {
    /// The value to write.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// False where it remains on old tickets and cannot be chosen any more.
    pub active: bool,
    /// The value of the field it depends on.
    pub depends_on: Option<String>,
}
