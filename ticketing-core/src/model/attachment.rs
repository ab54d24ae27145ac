//! Files on a ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ref, Removal, Timestamp, Visibility};
use crate::id::{AttachmentId, CommentId};

/// A file on a ticket or comment; its bytes come by `download_attachment`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Attachment {
    /// The attachment's id.
    pub id: AttachmentId,
    /// The ticket it is on.
    pub ticket: Ref,
    /// The comment it came with.
    pub comment: Option<CommentId>,
    /// The file's name.
    pub file_name: String,
    /// The media type.
    pub content_type: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The vendor's digest of the bytes.
    pub checksum: Option<Checksum>,
    /// Who may read it; `null` where it is as visible as its ticket.
    pub visibility: Option<Visibility>,
    /// Who put it there.
    pub author: Option<Ref>,
    /// When it was put there.
    pub created_at: Option<Timestamp>,
    /// What the credential may not read.
    pub unreadable: Vec<String>,
    /// How it went, where it is gone.
    pub deleted: Option<Removal>,
    /// The vendor's own JSON, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Box<serde_json::Value>>,
}

impl Attachment {
    /// An attachment with nothing but identity, place and name, for providers to fill.
    #[must_use]
    pub fn new(id: AttachmentId, ticket: Ref, file_name: impl Into<String>) -> Self {
        Self {
            id,
            ticket,
            comment: None,
            file_name: file_name.into(),
            content_type: None,
            size: None,
            checksum: None,
            visibility: None,
            author: None,
            created_at: None,
            unreadable: Vec::new(),
            deleted: None,
            raw: None,
        }
    }
}

/// A digest of a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Checksum {
    /// The algorithm: `sha256`.
    pub algorithm: String,
    /// The digest in lower-case hex.
    pub value: String,
}
