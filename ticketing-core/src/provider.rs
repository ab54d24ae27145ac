//! The trait that providers implement.

use std::fmt;

use async_trait::async_trait;
use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capability::Capabilities;
use crate::checkpoint::ChangePage;
use crate::error::{Error, Result};
use crate::model::{
    Account, Attachment, Collection, Comment, Contact, Field, Group, HistoryEntry, Link, Ref, StatusInfo, Tag, Ticket,
    Timestamp, Transition, User, Webhook,
};
use crate::operation::Operation;
use crate::page::Page;
use crate::request::{
    AddComment, AddLink, CreateTicket, CreateWebhook, DeleteComment, DeleteTicket, DeleteWebhook, Download,
    DownloadAttachment, FindGroups, FindUsers, FoundTickets, GetGroup, GetTicket, GetTickets, GetUser, ListAccounts,
    ListAttachments, ListChanges, ListCollections, ListComments, ListContacts, ListFields, ListGroupMembers,
    ListGroups, ListHistory, ListIds, ListLinks, ListStatuses, ListTags, ListTickets, ListTransitions, ListUsers,
    ListWatchers, ListWebhooks, RawRequest, RawResponse, RemoveLink, RenewWebhook, UpdateComment, UpdateTicket,
    UploadAttachment,
};

/// Who a provider is: fixed for its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ProviderInfo {
    /// The provider's name in the registry: `servicenow`.
    pub name: String,
    /// The account at the vendor: an instance's host. Cursors are bound to it.
    pub account: String,
}

impl ProviderInfo {
    /// A provider's name, and the account it talks to.
    #[must_use]
    pub fn new(name: impl Into<String>, account: impl Into<String>) -> Self {
        Self { name: name.into(), account: account.into() }
    }
}

/// What `check` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
#[schemars(transform = crate::model::every_key)]
pub struct Check {
    /// Who the credential belongs to.
    pub user: Option<Ref>,
    /// The IANA name of that user's time zone.
    pub time_zone: Option<String>,
    /// The vendor's clock less ours, in seconds.
    pub clock_difference_seconds: Option<i64>,
    /// The vendor's time when it was asked.
    pub vendor_time: Option<Timestamp>,
    /// What works less well than it could, and what to do about it.
    pub warnings: Vec<String>,
}

impl Check {
    /// A good credential, of this user.
    #[must_use]
    pub fn new(user: Option<Ref>) -> Self {
        Self { user, time_zone: None, clock_difference_seconds: None, vendor_time: None, warnings: Vec::new() }
    }

    /// Takes in the vendor's time when it was asked, and ours at that moment; clocks that are more than two minutes apart
    /// are warned of.
    ///
    /// ```
    /// use ticketing_core::Check;
    ///
    /// let (theirs, ours) = ("2026-01-05T08:00:00Z".parse().unwrap(), "2026-01-05T08:07:00Z".parse().unwrap());
    /// let mut check = Check::new(None);
    /// check.compare_clocks(Some(theirs), ours);
    /// assert_eq!(check.clock_difference_seconds, Some(-420));
    /// assert!(check.warnings[0].starts_with("the vendor's clock is 7 minutes behind ours"));
    /// ```
    pub fn compare_clocks(&mut self, theirs: Option<Timestamp>, ours: Timestamp) {
        self.vendor_time = theirs;
        let difference = theirs.map(|theirs| theirs - ours);
        self.clock_difference_seconds = difference.map(|difference| difference.num_seconds());
        if let Some(difference) = difference.filter(|difference| difference.abs() > CLOCKS_AGREE) {
            let side = if difference < TimeDelta::zero() { "behind" } else { "ahead of" };
            let apart = told(difference.abs());
            self.warnings.push(format!("the vendor's clock is {apart} {side} ours: set this machine's clock by NTP"));
        }
    }
}

/// Clocks that differ by no more than this are not worth a word.
const CLOCKS_AGREE: TimeDelta = TimeDelta::minutes(2);

