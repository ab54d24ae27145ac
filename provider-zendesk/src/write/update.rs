//! A patch of a ticket: one request for what is one record, others for tags; the answer is the ticket as it then is.

use serde_json::{Value, json};
use ticketing_core::model::Ticket;
use ticketing_core::request::{DeleteTicket, Patch, Projection, SetPatch, UpdateTicket};
use ticketing_core::{Delivery, Error, ErrorKind, GroupSelector, Result, UserSelector};
use ticketing_http::Idempotency;

use super::draft::{Draft, at_most_one, no_parent};
use crate::comments;
use crate::connection::{Connection, ticket_number};
use crate::map::html_of;
use crate::{tags, tickets};

/// A patch of a ticket; the answer is the ticket as it is now.
pub(crate) async fn update(connection: &Connection, request: UpdateTicket) -> Result<Ticket> {
    refuse(&request)?;
    let number = ticket_number(request.id.as_str()).ok_or_else(|| Connection::no_ticket(&request.id))?;
    let fields = connection.catalogue.fields().await?;
    let statuses = connection.catalogue.statuses().await?;
    let plan = connection.plan(&Projection::new(), request.include_raw).await?;
    let now = if looks(&request) { Some(tickets::now(connection, &plan, number).await?) } else { None };
    let mut draft = Draft::new(&fields, &statuses, &connection.mapping);
    fill(connection, &mut draft, &request, now.as_ref()).await?;
    let mut tag_calls = tag_calls(&request.tags);
    if let SetPatch::Replace(all) = &request.tags {
        draft.set("tags", json!(all));
    }
    let mut idempotency = Idempotency::Idempotent;
    if let Some(comment) = &request.comment {
        let public = comments::is_public("visibility", comment.visibility)?;
        let html = html_of("comment", &comment.body)?;
        draft.ticket.extend(comments::change(&html, public, &[], None));
        idempotency = Idempotency::Unsafe;
    }
    if let Some(expected) = &request.expected_version {
        // Under the account's own comparison, the whole set can be written without losing anybody's tag.
        if let Some(now) = now.as_ref().filter(|_| !tag_calls.is_empty()) {
            let present = now.tags.clone().unwrap_or_default();
            draft.set("tags", json!(request.tags.apply(&present)));
            tag_calls.clear();
        }
        // `safe_update: false` would count as true: it is only ever set where it is meant (`wire/jira-zendesk.md` §B8).
        draft.set("safe_update", true);
        draft.set("updated_stamp", expected.as_str());
        // Repeated after a lost answer, a write that happened would look like somebody else's.
        idempotency = Idempotency::Unsafe;
    }
    let mut applied: Vec<String> = Vec::new();
    if !draft.ticket.is_empty() {
        let outcome = connection.api.update_ticket(number, &Value::Object(draft.ticket.clone()), idempotency).await;
        outcome.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Connection::no_ticket(&request.id),
            _ if request.comment.is_some() => comments::uncertain(error),
            _ => error,
        })?;
        applied.extend(named(&request));
    }
    for (list, add) in tag_calls {
        connection.api.change_tags(number, &list, add).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound if applied.is_empty() => Connection::no_ticket(&request.id),
            _ if applied.is_empty() => error,
            _ => error.with_applied(applied.clone()),
        })?;
        applied.push("tags".to_owned());
    }
    let ticket = tickets::whole(connection, &plan, number).await.map_err(|error| match applied.is_empty() {
        true => error,
        false => error.with_applied(applied.clone()),
    })?;
    draft.check(&ticket, &applied)?;
    Ok(ticket)
}

