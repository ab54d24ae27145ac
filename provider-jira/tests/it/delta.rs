//! Following what changes, and counting what is there.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use ticketing_core::model::{Change, Kind};
use ticketing_core::request::{GetTicket, ListChanges, ListIds, ListTickets, TicketFilter, UpdateTicket};
use ticketing_core::{Checkpoint, ErrorKind, TicketId, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Flavour, Sandbox, SiteSettings};

use crate::bed::{Bed, FLAVOURS};

async fn read(client: &TicketingClient, mut from: Option<Checkpoint>, size: u32) -> (Vec<Change>, Checkpoint) {
    let mut items = Vec::new();
    loop {
        let request = ListChanges::new(Kind::Ticket).with_checkpoint(from).with_page_size(size);
        let page = client.list_changes(request).await.unwrap();
        items.extend(page.items);
        if page.caught_up {
            return (items, page.checkpoint);
        }
        from = Some(page.checkpoint);
    }
}

fn ids(items: &[Change]) -> BTreeSet<&str> {
    items.iter().map(Change::id).collect()
}

#[tokio::test]
async fn what_somebody_else_does_comes_once() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let (whole, checkpoint) = read(&client, None, 7).await;
        assert_eq!(ids(&whole).len(), vendor_sandbox::company::Company::standard().tickets.len());
        bed.advance(3_600);
        let made = bed.control.create_issue("made elsewhere", "itil").unwrap();
        bed.control.set_summary("HELP-3", "renamed", "itil").unwrap();
        let (news, checkpoint) = read(&client, Some(checkpoint), 100).await;
        assert_eq!(ids(&news), BTreeSet::from([made.as_str(), "10003"]), "{flavour:?}");
        let (idle, again) = read(&client, Some(checkpoint), 100).await;
        assert!(idle.is_empty(), "{idle:?}");
        // The window has moved on behind what was told, and stands still from then on.
        let (idle, still) = read(&client, Some(again.clone()), 100).await;
        assert!(idle.is_empty(), "{idle:?}");
        assert_eq!(still, again);
    }
}

/// wire A3.4: what a search does not see yet comes with one of the next sweeps.
#[tokio::test]
async fn a_search_that_lags_behind_loses_nothing() {
    let settings = SiteSettings { search_lag_seconds: 240, ..SiteSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).settings(settings));
    let client = bed.client();
    bed.advance(3_600);
    let (_, mut checkpoint) = read(&client, None, 100).await;
    let mut expected = BTreeSet::new();
    let mut told = BTreeSet::new();
    for nth in 0..12 {
        expected.insert(bed.control.create_issue(&format!("late {nth}"), "itil").unwrap());
        bed.advance(60);
        let (news, next) = read(&client, Some(checkpoint), 3).await;
        told.extend(ids(&news).into_iter().map(str::to_owned));
        checkpoint = next;
    }
    bed.advance(240);
    let (news, _) = read(&client, Some(checkpoint), 3).await;
    told.extend(ids(&news).into_iter().map(str::to_owned));
    assert!(expected.is_subset(&told), "missing: {:?}", expected.difference(&told));
}

/// wire A3.4: our own writes are in the next answer, however far the search lags.
#[tokio::test]
async fn what_was_written_here_is_seen_at_once() {
    let settings = SiteSettings { search_lag_seconds: 240, ..SiteSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).settings(settings));
    let client = bed.client();
    bed.advance(3_600);
    let (_, checkpoint) = read(&client, None, 100).await;
    let update = UpdateTicket::new(TicketId::from("10003")).with_title("ours");
    client.update_ticket(update).await.unwrap();
    let (news, _) = read(&client, Some(checkpoint), 100).await;
    assert_eq!(ids(&news), BTreeSet::from(["10003"]));
}

/// What another process wrote, and is asked for by id, is seen at once too.
#[tokio::test]
async fn who_asks_by_id_sees_what_searches_do_not_yet() {
    let settings = SiteSettings { search_lag_seconds: 240, ..SiteSettings::default() };
    let bed = Bed::of(Sandbox::builder().seed(7).settings(settings));
    bed.advance(3_600);
    let id = bed.control.create_issue("made elsewhere", "itil").unwrap();
    let client = bed.client();
    let listed = |ids: Vec<String>| client.tickets(ListTickets::new().with_filter(TicketFilter::new().with_ids(ids)));
    let found: Vec<_> = listed(vec!["10003".to_owned(), id.clone()]).try_collect().await.unwrap();
    assert_eq!(found.len(), 2, "{found:?}");
}

