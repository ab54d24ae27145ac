//! Every fault: what the client gets to see, and what happened on the instance.

use std::time::Duration;

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Sandbox;

use crate::client::{Answer, call, column, get, sandbox};

const INCIDENTS: &str = "/api/now/table/incident";
const ORDERED: &str = "/api/now/table/incident?sysparm_query=ORDERBYnumber&sysparm_fields=number,sys_id";

fn with(sandbox: &Sandbox, fault: Fault) {
    sandbox.control().set_faults([fault]).unwrap();
}

async fn insert(sandbox: &Sandbox) -> Answer {
    call(sandbox, "POST", INCIDENTS).json(json!({"short_description": "new", "correlation_id": "key-1"})).send().await
}

fn count(sandbox: &Sandbox) -> u64 {
    count_of(sandbox, "incident")
}

fn count_of(sandbox: &Sandbox, table: &str) -> u64 {
    sandbox.control().state().counts[table]
}

#[tokio::test]
async fn pages_and_statuses_that_stand_in_for_an_answer() {
    let sandbox = sandbox();
    for (fault, status, word) in [
        ("status_500", 500, "<html>"),
        ("status_502", 502, "<html>"),
        ("status_503", 503, "<html>"),
        ("hibernating_200", 200, "Your instance is hibernating"),
        ("login_page_200", 200, "Log in"),
        ("accepted_202", 202, ""),
        ("error_with_200", 200, "\"status\":\"failure\""),
        ("unauthorized", 401, "User Not Authenticated"),
        ("too_many_requests_bare", 429, ""),
        ("redirect", 302, ""),
    ] {
        with(&sandbox, Fault::new(fault));
        let answer = get(&sandbox, ORDERED).await;
        assert_eq!(answer.status, status, "{fault}");
        assert!(answer.text().contains(word), "{fault}: {}", answer.text());
        if word.starts_with('<') || fault.ends_with("page_200") || fault == "hibernating_200" {
            assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{fault}");
        }
        assert_eq!(sandbox.control().faults()[0].applied, 1);
    }
    // 401 strikes once, as nothing was said about a count.
    with(&sandbox, Fault::new("unauthorized"));
    assert_eq!(get(&sandbox, ORDERED).await.status, 401);
    assert_eq!(get(&sandbox, ORDERED).await.status, 200);
    with(&sandbox, Fault::new("too_many_requests").parameter(7));
    let limited = get(&sandbox, ORDERED).await;
    assert_eq!(limited.header("retry-after"), Some("7"));
    assert!(limited.header("x-ratelimit-rule").is_some());
    with(&sandbox, Fault::new("too_many_requests_bare"));
    let bare = get(&sandbox, ORDERED).await;
    assert!(bare.header("retry-after").is_none() && bare.header("x-ratelimit-limit").is_none());
    with(&sandbox, Fault::new("redirect").parameter("https://other.example/"));
    assert_eq!(get(&sandbox, ORDERED).await.header("location"), Some("https://other.example/"));
}

