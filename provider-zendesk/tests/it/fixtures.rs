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
use ticketing_core::request::{ListAccounts, RawMethod, RawRequest};
use ticketing_core::{ErrorKind, ManualClock, TicketingClient};

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
            assert_eq!(account.id.as_str(), row["id"].to_string(), "{name}");
            assert_eq!(Some(account.name.as_str()), row["name"].as_str(), "{name}");
            assert_eq!(json!(account.domains), row["domain_names"], "{name}");
            assert_eq!(account.raw.as_deref(), Some(row), "{name}");
            let at = |at: Option<ticketing_core::model::Timestamp>| at.map(ticketing_core::model::format_timestamp);
            let moment = |key: &str| row[key].as_str().map(|text| text.parse().unwrap());
            assert_eq!(at(account.created_at), at(moment("created_at")), "{name}");
            assert_eq!(at(account.updated_at), at(moment("updated_at")), "{name}");
        }
    }
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
