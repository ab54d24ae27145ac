//! A new ticket: everything is resolved and checked against the create screen first, then one issue is made. Jira has no key
//! that keeps a repeated create from being two, and its search may be behind (wire A3.4, A4.1): a lost answer is told, and
//! never followed by a second attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use ticketing_core::model::{FieldData, Ticket};
use ticketing_core::request::{AddComment, CreateTicket, GetTicket, SetPatch};
use ticketing_core::{CollectionSelector, Delivery, Error, ErrorKind, FieldId, Result, TicketId, TypeSelector};
use ticketing_http::{Idempotency, Request};

use super::draft::{Draft, held, not_held};
use super::keyed::{Keyed, Known, gone};
use super::meta::{CreateType, Screen, create_screen, create_types};
use super::people::{self, user_value};
use super::target::{Target, locate};
use super::walk::{self, Journey};
use super::workflow::Place;
use super::{at_most_one, in_our_words, request as desk, text_value};
use crate::connection::Connection;
use crate::query::filter::Named;
use crate::wire::Project;
use crate::{comments, tickets};
use ticketing_http::config::shown;

/// The resolution as a field of a new ticket: a create has no reason of its own.
pub(super) const RESOLUTION: &str = "resolution";

/// A new ticket.
pub(crate) async fn create(connection: &Connection, request: CreateTicket) -> Result<Ticket> {
    refuse(connection, &request)?;
    let keyed = request.idempotency_key.as_deref().map(|key| Keyed::take(connection, key)).transpose()?;
    let begun = match keyed.as_ref().map(Keyed::known).transpose()?.flatten() {
        Some(Known::Whole(id)) => {
            let get = GetTicket::new(id.as_str()).with_include_raw(request.include_raw);
            match tickets::get(connection, get).await {
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(gone(&id)),
                outcome => return outcome,
            }
        }
        Some(Known::Begun(id)) => Some(id),
        None => None,
    };
    let project = project(connection, &request).await?;
    if let Some(comment) = &request.comment {
        let is_desk = project.project_type_key.as_deref() == Some("service_desk");
        comments::can_go_along(connection, comment, is_desk).await?;
    }
    let parent = match &request.parent {
        Some(parent) => Some(parent_of(connection, parent).await?),
        None => None,
    };
    let form = desk::form(connection, &project, &request).await?;
    let issue_type = match &form {
        Some(form) => {
            fits_form(connection, form, request.ticket_type.as_ref()).await?;
            CreateType { id: form.issue_type.clone(), name: form.name.clone(), ..CreateType::default() }
        }
        None => {
            let types = create_types(connection, &project.key).await?;
            issue_type(connection, &types, request.ticket_type.as_ref(), parent.as_ref())?.clone()
        }
    };
    let screen = create_screen(connection, &project.key, &issue_type.id).await?;
    let place = Place { project: &project.key, issue_type: &issue_type.id };
    let (reason, mut fields) = without_reason(&request.fields, None)?;
    if let Some(id) = form.as_ref().and_then(|form| form.named_by.as_ref()) {
        fields.remove(id);
    }
    let journey = match &request.status {
        Some(status) => Some(Journey::new(connection, place, status, reason.as_deref(), &fields).await?),
        None if reason.is_some() => {
            return Err(Error::invalid("fields.resolution", "a resolution goes with a status, and none is given")
                .with_hint("give the status too"));
        }
        None => None,
    };
    let mut draft = fill(connection, &screen, &request, &fields, parent.as_ref()).await?;
    let watchers = watchers(connection, &request).await?;
    if let Some(journey) = &journey {
        walk::foresee(connection, place, journey).await?;
    }
    let answers = form.as_ref().map(|form| desk::answers(form, &mut draft)).transpose()?;
    let resumes = begun.is_some();
    let made = match begun {
        // What an earlier call under the key left undone is done now.
        Some(id) => TicketIds { key: id.clone(), id },
        None => {
            let making = async {
                match (&form, answers) {
                    (Some(form), Some(answers)) => desk::raise(connection, form, answers).await,
                    _ => make(connection, std::mem::take(&mut draft), &screen, &project, &issue_type).await,
                }
            };
            match &keyed {
                Some(keyed) => keyed.making(making).await?,
                None => making.await?,
            }
        }
    };
    connection.note_written(&made.id);
    let mut applied = vec![format!("ticket {}", made.key)];
    let left = Left { rest: form.is_some().then_some(draft), journey: journey.as_ref(), watchers: &watchers };
    let outcome = match resumes {
        true => resume(connection, &made, left, &request, &mut applied).await,
        false => finish(connection, &made, left, &request, &mut applied).await,
    };
    if let (Some(keyed), Ok(_)) = (&keyed, &outcome) {
        keyed.is_whole(&made.id);
    }
    outcome.map_err(|error| error.with_applied(applied))
}

