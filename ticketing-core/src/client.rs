//! The client that products use.

use std::sync::Arc;

use futures::FutureExt;

use crate::capability::Capabilities;
use crate::checkpoint::ChangePage;
use crate::error::Result;
use crate::layer::{CapabilityCheck, Intercept};
use crate::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Link, Ref, StatusInfo, Tag, Ticket,
    Transition, User, Webhook,
};
use crate::page::Page;
use crate::provider::{Check, ProviderInfo, TicketingProvider};
use crate::request::{
    AddComment, AddLink, CreateTicket, CreateWebhook, DeleteComment, DeleteTicket, DeleteWebhook, Download,
    DownloadAttachment, FindGroups, FindUsers, FoundTickets, GetGroup, GetTicket, GetTickets, GetUser, ListAccounts,
    ListAttachments, ListChanges, ListCollections, ListComments, ListContacts, ListFields, ListGroupMembers,
    ListGroups, ListHistory, ListIds, ListLinks, ListStatuses, ListTags, ListTickets, ListTransitions, ListUsers,
    ListWatchers, ListWebhooks, RawRequest, RawResponse, RemoveLink, RenewWebhook, UpdateComment, UpdateTicket,
    UploadAttachment,
};
use crate::stream::{DEFAULT_READ_AHEAD, ItemStream, PageStream};

/// A connection to one account of one ticketing system. Cloning it is cheap.
///
/// What the provider cannot do is refused before anything is sent, with [`Unsupported`](crate::ErrorKind::Unsupported).
///
/// ```no_run
/// use futures::TryStreamExt;
/// use ticketing_core::request::{ListTickets, TicketFilter};
/// use ticketing_core::TicketingClient;
///
/// # async fn example(client: TicketingClient) -> ticketing_core::Result<()> {
/// let mut tickets = client.tickets(ListTickets::new().with_filter(TicketFilter::unresolved()));
/// while let Some(ticket) = tickets.try_next().await? {
///     println!("{} {}", ticket.key, ticket.title);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TicketingClient {
    provider: Arc<dyn TicketingProvider>,
    read_ahead: usize,
}

