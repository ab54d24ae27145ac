//! An issue as JSON (wire A4.2).

use serde_json::{Map, Value, json};

use super::call::Call;
use super::catalogue::{FIELDS, Field, REQUEST_TYPES, issue_type_of, status_of};
use super::model::{Comment, Custom, Issue};
use super::show;
use super::world::World;

/// Which fields are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    all: bool,
    names: Vec<String>,
    without: Vec<String>,
}

/// Fields that `*navigable` leaves out.
const NOT_NAVIGABLE: &[&str] = &["comment", "attachment"];

impl Selection {
    /// `*all`, `*navigable`, names or ids, `-name`; `default` when nothing is named.
    pub(crate) fn read(wanted: &[String], default: &str) -> Self {
        let own = [default.to_owned()];
        let wanted = if wanted.is_empty() { &own[..] } else { wanted };
        let mut selection = Self { all: false, names: Vec::new(), without: Vec::new() };
        let mut positive = false;
        for name in wanted.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            match name {
                "*all" => selection.all = true,
                "*navigable" => {
                    selection.all = true;
                    selection.without.extend(NOT_NAVIGABLE.iter().map(|name| (*name).to_owned()));
                }
                _ => match name.strip_prefix('-') {
                    Some(name) => selection.without.push(name.to_owned()),
                    None => selection.names.push(name.to_owned()),
                },
            }
            positive |= !name.starts_with('-');
        }
        // Only exclusions: everything else of the default.
        selection.all |= !positive;
        selection
    }

    /// Whether nothing but id and key is asked for (wire A3.2).
    pub(crate) fn is_bare(&self) -> bool {
        !self.all && self.names.iter().all(|name| matches!(name.as_str(), "id" | "key"))
    }

    /// Whether the key is in the answer: on Cloud `fields` defaults to `id` alone (wire A3.2).
    pub(crate) fn has_key(&self) -> bool {
        self.all || self.names.iter().any(|name| name != "id")
    }

    pub(crate) fn has(&self, field: &Field) -> bool {
        let named = |names: &[String]| {
            names
                .iter()
                .any(|name| name == field.id || (field.number.is_some() && name.eq_ignore_ascii_case(field.name)))
        };
        (self.all && !named(&self.without)) || named(&self.names)
    }
}

/// The whole document; `expand` adds members.
pub(crate) fn issue(call: &Call<'_>, world: &World, own: &Issue, selection: &Selection, expand: &[&str]) -> Value {
    let mut shown = Map::new();
    let has_key = selection.has_key() || !call.is_cloud();
    shown.insert("id".to_owned(), json!(own.id.to_string()));
    if has_key {
        shown.insert(
            "expand".to_owned(),
            json!("renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"),
        );
        shown.insert("self".to_owned(), json!(call.link(&format!("issue/{}", own.id))));
        shown.insert("key".to_owned(), json!(own.key));
    }
    if !selection.is_bare() {
        let mut fields = Map::new();
        for field in FIELDS.iter().filter(|field| selection.has(field)) {
            if let Some(value) = value(call, world, own, field) {
                fields.insert(field.id.to_owned(), value);
            }
        }
        shown.insert("fields".to_owned(), Value::Object(fields));
    }
    for name in expand {
        let value = match *name {
            "renderedFields" => rendered(call, own, selection),
            "changelog" => super::changelog_api::embedded(call, world, own),
            "transitions" => super::transition_api::available(call, world, own, false, false),
            "editmeta" => super::meta_api::edit(call, world, own),
            "operations" => json!({ "linkGroups": [] }),
            "names" => names(selection),
            "schema" => schemas(selection),
            _ => continue,
        };
        shown.insert((*name).to_owned(), value);
    }
    Value::Object(shown)
}

/// Display names of the selected fields.
pub(crate) fn names(selection: &Selection) -> Value {
    FIELDS
        .iter()
        .filter(|field| selection.has(field))
        .map(|field| (field.id.to_owned(), json!(field.name)))
        .collect::<Map<_, _>>()
        .into()
}

/// Schemas of the selected fields.
pub(crate) fn schemas(selection: &Selection) -> Value {
    FIELDS
        .iter()
        .filter(|field| selection.has(field))
        .map(|field| (field.id.to_owned(), show::schema(field)))
        .collect::<Map<_, _>>()
        .into()
}

fn rendered(call: &Call<'_>, own: &Issue, selection: &Selection) -> Value {
    let mut fields = Map::new();
    let mut add = |id: &str, value: Value| {
        if Field::find(id).is_some_and(|field| selection.has(field)) {
            fields.insert(id.to_owned(), value);
        }
    };
    add("description", own.description.as_ref().map_or(Value::Null, |text| json!(text.html())));
    add("environment", own.environment.as_ref().map_or(Value::Null, |text| json!(text.html())));
    // wire A6: localised dates, good for display only.
    let day = |at: chrono::DateTime<chrono::Utc>| {
        json!(at.with_timezone(&call.zone).format("%d/%b/%y %-I:%M %p").to_string())
    };
    add("created", day(own.created));
    add("updated", day(own.updated));
    Value::Object(fields)
}

