//! Transitions: the only way to change a status (wire A4.5).

use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, no_content, ok};
use super::call::Call;
use super::catalogue::{
    Field, RESOLUTION_NOTES, RESOLUTIONS, SERVICE_WORKFLOW, SOFTWARE_WORKFLOW, Transition, status_of,
};
use super::edit::{self, Screen};
use super::model::Issue;
use super::show;
use super::site::Site;
use super::world::{Permission, World};

/// The workflow of an issue's project.
pub(crate) fn workflow(world: &World, own: &Issue) -> &'static [Transition] {
    let desk = world.project(own.project).is_some_and(super::model::Project::is_service_desk);
    if desk { SERVICE_WORKFLOW } else { SOFTWARE_WORKFLOW }
}

/// What the caller may do now; nothing without the permission.
fn open<'w>(call: &Call<'_>, world: &World, own: &Issue) -> impl Iterator<Item = &'w Transition> {
    let may = call.account().is_some_and(|account| !world.is_denied(account, Permission::TransitionIssues));
    let status = own.status;
    workflow(world, own).iter().filter(move |step| may && (step.from.is_empty() || step.from.contains(&status)))
}

/// Fields of a transition's screen.
fn fields(call: &Call<'_>, own: &Transition) -> Value {
    let mut shown = Map::new();
    if own.asks_resolution {
        let allowed: Vec<Value> = RESOLUTIONS.iter().map(|one| show::resolution(call, one.0)).collect();
        shown.insert(
            "resolution".to_owned(),
            json!({
                "required": true,
                "schema": { "type": "resolution", "system": "resolution" },
                "name": "Resolution",
                "key": "resolution",
                "hasDefaultValue": false,
                "operations": ["set"],
                "allowedValues": allowed,
            }),
        );
        if let Some(notes) = Field::by_number(RESOLUTION_NOTES) {
            shown.insert(
                notes.id.to_owned(),
                json!({
                    "required": false,
                    "schema": show::schema(notes),
                    "name": notes.name,
                    "key": notes.id,
                    "hasDefaultValue": false,
                    "operations": ["set"],
                }),
            );
        }
    }
    Value::Object(shown)
}

/// The list, with fields when asked; all of the workflow with `unavailable`.
pub(crate) fn available(call: &Call<'_>, world: &World, own: &Issue, with_fields: bool, unavailable: bool) -> Value {
    let open: Vec<u64> = open(call, world, own).map(|step| step.id).collect();
    let listed = workflow(world, own).iter().filter(|step| unavailable || open.contains(&step.id));
    let shown = listed.map(|step| {
        let mut shown = show::transition(call, step);
        if call.is_cloud() {
            shown["isAvailable"] = json!(open.contains(&step.id));
        }
        if with_fields {
            shown["fields"] = fields(call, step);
        }
        shown
    });
    shown.collect()
}

/// `GET /issue/{idOrKey}/transitions`.
pub(crate) fn list(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let with_fields = call.params.get("expand").is_some_and(|expand| expand.contains("transitions.fields"));
    let mut all = available(call, world, own, with_fields, call.params.flag("includeUnavailableTransitions"));
    if let (Some(id), Some(list)) = (call.params.get("transitionId"), all.as_array_mut()) {
        list.retain(|one| one["id"] == id);
    }
    Ok(ok(&json!({ "expand": "transitions", "transitions": all })))
}

/// Moves an issue: status, resolution and what follows from them.
pub(crate) fn perform(own: &mut Issue, step: &Transition, now: chrono::DateTime<chrono::Utc>) {
    let before = status_of(own.status).category;
    let after = status_of(step.to).category;
    own.status = step.to;
    if before != after {
        own.category_changed = now;
    }
    if let Some(resolution) = step.sets_resolution {
        own.resolution = Some(resolution);
    }
    // Leaving the done statuses clears the resolution.
    if after != 3 {
        own.resolution = None;
    }
    own.resolved = match (own.resolution, own.resolved) {
        (None, _) => None,
        (Some(_), Some(at)) if before == 3 => Some(at),
        (Some(_), _) => Some(now),
    };
}

/// `POST /issue/{idOrKey}/transitions`: 204.
pub(crate) fn make(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let wanted = body.get("transition").cloned().unwrap_or_default();
    let wanted = wanted["id"].as_str().map(str::to_owned).or_else(|| wanted["id"].as_u64().map(|id| id.to_string()));
    let Some(wanted) = wanted else {
        return Err(ApiError::bad_request("Missing 'transition' identifier"));
    };
    let empty = Map::new();
    let part = |name: &str| body.get(name).and_then(Value::as_object).unwrap_or(&empty);
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        call.user()?;
        let step = open(call, world, &own).find(|step| step.id.to_string() == wanted);
        let Some(step) = step else {
            let known = workflow(world, &own).iter().any(|step| step.id.to_string() == wanted);
            return Err(ApiError::bad_request(if known {
                format!("It seems that you have tried to perform an illegal workflow operation. Transition id '{wanted}' is not valid for this issue.")
            } else {
                format!("Transition id '{wanted}' is not valid for this issue.")
            }));
        };
        let mut after = Issue::clone(&own);
        edit::apply(call, world, &mut after, Screen::Transition(step.asks_resolution), part("fields"), part("update"))?;
        if step.asks_resolution && after.resolution.is_none() {
            return Err(ApiError::field("resolution", "Resolution is required."));
        }
        perform(&mut after, step, call.now);
        // wire A4.5: a comment rides along only where the screen has one, as the resolving one does;
        // elsewhere it is ignored.
        let comments = part("update").get("comment").and_then(Value::as_array).cloned().unwrap_or_default();
        let comments = if step.asks_resolution { comments } else { Vec::new() };
        for operation in &comments {
            let new = super::comment_api::read(call, world, &after, &operation["add"])?;
            after.comments.push(super::comment_api::numbered(world, new));
        }
        let author = call.account().map(str::to_owned);
        world.change(own.id, author.as_deref(), call.now, |own| *own = after);
        Ok(no_content())
    })
}
