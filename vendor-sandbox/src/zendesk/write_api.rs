//! Writing tickets: create, update, import, delete, restore, merge (wire B3.1, B8).

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::account::Account;
use super::answer::{ApiError, Document, Reply, created, no_content, ok, set_header};
use super::call::Call;
use super::catalogue::{FORM, default_status};
use super::edit::{self, Edited, How};
use super::edit_fields::{follow_tags, read_tags};
use super::model::{Deletion, Status, Ticket};
use super::show;
use super::webhooks::{self, Happened};
use super::world::{Kept, World};

/// How long a key is remembered, in seconds (wire B8).
const KEPT_SECONDS: i64 = 2 * 3_600;

/// wire B8.
const KEY_LENGTH: usize = 255;

fn blank(call: &Call<'_>, by: u64) -> Ticket {
    Ticket {
        id: 0,
        external_id: None,
        created: call.now,
        updated: call.now,
        generated: call.now,
        kind: None,
        subject: String::new(),
        description: String::new(),
        priority: None,
        status: Status::New,
        custom_status: default_status(Status::New),
        requester: by,
        submitter: by,
        assignee: None,
        organization: None,
        group: None,
        followers: Vec::new(),
        email_ccs: Vec::new(),
        problem: None,
        due: None,
        tags: Vec::new(),
        custom: std::collections::BTreeMap::new(),
        form: FORM,
        via: "api",
        follows: None,
        followups: Vec::new(),
        is_public: true,
        comments: Vec::new(),
        audits: Vec::new(),
        assigned_at: None,
        status_at: call.now,
        solved_at: None,
        deleted: None,
        archived: false,
        hidden_from: Vec::new(),
    }
}

/// Creates one ticket of a body.
pub(crate) fn make(
    call: &Call<'_>,
    world: &mut World,
    body: &Map<String, Value>,
    how: How,
) -> Result<(Arc<Ticket>, Edited), ApiError> {
    let by = call.agent()?.id;
    let mut before = blank(call, by);
    if let Some(submitter) = body.get("submitter_id").and_then(edit::id) {
        before.submitter = submitter;
    }
    if how == How::Import {
        let at = |name: &str| body.get(name).and_then(edit::moment);
        before.created = at("created_at").unwrap_or(call.now);
        before.updated = at("updated_at").or(at("created_at")).unwrap_or(call.now);
        before.solved_at = at("solved_at");
    }
    // wire B4: a closed ticket is not opened again; another follows it up.
    let source = body.get("via_followup_source_id").and_then(edit::id);
    if let Some(source) = source {
        let found = world.ticket(source).filter(|own| own.deleted.is_none() && own.status == Status::Closed).cloned();
        let Some(found) = found else {
            return Err(ApiError::invalid("base", "Followup source: is not a closed ticket", Some("InvalidValue")));
        };
        before.follows = Some(source);
        before.requester = found.requester;
        before.tags.clone_from(&found.tags);
        before.custom.clone_from(&found.custom);
    }
    let mut edited = edit::apply(call, world, &before, body, how)?;
    edited.ticket.id = world.new_ticket_id();
    if how == How::Import {
        for extra in body.get("comments").and_then(Value::as_array).into_iter().flatten().skip(1) {
            import_comment(call, world, &mut edited.ticket, extra, by);
        }
    }
    let stored = world.store(edited.ticket.clone(), call.now);
    tell(world, "created", &stored, by);
    let events = edited.audit.iter().flat_map(|own| webhooks::changes(&stored, by, &own.events));
    world.happened.extend(events);
    if let Some(source) = source {
        world.change(source, call.now, |own| {
            own.followups.push(stored.id);
            own.generated = call.now;
        });
    }
    Ok((stored, edited))
}

