//! Traffic that somebody else recorded from a real account: it must decode and map.
//!
//! `VENDOR_SPECS_DIR` names the folder that holds `node-zendesk-fixtures`, the recordings of node-zendesk's own tests.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures::TryStreamExt as _;
use provider_zendesk::Zendesk;
use serde_json::{Value, json};
use ticketing_core::model::Account;
use ticketing_core::request::{CreateTicket, ListAccounts, ListTickets, RawMethod, RawRequest, TicketFilter};
use ticketing_core::{AccountSelector, ErrorKind, ManualClock, TicketingClient};
use tower::ServiceExt as _;
use vendor_sandbox::zendesk::{Control, Sandbox};

use crate::bed::{INSTANCE, context, login, through};

/// One exchange: method, path and query, status, body.
struct Exchange {
    method: String,
    target: String,
    status: u16,
    body: String,
}

impl Exchange {
    fn of(recorded: &Value) -> Self {
        let body = match &recorded["response"] {
            // Compressed answers are kept as hexadecimal pieces.
            Value::Array(pieces) => {
                let hex: String = pieces.iter().map(|piece| piece.as_str().unwrap()).collect();
                let mut text = String::new();
                flate2::read::GzDecoder::new(&hex::decode(hex).unwrap()[..]).read_to_string(&mut text).unwrap();
                text
            }
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let text = |key: &str| recorded[key].as_str().unwrap().to_owned();
        let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
        Self { method: text("method"), target: text("path"), status, body }
    }

    /// The cursor that it was asked for, `""` for the first page.
    fn after(&self) -> String {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == "page[after]").map_or_else(String::new, |(_, value)| value.into_owned())
    }

    fn is_list(&self) -> bool {
        self.method == "GET" && self.target.starts_with("/api/v2/organizations.json")
    }
}

/// The recordings; `None`, said aloud, where there are none.
#[allow(clippy::print_stderr, reason = "what is skipped is said")]
fn recordings() -> Option<HashMap<String, Vec<Exchange>>> {
    let Some(folder) = std::env::var_os("VENDOR_SPECS_DIR").map(PathBuf::from) else {
        eprintln!("skipped: VENDOR_SPECS_DIR is not set, so there are no recorded exchanges to decode");
        return None;
    };
    let folder = folder.join("node-zendesk-fixtures");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} does not exist, so there are no recorded exchanges to decode", folder.display());
        return None;
    };
    let mut out = HashMap::new();
    for file in files {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let recorded: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        out.insert(name, recorded.iter().map(Exchange::of).collect());
    }
    assert!(!out.is_empty(), "{} holds no recordings", folder.display());
    Some(out)
}

/// A client whose account answers only what was recorded, found by `key`.
fn replayed(answers: HashMap<String, (u16, String)>, key: fn(&Uri) -> String) -> TicketingClient {
    let answers = Arc::new(answers);
    let router = axum::Router::new().fallback(move |uri: Uri| {
        let answers = Arc::clone(&answers);
        async move {
            match answers.get(&key(&uri)) {
                Some((status, body)) => {
                    let header = [("content-type", "application/json; charset=utf-8")];
                    (StatusCode::from_u16(*status).unwrap(), header, body.clone()).into_response()
                }
                None => missing(&uri),
            }
        }
    });
    let clock = Arc::new(ManualClock::new("2026-02-01T00:00:00Z".parse().unwrap()));
    let config = json!({ "instance": INSTANCE, "auth": login("somebody@example.com", "unused") });
    TicketingClient::new(Arc::new(Zendesk::new(config, &context(through(router), clock)).unwrap()))
}

fn missing(uri: &Uri) -> Response {
    (StatusCode::IM_A_TEAPOT, format!("nothing was recorded for {uri}")).into_response()
}

fn cursor(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == "page[after]").map_or_else(String::new, |(_, value)| value.into_owned())
}

#[tokio::test]
async fn recorded_pages_are_read_to_their_end_and_no_further() {
    let Some(recordings) = recordings() else { return };
    for (name, at_least) in [("pagination_test_execute", 20), ("organizations_test_list_all", 1)] {
        let lists: Vec<&Exchange> = recordings[name].iter().filter(|one| one.is_list()).collect();
        let recorded: Vec<Value> = lists
            .iter()
            .flat_map(|one| {
                let body: Value = serde_json::from_str(&one.body).unwrap();
                body["organizations"].as_array().unwrap().clone()
            })
            .collect();
        assert!(recorded.len() >= at_least, "{name}: {} organisations", recorded.len());
        let answers = lists.iter().map(|one| (one.after(), (one.status, one.body.clone()))).collect();
        let client = replayed(answers, cursor);
        let request = ListAccounts::new().with_include_inactive(true).with_include_raw(true);
        let accounts: Vec<Account> = client.accounts(request).try_collect().await.unwrap();
        assert_eq!(accounts.len(), recorded.len(), "{name}");
        for (account, row) in accounts.iter().zip(&recorded) {
            assert_eq!(serde_json::to_value(account).unwrap(), document(row), "{name}");
        }
    }
}

