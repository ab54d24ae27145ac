//! A patch of a ticket: the fields in one write, then the way to the status, watchers, and the comment that rides along; the
//! answer is the ticket as it then is.

use serde_json::{Value, json};
use ticketing_core::model::{Ticket, format_timestamp};
use ticketing_core::request::{AddComment, DeleteTicket, GetTicket, Patch, SetPatch, UpdateTicket};
use ticketing_core::{
    Delivery, Error, ErrorKind, FieldId, GroupSelector, Result, TicketId, TypeSelector, UserSelector, Version,
};
use ticketing_http::{Idempotency, Request, path_segment};

use super::draft::{Draft, check_tags, held, not_held};
use super::meta::{Screen, edit_screen};
use super::people::{self, user_value};
use super::target::{Target, locate};
use super::walk::{self, Journey, Plan};
use super::workflow::Place;
use super::{at_most_one, create, in_our_words, text_value};
use crate::api::Flavour;
use crate::connection::Connection;
use crate::map::moment;
use crate::query::filter::Named;
use crate::wire::{GroupInfo, Person};
use crate::{comments, tickets};

/// A patch of a ticket; the answer is the ticket as it is now.
pub(crate) async fn update(connection: &Connection, request: UpdateTicket) -> Result<Ticket> {
    refuse(connection, &request)?;
    let group_field = match request.groups.is_keep() {
        true => None,
        false => Some(held(connection, "assigned_groups").await?),
    };
    let also: Vec<&str> = ["description", "assignee"].into_iter().chain(group_field.as_deref()).collect();
    let target = locate(connection, &request.id, &also).await?;
    if let Some(expected) = &request.expected_version {
        same_version(&target, expected)?;
    }
    if let Some(comment) = &request.comment {
        comments::can_go_along(connection, comment, target.is_desk).await?;
    }
    let (reason, fields) = create::without_reason(&request.fields, request.reason.as_deref())?;
    let journey = match &request.status {
        Some(status) => {
            let place = Place {
                project: target.project.key.as_deref().unwrap_or_default(),
                issue_type: target.issue_type.id.as_deref().unwrap_or_default(),
            };
            Some(Journey::new(connection, place, status, reason.as_deref(), &fields).await?)
        }
        None if reason.is_some() => {
            return Err(Error::invalid("reason", "a resolution is set on the way to a status, and none is given")
                .with_hint("give the status too"));
        }
        None => None,
    };
    let plan = match &journey {
        Some(journey) => Some(walk::plan(connection, &target, journey).await?),
        None => None,
    };
    let screen = match fields.is_empty() && request.ticket_type.is_none() {
        true => Screen::new(),
        false => edit_screen(connection, &target.id).await?,
    };
    // A field that only a screen on the way has a place for is given there.
    let on_the_way = |id: &str| plan.as_ref().is_some_and(|plan: &Plan| plan.takes(id));
    let own: Vec<(&FieldId, _)> =
        fields.iter().filter(|(id, _)| screen.contains_key(id.as_str()) || !on_the_way(id.as_str())).collect();
    let mut draft = fill(connection, &target, &screen, &request, group_field.as_deref()).await?;
    draft.fields(connection, &screen, &own).await?;
    let watchers = watcher_changes(connection, &target, &request.watchers).await?;
    let mut applied = Vec::new();
    let outcome =
        write(connection, &target, &request, &draft, journey.as_ref().zip(plan), &watchers, &mut applied).await;
    let outcome = match outcome {
        Ok(()) => {
            let get = GetTicket::new(target.id.as_str()).with_include_raw(request.include_raw);
            tickets::get(connection, get).await
        }
        Err(error) => Err(error),
    };
    // What was written stays written where reading it back fails.
    outcome.map_err(|error| if applied.is_empty() { error } else { error.with_applied(applied) })
}

/// What cannot be changed is refused before anything is sent.
fn refuse(connection: &Connection, request: &UpdateTicket) -> Result<()> {
    if !request.collections.is_keep() {
        return Err(Error::new(ErrorKind::Unsupported, "a ticket is moved to another project by people, in the site")
            .with_field("collections")
            .with_hint("leave them out, or send the site's own bulk move by `send_raw`"));
    }
    for (key, given) in
        [("assigned_groups", !request.groups.is_keep()), ("external_id", !request.external_id.is_keep())]
    {
        if given && connection.mapping.field(key).is_none() {
            return Err(not_held(key));
        }
    }
    if let SetPatch::Replace(users) = &request.assignees {
        at_most_one("assignees", users.len())?;
    }
    if let SetPatch::Replace(groups) = &request.groups {
        at_most_one("assigned_groups", groups.len())?;
    }
    if request.title == Patch::Clear {
        return Err(Error::invalid("title", "a ticket cannot be without a title").with_hint("set another one"));
    }
    if let Patch::Set(title) = &request.title {
        Draft::default().title(title)?;
    }
    match &request.tags {
        SetPatch::Change { add, .. } => check_tags(add),
        SetPatch::Replace(all) => check_tags(all),
    }
}

