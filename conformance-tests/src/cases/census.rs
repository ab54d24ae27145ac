//! The census: the ids of everything of a kind.

use std::collections::BTreeSet;

use ticketing_core::Operation;
use ticketing_core::model::Kind;
use ticketing_core::request::ListIds;

use crate::gate;
use crate::harness::Harness;
use crate::listing::ids_of;
use crate::reading::{census, client};
use crate::verdict::{no_repeats, ok, same_set};
use crate::world::World;

async fn counts(h: &dyn Harness, kind: Kind) -> bool {
    if !gate::operations(h, &[Operation::ListIds]).await {
        return false;
    }
    if gate::counts(h, kind) {
        return true;
    }
    let client = client(h);
    gate::lacks(h, kind.as_str(), async || client.list_ids(ListIds::new(kind)).await).await;
    false
}

/// A kind's census at several page sizes against what its listing says.
async fn equals(h: &dyn Harness, kind: Kind, listed: BTreeSet<String>) {
    let client = client(h);
    for size in [None, Some(1), Some(3), Some(1000)] {
        let counted = census(&client, kind, size).await;
        no_repeats(&counted, &format!("the census of {kind}s"));
        same_set(counted, listed.clone(), &format!("the census of {kind}s and their listing, {size:?} to a page"));
    }
}

/// The census of tickets is their listing.
pub async fn the_census_of_tickets_is_their_listing(h: &dyn Harness) {
    if counts(h, Kind::Ticket).await {
        let world = World::read(h).await;
        equals(h, Kind::Ticket, world.listing.iter().map(|one| one.id.to_string()).collect()).await;
    }
}

/// The census of users is their listing, inactive ones included.
pub async fn the_census_of_users_is_their_listing(h: &dyn Harness) {
    if counts(h, Kind::User).await {
        let world = World::read(h).await;
        equals(h, Kind::User, world.users.iter().map(|one| one.id.to_string()).collect()).await;
    }
}

/// The census of groups is their listing, inactive ones included.
pub async fn the_census_of_groups_is_their_listing(h: &dyn Harness) {
    if counts(h, Kind::Group).await {
        let world = World::read(h).await;
        equals(h, Kind::Group, world.groups.iter().map(|one| one.id.to_string()).collect()).await;
    }
}

/// The census of accounts is their listing.
pub async fn the_census_of_accounts_is_their_listing(h: &dyn Harness) {
    if counts(h, Kind::Account).await {
        let world = World::read(h).await;
        equals(h, Kind::Account, world.accounts.iter().map(|one| one.id.to_string()).collect()).await;
    }
}

/// The census of contacts is their listing.
pub async fn the_census_of_contacts_is_their_listing(h: &dyn Harness) {
    if counts(h, Kind::Contact).await {
        let world = World::read(h).await;
        equals(h, Kind::Contact, world.contacts.iter().map(|one| one.id.to_string()).collect()).await;
    }
}

/// The census of comments is every ticket's comments.
pub async fn the_census_of_comments_is_every_tickets_comments(h: &dyn Harness) {
    if counts(h, Kind::Comment).await {
        let world = World::read(h).await;
        let mut listed = BTreeSet::new();
        for ticket in &world.listing {
            listed.extend(super::comments::all_of(h, &ticket.id).await.into_iter().map(|one| one.id.to_string()));
        }
        equals(h, Kind::Comment, listed).await;
    }
}

/// Records that come and go while the census is read neither lose nor repeat one that stayed.
pub async fn a_census_while_things_move_is_whole(h: &dyn Harness) {
    if !counts(h, Kind::Ticket).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ids = ids_of(&client, Kind::Ticket);
    let mut cursor = None;
    let mut counted = Vec::new();
    for nth in 0.. {
        let page = ok(ids.page(cursor, Some(2)).await, "list_ids");
        counted.extend(page.items);
        let Some(next) = page.next else { break };
        cursor = Some(next);
        assert!(nth < 100, "the census does not end");
        if nth < 5 {
            let request = ticketing_core::request::CreateTicket::new(format!("during the census {nth}"));
            ok(client.create_ticket(request).await, "create_ticket");
        }
    }
    no_repeats(&counted, "a census while tickets are made");
    let stayed: BTreeSet<_> = world.listing.iter().map(|ticket| ticket.id.to_string()).collect();
    let missing: Vec<_> = stayed.iter().filter(|id| !counted.contains(id)).collect();
    assert!(missing.is_empty(), "tickets that stayed, and are missing: {missing:?}");
}
