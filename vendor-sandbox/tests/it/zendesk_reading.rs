//! Zendesk: credentials, tickets and people as they are read (wire B1, B2, B3, B7).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::{AccountSettings, Sandbox};

use crate::client::{Answer, Call, basic, call};

pub(crate) fn account() -> Sandbox {
    Sandbox::builder().seed(1).build().unwrap()
}

/// A request by the administrator.
pub(crate) fn ask(sandbox: &Sandbox, method: &str, path: &str) -> Call {
    call(sandbox, method, &format!("/api/v2/{path}")).header("authorization", &basic("admin/token", "admin"))
}

pub(crate) async fn read(sandbox: &Sandbox, path: &str) -> Value {
    let answer = ask(sandbox, "GET", path).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

pub(crate) async fn write(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Answer {
    ask(sandbox, method, path).json(body).send().await
}

pub(crate) fn ids(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|own| own["id"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_bad_credential_is_the_anonymous_user() {
    let sandbox = account();
    let me = read(&sandbox, "users/me.json").await;
    assert_eq!((&me["user"]["role"], &me["user"]["email"]), (&json!("admin"), &json!("integration@example.com")));
    for credential in [basic("admin/token", "wrong"), basic("admin", "admin"), "Bearer nonsense".to_owned()] {
        let me = call(&sandbox, "GET", "/api/v2/users/me").header("authorization", &credential).send().await;
        assert_eq!(me.status, 200, "{credential}");
        assert_eq!((&me.json()["user"]["id"], &me.json()["user"]["name"]), (&Value::Null, &json!("Anonymous user")));
        let count = call(&sandbox, "GET", "/api/v2/tickets/count").header("authorization", &credential).send().await;
        assert_eq!((count.status.as_u16(), &count.json()["error"]), (401, &json!("Couldn't authenticate you")));
    }
    let agent = basic("ines.tilden@example.com/token", "sandbox-token");
    let me = call(&sandbox, "GET", "/api/v2/users/me").header("authorization", &agent).send().await.json();
    assert_eq!((&me["user"]["role"], &me["user"]["iana_time_zone"]), (&json!("agent"), &json!("Europe/Lisbon")));
    let bearer = call(&sandbox, "GET", "/api/v2/users/me").header("authorization", "Bearer sandbox-bearer");
    assert_eq!(bearer.send().await.json()["user"]["name"], "Integration Service");
    let unknown = ask(&sandbox, "GET", "nothing/here").send().await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["error"]["title"]), (404, &json!("InvalidEndpoint")));
}

#[tokio::test]
async fn cursors_end_by_has_more_alone() {
    let sandbox = account();
    let mut path = "tickets?page[size]=5".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let page = read(&sandbox, &path).await;
        pages += 1;
        seen.extend(ids(&page["tickets"]));
        assert!(page["links"]["next"].is_string() && page["meta"]["after_cursor"].is_string());
        assert!(page["tickets"][0].get("fields").is_none(), "lists have no fields (wire B13)");
        let next = page["links"]["next"].as_str().unwrap().split("/api/v2/").nth(1).unwrap().to_owned();
        if page["meta"]["has_more"] == false {
            let beyond = read(&sandbox, &next).await;
            assert_eq!(beyond["meta"], json!({ "has_more": false, "after_cursor": null, "before_cursor": null }));
            assert_eq!(beyond["links"], json!({ "prev": null, "next": null }));
            break;
        }
        path = next;
    }
    assert_eq!((pages, seen), (3, (1..=14).collect()));
    let newest = read(&sandbox, "tickets?page[size]=3&sort=-updated_at").await;
    let times: Vec<&str> =
        newest["tickets"].as_array().unwrap().iter().map(|own| own["updated_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let back = newest["links"]["next"].as_str().unwrap().split("/api/v2/").nth(1).unwrap();
    let second = read(&sandbox, back).await;
    let before = second["links"]["prev"].as_str().unwrap().split("/api/v2/").nth(1).unwrap();
    assert_eq!(ids(&read(&sandbox, before).await["tickets"]), ids(&newest["tickets"]));
    let strange = ask(&sandbox, "GET", "tickets?page[size]=3&sort=subject").send().await;
    assert_eq!(
        (strange.status.as_u16(), &strange.json()["errors"][0]["code"]),
        (400, &json!("InvalidPaginationParameter"))
    );
    let foreign = newest["meta"]["after_cursor"].as_str().unwrap();
    let foreign = ask(&sandbox, "GET", "tickets").query(&[("page[size]", "3"), ("page[after]", foreign)]).send().await;
    assert_eq!(foreign.status, 400, "a cursor is for one order");
}

#[tokio::test]
async fn offsets_are_the_default_and_end_at_ten_thousand() {
    let sandbox = account();
    let first = read(&sandbox, "tickets?per_page=10").await;
    assert_eq!((&first["count"], &first["previous_page"]), (&json!(14), &Value::Null));
    assert!(first["next_page"].as_str().unwrap().ends_with("/api/v2/tickets.json?per_page=10&page=2"));
    let last = read(&sandbox, "tickets?per_page=10&page=2&sort_by=subject&sort_order=desc").await;
    assert_eq!((ids(&last["tickets"]).len(), &last["next_page"]), (4, &Value::Null));
    for path in ["tickets?page=101", "tickets?page=101&per_page=1"] {
        let deep = ask(&sandbox, "GET", path).send().await;
        assert_eq!((deep.status.as_u16(), &deep.json()["errors"][0]["code"]), (400, &json!("InvalidPaginationDepth")));
    }
    // wire B2: silently ignored.
    let ignored = read(&sandbox, "tickets?page[size]=14&sort_by=subject").await;
    assert_eq!(ids(&ignored["tickets"]), (1..=14).collect::<Vec<_>>());
}

#[tokio::test]
async fn side_loads_come_once_each() {
    let sandbox = account();
    let page =
        read(&sandbox, "tickets?page[size]=100&include=users,groups,organizations,comment_count,metric_sets").await;
    let users = ids(&page["users"]);
    assert!(users.is_sorted_by(|a, b| a < b) && users.len() > 8, "{users:?}");
    assert_eq!((ids(&page["groups"]).len(), ids(&page["organizations"]).len()), (2, 2));
    let vpn = &page["tickets"][2];
    assert_eq!((&vpn["external_id"], &vpn["comment_count"]), (&json!("ALERT-1001"), &json!(4)));
    assert_eq!(page["metric_sets"][2]["solved_at"], "2026-01-07T12:00:00Z");
    assert_eq!(vpn["follower_ids"].as_array().unwrap().len(), 2);
    sandbox.control().set_faults([Fault::new("missing_sideloads")]).unwrap();
    assert_eq!(read(&sandbox, "tickets?include=users").await["users"], json!([]));
}

#[tokio::test]
async fn a_ticket_is_read_by_id() {
    let sandbox = account();
    let ticket = read(&sandbox, "tickets/3").await["ticket"].clone();
    assert_eq!(ticket["fields"], ticket["custom_fields"]);
    assert_eq!(
        (&ticket["status"], &ticket["priority"], &ticket["type"]),
        (&json!("solved"), &json!("high"), &json!("incident"))
    );
    assert_eq!(ticket["tags"], json!(["network", "vpn"]));
    assert!(ticket["requester_id"].as_u64().unwrap() > 1 << 32);
    let missing = ask(&sandbox, "GET", "tickets/999").send().await;
    assert_eq!(
        (missing.status.as_u16(), missing.json()),
        (404, json!({ "error": "RecordNotFound", "description": "Not found" }))
    );
    let many = read(&sandbox, "tickets/show_many?ids=2,999,1").await;
    assert_eq!((ids(&many["tickets"]), &many["count"]), (vec![2, 1], &json!(2)));
    let too_many = (1..=101).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    let refused = ask(&sandbox, "GET", &format!("tickets/show_many?ids={too_many}")).send().await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!("TooManyValues")));
    assert_eq!(read(&sandbox, "tickets/count").await["count"]["value"], 14);
    assert_eq!(ids(&read(&sandbox, "tickets?external_id=ALERT-1002").await["tickets"]), [8]);
    sandbox.control().hide_ticket(3, "admin").unwrap();
    assert_eq!(ask(&sandbox, "GET", "tickets/3").send().await.status, 404);
}

#[tokio::test]
async fn people_groups_and_catalogue_are_read() {
    let sandbox = account();
    assert_eq!(ids(&read(&sandbox, "users?role=agent&page[size]=50").await["users"]).len(), 7);
    assert_eq!(ids(&read(&sandbox, "users?role[]=agent&role[]=admin").await["users"]).len(), 8);
    let found = read(&sandbox, "users/search?query=reception@example.com").await;
    assert_eq!(found["count"], 2);
    assert_eq!(read(&sandbox, "users/search?query=email:greta@boreal.example").await["users"][0]["name"], "Greta Holm");
    assert_eq!(read(&sandbox, "users/autocomplete?name=alex").await["count"], 2);
    let groups = read(&sandbox, "groups?page[size]=10").await;
    assert_eq!(groups["groups"].as_array().unwrap().iter().filter(|own| own["deleted"] == true).count(), 1);
    assert_eq!(ids(&read(&sandbox, "groups/assignable").await["groups"]).len(), 3);
    let desk = ids(&groups["groups"])[1];
    assert_eq!(read(&sandbox, &format!("groups/{desk}/users")).await["count"], 3);
    assert_eq!(
        read(&sandbox, &format!("groups/{desk}/memberships?include=users")).await["users"].as_array().unwrap().len(),
        3
    );
    let fields = read(&sandbox, "ticket_fields?page[size]=100").await;
    let symptom = fields["ticket_fields"].as_array().unwrap().iter().find(|own| own["type"] == "tagger").unwrap();
    assert_eq!(symptom["custom_field_options"][0]["value"], "symptom_slow");
    let statuses = read(&sandbox, "custom_statuses").await;
    assert_eq!(statuses["custom_statuses"].as_array().unwrap().len(), 8);
    assert_eq!(read(&sandbox, "ticket_forms").await["ticket_forms"][0]["default"], true);
    assert_eq!(read(&sandbox, "tags").await["tags"][0]["name"], "network");
}

#[tokio::test]
async fn generated_tickets_and_limits() {
    let sandbox = Sandbox::builder().seed(3).tickets(250).build().unwrap();
    assert_eq!(read(&sandbox, "tickets/count").await["count"]["value"], 264);
    let settings = AccountSettings { requests_per_minute: Some(3), ..AccountSettings::default() };
    sandbox.control().set_settings(settings);
    sandbox.control().advance(60).unwrap();
    let first = ask(&sandbox, "GET", "users").send().await;
    assert_eq!((first.header("x-rate-limit"), first.header("ratelimit-remaining")), (Some("3"), Some("2")));
    let list = ask(&sandbox, "GET", "tickets").send().await;
    assert!(list.header("zendesk-ratelimit-tickets-index").unwrap().starts_with("total=100; remaining="));
    ask(&sandbox, "GET", "users").send().await;
    let refused = ask(&sandbox, "GET", "users").send().await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, Some("60")));
    assert!(refused.header("content-type").unwrap().starts_with("text/plain"));
    sandbox.control().advance(60).unwrap();
    assert_eq!(ask(&sandbox, "GET", "users").send().await.status, 200);
}

