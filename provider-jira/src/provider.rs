//! The trait: validate, call, map. Each room does the work.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use ticketing_core::model::{Attachment, Comment, Group, HistoryEntry, Link, Ref, Ticket, Transition, User};
use ticketing_core::request::{
    AddComment, AddLink, CreateTicket, DeleteComment, DeleteTicket, Download, DownloadAttachment, GetGroup, GetTicket,
    GetUser, ListAttachments, ListComments, ListGroups, ListHistory, ListLinks, ListTickets, ListTransitions,
    ListUsers, ListWatchers, RawRequest, RawResponse, RemoveLink, UpdateComment, UpdateTicket, UploadAttachment,
};
use ticketing_core::{
    BuildContext, Capabilities, Check, Error, Operation, Page, ProviderInfo, Result, TicketingProvider,
};

use crate::config::Config;
use crate::connection::{Connection, NAME};
use crate::{attachments, capabilities, check, comments, history, links, raw, tickets, write};

/// A Jira site, through one credential.
///
/// ```
/// use provider_jira::Jira;
/// use ticketing_core::{BuildContext, TicketingProvider as _};
///
/// let config = serde_json::json!({"instance": "acme", "auth": {"type": "bearer", "token": "…"}});
/// let jira = Jira::new(config, &BuildContext::new())?;
/// assert_eq!(jira.info().account, "acme.atlassian.net");
/// # Ok::<(), ticketing_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Jira {
    connection: Arc<Connection>,
}

impl Jira {
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
impl TicketingProvider for Jira {
    fn info(&self) -> &ProviderInfo {
        &self.connection.info
    }

    fn capabilities(&self) -> Capabilities {
        capabilities::of(&self.connection)
    }

    async fn check(&self) -> Result<Check> {
        told(Operation::Check, check::check(&self.connection).await)
    }

    async fn list_tickets(&self, _request: ListTickets) -> Result<Page<Ticket>> {
        told(Operation::ListTickets, Err(Error::unsupported(Operation::ListTickets)))
    }

    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket> {
        told(Operation::GetTicket, tickets::get(&self.connection, request).await)
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
        told(Operation::ListTransitions, write::transitions(&self.connection, request).await)
    }

    async fn list_comments(&self, request: ListComments) -> Result<Page<Comment>> {
        told(Operation::ListComments, comments::list(&self.connection, request).await)
    }

    async fn add_comment(&self, request: AddComment) -> Result<Comment> {
        told(Operation::AddComment, comments::add(&self.connection, request).await)
    }

    async fn update_comment(&self, request: UpdateComment) -> Result<Comment> {
        told(Operation::UpdateComment, comments::update(&self.connection, request).await)
    }

    async fn delete_comment(&self, request: DeleteComment) -> Result<()> {
        told(Operation::DeleteComment, comments::delete(&self.connection, request).await)
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
        told(Operation::ListWatchers, write::watchers(&self.connection, request).await)
    }

    async fn list_history(&self, request: ListHistory) -> Result<Page<HistoryEntry>> {
        told(Operation::ListHistory, history::list(&self.connection, request).await)
    }

    async fn send_raw(&self, request: RawRequest) -> Result<RawResponse> {
        told(Operation::SendRaw, raw::send(&self.connection, request).await)
    }

    async fn list_users(&self, _request: ListUsers) -> Result<Page<User>> {
        told(Operation::ListUsers, Err(Error::unsupported(Operation::ListUsers)))
    }

    async fn get_user(&self, _request: GetUser) -> Result<User> {
        told(Operation::GetUser, Err(Error::unsupported(Operation::GetUser)))
    }

    async fn list_groups(&self, _request: ListGroups) -> Result<Page<Group>> {
        told(Operation::ListGroups, Err(Error::unsupported(Operation::ListGroups)))
    }

    async fn get_group(&self, _request: GetGroup) -> Result<Group> {
        told(Operation::GetGroup, Err(Error::unsupported(Operation::GetGroup)))
    }
}
