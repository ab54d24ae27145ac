//! Jira: pages by token and by offset, lagging searches, removed paths (wire A3).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Flavour, Sandbox, SiteSettings};

use crate::client::{Answer, Call, call, get};

pub(crate) fn cloud() -> Sandbox {
    Sandbox::builder().seed(1).build().unwrap()
}

pub(crate) fn server() -> Sandbox {
    Sandbox::builder().seed(1).flavour(Flavour::DataCenter).build().unwrap()
}

pub(crate) fn ask(sandbox: &Sandbox, body: Value) -> Call {
    call(sandbox, "POST", "/rest/api/3/search/jql").json(body)
}

pub(crate) fn messages(answer: &Answer) -> String {
    let json = answer.json();
    assert!(json["errors"].is_object(), "{json}");
    json["errorMessages"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join("; ")
}

/// The keys that a query finds, in order.
pub(crate) async fn keys(sandbox: &Sandbox, jql: &str) -> Vec<String> {
    let answer = ask(sandbox, json!({ "jql": jql, "fields": ["key"], "maxResults": 5000 })).send().await;
    assert_eq!(answer.status, 200, "{jql}: {}", answer.text());
    answer.json()["issues"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn create(sandbox: &Sandbox, summary: &str) -> Value {
    let fields =
        json!({ "project": { "key": "HELP" }, "issuetype": { "name": "[System] Incident" }, "summary": summary });
    let answer = call(sandbox, "POST", "/rest/api/2/issue").json(json!({ "fields": fields })).send().await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn pages_follow_tokens_and_end_where_the_token_is_missing() {
    let sandbox = cloud();
    let question = json!({ "jql": "project = HELP ORDER BY id", "maxResults": 5, "fields": ["summary"] });
    let mut seen = Vec::new();
    let mut token: Option<String> = None;
    let mut pages = 0;
    loop {
        let mut body = question.clone();
        if let Some(token) = &token {
            body["nextPageToken"] = json!(token);
        }
        let page = ask(&sandbox, body).send().await.json();
        assert!(page.get("total").is_none() && page.get("startAt").is_none());
        seen.extend(page["issues"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        pages += 1;
        token = page["nextPageToken"].as_str().map(str::to_owned);
        assert_eq!(page["isLast"], token.is_none());
        if token.is_none() {
            break;
        }
    }
    assert_eq!((pages, seen.len()), (3, 14));
    let sorted: Vec<String> = (10_001..=10_014).map(|id: u64| id.to_string()).collect();
    assert_eq!(seen, sorted);
}

#[tokio::test]
async fn tokens_are_bound_to_their_question_and_die_after_a_week() {
    let sandbox = cloud();
    let first = ask(&sandbox, json!({ "jql": "project = HELP", "maxResults": 5 })).send().await.json();
    let token = first["nextPageToken"].as_str().unwrap();
    let other = ask(&sandbox, json!({ "jql": "project = IT", "maxResults": 5, "nextPageToken": token })).send().await;
    assert_eq!(other.status, 400);
    let same = json!({ "jql": "project = HELP", "maxResults": 3, "nextPageToken": token });
    assert_eq!(ask(&sandbox, same.clone()).send().await.json()["issues"].as_array().unwrap().len(), 3);
    sandbox.control().advance(7 * 86_400 + 1).unwrap();
    assert_eq!(ask(&sandbox, same).send().await.status, 400);
}

#[tokio::test]
async fn only_the_id_is_there_unless_fields_are_named() {
    let sandbox = cloud();
    let bare = get(&sandbox, "/rest/api/3/search/jql?jql=project=HELP&maxResults=1").await.json();
    assert_eq!(bare["issues"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["id"]);
    let some = get(&sandbox, "/rest/api/3/search/jql?jql=project=HELP&maxResults=1&fields=summary,status").await.json();
    let fields = some["issues"][0]["fields"].as_object().unwrap();
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["status", "summary"]);
    let all = get(&sandbox, "/rest/api/3/search/jql?jql=key=HELP-3&fields=*all,-comment&expand=names").await.json();
    let issue = &all["issues"][0];
    assert!(issue["fields"]["attachment"][0]["content"].is_string() && issue["fields"].get("comment").is_none());
    assert_eq!(all["names"]["customfield_10030"], "Assigned group");
}

#[tokio::test]
async fn bodies_and_queries_that_the_vendor_refuses() {
    let sandbox = cloud();
    for (body, message) in [
        (json!({ "jql": "project = HELP", "startAt": 0 }), "Invalid request payload"),
        (json!({ "jql": "project = HELP", "expand": ["names"] }), "Invalid request payload"),
        (
            json!({ "jql": "ORDER BY created" }),
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        ),
        (json!({ "jql": "project = HELP", "maxResults": 5001 }), "maxResults"),
        (json!({ "jql": "project = HELP", "maxResults": 0 }), "maxResults"),
        (json!({ "jql": "nonsense = 1" }), "Field 'nonsense' does not exist or you do not have permission to view it."),
        (json!({ "jql": "project = NONE" }), "The value 'NONE' does not exist for the field 'project'."),
    ] {
        let answer = ask(&sandbox, body.clone()).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(messages(&answer).contains(message), "{body}: {}", answer.text());
    }
    // Anonymous callers get no hits where others get an error.
    let anonymous = ask(&sandbox, json!({ "jql": "project = NONE" })).without("authorization").send().await;
    assert_eq!((anonymous.status.as_u16(), anonymous.json()), (200, json!({ "issues": [], "isLast": true })));
    // Unknown fields of ORDER BY are ignored.
    assert_eq!(keys(&sandbox, "project = HELP ORDER BY nonsense").await.len(), 14);
}

/// wire A3.1, word for word.
#[tokio::test]
async fn the_old_search_is_gone_from_cloud() {
    let sandbox = cloud();
    for version in ["2", "3"] {
        let answer = get(&sandbox, &format!("/rest/api/{version}/search?jql=project=HELP")).await;
        assert_eq!(answer.status, 410);
        assert_eq!(
            messages(&answer),
            format!(
                "The requested API has been removed. Please migrate to the /rest/api/{version}/search/jql API. A full \
                 migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
            )
        );
    }
}

#[tokio::test]
async fn a_data_center_pages_by_offset_and_caps_in_silence() {
    let sandbox = server();
    sandbox.control().set_settings(SiteSettings { page_cap: Some(6), ..SiteSettings::default() });
    let page = get(&sandbox, "/rest/api/2/search?jql=project=HELP+ORDER+BY+key&startAt=12&maxResults=100").await.json();
    assert_eq!((&page["total"], &page["startAt"], &page["maxResults"]), (&json!(14), &json!(12), &json!(6)));
    assert_eq!(page["issues"][0]["key"], "HELP-13");
    let posted =
        call(&sandbox, "POST", "/rest/api/2/search").json(json!({ "jql": "", "maxResults": 2, "expand": ["names"] }));
    assert_eq!(posted.send().await.json()["issues"].as_array().unwrap().len(), 2, "unbounded is fine here");
    let refused =
        call(&sandbox, "POST", "/rest/api/2/search").json(json!({ "jql": "", "properties": ["x"] })).send().await;
    assert_eq!(refused.status, 400);
    assert_eq!(get(&sandbox, "/rest/api/2/search/jql?jql=project=HELP").await.status, 404);
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 404, "v3 is Cloud's");
}

#[tokio::test]
async fn searches_lag_behind_writes_unless_reconciled() {
    let sandbox = cloud();
    sandbox.control().set_settings(SiteSettings { search_lag_seconds: 60, ..SiteSettings::default() });
    let created = create(&sandbox, "fresh").await;
    let id: u64 = created["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 0);
    assert_eq!(get(&sandbox, &format!("/rest/api/3/issue/{id}")).await.status, 200, "reading by id is not stale");
    let reconciled = ask(&sandbox, json!({ "jql": "summary ~ fresh", "reconcileIssues": [id] })).send().await.json();
    assert_eq!(reconciled["issues"].as_array().unwrap().len(), 1);
    sandbox.control().advance(61).unwrap();
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 1);
    // An edit and a deletion lag too.
    let edit = json!({ "fields": { "summary": "other" } });
    assert_eq!(call(&sandbox, "PUT", &format!("/rest/api/3/issue/{id}")).json(edit).send().await.status, 204);
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 1);
    sandbox.control().advance(61).unwrap();
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 0);
    assert_eq!(call(&sandbox, "DELETE", &format!("/rest/api/3/issue/{id}")).send().await.status, 204);
    assert_eq!(keys(&sandbox, "summary ~ other").await.len(), 1);
    assert_eq!(get(&sandbox, &format!("/rest/api/3/issue/{id}")).await.status, 404);
}

#[tokio::test]
async fn faults_of_searching() {
    let sandbox = cloud();
    create(&sandbox, "fresh").await;
    sandbox.control().set_faults([Fault::new("stale_search").count(1)]).unwrap();
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 0);
    assert_eq!(keys(&sandbox, "summary ~ fresh").await.len(), 1, "struck once");
    sandbox.control().set_faults([Fault::new("short_page").parameter(0).count(1)]).unwrap();
    let empty = ask(&sandbox, json!({ "jql": "project = HELP" })).send().await.json();
    assert_eq!(empty["issues"], json!([]));
    assert!(empty["nextPageToken"].is_string(), "an empty page is not the end");
    let rest = json!({ "jql": "project = HELP", "nextPageToken": empty["nextPageToken"] });
    assert_eq!(ask(&sandbox, rest).send().await.json()["issues"].as_array().unwrap().len(), 15);
    sandbox.control().set_faults([Fault::new("repeated_token")]).unwrap();
    let first = ask(&sandbox, json!({ "jql": "project = HELP", "maxResults": 2 })).send().await.json();
    let again = json!({ "jql": "project = HELP", "maxResults": 2, "nextPageToken": first["nextPageToken"] });
    assert_eq!(ask(&sandbox, again).send().await.json()["nextPageToken"], first["nextPageToken"]);
    sandbox.control().set_faults([Fault::new("hidden_issues").parameter(1.0)]).unwrap();
    assert_eq!(keys(&sandbox, "project = HELP").await.len(), 0);
}

#[tokio::test]
async fn pages_are_shorter_than_asked_when_fields_are_wanted() {
    let sandbox = Sandbox::builder().seed(1).tickets(300).build().unwrap();
    let full = ask(&sandbox, json!({ "jql": "project = HELP", "fields": ["summary"], "maxResults": 5000 }))
        .send()
        .await
        .json();
    assert_eq!(full["issues"].as_array().unwrap().len(), 100);
    assert_eq!(keys(&sandbox, "project = HELP").await.len(), 314, "id and key alone fill large pages");
    let count = call(&sandbox, "POST", "/rest/api/3/search/approximate-count").json(json!({ "jql": "project = HELP" }));
    assert_eq!(count.send().await.json(), json!({ "count": 314 }));
}
