//! An instance in process, and connections to it.

use std::sync::Arc;

use axum_router::transport;
use futures::{StreamExt as _, TryStreamExt as _};
use provider_servicenow::ServiceNow;
use serde_json::{Value, json};
use ticketing_core::model::Ticket;
use ticketing_core::request::{GetTicket, ListTickets};
use ticketing_core::{BuildContext, Clock, ManualClock, TicketingClient, TicketingProvider};
use ticketing_http::{AddressPolicy, HttpContext, SeededRandom, Transport};
use vendor_sandbox::servicenow::{Control, Sandbox, SandboxBuilder};

mod axum_router {
    use std::sync::Arc;

    use ticketing_http::{ServiceTransport, Transport};
    use vendor_sandbox::ConnectionReset;
    use vendor_sandbox::servicenow::Sandbox;

    pub(super) fn transport(sandbox: &Sandbox) -> Arc<dyn Transport> {
        let is_reset = |extensions: &ticketing_http::http::Extensions| extensions.get::<ConnectionReset>().is_some();
        Arc::new(ServiceTransport::<_, axum::body::Body>::new(sandbox.router(), is_reset))
    }
}

/// Where the in-process instance is taken to be.
pub(crate) const INSTANCE: &str = "http://127.0.0.1:4010";

/// An instance, its clock, and what a connection to it is handed.
pub(crate) struct Bed {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    clock: Arc<ManualClock>,
}

impl Bed {
    /// The standard company.
    pub(crate) fn new() -> Self {
        Self::of(Sandbox::builder().seed(7))
    }

    pub(crate) fn of(builder: SandboxBuilder) -> Self {
        let sandbox = builder.build().unwrap();
        let control = sandbox.control();
        let clock = Arc::new(ManualClock::new(control.now()));
        Self { sandbox, control, clock }
    }

    pub(crate) fn context(&self) -> BuildContext {
        self.context_through(transport(&self.sandbox))
    }

    /// The way to the instance.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        transport(&self.sandbox)
    }

    pub(crate) fn context_through(&self, transport: Arc<dyn Transport>) -> BuildContext {
        let policy = AddressPolicy::strict().allow_loopback();
        let http = HttpContext::with_transport(policy, transport).with_random(Arc::new(SeededRandom::new(1)));
        BuildContext::new().with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>).with_extension(http)
    }

    pub(crate) fn provider(&self, config: Value) -> Arc<dyn TicketingProvider> {
        Arc::new(ServiceNow::new(config, &self.context()).unwrap())
    }

    pub(crate) fn client_of(&self, config: Value) -> TicketingClient {
        TicketingClient::new(self.provider(config))
    }

    /// The administrator's connection to incidents.
    pub(crate) fn client(&self) -> TicketingClient {
        self.client_of(config("admin", &["incident"]))
    }

    /// The administrator's connection to these tables.
    pub(crate) fn tables(&self, tables: &[&str]) -> TicketingClient {
        self.client_of(config("admin", tables))
    }

    /// The connection of a user without an administrator's rights.
    pub(crate) fn itil(&self) -> TicketingClient {
        self.client_of(config("itil", &["incident"]))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control.advance(seconds).unwrap();
        self.clock.set(self.control.now());
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.control.requests().len()
    }

    /// The sys_id of the incident whose title holds this.
    pub(crate) fn incident(&self, words: &str) -> String {
        let found = self.control.find("task", &format!("short_descriptionLIKE{words}")).unwrap();
        assert_eq!(found.len(), 1, "{words}: {found:?}");
        found[0].clone()
    }
}

pub(crate) fn config(user: &str, tables: &[&str]) -> Value {
    json!({
        "instance": INSTANCE,
        "auth": {"type": "basic", "username": user, "password": user},
        "tables": tables,
    })
}

/// Everything that a listing brings.
pub(crate) async fn all(client: &TicketingClient, request: ListTickets) -> Vec<Ticket> {
    client.tickets(request).try_collect().await.unwrap()
}

pub(crate) async fn try_all(client: &TicketingClient, request: ListTickets) -> ticketing_core::Result<Vec<Ticket>> {
    client.tickets(request).try_collect().await
}

pub(crate) async fn get(client: &TicketingClient, id: &str) -> Ticket {
    client.get_ticket(GetTicket::new(id)).await.unwrap()
}

pub(crate) fn keys(tickets: &[Ticket]) -> Vec<&str> {
    tickets.iter().map(|ticket| ticket.key.as_str()).collect()
}

/// How many pages a listing took.
pub(crate) async fn pages(client: &TicketingClient, request: ListTickets) -> usize {
    client.ticket_pages(request).map(|page| page.unwrap()).count().await
}
