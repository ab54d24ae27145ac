//! What the store holds.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ticketing_core::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Kind, LinkCategory, Removal,
    RemovalReason, Tag, Ticket, Timestamp, User, Webhook, WebhookEvent,
};
use ticketing_core::{
    AttachmentId, Error, ErrorKind, FieldId, GroupId, LinkId, Result, Secret, TicketId, UserId, Version,
    WebhookDelivery, WebhookId,
};

use super::table::{Record, Table};
use crate::catalogue::Catalogue;
use crate::{history, webhook};

/// An attachment and its bytes.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) document: Attachment,
    pub(crate) content: Bytes,
}

/// A link, kept once and seen from both ends.
#[derive(Debug, Clone)]
pub(crate) struct StoredLink {
    pub(crate) id: LinkId,
    pub(crate) category: LinkCategory,
    pub(crate) native: String,
    pub(crate) from: TicketId,
    pub(crate) to: LinkEnd,
    pub(crate) created_at: Option<Timestamp>,
}

/// What a link points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LinkEnd {
    Ticket(TicketId),
    Address { url: String, title: Option<String> },
}

/// A webhook subscription, and what its deliveries are signed with.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) webhook: Webhook,
    pub(crate) secret: Option<Secret>,
}

/// What an idempotency key is for: the same text may be used for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IdempotencyScope {
    Ticket,
    Comment(TicketId),
    Attachment(TicketId),
}

/// Everything in one account.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Grows with every change; each row bears that of its own last one.
    pub(crate) revision: u64,
    /// The last number given out, by kind of id.
    counters: BTreeMap<&'static str, u64>,
    pub(crate) requests: u64,
    pub(crate) current_user: Option<UserId>,
    /// The core keys and field ids of tickets that the credential may not read.
    pub(crate) unreadable: BTreeSet<String>,
    pub(crate) catalogue: Catalogue,
    pub(crate) tickets: Table<Ticket>,
    pub(crate) comments: Table<Comment>,
    pub(crate) users: Table<User>,
    pub(crate) groups: Table<Group>,
    pub(crate) accounts: Table<Account>,
    pub(crate) contacts: Table<Contact>,
    pub(crate) collections: Table<Collection>,
    pub(crate) fields: BTreeMap<FieldId, Field>,
    pub(crate) tags: BTreeMap<String, Tag>,
    pub(crate) files: BTreeMap<AttachmentId, File>,
    pub(crate) links: BTreeMap<LinkId, StoredLink>,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) idempotency: BTreeMap<(IdempotencyScope, String), String>,
    pub(crate) subscriptions: BTreeMap<WebhookId, Subscription>,
    pub(crate) outbox: Vec<WebhookDelivery>,
}

/// Documents that have a table of their own.
pub(crate) trait Tabled: Record {
    fn table(state: &State) -> &Table<Self>;
    fn table_mut(state: &mut State) -> &mut Table<Self>;
}

macro_rules! tabled {
    ($( $document:ident: $table:ident; )*) => { $(
        impl Tabled for $document {
            fn table(state: &State) -> &Table<Self> {
                &state.$table
            }

            fn table_mut(state: &mut State) -> &mut Table<Self> {
                &mut state.$table
            }
        }
    )* };
}

tabled! {
    Ticket: tickets;
    Comment: comments;
    User: users;
    Group: groups;
    Account: accounts;
    Contact: contacts;
    Collection: collections;
}

impl State {
    /// The next number of this kind, from 1 on.
    pub(crate) fn next_number(&mut self, kind: &'static str) -> u64 {
        let counter = self.counters.entry(kind).or_default();
        *counter += 1;
        *counter
    }

