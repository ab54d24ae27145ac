//! Jira: who is asking, the gateway, OAuth, limits (wire A1, A2, A9).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Sandbox, SiteSettings};

use crate::client::{Answer, basic, call, get};
use crate::jira_search::{cloud, server};

#[tokio::test]
async fn the_flavours_are_told_apart_without_a_credential() {
    let info = call(&cloud(), "GET", "/rest/api/3/serverInfo").without("authorization").send().await.json();
    assert_eq!(info["deploymentType"], "Cloud");
    let info = call(&server(), "GET", "/rest/api/2/serverInfo").without("authorization").send().await.json();
    assert_eq!((&info["deploymentType"], &info["versionNumbers"][0]), (&json!("Server"), &json!(9)));
    let unknown = get(&cloud(), "/rest/api/3/worklog/updated").await;
    assert_eq!((unknown.status.as_u16(), unknown.header("content-type").unwrap()), (404, "application/problem+json"));
    assert!(
        get(&server(), "/rest/api/2/nothing").await.json()["message"].as_str().unwrap().starts_with("null for uri")
    );
}

#[tokio::test]
async fn basic_takes_names_and_addresses() {
    let sandbox = cloud();
    let me = get(&sandbox, "/rest/api/3/myself").await;
    assert_eq!(me.json()["timeZone"], "Europe/Berlin");
    assert!(me.header("x-aaccountid").unwrap().starts_with("712020%3A"));
    let by_mail = basic("ines.tilden@example.com", "itil");
    let me = call(&sandbox, "GET", "/rest/api/3/myself").header("authorization", &by_mail).send().await.json();
    assert_eq!((&me["displayName"], &me["timeZone"]), (&json!("Ines Tilden"), &json!("Europe/Lisbon")));
    let wrong = call(&sandbox, "GET", "/rest/api/3/myself").header("authorization", &basic("admin", "x")).send().await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["status-code"]), (401, &json!(401)));
    let nobody = call(&sandbox, "GET", "/rest/api/3/issue/HELP-1").without("authorization").send().await;
    assert_eq!(nobody.status, 404, "not visible is missing");
}

/// wire A2.3: 200 as anonymous, which only a header shows.
#[tokio::test]
async fn a_data_center_takes_bad_bearers_for_nobody() {
    let sandbox = server();
    let good = call(&sandbox, "GET", "/rest/api/2/myself").header("authorization", "Bearer sandbox-pat").send().await;
    assert_eq!((&good.json()["name"], good.header("x-ausername")), (&json!("admin"), Some("admin")));
    sandbox.control().publish_project("HELP").unwrap();
    let bad = call(&sandbox, "GET", "/rest/api/2/search?jql=project=HELP").header("authorization", "Bearer expired");
    let bad = bad.send().await;
    assert_eq!((bad.status.as_u16(), bad.header("x-ausername")), (200, Some("anonymous")));
    assert_eq!(bad.json()["total"], 14);
    let me = call(&sandbox, "GET", "/rest/api/2/myself").header("authorization", "Bearer expired").send().await;
    assert_eq!(me.status, 401);
    let basic = call(&sandbox, "GET", "/rest/api/2/myself").header("authorization", &basic("admin", "x")).send().await;
    assert_eq!((basic.status.as_u16(), basic.header("x-seraph-loginreason")), (401, Some("AUTHENTICATED_FAILED")));
    sandbox.control().set_faults([Fault::new("anonymous_200")]).unwrap();
    assert_eq!(get(&sandbox, "/rest/api/2/serverInfo").await.header("x-ausername"), Some("anonymous"));
}

async fn token(sandbox: &Sandbox, mut body: Value) -> Answer {
    body["client_id"] = json!("sandbox-client");
    body["client_secret"] = json!("sandbox-secret");
    call(sandbox, "POST", "/oauth/token").without("authorization").json(body).send().await
}