/// The account that a recorded organisation must become, whole.
fn document(row: &Value) -> Value {
    let mut fields = serde_json::Map::new();
    let mut field = |id: &str, kind: &str, value: Value| {
        fields.insert(id.to_owned(), json!({ "type": kind, "value": value, "label": null, "custom": false }));
    };
    if row["notes"].is_string() {
        field("notes", "text", row["notes"].clone());
    }
    if row["tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
        field("tags", "string", row["tags"].clone());
    }
    if row["group_id"].is_number() {
        field("group_id", "group", json!(row["group_id"].to_string()));
    }
    assert_eq!(row["organization_fields"], json!({}), "a recorded organisation has fields of its own");
    json!({
        "id": row["id"].to_string(), "key": row["external_id"], "name": row["name"], "description": row["details"],
        "active": null, "parent": null, "domains": row["domain_names"], "fields": fields,
        "url": format!("{INSTANCE}/agent/organizations/{}", row["id"]),
        "created_at": row["created_at"], "updated_at": row["updated_at"], "version": row["updated_at"],
        "unreadable": [], "deleted": null, "raw": row,
    })
}

/// Every organisation of every recording, however it was answered, as the one row of a listing.
#[tokio::test]
async fn every_recorded_organisation_maps_whole() {
    let Some(recordings) = recordings() else { return };
    let mut rows = Vec::new();
    for one in recordings.values().flatten().filter(|one| one.status < 300) {
        let Ok(body) = serde_json::from_str::<Value>(&one.body) else { continue };
        rows.extend(body["organizations"].as_array().into_iter().flatten().cloned());
        rows.extend(Some(body["organization"].clone()).filter(Value::is_object));
    }
    assert!(rows.len() > 60, "{} organisations", rows.len());
    assert!(rows.iter().any(|row| row["notes"].is_string()) && rows.iter().any(|row| row["external_id"].is_string()));
    for row in &rows {
        let body = json!({ "organizations": [row], "meta": { "has_more": false } }).to_string();
        let client = replayed(HashMap::from([(String::new(), (200, body))]), |_| String::new());
        let page = client.list_accounts(ListAccounts::new().with_include_raw(true)).await.unwrap();
        let mapped: Vec<Value> = page.items.iter().map(|own| serde_json::to_value(own).unwrap()).collect();
        assert_eq!(mapped, [document(row)]);
    }
}

/// An account of the sandbox's, whose organisations are the recorded ones.
fn among_recorded(answers: HashMap<String, (u16, String)>) -> (TicketingClient, Control) {
    let sandbox = Sandbox::builder().seed(7).build().unwrap();
    let (control, router) = (sandbox.control(), sandbox.router());
    let answers = Arc::new(answers);
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let (answers, router) = (Arc::clone(&answers), router.clone());
        async move {
            match answers.get(request.uri().path()) {
                Some((status, body)) => {
                    let header = [("content-type", "application/json; charset=utf-8")];
                    (StatusCode::from_u16(*status).unwrap(), header, body.clone()).into_response()
                }
                None => router.oneshot(request).await.into_response(),
            }
        }
    });
    let clock = Arc::new(ManualClock::new(control.now()));
    let config = json!({ "instance": INSTANCE, "auth": login("integration@example.com", "admin") });
    let client = TicketingClient::new(Arc::new(Zendesk::new(config, &context(through(router), clock)).unwrap()));
    (client, control)
}