macro_rules! calls {
    ($( $(#[$doc:meta])* $method:ident($request:ident) -> $reply:ty; )*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// Those of the provider; `Unsupported` where it has no such operation.
        pub async fn $method(&self, request: $request) -> Result<$reply> {
            self.provider.$method(request).await
        }
    )* };
}

macro_rules! streams {
    ($( $(#[$doc:meta])* $items:ident / $pages:ident: $method:ident($request:ident) -> $item:ty; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $items(&self, request: $request) -> ItemStream<$item> {
            self.$pages(request).items()
        }

        #[doc = concat!("The pages of [`", stringify!($items), "`](Self::", stringify!($items), "), each with the cursor to go on from.")]
        #[must_use]
        pub fn $pages(&self, request: $request) -> PageStream<$item> {
            let provider = Arc::clone(&self.provider);
            let start = request.cursor.clone();
            PageStream::new(start, self.read_ahead, move |cursor| {
                let provider = Arc::clone(&provider);
                let request = request.clone().with_cursor(cursor);
                async move { provider.$method(request).await }.boxed()
            })
        }
    )* };
}

impl TicketingClient {
    /// A client of this provider.
    #[must_use]
    pub fn new(provider: Arc<dyn TicketingProvider>) -> Self {
        Self { provider: CapabilityCheck.layer(provider), read_ahead: DEFAULT_READ_AHEAD }
    }

    /// With this many pages fetched at the same time where the vendor's paging allows it; one: none ahead.
    #[must_use]
    pub fn with_read_ahead(mut self, pages: usize) -> Self {
        self.read_ahead = pages.max(1);
        self
    }

    /// With a layer around everything.
    #[must_use]
    pub fn with_layer(mut self, layer: impl Intercept) -> Self {
        self.provider = layer.layer(self.provider);
        self
    }

    /// The provider, with the client's layers around it.
    #[must_use]
    pub fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    /// Who the provider is.
    #[must_use]
    pub fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    /// What it can do on this connection.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    /// Who am I, does the credential work, how far is the vendor's clock from ours.
    ///
    /// # Errors
    /// `Unauthenticated` where the credential is refused.
    pub async fn check(&self) -> Result<Check> {
        self.provider.check().await
    }

    calls! {
        /// One page of tickets.
        list_tickets(ListTickets) -> Page<Ticket>;
        /// One ticket, by id or key.
        get_ticket(GetTicket) -> Ticket;
        /// Several tickets in as few calls as the vendor allows.
        get_tickets(GetTickets) -> FoundTickets;
        /// A new ticket.
        create_ticket(CreateTicket) -> Ticket;
        /// A patch of a ticket.
        update_ticket(UpdateTicket) -> Ticket;
        /// The end of a ticket.
        delete_ticket(DeleteTicket) -> ();
        /// The status changes that a ticket can make now.
        list_transitions(ListTransitions) -> Vec<Transition>;
        /// One page of users.
        list_users(ListUsers) -> Page<User>;
        /// One user.
        get_user(GetUser) -> User;
        /// One page of users by text, email or name.
        find_users(FindUsers) -> Page<User>;
        /// One page of groups.
        list_groups(ListGroups) -> Page<Group>;
        /// One group.
        get_group(GetGroup) -> Group;
        /// One page of groups by text or name.
        find_groups(FindGroups) -> Page<Group>;
        /// One page of a group's members.
        list_group_members(ListGroupMembers) -> Page<User>;
        /// One page of a ticket's comments.
        list_comments(ListComments) -> Page<Comment>;
        /// A new comment.
        add_comment(AddComment) -> Comment;
        /// A comment's new text.
        update_comment(UpdateComment) -> Comment;
        /// The end of a comment.
        delete_comment(DeleteComment) -> ();
        /// One page of a ticket's attachments.
        list_attachments(ListAttachments) -> Page<Attachment>;
        /// An attachment's bytes, as a stream.
        download_attachment(DownloadAttachment) -> Download;
        /// A new attachment.
        upload_attachment(UploadAttachment) -> Attachment;
        /// One page of a ticket's links.
        list_links(ListLinks) -> Page<Link>;
        /// A new link.
        add_link(AddLink) -> Link;
        /// The end of a link.
        remove_link(RemoveLink) -> ();
        /// One page of a ticket's watchers.
        list_watchers(ListWatchers) -> Page<Ref>;
        /// One page of a ticket's history.
        list_history(ListHistory) -> Page<HistoryEntry>;
        /// One page of collections.
        list_collections(ListCollections) -> Page<Collection>;
        /// One page of tags.
        list_tags(ListTags) -> Page<Tag>;
        /// One page of accounts.
        list_accounts(ListAccounts) -> Page<Account>;
        /// One page of contacts.
        list_contacts(ListContacts) -> Page<Contact>;
        /// One page of the field catalogue.
        list_fields(ListFields) -> Page<Field>;
        /// The statuses that tickets can have.
        list_statuses(ListStatuses) -> Vec<StatusInfo>;
        /// What changed since a checkpoint.
        list_changes(ListChanges) -> ChangePage;
        /// One page of the ids of everything of a kind.
        list_ids(ListIds) -> Page<String>;
        /// A new webhook subscription.
        create_webhook(CreateWebhook) -> Webhook;
        /// The webhook subscriptions of this connection.
        list_webhooks(ListWebhooks) -> Page<Webhook>;
        /// A webhook subscription's new life.
        renew_webhook(RenewWebhook) -> Webhook;
        /// The end of a webhook subscription.
        delete_webhook(DeleteWebhook) -> ();
        /// A request in the vendor's own words.
        send_raw(RawRequest) -> RawResponse;
    }

    streams! {
        /// Tickets, one by one.
        tickets / ticket_pages: list_tickets(ListTickets) -> Ticket;
        /// Users, one by one.
        users / user_pages: list_users(ListUsers) -> User;
        /// Users by text, email or name, one by one.
        found_users / found_user_pages: find_users(FindUsers) -> User;
        /// Groups, one by one.
        groups / group_pages: list_groups(ListGroups) -> Group;
        /// Groups by text or name, one by one.
        found_groups / found_group_pages: find_groups(FindGroups) -> Group;
        /// A group's members, one by one.
        group_members / group_member_pages: list_group_members(ListGroupMembers) -> User;
        /// A ticket's comments, one by one.
        comments / comment_pages: list_comments(ListComments) -> Comment;
        /// A ticket's attachments, one by one.
        attachments / attachment_pages: list_attachments(ListAttachments) -> Attachment;
        /// A ticket's links, one by one.
        links / link_pages: list_links(ListLinks) -> Link;
        /// A ticket's watchers, one by one.
        watchers / watcher_pages: list_watchers(ListWatchers) -> Ref;
        /// A ticket's history, one by one.
        history / history_pages: list_history(ListHistory) -> HistoryEntry;
        /// Collections, one by one.
        collections / collection_pages: list_collections(ListCollections) -> Collection;
        /// Tags, one by one.
        tags / tag_pages: list_tags(ListTags) -> Tag;
        /// Accounts, one by one.
        accounts / account_pages: list_accounts(ListAccounts) -> Account;
        /// Contacts, one by one.
        contacts / contact_pages: list_contacts(ListContacts) -> Contact;
        /// The field catalogue, one by one.
        fields / field_pages: list_fields(ListFields) -> Field;
        /// The ids of everything of a kind, one by one.
        ids / id_pages: list_ids(ListIds) -> String;
        /// The webhook subscriptions, one by one.
        webhooks / webhook_pages: list_webhooks(ListWebhooks) -> Webhook;
    }
}
