//! Jira Cloud: issues, 100 to a page, token after token.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vendor_sandbox::jira::Sandbox;

use super::{Client, Vendor};

/// Jira Cloud.
#[derive(Debug)]
pub(crate) struct Jira;

impl Vendor for Jira {
    const NAME: &'static str = "jira";
    const TICKETS: &'static str = "issues";
    const COUNT: u64 = 25_000;
    const COMPANY: u64 = 14;
    const FIELDS: &'static [&'static str] = KEYS;
    const PAGE: u32 = 100;
    const PATH: &'static str = "/rest/api/3/search/jql";
    const SETTINGS: Option<&'static str> = None;
    const NOW: Option<&'static str> = None;
    const CLIENTS: &'static [Client] = &[
        Client { name: "jira", script: "read_jira.py", pins: "python.txt" },
        Client { name: "atlassian-python-api", script: "read_atlassian.py", pins: "python.txt" },
        Client { name: "jira.js", script: "read_jira_js.js", pins: "jira.js" },
    ];

    type Page = Page;

    fn config(instance: &str) -> Value {
        json!({
            "instance": instance,
            "auth": {"type": "basic", "username": "admin", "password": "admin"},
            "projects": ["HELP"],
        })
    }

    fn sandbox(tickets: u64) -> Result<axum::Router> {
        Ok(Sandbox::builder().seed(1).tickets(tickets).build()?.router())
    }

    fn request(client: &reqwest::Client, instance: &str, after: Option<&str>) -> reqwest::RequestBuilder {
        let mut body = json!({ "jql": "project = HELP ORDER BY id ASC", "maxResults": Self::PAGE, "fields": KEYS });
        if let Some(token) = after {
            body["nextPageToken"] = json!(token);
        }
        let request = client.post(format!("{instance}{}", Self::PATH)).basic_auth("admin", Some("admin"));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        request.body(body.to_string())
    }
}

/// `{"issues":[…]}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Page {
    issues: Vec<Issue>,
    next_page_token: Option<String>,
    is_last: bool,
}

impl super::Page for Page {
    fn rows(&self) -> usize {
        self.issues.len()
    }

    fn next(&self, _told: usize) -> Option<String> {
        self.next_page_token.clone()
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Issue {
    id: String,
    key: String,
    #[serde(rename = "self")]
    link: String,
    expand: Option<String>,
    fields: Fields,
}

macro_rules! fields {
    ($( $key:ident: $kind:ty ,)*) => {
        /// The fields of an issue: every key that is asked for, owned.
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(non_snake_case, reason = "the vendor's names")]
        struct Fields {
            $( $key: Option<$kind>, )*
        }

        /// The struct's keys, in its order.
        const KEYS: &[&str] = &[$( stringify!($key) ),*];
    };
}

fields! {
    summary: String,
    description: Node,
    status: Status,
    resolution: Named,
    priority: Named,
    issuetype: IssueType,
    assignee: Person,
    reporter: Person,
    creator: Person,
    project: Project,
    parent: Parent,
    labels: Vec<String>,
    created: String,
    updated: String,
    resolutiondate: String,
    duedate: String,
    customfield_10002: Vec<Organization>,
    customfield_10030: Group,
    customfield_10031: String,
    fixVersions: Vec<Named>,
    versions: Vec<Named>,
    components: Vec<Named>,
    environment: Node,
    customfield_10010: Request,
    customfield_10032: Node,
    customfield_10033: Choice,
    customfield_10034: Vec<Choice>,
    customfield_10035: f64,
    customfield_10036: String,
    customfield_10037: Choice,
    customfield_10038: Vec<Person>,
    customfield_10039: String,
    customfield_10040: String,
}

/// A node of a text, or a mark.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    #[serde(rename = "type")]
    kind: String,
    version: Option<u64>,
    text: Option<String>,
    attrs: Option<Attributes>,
    marks: Option<Vec<Node>>,
    content: Option<Vec<Node>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attributes {
    level: Option<u64>,
    order: Option<u64>,
    href: Option<String>,
    language: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Status {
    #[serde(rename = "self")]
    link: String,
    id: String,
    name: String,
    description: String,
    icon_url: String,
    status_category: Category,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Category {
    #[serde(rename = "self")]
    link: String,
    id: u64,
    key: String,
    name: String,
    color_name: String,
}

/// A priority, a resolution, a component, a version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Named {
    #[serde(rename = "self")]
    link: String,
    id: String,
    name: String,
    description: Option<String>,
    icon_url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssueType {
    #[serde(rename = "self")]
    link: String,
    id: String,
    name: String,
    description: String,
    icon_url: String,
    avatar_id: Option<u64>,
    hierarchy_level: i64,
    subtask: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Person {
    #[serde(rename = "self")]
    link: String,
    account_id: String,
    account_type: String,
    display_name: String,
    email_address: Option<String>,
    active: bool,
    time_zone: Option<String>,
    avatar_urls: Avatars,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Avatars {
    #[serde(rename = "16x16")]
    smallest: String,
    #[serde(rename = "24x24")]
    small: String,
    #[serde(rename = "32x32")]
    middle: String,
    #[serde(rename = "48x48")]
    large: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Project {
    #[serde(rename = "self")]
    link: String,
    id: String,
    key: String,
    name: String,
    project_type_key: String,
    simplified: bool,
    avatar_urls: Avatars,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parent {
    #[serde(rename = "self")]
    link: String,
    id: String,
    key: String,
    fields: Value,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Organization {
    id: String,
    name: String,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Group {
    #[serde(rename = "self")]
    link: Option<String>,
    name: String,
    group_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    #[serde(rename = "self")]
    link: String,
    id: String,
    value: String,
    child: Option<Box<Choice>>,
}

/// What Service Management says of an issue that is a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    #[serde(rename = "_links")]
    links: Links,
    request_type: RequestType,
    current_status: RequestStatus,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Links {
    #[serde(rename = "self")]
    link: String,
    web: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestType {
    #[serde(rename = "_expands")]
    expands: Vec<String>,
    #[serde(rename = "_links")]
    links: Links,
    id: String,
    name: String,
    description: String,
    help_text: String,
    issue_type_id: String,
    portal_id: String,
    service_desk_id: String,
    group_ids: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestStatus {
    status: String,
    status_category: String,
    status_date: RequestDate,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestDate {
    iso8601: String,
    jira: String,
    friendly: String,
    epoch_millis: i64,
}
