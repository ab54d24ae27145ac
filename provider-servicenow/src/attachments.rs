//! Attachments: their list, their bytes as streams, new ones (`wire/servicenow.md` §4.1).

use std::collections::BTreeMap;
use std::sync::PoisonError;

use ticketing_core::model::{Attachment, Checksum, Ref, RefType};
use ticketing_core::request::{Download, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{AttachmentId, Delivery, Error, ErrorKind, Operation, Page, Result, remedy};
use ticketing_http::http::HeaderValue;
use ticketing_http::http::header::CONTENT_TYPE;

use crate::api::Target;
use crate::comments::authors;
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::map::{Author, moment};
use crate::query::value::check_sys_id;
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::tickets::{self, Found};
use crate::wire::{Layout, Row, decode_record};
use crate::write::stored_key;

/// The instance's own default: 1024 MB (`com.glide.attachment.max_size`).
pub(crate) const LARGEST: u64 = 1024 * 1024 * 1024;

const FIELDS: &[&str] = &[
    "sys_id",
    "file_name",
    "content_type",
    "size_bytes",
    "hash",
    "table_name",
    "table_sys_id",
    "sys_created_on",
    "sys_created_by",
];

/// One attachment, before its author is known by id.
#[derive(Debug)]
struct Read {
    attachment: Attachment,
    author: Author,
}

fn attachment(row: &Row<'_, '_>, number: Option<&str>) -> Result<Read> {
    let (Some(id), Some(ticket)) = (row.some("sys_id"), row.some("table_sys_id")) else {
        return Err(Error::new(
            ErrorKind::Decode,
            format!("the attachment `{}` does not say its id or its ticket", row.text("file_name")),
        )
        .with_delivery(Delivery::Answered));
    };
    let mut ticket = Ref::new(RefType::Ticket, ticket);
    ticket.key = number.filter(|number| !number.is_empty()).map(str::to_owned);
    let mut out = Attachment::new(AttachmentId::from(id), ticket, row.text("file_name"));
    out.content_type = row.some("content_type").map(str::to_owned);
    out.size = row.text("size_bytes").parse().ok();
    out.checksum = row
        .some("hash")
        .filter(|hash| hash.len() == 64)
        .map(|hash| Checksum { algorithm: "sha256".to_owned(), value: hash.to_ascii_lowercase() });
    out.created_at = moment(row.cell("sys_created_on"));
    out.raw = row.raw();
    Ok(Read { attachment: out, author: Author::Username(row.text("sys_created_by").to_owned()) })
}

async fn named(connection: &Connection, read: Vec<Read>) -> Result<Vec<Attachment>> {
    let known = authors(connection, read.iter().map(|one| &one.author)).await?;
    Ok(read.into_iter().map(|one| with_author(one, &known)).collect())
}

fn with_author(read: Read, known: &BTreeMap<(bool, String), Ref>) -> Attachment {
    let mut attachment = read.attachment;
    if let Author::Username(name) = read.author {
        attachment.author = known.get(&(true, name)).cloned();
    }
    attachment
}

/// The attachments of a ticket; tables named `ZZ_YY…` hold images of fields (wire §4.1).
fn of_ticket(found: &Found) -> Result<Query> {
    Ok(Query::all()
        .and(Condition::equals(FieldName::fixed("table_sys_id"), found.sys_id.as_str())?)
        .and(Condition::equals(FieldName::fixed("table_name"), found.class.as_str())?))
}

/// One page of a ticket's attachments, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListAttachments) -> Result<Page<Attachment>> {
    let codec = connection.codec(Operation::ListAttachments, &(&request.ticket, request.include_raw));
    let at: Position = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let by_time = order::total(vec![Order::ascending("sys_created_on")]);
    at.check(&by_time)?;
    let found = tickets::place(connection, &request.ticket).await?;
    let query = of_ticket(&found)?;
    let layout = Layout::new(FIELDS).with_raw(request.include_raw);
    let listing = Listing {
        api: &connection.api,
        target: Target::Attachments,
        base: &query,
        order: &by_time,
        layout: &layout,
        keyset: true,
    };
    // The Attachment API's own default is 1000 (wire §1.2).
    let limit = Connection::page_size(request.page_size).min(1_000);
    let paged = listing.page(&at, limit, false, &mut |row| attachment(row, Some(&found.number)).map(Some)).await?;
    let next = paged.next.map(|position| codec.cursor(&position)).transpose()?;
    let items = named(connection, paged.items.into_iter().map(|(_, read)| read).collect()).await?;
    Ok(Page::new(items, next))
}

