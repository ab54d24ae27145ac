//! The site and its configuration: server, fields, statuses, priorities, types, labels (wire A1, A4.3, A4.4).

use serde_json::{Value, json};

use super::answer::{ApiError, Reply, ok};
use super::call::Call;
use super::catalogue::{CATEGORIES, FIELDS, ISSUE_TYPES, IssueType, PRIORITIES, RESOLUTIONS, STATUSES, issue_type_of};
use super::paging::Window;
use super::show;
use super::world::World;

/// `GET /serverInfo`: the one thing that tells the flavours apart, without a credential.
pub(crate) fn server_info(call: &Call<'_>) -> Reply {
    let (version, numbers, kind) =
        if call.is_cloud() { ("1001.0.0-SNAPSHOT", [1001, 0, 0], "Cloud") } else { ("9.12.4", [9, 12, 4], "Server") };
    let mut shown = json!({
        "baseUrl": call.site,
        "version": version,
        "versionNumbers": numbers,
        "deploymentType": kind,
        "buildNumber": 100_294,
        "buildDate": call.time(call.now),
        "serverTime": call.time(call.now),
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Jira",
    });
    if call.is_cloud() {
        shown["displayUrl"] = json!(call.site);
        shown["serverTimeZone"] = json!(call.zone.name());
    }
    ok(&shown)
}

fn array(all: impl Iterator<Item = Value>) -> Reply {
    ok(&all.collect())
}

/// `GET /field`.
pub(crate) fn fields(call: &Call<'_>) -> Reply {
    array(FIELDS.iter().map(|own| show::field(call, own)))
}

/// `GET /field/search`: needs more permission in practice (wire A4.3).
pub(crate) fn search_fields(call: &Call<'_>) -> Result<Reply, ApiError> {
    if !call.is_admin() {
        return Err(ApiError::forbidden("Only admin users can access custom fields."));
    }
    let wanted = super::issue_api::listed(call, "type");
    let query = call.params.get("query").unwrap_or_default().to_lowercase();
    let all: Vec<Value> = FIELDS
        .iter()
        .filter(|own| wanted.is_empty() || wanted.iter().any(|kind| (kind == "custom") == own.number.is_some()))
        .filter(|own| own.name.to_lowercase().contains(&query))
        .map(|own| json!({ "id": own.id, "name": own.name, "schema": show::schema(own), "description": "" }))
        .collect();
    let window = Window::read(call, 50, 50)?;
    Ok(ok(&window.page(call, all.len(), window.cut(&all).to_vec())))
}

/// `GET /status`.
pub(crate) fn statuses(call: &Call<'_>) -> Reply {
    array(STATUSES.iter().map(|own| show::status(call, own.id)))
}

fn no_entry(kind: &str, id: &str) -> ApiError {
    ApiError::not_found(format!("The {kind} with id '{id}' does not exist."))
}

/// `GET /status/{idOrName}`.
pub(crate) fn status(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let found = STATUSES.iter().find(|own| own.id.to_string() == id || own.name.eq_ignore_ascii_case(id));
    found.map(|own| ok(&show::status(call, own.id))).ok_or_else(|| no_entry("status", id))
}

/// `GET /statuses/search`: needs administration; categories have other names here (wire A4.4).
pub(crate) fn search_statuses(call: &Call<'_>) -> Result<Reply, ApiError> {
    if !call.is_admin() {
        return Err(ApiError::forbidden("You do not have permission to view statuses."));
    }
    let category = |id: u64| match id {
        2 => "TODO",
        3 => "DONE",
        _ => "IN_PROGRESS",
    };
    let all: Vec<Value> = STATUSES
        .iter()
        .map(|own| {
            json!({
                "id": own.id.to_string(),
                "name": own.name,
                "statusCategory": category(own.category),
                "scope": { "type": "GLOBAL" },
                "description": "",
            })
        })
        .collect();
    let window = Window::read(call, 200, 200)?;
    Ok(ok(&window.page(call, all.len(), window.cut(&all).to_vec())))
}

/// `GET /statuscategory`.
pub(crate) fn categories(call: &Call<'_>) -> Reply {
    array(CATEGORIES.iter().map(|own| show::status_category(call, own.0)))
}

/// `GET /priority`.
pub(crate) fn priorities(call: &Call<'_>) -> Reply {
    array(PRIORITIES.iter().map(|own| show::priority_in_full(call, own.0)))
}

/// `GET /priority/search`.
pub(crate) fn search_priorities(call: &Call<'_>) -> Result<Reply, ApiError> {
    let window = Window::read(call, 50, 50)?;
    let shown = window.cut(PRIORITIES).iter().map(|own| show::priority_in_full(call, own.0)).collect();
    Ok(ok(&window.page(call, PRIORITIES.len(), shown)))
}

/// `GET /priority/{id}`.
pub(crate) fn priority(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let found = PRIORITIES.iter().find(|own| own.0.to_string() == id);
    found.map(|own| ok(&show::priority_in_full(call, own.0))).ok_or_else(|| no_entry("priority", id))
}

