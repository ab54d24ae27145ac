//! The vendor's token endpoint fails, hangs, answers pages: it is an outage, not the end of a credential.

use std::time::Duration;

use serde_json::json;
use ticketing_core::ErrorKind;
use ticketing_store::Status;
use vendor_sandbox::{Fault, servicenow};

use crate::bed::{Bed, TENANT};

fn fault(name: &str) -> Fault {
    serde_json::from_value(json!({ "name": name })).unwrap()
}

/// One connection of a vendor that gives a living token again, two of vendors whose refresh tokens rotate.
async fn connected(bed: &Bed) {
    bed.connect(bed.begin_servicenow("prod")).await;
    bed.connect(bed.begin_jira("jira")).await;
    bed.connect(bed.begin_zendesk("zendesk")).await;
}

fn set_fault(bed: &Bed, name: &str, fault: Fault) {
    match name {
        "prod" => bed.servicenow.set_faults([fault]).unwrap(),
        "zendesk" => bed.zendesk.set_faults([fault]).unwrap(),
        _ => bed.jira.set_faults([fault]).unwrap(),
    }
}

#[tokio::test]
async fn an_outage_is_told_as_one_and_passes() {
    an_outage_passes(false).await;
}

#[tokio::test]
async fn an_outage_passes_where_refresh_tokens_rotate_too() {
    an_outage_passes(true).await;
}

async fn an_outage_passes(rotates: bool) {
    let bed = Bed::of(servicenow::Sandbox::builder().seed(7).rotate_refresh_tokens(rotates)).await;
    connected(&bed).await;
    let outages = ["prod", "jira", "zendesk"].map(|name| ["token_500", "token_html"].map(|outage| (name, outage)));
    for (name, outage) in outages.into_iter().flatten() {
        bed.advance(3_601);
        set_fault(&bed, name, fault(outage));
        let client = bed.beside().await.client(TENANT, name).await.unwrap();
        let error = client.check().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{name}, {outage}: {error}");
        let row = bed.connections.store().find(TENANT, name).await.unwrap();
        assert_eq!(row.status, Status::Active, "{name}, {outage}");
        assert!(row.last_error.is_some(), "{name}, {outage}");
        bed.servicenow.clear_faults();
        bed.jira.clear_faults();
        bed.zendesk.clear_faults();
        let client = bed.beside().await.client(TENANT, name).await.unwrap();
        client.check().await.unwrap();
        let row = bed.connections.store().find(TENANT, name).await.unwrap();
        assert_eq!((row.status, row.last_error), (Status::Active, None), "{name}, {outage}");
    }
}

/// Whoever ends the runtime waits for a refresh that is under way: the vendor's answer is the only refresh token that lives.
#[tokio::test]
async fn an_early_refresh_is_waited_for() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_zendesk("zendesk")).await;
    let row = async || bed.connections.store().find(TENANT, "zendesk").await.unwrap();
    let client = bed.connections.client(TENANT, "zendesk").await.unwrap();
    client.check().await.unwrap();
    let ends = row().await.expires_at.unwrap();
    let left = (ends - bed.zendesk.now()).num_seconds().unsigned_abs();
    bed.advance(left - 5);
    let slow = json!({"name": "slow", "parameter": "300", "path": "/oauth/tokens"});
    set_fault(&bed, "zendesk", serde_json::from_value(slow).unwrap());
    client.check().await.unwrap();
    assert_eq!(row().await.expires_at, Some(ends), "it is under way");
    bed.connections.settled().await;
    assert!(row().await.expires_at > Some(ends), "it is kept");
}

/// The vendor's clock is ahead of ours: a token that it takes for ended costs a refresh, also where it answers with 200.
#[tokio::test]
async fn a_check_with_an_ended_token_refreshes_it() {
    let bed = Bed::new().await;
    connected(&bed).await;
    bed.servicenow.advance(8_000).unwrap();
    bed.jira.advance(8_000).unwrap();
    bed.zendesk.advance(8_000).unwrap();
    for name in ["prod", "jira", "zendesk"] {
        bed.connections.client(TENANT, name).await.unwrap().check().await.unwrap();
    }
}

#[tokio::test]
async fn a_living_token_is_served_while_its_refresh_fails() {
    let bed = Bed::new().await;
    bed.connect(bed.begin_jira("jira")).await;
    let client = bed.connections.client(TENANT, "jira").await.unwrap();
    client.check().await.unwrap();
    bed.advance(3_400);
    bed.jira.set_faults([fault("token_500")]).unwrap();
    for _ in 0..20 {
        client.check().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bed.connections.store().find(TENANT, "jira").await.unwrap().status, Status::Active);
}

#[tokio::test]
async fn a_hanging_endpoint_holds_a_lease_no_longer_than_its_time() {
    let bed = Bed::new().await;
    connected(&bed).await;
    for name in ["prod", "jira", "zendesk"] {
        bed.advance(3_601);
        let hang = json!({"name": "token_hang", "parameter": "600000", "count": 1});
        set_fault(&bed, name, serde_json::from_value(hang).unwrap());
        let short = bed.beside().await.with_lease(Duration::from_millis(300));
        let hanging = short.client(TENANT, name).await.unwrap();
        let waiting = tokio::spawn(async move { hanging.check().await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Another process waits for the lease, and takes over.
        let begun = tokio::time::Instant::now();
        bed.connections.client(TENANT, name).await.unwrap().check().await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{name}: {:?}", begun.elapsed());
        waiting.abort();
    }
}
