//! People who work on tickets, and programs that do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fields, Ref, RefType, Removal, Timestamp, vocabulary};
use crate::id::{UserId, Version};

vocabulary! {
    /// What sort of user it is.
    UserType: "user type" {
        /// A person who works on tickets.
        User = "user",
        /// A customer's person.
        Contact = "contact",
        /// A program.
        Bot = "bot",
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The login name.
    pub username: Option<String>,
    /// The display name.
    pub name: String,
    /// The email address; not unique.
    pub email: Option<String>,
    /// What sort of user it is.
    #[serde(rename = "type")]
    pub user_type: UserType,
    /// False where the user can no longer work; `null` where the vendor does not say.
    pub active: Option<bool>,
    /// The job title.
    pub title: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The IANA name of the time zone.
    pub time_zone: Option<String>,
    /// The language, as BCP 47.
    pub locale: Option<String>,
    /// The organisation.
    pub account: Option<Ref>,
    /// The groups; `null` where they were not loaded.
    pub groups: Option<Vec<Ref>>,
    /// The picture's address.
    pub avatar_url: Option<String>,
    /// Opens the user in a browser.
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

impl User {
    /// A user with nothing but identity and name, for providers to fill.
    #[must_use]
    pub fn new(id: UserId, name: impl Into<String>) -> Self {
        Self {
            id,
            username: None,
            name: name.into(),
            email: None,
            user_type: UserType::User,
            active: None,
            title: None,
            phone: None,
            time_zone: None,
            locale: None,
            account: None,
            groups: None,
            avatar_url: None,
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

    /// A reference to this user.
    #[must_use]
    pub fn to_ref(&self) -> Ref {
        let ref_type = match self.user_type {
            UserType::User => RefType::User,
            UserType::Contact => RefType::Contact,
            UserType::Bot => RefType::Bot,
        };
        Ref { id: self.id.to_string(), key: self.username.clone(), name: Some(self.name.clone()), ref_type }
    }
}
