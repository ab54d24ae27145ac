//! Comments: their visibility is always stated.

use serde::{Deserialize, Serialize};

use super::request;
use crate::id::{CommentId, TicketId};
use crate::model::{TextFormat, Visibility};
use crate::page::Cursor;

/// A text to write.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextInput {
    /// Markdown; the provider turns it into the vendor's format.
    Markdown(String),
    /// Plain text, shown as it is.
    Plain(String),
    /// The vendor's own format.
    Native {
        /// The format; it must be the vendor's.
        format: TextFormat,
        /// The text.
        content: String,
    },
}

impl TextInput {
    /// The text as given, whatever its format.
    #[must_use]
    pub fn content(&self) -> &str {
        match self {
            Self::Markdown(content) | Self::Plain(content) | Self::Native { content, .. } => content,
        }
    }
}

impl From<&str> for TextInput {
    fn from(markdown: &str) -> Self {
        Self::Markdown(markdown.to_owned())
    }
}

impl From<String> for TextInput {
    fn from(markdown: String) -> Self {
        Self::Markdown(markdown)
    }
}

/// A comment to write along with something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NewComment {
    /// What it says.
    pub body: TextInput,
    /// Who may read it.
    pub visibility: Visibility,
}

impl NewComment {
    /// A comment that the requester may read.
    #[must_use]
    pub fn public(body: impl Into<TextInput>) -> Self {
        Self { body: body.into(), visibility: Visibility::Public }
    }

    /// A comment for those who work on tickets.
    #[must_use]
    pub fn internal(body: impl Into<TextInput>) -> Self {
        Self { body: body.into(), visibility: Visibility::Internal }
    }
}

request! {
    /// One page of a ticket's comments, oldest first.
    ListComments {
        /// The ticket.
        ticket: TicketId,
    } {
        /// Of this visibility alone.
        visibility / with_visibility: Option<Visibility>,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// A new comment.
    AddComment {
        /// The ticket.
        ticket: TicketId,
        /// What it says.
        body: TextInput,
        /// Who may read it; nothing is public by default.
        visibility: Visibility,
    } {
        /// The role or group it is restricted to, for `restricted`.
        restricted_to / with_restricted_to: Option<String>,
        /// The comment it answers.
        parent / with_parent: Option<CommentId>,
        /// The same key again gives the same comment, not a second one.
        idempotency_key / with_idempotency_key: Option<String>,
    }
}

request! {
    /// A comment's new text.
    UpdateComment {
        /// The ticket.
        ticket: TicketId,
        /// The comment.
        id: CommentId,
        /// What it says now.
        body: TextInput,
    } {}
}

request! {
    /// The end of a comment.
    DeleteComment {
        /// The ticket.
        ticket: TicketId,
        /// The comment.
        id: CommentId,
    } {}
}
