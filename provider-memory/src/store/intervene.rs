//! What others do to the data while a connection reads it: for tests.

use ticketing_core::model::{
    Account, Collection, Comment, Contact, Group, Ref, Removal, RemovalReason, Ticket, Timestamp, User,
};
use ticketing_core::{AccountId, CollectionId, CommentId, ContactId, GroupId, TicketId, UserId};

use super::MemoryStore;
use super::state::{State, Tabled};

macro_rules! interventions {
    ($( $change:ident, $remove:ident: $document:ident / $id:ident / $what:literal; )*) => { $(
        #[doc = concat!("Somebody else changes ", $what, ": it gets a new version, and `at` as the time of its last change.")]
        ///
        /// False where there is none of this id.
        pub fn $change(&self, id: impl Into<$id>, at: Timestamp, change: impl FnOnce(&mut $document)) -> bool {
            let mut state = self.lock();
            let Some(mut document) = <$document as Tabled>::table(&state).get(id.into().as_str()).cloned() else {
                return false;
            };
            change(&mut document);
            state.put_changed(document, at);
            true
        }

        #[doc = concat!("Somebody else deletes ", $what, ".")]
        ///
        /// False where there is none of this id.
        pub fn $remove(&self, id: impl Into<$id>, at: Timestamp) -> bool {
            let mut state = self.lock();
            let Some(document) = <$document as Tabled>::table(&state).get(id.into().as_str()).cloned() else {
                return false;
            };
            state.remove(document, Removal { at: Some(at), reason: Some(RemovalReason::Deleted), moved_to: None });
            true
        }
    )* };
}

impl MemoryStore {
    interventions! {
        change_comment, remove_comment: Comment / CommentId / "a comment";
        change_user, remove_user: User / UserId / "a user";
        change_group, remove_group: Group / GroupId / "a group";
        change_account, remove_account: Account / AccountId / "an account";
        change_contact, remove_contact: Contact / ContactId / "a contact";
        change_collection, remove_collection: Collection / CollectionId / "a collection";
    }

    /// Somebody else changes a ticket: the change is in its history, under `author`.
    ///
    /// False where there is no such ticket.
    ///
    /// ```
    /// use provider_memory::{MemoryProvider, MemoryStore};
    /// # use std::sync::Arc;
    /// # use ticketing_core::request::{CreateTicket, GetTicket};
    /// # use ticketing_core::{ManualClock, TicketingClient};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ticketing_core::Result<()> {
    /// # let store = MemoryStore::new("acme");
    /// # let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
    /// # let client = TicketingClient::new(Arc::new(MemoryProvider::new(store.clone(), clock)));
    /// let ticket = client.create_ticket(CreateTicket::new("Disk full")).await?;
    /// let later = "2026-01-05T09:00:00Z".parse().unwrap();
    /// store.change_ticket(ticket.id.clone(), None, later, |ticket| ticket.title = "Disk full again".to_owned());
    /// let now = client.get_ticket(GetTicket::new(ticket.id)).await?;
    /// assert_eq!((now.title.as_str(), now.updated_at), ("Disk full again", Some(later)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn change_ticket(
        &self,
        id: impl Into<TicketId>,
        author: Option<UserId>,
        at: Timestamp,
        change: impl FnOnce(&mut Ticket),
    ) -> bool {
        let mut state = self.lock();
        let Some(before) = state.tickets.get(id.into().as_str()).cloned() else { return false };
        let mut after = before.clone();
        change(&mut after);
        state.register_tags(after.tags.as_deref().unwrap_or_default());
        state.commit_ticket(&before, after, author, at);
        true
    }

    /// The credential loses the right to read this of tickets: a catalogue field by its id, or one of the core keys
    /// `description`, `priority`, `requester`, `creator`, `watchers`, `account`, `parent`, `tags`, `external_id`, `due`.
    ///
    /// False where there is no such key.
    pub fn make_unreadable(&self, key: &str) -> bool {
        const CORE: &[&str] = &[
            "description",
            "priority",
            "requester",
            "creator",
            "watchers",
            "account",
            "parent",
            "tags",
            "external_id",
            "due",
        ];
        let mut state = self.lock();
        let known = CORE.contains(&key) || state.fields.contains_key(key);
        if known {
            state.unreadable.insert(key.to_owned());
        }
        known
    }

    /// A ticket goes, and its comments with it: deleted, archived, moved or merged into another, or out of the credential's
    /// sight. False where there is no such ticket.
    pub fn remove_ticket(
        &self,
        id: impl Into<TicketId>,
        reason: RemovalReason,
        moved_to: Option<TicketId>,
        at: Timestamp,
    ) -> bool {
        let id = id.into();
        let mut state = self.lock();
        if state.tickets.get(id.as_str()).is_none() {
            return false;
        }
        let moved_to = moved_to.map(|target| Ref::new(ticketing_core::model::RefType::Ticket, target.as_str()));
        state.remove_ticket(&id, &Removal { at: Some(at), reason: Some(reason), moved_to }, at);
        true
    }

    /// A ticket comes back, and the comments that went with it. False where there is no such ticket, or it is not gone.
    pub fn restore_ticket(&self, id: impl Into<TicketId>, at: Timestamp) -> bool {
        let id = id.into();
        let mut state = self.lock();
        let Some(mut ticket) = state.tickets.get_any(id.as_str()).filter(|ticket| ticket.deleted.is_some()).cloned()
        else {
            return false;
        };
        restore_comments(&mut state, &ticket);
        ticket.deleted = None;
        state.put_changed(ticket, at);
        true
    }
}

/// Brings back the comments that went when their ticket did, and not those that somebody had deleted before.
fn restore_comments(state: &mut State, ticket: &Ticket) {
    let went = ticket.deleted.as_ref().map(|removal| (removal.at, removal.reason));
    let comments: Vec<Comment> = state
        .comments
        .iter_any()
        .filter(|comment| comment.ticket.id == ticket.id.as_str())
        .filter(|comment| comment.deleted.as_ref().map(|removal| (removal.at, removal.reason)) == went)
        .cloned()
        .collect();
    for mut comment in comments {
        comment.deleted = None;
        state.put(comment);
    }
}
