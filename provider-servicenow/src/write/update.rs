//! A patch of a ticket: one write where the instance allows it, steps where it blocks jumps; the answer is the record as it
//! then is.

use ticketing_core::model::Ticket;
use ticketing_core::request::{DeleteTicket, Patch, Projection, SetPatch, UpdateTicket};
use ticketing_core::{Delivery, Error, ErrorKind, Result, TicketId, UserSelector};
use ticketing_http::Idempotency;

use super::create::{at_most_one, no_requester};
use super::draft::Draft;
use super::status::{Goal, Now};
use super::{echoed, key};
use crate::api::Values;
use crate::catalogue::core_of;
use crate::comments;
use crate::connection::Connection;
use crate::map::TicketPlan;
use crate::query::value::is_guid;
use crate::tags;
use crate::tickets::{self, Found};
use crate::wire::{Layout, decode_record};

/// A patch of a ticket; the answer is the ticket as it is now.
pub(crate) async fn update(connection: &Connection, request: UpdateTicket) -> Result<Ticket> {
    refuse(&request)?;
    let (found, now) = locate(connection, &request).await?;
    if let Some(expected) = &request.expected_version {
        let version = now.get("sys_mod_count").map_or("", |(value, _)| value.as_str());
        if version != expected.as_str() {
            return Err(Error::new(
                ErrorKind::PreconditionFailed,
                format!("the ticket is at version `{version}`, and `{expected}` was expected: somebody changed it"),
            )
            .with_field("expected_version")
            .with_delivery(Delivery::Answered)
            .with_hint("read the ticket, and decide again"));
        }
    }
    let schema = connection.catalogue.schema(&found.table).await?;
    let choices = connection.catalogue.choices(&found.table).await?;
    let mut draft = Draft::new(&schema, &choices, &connection.mapping);
    fill(connection, &mut draft, &request, &now).await?;
    let goal = match (&request.status, &request.reason) {
        (Some(status), reason) => Some(draft.status(status, reason.as_deref(), &now)?),
        (None, Some(reason)) => {
            let (state, label) = now.get(draft.own.state).cloned().unwrap_or_default();
            let category = connection.mapping.status(&found.table, &state, Some(&label));
            draft.reason(category, reason)?;
            None
        }
        (None, None) => None,
    };
    let tag_patch = tag_changes(&request.tags, &now)?;
    let plan = connection.plan(&found.table, &Projection::new(), request.include_raw, &[]).await?;
    let mut applied: Vec<String> = Vec::new();
    let mut ticket = write(connection, &plan, &found, &draft, goal.as_ref()).await?;
    if ticket.is_some() {
        applied.extend(named(&request));
    }
    if let Some((add, remove)) = tag_patch {
        let title = now.get("short_description").map_or("", |(value, _)| value.as_str());
        tags::put(connection, &found.class, &found.sys_id, title, &add, &remove)
            .await
            .map_err(|error| if applied.is_empty() { error } else { error.with_applied(applied.clone()) })?;
        ticket = None;
    }
    match ticket {
        Some(ticket) => Ok(ticket),
        None => {
            let id = TicketId::from(found.sys_id.as_str());
            tickets::in_table(connection, &plan, &id).await?.ok_or_else(|| connection.no_ticket(&request.id))
        }
    }
}

/// What cannot be changed is refused before anything is sent.
fn refuse(request: &UpdateTicket) -> Result<()> {
    if request.ticket_type.is_some() {
        return Err(Error::new(ErrorKind::Unsupported, "a ticket's type is its table, and does not change")
            .with_field("type")
            .with_hint("create another ticket, and link the two"));
    }
    if !request.collections.is_keep() {
        return Err(Error::new(ErrorKind::Unsupported, "ServiceNow has no collections")
            .with_field("collections")
            .with_hint("leave them out"));
    }
    if let SetPatch::Replace(users) = &request.assignees {
        at_most_one("assignees", users.len())?;
    }
    if let SetPatch::Replace(groups) = &request.groups {
        at_most_one("groups", groups.len())?;
    }
    for (field, patch) in [("title", request.title == Patch::Clear), ("priority", request.priority == Patch::Clear)] {
        if patch {
            return Err(
                Error::invalid(field, format!("a ticket cannot be without a {field}")).with_hint("set another one")
            );
        }
    }
    match &request.tags {
        SetPatch::Change { add, .. } => tags::check(add),
        SetPatch::Replace(all) => tags::check(all),
    }
}

