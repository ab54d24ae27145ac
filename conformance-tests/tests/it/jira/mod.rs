//! The suite on Jira: the provider against the emulated site, Cloud and Data Center, in process.

mod interfere;
mod misbehave;
mod site;

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use conformance_tests::{
    Company, Connection, Deviation, Harness, Interference, Misbehaviour, Purpose, SentRequest, Setup, StatusNeeds,
    conformance_suite,
};
use provider_jira::REGISTRATION;
use serde_json::{Value, json};
use ticketing_core::model::StatusCategory;
use ticketing_core::{Result, TicketingProvider};
use vendor_sandbox::company::Person;
use vendor_sandbox::jira::Flavour;

use site::{EmulatedSite, HOME, OTHER, PASSWORD, encoded};

/// Which Jira it is.
pub(crate) trait Kind: Send + Sync + 'static {
    /// What the snapshots are called.
    const NAME: &'static str;
    const FLAVOUR: Flavour;
}

pub(crate) struct Cloud;

impl Kind for Cloud {
    const NAME: &'static str = "jira";
    const FLAVOUR: Flavour = Flavour::Cloud;
}

pub(crate) struct DataCenter;

impl Kind for DataCenter {
    const NAME: &'static str = "jira_data_center";
    const FLAVOUR: Flavour = Flavour::DataCenter;
}

pub(crate) struct JiraHarness<K> {
    site: EmulatedSite,
    /// Another account at the same vendor.
    other: EmulatedSite,
    provider: Arc<dyn TicketingProvider>,
    kind: PhantomData<K>,
}

/// The suite's Jira Cloud.
pub(crate) type CloudHarness = JiraHarness<Cloud>;
/// And its Jira Data Center.
pub(crate) type DataCenterHarness = JiraHarness<DataCenter>;

/// The company's own statuses of waiting, and the fields that hold what Jira has none for.
fn config(host: &str, auth: Value) -> Value {
    json!({
        "instance": host,
        "auth": auth,
        "projects": ["HELP"],
        "mapping": {
            "status": { "Waiting for customer": "on_hold", "Pending": "on_hold" },
            "fields": { "assigned_groups": "Assigned group", "external_id": "customfield_10031" },
        },
    })
}

fn basic(user: &str, password: &str) -> Value {
    json!({ "type": "basic", "username": user, "password": password })
}

impl<K: Kind> JiraHarness<K> {
    fn connected(site: &EmulatedSite, auth: Value) -> Option<Result<Arc<dyn TicketingProvider>>> {
        Some(site.provider(config(site.host, auth)))
    }
}

#[async_trait]
impl<K: Kind> Harness for JiraHarness<K> {
    async fn start() -> Self {
        let site = EmulatedSite::start(HOME, 7, K::FLAVOUR).await;
        let other = EmulatedSite::start(OTHER, 8, K::FLAVOUR).await;
        let provider = site.provider(config(HOME, basic("admin", PASSWORD))).unwrap();
        if K::FLAVOUR == Flavour::DataCenter {
            // What a connection can do is narrowed by what its site is, which is asked once.
            provider.check().await.unwrap();
            site.control.clear_requests();
        }
        Self { site, other, provider, kind: PhantomData }
    }

    fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    /// One clock serves the site and the provider.
    fn advance(&self, seconds: u32) {
        self.site.control.advance(seconds.into()).unwrap();
        self.other.control.advance(seconds.into()).unwrap();
    }

    /// Jira's groups do not end, and two of them are Jira's own (wire A7); labels hold no blanks (wire A4.1); lists have no
    /// bullets of the author's choice (wire A6). A Data Center's customers are users like others (wire A13: no account types).
    fn company(&self) -> Company {
        let mut company = Company::standard();
        for ticket in &mut company.tickets {
            for tag in &mut ticket.tags {
                *tag = tag.replace(' ', "_");
            }
            ticket.description = ticket.description.replace("\n* ", "\n- ");
        }
        for group in &mut company.groups {
            group.active = true;
        }
        let model = company.groups[0].clone();
        let everybody: Vec<String> =
            company.people.iter().filter(|person| person.active).map(|person| person.key.clone()).collect();
        for (name, members) in [("jira-users", everybody), ("jira-administrators", vec!["admin".to_owned()])] {
            let mut group = model.clone();
            (group.key, group.name, group.members) = (name.to_owned(), name.to_owned(), members);
            company.groups.push(group);
        }
        if K::FLAVOUR == Flavour::DataCenter {
            let model = company.people[0].clone();
            company.people.extend(company.contacts.iter().map(|contact| Person {
                key: contact.key.clone(),
                name: contact.name.clone(),
                email: contact.email.clone(),
                active: contact.active,
                bot: false,
                ..model.clone()
            }));
        }
        company
    }

    fn name(&self) -> String {
        K::NAME.to_owned()
    }

    fn requests(&self) -> Option<Vec<SentRequest>> {
        let requests = self.site.control.requests().into_iter().map(|request| SentRequest {
            purpose: if request.path == "/oauth/token" { Purpose::Token } else { Purpose::Api },
            host: request.headers.get("host").cloned().unwrap_or_default(),
            // Searches are sent by POST, and only read (wire A3.2).
            method: match ["/search", "/search/jql", "/search/approximate-count", "/issue/bulkfetch"]
                .iter()
                .any(|path| request.path.ends_with(path))
            {
                true => "GET".to_owned(),
                false => request.method,
            },
            path: request.path,
            query: request.query,
        });
        Some(requests.collect())
    }

