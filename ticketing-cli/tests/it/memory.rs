//! Every command and every flag on the reference provider. Each run has a small company of its own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::runner::{Run, run, run_with_input};

const CONNECTION: [&str; 4] = ["--provider", "memory", "--config", r#"{"account":"acme","seed":"company"}"#];

fn on(args: &[&str]) -> Run {
    run(&[args, &CONNECTION].concat())
}

fn one(args: &[&str]) -> Value {
    on(&[args, &["--json"]].concat()).good().json()
}

fn keys(args: &[&str]) -> BTreeSet<String> {
    let listed = one(&[&["tickets", "list"], args].concat());
    assert!(listed["next"].is_null());
    listed["items"].as_array().unwrap().iter().map(|ticket| ticket["key"].as_str().unwrap().to_owned()).collect()
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn the_linked_providers_are_these() {
    let listed = run(&["providers", "--json"]).good().json();
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["jira", "memory", "servicenow", "zendesk"]);
    assert!(listed["next"].is_null());
    for provider in listed["items"].as_array().unwrap() {
        assert!(provider["config_schema"]["properties"].is_object(), "{provider}");
        assert!(provider.get("capabilities").is_none());
    }
    let table = run(&["providers"]).good().stdout;
    assert_eq!(table.lines().count(), names.len() + 1, "{table}");
    let one = on(&["providers", "--json"]).good().json();
    assert!(one["capabilities"]["operations"].as_array().unwrap().contains(&json!("create_ticket")), "{one}");
    let shown = on(&["providers"]).good().stdout;
    assert!(shown.contains("create_ticket") && shown.contains("comment visibilities"), "{shown}");
}

#[test]
fn every_filter_reaches_the_provider() {
    let all = set(&["MEM-1", "MEM-2", "MEM-3", "MEM-4"]);
    let far = "2000-01-01";
    let cases: &[(&[&str], &[&str])] = &[
        (&["--status", "open"], &["MEM-4"]),
        (&["--status", "unresolved"], &["MEM-2", "MEM-3", "MEM-4"]),
        (&["--native-status", "Solved"], &["MEM-1"]),
        (&["--assignee", "username:ada"], &["MEM-2"]),
        (&["--assignee", "email:ada@example.com", "--assignee", "ben"], &["MEM-2", "MEM-3"]),
        (&["--assignee", "me"], &[]),
        (&["--unassigned"], &["MEM-4"]),
        (&["--requester", "ada"], &["MEM-4"]),
        (&["--creator", "username:ada"], &[]),
        (&["--group", "name:Network"], &["MEM-1", "MEM-4"]),
        (&["--account", "name:Boreal Freight"], &["MEM-1"]),
        (&["--tag", "network"], &["MEM-1", "MEM-4"]),
        (&["--priority", "urgent,high"], &["MEM-1", "MEM-4"]),
        (&["--priority", "native:p2"], &["MEM-1"]),
        (&["--type", "incident"], &["MEM-1", "MEM-2", "MEM-3", "MEM-4"]),
        (&["--type", "problem,change"], &[]),
        (&["--parent", "ticket-000001"], &[]),
        (&["--text", "laptop"], &["MEM-3"]),
        (&["--id", "ticket-000001,ticket-000003"], &["MEM-1", "MEM-3"]),
        (&["--key", "MEM-2", "--key", "MEM-4"], &["MEM-2", "MEM-4"]),
        (&["--external-id", "ALERT-1"], &[]),
        (&["--field", "impact="], &["MEM-1", "MEM-2", "MEM-3", "MEM-4"]),
        (&["--field", "impact=team"], &[]),
        (&["--created-before", far], &[]),
        (&["--updated-before", far], &[]),
        (&["--resolved-after", far], &["MEM-1"]),
        (&["--resolved-before", far], &[]),
        (&["--closed-after", far], &[]),
        (&["--closed-before", far], &[]),
        (&["--due-after", far], &[]),
        (&["--due-before", far], &[]),
        (&["--status", "unresolved", "--group", "name:Network"], &["MEM-4"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(keys(filter), set(expected), "{filter:?}");
    }
    for filter in [["--created-after", far], ["--updated-after", far]] {
        assert_eq!(keys(&filter), all, "{filter:?}");
    }
    on(&["tickets", "list", "--collection", "key:NOWHERE"]).bad(2, &["`collection`", "NOWHERE"]);
}

#[test]
fn sorts_projections_and_the_vendor_s_own_words() {
    let listed = on(&["tickets", "list", "--jsonl", "--sort", "priority:desc,key", "--raw"]).good().lines();
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|ticket| ticket["raw"].is_object()), "{}", listed[0]);
    let keys = |listed: Vec<Value>| -> Vec<String> {
        listed.iter().map(|ticket| ticket["key"].as_str().unwrap().to_owned()).collect()
    };
    let by_priority = keys(listed);
    assert_eq!(by_priority, ["MEM-4", "MEM-1", "MEM-3", "MEM-2"]);
    let mut other = keys(on(&["tickets", "list", "--jsonl", "--sort", "priority,-key"]).good().lines());
    other.reverse();
    assert_eq!(other, by_priority);
    let plain = one(&["tickets", "get", "MEM-1", "--select", "impact", "--watchers"]);
    assert!(plain.get("raw").is_none() && plain["watchers"].is_array(), "{plain}");
}

#[test]
fn a_ticket_is_made_with_everything() {
    let made = one(&[
        "tickets",
        "create",
        "--title",
        "Disk full",
        "--description",
        "**97 %**",
        "--type",
        "incident",
        "--status",
        "in_progress",
        "--priority",
        "high",
        "--requester",
        "email:ada@example.com",
        "--assignee",
        "ben",
        "--assignee",
        "username:chi",
        "--group",
        "name:Network",
        "--watcher",
        "ada",
        "--account",
        "name:Boreal Freight",
        "--parent",
        "ticket-000001",
        "--tag",
        "disk",
        "--tag",
        "db",
        "--due",
        "2026-12-24",
        "--external-id",
        "A-1",
        "--field",
        "impact=all",
        "--comment",
        "First!",
        "--internal",
        "--idempotency-key",
        "k",
        "--raw",
    ]);
    let names = |refs: &Value| -> Vec<String> {
        refs.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(made["title"], "Disk full");
    assert_eq!(made["description"]["markdown"], "**97 %**");
    assert_eq!(made["type"]["category"], "incident");
    assert_eq!(made["status"]["category"], "in_progress");
    assert_eq!(made["priority"]["level"], "high");
    assert_eq!(made["requester"]["name"], "Ada Quist");
    assert_eq!(names(&made["assignees"]), ["Ben Okoro", "Chi Tanaka"]);
    assert_eq!(names(&made["assigned_groups"]), ["Network"]);
    assert_eq!(names(&made["watchers"]), ["Ada Quist"]);
    assert_eq!(made["account"]["name"], "Boreal Freight");
    assert_eq!(made["parent"]["id"], "ticket-000001");
    assert_eq!(made["tags"], json!(["disk", "db"]));
    assert_eq!(made["due"], json!({ "date": "2026-12-24" }));
    assert_eq!(made["external_id"], "A-1");
    assert_eq!(made["fields"]["impact"]["value"], "all");
    assert!(made["raw"].is_object());
    let plain = one(&["tickets", "create", "--title", "x", "--description", "1 * 2 * 3", "--plain"]);
    assert_eq!(plain["description"]["native"]["content"], "1 * 2 * 3");
    let args = [&["tickets", "create", "--title", "x", "--description", "-", "--json"], &CONNECTION[..]].concat();
    let piped = run_with_input(&args, "from a pipe\n").good().json();
    assert_eq!(piped["description"]["native"]["content"], "from a pipe");
}

#[test]
fn a_ticket_is_changed_in_every_way() {
    let update = |args: &[&str]| one(&[&["tickets", "update", "MEM-2"], args].concat());
    assert_eq!(update(&["--title", "New title"])["title"], "New title");
    assert_eq!(update(&["--description", "New"])["description"]["markdown"], "New");
    assert_eq!(update(&["--status", "on_hold"])["status"]["category"], "on_hold");
    let solved = update(&["--native-status", "Solved", "--reason", "Workaround provided"]);
    assert_eq!(solved["status"]["reason"]["id"], "workaround");
    assert_eq!(update(&["--priority", "urgent"])["priority"]["level"], "urgent");
    assert_eq!(update(&["--requester", "username:chi"])["requester"]["id"], "chi");
    assert_eq!(update(&["--account", "boreal"])["account"]["id"], "boreal");
    assert_eq!(update(&["--parent", "ticket-000001"])["parent"]["id"], "ticket-000001");
    assert_eq!(update(&["--due", "2026-12-24T09:00:00Z"])["due"], json!({ "at": "2026-12-24T09:00:00Z" }));
    assert_eq!(update(&["--external-id", "A-1"])["external_id"], "A-1");
    assert_eq!(update(&["--field", "impact=team"])["fields"]["impact"]["value"], "team");
    assert_eq!(update(&["--field", "impact:=\"one\""])["fields"]["impact"]["value"], "one");

    let ids = |refs: &Value| -> Vec<String> {
        refs.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&update(&["--assignee", "ben"])["assignees"]), ["ben"]);
    assert_eq!(ids(&update(&["--add-assignee", "ben"])["assignees"]), ["ada", "ben"]);
    assert_eq!(ids(&update(&["--add-assignee", "chi", "--remove-assignee", "ada"])["assignees"]), ["chi"]);
    assert_eq!(ids(&update(&["--group", "name:Network"])["assigned_groups"]), ["network"]);
    assert_eq!(ids(&update(&["--add-group", "network"])["assigned_groups"]), ["help-desk", "network"]);
    assert_eq!(ids(&update(&["--remove-group", "help-desk"])["assigned_groups"]), Vec::<String>::new());
    assert_eq!(ids(&update(&["--watcher", "ada", "--watcher", "ben"])["watchers"]), ["ada", "ben"]);
    assert_eq!(update(&["--add-tag", "a", "--add-tag", "b"])["tags"], json!(["a", "b"]));
    assert_eq!(update(&["--tag", "only"])["tags"], json!(["only"]));
    assert_eq!(one(&["tickets", "update", "MEM-1", "--remove-tag", "network"])["tags"], json!([]));

    let cleared = update(&["--clear", "description,priority,requester,assignees", "--clear", "groups"]);
    assert!(cleared["description"].is_null() && cleared["priority"].is_null() && cleared["requester"].is_null());
    assert_eq!((&cleared["assignees"], &cleared["assigned_groups"]), (&json!([]), &json!([])));

    let version = one(&["tickets", "get", "MEM-2"])["version"].as_str().unwrap().to_owned();
    assert_eq!(update(&["--title", "T", "--expected-version", &version])["title"], "T");
    on(&["tickets", "update", "MEM-2", "--title", "T", "--expected-version", "0"]).bad(5, &["precondition_failed"]);
}

#[test]
fn comments_say_who_may_read_them() {
    let comment = |args: &[&str]| one(&[&["tickets", "comment", "MEM-1", "Hello"], args].concat());
    assert_eq!(comment(&["--public"])["visibility"], "public");
    assert_eq!(comment(&["--internal", "--idempotency-key", "k"])["visibility"], "internal");
    let restricted = comment(&["--restricted-to", "network"]);
    assert_eq!(
        (&restricted["visibility"], &restricted["restricted_to"]["id"]),
        (&json!("restricted"), &json!("network"))
    );
    assert_eq!(comment(&["--public", "--plain"])["body"]["native"]["content"], "Hello");
    let args = [&["tickets", "comment", "MEM-1", "-", "--public", "--json"], &CONNECTION[..]].concat();
    let piped = run_with_input(&args, "two\nlines\n").good().json();
    assert_eq!(piped["body"]["native"]["content"], "two\nlines");
    assert_eq!(one(&["tickets", "comments", "MEM-1"])["items"], json!([]));
    on(&["tickets", "comment", "MEM-9", "Hello", "--public"]).bad(3, &["not_found"]);
    let said = on(&["tickets", "comments", "MEM-1"]);
    assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (0, "", "no comments\n"));
}

