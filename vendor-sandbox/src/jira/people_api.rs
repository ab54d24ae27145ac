//! Users and groups (wire A7, A13).

use serde_json::{Value, json};

use super::answer::{ApiError, Reply, ok};
use super::call::Call;
use super::edit::is_assignable;
use super::issue_api::listed;
use super::model::{Group, User};
use super::paging::Window;
use super::show;
use super::world::{Permission, World};

/// Users that a search looks at, whatever is asked (wire A7).
const CONSIDERED: usize = 1_000;

/// `GET /myself`.
pub(crate) fn myself(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let user = call.user()?;
    let mut shown = show::user(call, user);
    shown["timeZone"] = json!(call.zone.name());
    shown["locale"] = json!("en_US");
    let own: Vec<Value> = groups_of(world, &user.account_id).map(|group| show::group(call, group)).collect();
    let with_items = call.params.get("expand").is_some_and(|expand| expand.contains("groups"));
    let items = if with_items { own.clone() } else { Vec::new() };
    shown["groups"] = json!({ "size": own.len(), "items": items });
    shown["applicationRoles"] = json!({ "size": 1, "items": [] });
    shown["expand"] = json!("groups,applicationRoles");
    Ok(ok(&shown))
}

fn groups_of<'w>(world: &'w World, account: &str) -> impl Iterator<Item = &'w Group> {
    world.groups.iter().filter(move |group| group.members.iter().any(|own| own == account))
}

fn may_browse(call: &Call<'_>, world: &World) -> Result<(), ApiError> {
    call.may(
        world,
        Permission::BrowseUsers,
        "You are not authorized to perform this operation. Global permission 'Browse users and groups' is required.",
    )
}

/// The user that parameters name: `accountId` on Cloud, `username` or `key` on Data Center.
fn named<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w User, ApiError> {
    let found = if call.is_cloud() {
        if call.params.get("username").is_some() || call.params.get("key").is_some() {
            return Err(ApiError::bad_request(
                "The query parameter 'username' or 'key' is not supported in GDPR strict mode.",
            ));
        }
        call.params.get("accountId").and_then(|id| world.user(id))
    } else {
        let by_key = call.params.get("key").and_then(|key| world.users.iter().find(|own| own.key == key));
        by_key.or_else(|| world.user_named(call.params.get("username")?))
    };
    found.ok_or_else(|| {
        let name = call.params.get("accountId").or_else(|| call.params.get("username")).unwrap_or_default();
        ApiError::not_found(if call.is_cloud() {
            "Specified user does not exist or you do not have required permissions".to_owned()
        } else {
            format!("The user named '{name}' does not exist")
        })
    })
}

/// `GET /user`.
pub(crate) fn get(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let user = named(call, world)?;
    let mut shown = show::user(call, user);
    if call.params.get("expand").is_some_and(|expand| expand.contains("groups")) {
        let own: Vec<Value> = groups_of(world, &user.account_id).map(|group| show::group(call, group)).collect();
        shown["groups"] = json!({ "size": own.len(), "items": own });
    }
    Ok(ok(&shown))
}

/// `GET /user/groups`.
pub(crate) fn groups(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let user = named(call, world)?;
    Ok(ok(&groups_of(world, &user.account_id).map(|group| show::group(call, group)).collect()))
}

/// `GET /user/bulk?accountId=…`: a page; unknown ids are left out.
pub(crate) fn bulk(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let ids: Vec<&str> = call.params.iter().filter(|(name, _)| *name == "accountId").map(|(_, id)| id).collect();
    if ids.is_empty() {
        return Err(ApiError::bad_request("The 'accountId' query parameter is required."));
    }
    let all: Vec<&User> = ids.iter().filter_map(|id| world.user(id)).collect();
    let window = Window::read(call, 10, 200)?;
    let shown = window.cut(&all).iter().map(|own| show::user(call, own)).collect();
    Ok(ok(&window.page(call, all.len(), shown)))
}

/// The page of an array: cut first, filtered afterwards, so that it may be short before the end (wire A7).
fn array(call: &Call<'_>, all: &[&User], keep: impl Fn(&User) -> bool) -> Result<Reply, ApiError> {
    let window = Window::read(call, 50, CONSIDERED)?;
    Ok(ok(&window.cut(all).iter().filter(|own| keep(own)).map(|own| show::user(call, own)).collect()))
}

/// `GET /users/search`: everybody, apps, customers and inactive ones included.
pub(crate) fn all(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let all: Vec<&User> = world.users.iter().collect();
    array(call, &all, |_| true)
}

/// wire A7: a prefix of a word of the name or of the address; a hidden address only in full.
fn matches(user: &User, query: &str) -> bool {
    let query = query.to_lowercase();
    let name = user.display_name.to_lowercase();
    let email = user.email.to_lowercase();
    let by_email = if user.email_hidden { email == query } else { email.starts_with(&query) };
    name.starts_with(&query) || name.split_whitespace().any(|word| word.starts_with(&query)) || by_email
}

/// `GET /user/search`: `query` on Cloud, `username` on Data Center; active people.
pub(crate) fn search(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    if call.is_cloud() {
        if let Some(id) = call.params.get("accountId") {
            let own: Vec<&User> = world.user(id).into_iter().collect();
            return array(call, &own, |_| true);
        }
        let Some(query) = call.params.get("query") else {
            return Err(ApiError::bad_request("The 'query', 'accountId' or 'property' query parameter is required."));
        };
        let all: Vec<&User> =
            world.users.iter().take(CONSIDERED).filter(|own| own.active && matches(own, query)).collect();
        return array(call, &all, |_| true);
    }
    let Some(query) = call.params.get("username") else {
        return Err(ApiError::bad_request("The username query parameter was not provided"));
    };
    let inactive = call.params.flag("includeInactive");
    // `.` stands for everybody, as clients have found out.
    let fits =
        |own: &&User| query == "." || matches(own, query) || own.name.to_lowercase().starts_with(&query.to_lowercase());
    let all: Vec<&User> = world.users.iter().filter(fits).filter(|own| own.active || inactive).collect();
    array(call, &all, |_| true)
}

