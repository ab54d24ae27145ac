//! Service Management's own API, `/rest/servicedeskapi` (wire A10): another envelope, other dates,
//! comments that are no ADF.

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, created, json_reply, no_content, ok};
use super::call::Call;
use super::catalogue::{Field, ORGANIZATIONS, REQUEST_TYPES, issue_type_of, status_of};
use super::comment_api;
use super::issue_api;
use super::issue_json::portal_category;
use super::model::{Attachment, Comment, Custom, Issue, Organization, User};
use super::rich_text::RichText;
use super::seed_company::DESK;
use super::show;
use super::site::Site;
use super::world::{Permission, TemporaryFile, World};

/// wire A10: dates are objects.
pub(crate) fn date(call: &Call<'_>, at: DateTime<Utc>) -> Value {
    let local = at.with_timezone(&call.zone);
    json!({
        "iso8601": local.format("%Y-%m-%dT%H:%M:%S%z").to_string(),
        "jira": call.time(at),
        "friendly": local.format("%d/%b/%y %-I:%M %p").to_string(),
        "epochMillis": at.timestamp_millis(),
    })
}

fn address(call: &Call<'_>, rest: &str) -> String {
    format!("{}/rest/servicedeskapi/{rest}", call.base)
}

/// `{size,start,limit,isLastPage,values,_links,_expands}`.
fn page(call: &Call<'_>, all: &[Value]) -> Reply {
    let number = |name: &str| call.params.get(name).and_then(|text| text.parse::<usize>().ok());
    let (start, limit) = (number("start").unwrap_or(0), number("limit").unwrap_or(50).min(100));
    let begin = start.min(all.len());
    let end = (begin + limit).min(all.len());
    let own = format!("{}{}", call.base, call.resource);
    let mut links = json!({ "base": call.site, "context": "", "self": own });
    if end < all.len() {
        links["next"] = json!(format!("{own}?limit={limit}&start={end}"));
    }
    if start > 0 {
        links["prev"] = json!(format!("{own}?limit={limit}&start={}", start.saturating_sub(limit)));
    }
    ok(&json!({
        "_expands": [],
        "size": end - begin,
        "start": start,
        "limit": limit,
        "isLastPage": end == all.len(),
        "_links": links,
        "values": &all[begin..end],
    }))
}

/// A person as Service Management shows them: no kind of account, and the addresses under `_links` (wire S2).
fn person(call: &Call<'_>, own: &User) -> Value {
    let mut shown = show::user(call, own);
    if let Value::Object(members) = &mut shown {
        members.remove("accountType");
        let links = [("self", "self"), ("jiraRest", "self"), ("avatarUrls", "avatarUrls")];
        let links: Map<String, Value> =
            links.iter().filter_map(|(name, from)| Some(((*name).to_owned(), members.get(*from)?.clone()))).collect();
        members.remove("self");
        members.remove("avatarUrls");
        members.insert("_links".to_owned(), Value::Object(links));
    }
    shown
}

/// Adds a person where there is one: nobody is left out.
fn add_person(call: &Call<'_>, world: &World, shown: &mut Value, member: &str, account: Option<&String>) {
    if let Some(own) = account.and_then(|id| world.user(id)) {
        shown[member] = person(call, own);
    }
}

fn missing(what: &str) -> ApiError {
    ApiError::service_desk(StatusCode::NOT_FOUND, what)
}