#[test]
fn a_ticket_is_deleted() {
    assert_eq!(one(&["tickets", "delete", "MEM-1"]), json!({ "deleted": "MEM-1" }));
    assert_eq!(on(&["tickets", "delete", "MEM-1"]).good().stdout, "deleted  MEM-1\n");
    on(&["tickets", "delete", "MEM-9"]).bad(3, &["not_found", "MEM-9"]);
    on(&["tickets", "delete", "MEM-1", "--expected-version", "0"]).bad(5, &["precondition_failed"]);
}

#[test]
fn people_are_read() {
    let ids = |args: &[&str]| -> Vec<String> {
        let listed = one(args);
        listed["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&["users", "list"]), ["ada", "ben", "chi", "integration"]);
    assert_eq!(ids(&["users", "list", "--include-inactive"]), ["ada", "ben", "chi", "dora", "integration"]);
    assert_eq!(ids(&["users", "find", "--name", "Ada Quist"]), ["ada"]);
    assert_eq!(ids(&["users", "find", "--text", "OKO"]), ["ben"]);
    assert_eq!(ids(&["users", "find", "--assignable-to-group", "name:Network"]), ["chi"]);
    assert_eq!(ids(&["groups", "list"]), ["help-desk", "network"]);
    assert_eq!(ids(&["groups", "list", "--text", "desk"]), ["help-desk"]);
    assert_eq!(ids(&["groups", "members", "name:Network"]), ["chi"]);
    assert_eq!(ids(&["groups", "members", "network", "--include-inactive"]), ["chi", "dora"]);
    assert_eq!(one(&["users", "get", "me"])["id"], "integration");
    assert_eq!(one(&["users", "get", "ada", "--raw"])["name"], "Ada Quist");
    assert_eq!(one(&["groups", "get", "name:Network"])["id"], "network");
    let shown = on(&["users", "get", "ada"]).good().stdout;
    assert!(shown.contains("ada@example.com"), "{shown}");
}

#[test]
fn the_contract_is_printed_as_schemas() {
    let all = run(&["schema"]).good().json();
    let ticket = run(&["schema", "ticket"]).good().json();
    assert_eq!(all["ticket"], ticket);
    assert!(ticket["required"].as_array().unwrap().contains(&json!("unreadable")), "{ticket}");
    for (name, schema) in all.as_object().unwrap() {
        assert_eq!(&run(&["schema", name]).good().json(), schema, "{name}");
    }
    for name in [
        "user",
        "group",
        "comment",
        "attachment",
        "account",
        "contact",
        "collection",
        "field",
        "link",
        "history",
        "change",
    ] {
        assert!(all.get(name).is_some(), "{name} is missing");
    }
    let config = run(&["schema", "config", "--provider", "servicenow"]).good().json();
    for key in ["instance", "auth", "tables", "mapping"] {
        assert!(config["properties"].get(key).is_some(), "{key}: {config}");
    }
}

#[test]
fn the_vendor_s_own_words_pass_through() {
    let answer = on(&["raw", "GET", "/tickets/ticket-000001", "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.json()["status"], 200);
    let said = on(&["raw", "GET", "/tickets/ticket-000001", "--include"]);
    assert!(said.stderr.starts_with("status: 200\n"), "{said:?}");
    assert!(said.stdout.contains("VPN drops"), "{said:?}");
    assert_eq!(on(&["raw", "GET", "/tickets/ticket-999999"]).code, 3);
}
