//! Users, groups, organisations and brands (§B7).

use serde::Deserialize;
use serde_json::{Map, Value};
use ticketing_core::model::Timestamp;

use super::some_text;

/// A user: agent, admin or end-user. The one that nobody is (`GET /users/me` without a credential) has no id (§B1.3).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct UserRow {
    pub(crate) id: Option<i64>,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) external_id: Option<String>,
    pub(crate) role: Option<String>,
    /// True of a light agent.
    pub(crate) only_private_comments: Option<bool>,
    pub(crate) active: Option<bool>,
    pub(crate) suspended: Option<bool>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) phone: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) iana_time_zone: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) locale: Option<String>,
    pub(crate) organization_id: Option<i64>,
    pub(crate) photo: Option<Photo>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) alias: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) details: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) notes: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) user_fields: Option<Map<String, Value>>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Photo {
    pub(crate) content_url: Option<String>,
}

/// A group; a deleted one stays listed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GroupRow {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) description: Option<String>,
    pub(crate) deleted: Option<bool>,
    pub(crate) is_public: Option<bool>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// An organisation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OrganizationRow {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) external_id: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) details: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) notes: Option<String>,
    pub(crate) domain_names: Option<Vec<String>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) group_id: Option<i64>,
    pub(crate) organization_fields: Option<Map<String, Value>>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
    /// In an export alone: when it was deleted.
    pub(crate) deleted_at: Option<Timestamp>,
}

/// A brand.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct BrandRow {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) subdomain: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) brand_url: Option<String>,
    pub(crate) active: Option<bool>,
    pub(crate) is_deleted: Option<bool>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}
