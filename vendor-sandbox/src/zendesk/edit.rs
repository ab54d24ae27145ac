//! What a write does to a ticket, and what it refuses: wire B3.2, B3.3, B4.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::ApiError;
use super::call::Call;
use super::catalogue::{self, FIELD, FORM, default_status};
use super::edit_fields as fields;
use super::edit_people;
use super::html;
use super::model::{Audit, Comment, Event, Priority, Status, Ticket, User, type_named};
use super::world::World;

/// Which request a body came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Create,
    Update,
    /// One of many, which may add and remove tags (wire B3.1).
    Bulk,
    /// With moments of its own (wire B3.1).
    Import,
}

/// A write, checked but not yet stored.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) ticket: Ticket,
    /// `None` when nothing changed.
    pub(crate) audit: Option<Audit>,
    /// Members that were ignored (wire B3.1).
    pub(crate) ignored: Vec<String>,
}

/// Comments on one ticket (wire B3.3).
const COMMENTS: usize = 5_000;

/// Members that are read elsewhere, or that are the vendor's to decide and change nothing.
const SILENT: &[&str] = &[
    "comment",
    "comments",
    "description",
    "safe_update",
    "updated_stamp",
    "metadata",
    "via",
    "via_followup_source_id",
    "macro_ids",
    "macro_id",
    "attribute_value_ids",
    "raw_subject",
    "recipient",
    "id",
    "submitter_id",
    "brand_id",
    "collaborators",
    "additional_collaborators",
    "sharing_agreement_ids",
    "satisfaction_rating",
    "generated_timestamp",
];

pub(crate) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Ids come as numbers and as text.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

pub(crate) fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let text = value.as_str()?;
    let day = || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(12, 0, 0);
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()).or_else(|| day().map(|at| at.and_utc()))
}

pub(crate) fn invalid(field: &str, title: &str) -> ApiError {
    ApiError::invalid(field, format!("{title}: is not valid"), Some("InvalidValue"))
}

/// wire B8.
pub(crate) fn check_stamp(ticket: &Ticket, body: &Map<String, Value>, always: bool) -> Result<(), ApiError> {
    // `safe_update: false` behaves as true.
    let asked = body.contains_key("safe_update") || (always && body.contains_key("updated_stamp"));
    if !asked {
        return Ok(());
    }
    let stamp = body.get("updated_stamp").and_then(moment);
    if stamp.is_some_and(|stamp| ticket.updated.timestamp() <= stamp.timestamp()) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::CONFLICT,
        "UpdateConflict",
        "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.",
    ))
}

/// Applies a body to a ticket, or says what is wrong with it; then nothing has happened.
pub(crate) fn apply(
    call: &Call<'_>,
    world: &mut World,
    before: &Ticket,
    body: &Map<String, Value>,
    how: How,
) -> Result<Edited, ApiError> {
    let uploads = world.uploads.clone();
    let first = world.new_id();
    let edited = attempt(call, world, before, body, how);
    if edited.is_err() {
        world.uploads = uploads;
        world.users.retain(|id, _| *id < first);
    }
    edited
}

fn attempt(
    call: &Call<'_>,
    world: &mut World,
    before: &Ticket,
    body: &Map<String, Value>,
    how: How,
) -> Result<Edited, ApiError> {
    let creates = matches!(how, How::Create | How::Import);
    let by = call.agent()?.clone();
    if !creates && before.status == Status::Closed {
        // wire B4.
        return Err(ApiError::invalid("status", "Status: closed prevents ticket update", Some("InvalidValue")));
    }
    let mut ticket = before.clone();
    let mut ignored = Vec::new();
    for (name, value) in body {
        if !simple(world, &mut ticket, name, value, how)? {
            ignored.push(name.clone());
        }
    }
    edit_people::people(world, before, &mut ticket, body)?;
    edit_people::assignment(world, before, &mut ticket, body, creates)?;
    let comment = comment(call, world, &mut ticket, body, how, &by)?;
    status(before, &mut ticket, body, creates, comment.as_ref(), world)?;
    fields::settle_tags(before, &mut ticket, body, how);
    if ticket.kind != Some("task") {
        ticket.due = None;
    }
    if ticket.kind != Some("incident") {
        ticket.problem = None;
    }
    finish(call, world, before, ticket, comment, how, &by, ignored)
}

