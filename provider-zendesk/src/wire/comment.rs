//! Comments, attachments and audits (§B3.3–§B3.5).

use serde::Deserialize;
use serde_json::{Map, Value};
use ticketing_core::Secret;
use ticketing_core::model::Timestamp;

use super::envelope::Meta;
use super::{Named, some_text};

/// A comment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CommentRow {
    pub(crate) id: i64,
    pub(crate) author_id: Option<i64>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) html_body: Option<String>,
    #[serde(default)]
    pub(crate) plain_body: Option<String>,
    pub(crate) public: Option<bool>,
    #[serde(default)]
    pub(crate) attachments: Option<Vec<AttachmentRow>>,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) created_at: Option<Timestamp>,
}

/// What was noted along with a comment or an audit.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    /// What an integration noted.
    #[serde(default)]
    pub(crate) custom: Option<Map<String, Value>>,
}

/// A file on a comment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AttachmentRow {
    pub(crate) id: i64,
    pub(crate) file_name: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) content_type: Option<String>,
    pub(crate) size: Option<u64>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) content_url: Option<String>,
    pub(crate) deleted: Option<bool>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) malware_scan_result: Option<String>,
}

/// A list of comments, with their authors.
#[derive(Debug, Deserialize)]
pub(crate) struct CommentsBody {
    pub(crate) comments: Vec<CommentRow>,
    #[serde(default)]
    pub(crate) users: Vec<Named>,
    pub(crate) meta: Option<Meta>,
}

/// A file that no comment has yet.
#[derive(Debug, Deserialize)]
pub(crate) struct UploadBody {
    pub(crate) upload: Upload,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Upload {
    /// Whoever has it can attach the file.
    pub(crate) token: Secret,
}

/// Everything that one save did.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Audit {
    pub(crate) id: i64,
    pub(crate) author_id: Option<i64>,
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) events: Vec<AuditEvent>,
}

/// One part of it. New types are added at any time (§B3.5).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AuditEvent {
    pub(crate) id: Option<i64>,
    #[serde(rename = "type", default)]
    pub(crate) event_type: String,
    pub(crate) field_name: Option<Value>,
    #[serde(default)]
    pub(crate) value: Value,
    #[serde(default)]
    pub(crate) previous_value: Value,
}
