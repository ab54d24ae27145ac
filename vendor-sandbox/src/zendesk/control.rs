//! Typed control of a Zendesk sandbox: what the shared control does, and what an administrator could do.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};

use super::account::Account;
use super::model::Ticket;
use super::settings::AccountSettings;
use super::webhooks::Delivery;
use super::world::World;
use crate::control::Control as SharedControl;
use crate::error::{Result, SandboxError};

/// Steers a Zendesk sandbox from the same process.
///
/// Everything of [`crate::Control`] is available by dereference. People are named by their key in
/// the company data or by address, tickets by id.
#[derive(Debug, Clone)]
pub struct Control {
    shared: SharedControl,
    account: Arc<Account>,
}

impl Deref for Control {
    type Target = SharedControl;

    fn deref(&self) -> &Self::Target {
        &self.shared
    }
}

fn user(world: &World, name: &str) -> Result<u64> {
    let found = world.user_named(name).map(|own| own.id);
    found.ok_or_else(|| SandboxError::invalid("user", format!("there is no {name:?}")))
}

impl Control {
    pub(crate) fn new(shared: SharedControl, account: Arc<Account>) -> Self {
        Self { shared, account }
    }

    /// Lags, limits and caps in force.
    pub fn settings(&self) -> AccountSettings {
        self.account.account_settings()
    }

    /// Changes lags, limits and caps.
    pub fn set_settings(&self, settings: AccountSettings) {
        self.account.set_account_settings(settings);
    }

    /// The id of somebody of the company.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn user_id(&self, name: &str) -> Result<u64> {
        self.account.read(|world| user(world, name))
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn change(&self, ticket: u64, at: DateTime<Utc>, change: impl FnOnce(&mut Ticket)) -> Result<()> {
        let found = self.account.write(|world| world.change(ticket, at, change));
        if found { Ok(()) } else { Err(SandboxError::invalid("ticket", format!("there is no {ticket}"))) }
    }

    /// Keeps a user out of a ticket: 404, and missing from lists and searches.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user or ticket.
    pub fn hide_ticket(&self, ticket: u64, name: &str) -> Result<()> {
        let user = self.user_id(name)?;
        self.change(ticket, self.shared.now(), |ticket| ticket.hidden_from.push(user))
    }

    /// Archives a ticket: readable by id, missing from lists (wire B3.1).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown ticket.
    pub fn archive_ticket(&self, ticket: u64) -> Result<()> {
        let now = self.shared.now();
        self.change(ticket, now, |ticket| {
            ticket.archived = true;
            ticket.generated = now;
        })
    }

    /// A change by the system: `generated_timestamp` moves and `updated_at` does not (wire B6).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown ticket.
    pub fn touch_ticket(&self, ticket: u64) -> Result<()> {
        let now = self.shared.now();
        self.change(ticket, now, |ticket| ticket.generated = now)
    }

    /// Makes a user a light agent, who can write private comments alone (wire B3.3).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn make_light(&self, name: &str) -> Result<()> {
        self.account.write(|world| {
            let id = user(world, name)?;
            for own in world.users.values_mut().filter(|own| own.id == id) {
                own.light = true;
            }
            Ok(())
        })
    }

    /// Suspends a user: no login, and no comments in the user's name (wire B12).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn suspend(&self, name: &str) -> Result<()> {
        self.account.write(|world| {
            let id = user(world, name)?;
            for own in world.users.values_mut().filter(|own| own.id == id) {
                own.suspended = true;
            }
            Ok(())
        })
    }

    /// What webhooks have sent so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.account.webhooks.deliveries()
    }

    /// Forgets all OAuth access tokens that can expire, so that bearers get 401 until they refresh.
    pub fn expire_access_tokens(&self) {
        self.account.credentials(super::credentials::Credentials::expire_access);
    }
}

/// `GET`, `PUT /_sandbox/settings`, `GET /_sandbox/deliveries`: Zendesk's addition to the control API.
pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/_sandbox/settings", get(settings).put(set_settings))
        .route("/_sandbox/deliveries", get(deliveries))
        .with_state(control)
}

async fn deliveries(State(control): State<Control>) -> Response {
    axum::Json(serde_json::json!({ "deliveries": control.deliveries() })).into_response()
}

async fn settings(State(control): State<Control>) -> Response {
    axum::Json(control.settings()).into_response()
}

async fn set_settings(State(control): State<Control>, body: Bytes) -> Result<Response> {
    let settings = serde_json::from_slice(&body).map_err(|error| SandboxError::invalid("body", error.to_string()))?;
    control.set_settings(settings);
    Ok(axum::Json(control.settings()).into_response())
}
