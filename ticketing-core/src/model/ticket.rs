//! The ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Due, Fields, Priority, Ref, Removal, RichText, Status, TicketType, Timestamp};
use crate::id::{TicketId, Version};

/// A ticket, in the words that every vendor shares, with the vendor's own beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Ticket {
    /// Stable across renames, and enough to read it again.
    pub id: TicketId,
    /// What people say for it: `INC0000045`, `PROJ-12`.
    pub key: String,
    /// The title, one line.
    pub title: String,
    /// The description; `null` where there is none.
    pub description: Option<RichText>,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is; `null` where none is set.
    pub priority: Option<Priority>,
    /// What sort of ticket it is.
    #[serde(rename = "type")]
    pub ticket_type: TicketType,
    /// Who works on it.
    pub assignees: Vec<Ref>,
    /// Which groups work on it.
    pub assigned_groups: Vec<Ref>,
    /// For whom it is.
    pub requester: Option<Ref>,
    /// Who made the record.
    pub creator: Option<Ref>,
    /// Who is told of changes; `null` where it was not loaded.
    pub watchers: Option<Vec<Ref>>,
    /// The customer organisation.
    pub account: Option<Ref>,
    /// Projects, boards, repositories.
    pub collections: Vec<Ref>,
    /// The ticket it is part of.
    pub parent: Option<Ref>,
    /// Labels, in the vendor's order; `null` where they were not loaded.
    pub tags: Option<Vec<String>>,
    /// The product's own id for it.
    pub external_id: Option<String>,
    /// Opens it in a browser.
    pub url: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// When it was answered.
    pub resolved_at: Option<Timestamp>,
    /// When it was closed for good.
    pub closed_at: Option<Timestamp>,
    /// When it is due.
    pub due: Option<Due>,
    /// Every catalogue field outside the core that holds something; an empty one is absent, as one in `unreadable` is.
    pub fields: Fields,
    /// The core keys and field ids that the credential may not read.
    pub unreadable: Vec<String>,
    /// The version, for `expected_version`.
    pub version: Option<Version>,
    /// How it went, where it is gone.
    pub deleted: Option<Removal>,
    /// The vendor's own JSON, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<serde_json::Value>>,
}

impl Ticket {
    /// A ticket with nothing but its identity, title, status and type, for providers to fill.
    #[must_use]
    pub fn new(
        id: TicketId,
        key: impl Into<String>,
        title: impl Into<String>,
        status: Status,
        ticket_type: TicketType,
    ) -> Self {
        Self {
            id,
            key: key.into(),
            title: title.into(),
            description: None,
            status,
            priority: None,
            ticket_type,
            assignees: Vec::new(),
            assigned_groups: Vec::new(),
            requester: None,
            creator: None,
            watchers: None,
            account: None,
            collections: Vec::new(),
            parent: None,
            tags: None,
            external_id: None,
            url: None,
            created_at: None,
            updated_at: None,
            resolved_at: None,
            closed_at: None,
            due: None,
            fields: Fields::new(),
            unreadable: Vec::new(),
            version: None,
            deleted: None,
            raw: None,
        }
    }
}
