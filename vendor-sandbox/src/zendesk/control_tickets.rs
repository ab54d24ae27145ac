//! What somebody else does to tickets, past the API: no request is logged for it, and no fault strikes it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::catalogue::default_status;
use super::control::Control;
use super::html;
use super::model::{Audit, Comment, Deletion, Event, Status, Ticket};
use crate::error::{Result, SandboxError};

/// A ticket as it truly is, whoever may read it and however far exports lag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TicketState {
    /// Its number.
    pub id: u64,
    /// Its subject.
    pub subject: String,
    /// `new`, `open`, `pending`, `hold`, `solved` or `closed`.
    pub status: &'static str,
    /// When it was made, in whole seconds as the API shows it (wire B1.1).
    pub created_at: DateTime<Utc>,
    /// When it was last changed, in whole seconds.
    pub updated_at: DateTime<Utc>,
}

/// wire B1.1: the API knows whole seconds.
fn whole_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(at.timestamp_subsec_nanos().into())
}

impl Control {
    /// The tickets that are not deleted, by number.
    pub fn tickets(&self) -> Vec<TicketState> {
        let shown = |ticket: &Ticket| TicketState {
            id: ticket.id,
            subject: ticket.subject.clone(),
            status: ticket.status.name(),
            created_at: whole_seconds(ticket.created),
            updated_at: whole_seconds(ticket.updated),
        };
        let there = |ticket: &&std::sync::Arc<Ticket>| ticket.deleted.is_none();
        self.account().read(|world| world.tickets().filter(there).map(|ticket| shown(ticket)).collect())
    }

    /// What was said on a ticket, its description first; of HTML the words. Empty for an unknown ticket.
    pub fn comment_texts(&self, ticket: u64) -> Vec<String> {
        self.account().read(|world| {
            let comments = world.ticket(ticket).map(|ticket| ticket.comments.iter());
            comments.into_iter().flatten().map(|comment| html::plain(&comment.html).trim().to_owned()).collect()
        })
    }

    /// Enters a ticket as a user, whose time stamps say that this was `late` seconds ago; gives its number.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user, and where there is no ticket to copy.
    pub fn create_ticket(&self, subject: &str, user: &str, late: u32) -> Result<u64> {
        let user = self.user_id(user)?;
        let now = self.now();
        let at = now - TimeDelta::seconds(late.into());
        self.account().write(|world| {
            let model = world.tickets().next().cloned();
            let model = model.ok_or_else(|| SandboxError::invalid("ticket", "there is none to copy".to_owned()))?;
            let (id, comment, audit) = (world.new_ticket_id(), world.new_id(), world.new_id());
            let said = Comment {
                id: comment,
                author: user,
                body: subject.to_owned(),
                html: html::from_plain_markdown(subject),
                public: true,
                attachments: Vec::new(),
                audit,
                custom: Value::Null,
                via: "web",
                created: at,
            };
            let events = vec![(world.new_id(), Event::Comment(comment))];
            let own = Ticket {
                id,
                external_id: None,
                created: at,
                updated: at,
                generated: at,
                kind: Some("incident"),
                subject: subject.to_owned(),
                description: subject.to_owned(),
                priority: None,
                status: Status::New,
                custom_status: default_status(Status::New),
                requester: user,
                submitter: user,
                assignee: None,
                organization: None,
                followers: Vec::new(),
                email_ccs: Vec::new(),
                problem: None,
                due: None,
                tags: Vec::new(),
                custom: std::collections::BTreeMap::new(),
                follows: None,
                followups: Vec::new(),
                comments: vec![said],
                audits: vec![Audit { id: audit, author: user, created: at, via: "web", events }],
                assigned_at: None,
                status_at: at,
                solved_at: None,
                deleted: None,
                archived: false,
                hidden_from: Vec::new(),
                ..Ticket::clone(&model)
            };
            world.store(own, now);
            Ok(id)
        })
    }

    /// Gives a ticket another subject, as somebody would.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown ticket.
    pub fn set_subject(&self, ticket: u64, subject: &str) -> Result<()> {
        self.touch(ticket, |own, _| subject.clone_into(&mut own.subject))
    }

    /// Puts a ticket into a status, whatever the rules of the account say.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown ticket or status.
    pub fn set_status(&self, ticket: u64, status: &str) -> Result<()> {
        let found = Status::named(status);
        let found = found.ok_or_else(|| SandboxError::invalid("status", format!("there is no {status:?}")))?;
        self.touch(ticket, |own, now| {
            (own.status, own.custom_status, own.status_at) = (found, default_status(found), now);
            own.solved_at = (found >= Status::Solved).then_some(now);
        })
    }

    /// Deletes a ticket softly: exports show it as deleted (wire B6).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown ticket or user.
    pub fn delete_ticket(&self, ticket: u64, user: &str) -> Result<()> {
        let by = self.user_id(user)?;
        self.touch(ticket, |own, at| own.deleted = Some(Deletion { at, by, scrubbed: false }))
    }

    /// A change that moves both time stamps.
    fn touch(&self, ticket: u64, change: impl FnOnce(&mut Ticket, DateTime<Utc>)) -> Result<()> {
        let now = self.now();
        self.change(ticket, now, |own| {
            change(own, now);
            (own.updated, own.generated) = (now, now);
        })
    }
}
