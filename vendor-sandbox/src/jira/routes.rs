//! Which request is answered by whom; what is not here is answered as an unknown path.

use axum::body::Body;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::answer::{ApiError, JSON_KIND, Reply};
use super::call::Call;
use super::site::Site;
use super::world::World;
use super::{
    attachment_api, catalogue_api, changelog_api, comment_api, issue_api, link_api, meta_api, people_api, project_api,
    remote_link_api, search_api, service_desk, transition_api,
};

/// Answers whose body may be large; the refusals among them too.
pub(crate) fn streamed(site: &Site, call: &Call<'_>) -> Option<Response<Body>> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (&call.method, segments.as_slice()) {
        (&Method::GET, ["api", "2" | "3" | "latest", "attachment", "content", id, ..]) if known_version(call) => {
            let answer = site.read(|world| attachment_api::content(call, world, id));
            Some(answer.unwrap_or_else(|error| error.into_response().map(Body::from)))
        }
        _ => None,
    }
}

/// v3 is Cloud's alone (wire A13).
fn known_version(call: &Call<'_>) -> bool {
    call.is_cloud() || call.segments.get(1).is_some_and(|version| version != "3")
}

/// wire A8: an unknown path or a wrong method.
fn unknown(call: &Call<'_>, other_methods: bool) -> ApiError {
    let status = if other_methods { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
    if call.is_cloud() {
        let detail = format!("No endpoint {} {}.", call.method, call.resource);
        return ApiError::problem(status, detail, &call.resource);
    }
    let message = if other_methods {
        "HTTP 405 Method Not Allowed".to_owned()
    } else {
        format!("null for uri: {}{}", call.site, call.resource)
    };
    ApiError::other(status, JSON_KIND, json!({ "message": message, "status-code": status.as_u16() }))
}

/// Answers a request to `/rest/…`.
pub(crate) fn dispatch(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let answer = match segments.as_slice() {
        ["servicedeskapi", ..] => service_desk::dispatch(site, call),
        ["api", "2" | "3" | "latest", path @ ..] if known_version(call) => {
            platform(site, call, path).or_else(|| flavoured(site, call, path))
        }
        _ => None,
    };
    answer.unwrap_or_else(|| {
        let is_issue = matches!(segments.as_slice(), ["api", _, "issue", _]);
        Err(unknown(call, is_issue))
    })
}

/// What both flavours answer.
fn platform(site: &Site, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| site.read(look);
    let get = call.method == Method::GET;
    if get && let Some(answer) = reading(site, call, path) {
        return Some(answer);
    }
    Some(match (&call.method, path) {
        (&Method::GET, ["issue", id]) => read(&|world| issue_api::get(call, world, id)),
        (&Method::POST, ["issue"]) => issue_api::create(site, call),
        (&Method::POST, ["issue", "bulk"]) => issue_api::create_many(site, call),
        (&Method::PUT, ["issue", id]) => issue_api::edit(site, call, id),
        (&Method::DELETE, ["issue", id]) => issue_api::delete(site, call, id),
        (&Method::PUT, ["issue", id, "assignee"]) => issue_api::assign(site, call, id),
        (&Method::GET, ["issue", id, "editmeta"]) => read(&|world| meta_api::edit_meta(call, world, id)),
        (&Method::GET, ["issue", id, "transitions"]) => read(&|world| transition_api::list(call, world, id)),
        (&Method::POST, ["issue", id, "transitions"]) => transition_api::make(site, call, id),
        (&Method::GET, ["issue", id, "comment"]) => read(&|world| comment_api::list(call, world, id)),
        (&Method::POST, ["issue", id, "comment"]) => comment_api::add(site, call, id),
        (&Method::GET, ["issue", id, "comment", own]) => read(&|world| comment_api::get(call, world, id, own)),
        (&Method::PUT, ["issue", id, "comment", own]) => comment_api::edit(site, call, id, own),
        (&Method::DELETE, ["issue", id, "comment", own]) => comment_api::delete(site, call, id, own),
        (&Method::POST, ["issue", id, "attachments"]) => attachment_api::upload(site, call, id),
        (&Method::GET, ["issue", id, "watchers"]) => read(&|world| link_api::watchers(call, world, id)),
        (&Method::POST, ["issue", id, "watchers"]) => link_api::watch(site, call, id),
        (&Method::DELETE, ["issue", id, "watchers"]) => link_api::unwatch(site, call, id),
        (&Method::GET, ["issue", id, "properties"]) => read(&|world| issue_api::properties(call, world, id)),
        (&Method::GET | &Method::PUT | &Method::DELETE, ["issue", id, "properties", key]) => {
            issue_api::property(site, call, id, key)
        }
        (&Method::GET, ["issue", id, "remotelink"]) => read(&|world| remote_link_api::list(call, world, id)),
        (&Method::POST, ["issue", id, "remotelink"]) => remote_link_api::put(site, call, id),
        (&Method::GET, ["issue", id, "remotelink", own]) => read(&|world| remote_link_api::get(call, world, id, own)),
        (&Method::DELETE, ["issue", id, "remotelink", own]) => remote_link_api::delete(site, call, id, own),
        (&Method::POST, ["issueLink"]) => link_api::add(site, call),
        (&Method::DELETE, ["issueLink", id]) => link_api::delete(site, call, id),
        (&Method::DELETE, ["attachment", id]) => attachment_api::delete(site, call, id),
        _ => return None,
    })
}

/// Reading what is not an issue.
fn reading(site: &Site, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| site.read(look);
    Some(match path {
        ["serverInfo"] => Ok(catalogue_api::server_info(call)),
        ["myself"] => read(&|world| people_api::myself(call, world)),
        ["mypermissions"] => read(&|world| catalogue_api::my_permissions(call, world)),
        ["field"] => Ok(catalogue_api::fields(call)),
        ["status"] => Ok(catalogue_api::statuses(call)),
        ["status", id] => catalogue_api::status(call, id),
        ["statuscategory"] => Ok(catalogue_api::categories(call)),
        ["priority"] => Ok(catalogue_api::priorities(call)),
        ["priority", "search"] if call.is_cloud() => catalogue_api::search_priorities(call),
        ["priority", id] => catalogue_api::priority(call, id),
        ["resolution"] => Ok(catalogue_api::resolutions(call)),
        ["resolution", "search"] if call.is_cloud() => catalogue_api::search_resolutions(call),
        ["resolution", id] => catalogue_api::resolution(call, id),
        ["issuetype"] => Ok(catalogue_api::issue_types(call)),
        ["issuetype", "project"] if call.is_cloud() => {
            read(&|world| catalogue_api::issue_types_of_project(call, world))
        }
        ["issuetype", id] => catalogue_api::issue_type(call, id),
        ["project"] => read(&|world| Ok(project_api::list(call, world))),
        ["project", "search"] if call.is_cloud() => read(&|world| project_api::search(call, world)),
        ["project", id] => read(&|world| project_api::get(call, world, id)),
        ["project", id, "statuses"] => read(&|world| project_api::statuses(call, world, id)),
        ["project", id, "components"] => read(&|world| project_api::components(call, world, id)),
        ["project", id, "versions"] => read(&|world| project_api::versions(call, world, id)),
        ["project", id, "component"] if call.is_cloud() => read(&|world| project_api::component_page(call, world, id)),
        ["project", id, "version"] => read(&|world| project_api::version_page(call, world, id)),
        [kind @ ("component" | "version"), id] => read(&|world| project_api::part(call, world, kind, id)),
        ["issueLinkType"] => Ok(link_api::types(call)),
        ["issueLinkType", id] => link_api::one_type(call, id),
        ["issueLink", id] => read(&|world| link_api::get(call, world, id)),
        ["attachment", "meta"] => Ok(attachment_api::limits(call)),
        ["attachment", id] => read(&|world| attachment_api::get(call, world, id)),
        ["user"] => read(&|world| people_api::get(call, world)),
        ["user", "search"] => read(&|world| people_api::search(call, world)),
        ["user", "assignable", "search"] => read(&|world| people_api::assignable(call, world)),
        ["user", "picker"] => read(&|world| people_api::picker(call, world)),
        ["group"] => read(&|world| people_api::group(call, world)),
        ["group", "member"] => read(&|world| people_api::members(call, world)),
        ["groups", "picker"] => read(&|world| people_api::group_picker(call, world)),
        ["issue", "createmeta"] => read(&|world| meta_api::create_all(call, world)),
        ["issue", "createmeta", project, "issuetypes"] => read(&|world| meta_api::create_types(call, world, project)),
        ["issue", "createmeta", project, "issuetypes", id] => {
            read(&|world| meta_api::create_fields(call, world, project, id))
        }
        ["jql", "autocompletedata"] => Ok(search_api::reference(call)),
        _ => return None,
    })
}

/// What only one of the flavours answers (wire A3, A13).
fn flavoured(site: &Site, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| site.read(look);
    if !call.is_cloud() {
        return Some(match (&call.method, path) {
            (&Method::GET | &Method::POST, ["search"]) => read(&|world| search_api::by_offset(call, world)),
            _ => return None,
        });
    }
    Some(match (&call.method, path) {
        (&Method::GET | &Method::POST, ["search"]) => Err(search_api::removed(call)),
        (&Method::GET | &Method::POST, ["search", "jql"]) => search_api::by_token(site, call),
        (&Method::POST, ["search", "approximate-count"]) => read(&|world| search_api::count(call, world)),
        (&Method::POST, ["jql", "parse"]) => read(&|world| search_api::parse(call, world)),
        (&Method::POST, ["jql", "match"]) => read(&|world| search_api::matches(call, world)),
        (&Method::POST, ["issue", "bulkfetch"]) => read(&|world| issue_api::get_many(call, world)),
        (&Method::POST, ["comment", "list"]) => read(&|world| comment_api::by_ids(call, world)),
        (&Method::GET, ["issue", id, "changelog"]) => read(&|world| changelog_api::list(call, world, id)),
        (&Method::GET, ["field", "search"]) => catalogue_api::search_fields(call),
        (&Method::GET, ["statuses", "search"]) => catalogue_api::search_statuses(call),
        (&Method::GET, ["label"]) => read(&|world| catalogue_api::labels(call, world)),
        (&Method::GET, ["users", "search"]) => read(&|world| people_api::all(call, world)),
        (&Method::GET, ["user", "bulk"]) => read(&|world| people_api::bulk(call, world)),
        (&Method::GET, ["user", "groups"]) => read(&|world| people_api::groups(call, world)),
        (&Method::GET, ["group", "bulk"]) => read(&|world| people_api::group_bulk(call, world)),
        _ => return None,
    })
}
