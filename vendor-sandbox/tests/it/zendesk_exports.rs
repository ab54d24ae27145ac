//! Zendesk: searches, incremental exports, webhooks, faults (wire B5, B6, B9, B10).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::{AccountSettings, Sandbox};

use crate::zendesk_reading::{account, ask, ids, read, write};

async fn found(sandbox: &Sandbox, query: &str) -> Vec<u64> {
    let answer =
        ask(sandbox, "GET", "search").query(&[("query", query), ("sort_by", "created_at"), ("sort_order", "asc")]);
    let answer = answer.send().await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let mut ids = ids(&answer.json()["results"]);
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn the_query_language() {
    let sandbox = account();
    for (query, expected) in [
        ("type:ticket status<pending", vec![2, 7, 8, 10, 11, 12, 13]),
        ("type:ticket status:solved", vec![3, 14]),
        ("type:ticket status:solved status:pending", vec![3, 5, 14]),
        ("type:ticket priority>=high -status:closed", vec![2, 3, 6, 8]),
        ("type:ticket tags:vpn", vec![3]),
        ("type:ticket tags:none status:new", vec![7, 11, 12]),
        ("type:ticket assignee:none", vec![4, 7, 11]),
        ("type:ticket assignee:ines.tilden@example.com", vec![5, 9, 10]),
        ("type:ticket requester:\"Alex Kim\"", vec![1, 6, 10]),
        ("type:ticket requester:greta@boreal.example", vec![3]),
        ("type:ticket organization:none created<2026-01-07", vec![1, 2]),
        ("type:ticket ticket_type:problem", vec![2]),
        ("type:ticket created:2026-01-13", vec![8, 9]),
        ("type:ticket updated>2026-01-22T09:30:00Z updated<2026-01-23", vec![12, 13]),
        ("type:ticket created>12days", vec![11, 12, 13, 14]),
        ("type:ticket \"no licence\"", vec![3]),
        ("type:ticket blank pages", vec![1]),
        ("type:ticket subject:dhcp", vec![2, 12]),
        ("type:ticket external_id:ALERT-1002", vec![8]),
        ("type:ticket has_attachment:true", vec![3]),
        ("type:ticket custom_field_42000000000101:\"Duplicate\"", vec![9]),
        ("type:ticket group:\"Network & Databases\" status:hold", vec![6]),
        ("type:ticket nothing_like_this", vec![]),
    ] {
        assert_eq!(found(&sandbox, query).await, expected, "{query}");
    }
    let mixed = read(&sandbox, "search?query=network").await;
    let kinds: Vec<&str> =
        mixed["results"].as_array().unwrap().iter().map(|own| own["result_type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"group") && kinds.contains(&"ticket"), "{kinds:?}");
    assert_eq!(read(&sandbox, "search/count?query=type:ticket").await["count"], 14);
}

#[tokio::test]
async fn a_search_ends_at_its_cap_and_an_export_does_not() {
    let sandbox = Sandbox::builder().seed(2).tickets(1_050).build().unwrap();
    let page = read(&sandbox, "search?query=type:ticket&page=10").await;
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(1_064), 100));
    let beyond = ask(&sandbox, "GET", "search?query=type:ticket&page=11").send().await;
    assert_eq!(beyond.status, 422, "{}", beyond.text());
    assert_eq!(ask(&sandbox, "GET", "search?query=type:ticket&page[size]=10").send().await.status, 400);
    assert_eq!(ask(&sandbox, "GET", "search/export?query=x").send().await.status, 400, "filter[type] is compulsory");
    let clash = ask(&sandbox, "GET", "search/export?query=type:user&filter[type]=ticket").send().await;
    assert_eq!(clash.status, 400);
    let mut path = "search/export?query=type:ticket&filter[type]=ticket&page[size]=1000".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = read(&sandbox, &path).await;
        seen.extend(ids(&page["results"]));
        if page["meta"]["has_more"] == false {
            break;
        }
        path = page["links"]["next"].as_str().unwrap().split("/api/v2/").nth(1).unwrap().to_owned();
    }
    assert_eq!(seen.len(), 1_064);
    sandbox.control().advance(3_601).unwrap();
    assert_eq!(ask(&sandbox, "GET", &path).send().await.status, 400, "the cursor lives an hour");
}