/// Answers below `/rest/servicedeskapi/`; `None` for paths that are not emulated.
pub(crate) fn dispatch(site: &Site, call: &Call<'_>) -> Option<Result<Reply, ApiError>> {
    let segments: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    // wire A13: a Data Center wants to be told that the API is experimental, for some calls.
    let guarded = matches!(segments.first(), Some(&"organization"))
        || matches!(segments.get(2), Some(&"organization" | &"customer"));
    if !call.is_cloud() && guarded && !call.headers.contains_key("x-experimentalapi") {
        let message = "This API is experimental. Experimental APIs are not guaranteed to be stable within the preview period. \
                       You must set the header 'X-ExperimentalApi: opt-in' to opt into using this API.";
        return Some(Err(ApiError::service_desk(StatusCode::PRECONDITION_FAILED, message)));
    }
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| Some(site.read(look));
    if call.caller.user.is_none() && segments.as_slice() != ["info"] {
        return Some(Err(ApiError::not_authenticated()));
    }
    match (&call.method, segments.as_slice()) {
        (&Method::GET, ["info"]) => Some(Ok(ok(&json!({
            "version": if call.is_cloud() { "1001.0.0-SNAPSHOT" } else { "5.12.4" },
            "platformVersion": if call.is_cloud() { "1001.0.0-SNAPSHOT" } else { "9.12.4" },
            "buildDate": date(call, call.now),
            "isLicensedForUse": true,
            "_links": { "self": address(call, "info") },
        })))),
        (&Method::GET, ["servicedesk"]) => read(&|world| desk(call, world).map(|desk| page(call, &[desk]))),
        (&Method::GET, ["servicedesk", id]) => {
            read(&|world| own_desk(id).and_then(|()| desk(call, world)).map(|desk| ok(&desk)))
        }
        (&Method::GET, ["servicedesk", id, "requesttype"]) => {
            Some(own_desk(id).map(|()| page(call, &request_types(call))))
        }
        (&Method::GET, ["requesttype"]) => Some(Ok(page(call, &request_types(call)))),
        (&Method::GET, ["servicedesk", id, "requesttype", own]) => {
            let found = || request_types(call).into_iter().find(|shown| shown["id"] == *own);
            Some(
                own_desk(id)
                    .and_then(|()| found().ok_or_else(|| missing("The request type does not exist.")))
                    .map(|shown| ok(&shown)),
            )
        }
        (&Method::GET, ["servicedesk", id, "requesttype", own, "field"]) => {
            Some(own_desk(id).and_then(|()| fields(call, own)))
        }
        (&Method::GET, ["servicedesk", id, "queue"]) => Some(own_desk(id).map(|()| page(call, &[queue(call)]))),
        (&Method::GET, ["servicedesk", id, "customer"]) => read(&|world| own_desk(id).map(|()| customers(call, world))),
        (&Method::GET, ["servicedesk", _, "organization"] | ["organization"]) => read(&|world| {
            let all: Vec<Value> = world.organizations.iter().map(|own| organization(call, own)).collect();
            Ok(page(call, &all))
        }),
        (&Method::GET, ["organization", id]) => {
            read(&|world| find_organization(world, id).map(|own| ok(&organization(call, own))))
        }
        (&Method::GET, ["organization", id, "user"]) => read(&|world| {
            let own = find_organization(world, id)?;
            let all: Vec<Value> =
                own.members.iter().filter_map(|id| world.user(id)).map(|own| person(call, own)).collect();
            Ok(page(call, &all))
        }),
        (&Method::POST, ["organization"]) => Some(add_organization(site, call)),
        (&Method::POST, ["servicedesk", id, "attachTemporaryFile"]) => {
            Some(own_desk(id).and_then(|()| upload(site, call)))
        }
        (&Method::GET, ["request"]) => read(&|world| {
            let own = world.issues().filter(|own| own.request_type.is_some() && call.sees(world, own));
            let all: Vec<Value> = own.map(|own| request(call, world, own)).collect();
            Ok(page(call, &all))
        }),
        (&Method::POST, ["request"]) => Some(create(site, call)),
        (&Method::GET, ["request", id]) => {
            read(&|world| find(call, world, id).map(|own| ok(&request(call, world, &own))))
        }
        (&Method::GET, ["request", id, "comment"]) => read(&|world| comments(call, world, id)),
        (&Method::GET, ["request", id, "comment", own]) => read(&|world| {
            let issue = find(call, world, id)?;
            let found = issue.comments.iter().find(|one| one.id.to_string() == *own && call.sees_comment(world, one));
            found
                .map(|one| ok(&comment(call, world, &issue, one)))
                .ok_or_else(|| missing("The comment does not exist."))
        }),
        (&Method::POST, ["request", id, "comment"]) => Some(add_comment(site, call, id)),
        (&Method::GET, ["request", id, "status"]) => {
            read(&|world| find(call, world, id).map(|own| statuses(call, &own)))
        }
        (&Method::GET, ["request", id, "transition"]) => read(&|world| {
            let own = find(call, world, id)?;
            let all: Vec<Value> = portal_transitions(world, &own)
                .map(|step| json!({ "id": step.id.to_string(), "name": step.name }))
                .collect();
            Ok(page(call, &all))
        }),
        (&Method::POST, ["request", id, "transition"]) => Some(transition(site, call, id)),
        (&Method::GET, ["request", id, "participant"]) => read(&|world| find(call, world, id).map(|_| page(call, &[]))),
        (&Method::GET, ["request", id, "attachment"]) => read(&|world| {
            let own = find(call, world, id)?;
            let all: Vec<Value> = own.attachments.iter().map(|file| attachment(call, world, file)).collect();
            Ok(page(call, &all))
        }),
        (&Method::POST, ["request", id, "attachment"]) => Some(attach(site, call, id)),
        _ => None,
    }
}

