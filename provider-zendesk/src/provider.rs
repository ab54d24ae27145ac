//! The trait: validate, call, map. Each room does the work.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use ticketing_core::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Link, Ref, StatusInfo, Tag, Ticket,
    Transition, User,
};
use ticketing_core::request::{
    AddComment, AddLink, CreateTicket, DeleteTicket, Download, DownloadAttachment, FindGroups, FindUsers, FoundTickets,
    GetGroup, GetTicket, GetTickets, GetUser, ListAccounts, ListAttachments, ListChanges, ListCollections,
    ListComments, ListContacts, ListFields, ListGroupMembers, ListGroups, ListHistory, ListIds, ListLinks,
    ListStatuses, ListTags, ListTickets, ListTransitions, ListUsers, ListWatchers, RawRequest, RawResponse, RemoveLink,
    UpdateTicket, UploadAttachment,
};
use ticketing_core::{
    BuildContext, Capabilities, ChangePage, Check, Error, Operation, Page, ProviderInfo, Result, TicketingProvider,
};

use crate::config::Config;
use crate::connection::{Connection, NAME};
use crate::{
    attachments, capabilities, check, comments, delta, fields, history, links, people, raw, tags, tickets, write,
};

/// A Zendesk account, through one credential.
///
/// ```
/// use provider_zendesk::Zendesk;
/// use ticketing_core::{BuildContext, TicketingProvider as _};
///
/// let config = serde_json::json!({"instance": "acme", "auth": {"type": "bearer", "token": "…"}});
/// let zendesk = Zendesk::new(config, &BuildContext::new())?;
/// assert_eq!(zendesk.info().account, "acme.zendesk.com");
/// # Ok::<(), ticketing_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Zendesk {
    connection: Arc<Connection>,
}

impl Zendesk {
    /// From its configuration; see [`Config`](crate::Config). Nothing is sent.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong.
    pub fn new(config: Value, context: &BuildContext) -> Result<Self> {
        let named = |error: Error| error.with_provider(NAME);
        let config = Config::from_value(config).map_err(named)?;
        Ok(Self { connection: Arc::new(Connection::open(config, context).map_err(named)?) })
    }
}

/// Names provider and operation on an error.
fn told<T>(operation: Operation, outcome: Result<T>) -> Result<T> {
    outcome.map_err(|error| error.with_provider(NAME).with_operation(operation))
}

#[async_trait]
impl TicketingProvider for Zendesk {
    fn info(&self) -> &ProviderInfo {
        &self.connection.info
    }

    fn capabilities(&self) -> Capabilities {
        capabilities::of(&self.connection)
    }

    async fn check(&self) -> Result<Check> {
        told(Operation::Check, check::check(&self.connection).await)
    }

    async fn list_tickets(&self, request: ListTickets) -> Result<Page<Ticket>> {
        let outcome = match self.refuse(&request) {
            Ok(()) => tickets::list(&self.connection, request).await,
            Err(error) => Err(error),
        };
        told(Operation::ListTickets, outcome)
    }

    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket> {
        told(Operation::GetTicket, tickets::get(&self.connection, request).await)
    }

    async fn get_tickets(&self, request: GetTickets) -> Result<FoundTickets> {
        told(Operation::GetTickets, tickets::several(&self.connection, request).await)
    }

    async fn create_ticket(&self, request: CreateTicket) -> Result<Ticket> {
        told(Operation::CreateTicket, write::create(&self.connection, request).await)
    }

    async fn update_ticket(&self, request: UpdateTicket) -> Result<Ticket> {
        told(Operation::UpdateTicket, write::update(&self.connection, request).await)
    }

    async fn delete_ticket(&self, request: DeleteTicket) -> Result<()> {
        told(Operation::DeleteTicket, write::delete(&self.connection, request).await)
    }

    async fn list_transitions(&self, request: ListTransitions) -> Result<Vec<Transition>> {
        told(Operation::ListTransitions, fields::transitions(&self.connection, request).await)
    }

    async fn list_users(&self, request: ListUsers) -> Result<Page<User>> {
        told(Operation::ListUsers, people::list_users(&self.connection, request).await)
    }

    async fn get_user(&self, request: GetUser) -> Result<User> {
        told(Operation::GetUser, people::get_user(&self.connection, request).await)
    }

    async fn find_users(&self, request: FindUsers) -> Result<Page<User>> {
        told(Operation::FindUsers, people::find_users(&self.connection, request).await)
    }

    async fn list_groups(&self, request: ListGroups) -> Result<Page<Group>> {
        told(Operation::ListGroups, people::list_groups(&self.connection, request).await)
    }

    async fn get_group(&self, request: GetGroup) -> Result<Group> {
        told(Operation::GetGroup, people::get_group(&self.connection, request).await)
    }