fn import_comment(call: &Call<'_>, world: &mut World, ticket: &mut Ticket, given: &Value, by: u64) {
    let Some((body, html)) = edit::words(given) else { return };
    let Some(audit) = ticket.audits.last().map(|own| own.id) else { return };
    ticket.comments.push(super::model::Comment {
        id: world.new_id(),
        author: edit::id(&given["author_id"]).unwrap_or(by),
        body,
        html,
        public: given["public"].as_bool().unwrap_or(true),
        attachments: Vec::new(),
        audit,
        custom: Value::Null,
        via: "api",
        created: edit::moment(&given["created_at"]).unwrap_or(call.now),
    });
}

/// Puts an event without more to say on the list for webhooks.
fn tell(world: &mut World, kind: &'static str, ticket: &Arc<Ticket>, actor: u64) {
    world.happened.push(Happened { kind, ticket: Arc::clone(ticket), actor, event: json!({}) });
}

fn tell_of(world: &mut World, kind: &'static str, id: u64, actor: u64) {
    if let Some(ticket) = world.ticket(id).cloned() {
        tell(world, kind, &ticket, actor);
    }
}

/// wire B3.1: what was ignored is named in a header.
fn warn(reply: &mut Reply, ignored: &[String]) {
    if !ignored.is_empty() {
        let names = serde_json::to_string(ignored).unwrap_or_default();
        set_header(reply, "x-zendesk-api-warn", &format!("Removed restricted keys {names} from parameters"));
    }
}

fn shown_with_audit(call: &Call<'_>, world: &World, ticket: &Ticket, edited: &Edited, generated: i64) -> Value {
    let mut shown = json!({ "ticket": show::ticket(call, world, ticket).generated(generated) });
    // The document has no null there (wire S6), and does not require it.
    if let Some(audit) = &edited.audit {
        shown["audit"] = show::audit(call, ticket, audit);
    }
    shown
}

/// `POST /tickets`, with `Idempotency-Key` (wire B8); `POST /imports/tickets`.
pub(crate) fn create(account: &Account, call: &Call<'_>, how: How) -> Result<Reply, ApiError> {
    let by = if how == How::Import { call.admin()?.id } else { call.agent()?.id };
    let body = call.wrapped("ticket")?;
    let key = call.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).filter(|_| how == How::Create);
    let digest: [u8; 32] = Sha256::digest(&call.body).into();
    if call.strikes.has("idempotent_in_progress") && key.is_some() {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "IdempotentRequestInProgress",
            "A request with this idempotency key is still being processed",
        ));
    }
    account.write(|world| {
        if let Some(key) = key {
            if key.len() > KEY_LENGTH {
                return Err(ApiError::bad_request("IdempotentRequestError", "Idempotency key is too long"));
            }
            let kept = world.kept.get(&(by, key.to_owned()));
            if let Some(kept) = kept.filter(|kept| (call.now - kept.at).num_seconds() < KEPT_SECONDS) {
                if kept.digest != digest {
                    return Err(ApiError::bad_request(
                        "IdempotentRequestError",
                        "Request parameters don't match the given idempotency key",
                    ));
                }
                let mut reply = created(&kept.answer, &kept.location);
                set_header(&mut reply, "x-idempotency-lookup", "hit");
                return Ok(reply);
            }
        }
        let (ticket, edited) = make(call, world, &body, how)?;
        // wire B1.1: 0 in the answer to a create.
        let answer = shown_with_audit(call, world, &ticket, &edited, 0);
        let location = call.url(&format!("tickets/{}", ticket.id));
        let mut reply = created(&answer, &location);
        if let Some(key) = key {
            set_header(&mut reply, "x-idempotency-lookup", "miss");
            world.kept.insert((by, key.to_owned()), Kept { at: call.now, digest, answer, location });
        }
        warn(&mut reply, &edited.ignored);
        Ok(reply)
    })
}