/// A recorded search resolves a name to the organisation's id, which is what tickets are then searched by.
#[tokio::test]
async fn a_recorded_search_resolves_an_account() {
    let Some(recordings) = recordings() else { return };
    let found = recordings["organizations_test_search_organization"].iter().find(|one| one.target.contains("/search"));
    let found = found.unwrap();
    let body: Value = serde_json::from_str(&found.body).unwrap();
    let row = &body["organizations"][0];
    let path = "/api/v2/organizations/search".to_owned();
    let by = |name: &str| {
        let account = AccountSelector::Name(name.to_owned());
        ListTickets::new().with_filter(TicketFilter::new().with_account([account]))
    };
    let (client, control) = among_recorded(HashMap::from([(path.clone(), (found.status, found.body.clone()))]));
    let tickets = client.tickets(by(row["name"].as_str().unwrap())).try_collect::<Vec<_>>().await.unwrap();
    assert_eq!(tickets, []);
    let wanted = row["id"].to_string();
    let asked: Vec<String> = control.requests().into_iter().map(|own| format!("{}?{}", own.path, own.query)).collect();
    assert!(asked.iter().any(|own| own.contains("/search/") && own.contains(&wanted)), "{asked:#?}");
    // What only resembles it is another one.
    let error = client.list_tickets(by("xTestx Organization")).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("account")), "{error:?}");
    let none = &recordings["organizations_test_autocomplete_organization"];
    let none = none.iter().find(|one| one.target.contains("/autocomplete")).unwrap();
    let (client, _) = among_recorded(HashMap::from([(path, (none.status, none.body.clone()))]));
    let error = client.list_tickets(by(row["name"].as_str().unwrap())).await.unwrap_err();
    assert_eq!(error.field(), Some("account"), "{error:?}");
}

/// A recorded organisation is there for a new ticket, and one that was recorded as gone is refused by name.
#[tokio::test]
async fn a_recorded_organisation_is_there_and_a_deleted_one_is_not() {
    let Some(recordings) = recordings() else { return };
    let is_one = |one: &&Exchange| {
        let path = one.target.strip_prefix("/api/v2/organizations/");
        let id = path.and_then(|rest| rest.strip_suffix(".json"));
        one.method == "GET" && id.is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (mut there, mut gone) = (0, 0);
    for one in recordings.values().flatten().filter(is_one) {
        let path = one.target.strip_suffix(".json").unwrap();
        let id = path.rsplit('/').next().unwrap();
        let (client, control) = among_recorded(HashMap::from([(path.to_owned(), (one.status, one.body.clone()))]));
        let request = CreateTicket::new("x").with_account(Some(AccountSelector::Id(id.into())));
        let error = client.create_ticket(request).await.unwrap_err();
        let asked = control.requests().iter().filter(|own| own.method == "POST").count();
        if one.status == 404 {
            // The provider refuses it, with nothing sent.
            assert!(error.field() == Some("account") && asked == 0 && error.to_string().contains(id), "{error:?}");
            gone += 1;
        } else {
            // It is there, and the account is asked, which does not have the recording's organisations.
            assert_eq!((asked, error.http_status()), (1, Some(422)), "{error:?}");
            there += 1;
        }
    }
    assert!(there > 0 && gone > 20, "{there} there, {gone} gone");
}

#[tokio::test]
async fn every_recorded_answer_means_what_it_says() {
    let Some(recordings) = recordings() else { return };
    let (mut lists, mut jobs, mut missing) = (0, 0, 0);
    for (name, exchanges) in &recordings {
        for one in exchanges.iter().filter(|one| one.method == "GET") {
            let answers = HashMap::from([(String::new(), (one.status, one.body.clone()))]);
            let client = replayed(answers, |_| String::new());
            let told = format!("{name} {}", one.target);
            let listed = client.list_accounts(ListAccounts::new()).await;
            if one.status == 404 {
                let error = listed.unwrap_err();
                assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("RecordNotFound")), "{told}");
                missing += 1;
                continue;
            }
            let body: Value = serde_json::from_str(&one.body).unwrap();
            if let Some(rows) = body["organizations"].as_array() {
                let ids: Vec<String> = rows.iter().map(|row| row["id"].to_string()).collect();
                let page = listed.unwrap();
                assert_eq!(page.items.iter().map(|one| one.id.to_string()).collect::<Vec<_>>(), ids, "{told}");
                lists += 1;
            } else {
                // Anything else in a list's place is an error, and no empty list.
                assert_eq!(listed.unwrap_err().kind(), ErrorKind::Decode, "{told}");
                let path = one.target.split('?').next().unwrap();
                let answer = client.send_raw(RawRequest::new(RawMethod::Get, path)).await.unwrap();
                assert_eq!((answer.status, &answer.body[..]), (one.status, one.body.as_bytes()), "{told}");
                jobs += usize::from(body["job_status"]["status"].is_string());
            }
        }
    }
    assert!(lists > 25 && jobs > 3 && missing > 20, "{lists} lists, {jobs} jobs, {missing} that were not found");
}
