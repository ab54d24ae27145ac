//! Instances to read from, and connections to them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use ticketing::http::{AddressPolicy, HttpContext};
use ticketing::{BuildContext, TicketingClient};
use ticketing_http::{ServiceTransport, Transport};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::servicenow::Sandbox;

/// As many incidents as the recorded log has.
pub(crate) const INCIDENTS: u64 = 24_918;
/// What a sandbox holds beside the synthetic incidents that it is asked for.
pub(crate) const COMPANY: u64 = 12;
/// Rows to a page, on every side.
pub(crate) const PAGE: u32 = 1_000;
/// Where an instance in process is taken to be.
pub(crate) const IN_PROCESS: &str = "http://127.0.0.1:4010";

/// The recorded log of a real instance, where this machine has it.
pub(crate) fn event_log() -> Option<PathBuf> {
    std::env::var_os("INCIDENT_EVENT_LOG").map(PathBuf::from)
}

/// What is read, in words.
pub(crate) fn source() -> &'static str {
    if event_log().is_some() { "incidents of the recorded event log" } else { "synthetic incidents" }
}

/// The instance without a socket.
pub(crate) fn in_process(sandbox: &Sandbox) -> Arc<dyn Transport> {
    let is_reset = |extensions: &ticketing_http::http::Extensions| extensions.get::<ConnectionReset>().is_some();
    Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox.router(), is_reset))
}

/// The administrator's connection to incidents.
pub(crate) fn config(instance: &str) -> Value {
    json!({
        "instance": instance,
        "auth": {"type": "basic", "username": "admin", "password": "admin"},
        "tables": ["incident"],
    })
}

/// A client whose requests go over this transport; over loopback sockets without one.
pub(crate) fn connect(instance: &str, transport: Option<Arc<dyn Transport>>) -> Result<TicketingClient> {
    let policy = AddressPolicy::strict().allow_loopback();
    let http = match transport {
        Some(transport) => HttpContext::with_transport(policy, transport),
        None => HttpContext::new(policy)?,
    };
    let context = BuildContext::new().with_extension(http);
    Ok(ticketing::connect_with("servicenow", config(instance), &context)?)
}
