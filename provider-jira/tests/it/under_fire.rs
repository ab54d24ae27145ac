//! What the simulation found, each as the shortest way to see it.

use futures::TryStreamExt as _;
use ticketing_core::model::{Change, Kind};
use ticketing_core::request::{GetTicket, ListChanges, ListIds, ListTickets, UpdateTicket};
use ticketing_core::{Checkpoint, ErrorKind, Result, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Flavour, Sandbox, SiteSettings};

use crate::bed::{Bed, all, try_all};

async fn titles(client: &TicketingClient, from: &mut Option<Checkpoint>) -> Vec<String> {
    let mut out = Vec::new();
    loop {
        let request = ListChanges::new(Kind::Ticket).with_checkpoint(from.clone());
        let page = client.list_changes(request).await.unwrap();
        let title = |change: &Change| match change {
            Change::Upserted { document, .. } => document.as_ticket().map(|ticket| ticket.title.clone()),
            Change::Removed { .. } => None,
        };
        out.extend(page.items.iter().filter_map(title));
        *from = Some(page.checkpoint);
        if page.caught_up {
            return out;
        }
    }
}

/// wire A3.3: the total is exact, so that a page with nothing on it is no end where the total says more.
#[tokio::test]
async fn an_empty_page_of_a_data_center_is_no_end() {
    let bed = Bed::on(Flavour::DataCenter);
    let client = bed.client();
    let ids = async || -> Result<Vec<String>> {
        client.ids(ListIds::new(Kind::Ticket).with_page_size(5)).try_collect().await
    };
    let (whole, census) = (all(&client, ListTickets::new()).await.len(), ids().await.unwrap().len());
    assert_eq!(whole, census);
    bed.control.set_faults([Fault::new("short_page").parameter(0).count(2)]).unwrap();
    assert_eq!(all(&client, ListTickets::new()).await.len(), whole);
    bed.control.set_faults([Fault::new("short_page").parameter(0).count(2)]).unwrap();
    assert_eq!(ids().await.unwrap().len(), census);
    bed.control.set_faults([Fault::new("short_page").parameter(0)]).unwrap();
    assert_eq!(try_all(&client, ListTickets::new()).await.unwrap_err().kind(), ErrorKind::Integrity);
    assert_eq!(ids().await.unwrap_err().kind(), ErrorKind::Integrity);
}

/// wire A3.4: one search may be further behind than the one before.
#[tokio::test]
async fn an_older_version_never_follows_a_newer_one() {
    let bed = Bed::of(Sandbox::builder().seed(7).settings(SiteSettings::default()));
    let client = bed.client();
    let mut from = None;
    titles(&client, &mut from).await;
    bed.advance(3_600);
    bed.control.set_summary("HELP-3", "older", "itil").unwrap();
    bed.advance(30);
    bed.control.set_summary("HELP-3", "newer", "itil").unwrap();
    assert_eq!(titles(&client, &mut from).await, ["newer"]);
    bed.control.set_faults([Fault::new("stale_search").parameter(15)]).unwrap();
    assert_eq!(titles(&client, &mut from).await, Vec::<String>::new());
    bed.control.clear_faults();
    assert_eq!(titles(&client, &mut from).await, Vec::<String>::new());
}

/// wire A2.3: to somebody it takes for nobody, a Data Center says 404 of what is there.
#[tokio::test]
async fn what_a_stranger_does_not_see_is_not_missing() {
    let bed = Bed::on(Flavour::DataCenter);
    let client = bed.client();
    client.get_ticket(GetTicket::new("HELP-3")).await.unwrap();
    bed.control.set_faults([Fault::new("anonymous_200").path("/issue/")]).unwrap();
    let error = client.get_ticket(GetTicket::new("HELP-3")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
}

#[tokio::test]
async fn what_was_written_stays_written_where_reading_it_back_fails() {
    let bed = Bed::cloud();
    let client = bed.client();
    bed.control.set_faults([Fault::new("unauthorized").path("/issue/*fields=summary")]).unwrap();
    let error = client.update_ticket(UpdateTicket::new("HELP-3").with_title("renamed")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert!(!error.applied().is_empty(), "{error:?}");
}
