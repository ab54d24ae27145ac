//! Following changes and counting what there is: ties, overlap, deletions, and checkpoints that lose nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{Change, Kind, RemovalReason};
use ticketing_core::request::{ListChanges, ListIds};
use ticketing_core::{ChangePage, Checkpoint, ErrorKind, Result, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, RowDenial, Sandbox, TableDenial};

use crate::bed::{Bed, config};

async fn step(client: &TicketingClient, kind: Kind, from: Option<Checkpoint>, size: u32) -> Result<ChangePage> {
    client.list_changes(ListChanges::new(kind).with_checkpoint(from).with_page_size(size)).await
}

/// Everything until the delta has caught up.
async fn follow(
    client: &TicketingClient,
    kind: Kind,
    from: Option<Checkpoint>,
    size: u32,
) -> (Vec<Change>, Checkpoint) {
    let mut changes = Vec::new();
    let mut at = from;
    for _ in 0..1_000 {
        let page = step(client, kind, at, size).await.unwrap();
        changes.extend(page.items);
        at = Some(page.checkpoint);
        if page.caught_up {
            return (changes, at.unwrap());
        }
    }
    panic!("the delta does not catch up");
}

fn ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(Change::id).collect()
}

/// A mirror: what a product that applies changes holds.
fn apply(mirror: &mut BTreeMap<String, Option<String>>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Upserted { document, .. } => {
                let version = document.as_ticket().and_then(|ticket| ticket.version.as_ref().map(ToString::to_string));
                mirror.insert(change.id().to_owned(), version)
            }
            Change::Removed { id, .. } => mirror.remove(id),
        };
    }
}

fn truth(bed: &Bed) -> BTreeMap<String, Option<String>> {
    let version = |id: &str| {
        let row = bed.control.row("incident", id).unwrap().unwrap();
        row.get("sys_mod_count").and_then(|count| count.as_str()).map(str::to_owned)
    };
    bed.control.find("incident", "").unwrap().into_iter().map(|id| (id.clone(), version(&id))).collect()
}

#[tokio::test]
async fn a_first_reading_brings_everything_once_and_the_next_one_nothing() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60));
    let client = bed.client();
    for size in [1, 7, 500] {
        let (changes, checkpoint) = follow(&client, Kind::Ticket, None, size).await;
        assert_eq!(changes.len(), 72, "page size {size}");
        assert_eq!(ids(&changes).into_iter().collect::<BTreeSet<_>>().len(), 72);
        let page = step(&client, Kind::Ticket, Some(checkpoint.clone()), size).await.unwrap();
        assert!(page.caught_up && page.items.is_empty(), "{:?}", ids(&page.items));
        assert_eq!(page.checkpoint, checkpoint, "nothing new leaves the checkpoint as it was");
    }
}

#[tokio::test]
async fn changes_of_one_second_are_told_to_the_last() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60));
    let client = bed.client();
    let (_, mut at) = follow(&client, Kind::Ticket, None, 10).await;
    bed.advance(3_600);
    let all = bed.control.find("incident", "").unwrap();
    for round in 0..3 {
        let changed: Vec<&String> = all.iter().skip(round * 11).take(30).collect();
        for id in &changed {
            bed.control.update("itil", "incident", id, json!({"description": format!("round {round}")})).unwrap();
        }
        let (changes, next) = follow(&client, Kind::Ticket, Some(at), 4).await;
        let told: BTreeSet<&str> = ids(&changes).into_iter().collect();
        assert_eq!(told, changed.iter().map(|id| id.as_str()).collect(), "round {round}");
        assert_eq!(told.len(), changes.len(), "round {round}: nothing is told twice");
        at = next;
        // The next round is in the same second, or the one after.
        bed.advance(round as u64);
    }
}

#[tokio::test]
async fn a_write_that_was_committed_late_is_not_lost() {
    let bed = Bed::new();
    let client = bed.client();
    let (_, at) = follow(&client, Kind::Ticket, None, 100).await;
    let (vpn, outage) = (bed.incident("VPN"), bed.incident("No network"));
    bed.advance(600);
    bed.control.update("itil", "incident", &vpn, json!({"description": "first"})).unwrap();
    let (changes, at) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert_eq!(ids(&changes), [vpn.as_str()]);
    // Stamped a minute before what was read already, and committed only now.
    bed.control.update("itil", "incident", &outage, json!({"description": "late"})).unwrap();
    bed.control.set_raw("incident", &outage, json!({"sys_updated_on": "2026-02-01 00:09:00"})).unwrap();
    let (changes, at) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert_eq!(ids(&changes), [outage.as_str()]);
    assert!(follow(&client, Kind::Ticket, Some(at), 100).await.0.is_empty());
}

