//! Zendesk's answers against its official OpenAPI documents, and against recorded ones (wire S6, S12).

use std::collections::BTreeSet;
use std::io::{Read, Write as _};

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use vendor_sandbox::zendesk::Sandbox;

use crate::openapi::{self, Exchange, Judge, Seen};
use crate::zendesk_reading::{account, ask, read, write};

/// Sends a request and gives what is wrong with the exchange.
async fn check(judge: &Judge, sandbox: &Sandbox, method: &str, path: &str, body: Option<Value>) -> Vec<String> {
    let mut request = ask(sandbox, method, path);
    if let Some(body) = &body {
        request = request.json(body.clone());
    }
    let answer = request.send().await;
    assert!(answer.status.is_success(), "{method} {path}: {}", answer.text());
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    judge.wrong(&Exchange {
        method,
        path: &format!("/api/v2/{path}"),
        query,
        content_type: body.is_some().then_some("application/json"),
        body: body.map(|body| body.to_string()).as_deref().map(str::as_bytes),
        answer: Some((answer.status.as_u16(), &answer.body)),
    })
}

#[tokio::test]
async fn what_is_read_validates() {
    let Some(judge) = openapi::zendesk() else { return };
    let wrong = read_ones(judge).await;
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with what is read.
async fn read_ones(judge: &Judge) -> Vec<String> {
    let sandbox = account();
    let user = sandbox.control().user_id("greta.holm").unwrap();
    let first = |document: Value, name: &str| document[name][0]["id"].clone();
    let group = first(read(&sandbox, "groups").await, "groups");
    let field = first(read(&sandbox, "ticket_fields").await, "ticket_fields");
    let form = first(read(&sandbox, "ticket_forms").await, "ticket_forms");
    let status = first(read(&sandbox, "custom_statuses").await, "custom_statuses");
    let brand = first(read(&sandbox, "brands").await, "brands");
    let organization = first(read(&sandbox, "organizations").await, "organizations");
    let membership = first(read(&sandbox, "group_memberships").await, "group_memberships");
    let audit = first(read(&sandbox, "tickets/3/audits").await, "audits");
    let file = read(&sandbox, "tickets/3/comments").await["comments"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|own| own["attachments"][0]["id"].as_u64())
        .unwrap();
    let all: Vec<String> = vec![
        "users/me".to_owned(),
        "users".to_owned(),
        "users?page[size]=3".to_owned(),
        format!("users/{user}"),
        "users/count".to_owned(),
        format!("users/show_many?ids={user}"),
        "users/search?query=alex".to_owned(),
        "users/autocomplete?name=al".to_owned(),
        format!("users/{user}/identities"),
        "groups?page[size]=2".to_owned(),
        "groups/count".to_owned(),
        "groups/assignable".to_owned(),
        format!("groups/{group}"),
        "group_memberships".to_owned(),
        format!("group_memberships/{membership}"),
        "tickets?page[size]=100&include=users,groups,organizations,metric_sets".to_owned(),
        "tickets?per_page=3".to_owned(),
        "tickets/count".to_owned(),
        "tickets/show_many?ids=1,2".to_owned(),
        "tickets/3".to_owned(),
        "tickets/3/comments?include=users".to_owned(),
        "tickets/3/comments/count".to_owned(),
        "tickets/3/audits".to_owned(),
        format!("tickets/3/audits/{audit}"),
        "tickets/3/tags".to_owned(),
        "tickets/3/followers".to_owned(),
        "tickets/3/email_ccs".to_owned(),
        "tickets/3/collaborators".to_owned(),
        "tickets/3/related".to_owned(),
        "tickets/2/incidents".to_owned(),
        "problems".to_owned(),
        "ticket_metrics".to_owned(),
        format!("attachments/{file}"),
        "ticket_fields".to_owned(),
        format!("ticket_fields/{field}"),
        "ticket_fields/42000000000103/options".to_owned(),
        "ticket_forms".to_owned(),
        format!("ticket_forms/{form}"),
        "custom_statuses".to_owned(),
        format!("custom_statuses/{status}"),
        "brands".to_owned(),
        format!("brands/{brand}"),
        "tags".to_owned(),
        "autocomplete/tags?name=ne".to_owned(),
        "organizations".to_owned(),
        format!("organizations/{organization}"),
        "organizations/count".to_owned(),
        "organizations/autocomplete?name=bor".to_owned(),
        "organizations/search?name=Boreal%20Freight%20GmbH".to_owned(),
        "organization_memberships".to_owned(),
        "search?query=network".to_owned(),
        "search?query=type:ticket".to_owned(),
        "search/count?query=type:ticket".to_owned(),
        "search/export?query=network&filter[type]=ticket&page[size]=2".to_owned(),
        "incremental/tickets/cursor?start_time=0".to_owned(),
        "incremental/tickets?start_time=0".to_owned(),
        "incremental/users?start_time=0".to_owned(),
        "incremental/users/cursor?start_time=0".to_owned(),
        "incremental/organizations?start_time=0".to_owned(),
        "incremental/ticket_events?start_time=0&include=comment_events".to_owned(),
        "job_statuses".to_owned(),
        "deleted_tickets".to_owned(),
    ];
    let mut errors = Vec::new();
    for path in &all {
        errors.extend(check(judge, &sandbox, "GET", path, None).await);
    }
    errors
}

#[tokio::test]
async fn what_is_written_validates() {
    let Some(judge) = openapi::zendesk() else { return };
    let wrong = written_ones(judge).await;
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with what is written.
async fn written_ones(judge: &Judge) -> Vec<String> {
    let sandbox = account();
    let ticket = json!({ "ticket": { "subject": "s", "comment": { "body": "b" }, "custom_fields": [{ "id": 42_000_000_000_105_u64, "value": true }] } });
    // What could not be created has no id, which the document requires (wire B7: `index` names it): no such item here.
    let all = vec![
        ("POST", "tickets", ticket.clone()),
        (
            "PUT",
            "tickets/3",
            json!({ "ticket": { "tags": ["x"], "status": "open", "comment": { "body": "c", "public": false } } }),
        ),
        ("POST", "tickets/create_many", json!({ "tickets": [ticket["ticket"]] })),
        ("PUT", "tickets/update_many?ids=1,3", json!({ "ticket": { "priority": "low" } })),
        ("DELETE", "tickets/destroy_many?ids=4", json!({})),
        ("GET", "deleted_tickets", json!({})),
        ("DELETE", "deleted_tickets/4", json!({})),
        ("DELETE", "tickets/6", json!({})),
        ("POST", "tickets/5/merge", json!({ "ids": [7] })),
        ("PUT", "tickets/3/tags", json!({ "tags": ["y"] })),
        ("POST", "tickets/3/tags", json!({ "tags": ["z"] })),
        (
            "POST",
            "imports/tickets",
            json!({ "ticket": { "subject": "i", "comments": [{ "value": "a" }], "created_at": "2020-01-01T00:00:00Z" } }),
        ),
        ("POST", "users", json!({ "user": { "name": "N", "email": "n@example.org" } })),
        ("POST", "users/create_or_update", json!({ "user": { "name": "N2", "email": "n@example.org" } })),
        ("POST", "groups", json!({ "group": { "name": "G" } })),
        ("POST", "organizations", json!({ "organization": { "name": "O" } })),
        ("GET", "job_statuses", json!({})),
        ("GET", "job_statuses", json!({})),
    ];
    let mut errors = Vec::new();
    for (method, path, body) in all {
        let body = Some(body).filter(|body| *body != json!({}));
        errors.extend(check(judge, &sandbox, method, path, body).await);
    }
    let upload = ask(&sandbox, "POST", "uploads?filename=a.txt").raw("x").send().await;
    errors.extend(judge.wrong(&Exchange {
        method: "POST",
        path: "/api/v2/uploads",
        query: "filename=a.txt",
        content_type: Some("text/plain"),
        body: None,
        answer: Some((upload.status.as_u16(), &upload.body)),
    }));
    errors
}

/// A fact that overrides the document is one that is met.
#[tokio::test]
async fn no_exception_is_left_over() {
    let Some(judge) = openapi::zendesk() else { return };
    drop((read_ones(judge).await, written_ones(judge).await));
    let unused = judge.unused(Seen::BySandbox);
    assert!(unused.is_empty(), "{unused:#?}");
}

/// Every member's place and type in a document; of a list, those of all its items together.
fn shape(value: &Value, place: &str, found: &mut BTreeSet<(String, &'static str)>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    found.insert((place.to_owned(), kind));
    match value {
        Value::Array(list) => list.iter().for_each(|own| shape(own, &format!("{place}[]"), found)),
        Value::Object(object) => object.iter().for_each(|(name, own)| shape(own, &format!("{place}.{name}"), found)),
        _ => {}
    }
}

/// One exchange of a recording.
struct Recorded {
    name: String,
    method: String,
    path: String,
    status: u16,
    body: Value,
    answer: Value,
}

fn recorded() -> Option<Vec<Recorded>> {
    let folder = openapi::folder()?.join("node-zendesk-fixtures");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|own| own.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|own| own == "json")) {
        let text: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for own in text {
            // Compressed answers are kept as hexadecimal pieces.
            let answer = match &own["response"] {
                Value::Array(pieces) if pieces.iter().all(Value::is_string) && !pieces.is_empty() => {
                    let hex: String = pieces.iter().map(|piece| piece.as_str().unwrap()).collect();
                    let bytes: Vec<u8> =
                        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
                    let mut text = String::new();
                    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
                    serde_json::from_str(&text).unwrap()
                }
                other => other.clone(),
            };
            all.push(Recorded {
                name: file.file_stem().unwrap().to_string_lossy().into_owned(),
                method: own["method"].as_str().unwrap().to_owned(),
                path: own["path"].as_str().unwrap().to_owned(),
                status: u16::try_from(own["status"].as_u64().unwrap()).unwrap(),
                body: own["body"].clone(),
                answer,
            });
        }
    }
    Some(all)
}

/// The same requests, with ids that are ours; keys and types of the answers are those of the recording.
#[tokio::test]
async fn recorded_exchanges_have_the_same_keys_and_types() {
    let Some(all) = recorded() else { return };
    let mut compared = 0;
    let mut skipped = Vec::new();
    let mut errors = Vec::new();
    for exchange in &all {
        let sandbox = account();
        let given =
            json!({ "organization": { "name": "xTestx Organization", "external_id": "69420", "notes": "foo" } });
        let made = write(&sandbox, "POST", "organizations", given).await.json()["organization"]["id"].clone();
        let Some(path) = ours(&sandbox, exchange, &made).await else {
            skipped.push(format!("{}: {} {}", exchange.name, exchange.method, exchange.path));
            continue;
        };
        let request = ask(&sandbox, &exchange.method, &path);
        let request = if exchange.body.is_object() { request.json(rewritten(&exchange.body, &made)) } else { request };
        let answer = request.send().await;
        assert_eq!(answer.status.as_u16(), exchange.status, "{} {path}: {}", exchange.method, answer.text());
        compared += 1;
        if exchange.status == 204 {
            assert!(answer.body.is_empty() && exchange.answer == "", "{path}");
            continue;
        }
        let (mut theirs, mut own) = (BTreeSet::new(), BTreeSet::new());
        shape(&exchange.answer, "", &mut theirs);
        shape(&answer.json(), "", &mut own);
        let names =
            |set: &BTreeSet<(String, &'static str)>| set.iter().map(|own| own.0.clone()).collect::<BTreeSet<_>>();
        // An empty list and a null hide what may be in them; what both show must agree.
        let hidden = |set: &BTreeSet<(String, &'static str)>, name: &str| {
            let filled = |place: &str| set.iter().any(|own| own.0 == place);
            (1..name.len()).any(|end| {
                let place = &name[..end];
                (set.contains(&(place.to_owned(), "array"))
                    && !filled(&format!("{place}[]"))
                    && name[end..].starts_with("[]"))
                    || (set.contains(&(place.to_owned(), "null")) && name[end..].starts_with(['.', '[']))
            })
        };
        for name in names(&theirs).symmetric_difference(&names(&own)) {
            if !hidden(&theirs, name) && !hidden(&own, name) && !EXTRA.iter().any(|own| name.ends_with(own.0)) {
                errors.push(format!("{} {path}: {name} is on one side alone", exchange.method));
            }
        }
        for (name, kind) in &own {
            let kinds: Vec<&str> = theirs.iter().filter(|own| own.0 == *name).map(|own| own.1).collect();
            if !kinds.is_empty() && *kind != "null" && !kinds.contains(kind) && !kinds.contains(&"null") {
                errors.push(format!("{} {path}: {name} is a {kind}, recorded {kinds:?}", exchange.method));
            }
        }
    }
    let mut out = std::io::stderr();
    let _ = writeln!(out, "\nrecorded exchanges: {compared} compared, {} skipped", skipped.len());
    for line in &skipped {
        let _ = writeln!(out, "skipped, because only the answer that makes a job shows it waiting: {line}");
    }
    assert!(errors.is_empty(), "{} errors\n{}", errors.len(), errors.join("\n"));
    assert!(compared >= 60, "{compared} of {}", all.len());
}

/// Members that are newer than the recordings of 2023, or that differ from one job to another.
const EXTRA: &[(&str, &str)] = &[
    ("job_status.job_type", "in the OAS, not yet in 2023"),
    ("results[].index", "recorded in S10 for tickets"),
    ("results[].success", "recorded for updates and deletions, not for creations"),
    ("results[].action", "the same"),
    ("results[].error", "of failed items"),
    ("results[].details", "of failed items"),
];

/// The path of a request with ids of ours; `None` for a cursor of that account.
async fn ours(sandbox: &Sandbox, exchange: &Recorded, made: &Value) -> Option<String> {
    let path = exchange.path.strip_prefix("/api/v2/").unwrap();
    if path.contains("page%5Bafter%5D") {
        let first = read(sandbox, "organizations?page[size]=1").await;
        let cursor = first["meta"]["after_cursor"].as_str().unwrap().to_owned();
        let empty = exchange.answer["organizations"].as_array().is_some_and(Vec::is_empty);
        let cursor = if empty {
            let all = read(sandbox, "organizations?page[size]=100").await;
            all["meta"]["after_cursor"].as_str().unwrap().to_owned()
        } else {
            cursor
        };
        return Some(format!("organizations?page[after]={}&page[size]=1", cursor.replace('=', "%3D")));
    }
    if path.starts_with("job_statuses/") {
        let job = write(
            sandbox,
            "PUT",
            &format!("organizations/update_many?ids={made}"),
            json!({ "organization": { "notes": "n" } }),
        )
        .await;
        let own = format!("job_statuses/{}", job.json()["job_status"]["id"].as_str().unwrap());
        let polls = match exchange.answer["job_status"]["status"].as_str() {
            Some("completed") => 1,
            Some("working") => 0,
            // A job that is still queued is seen in the answer that makes it.
            _ => return None,
        };
        for _ in 0..polls {
            read(sandbox, &own).await;
        }
        return Some(own);
    }
    if let Some((head, _)) = path.split_once("?ids=") {
        return Some(format!("{head}?ids={made}"));
    }
    let id = path.strip_prefix("organizations/").map(|own| own.trim_end_matches(".json"));
    match id {
        Some(id) if id.parse::<u64>().is_ok() && exchange.status == 404 => Some(path.to_owned()),
        Some(id) if id.parse::<u64>().is_ok() => Some(format!("organizations/{made}.json")),
        _ => Some(path.to_owned()),
    }
}

/// Bodies with ids of ours, and with names that are free.
fn rewritten(body: &Value, made: &Value) -> Value {
    let mut body = body.clone();
    if let Some(list) = body["organizations"].as_array_mut() {
        for own in list.iter_mut().filter(|own| own.get("id").is_some()) {
            own["id"] = made.clone();
        }
    }
    if body["organization"]["name"] == "xTestx Organization node-zendesk" {
        body["organization"]["name"] = json!("another name");
    }
    body
}

/// The webhooks' own document (wire B10).
#[tokio::test]
async fn webhooks_validate() {
    let Some(folder) = openapi::folder() else { return };
    let packed = std::fs::read(folder.join("zendesk-webhooks.yaml.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    // No reader of YAML is at hand: the members that the document requires and lists are looked up in its text.
    let webhook = text.split("    Webhook:\n").nth(1).unwrap().split("    # Authentication type").next().unwrap();
    let listed: BTreeSet<&str> = webhook
        .lines()
        .filter(|line| line.starts_with("        ") && !line.starts_with("         ") && line.ends_with(':'))
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    assert!(listed.contains("http_method") && listed.len() > 12, "{listed:?}");
    let sandbox = account();
    let hook = json!({ "webhook": {
        "name": "w", "endpoint": "http://127.0.0.1:9/x", "http_method": "POST", "request_format": "json", "status": "active",
        "subscriptions": ["zen:event-type:ticket.created"],
        "authentication": { "type": "bearer_token", "add_position": "header", "data": { "token": "verysecret" } },
    } });
    let made = write(&sandbox, "POST", "webhooks", hook).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(!made.text().contains("verysecret"));
    let shown = made.json()["webhook"].clone();
    for name in shown.as_object().unwrap().keys() {
        assert!(listed.contains(name.as_str()), "{name} is not in the document");
    }
    let required =
        webhook.split("      required:\n").nth(1).unwrap().lines().map(|line| line.trim().trim_start_matches("- "));
    for name in required.take_while(|line| !line.is_empty()) {
        assert!(shown.get(name).is_some(), "{name} is required");
    }
}
