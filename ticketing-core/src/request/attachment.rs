//! Files: streamed both ways.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};

use super::request;
use crate::error::Result;
use crate::id::{AttachmentId, CommentId, TicketId};
use crate::model::{Attachment, Visibility};
use crate::page::Cursor;

/// A file's bytes, piece by piece.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// A file's bytes to send: they can be read again, so that a lost upload can be repeated.
#[derive(Clone)]
pub struct AttachmentContent {
    size: Option<u64>,
    open: Arc<dyn Fn() -> ByteStream + Send + Sync>,
}

impl AttachmentContent {
    /// Bytes in memory.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { size: Some(bytes.len() as u64), open: Arc::new(move || stream::iter([Ok(bytes.clone())]).boxed()) }
    }

    /// Bytes from anywhere: `open` is called once per attempt, and starts from the first byte each time.
    #[must_use]
    pub fn from_stream(size: Option<u64>, open: impl Fn() -> ByteStream + Send + Sync + 'static) -> Self {
        Self { size, open: Arc::new(open) }
    }

    /// The size in bytes, where it is known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// The bytes, from the first.
    #[must_use]
    pub fn open(&self) -> ByteStream {
        (self.open)()
    }
}

impl fmt::Debug for AttachmentContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentContent").field("size", &self.size).finish_non_exhaustive()
    }
}

impl PartialEq for AttachmentContent {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.open, &other.open)
    }
}

impl From<Vec<u8>> for AttachmentContent {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<Bytes> for AttachmentContent {
    fn from(bytes: Bytes) -> Self {
        Self::from_bytes(bytes)
    }
}

request! {
    /// One page of a ticket's attachments.
    ListAttachments {
        /// The ticket.
        ticket: TicketId,
    } {
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// An attachment's bytes.
    DownloadAttachment {
        /// The attachment.
        id: AttachmentId,
    } {
        /// The ticket it is on, for vendors whose attachments have no place of their own.
        ticket / with_ticket: Option<TicketId>,
    }
}

/// An attachment's description, and its bytes.
pub struct Download {
    /// The description.
    pub attachment: Attachment,
    /// The bytes; a stream that ends early ends in an error.
    pub content: ByteStream,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("attachment", &self.attachment).finish_non_exhaustive()
    }
}

request! {
    /// A new attachment.
    UploadAttachment {
        /// The ticket.
        ticket: TicketId,
        /// The file's name.
        file_name: String,
        /// The bytes.
        content: AttachmentContent,
    } {
        /// The media type; `None`: `application/octet-stream`.
        content_type / with_content_type: Option<String>,
        /// The comment it goes with.
        comment / with_comment: Option<CommentId>,
        /// Who may read it, where the vendor can tell attachments apart.
        visibility / with_visibility: Option<Visibility>,
        /// The same key again gives the same attachment, not a second one.
        idempotency_key / with_idempotency_key: Option<String>,
    }
}
