//! The vendor's token endpoint fails, hangs, answers pages: it is an outage, not the end of a credential.

use std::time::Duration;

use serde_json::json;
use ticketing_core::ErrorKind;
use ticketing_store::Status;
use vendor_sandbox::Fault;

use crate::bed::{Bed, TENANT};

fn fault(name: &str) -> Fault {
    serde_json::from_value(json!({ "name": name })).unwrap()
}

#[tokio::test]
async fn an_outage_is_told_as_one_and_passes() {
    let bed = Bed::new().await;
    let made = bed.connect(bed.begin_servicenow("prod")).await;
    for (name, kind) in [("token_500", ErrorKind::Unavailable), ("token_html", ErrorKind::Unavailable)] {
        bed.advance(1_801);
        bed.servicenow.set_faults([fault(name)]).unwrap();
        let client = bed.beside().await.client(TENANT, "prod").await.unwrap();
        let error = client.check().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, true), "{name}: {error}");
        let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
        assert_eq!(row.status, Status::Active, "{name}");
        assert!(row.last_error.is_some(), "{name}");
        bed.servicenow.clear_faults();
        let client = bed.beside().await.client(TENANT, "prod").await.unwrap();
        client.check().await.unwrap();
        let row = bed.connections.store().get(TENANT, &made.id).await.unwrap();
        assert_eq!((row.status, row.last_error), (Status::Active, None), "{name}");
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
    bed.connect(bed.begin_servicenow("prod")).await;
    bed.advance(1_801);
    let hang: Fault = serde_json::from_value(json!({"name": "token_hang", "parameter": "600000", "count": 1})).unwrap();
    bed.servicenow.set_faults([hang]).unwrap();
    let short = bed.beside().await.with_lease(Duration::from_millis(300));
    let hanging = short.client(TENANT, "prod").await.unwrap();
    let waiting = tokio::spawn(async move { hanging.check().await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    // Another process waits for the lease, and takes over.
    let begun = tokio::time::Instant::now();
    bed.connections.client(TENANT, "prod").await.unwrap().check().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    waiting.abort();
}