    async fn find_groups(&self, request: FindGroups) -> Result<Page<Group>> {
        told(Operation::FindGroups, people::find_groups(&self.connection, request).await)
    }

    async fn list_group_members(&self, request: ListGroupMembers) -> Result<Page<User>> {
        told(Operation::ListGroupMembers, people::list_members(&self.connection, request).await)
    }

    async fn list_comments(&self, request: ListComments) -> Result<Page<Comment>> {
        told(Operation::ListComments, comments::list(&self.connection, request).await)
    }

    async fn add_comment(&self, request: AddComment) -> Result<Comment> {
        told(Operation::AddComment, comments::add(&self.connection, request).await)
    }

    async fn list_attachments(&self, request: ListAttachments) -> Result<Page<Attachment>> {
        told(Operation::ListAttachments, attachments::list(&self.connection, request).await)
    }

    async fn download_attachment(&self, request: DownloadAttachment) -> Result<Download> {
        told(Operation::DownloadAttachment, attachments::download(&self.connection, request).await)
    }

    async fn upload_attachment(&self, request: UploadAttachment) -> Result<Attachment> {
        told(Operation::UploadAttachment, attachments::upload(&self.connection, request).await)
    }

    async fn list_links(&self, request: ListLinks) -> Result<Page<Link>> {
        told(Operation::ListLinks, links::list(&self.connection, request).await)
    }

    async fn add_link(&self, request: AddLink) -> Result<Link> {
        told(Operation::AddLink, links::add(&self.connection, request).await)
    }

    async fn remove_link(&self, request: RemoveLink) -> Result<()> {
        told(Operation::RemoveLink, links::remove(&self.connection, request).await)
    }

    async fn list_watchers(&self, request: ListWatchers) -> Result<Page<Ref>> {
        let outcome = self.watchers(request).await;
        told(Operation::ListWatchers, outcome)
    }

    async fn list_history(&self, request: ListHistory) -> Result<Page<HistoryEntry>> {
        told(Operation::ListHistory, history::list(&self.connection, request).await)
    }

    async fn list_collections(&self, request: ListCollections) -> Result<Page<Collection>> {
        told(Operation::ListCollections, people::list_collections(&self.connection, request).await)
    }

    async fn list_tags(&self, request: ListTags) -> Result<Page<Tag>> {
        told(Operation::ListTags, tags::list(&self.connection, request).await)
    }

    async fn list_accounts(&self, request: ListAccounts) -> Result<Page<Account>> {
        told(Operation::ListAccounts, people::list_accounts(&self.connection, request).await)
    }

    async fn list_contacts(&self, request: ListContacts) -> Result<Page<Contact>> {
        told(Operation::ListContacts, people::list_contacts(&self.connection, request).await)
    }

    async fn list_fields(&self, request: ListFields) -> Result<Page<Field>> {
        told(Operation::ListFields, fields::list(&self.connection, request).await)
    }

    async fn list_statuses(&self, request: ListStatuses) -> Result<Vec<StatusInfo>> {
        told(Operation::ListStatuses, fields::statuses(&self.connection, request).await)
    }

    async fn list_changes(&self, request: ListChanges) -> Result<ChangePage> {
        told(Operation::ListChanges, delta::list_changes(&self.connection, request).await)
    }

    async fn list_ids(&self, request: ListIds) -> Result<Page<String>> {
        told(Operation::ListIds, delta::list_ids(&self.connection, request).await)
    }

    async fn send_raw(&self, request: RawRequest) -> Result<RawResponse> {
        told(Operation::SendRaw, raw::send(&self.connection, request).await)
    }
}

impl Zendesk {
    /// Refuses filters that this connection does not have, also for those who call the provider itself.
    fn refuse(&self, request: &ListTickets) -> Result<()> {
        let capabilities = capabilities::of(&self.connection);
        let missing = request.filter.kinds().into_iter().find(|kind| !capabilities.ticket_filters.contains_key(kind));
        match missing {
            None => Ok(()),
            Some(kind) => {
                let known: Vec<_> = capabilities.ticket_filters.keys().map(|kind| kind.as_str()).collect();
                Err(Error::new(ticketing_core::ErrorKind::Unsupported, format!("the provider has no filter `{kind}`"))
                    .with_field("filter")
                    .with_hint(format!("it has: {}", known.join(", "))))
            }
        }
    }

    /// Followers come with their ticket (wire §B3.2).
    async fn watchers(&self, request: ListWatchers) -> Result<Page<Ref>> {
        let codec = self.connection.codec(Operation::ListWatchers, &request.ticket);
        let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
        let watchers = tickets::bare(&self.connection, &request.ticket).await?.watchers.unwrap_or_default();
        let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
        let next =
            offset.checked_add(size).filter(|end| *end < watchers.len()).map(|end| codec.cursor(&end)).transpose()?;
        Ok(Page::new(watchers.into_iter().skip(offset).take(size).collect(), next))
    }
}