/// What cannot be changed is refused before anything is sent.
fn refuse(request: &UpdateTicket) -> Result<()> {
    let unsupported = |field: &str, what: &str, hint: &str| {
        Err(Error::new(ErrorKind::Unsupported, what.to_owned()).with_field(field).with_hint(hint.to_owned()))
    };
    if !request.description.is_keep() {
        return unsupported(
            "description",
            "a ticket's description is its first comment, and never changes",
            "add a comment instead",
        );
    }
    if !request.parent.is_keep() {
        return Err(no_parent());
    }
    if !request.collections.is_keep() {
        return unsupported(
            "collections",
            "a ticket's collection is its brand, which is chosen when it is made",
            "send `brand_id` by a raw request, where it must change",
        );
    }
    if request.reason.is_some() {
        return unsupported("reason", "statuses take no reason here", "use a custom status for it");
    }
    if !request.due.is_keep() && request.ticket_type.is_none() {
        return unsupported(
            "due",
            "tasks alone have a due date, and nothing says that this is one",
            "give the type `task` along with `due`",
        );
    }
    for (field, clears) in [
        ("title", request.title == Patch::Clear),
        ("priority", request.priority == Patch::Clear),
        ("requester", request.requester == Patch::Clear),
    ] {
        if clears {
            return Err(
                Error::invalid(field, format!("a ticket cannot be without a {field}")).with_hint("set another one")
            );
        }
    }
    if let SetPatch::Replace(users) = &request.assignees {
        at_most_one("assignees", users.len())?;
    }
    if let SetPatch::Replace(groups) = &request.groups {
        at_most_one("groups", groups.len())?;
    }
    match &request.tags {
        SetPatch::Change { add, .. } => tags::check(add),
        SetPatch::Replace(all) => tags::check(all),
    }
}

/// True where the patch must know the ticket as it is.
fn looks(request: &UpdateTicket) -> bool {
    let additive = |keep: bool, change: bool| !keep && change;
    request.status.is_some()
        || additive(request.assignees.is_keep(), matches!(request.assignees, SetPatch::Change { .. }))
        || additive(request.groups.is_keep(), matches!(request.groups, SetPatch::Change { .. }))
        || matches!(request.watchers, SetPatch::Replace(_))
        || (request.expected_version.is_some()
            && matches!(&request.tags, SetPatch::Change { .. } if !request.tags.is_keep()))
}

/// Tags that come, and tags that go: each by a call that touches no other.
fn tag_calls(patch: &SetPatch<String>) -> Vec<(Vec<String>, bool)> {
    let SetPatch::Change { add, remove } = patch else { return Vec::new() };
    // What cannot be a tag is on no ticket; the account would make other tags of it, and take those away.
    let gone: Vec<String> = remove.iter().filter(|tag| tags::is_tag(tag) && !add.contains(tag)).cloned().collect();
    [(gone, false), (add.clone(), true)].into_iter().filter(|(list, _)| !list.is_empty()).collect()
}

/// What the caller named, for those who must know which parts took effect.
fn named(request: &UpdateTicket) -> Vec<String> {
    let parts = [
        (!request.title.is_keep(), "title"),
        (request.ticket_type.is_some(), "type"),
        (request.status.is_some(), "status"),
        (!request.priority.is_keep(), "priority"),
        (!request.requester.is_keep(), "requester"),
        (!request.assignees.is_keep(), "assignees"),
        (!request.groups.is_keep(), "assigned_groups"),
        (!request.watchers.is_keep(), "watchers"),
        (!request.account.is_keep(), "account"),
        (!request.due.is_keep(), "due"),
        (!request.external_id.is_keep(), "external_id"),
        (!request.fields.is_empty(), "fields"),
        (matches!(request.tags, SetPatch::Replace(_)), "tags"),
        (request.comment.is_some(), "comment"),
    ];
    parts.into_iter().filter(|(is, _)| *is).map(|(_, part)| part.to_owned()).collect()
}

