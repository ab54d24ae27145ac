//! An account in process, and connections to it.

use std::sync::Arc;

use futures::TryStreamExt as _;
use provider_zendesk::Zendesk;
use serde_json::{Value, json};
use ticketing_core::model::Ticket;
use ticketing_core::request::{GetTicket, ListTickets};
use ticketing_core::{BuildContext, Clock, ManualClock, TicketingClient};
use ticketing_http::{AddressPolicy, HttpContext, SeededRandom, ServiceTransport, Transport, http};
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::zendesk::{Control, Sandbox, SandboxBuilder};

/// Where the in-process account is taken to be.
pub(crate) const INSTANCE: &str = "http://127.0.0.1:4030";

/// An account, its clock, and what a connection to it is handed.
pub(crate) struct Bed {
    pub(crate) control: Control,
    transport: Arc<dyn Transport>,
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
        Self { control, transport: through(sandbox.router()), clock }
    }

    pub(crate) fn context(&self) -> BuildContext {
        context(Arc::clone(&self.transport), Arc::clone(&self.clock))
    }

    pub(crate) fn client_of(&self, auth: Value) -> TicketingClient {
        let config = json!({ "instance": INSTANCE, "auth": auth });
        TicketingClient::new(Arc::new(Zendesk::new(config, &self.context()).unwrap()))
    }

    /// The administrator's connection.
    pub(crate) fn client(&self) -> TicketingClient {
        self.client_of(login("integration@example.com", "admin"))
    }

    /// An agent's connection.
    pub(crate) fn agent(&self) -> TicketingClient {
        self.client_of(login("ines.tilden@example.com", "itil"))
    }

    /// Sets our own clock beside the account's, so many seconds ahead.
    pub(crate) fn be_ahead(&self, seconds: i64) {
        self.clock.set(self.control.now() + chrono::TimeDelta::seconds(seconds));
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control.advance(seconds).unwrap();
        self.clock.set(self.control.now());
    }

    /// The paths of the requests sent so far, with their queries, decoded.
    pub(crate) fn sent(&self) -> Vec<String> {
        let told = |request: vendor_sandbox::RecordedRequest| {
            let query: Vec<String> = url::form_urlencoded::parse(request.query.as_bytes())
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            format!("{} {}?{}", request.method, request.path, query.join("&"))
        };
        self.control.requests().into_iter().map(told).collect()
    }
}

/// The way to a service.
pub(crate) fn through(router: axum::Router) -> Arc<dyn Transport> {
    let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
    Arc::new(ServiceTransport::<_, axum::body::Body>::new(router, is_reset))
}

pub(crate) fn context(transport: Arc<dyn Transport>, clock: Arc<ManualClock>) -> BuildContext {
    let policy = AddressPolicy::strict().allow_loopback();
    let http = HttpContext::with_transport(policy, transport).with_random(Arc::new(SeededRandom::new(1)));
    BuildContext::new().with_clock(clock as Arc<dyn Clock>).with_extension(http)
}

pub(crate) fn login(email: &str, token: &str) -> Value {
    json!({ "type": "api_token", "email": email, "token": token })
}

/// Everything that a listing brings.
pub(crate) async fn all(client: &TicketingClient, request: ListTickets) -> Vec<Ticket> {
    client.tickets(request).try_collect().await.unwrap()
}

pub(crate) async fn get(client: &TicketingClient, id: &str) -> Ticket {
    client.get_ticket(GetTicket::new(id)).await.unwrap()
}

/// A ticket that was read by itself as a listing has it: with the plain words of its description.
pub(crate) fn as_listed(read: Ticket, listed: &Ticket) -> Ticket {
    Ticket { description: listed.description.clone(), ..read }
}

/// The ticket whose title holds this.
pub(crate) async fn titled(client: &TicketingClient, words: &str) -> Ticket {
    let mut found = all(client, ListTickets::new()).await;
    found.retain(|ticket| ticket.title.contains(words));
    assert_eq!(found.len(), 1, "{words}: {found:?}");
    found.remove(0)
}
