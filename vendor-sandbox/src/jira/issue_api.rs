//! Issues: read, create, edit, delete (wire A4.1).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, created, no_content, ok};
use super::call::Call;
use super::catalogue::{DEFAULT_PRIORITY, OPEN, TO_DO, issue_type_of};
use super::edit::{self, Screen};
use super::issue_json::{self, Selection};
use super::model::{Issue, Project};
use super::site::Site;
use super::world::{Permission, World};

/// Issues of one bulk create (wire A4.1).
const BULK: usize = 50;

/// A comma-separated parameter.
pub(crate) fn listed(call: &Call<'_>, name: &str) -> Vec<String> {
    let all = call.params.iter().filter(|(own, _)| *own == name).flat_map(|(_, value)| value.split(','));
    all.map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

/// `GET /issue/{idOrKey}`.
pub(crate) fn get(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let selection = Selection::read(&listed(call, "fields"), "*all");
    let expand = listed(call, "expand");
    let expand: Vec<&str> = expand.iter().map(String::as_str).collect();
    let mut shown = issue_json::issue(call, world, own, &selection, &expand);
    // The key is always there, whatever the fields.
    shown["key"] = json!(own.key);
    shown["self"] = json!(call.link(&format!("issue/{}", own.id)));
    let properties = listed(call, "properties");
    if !properties.is_empty() {
        let wanted =
            own.properties.iter().filter(|(key, _)| properties.iter().any(|name| name == *key || name == "*all"));
        shown["properties"] = Value::Object(wanted.map(|(key, value)| (key.clone(), value.clone())).collect());
    }
    Ok(ok(&shown))
}

fn object<'b>(
    body: &'b Map<String, Value>,
    name: &str,
    empty: &'b Map<String, Value>,
) -> Result<&'b Map<String, Value>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(empty),
        Some(Value::Object(own)) => Ok(own),
        Some(_) => {
            Err(ApiError::bad_request("Invalid request payload. Refer to the REST API documentation and try again."))
        }
    }
}

/// The project that a new issue is for.
fn target<'w>(call: &Call<'_>, world: &'w World, fields: &Map<String, Value>) -> Result<&'w Project, ApiError> {
    let wanted = &fields.get("project").cloned().unwrap_or_default();
    let name = wanted["key"].as_str().or_else(|| wanted["id"].as_str()).map(str::to_owned);
    let name = name.or_else(|| wanted["id"].as_u64().map(|id| id.to_string()));
    let found = name.and_then(|name| world.project_at(&name)).filter(|project| call.sees_project(project));
    found.ok_or_else(|| ApiError::field("project", "Specify a valid project ID or key"))
}

/// Builds a new issue from a request, without adding it.
pub(crate) fn build(call: &Call<'_>, world: &World, body: &Map<String, Value>) -> Result<Issue, ApiError> {
    let empty = Map::new();
    let (fields, update) = (object(body, "fields", &empty)?, object(body, "update", &empty)?);
    let project = target(call, world, fields)?;
    call.may(world, Permission::CreateIssues, "You do not have permission to create issues in this project.")?;
    let mut own = Issue {
        id: 0,
        key: format!("{}-{}", project.key, project.next),
        project: project.id,
        issue_type: 0,
        status: if project.is_service_desk() { OPEN } else { TO_DO },
        resolution: None,
        priority: Some(DEFAULT_PRIORITY),
        summary: String::new(),
        description: None,
        environment: None,
        assignee: None,
        // The caller reports, unless somebody else is named.
        reporter: call.account().map(str::to_owned),
        creator: call.account().map(str::to_owned),
        labels: Vec::new(),
        components: Vec::new(),
        fix_versions: Vec::new(),
        versions: Vec::new(),
        parent: None,
        due: None,
        created: call.now,
        updated: call.now,
        resolved: None,
        category_changed: call.now,
        custom: BTreeMap::new(),
        watchers: call.account().map(str::to_owned).into_iter().collect(),
        comments: Vec::new(),
        attachments: Vec::new(),
        history: Vec::new(),
        properties: BTreeMap::new(),
        request_type: None,
        hidden_from: Vec::new(),
    };
    let mut missing = Vec::new();
    if !fields.contains_key("summary") && !update.contains_key("summary") {
        missing.push(("summary".to_owned(), "You must specify a summary of the issue.".to_owned()));
    }
    if !fields.contains_key("issuetype") {
        missing.push(("issuetype".to_owned(), "Specify an issue type".to_owned()));
    }
    if !missing.is_empty() {
        return Err(ApiError::fields(missing));
    }
    edit::apply(call, world, &mut own, Screen::Create, fields, update)?;
    if issue_type_of(own.issue_type).level < 0 && own.parent.is_none() {
        return Err(ApiError::field("parent", "Issue type is a sub-task but parent issue key or id not specified."));
    }
    for property in body.get("properties").and_then(Value::as_array).into_iter().flatten() {
        if let Some(key) = property["key"].as_str() {
            own.properties.insert(key.to_owned(), property["value"].clone());
        }
    }
    Ok(own)
}