#[tokio::test]
async fn deletions_are_told_and_what_came_back_is_not() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem"]);
    assert!(client.capabilities().sees_deletes);
    let (before, at) = follow(&client, Kind::Ticket, None, 100).await;
    assert!(before.iter().all(|change| matches!(change, Change::Upserted { .. })));
    bed.advance(60);
    let (vpn, dhcp, change) = (bed.incident("VPN"), bed.incident("DHCP leases"), bed.incident("Enlarge the DHCP"));
    let copy = bed.control.row("incident", &bed.incident("No network")).unwrap().unwrap();
    let outage = copy["sys_id"].as_str().unwrap().to_owned();
    bed.control.delete("admin", "incident", &vpn).unwrap();
    bed.control.delete("admin", "problem", &dhcp).unwrap();
    bed.control.delete("admin", "change_request", &change).unwrap();
    bed.control.delete("admin", "incident", &outage).unwrap();
    bed.control.insert("admin", "incident", json!({"sys_id": outage, "short_description": "Back"})).unwrap();
    let (changes, at) = follow(&client, Kind::Ticket, Some(at), 1).await;
    let removed: BTreeSet<&str> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Removed { id, removal, .. } => {
                assert_eq!(removal.reason, Some(RemovalReason::Deleted));
                assert_eq!(removal.at, Some("2026-02-01T00:01:00Z".parse().unwrap()));
                Some(id.as_str())
            }
            Change::Upserted { .. } => None,
        })
        .collect();
    assert_eq!(removed, BTreeSet::from([vpn.as_str(), dhcp.as_str()]));
    assert_eq!(changes.len(), 3, "and the one that came back");
    assert!(follow(&client, Kind::Ticket, Some(at), 100).await.0.is_empty());
}

#[tokio::test]
async fn a_purge_leaves_no_trace_and_the_census_sees_it() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request"]);
    let census = |size: u32| {
        let stream = client.ids(ListIds::new(Kind::Ticket).with_page_size(size));
        async move { stream.try_collect::<Vec<String>>().await.unwrap() }
    };
    let all = census(5).await;
    assert_eq!(all.len(), 14);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 14);
    let (_, at) = follow(&client, Kind::Ticket, None, 100).await;
    let vpn = bed.incident("VPN");
    bed.control.purge("incident", &vpn).unwrap();
    assert!(follow(&client, Kind::Ticket, Some(at), 100).await.0.is_empty());
    let left = census(1).await;
    assert_eq!(left.len(), 13);
    assert!(!left.contains(&vpn));
    // Ids alone are asked for, and pages go by keyset.
    let last = bed.control.requests().into_iter().rfind(|request| request.path.ends_with("incident")).unwrap();
    assert!(last.query.contains("sysparm_fields=sys_id&"), "{}", last.query);
    assert!(last.query.contains("sys_id%3E") && last.query.contains("sysparm_offset=0"), "{}", last.query);
}

#[tokio::test]
async fn every_kind_can_be_followed_and_counted() {
    let bed = Bed::new();
    let client = bed.client();
    for (kind, table, count, change) in [
        (Kind::User, "sys_user", 8, json!({"title": "Changed"})),
        (Kind::Group, "sys_user_group", 4, json!({"description": "Changed"})),
        (Kind::Account, "core_company", 2, json!({"notes": "Changed"})),
        (Kind::Contact, "customer_contact", 3, json!({"title": "Changed"})),
    ] {
        let (changes, at) = follow(&client, kind, None, 3).await;
        let told: BTreeSet<String> = ids(&changes).into_iter().map(str::to_owned).collect();
        assert_eq!(told.len(), count, "{kind}");
        let counted: Vec<String> = client.ids(ListIds::new(kind).with_page_size(2)).try_collect().await.unwrap();
        assert_eq!(counted.iter().cloned().collect::<BTreeSet<_>>(), told, "{kind}");
        bed.advance(300);
        let one = counted[1].clone();
        bed.control.update("admin", table, &one, change).unwrap();
        let (changes, at) = follow(&client, kind, Some(at), 3).await;
        assert_eq!(ids(&changes), [one.as_str()], "{kind}");
        bed.control.delete("admin", table, &one).unwrap();
        let (changes, _) = follow(&client, kind, Some(at), 3).await;
        assert!(matches!(&changes[..], [Change::Removed { id, .. }] if *id == one), "{kind}: {changes:?}");
    }
    let (comments, at) = follow(&client, Kind::Comment, None, 3).await;
    assert_eq!(comments.len(), bed.control.find("sys_journal_field", "name=incident").unwrap().len());
    let vpn = bed.incident("VPN");
    bed.advance(300);
    bed.control.update("itil", "incident", &vpn, json!({"comments": "One", "work_notes": "Two"})).unwrap();
    let (changes, _) = follow(&client, Kind::Comment, Some(at), 1).await;
    assert_eq!(changes.len(), 2);
}

