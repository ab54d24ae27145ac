//! What people say on a ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ref, Removal, RichText, Timestamp, vocabulary};
use crate::id::{CommentId, Version};

vocabulary! {
    /// Who may read a comment.
    Visibility: "visibility" {
        /// The requester too.
        Public = "public",
        /// Those who work on tickets.
        Internal = "internal",
        /// Only some of those: a role or a group.
        Restricted = "restricted",
    }
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Comment {
    /// The comment's id.
    pub id: CommentId,
    /// The ticket it is on.
    pub ticket: Ref,
    /// What it says.
    pub body: RichText,
    /// Who may read it.
    pub visibility: Visibility,
    /// The group or role it is restricted to.
    pub restricted_to: Option<Ref>,
    /// Who wrote it.
    pub author: Option<Ref>,
    /// The comment it answers.
    pub parent: Option<CommentId>,
    /// Its attachments; `null` where they were not loaded.
    pub attachments: Option<Vec<super::Attachment>>,
    /// Opens it in a browser.
    pub url: Option<String>,
    /// When it was written.
    pub created_at: Option<Timestamp>,
    /// When it was last changed; `null` where never, or where the vendor does not say.
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

impl Comment {
    /// A comment with nothing but identity, place, text and visibility, for providers to fill.
    #[must_use]
    pub fn new(id: CommentId, ticket: Ref, body: RichText, visibility: Visibility) -> Self {
        Self {
            id,
            ticket,
            body,
            visibility,
            restricted_to: None,
            author: None,
            parent: None,
            attachments: None,
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