/// Members that say everything themselves; false for one that nobody knows.
fn simple(world: &World, ticket: &mut Ticket, name: &str, value: &Value, how: How) -> Result<bool, ApiError> {
    match name {
        "subject" => {
            let Some(text) = text(value) else { return Err(invalid("subject", "Subject")) };
            ticket.subject = text.to_owned();
        }
        "external_id" => {
            ticket.external_id = value.as_str().map(str::to_owned).or_else(|| Some(value.as_u64()?.to_string()));
        }
        "type" => {
            ticket.kind = match text(value) {
                None => None,
                Some(name) => Some(type_named(name).ok_or_else(|| invalid("type", "Type"))?),
            };
        }
        // wire B4: it cannot be taken away again.
        "priority" if value.is_null() => {}
        "priority" => {
            let named = text(value).and_then(Priority::named).ok_or_else(|| invalid("priority", "Priority"))?;
            ticket.priority = Some(named);
        }
        "problem_id" => {
            let problem = id(value).filter(|_| !value.is_null());
            if let Some(own) = problem {
                let found = world.ticket(own).filter(|own| own.deleted.is_none() && own.kind == Some("problem"));
                found.ok_or_else(|| invalid("problem_id", "Problem"))?;
            }
            ticket.problem = problem;
        }
        "due_at" => {
            let due = moment(value);
            if due.is_none() && !value.is_null() {
                return Err(invalid("due_at", "Due Date"));
            }
            ticket.due = due;
        }
        "ticket_form_id" => {
            if !value.is_null() && id(value) != Some(FORM) {
                return Err(invalid("ticket_form_id", "Ticket form"));
            }
        }
        "custom_fields" | "fields" => fields::custom(ticket, value)?,
        "additional_tags" | "remove_tags" => return Ok(how == How::Bulk),
        "created_at" | "updated_at" | "solved_at" => return Ok(how == How::Import),
        _ => return Ok(SILENT.contains(&name) || KNOWN.contains(&name)),
    }
    Ok(true)
}

/// Members that hang together and are read by the functions below.
const KNOWN: &[&str] = &[
    "status",
    "custom_status_id",
    "assignee_id",
    "assignee_email",
    "group_id",
    "requester_id",
    "requester",
    "organization_id",
    "tags",
    "email_ccs",
    "followers",
    "follower_ids",
    "collaborator_ids",
    "email_cc_ids",
];