fn own_desk(id: &str) -> Result<(), ApiError> {
    if id == "1" { Ok(()) } else { Err(missing("The service desk does not exist.")) }
}

fn desk(call: &Call<'_>, world: &World) -> Result<Value, ApiError> {
    let project = world
        .project(DESK)
        .filter(|project| call.sees_project(project))
        .ok_or_else(|| missing("The service desk does not exist."))?;
    Ok(json!({
        "id": "1",
        "projectId": project.id.to_string(),
        "projectName": project.name,
        "projectKey": project.key,
        "_links": { "self": address(call, "servicedesk/1") },
    }))
}

fn request_types(call: &Call<'_>) -> Vec<Value> {
    REQUEST_TYPES
        .iter()
        .map(|(id, name, description, issue_type)| {
            json!({
                "_expands": ["field"],
                "id": id.to_string(),
                "_links": { "self": address(call, &format!("servicedesk/1/requesttype/{id}")) },
                "name": name,
                "description": description,
                "helpText": "",
                "issueTypeId": issue_type.to_string(),
                "serviceDeskId": "1",
                "portalId": "1",
                "groupIds": ["1"],
                "icon": { "id": "10300", "_links": { "iconUrls": {} } },
            })
        })
        .collect()
}

/// What the portal asks for.
const REQUEST_FIELDS: &[(&str, bool)] =
    &[("summary", true), ("description", false), ("customfield_10033", false), ("duedate", false)];

fn fields(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    if !REQUEST_TYPES.iter().any(|own| own.0.to_string() == id) {
        return Err(missing("The request type does not exist."));
    }
    let shown: Vec<Value> = REQUEST_FIELDS
        .iter()
        .filter_map(|(name, required)| Some((Field::find(name)?, *required)))
        .map(|(field, required)| {
            let options = super::catalogue::OPTIONS.iter().filter(|own| Some(own.0) == field.number);
            let values: Vec<Value> =
                options.map(|own| json!({ "value": own.1.to_string(), "label": own.3, "children": [] })).collect();
            json!({
                "fieldId": field.id,
                "name": field.name,
                "description": "",
                "required": required,
                "defaultValues": [],
                "validValues": values,
                "jiraSchema": show::schema(field),
                "visible": true,
            })
        })
        .collect();
    let can = call.caller.user.as_ref().is_some_and(super::model::User::is_agent);
    Ok(ok(&json!({ "requestTypeFields": shown, "canRaiseOnBehalfOf": can, "canAddRequestParticipants": can })))
}

fn queue(call: &Call<'_>) -> Value {
    json!({
        "id": "1",
        "name": "All open",
        "jql": "project = HELP AND resolution = Unresolved",
        "fields": ["issuekey", "summary", "reporter", "assignee", "status"],
        "_links": { "self": address(call, "servicedesk/1/queue/1") },
    })
}

fn customers(call: &Call<'_>, world: &World) -> Reply {
    let query = call.params.get("query").unwrap_or_default().to_lowercase();
    let own = world.users.iter().filter(|own| !own.is_agent());
    let own =
        own.filter(|own| own.display_name.to_lowercase().contains(&query) || own.email.to_lowercase().contains(&query));
    let all: Vec<Value> = own.map(|own| person(call, own)).collect();
    page(call, &all)
}

fn organization(call: &Call<'_>, own: &Organization) -> Value {
    json!({
        "id": own.id.to_string(),
        "name": own.name,
        "_links": { "self": address(call, &format!("organization/{}", own.id)) },
    })
}

