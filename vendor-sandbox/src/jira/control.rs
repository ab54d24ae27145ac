//! Typed control of a Jira sandbox: what the shared control does, and what an administrator could do.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::settings::SiteSettings;
use super::site::Site;
use super::world::{Permission, World};
use crate::control::Control as SharedControl;
use crate::error::{Result, SandboxError};

/// Steers a Jira sandbox from the same process.
///
/// Everything of [`crate::Control`] is available by dereference. People are named by their key in
/// the company data, issues and projects by key or id.
#[derive(Debug, Clone)]
pub struct Control {
    shared: SharedControl,
    site: Arc<Site>,
}

impl Deref for Control {
    type Target = SharedControl;

    fn deref(&self) -> &Self::Target {
        &self.shared
    }
}

pub(super) fn account(world: &World, user: &str) -> Result<String> {
    let by_key = || world.user(&super::seed_company::account_id(user));
    let found = world.login(user).or_else(by_key).map(|own| own.account_id.clone());
    found.ok_or_else(|| SandboxError::invalid("user", format!("there is no {user:?}")))
}

pub(super) fn issue(world: &World, id_or_key: &str) -> Result<u64> {
    let found = world.issue_at(id_or_key).map(|own| own.id);
    found.ok_or_else(|| SandboxError::invalid("issue", format!("there is no {id_or_key:?}")))
}

impl Control {
    pub(crate) fn new(shared: SharedControl, site: Arc<Site>) -> Self {
        Self { shared, site }
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// Lags, limits and caps in force.
    pub fn settings(&self) -> SiteSettings {
        self.site.site_settings()
    }

    /// Changes lags, limits and caps.
    pub fn set_settings(&self, settings: SiteSettings) {
        self.site.set_site_settings(settings);
    }

    /// The id of the site behind the gateway: `/ex/jira/{cloud_id}/rest/…`.
    pub fn cloud_id(&self) -> String {
        self.site.cloud_id()
    }

    /// The account id of somebody of the company.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn account_id(&self, user: &str) -> Result<String> {
        self.site.read(|world| account(world, user))
    }

    /// Takes a permission away from a user.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn deny(&self, user: &str, permission: Permission) -> Result<()> {
        self.site.write(|world| {
            let account = account(world, user)?;
            world.denied.insert((account, permission));
            Ok(())
        })
    }

    /// Gives all permissions back.
    pub fn clear_denials(&self) {
        self.site.write(|world| world.denied.clear());
    }

    /// Keeps a user out of an issue, as a security level does: 404, and missing from searches.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user or issue.
    pub fn hide_issue(&self, id_or_key: &str, user: &str) -> Result<()> {
        let now = self.shared.now();
        self.site.write(|world| {
            let (account, id) = (account(world, user)?, issue(world, id_or_key)?);
            let updated = world.issue(id).map(|issue| issue.updated);
            world.change(id, None, updated.unwrap_or(now), |issue| issue.hidden_from.push(account));
            Ok(())
        })
    }

    /// Keeps a user out of a project.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user or project.
    pub fn hide_project(&self, key: &str, user: &str) -> Result<()> {
        self.site.write(|world| {
            let account = account(world, user)?;
            let project = world.projects.iter_mut().find(|own| own.key == key);
            let project = project.ok_or_else(|| SandboxError::invalid("project", format!("there is no {key:?}")))?;
            project.hidden_from.push(account);
            Ok(())
        })
    }

    /// Lets anonymous callers read a project: a bad credential then yields data (wire A2.3).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown project.
    pub fn publish_project(&self, key: &str) -> Result<()> {
        self.site.write(|world| {
            let project = world.projects.iter_mut().find(|own| own.key == key);
            project.ok_or_else(|| SandboxError::invalid("project", format!("there is no {key:?}")))?.public = true;
            Ok(())
        })
    }

    /// Moves an issue to another project as a user: it keeps its id, gets a new key, and answers to
    /// the old one (wire A4.1). Gives the new key.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue, project or user.
    pub fn move_issue(&self, id_or_key: &str, project: &str, user: &str) -> Result<String> {
        let now = self.shared.now();
        self.site.write(|world| {
            let (account, id) = (account(world, user)?, issue(world, id_or_key)?);
            let target = world.projects.iter_mut().find(|own| own.key == project);
            let target = target.ok_or_else(|| SandboxError::invalid("project", format!("there is no {project:?}")))?;
            let key = format!("{}-{}", target.key, target.next);
            target.next += 1;
            let (project, new) = (target.id, key.clone());
            world.change(id, Some(&account), now, |issue| {
                issue.project = project;
                issue.key = new;
                issue.components.clear();
                issue.versions.clear();
                issue.fix_versions.clear();
            });
            Ok(key)
        })
    }

    /// Hides a user's address, as the profile's privacy settings do (wire A7).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn hide_email(&self, user: &str) -> Result<()> {
        self.site.write(|world| {
            let account = account(world, user)?;
            for own in world.users.iter_mut().filter(|own| own.account_id == account) {
                own.email_hidden = true;
            }
            Ok(())
        })
    }

    /// Sets the time zone of a user's profile, in which dates in JQL are read and shown.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn set_zone(&self, user: &str, zone: chrono_tz::Tz) -> Result<()> {
        self.site.write(|world| {
            let account = account(world, user)?;
            for own in world.users.iter_mut().filter(|own| own.account_id == account) {
                own.zone = Some(zone);
            }
            Ok(())
        })
    }

    /// Forgets all OAuth access tokens, so that bearers get 401 until they refresh.
    pub fn expire_access_tokens(&self) {
        self.site.credentials(super::credentials::Credentials::expire_access);
    }
}

/// `GET`, `PUT /_sandbox/settings`: Jira's addition to the control API.
pub(crate) fn router(control: Control) -> Router {
    Router::new().route("/_sandbox/settings", get(settings).put(set_settings)).with_state(control)
}

async fn settings(State(control): State<Control>) -> Response {
    axum::Json(control.settings()).into_response()
}

async fn set_settings(State(control): State<Control>, body: Bytes) -> Result<Response> {
    let settings = serde_json::from_slice(&body).map_err(|error| SandboxError::invalid("body", error.to_string()))?;
    control.set_settings(settings);
    Ok(axum::Json(control.settings()).into_response())
}
