//! A site in process, and connections to it.

use std::sync::Arc;

use futures::TryStreamExt as _;
use provider_jira::Jira;
use serde_json::{Value, json};
use ticketing_core::model::Ticket;
use ticketing_core::request::{GetTicket, ListTickets};
use ticketing_core::{BuildContext, Clock, ManualClock, TicketingClient, TicketingProvider};
use ticketing_http::{AddressPolicy, HttpContext, SeededRandom, ServiceTransport, Transport};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::jira::{Control, Flavour, Sandbox, SandboxBuilder};

/// Where the in-process site is taken to be.
pub(crate) const SITE: &str = "http://127.0.0.1:4020";

/// Both flavours, for what is the same on both.
pub(crate) const FLAVOURS: [Flavour; 2] = [Flavour::Cloud, Flavour::DataCenter];

/// A site, its clock, and what a connection to it is handed.
pub(crate) struct Bed {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    clock: Arc<ManualClock>,
}

impl Bed {
    /// The standard company on Cloud.
    pub(crate) fn cloud() -> Self {
        Self::on(Flavour::Cloud)
    }

    /// The standard company.
    pub(crate) fn on(flavour: Flavour) -> Self {
        Self::of(Sandbox::builder().seed(7).flavour(flavour))
    }

    pub(crate) fn of(builder: SandboxBuilder) -> Self {
        let sandbox = builder.build().unwrap();
        let control = sandbox.control();
        let clock = Arc::new(ManualClock::new(control.now()));
        Self { sandbox, control, clock }
    }

    /// The way to the site.
    pub(crate) fn transport(&self) -> Arc<dyn Transport> {
        let is_reset = |extensions: &ticketing_http::http::Extensions| extensions.get::<ConnectionReset>().is_some();
        Arc::new(ServiceTransport::<_, axum::body::Body>::new(self.sandbox.router(), is_reset))
    }

    pub(crate) fn context(&self) -> BuildContext {
        let policy = AddressPolicy::strict().allow_loopback();
        let http = HttpContext::with_transport(policy, self.transport()).with_random(Arc::new(SeededRandom::new(1)));
        BuildContext::new().with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>).with_extension(http)
    }

    pub(crate) fn provider(&self, config: Value) -> Arc<dyn TicketingProvider> {
        Arc::new(Jira::new(config, &self.context()).unwrap())
    }

    pub(crate) fn client_of(&self, config: Value) -> TicketingClient {
        TicketingClient::new(self.provider(config))
    }

    /// The administrator's connection.
    pub(crate) fn client(&self) -> TicketingClient {
        self.client_of(config("admin"))
    }

    /// The connection of an agent without an administrator's rights.
    pub(crate) fn itil(&self) -> TicketingClient {
        self.client_of(config("itil"))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control.advance(seconds).unwrap();
        self.clock.set(self.control.now());
    }

    /// How many requests were sent so far.
    pub(crate) fn sent(&self) -> usize {
        self.control.requests().len()
    }
}

/// Where the company keeps what Jira has no field for.
pub(crate) fn mapping() -> Value {
    json!({
        "status": {"Waiting for customer": "on_hold", "Pending": "on_hold"},
        "fields": {"assigned_groups": "customfield_10030", "external_id": "External ID"},
    })
}

pub(crate) fn config(user: &str) -> Value {
    json!({
        "instance": SITE,
        "auth": {"type": "basic", "username": user, "password": user},
        "projects": ["HELP"],
        "mapping": mapping(),
    })
}

/// The key of the issue that is a ticket of the company's.
pub(crate) fn key_of(name: &str) -> String {
    let company = vendor_sandbox::company::Company::standard();
    let place = company.tickets.iter().position(|ticket| ticket.key == name);
    format!("HELP-{}", place.unwrap() + 1)
}

/// Everything that a listing brings.
pub(crate) async fn all(client: &TicketingClient, request: ListTickets) -> Vec<Ticket> {
    try_all(client, request).await.unwrap()
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
