//! Tickets, comments and audits as JSON: wire B3.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::{Call, time};
use super::catalogue::{self, BRAND};
use super::html;
use super::model::{Attachment, Audit, Comment, Event, Priority, Ticket};
use super::world::World;
use crate::params::encode;
use crate::random::mix;

/// Seconds, as JSON shows them.
#[derive(Debug, Clone, Copy)]
struct Time(DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

#[derive(Debug, Serialize)]
struct FieldValue<'w> {
    id: u64,
    value: &'w Value,
}

/// A ticket as lists and single answers show it (wire B3.2).
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'w> {
    url: String,
    id: u64,
    external_id: Option<&'w str>,
    via: Via,
    created_at: Time,
    updated_at: Time,
    generated_timestamp: i64,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    subject: &'w str,
    raw_subject: &'w str,
    description: &'w str,
    priority: Option<&'static str>,
    status: &'static str,
    recipient: Option<&'w str>,
    requester_id: u64,
    submitter_id: u64,
    assignee_id: Option<u64>,
    organization_id: Option<u64>,
    group_id: Option<u64>,
    collaborator_ids: Vec<u64>,
    follower_ids: &'w [u64],
    email_cc_ids: &'w [u64],
    forum_topic_id: Option<u64>,
    problem_id: Option<u64>,
    has_incidents: bool,
    is_public: bool,
    due_at: Option<Time>,
    tags: &'w [String],
    custom_fields: Vec<FieldValue<'w>>,
    satisfaction_rating: Rating,
    sharing_agreement_ids: [u64; 0],
    custom_status_id: u64,
    encoded_id: String,
    /// The same as `custom_fields`; lists have none (wire B13).
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<FieldValue<'w>>>,
    followup_ids: &'w [u64],
    ticket_form_id: u64,
    brand_id: u64,
    allow_channelback: bool,
    allow_attachments: bool,
    from_messaging_channel: bool,
    /// Of searches alone (wire B5).
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    /// Side-loaded members (wire B2).
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Where something came from (wire B3.2).
#[derive(Debug, Clone, Serialize)]
struct Via {
    channel: &'static str,
    source: Source,
}

#[derive(Debug, Clone, Serialize)]
struct Source {
    from: Origin,
    to: Nothing,
    rel: Option<&'static str>,
}

#[derive(Debug, Clone, Default, Serialize)]
struct Origin {
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
}

/// `{}`.
#[derive(Debug, Clone, Serialize)]
struct Nothing {}

#[derive(Debug, Clone, Serialize)]
struct Rating {
    score: &'static str,
}

fn via(channel: &'static str, follows: Option<u64>) -> Via {
    let from = Origin { ticket_id: follows, channel: follows.map(|_| "web") };
    Via { channel, source: Source { from, to: Nothing {}, rel: follows.map(|_| "follow_up") } }
}

fn custom_fields(ticket: &Ticket) -> Vec<FieldValue<'_>> {
    catalogue::custom_fields()
        .map(|field| {
            let empty = if field.kind == "checkbox" { &FALSE } else { &NULL };
            FieldValue { id: field.id, value: ticket.custom.get(&field.id).unwrap_or(empty) }
        })
        .collect()
}

static NULL: Value = Value::Null;
static FALSE: Value = Value::Bool(false);

/// A ticket as lists show it.
pub(crate) fn listed<'w>(call: &Call<'_>, world: &World, ticket: &'w Ticket) -> Shown<'w> {
    let id = ticket.id;
    Shown {
        url: call.url(&format!("tickets/{id}")),
        id,
        external_id: ticket.external_id.as_deref(),
        via: via(ticket.via, ticket.follows),
        created_at: Time(ticket.created),
        updated_at: Time(ticket.updated),
        generated_timestamp: ticket.generated.timestamp(),
        kind: ticket.kind,
        subject: &ticket.subject,
        raw_subject: &ticket.subject,
        description: &ticket.description,
        priority: ticket.priority.map(Priority::name),
        // Recorded: exports and lists of deleted tickets alone show those (wire B6, B13).
        status: if ticket.deleted.is_some() { "deleted" } else { ticket.status.name() },
        recipient: None,
        requester_id: ticket.requester,
        submitter_id: ticket.submitter,
        assignee_id: ticket.assignee,
        organization_id: ticket.organization,
        group_id: ticket.group,
        collaborator_ids: ticket.followers.iter().chain(&ticket.email_ccs).copied().collect(),
        follower_ids: &ticket.followers,
        email_cc_ids: &ticket.email_ccs,
        forum_topic_id: None,
        problem_id: ticket.problem,
        has_incidents: world.incidents_of(id).next().is_some(),
        is_public: ticket.is_public,
        due_at: ticket.due.map(Time),
        tags: &ticket.tags,
        custom_fields: custom_fields(ticket),
        satisfaction_rating: Rating { score: "unoffered" },
        sharing_agreement_ids: [],
        custom_status_id: ticket.custom_status,
        encoded_id: encoded_id(id),
        fields: None,
        followup_ids: &ticket.followups,
        ticket_form_id: ticket.form,
        brand_id: BRAND,
        allow_channelback: false,
        allow_attachments: true,
        from_messaging_channel: false,
        result_type: None,
        more: Map::new(),
    }
}

/// A ticket as an answer to a request for it shows it, `fields` included (wire B3.2, B13).
pub(crate) fn ticket<'w>(call: &Call<'_>, world: &World, ticket: &'w Ticket) -> Shown<'w> {
    Shown { fields: Some(custom_fields(ticket)), ..listed(call, world, ticket) }
}

