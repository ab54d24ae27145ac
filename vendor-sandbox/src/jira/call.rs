//! One request to the REST API, taken apart.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::answer::ApiError;
use super::model::{Comment, Issue, Project, User};
use super::settings::{Flavour, SiteSettings};
use super::world::{Permission, World};
use crate::faults::Strikes;
use crate::params::Params;

/// Who asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// `None` for anonymous callers.
    pub(crate) user: Option<User>,
    /// Scopes of an OAuth token; `None` for everything else.
    pub(crate) scopes: Option<Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Of the path below `/rest/`, decoded.
    pub(crate) segments: Vec<String>,
    /// The path below the base, as sent.
    pub(crate) resource: String,
    pub(crate) params: Params,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) caller: Caller,
    pub(crate) strikes: &'a Strikes,
    pub(crate) now: DateTime<Utc>,
    pub(crate) seed: u64,
    pub(crate) flavour: Flavour,
    pub(crate) settings: SiteSettings,
    /// What links to the API start with: the host called, or the gateway (wire A1).
    pub(crate) base: String,
    /// The site, as links name it: `/browse/` and others.
    pub(crate) site: String,
    /// Where the site is, whatever links are made to say.
    pub(crate) home: String,
    /// The caller's profile zone (wire A12).
    pub(crate) zone: Tz,
}

impl Call<'_> {
    pub(crate) fn is_cloud(&self) -> bool {
        self.flavour == Flavour::Cloud
    }

    /// `2` or `3`: which shapes are spoken.
    pub(crate) fn version(&self) -> &str {
        self.segments.get(1).map_or("2", |version| if version == "3" { "3" } else { "2" })
    }

    /// Whether rich text is ADF here.
    pub(crate) fn speaks_adf(&self) -> bool {
        self.version() == "3"
    }

    pub(crate) fn account(&self) -> Option<&str> {
        self.caller.user.as_ref().map(|user| user.account_id.as_str())
    }

    /// The caller, or 401.
    pub(crate) fn user(&self) -> Result<&User, ApiError> {
        self.caller.user.as_ref().ok_or_else(ApiError::not_authenticated)
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.caller.user.as_ref().is_some_and(|user| user.admin)
    }

    /// `self` links: `BASE/rest/api/3/…`.
    pub(crate) fn link(&self, rest: &str) -> String {
        format!("{}/rest/api/{}/{rest}", self.base, self.version())
    }

    /// wire A12: milliseconds, offset without a colon, in the caller's zone.
    pub(crate) fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
    }

    /// The body as a JSON object.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, ApiError> {
        match self.json_value()? {
            Value::Object(object) => Ok(object),
            _ => Err(ApiError::bad_request(
                "Invalid request payload. Refer to the REST API documentation and try again.",
            )),
        }
    }

    pub(crate) fn json_value(&self) -> Result<Value, ApiError> {
        if self.body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        serde_json::from_slice(&self.body).map_err(|_| {
            ApiError::bad_request("There was an error parsing JSON. Check that your request body is valid.")
        })
    }

    /// Whether the caller may look into a project: agents unless kept out, the public if it is public.
    pub(crate) fn sees_project(&self, project: &Project) -> bool {
        match &self.caller.user {
            None => project.public,
            Some(user) => user.is_agent() && !project.hidden_from.contains(&user.account_id),
        }
    }

    pub(crate) fn sees(&self, world: &World, issue: &Issue) -> bool {
        let kept_out = self.account().is_some_and(|account| issue.hidden_from.iter().any(|own| own == account));
        !kept_out && world.project(issue.project).is_some_and(|project| self.sees_project(project))
    }

    /// wire A4.6: comments are restricted to a role or a group. Admins and agents of the desk hold
    /// the roles; a group needs its members.
    pub(crate) fn sees_comment(&self, world: &World, comment: &Comment) -> bool {
        let Some(visibility) = &comment.visibility else { return self.caller.user.is_some() || !comment.internal };
        let Some(user) = &self.caller.user else { return false };
        match visibility.kind {
            "group" => {
                world.group(&visibility.identifier).is_some_and(|group| group.members.contains(&user.account_id))
            }
            _ => visibility.value != "Administrators" || user.admin,
        }
    }

    /// The issue at a path, or 404 as if it were not there.
    pub(crate) fn issue<'w>(&self, world: &'w World, id_or_key: &str) -> Result<&'w std::sync::Arc<Issue>, ApiError> {
        let found = world.issue_at(id_or_key).filter(|issue| self.sees(world, issue));
        found.ok_or_else(|| {
            if self.is_cloud() { ApiError::no_issue() } else { ApiError::not_found("Issue Does Not Exist") }
        })
    }

    pub(crate) fn project<'w>(&self, world: &'w World, id_or_key: &str) -> Result<&'w Project, ApiError> {
        world
            .project_at(id_or_key)
            .filter(|project| self.sees_project(project))
            .ok_or_else(|| ApiError::not_found(format!("No project could be found with key '{id_or_key}'.")))
    }

    /// 401 for anonymous callers, 403 for those who are forbidden this.
    pub(crate) fn may(&self, world: &World, permission: Permission, refusal: &str) -> Result<(), ApiError> {
        let user = self.user()?;
        if world.is_denied(&user.account_id, permission) {
            return Err(ApiError::forbidden(refusal));
        }
        Ok(())
    }
}
