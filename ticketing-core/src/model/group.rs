//! Groups of users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fields, Ref, RefType, Removal, Timestamp};
use crate::id::{GroupId, Version};

/// A group: a team, an assignment group, a queue's owners.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Group {
    /// The group's id.
    pub id: GroupId,
    /// The display name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// False where it can no longer be assigned; `null` where the vendor does not say.
    pub active: Option<bool>,
    /// Who leads it.
    pub manager: Option<Ref>,
    /// The group it is part of.
    pub parent: Option<Ref>,
    /// The members; `null` where they were not loaded.
    pub members: Option<Vec<Ref>>,
    /// Opens the group in a browser.
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

impl Group {
    /// A group with nothing but identity and name, for providers to fill.
    #[must_use]
    pub fn new(id: GroupId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            description: None,
            email: None,
            active: None,
            manager: None,
            parent: None,
            members: None,
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

    /// A reference to this group.
    #[must_use]
    pub fn to_ref(&self) -> Ref {
        Ref::new(RefType::Group, self.id.as_str()).with_name(self.name.clone())
    }
}
