//! `list_changes`: the account's incremental exports. A cursor is kept until the account gives another one: an idle poll answers
//! with none, and whoever kept that would lose what comes next (`wire/jira-zendesk.md` §B6).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::model::{Change, Document, Kind, Removal, RemovalReason};
use ticketing_core::request::{ListChanges, Projection};
use ticketing_core::{ChangePage, Delivery, Error, ErrorKind, Operation, Result, remedy};

use super::organizations;
use crate::api::From;
use crate::check::EXPORTS;
use crate::connection::{Connection, LARGEST_EXPORT};
use crate::error::is_closed;
use crate::map::{Known, contact, is_contact, user};
use crate::wire::{TicketsBody, UserRow, raw_rows, rows};

/// The kinds that the account exports.
pub(crate) const KINDS: &[Kind] = &[Kind::Ticket, Kind::User, Kind::Contact, Kind::Account];

/// How far a delta was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Progress {
    /// Up to a cursor of the account's; `None`: not begun, or nothing came yet.
    Cursor(Option<String>),
    /// Up to a second, of which these were told.
    Time(organizations::Mark),
}

/// What changed since a checkpoint.
pub(crate) async fn list_changes(connection: &Connection, request: ListChanges) -> Result<ChangePage> {
    let kind = request.kind;
    let codec = connection.codec(Operation::ListChanges, &kind);
    let before: Option<Progress> =
        request.checkpoint.as_ref().map(|checkpoint| codec.checkpoint_position(checkpoint)).transpose()?;
    let size = request.page_size.unwrap_or(LARGEST_EXPORT).clamp(1, LARGEST_EXPORT);
    let foreign = || {
        Error::invalid("checkpoint", "the checkpoint does not fit the reading it is for")
            .with_hint("start over without one")
    };
    let outcome = match kind {
        Kind::Account => {
            let mark = match before {
                None => organizations::Mark::default(),
                Some(Progress::Time(mark)) => mark,
                Some(Progress::Cursor(_)) => return Err(foreign()),
            };
            let step = organizations::step(connection, mark, size, request.include_raw).await;
            step.map(|(items, mark, caught_up)| (items, Progress::Time(mark), caught_up))
        }
        Kind::Ticket | Kind::User | Kind::Contact => {
            let cursor = match before {
                None => None,
                Some(Progress::Cursor(cursor)) => cursor,
                Some(Progress::Time(_)) => return Err(foreign()),
            };
            let step = by_cursor(connection, kind, cursor, size, request.include_raw).await;
            step.map(|(items, cursor, caught_up)| (items, Progress::Cursor(cursor), caught_up))
        }
        other => {
            return Err(Error::new(ErrorKind::Unsupported, format!("the account exports no changes of {other}s"))
                .with_field("kind")
                .with_hint("compare the census instead"));
        }
    };
    let (items, progress, caught_up) = outcome.map_err(|error| {
        if is_closed(&error) {
            connection.note_closed(EXPORTS, true);
            return error.with_hint("changes can be followed by admins alone, or by a credential with the right scope");
        }
        // What it is asked from is in the checkpoint, and nowhere else.
        if request.checkpoint.is_some() && matches!(error.http_status(), Some(400 | 422)) {
            return error.with_field("checkpoint").with_hint("start over without one");
        }
        error
    })?;
    Ok(ChangePage { items, checkpoint: codec.checkpoint(&progress)?, caught_up })
}

async fn by_cursor(
    connection: &Connection,
    kind: Kind,
    cursor: Option<String>,
    size: u32,
    raw: bool,
) -> Result<(Vec<Change>, Option<String>, bool)> {
    let from = cursor.as_deref().map_or(From::Start(0), From::Cursor);
    let (items, next, ended) = match kind {
        Kind::Ticket => tickets(connection, from, size, raw).await?,
        kind => people(connection, kind, from, size, raw).await?,
    };
    if !ended && next.is_some() && next == cursor {
        return Err(Error::new(ErrorKind::Integrity, "the export's cursor does not move on, and it is not at its end")
            .with_delivery(Delivery::Answered));
    }
    // Nothing new: no cursor comes, and the one before goes on.
    let kept = if remedy::is_removed("zendesk.null_cursor") { next } else { next.or(cursor) };
    Ok((items, kept, ended))
}

type Exported = (Vec<Change>, Option<String>, bool);

async fn tickets(connection: &Connection, from: From<'_>, size: u32, raw: bool) -> Result<Exported> {
    let plan = connection.plan(&Projection::new(), raw).await?;
    let response = connection.api.export_tickets(from, size).await?;
    let mut body: TicketsBody = response.json()?;
    let known = Known::of_list(&mut body);
    let mut raws = if raw { raw_rows(&response.body, "tickets") } else { Vec::new() }.into_iter();
    let mut items = Vec::with_capacity(body.tickets.len());
    for row in body.tickets {
        let ticket = plan.ticket(row, &known, raws.next());
        items.push(match ticket.deleted {
            Some(removal) => Change::Removed {
                kind: Kind::Ticket,
                id: ticket.id.to_string(),
                removal: Removal { at: ticket.updated_at, ..removal },
            },
            None => Change::upserted(Document::Ticket(ticket)),
        });
    }
    let ended = body.end_of_stream.unwrap_or(body.after_cursor.is_none());
    Ok((items, body.after_cursor, ended))
}

async fn people(connection: &Connection, kind: Kind, from: From<'_>, size: u32, raw: bool) -> Result<Exported> {
    let response = connection.api.export_users(from, size).await?;
    let page = rows::<UserRow>(&response.body, "users")?;
    let cursor = page.rest.get("after_cursor").and_then(Value::as_str).filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(str::to_owned);
    let ended = page.rest.get("end_of_stream").and_then(Value::as_bool).unwrap_or(cursor.is_none());
    let mut items = Vec::new();
    for (row, json) in page.items {
        if is_contact(&row) != (kind == Kind::Contact) {
            continue;
        }
        if row.active == Some(false) {
            let Some(id) = row.id else { continue };
            let removal = Removal { at: row.updated_at, reason: Some(RemovalReason::Deleted), moved_to: None };
            items.push(Change::Removed { kind, id: id.to_string(), removal });
            continue;
        }
        let json = raw.then(|| Box::new(json));
        items.push(Change::upserted(match kind {
            Kind::Contact => {
                let mut contact = contact(row, connection.api.base())?;
                contact.raw = json;
                Document::Contact(contact)
            }
            _ => {
                let mut user = user(row, connection.api.base())?;
                user.raw = json;
                Document::User(user)
            }
        }));
    }
    Ok((items, cursor, ended))
}