async fn consent(sandbox: &Sandbox, scope: &str) -> Value {
    let answer = call(sandbox, "GET", "/authorize")
        .query(&[
            ("audience", "api.atlassian.com"),
            ("client_id", "sandbox-client"),
            ("scope", scope),
            ("redirect_uri", "http://127.0.0.1:8400/callback"),
            ("state", "s"),
            ("response_type", "code"),
            ("prompt", "consent"),
        ])
        .send()
        .await;
    let location = answer.header("location").unwrap();
    assert!(location.ends_with("&state=s"), "{location}");
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let issued = token(sandbox, json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": "x" })).await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    issued.json()
}

#[tokio::test]
async fn oauth_goes_through_the_gateway_alone() {
    let sandbox = cloud();
    let issued = consent(&sandbox, "read:jira-work read:jira-user offline_access").await;
    assert_eq!((&issued["expires_in"], &issued["token_type"]), (&json!(3600), &json!("Bearer")));
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let sites =
        call(&sandbox, "GET", "/oauth/token/accessible-resources").header("authorization", &bearer).send().await;
    let id = sandbox.control().cloud_id();
    assert_eq!(sites.json()[0]["id"], id);
    let base = format!("/ex/jira/{id}/rest/api/3");
    let issue =
        call(&sandbox, "GET", &format!("{base}/issue/HELP-1")).header("authorization", &bearer).send().await.json();
    assert!(issue["self"].as_str().unwrap().contains("/ex/jira/"), "links stay on the gateway");
    let write =
        call(&sandbox, "POST", &format!("{base}/issue")).header("authorization", &bearer).json(json!({})).send().await;
    assert_eq!(write.json(), json!({ "code": 401, "message": "Unauthorized; scope does not match" }));
    let direct = call(&sandbox, "GET", "/rest/api/3/myself").header("authorization", &bearer).send().await;
    assert_eq!(direct.status, 401, "a 3LO token is no good on the site");
    let scoped = get(&sandbox, &format!("{base}/myself")).await;
    assert_eq!(scoped.status, 200, "scoped API tokens are Basic on the gateway");
    let elsewhere =
        call(&sandbox, "GET", "/ex/jira/other/rest/api/3/myself").header("authorization", &bearer).send().await;
    assert_eq!(elsewhere.status, 404);
    sandbox.control().advance(3_601).unwrap();
    let late = call(&sandbox, "GET", &format!("{base}/myself")).header("authorization", &bearer).send().await;
    assert_eq!((late.status.as_u16(), late.json()), (401, json!({ "code": 401, "message": "Unauthorized" })));
}

/// wire A2.2: every refresh rotates; ten minutes later the old token is worth nothing.
#[tokio::test]
async fn refresh_tokens_rotate() {
    let sandbox = cloud();
    let first = consent(&sandbox, "read:jira-work offline_access").await["refresh_token"].clone();
    let second = token(&sandbox, json!({ "grant_type": "refresh_token", "refresh_token": first })).await.json();
    assert_ne!(second["refresh_token"], first);
    let again = json!({ "grant_type": "refresh_token", "refresh_token": first });
    assert_eq!(token(&sandbox, again.clone()).await.status, 200, "within the leeway");
    sandbox.control().advance(601).unwrap();
    let late = token(&sandbox, again).await;
    assert_eq!(late.status, 403);
    assert_eq!(
        late.json(),
        json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." })
    );
    assert!(
        consent(&sandbox, "read:jira-work").await.get("refresh_token").is_none(),
        "offline_access was not asked for"
    );
}

#[tokio::test]
async fn limits_answer_with_the_vendors_headers() {
    let sandbox = cloud();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.header("x-ratelimit-limit"), Some("350"));
    sandbox.control().set_settings(SiteSettings { burst: Some(5), ..SiteSettings::default() });
    for _ in 0..5 {
        assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 200);
    }
    let limited = get(&sandbox, "/rest/api/3/myself").await;
    assert_eq!((limited.status.as_u16(), limited.header("retry-after")), (429, Some("1")));
    assert_eq!(limited.header("ratelimit-reason"), Some("jira-burst-based"));
    assert_eq!(limited.header("x-ratelimit-reset"), Some("2026-02-01T00:00:01Z"));
    assert_eq!(get(&sandbox, "/rest/api/3/field").await.status, 200, "limits are per endpoint");
    sandbox.control().advance(1).unwrap();
    assert_eq!(get(&sandbox, "/rest/api/3/myself").await.status, 200);
    sandbox.control().set_settings(SiteSettings { per_issue_writes: true, ..SiteSettings::default() });
    let edit = |key: &str| {
        let body = json!({ "fields": { "labels": ["x"] } });
        call(&sandbox, "PUT", &format!("/rest/api/3/issue/{key}")).json(body).send()
    };
    for _ in 0..20 {
        assert_eq!(edit("HELP-1").await.status, 204);
    }
    let refused = edit("HELP-1").await;
    assert_eq!((refused.status.as_u16(), refused.header("ratelimit-reason")), (429, Some("jira-per-issue-on-write")));
    assert_eq!(edit("HELP-2").await.status, 204);
    let absurd = server();
    absurd.control().set_faults([Fault::new("absurd_retry_after")]).unwrap();
    assert_eq!(get(&absurd, "/rest/api/2/myself").await.header("retry-after"), Some("9223372036854775807"));
}

#[tokio::test]
async fn settings_can_be_put_from_outside_and_reset() {
    let sandbox = cloud();
    let put = call(&sandbox, "PUT", "/_sandbox/settings").json(json!({ "search_lag_seconds": 9 })).send().await;
    assert_eq!(put.json()["search_lag_seconds"], 9);
    assert_eq!(call(&sandbox, "PUT", "/_sandbox/settings").json(json!({ "lag": 9 })).send().await.status, 400);
    let state = get(&sandbox, "/_sandbox/state").await.json();
    assert_eq!((&state["vendor"], &state["counts"]["issues"]), (&json!("jira"), &json!(14)));
    crate::jira_search::create(&sandbox, "gone after the reset").await;
    assert_eq!(call(&sandbox, "POST", "/_sandbox/reset").send().await.json()["counts"]["issues"], 14);
    assert_eq!(sandbox.control().settings(), SiteSettings::default());
}
