//! The control API of a sandbox, typed for tests and as `/_sandbox/…` over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::error::{Result, SandboxError};
use crate::faults::{Fault, FaultSpec, parse_faults};
use crate::pipeline::Pipeline;
use crate::request_log::RecordedRequest;

/// Steers a sandbox from the same process; every function does what its HTTP counterpart does.
#[derive(Debug, Clone)]
pub struct Control {
    pipeline: Arc<Pipeline>,
}

/// What a sandbox looks like at the moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SandboxState {
    /// The emulated vendor's name.
    pub vendor: String,
    /// The seed it was built with.
    pub seed: u64,
    /// Virtual time, `2026-02-01T00:00:00Z`.
    pub clock: String,
    /// Whether the clock runs by itself.
    pub running: bool,
    /// Rows per table; empty tables included.
    pub counts: BTreeMap<String, u64>,
    /// The faults switched on.
    pub faults: Vec<Fault>,
    /// Requests in the log.
    pub requests: usize,
}

impl Control {
    pub(crate) fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { pipeline }
    }

    /// The requests answered so far, oldest first; the last 10,000 are kept.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.pipeline.log.all()
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.pipeline.log.clear();
    }

    /// Replaces all faults.
    ///
    /// # Errors
    /// [`SandboxError::UnknownFault`], or [`SandboxError::Invalid`] for a rate outside 0 to 1; the
    /// faults stay as they were.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) -> Result<()> {
        self.pipeline.faults.set(faults.into_iter().collect())
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.pipeline.faults.clear();
    }

    /// The faults switched on, with the strikes so far.
    pub fn faults(&self) -> Vec<Fault> {
        self.pipeline.faults.all()
    }

    /// Every fault this sandbox knows.
    pub fn known_faults(&self) -> Vec<FaultSpec> {
        self.pipeline.faults.specs().to_vec()
    }

    /// The virtual time, UTC.
    pub fn now(&self) -> DateTime<Utc> {
        self.pipeline.emulator.clock().now()
    }

    /// Moves the clock forward and applies what was due; gives the number of replayed events.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] when the calendar ends.
    pub fn advance(&self, seconds: u64) -> Result<u64> {
        self.pipeline.emulator.clock().advance(seconds)?;
        Ok(self.pipeline.emulator.catch_up())
    }

    /// Moves the clock to a moment and applies what was due; gives the number of replayed events.
    ///
    /// # Errors
    /// [`SandboxError::ClockBackwards`] when `to` has passed.
    pub fn set_clock(&self, to: DateTime<Utc>) -> Result<u64> {
        self.pipeline.emulator.clock().set(to)?;
        Ok(self.pipeline.emulator.catch_up())
    }

    /// Lets the clock run with tokio's time, or freezes it.
    pub fn run_clock(&self, running: bool) {
        self.pipeline.emulator.clock().run(running);
    }

    /// Clock, row counts and faults.
    pub fn state(&self) -> SandboxState {
        let emulator = &self.pipeline.emulator;
        emulator.catch_up();
        SandboxState {
            vendor: emulator.vendor().to_string(),
            seed: emulator.seed(),
            clock: rfc3339(emulator.clock().now()),
            running: emulator.clock().is_running(),
            counts: emulator.counts(),
            faults: self.faults(),
            requests: self.pipeline.log.size().0,
        }
    }

    /// Puts data, clock, faults and log back to where they were after building.
    ///
    /// # Errors
    /// Whatever building can fail with; the input was good once, so this is unlikely.
    pub fn reset(&self) -> Result<()> {
        self.pipeline.emulator.reset()?;
        self.pipeline.faults.clear();
        self.pipeline.log.clear();
        Ok(())
    }
}