#[tokio::test]
async fn hidden_rows_end_no_delta() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60));
    let client = bed.client();
    let hidden = bed.control.find("incident", "number<INC1000040").unwrap();
    bed.control.deny_rows("incident", "number<INC1000040", Audience::Everyone, RowDenial::Hidden).unwrap();
    for size in [3, 10] {
        let (changes, _) = follow(&client, Kind::Ticket, None, size).await;
        assert_eq!(changes.len(), 72 - hidden.len());
        let counted: Vec<String> =
            client.ids(ListIds::new(Kind::Ticket).with_page_size(size)).try_collect().await.unwrap();
        assert_eq!(counted.len(), 72 - hidden.len());
    }
}

#[tokio::test]
async fn without_the_right_to_see_deletions_the_rest_goes_on() {
    let bed = Bed::new();
    let client = bed.client();
    bed.control.deny_table("sys_audit_delete", Audience::Everyone, TableDenial::Forbidden).unwrap();
    let (_, at) = follow(&client, Kind::Ticket, None, 100).await;
    assert!(!client.capabilities().sees_deletes, "it is known now");
    bed.advance(60);
    let (vpn, outage) = (bed.incident("VPN"), bed.incident("No network"));
    bed.control.delete("admin", "incident", &vpn).unwrap();
    bed.control.update("itil", "incident", &outage, json!({"description": "x"})).unwrap();
    let (changes, at) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert_eq!(ids(&changes), [outage.as_str()]);
    // The right comes back, and another process goes on from the same checkpoint.
    bed.control.clear_denials();
    let client = bed.client();
    assert!(client.capabilities().sees_deletes);
    let (_, at) = follow(&client, Kind::Ticket, Some(at), 100).await;
    bed.advance(600);
    bed.control.delete("admin", "incident", &outage).unwrap();
    let (changes, _) = follow(&client, Kind::Ticket, Some(at), 100).await;
    assert!(matches!(&changes[..], [Change::Removed { id, .. }] if *id == outage), "{changes:?}");
}

#[tokio::test]
async fn a_checkpoint_is_good_for_its_own_kind_tables_and_account() {
    let bed = Bed::new();
    let client = bed.client();
    let (_, at) = follow(&client, Kind::Ticket, None, 100).await;
    assert!(!at.as_str().contains("127.0.0.1"));
    let before = bed.sent();
    for (client, kind, at) in [
        (client.clone(), Kind::User, at.clone()),
        (bed.tables(&["incident", "problem"]), Kind::Ticket, at.clone()),
        (client.clone(), Kind::Ticket, Checkpoint::new("nonsense")),
    ] {
        let error = step(&client, kind, Some(at), 100).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("checkpoint")), "{error}");
    }
    assert_eq!(bed.sent(), before);
    // Another process goes on from it.
    let other = bed.client_of(config("admin", &["incident"]));
    assert!(follow(&other, Kind::Ticket, Some(at), 100).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn faults_lose_nothing_and_move_no_checkpoint() {
    for (nth, name) in [
        "partial_result_with_error",
        "broken_last_row",
        "truncated_json",
        "hidden_rows",
        "empty_rows",
        "status_503",
        "hibernating_200",
        "unordered_shuffle",
    ]
    .into_iter()
    .enumerate()
    {
        let bed = Bed::of(Sandbox::builder().seed(nth as u64).tickets(60));
        let client = bed.client();
        bed.control.set_faults([Fault::new(name).rate(0.4).seed(nth as u64).path("/table/incident?")]).unwrap();
        let mut mirror = BTreeMap::new();
        let mut at: Option<Checkpoint> = None;
        let mut caught_up = false;
        for round in 0..400 {
            match step(&client, Kind::Ticket, at.clone(), 9).await {
                Ok(page) => {
                    apply(&mut mirror, &page.items);
                    at = Some(page.checkpoint);
                    caught_up = page.caught_up;
                }
                // The same checkpoint is used again.
                Err(error) => assert!(error.is_retryable() || error.kind() == ErrorKind::Integrity, "{name}: {error}"),
            }
            if round == 5 {
                bed.advance(60);
                for id in bed.control.find("incident", "state=2").unwrap() {
                    bed.control.update("itil", "incident", &id, json!({"description": "again"})).unwrap();
                }
            }
            if caught_up && round > 5 {
                break;
            }
        }
        assert!(caught_up, "{name}");
        let truth = truth(&bed);
        // Rows that were hidden while their page was read come with the census; all others must be right.
        if matches!(name, "hidden_rows" | "empty_rows") {
            assert!(mirror.iter().all(|(id, version)| truth.get(id) == Some(version)), "{name}");
            continue;
        }
        assert_eq!(mirror, truth, "{name}");
    }
}
