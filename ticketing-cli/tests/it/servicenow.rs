//! The commands on a ServiceNow sandbox on a socket: what people and scripts really do.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::runner::{command, run};
use crate::server::Server;

/// The incidents of the sandbox's small company; its problem and its change are in other tables.
const INCIDENTS: usize = 12;

fn keys(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

fn items(document: &Value) -> Vec<Value> {
    document["items"].as_array().unwrap().clone()
}

#[test]
fn tickets_are_listed_in_three_shapes() {
    let server = Server::start(&[]);
    let whole = server.run(&["tickets", "list", "--json"]).good().json();
    assert_eq!(items(&whole).len(), INCIDENTS);
    assert!(whole["next"].is_null());

    let lines = server.run(&["tickets", "list", "--jsonl", "--page-size", "5"]).good();
    assert_eq!(lines.lines(), items(&whole), "one document a line, the same ones");

    let table = server.run(&["tickets", "list"]).good().stdout;
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), INCIDENTS + 1, "{table}");
    assert!(rows[0].starts_with("KEY") && rows[0].contains("STATUS"), "{table}");
    for key in keys(&items(&whole)) {
        assert!(rows.iter().any(|row| row.starts_with(&key)), "{key} is not in\n{table}");
    }
    assert!(!table.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn filters_narrow_and_their_values_widen() {
    let server = Server::start(&[]);
    let all = items(&server.run(&["tickets", "list", "--json"]).good().json());
    let read = |args: &[&str]| -> BTreeSet<String> {
        keys(&items(&server.run(&[&["tickets", "list", "--json"], args].concat()).good().json())).into_iter().collect()
    };
    let expect = |filter: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        keys(&all.iter().filter(|ticket| filter(ticket)).cloned().collect::<Vec<_>>()).into_iter().collect()
    };
    let category = |ticket: &Value| ticket["status"]["category"].as_str().unwrap().to_owned();
    let priority = |ticket: &Value| ticket["priority"]["level"].as_str().unwrap_or_default().to_owned();

    let unresolved = expect(&|ticket| ["open", "in_progress", "on_hold", "unknown"].contains(&&*category(ticket)));
    assert!(!unresolved.is_empty() && unresolved.len() < INCIDENTS);
    assert_eq!(read(&["--status", "unresolved"]), unresolved);
    assert_eq!(read(&["--status", "open,in_progress", "--status", "on_hold"]), unresolved);
    assert_eq!(read(&["--native-status", "1,2", "--native-status", "3"]), unresolved);
    // Native values may be negative numbers: those of changes are, and the recorded log has a -100.
    // No incident has either here, so that they are taken for typing errors, each by its name.
    for (values, unknown) in [("-5,1,2", "no status `-5`"), ("-100", "no status `-100`")] {
        let said = ["`status`", unknown, "2 (In Progress)", "or a category"];
        server.run(&["tickets", "list", "--native-status", values]).bad(2, &said);
    }
    let high = expect(&|ticket| ["high", "urgent"].contains(&&*priority(ticket)));
    assert!(!high.is_empty());
    assert_eq!(read(&["--priority", "high,urgent"]), high);
    assert_eq!(read(&["--priority", "high,urgent", "--status", "unresolved"]), &high & &unresolved);
    let unassigned = expect(&|ticket| ticket["assignees"].as_array().unwrap().is_empty());
    assert!(!unassigned.is_empty());
    assert_eq!(read(&["--unassigned"]), unassigned);
    let amara = expect(&|ticket| ticket["assignees"].to_string().contains("Amara Okafor"));
    assert!(!amara.is_empty());
    assert_eq!(read(&["--assignee", "email:amara.okafor@example.com"]), amara);
    assert_eq!(read(&["--assignee", "username:amara.okafor", "--unassigned"]), &amara | &unassigned);
    let helpdesk = expect(&|ticket| ticket["assigned_groups"].to_string().contains("IT Help Desk"));
    assert!(!helpdesk.is_empty());
    assert_eq!(read(&["--group", "name:IT Help Desk"]), helpdesk);
    let key = unresolved.first().unwrap().as_str();
    assert_eq!(read(&["--key", key]), BTreeSet::from([key.to_owned()]));
    let at = all[3]["updated_at"].as_str().unwrap();
    assert_eq!(read(&["--updated-after", at]), expect(&|ticket| ticket["updated_at"].as_str().unwrap() >= at));
    assert_eq!(read(&["--updated-before", at]), expect(&|ticket| ticket["updated_at"].as_str().unwrap() < at));
    assert_eq!(read(&["--type", "problem"]), BTreeSet::new());
}

