//! What tickets are kept in, and the tags on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Native, Ref, Removal, Timestamp, vocabulary};
use crate::id::{CollectionId, Version};

vocabulary! {
    /// What sort of collection it is.
    CollectionCategory: "collection type" {
        /// A project.
        Project = "project",
        /// A team's space.
        Team = "team",
        /// A board.
        Board = "board",
        /// A list or section.
        List = "list",
        /// A repository.
        Repository = "repository",
        /// A milestone or cycle.
        Milestone = "milestone",
        /// A brand or service desk.
        Desk = "desk",
        /// Any other; the native value says which.
        Other = "other",
    }
}

/// A collection's type: shared category and vendor's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CollectionType {
    /// The shared category.
    pub category: CollectionCategory,
    /// The vendor's own type.
    pub native: Native,
}

/// A collection: a project, board or repository that tickets are kept in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Collection {
    /// The collection's id.
    pub id: CollectionId,
    /// What people say for it: `PROJ`, `owner/repo`.
    pub key: Option<String>,
    /// The display name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What sort of collection it is.
    #[serde(rename = "type")]
    pub collection_type: CollectionType,
    /// The collection it is part of.
    pub parent: Option<Ref>,
    /// False where it is archived; `null` where the vendor does not say.
    pub active: Option<bool>,
    /// Opens it in a browser.
    pub url: Option<String>,
    /// When the record was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
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

impl Collection {
    /// A collection with nothing but identity, name and type, for providers to fill.
    #[must_use]
    pub fn new(id: CollectionId, name: impl Into<String>, collection_type: CollectionType) -> Self {
        Self {
            id,
            key: None,
            name: name.into(),
            description: None,
            collection_type,
            parent: None,
            active: None,
            url: None,
            created_at: None,
            updated_at: None,
            unreadable: Vec::new(),
            version: None,
            deleted: None,
            raw: None,
        }
    }
}

/// A tag that tickets can carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Tag {
    /// The tag as written on tickets.
    pub name: String,
    /// The vendor's id for it.
    pub id: Option<String>,
}
