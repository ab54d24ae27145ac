//! Webhook subscriptions, and what a delivery means.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Timestamp, vocabulary};
use crate::id::WebhookId;

vocabulary! {
    /// What a subscription is told of.
    WebhookEvent: "webhook event" {
        /// A ticket was made.
        TicketCreated = "ticket_created",
        /// A ticket was changed.
        TicketUpdated = "ticket_updated",
        /// A ticket is gone.
        TicketDeleted = "ticket_deleted",
        /// A comment was made.
        CommentCreated = "comment_created",
        /// A comment was changed.
        CommentUpdated = "comment_updated",
        /// A comment is gone.
        CommentDeleted = "comment_deleted",
        /// An event that has no mapping.
        Other = "other",
    }
}

/// A webhook subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Webhook {
    /// The subscription's id.
    pub id: WebhookId,
    /// Where deliveries go.
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvent>,
    /// False where the vendor has switched it off.
    pub active: bool,
    /// When it ends unless renewed; `null`: never.
    pub expires_at: Option<Timestamp>,
}

/// What a verified delivery says: a hint to read the record again, never the truth itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct ChangeEvent {
    /// The vendor's id of the delivery, the same on a repeat.
    pub delivery_id: Option<String>,
    /// What happened.
    pub event: WebhookEvent,
    /// The kind of record.
    pub kind: Kind,
    /// The record's id.
    pub id: String,
    /// When it happened; `null` where the vendor does not say.
    pub at: Option<Timestamp>,
}