#[test]
fn a_limited_listing_goes_on_exactly_behind_its_last_ticket() {
    let server = Server::start(&["--tickets", "60"]);
    let all = keys(&server.run(&["tickets", "list", "--jsonl", "--sort", "-updated_at"]).good().lines());
    for (limit, page_size) in [("7", "100"), ("25", "10"), ("1", "3")] {
        let mut read: Vec<String> = Vec::new();
        let mut cursor: Option<String> = None;
        while read.len() < 30 {
            let mut args =
                vec!["tickets", "list", "--jsonl", "--sort", "-updated_at", "--limit", limit, "--page-size", page_size];
            if let Some(cursor) = &cursor {
                args.extend(["--cursor", cursor]);
            }
            let run = server.run(&args).good_with_more();
            let got = keys(&run.lines());
            assert_eq!(got.len().to_string(), limit, "{read:?}");
            read.extend(got);
            assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
            cursor = Some(run.next().expect("there is more"));
        }
        assert_eq!(read, all[..read.len()], "limit {limit}, pages of {page_size}");
    }
}

#[test]
fn what_is_counted_is_said() {
    let server = Server::start(&[]);
    let total = &server.run(&["tickets", "list", "--json", "--limit", "2", "--count"]).good().json()["total"];
    assert_eq!(total["value"], INCIDENTS);
    let said = server.run(&["tickets", "list", "--jsonl", "--limit", "2", "--count"]).good_with_more().stderr;
    assert!(said.contains(&format!("total: {INCIDENTS}")), "{said}");
}

#[test]
fn a_ticket_s_life() {
    let server = Server::start(&[]);
    let create = [
        "tickets",
        "create",
        "--json",
        "--title",
        "Disk full on db-7 ^ \"97 %\" 🙏",
        "--description",
        "Volume /var",
        "--requester",
        "email:alex.kim@example.com",
        "--group",
        "name:IT Help Desk",
        "--priority",
        "high",
        "--idempotency-key",
        "alert-4711",
    ];
    let made = server.run(&create).good().json();
    assert_eq!(made["title"], "Disk full on db-7 ^ \"97 %\" 🙏");
    assert_eq!(made["status"]["category"], "open");
    assert_eq!(made["priority"]["level"], "high");
    assert_eq!(made["requester"]["name"], "Alex Kim");
    assert_eq!(made["assigned_groups"][0]["name"], "IT Help Desk");
    let id = made["id"].as_str().unwrap();
    let key = made["key"].as_str().unwrap();
    assert_eq!(server.run(&create).good().json()["id"], made["id"], "the same key, the same ticket");

    for name in [id, key] {
        assert_eq!(server.run(&["tickets", "get", name, "--json"]).good().json()["id"], made["id"]);
    }
    let shown = server.run(&["tickets", "get", key]).good().stdout;
    assert!(shown.contains(key) && shown.contains("Disk full on db-7"), "{shown}");

    let public = server.run(&["tickets", "comment", key, "We are on it.", "--public", "--json"]).good().json();
    assert_eq!(public["visibility"], "public");
    let internal = server.run(&["tickets", "comment", id, "db-7 again.", "--internal", "--json"]).good().json();
    assert_eq!(internal["visibility"], "internal");
    let comments = server.run(&["tickets", "comments", id, "--jsonl"]).good().lines();
    let bodies: Vec<_> =
        comments.iter().map(|comment| comment["body"]["native"]["content"].as_str().unwrap()).collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert!(bodies.contains(&"We are on it.") && bodies.contains(&"db-7 again."), "{bodies:?}");
    let internal = server.run(&["tickets", "comments", id, "--visibility", "internal", "--json"]).good().json();
    assert_eq!(items(&internal).len(), 1);

    let missing = server.run(&["tickets", "update", id, "--status", "resolved"]).bad(2, &["close_code"]);
    assert!(missing.stderr.contains("close_notes"), "{}", missing.stderr);
    let resolved = server
        .run(&[
            "tickets",
            "update",
            id,
            "--status",
            "resolved",
            "--field",
            "close_code=Solution provided",
            "--field",
            "close_notes=Logs moved",
            "--comment",
            "Done.",
            "--internal",
            "--json",
        ])
        .good()
        .json();
    assert_eq!(resolved["status"]["category"], "resolved");
    assert_eq!(resolved["status"]["reason"]["name"], "Solution provided");
    assert!(resolved["resolved_at"].is_string());
    assert_eq!(server.run(&["tickets", "comments", id, "--jsonl"]).good().lines().len(), 3);

    let history = server.run(&["tickets", "history", id, "--jsonl"]).good().lines();
    assert!(history.iter().any(|entry| entry.to_string().contains("\"status\"")), "{history:?}");

    let stale = made["version"].as_str().unwrap();
    server
        .run(&["tickets", "update", id, "--title", "New", "--expected-version", stale])
        .bad(5, &["precondition_failed"]);

    server.run(&["tickets", "delete", id]).good();
    server.run(&["tickets", "get", id]).bad(3, &["not_found"]);
}