/// `GET /resolution`: deprecated, still answered.
pub(crate) fn resolutions(call: &Call<'_>) -> Reply {
    array(RESOLUTIONS.iter().map(|own| show::resolution(call, own.0)))
}

/// `GET /resolution/search`.
pub(crate) fn search_resolutions(call: &Call<'_>) -> Result<Reply, ApiError> {
    let window = Window::read(call, 50, 50)?;
    let shown = window
        .cut(RESOLUTIONS)
        .iter()
        .map(|own| json!({ "id": own.0.to_string(), "name": own.1, "description": "" }))
        .collect();
    Ok(ok(&window.page(call, RESOLUTIONS.len(), shown)))
}

/// `GET /resolution/{id}`.
pub(crate) fn resolution(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let found = RESOLUTIONS.iter().find(|own| own.0.to_string() == id);
    found.map(|own| ok(&show::resolution(call, own.0))).ok_or_else(|| no_entry("resolution", id))
}

/// `GET /issuetype`.
pub(crate) fn issue_types(call: &Call<'_>) -> Reply {
    array(ISSUE_TYPES.iter().map(|own| show::issue_type(call, own)))
}

/// `GET /issuetype/{id}`.
pub(crate) fn issue_type(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let found = ISSUE_TYPES.iter().find(|own| own.id.to_string() == id);
    found.map(|own| ok(&show::issue_type(call, own))).ok_or_else(|| no_entry("issue type", id))
}

/// `GET /issuetype/project?projectId=`.
pub(crate) fn issue_types_of_project(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let id = call.params.get("projectId").unwrap_or_default();
    let project = call.project(world, id)?;
    let types = project.issue_types.iter().map(|id| issue_type_of(*id));
    let level: Option<i64> = call.params.get("level").and_then(|level| level.parse().ok());
    let types: Vec<&IssueType> = types.filter(|own| level.is_none_or(|level| own.level == level)).collect();
    Ok(array(types.into_iter().map(|own| show::issue_type(call, own))))
}

/// `GET /label`: a page of names.
pub(crate) fn labels(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let mut all: Vec<String> =
        world.issues().filter(|own| call.sees(world, own)).flat_map(|own| own.labels.iter().cloned()).collect();
    all.sort();
    all.dedup();
    let window = Window::read(call, 1_000, 1_000)?;
    let shown = window.cut(&all).iter().map(|label| json!(label)).collect();
    Ok(ok(&window.page(call, all.len(), shown)))
}

/// `GET /mypermissions`: what the caller may do, of the permissions asked for.
pub(crate) fn my_permissions(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    use super::world::Permission;
    let known = [
        ("BROWSE_PROJECTS", "Browse Projects", None),
        ("CREATE_ISSUES", "Create Issues", Some(Permission::CreateIssues)),
        ("EDIT_ISSUES", "Edit Issues", Some(Permission::EditIssues)),
        ("TRANSITION_ISSUES", "Transition Issues", Some(Permission::TransitionIssues)),
        ("DELETE_ISSUES", "Delete Issues", Some(Permission::DeleteIssues)),
        ("ADD_COMMENTS", "Add Comments", Some(Permission::AddComments)),
        // The sandbox knows one right for a ticket's fields, files and links.
        ("ASSIGN_ISSUES", "Assign Issues", Some(Permission::EditIssues)),
        ("LINK_ISSUES", "Link Issues", Some(Permission::EditIssues)),
        ("CREATE_ATTACHMENTS", "Create Attachments", None),
        ("EDIT_OWN_COMMENTS", "Edit Own Comments", None),
        ("EDIT_ALL_COMMENTS", "Edit All Comments", None),
        ("DELETE_OWN_COMMENTS", "Delete Own Comments", None),
        ("DELETE_ALL_COMMENTS", "Delete All Comments", None),
        ("USER_PICKER", "Browse users and groups", Some(Permission::BrowseUsers)),
        ("ADMINISTER", "Administer Jira", None),
    ];
    let wanted = super::issue_api::listed(call, "permissions");
    if wanted.is_empty() && call.is_cloud() {
        return Err(ApiError::bad_request("The 'permissions' query parameter is required."));
    }
    let account = call.account();
    let shown = known
        .iter()
        .zip(1..)
        .filter(|((key, ..), _)| wanted.is_empty() || wanted.iter().any(|own| own == key))
        .map(|((key, name, permission), id)| {
            let denied = account.is_none_or(|account| permission.is_some_and(|own| world.is_denied(account, own)));
            let have = if *key == "ADMINISTER" { call.is_admin() } else { !denied };
            let kind = if *key == "ADMINISTER" || *key == "USER_PICKER" { "GLOBAL" } else { "PROJECT" };
            let shown = json!({
                "id": id.to_string(), "key": key, "name": name, "type": kind, "description": "", "havePermission": have,
            });
            ((*key).to_owned(), shown)
        });
    Ok(ok(&json!({ "permissions": shown.collect::<serde_json::Map<_, _>>() })))
}