/// Refuses a type that is another one than the form's: the form says which type its requests have.
async fn fits_form(connection: &Connection, form: &desk::Form, wanted: Option<&TypeSelector>) -> Result<()> {
    let (Some(place), Some(wanted)) = (&form.named_by, wanted) else { return Ok(()) };
    let types = connection.catalogue.issue_types().await?;
    let Some(own) = types.iter().find(|own| own.id == form.issue_type) else { return Ok(()) };
    let same = |name: &str, native: &str| name.to_lowercase() == native.to_lowercase();
    let fits = match wanted {
        TypeSelector::Category(category) => connection.mapping.ticket_type(&own.id, Some(&own.name)) == *category,
        TypeSelector::Native(native) => own.id == *native || same(&own.name, native) || same(&form.name, native),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(Error::invalid("type", format!("`fields.{place}` makes it `{}`, and another type is given", shown(&own.name)))
        .with_hint("leave one of them out"))
}

/// Makes an issue by its create screen.
async fn make(
    connection: &Connection,
    mut draft: Draft,
    screen: &Screen,
    project: &Project,
    issue_type: &CreateType,
) -> Result<TicketIds> {
    draft.set("project", json!({ "id": project.id }));
    draft.set("issuetype", json!({ "id": issue_type.id }));
    complete(connection, screen, &draft, &issue_type.name).await?;
    let written = connection.api.write(Request::post, "/issue", Some(&draft.body()), Idempotency::Unsafe).await;
    if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::InvalidRequest) {
        connection.learned.forget_screens();
    }
    let response = in_our_words(connection, written.map_err(uncertain)).await?;
    let Made { id, key } = response.json().map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    Ok(TicketIds { id, key })
}

/// An issue that was made.
#[derive(Debug)]
pub(super) struct TicketIds {
    pub(super) id: String,
    pub(super) key: String,
}

#[derive(Deserialize)]
struct Made {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    key: String,
}

/// A create whose outcome is unknown: told, and not repeated.
pub(super) fn uncertain(error: Error) -> Error {
    match error.maybe_applied() {
        true => error
            .with_hint("look for the ticket before making it again: the site has no key that tells two attempts apart"),
        false => error,
    }
}

/// What cannot be written is refused before anything is sent.
fn refuse(connection: &Connection, request: &CreateTicket) -> Result<()> {
    at_most_one("assignees", request.assignees.len())?;
    at_most_one("assigned_groups", request.groups.len())?;
    for (key, given) in
        [("assigned_groups", !request.groups.is_empty()), ("external_id", request.external_id.is_some())]
    {
        if given && connection.mapping.field(key).is_none() {
            return Err(not_held(key));
        }
    }
    super::draft::check_tags(&request.tags)?;
    Draft::default().title(&request.title)
}

/// The project of a new ticket: the one that is named, or the connection's first.
async fn project(connection: &Connection, request: &CreateTicket) -> Result<Arc<Project>> {
    let selector = match (&request.collection, connection.projects.first()) {
        (Some(selector), _) => selector.clone(),
        (None, Some(first)) => CollectionSelector::Key(first.clone()),
        (None, None) => {
            return Err(Error::invalid("collection", "a ticket is made in a project, and none is named")
                .with_hint("name one, or list the connection's in `projects`: the first is where new tickets go"));
        }
    };
    people::project(connection, &selector).await
}

async fn parent_of(connection: &Connection, parent: &TicketId) -> Result<Target> {
    locate(connection, parent, &[]).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::invalid("parent", format!("there is no ticket `{}`", shown(parent.as_str())))
            .with_hint("check the parent's id or key"),
        _ => error,
    })
}

