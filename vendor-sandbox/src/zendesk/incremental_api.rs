//! Incremental exports: wire B6.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{ApiError, Document, Reply};
use super::call::Call;
use super::model::Ticket;
use super::people_json as people;
use super::show;
use super::ticket_api::put_tickets;
use super::world::{Key, Order, World};

/// Items on a page (wire B6).
const MOST: usize = 1_000;

/// As recorded and documented: `1576613539.0||467|` in Base64.
fn cursor(key: Key) -> String {
    STANDARD.encode(format!("{}.0||{}|", key.0, key.1))
}

fn read_cursor(text: &str) -> Option<Key> {
    let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let (time, rest) = text.split_once(".0||")?;
    Some((time.parse().ok()?, rest.trim_end_matches('|').parse().ok()?))
}

fn start_time(call: &Call<'_>) -> Result<i64, ApiError> {
    let text = call.params.get("start_time").unwrap_or_default();
    let Ok(start) = text.parse::<i64>() else {
        return Err(ApiError::bad_request("InvalidValue", "start_time is required and must be a number"));
    };
    // wire B6: one minute in the past at least.
    if start > call.now.timestamp() - 60 {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "InvalidValue",
            "Too recent start_time. Use a start_time older than 60 seconds",
        ));
    }
    Ok(start)
}

fn per_page(call: &Call<'_>) -> usize {
    call.params.get("per_page").and_then(|text| text.parse().ok()).unwrap_or(MOST).clamp(1, MOST)
}

/// The latest moment that an export shows (wire B6: the most recent minute is left out).
fn horizon(call: &Call<'_>) -> i64 {
    call.now.timestamp() - i64::from(call.settings.export_lag_seconds)
}

/// What lies behind a place in a list, up to the horizon.
struct Slice<T> {
    items: Vec<(Key, T)>,
    more: bool,
}

fn slice<T>(call: &Call<'_>, walk: impl Iterator<Item = (Key, T)>) -> Slice<T> {
    let horizon = horizon(call);
    let size = per_page(call);
    let mut items: Vec<(Key, T)> = walk.take_while(|own| own.0.0 <= horizon).take(size + 1).collect();
    let more = items.len() > size;
    items.truncate(size);
    Slice { items, more }
}

/// Where a cursor export starts: at a cursor, or before everything of a second.
fn from(call: &Call<'_>) -> Result<Option<Key>, ApiError> {
    match call.params.get("cursor") {
        Some(text) => match read_cursor(text) {
            Some(key) => Ok(Some(key)),
            None => Err(ApiError::bad_request("InvalidCursor", "cursor is not valid")),
        },
        // Ids start at 1: nothing of that second is passed over.
        None => start_time(call).map(|start| Some((start, 0))),
    }
}

/// The document of a cursor export around its items.
fn finish(call: &Call<'_>, mut document: Document, keys: &[Key], asked: Option<Key>, more: bool) -> Reply {
    let repeats = call.strikes.has("repeated_export");
    let last = if repeats { asked } else { keys.last().copied() };
    // Recorded: nothing new, no cursor (wire B6).
    let after = last.filter(|_| !keys.is_empty()).map(cursor);
    let link = |cursor: &Option<String>| match cursor {
        Some(cursor) => Value::from(call.link_with(&[("cursor", cursor)], &["cursor", "start_time"])),
        None => Value::Null,
    };
    document.put("after_url", &link(&after));
    document.put("after_cursor", &after);
    document.put("before_url", &Value::Null);
    document.put("before_cursor", &Value::Null);
    document.put("end_of_stream", &(!more && !repeats));
    document.reply()
}

fn visible(call: &Call<'_>, ticket: &Ticket) -> bool {
    call.user.as_ref().is_some_and(|user| !ticket.hidden_from.contains(&user.id))
        && !super::ticket_api::is_struck(call, ticket)
}

/// `GET /incremental/tickets/cursor`: deleted and archived ones too, in order of `generated_timestamp`.
pub(crate) fn tickets_by_cursor(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.admin()?;
    let from = from(call)?;
    let walk = world.walk(Order::Generated, from, false).filter(|own| visible(call, own.1));
    let slice = slice(call, walk);
    let keys: Vec<Key> = slice.items.iter().map(|own| own.0).collect();
    let tickets: Vec<&Arc<Ticket>> = slice.items.iter().map(|own| own.1).collect();
    let mut document = Document::new();
    put_tickets(call, world, &mut document, "tickets", &tickets);
    Ok(finish(call, document, &keys, from, slice.more))
}

fn by_time(mut all: Vec<(Key, Value)>) -> Vec<(Key, Value)> {
    all.sort_by_key(|own| own.0);
    all
}

fn users(call: &Call<'_>, world: &World) -> Vec<(Key, Value)> {
    by_time(
        world.users.values().map(|own| ((own.updated.timestamp(), own.id), people::user(call, world, own))).collect(),
    )
}