    fn secrets(&self) -> Vec<String> {
        let tokens = self.site.tokens.iter().flat_map(|tokens| [tokens.access.as_str(), tokens.refresh.as_str()]);
        let mut secrets: Vec<String> =
            [PASSWORD, site::WRONG_PASSWORD, site::CLIENT_SECRET].into_iter().chain(tokens).flat_map(encoded).collect();
        for password in [PASSWORD, site::WRONG_PASSWORD] {
            secrets.extend(["admin", "itil"].map(|user| site::base64_of(&format!("{user}:{password}"))));
        }
        secrets
    }

    fn setup(&self) -> Option<Setup> {
        let mut config = config(HOME, basic("admin", PASSWORD));
        config["mapping"]["priority"] = json!({ "Whenever": "lowest" });
        config["mapping"]["type"] = json!({ "10104": "incident" });
        Some(Setup { registration: REGISTRATION, config, context: self.site.context() })
    }

    async fn connect(&self, connection: Connection) -> Option<Result<Arc<dyn TicketingProvider>>> {
        match connection {
            Connection::Again => Self::connected(&self.site, basic("admin", PASSWORD)),
            Connection::WrongCredential => Self::connected(&self.site, basic("admin", site::WRONG_PASSWORD)),
            Connection::FewerRights => Self::connected(&self.site, basic("itil", PASSWORD)),
            Connection::OtherAccount => Self::connected(&self.other, basic("admin", PASSWORD)),
            Connection::RenewedToken => {
                let auth = json!({
                    "type": "oauth", "client_id": site::CLIENT, "client_secret": site::CLIENT_SECRET,
                    "refresh_token": self.site.tokens.as_ref()?.refresh,
                });
                Self::connected(&self.site, auth)
            }
            _ => None,
        }
    }

    async fn interfere(&self, interference: Interference) -> Option<String> {
        interfere::interfere(&self.site.control, K::FLAVOUR, interference)
    }

    fn misbehave(&self, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
        misbehave::misbehave(&self.site.control, K::FLAVOUR, misbehaviour, times)
    }

    fn behave(&self) {
        self.site.control.clear_faults();
    }

    /// wire A4.5: the screen of the transition asks for a resolution.
    fn status_needs(&self, status: StatusCategory) -> StatusNeeds {
        match status {
            StatusCategory::Resolved | StatusCategory::Closed => {
                StatusNeeds { reason: Some("Solution provided".to_owned()), ..StatusNeeds::default() }
            }
            _ => StatusNeeds::default(),
        }
    }

    /// What stands below another issue is a sub-task from the start; an incident becomes none.
    fn set_once(&self) -> &'static [&'static str] {
        &["parent"]
    }

    fn deviations(&self) -> Vec<Deviation> {
        let of_move = |key, because| Deviation { documents: "tickets", record: "move", key, because };
        let mut out = vec![
            of_move("tags", "labels hold no blanks: wire/jira-zendesk.md A4.1"),
            of_move("description", "a list is kept, and not the sign before each item: wire/jira-zendesk.md A6"),
        ];
        for (documents, keys, because) in [
            (
                "users",
                &["title", "phone", "created_at", "updated_at"][..],
                "the API has no such members: wire/jira-zendesk.md A7",
            ),
            (
                "groups",
                &["active", "description", "email", "manager", "parent", "created_at", "updated_at"][..],
                "a group is its name and its members: wire/jira-zendesk.md A7",
            ),
            (
                "accounts",
                &["domains", "created_at", "updated_at"][..],
                "an organisation is its name and its people: wire/jira-zendesk.md A10",
            ),
            (
                "contacts",
                &["phone", "created_at", "updated_at"][..],
                "a customer is a user, whose records say no more: wire/jira-zendesk.md A7, A10",
            ),
        ] {
            out.extend(keys.iter().map(|key| Deviation { documents, record: "*", key, because }));
        }
        let of_users = |record, key, because| Deviation { documents: "users", record, key, because };
        match K::FLAVOUR {
            Flavour::Cloud => out.push(of_users("*", "username", "Cloud has no login names: wire/jira-zendesk.md A7")),
            Flavour::DataCenter => {
                out.push(of_users("admin", "type", "users have no account type: wire/jira-zendesk.md A13"));
                out.extend(
                    ["greta.holm", "olaf.meyer", "yui.tanaka"]
                        .map(|customer| of_users(customer, "*", "customers are users too: wire/jira-zendesk.md A13")),
                );
            }
        }
        out.extend(["jira-users", "jira-administrators"].map(|record| Deviation {
            documents: "groups",
            record,
            key: "*",
            because: "every site has groups of its own",
        }));
        out
    }
}

mod cloud {
    use super::{CloudHarness, conformance_suite};
    conformance_suite!(CloudHarness);
}

mod data_center {
    use super::{DataCenterHarness, conformance_suite};
    conformance_suite!(DataCenterHarness);
}