/// Changes one ticket by a body.
pub(crate) fn change(
    call: &Call<'_>,
    world: &mut World,
    before: &Ticket,
    body: &Map<String, Value>,
    how: How,
) -> Result<(Arc<Ticket>, Edited), ApiError> {
    let mut moved = before.clone();
    moved.updated = call.now;
    // The stamp is that of before; everything else happens now.
    edit::check_stamp(before, body, how == How::Bulk)?;
    let mut edited = edit::apply(call, world, &moved, body, how)?;
    if edited.audit.is_none() {
        edited.ticket = before.clone();
        return Ok((Arc::new(before.clone()), edited));
    }
    let stored = world.store(edited.ticket.clone(), call.now);
    let actor = call.user.as_ref().map_or(0, |user| user.id);
    let events = edited.audit.iter().flat_map(|own| webhooks::changes(&stored, actor, &own.events));
    world.happened.extend(events);
    let solved = |ticket: &Ticket| matches!(ticket.status, Status::Solved | Status::Closed);
    if stored.kind == Some("problem") && solved(&stored) && !solved(before) {
        solve_incidents(call, world, &stored);
    }
    Ok((stored, edited))
}

/// Solving a problem solves its incidents.
fn solve_incidents(call: &Call<'_>, world: &mut World, problem: &Ticket) {
    let incidents: Vec<u64> = world.incidents_of(problem.id).collect();
    for id in incidents {
        let open = world.ticket(id).is_some_and(|own| own.status < Status::Solved);
        if open {
            world.change(id, call.now, |own| {
                own.status = Status::Solved;
                own.custom_status = default_status(Status::Solved);
                own.assignee = own.assignee.or(problem.assignee);
                own.solved_at = Some(call.now);
                own.status_at = call.now;
                own.updated = call.now;
                own.generated = call.now;
            });
        }
    }
}

/// `PUT /tickets/{id}`: a body without the wrapper changes nothing (wire B3.1).
pub(crate) fn update(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let body = call.wrapped("ticket")?;
    account.write(|world| {
        let before = Arc::clone(call.ticket(world, id)?);
        let (ticket, edited) = change(call, world, &before, &body, How::Update)?;
        // wire B13: the stamp from before the update.
        let mut reply = ok(&shown_with_audit(call, world, &ticket, &edited, before.generated.timestamp()));
        warn(&mut reply, &edited.ignored);
        Ok(reply)
    })
}

/// Deletes one ticket softly.
pub(crate) fn remove(call: &Call<'_>, world: &mut World, id: &str) -> Result<(), ApiError> {
    let by = call.agent()?.id;
    let id = call.ticket(world, id)?.id;
    world.change(id, call.now, |ticket| {
        ticket.deleted = Some(Deletion { at: call.now, by, scrubbed: false });
        ticket.generated = call.now;
        // Recorded: an export shows the deletion as the last update (wire B6).
        ticket.updated = call.now;
    });
    tell_of(world, "soft_deleted", id, by);
    Ok(())
}

/// `DELETE /tickets/{id}`: 204; restorable for 30 days.
pub(crate) fn delete(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    account.write(|world| remove(call, world, id))?;
    Ok(no_content())
}

/// `GET /deleted_tickets` (wire B3.1).
pub(crate) fn deleted(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = world
        .tickets()
        .filter(|own| !own.archived && !own.hidden_from.contains(&call.user.as_ref().map_or(0, |user| user.id)));
    let all = all.filter_map(|ticket| {
        let deletion = ticket.deleted.filter(|own| !own.scrubbed)?;
        let actor = world.users.get(&deletion.by).map(|user| json!({ "id": user.id, "name": user.name }));
        let shown = json!({
            "id": ticket.id,
            "subject": ticket.subject,
            "description": null,
            "actor": actor,
            "deleted_at": super::call::time(deletion.at),
            "previous_state": ticket.status.name(),
        });
        Some(((0, ticket.id), shown))
    });
    let page = super::paging::Page::of(call, all.collect())?;
    let mut document = Document::new();
    document.put("deleted_tickets", &page.items);
    Ok(page.finish(document))
}