/// The issue type that is meant: below a parent, one of the level below it.
fn issue_type<'t>(
    connection: &Connection,
    types: &'t [CreateType],
    wanted: Option<&TypeSelector>,
    parent: Option<&Target>,
) -> Result<&'t CreateType> {
    let level_of = |id: Option<&str>| types.iter().find(|own| Some(own.id.as_str()) == id).map_or(0, CreateType::level);
    let level = parent.map(|parent| level_of(parent.issue_type.id.as_deref()) - 1);
    let fits = |own: &&CreateType| level.map_or(own.level() == 0, |level| own.level() == level);
    let is = |own: &CreateType, category| connection.mapping.ticket_type(&own.id, Some(&own.name)) == category;
    let found = match wanted {
        None => types.iter().find(fits).or_else(|| types.first().filter(|_| level.is_none())),
        Some(TypeSelector::Category(category)) => types
            .iter()
            .filter(fits)
            .find(|own| is(own, *category))
            .or_else(|| types.iter().filter(|_| level.is_none()).find(|own| own.level() >= 0 && is(own, *category))),
        Some(TypeSelector::Native(native)) => types
            .iter()
            .find(|own| own.id == *native)
            .or_else(|| types.iter().find(|own| own.name.to_lowercase() == native.to_lowercase())),
        Some(_) => None,
    };
    found.ok_or_else(|| {
        let told: Vec<String> = types
            .iter()
            .filter(|own| level.is_none_or(|level| own.level() == level))
            .map(|own| format!("{} ({})", own.name, connection.mapping.ticket_type(&own.id, Some(&own.name))))
            .collect();
        if told.is_empty() && level.is_some() {
            return Error::invalid("parent", "the project has no type of issue that stands below this one")
                .with_hint("name a parent further up, or leave it out");
        }
        let named = wanted.map_or_else(|| "any".to_owned(), ToString::to_string);
        let below = if level.is_some() { " below the parent" } else { "" };
        Error::invalid("type", format!("the project makes no issues of type `{}`{below}", shown(&named)))
            .with_hint(format!("there are: {}", told.join(", ")))
    })
}

/// The reason, which a create gives as the field `resolution`, and the other fields.
pub(super) fn without_reason(
    fields: &BTreeMap<FieldId, FieldData>,
    reason: Option<&str>,
) -> Result<(Option<String>, BTreeMap<FieldId, FieldData>)> {
    let mut rest = fields.clone();
    let own = match rest.remove(RESOLUTION) {
        None | Some(FieldData::Null) => None,
        Some(FieldData::Text(text)) => Some(text),
        Some(_) => {
            return Err(Error::invalid("fields.resolution", "it takes the id or name of a resolution"));
        }
    };
    match (own, reason) {
        (Some(own), Some(reason)) if own != reason => {
            Err(Error::invalid("reason", "the reason and the field `resolution` differ").with_hint("give one of them"))
        }
        (own, reason) => Ok((own.or_else(|| reason.map(str::to_owned)), rest)),
    }
}

/// Everything but project, type and status.
async fn fill(
    connection: &Connection,
    screen: &Screen,
    request: &CreateTicket,
    fields: &BTreeMap<FieldId, FieldData>,
    parent: Option<&Target>,
) -> Result<Draft> {
    let flavour = connection.api.site().await?.flavour;
    let mut draft = Draft::default();
    draft.title(&request.title)?;
    if let Some(text) = &request.description {
        draft.set("description", text_value(flavour, "description", text, None)?);
    }
    if let Some(priority) = &request.priority {
        draft.priority(connection, screen, priority).await?;
    }
    if let Some(user) = &request.requester {
        draft.set("reporter", user_value(flavour, &people::user(connection, "requester", user).await?));
    }
    if let Some(user) = request.assignees.first() {
        draft.set("assignee", user_value(flavour, &people::user(connection, "assignees", user).await?));
    }
    if let Some(group) = request.groups.first() {
        let field = held(connection, "assigned_groups").await?;
        let value = people::group(connection, "assigned_groups", group).await?;
        set_group(connection, &mut draft, &field, Some(value)).await?;
    }
    if let Some(account) = &request.account {
        let field = held(connection, "account").await?;
        draft.set(&field, json!([people::organization(connection, "account", account).await?]));
    }
    if let Some(parent) = parent {
        draft.set("parent", json!({ "id": parent.id }));
    }
    if !request.tags.is_empty() {
        draft.tags(&SetPatch::Replace(request.tags.clone()))?;
    }
    if let Some(due) = request.due {
        draft.due(due)?;
    }
    if let Some(id) = &request.external_id {
        draft.external_id(&held(connection, "external_id").await?, id)?;
    }
    not_on_screen(connection, screen, &draft).await?;
    // What a screen on the way has a place for, and the create screen has not, is given there.
    let own: Vec<(&FieldId, &FieldData)> =
        fields.iter().filter(|(id, _)| request.status.is_none() || screen.contains_key(id.as_str())).collect();
    draft.fields(connection, screen, &own).await?;
    Ok(draft)
}

/// A group picker's value: a list where it holds several.
pub(super) async fn set_group(
    connection: &Connection,
    draft: &mut Draft,
    field: &str,
    value: Option<Value>,
) -> Result<()> {
    let columns = connection.catalogue.columns().await?;
    let several = columns.get(field).is_some_and(|column| column.multiple);
    draft.set(
        field,
        match (several, value) {
            (true, value) => json!(value.into_iter().collect::<Vec<_>>()),
            (false, value) => value.unwrap_or_default(),
        },
    );
    Ok(())
}

