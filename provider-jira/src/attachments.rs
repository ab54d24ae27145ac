//! Attachments: their list, their bytes as streams, new ones (wire A4.8).

use std::sync::PoisonError;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::model::{Attachment, Ref, RefType};
use ticketing_core::request::{AttachmentContent, Download, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{AttachmentId, Delivery, Error, ErrorKind, Operation, Page, Result, remedy};
use ticketing_http::decode_error;
use ticketing_http::http::header::{ACCEPT, CONTENT_TYPE};
use ticketing_http::http::{HeaderName, HeaderValue};
use ticketing_http::{Body, Request, path_segment};
use url::Url;

use crate::connection::Connection;
use crate::error::PageJudge;
use crate::map::{moment, person_ref};
use crate::wire::Person;
use crate::write::{Target, locate};
use ticketing_http::config::shown;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// A number in some answers.
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    filename: String,
    #[serde(default)]
    author: Option<Person>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    mime_type: Option<String>,
    /// Where the bytes are.
    #[serde(default)]
    content: Option<String>,
}

/// An attachment, and the address of its bytes.
fn attachment(target: &Target, raw: &RawValue, with_raw: bool) -> Result<(Attachment, Option<String>)> {
    let own: Shown = serde_json::from_str(raw.get()).map_err(|error| {
        decode_error("", error).with_context(format!("an attachment of `{}`", shown(&target.key))).with_code("row")
    })?;
    let mut ticket = Ref::new(RefType::Ticket, target.id.as_str());
    ticket.key = Some(target.key.clone()).filter(|key| !key.is_empty());
    let mut out = Attachment::new(AttachmentId::from(own.id), ticket, own.filename);
    out.content_type = own.mime_type.filter(|kind| !kind.is_empty());
    out.size = own.size;
    out.author = own.author.as_ref().and_then(person_ref);
    out.created_at = own.created.as_deref().and_then(moment);
    if with_raw {
        out.raw = serde_json::from_str(raw.get()).ok().map(Box::new);
    }
    Ok((out, own.content))
}

/// Every attachment of an issue, oldest first: they come with it.
async fn all(
    connection: &Connection,
    id: &ticketing_core::TicketId,
    with_raw: bool,
) -> Result<(Target, Vec<(Attachment, Option<String>)>)> {
    let target = locate(connection, id, &["attachment"]).await?;
    let Some(list) = target.some("attachment").and_then(serde_json::Value::as_array) else {
        return Err(Error::new(ErrorKind::PermissionDenied, "the site does not show the ticket's attachments")
            .with_delivery(Delivery::Answered)
            .with_hint("check that attachments are switched on, and that the user may see them"));
    };
    let mut out = Vec::with_capacity(list.len());
    for value in list {
        let raw = serde_json::value::to_raw_value(value)
            .map_err(|error| Error::new(ErrorKind::Unexpected, "an attachment has no JSON").with_source(error))?;
        out.push(attachment(&target, &raw, with_raw)?);
    }
    let number = |own: &Attachment| own.id.as_str().parse::<u64>().unwrap_or(u64::MAX);
    out.sort_by_key(|(own, _)| (own.created_at, number(own)));
    Ok((target, out))
}

/// One page of a ticket's attachments, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListAttachments) -> Result<Page<Attachment>> {
    let codec = connection.codec(Operation::ListAttachments, &(&request.ticket, request.include_raw));
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let (_, files) = all(connection, &request.ticket, request.include_raw).await?;
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < files.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(files.into_iter().skip(offset).take(size).map(|(own, _)| own).collect(), next))
}