#[test]
fn people_and_groups_are_found() {
    let server = Server::start(&[]);
    let users = server.run(&["users", "list", "--jsonl"]).good().lines();
    let everyone = server.run(&["users", "list", "--include-inactive", "--jsonl"]).good().lines();
    assert!(users.len() < everyone.len());
    assert!(users.iter().all(|user| user["active"] == true));

    let find = |args: &[&str]| items(&server.run(&[&["users", "find", "--json"], args].concat()).good().json());
    let found = find(&["--email", "amara.okafor@example.com"]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["name"], "Amara Okafor");
    assert_eq!(find(&["--email", "nobody@example.com"]), Vec::<Value>::new());
    assert_eq!(find(&["--name", "Alex Kim"]).len(), 2);
    assert!(find(&["--text", "okafor"]).iter().any(|user| user["name"] == "Amara Okafor"));
    let assignable = find(&["--assignable-to-group", "name:IT Help Desk"]);
    assert_eq!(assignable.len(), 3);

    let id = found[0]["id"].as_str().unwrap();
    for name in [id, "email:amara.okafor@example.com"] {
        assert_eq!(server.run(&["users", "get", name, "--json"]).good().json()["id"], id);
    }
    assert_eq!(server.run(&["users", "get", "me", "--json"]).good().json()["username"], "admin");
    server.run(&["users", "get", "email:reception@example.com"]).bad(2, &["USER", "several", "Lena Brandt"]);
    server.run(&["users", "get", "email:nobody@example.com"]).bad(3, &["nobody@example.com"]);
    server.run(&["users", "get", "00000000000000000000000000000000"]).bad(3, &["not_found"]);

    let groups = server.run(&["groups", "list", "--jsonl"]).good().lines();
    let helpdesk = groups.iter().find(|group| group["name"] == "IT Help Desk").unwrap();
    let id = helpdesk["id"].as_str().unwrap();
    for name in [id, "name:IT Help Desk"] {
        assert_eq!(server.run(&["groups", "get", name, "--json"]).good().json()["id"], id);
        assert_eq!(server.run(&["groups", "members", name, "--jsonl"]).good().lines().len(), 3);
    }
    server.run(&["groups", "members", "name:Nobody"]).bad(3, &["Nobody", "groups list"]);
}

#[test]
fn the_catalogue_types_what_is_written() {
    let server = Server::start(&[]);
    let fields = server.run(&["fields", "--choices", "--jsonl"]).good().lines();
    let close_code = fields.iter().find(|field| field["id"] == "close_code").expect("close_code");
    assert!(!close_code["choices"].as_array().unwrap().is_empty());
    let plain = server.run(&["fields", "--jsonl"]).good().lines();
    assert_eq!(plain.len(), fields.len());
    let table = server.run(&["fields"]).good().stdout;
    assert!(table.lines().any(|line| line.starts_with("close_code ")), "{table}");

    server.run(&["tickets", "create", "--title", "x", "--field", "no_such_field=1"]).bad(2, &["no_such_field"]);
    server.run(&["tickets", "list", "--field", "no_such_field=1"]).bad(2, &["no_such_field"]);
    server.run(&["tickets", "list", "--native-status", "Nonsense"]).bad(2, &["Nonsense"]);
    server.run(&["tickets", "create", "--title", "x", "--group", "name:Nobody"]).bad(2, &["Nobody"]);
    server
        .run(&["tickets", "create", "--title", "x", "--requester", "email:reception@example.com"])
        .bad(2, &["reception@example.com", "Lena Brandt"]);
}

