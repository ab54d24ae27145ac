//! Reading tickets: wire B2, B3.1.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::account::Account;
use super::answer::{ApiError, Document, Reply, ok};
use super::call::{Call, time};
use super::catalogue;
use super::catalogue_json;
use super::model::Ticket;
use super::paging::{Page, Paging, Sort};
use super::people_json as people;
use super::show;
use super::world::{Key, Order, World};
use crate::random::in_share;

/// Whether a list shows a ticket: not deleted, not archived, not hidden (wire B3.1).
fn is_listed(call: &Call<'_>, ticket: &Ticket) -> bool {
    ticket.deleted.is_none() && !ticket.archived && call.sees(ticket) && !is_struck(call, ticket)
}

/// A fault hides a share of all tickets.
pub(crate) fn is_struck(call: &Call<'_>, ticket: &Ticket) -> bool {
    call.strikes
        .get("hidden_tickets")
        .is_some_and(|strike| in_share(0, &ticket.id.to_string(), strike.parameter.as_f64().unwrap_or(0.3)))
}

/// Sorts of lists by cursor and by offset (wire B2).
const CURSOR_SORTS: &[&str] = &["updated_at", "id", "status"];

/// `GET /tickets`, and the lists of a user or an organisation.
pub(crate) fn list(account: &Account, call: &Call<'_>, fits: impl Fn(&Ticket) -> bool) -> Result<Reply, ApiError> {
    let reply = account.read(|world| {
        let sort = Sort::by_cursor(call, CURSOR_SORTS, "id")?;
        let external_id = call.params.get("external_id");
        let listed = |ticket: &Ticket| {
            is_listed(call, ticket)
                && external_id.is_none_or(|id| ticket.external_id.as_deref() == Some(id))
                && fits(ticket)
        };
        let page = match Paging::of(call, &sort)? {
            Paging::Cursor { size, from, backwards } => {
                Page::by_cursor(call, &sort, size, from, backwards, |from, backwards| {
                    walk(world, &sort, from, backwards).filter(|(_, ticket)| listed(ticket))
                })
            }
            Paging::Offset { page, per_page } => {
                let mut all: Vec<&Arc<Ticket>> = world.tickets().filter(|ticket| listed(ticket)).collect();
                sort_by(call, world, &mut all)?;
                Page::by_offset(call, all, page, per_page)
            }
        };
        Ok(sideloaded(call, world, page))
    })?;
    if let Some(strike) = call.strikes.get("changes_while_paged") {
        account.write(|world| somebody_writes(call, world, strike.text("update")));
    }
    Ok(reply)
}