#[tokio::test]
async fn searches_lag_and_lists_do_not() {
    let sandbox = account();
    sandbox.control().set_settings(AccountSettings { search_lag_seconds: 60, ..AccountSettings::default() });
    let made = json!({ "ticket": { "subject": "laggard", "comment": { "body": "b" } } });
    let id = write(&sandbox, "POST", "tickets", made).await.json()["ticket"]["id"].as_u64().unwrap();
    ask(&sandbox, "DELETE", "tickets/3").send().await;
    assert_eq!(found(&sandbox, "type:ticket laggard").await, Vec::<u64>::new());
    assert_eq!(found(&sandbox, "type:ticket tags:vpn").await, [3], "deleted tickets linger");
    assert_eq!(read(&sandbox, "tickets/count").await["count"]["value"], 14);
    sandbox.control().advance(60).unwrap();
    assert_eq!(found(&sandbox, "type:ticket laggard").await, [id]);
    assert_eq!(found(&sandbox, "type:ticket tags:vpn").await, Vec::<u64>::new());
}

#[tokio::test]
async fn an_idle_poll_has_no_cursor() {
    let sandbox = account();
    let recent = ask(&sandbox, "GET", "incremental/tickets/cursor?start_time=1769903970").send().await;
    assert_eq!(recent.status, 422, "{}", recent.text());
    let first = read(&sandbox, "incremental/tickets/cursor?start_time=0&per_page=10").await;
    assert_eq!((ids(&first["tickets"]).len(), &first["end_of_stream"]), (10, &json!(false)));
    let cursor = first["after_cursor"].as_str().unwrap();
    let rest = read(&sandbox, &format!("incremental/tickets/cursor?cursor={cursor}")).await;
    assert_eq!((ids(&rest["tickets"]).len(), &rest["end_of_stream"]), (4, &json!(true)));
    let cursor = rest["after_cursor"].as_str().unwrap().to_owned();
    let poll = format!("incremental/tickets/cursor?cursor={cursor}");
    let idle = read(&sandbox, &poll).await;
    assert_eq!(
        (&idle["after_cursor"], &idle["after_url"], &idle["end_of_stream"]),
        (&Value::Null, &Value::Null, &json!(true))
    );
    ask(&sandbox, "DELETE", "tickets/3").send().await;
    sandbox.control().touch_ticket(4).unwrap();
    assert_eq!(read(&sandbox, &poll).await["tickets"], json!([]), "the last minute is left out");
    sandbox.control().advance(60).unwrap();
    let news = read(&sandbox, &poll).await;
    assert_eq!(ids(&news["tickets"]), [3, 4]);
    assert_eq!(
        (&news["tickets"][0]["status"], &news["tickets"][1]["updated_at"]),
        (&json!("deleted"), &json!("2026-01-09T09:05:00Z"))
    );
    let agent =
        ask(&sandbox, "GET", &poll).header("authorization", &crate::client::basic("itil/token", "itil")).send().await;
    assert_eq!(agent.status, 403, "administrators only");
}

#[tokio::test]
async fn exports_by_time_never_split_a_second() {
    let sandbox = account();
    // Three tickets were changed in this second.
    let page = read(&sandbox, "incremental/tickets?start_time=1768269600&per_page=1").await;
    assert_eq!((ids(&page["tickets"]), &page["end_time"]), (vec![5, 6, 7], &json!(1_768_269_601)));
    let next = page["next_page"].as_str().unwrap().split("/api/v2/").nth(1).unwrap();
    assert_eq!(ids(&read(&sandbox, next).await["tickets"]), [8]);
    let users = read(&sandbox, "incremental/users/cursor?start_time=0").await;
    assert_eq!((ids(&users["users"]).len(), &users["end_of_stream"]), (11, &json!(true)));
    let events = read(&sandbox, "incremental/ticket_events?start_time=0&include=comment_events").await;
    let comments =
        events["ticket_events"].as_array().unwrap().iter().flat_map(|own| own["child_events"].as_array().unwrap());
    assert_eq!(comments.filter(|own| own["event_type"] == "Comment").count(), 23);
}

#[tokio::test]
async fn exports_are_limited_by_their_own_bucket() {
    let sandbox = account();
    sandbox.control().set_settings(AccountSettings { endpoint_limits: true, ..AccountSettings::default() });
    for _ in 0..10 {
        read(&sandbox, "incremental/tickets/cursor?start_time=0").await;
    }
    let refused = ask(&sandbox, "GET", "incremental/tickets/cursor?start_time=0").send().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (429, &json!("APIRateLimitExceeded")));
    assert!(refused.header("x-rate-limit-remaining").unwrap().parse::<u32>().unwrap() > 600);
    assert_eq!(
        refused.header("zendesk-ratelimit-incremental-exports-cursor"),
        Some("total=10; remaining=0; resets=60")
    );
}

