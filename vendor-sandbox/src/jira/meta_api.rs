//! What can be set: create and edit metadata (wire A4.3).

use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, ok};
use super::call::Call;
use super::catalogue::{FIELDS, Field, IssueType, Kind, OPTIONS, PRIORITIES, issue_type_of};
use super::model::{Issue, Project};
use super::paging::Window;
use super::show;
use super::world::{Permission, World};

/// Fields that must be set; a reporter is filled in.
const REQUIRED: &[&str] = &["summary", "issuetype", "project"];

fn operations(field: &Field) -> Value {
    match field.kind {
        Kind::Labels | Kind::Components | Kind::Versions | Kind::Choices | Kind::Users => {
            json!(["add", "set", "remove"])
        }
        _ => json!(["set"]),
    }
}

fn allowed(call: &Call<'_>, project: &Project, own: &IssueType, field: &Field) -> Option<Value> {
    Some(match field.kind {
        Kind::Priority => PRIORITIES.iter().map(|own| show::priority(call, own.0)).collect(),
        Kind::IssueType => json!([show::issue_type(call, own)]),
        Kind::Project => json!([show::project(call, project)]),
        Kind::Components => project.components.iter().map(|own| show::component(call, project, own)).collect(),
        Kind::Versions => project.versions.iter().map(|own| show::version(call, project, own)).collect(),
        Kind::Choice | Kind::Choices => {
            OPTIONS.iter().filter(|own| Some(own.0) == field.number).map(|own| show::option(call, own.1)).collect()
        }
        Kind::Cascade => {
            let parents = OPTIONS.iter().filter(|own| Some(own.0) == field.number && own.2.is_none());
            parents
                .map(|parent| {
                    let mut shown = show::option(call, parent.1);
                    let children = OPTIONS.iter().filter(|own| own.2 == Some(parent.1));
                    shown["children"] = children.map(|own| show::option(call, own.1)).collect();
                    shown
                })
                .collect()
        }
        _ => return None,
    })
}

fn describe(call: &Call<'_>, project: &Project, own: &IssueType, field: &Field, creating: bool) -> Value {
    let required = REQUIRED.contains(&field.id) || (field.id == "parent" && own.level < 0);
    let mut shown = json!({
        "required": required,
        "schema": show::schema(field),
        "name": field.name,
        "key": field.id,
        "operations": operations(field),
    });
    if creating {
        shown["hasDefaultValue"] = json!(matches!(field.id, "priority" | "reporter"));
        if field.id == "priority" {
            shown["defaultValue"] = show::priority(call, super::catalogue::DEFAULT_PRIORITY);
        }
    }
    if let Some(values) = allowed(call, project, own, field) {
        shown["allowedValues"] = values;
    }
    shown
}

fn fields(creating: bool) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.is_on_screens() || (creating && field.id == "project"))
}

/// `GET /issue/createmeta/{project}/issuetypes`.
pub(crate) fn create_types(call: &Call<'_>, world: &World, project: &str) -> Result<Reply, ApiError> {
    let project = call.project(world, project)?;
    let window = Window::read(call, 50, 200)?;
    let shown: Vec<Value> =
        window.cut(&project.issue_types).iter().map(|id| show::issue_type(call, issue_type_of(*id))).collect();
    Ok(page(call, &window, project.issue_types.len(), "issueTypes", shown))
}

/// The page member differs: `values` on Data Center (wire A4.3).
fn page(call: &Call<'_>, window: &Window, total: usize, member: &str, shown: Vec<Value>) -> Reply {
    let mut body = json!({ "startAt": window.start, "maxResults": window.size, "total": total });
    if call.is_cloud() {
        body[member] = json!(shown);
    } else {
        body["isLast"] = json!(window.start + shown.len() >= total);
        body["values"] = json!(shown);
    }
    ok(&body)
}

/// `GET /issue/createmeta/{project}/issuetypes/{id}`: an array of fields.
pub(crate) fn create_fields(call: &Call<'_>, world: &World, project: &str, id: &str) -> Result<Reply, ApiError> {
    let project = call.project(world, project)?;
    let own = project.issue_types.iter().find(|own| own.to_string() == id);
    let own =
        issue_type_of(*own.ok_or_else(|| ApiError::not_found(format!("Issue type with id '{id}' does not exist.")))?);
    let all: Vec<&Field> = fields(true).collect();
    let window = Window::read(call, 50, 200)?;
    let shown = window
        .cut(&all)
        .iter()
        .map(|field| {
            let mut shown = describe(call, project, own, field, true);
            shown["fieldId"] = json!(field.id);
            shown
        })
        .collect();
    Ok(page(call, &window, all.len(), "fields", shown))
}

/// `GET /issue/createmeta`, the old way: deprecated on Cloud, still answered; gone from Data Center 9.
pub(crate) fn create_all(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    if !call.is_cloud() {
        return Err(ApiError::not_found("Issue Does Not Exist"));
    }
    let keys = super::issue_api::listed(call, "projectKeys");
    let ids = super::issue_api::listed(call, "projectIds");
    let names = super::issue_api::listed(call, "issuetypeNames");
    let with_fields = call.params.get("expand").is_some_and(|expand| expand.contains("projects.issuetypes.fields"));
    let projects = world.projects.iter().filter(|own| {
        let asked = keys.is_empty() && ids.is_empty();
        call.sees_project(own) && (asked || keys.contains(&own.key) || ids.contains(&own.id.to_string()))
    });
    let shown: Vec<Value> = projects
        .map(|project| {
            let types = project.issue_types.iter().map(|id| issue_type_of(*id));
            let types = types.filter(|own| names.is_empty() || names.iter().any(|name| name == own.name));
            let types: Vec<Value> = types
                .map(|own| {
                    let mut shown = show::issue_type(call, own);
                    if with_fields {
                        shown["expand"] = json!("fields");
                        let fields =
                            fields(true).map(|field| (field.id.to_owned(), describe(call, project, own, field, true)));
                        shown["fields"] = Value::Object(fields.collect::<Map<_, _>>());
                    }
                    shown
                })
                .collect();
            let full = show::project(call, project);
            json!({
                "self": full["self"],
                "id": full["id"],
                "key": full["key"],
                "name": full["name"],
                "avatarUrls": full["avatarUrls"],
                "issuetypes": types,
            })
        })
        .collect();
    Ok(ok(&json!({ "expand": "projects", "projects": shown })))
}

/// `fields` of `editmeta`: an object; nothing for who may not edit (wire A4.3).
pub(crate) fn edit(call: &Call<'_>, world: &World, own: &Issue) -> Value {
    let may = call.account().is_some_and(|account| !world.is_denied(account, Permission::EditIssues));
    let Some(project) = world.project(own.project).filter(|_| may) else { return json!({ "fields": {} }) };
    let kind = issue_type_of(own.issue_type);
    let shown: Map<String, Value> =
        fields(false).map(|field| (field.id.to_owned(), describe(call, project, kind, field, false))).collect();
    json!({ "fields": shown })
}

/// `GET /issue/{idOrKey}/editmeta`.
pub(crate) fn edit_meta(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    Ok(ok(&edit(call, world, own)))
}