fn walk<'w>(
    world: &'w World,
    sort: &Sort,
    from: Option<Key>,
    backwards: bool,
) -> Box<dyn Iterator<Item = (Key, &'w Arc<Ticket>)> + 'w> {
    match sort.name.as_str() {
        "updated_at" => world.walk(Order::Updated, from, backwards),
        "status" => {
            let mut all: Vec<(Key, &Arc<Ticket>)> =
                world.tickets().map(|ticket| ((ticket.status as i64, ticket.id), ticket)).collect();
            all.sort_by_key(|own| own.0);
            if backwards {
                all.reverse();
            }
            let beyond = move |key: Key| from.is_none_or(|from| if backwards { key < from } else { key > from });
            Box::new(all.into_iter().filter(move |own| beyond(own.0)))
        }
        _ => world.walk(Order::Id, from, backwards),
    }
}

/// `sort_by` and `sort_order` of lists by offset (wire B2).
fn sort_by(call: &Call<'_>, world: &World, all: &mut [&Arc<Ticket>]) -> Result<(), ApiError> {
    let name = |id: Option<u64>| id.and_then(|id| world.users.get(&id)).map(|user| user.name.to_lowercase());
    match call.params.get("sort_by") {
        None | Some("id") => all.sort_by_key(|ticket| ticket.id),
        Some("created_at") => all.sort_by_key(|ticket| (ticket.created, ticket.id)),
        Some("updated_at") => all.sort_by_key(|ticket| (ticket.updated, ticket.id)),
        Some("status") => all.sort_by_key(|ticket| (ticket.status, ticket.id)),
        Some("subject") => all.sort_by_key(|ticket| (ticket.subject.to_lowercase(), ticket.id)),
        Some("group") => all.sort_by_key(|ticket| (ticket.group, ticket.id)),
        Some("assignee" | "assignee.name") => all.sort_by_key(|ticket| (name(ticket.assignee), ticket.id)),
        Some("requester" | "requester.name") => all.sort_by_key(|ticket| (name(Some(ticket.requester)), ticket.id)),
        Some(other) => {
            return Err(ApiError::bad_request("InvalidValue", format!("sort_by {other} is not valid")));
        }
    }
    if call.params.get("sort_order") == Some("desc") {
        all.reverse();
    }
    Ok(())
}

/// The page with what `include` asks for beside it (wire B2).
fn sideloaded(call: &Call<'_>, world: &World, page: Page<&Arc<Ticket>>) -> Reply {
    let mut document = Document::new();
    put_tickets(call, world, &mut document, "tickets", &page.items);
    page.finish(document)
}

/// Tickets under a name, and their side-loads.
pub(crate) fn put_tickets(
    call: &Call<'_>,
    world: &World,
    document: &mut Document,
    name: &str,
    tickets: &[&Arc<Ticket>],
) {
    let shown: Vec<_> =
        tickets.iter().map(|ticket| with_members(call, show::listed(call, world, ticket), ticket)).collect();
    document.put(name, &shown);
    put_sideloads(call, world, document, tickets);
}

/// Members that a side-load adds to each ticket.
pub(crate) fn with_members<'w>(call: &Call<'_>, mut shown: show::Shown<'w>, ticket: &Ticket) -> show::Shown<'w> {
    if call.includes("comment_count") {
        shown = shown.with("comment_count", json!(ticket.comments.len()));
    }
    if call.includes("dates") {
        let dates = json!({
            "assignee_updated_at": ticket.assigned_at.map(time),
            "requester_updated_at": time(ticket.created),
            "status_updated_at": time(ticket.status_at),
            "initially_assigned_at": ticket.assigned_at.map(time),
            "assigned_at": ticket.assigned_at.map(time),
            "solved_at": ticket.solved_at.map(time),
            "latest_comment_added_at": ticket.comments.last().map(|own| time(own.created)),
        });
        shown = shown.with("dates", dates);
    }
    shown
}

/// Users, groups and organisations that tickets name, each once.
pub(crate) fn put_sideloads(call: &Call<'_>, world: &World, document: &mut Document, tickets: &[&Arc<Ticket>]) {
    let missing = call.strikes.has("missing_sideloads");
    let found = |ids: BTreeSet<u64>| ids.into_iter().filter(move |_| !missing);
    if call.includes("users") {
        let ids = tickets.iter().flat_map(|ticket| {
            let own = [Some(ticket.requester), Some(ticket.submitter), ticket.assignee];
            own.into_iter().flatten().chain(ticket.followers.iter().copied()).chain(ticket.email_ccs.iter().copied())
        });
        let users = found(ids.collect()).filter_map(|id| world.users.get(&id));
        document.put("users", &users.map(|user| people::user(call, world, user)).collect::<Vec<Value>>());
    }
    if call.includes("groups") {
        let groups = found(tickets.iter().filter_map(|ticket| ticket.group).collect());
        let groups = groups.filter_map(|id| world.groups.get(&id)).map(|group| people::group(call, group));
        document.put("groups", &groups.collect::<Vec<Value>>());
    }
    if call.includes("organizations") {
        let ids = found(tickets.iter().filter_map(|ticket| ticket.organization).collect());
        let all = ids.filter_map(|id| world.organizations.get(&id)).map(|own| people::organization(call, own));
        document.put("organizations", &all.collect::<Vec<Value>>());
    }
    if call.includes("custom_statuses") {
        let ids: BTreeSet<u64> = tickets.iter().map(|ticket| ticket.custom_status).collect();
        let all = ids.into_iter().filter_map(catalogue::custom_status).map(|own| catalogue_json::status(call, own));
        document.put("custom_statuses", &all.collect::<Vec<Value>>());
    }
    if call.includes("ticket_forms") {
        document.put("ticket_forms", &json!([catalogue_json::form(call)]));
    }
    if call.includes("metric_sets") {
        let all: Vec<Value> = tickets.iter().map(|ticket| show::metrics(call, ticket)).collect();
        document.put("metric_sets", &all);
    }
}

/// `GET /tickets/{id}`.
pub(crate) fn get(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.user()?;
    let ticket = call.ticket(world, id)?;
    let mut document = Document::new();
    document.put("ticket", &with_members(call, show::ticket(call, world, ticket), ticket));
    put_sideloads(call, world, &mut document, &[ticket]);
    Ok(document.reply())
}

/// `GET /tickets/show_many`: missing ids are silently absent (wire B3.1).
pub(crate) fn show_many(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let by_external = call.params.get("external_ids");
    let mut found: Vec<&Arc<Ticket>> = match by_external {
        Some(list) => {
            let wanted: Vec<&str> = list.split(',').map(str::trim).collect();
            let fits = |ticket: &Ticket| ticket.external_id.as_deref().is_some_and(|id| wanted.contains(&id));
            world.tickets().filter(|ticket| fits(ticket)).collect()
        }
        None => call.ids("ids")?.into_iter().filter_map(|id| world.ticket(id)).collect(),
    };
    found.retain(|ticket| ticket.deleted.is_none() && call.sees(ticket));
    let count = found.len();
    let mut document = Document::new();
    put_tickets(call, world, &mut document, "tickets", &found);
    document.put("next_page", &Value::Null);
    document.put("previous_page", &Value::Null);
    document.put("count", &count);
    Ok(document.reply())
}

/// `{"count":{"value","refreshed_at"}}` (wire B2).
pub(crate) fn counted(call: &Call<'_>, value: usize) -> Reply {
    ok(&json!({ "count": { "value": call.counted(value), "refreshed_at": time(call.now) } }))
}

/// `GET /tickets/count`.
pub(crate) fn count(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(counted(call, world.tickets().filter(|ticket| is_listed(call, ticket)).count()))
}

/// `GET /tickets/{id}/incidents`, `GET /problems`: who is caused by what.
pub(crate) fn related(call: &Call<'_>, world: &World, fits: impl Fn(&Ticket) -> bool) -> Result<Reply, ApiError> {
    call.agent()?;
    let all: Vec<(Key, &Arc<Ticket>)> = world
        .tickets()
        .filter(|ticket| is_listed(call, ticket) && fits(ticket))
        .map(|ticket| ((0, ticket.id), ticket))
        .collect();
    Ok(sideloaded(call, world, Page::of(call, all)?))
}

/// `GET /tickets/{id}/related`: counts and follow-ups (OAS).
pub(crate) fn facts(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let ticket = call.ticket(world, id)?;
    let sources: Vec<String> = ticket.follows.iter().map(ToString::to_string).collect();
    Ok(ok(&json!({
        "ticket_related": {
            "url": call.url(&format!("tickets/{id}/related")),
            "topic_id": null,
            "jira_issue_ids": [],
            "followup_source_ids": sources,
            "from_archive": ticket.archived,
            "incidents": world.incidents_of(ticket.id).count(),
            "twitter": {},
        },
    })))
}

/// A fault: the list changes under the reader.
fn somebody_writes(call: &Call<'_>, world: &mut World, what: &str) {
    let first = world.tickets().find(|ticket| ticket.deleted.is_none()).cloned();
    let Some(first) = first else { return };
    match what {
        "insert" => {
            let id = world.new_ticket_id();
            let ticket =
                Ticket { id, created: call.now, updated: call.now, generated: call.now, ..Ticket::clone(&first) };
            world.store(Ticket { comments: Vec::new(), audits: Vec::new(), ..ticket }, call.now);
        }
        "delete" => {
            let by = first.submitter;
            world.change(first.id, call.now, |ticket| {
                ticket.deleted = Some(super::model::Deletion { at: call.now, by, scrubbed: false });
                ticket.generated = call.now;
            });
        }
        _ => {
            world.change(first.id, call.now, |ticket| {
                ticket.updated = call.now;
                ticket.generated = call.now;
            });
        }
    }
}
