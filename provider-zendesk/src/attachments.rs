//! Attachments: files on comments, their bytes as streams, new ones by way of an upload (`wire/jira-zendesk.md` §B3.4).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::model::{Attachment, Visibility};
use ticketing_core::request::{Download, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{AttachmentId, Delivery, Error, ErrorKind, Operation, Page, Result};
use ticketing_http::http::HeaderValue;
use ticketing_http::http::header::ACCEPT;
use ticketing_http::{HttpClient, Request, StreamedResponse};
use url::Url;

use crate::api::Window;
use crate::comments::{change, everything, is_public, note, page, say};
use crate::connection::{Connection, ticket_number};
use crate::judge::FileJudge;
use crate::map::{attachment, html_of, read_attachment_id};
use crate::wire::{AttachmentRow, CommentRow, UploadBody};

/// The largest file: a secondary source says 50 MB (§B3.4).
pub(crate) const LARGEST: u64 = 50 * 1024 * 1024;

/// Where a listing is: on which page of comments.
#[derive(Debug, Default, Serialize, Deserialize)]
struct At {
    after: Option<String>,
    /// Files of that page that were told already.
    told: usize,
}

/// One page of a ticket's attachments, oldest first: those of a page of its comments.
pub(crate) async fn list(connection: &Connection, request: ListAttachments) -> Result<Page<Attachment>> {
    let number = ticket_number(request.ticket.as_str()).ok_or_else(|| Connection::no_ticket(&request.ticket))?;
    let codec = connection.codec(Operation::ListAttachments, &(number, request.include_raw));
    let at: At = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let size = Connection::page_size(request.page_size) as usize;
    let window = Window::new(crate::connection::LARGEST_PAGE, at.after.as_deref());
    let (read, response) = page(connection, number, false, window).await?;
    let raws = if request.include_raw { crate::wire::raw_rows(&response.body, "comments") } else { Vec::new() };
    let mut all = Vec::new();
    for (nth, row) in read.rows.iter().enumerate() {
        for (place, file) in row.attachments.iter().flatten().enumerate() {
            let mut one = attachment(file, row, number, &read.users);
            let raw = raws.get(nth).and_then(|raw| raw["attachments"].get(place));
            one.raw = raw.cloned().map(Box::new);
            all.push(one);
        }
    }
    let end = at.told.saturating_add(size);
    let next = match (end < all.len(), read.next()) {
        (true, _) => Some(At { after: at.after, told: end }),
        (false, Some(after)) => Some(At { after: Some(after), told: 0 }),
        (false, None) => None,
    };
    let next = next.map(|at| codec.cursor(&at)).transpose()?;
    Ok(Page::new(all.into_iter().skip(at.told).take(size).collect(), next))
}

fn missing(id: &AttachmentId) -> Error {
    let shown: String = id.as_str().chars().take(80).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::NotFound, format!("there is no attachment `{shown}`, or it may not be read"))
        .with_delivery(Delivery::Answered)
        .with_hint("list the ticket's attachments")
}

/// An attachment's description and its bytes.
pub(crate) async fn download(connection: &Connection, request: DownloadAttachment) -> Result<Download> {
    let (ticket, number) = read_attachment_id(&request.id).ok_or_else(|| missing(&request.id))?;
    let (rows, users) = everything(connection, ticket).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(&request.id),
        _ => error,
    })?;
    let found = rows.iter().find_map(|row| {
        let file = row.attachments.iter().flatten().find(|file| file.id == number)?;
        Some((row, file))
    });
    let Some((row, file)) = found else { return Err(missing(&request.id)) };
    if let Some(result) = file.malware_scan_result.as_deref().filter(|result| *result == "malware_found") {
        return Err(Error::new(ErrorKind::PermissionDenied, format!("the account holds the file back: {result}"))
            .with_delivery(Delivery::Answered)
            .with_hint("an admin of the account can release it"));
    }
    let url = file.content_url.as_deref().ok_or_else(|| missing(&request.id))?;
    let described = attachment(file, row, ticket, &users);
    let response = fetch(connection, url).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(&request.id),
        _ => error,
    })?;
    Ok(Download { attachment: described, content: response.body })
}

/// A file from where the account says it is. The credential goes to the account's own host and nowhere else; a redirect leads
/// to another one, which carries a token of its own in its address (§B3.4).
async fn fetch(connection: &Connection, url: &str) -> Result<StreamedResponse> {
    let broken = |_| {
        Error::new(ErrorKind::Decode, "the account names no address for the file, at `content_url`")
            .with_delivery(Delivery::Answered)
    };
    let home = connection.api.client();
    let at = Url::parse(url).map_err(broken)?;
    // As it came: its token is not ours to spell anew.
    let path = at.query().map_or_else(|| at.path().to_owned(), |query| format!("{}?{query}", at.path()));
    let request = Request::get(path).with_header(ACCEPT, HeaderValue::from_static("*/*")).with_signed_redirects();
    match home.address().is_home_of(&at) {
        true => home.with_judge(Arc::new(FileJudge)).stream(&request).await,
        false => elsewhere(home, &at)?.stream(&request.without_credential()).await,
    }
}

/// A client without credential for a host that the account points to; the address policy has its say on it.
fn elsewhere(home: &HttpClient, at: &Url) -> Result<HttpClient> {
    let origin = at.origin().ascii_serialization();
    let context = home.context().clone();
    let address = context.policy().for_answers_of(home.address()).check("content_url", &origin, None)?;
    Ok(HttpClient::builder(address, context).with_judge(Arc::new(FileJudge)).build())
}

/// A new attachment: an upload, and a comment that takes it.
pub(crate) async fn upload(connection: &Connection, request: UploadAttachment) -> Result<Attachment> {
    if request.comment.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "a comment that was made takes no more files")
            .with_field("comment")
            .with_hint("leave it out: the file comes with a comment of its own"));
    }
    // Nothing is public by default.
    let public = is_public("visibility", request.visibility.unwrap_or(Visibility::Internal))?;
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
    let number = ticket_number(request.ticket.as_str()).ok_or_else(|| Connection::no_ticket(&request.ticket))?;
    let note = request.idempotency_key.as_deref().map(|key| note("attachment", key));
    if let Some(note) = &note
        && let Some((row, users)) = crate::comments::noted(connection, number, note).await?
        && let Some(file) = of_comment(&row)
    {
        return Ok(attachment(file, &row, number, &users));
    }
    // The ticket first: an upload for none would be left behind.
    if note.is_none() {
        page(connection, number, true, Window::new(1, None)).await?;
    }
    let response = connection.api.upload(name, content_type, request.content.clone()).await.map_err(|error| {
        // Nobody sees a file that no comment has taken, and it goes by itself.
        if error.maybe_applied() { error.with_delivery(Delivery::Answered) } else { error }
    })?;
    let upload: UploadBody = response.json()?;
    let html = html_of("file_name", &ticketing_core::request::TextInput::Plain(format!("Attached: {name}")))?;
    let change = change(&html, public, &[upload.upload.token.expose().to_owned()], note.as_deref());
    let (row, users) = say(connection, number, &change, note.as_deref()).await?;
    let file = of_comment(&row).ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "the account made the comment, and did not take the file")
            .with_field("content")
            .with_delivery(Delivery::Answered)
            .with_applied(["comment"])
            .with_hint("the kind of file may be blocked by the account")
    })?;
    Ok(attachment(file, &row, number, &users))
}

fn of_comment(row: &CommentRow) -> Option<&AttachmentRow> {
    row.attachments.iter().flatten().next()
}