/// The value of a field; `None` when the issue does not show it at all.
fn value(call: &Call<'_>, world: &World, own: &Issue, field: &Field) -> Option<Value> {
    let rich = |text: &Option<super::rich_text::RichText>| {
        text.as_ref().map_or(Value::Null, |text| text.show(call.speaks_adf()))
    };
    let person = |account: &Option<String>| show::user_by_id(call, world, account.as_ref());
    let project = world.project(own.project);
    let category = status_of(own.status).category;
    Some(match field.id {
        "summary" => json!(own.summary),
        "description" => rich(&own.description),
        "environment" => rich(&own.environment),
        "project" => project.map_or(Value::Null, |project| show::project(call, project)),
        "issuetype" => show::issue_type(call, issue_type_of(own.issue_type)),
        "status" => show::status(call, own.status),
        "statusCategory" if call.is_cloud() => show::status_category(call, category),
        "statuscategorychangedate" if call.is_cloud() => json!(call.time(own.category_changed)),
        "statusCategory" | "statuscategorychangedate" => return None,
        "priority" => own.priority.map_or(Value::Null, |id| show::priority(call, id)),
        "resolution" => own.resolution.map_or(Value::Null, |id| show::resolution(call, id)),
        "resolutiondate" => own.resolved.map_or(Value::Null, |at| json!(call.time(at))),
        "assignee" => person(&own.assignee),
        "reporter" => person(&own.reporter),
        "creator" => person(&own.creator),
        "labels" => json!(own.labels),
        "created" => json!(call.time(own.created)),
        "updated" => json!(call.time(own.updated)),
        "duedate" => own.due.map_or(Value::Null, |day| json!(day.to_string())),
        "components" => {
            let all = project.into_iter().flat_map(|project| project.components.iter().map(move |one| (project, one)));
            all.filter(|(_, one)| own.components.contains(&one.id))
                .map(|(project, one)| show::component(call, project, one))
                .collect()
        }
        "fixVersions" | "versions" => {
            let ids = if field.id == "versions" { &own.versions } else { &own.fix_versions };
            let all = project.into_iter().flat_map(|project| project.versions.iter().map(move |one| (project, one)));
            all.filter(|(_, one)| ids.contains(&one.id))
                .map(|(project, one)| show::version(call, project, one))
                .collect()
        }
        "parent" => stub(call, world, own.parent?)?,
        "subtasks" => world.subtasks(own.id).filter_map(|child| stub(call, world, child.id)).collect(),
        "issuelinks" => links(call, world, own),
        "attachment" => own.attachments.iter().map(|file| show::attachment(call, world, file)).collect(),
        "comment" => comments(call, world, own),
        "watches" => json!({
            "self": call.link(&format!("issue/{}/watchers", own.key)),
            "watchCount": own.watchers.len(),
            "isWatching": call.account().is_some_and(|account| own.watchers.iter().any(|one| one == account)),
        }),
        "votes" => json!({ "self": call.link(&format!("issue/{}/votes", own.key)), "votes": 0, "hasVoted": false }),
        "customfield_10010" => request_type(call, own),
        _ => {
            let number = field.number?;
            own.custom.get(&number).map_or(Value::Null, |value| custom(call, world, value))
        }
    })
}

fn custom(call: &Call<'_>, world: &World, value: &Custom) -> Value {
    match value {
        Custom::Text(text) => json!(text),
        Custom::Rich(text) => text.show(call.speaks_adf()),
        Custom::Number(number) => json!(number),
        Custom::Date(day) => json!(day.to_string()),
        Custom::Moment(at) => json!(call.time(*at)),
        Custom::Choice(id) => show::option(call, *id),
        Custom::Choices(ids) => ids.iter().map(|id| show::option(call, *id)).collect(),
        Custom::Cascade(parent, child) => {
            let mut shown = show::option(call, *parent);
            if let Some(child) = child {
                shown["child"] = show::option(call, *child);
            }
            shown
        }
        Custom::Users(accounts) => accounts.iter().map(|id| show::user_by_id(call, world, Some(id))).collect(),
        Custom::Group(id) => world.group(id).map_or(Value::Null, |group| show::group(call, group)),
        Custom::Organizations(ids) => ids
            .iter()
            .filter_map(|id| world.organization(*id))
            .map(|own| {
                json!({
                    "id": own.id.to_string(),
                    "name": own.name,
                    "_links": { "self": format!("{}/rest/servicedeskapi/organization/{}", call.base, own.id) },
                })
            })
            .collect(),
    }
}

