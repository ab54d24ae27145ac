//! The control API, over HTTP as outside checks use it.

use serde_json::json;
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{call, get, sandbox};

#[tokio::test]
async fn state_shows_clock_counts_and_faults() {
    let sandbox = sandbox();
    let state = get(&sandbox, "/_sandbox/state").await.json();
    assert_eq!(state["vendor"], "servicenow");
    assert_eq!(state["clock"], "2026-02-01T00:00:00Z");
    assert_eq!(state["running"], false);
    assert_eq!(state["counts"]["incident"], 12);
    assert_eq!(state["counts"]["task"], 14);
    assert_eq!(state["faults"], json!([]));
}

#[tokio::test]
async fn the_clock_moves_forward_only() {
    let sandbox = sandbox();
    let post = |body| call(&sandbox, "POST", "/_sandbox/clock").json(body).send();
    let moved = post(json!({"advance_seconds": 60})).await;
    assert_eq!(moved.json()["clock"], "2026-02-01T00:01:00Z");
    let moved = post(json!({"to": "2026-02-02T00:00:00Z"})).await;
    assert_eq!(moved.json()["clock"], "2026-02-02T00:00:00Z");
    for (body, word) in [
        (json!({"to": "2026-02-01T00:00:00Z"}), "backwards"),
        (json!({"to": "yesterday"}), "RFC 3339"),
        (json!({"advance_seconds": -1}), "advance_seconds"),
        (json!({"go": 1}), "unknown field"),
        (json!({}), "expected one of"),
        (json!({"run": true, "to": "2026-02-03T00:00:00Z"}), "expected one of"),
        (json!([]), "expected"),
    ] {
        let refused = post(body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        let error = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(word), "{body}: {error}");
    }
    let state = get(&sandbox, "/_sandbox/state").await.json();
    assert_eq!(state["clock"], "2026-02-02T00:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn the_clock_can_run() {
    let sandbox = sandbox();
    let post = |body| call(&sandbox, "POST", "/_sandbox/clock").json(body).send();
    assert_eq!(post(json!({"run": true})).await.json()["running"], true);
    tokio::time::advance(std::time::Duration::from_secs(90)).await;
    let state = get(&sandbox, "/_sandbox/state").await.json();
    assert_eq!(state["clock"], "2026-02-01T00:01:30Z");
}

#[tokio::test]
async fn faults_are_set_listed_and_refused_by_name() {
    let sandbox = sandbox();
    let put = |body| call(&sandbox, "PUT", "/_sandbox/faults").json(body).send();
    let set = put(json!([{"name": "status_503", "count": 1}])).await;
    assert_eq!(set.status, 200, "{}", set.text());
    let path = "/api/now/table/incident?sysparm_limit=1";
    let struck = get(&sandbox, path).await;
    assert_eq!(struck.status, 503);
    assert!(struck.text().starts_with("<html>"));
    assert_eq!(get(&sandbox, path).await.status, 200);
    let listed = get(&sandbox, "/_sandbox/faults").await.json();
    assert_eq!(listed["faults"][0]["applied"], 1);
    assert!(listed["known"].as_array().unwrap().len() > 25);
    let refused = put(json!([{"name": "status_503"}, {"name": "gremlins"}])).await;
    assert_eq!(refused.status, 400);
    let error = refused.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("gremlins") && error.contains("hibernating_200"), "{error}");
    assert_eq!(put(json!("x")).await.status, 400);
    assert_eq!(put(json!([{"name": "slow", "rate": 2}])).await.status, 400);
    // A refused set leaves the old one in force, and an empty one clears it.
    assert_eq!(sandbox.control().faults().len(), 1);
    assert_eq!(put(json!([])).await.json()["faults"], json!([]));
}

#[tokio::test]
async fn requests_are_logged_without_credentials() {
    let sandbox = sandbox();
    call(&sandbox, "GET", "/api/now/table/incident?sysparm_limit=1&x-sn-apikey=topsecret")
        .header("cookie", "JSESSIONID=alsosecret")
        .send()
        .await;
    let log = get(&sandbox, "/_sandbox/requests").await;
    assert!(!log.text().contains("topsecret") && !log.text().contains("alsosecret"));
    assert!(!log.text().contains("YWRtaW4"), "{}", log.text());
    let entries = log.json()["requests"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 1, "control requests are not logged");
    assert_eq!(entries[0]["method"], "GET");
    assert_eq!(entries[0]["path"], "/api/now/table/incident");
    assert!(entries[0]["query"].as_str().unwrap().starts_with("sysparm_limit=1&"));
    assert_eq!(entries[0]["status"], 200);
    let digest = entries[0]["headers"]["authorization"].as_str().unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    assert_eq!(call(&sandbox, "DELETE", "/_sandbox/requests").send().await.status, 204);
    assert!(sandbox.control().requests().is_empty());
}

#[tokio::test]
async fn reset_goes_back_to_the_start() {
    let sandbox = sandbox();
    let before = get(&sandbox, "/_sandbox/state").await.json();
    let control = sandbox.control();
    control.advance(3600).unwrap();
    control.set_faults([Fault::new("slow")]).unwrap();
    control.insert("admin", "incident", json!({"short_description": "new"})).unwrap();
    assert_eq!(control.state().counts["incident"], 13);
    let reset = call(&sandbox, "POST", "/_sandbox/reset").send().await;
    assert_eq!(reset.status, 200);
    assert_eq!(get(&sandbox, "/_sandbox/state").await.json(), before);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_sandbox() {
    let play = async |seed: u64| {
        let sandbox = Sandbox::builder().seed(seed).build().unwrap();
        let created =
            call(&sandbox, "POST", "/api/now/table/incident").json(json!({"short_description": "x"})).send().await;
        let listed = get(&sandbox, "/api/now/table/incident?sysparm_fields=number").await;
        (created.text(), listed.text())
    };
    assert_eq!(play(5).await, play(5).await);
    assert_ne!(play(5).await, play(6).await);
}

#[tokio::test]
async fn unknown_controls_are_named() {
    let answer = get(&sandbox(), "/_sandbox/nonsense").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("no such control"));
}
