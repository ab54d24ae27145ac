//! Fields, statuses, projects and other lists of the site's (wire A4.3, A4.4, A7).

use serde::Deserialize;

use super::{list, text};

/// `GET /field`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldInfo {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) custom: bool,
    #[serde(default, deserialize_with = "list")]
    pub(crate) clause_names: Vec<String>,
    #[serde(default)]
    pub(crate) schema: Option<Schema>,
    #[serde(default)]
    pub(crate) description: Option<String>,
}

/// What a field holds.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Schema {
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) items: Option<String>,
    /// The custom field's type: the only thing to know one by.
    #[serde(default)]
    pub(crate) custom: Option<String>,
}

/// `GET /status`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusInfo {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) status_category: Option<Category>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category {
    #[serde(default)]
    pub(crate) key: Option<String>,
}

impl StatusInfo {
    pub(crate) fn category_key(&self) -> Option<&str> {
        self.status_category.as_ref()?.key.as_deref()
    }
}

/// A priority, resolution or issue type, as a list of the site's has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
}

/// A project.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// `software`, `service_desk`, `business`.
    #[serde(default)]
    pub(crate) project_type_key: Option<String>,
    #[serde(default)]
    pub(crate) archived: Option<bool>,
}