fn find_organization<'w>(world: &'w World, id: &str) -> Result<&'w Organization, ApiError> {
    let found = world.organizations.iter().find(|own| own.id.to_string() == id);
    found.ok_or_else(|| missing("The organization does not exist."))
}

fn add_organization(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let name = name
        .ok_or_else(|| ApiError::service_desk(StatusCode::BAD_REQUEST, "The organization name must not be empty."))?;
    site.write(|world| {
        let own = Organization { id: world.new_id(), name: name.to_owned(), members: Vec::new() };
        let shown = organization(call, &own);
        world.organizations.push(own);
        Ok(created(&shown))
    })
}

/// A request: an issue with a request type.
fn find(call: &Call<'_>, world: &World, id: &str) -> Result<std::sync::Arc<Issue>, ApiError> {
    let user = call.user()?;
    let found = world.issue_at(id).filter(|own| own.request_type.is_some());
    // Customers see the requests that they reported, and those of their organisation.
    let visible = |own: &Issue| {
        if user.is_agent() {
            return call.sees(world, own);
        }
        let shared = match own.custom.get(&ORGANIZATIONS) {
            Some(Custom::Organizations(ids)) => {
                ids.iter().filter_map(|id| world.organization(*id)).any(|org| org.members.contains(&user.account_id))
            }
            _ => false,
        };
        shared || own.reporter.as_ref() == Some(&user.account_id)
    };
    found
        .filter(|own| visible(own))
        .cloned()
        .ok_or_else(|| missing("The request does not exist, or you do not have permission to view it."))
}

fn request(call: &Call<'_>, world: &World, own: &Issue) -> Value {
    let value = |id: &str, label: &str, value: Value| json!({ "fieldId": id, "label": label, "value": value });
    let description = own.description.as_ref().map(RichText::to_wiki);
    let mut shown = json!({
        "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "attachment", "action", "comment"],
        "issueId": own.id.to_string(),
        "issueKey": own.key,
        "summary": own.summary,
        "requestTypeId": own.request_type.unwrap_or_default().to_string(),
        "serviceDeskId": "1",
        "createdDate": date(call, own.created),
        "requestFieldValues": [
            value("summary", "Summary", json!(own.summary)),
            value("description", "Description", json!(description)),
        ],
        "currentStatus": {
            "status": status_of(own.status).name,
            "statusCategory": portal_category(own.status),
            "statusDate": date(call, own.category_changed),
        },
        "_links": {
            "jiraRest": format!("{}/rest/api/2/issue/{}", call.base, own.id),
            "web": format!("{}/servicedesk/customer/portal/1/{}", call.site, own.key),
            "self": address(call, &format!("request/{}", own.id)),
        },
    });
    add_person(call, world, &mut shown, "reporter", own.reporter.as_ref());
    shown
}

/// `POST /request`: 201. The only way to an issue with a request type (wire A10).
fn create(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let text = |name: &str| {
        let value = body.get(name);
        value.and_then(|value| {
            value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
        })
    };
    own_desk(&text("serviceDeskId").unwrap_or_default())?;
    let wanted = text("requestTypeId").unwrap_or_default();
    let kind = REQUEST_TYPES.iter().find(|own| own.0.to_string() == wanted);
    let refused = |message: &str| ApiError::service_desk(StatusCode::BAD_REQUEST, message);
    let kind = kind.ok_or_else(|| refused("The request type is not valid."))?;
    let mut fields = body.get("requestFieldValues").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_adf = body.get("isAdfRequest").and_then(Value::as_bool).unwrap_or(false);
    // Portal text is wiki markup unless the request says that it is ADF.
    let description = match fields.remove("description") {
        Some(Value::String(text)) if !is_adf => Some(RichText::Wiki(text)),
        Some(document @ Value::Object(_)) if is_adf && super::adf::is_valid(&document) => Some(RichText::Adf(document)),
        None | Some(Value::Null) => None,
        Some(_) => return Err(refused("The description is not valid.")),
    };
    if let Some(unknown) = fields.keys().find(|name| !REQUEST_FIELDS.iter().any(|own| own.0 == name.as_str())) {
        return Err(refused(&format!("Field '{unknown}' is not valid for this request type.")));
    }
    fields.insert("project".to_owned(), json!({ "id": DESK.to_string() }));
    fields.insert("issuetype".to_owned(), json!({ "id": issue_type_of(kind.3).id.to_string() }));
    let behalf = text("raiseOnBehalfOf");
    site.write(|world| {
        let whole = Map::from_iter([("fields".to_owned(), Value::Object(fields))]);
        let mut own = issue_api::build(call, world, &whole).map_err(|error| refused(&error.summary()))?;
        own.description = description.map(|text| super::edit::kept(call, text));
        own.request_type = Some(kind.0);
        if let Some(name) = behalf {
            let found = if call.is_cloud() { world.user(&name) } else { world.user_named(&name) };
            let account = found.map(|user| user.account_id.clone());
            own.reporter = Some(account.ok_or_else(|| refused("The customer does not exist."))?);
        }
        let id = issue_api::add(call, world, own);
        let own = world.issue(id).cloned().ok_or_else(ApiError::no_issue)?;
        Ok(created(&request(call, world, &own)))
    })
}