    /// A new id of this kind. Ids of one kind sort in the order in which they were given out.
    pub(crate) fn next_id(&mut self, kind: &'static str) -> String {
        format!("{kind}-{:06}", self.next_number(kind))
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// Puts a document in place as it is.
    pub(crate) fn put<D: Tabled>(&mut self, mut document: D) {
        let revision = self.next_revision();
        document.default_version(Version::from(revision.to_string()));
        D::table_mut(self).put(document, revision);
    }

    /// Puts a changed document in place, with a new version and time.
    pub(crate) fn put_changed<D: Tabled>(&mut self, mut document: D, at: Timestamp) {
        let revision = self.next_revision();
        document.touch(Version::from(revision.to_string()), at);
        D::table_mut(self).put(document, revision);
    }

    /// The user that the connection's credential belongs to.
    pub(crate) fn current_user(&self) -> Option<&User> {
        self.users.get_any(self.current_user.as_ref()?.as_str())
    }

    /// The ticket of this id or key, unless it is gone.
    pub(crate) fn ticket(&self, id_or_key: &TicketId) -> Result<&Ticket> {
        if let Some(ticket) = self.tickets.get(id_or_key.as_str()) {
            return Ok(ticket);
        }
        if let Some(ticket) = self.tickets.iter().find(|ticket| ticket.key == id_or_key.as_str()) {
            return Ok(ticket);
        }
        let missing = Error::new(ErrorKind::NotFound, format!("there is no ticket `{id_or_key}`"));
        let moved_to =
            self.tickets.get_any(id_or_key.as_str()).and_then(|gone| gone.deleted.as_ref()?.moved_to.as_ref());
        Err(match moved_to {
            Some(target) => missing.with_hint(format!("read `{}` instead: it took its place", target.id)),
            None => missing.with_hint("check the id or key, and that this connection may read it"),
        })
    }

    /// Records what changed between two states of a ticket, and puts the later one in place.
    ///
    /// A ticket that did not change stays as it is, version and time included.
    pub(crate) fn commit_ticket(&mut self, before: &Ticket, after: Ticket, author: Option<UserId>, at: Timestamp) {
        if *before == after {
            return;
        }
        let changes = history::differences(before, &after);
        if !changes.is_empty() {
            let entry = history::entry(self, &after, author, at, changes);
            self.history.push(entry);
        }
        let id = after.id.clone();
        self.put_changed(after, at);
        webhook::notify(self, WebhookEvent::TicketUpdated, Kind::Ticket, id.as_str(), at);
    }

    /// Marks a ticket as changed although none of its own values did: something that hangs on it did.
    pub(crate) fn touch_ticket(&mut self, id: &TicketId, at: Timestamp) {
        if let Some(ticket) = self.tickets.get(id.as_str()).cloned() {
            self.put_changed(ticket, at);
            webhook::notify(self, WebhookEvent::TicketUpdated, Kind::Ticket, id.as_str(), at);
        }
    }

    /// Ends a ticket, and with it what hangs on it.
    pub(crate) fn remove_ticket(&mut self, id: &TicketId, removal: &Removal, at: Timestamp) {
        let comments: Vec<Comment> =
            self.comments.iter().filter(|comment| comment.ticket.id == id.as_str()).cloned().collect();
        for comment in comments {
            self.remove(comment, Removal { moved_to: None, ..removal.clone() });
        }
        if let Some(ticket) = self.tickets.get(id.as_str()).cloned() {
            self.remove(ticket, removal.clone());
            if removal.reason != Some(RemovalReason::AccessLost) {
                webhook::notify(self, WebhookEvent::TicketDeleted, Kind::Ticket, id.as_str(), at);
            }
        }
    }

    /// Marks a document as gone. Its last version and time stay readable.
    pub(crate) fn remove<D: Tabled>(&mut self, mut document: D, removal: Removal) {
        document.set_deleted(Some(removal));
        let revision = self.next_revision();
        D::table_mut(self).put(document, revision);
    }

    /// Notes tags that were not in use before.
    pub(crate) fn register_tags(&mut self, tags: &[String]) {
        for name in tags {
            if !self.tags.contains_key(name) {
                let id = self.next_id("tag");
                self.tags.insert(name.clone(), Tag { name: name.clone(), id: Some(id) });
            }
        }
    }

    /// True where the user is a member of the group.
    pub(crate) fn is_member(&self, user: &User, group: &GroupId) -> bool {
        self.groups
            .get(group.as_str())
            .is_some_and(|group| group.members.iter().flatten().any(|member| member.id == user.id.as_str()))
    }
}