#[tokio::test]
async fn faults_show_as_the_vendor_shows_them() {
    let sandbox = account();
    let with = async |fault: Fault, path: &str| {
        sandbox.control().set_faults([fault]).unwrap();
        let answer = ask(&sandbox, "GET", path).send().await;
        sandbox.control().clear_faults();
        answer
    };
    let limited = with(Fault::new("rate_endpoint").parameter(7), "tickets").await;
    assert_eq!(
        (limited.status.as_u16(), limited.header("retry-after"), limited.header("x-rate-limit-remaining")),
        (429, Some("7"), Some("650"))
    );
    assert!(limited.text().starts_with("Rate limit for ticket updates exceeded"));
    let down = with(Fault::new("maintenance"), "tickets").await;
    assert_eq!((down.status.as_u16(), down.header("retry-after")), (503, Some("30")));
    assert!(down.text().starts_with("<!DOCTYPE html>"));
    let short = with(Fault::new("short_page").parameter(0), "tickets?page[size]=5").await.json();
    assert_eq!((&short["tickets"], &short["meta"]["has_more"]), (&json!([]), &json!(true)));
    let anonymous = with(Fault::new("anonymous_200"), "users/me").await.json();
    assert_eq!(anonymous["user"]["id"], Value::Null);
    let warned = with(Fault::new("api_warn").parameter("look out"), "tickets/1").await;
    assert_eq!(warned.header("x-zendesk-api-warn"), Some("look out"));
    let broken = with(Fault::new("reset_before_answer"), "tickets/1").await;
    assert!(broken.broken);
    let foreign = with(Fault::new("foreign_link_host"), "tickets?page[size]=2").await.json();
    assert!(foreign["links"]["next"].as_str().unwrap().starts_with("https://attacker.example.net/"));
    let repeated = with(Fault::new("repeated_cursor"), "tickets?page[size]=20").await.json();
    assert_eq!((&repeated["meta"]["has_more"], &repeated["meta"]["after_cursor"]), (&json!(true), &Value::Null));
    let miscounted = with(Fault::new("wrong_count").parameter(5), "tickets/count").await.json();
    assert_eq!(miscounted["count"]["value"], 19);
    let changed = with(Fault::new("changes_while_paged").parameter("delete"), "tickets?page[size]=2").await.json();
    assert_eq!(ids(&changed["tickets"]), [1, 2]);
    assert_eq!(ask(&sandbox, "GET", "tickets/1").send().await.status, 404);
}

#[tokio::test]
async fn webhooks_are_signed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = Vec::new();
        let mut piece = [0; 4096];
        while !text.ends_with(b"}") {
            let read = stream.read(&mut piece).await.unwrap();
            text.extend_from_slice(&piece[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(text).unwrap()
    });
    let sandbox = account();
    let hook = json!({ "webhook": {
        "name": "w", "endpoint": url, "http_method": "POST", "request_format": "json", "status": "active",
        "subscriptions": ["zen:event-type:ticket.status_changed"],
    } });
    let mixed = json!({ "webhook": {
        "name": "w", "endpoint": url, "http_method": "POST", "request_format": "json", "status": "active",
        "subscriptions": ["zen:event-type:ticket.created", "conditional_ticket_events"],
    } });
    assert_eq!(write(&sandbox, "POST", "webhooks", mixed).await.status, 400);
    let made = write(&sandbox, "POST", "webhooks", hook).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["webhook"]["id"].as_str().unwrap().to_owned();
    let secret = read(&sandbox, &format!("webhooks/{id}/signing_secret")).await["signing_secret"]["secret"].clone();
    write(&sandbox, "PUT", "tickets/2", json!({ "ticket": { "status": "pending", "subject": "other" } })).await;
    let request = received.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&event["type"], &event["subject"]),
        (&json!("zen:event-type:ticket.status_changed"), &json!("zen:ticket:2"))
    );
    assert_eq!(
        (&event["event"]["current"], &event["detail"]["status"], &event["detail"]["organization_id"]),
        (&json!("PENDING"), &json!("PENDING"), &json!("0"))
    );
    assert_eq!(header("x-zendesk-webhook-id"), id);
    let delivery = &sandbox.control().deliveries()[0];
    assert_eq!(header("x-zendesk-webhook-signature"), delivery.signature);
    assert_eq!(secret.as_str().unwrap().len(), 32);
    assert_eq!(
        write(&sandbox, "PATCH", &format!("webhooks/{id}"), json!({ "webhook": { "status": "inactive" } }))
            .await
            .status,
        204
    );
    assert_eq!(ask(&sandbox, "DELETE", &format!("webhooks/{id}")).send().await.status, 204);
}
