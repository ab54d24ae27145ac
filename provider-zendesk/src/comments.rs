//! Comments: written with their ticket, and found again by a note in their metadata (`wire/jira-zendesk.md` §B3.2, §B3.3).
//! The first one is the ticket's description.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use ticketing_core::model::{Comment, Visibility};
use ticketing_core::request::{AddComment, ListComments};
use ticketing_core::{Delivery, Error, ErrorKind, Operation, Page, Result, TicketId, remedy};
use ticketing_http::{Idempotency, Response};

use crate::api::Window;
use crate::connection::{Connection, LARGEST_PAGE, ticket_number};
use crate::map::{KEY_NOTE, comment, html_of};
use crate::wire::{CommentRow, CommentsBody, Meta, Named, WrittenBody, raw_rows};

/// How often a write is tried where each time it is known not to have happened.
const ATTEMPTS: u32 = 3;

/// Where a listing is; the description has been passed over once it has begun.
#[derive(Debug, Serialize, Deserialize)]
struct At {
    after: String,
}

/// One page of a ticket's comments.
pub(crate) struct Read {
    pub(crate) rows: Vec<CommentRow>,
    pub(crate) users: HashMap<i64, Named>,
    next: Option<String>,
}

impl Read {
    /// The cursor of the next page.
    pub(crate) fn next(&self) -> Option<String> {
        self.next.clone()
    }
}

/// The account's page of a ticket's comments, the description among them.
pub(crate) async fn page(
    connection: &Connection,
    ticket: i64,
    newest: bool,
    window: Window<'_>,
) -> Result<(Read, Response)> {
    let id = TicketId::from(ticket.to_string());
    let response = match connection.api.comments(ticket, newest, window).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Connection::no_ticket(&id)),
        response => response?,
    };
    let body: CommentsBody = response.json()?;
    let next = Meta::next(body.meta.as_ref())?;
    let users = body.users.into_iter().map(|user| (user.id, user)).collect();
    Ok((Read { rows: body.comments, users, next }, response))
}

/// Every comment of a ticket, oldest first, the description among them.
pub(crate) async fn everything(connection: &Connection, ticket: i64) -> Result<(Vec<CommentRow>, HashMap<i64, Named>)> {
    let (mut rows, mut users) = (Vec::new(), HashMap::new());
    let mut after: Option<String> = None;
    loop {
        let window = Window::new(LARGEST_PAGE, after.as_deref());
        let (read, _) = page(connection, ticket, false, window).await?;
        rows.extend(read.rows);
        users.extend(read.users);
        match read.next {
            Some(next) => after = Some(next),
            None => return Ok((rows, users)),
        }
    }
}

/// One page of a ticket's comments, oldest first.
pub(crate) async fn list(connection: &Connection, request: ListComments) -> Result<Page<Comment>> {
    let number = ticket_number(request.ticket.as_str()).ok_or_else(|| Connection::no_ticket(&request.ticket))?;
    let codec = connection.codec(Operation::ListComments, &(number, request.visibility, request.include_raw));
    let at: Option<At> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let after = at.as_ref().map(|at| at.after.as_str());
    let size = Connection::page_size(request.page_size);
    let (read, response) = page(connection, number, false, Window::new(size, after)).await?;
    let mut raws = if request.include_raw { raw_rows(&response.body, "comments") } else { Vec::new() }.into_iter();
    let mut items = Vec::new();
    for (nth, row) in read.rows.into_iter().enumerate() {
        let raw = raws.next();
        if nth == 0 && at.is_none() {
            continue;
        }
        let mut one = comment(row, number, &read.users);
        one.raw = raw.map(Box::new);
        if request.visibility.is_none_or(|wanted| wanted == one.visibility) {
            items.push(one);
        }
    }
    let next = read.next.map(|after| codec.cursor(&At { after })).transpose()?;
    Ok(Page::new(items, next))
}

/// True for one that all may read.
pub(crate) fn is_public(field: &str, visibility: Visibility) -> Result<bool> {
    match visibility {
        Visibility::Public => Ok(true),
        Visibility::Internal => Ok(false),
        other => Err(Error::new(ErrorKind::Unsupported, format!("there are no {other} comments"))
            .with_field(field)
            .with_hint("it has: public, internal")),
    }
}