/// The version of an issue: when it changed last (wire C: there is no other).
fn same_version(target: &Target, expected: &Version) -> Result<()> {
    let version =
        target.some("updated").and_then(Value::as_str).and_then(moment).map(format_timestamp).unwrap_or_default();
    if version == expected.as_str() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::PreconditionFailed,
        format!("the ticket is at version `{version}`, and `{expected}` was expected: somebody changed it"),
    )
    .with_field("expected_version")
    .with_delivery(Delivery::Answered)
    .with_hint("read the ticket, and decide again"))
}

/// Everything but status, watchers and comment.
async fn fill(
    connection: &Connection,
    target: &Target,
    screen: &Screen,
    request: &UpdateTicket,
    group_field: Option<&str>,
) -> Result<Draft> {
    let flavour = connection.api.site().await?.flavour;
    let mut draft = Draft::default();
    if let Patch::Set(title) = &request.title {
        draft.title(title)?;
    }
    match &request.description {
        Patch::Keep => {}
        Patch::Clear => draft.set("description", Value::Null),
        Patch::Set(text) => {
            let now = target.native("description");
            draft.set("description", text_value(flavour, "description", text, now.as_ref())?);
        }
    }
    if let Some(wanted) = &request.ticket_type {
        draft.set("issuetype", issue_type(connection, screen, wanted)?);
    }
    match &request.priority {
        Patch::Keep => {}
        Patch::Clear => draft.set("priority", Value::Null),
        Patch::Set(priority) => draft.priority(connection, screen, priority).await?,
    }
    match &request.requester {
        Patch::Keep => {}
        Patch::Clear => draft.set("reporter", Value::Null),
        Patch::Set(user) => {
            draft.set("reporter", user_value(flavour, &people::user(connection, "requester", user).await?))
        }
    }
    if !request.assignees.is_keep() {
        let now: Option<Person> = target.some("assignee").and_then(|own| serde_json::from_value(own.clone()).ok());
        let after =
            people_after(connection, "assignees", &request.assignees, now.as_ref().and_then(people::named)).await?;
        at_most_one("assignees", after.len())?;
        draft.set("assignee", after.first().map_or(Value::Null, |own| user_value(flavour, own)));
    }
    if let Some(field) = group_field {
        let after = groups_after(connection, target.some(field), &request.groups).await?;
        at_most_one("assigned_groups", after.len())?;
        create::set_group(connection, &mut draft, field, after.into_iter().next()).await?;
    }
    if !request.account.is_keep() {
        let field = held(connection, "account").await?;
        draft.set(
            &field,
            match &request.account {
                Patch::Set(account) => json!([people::organization(connection, "account", account).await?]),
                _ => json!([]),
            },
        );
    }
    match &request.parent {
        Patch::Keep => {}
        // wire A4.1: how a parent is cleared on every version.
        Patch::Clear => drop(draft.update.insert("parent".to_owned(), json!([{ "set": { "none": true } }]))),
        Patch::Set(parent) => {
            let parent = locate(connection, parent, &[]).await.map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    Error::invalid("parent", error.message().to_owned()).with_hint("check the parent's id or key")
                }
                _ => error,
            })?;
            draft.set("parent", json!({ "id": parent.id }));
        }
    }
    draft.tags(&request.tags)?;
    match &request.due {
        Patch::Keep => {}
        Patch::Clear => draft.set("duedate", Value::Null),
        Patch::Set(due) => draft.due(*due)?,
    }
    if !request.external_id.is_keep() {
        let field = held(connection, "external_id").await?;
        match request.external_id.as_set() {
            Some(id) => draft.external_id(&field, id)?,
            None => draft.set(&field, Value::Null),
        }
    }
    Ok(draft)
}