#[test]
fn the_vendor_s_own_words_pass_through() {
    let server = Server::start(&[]);
    let answer = server.run(&["raw", "GET", "/api/now/table/incident", "--query", "sysparm_limit=1"]).good();
    assert_eq!(answer.json()["result"].as_array().unwrap().len(), 1);
    let whole =
        server.run(&["raw", "get", "/api/now/table/incident", "--query", "sysparm_limit=1", "--json"]).good().json();
    assert_eq!(whole["status"], 200);
    assert!(whole["body"]["result"].is_array());
    let missing = server.run(&["raw", "GET", "/api/now/table/incident/00000000000000000000000000000000"]);
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.stderr.starts_with("error: ") && missing.stderr.contains("HTTP 404"), "{missing:?}");
    let posted =
        server.run(&["raw", "POST", "/api/now/table/incident", "--body", r#"{"short_description":"raw"}"#]).good();
    assert_eq!(posted.json()["result"]["short_description"], "raw");
    server.run(&["raw", "GET", "/x", "--header", "Authorization: Basic x"]).bad(2, &["uthorization"]);
}

#[test]
fn a_refused_credential_is_one_clear_error() {
    let server = Server::start(&[]);
    let config = server.config("hunter2-canary");
    for more in [&[][..], &["--verbose"]] {
        let args = [&["tickets", "list", "--provider", "servicenow", "--config", &config], more].concat();
        let run = run(&args);
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{run:?}");
        let error = run.stderr.lines().last().unwrap();
        assert!(error.starts_with("error: unauthenticated") && error.contains("401"), "{error}");
        assert!(!run.stderr.contains("hunter2") && !run.stderr.contains("YWRtaW4"), "{}", run.stderr);
    }
}

#[test]
fn a_host_that_does_not_answer_is_one_clear_error() {
    let config =
        r#"{"instance":"http://127.0.0.1:1","auth":{"type":"basic","username":"u","password":"hunter2-canary"}}"#;
    let run = run(&["tickets", "list", "--provider", "servicenow", "--config", config])
        .bad(6, &["unavailable", "127.0.0.1:1", "check the address"]);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn a_cursor_of_another_instance_is_refused() {
    let (one, other) = (Server::start(&[]), Server::start(&[]));
    let first = one.run(&["tickets", "list", "--json", "--limit", "2"]).good().json();
    let cursor = first["next"].as_str().unwrap();
    one.run(&["tickets", "list", "--json", "--limit", "2", "--cursor", cursor]).good();
    other.run(&["tickets", "list", "--cursor", cursor]).bad(2, &["`cursor`", "account"]);
    one.run(&["tickets", "list", "--status", "open", "--cursor", cursor]).bad(2, &["`cursor`", "query"]);
}

#[test]
fn the_connection_may_stand_in_the_environment_and_before_the_command() {
    let server = Server::start(&[]);
    let output = command(&["tickets", "list", "--json", "--limit", "1"])
        .env("TICKETING_PROVIDER", "servicenow")
        .env("TICKETING_CONFIG", server.config("admin"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let config = server.config("admin");
    run(&["--provider", "servicenow", "--config", &config, "--json", "tickets", "list", "--limit", "1"]).good();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &config).unwrap();
    let at_file = format!("@{}", file.path().display());
    run(&["tickets", "list", "--limit", "1", "--json", "--provider", "servicenow", "--config", &at_file]).good();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = Server::start(&["--tickets", "3000"]);
    let config = server.config("admin");
    let mut child = command(&["tickets", "list", "--jsonl", "--provider", "servicenow", "--config", &config])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(reader);
    serde_json::from_str::<Value>(&line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn what_was_written_before_a_failure_is_whole_and_can_be_gone_on_from() {
    let server = Server::start(&["--tickets", "60"]);
    let read = ["tickets", "list", "--jsonl", "--page-size", "20"];
    let all = keys(&server.run(&read).good().lines());
    assert!(all.len() > 60);
    // The third page is refused, whether it begins with the row that overlaps or not.
    let faults = ["39", "40"].map(|offset| {
        serde_json::json!({ "name": "unauthorized", "path": format!("sysparm_offset={offset}"), "count": 1000 })
    });
    let answer = server.http("PUT", "/_sandbox/faults", &serde_json::json!(faults).to_string());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let broken = server.run(&read);
    assert_eq!(broken.code, 4, "{}", broken.stderr);
    let written = keys(&broken.lines());
    assert_eq!(written, all[..40]);
    assert_eq!(broken.stderr.lines().count(), 2, "{}", broken.stderr);
    assert!(broken.stderr.lines().last().unwrap().starts_with("error: unauthenticated"), "{}", broken.stderr);

    let one_document = server.run(&["tickets", "list", "--json", "--page-size", "20"]);
    assert_eq!((one_document.code, one_document.stdout.as_str()), (4, ""), "half a document is no document");

    server.http("PUT", "/_sandbox/faults", "[]");
    let rest = server.run(&[&read[..], &["--cursor", &broken.next().unwrap()]].concat()).good();
    assert_eq!(keys(&rest.lines()), all[40..]);
}