/// Adds a built issue; gives its id.
pub(crate) fn add(call: &Call<'_>, world: &mut World, mut own: Issue) -> u64 {
    own.id = world.new_id();
    let id = own.id;
    if let Some(project) = world.projects.iter_mut().find(|project| project.id == own.project) {
        project.next += 1;
    }
    world.add_issue(own, call.now);
    id
}

fn receipt(call: &Call<'_>, world: &World, id: u64) -> Value {
    let key = world.issue(id).map_or("", |own| own.key.as_str());
    json!({ "id": id.to_string(), "key": key, "self": call.link(&format!("issue/{id}")) })
}

/// `POST /issue`.
pub(crate) fn create(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = call.json()?;
    site.write(|world| {
        call.user()?;
        let own = build(call, world, &body)?;
        let id = add(call, world, own);
        Ok(created(&receipt(call, world, id)))
    })
}

/// `POST /issue/bulk`: partial success; 400 only when all fail.
pub(crate) fn create_many(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let wanted = body.get("issueUpdates").and_then(Value::as_array).cloned().unwrap_or_default();
    if wanted.is_empty() || wanted.len() > BULK {
        return Err(ApiError::bad_request(format!("The number of issues to create must be between 1 and {BULK}.")));
    }
    site.write(|world| {
        call.user()?;
        let (mut issues, mut errors) = (Vec::new(), Vec::new());
        for (number, one) in wanted.iter().enumerate() {
            match build(call, world, one.as_object().unwrap_or(&Map::new())) {
                Ok(own) => {
                    let id = add(call, world, own);
                    issues.push(receipt(call, world, id));
                }
                Err(error) => errors.push(json!({
                    "status": error.status.as_u16(),
                    "elementErrors": error.body(),
                    "failedElementNumber": number,
                })),
            }
        }
        let status = if issues.is_empty() { StatusCode::BAD_REQUEST } else { StatusCode::CREATED };
        Ok(super::answer::json_reply(status, &json!({ "issues": issues, "errors": errors })))
    })
}

/// `POST /issue/bulkfetch`: ordered by id, not as asked.
pub(crate) fn get_many(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let texts = |name: &str| -> Vec<String> {
        let list = body.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let wanted = texts("issueIdsOrKeys");
    if wanted.len() > 100 {
        return Err(ApiError::bad_request("The number of issue IDs or keys must not exceed 100."));
    }
    let selection = Selection::read(&texts("fields"), "*navigable");
    let mut found: Vec<&std::sync::Arc<Issue>> = Vec::new();
    let mut errors = Vec::new();
    for name in &wanted {
        match call.issue(world, name) {
            Ok(own) if found.iter().any(|other| other.id == own.id) => {}
            Ok(own) => found.push(own),
            Err(_) => errors.push(
                json!({ "id": name, "errorMessage": "Issue does not exist or you do not have permission to see it." }),
            ),
        }
    }
    found.sort_by_key(|own| own.id);
    let shown: Vec<Value> = found.iter().map(|own| issue_json::issue(call, world, own, &selection, &[])).collect();
    Ok(ok(&json!({ "issues": shown, "issueErrors": errors })))
}

/// Comments and links that ride along in `update` are not emulated on edits; transitions take comments.
const CANNOT_EDIT: &str = "You do not have permission to edit issues in this project.";

/// `PUT /issue/{idOrKey}`: 204, or the issue with `returnIssue=true`. A transition in it is ignored.
pub(crate) fn edit(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let empty = Map::new();
    let (fields, update) = (object(&body, "fields", &empty)?, object(&body, "update", &empty)?);
    if fields.is_empty() && update.is_empty() && !body.contains_key("properties") {
        return Err(ApiError::bad_request("one of 'fields' or 'update' required"));
    }
    let id = site.write(|world| {
        let id = call.issue(world, id_or_key)?.id;
        call.may(world, Permission::EditIssues, CANNOT_EDIT)?;
        // wire A4.1: switching notifications off needs administration rights.
        if call.params.get("notifyUsers") == Some("false") && !call.is_admin() {
            return Err(ApiError::forbidden(
                "To discard the user notification either admin or project admin permissions are required.",
            ));
        }
        let Some(mut after) = world.issue(id).map(|own| Issue::clone(own)) else { return Err(ApiError::no_issue()) };
        edit::apply(call, world, &mut after, Screen::Edit, fields, update)?;
        for property in body.get("properties").and_then(Value::as_array).into_iter().flatten() {
            if let Some(key) = property["key"].as_str() {
                after.properties.insert(key.to_owned(), property["value"].clone());
            }
        }
        let author = call.account().map(str::to_owned);
        world.change(id, author.as_deref(), call.now, |own| *own = after);
        Ok(id)
    })?;
    if call.params.flag("returnIssue") {
        return site.read(|world| get(call, world, &id.to_string()));
    }
    Ok(no_content())
}

/// `PUT /issue/{idOrKey}/assignee`.
pub(crate) fn assign(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = Value::Object(call.json()?);
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        call.may(world, Permission::EditIssues, CANNOT_EDIT)?;
        let fields = Map::from_iter([("assignee".to_owned(), body)]);
        let mut after = Issue::clone(&own);
        edit::apply(call, world, &mut after, Screen::Edit, &fields, &Map::new())?;
        let author = call.account().map(str::to_owned);
        world.change(own.id, author.as_deref(), call.now, |own| own.assignee = after.assignee);
        Ok(no_content())
    })
}