/// `GET /incremental/users/cursor`.
pub(crate) fn users_by_cursor(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.admin()?;
    let from = from(call)?;
    let walk = users(call, world).into_iter().filter(|own| from.is_none_or(|from| own.0 > from));
    let slice = slice(call, walk);
    let keys: Vec<Key> = slice.items.iter().map(|own| own.0).collect();
    let items: Vec<Value> = slice.items.into_iter().map(|own| own.1).collect();
    let mut document = Document::new();
    document.put("users", &items);
    if call.includes("organizations") {
        let ids: BTreeSet<u64> = items.iter().filter_map(|own| own["organization_id"].as_u64()).collect();
        let all = ids.iter().filter_map(|id| world.organizations.get(id)).map(|own| people::organization(call, own));
        document.put("organizations", &all.collect::<Vec<_>>());
    }
    Ok(finish(call, document, &keys, from, slice.more))
}

/// What one change of a ticket was, for `ticket_events`.
fn ticket_events(call: &Call<'_>, world: &World) -> Vec<(Key, Value)> {
    let with_comments = call.includes("comment_events");
    let mut all = Vec::new();
    for ticket in world.tickets().filter(|own| visible(call, own) && !own.deleted.is_some_and(|own| own.scrubbed)) {
        for audit in &ticket.audits {
            let shown = show::audit(call, ticket, audit);
            let children: Vec<Value> = shown["events"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|event| with_comments || event["type"] != "Comment")
                .map(|event| child(event, &shown))
                .collect();
            let event = json!({
                "id": audit.id,
                "instance_id": audit.id,
                "ticket_id": ticket.id,
                "metric": null,
                "created_at": shown["created_at"],
                "timestamp": audit.created.timestamp(),
                "updater_id": audit.author,
                "via": "API",
                "system": shown["metadata"]["system"],
                "metadata": {},
                "event_type": "Audit",
                "merged_ticket_ids": [],
                "child_events": children,
            });
            all.push(((audit.created.timestamp(), audit.id), event));
        }
    }
    by_time(all)
}

/// A child event: a change names its field as a member (OAS).
fn child(event: &Value, audit: &Value) -> Value {
    let mut child = json!({
        "id": event["id"],
        "via": "API",
        "via_reference_id": null,
        "event_type": event["type"],
        "created_at": audit["created_at"],
    });
    match (event["type"].as_str(), event["field_name"].as_str()) {
        (Some("Comment"), _) => {
            for name in ["body", "html_body", "plain_body", "public", "author_id", "attachments", "audit_id"] {
                child[name] = event[name].clone();
            }
            child["type"] = json!("Comment");
            child["comment_present"] = json!(true);
            child["comment_public"] = event["public"].clone();
        }
        (_, Some(field)) => {
            child[field] = event["value"].clone();
            if event["type"] == "Change" {
                child["previous_value"] = event["previous_value"].clone();
            }
        }
        _ => {}
    }
    child
}

/// `GET /incremental/{tickets|users|organizations|ticket_events}?start_time=`: a second is never split, and the
/// last one comes again on the next page (wire B6, B13).
pub(crate) fn by_start_time(call: &Call<'_>, world: &World, kind: &str) -> Option<Result<Reply, ApiError>> {
    let all: Vec<(Key, Value)> = match kind {
        "tickets" => {
            let walk = world.walk(Order::Generated, None, false).filter(|own| visible(call, own.1));
            let shown = walk.map(|(key, own)| (key, serde_json::to_value(show::listed(call, world, own))));
            shown.filter_map(|(key, own)| Some((key, own.ok()?))).collect()
        }
        "users" => users(call, world),
        "organizations" => by_time(
            world
                .organizations
                .values()
                .map(|own| {
                    let mut shown = people::organization(call, own);
                    if own.deleted {
                        shown["deleted_at"] = json!(super::call::time(own.updated));
                    }
                    ((own.updated.timestamp(), own.id), shown)
                })
                .collect(),
        ),
        "ticket_events" => ticket_events(call, world),
        _ => return None,
    };
    Some(timed(call, kind, all))
}

fn timed(call: &Call<'_>, kind: &str, all: Vec<(Key, Value)>) -> Result<Reply, ApiError> {
    call.admin()?;
    let start = start_time(call)?;
    let horizon = horizon(call);
    let due: Vec<(Key, Value)> = all.into_iter().filter(|own| (start..=horizon).contains(&own.0.0)).collect();
    let size = per_page(call);
    let first = due.first().map(|own| own.0.0);
    let end = due.get(size.min(due.len()).saturating_sub(1)).map(|own| own.0.0);
    let one_second = first.is_some() && first == end && due.len() > size;
    // A page within one second is stretched to the whole of it.
    let taken = match end {
        Some(end) if one_second => due.iter().take_while(|own| own.0.0 <= end).count(),
        _ => size.min(due.len()),
    };
    let more = taken < due.len();
    let end_time = end.map(|end| if one_second { end + 1 } else { end });
    let next = end_time.map(|end| call.link_with(&[("start_time", &end.to_string())], &["start_time"]));
    let items: Vec<&Value> = due.iter().take(taken).map(|own| &own.1).collect();
    let mut document = Document::new();
    document.put(kind, &items);
    document.put("count", &items.len());
    document.put("end_of_stream", &!more);
    document.put("end_time", &end_time);
    document.put("next_page", &next);
    Ok(document.reply())
}