/// What the caller named, for those who must know which parts took effect.
fn named(request: &UpdateTicket) -> Vec<String> {
    let mut parts = Vec::new();
    let mut add = |is: bool, part: &str| {
        if is {
            parts.push(part.to_owned())
        }
    };
    add(!request.title.is_keep(), "title");
    add(!request.description.is_keep(), "description");
    add(request.status.is_some(), "status");
    add(!request.priority.is_keep(), "priority");
    add(!request.requester.is_keep(), "requester");
    add(!request.assignees.is_keep(), "assignees");
    add(!request.groups.is_keep(), "assigned_groups");
    add(!request.watchers.is_keep(), "watchers");
    add(!request.account.is_keep(), "account");
    add(!request.parent.is_keep(), "parent");
    add(!request.due.is_keep(), "due");
    add(!request.external_id.is_keep(), "external_id");
    add(!request.fields.is_empty(), "fields");
    add(request.comment.is_some(), "comment");
    parts
}

/// Where the ticket is, and as much of it as the patch must know. A plain patch by id needs no look beforehand.
async fn locate(connection: &Connection, request: &UpdateTicket) -> Result<(Found, Now)> {
    let additive = |patch: &SetPatch<UserSelector>| matches!(patch, SetPatch::Change { .. }) && !patch.is_keep();
    let looks = request.status.is_some()
        || request.reason.is_some()
        || request.expected_version.is_some()
        || !request.external_id.is_keep()
        || additive(&request.assignees)
        || additive(&request.watchers)
        || (matches!(request.groups, SetPatch::Change { .. }) && !request.groups.is_keep())
        || !request.tags.is_keep();
    let found = match connection.tables.as_slice() {
        [only] if is_guid(request.id.as_str()) => {
            Found { table: only.clone(), sys_id: request.id.to_string(), class: only.clone(), number: String::new() }
        }
        _ => tickets::place(connection, &request.id).await?,
    };
    if !looks {
        return Ok((found, Now::new()));
    }
    let own = crate::catalogue::CoreFields::of(&found.table);
    let mut layout = Layout::new([
        "sys_id",
        "sys_mod_count",
        "sys_class_name",
        "short_description",
        own.state,
        own.close_notes,
        "assigned_to",
        "assignment_group",
        "watch_list",
        "sys_tags",
        "correlation_id",
        "correlation_display",
    ]);
    for column in [own.close_code, own.hold_reason].into_iter().flatten() {
        layout.add(column);
    }
    for column in ["type", "on_hold", "cause_notes", "fix_notes", "duplicate_of"] {
        if connection.catalogue.schema(&found.table).await?.column(column).is_some() {
            layout.add(column);
        }
    }
    let response = match connection.api.record(&found.table, &found.sys_id, &layout).await {
        Ok(response) => response,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(connection.no_ticket(&request.id)),
        Err(error) => return Err(error),
    };
    let mut now = Now::new();
    let mut class = found.class.clone();
    decode_record(&response.body, &layout, &mut |row| {
        for field in layout.fields() {
            if let Some(cell) = row.cell(field) {
                now.insert(field.to_owned(), (cell.value.to_string(), cell.shown().to_owned()));
            }
        }
        if let Some(name) = row.some("sys_class_name") {
            name.clone_into(&mut class);
        }
        Ok(())
    })?;
    Ok((Found { class, ..found }, now))
}