/// The issue type among those that the issue can become.
fn issue_type(connection: &Connection, screen: &Screen, wanted: &TypeSelector) -> Result<Value> {
    let Some(meta) = screen.get("issuetype") else {
        return Err(
            Error::invalid("type", "the type of this ticket is not on the edit screen").with_hint("leave it out")
        );
    };
    let allowed = meta.allowed_values.as_deref().unwrap_or_default();
    let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    match wanted {
        TypeSelector::Native(native) => super::encode::chosen("type", "Issue type", Some(allowed), native),
        TypeSelector::Category(category) => {
            let stands = |value: &&Value| {
                connection.mapping.ticket_type(&text(value, "id"), Some(&text(value, "name"))) == *category
            };
            let found = allowed.iter().find(stands).ok_or_else(|| {
                let told: Vec<String> = allowed.iter().map(|value| text(value, "name")).collect();
                Error::invalid("type", format!("this ticket cannot become a `{category}`"))
                    .with_hint(format!("it can become: {}", told.join(", ")))
            })?;
            Ok(json!({ "id": found["id"] }))
        }
        other => Err(Error::invalid("type", format!("the selector `{other}` is not known here"))),
    }
}

/// People after a patch; those that stay are told apart by id.
async fn people_after(
    connection: &Connection,
    field: &str,
    patch: &SetPatch<UserSelector>,
    now: Option<Named>,
) -> Result<Vec<Named>> {
    let (kept, add, remove): (Option<Named>, _, &[UserSelector]) = match patch {
        SetPatch::Change { add, remove } => (now, add, remove),
        SetPatch::Replace(all) => (None, all, &[]),
    };
    let mut gone = Vec::new();
    for user in remove {
        gone.push(people::user(connection, field, user).await?.id);
    }
    let mut after: Vec<Named> = kept.into_iter().filter(|own| !gone.contains(&own.id)).collect();
    for user in add {
        let person = people::user(connection, field, user).await?;
        if !after.iter().any(|own| own.id == person.id) {
            after.push(person);
        }
    }
    Ok(after)
}

/// Groups after a patch, as the site takes them.
async fn groups_after(
    connection: &Connection,
    now: Option<&Value>,
    patch: &SetPatch<GroupSelector>,
) -> Result<Vec<Value>> {
    let present: Vec<GroupInfo> = match now {
        None => Vec::new(),
        Some(Value::Array(all)) => all.iter().filter_map(|own| serde_json::from_value(own.clone()).ok()).collect(),
        Some(one) => serde_json::from_value(one.clone()).into_iter().collect(),
    };
    let value = |own: &GroupInfo| match &own.group_id {
        Some(id) => json!({ "groupId": id }),
        None => json!({ "name": own.name }),
    };
    let present: Vec<Value> = present.iter().map(value).collect();
    Ok(match patch {
        SetPatch::Replace(all) => SetPatch::Replace(groups(connection, all).await?).apply(&present),
        SetPatch::Change { add, remove } => {
            SetPatch::Change { add: groups(connection, add).await?, remove: groups(connection, remove).await? }
                .apply(&present)
        }
    })
}

async fn groups(connection: &Connection, selectors: &[GroupSelector]) -> Result<Vec<Value>> {
    let mut out = Vec::new();
    for group in selectors {
        out.push(people::group(connection, "assigned_groups", group).await?);
    }
    Ok(out)
}

/// Who comes and who goes among the watchers.
type Watchers = Vec<(Named, bool)>;

async fn watcher_changes(connection: &Connection, target: &Target, patch: &SetPatch<UserSelector>) -> Result<Watchers> {
    let mut out = Vec::new();
    if patch.is_keep() {
        return Ok(out);
    }
    let (add, remove): (&[UserSelector], &[UserSelector]) = match patch {
        SetPatch::Change { add, remove } => (add, remove),
        SetPatch::Replace(all) => (all, &[]),
    };
    for user in add {
        out.push((people::user(connection, "watchers", user).await?, true));
    }
    for user in remove {
        out.push((people::user(connection, "watchers", user).await?, false));
    }
    if matches!(patch, SetPatch::Replace(_)) {
        let now = tickets::watchers(connection, &target.id.as_str().into()).await?.ok_or_else(|| {
            Error::new(ErrorKind::PermissionDenied, "the watchers may not be seen, so they cannot be replaced")
                .with_field("watchers")
                .with_delivery(Delivery::Answered)
                .with_hint("add and remove them one by one")
        })?;
        for own in now {
            let stays = out.iter().any(|(person, _)| own.id == person.id.as_str());
            if !stays {
                let id = UserSelector::id(own.id.as_str());
                out.push((people::user(connection, "watchers", &id).await?, false));
            }
        }
    }
    Ok(out)
}

