//! References to people and things, and vendors' own values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::vocabulary;

vocabulary! {
    /// What a reference points at.
    RefType: "reference type" {
        /// A person who works on tickets.
        User = "user",
        /// A customer's person.
        Contact = "contact",
        /// A group of users.
        Group = "group",
        /// A program.
        Bot = "bot",
        /// A ticket.
        Ticket = "ticket",
        /// A customer organisation.
        Account = "account",
        /// A project, board or repository.
        Collection = "collection",
    }
}

/// A reference: the target's id, and what people call it where the vendor said so in the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Ref {
    /// The target's id.
    pub id: String,
    /// What people say for it (`INC0000045`, a login name).
    pub key: Option<String>,
    /// Its display name.
    pub name: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub ref_type: RefType,
}

impl Ref {
    /// A reference by id alone.
    #[must_use]
    pub fn new(ref_type: RefType, id: impl Into<String>) -> Self {
        Self { id: id.into(), key: None, name: None, ref_type }
    }

    /// With what people say for it.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With its display name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// A vendor's own value, kept beside the normalised one: nothing is flattened away.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Native {
    /// The vendor's id or code.
    pub id: String,
    /// The vendor's label, where it said one.
    pub name: Option<String>,
}

impl Native {
    /// A code without a label.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }

    /// A code with its label.
    #[must_use]
    pub fn named(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: Some(name.into()) }
    }
}