/// Everything that is one value or one set, as columns.
async fn fill(connection: &Connection, draft: &mut Draft<'_>, request: &UpdateTicket, now: &Now) -> Result<()> {
    let resolver = &connection.resolver;
    draft.patch("short_description", &request.title, |draft, title| draft.title(title))?;
    draft.patch("description", &request.description, |draft, text| draft.description(text))?;
    draft.patch("due_date", &request.due, |draft, due| draft.due(*due))?;
    if !request.external_id.is_keep() {
        let id = request.external_id.as_set().map(String::as_str);
        id.map_or(Ok(()), Draft::external_id)?;
        let present = |column: &str| now.get(column).map_or("", |(value, _)| value.as_str());
        key::changed(present("correlation_id"), present("correlation_display"), id, &mut draft.values);
    }
    if let Patch::Set(priority) = &request.priority {
        draft.priority(priority)?;
    }
    draft.fields(&request.fields)?;
    draft.comment(request.comment.as_ref())?;
    if !request.requester.is_keep() {
        let column = draft.own.requester.ok_or_else(|| no_requester(&draft.schema.table))?;
        let id = match &request.requester {
            Patch::Set(user) => resolver.existing_user("requester", user).await?,
            _ => String::new(),
        };
        draft.set(column, id);
    }
    if !request.account.is_keep() {
        let id = match &request.account {
            Patch::Set(account) => resolver.account("account", account, true).await?,
            _ => String::new(),
        };
        let column = draft.own.account;
        draft.set(column, id);
    }
    if !request.parent.is_keep() {
        let id = match &request.parent {
            Patch::Set(parent) => parent_of(connection, parent).await?,
            _ => String::new(),
        };
        draft.set("parent", id);
    }
    let present = |column: &str| -> Vec<String> {
        let list = now.get(column).map_or("", |(value, _)| value.as_str());
        list.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect()
    };
    if !request.assignees.is_keep() {
        let patch = users(connection, "assignees", &request.assignees).await?;
        let all = patch.apply(&present("assigned_to"));
        at_most_one("assignees", all.len())?;
        draft.set("assigned_to", all.concat());
    }
    if !request.watchers.is_keep() {
        let patch = users(connection, "watchers", &request.watchers).await?;
        draft.set("watch_list", patch.apply(&present("watch_list")).join(","));
    }
    if !request.groups.is_keep() {
        let mut ids = [Vec::new(), Vec::new()];
        let (add, remove) = split(&request.groups);
        for (selectors, ids) in [add, remove].into_iter().zip(&mut ids) {
            for group in selectors {
                ids.push(resolver.group("group", group, true).await?);
            }
        }
        let [add, remove] = ids;
        let patch = joined(&request.groups, add, remove);
        let all = patch.apply(&present("assignment_group"));
        at_most_one("groups", all.len())?;
        draft.set("assignment_group", all.concat());
    }
    Ok(())
}

fn split<T>(patch: &SetPatch<T>) -> (&[T], &[T]) {
    match patch {
        SetPatch::Change { add, remove } => (add, remove),
        SetPatch::Replace(all) => (all, &[]),
    }
}

fn joined<T>(like: &SetPatch<T>, add: Vec<String>, remove: Vec<String>) -> SetPatch<String> {
    match like {
        SetPatch::Change { .. } => SetPatch::Change { add, remove },
        SetPatch::Replace(_) => SetPatch::Replace(add),
    }
}

async fn users(connection: &Connection, field: &str, patch: &SetPatch<UserSelector>) -> Result<SetPatch<String>> {
    let (come, go) = split(patch);
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for user in come {
        add.push(connection.resolver.existing_user(field, user).await?);
    }
    for user in go {
        remove.push(connection.resolver.user(field, user).await?);
    }
    Ok(joined(patch, add, remove))
}