/// An attachment's description and its bytes.
///
/// # Errors
/// `InvalidRequest`, naming `ticket`, where that is not given: an attachment does not say which issue it is on (wire A4.8).
pub(crate) async fn download(connection: &Connection, request: DownloadAttachment) -> Result<Download> {
    let Some(ticket) = &request.ticket else {
        return Err(Error::invalid("ticket", "Jira's attachments do not say which ticket they are on")
            .with_hint("give the ticket too"));
    };
    let missing = || {
        Error::new(
            ErrorKind::NotFound,
            format!("there is no attachment `{}`, or it may not be read", shown(request.id.as_str())),
        )
        .with_delivery(Delivery::Answered)
        .with_hint("list the ticket's attachments")
    };
    let (_, files) = all(connection, ticket, false).await?;
    let (attachment, address) = files.into_iter().find(|(own, _)| own.id == request.id).ok_or_else(missing)?;
    let site = connection.api.site().await?;
    let path = match site.is_cloud() {
        true => site.platform(&format!("/attachment/content/{}", path_segment(request.id.as_str()))),
        // Data Center has no address of its own making for it (wire A13); of the one that it names, the host is not believed.
        false => path_of(address.as_deref()).ok_or_else(|| {
            Error::new(ErrorKind::Decode, "the attachment does not say where its bytes are")
                .with_delivery(Delivery::Answered)
        })?,
    };
    // Cloud sends on to a signed address of another host, which refuses any credential (wire A4.8, A15).
    let request = Request::get(path).with_header(ACCEPT, HeaderValue::from_static("*/*")).with_signed_redirects();
    let judged = connection.api.client().with_judge(std::sync::Arc::new(PageJudge));
    let file = judged.stream(&request).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(),
        _ => error,
    })?;
    let is_page = |value: &HeaderValue| value.as_bytes().starts_with(b"text/html");
    let asked_page = attachment.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
    if file.headers.get(CONTENT_TYPE).is_some_and(is_page) && !asked_page {
        return Err(Error::new(ErrorKind::Unavailable, "the site answered with a page instead of the file")
            .with_http_status(file.status.as_u16())
            .with_retry_after(std::time::Duration::ZERO)
            .with_hint("try again later"));
    }
    Ok(Download { attachment, content: file.body })
}

/// The path and query of an address.
fn path_of(address: Option<&str>) -> Option<String> {
    let url = Url::parse(address?).ok()?;
    Some(match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    })
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
    let kind = request.content_type.as_deref().unwrap_or("application/octet-stream");
    if HeaderValue::from_str(kind).map_or(true, |value| value.is_empty()) {
        return Err(Error::invalid("content_type", "it is no media type").with_hint("give one such as `text/plain`"));
    }
    if let (Some(size), Some(limit)) = (request.content.size(), limit(connection).await?)
        && size > limit
    {
        return Err(Error::invalid("content", format!("the file has {size} bytes, and the site takes {limit}"))
            .with_hint("put it elsewhere, and link to it"));
    }
    let (target, there) = all(connection, &request.ticket, false).await?;
    let key = request.idempotency_key.as_deref().map(|key| format!("attachment {} {key}", target.id));
    let written = || connection.keyed.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = &key {
        let known = written().get(key).map(str::to_owned);
        if let Some((made, _)) = known.and_then(|id| there.iter().find(|(own, _)| own.id == id.as_str())) {
            return Ok(made.clone());
        }
    }
    let before: Vec<AttachmentId> = there.into_iter().map(|(own, _)| own.id).collect();
    let mut attempt = 1;
    let made = loop {
        let error = match sent(connection, &target, name, kind, &request.content).await {
            Ok(made) => break made,
            Err(error) => error,
        };
        // With a key, a file of this name that was not there before is ours: the issue is read from where it is written.
        if key.is_none() || !error.maybe_applied() || remedy::is_removed("jira.attachment_search") {
            return Err(error);
        }
        let (_, now) = all(connection, &request.ticket, false)
            .await
            .map_err(|_| Error::new(error.kind(), error.message().to_owned()).with_delivery(Delivery::MaybeApplied))?;
        let ours = |own: &Attachment| own.file_name == name && !before.contains(&own.id);
        match now.into_iter().find(|(own, _)| ours(own)) {
            Some((made, _)) => break made,
            None if attempt < 3 && error.is_retryable() => attempt += 1,
            None => return Err(error.with_delivery(Delivery::Answered)),
        }
    };
    if let Some(key) = key {
        written().note(key, made.id.to_string());
    }
    Ok(made)
}

