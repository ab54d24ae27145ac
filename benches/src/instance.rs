//! Instances to read from, and connections to them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use ticketing::http::{AddressPolicy, HttpContext};
use ticketing::{BuildContext, ManualClock, TicketingClient};
use ticketing_http::{ServiceTransport, Transport};
use vendor_sandbox::ConnectionReset;

use crate::vendors::Vendor;

/// Where an instance in process is taken to be.
pub(crate) const IN_PROCESS: &str = "http://127.0.0.1:4010";

/// The recorded log of a real ServiceNow instance, where this machine has it.
pub(crate) fn event_log() -> Option<PathBuf> {
    std::env::var_os("INCIDENT_EVENT_LOG").map(PathBuf::from)
}

/// The instance without a socket.
pub(crate) fn in_process(sandbox: axum::Router) -> Arc<dyn Transport> {
    let is_reset = |extensions: &ticketing_http::http::Extensions| extensions.get::<ConnectionReset>().is_some();
    Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox, is_reset))
}

/// A client whose requests go over this transport; over loopback sockets without one.
pub(crate) fn connect<V: Vendor>(instance: &str, transport: Option<Arc<dyn Transport>>) -> Result<TicketingClient> {
    let policy = AddressPolicy::strict().allow_loopback();
    let http = match transport {
        Some(transport) => HttpContext::with_transport(policy, transport),
        None => HttpContext::new(policy)?,
    };
    let mut context = BuildContext::new().with_extension(http);
    if let Some(now) = V::NOW {
        context = context.with_clock(Arc::new(ManualClock::new(now.parse()?)));
    }
    Ok(ticketing::connect_with(V::NAME, V::config(instance), &context)?)
}