/// A new comment, if the body has one (wire B3.3).
fn comment(
    call: &Call<'_>,
    world: &mut World,
    ticket: &mut Ticket,
    body: &Map<String, Value>,
    how: How,
    by: &User,
) -> Result<Option<Comment>, ApiError> {
    let creates = matches!(how, How::Create | How::Import);
    let first = body.get("comments").and_then(|list| list.get(0)).filter(|_| how == How::Import);
    let given = match body.get("comment").or(first) {
        Some(given) => Some(given.clone()),
        None if creates => body.get("description").and_then(text).map(|text| json!({ "body": text })),
        None => None,
    };
    let given = match given {
        Some(Value::String(text)) => Some(json!({ "body": text })),
        other => other.filter(Value::is_object),
    };
    let said = given.as_ref().and_then(words);
    let uploads = given.iter().filter_map(|given| given["uploads"].as_array()).flatten();
    let uploads: Vec<String> = uploads.filter_map(|own| own.as_str().map(str::to_owned)).collect();
    let Some((body_text, html_text)) = said.or_else(|| (!uploads.is_empty()).then(Default::default)) else {
        if creates {
            return Err(ApiError::invalid("base", "Description: cannot be blank", Some("BlankValue")));
        }
        return Ok(None);
    };
    let given = given.unwrap_or_default();
    if ticket.comments.len() >= COMMENTS {
        return Err(ApiError::invalid("base", "Comment: a ticket takes 5000 comments", Some("TooManyComments")));
    }
    let author = match id(&given["author_id"]) {
        Some(author) => author,
        None => by.id,
    };
    let own = world.users.get(&author).filter(|user| user.active && !user.suspended);
    let Some(own) = own.cloned() else {
        // wire B12.
        return Err(ApiError::invalid("base", "Author: is suspended or unknown", Some("InvalidValue")));
    };
    let default = if creates { true } else { ticket.is_public };
    let public = given["public"].as_bool().unwrap_or(default) && !own.light && !by.light;
    let mut attachments = Vec::new();
    for token in uploads {
        let upload = world.uploads.remove(&token).filter(|upload| upload.expires > call.now);
        let Some(upload) = upload else {
            return Err(ApiError::invalid(
                "base",
                "Uploads: the token is unknown, used or expired",
                Some("InvalidValue"),
            ));
        };
        attachments.extend(upload.attachments);
    }
    let created = moment(&given["created_at"]).filter(|_| how == How::Import).unwrap_or(call.now);
    Ok(Some(Comment {
        id: world.new_id(),
        author,
        body: body_text,
        html: html_text,
        public,
        attachments,
        audit: 0,
        custom: body.get("metadata").cloned().unwrap_or_default(),
        via: "api",
        created,
    }))
}

/// Text and HTML of a comment: HTML wins (wire B3.3).
pub(crate) fn words(given: &Value) -> Option<(String, String)> {
    if let Some(html_body) = text(&given["html_body"]) {
        let html = html::sanitize(html_body);
        return Some((html::plain(&html), html));
    }
    // An older name of the same member.
    let body = text(&given["body"]).or(text(&given["value"]))?;
    Some((html::stripped(body), html::from_markdown(body)))
}

/// Where the ticket stands afterwards (wire B4).
fn status(
    before: &Ticket,
    ticket: &mut Ticket,
    body: &Map<String, Value>,
    creates: bool,
    comment: Option<&Comment>,
    world: &World,
) -> Result<(), ApiError> {
    let by_custom = match body.get("custom_status_id").filter(|value| !value.is_null()) {
        None => None,
        Some(value) => {
            let own = id(value).and_then(catalogue::custom_status).filter(|own| own.active);
            Some(own.ok_or_else(|| invalid("custom_status_id", "Ticket status"))?)
        }
    };
    let by_name = match body.get("status").filter(|value| !value.is_null()) {
        None => None,
        Some(value) => Some(text(value).and_then(Status::named).ok_or_else(|| invalid("status", "Status"))?),
    };
    let said = by_custom.map(|own| own.category).or(by_name);
    if let Some(own) = by_custom {
        ticket.custom_status = own.id;
        ticket.status = own.category;
    } else if let Some(status) = by_name.filter(|status| creates || *status != before.status) {
        ticket.status = status;
        // A closed ticket keeps what it was solved as.
        if !(status == Status::Closed && before.status == Status::Solved) {
            ticket.custom_status = default_status(status);
        }
    }
    if ticket.status == Status::New && !creates && before.status != Status::New {
        return Err(ApiError::invalid("status", "Status: cannot be set to new again", Some("InvalidValue")));
    }
    if said.is_none() && comment.is_some_and(|own| own.public && is_customer(world, own.author)) && !creates {
        // A customer who answers opens the ticket again.
        if matches!(ticket.status, Status::Pending | Status::Hold | Status::Solved) {
            ticket.status = Status::Open;
            ticket.custom_status = default_status(Status::Open);
        }
    }
    let assigned = ticket.assignee.is_some() && (creates || before.assignee.is_none());
    if ticket.status == Status::New && assigned {
        ticket.status = Status::Open;
        ticket.custom_status = default_status(Status::Open);
    }
    let done = matches!(ticket.status, Status::Solved | Status::Closed);
    if done && ticket.assignee.is_none() {
        return Err(ApiError::invalid_all([(
            "base".to_owned(),
            json!({
                "description": "Assignee: is required when solving a ticket",
                "error": null,
                "ticket_field_id": FIELD + 7,
                "ticket_field_type": "FieldAssignee",
            }),
        )]));
    }
    if ticket.status != before.status || ticket.custom_status != before.custom_status || creates {
        ticket.status_at = ticket.updated;
    }
    if done {
        ticket.solved_at = ticket.solved_at.or(Some(ticket.updated));
    } else {
        ticket.solved_at = None;
    }
    Ok(())
}