/// Has somebody watch an issue, or no longer (wire A4.9). Twice is the same as once.
pub(super) async fn watch(connection: &Connection, id: &str, person: &Named, watches: bool) -> Result<()> {
    let path = format!("/issue/{}/watchers", path_segment(id));
    let (parameter, name) = match connection.api.site().await?.flavour {
        Flavour::Cloud => ("accountId", person.id.clone()),
        Flavour::DataCenter => ("username", person.name.clone()),
    };
    let written = match watches {
        true => {
            let body = Value::String(name);
            connection.api.write(Request::post, &path, Some(&body), Idempotency::Idempotent).await
        }
        false => {
            let delete = |path: String| Request::delete(path).with_query(parameter, &name);
            connection.api.write(delete, &path, None, Idempotency::Idempotent).await
        }
    };
    written.map(drop).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::InvalidRequest => error.with_field("watchers"),
        _ => error,
    })
}

/// Writes what there is to write, noting what took effect.
async fn write(
    connection: &Connection,
    target: &Target,
    request: &UpdateTicket,
    draft: &Draft,
    way: Option<(&Journey<'_>, Plan)>,
    watchers: &Watchers,
    applied: &mut Vec<String>,
) -> Result<()> {
    connection.note_written(&target.id);
    if !draft.is_empty() {
        let path = format!("/issue/{}", path_segment(&target.id));
        // Every operation sets, adds or removes a value: twice is the same as once.
        let written = connection.api.write(Request::put, &path, Some(&draft.body()), Idempotency::Idempotent).await;
        let written = match written {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(connection.no_ticket(&request.id)),
            outcome => outcome,
        };
        in_our_words(connection, written).await?;
        applied.extend(named(request));
    }
    if let Some((journey, plan)) = way {
        walk::walk(connection, target, journey, plan, applied).await?;
    }
    for (person, watches) in watchers {
        watch(connection, &target.id, person, *watches).await?;
    }
    if !watchers.is_empty() {
        applied.push("watchers".to_owned());
    }
    if let Some(comment) = &request.comment {
        let add = AddComment::new(target.id.as_str(), comment.body.clone(), comment.visibility);
        comments::add(connection, add).await?;
        applied.push("comment".to_owned());
    }
    Ok(())
}

/// What the caller named, for those who must know which parts took effect.
fn named(request: &UpdateTicket) -> Vec<String> {
    [
        (!request.title.is_keep(), "title"),
        (!request.description.is_keep(), "description"),
        (request.ticket_type.is_some(), "type"),
        (!request.priority.is_keep(), "priority"),
        (!request.requester.is_keep(), "requester"),
        (!request.assignees.is_keep(), "assignees"),
        (!request.groups.is_keep(), "assigned_groups"),
        (!request.account.is_keep(), "account"),
        (!request.parent.is_keep(), "parent"),
        (!request.tags.is_keep(), "tags"),
        (!request.due.is_keep(), "due"),
        (!request.external_id.is_keep(), "external_id"),
        (!request.fields.is_empty(), "fields"),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, part)| part.to_owned())
    .collect()
}

/// The end of a ticket. Its sub-tasks are not ended along with it.
pub(crate) async fn delete(connection: &Connection, request: DeleteTicket) -> Result<()> {
    let target = locate(connection, &request.id, &[]).await?;
    if let Some(expected) = &request.expected_version {
        same_version(&target, expected)?;
    }
    end(connection, &target.id).await?;
    // A key gives the same ticket: there is none any more.
    super::keyed::free(connection, &target.id);
    Ok(())
}

async fn end(connection: &Connection, id: &str) -> Result<()> {
    let path = format!("/issue/{}", path_segment(id));
    let delete = |path: String| Request::delete(path).with_query("deleteSubtasks", "false");
    match connection.api.write(delete, &path, None, Idempotency::Idempotent).await {
        Ok(_) => Ok(()),
        // It was there a moment ago, and the first of two attempts may have lost no more than its answer.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.maybe_applied() => match locate(connection, &TicketId::from(id), &[]).await {
            Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        },
        Err(error) if error.kind() == ErrorKind::InvalidRequest => {
            Err(error.with_field("id").with_hint("delete the sub-tasks first"))
        }
        Err(error) => Err(error),
    }
}
