//! The ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Due, Fields, Priority, Ref, Removal, RichText, Status, TicketType, Timestamp};
use crate::id::{TicketId, Version};

/// A ticket, in the words that every vendor shares, with the vendor's own beside them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// Stable across renames, and enough to read it again.
    pub id: TicketId,
    /// What people say for it: `INC0000045`, `PROJ-12`.
    pub key: String,
    /// The title, one line.
    pub title: String,
    /// The description; `null` where there is none.
    #[schemars(required)]
    pub description: Option<RichText>,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is; `null` where none is set.
    #[schemars(required)]
    pub priority: Option<Priority>,
    /// What sort of ticket it is.
    #[serde(rename = "type")]
    pub ticket_type: TicketType,
    /// Who works on it.
    pub assignees: Vec<Ref>,
    /// Which groups work on it.
    pub assigned_groups: Vec<Ref>,
    /// For whom it is.
    #[schemars(required)]
    pub requester: Option<Ref>,
    /// Who made the record.
    #[schemars(required)]
    pub creator: Option<Ref>,
    /// Who is told of changes; `null` where it was not loaded.
    #[schemars(required)]
    pub watchers: Option<Vec<Ref>>,
    /// The customer organisation.
    #[schemars(required)]
    pub account: Option<Ref>,
    /// Projects, boards, repositories.
    pub collections: Vec<Ref>,
    /// The ticket it is part of.
    #[schemars(required)]
    pub parent: Option<Ref>,
    /// Labels, in the vendor's order; `null` where they were not loaded.
    #[schemars(required)]
    pub tags: Option<Vec<String>>,
    /// The product's own id for it.
    #[schemars(required)]
    pub external_id: Option<String>,
    /// Opens it in a browser.
    #[schemars(required)]
    pub url: Option<String>,
    /// When it was made.
    #[schemars(required)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[schemars(required)]
    pub updated_at: Option<Timestamp>,
    /// When it was answered.
    #[schemars(required)]
    pub resolved_at: Option<Timestamp>,
    /// When it was closed for good.
    #[schemars(required)]
    pub closed_at: Option<Timestamp>,
    /// When it is due.
    #[schemars(required)]
    pub due: Option<Due>,
    /// Every catalogue field outside the core.
    pub fields: Fields,
    /// The core keys and field ids that the credential may not read.
    pub unreadable: Vec<String>,
    /// The version, for `expected_version`.
    #[schemars(required)]
    pub version: Option<Version>,
    /// How it went, where it is gone.
    #[schemars(required)]
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