fn is_customer(world: &World, user: u64) -> bool {
    world.users.get(&user).is_some_and(|user| !user.is_agent())
}

/// What an audit compares, by the names that it uses.
fn watched(ticket: &Ticket) -> BTreeMap<String, Value> {
    let number = |id: Option<u64>| id.map_or(Value::Null, |id| Value::from(id.to_string()));
    let mut all = BTreeMap::from([
        ("subject".to_owned(), json!(ticket.subject)),
        ("status".to_owned(), json!(ticket.status.name())),
        ("custom_status_id".to_owned(), number(Some(ticket.custom_status))),
        ("priority".to_owned(), json!(ticket.priority.map(Priority::name))),
        ("type".to_owned(), json!(ticket.kind)),
        ("requester_id".to_owned(), number(Some(ticket.requester))),
        ("assignee_id".to_owned(), number(ticket.assignee)),
        ("group_id".to_owned(), number(ticket.group)),
        ("organization_id".to_owned(), number(ticket.organization)),
        ("problem_id".to_owned(), number(ticket.problem)),
        ("external_id".to_owned(), json!(ticket.external_id)),
        ("due_at".to_owned(), json!(ticket.due.map(super::call::time))),
        ("tags".to_owned(), json!(ticket.tags)),
        ("follower_ids".to_owned(), json!(ticket.followers)),
        ("email_cc_ids".to_owned(), json!(ticket.email_ccs)),
    ]);
    for (field, value) in &ticket.custom {
        all.insert(field.to_string(), value.clone());
    }
    all
}

#[allow(clippy::too_many_arguments, reason = "everything that a write has gathered")]
fn finish(
    call: &Call<'_>,
    world: &mut World,
    before: &Ticket,
    mut ticket: Ticket,
    comment: Option<Comment>,
    how: How,
    by: &User,
    ignored: Vec<String>,
) -> Result<Edited, ApiError> {
    let creates = matches!(how, How::Create | How::Import);
    let mut events = Vec::new();
    let audit = world.new_id();
    if let Some(mut comment) = comment {
        comment.audit = audit;
        if creates {
            ticket.is_public = comment.public;
            ticket.description = comment.body.clone();
            if ticket.subject.is_empty() {
                ticket.subject = comment.body.lines().next().unwrap_or_default().chars().take(150).collect();
            }
        }
        events.push((world.new_id(), Event::Comment(comment.id)));
        ticket.comments.push(comment);
    }
    let (old, new) = (watched(before), watched(&ticket));
    for field in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
        let (previous, value) = (old.get(field).unwrap_or(&Value::Null), new.get(field).unwrap_or(&Value::Null));
        let field = field.clone();
        if creates && !value.is_null() {
            events.push((world.new_id(), Event::Create { field, value: value.clone() }));
        } else if !creates && previous != value {
            let event = Event::Change { field, value: value.clone(), previous: previous.clone() };
            events.push((world.new_id(), event));
        }
    }
    if events.is_empty() {
        return Ok(Edited { ticket: before.clone(), audit: None, ignored });
    }
    let audit = Audit { id: audit, author: by.id, created: call.now, via: "api", events };
    ticket.audits.push(audit.clone());
    ticket.generated = call.now;
    Ok(Edited { ticket, audit: Some(audit), ignored })
}
