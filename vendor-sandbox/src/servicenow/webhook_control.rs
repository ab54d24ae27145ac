//! `/_sandbox/webhooks` and `/_sandbox/deliveries`: ServiceNow's addition to the control API.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::control::Control;
use super::webhooks::Webhook;
use crate::error::{Result, SandboxError};

/// `GET`, `PUT` webhooks as a list of `{"url","secret","tables"}`, and what has been delivered.
pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/_sandbox/webhooks", get(webhooks).put(set_webhooks))
        .route("/_sandbox/deliveries", get(deliveries))
        .with_state(control)
}

async fn webhooks(State(control): State<Control>) -> Response {
    axum::Json(json!({ "webhooks": control.webhooks() })).into_response()
}

async fn set_webhooks(State(control): State<Control>, body: Bytes) -> Result<Response> {
    let rules: Vec<Webhook> =
        serde_json::from_slice(&body).map_err(|error| SandboxError::invalid("body", error.to_string()))?;
    control.set_webhooks(rules)?;
    Ok(webhooks(State(control)).await)
}

async fn deliveries(State(control): State<Control>) -> Response {
    axum::Json(json!({ "deliveries": control.deliveries() })).into_response()
}
