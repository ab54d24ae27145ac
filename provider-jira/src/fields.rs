//! The field catalogue and the statuses (wire A4.3, A4.4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::model::{Choice, Field, FieldData, Native, RefType, StatusInfo};
use ticketing_core::request::{ListFields, ListStatuses};
use ticketing_core::{CollectionSelector, Error, ErrorKind, Operation, Page, Result};
use ticketing_http::path_segment;

use crate::catalogue::{Column, Shape};
use crate::connection::Connection;
use crate::people::{cut, missing, offset_of};
use crate::resolve;
use crate::wire::{self, Listed, Thing, list};
use ticketing_http::config::shown;

/// A field as the create screen of one issue type has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaField {
    #[serde(default)]
    pub(crate) field_id: Option<String>,
    #[serde(default)]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) has_default_value: bool,
    #[serde(default, deserialize_with = "list")]
    pub(crate) allowed_values: Vec<Thing>,
}

impl MetaField {
    pub(crate) fn id(&self) -> &str {
        self.field_id.as_deref().or(self.key.as_deref()).unwrap_or_default()
    }
}

/// A page of create metadata: Cloud's and Data Center's name what is on it differently (wire A4.3).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaPage<'a> {
    #[serde(borrow, alias = "fields", alias = "issueTypes")]
    values: Vec<&'a RawValue>,
    #[serde(default)]
    total: Option<u64>,
    #[serde(default)]
    is_last: Option<bool>,
}

/// Every record of a list of create metadata.
async fn meta<T: for<'de> Deserialize<'de>>(connection: &Connection, path: &str) -> Result<Vec<T>> {
    let mut out = Vec::new();
    let mut offset = 0;
    let mut stretches = crate::people::Stretches::default();
    loop {
        let (start, size) = (offset.to_string(), "50");
        let response = connection.api.read(path, &[("startAt", &start), ("maxResults", size)]).await?;
        stretches.check(&response)?;
        let page: MetaPage<'_> = response.json()?;
        let received = page.values.len() as u64;
        for raw in page.values {
            out.push(crate::people::item("field", raw)?);
        }
        offset += received;
        if received == 0 || page.is_last == Some(true) || page.total.is_some_and(|total| offset >= total) {
            return Ok(out);
        }
    }
}

/// The issue types that can be created in a project.
pub(crate) async fn create_types(connection: &Connection, project: &str) -> Result<Vec<Listed>> {
    meta(connection, &format!("/issue/createmeta/{}/issuetypes", path_segment(project))).await
}

/// The fields of the create screen of an issue type in a project.
pub(crate) async fn create_fields(connection: &Connection, project: &str, issue_type: &str) -> Result<Vec<MetaField>> {
    let path = format!("/issue/createmeta/{}/issuetypes/{}", path_segment(project), path_segment(issue_type));
    meta(connection, &path).await
}

/// The configured projects that a request means, by key.
async fn projects(connection: &Connection, wanted: Option<&ticketing_core::CollectionId>) -> Result<Vec<String>> {
    let Some(wanted) = wanted else {
        if !connection.projects.is_empty() {
            return Ok(connection.projects.clone());
        }
        return Ok(crate::collections::all(connection).await?.into_iter().map(|own| own.key).collect());
    };
    let found = resolve::collection(connection, "collection", &CollectionSelector::Id(wanted.clone())).await?;
    found.map(|own| vec![own.name]).ok_or_else(|| missing("collection", wanted.as_str()))
}

/// What the create screens say of a field.
#[derive(Default)]
struct OnScreens {
    required: bool,
    choices: Vec<Choice>,
    scopes: Vec<String>,
}

/// One page of the catalogue.
pub(crate) async fn list_fields(connection: &Connection, request: ListFields) -> Result<Page<Field>> {
    let bound = (&request.ticket_type, &request.collection, request.choices, &connection.projects);
    let codec = connection.codec(Operation::ListFields, &bound);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let columns = connection.catalogue.columns().await?;
    let narrowed = request.ticket_type.is_some() || request.collection.is_some();
    let screens = screens(connection, &request).await?;
    let mut fields = Vec::new();
    for column in columns.all().iter().filter(|column| column.core.is_some() || column.is_catalogued()) {
        let on = screens.get(column.id.as_str());
        if narrowed && on.is_none() && column.custom {
            continue;
        }
        let mut field = field(column, on);
        if request.choices {
            field.choices = choices(connection, column, on).await?;
        }
        fields.push(field);
    }
    fields.sort_by(|a, b| a.id.cmp(&b.id));
    let size = request.page_size.map_or(u64::MAX, |size| u64::from(size.max(1)));
    cut(&codec, fields, offset, size)
}

/// The create screens of the projects and issue types that are asked about.
async fn screens(connection: &Connection, request: &ListFields) -> Result<BTreeMap<String, OnScreens>> {
    let mut out: BTreeMap<String, OnScreens> = BTreeMap::new();
    let mut known = false;
    for project in projects(connection, request.collection.as_ref()).await? {
        let types = match create_types(connection, &project).await {
            Ok(types) => types,
            // Whoever may not create learns nothing of the screens.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => continue,
            Err(error) => return Err(error),
        };
        for own in types {
            if request
                .ticket_type
                .as_ref()
                .is_some_and(|wanted| *wanted != own.id && !own.name.eq_ignore_ascii_case(wanted))
            {
                continue;
            }
            known = true;
            for field in create_fields(connection, &project, &own.id).await? {
                let place = out.entry(field.id().to_owned()).or_default();
                place.required |= field.required && !field.has_default_value;
                if !place.scopes.contains(&own.id) {
                    place.scopes.push(own.id.clone());
                }
                for value in &field.allowed_values {
                    for choice in choices_of(value, None) {
                        if !place.choices.iter().any(|known| known.id == choice.id) {
                            place.choices.push(choice);
                        }
                    }
                }
            }
        }
    }
    match &request.ticket_type {
        Some(wanted) if !known => Err(Error::invalid(
            "ticket_type",
            format!("`{}` is no issue type of the connection's projects", shown(wanted)),
        )
        .with_hint("list the fields without it, or name an issue type by id or name")),
        _ => Ok(out),
    }
}