/// A time for people, in the largest unit of which there are two.
fn told(time: TimeDelta) -> String {
    let units = [(time.num_days(), "days"), (time.num_hours(), "hours"), (time.num_minutes(), "minutes")];
    let (number, unit) = units.into_iter().find(|(number, _)| *number > 1).unwrap_or((time.num_seconds(), "seconds"));
    format!("{number} {unit}")
}

macro_rules! optional {
    ($operation:ident) => {
        Err(Error::unsupported(Operation::$operation))
    };
}

/// A ticketing system, as its adapter implements it. Users call [`TicketingClient`](crate::TicketingClient).
///
/// # Contract
/// - **Nothing is lost.** An unknown status, priority, type or field survives as its native value. An item that cannot
///   be decoded is an error that names it. A short, empty or partial page is never taken for the end.
/// - **A filter is served natively, emulated exactly, or refused** before any request; it is never ignored.
/// - **Writes are never repeated unless that is provably safe.** Otherwise the error says `maybe_applied`.
/// - **Capabilities tell the truth both ways**: what is in them works, and what is not is
///   [`Unsupported`](crate::ErrorKind::Unsupported) without a request sent.
/// - Providers never sleep, read the clock or make an HTTP client: those are handed in by the
///   [`BuildContext`](crate::BuildContext).
///
/// # Errors
/// Every operation fails with an [`Error`] that says its kind, whether trying again can help, and whether a write may
/// have happened.
///
/// # Optional operations
/// Those with a body here answer `Unsupported`. Wrappers must forward every one of them: implement a layer by
/// [`Intercept`](crate::layer::Intercept), which does so in one place.
#[async_trait]
pub trait TicketingProvider: fmt::Debug + Send + Sync + 'static {
    /// Who this is.
    fn info(&self) -> &ProviderInfo;

    /// What it can do on this connection.
    fn capabilities(&self) -> Capabilities;

    /// Who am I, does the credential work, how far is the vendor's clock from ours.
    async fn check(&self) -> Result<Check>;

    /// One page of tickets.
    async fn list_tickets(&self, request: ListTickets) -> Result<Page<Ticket>>;

    /// One ticket, by id or key.
    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket>;

    /// Several tickets in as few calls as the vendor allows.
    async fn get_tickets(&self, _request: GetTickets) -> Result<FoundTickets> {
        optional!(GetTickets)
    }

    /// A new ticket; the answer is the ticket as the vendor made it.
    async fn create_ticket(&self, request: CreateTicket) -> Result<Ticket>;

    /// A patch of a ticket; the answer is the ticket as it is now.
    async fn update_ticket(&self, request: UpdateTicket) -> Result<Ticket>;

    /// The end of a ticket.
    async fn delete_ticket(&self, _request: DeleteTicket) -> Result<()> {
        optional!(DeleteTicket)
    }

    /// The status changes that a ticket can make now.
    async fn list_transitions(&self, _request: ListTransitions) -> Result<Vec<Transition>> {
        optional!(ListTransitions)
    }

    /// One page of users.
    async fn list_users(&self, request: ListUsers) -> Result<Page<User>>;

    /// One user.
    async fn get_user(&self, request: GetUser) -> Result<User>;

    /// Users by text, email or name: the assignee picker.
    async fn find_users(&self, _request: FindUsers) -> Result<Page<User>> {
        optional!(FindUsers)
    }

    /// One page of groups.
    async fn list_groups(&self, request: ListGroups) -> Result<Page<Group>>;

    /// One group.
    async fn get_group(&self, request: GetGroup) -> Result<Group>;

    /// Groups by text or name.
    async fn find_groups(&self, _request: FindGroups) -> Result<Page<Group>> {
        optional!(FindGroups)
    }

    /// One page of a group's members.
    async fn list_group_members(&self, _request: ListGroupMembers) -> Result<Page<User>> {
        optional!(ListGroupMembers)
    }

    /// One page of a ticket's comments, oldest first.
    async fn list_comments(&self, _request: ListComments) -> Result<Page<Comment>> {
        optional!(ListComments)
    }

    /// A new comment.
    async fn add_comment(&self, _request: AddComment) -> Result<Comment> {
        optional!(AddComment)
    }

    /// A comment's new text.
    async fn update_comment(&self, _request: UpdateComment) -> Result<Comment> {
        optional!(UpdateComment)
    }

    /// The end of a comment.
    async fn delete_comment(&self, _request: DeleteComment) -> Result<()> {
        optional!(DeleteComment)
    }

    /// One page of a ticket's attachments.
    async fn list_attachments(&self, _request: ListAttachments) -> Result<Page<Attachment>> {
        optional!(ListAttachments)
    }

    /// An attachment's bytes, as a stream.
    async fn download_attachment(&self, _request: DownloadAttachment) -> Result<Download> {
        optional!(DownloadAttachment)
    }

    /// A new attachment.
    async fn upload_attachment(&self, _request: UploadAttachment) -> Result<Attachment> {
        optional!(UploadAttachment)
    }

    /// One page of a ticket's links.
    async fn list_links(&self, _request: ListLinks) -> Result<Page<Link>> {
        optional!(ListLinks)
    }

    /// A new link.
    async fn add_link(&self, _request: AddLink) -> Result<Link> {
        optional!(AddLink)
    }

    /// The end of a link.
    async fn remove_link(&self, _request: RemoveLink) -> Result<()> {
        optional!(RemoveLink)
    }

    /// One page of a ticket's watchers.
    async fn list_watchers(&self, _request: ListWatchers) -> Result<Page<Ref>> {
        optional!(ListWatchers)
    }

    /// One page of a ticket's history, oldest first.
    async fn list_history(&self, _request: ListHistory) -> Result<Page<HistoryEntry>> {
        optional!(ListHistory)
    }

    /// One page of collections.
    async fn list_collections(&self, _request: ListCollections) -> Result<Page<Collection>> {
        optional!(ListCollections)
    }

    /// One page of tags.
    async fn list_tags(&self, _request: ListTags) -> Result<Page<Tag>> {
        optional!(ListTags)
    }

    /// One page of accounts.
    async fn list_accounts(&self, _request: ListAccounts) -> Result<Page<Account>> {
        optional!(ListAccounts)
    }

    /// One page of contacts.
    async fn list_contacts(&self, _request: ListContacts) -> Result<Page<Contact>> {
        optional!(ListContacts)
    }

    /// The field catalogue of tickets.
    async fn list_fields(&self, _request: ListFields) -> Result<Page<Field>> {
        optional!(ListFields)
    }

    /// The statuses that tickets can have.
    async fn list_statuses(&self, _request: ListStatuses) -> Result<Vec<StatusInfo>> {
        optional!(ListStatuses)
    }

    /// What changed since a checkpoint.
    async fn list_changes(&self, _request: ListChanges) -> Result<ChangePage> {
        optional!(ListChanges)
    }

    /// One page of the ids of everything of a kind: the census.
    async fn list_ids(&self, _request: ListIds) -> Result<Page<String>> {
        optional!(ListIds)
    }

    /// A new webhook subscription.
    async fn create_webhook(&self, _request: CreateWebhook) -> Result<Webhook> {
        optional!(CreateWebhook)
    }

    /// The webhook subscriptions of this connection.
    async fn list_webhooks(&self, _request: ListWebhooks) -> Result<Page<Webhook>> {
        optional!(ListWebhooks)
    }

    /// A webhook subscription's new life.
    async fn renew_webhook(&self, _request: RenewWebhook) -> Result<Webhook> {
        optional!(RenewWebhook)
    }

    /// The end of a webhook subscription.
    async fn delete_webhook(&self, _request: DeleteWebhook) -> Result<()> {
        optional!(DeleteWebhook)
    }

    /// A request in the vendor's own words, with the connection's credential and limits.
    async fn send_raw(&self, _request: RawRequest) -> Result<RawResponse> {
        optional!(SendRaw)
    }
}
