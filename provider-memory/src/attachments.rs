//! Files: read whole before they are put in place, streamed out in pieces.

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use ticketing_core::model::{Attachment, Checksum, User, Visibility};
use ticketing_core::request::{AttachmentContent, Download, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{AttachmentId, Error, ErrorKind, Operation, Page, Result, TicketId};

use crate::map::{raw, ticket_ref};
use crate::paging::Window;
use crate::session::Session;
use crate::store::{File, IdempotencyScope};

/// The largest attachment, in bytes.
pub(crate) const MAX_ATTACHMENT_BYTES: u64 = 64 * 1024 * 1024;
/// The pieces in which a file is handed out, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

impl Session<'_> {
    pub(crate) fn list_attachments(&self, request: &ListAttachments) -> Result<Page<Attachment>> {
        let ticket = self.state.ticket(&request.ticket)?;
        let codec = self.codec(Operation::ListAttachments, &(&ticket.id, request.include_raw));
        let files = self
            .state
            .files
            .values()
            .map(|file| &file.document)
            .filter(|document| document.ticket.id == ticket.id.as_str())
            .map(|document| ((document.created_at, document.id.to_string()), document));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(files)?;
        Ok(page.map(|document| self.attachment_document(document, request.include_raw)))
    }

    pub(crate) fn download_attachment(&self, request: &DownloadAttachment) -> Result<Download> {
        let missing = || {
            Error::new(ErrorKind::NotFound, format!("there is no attachment `{}`", request.id))
                .with_hint("check the id against what `list_attachments` gives")
        };
        let file = self.state.files.get(&request.id).ok_or_else(missing)?;
        // It goes with its ticket, and is out of sight with it.
        let on = self.state.ticket(&TicketId::from(file.document.ticket.id.as_str())).map_err(|_| missing())?;
        if let Some(ticket) = &request.ticket
            && self.state.ticket(ticket)?.id != on.id
        {
            return Err(missing());
        }
        let attachment = self.attachment_document(&file.document, false);
        Ok(Download { attachment, content: stream::iter(pieces(file.content.clone())).boxed() })
    }

    /// What an upload with this key gave before. The rest of the request is checked too, so that nobody sends bytes in vain.
    pub(crate) fn uploaded_before(&self, request: &UploadAttachment) -> Result<Option<Attachment>> {
        let ticket = self.state.ticket(&request.ticket)?.id.clone();
        let scope = IdempotencyScope::Attachment(ticket.clone());
        if let Some(made) = self.made_before(scope, request.idempotency_key.as_deref())? {
            let file = self.state.files.get(made.as_str());
            return Ok(file.map(|file| self.attachment_document(&file.document, false)));
        }
        if request.file_name.trim().is_empty() {
            return Err(Error::invalid("file_name", "it is empty").with_hint("name the file"));
        }
        if let Some(comment) = &request.comment {
            self.comment(&ticket, comment).map_err(|error| {
                Error::invalid("comment", error.message()).with_hint("give the id of a comment on the same ticket")
            })?;
        }
        if request.visibility == Some(Visibility::Restricted) {
            return Err(Error::invalid("visibility", "an attachment cannot be restricted on its own")
                .with_hint("put it on a restricted comment"));
        }
        match request.content.size() {
            Some(size) if size > MAX_ATTACHMENT_BYTES => Err(too_large()),
            _ => Ok(None),
        }
    }

    /// Puts an attachment in place whose bytes have come in.
    pub(crate) fn put_attachment(&mut self, request: &UploadAttachment, content: Bytes) -> Result<Attachment> {
        // Another upload with the same key may have come first while this one's bytes came in.
        if let Some(before) = self.uploaded_before(request)? {
            return Ok(before);
        }
        let ticket = self.state.ticket(&request.ticket)?.clone();
        let id = AttachmentId::from(self.state.next_id("attachment"));
        let mut document = Attachment::new(id.clone(), ticket_ref(&ticket), request.file_name.trim());
        document.comment = request.comment.clone();
        document.content_type =
            Some(request.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()));
        document.size = Some(content.len() as u64);
        document.checksum = Some(Checksum { algorithm: "sha256".to_owned(), value: sha256(&content) });
        document.visibility = request.visibility;
        document.author = self.state.current_user().map(User::to_ref);
        document.created_at = Some(self.now);
        let made = self.attachment_document(&document, false);
        self.state.files.insert(id.clone(), File { document, content });
        let scope = IdempotencyScope::Attachment(ticket.id.clone());
        self.remember(scope, request.idempotency_key.as_deref(), id.as_str());
        self.state.touch_ticket(&ticket.id, self.now);
        Ok(made)
    }

    pub(crate) fn attachment_document(&self, row: &Attachment, include_raw: bool) -> Attachment {
        let mut attachment = row.clone();
        attachment.raw = include_raw.then(|| raw(row)).flatten();
        self.rename(&mut attachment.ticket);
        attachment.author.iter_mut().for_each(|author| self.rename(author));
        attachment
    }
}

/// The bytes of an upload, whole.
///
/// # Errors
/// `InvalidRequest` where they are too many, or not as many as was said; the stream's own errors.
pub(crate) async fn collect(content: &AttachmentContent) -> Result<Bytes> {
    let mut pieces = content.open();
    let mut whole = BytesMut::new();
    while let Some(piece) = pieces.try_next().await? {
        whole.extend_from_slice(&piece);
        if whole.len() as u64 > MAX_ATTACHMENT_BYTES {
            return Err(too_large());
        }
    }
    match content.size() {
        Some(size) if size != whole.len() as u64 => {
            Err(Error::invalid("content", format!("{} bytes came, and {size} were announced", whole.len()))
                .with_hint("state the true size, or none"))
        }
        _ => Ok(whole.freeze()),
    }
}

/// The SHA-256 of bytes, in lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn pieces(mut content: Bytes) -> Vec<Result<Bytes>> {
    let mut pieces = Vec::with_capacity(content.len().div_ceil(PIECE_BYTES));
    while !content.is_empty() {
        let length = content.len().min(PIECE_BYTES);
        pieces.push(Ok(content.split_to(length)));
    }
    pieces
}

fn too_large() -> Error {
    Error::invalid("content", format!("it is larger than {MAX_ATTACHMENT_BYTES} bytes"))
        .with_hint("send a smaller file")
}
