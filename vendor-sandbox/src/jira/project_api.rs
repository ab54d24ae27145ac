//! Projects, their components and versions (wire A7).

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_reply, ok};
use super::call::Call;
use super::catalogue::{SERVICE_WORKFLOW, SOFTWARE_WORKFLOW, issue_type_of};
use super::model::Project;
use super::paging::Window;
use super::show;
use super::world::World;

fn visible<'w>(call: &Call<'_>, world: &'w World) -> Vec<&'w Project> {
    world.projects.iter().filter(|own| call.sees_project(own)).collect()
}

/// `GET /project`: deprecated on Cloud, the only way on Data Center.
pub(crate) fn list(call: &Call<'_>, world: &World) -> Reply {
    ok(&visible(call, world).into_iter().map(|own| show::project(call, own)).collect())
}

/// `GET /project/search`.
pub(crate) fn search(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let listed = |name: &str| super::issue_api::listed(call, name);
    let (keys, ids, kinds) = (listed("keys"), listed("id"), listed("typeKey"));
    let query = call.params.get("query").unwrap_or_default().to_lowercase();
    let mut all = visible(call, world);
    all.retain(|own| {
        let named = own.name.to_lowercase().contains(&query) || own.key.to_lowercase().contains(&query);
        named
            && (keys.is_empty() || keys.contains(&own.key))
            && (ids.is_empty() || ids.contains(&own.id.to_string()))
            && (kinds.is_empty() || kinds.iter().any(|kind| kind == own.type_key))
    });
    // `status` is live unless said otherwise; nothing here is archived.
    if call.params.get("status").is_some_and(|status| !status.contains("live")) {
        all.clear();
    }
    let window = Window::read(call, 50, 100)?;
    let expand = call.params.get("expand").unwrap_or_default();
    let shown = window
        .cut(&all)
        .iter()
        .map(|own| {
            let mut shown = show::project(call, own);
            shown["style"] = json!("classic");
            shown["isPrivate"] = json!(!own.public);
            if expand.contains("description") {
                shown["description"] = json!(own.description);
            }
            if expand.contains("lead") {
                shown["lead"] = show::user_by_id(call, world, Some(&own.lead));
            }
            shown
        })
        .collect();
    Ok(ok(&window.page(call, all.len(), shown)))
}

/// `GET /project/{idOrKey}`.
pub(crate) fn get(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    Ok(ok(&show::project_in_full(call, world, call.project(world, id_or_key)?)))
}

/// `GET /project/{idOrKey}/statuses`: by issue type (wire A4.4).
pub(crate) fn statuses(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.project(world, id_or_key)?;
    let workflow = if own.is_service_desk() { SERVICE_WORKFLOW } else { SOFTWARE_WORKFLOW };
    let mut ids: Vec<u64> = workflow.iter().flat_map(|step| step.from.iter().copied().chain([step.to])).collect();
    ids.sort_unstable();
    ids.dedup();
    let statuses: Vec<Value> = ids.iter().map(|id| show::status(call, *id)).collect();
    let shown = own.issue_types.iter().map(|id| {
        let kind = issue_type_of(*id);
        json!({
            "self": call.link(&format!("issuetype/{id}")),
            "id": id.to_string(),
            "name": kind.name,
            "subtask": kind.level < 0,
            "statuses": statuses,
        })
    });
    Ok(ok(&shown.collect()))
}

/// `GET /project/{idOrKey}/components`: an array.
pub(crate) fn components(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.project(world, id_or_key)?;
    Ok(ok(&own.components.iter().map(|one| show::component(call, own, one)).collect()))
}

/// `GET /project/{idOrKey}/component`: a page.
pub(crate) fn component_page(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.project(world, id_or_key)?;
    let window = Window::read(call, 50, 50)?;
    let shown = window.cut(&own.components).iter().map(|one| show::component(call, own, one)).collect();
    Ok(ok(&window.page(call, own.components.len(), shown)))
}

/// `GET /project/{idOrKey}/versions`: an array.
pub(crate) fn versions(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.project(world, id_or_key)?;
    Ok(ok(&own.versions.iter().map(|one| show::version(call, own, one)).collect()))
}

/// `GET /project/{idOrKey}/version`: a page.
pub(crate) fn version_page(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.project(world, id_or_key)?;
    let window = Window::read(call, 50, 50)?;
    let shown = window.cut(&own.versions).iter().map(|one| show::version(call, own, one)).collect();
    Ok(ok(&window.page(call, own.versions.len(), shown)))
}

/// `GET /component/{id}` and `GET /version/{id}`.
pub(crate) fn part(call: &Call<'_>, world: &World, kind: &str, id: &str) -> Result<Reply, ApiError> {
    let found = visible(call, world).into_iter().find_map(|own| {
        let component = own.components.iter().find(|one| kind == "component" && one.id.to_string() == id);
        let version = own.versions.iter().find(|one| kind == "version" && one.id.to_string() == id);
        component
            .map(|one| show::component(call, own, one))
            .or_else(|| version.map(|one| show::version(call, own, one)))
    });
    let missing = || ApiError::not_found(format!("The {kind} with id {id} does not exist."));
    found.map(|shown| json_reply(StatusCode::OK, &shown)).ok_or_else(missing)
}