/// `GET /user/assignable/search?project=|issueKey=`: cut before it is filtered.
pub(crate) fn assignable(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let issue = call.params.get("issueKey").or_else(|| call.params.get("issueId"));
    let project = match (issue, call.params.get("project")) {
        (Some(key), _) => call.issue(world, key)?.project,
        (None, Some(project)) => call.project(world, project)?.id,
        (None, None) => {
            return Err(ApiError::bad_request("Either the 'project' or the 'issueKey' query parameter is required."));
        }
    };
    call.user()?;
    let query = call.params.get("query").or_else(|| call.params.get("username")).unwrap_or_default();
    let all: Vec<&User> = world.users.iter().filter(|own| matches(own, query)).collect();
    array(call, &all, |own| is_assignable(world, &own.account_id, project))
}

/// `GET /user/picker`.
pub(crate) fn picker(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let query = call.params.get("query").unwrap_or_default();
    let all: Vec<&User> =
        world.users.iter().filter(|own| own.active && own.is_agent() && matches(own, query)).collect();
    let window = Window::read(call, 50, CONSIDERED)?;
    let shown: Vec<Value> = window
        .cut(&all)
        .iter()
        .map(|own| {
            let mut shown = json!({ "html": own.display_name, "displayName": own.display_name });
            if call.is_cloud() {
                shown["accountId"] = json!(own.account_id);
                shown["accountType"] = json!(own.account_type);
            } else {
                shown["name"] = json!(own.name);
                shown["key"] = json!(own.key);
            }
            shown
        })
        .collect();
    let header = format!("Showing {} of {} matching users", shown.len(), all.len());
    Ok(ok(&json!({ "users": shown, "total": all.len(), "header": header })))
}

/// `GET /groups/picker`.
pub(crate) fn group_picker(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let query = call.params.get("query").unwrap_or_default().to_lowercase();
    let all: Vec<&Group> = world.groups.iter().filter(|own| own.name.to_lowercase().contains(&query)).collect();
    let limit = call.params.get("maxResults").and_then(|limit| limit.parse().ok()).unwrap_or(20_usize);
    let shown: Vec<Value> = all
        .iter()
        .take(limit)
        .map(|own| {
            let mut shown = json!({ "name": own.name, "html": own.name, "labels": [] });
            if call.is_cloud() {
                shown["groupId"] = json!(own.id);
            }
            shown
        })
        .collect();
    let header = format!("Showing {} of {} matching groups", shown.len(), all.len());
    Ok(ok(&json!({ "header": header, "total": all.len(), "groups": shown })))
}

/// `GET /group/bulk`: Cloud only.
pub(crate) fn group_bulk(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let (ids, names) = (listed(call, "groupId"), listed(call, "groupName"));
    let all: Vec<&Group> = world
        .groups
        .iter()
        .filter(|own| (ids.is_empty() && names.is_empty()) || ids.contains(&own.id) || names.contains(&own.name))
        .collect();
    let window = Window::read(call, 50, 50)?;
    let shown = window.cut(&all).iter().map(|own| json!({ "name": own.name, "groupId": own.id })).collect();
    Ok(ok(&window.page(call, all.len(), shown)))
}

/// The group that parameters name.
fn wanted_group<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w Group, ApiError> {
    let id = call.params.get("groupId");
    let name = call.params.get("groupname");
    let group = id.and_then(|id| world.group(id)).or_else(|| world.group_named(name?));
    let wanted = id.or(name).unwrap_or_default();
    group.ok_or_else(|| ApiError::not_found(format!("The group '{wanted}' does not exist.")))
}

/// `GET /group?expand=users`: deprecated (wire A7), and what S:pycontribs still asks.
pub(crate) fn group(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    may_browse(call, world)?;
    let own = wanted_group(call, world)?;
    let mut shown = show::group(call, own);
    let expands = call.params.get("expand").is_some_and(|expand| expand.contains("users"));
    let active = own.members.iter().filter_map(|id| world.user(id)).filter(|user| user.active);
    let items: Vec<Value> = active.map(|user| show::user(call, user)).collect();
    shown["users"] = json!({
        "size": items.len(),
        "max-results": 50,
        "start-index": 0,
        "end-index": items.len().saturating_sub(1),
        "items": if expands { items } else { Vec::new() },
    });
    shown["expand"] = json!("users");
    Ok(ok(&shown))
}

/// `GET /group/member?groupId=`: administrators only (wire A7).
pub(crate) fn members(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.user()?;
    if !call.is_admin() {
        return Err(ApiError::forbidden(
            "You are not authorized to perform this operation. Administrator privileges are required.",
        ));
    }
    let group = wanted_group(call, world)?;
    let inactive = call.params.flag("includeInactiveUsers");
    let all: Vec<&User> =
        group.members.iter().filter_map(|id| world.user(id)).filter(|own| own.active || inactive).collect();
    let window = Window::read(call, 50, 50)?;
    let shown = window.cut(&all).iter().map(|own| show::user(call, own)).collect();
    Ok(ok(&window.page(call, all.len(), shown)))
}
