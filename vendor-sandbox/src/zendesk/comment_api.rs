//! Comments, audits and uploads: wire B3.3, B3.4, B3.5.

use std::sync::Arc;

use chrono::TimeDelta;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::account::Account;
use super::answer::{ApiError, Document, Reply, no_content, ok, with_body};
use super::call::{Call, time};
use super::model::{Attachment, Comment, Ticket, Upload};
use super::paging::Page;
use super::people_json as people;
use super::show;
use super::world::{Key, World};
use crate::content::Content;
use crate::random::{hash_text, stable_id};

/// Seconds that an upload waits (wire B3.4: 60 minutes; `expires_at` says three days).
const UPLOAD_SECONDS: i64 = 3_600;

/// Comments that the caller may read.
fn visible<'t>(call: &Call<'_>, ticket: &'t Ticket) -> impl Iterator<Item = &'t Comment> {
    let agent = call.user.as_ref().is_some_and(super::model::User::is_agent);
    ticket.comments.iter().filter(move |comment| agent || comment.public)
}

/// `GET /tickets/{id}/comments?sort=-created_at`; `sort_order` by offset.
pub(crate) fn list(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.user()?;
    let ticket = call.ticket(world, id)?;
    let newest_first = call.params.get("sort") == Some("-created_at") || call.params.get("sort_order") == Some("desc");
    let sign = if newest_first { -1 } else { 1 };
    let key = |place: usize, own: &Comment| (sign * i64::try_from(place).unwrap_or(0), own.id);
    // Imports bring comments out of order: time first.
    let mut all: Vec<&Comment> = visible(call, ticket).collect();
    all.sort_by_key(|own| (own.created, own.id));
    let all: Vec<(Key, &Comment)> = all.into_iter().enumerate().map(|(place, own)| (key(place, own), own)).collect();
    let page = Page::of(call, all)?;
    let mut document = Document::new();
    document.put("comments", &page.items.iter().map(|own| show::comment(call, own)).collect::<Vec<_>>());
    if call.includes("users") {
        let ids: std::collections::BTreeSet<u64> = page.items.iter().map(|own| own.author).collect();
        let users = ids.iter().filter_map(|id| world.users.get(id)).map(|user| people::user(call, world, user));
        document.put("users", &users.collect::<Vec<_>>());
    }
    Ok(page.finish(document))
}

/// `GET /tickets/{id}/comments/count`.
pub(crate) fn count(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.user()?;
    let ticket = call.ticket(world, id)?;
    Ok(super::ticket_api::counted(call, visible(call, ticket).count()))
}

/// Changes one comment of a ticket.
fn change(
    account: &Account,
    call: &Call<'_>,
    id: &str,
    comment: &str,
    change: impl FnOnce(&mut Comment) -> Result<(), ApiError>,
) -> Result<Arc<Ticket>, ApiError> {
    call.agent()?;
    account.write(|world| {
        let mut ticket = Ticket::clone(call.ticket(world, id)?);
        let own = ticket.comments.iter_mut().find(|own| own.id.to_string() == comment);
        change(own.ok_or_else(ApiError::not_found)?)?;
        ticket.updated = call.now;
        ticket.generated = call.now;
        Ok(world.store(ticket, call.now))
    })
}

/// `PUT /tickets/{id}/comments/{cid}/make_private`.
pub(crate) fn make_private(account: &Account, call: &Call<'_>, id: &str, comment: &str) -> Result<Reply, ApiError> {
    change(account, call, id, comment, |own| {
        own.public = false;
        Ok(())
    })?;
    Ok(ok(&json!({})))
}

/// `PUT /tickets/{id}/comments/{cid}/redact` `{"text"}`: the words become blocks (OAS).
pub(crate) fn redact(account: &Account, call: &Call<'_>, id: &str, comment: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let Some(text) = body.get("text").and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        return Err(ApiError::bad_request("InvalidValue", "text is required"));
    };
    let ticket = change(account, call, id, comment, |own| {
        if !own.body.contains(text) {
            return Err(ApiError::invalid("base", "Text: was not found in the comment", Some("InvalidValue")));
        }
        let blocks = "▇".repeat(text.chars().count());
        own.body = own.body.replace(text, &blocks);
        own.html = own.html.replace(text, &blocks);
        Ok(())
    })?;
    let own = ticket.comments.iter().find(|own| own.id.to_string() == comment).ok_or_else(ApiError::not_found)?;
    Ok(ok(&json!({ "comment": show::comment(call, own) })))
}

