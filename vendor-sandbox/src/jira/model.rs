//! What a Jira site holds: people, projects, issues and what hangs on them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::rich_text::RichText;
use crate::content::Content;

/// A person or a program. `account_id` names it on Cloud; `name` and `key` on Data Center (wire A7, A13).
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) account_id: String,
    /// Login name; on Data Center part of the API.
    pub(crate) name: String,
    pub(crate) key: String,
    /// `atlassian`, `app` or `customer`.
    pub(crate) account_type: &'static str,
    pub(crate) display_name: String,
    pub(crate) email: String,
    /// Hidden by the profile's privacy settings: absent from answers (wire A7).
    pub(crate) email_hidden: bool,
    pub(crate) active: bool,
    /// Absent from other people's view when unset; the site's zone stands in.
    pub(crate) zone: Option<Tz>,
    pub(crate) admin: bool,
}

impl User {
    /// Customers use the portal only.
    pub(crate) fn is_agent(&self) -> bool {
        self.account_type != "customer"
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Account ids.
    pub(crate) members: Vec<String>,
}

/// A customer organisation of Service Management.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// `service_desk` or `software`.
    pub(crate) type_key: &'static str,
    pub(crate) lead: String,
    pub(crate) issue_types: Vec<u64>,
    pub(crate) components: Vec<Component>,
    pub(crate) versions: Vec<Version>,
    /// The number that the next issue gets.
    pub(crate) next: u64,
    /// Readable by anonymous callers.
    pub(crate) public: bool,
    /// Account ids that may not browse it.
    pub(crate) hidden_from: Vec<String>,
}

impl Project {
    pub(crate) fn is_service_desk(&self) -> bool {
        self.type_key == "service_desk"
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Component {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) released: bool,
    pub(crate) release_date: Option<NaiveDate>,
}

/// An issue as it stands; earlier versions are kept for searches that lag (wire A3.4).
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) key: String,
    pub(crate) project: u64,
    pub(crate) issue_type: u64,
    pub(crate) status: u64,
    pub(crate) resolution: Option<u64>,
    pub(crate) priority: Option<u64>,
    pub(crate) summary: String,
    pub(crate) description: Option<RichText>,
    pub(crate) environment: Option<RichText>,
    /// Account ids.
    pub(crate) assignee: Option<String>,
    pub(crate) reporter: Option<String>,
    pub(crate) creator: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) components: Vec<u64>,
    pub(crate) fix_versions: Vec<u64>,
    pub(crate) versions: Vec<u64>,
    pub(crate) parent: Option<u64>,
    pub(crate) due: Option<NaiveDate>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) resolved: Option<DateTime<Utc>>,
    /// `statuscategorychangedate`.
    pub(crate) category_changed: DateTime<Utc>,
    /// Values of custom fields by number; never null.
    pub(crate) custom: BTreeMap<u64, Custom>,
    pub(crate) watchers: Vec<String>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) history: Vec<ChangeSet>,
    pub(crate) properties: BTreeMap<String, Value>,
    /// Service Management's request type.
    pub(crate) request_type: Option<u64>,
    /// Account ids that a security level keeps out (wire A14).
    pub(crate) hidden_from: Vec<String>,
}

/// The value of a custom field, by what it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Custom {
    Text(String),
    Rich(RichText),
    Number(serde_json::Number),
    Date(NaiveDate),
    Moment(DateTime<Utc>),
    /// Option ids.
    Choice(u64),
    Choices(Vec<u64>),
    /// Parent and child option ids.
    Cascade(u64, Option<u64>),
    /// Account ids.
    Users(Vec<String>),
    /// Group id.
    Group(String),
    /// Organisation ids.
    Organizations(Vec<u64>),
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    /// Account id; missing for anonymous authors.
    pub(crate) author: Option<String>,
    pub(crate) update_author: Option<String>,
    pub(crate) body: RichText,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// Role or group that may read it.
    pub(crate) visibility: Option<Visibility>,
    /// Service Management's internal flag (`sd.public.comment`).
    pub(crate) internal: bool,
    pub(crate) properties: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visibility {
    /// `role` or `group`.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    pub(crate) identifier: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: u64,
    pub(crate) filename: String,
    pub(crate) mime_type: String,
    pub(crate) author: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) content: Content,
}

/// One entry of the changelog.
#[derive(Debug, Clone)]
pub(crate) struct ChangeSet {
    pub(crate) id: u64,
    pub(crate) author: Option<String>,
    pub(crate) at: DateTime<Utc>,
    pub(crate) items: Vec<ChangeItem>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeItem {
    pub(crate) field: String,
    /// `jira` or `custom`.
    pub(crate) field_type: &'static str,
    pub(crate) field_id: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) from_string: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) to_string: Option<String>,
}

/// `inward` is where the link starts: it *type.outward* the other (wire A4.9).
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) id: u64,
    pub(crate) link_type: u64,
    pub(crate) inward: u64,
    pub(crate) outward: u64,
}

/// A link of an issue to the web.
#[derive(Debug, Clone)]
pub(crate) struct RemoteLink {
    pub(crate) id: u64,
    pub(crate) issue: u64,
    /// By which a second write is an update of the first.
    pub(crate) global_id: Option<String>,
    pub(crate) relationship: Option<String>,
    pub(crate) object: serde_json::Value,
}