/// Refuses what the create screen has no place for, naming the callers' key.
async fn not_on_screen(connection: &Connection, screen: &Screen, draft: &Draft) -> Result<()> {
    let columns = connection.catalogue.columns().await?;
    match draft.fields.keys().find(|id| !screen.contains_key(id.as_str())) {
        None => Ok(()),
        Some(id) => {
            let key = columns.get(id).and_then(|column| column.core).unwrap_or(id);
            Err(Error::invalid(key, format!("the project's create screen has no `{id}`"))
                .with_hint("leave it out, or have the project's administrator put it on the screen"))
        }
    }
}

/// Refuses where the create screen demands more, naming all of it.
async fn complete(connection: &Connection, screen: &Screen, draft: &Draft, issue_type: &str) -> Result<()> {
    let lacking: BTreeSet<&String> = screen
        .iter()
        .filter(|(id, meta)| meta.must_be_given() && !draft.fields.contains_key(id.as_str()))
        .map(|(id, _)| id)
        .collect();
    let Some(first) = lacking.first() else { return Ok(()) };
    let columns = connection.catalogue.columns().await?;
    let key = |id: &str| match columns.get(id).and_then(|column| column.core) {
        Some(core) => core.to_owned(),
        None => format!("fields.{id}"),
    };
    let named =
        |id: &&String| format!("{} (`{}`)", screen.get(id.as_str()).map_or("", |meta| meta.name.as_str()), key(id));
    let names: Vec<String> = lacking.iter().map(named).collect();
    Err(Error::invalid(key(first), format!("an issue of type `{issue_type}` needs {}", names.join(", ")))
        .with_hint("give all of them"))
}

/// Who is told, as the site names them.
async fn watchers(connection: &Connection, request: &CreateTicket) -> Result<Vec<Named>> {
    let mut out = Vec::new();
    for user in &request.watchers {
        out.push(people::user(connection, "watchers", user).await?);
    }
    Ok(out)
}

/// What is left to be done when the ticket is there, but for a comment.
struct Left<'c> {
    /// What a request's form had no place for.
    rest: Option<Draft>,
    journey: Option<&'c Journey<'c>>,
    watchers: &'c [Named],
}

/// What an earlier call left undone.
async fn resume(
    connection: &Connection,
    made: &TicketIds,
    mut left: Left<'_>,
    request: &CreateTicket,
    applied: &mut Vec<String>,
) -> Result<Ticket> {
    let target = match locate(connection, &TicketId::from(made.id.as_str()), &[]).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(gone(&made.id)),
        outcome => outcome?,
    };
    // The way may have been gone before the call ended.
    left.journey = left.journey.filter(|journey| !walk::is_there(&target, journey));
    finish(connection, made, left, request, applied).await
}

/// What a create cannot do: steps to a status, watchers, a comment. The ticket is there already, whatever happens.
async fn finish(
    connection: &Connection,
    made: &TicketIds,
    left: Left<'_>,
    request: &CreateTicket,
    applied: &mut Vec<String>,
) -> Result<Ticket> {
    let Left { rest, journey, watchers } = left;
    if let Some(rest) = &rest {
        desk::write_rest(connection, made, rest).await?;
    }
    let id = TicketId::from(made.id.as_str());
    if let Some(journey) = journey {
        let target = locate(connection, &id, &[]).await?;
        let plan = walk::plan(connection, &target, journey).await?;
        walk::walk(connection, &target, journey, plan, applied).await?;
    }
    for watcher in watchers {
        super::update::watch(connection, &made.id, watcher, true).await?;
    }
    if !watchers.is_empty() {
        // Whoever makes an issue watches it, unless the profile says otherwise; nobody but those who were named is meant.
        let me = crate::resolve::existing_user(connection, "watchers", &ticketing_core::UserSelector::Me).await?;
        if !watchers.iter().any(|own| own.id == me.id) {
            super::update::watch(connection, &made.id, &me, false).await?;
        }
    }
    if let Some(comment) = &request.comment {
        let key = request.idempotency_key.as_ref().map(|key| format!("created {key}"));
        let add = AddComment::new(id.clone(), comment.body.clone(), comment.visibility);
        comments::add(connection, add.with_idempotency_key(key)).await?;
        applied.push("comment".to_owned());
    }
    tickets::get(connection, GetTicket::new(id).with_include_raw(request.include_raw)).await
}
