//! What an account holds: wire B3, B4, B7.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::content::Content;

/// What somebody may do (wire B7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    EndUser,
    Agent,
    Admin,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EndUser => "end-user",
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::EndUser, Self::Agent, Self::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// Staff, a customer, or somebody who once wrote an e-mail.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    /// Name within the company data; empty for everybody else.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// Further addresses: a changed `email` is added, not replaced (wire B7).
    pub(crate) other_emails: Vec<String>,
    pub(crate) role: Role,
    /// False once deleted.
    pub(crate) active: bool,
    pub(crate) suspended: bool,
    /// Writes private comments alone.
    pub(crate) light: bool,
    pub(crate) phone: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) organization: Option<u64>,
    pub(crate) external_id: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) details: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

impl User {
    pub(crate) fn is_agent(&self) -> bool {
        self.role != Role::EndUser
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email.iter().chain(&self.other_emails).any(|own| own.eq_ignore_ascii_case(email))
    }
}

/// A team; a deleted one stays listed (wire B7).
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) deleted: bool,
    pub(crate) default: bool,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

/// Somebody's place in a group or an organisation.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) id: u64,
    pub(crate) user: u64,
    /// The group or the organisation.
    pub(crate) of: u64,
    pub(crate) default: bool,
    pub(crate) created: DateTime<Utc>,
}

/// A customer.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) domains: Vec<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) details: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) group: Option<u64>,
    pub(crate) tags: Vec<String>,
    pub(crate) shared_tickets: bool,
    pub(crate) shared_comments: bool,
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) deleted: bool,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

/// Where a ticket stands, in the vendor's order (wire B4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    New,
    Open,
    Pending,
    Hold,
    Solved,
    Closed,
}

impl Status {
    pub(crate) const ALL: [Self; 6] = [Self::New, Self::Open, Self::Pending, Self::Hold, Self::Solved, Self::Closed];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::Hold => "hold",
            Self::Solved => "solved",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}

/// wire B4; a ticket may have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}

impl Priority {
    pub(crate) const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }
}

/// wire B4.
pub(crate) const TYPES: [&str; 4] = ["problem", "incident", "question", "task"];

/// The type of this name.
pub(crate) fn type_named(name: &str) -> Option<&'static str> {
    TYPES.into_iter().find(|own| *own == name)
}

/// A file on a comment, or uploaded and not yet used (wire B3.4).
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: u64,
    /// What its address is made of.
    pub(crate) token: String,
    pub(crate) file_name: String,
    pub(crate) content_type: String,
    pub(crate) content: Content,
    pub(crate) redacted: bool,
}

/// wire B3.3.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: u64,
    /// As it was written; of HTML the words.
    pub(crate) body: String,
    /// Without the wrapping `div`.
    pub(crate) html: String,
    pub(crate) public: bool,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) audit: u64,
    /// What the update said in `metadata`, shown as `metadata.custom`; null for nothing (OpenAPI, `TicketObject.metadata`).
    pub(crate) custom: Value,
    pub(crate) via: &'static str,
    pub(crate) created: DateTime<Utc>,
}

/// One thing that an audit tells (wire B3.5).
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Create {
        field: String,
        value: Value,
    },
    Change {
        field: String,
        value: Value,
        previous: Value,
    },
    /// The comment of this id.
    Comment(u64),
}

/// What one update did (wire B3.5).
#[derive(Debug, Clone)]
pub(crate) struct Audit {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) created: DateTime<Utc>,
    pub(crate) via: &'static str,
    pub(crate) events: Vec<(u64, Event)>,
}

/// Since when a ticket is deleted, and by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deletion {
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: u64,
    /// Nothing of it is left but its id.
    pub(crate) scrubbed: bool,
}

/// wire B3.2.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    pub(crate) id: u64,
    pub(crate) external_id: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    /// `generated_timestamp`: moves with every change, the system's own among them (wire B6).
    pub(crate) generated: DateTime<Utc>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) subject: String,
    pub(crate) description: String,
    pub(crate) priority: Option<Priority>,
    pub(crate) status: Status,
    pub(crate) custom_status: u64,
    pub(crate) requester: u64,
    pub(crate) submitter: u64,
    pub(crate) assignee: Option<u64>,
    pub(crate) organization: Option<u64>,
    pub(crate) group: Option<u64>,
    pub(crate) followers: Vec<u64>,
    pub(crate) email_ccs: Vec<u64>,
    pub(crate) problem: Option<u64>,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) tags: Vec<String>,
    /// Values of custom fields, by the field's id; only those that are set.
    pub(crate) custom: BTreeMap<u64, Value>,
    pub(crate) form: u64,
    pub(crate) via: &'static str,
    /// The closed ticket that this one follows up (wire B4).
    pub(crate) follows: Option<u64>,
    pub(crate) followups: Vec<u64>,
    /// Born with a public comment.
    pub(crate) is_public: bool,
    pub(crate) comments: Vec<Comment>,
    pub(crate) audits: Vec<Audit>,
    pub(crate) assigned_at: Option<DateTime<Utc>>,
    pub(crate) status_at: DateTime<Utc>,
    pub(crate) solved_at: Option<DateTime<Utc>>,
    pub(crate) deleted: Option<Deletion>,
    /// Closed more than 120 days ago: readable by id, missing from lists (wire B3.1).
    pub(crate) archived: bool,
    /// Users who may not see it.
    pub(crate) hidden_from: Vec<u64>,
}

impl Ticket {
    pub(crate) fn comment(&self, id: u64) -> Option<&Comment> {
        self.comments.iter().find(|comment| comment.id == id)
    }
}

/// Files under one token, until a comment takes them (wire B3.4).
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) by: u64,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) attachments: Vec<Attachment>,
}
