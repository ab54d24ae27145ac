//! Following what changes by the exports, and counting what there is.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{Change, Kind, RemovalReason};
use ticketing_core::request::{DeleteTicket, ListChanges, ListIds, ListTickets, UpdateTicket};
use ticketing_core::{ChangePage, Checkpoint, CursorCodec, ErrorKind, Operation, TicketingClient};
use vendor_sandbox::Fault;

use crate::bed::{Bed, all, titled};

async fn step(client: &TicketingClient, kind: Kind, from: Option<Checkpoint>, size: u32) -> ChangePage {
    client.list_changes(ListChanges::new(kind).with_checkpoint(from).with_page_size(size)).await.unwrap()
}

/// Everything until the delta has caught up.
async fn follow(
    client: &TicketingClient,
    kind: Kind,
    from: Option<Checkpoint>,
    size: u32,
) -> (Vec<Change>, Checkpoint) {
    let (mut changes, mut at) = (Vec::new(), from);
    for _ in 0..1_000 {
        let page = step(client, kind, at, size).await;
        changes.extend(page.items);
        if page.caught_up {
            return (changes, page.checkpoint);
        }
        at = Some(page.checkpoint);
    }
    panic!("the delta does not catch up");
}

fn ids(changes: &[Change]) -> BTreeSet<String> {
    changes.iter().map(|change| change.id().to_owned()).collect()
}

#[tokio::test]
async fn a_delta_begins_with_everything_and_goes_on_with_what_changed() {
    let bed = Bed::new();
    let client = bed.client();
    bed.advance(3_600);
    let tickets = all(&client, ListTickets::new()).await;
    let there: BTreeSet<String> = tickets.iter().map(|ticket| ticket.id.to_string()).collect();
    for size in [5, 100] {
        let (changes, _) = follow(&client, Kind::Ticket, None, size).await;
        assert_eq!(ids(&changes), there, "pages of {size}");
    }
    let (_, at) = follow(&client, Kind::Ticket, None, 100).await;
    let vpn = titled(&client, "VPN drops").await;
    client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("Changed")).await.unwrap();
    bed.advance(120);
    let (changes, at) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert!(ids(&changes).contains(vpn.id.as_str()), "{changes:?}");
    client.delete_ticket(DeleteTicket::new(vpn.id.clone())).await.unwrap();
    bed.advance(120);
    let (changes, _) = follow(&client, Kind::Ticket, Some(at), 100).await;
    let removed = changes.iter().find_map(|change| match change {
        Change::Removed { id, removal, .. } if *id == vpn.id.as_str() => Some(removal.clone()),
        _ => None,
    });
    assert_eq!(removed.and_then(|removal| removal.reason), Some(RemovalReason::Deleted), "{changes:?}");
}

#[tokio::test]
async fn a_poll_that_finds_nothing_keeps_its_place() {
    let bed = Bed::new();
    let client = bed.client();
    bed.advance(3_600);
    let (_, mut at) = follow(&client, Kind::Ticket, None, 100).await;
    for _ in 0..3 {
        let page = step(&client, Kind::Ticket, Some(at), 100).await;
        assert!(page.caught_up && page.items.len() <= 1, "{page:?}");
        at = page.checkpoint;
        bed.advance(60);
    }
    let vpn = titled(&client, "VPN drops").await;
    client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("After a pause")).await.unwrap();
    bed.advance(120);
    let (changes, _) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert!(ids(&changes).contains(vpn.id.as_str()), "{changes:?}");
    assert!(changes.len() < 5, "the reading began anew: {changes:?}");
}

#[tokio::test]
async fn an_agent_may_not_export_and_is_told() {
    let bed = Bed::new();
    let agent = bed.agent();
    let error = agent.list_changes(ListChanges::new(Kind::Ticket)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("admin"), "{error}");
    assert!(!agent.capabilities().sees_deletes, "what turned out to be closed is no capability");
}

/// Found by fuzzing: what is asked from is in the checkpoint, so that the account's refusal of it is the checkpoint's.
#[tokio::test]
async fn a_checkpoint_that_the_account_does_not_take_is_refused_by_name() {
    let bed = Bed::new();
    let client = bed.client();
    let codec = CursorCodec::new("zendesk", "127.0.0.1:4030", Operation::ListChanges, &Kind::Ticket);
    for position in [json!({"cursor": "bent"}), json!({"cursor": ""})] {
        let request = ListChanges::new(Kind::Ticket).with_checkpoint(codec.checkpoint(&position).unwrap());
        let error = client.list_changes(request).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("checkpoint")), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
}

#[tokio::test]
async fn people_and_accounts_are_followed_too() {
    let bed = Bed::new();
    let client = bed.client();
    bed.advance(3_600);
    for kind in [Kind::User, Kind::Contact, Kind::Account] {
        let census: BTreeSet<String> = client.ids(ListIds::new(kind)).try_collect().await.unwrap();
        assert!(!census.is_empty(), "{kind}");
        let (changes, _) = follow(&client, kind, None, 100).await;
        assert!(ids(&changes).is_superset(&census), "{kind}: {changes:?}");
    }
    let error = client.list_changes(ListChanges::new(Kind::Comment)).await.unwrap_err();
    assert_eq!(error.field(), Some("kind"), "{error}");
}

#[tokio::test]
async fn a_census_counts_what_a_listing_shows() {
    let bed = Bed::new();
    let client = bed.client();
    let listed: BTreeSet<String> =
        all(&client, ListTickets::new()).await.iter().map(|ticket| ticket.id.to_string()).collect();
    let census: BTreeSet<String> = client.ids(ListIds::new(Kind::Ticket)).try_collect().await.unwrap();
    assert_eq!(census, listed);
}

#[tokio::test]
async fn a_page_that_comes_twice_is_no_harm() {
    let bed = Bed::new();
    let client = bed.client();
    bed.advance(3_600);
    let (whole, _) = follow(&client, Kind::Ticket, None, 100).await;
    bed.control.set_faults(vec![Fault::new("repeated_export").count(1)]).unwrap();
    let (again, _) = follow(&client, Kind::Ticket, None, 4).await;
    assert_eq!(ids(&again), ids(&whole));
}
