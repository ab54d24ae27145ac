//! The suite on Zendesk: the provider against the emulated account, in process.

mod deviations;
mod instance;
mod interfere;
mod misbehave;

use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::{
    Company, Connection, Delivered, Deviation, Harness, Interference, Misbehaviour, Purpose, SentRequest, Setup,
    StatusNeeds, conformance_suite,
};
use provider_zendesk::REGISTRATION;
use serde_json::{Value, json};
use ticketing_core::model::StatusCategory;
use ticketing_core::{Result, TicketId, TicketingProvider, WebhookDelivery};

use instance::{ADMIN, AGENT, HOME, Instance, OTHER, TOKEN, WRONG_TOKEN, api_token, encoded, oauth};

pub(crate) struct ZendeskHarness {
    instance: Instance,
    /// Another account at the same vendor.
    other: Instance,
    provider: Arc<dyn TicketingProvider>,
}

/// The account has a status of its own for what came to nothing.
fn config(host: &str, auth: Value) -> Value {
    json!({ "instance": host, "auth": auth, "mapping": { "status": { "Cancelled": "cancelled" } } })
}

fn connected(instance: &Instance, auth: Value) -> Option<Result<Arc<dyn TicketingProvider>>> {
    Some(instance.provider(config(instance.host, auth)))
}

#[async_trait]
impl Harness for ZendeskHarness {
    async fn start() -> Self {
        let (instance, other) = (Instance::start(HOME, 7).await, Instance::start(OTHER, 8).await);
        let provider = instance.provider(config(HOME, api_token(ADMIN, TOKEN))).unwrap();
        Self { instance, other, provider }
    }

    fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    /// One clock serves the account and the provider.
    fn advance(&self, seconds: u32) {
        self.instance.control.advance(seconds.into()).unwrap();
        self.other.control.advance(seconds.into()).unwrap();
    }

    /// What an account can hold of it: no tickets within tickets, no duplicates, and tags of one word.
    fn company(&self) -> Company {
        let mut company = Company::standard();
        for ticket in &mut company.tickets {
            ticket.parent = None;
            ticket.duplicate_of = None;
            for tag in &mut ticket.tags {
                *tag = tag.to_lowercase().replace(' ', "_");
            }
        }
        company
    }

    fn requests(&self) -> Option<Vec<SentRequest>> {
        let requests = self.instance.requests().into_iter().map(|request| SentRequest {
            purpose: if request.path == "/oauth/tokens" { Purpose::Token } else { Purpose::Api },
            host: request.headers.get("host").cloned().unwrap_or_default(),
            method: request.method,
            path: request.path,
            query: request.query,
        });
        Some(requests.collect())
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = [TOKEN, WRONG_TOKEN]
            .map(str::to_owned)
            .into_iter()
            .chain(self.instance.tokens())
            .flat_map(|secret| encoded(&secret))
            .collect();
        for token in [TOKEN, WRONG_TOKEN] {
            secrets.extend([ADMIN, AGENT].map(|email| instance::base64_of(&format!("{email}/token:{token}"))));
        }
        secrets
    }

    fn setup(&self) -> Option<Setup> {
        let mut config = config(HOME, api_token(ADMIN, TOKEN));
        config["mapping"] = json!({
            "status": { "Waiting for vendor": "on_hold" }, "priority": { "low": "lowest" }, "type": { "task": "change" },
        });
        Some(Setup { registration: REGISTRATION, config, context: self.instance.context() })
    }

    async fn connect(&self, connection: Connection) -> Option<Result<Arc<dyn TicketingProvider>>> {
        match connection {
            Connection::Again => connected(&self.instance, api_token(ADMIN, TOKEN)),
            Connection::WrongCredential => connected(&self.instance, api_token(ADMIN, WRONG_TOKEN)),
            Connection::FewerRights => connected(&self.instance, api_token(AGENT, TOKEN)),
            Connection::OtherAccount => connected(&self.other, api_token(ADMIN, TOKEN)),
            Connection::RenewedToken => connected(&self.instance, oauth(&self.instance.refresh_token().await)),
            _ => None,
        }
    }

    async fn interfere(&self, interference: Interference) -> Option<String> {
        interfere::interfere(&self.instance, interference).await
    }

    fn misbehave(&self, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
        misbehave::misbehave(&self.instance.control, misbehaviour, times)
    }

    fn behave(&self) {
        self.instance.control.clear_faults();
    }

    /// wire B4: whoever solves a ticket must have it.
    fn status_needs(&self, status: StatusCategory) -> StatusNeeds {
        let over = [StatusCategory::Resolved, StatusCategory::Closed, StatusCategory::Cancelled];
        StatusNeeds { assignee: over.contains(&status), ..StatusNeeds::default() }
    }

    /// wire B10: the account signs with a secret that it makes up itself.
    async fn delivered(&self, ticket: &TicketId) -> Option<Delivered> {
        let instance = &self.instance;
        // Nobody listens there; what was sent is kept.
        let webhook = json!({ "webhook": {
            "name": "hook", "endpoint": "http://127.0.0.1:9/hook", "http_method": "POST", "request_format": "json",
            "status": "active", "subscriptions": ["zen:event-type:ticket.subject_changed"],
        } });
        let made = instance.call(ADMIN, "POST", "/api/v2/webhooks", webhook).await;
        let path = format!("/api/v2/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
        let secret = instance.call(ADMIN, "GET", &format!("{path}/signing_secret"), Value::Null).await;
        let secret = secret["signing_secret"]["secret"].as_str().unwrap().to_owned();
        let change = json!({ "ticket": { "subject": "delivered" } });
        instance.call(AGENT, "PUT", &format!("/api/v2/tickets/{ticket}"), change).await;
        instance.call(ADMIN, "DELETE", &path, Value::Null).await;
        let sent = instance.control.deliveries().pop().unwrap();
        let headers = [
            ("x-zendesk-webhook-signature-timestamp", sent.timestamp),
            ("x-zendesk-webhook-invocation-id", sent.id),
            ("x-zendesk-webhook-signature", sent.signature),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let intake = REGISTRATION.webhook.unwrap()(json!({ "secret": secret }), &instance.context()).unwrap();
        Some(Delivered { intake, delivery: WebhookDelivery::new(headers, sent.body, instance.control.now()) })
    }

    /// wire B4: the organisation is one of the requester's, and whoever has a ticket belongs to its group.
    fn moves_along(&self, key: &str) -> &'static [&'static str] {
        match key {
            "requester" => &["account"],
            "assignees" => &["assigned_groups"],
            "assigned_groups" => &["assignees"],
            _ => &[],
        }
    }

    /// wire B6: an export leaves the last minute out.
    fn delta_lag(&self) -> u32 {
        61
    }

    /// wire B2, B3.2: lists have the first comment's words; its HTML is with the comments alone.
    fn lists_plain_descriptions(&self) -> bool {
        true
    }

    fn deviations(&self) -> Vec<Deviation> {
        deviations::deviations()
    }
}

conformance_suite!(ZendeskHarness);
