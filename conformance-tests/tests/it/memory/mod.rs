//! The suite on the reference provider.

mod company;
mod interfere;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use conformance_tests::{
    Company, Connection, Delivered, Harness, Interference, Purpose, SentRequest, Setup, conformance_suite,
};
use provider_memory::{MemoryProvider, MemoryStore};
use serde_json::json;
use ticketing_core::model::WebhookEvent;
use ticketing_core::request::{CreateWebhook, UpdateTicket};
use ticketing_core::{
    BuildContext, Clock, ManualClock, Registry, Result, Secret, TicketId, TicketingClient, TicketingProvider,
};

const SECRET: &str = "canary-9f2c-webhook";

struct MemoryHarness {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    provider: Arc<dyn TicketingProvider>,
}

impl MemoryHarness {
    fn connected(&self, store: MemoryStore) -> Arc<dyn TicketingProvider> {
        Arc::new(MemoryProvider::new(store, Arc::clone(&self.clock) as Arc<dyn Clock>))
    }
}

#[async_trait]
impl Harness for MemoryHarness {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::new("2026-02-01T00:00:00Z".parse().unwrap()));
        let store = company::store("acme", &Company::standard());
        let provider = Arc::new(MemoryProvider::new(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>));
        Self { store, clock, provider }
    }

    fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    fn advance(&self, seconds: u32) {
        self.clock.advance(TimeDelta::seconds(seconds.into()));
    }

    /// There is no wire: an operation that reaches the store counts as a request.
    fn requests(&self) -> Option<Vec<SentRequest>> {
        let request = SentRequest {
            purpose: Purpose::Api,
            host: String::new(),
            method: "STORE".to_owned(),
            path: String::new(),
            query: String::new(),
        };
        Some(vec![request; usize::try_from(self.store.requests()).unwrap()])
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn setup(&self) -> Option<Setup> {
        let registration = *Registry::discover().unwrap().get(provider_memory::NAME).unwrap();
        let config = json!({
            "account": "acme", "seed": "company", "mapping": { "status": { "active": "on_hold" } },
            "webhook_secret": SECRET,
        });
        Some(Setup {
            registration,
            config,
            context: BuildContext::new().with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>),
        })
    }

    async fn connect(&self, connection: Connection) -> Option<Result<Arc<dyn TicketingProvider>>> {
        match connection {
            Connection::Again => Some(Ok(self.connected(self.store.clone()))),
            Connection::OtherAccount => Some(Ok(self.connected(company::store("globex", &Company::standard())))),
            _ => None,
        }
    }

    async fn interfere(&self, interference: Interference) -> Option<String> {
        interfere::interfere(&self.store, self.clock.now(), interference)
    }

    async fn delivered(&self, ticket: &TicketId) -> Option<Delivered> {
        let client = TicketingClient::new(self.provider());
        let events = vec![WebhookEvent::TicketUpdated];
        let webhook = CreateWebhook::new("https://example.com/hook", events).with_secret(Secret::new(SECRET));
        client.create_webhook(webhook).await.unwrap();
        client.update_ticket(UpdateTicket::new(ticket.clone()).with_title("delivered")).await.unwrap();
        let delivery = self.store.take_deliveries().pop().unwrap();
        let setup = self.setup().unwrap();
        let intake = setup.registration.webhook.unwrap()(setup.config, &setup.context).unwrap();
        Some(Delivered { intake, delivery })
    }
}

conformance_suite!(MemoryHarness);