/// The ticket that a parent's id or number means; any task may be one.
pub(super) async fn parent_of(connection: &Connection, parent: &TicketId) -> Result<String> {
    match tickets::any_task(connection, parent).await? {
        Some(found) => Ok(found.sys_id),
        None => {
            let shown: String = parent.as_str().chars().take(80).flat_map(char::escape_debug).collect();
            Err(Error::invalid("parent", format!("there is no ticket `{shown}`, or it may not be read"))
                .with_hint("check the parent's id or number"))
        }
    }
}

/// Which tags come and which go; `None`: nothing is asked.
fn tag_changes(patch: &SetPatch<String>, now: &Now) -> Result<Option<(Vec<String>, Vec<String>)>> {
    if patch.is_keep() {
        return Ok(None);
    }
    let shown = now.get("sys_tags").map_or("", |(_, shown)| shown.as_str());
    let present: Vec<String> =
        shown.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    let after = patch.apply(&present);
    let remove = present.iter().filter(|tag| !after.contains(tag)).cloned().collect();
    Ok(Some((after.into_iter().filter(|tag| !present.contains(tag)).collect(), remove)))
}

/// Writes what there is to write; `None` where there is nothing.
async fn write(
    connection: &Connection,
    plan: &TicketPlan,
    found: &Found,
    draft: &Draft<'_>,
    goal: Option<&Goal>,
) -> Result<Option<Ticket>> {
    match goal {
        Some(goal) => walk(connection, plan, &found.sys_id, draft.values.clone(), draft, goal).await,
        None if draft.values.is_empty() => Ok(None),
        None => {
            let ticket = patch(connection, plan, &found.sys_id, &draft.values, draft.comment.as_ref()).await?;
            check_echo(ticket, draft).map(Some)
        }
    }
}

/// Goes to a status, step by step where the instance blocks jumps; everything else is written with the first step, what
/// belongs to the end with it.
pub(super) async fn walk(
    connection: &Connection,
    plan: &TicketPlan,
    sys_id: &str,
    values: Values,
    draft: &Draft<'_>,
    goal: &Goal,
) -> Result<Option<Ticket>> {
    let mut applied: Vec<String> = Vec::new();
    let mut ticket = None;
    let state = draft.own.state;
    let steps: Vec<&String> = goal.way.iter().collect();
    let total = steps.len().max(1);
    for nth in 0..total {
        let mut body = if nth == 0 { values.clone() } else { Values::new() };
        if let Some(step) = steps.get(nth) {
            body.insert(state.to_owned(), step.as_str().into());
        }
        if body.is_empty() {
            continue;
        }
        let comment = draft.comment.as_ref().filter(|(column, _)| body.contains_key(*column));
        let outcome = patch(connection, plan, sys_id, &body, comment).await;
        let now =
            outcome.map_err(|error| if applied.is_empty() { error } else { error.with_applied(applied.clone()) })?;
        if let Some(step) = steps.get(nth)
            && now.status.native.id != **step
        {
            let stands = now.status.native.name.clone().unwrap_or(now.status.native.id);
            applied.extend(body.keys().filter(|column| *column != state).cloned());
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("the instance did not take the status: it stands at `{stands}`"),
            )
            .with_field("status")
            .with_delivery(Delivery::Answered)
            .with_applied(applied)
            .with_hint("a rule of the instance's own decides; list the transitions that the ticket can make now"));
        }
        applied.push(match steps.get(nth) {
            Some(_) => format!("status {}", now.status.native.name.clone().unwrap_or(now.status.native.id.clone())),
            None => "fields".to_owned(),
        });
        ticket = Some(now);
    }
    let Some(ticket) = ticket else { return Ok(None) };
    if ticket.status.category != goal.category {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("the ticket is now `{}` and not `{}`", ticket.status.category, goal.category),
        )
        .with_field("status")
        .with_delivery(Delivery::Answered)
        .with_applied(applied));
    }
    check_echo(ticket, draft).map(Some)
}