fn deleted_id(world: &World, id: &str) -> Result<u64, ApiError> {
    let found = id.parse().ok().and_then(|id: u64| world.ticket(id));
    found
        .filter(|ticket| ticket.deleted.is_some_and(|own| !own.scrubbed))
        .map(|ticket| ticket.id)
        .ok_or_else(ApiError::not_found)
}

/// Takes tickets out of the bin.
pub(crate) fn restore(account: &Account, call: &Call<'_>, ids: &[&str]) -> Result<Reply, ApiError> {
    let by = call.agent()?.id;
    account.write(|world| {
        let ids = ids.iter().map(|id| deleted_id(world, id)).collect::<Result<Vec<u64>, _>>()?;
        for id in ids {
            world.change(id, call.now, |ticket| {
                ticket.deleted = None;
                ticket.updated = call.now;
                ticket.generated = call.now;
            });
            tell_of(world, "undeleted", id, by);
        }
        // Recorded (wire B13).
        Ok(ok(&json!({})))
    })
}

/// Deletes for good; what is left is an id in the export (wire B3.1).
pub(crate) fn scrub(call: &Call<'_>, world: &mut World, id: &str) -> Result<u64, ApiError> {
    let by = call.agent()?.id;
    let id = deleted_id(world, id)?;
    world.change(id, call.now, |ticket| {
        ticket.deleted = Some(Deletion { at: call.now, by, scrubbed: true });
        ticket.subject = "SCRUBBED".to_owned();
        ticket.description = "SCRUBBED".to_owned();
        ticket.comments.clear();
        ticket.audits.clear();
        ticket.tags.clear();
        ticket.custom.clear();
        ticket.external_id = None;
        ticket.generated = call.now;
    });
    tell_of(world, "permanently_deleted", id, by);
    Ok(id)
}

/// `PUT /tickets/{id}/mark_as_spam`: deletes the ticket and suspends the requester (OAS).
pub(crate) fn spam(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    account.write(|world| {
        let requester = call.ticket(world, id)?.requester;
        remove(call, world, id)?;
        if let Some(user) = world.users.get_mut(&requester).filter(|user| !user.is_agent()) {
            user.suspended = true;
            user.updated = call.now;
        }
        Ok(ok(&json!({})))
    })
}

/// `GET`, `PUT` (adds), `POST` (sets), `DELETE` (removes) `/tickets/{id}/tags` (wire B3.1).
pub(crate) fn tags(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let answer = |tags: &[String], status| super::answer::json_reply(status, &json!({ "tags": tags }));
    if call.method == http::Method::GET {
        return account.read(|world| Ok(answer(&call.ticket(world, id)?.tags, StatusCode::OK)));
    }
    let body = call.json()?;
    account.write(|world| {
        let ticket = Arc::clone(call.ticket(world, id)?);
        if ticket.status == Status::Closed {
            return Err(ApiError::invalid("status", "Status: closed prevents ticket update", Some("InvalidValue")));
        }
        edit::check_stamp(&ticket, &body, false)?;
        let given = read_tags(body.get("tags").unwrap_or(&Value::Null));
        let own = if call.method == http::Method::POST {
            given
        } else if call.method == http::Method::DELETE {
            ticket.tags.iter().filter(|tag| !given.contains(tag)).cloned().collect()
        } else {
            ticket.tags.iter().cloned().chain(given).collect()
        };
        let changed = own != ticket.tags;
        let mut after = Ticket { tags: own, ..Ticket::clone(&ticket) };
        follow_tags(&mut after);
        if changed {
            after.updated = call.now;
            after.generated = call.now;
        }
        let shown = after.tags.clone();
        world.store(after, call.now);
        if call.method == http::Method::DELETE {
            return Ok(no_content());
        }
        let status = if call.method == http::Method::POST { StatusCode::CREATED } else { StatusCode::OK };
        Ok(answer(&shown, status))
    })
}
