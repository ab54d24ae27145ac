//! Customer organisations and their people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fields, Ref, Removal, Timestamp};
use crate::id::{AccountId, ContactId, Version};

/// An account: the customer organisation that a ticket is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// What people say for it: a customer number.
    pub key: Option<String>,
    /// The display name.
    pub name: String,
    /// What the vendor's users wrote about it.
    pub description: Option<String>,
    /// Its email domains; `null` where the vendor keeps none.
    pub domains: Option<Vec<String>>,
    /// The organisation it is part of.
    pub parent: Option<Ref>,
    /// False where it is no longer served; `null` where the vendor does not say.
    pub active: Option<bool>,
    /// Opens the account in a browser.
    pub url: Option<String>,
    /// When the record was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Every catalogue field outside these.
    pub fields: Fields,
    /// What the credential may not read.
    pub unreadable: Vec<String>,
    /// The record's version.
    pub version: Option<Version>,
    /// How it went, where it is gone.
    pub deleted: Option<Removal>,
    /// The vendor's own JSON, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<serde_json::Value>>,
}

impl Account {
    /// An account with nothing but identity and name, for providers to fill.
    #[must_use]
    pub fn new(id: AccountId, name: impl Into<String>) -> Self {
        Self {
            id,
            key: None,
            name: name.into(),
            description: None,
            domains: None,
            parent: None,
            active: None,
            url: None,
            created_at: None,
            updated_at: None,
            fields: Fields::new(),
            unreadable: Vec::new(),
            version: None,
            deleted: None,
            raw: None,
        }
    }
}

/// A contact: a customer's person, who does not work on tickets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// The display name.
    pub name: String,
    /// The email address; not unique.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The organisation.
    pub account: Option<Ref>,
    /// False where the contact is no longer served; `null` where the vendor does not say.
    pub active: Option<bool>,
    /// The IANA name of the time zone.
    pub time_zone: Option<String>,
    /// The language, as BCP 47.
    pub locale: Option<String>,
    /// Opens the contact in a browser.
    pub url: Option<String>,
    /// When the record was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Every catalogue field outside these.
    pub fields: Fields,
    /// What the credential may not read.
    pub unreadable: Vec<String>,
    /// The record's version.
    pub version: Option<Version>,
    /// How it went, where it is gone.
    pub deleted: Option<Removal>,
    /// The vendor's own JSON, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<serde_json::Value>>,
}

impl Contact {
    /// A contact with nothing but identity and name, for providers to fill.
    #[must_use]
    pub fn new(id: ContactId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            email: None,
            phone: None,
            account: None,
            active: None,
            time_zone: None,
            locale: None,
            url: None,
            created_at: None,
            updated_at: None,
            fields: Fields::new(),
            unreadable: Vec::new(),
            version: None,
            deleted: None,
            raw: None,
        }
    }
}