/// An attachment's description and its bytes.
pub(crate) async fn download(connection: &Connection, request: DownloadAttachment) -> Result<Download> {
    let id = request.id.as_str();
    check_sys_id("id", id)?;
    let missing = || {
        Error::new(ErrorKind::NotFound, format!("there is no attachment `{id}`, or it may not be read"))
            .with_delivery(Delivery::Answered)
            .with_hint("list the ticket's attachments")
    };
    let not_found = |error: Error| if error.kind() == ErrorKind::NotFound { missing() } else { error };
    let response = connection.api.attachment(id).await.map_err(not_found)?;
    let layout = Layout::new(FIELDS);
    let mut read = None;
    decode_record(&response.body, &layout, &mut |row| {
        read = Some(attachment(row, None)?);
        Ok(())
    })?;
    let read = read.ok_or_else(missing)?;
    let attachment = named(connection, vec![read]).await?.pop().ok_or_else(missing)?;
    let file = connection.api.attachment_file(id).await.map_err(not_found)?;
    // A file says what it is (wire §4.1); a page that says nothing is the login's, or a sleeping instance's.
    let is_page = file.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !file.headers.contains_key("x-attachment-metadata") {
        return Err(Error::new(ErrorKind::Unavailable, "the instance answered with a page instead of the file")
            .with_http_status(file.status.as_u16())
            .with_retry_after(std::time::Duration::ZERO)
            .with_hint("try again later"));
    }
    Ok(Download { attachment, content: file.body })
}

/// A new attachment.
pub(crate) async fn upload(connection: &Connection, request: UploadAttachment) -> Result<Attachment> {
    if request.comment.is_some() || request.visibility.is_some() {
        let field = if request.comment.is_some() { "comment" } else { "visibility" };
        return Err(Error::new(ErrorKind::Unsupported, "an attachment belongs to its ticket, and is as visible as it")
            .with_field(field)
            .with_hint("leave it out"));
    }
    let name = request.file_name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(Error::invalid("file_name", "it is empty, or holds a control character")
            .with_hint("give a plain file name"));
    }
    if request.content.size().is_some_and(|size| size > LARGEST) {
        return Err(Error::invalid("content", format!("the file is larger than {LARGEST} bytes"))
            .with_hint("put it elsewhere, and link to it"));
    }
    let content_type = request.content_type.as_deref().unwrap_or("application/octet-stream");
    let content_type = HeaderValue::from_str(content_type).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
        Error::invalid("content_type", "it is no media type").with_hint("give one such as `text/plain`")
    })?;
    let found = tickets::place(connection, &request.ticket).await?;
    let key = request.idempotency_key.as_deref().map(|key| format!("attachment {} {}", found.sys_id, stored_key(key)));
    if let Some(key) = &key {
        let known = connection.written.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(str::to_owned);
        if let Some(id) = known
            && let Some(made) = all(connection, &found).await?.into_iter().find(|one| one.id == id.as_str())
        {
            return Ok(made);
        }
    }
    let before: Vec<AttachmentId> = match &key {
        Some(_) => all(connection, &found).await?.into_iter().map(|one| one.id).collect(),
        None => Vec::new(),
    };
    let mut attempt = 1;
    let made = loop {
        let sent = connection
            .api
            .upload(&found.class, &found.sys_id, name, content_type.clone(), request.content.clone())
            .await;
        match sent {
            Ok(response) => {
                let layout = Layout::new(FIELDS);
                let mut read = None;
                let decoded = decode_record(&response.body, &layout, &mut |row| {
                    read = Some(attachment(row, Some(&found.number))?);
                    Ok(())
                });
                decoded.map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
                let read = read.ok_or_else(|| connection.no_ticket(&request.ticket))?;
                break named(connection, vec![read]).await.map_err(|error| error.with_applied(["attachment"]))?.pop();
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(connection.no_ticket(&request.ticket)),
            Err(error) => {
                // With a key, a file of this name that was not there before is ours.
                let searches =
                    key.is_some() && error.maybe_applied() && !remedy::is_removed("servicenow.attachment_search");
                if !searches {
                    return Err(error);
                }
                let now = all(connection, &found).await.map_err(|_| {
                    Error::new(error.kind(), error.message().to_owned()).with_delivery(Delivery::MaybeApplied)
                })?;
                let new = now.into_iter().find(|one| one.file_name == name && !before.contains(&one.id));
                match new {
                    Some(made) => break Some(made),
                    None if attempt < 3 && error.is_retryable() => attempt += 1,
                    None => return Err(error.with_delivery(Delivery::Answered)),
                }
            }
        }
    };
    let made = made.ok_or_else(|| connection.no_ticket(&request.ticket))?;
    if let Some(key) = key {
        connection.written.lock().unwrap_or_else(PoisonError::into_inner).note(key, made.id.to_string());
    }
    Ok(made)
}

/// Every attachment of a ticket.
async fn all(connection: &Connection, found: &Found) -> Result<Vec<Attachment>> {
    let query = of_ticket(found)?;
    let layout = Layout::new(FIELDS);
    let by_time = order::total(vec![Order::ascending("sys_created_on")]);
    let listing = Listing {
        api: &connection.api,
        target: Target::Attachments,
        base: &query,
        order: &by_time,
        layout: &layout,
        keyset: true,
    };
    let read = listing.all(1_000, &mut |row| attachment(row, Some(&found.number)).map(Some)).await?;
    named(connection, read).await
}