fn comment(call: &Call<'_>, world: &World, issue: &Issue, own: &Comment) -> Value {
    let mut shown = json!({
        "_expands": ["attachment", "renderedBody"],
        "id": own.id.to_string(),
        "body": own.body.to_wiki(),
        "public": !own.internal,
        "created": date(call, own.created),
        "_links": { "self": address(call, &format!("request/{}/comment/{}", issue.id, own.id)) },
    });
    add_person(call, world, &mut shown, "author", own.author.as_ref());
    shown
}

/// `GET /request/{id}/comment?public=&internal=`.
fn comments(call: &Call<'_>, world: &World, id: &str) -> Result<Reply, ApiError> {
    let issue = find(call, world, id)?;
    let is_agent = call.caller.user.as_ref().is_some_and(super::model::User::is_agent);
    let wants = |name: &str| call.params.get(name) != Some("false");
    let visible = issue.comments.iter().filter(|own| {
        let wanted = if own.internal { wants("internal") && is_agent } else { wants("public") };
        wanted && call.sees_comment(world, own)
    });
    let all: Vec<Value> = visible.map(|own| comment(call, world, &issue, own)).collect();
    Ok(page(call, &all))
}

/// `POST /request/{id}/comment` `{body,public}`: a plain string, never ADF.
fn add_comment(site: &Site, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let refused = |message: &str| ApiError::service_desk(StatusCode::BAD_REQUEST, message);
    let text = body.get("body").and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| refused("The comment body must not be empty."))?.to_owned();
    let public =
        body.get("public").and_then(Value::as_bool).ok_or_else(|| refused("The field 'public' is required."))?;
    site.write(|world| {
        let own = find(call, world, id)?;
        call.may(world, Permission::AddComments, "You do not have permission to comment on this request.")?;
        let account = call.account().map(str::to_owned);
        let new = Comment {
            id: 0,
            author: account.clone(),
            update_author: account.clone(),
            body: super::edit::kept(call, RichText::Wiki(text)),
            created: call.now,
            updated: call.now,
            visibility: None,
            internal: !public,
            properties: std::collections::BTreeMap::new(),
        };
        let new = comment_api::numbered(world, new);
        let shown = comment(call, world, &own, &new);
        world.change(own.id, account.as_deref(), call.now, |own| own.comments.push(new));
        Ok(created(&shown))
    })
}

/// The way an issue went, newest first.
fn statuses(call: &Call<'_>, own: &Issue) -> Reply {
    let one = |status: u64, at: DateTime<Utc>| {
        json!({
            "status": status_of(status).name, "statusCategory": portal_category(status), "statusDate": date(call, at),
        })
    };
    let moves = own.history.iter().flat_map(|entry| entry.items.iter().map(move |item| (entry.at, item)));
    let moves: Vec<_> = moves.filter(|(_, item)| item.field == "status").collect();
    let first = moves.first().and_then(|(_, item)| item.from.as_ref()?.parse().ok()).unwrap_or(own.status);
    let mut all = vec![one(first, own.created)];
    all.extend(moves.iter().filter_map(|(at, item)| Some(one(item.to.as_ref()?.parse().ok()?, *at))));
    all.reverse();
    page(call, &all)
}