/// An allowed value, and those below it.
fn choices_of(value: &Thing, above: Option<&str>) -> Vec<Choice> {
    let Some(id) = value.id.clone() else { return Vec::new() };
    let mut out = vec![Choice {
        name: value.label().unwrap_or(&id).to_owned(),
        active: !value.disabled.unwrap_or(false) && !value.archived.unwrap_or(false),
        depends_on: above.map(str::to_owned),
        id: id.clone(),
    }];
    for child in &value.children {
        out.extend(choices_of(child, Some(&id)));
    }
    out
}

fn field(column: &Column, on: Option<&OnScreens>) -> Field {
    // The type goes with the project into a new ticket; what only Jira writes is on no screen.
    let own = matches!(column.core, Some("status" | "type" | "watchers")) && column.id.as_str() != "statusCategory";
    Field {
        id: column.id.clone(),
        name: column.name.clone(),
        description: column.description.clone(),
        field_type: column.field_type(),
        native_type: column.native_type.clone(),
        multiple: column.multiple || column.shape == Shape::Cascade,
        required: on.is_some_and(|on| on.required) || column.id.as_str() == "summary",
        // An issue is made in a project; it is moved by hand.
        writable: Some((on.is_some() || own) && column.core != Some("collections")),
        custom: column.custom,
        core: column.core.map(str::to_owned),
        choices: None,
        reference: match column.shape {
            Shape::User => Some(RefType::User),
            Shape::Group => Some(RefType::Group),
            Shape::Project => Some(RefType::Collection),
            Shape::Issue => Some(RefType::Ticket),
            Shape::Organization => Some(RefType::Account),
            _ => None,
        },
        // wire: a summary has 255 characters, a line of text as many.
        max_length: (column.shape == Shape::Text && !column.multiple).then_some(255),
        default: FieldData::Null,
        scopes: on.map(|on| on.scopes.clone()).unwrap_or_default(),
    }
}

/// The choices of a field: from the create screens, or the site's own lists.
async fn choices(connection: &Connection, column: &Column, on: Option<&OnScreens>) -> Result<Option<Vec<Choice>>> {
    let listed = |all: &[Listed]| {
        let choice =
            |own: &Listed| Choice { id: own.id.clone(), name: own.name.clone(), active: true, depends_on: None };
        Some(all.iter().map(choice).collect())
    };
    Ok(match column.id.as_str() {
        "status" => {
            let all = connection.catalogue.statuses().await?;
            let choice = |own: &wire::StatusInfo| Choice {
                id: own.id.clone(),
                name: own.name.clone(),
                active: true,
                depends_on: None,
            };
            Some(all.iter().map(choice).collect())
        }
        "priority" => listed(&connection.catalogue.priorities().await?),
        "resolution" => listed(&connection.catalogue.resolutions().await?),
        "issuetype" => listed(&connection.catalogue.issue_types().await?),
        _ if column.shape == Shape::RequestType => {
            let all = crate::people::request_types(connection).await?;
            let choice = |own: crate::people::Organization| Choice {
                id: own.id,
                name: own.name,
                active: true,
                depends_on: None,
            };
            Some(all.into_iter().map(choice).collect())
        }
        _ if matches!(column.shape, Shape::Named | Shape::Cascade) => {
            Some(on.map(|on| on.choices.clone()).unwrap_or_default())
        }
        _ => None,
    })
}

/// A project's statuses by issue type.
#[derive(Deserialize)]
struct OfType {
    #[serde(deserialize_with = "wire::text")]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "list")]
    statuses: Vec<wire::StatusInfo>,
}

/// The statuses that tickets of the configured projects can have.
pub(crate) async fn list_statuses(connection: &Connection, request: ListStatuses) -> Result<Vec<StatusInfo>> {
    let mut out: Vec<StatusInfo> = Vec::new();
    let mut known = request.ticket_type.is_none();
    for project in projects(connection, request.collection.as_ref()).await? {
        let path = format!("/project/{}/statuses", path_segment(&project));
        let response = match connection.api.read(&path, &[]).await {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing("collection", &project)),
            Err(error) => return Err(error),
        };
        for own in response.json::<Vec<OfType>>()? {
            if request
                .ticket_type
                .as_ref()
                .is_some_and(|wanted| *wanted != own.id && !own.name.eq_ignore_ascii_case(wanted))
            {
                continue;
            }
            known = true;
            for status in &own.statuses {
                match out.iter_mut().find(|one| one.native.id == status.id) {
                    Some(one) if one.scopes.contains(&own.id) => {}
                    Some(one) => one.scopes.push(own.id.clone()),
                    None => out.push(StatusInfo {
                        category: connection.mapping.status(&status.id, Some(&status.name), status.category_key()),
                        native: Native::named(&status.id, &status.name),
                        scopes: vec![own.id.clone()],
                        active: true,
                    }),
                }
            }
        }
    }
    if !known {
        let wanted = request.ticket_type.as_deref().unwrap_or_default();
        return Err(Error::invalid(
            "ticket_type",
            format!("`{}` is no issue type of the connection's projects", shown(wanted)),
        )
        .with_hint("name an issue type by id or name"));
    }
    Ok(out)
}
