//! One request, understood as far as every endpoint needs it.

use axum::body::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value};

use super::answer::ApiError;
use super::model::{Ticket, User};
use super::settings::AccountSettings;
use super::world::World;
use crate::faults::Strikes;
use crate::params::Params;

#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Of the path below `/api/v2/`, decoded, without `.json` (wire B1.1).
    pub(crate) segments: Vec<String>,
    /// As sent.
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    /// `None` for anonymous callers.
    pub(crate) user: Option<User>,
    pub(crate) strikes: &'a Strikes,
    pub(crate) now: DateTime<Utc>,
    pub(crate) seed: u64,
    pub(crate) settings: AccountSettings,
    /// `http://127.0.0.1:4010`, what links start with.
    pub(crate) base: String,
}

/// wire B1.1: UTC, whole seconds.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Call<'_> {
    /// `BASE/api/v2/tickets/1.json`, as recorded `url` members are (wire S12).
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("{}/api/v2/{rest}.json", self.base)
    }

    /// The address called, with some parameters changed and others left out.
    pub(crate) fn link_with(&self, set: &[(&str, &str)], without: &[&str]) -> String {
        let kept = self.params.iter().filter(|(name, _)| !without.contains(name));
        let pairs = kept.chain(set.iter().copied()).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = super::paging::query(&pairs.collect::<Vec<_>>());
        let path = self.path.strip_suffix(".json").unwrap_or(&self.path);
        format!("{}{path}.json?{query}", self.base)
    }

    /// The caller, or 401.
    pub(crate) fn user(&self) -> Result<&User, ApiError> {
        self.user.as_ref().ok_or_else(ApiError::unauthorized)
    }

    /// The caller if he is of the staff: 401 for nobody, 403 for customers.
    pub(crate) fn agent(&self) -> Result<&User, ApiError> {
        let user = self.user()?;
        if user.is_agent() { Ok(user) } else { Err(ApiError::forbidden()) }
    }

    pub(crate) fn admin(&self) -> Result<&User, ApiError> {
        let user = self.user()?;
        if user.role == super::model::Role::Admin { Ok(user) } else { Err(ApiError::forbidden()) }
    }

    /// The body as a JSON object; an empty one is an empty object.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(ApiError {
                status: StatusCode::BAD_REQUEST,
                body: serde_json::json!({
                    "error": { "title": "Invalid attribute", "message": "The request body is not valid JSON" },
                }),
            }),
        }
    }

    /// The object under a member of the body, empty where there is none: a body without the wrapper changes
    /// nothing (wire B3.1).
    pub(crate) fn wrapped(&self, name: &str) -> Result<Map<String, Value>, ApiError> {
        match self.json()?.remove(name) {
            Some(Value::Object(object)) => Ok(object),
            _ => Ok(Map::new()),
        }
    }

    /// Ids in a list such as `ids=1,2`; at most a hundred (wire B3.1, B7).
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<u64>, ApiError> {
        let text = self.params.get(name).unwrap_or_default();
        let ids: Vec<u64> = text.split(',').filter_map(|id| id.trim().parse().ok()).collect();
        if ids.len() > 100 { Err(too_many()) } else { Ok(ids) }
    }

    /// A count as it is shown; a fault makes it wrong (wire B2: that of a large account is a day old).
    pub(crate) fn counted(&self, count: usize) -> usize {
        let delta = self.strikes.get("wrong_count").map(|strike| strike.parameter.as_i64().unwrap_or(-1));
        count.saturating_add_signed(delta.and_then(|delta| isize::try_from(delta).ok()).unwrap_or(0))
    }

    /// What `include` asks for (wire B2).
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.params.get("include").is_some_and(|list| list.split(',').any(|own| own.trim() == name))
    }

    pub(crate) fn sees(&self, ticket: &Ticket) -> bool {
        self.user.as_ref().is_some_and(|user| {
            let own = ticket.requester == user.id || ticket.email_ccs.contains(&user.id);
            !ticket.hidden_from.contains(&user.id) && (user.is_agent() || own)
        })
    }

    /// The ticket at a path: 404 where it is deleted or not to be seen.
    pub(crate) fn ticket<'w>(&self, world: &'w World, id: &str) -> Result<&'w std::sync::Arc<Ticket>, ApiError> {
        let found = id.parse().ok().and_then(|id| world.ticket(id));
        found.filter(|ticket| ticket.deleted.is_none() && self.sees(ticket)).ok_or_else(ApiError::not_found)
    }
}

/// Recorded (wire B7).
pub(crate) fn too_many() -> ApiError {
    ApiError {
        status: StatusCode::BAD_REQUEST,
        body: serde_json::json!({
            "error": "TooManyValues",
            "description": "Request parameter exceeds the maximum number of values",
            "max_count": 100,
        }),
    }
}
