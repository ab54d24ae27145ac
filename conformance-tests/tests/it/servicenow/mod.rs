//! The suite on ServiceNow: the provider against the emulated instance, in process.

mod instance;
mod interfere;
mod misbehave;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::{
    Company, Connection, Delivered, Deviation, Harness, Interference, Misbehaviour, Purpose, SentRequest, Setup,
    StatusNeeds, conformance_suite,
};
use provider_servicenow::REGISTRATION;
use serde_json::{Value, json};
use ticketing_core::model::StatusCategory;
use ticketing_core::{Result, TicketId, TicketingProvider, WebhookDelivery};
use vendor_sandbox::company::Kind;
use vendor_sandbox::servicenow::Webhook;

use instance::{HOME, Instance, OTHER, PASSWORD, encoded};

/// Which tables the connection takes its tickets from.
trait Tables: Send + Sync + 'static {
    /// What the snapshots are called.
    const NAME: &'static str;
    const TABLES: &'static [&'static str];
}

/// What a connection has unless told otherwise.
struct Incidents;

impl Tables for Incidents {
    const NAME: &'static str = "servicenow";
    const TABLES: &'static [&'static str] = &["incident"];
}

/// Every table that has states of its own.
struct FourTables;

impl Tables for FourTables {
    const NAME: &'static str = "servicenow_four_tables";
    const TABLES: &'static [&'static str] = &["incident", "sc_request", "change_request", "problem"];
}

struct ServiceNowHarness<T> {
    instance: Instance,
    /// Another account at the same vendor.
    other: Instance,
    provider: Arc<dyn TicketingProvider>,
    tables: PhantomData<T>,
}

fn config<T: Tables>(host: &str, auth: Value) -> Value {
    json!({ "instance": host, "auth": auth, "tables": T::TABLES })
}

fn basic(user: &str, password: &str) -> Value {
    json!({ "type": "basic", "username": user, "password": password })
}

impl<T: Tables> ServiceNowHarness<T> {
    fn connected(&self, instance: &Instance, auth: Value) -> Option<Result<Arc<dyn TicketingProvider>>> {
        Some(instance.provider(config::<T>(instance.host, auth)))
    }
}

#[async_trait]
impl<T: Tables> Harness for ServiceNowHarness<T> {
    async fn start() -> Self {
        let (instance, other) = (Instance::start(HOME, 7).await, Instance::start(OTHER, 8).await);
        let provider = instance.provider(config::<T>(HOME, basic("admin", PASSWORD))).unwrap();
        Self { instance, other, provider, tables: PhantomData }
    }

    fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    /// One clock serves the instance and the provider.
    fn advance(&self, seconds: u32) {
        self.instance.control.advance(seconds.into()).unwrap();
        self.other.control.advance(seconds.into()).unwrap();
    }

    /// A connection sees the tickets of its own tables.
    fn company(&self) -> Company {
        let mut company = Company::standard();
        company.tickets.retain(|ticket| {
            T::TABLES.contains(&match ticket.kind {
                Kind::Incident => "incident",
                Kind::Problem => "problem",
                Kind::Change => "change_request",
            })
        });
        company
    }

    fn name(&self) -> String {
        T::NAME.to_owned()
    }

    fn requests(&self) -> Option<Vec<SentRequest>> {
        let requests = self.instance.control.requests().into_iter().map(|request| SentRequest {
            purpose: if request.path == "/oauth_token.do" { Purpose::Token } else { Purpose::Api },
            host: request.headers.get("host").cloned().unwrap_or_default(),
            method: request.method,
            path: request.path,
            query: request.query,
        });
        Some(requests.collect())
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> =
            [PASSWORD, instance::WRONG_PASSWORD, instance::CLIENT_SECRET, instance::HOOK_SECRET]
                .into_iter()
                .chain([self.instance.refresh_token.as_str(), self.instance.access_token.as_str()])
                .flat_map(encoded)
                .collect();
        for password in [PASSWORD, instance::WRONG_PASSWORD] {
            secrets.extend(["admin", "itil"].map(|user| instance::base64_of(&format!("{user}:{password}"))));
        }
        secrets
    }