/// The largest file that the site takes, where it says so.
async fn limit(connection: &Connection) -> Result<Option<u64>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        #[serde(default)]
        enabled: Option<bool>,
        #[serde(default)]
        upload_limit: Option<u64>,
    }
    let meta: Meta = connection.api.read("/attachment/meta", &[]).await?.json()?;
    if meta.enabled == Some(false) {
        return Err(Error::new(ErrorKind::Unsupported, "the site takes no attachments: they are switched off")
            .with_delivery(Delivery::Answered));
    }
    Ok(meta.upload_limit)
}

/// One upload: a form of one part. Twice is two files.
async fn sent(
    connection: &Connection,
    target: &Target,
    name: &str,
    kind: &str,
    content: &AttachmentContent,
) -> Result<Attachment> {
    let site = connection.api.site().await?;
    let random = connection.api.client().context().random();
    let boundary = format!("ticketing-{:016x}{:016x}", bits(random.unit()), bits(random.unit()));
    let form = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
        .map_err(|error| Error::new(ErrorKind::Unexpected, "the form has no header").with_source(error))?;
    let request = Request::post(site.platform(&format!("/issue/{}/attachments", path_segment(&target.id))))
        // Without it the request is taken for a forgery.
        .with_header(HeaderName::from_static("x-atlassian-token"), HeaderValue::from_static("no-check"))
        .with_body(form, Body::Stream(multipart(&boundary, name, kind, content)));
    connection.note_written(&target.id);
    let response = match connection.api.client().send(&request).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(connection.no_ticket(&target.id.as_str().into()));
        }
        Err(error) if error.http_status() == Some(413) => {
            return Err(error.with_field("content").with_hint("put the file elsewhere, and link to it"));
        }
        outcome => outcome?,
    };
    let unread = |error: Error| error.with_delivery(Delivery::MaybeApplied);
    let made: Vec<&RawValue> = response.json().map_err(unread)?;
    let made = made.first().ok_or_else(|| unread(Error::new(ErrorKind::Decode, "the answer names no file")))?;
    attachment(target, made, false).map(|(own, _)| own).map_err(unread)
}

/// A random number as bits.
fn bits(unit: f64) -> u64 {
    (unit * 2_f64.powi(53)) as u64
}

/// A form of one file, streamed: quotes and backslashes in its name are escaped as in any quoted string (RFC 7578 §4.2).
fn multipart(boundary: &str, name: &str, kind: &str, content: &AttachmentContent) -> AttachmentContent {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    );
    let (head, tail) = (Bytes::from(head), Bytes::from(format!("\r\n--{boundary}--\r\n")));
    let size = content.size().map(|size| size + head.len() as u64 + tail.len() as u64);
    let content = content.clone();
    AttachmentContent::from_stream(size, move || {
        let (head, tail) = (head.clone(), tail.clone());
        stream::iter([Ok(head)]).chain(content.open()).chain(stream::iter([Ok(tail)])).boxed()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt as _;

    #[tokio::test]
    async fn a_form_has_its_length_and_can_be_read_twice() {
        let content = AttachmentContent::from_bytes(b"bytes".to_vec());
        let form = multipart("b", "a\"\\é.txt", "text/plain", &content);
        for _ in 0..2 {
            let whole: Vec<Bytes> = form.open().try_collect().await.unwrap();
            let whole = whole.concat();
            assert_eq!(form.size(), Some(whole.len() as u64));
            assert_eq!(
                String::from_utf8(whole).unwrap(),
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\\\"\\\\é.txt\"\r\n\
                 Content-Type: text/plain\r\n\r\nbytes\r\n--b--\r\n"
            );
        }
        assert_eq!(
            multipart("b", "x", "y", &AttachmentContent::from_stream(None, || stream::empty().boxed())).size(),
            None
        );
    }

    #[test]
    fn of_an_address_the_host_is_not_believed() {
        let path = path_of(Some("https://evil.example/jira/secure/attachment/1/a%20b.txt?x=1")).unwrap();
        assert_eq!(path, "/jira/secure/attachment/1/a%20b.txt?x=1");
        assert!(path_of(Some("nonsense")).is_none() && path_of(None).is_none());
    }
}