/// Everything that is one value or one set, as members.
async fn fill(
    connection: &Connection,
    draft: &mut Draft<'_>,
    request: &UpdateTicket,
    now: Option<&Ticket>,
) -> Result<()> {
    let resolver = &connection.resolver;
    if let Patch::Set(title) = &request.title {
        draft.title(title)?;
    }
    if let Some(ticket_type) = &request.ticket_type {
        draft.ticket_type(ticket_type)?;
    }
    match &request.due {
        Patch::Keep => {}
        Patch::Set(due) => draft.due(*due)?,
        Patch::Clear => draft.set("due_at", Value::Null),
    }
    match &request.external_id {
        Patch::Keep => {}
        Patch::Set(id) => draft.external_id(id)?,
        Patch::Clear => draft.set("external_id", Value::Null),
    }
    if let Patch::Set(priority) = &request.priority {
        draft.priority(priority)?;
    }
    draft.fields(&request.fields)?;
    if let Some(status) = &request.status {
        draft.status(status, now)?;
    }
    if let Patch::Set(user) = &request.requester {
        let id = resolver.existing_user("requester", user).await?;
        draft.set_id("requester_id", &id);
    }
    match &request.account {
        Patch::Keep => {}
        Patch::Set(account) => {
            let id = resolver.account("account", account, true).await?;
            draft.set_id("organization_id", &id);
        }
        Patch::Clear => draft.set("organization_id", Value::Null),
    }
    if !request.assignees.is_keep() {
        let present: Vec<String> = now.iter().flat_map(|now| &now.assignees).map(|one| one.id.clone()).collect();
        let all = users(connection, "assignees", &request.assignees).await?.apply(&present);
        at_most_one("assignees", all.len())?;
        draft.set_id("assignee_id", &all.concat());
    }
    if !request.groups.is_keep() {
        let present: Vec<String> = now.iter().flat_map(|now| &now.assigned_groups).map(|one| one.id.clone()).collect();
        let all = groups(connection, &request.groups).await?.apply(&present);
        at_most_one("groups", all.len())?;
        draft.set_id("group_id", &all.concat());
    }
    if !request.watchers.is_keep() {
        let (come, go) = match users(connection, "watchers", &request.watchers).await? {
            SetPatch::Change { add, remove } => (add, remove),
            SetPatch::Replace(all) => {
                let present = now.iter().flat_map(|now| now.watchers.iter().flatten()).map(|one| one.id.clone());
                let gone: Vec<String> = present.filter(|id| !all.contains(id)).collect();
                (all, gone)
            }
        };
        let gone = go.iter().filter(|id| !come.contains(id)).map(|id| json!({ "user_id": id, "action": "delete" }));
        let followers: Vec<Value> =
            gone.chain(come.iter().map(|id| json!({ "user_id": id, "action": "put" }))).collect();
        if !followers.is_empty() {
            draft.set("followers", followers);
        }
    }
    Ok(())
}

async fn users(connection: &Connection, field: &str, patch: &SetPatch<UserSelector>) -> Result<SetPatch<String>> {
    let ids = async |users: &[UserSelector], exist: bool| -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for user in users {
            ids.push(match exist {
                true => connection.resolver.existing_user(field, user).await?,
                false => connection.resolver.user(field, user).await?,
            });
        }
        Ok(ids)
    };
    Ok(match patch {
        SetPatch::Change { add, remove } => {
            SetPatch::Change { add: ids(add, true).await?, remove: ids(remove, false).await? }
        }
        SetPatch::Replace(all) => SetPatch::Replace(ids(all, true).await?),
    })
}

async fn groups(connection: &Connection, patch: &SetPatch<GroupSelector>) -> Result<SetPatch<String>> {
    let ids = async |groups: &[GroupSelector], exist: bool| -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for group in groups {
            ids.push(connection.resolver.group("assigned_groups", group, exist).await?);
        }
        Ok(ids)
    };
    Ok(match patch {
        SetPatch::Change { add, remove } => {
            SetPatch::Change { add: ids(add, true).await?, remove: ids(remove, false).await? }
        }
        SetPatch::Replace(all) => SetPatch::Replace(ids(all, true).await?),
    })
}

/// The end of a ticket: it can be restored for 30 days (§B3.1).
pub(crate) async fn delete(connection: &Connection, request: DeleteTicket) -> Result<()> {
    let number = ticket_number(request.id.as_str()).ok_or_else(|| Connection::no_ticket(&request.id))?;
    let plan = connection.plan(&Projection::new().with_fields(Vec::<&str>::new()), false).await?;
    let now = tickets::now(connection, &plan, number).await?;
    if let Some(expected) = &request.expected_version
        && now.version.as_ref() != Some(expected)
    {
        return Err(Error::new(ErrorKind::PreconditionFailed, "the ticket is not at the version that was expected")
            .with_field("expected_version")
            .with_delivery(Delivery::Answered)
            .with_hint("read the ticket, and decide again"));
    }
    match connection.api.delete_ticket(number).await {
        // It was there a moment ago, and the first of two attempts may have lost no more than its answer.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.maybe_applied() => match tickets::now(connection, &plan, number).await {
            Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        },
        outcome => outcome,
    }
}