/// wire A10: the request type of an issue is a custom field.
fn request_type(call: &Call<'_>, own: &Issue) -> Value {
    let found = own.request_type.and_then(|id| REQUEST_TYPES.iter().find(|own| own.0 == id));
    let Some((id, name, description, issue_type)) = found else { return Value::Null };
    json!({
        "_links": {
            "self": format!("{}/rest/servicedeskapi/request/{}", call.base, own.id),
            "web": format!("{}/servicedesk/customer/portal/1/{}", call.site, own.key),
        },
        "requestType": {
            "_expands": ["field"],
            "id": id.to_string(),
            "_links": { "self": format!("{}/rest/servicedeskapi/servicedesk/1/requesttype/{id}", call.base) },
            "name": name,
            "description": description,
            "helpText": "",
            "issueTypeId": issue_type.to_string(),
            "serviceDeskId": "1",
            "portalId": "1",
            "groupIds": ["1"],
        },
        "currentStatus": {
            "status": status_of(own.status).name,
            "statusCategory": portal_category(own.status),
            "statusDate": super::service_desk::date(call, own.category_changed),
        },
    })
}

/// The portal's names of categories.
pub(crate) fn portal_category(status: u64) -> &'static str {
    match status_of(status).category {
        2 => "NEW",
        3 => "DONE",
        4 => "INDETERMINATE",
        _ => "UNDEFINED",
    }
}

/// An issue as it stands inside another one.
fn stub(call: &Call<'_>, world: &World, id: u64) -> Option<Value> {
    let own = world.issue(id).filter(|issue| call.sees(world, issue))?;
    Some(json!({
        "id": own.id.to_string(),
        "key": own.key,
        "self": call.link(&format!("issue/{}", own.id)),
        "fields": {
            "summary": own.summary,
            "status": show::status(call, own.status),
            "priority": own.priority.map_or(Value::Null, |id| show::priority(call, id)),
            "issuetype": show::issue_type(call, issue_type_of(own.issue_type)),
        },
    }))
}

/// wire A4.9: each entry has either end; links into what the caller cannot see are left out.
fn links(call: &Call<'_>, world: &World, own: &Issue) -> Value {
    let shown = world.links.values().filter_map(|link| {
        let (name, other) = match own.id {
            id if id == link.inward => ("outwardIssue", link.outward),
            id if id == link.outward => ("inwardIssue", link.inward),
            _ => return None,
        };
        Some(json!({
            "id": link.id.to_string(),
            "self": call.link(&format!("issueLink/{}", link.id)),
            "type": show::link_type(call, link.link_type),
            name: stub(call, world, other)?,
        }))
    });
    shown.collect()
}

/// wire A4.2: cut by permission and size; the sub-resource is complete.
fn comments(call: &Call<'_>, world: &World, own: &Issue) -> Value {
    let visible: Vec<&Comment> = own.comments.iter().filter(|comment| call.sees_comment(world, comment)).collect();
    let shown: Vec<Value> = visible.iter().take(EMBEDDED).map(|one| comment(call, world, own, one, false)).collect();
    json!({
        "comments": shown,
        "self": call.link(&format!("issue/{}/comment", own.id)),
        "maxResults": shown.len(),
        "total": visible.len(),
        "startAt": 0,
    })
}

/// Comments inside an issue.
const EMBEDDED: usize = 20;

/// wire A4.6.
pub(crate) fn comment(call: &Call<'_>, world: &World, issue: &Issue, own: &Comment, with_html: bool) -> Value {
    let mut shown = json!({
        "self": call.link(&format!("issue/{}/comment/{}", issue.id, own.id)),
        "id": own.id.to_string(),
        "body": own.body.show(call.speaks_adf()),
        "created": call.time(own.created),
        "updated": call.time(own.updated),
    });
    if own.author.is_some() {
        shown["author"] = show::user_by_id(call, world, own.author.as_ref());
    }
    if own.update_author.is_some() {
        shown["updateAuthor"] = show::user_by_id(call, world, own.update_author.as_ref());
    }
    if let Some(visibility) = &own.visibility {
        shown["visibility"] = json!({ "type": visibility.kind, "value": visibility.value });
        if call.is_cloud() {
            shown["visibility"]["identifier"] = json!(visibility.identifier);
        }
    }
    if call.is_cloud() {
        // wire A4.6, A10: true everywhere but on internal comments of a service desk.
        shown["jsdPublic"] = json!(!own.internal);
    }
    if call.params.get("expand").is_some_and(|expand| expand.contains("properties")) {
        let mut properties: Vec<Value> =
            own.properties.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
        if own.internal {
            properties.push(json!({ "key": "sd.public.comment", "value": { "internal": true } }));
        }
        shown["properties"] = json!(properties);
    }
    if with_html {
        shown["renderedBody"] = json!(own.body.html());
    }
    shown
}
