//! Zendesk Support: tickets, 100 to a page, cursor after cursor, with the people and places that they name.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vendor_sandbox::zendesk::{AccountSettings, Sandbox};

use super::{Client, Vendor};

/// Zendesk Support.
#[derive(Debug)]
pub(crate) struct Zendesk;

impl Vendor for Zendesk {
    const NAME: &'static str = "zendesk";
    const TICKETS: &'static str = "tickets";
    const COUNT: u64 = 25_000;
    const COMPANY: u64 = 14;
    const FIELDS: &'static [&'static str] = &[];
    const PAGE: u32 = 100;
    const PATH: &'static str = "/api/v2/tickets";
    // Whoever heeds the vendor's limits reads 100 pages a minute, however fast.
    const SETTINGS: Option<&'static str> = Some(r#"{"limit_headers":false}"#);
    // Closed tickets of 120 days ago are read by a search: the sandbox lists none that old by its own clock.
    const NOW: Option<&'static str> = Some("2026-02-01T00:00:00Z");
    const CLIENTS: &'static [Client] = &[
        Client { name: "Zenpy", script: "read_zenpy.py", pins: "zenpy.txt" },
        Client { name: "node-zendesk", script: "read_node_zendesk.js", pins: "node-zendesk" },
    ];

    type Page = Page;

    fn config(instance: &str) -> Value {
        json!({ "instance": instance, "auth": {"type": "bearer", "token": "sandbox-bearer"} })
    }

    fn sandbox(tickets: u64) -> Result<axum::Router> {
        let settings = AccountSettings { limit_headers: false, ..AccountSettings::default() };
        Ok(Sandbox::builder().seed(1).tickets(tickets).settings(settings).build()?.router())
    }

    fn request(client: &reqwest::Client, instance: &str, after: Option<&str>) -> reqwest::RequestBuilder {
        let include = "users%2Cgroups%2Corganizations%2Cmetric_sets";
        let mut url = format!("{instance}{}?sort=id&include={include}&page%5Bsize%5D={}", Self::PATH, Self::PAGE);
        if let Some(after) = after {
            url.push_str("&page%5Bafter%5D=");
            url.push_str(&after.replace('=', "%3D").replace('+', "%2B"));
        }
        client.get(url).bearer_auth("sandbox-bearer").header("accept", "application/json")
    }
}

/// `{"tickets":[…]}`, with what is side-loaded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    tickets: Vec<Ticket>,
    users: Vec<User>,
    groups: Vec<Group>,
    organizations: Vec<Organization>,
    metric_sets: Vec<Metrics>,
    meta: Meta,
    links: Links,
}

impl super::Page for Page {
    fn rows(&self) -> usize {
        self.tickets.len()
    }

    fn next(&self, _told: usize) -> Option<String> {
        self.meta.after_cursor.clone().filter(|_| self.meta.has_more)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meta {
    has_more: bool,
    after_cursor: Option<String>,
    before_cursor: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Links {
    next: Option<String>,
    prev: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    url: String,
    id: u64,
    external_id: Option<String>,
    via: Via,
    created_at: String,
    updated_at: String,
    generated_timestamp: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
    subject: String,
    raw_subject: String,
    description: String,
    priority: Option<String>,
    status: String,
    recipient: Option<String>,
    requester_id: u64,
    submitter_id: u64,
    assignee_id: Option<u64>,
    organization_id: Option<u64>,
    group_id: Option<u64>,
    collaborator_ids: Vec<u64>,
    follower_ids: Vec<u64>,
    email_cc_ids: Vec<u64>,
    forum_topic_id: Option<u64>,
    problem_id: Option<u64>,
    has_incidents: bool,
    is_public: bool,
    due_at: Option<String>,
    tags: Vec<String>,
    custom_fields: Vec<Custom>,
    satisfaction_rating: Option<Satisfaction>,
    sharing_agreement_ids: Vec<u64>,
    custom_status_id: u64,
    encoded_id: String,
    followup_ids: Vec<u64>,
    ticket_form_id: u64,
    brand_id: u64,
    allow_channelback: bool,
    allow_attachments: bool,
    from_messaging_channel: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Via {
    channel: String,
    source: ViaSource,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViaSource {
    from: Map<String, Value>,
    to: Map<String, Value>,
    rel: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    id: u64,
    value: Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Satisfaction {
    score: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    url: String,
    id: u64,
    name: String,
    email: Option<String>,
    role: String,
    active: bool,
    alias: Option<String>,
    created_at: String,
    updated_at: String,
    custom_role_id: Option<u64>,
    default_group_id: Option<u64>,
    details: Option<String>,
    external_id: Option<String>,
    iana_time_zone: String,
    last_login_at: Option<String>,
    locale: String,
    locale_id: u64,
    moderator: bool,
    notes: Option<String>,
    only_private_comments: bool,
    organization_id: Option<u64>,
    phone: Option<String>,
    photo: Option<Value>,
    report_csv: bool,
    restricted_agent: bool,
    role_type: Option<u64>,
    shared: bool,
    shared_agent: bool,
    shared_phone_number: Option<bool>,
    signature: Option<String>,
    suspended: bool,
    tags: Vec<String>,
    ticket_restriction: Option<String>,
    time_zone: String,
    two_factor_auth_enabled: bool,
    user_fields: Map<String, Value>,
    verified: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    url: String,
    id: u64,
    name: String,
    description: String,
    default: bool,
    deleted: bool,
    is_public: bool,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Organization {
    url: String,
    id: u64,
    name: String,
    details: Option<String>,
    notes: Option<String>,
    domain_names: Vec<String>,
    external_id: Option<String>,
    group_id: Option<u64>,
    organization_fields: Map<String, Value>,
    shared_comments: bool,
    shared_tickets: bool,
    tags: Vec<String>,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metrics {
    url: String,
    id: u64,
    ticket_id: u64,
    created_at: String,
    updated_at: String,
    assigned_at: Option<String>,
    initially_assigned_at: Option<String>,
    assignee_updated_at: Option<String>,
    requester_updated_at: Option<String>,
    status_updated_at: Option<String>,
    custom_status_updated_at: Option<String>,
    latest_comment_added_at: Option<String>,
    solved_at: Option<String>,
    assignee_stations: u64,
    group_stations: u64,
    reopens: u64,
    replies: u64,
    agent_wait_time_in_minutes: Minutes,
    first_resolution_time_in_minutes: Minutes,
    full_resolution_time_in_minutes: Minutes,
    on_hold_time_in_minutes: Minutes,
    reply_time_in_minutes: Minutes,
    requester_wait_time_in_minutes: Minutes,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Minutes {
    business: Option<u64>,
    calendar: Option<u64>,
}