/// wire §1.6, line by line: each refusal on demand, and nothing is processed.
#[tokio::test]
async fn every_refusal_of_the_catalogue_comes_on_demand() {
    let sandbox = sandbox();
    for (fault, status, message, detail) in [
        ("invalid_table_400", 400, "Invalid table incident", ""),
        ("no_resource_400", 400, "Requested URI does not represent any resource", ""),
        ("payload_rejected_400", 400, "Exception while reading request", "Rejected large REST payload"),
        ("mfa_401", 401, "User Not Authenticated", "Required to provide Auth information"),
        ("not_authorized_403", 403, "User Not Authorized", "Failed API level ACL Validation"),
        ("write_acl_403", 403, "Operation Failed", "ACL Exception Insert Failed due to security constraints"),
        ("data_policy_403", 403, "Operation Failed", "Data Policy Exception: \n\tThe following fields are mandatory"),
        (
            "business_rule_403",
            403,
            "Operation Failed",
            "Operation against file 'incident' was aborted by Business Rule",
        ),
        ("no_record_404", 404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
        ("method_405", 405, "Method not allowed", ""),
        ("accept_406", 406, "Not acceptable", ""),
        ("content_type_415", 415, "Unsupported media type", ""),
        ("client_gave_up_499", 499, "Client closed request", ""),
    ] {
        with(&sandbox, Fault::new(fault));
        let refused = insert(&sandbox).await;
        assert_eq!(refused.status, status, "{fault}");
        let body = refused.json();
        assert_eq!((&body["error"]["message"], &body["status"]), (&json!(message), &json!("failure")), "{fault}");
        let said = body["error"]["detail"].as_str().unwrap_or_default();
        assert!(said.starts_with(detail), "{fault}: {said}");
        assert_eq!(refused.header("x-mfa_token"), (fault == "mfa_401").then_some("invalid"));
        assert_eq!(count(&sandbox), 12, "{fault}");
    }
    with(&sandbox, Fault::new("uri_too_long_414"));
    let page = get(&sandbox, ORDERED).await;
    assert!(page.status == 414 && page.text().contains("<html>"), "{}", page.text());
    // Those of writes leave reading alone.
    with(&sandbox, Fault::new("data_policy_403"));
    assert_eq!(get(&sandbox, ORDERED).await.status, 200);
}

#[tokio::test]
async fn rows_move_while_they_are_paged() {
    let sandbox = sandbox();
    let control = sandbox.control();
    for (what, rows) in [("insert", 13), ("update", 13), ("delete", 12)] {
        with(&sandbox, Fault::new("rows_move").parameter(what).seed(5));
        let before = control.columns("incident", "", ["sys_id", "sys_mod_count"]).unwrap();
        assert_eq!(get(&sandbox, ORDERED).await.rows().len(), rows, "{what}");
        assert_ne!(control.columns("incident", "", ["sys_id", "sys_mod_count"]).unwrap(), before, "{what}");
    }
    // One of the three, by the seed; and nothing where rows have no title.
    let moves = async |seed: u64| {
        control.reset().unwrap();
        with(&sandbox, Fault::new("rows_move").seed(seed));
        for _ in 0..60 {
            get(&sandbox, ORDERED).await;
        }
        control.columns("incident", "", ["sys_id", "short_description"]).unwrap()
    };
    let first = moves(1).await;
    assert!(first.iter().any(|[_, title]| title.starts_with("Came while")), "{first:?}");
    assert!(first.iter().any(|[_, title]| title.starts_with("Changed while")), "{first:?}");
    assert_eq!(moves(1).await, first);
    assert_ne!(moves(2).await, first);
    let users = count_of(&sandbox, "sys_user");
    get(&sandbox, "/api/now/table/sys_user").await;
    assert_eq!(count_of(&sandbox, "sys_user"), users);
}

#[tokio::test]
async fn connections_break_before_within_and_after() {
    let sandbox = sandbox();
    with(&sandbox, Fault::new("reset_before_answer"));
    assert!(insert(&sandbox).await.broken);
    assert_eq!(count(&sandbox), 12, "nothing was processed");
    with(&sandbox, Fault::new("reset_after_write"));
    assert!(insert(&sandbox).await.broken);
    assert_eq!(count(&sandbox), 13, "the write happened");
    assert!(!get(&sandbox, ORDERED).await.broken, "reads are not struck");
    let statuses: Vec<_> = sandbox.control().requests().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [None, None, Some(200)]);
    with(&sandbox, Fault::new("reset_mid_body"));
    let cut = get(&sandbox, ORDERED).await;
    assert!(cut.broken && !cut.body.is_empty());
    assert!(serde_json::from_slice::<Value>(&cut.body).is_err());
}

#[tokio::test]
async fn bodies_that_are_wrong_in_themselves() {
    let sandbox = sandbox();
    with(&sandbox, Fault::new("truncated_json"));
    let cut = get(&sandbox, ORDERED).await;
    assert!(!cut.broken && cut.status == 200 && !cut.body.is_empty());
    assert!(serde_json::from_slice::<Value>(&cut.body).is_err());
    with(&sandbox, Fault::new("partial_result_with_error").parameter(3));
    let partial = get(&sandbox, ORDERED).await.json();
    assert_eq!(partial["result"].as_array().unwrap().len(), 3);
    assert_eq!(partial["status"], "failure");
    assert_eq!(partial["error"]["message"], "Transaction cancelled: maximum execution time exceeded");
    for rows in [0, 11, 12, 50] {
        with(&sandbox, Fault::new("partial_result_with_error").parameter(rows));
        let partial = get(&sandbox, ORDERED).await.json();
        assert_eq!(partial["result"].as_array().unwrap().len() as u64, rows.min(12));
        assert!(partial["error"].is_object());
    }
    with(&sandbox, Fault::new("broken_last_row").parameter(2));
    let broken = get(&sandbox, ORDERED).await.json();
    assert!(broken["result"][1].is_object() && broken["result"][2].is_string());
    assert_eq!(broken["result"].as_array().unwrap().len(), 3);
    with(&sandbox, Fault::new("big_page"));
    let big = get(&sandbox, ORDERED).await;
    assert_eq!(big.body.len(), 10 * 1024 * 1024);
    assert_eq!(big.rows().len(), 12);
}

#[tokio::test]
async fn an_insert_may_be_forbidden_and_happen_all_the_same() {
    let sandbox = sandbox();
    with(&sandbox, Fault::new("forbidden_after_insert"));
    let refused = insert(&sandbox).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.error().0, "Operation Failed");
    assert_eq!(sandbox.control().find("incident", "correlation_id=key-1").unwrap().len(), 1);
}

