//! The pages of every list there is, for cases that treat lists alike.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use ticketing_core::model::Kind;
use ticketing_core::request::{
    FindGroups, FindUsers, ListAccounts, ListAttachments, ListCollections, ListComments, ListContacts, ListFields,
    ListGroupMembers, ListGroups, ListHistory, ListIds, ListLinks, ListTags, ListTickets, ListUsers, ListWatchers,
};
use ticketing_core::{Cursor, GroupId, Operation, Page, Result, TicketId, TicketingClient};

/// Gets a page, by cursor and page size.
type Fetch = dyn Fn(Option<Cursor>, Option<u32>) -> BoxFuture<'static, Result<Page<String>>>;

/// One list: what it is, and how to get its pages as texts that tell its items apart.
pub(crate) struct Listing {
    pub(crate) name: String,
    fetch: Box<Fetch>,
}

impl Listing {
    /// One page.
    pub(crate) async fn page(&self, cursor: Option<Cursor>, page_size: Option<u32>) -> Result<Page<String>> {
        (self.fetch)(cursor, page_size).await
    }

    /// Every item, in order.
    pub(crate) async fn all(&self, page_size: Option<u32>) -> Result<Vec<String>> {
        crate::reading::all(|cursor| self.page(cursor, page_size)).await
    }
}

macro_rules! listing {
    ($out:ident, $client:ident, $operation:ident, $name:expr, $method:ident, $request:expr, $item:expr) => {
        if $client.capabilities().supports(Operation::$operation) {
            let (client, request) = ($client.clone(), $request);
            $out.push(Listing {
                name: $name.to_string(),
                fetch: Box::new(move |cursor, page_size| {
                    let (client, request) = (client.clone(), request.clone());
                    async move {
                        let page = client.$method(request.with_cursor(cursor).with_page_size(page_size)).await?;
                        Ok(page.map($item))
                    }
                    .boxed()
                }),
            });
        }
    };
}

/// Every list that the provider has; those of a ticket on this one, those of a group on this one.
pub(crate) fn listings(client: &TicketingClient, ticket: &TicketId, group: &GroupId) -> Vec<Listing> {
    let mut out = Vec::new();
    listing!(out, client, ListTickets, "tickets", list_tickets, ListTickets::new(), |one| one.id.to_string());
    let users = ListUsers::new().with_include_inactive(true);
    listing!(out, client, ListUsers, "users", list_users, users, |one| one.id.to_string());
    listing!(out, client, FindUsers, "found users", find_users, FindUsers::new(), |one| one.id.to_string());
    let groups = ListGroups::new().with_include_inactive(true);
    listing!(out, client, ListGroups, "groups", list_groups, groups, |one| one.id.to_string());
    listing!(out, client, FindGroups, "found groups", find_groups, FindGroups::new(), |one| one.id.to_string());
    let members = ListGroupMembers::new(group.clone()).with_include_inactive(true);
    listing!(out, client, ListGroupMembers, "members", list_group_members, members, |one| one.id.to_string());
    let comments = ListComments::new(ticket.clone());
    listing!(out, client, ListComments, "comments", list_comments, comments, |one| one.id.to_string());
    let attachments = ListAttachments::new(ticket.clone());
    listing!(out, client, ListAttachments, "attachments", list_attachments, attachments, |one| one.id.to_string());
    listing!(out, client, ListLinks, "links", list_links, ListLinks::new(ticket.clone()), |one| one.id.to_string());
    let watchers = ListWatchers::new(ticket.clone());
    listing!(out, client, ListWatchers, "watchers", list_watchers, watchers, |one| one.id);
    let history = ListHistory::new(ticket.clone());
    listing!(out, client, ListHistory, "history", list_history, history, |one| one.id.to_string());
    let collections = ListCollections::new();
    listing!(out, client, ListCollections, "collections", list_collections, collections, |one| one.id.to_string());
    listing!(out, client, ListTags, "tags", list_tags, ListTags::new(), |one| one.name);
    listing!(out, client, ListAccounts, "accounts", list_accounts, ListAccounts::new(), |one| one.id.to_string());
    listing!(out, client, ListContacts, "contacts", list_contacts, ListContacts::new(), |one| one.id.to_string());
    listing!(out, client, ListFields, "fields", list_fields, ListFields::new(), |one| format!(
        "{} {:?}",
        one.id, one.scopes
    ));
    for kind in client.capabilities().census_kinds {
        listing!(out, client, ListIds, format!("ids of {kind}s"), list_ids, ListIds::new(kind), |one| one);
    }
    out
}

/// A list of ids, by kind.
pub(crate) fn ids_of(client: &TicketingClient, kind: Kind) -> Listing {
    let mut out = Vec::new();
    listing!(out, client, ListIds, format!("ids of {kind}s"), list_ids, ListIds::new(kind), |one| one);
    out.pop().expect("the provider has a census")
}
