//! Projects as collections, and labels as tags (wire A7).

use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::model::{Collection, CollectionCategory, CollectionType, Native, Tag};
use ticketing_core::request::{ListCollections, ListTags};
use ticketing_core::{CollectionId, Operation, Page, Result};

use crate::connection::Connection;
use crate::people::{Values, cut, item, offset_of, raw_of};
use crate::wire::Project;

/// Projects to a page at most (wire A7).
const SIZE: u64 = 50;

/// Every project that may be read, as it came: by pages on Cloud, at once on Data Center (wire A7, A13).
async fn rows(connection: &Connection) -> Result<Vec<Box<RawValue>>> {
    if !connection.api.site().await?.is_cloud() {
        let response = connection.api.read("/project", &[("expand", "description")]).await?;
        let rows: Vec<&RawValue> = response.json()?;
        return Ok(rows.into_iter().map(ToOwned::to_owned).collect());
    }
    let mut out = Vec::new();
    let mut offset = 0;
    let mut stretches = crate::people::Stretches::default();
    loop {
        let (start, size) = (offset.to_string(), SIZE.to_string());
        let query = [("startAt", start.as_str()), ("maxResults", size.as_str()), ("expand", "description")];
        let response = connection.api.read("/project/search", &query).await?;
        stretches.check(&response)?;
        let page: Values<'_> = response.json()?;
        let received = page.values.len() as u64;
        out.extend(page.values.into_iter().map(ToOwned::to_owned));
        if received == 0 || page.is_last == Some(true) {
            return Ok(out);
        }
        offset += received;
    }
}

/// Every project of the connection's.
pub(crate) async fn all(connection: &Connection) -> Result<Vec<Project>> {
    let mut out: Vec<Project> = Vec::new();
    for raw in rows(connection).await? {
        let project: Project = item("project", &raw)?;
        if connection.holds_project(&project.key) {
            out.push(project);
        }
    }
    Ok(out)
}

/// One page of collections.
pub(crate) async fn list(connection: &Connection, request: ListCollections) -> Result<Page<Collection>> {
    let bound = (request.include_inactive, request.include_raw, &connection.projects);
    let codec = connection.codec(Operation::ListCollections, &bound);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let browse = connection.api.site().await?.browse.clone();
    let mut out = Vec::new();
    for raw in rows(connection).await? {
        let own: Project = item("project", &raw)?;
        if !connection.holds_project(&own.key) || (own.archived == Some(true) && !request.include_inactive) {
            continue;
        }
        let kind = own.project_type_key.clone().unwrap_or_default();
        let category = if kind == "service_desk" { CollectionCategory::Desk } else { CollectionCategory::Project };
        let collection_type = CollectionType { category, native: Native::new(kind) };
        let mut collection = Collection::new(CollectionId::from(own.id), own.name, collection_type);
        collection.url = Some(format!("{browse}/browse/{}", own.key));
        collection.key = Some(own.key);
        collection.description = own.description.filter(|text| !text.is_empty());
        collection.active = Some(own.archived != Some(true));
        collection.raw = raw_of(&raw, request.include_raw);
        out.push(collection);
    }
    cut(&codec, out, offset, Connection::page_size(request.page_size))
}

/// One page of labels: `GET /label` (Cloud alone).
pub(crate) async fn tags(connection: &Connection, request: ListTags) -> Result<Page<Tag>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Labels {
        values: Vec<String>,
        #[serde(default)]
        is_last: Option<bool>,
    }
    connection.cloud_alone(Operation::ListTags, "a Data Center does not list its labels").await?;
    let codec = connection.codec(Operation::ListTags, &());
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let (start, size) = (offset.to_string(), Connection::page_size(request.page_size).to_string());
    let response = connection.api.read("/label", &[("startAt", &start), ("maxResults", &size)]).await?;
    let page: Labels = response.json()?;
    let received = page.values.len() as u64;
    let more = received > 0 && page.is_last != Some(true);
    let next = more.then(|| codec.cursor(&(offset + received))).transpose()?;
    Ok(Page::new(page.values.into_iter().map(|name| Tag { name, id: None }).collect(), next))
}