#[tokio::test]
async fn rows_hidden_empty_or_out_of_order() {
    let sandbox = Sandbox::builder().tickets(200).build().unwrap();
    let all = column(&get(&sandbox, ORDERED).await.rows(), "number");
    with(&sandbox, Fault::new("hidden_rows").parameter(json!({"share": 0.5})));
    let some = column(&get(&sandbox, ORDERED).await.rows(), "number");
    assert!((60..160).contains(&some.len()), "{}", some.len());
    assert_eq!(some, column(&get(&sandbox, ORDERED).await.rows(), "number"), "always the same ones");
    with(&sandbox, Fault::new("hidden_rows").parameter(json!({"query": "numberSTARTSWITHINC1"})));
    let answer = get(&sandbox, ORDERED).await;
    assert_eq!(answer.rows().len(), 12);
    assert_eq!(answer.header("x-total-count"), Some("212"));
    with(&sandbox, Fault::new("empty_rows").parameter(json!({"query": "numberSTARTSWITHINC1"})));
    let rows = get(&sandbox, ORDERED).await.rows();
    assert_eq!(rows.iter().filter(|row| **row == json!({})).count(), 200);
    let by_state = "/api/now/table/incident?sysparm_query=ORDERBYstate&sysparm_fields=number";
    sandbox.control().clear_faults();
    let stable = get(&sandbox, by_state).await.text();
    assert_eq!(stable, get(&sandbox, by_state).await.text());
    with(&sandbox, Fault::new("unordered_shuffle"));
    assert_ne!(get(&sandbox, by_state).await.text(), get(&sandbox, by_state).await.text());
    assert_eq!(all, column(&get(&sandbox, ORDERED).await.rows(), "number"));
}

#[tokio::test]
async fn counts_links_and_filters_that_lie() {
    let sandbox = sandbox();
    with(&sandbox, Fault::new("wrong_total_count").parameter(-3));
    assert_eq!(get(&sandbox, ORDERED).await.header("x-total-count"), Some("9"));
    with(&sandbox, Fault::new("foreign_link_host").parameter("evil.example"));
    let answer = get(&sandbox, "/api/now/table/incident?sysparm_limit=1&sysparm_query=assigned_toISNOTEMPTY").await;
    assert!(answer.header("link").unwrap().starts_with("<https://evil.example/api/now/table/incident?"));
    assert!(answer.rows()[0]["assigned_to"]["link"].as_str().unwrap().starts_with("https://evil.example/"));
    let filtered = "/api/now/table/incident?sysparm_query=active=true^state=2^ORDERBYnumber&sysparm_fields=number";
    assert_eq!(get(&sandbox, filtered).await.rows().len(), 3);
    with(&sandbox, Fault::new("ignored_query_part"));
    assert_eq!(get(&sandbox, filtered).await.rows().len(), 9, "active ones");
    with(&sandbox, Fault::new("ignored_query_part").parameter("active"));
    assert_eq!(get(&sandbox, filtered).await.rows().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_and_hanging_tokens_take_virtual_time() {
    let sandbox = sandbox();
    with(&sandbox, Fault::new("slow").parameter(2500));
    let started = tokio::time::Instant::now();
    assert_eq!(get(&sandbox, ORDERED).await.status, 200);
    assert_eq!(started.elapsed(), Duration::from_millis(2500));
    with(&sandbox, Fault::new("token_hang"));
    let started = tokio::time::Instant::now();
    call(&sandbox, "POST", "/oauth_token.do").send().await;
    assert_eq!(started.elapsed(), Duration::from_secs(600));
}

/// A mix of faults at 30 % is reproducible, request by request.
#[tokio::test]
async fn a_seeded_mix_strikes_the_same_requests_again() {
    let play = async |seed: u64| {
        let sandbox = Sandbox::builder().seed(9).build().unwrap();
        sandbox
            .control()
            .set_faults(
                ["status_503", "reset_before_answer", "truncated_json", "hibernating_200", "accepted_202"]
                    .map(|name| Fault::new(name).rate(0.06).seed(seed)),
            )
            .unwrap();
        let mut fates = Vec::new();
        for _ in 0..200 {
            let answer = get(&sandbox, ORDERED).await;
            fates.push((answer.status.as_u16(), answer.broken, answer.body.len()));
        }
        fates
    };
    let first = play(1).await;
    assert_eq!(first, play(1).await);
    assert_ne!(first, play(2).await);
    let good = first.iter().filter(|fate| **fate == (200, false, first.iter().map(|f| f.2).max().unwrap())).count();
    assert!((110..180).contains(&good), "{good}");
}
