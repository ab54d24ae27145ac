//! Filling a store by hand: for tests, demonstrations and harnesses.
//!
//! Documents are kept as they are given, ids, keys and times included. One of the same id is replaced.

use bytes::Bytes;
use ticketing_core::model::{
    Account, Attachment, Checksum, Collection, Comment, Contact, Field, Group, HistoryEntry, LinkCategory, Native,
    Status, StatusCategory, StatusInfo, Tag, Ticket, Timestamp, User,
};
use ticketing_core::request::LinkTarget;
use ticketing_core::{AttachmentId, LinkId, TicketId, UserId};

use super::MemoryStore;
use super::state::{File, LinkEnd, StoredLink};
use crate::attachments::sha256;

macro_rules! inserts {
    ($( $(#[$doc:meta])* $method:ident($document:ident); )*) => { $(
        $(#[$doc])*
        pub fn $method(&self, document: $document) {
            self.lock().put(document);
        }
    )* };
}

impl MemoryStore {
    inserts! {
        /// A user; the groups are those whose members it is among.
        insert_user(User);
        /// A group, with its members.
        insert_group(Group);
        /// An account.
        insert_account(Account);
        /// A contact.
        insert_contact(Contact);
        /// A collection.
        insert_collection(Collection);
        /// A comment; its ticket must have been inserted before.
        insert_comment(Comment);
    }

    /// A ticket. Its status, priority, type and fields need not be in the catalogues: a vendor's old tickets hold values
    /// that no catalogue knows any more.
    pub fn insert_ticket(&self, ticket: Ticket) {
        let mut state = self.lock();
        state.register_tags(ticket.tags.as_deref().unwrap_or_default());
        state.put(ticket);
    }

    /// The user that the connection's credential belongs to.
    pub fn set_current_user(&self, id: impl Into<UserId>) {
        self.lock().current_user = Some(id.into());
    }

    /// A catalogue field that tickets may carry under `fields`.
    pub fn insert_field(&self, field: Field) {
        self.lock().fields.insert(field.id.clone(), field);
    }

    /// A status that tickets can have, besides those of every store; one of the same native id is replaced.
    pub fn insert_status(&self, status: StatusInfo) {
        self.lock().catalogue.insert_status(status);
    }

    /// A reason that goes with the statuses of a category, besides those of every store.
    pub fn insert_reason(&self, category: StatusCategory, reason: Native) {
        self.lock().catalogue.reasons.push((category, reason));
    }

    /// The first status of a category, as new tickets get it.
    ///
    /// ```
    /// use provider_memory::MemoryStore;
    /// use ticketing_core::model::StatusCategory;
    /// let status = MemoryStore::new("acme").status(StatusCategory::OnHold);
    /// assert_eq!(status.native.id, "waiting");
    /// ```
    #[must_use]
    pub fn status(&self, category: StatusCategory) -> Status {
        let state = self.lock();
        let native = state.catalogue.first_status(category).unwrap_or_else(|| Native::new(category.as_str()));
        Status { category, native, reason: None }
    }

    /// A tag that no ticket needs to carry.
    pub fn insert_tag(&self, tag: Tag) {
        self.lock().tags.insert(tag.name.clone(), tag);
    }

    /// An attachment; its size and checksum are those of the bytes.
    pub fn insert_attachment(&self, mut attachment: Attachment, content: impl Into<Bytes>) -> AttachmentId {
        let content = content.into();
        attachment.size = Some(content.len() as u64);
        attachment.checksum = Some(Checksum { algorithm: "sha256".to_owned(), value: sha256(&content) });
        let id = attachment.id.clone();
        self.lock().files.insert(id.clone(), File { document: attachment, content });
        id
    }

    /// A link: the ticket … the target.
    pub fn insert_link(
        &self,
        ticket: impl Into<TicketId>,
        category: LinkCategory,
        target: impl Into<LinkTarget>,
        created_at: Option<Timestamp>,
    ) -> LinkId {
        let mut state = self.lock();
        let id = LinkId::from(state.next_id("link"));
        let to = LinkEnd::from(target.into());
        let native = category.as_str().to_owned();
        let link = StoredLink { id: id.clone(), category, native, from: ticket.into(), to, created_at };
        state.links.insert(id.clone(), link);
        id
    }

    /// An entry of a ticket's history.
    pub fn insert_history_entry(&self, entry: HistoryEntry) {
        self.lock().history.push(entry);
    }
}
