//! The trait: each operation takes one look at the store, and the room that knows it does the rest.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::SubsecRound;
use ticketing_core::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Link, Ref, StatusInfo, Tag, Ticket,
    Transition, User, Webhook,
};
use ticketing_core::request::{
    AddComment, AddLink, CreateTicket, CreateWebhook, DeleteComment, DeleteTicket, DeleteWebhook, Download,
    DownloadAttachment, FindGroups, FindUsers, FoundTickets, GetGroup, GetTicket, GetTickets, GetUser, ListAccounts,
    ListAttachments, ListChanges, ListCollections, ListComments, ListContacts, ListFields, ListGroupMembers,
    ListGroups, ListHistory, ListIds, ListLinks, ListStatuses, ListTags, ListTickets, ListTransitions, ListUsers,
    ListWatchers, ListWebhooks, RawRequest, RawResponse, RemoveLink, RenewWebhook, UpdateComment, UpdateTicket,
    UploadAttachment,
};
use ticketing_core::{
    Capabilities, ChangePage, Check, Clock, Error, ErrorKind, Operation, Page, ProviderInfo, Result, TicketingProvider,
};

use crate::NAME;
use crate::attachments::collect;
use crate::capabilities::capabilities;
use crate::catalogue::StatusMapping;
use crate::config::Mapping;
use crate::session::Session;
use crate::store::MemoryStore;

/// A connection to a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryProvider {
    info: ProviderInfo,
    store: MemoryStore,
    clock: Arc<dyn Clock>,
    statuses: StatusMapping,
    narrowed: Option<Capabilities>,
}

impl MemoryProvider {
    /// A connection to this store, which takes its time from this clock.
    #[must_use]
    pub fn new(store: MemoryStore, clock: Arc<dyn Clock>) -> Self {
        let info = ProviderInfo::new(NAME, store.account());
        Self { info, store, clock, statuses: StatusMapping::new(), narrowed: None }
    }

    /// With these native values counting as something else.
    #[must_use]
    pub fn with_mapping(mut self, mapping: Mapping) -> Self {
        self.statuses = mapping.status;
        self
    }

    /// With these capabilities instead of all: for tests of what a narrower vendor would refuse.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use provider_memory::{MemoryProvider, MemoryStore};
    /// use ticketing_core::request::DeleteTicket;
    /// use ticketing_core::{Capabilities, ErrorKind, SystemClock, TicketingClient};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let provider = MemoryProvider::new(MemoryStore::new("acme"), Arc::new(SystemClock));
    /// let client = TicketingClient::new(Arc::new(provider.with_capabilities(Capabilities::required())));
    /// let error = client.delete_ticket(DeleteTicket::new("1")).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// # }
    /// ```
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.narrowed = Some(capabilities);
        self
    }

    /// Takes one look at the store, unless the operation is not among the capabilities.
    fn call<T>(&self, operation: Operation, work: impl FnOnce(&mut Session<'_>) -> Result<T>) -> Result<T> {
        let named = |error: Error| error.with_provider(NAME).with_operation(operation);
        if self.narrowed.as_ref().is_some_and(|narrowed| !narrowed.supports(operation)) {
            return Err(named(Error::unsupported(operation)));
        }
        // No finer than the capabilities say.
        let now = self.clock.now().trunc_subsecs(3);
        let mut state = self.store.lock();
        let mut session = Session { state: &mut state, account: &self.info.account, statuses: &self.statuses, now };
        let outcome = work(&mut session);
        // What is wrong in itself would not have been sent to a vendor.
        if outcome.as_ref().err().is_none_or(|error| error.kind() != ErrorKind::InvalidRequest) {
            state.requests += 1;
        }
        outcome.map_err(named)
    }
}

