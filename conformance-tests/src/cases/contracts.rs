//! The JSON of every document: every key always there, no other, and it reads back.

use ticketing_core::Operation;
use ticketing_core::model::Kind;
use ticketing_core::request::{
    GetTicket, ListAttachments, ListChanges, ListCollections, ListFields, ListHistory, ListLinks, ListStatuses,
    ListTags, ListTickets,
};

use crate::contract::{holds, keys};
use crate::gate;
use crate::harness::Harness;
use crate::reading::{all, client};
use crate::verdict::ok;
use crate::world::World;

/// Tickets, listed and got.
pub async fn tickets_hold_their_contract(h: &dyn Harness) {
    let world = World::read(h).await;
    for ticket in &world.listing {
        holds("ticket", ticket);
        let got =
            ok(client(h).get_ticket(GetTicket::new(ticket.id.clone()).with_include_raw(true)).await, "get_ticket");
        holds("ticket", &got);
    }
}

/// Users, groups, accounts and contacts.
pub async fn people_hold_their_contract(h: &dyn Harness) {
    let world = World::read(h).await;
    world.users.iter().for_each(|one| holds("user", one));
    world.groups.iter().for_each(|one| holds("group", one));
    world.accounts.iter().for_each(|one| holds("account", one));
    world.contacts.iter().for_each(|one| holds("contact", one));
}

/// Everything that hangs on tickets.
pub async fn what_hangs_on_tickets_holds_its_contract(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let has = |operation| client.capabilities().supports(operation);
    for ticket in world.listing.iter().map(|ticket| ticket.id.clone()) {
        super::comments::all_of(h, &ticket).await.iter().for_each(|one| holds("comment", one));
        if has(Operation::ListAttachments) {
            let request = ListAttachments::new(ticket.clone());
            let listed = all(|c| client.list_attachments(request.clone().with_cursor(c))).await;
            ok(listed, "list_attachments").iter().for_each(|one| holds("attachment", one));
        }
        if has(Operation::ListLinks) {
            let request = ListLinks::new(ticket.clone());
            let listed = all(|c| client.list_links(request.clone().with_cursor(c))).await;
            ok(listed, "list_links").iter().for_each(|one| holds("link", one));
        }
        if has(Operation::ListHistory) {
            let request = ListHistory::new(ticket);
            let listed = all(|c| client.list_history(request.clone().with_cursor(c))).await;
            ok(listed, "list_history").iter().for_each(|one| holds("history entry", one));
        }
    }
}

/// Fields, statuses, tags and collections.
pub async fn the_catalogue_holds_its_contract(h: &dyn Harness) {
    let client = client(h);
    let has = |operation| client.capabilities().supports(operation);
    if has(Operation::ListFields) {
        let request = ListFields::new().with_choices(true);
        let fields = ok(all(|c| client.list_fields(request.clone().with_cursor(c))).await, "list_fields");
        fields.iter().for_each(|one| holds("field", one));
    }
    if has(Operation::ListStatuses) {
        let statuses = ok(client.list_statuses(ListStatuses::new()).await, "list_statuses");
        statuses.iter().for_each(|one| holds("status info", one));
    }
    if has(Operation::ListTags) {
        let tags = ok(all(|c| client.list_tags(ListTags::new().with_cursor(c))).await, "list_tags");
        tags.iter().for_each(|one| holds("tag", one));
    }
    if has(Operation::ListCollections) {
        let request = ListCollections::new();
        let listed = ok(all(|c| client.list_collections(request.clone().with_cursor(c))).await, "list_collections");
        listed.iter().for_each(|one| holds("collection", one));
    }
}

/// Pages, changes and the check.
pub async fn answers_hold_their_contract(h: &dyn Harness) {
    let client = client(h);
    holds("check", &ok(client.check().await, "check"));
    let page = ok(client.list_tickets(ListTickets::new().with_page_size(2_u32).with_count(true)).await, "list_tickets");
    keys("page", &serde_json::to_value(&page).unwrap(), "page");
    if !gate::operations(h, &[Operation::ListChanges]).await {
        return;
    }
    for kind in client.capabilities().change_kinds {
        let page = ok(client.list_changes(ListChanges::new(kind)).await, "list_changes");
        holds("change page", &page);
        for change in serde_json::to_value(&page).unwrap()["items"].as_array().unwrap() {
            assert_eq!(change["kind"], serde_json::json!(kind), "a change says its kind");
            match change["change"].as_str() {
                Some("upserted") => {
                    let what = match kind {
                        Kind::Ticket => "ticket",
                        Kind::Comment => "comment",
                        Kind::User => "user",
                        Kind::Group => "group",
                        Kind::Account => "account",
                        Kind::Contact => "contact",
                        other => panic!("the suite does not know the kind `{other}`"),
                    };
                    keys(what, &change["document"], what);
                }
                Some("removed") => keys("removal", &change["removal"], "removal"),
                other => panic!("a change is `upserted` or `removed`, not {other:?}"),
            }
        }
    }
}
