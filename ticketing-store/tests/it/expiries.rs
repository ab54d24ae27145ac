//! Tokens end, over and over, under many readers: one new token each time, and nobody notices.

use std::sync::Arc;

use ticketing_core::TicketingClient;
use ticketing_core::request::ListGroups;
use ticketing_store::Status;

use crate::bed::{Bed, TENANT};

const READERS: usize = 50;
const EXPIRIES: usize = 100;

/// The cheapest reading there is.
async fn read(client: TicketingClient) -> ticketing_core::Result<()> {
    match client.info().name.as_str() {
        "servicenow" => client.list_groups(ListGroups::new().with_page_size(1)).await.map(drop),
        _ => client.check().await.map(drop),
    }
}

/// Everybody reads at once.
async fn everybody_reads(clients: &[TicketingClient]) {
    let readers = (0..READERS).map(|nth| tokio::spawn(read(clients[nth % clients.len()].clone())));
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_reissues_is_asked_once_for_each_end_and_never_before() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_servicenow("prod")).await;
    let clients = [bed.connections.client(TENANT, "prod").await.unwrap()];
    everybody_reads(&clients).await;
    bed.token_requests();
    for expiry in 0..EXPIRIES {
        // Just before its end the vendor would give the same token again: nobody asks for it.
        bed.advance(1_700);
        bed.servicenow.clear_requests();
        everybody_reads(&clients[..1]).await;
        assert_eq!(bed.token_requests(), 0, "expiry {expiry}");
        bed.advance(101);
        everybody_reads(&clients).await;
        assert_eq!(bed.token_requests(), 1, "expiry {expiry}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotating_refresh_tokens_are_followed_by_two_who_share_a_store() {
    let bed = Bed::new().await;
    let made = bed.connect(bed.begin_jira("jira")).await;
    let beside = bed.beside().await;
    let clients = [bed.connections.client(TENANT, "jira").await.unwrap(), beside.client(TENANT, "jira").await.unwrap()];
    everybody_reads(&clients).await;
    bed.token_requests();
    for expiry in 0..EXPIRIES {
        bed.advance(3_601);
        bed.jira.clear_requests();
        everybody_reads(&clients).await;
        assert_eq!(bed.token_requests(), 1, "expiry {expiry}: two processes, one refresh");
    }
    let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
    assert_eq!((row.status, row.last_error), (Status::Active, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_the_vendor_ended_early_costs_one_refresh_for_all() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_servicenow("prod")).await;
    bed.connect(bed.begin_jira("jira")).await;
    let beside = Arc::new(bed.beside().await);
    for name in ["prod", "jira"] {
        let clients = [bed.connections.client(TENANT, name).await.unwrap(), beside.client(TENANT, name).await.unwrap()];
        everybody_reads(&clients).await;
        for round in 0..10 {
            bed.token_requests();
            bed.servicenow.expire_access_tokens();
            bed.jira.expire_access_tokens();
            everybody_reads(&clients).await;
            assert_eq!(bed.token_requests(), 1, "{name}, round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_refreshes_come_before_the_end_and_hold_nobody() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_jira("jira")).await;
    let clients = [bed.connections.client(TENANT, "jira").await.unwrap()];
    everybody_reads(&clients).await;
    bed.token_requests();
    // A token of an hour is refreshed within its last six minutes.
    bed.advance(3_200);
    everybody_reads(&clients).await;
    assert_eq!(bed.token_requests(), 0);
    bed.advance(200);
    everybody_reads(&clients).await;
    for _ in 0..200 {
        if bed.token_requests() == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("nobody refreshed the token before its end");
}
