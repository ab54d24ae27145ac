//! Throttling: wire §6.

use std::time::Duration;

use serde_json::json;
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{call, get, sandbox};

const PATH: &str = "/api/now/v2/table/incident?sysparm_limit=1";

async fn rule(sandbox: &Sandbox, values: serde_json::Value) -> String {
    let created = call(sandbox, "POST", "/api/now/table/sys_rate_limit_rules").json(values).send().await;
    assert_eq!(created.status, 201, "{}", created.text());
    created.result()["sys_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_matching_rule_shows_headers_and_then_429() {
    let sandbox = sandbox();
    assert_eq!(get(&sandbox, PATH).await.header("x-ratelimit-limit"), None);
    let id = rule(
        &sandbox,
        json!({"name": "Limit incidents", "resource": "/now/table/incident", "method": "GET", "request_limit": "3"}),
    )
    .await;
    // 00:00 + 100 s; the window ends on the hour.
    sandbox.control().advance(100).unwrap();
    let reset = "2026-02-01T01:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    for _ in 0..3 {
        let answer = get(&sandbox, PATH).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), Some("3"));
        assert_eq!(answer.header("x-ratelimit-reset"), Some(reset.to_string().as_str()));
        assert_eq!(answer.header("x-ratelimit-rule"), Some(id.as_str()));
        assert_eq!(answer.header("x-ratelimit-remaining"), None);
        assert_eq!(answer.header("retry-after"), None);
    }
    let refused = get(&sandbox, PATH).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("3500"));
    assert_eq!(
        refused.error(),
        ("Rate limit exceeded".to_owned(), json!("Rate limit of 3 requests per hour for Table API exceeded"))
    );
    let other = get(&sandbox, "/api/now/table/problem").await;
    assert_eq!((other.status.as_u16(), other.header("x-ratelimit-limit")), (200, None));
    let itil = call(&sandbox, "GET", PATH).user("itil").send().await;
    assert_eq!(itil.status, 200, "each user has an own count");
    sandbox.control().advance(3500).unwrap();
    assert_eq!(get(&sandbox, PATH).await.status, 200);
}

/// D: the page's four rules and who of them wins.
#[tokio::test]
async fn user_rules_beat_role_rules_beat_rules_for_all() {
    let sandbox = sandbox();
    let itil = sandbox.control().find("sys_user", "user_name=itil").unwrap();
    let limit = async || {
        let answer = call(&sandbox, "GET", PATH).user("itil").send().await;
        answer.header("x-ratelimit-limit").map(str::to_owned)
    };
    let resource = "/now/v2/table/incident";
    rule(&sandbox, json!({"resource": resource, "type": "all", "request_limit": "50"})).await;
    assert_eq!(limit().await.as_deref(), Some("50"));
    rule(&sandbox, json!({"resource": resource, "type": "role", "role": "itil", "request_limit": "100"})).await;
    assert_eq!(limit().await.as_deref(), Some("100"));
    rule(&sandbox, json!({"resource": resource, "type": "role", "role": "import_admin", "request_limit": "10"})).await;
    assert_eq!(limit().await.as_deref(), Some("100"), "not one of the user's roles");
    sandbox.control().set_raw("sys_user", &itil[0], json!({"roles": "itil,import_admin"})).unwrap();
    assert_eq!(limit().await.as_deref(), Some("10"), "of several roles the lowest limit");
    rule(&sandbox, json!({"resource": resource, "type": "user", "user": itil[0], "request_limit": "200"})).await;
    assert_eq!(limit().await.as_deref(), Some("200"));
}

#[tokio::test]
async fn counts_may_be_enforced_late() {
    let sandbox = Sandbox::builder().rate_limit_flush_seconds(30).build().unwrap();
    rule(&sandbox, json!({"resource": "/now/table/incident", "request_limit": "2"})).await;
    for _ in 0..5 {
        assert_eq!(get(&sandbox, PATH).await.status, 200, "not committed yet");
    }
    sandbox.control().advance(30).unwrap();
    assert_eq!(get(&sandbox, PATH).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_the_workers_overflows_without_headers() {
    let sandbox = Sandbox::builder().workers(2, 3).build().unwrap();
    sandbox.control().set_faults([Fault::new("slow").parameter(100)]).unwrap();
    let answers = futures::future::join_all((0..8).map(|_| get(&sandbox, PATH))).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (5, 3));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.header("retry-after"), None);
    assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("x-ratelimit")));
}

/// Q:202: of 100 parallel requests on one session 12 are answered and 88 dropped; here the eleventh
/// waiting one is.
#[tokio::test(start_paused = true)]
async fn a_crowded_session_drops_requests_with_202() {
    let sandbox = Sandbox::builder().workers(100, 100).build().unwrap();
    let first = get(&sandbox, PATH).await;
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    sandbox.control().set_faults([Fault::new("slow").parameter(1000)]).unwrap();
    let started = tokio::time::Instant::now();
    let answers =
        futures::future::join_all((0..30).map(|_| call(&sandbox, "GET", PATH).header("cookie", &cookie).send())).await;
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    let dropped: Vec<_> = answers.iter().filter(|answer| answer.status == 202).collect();
    assert_eq!((served, dropped.len()), (11, 19));
    assert!(dropped[0].body.is_empty());
    assert_eq!(started.elapsed(), Duration::from_secs(11), "one at a time");
    let started = tokio::time::Instant::now();
    futures::future::join_all((0..30).map(|_| get(&sandbox, PATH))).await;
    assert_eq!(started.elapsed(), Duration::from_secs(1), "without cookies all at once");
}
