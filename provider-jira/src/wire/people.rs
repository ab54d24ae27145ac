//! People and groups (wire A7).

use serde::Deserialize;

/// A person or a program: an account id on Cloud, a key and a name on Data Center.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Person {
    pub(crate) account_id: Option<String>,
    /// `atlassian`, `app`, `customer`, `unknown`.
    pub(crate) account_type: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) display_name: Option<String>,
    /// Absent, null or empty where the profile hides it.
    pub(crate) email_address: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) time_zone: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) avatar_urls: Option<Avatars>,
}

/// Somebody's picture in four sizes, of which the largest is told.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Avatars {
    #[serde(rename = "48x48")]
    pub(crate) largest: Option<String>,
}

impl Person {
    /// What never changes of somebody: the account id, or a Data Center's key; its name alone where old ones say no key.
    pub(crate) fn id(&self) -> Option<&str> {
        [&self.account_id, &self.key, &self.name].into_iter().flatten().find(|id| !id.is_empty()).map(String::as_str)
    }
}

/// A group.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GroupInfo {
    pub(crate) group_id: Option<String>,
    pub(crate) name: String,
}

impl GroupInfo {
    /// Cloud's id; a Data Center has none, and its names cannot change.
    pub(crate) fn id(&self) -> &str {
        self.group_id.as_deref().unwrap_or(&self.name)
    }
}