#[tokio::test]
async fn limits_are_lifted_for_those_who_measure() {
    let sandbox = Sandbox::builder().build().unwrap();
    let settings = json!({ "limit_headers": false });
    let answer = call(&sandbox, "PUT", "/_sandbox/settings").json(settings).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()["limit_headers"].clone()), (200, json!(false)));
    let is_limit = |name: &str| name.contains("ratelimit") || name.contains("rate-limit");
    for _ in 0..101 {
        // As many as the vendor lets in a minute (wire B9.2), and one more.
        let list = ask(&sandbox, "GET", "tickets").send().await;
        assert_eq!(list.status, 200);
        let said: Vec<&str> = list.headers.keys().map(|name| name.as_str()).filter(|name| is_limit(name)).collect();
        assert!(said.is_empty(), "{said:?}");
    }
    // Whoever enforces them is heeded, headers or not.
    let settings = json!({ "limit_headers": false, "endpoint_limits": true });
    call(&sandbox, "PUT", "/_sandbox/settings").json(settings).send().await;
    sandbox.control().advance(60).unwrap();
    let mut statuses = Vec::new();
    for _ in 0..101 {
        statuses.push(ask(&sandbox, "GET", "tickets").send().await.status.as_u16());
    }
    assert_eq!((statuses[99], statuses[100]), (200, 429));
}