/// The operations that are one look at the store, each under the name of the trait's method.
macro_rules! operations {
    ($( $method:ident / $variant:ident: $request:ident -> $reply:ty; )*) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl TicketingProvider for MemoryProvider {
            fn info(&self) -> &ProviderInfo {
                &self.info
            }

            fn capabilities(&self) -> Capabilities {
                let everything = || capabilities(&self.store.lock().catalogue.statuses(&self.statuses));
                self.narrowed.clone().unwrap_or_else(everything)
            }

            async fn check(&self) -> Result<Check> {
                self.call(Operation::Check, |session| {
                    let me = session.state.current_user();
                    let mut check = Check::new(me.map(User::to_ref));
                    check.time_zone = me.and_then(|me| me.time_zone.clone());
                    check.clock_difference_seconds = Some(0);
                    check.vendor_time = Some(session.now);
                    if me.is_none() {
                        check.warnings.push("the connection has no user of its own: `me` names nobody".to_owned());
                    }
                    Ok(check)
                })
            }

            async fn upload_attachment(&self, request: UploadAttachment) -> Result<Attachment> {
                let operation = Operation::UploadAttachment;
                if let Some(before) = self.call(operation, |session| session.uploaded_before(&request))? {
                    return Ok(before);
                }
                // The bytes come from the caller, in the caller's time: the store is not locked meanwhile.
                let content = collect(&request.content).await;
                self.call(operation, |session| session.put_attachment(&request, content?))
            }

            $(
                async fn $method(&self, request: $request) -> Result<$reply> {
                    self.call(Operation::$variant, |session| session.$method(&request))
                }
            )*
        }
    };
}

operations! {
    list_tickets / ListTickets: ListTickets -> Page<Ticket>;
    get_ticket / GetTicket: GetTicket -> Ticket;
    get_tickets / GetTickets: GetTickets -> FoundTickets;
    create_ticket / CreateTicket: CreateTicket -> Ticket;
    update_ticket / UpdateTicket: UpdateTicket -> Ticket;
    delete_ticket / DeleteTicket: DeleteTicket -> ();
    list_transitions / ListTransitions: ListTransitions -> Vec<Transition>;
    list_users / ListUsers: ListUsers -> Page<User>;
    get_user / GetUser: GetUser -> User;
    find_users / FindUsers: FindUsers -> Page<User>;
    list_groups / ListGroups: ListGroups -> Page<Group>;
    get_group / GetGroup: GetGroup -> Group;
    find_groups / FindGroups: FindGroups -> Page<Group>;
    list_group_members / ListGroupMembers: ListGroupMembers -> Page<User>;
    list_comments / ListComments: ListComments -> Page<Comment>;
    add_comment / AddComment: AddComment -> Comment;
    update_comment / UpdateComment: UpdateComment -> Comment;
    delete_comment / DeleteComment: DeleteComment -> ();
    list_attachments / ListAttachments: ListAttachments -> Page<Attachment>;
    download_attachment / DownloadAttachment: DownloadAttachment -> Download;
    list_links / ListLinks: ListLinks -> Page<Link>;
    add_link / AddLink: AddLink -> Link;
    remove_link / RemoveLink: RemoveLink -> ();
    list_watchers / ListWatchers: ListWatchers -> Page<Ref>;
    list_history / ListHistory: ListHistory -> Page<HistoryEntry>;
    list_collections / ListCollections: ListCollections -> Page<Collection>;
    list_tags / ListTags: ListTags -> Page<Tag>;
    list_accounts / ListAccounts: ListAccounts -> Page<Account>;
    list_contacts / ListContacts: ListContacts -> Page<Contact>;
    list_fields / ListFields: ListFields -> Page<Field>;
    list_statuses / ListStatuses: ListStatuses -> Vec<StatusInfo>;
    list_changes / ListChanges: ListChanges -> ChangePage;
    list_ids / ListIds: ListIds -> Page<String>;
    create_webhook / CreateWebhook: CreateWebhook -> Webhook;
    list_webhooks / ListWebhooks: ListWebhooks -> Page<Webhook>;
    renew_webhook / RenewWebhook: RenewWebhook -> Webhook;
    delete_webhook / DeleteWebhook: DeleteWebhook -> ();
    send_raw / SendRaw: RawRequest -> RawResponse;
}