impl Shown<'_> {
    pub(crate) fn result(mut self) -> Self {
        self.result_type = Some("ticket");
        self
    }

    /// A PUT answers with the stamp from before it, a POST with 0 (wire B13, B1.1).
    pub(crate) fn generated(mut self, timestamp: i64) -> Self {
        self.generated_timestamp = timestamp;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }
}

/// wire B3.2: recorded since 2026, `ABC123-4DEF`; how it is made is not known.
fn encoded_id(id: u64) -> String {
    let scattered = mix(id);
    format!("{:06X}-{:04X}", scattered & 0xFF_FFFF, (scattered >> 24) & 0xFFFF)
}

/// wire B3.4.
pub(crate) fn attachment(call: &Call<'_>, file: &Attachment) -> Value {
    let address = format!("{}/attachments/token/{}/?name={}", call.base, file.token, encode(&file.file_name));
    json!({
        "url": call.url(&format!("attachments/{}", file.id)),
        "id": file.id,
        "file_name": file.file_name,
        "content_url": address,
        "mapped_content_url": address,
        "content_type": file.content_type,
        "size": file.content.size(),
        "width": null,
        "height": null,
        "inline": false,
        "deleted": file.redacted,
        "malware_access_override": false,
        "malware_scan_result": "malware_not_found",
        "thumbnails": [],
    })
}

/// wire B3.3.
pub(crate) fn comment(call: &Call<'_>, comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author,
        "body": comment.body,
        "html_body": html::wrapped(&comment.html),
        "plain_body": html::plain(&comment.html),
        "public": comment.public,
        "attachments": comment.attachments.iter().map(|file| attachment(call, file)).collect::<Vec<_>>(),
        "audit_id": comment.audit,
        "via": via(comment.via, None),
        "created_at": time(comment.created),
        "metadata": metadata(&comment.custom),
    })
}

/// The caller's own note stands beside what the system knows (OpenAPI, `TicketObject.metadata`).
fn metadata(custom: &Value) -> Value {
    let custom = if custom.is_object() { custom.clone() } else { json!({}) };
    json!({ "system": { "client": "sandbox", "ip_address": "127.0.0.1" }, "custom": custom })
}

/// wire B3.5.
pub(crate) fn audit(call: &Call<'_>, ticket: &Ticket, audit: &Audit) -> Value {
    let events: Vec<Value> =
        audit.events.iter().filter_map(|(id, event)| event_shown(call, ticket, *id, event)).collect();
    let custom = ticket.comments.iter().find(|own| own.audit == audit.id).map(|own| &own.custom);
    json!({
        "id": audit.id,
        "ticket_id": ticket.id,
        "created_at": time(audit.created),
        "author_id": audit.author,
        "metadata": metadata(custom.unwrap_or(&Value::Null)),
        "events": events,
        "via": via(audit.via, None),
    })
}

fn event_shown(call: &Call<'_>, ticket: &Ticket, id: u64, event: &Event) -> Option<Value> {
    Some(match event {
        Event::Create { field, value } => json!({ "id": id, "type": "Create", "field_name": field, "value": value }),
        Event::Change { field, value, previous } => {
            json!({ "id": id, "type": "Change", "field_name": field, "value": value, "previous_value": previous })
        }
        Event::Comment(comment_id) => {
            let own = ticket.comment(*comment_id)?;
            let mut shown = comment(call, own);
            let members = shown.as_object_mut()?;
            members.remove("via");
            members.remove("metadata");
            members.remove("created_at");
            shown
        }
    })
}

/// The side-load `metric_sets`, and what `/ticket_metrics` lists (wire B3.5).
pub(crate) fn metrics(call: &Call<'_>, ticket: &Ticket) -> Value {
    let id = 60_000_000_000_000 + ticket.id;
    let at = |at: Option<DateTime<Utc>>| at.map(time);
    let minutes = |until: Option<DateTime<Utc>>| {
        let minutes = until.map(|until| (until - ticket.created).num_minutes());
        json!({ "calendar": minutes, "business": minutes })
    };
    let public = ticket.comments.iter().skip(1).filter(|comment| comment.public && comment.author != ticket.requester);
    let last = ticket.comments.last().map(|comment| comment.created);
    let asked = ticket.comments.iter().rev().find(|comment| comment.author == ticket.requester);
    json!({
        "url": call.url(&format!("ticket_metrics/{id}")),
        "id": id,
        "ticket_id": ticket.id,
        "created_at": time(ticket.created),
        "updated_at": time(ticket.updated),
        "group_stations": i32::from(ticket.group.is_some()),
        "assignee_stations": i32::from(ticket.assignee.is_some()),
        "reopens": 0,
        "replies": public.count(),
        "assignee_updated_at": at(ticket.assigned_at),
        "requester_updated_at": at(asked.map(|comment| comment.created).or(Some(ticket.created))),
        "status_updated_at": time(ticket.status_at),
        "custom_status_updated_at": time(ticket.status_at),
        "initially_assigned_at": at(ticket.assigned_at),
        "assigned_at": at(ticket.assigned_at),
        "solved_at": at(ticket.solved_at),
        "latest_comment_added_at": at(last),
        "reply_time_in_minutes": minutes(ticket.comments.iter().skip(1).find(|own| own.public).map(|own| own.created)),
        "first_resolution_time_in_minutes": minutes(ticket.solved_at),
        "full_resolution_time_in_minutes": minutes(ticket.solved_at),
        "agent_wait_time_in_minutes": minutes(None),
        "requester_wait_time_in_minutes": minutes(None),
        "on_hold_time_in_minutes": minutes(None),
    })
}