/// `DELETE /issue/{idOrKey}?deleteSubtasks=`.
pub(crate) fn delete(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let (id, key) = call.issue(world, id_or_key).map(|own| (own.id, own.key.clone()))?;
        call.may(world, Permission::DeleteIssues, "You do not have permission to delete issues in this project.")?;
        let children: Vec<u64> =
            world.subtasks(id).filter(|own| issue_type_of(own.issue_type).level < 0).map(|own| own.id).collect();
        if !children.is_empty() && !call.params.flag("deleteSubtasks") {
            let message = format!(
                "The issue '{key}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks."
            );
            return Err(ApiError::bad_request(message));
        }
        for child in children {
            world.remove_issue(child, call.now);
        }
        world.remove_issue(id, call.now);
        Ok(no_content())
    })
}

/// `GET /issue/{idOrKey}/properties`.
pub(crate) fn properties(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let keys: Vec<Value> = own
        .properties
        .keys()
        .map(|key| json!({ "key": key, "self": call.link(&format!("issue/{}/properties/{key}", own.id)) }))
        .collect();
    Ok(ok(&json!({ "keys": keys })))
}

/// `GET`, `PUT`, `DELETE /issue/{idOrKey}/properties/{key}`.
pub(crate) fn property(site: &Site, call: &Call<'_>, id_or_key: &str, key: &str) -> Result<Reply, ApiError> {
    let missing = || ApiError::not_found(format!("The property with key '{key}' was not found on the issue."));
    if call.method == http::Method::GET {
        return site.read(|world| {
            let value = call.issue(world, id_or_key)?.properties.get(key).cloned().ok_or_else(missing)?;
            Ok(ok(&json!({ "key": key, "value": value })))
        });
    }
    let value = if call.method == http::Method::PUT { Some(call.json_value()?) } else { None };
    // wire A4.1: at most 32,768 characters of JSON.
    if value.is_some() && call.body.len() > 32_768 {
        return Err(ApiError::bad_request("The property value is too long: at most 32768 characters are allowed."));
    }
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        call.may(world, Permission::EditIssues, CANNOT_EDIT)?;
        let had = own.properties.contains_key(key);
        let author = call.account().map(str::to_owned);
        match value {
            Some(value) => {
                world.change(own.id, author.as_deref(), call.now, |own| {
                    drop(own.properties.insert(key.to_owned(), value))
                });
                Ok(super::answer::json_reply(if had { StatusCode::OK } else { StatusCode::CREATED }, &json!({})))
            }
            None if had => {
                world.change(own.id, author.as_deref(), call.now, |own| drop(own.properties.remove(key)));
                Ok(no_content())
            }
            None => Err(missing()),
        }
    })
}