/// wire A5: dates in queries are read in the zone of the profile, and whoever moves it moves the window.
#[tokio::test]
async fn a_profile_in_another_zone_loses_nothing() {
    let zones =
        [chrono_tz::Tz::Pacific__Kiritimati, chrono_tz::Tz::Pacific__Pago_Pago, chrono_tz::Tz::America__St_Johns];
    for (flavour, zone) in FLAVOURS.into_iter().flat_map(|flavour| zones.map(|zone| (flavour, zone))) {
        let bed = Bed::on(flavour);
        bed.control.set_zone("admin", zone).unwrap();
        let client = bed.client();
        let (_, checkpoint) = read(&client, None, 100).await;
        bed.advance(3_600);
        bed.control.set_summary("HELP-3", "renamed", "itil").unwrap();
        let (news, _) = read(&client, Some(checkpoint), 100).await;
        assert_eq!(ids(&news), BTreeSet::from(["10003"]), "{flavour:?} {zone}");
    }
}

#[tokio::test]
async fn a_census_whose_tokens_end_is_asked_for_again() {
    let bed = Bed::cloud();
    let client = bed.client();
    let whole: Vec<String> = client.ids(ListIds::new(Kind::Ticket)).try_collect().await.unwrap();
    let empty = Fault::new("short_page").parameter(0).count(1);
    bed.control.set_faults([empty.clone(), Fault::new("refused_token").count(1)]).unwrap();
    let ids: Vec<String> = client.ids(ListIds::new(Kind::Ticket)).try_collect().await.unwrap();
    assert_eq!(ids, whole);
    bed.control.set_faults([Fault::new("short_page").parameter(0), Fault::new("refused_token")]).unwrap();
    let error = client.ids(ListIds::new(Kind::Ticket)).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!((error.kind(), error.hint()), (ErrorKind::Integrity, Some("begin the census anew")), "{error}");
}

#[tokio::test]
async fn a_census_is_whole_however_short_its_pages_are() {
    for flavour in FLAVOURS {
        let bed = Bed::of(Sandbox::builder().seed(7).flavour(flavour).tickets(60));
        let client = bed.client();
        let mut counts = Vec::new();
        for (size, fault) in [(5_000_u32, false), (7, false), (7, true)] {
            if fault && flavour == Flavour::Cloud {
                bed.control.set_faults(vec![Fault::new("short_page").parameter(0).count(1)]).unwrap();
            }
            let mut all = Vec::new();
            let mut cursor = None;
            loop {
                let request = ListIds::new(Kind::Ticket).with_cursor(cursor).with_page_size(size);
                let page = client.list_ids(request).await.unwrap();
                all.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            counts.push(all.len());
            all.dedup();
            assert_eq!(all.len(), counts[0], "{flavour:?} {size}");
        }
        assert!(counts[0] > 60);
    }
}

/// wire A4.1, A14: a deleted issue and one that may not be seen are one and the same 404, so that nothing here says which it was:
/// no change says `removed`, the census is without both, and both refusals have the same words.
#[tokio::test]
async fn a_deleted_issue_and_a_hidden_one_are_missing_and_never_told_as_deleted() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        assert!(!client.capabilities().sees_deletes, "{flavour:?}");
        bed.advance(3_600);
        let (whole, checkpoint) = read(&client, None, 100).await;
        assert!(ids(&whole).is_superset(&BTreeSet::from(["10001", "10002"])), "both were there");
        // What was changed before it went must not come as if it were there.
        bed.control.set_summary("HELP-1", "changed and deleted", "itil").unwrap();
        bed.control.set_summary("HELP-2", "changed and hidden", "itil").unwrap();
        bed.control.set_summary("HELP-3", "changed", "itil").unwrap();
        bed.control.delete_issue("HELP-1").unwrap();
        bed.control.hide_issue("HELP-2", "admin").unwrap();
        bed.advance(60);
        let (news, _) = read(&client, Some(checkpoint), 100).await;
        assert_eq!(ids(&news), BTreeSet::from(["10003"]), "{flavour:?}");
        assert!(news.iter().all(|change| matches!(change, Change::Upserted { .. })), "{flavour:?}: {news:?}");
        let census = client.list_ids(ListIds::new(Kind::Ticket).with_page_size(1_000_u32)).await.unwrap().items;
        assert!(census.iter().any(|own| own == "10003"), "{flavour:?}");
        let mut refusals = BTreeSet::new();
        for id in ["10001", "10002"] {
            assert!(!census.iter().any(|own| own == id), "{flavour:?} {id}");
            let error = client.get_ticket(GetTicket::new(id)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{flavour:?} {id}");
            assert!(error.to_string().contains("or it may not be read"), "{flavour:?}: {error}");
            refusals.insert(error.to_string().replace(id, "ID"));
        }
        assert_eq!(refusals.len(), 1, "{flavour:?}: {refusals:?}");
        // Who may still see it does: it was not deleted.
        let seen = bed.itil().get_ticket(GetTicket::new("10002")).await.unwrap();
        assert_eq!((seen.title.as_str(), seen.deleted), ("changed and hidden", None), "{flavour:?}");
        let gone = bed.itil().get_ticket(GetTicket::new("10001")).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound, "{flavour:?}");
    }
}