/// The sandbox's routes: the control API, and the emulated vendor everywhere else.
pub(crate) fn router(pipeline: Arc<Pipeline>) -> Router {
    let control = Control::new(Arc::clone(&pipeline));
    Router::new()
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/clock", get(clock).post(move_clock))
        .route("/_sandbox/faults", get(faults).put(set_faults).delete(clear_faults))
        .route("/_sandbox/requests", get(requests).delete(clear_requests))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox", get(index))
        .route("/_sandbox/{*rest}", axum::routing::any(no_such_control))
        .with_state(control)
        .fallback(move |request: Request<Body>| {
            let pipeline = Arc::clone(&pipeline);
            async move { pipeline.handle(request).await }
        })
}

impl IntoResponse for SandboxError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::ClockBackwards { .. } | Self::UnknownFault { .. } | Self::Invalid { .. } => StatusCode::BAD_REQUEST,
            Self::EventLog { .. } | Self::Io { .. } | Self::Tls(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = json!({ "error": self.to_string() });
        (status, axum::Json(body)).into_response()
    }
}

const CONTROLS: &str = "GET state | GET, POST clock | GET, PUT, DELETE faults | GET, DELETE requests | POST reset";

async fn index() -> Response {
    axum::Json(json!({ "controls": CONTROLS })).into_response()
}

async fn no_such_control() -> Response {
    let body = json!({ "error": format!("no such control; known below /_sandbox/: {CONTROLS}") });
    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
}

async fn state(State(control): State<Control>) -> Response {
    axum::Json(control.state()).into_response()
}

fn clock_document(control: &Control, replayed: u64) -> Response {
    let clock = control.pipeline.emulator.clock();
    axum::Json(json!({
        "clock": rfc3339(clock.now()),
        "running": clock.is_running(),
        "replayed": replayed,
    }))
    .into_response()
}

async fn clock(State(control): State<Control>) -> Response {
    clock_document(&control, 0)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    to: Option<String>,
    advance_seconds: Option<u64>,
    run: Option<bool>,
}

async fn move_clock(State(control): State<Control>, body: Bytes) -> Result<Response> {
    const EXPECTED: &str =
        "expected one of {\"to\":\"2026-02-01T00:00:00Z\"}, {\"advance_seconds\":60}, {\"run\":true}";
    let request: ClockMove =
        serde_json::from_slice(&body).map_err(|error| SandboxError::invalid("body", format!("{error}; {EXPECTED}")))?;
    let replayed = match (request.to, request.advance_seconds, request.run) {
        (Some(to), None, None) => {
            let to = to
                .parse::<DateTime<Utc>>()
                .map_err(|error| SandboxError::invalid("to", format!("{to:?} is no RFC 3339 time: {error}")))?;
            control.set_clock(to)?
        }
        (None, Some(seconds), None) => control.advance(seconds)?,
        (None, None, Some(running)) => {
            control.run_clock(running);
            0
        }
        _ => return Err(SandboxError::invalid("body", EXPECTED)),
    };
    Ok(clock_document(&control, replayed))
}

async fn faults(State(control): State<Control>) -> Response {
    let body = json!({ "faults": control.faults(), "known": control.known_faults() });
    axum::Json(body).into_response()
}

async fn set_faults(State(control): State<Control>, body: Bytes) -> Result<Response> {
    let body: Value =
        serde_json::from_slice(&body).map_err(|error| SandboxError::invalid("body", error.to_string()))?;
    control.set_faults(parse_faults(body)?)?;
    Ok(axum::Json(json!({ "faults": control.faults() })).into_response())
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.clear_faults();
    StatusCode::NO_CONTENT
}

async fn requests(State(control): State<Control>) -> Response {
    let (_, dropped) = control.pipeline.log.size();
    axum::Json(json!({ "requests": control.requests(), "dropped": dropped })).into_response()
}

async fn clear_requests(State(control): State<Control>) -> StatusCode {
    control.clear_requests();
    StatusCode::NO_CONTENT
}

async fn reset(State(control): State<Control>) -> Result<Response> {
    control.reset()?;
    Ok(axum::Json(control.state()).into_response())
}