/// `GET /tickets/{id}/audits`, oldest first.
pub(crate) fn audits(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let ticket = call.ticket(world, id)?;
    let newest_first = call.params.get("sort_order") == Some("desc") || call.params.get("sort") == Some("-created_at");
    let sign = if newest_first { -1 } else { 1 };
    let all = ticket.audits.iter().enumerate();
    let all =
        all.map(|(place, own)| ((sign * i64::try_from(place).unwrap_or(0), own.id), show::audit(call, ticket, own)));
    let page = Page::of(call, all.collect())?;
    let document = page.document("audits");
    Ok(page.finish(document))
}

/// `GET /tickets/{id}/audits/{aid}`.
pub(crate) fn audit(call: &Call<'_>, world: &World, id: &str, audit: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let ticket = call.ticket(world, id)?;
    let own = ticket.audits.iter().find(|own| own.id.to_string() == audit).ok_or_else(ApiError::not_found)?;
    Ok(ok(&json!({ "audit": show::audit(call, ticket, own) })))
}

/// `GET /tickets/{id}/metrics`, `GET /ticket_metrics` (wire B3.5).
pub(crate) fn metrics(call: &Call<'_>, world: &World, id: Option<&str>) -> Result<Reply, ApiError> {
    call.agent()?;
    if let Some(id) = id {
        return Ok(ok(&json!({ "ticket_metric": show::metrics(call, call.ticket(world, id)?) })));
    }
    let all = world.tickets().filter(|own| own.deleted.is_none() && !own.archived && call.sees(own));
    let page = Page::of(call, all.map(|own| ((0, own.id), show::metrics(call, own))).collect())?;
    let document = page.document("ticket_metrics");
    Ok(page.finish(document))
}

/// `POST /uploads?filename=[&token=]`: raw bytes (wire B3.4).
pub(crate) fn upload(account: &Account, call: &Call<'_>) -> Result<Reply, ApiError> {
    let by = call.user()?.id;
    let Some(name) = call.params.get("filename") else {
        return Err(ApiError::bad_request("InvalidValue", "filename is required"));
    };
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("application/octet-stream").to_owned();
    account.write(|world| {
        let token = match call.params.get("token") {
            Some(token) => {
                let known = world.uploads.get(token).is_some_and(|own| own.expires > call.now);
                if !known {
                    return Err(ApiError::bad_request("InvalidValue", "token is unknown, used or expired"));
                }
                token.to_owned()
            }
            None => stable_id("upload", &format!("{}:{}", call.seed, world.new_id()))[..25].to_owned(),
        };
        let id = world.new_id();
        let file = Attachment {
            id,
            token: format!("{:016x}{:016x}", hash_text(call.seed, &format!("file {id}")), hash_text(id, "file")),
            file_name: name.to_owned(),
            content_type: kind,
            content: Content::Memory(call.body.clone()),
            redacted: false,
        };
        let shown = show::attachment(call, &file);
        let own = world.uploads.entry(token.clone()).or_insert_with(|| Upload {
            by,
            expires: call.now + TimeDelta::seconds(UPLOAD_SECONDS),
            attachments: Vec::new(),
        });
        own.attachments.push(file);
        let all: Vec<Value> = own.attachments.iter().map(|file| show::attachment(call, file)).collect();
        let body = json!({
            "upload": {
                "token": token,
                "expires_at": time(call.now + TimeDelta::days(3)),
                "attachments": all,
                "attachment": shown,
            },
        });
        // Recorded: JSON under the name of text (wire B3.4).
        let body = serde_json::to_vec(&body).unwrap_or_default();
        Ok(with_body(StatusCode::CREATED, "text/plain; charset=utf-8", body))
    })
}

/// `DELETE /uploads/{token}`: by whoever uploaded it.
pub(crate) fn delete_upload(account: &Account, call: &Call<'_>, token: &str) -> Result<Reply, ApiError> {
    let by = call.user()?.id;
    account.write(|world| match world.uploads.get(token).filter(|own| own.by == by) {
        Some(_) => {
            world.uploads.remove(token);
            Ok(no_content())
        }
        None => Err(ApiError::not_found()),
    })
}

/// `PUT /tickets/{id}/comments/{cid}/attachments/{aid}/redact`.
pub(crate) fn redact_attachment(
    account: &Account,
    call: &Call<'_>,
    id: &str,
    comment: &str,
    file: &str,
) -> Result<Reply, ApiError> {
    let ticket = change(account, call, id, comment, |own| {
        let found = own.attachments.iter_mut().find(|own| own.id.to_string() == file);
        let found = found.ok_or_else(ApiError::not_found)?;
        found.redacted = true;
        found.file_name = "redacted.txt".to_owned();
        found.content_type = "text/plain".to_owned();
        found.content = Content::Memory(axum::body::Bytes::new());
        Ok(())
    })?;
    let found = ticket.comments.iter().flat_map(|own| &own.attachments).find(|own| own.id.to_string() == file);
    Ok(ok(&json!({ "attachment": show::attachment(call, found.ok_or_else(ApiError::not_found)?) })))
}
