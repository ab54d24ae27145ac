//! The company, read through the provider, is the company: compared with the canonical files.

use ticketing_core::Operation;
use ticketing_core::model::{LinkCategory, Ref};
use ticketing_core::request::{GetTicket, ListGroupMembers, ListHistory, Projection};

use crate::canonical::{self, Documents, compare, documents, file};
use crate::gate;
use crate::harness::Harness;
use crate::reading::{all, client};
use crate::verdict::ok;
use crate::world::World;

/// The file's documents of the records that this account holds.
fn expected(world: &World, kind: &str) -> Documents {
    let held = documents(kind, &world.company);
    file(kind).into_iter().filter(|(key, _)| held.contains_key(key)).collect()
}

/// Tickets, on every key that the capabilities declare as readable.
pub async fn tickets_match_the_company(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let readable = client.capabilities().readable_fields;
    let mut got = Documents::new();
    for listed in &world.listing {
        let request = GetTicket::new(listed.id.clone()).with_projection(Projection::new().with_watchers());
        let ticket = ok(client.get_ticket(request).await, "get_ticket");
        got.insert(world.key_of(listed.id.as_str()), canonical::ticket(&world, &ticket));
    }
    compare("tickets", &got, &expected(&world, "tickets"), |key| readable.contains(key), &h.deviations());
}

/// Users.
pub async fn users_match_the_company(h: &dyn Harness) {
    let world = World::read(h).await;
    let got = world.users.iter().map(|one| (world.key_of(one.id.as_str()), canonical::user(&world, one))).collect();
    compare("users", &got, &expected(&world, "users"), |_| true, &h.deviations());
}

/// Groups, with their members where these are listed.
pub async fn groups_match_the_company(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let lists = gate::operations(h, &[Operation::ListGroupMembers]).await;
    let mut got = Documents::new();
    for group in &world.groups {
        let mut members: Vec<Ref> = Vec::new();
        if lists {
            let request = ListGroupMembers::new(group.id.clone()).with_include_inactive(true);
            let listed = all(|c| client.list_group_members(request.clone().with_cursor(c))).await;
            members = ok(listed, "list_group_members").iter().map(|user| user.to_ref()).collect();
        }
        got.insert(world.key_of(group.id.as_str()), canonical::group(&world, group, &members));
    }
    compare("groups", &got, &expected(&world, "groups"), |key| lists || key != "members", &h.deviations());
}

/// Accounts.
pub async fn accounts_match_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListAccounts]).await {
        return;
    }
    let world = World::read(h).await;
    let got =
        world.accounts.iter().map(|one| (world.key_of(one.id.as_str()), canonical::account(&world, one))).collect();
    compare("accounts", &got, &expected(&world, "accounts"), |_| true, &h.deviations());
}

/// Contacts.
pub async fn contacts_match_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListContacts]).await {
        return;
    }
    let world = World::read(h).await;
    let got =
        world.contacts.iter().map(|one| (world.key_of(one.id.as_str()), canonical::contact(&world, one))).collect();
    let has_accounts = !world.accounts.is_empty();
    let told = |key: &str| has_accounts || key != "account";
    compare("contacts", &got, &expected(&world, "contacts"), told, &h.deviations());
}

/// Comments of every ticket, in order.
pub async fn comments_match_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let mut got = Documents::new();
    for ticket in &world.listing {
        for (nth, comment) in super::comments::all_of(h, &ticket.id).await.iter().enumerate() {
            got.insert(format!("{}/{nth}", world.key_of(ticket.id.as_str())), canonical::comment(&world, comment));
        }
    }
    compare("comments", &got, &expected(&world, "comments"), |_| true, &h.deviations());
}

/// Attachments of every ticket, in order.
pub async fn attachments_match_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListAttachments]).await {
        return;
    }
    let world = World::read(h).await;
    let mut got = Documents::new();
    for ticket in &world.listing {
        for (nth, file) in super::attachments::all_of(h, &ticket.id).await.iter().enumerate() {
            got.insert(format!("{}/{nth}", world.key_of(ticket.id.as_str())), canonical::attachment(&world, file));
        }
    }
    compare("attachments", &got, &expected(&world, "attachments"), |_| true, &h.deviations());
}

/// Links of every ticket; a parent is a key of its own, and need not be a link too.
pub async fn links_match_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListLinks]).await {
        return;
    }
    let world = World::read(h).await;
    let mut got = Documents::new();
    for ticket in &world.listing {
        let links = super::links::all_of(h, &ticket.id).await.into_iter();
        let links =
            links.filter(|link| !matches!(link.link_type.category, LinkCategory::ParentOf | LinkCategory::ChildOf));
        for (nth, link) in links.enumerate() {
            got.insert(format!("{}/{nth}", world.key_of(ticket.id.as_str())), canonical::link(&world, &link));
        }
    }
    compare("links", &got, &expected(&world, "links"), |_| true, &h.deviations());
}

/// History of every ticket: what the company's people did is told; a vendor may tell more.
pub async fn history_matches_the_company(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListHistory]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let wanted = expected(&world, "history");
    let mut got = Documents::new();
    for ticket in &world.listing {
        let request = ListHistory::new(ticket.id.clone());
        let entries = ok(all(|c| client.list_history(request.clone().with_cursor(c))).await, "list_history");
        let told = entries.iter().flat_map(|entry| canonical::history(&world, entry));
        let key = world.key_of(ticket.id.as_str());
        // What else the vendor tells is left out; the order of what is left must be the company's.
        let mut told =
            told.filter(|one| wanted.iter().any(|(at, value)| at.starts_with(&format!("{key}/")) && value == one));
        for nth in 0.. {
            let Some(document) = told.next() else { break };
            got.insert(format!("{key}/{nth}"), document);
        }
    }
    compare("history", &got, &wanted, |_| true, &h.deviations());
}