/// Customer transitions: those without a screen (wire A10).
fn portal_transitions<'w>(world: &World, own: &Issue) -> impl Iterator<Item = &'w super::catalogue::Transition> {
    let status = own.status;
    super::transition_api::workflow(world, own)
        .iter()
        .filter(move |step| !step.asks_resolution && (step.from.is_empty() || step.from.contains(&status)))
}

fn transition(site: &Site, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let wanted = body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    site.write(|world| {
        let own = find(call, world, id)?;
        let step = portal_transitions(world, &own).find(|step| step.id.to_string() == wanted);
        let step = step.ok_or_else(|| {
            ApiError::service_desk(StatusCode::BAD_REQUEST, "The transition is not valid for this request.")
        })?;
        let author = call.account().map(str::to_owned);
        world.change(own.id, author.as_deref(), call.now, |own| super::transition_api::perform(own, step, call.now));
        Ok(no_content())
    })
}

/// `POST /servicedesk/{id}/attachTemporaryFile`: 201 with ids to be named later.
fn upload(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let files = super::attachment_api::files(call)?;
    site.write(|world| {
        let mut shown = Vec::new();
        for file in files {
            let id = format!("temp{}", world.new_id());
            let filename = file.file_name.unwrap_or_default();
            shown.push(json!({ "temporaryAttachmentId": id, "fileName": filename }));
            let own = TemporaryFile {
                filename,
                mime_type: file.content_type,
                content: crate::content::Content::Memory(file.content.into()),
            };
            world.temporary.insert(id, own);
        }
        Ok(json_reply(StatusCode::CREATED, &json!({ "temporaryAttachments": shown })))
    })
}

fn attachment(call: &Call<'_>, world: &World, file: &Attachment) -> Value {
    let mut shown = json!({
        "filename": file.filename,
        "created": date(call, file.created),
        "size": file.content.size(),
        "mimeType": file.mime_type,
        "_links": {
            "jiraRest": format!("{}/rest/api/2/attachment/{}", call.base, file.id),
            "content": format!("{}/rest/api/2/attachment/content/{}", call.base, file.id),
        },
    });
    add_person(call, world, &mut shown, "author", file.author.as_ref());
    shown
}

/// `POST /request/{id}/attachment`: the second step; makes a comment too.
fn attach(site: &Site, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let ids: Vec<String> = body
        .get("temporaryAttachmentIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    let public = body.get("public").and_then(Value::as_bool).unwrap_or(true);
    let refused = || ApiError::service_desk(StatusCode::BAD_REQUEST, "The temporary attachment does not exist.");
    site.write(|world| {
        let own = find(call, world, id)?;
        if ids.is_empty() || !ids.iter().all(|id| world.temporary.contains_key(id)) {
            return Err(refused());
        }
        let account = call.account().map(str::to_owned);
        let mut added = Vec::new();
        for id in &ids {
            let file = world.temporary.remove(id).ok_or_else(refused)?;
            added.push(Attachment {
                id: world.new_id(),
                filename: file.filename,
                mime_type: file.mime_type,
                author: account.clone(),
                created: call.now,
                content: file.content,
            });
        }
        let names: Vec<String> = added.iter().map(|file| format!("[^{}]", file.filename)).collect();
        let text = body.get("additionalComment").and_then(|comment| comment["body"].as_str()).unwrap_or_default();
        let text = format!("{text}\n\n{}", names.join("\n"));
        let new = Comment {
            id: 0,
            author: account.clone(),
            update_author: account.clone(),
            body: super::edit::kept(call, RichText::Wiki(text.trim().to_owned())),
            created: call.now,
            updated: call.now,
            visibility: None,
            internal: !public,
            properties: std::collections::BTreeMap::new(),
        };
        let new = comment_api::numbered(world, new);
        let shown: Vec<Value> = added.iter().map(|file| attachment(call, world, file)).collect();
        let note = comment(call, world, &own, &new);
        world.change(own.id, account.as_deref(), call.now, |own| {
            own.attachments.extend(added);
            own.comments.push(new);
        });
        let attachments = json!({ "size": shown.len(), "start": 0, "limit": 50, "isLastPage": true, "values": shown });
        Ok(created(&json!({ "comment": note, "attachments": attachments })))
    })
}
