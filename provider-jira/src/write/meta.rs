//! What can be set, and what must be: create, edit and transition metadata (wire A4.3, A4.5).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use ticketing_core::{Error, ErrorKind, Result};
use ticketing_http::path_segment;

use crate::connection::Connection;

/// One field of a screen.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FieldMeta {
    /// In an array; an object has it as the key.
    pub(crate) field_id: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) has_default_value: bool,
    /// The values there are; `None`: any.
    pub(crate) allowed_values: Option<Vec<Value>>,
}

impl FieldMeta {
    /// True where the site refuses to go on without it.
    pub(crate) fn must_be_given(&self) -> bool {
        self.required && !self.has_default_value
    }
}

/// The fields of a screen, by id.
pub(crate) type Screen = BTreeMap<String, FieldMeta>;

/// An issue type as create metadata names it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CreateType {
    #[serde(deserialize_with = "crate::wire::text")]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subtask: bool,
    /// -1 below others, 0, 1 an epic; Data Center says `subtask` alone.
    pub(crate) hierarchy_level: Option<i64>,
}

impl CreateType {
    pub(crate) fn level(&self) -> i64 {
        self.hierarchy_level.unwrap_or(if self.subtask { -1 } else { 0 })
    }
}

/// A page of create metadata; Data Center calls its items `values` (wire A4.3).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(alias = "issueTypes", alias = "fields")]
    values: Vec<T>,
    #[serde(default)]
    total: Option<u64>,
}

/// The most pages of one list: no screen has ten thousand fields.
const PAGES: u64 = 50;

async fn pages<T: serde::de::DeserializeOwned>(connection: &Connection, path: &str) -> Result<Vec<T>> {
    let mut all: Vec<T> = Vec::new();
    for _ in 0..PAGES {
        let start = all.len().to_string();
        let response = connection.api.read(path, &[("startAt", &start), ("maxResults", "200")]).await?;
        let page: Page<T> = response.json()?;
        let came = page.values.len();
        all.extend(page.values);
        if page.total.is_none_or(|total| all.len() as u64 >= total) {
            return Ok(all);
        }
        if came == 0 {
            break;
        }
    }
    Err(Error::new(ErrorKind::Integrity, format!("`{path}` promises more than it brings"))
        .with_retry_after(std::time::Duration::ZERO))
}

/// The issue types that can be made in a project.
pub(crate) async fn create_types(connection: &Connection, project: &str) -> Result<Vec<CreateType>> {
    pages(connection, &format!("/issue/createmeta/{}/issuetypes", path_segment(project))).await
}

/// The fields of a project's create screen.
pub(crate) async fn create_screen(connection: &Connection, project: &str, issue_type: &str) -> Result<Screen> {
    let path = format!("/issue/createmeta/{}/issuetypes/{}", path_segment(project), path_segment(issue_type));
    let fields: Vec<FieldMeta> = pages(connection, &path).await?;
    Ok(fields
        .into_iter()
        .filter_map(|field| Some((field.field_id.clone().or_else(|| field.key.clone())?, field)))
        .collect())
}

/// The fields of an issue's edit screen; what is not in it is not this user's to edit.
pub(crate) async fn edit_screen(connection: &Connection, id: &str) -> Result<Screen> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        fields: Screen,
    }
    let answer: Answer = connection.api.read(&format!("/issue/{}/editmeta", path_segment(id)), &[]).await?.json()?;
    Ok(answer.fields)
}