    fn setup(&self) -> Option<Setup> {
        let mut config = config::<T>(HOME, basic("admin", PASSWORD));
        config["mapping"] = json!({
            "status": { "incident.9": "on_hold" }, "priority": { "9": "lowest" }, "type": { "incident": "incident" },
        });
        Some(Setup { registration: REGISTRATION, config, context: self.instance.context() })
    }

    async fn connect(&self, connection: Connection) -> Option<Result<Arc<dyn TicketingProvider>>> {
        match connection {
            Connection::Again => self.connected(&self.instance, basic("admin", PASSWORD)),
            Connection::WrongCredential => self.connected(&self.instance, basic("admin", instance::WRONG_PASSWORD)),
            Connection::FewerRights => self.connected(&self.instance, basic("itil", PASSWORD)),
            Connection::OtherAccount => self.connected(&self.other, basic("admin", PASSWORD)),
            Connection::RenewedToken => {
                let auth = json!({
                    "type": "oauth", "client_id": instance::CLIENT, "client_secret": instance::CLIENT_SECRET,
                    "refresh_token": self.instance.refresh_token,
                });
                self.connected(&self.instance, auth)
            }
            _ => None,
        }
    }

    async fn interfere(&self, interference: Interference) -> Option<String> {
        interfere::interfere(&self.instance.control, interference)
    }

    fn misbehave(&self, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
        misbehave::misbehave(&self.instance.control, misbehaviour, times)
    }

    fn behave(&self) {
        self.instance.control.clear_faults();
    }

    /// wire §3.2: a data policy demands notes and a resolution code, which is the reason; on hold, there is another one.
    fn status_needs(&self, status: StatusCategory) -> StatusNeeds {
        match status {
            StatusCategory::Resolved | StatusCategory::Closed => StatusNeeds {
                reason: Some("Solution provided".to_owned()),
                fields: BTreeMap::from([("close_notes".into(), "Solved.".into())]),
                ..StatusNeeds::default()
            },
            StatusCategory::OnHold => {
                StatusNeeds { reason: Some("Awaiting Vendor".to_owned()), ..StatusNeeds::default() }
            }
            _ => StatusNeeds::default(),
        }
    }

    /// wire §8.2: the instance signs with the business rule that we give it; the sandbox calls its headers its own.
    async fn delivered(&self, ticket: &TicketId) -> Option<Delivered> {
        let control = &self.instance.control;
        // Nobody listens there; what was sent is kept.
        let webhook = Webhook {
            url: "http://127.0.0.1:9/hook".to_owned(),
            secret: instance::HOOK_SECRET.to_owned(),
            tables: Vec::new(),
        };
        control.set_webhooks(vec![webhook]).unwrap();
        control.update("itil", "task", ticket.as_str(), json!({ "short_description": "delivered" })).unwrap();
        control.set_webhooks(Vec::new()).unwrap();
        let sent = control.deliveries().pop().unwrap();
        let headers = [
            ("x-sandbox-timestamp", sent.timestamp.to_string()),
            ("x-sandbox-delivery", sent.id),
            ("x-sandbox-signature", sent.signature),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let config = json!({ "secret": instance::HOOK_SECRET, "header_prefix": "x-sandbox" });
        let intake = REGISTRATION.webhook.unwrap()(config, &self.instance.context()).unwrap();
        Some(Delivered { intake, delivery: WebhookDelivery::new(headers, sent.body, control.now()) })
    }

    fn deviations(&self) -> Vec<Deviation> {
        let mut deviations = vec![Deviation {
            documents: "accounts",
            record: "*",
            key: "domains",
            because: "core_company has a website, and no column of email domains",
        }];
        if T::TABLES.contains(&"problem") {
            deviations.push(Deviation {
                documents: "tickets",
                record: "dhcp",
                key: "requester",
                because: "problems have no requester: wire/servicenow.md §3.1, §3.5",
            });
        }
        deviations
    }
}

mod incidents {
    use super::{Incidents, ServiceNowHarness, conformance_suite};
    conformance_suite!(ServiceNowHarness<Incidents>);
}

mod four_tables {
    use super::{FourTables, ServiceNowHarness, conformance_suite};
    conformance_suite!(ServiceNowHarness<FourTables>);
}