/// A caller's key as the account keeps it with a save: a digest, so that nothing of the caller's shows there.
pub(crate) fn note(purpose: &str, key: &str) -> String {
    let digest = Sha256::digest(format!("{purpose} {key}").as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{purpose}-{hex}")
}

/// The comment that carries a note.
pub(crate) async fn noted(
    connection: &Connection,
    ticket: i64,
    note: &str,
) -> Result<Option<(CommentRow, HashMap<i64, Named>)>> {
    let (rows, users) = everything(connection, ticket).await?;
    let carries = |row: &CommentRow| {
        let custom = row.metadata.as_ref().and_then(|metadata| metadata.custom.as_ref());
        custom.and_then(|custom| custom.get(KEY_NOTE)).and_then(Value::as_str) == Some(note)
    };
    Ok(rows.into_iter().find(carries).map(|row| (row, users)))
}

/// The members of a change that says something.
pub(crate) fn change(html: &str, public: bool, uploads: &[String], note: Option<&str>) -> Map<String, Value> {
    let mut said = json!({ "html_body": html, "public": public });
    if !uploads.is_empty() {
        said["uploads"] = json!(uploads);
    }
    let mut change = Map::from_iter([("comment".to_owned(), said)]);
    if let Some(note) = note {
        change.insert("metadata".to_owned(), json!({ KEY_NOTE: note }));
    }
    change
}

/// Says something on a ticket, once: with a note, a lost answer is looked for before anything is written again.
pub(crate) async fn say(
    connection: &Connection,
    ticket: i64,
    change: &Map<String, Value>,
    note: Option<&str>,
) -> Result<(CommentRow, HashMap<i64, Named>)> {
    if let Some(note) = note
        && let Some(found) = noted(connection, ticket, note).await?
    {
        return Ok(found);
    }
    let body = Value::Object(change.clone());
    let mut attempt = 1;
    loop {
        let error = match connection.api.update_ticket(ticket, &body, Idempotency::Unsafe).await {
            Ok(response) => return written(connection, ticket, &response).await,
            Err(error) => error,
        };
        if error.kind() == ErrorKind::NotFound {
            return Err(Connection::no_ticket(&TicketId::from(ticket.to_string())));
        }
        let searches = error.maybe_applied() && !remedy::is_removed("zendesk.comment_search");
        let Some(note) = note.filter(|_| searches) else { return Err(uncertain(error)) };
        // Comments are read from the database that they are written to.
        match noted(connection, ticket, note).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
            Ok(None) => return Err(error.with_delivery(Delivery::Answered)),
            Err(_) => return Err(uncertain(error.with_delivery(Delivery::MaybeApplied))),
        }
    }
}

/// A write with a comment in it, whose outcome is unknown: told, and not repeated.
pub(crate) fn uncertain(error: Error) -> Error {
    if error.maybe_applied() {
        return error.with_hint("read the ticket's comments before writing again");
    }
    error
}

/// The comment that an answer says was made: its audit names it (`wire/jira-zendesk.md` §B3.1).
async fn written(
    connection: &Connection,
    ticket: i64,
    response: &Response,
) -> Result<(CommentRow, HashMap<i64, Named>)> {
    let body: WrittenBody = response.json().map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    let events = body.audit.iter().flat_map(|audit| &audit.events);
    let made = events.filter(|event| event.event_type == "Comment").find_map(|event| event.id);
    let applied = |error: Error| error.with_applied(["comment"]);
    let (newest, _) = page(connection, ticket, true, Window::new(20, None)).await.map_err(applied)?;
    if let Some(row) = newest.rows.iter().find(|row| Some(row.id) == made).cloned() {
        return Ok((row, newest.users));
    }
    // More was said meanwhile than a page holds.
    let (rows, users) = everything(connection, ticket).await.map_err(applied)?;
    rows.into_iter().find(|row| Some(row.id) == made).map(|row| (row, users)).ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "the account took the change, and made no comment of it")
            .with_delivery(Delivery::Answered)
            .with_hint("a trigger of the account's own may decide; read the ticket's comments")
    })
}

/// A new comment.
pub(crate) async fn add(connection: &Connection, request: AddComment) -> Result<Comment> {
    let public = is_public("visibility", request.visibility)?;
    if request.restricted_to.is_some() || request.parent.is_some() {
        let field = if request.parent.is_some() { "parent" } else { "restricted_to" };
        return Err(Error::new(ErrorKind::Unsupported, "comments have neither answers nor readers of their own")
            .with_field(field)
            .with_hint("leave it out"));
    }
    let html = html_of("body", &request.body)?;
    let number = ticket_number(request.ticket.as_str()).ok_or_else(|| Connection::no_ticket(&request.ticket))?;
    let note = request.idempotency_key.as_deref().map(|key| note("comment", key));
    let change = change(&html, public, &[], note.as_deref());
    let (row, users) = say(connection, number, &change, note.as_deref()).await?;
    Ok(comment(row, number, &users))
}