/// One PATCH. Fields may be set twice; a journal entry may not be written twice, so that one is looked for.
async fn patch(
    connection: &Connection,
    plan: &TicketPlan,
    sys_id: &str,
    values: &Values,
    comment: Option<&(&'static str, String)>,
) -> Result<Ticket> {
    let idempotency = if comment.is_some() { Idempotency::Unsafe } else { Idempotency::Idempotent };
    let written = connection.api.update(plan.table(), sys_id, values, &plan.layout, idempotency).await;
    let outcome = written.and_then(|response| echoed(&response.body, plan));
    match (outcome, comment) {
        (Err(error), _) if error.kind() == ErrorKind::NotFound => Err(connection.no_ticket(&TicketId::from(sys_id))),
        // The entry says nothing of whether it is ours, so an uncertain write is told, not repeated.
        (Err(error), Some(_)) => Err(comments::uncertain(error)),
        (outcome, _) => outcome,
    }
}

/// Compares what came back with what was sent, where the instance drops values in silence (wire §1.3).
pub(super) fn check_echo(ticket: Ticket, draft: &Draft<'_>) -> Result<Ticket> {
    if let Some(wanted) = &draft.priority {
        let is = ticket.priority.as_ref().map_or("none", |priority| priority.native.id.as_str());
        if is != wanted && !ticket.unreadable.iter().any(|key| key == "priority") {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "impact and urgency gave the priority `{is}` and not `{wanted}`: the instance has rules of its own"
                ),
            )
            .with_field("priority")
            .with_delivery(Delivery::Answered)
            .with_applied(["impact and urgency"])
            .with_hint("set `impact` and `urgency` under `fields`"));
        }
    }
    for (column, value) in &draft.values {
        let Some(described) = draft.schema.column(column).filter(|described| described.has_choices) else { continue };
        let value = value.as_str().unwrap_or_default();
        let is = match ticket.fields.get(column.as_str()).map(|field| &field.value) {
            Some(ticketing_core::model::FieldData::Text(text)) => text.clone(),
            Some(other) => serde_json::to_value(other).map(|json| json.to_string()).unwrap_or_default(),
            // Under a key of its own, or not for us to see.
            None if core_of(&draft.schema.table, column).is_some() || ticket.unreadable.contains(column) => continue,
            None => String::new(),
        };
        if is != value {
            let told = |value: &str| if value.is_empty() { "nothing".to_owned() } else { format!("`{value}`") };
            let message = format!("the instance kept {} in `{}` and not {}", told(&is), described.name, told(value));
            return Err(Error::new(ErrorKind::Conflict, message)
            .with_field(format!("fields.{column}"))
            .with_delivery(Delivery::Answered)
            .with_applied(draft.values.keys().filter(|other| *other != column).cloned())
            .with_hint(
                "a choice is not emptied, and values outside the list are not stored; a rule of the instance's own may \
                 decide too",
            ));
        }
    }
    Ok(ticket)
}

/// The end of a ticket.
pub(crate) async fn delete(connection: &Connection, request: DeleteTicket) -> Result<()> {
    let probe = UpdateTicket::new(request.id.clone()).with_expected_version(request.expected_version.clone());
    let (found, now) = match &request.expected_version {
        None => (tickets::place(connection, &request.id).await?, Now::new()),
        Some(_) => locate(connection, &probe).await?,
    };
    if let Some(expected) = &request.expected_version
        && now.get("sys_mod_count").map(|(value, _)| value.as_str()) != Some(expected.as_str())
    {
        return Err(Error::new(ErrorKind::PreconditionFailed, "the ticket is not at the version that was expected")
            .with_field("expected_version")
            .with_delivery(Delivery::Answered)
            .with_hint("read the ticket, and decide again"));
    }
    match connection.api.delete(&found.table, &found.sys_id).await {
        // Deleting is over once the record is gone, whoever's request did it: it was there a moment ago, and the first of
        // two attempts may have lost no more than its answer.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.maybe_applied() => match tickets::place(connection, &request.id).await {
            Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        },
        outcome => outcome,
    }
}
