//! Bad input: one clear error that names the field, the cause and the way out; no panic, no secret.

use serde_json::json;

use crate::runner::{Run, command, run, run_with_input};
use crate::server::Server;

/// Must be seen nowhere.
const CANARY: &str = "hunter2-canary";
/// `admin:` and the canary, as Basic authentication writes them.
const BASIC: &str = "YWRtaW46aHVudGVyMi1jYW5hcnk";

fn memory(more: &[&str]) -> Vec<String> {
    let mut args: Vec<String> = more.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--provider", "memory", "--config", r#"{"account":"acme"}"#].map(str::to_owned));
    args
}

#[test]
fn a_bad_configuration_is_refused_without_being_shown() {
    let list = |provider: &str, config: &str| run(&["tickets", "list", "--provider", provider, "--config", config]);
    let secret = |json: &str| json.replace("SECRET", CANARY);
    let cases: &[(&str, String, &[&str])] = &[
        ("servicenow", secret(r#"{"instance":"acme","auth":{"password":"SECRET""#), &["--config", "not JSON", "@FILE"]),
        ("servicenow", secret(r#"["SECRET"]"#), &["--config", "JSON object"]),
        ("servicenow", "@/no/such/file.json".to_owned(), &["--config", "/no/such/file.json"]),
        (
            "servicenow",
            r#"{"instance":"acme","auth":{"type":"basic","username":"u","password":{"env":"TICKETING_NO_SUCH"}}}"#
                .to_owned(),
            &["`auth.password`", "TICKETING_NO_SUCH", "export"],
        ),
        (
            "servicenow",
            secret(r#"{"instance":"acme","colour":"red","auth":{"type":"basic","username":"u","password":"SECRET"}}"#),
            &["config", "colour", "instance", "tables", "mapping"],
        ),
        (
            "servicenow",
            secret(r#"{"instance":"10.0.0.7:8443","auth":{"type":"basic","username":"u","password":"SECRET"}}"#),
            &["config", "`instance`", "is an IP address", "--allow-host"],
        ),
        (
            "servicenow",
            secret(r#"{"auth":{"type":"basic","username":"u","password":"SECRET"}}"#),
            &["config", "instance"],
        ),
        (
            "servicenow",
            secret(r#"{"instance":"acme","auth":{"type":"magic","password":"SECRET"}}"#),
            &["config", "magic", "basic", "bearer", "api_key", "oauth"],
        ),
        (
            "servicenow",
            secret(r#"{"instance":"acme","auth":{"type":"basic","username":"u","pasword":"SECRET"}}"#),
            &["config", "pasword"],
        ),
        (
            "servicenow",
            secret(
                r#"{"instance":"https://user:SECRET@acme.service-now.com","auth":{"type":"basic","username":"u","password":"SECRET"}}"#,
            ),
            &["config", "`instance`"],
        ),
        (
            "servicenow",
            secret(r#"{"instance":"http://192.168.1.7","auth":{"type":"basic","username":"u","password":"SECRET"}}"#),
            &["config", "`instance`"],
        ),
        (
            "servicenow",
            secret(
                r#"{"instance":"acme","tables":["incident","x^y"],"auth":{"type":"basic","username":"u","password":"SECRET"}}"#,
            ),
            &["config", "tables"],
        ),
        (
            "servicenow",
            secret(
                r#"{"instance":"acme","mapping":{"status":{"3":"waiting"}},"auth":{"type":"basic","username":"u","password":"SECRET"}}"#,
            ),
            &["config", "mapping", "waiting", "on_hold"],
        ),
        ("memory", r#"{"account":"acme","colour":"red"}"#.to_owned(), &["config", "colour", "account"]),
        ("servicenov", "{}".to_owned(), &["`provider`", "servicenov", "jira", "memory", "servicenow"]),
        ("", "{}".to_owned(), &["provider"]),
    ];
    for (provider, config, words) in cases {
        let run = list(provider, config).bad(2, words);
        assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    }
}

#[test]
fn a_missing_provider_is_named_with_those_there_are() {
    run(&["tickets", "list"]).bad(2, &["--provider", "jira", "memory", "servicenow", "TICKETING_PROVIDER"]);
    run(&["schema", "config"]).bad(2, &["--provider", "jira", "memory", "servicenow"]);
}

#[test]
fn bad_values_name_their_argument_and_what_is_good() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["tickets", "list", "--status", "opened"], &["--status", "opened", "in_progress", "unresolved"]),
        (&["tickets", "list", "--status", "open,,closed"], &["--status"]),
        (&["tickets", "list", "--priority", "urgentest"], &["--priority", "urgentest", "urgent", "native:"]),
        (&["tickets", "list", "--type", "incidental"], &["--type", "incidental", "incident"]),
        (&["tickets", "list", "--sort", "colour"], &["--sort", "colour", "updated_at"]),
        (&["tickets", "list", "--sort", "updated_at:down"], &["--sort", "down", "desc"]),
        (
            &["tickets", "list", "--updated-after", "yesterday"],
            &["--updated-after", "yesterday", "2016-06-01T00:00:00Z"],
        ),
        (&["tickets", "list", "--assignee", "email:"], &["--assignee", "email:"]),
        (&["tickets", "list", "--group", ""], &["--group", "name:VALUE"]),
        (&["tickets", "list", "--field", "close_code"], &["--field", "FIELD=VALUE"]),
        (&["tickets", "list", "--field", "a:={"], &["--field", "JSON"]),
        (&["tickets", "list", "--limit", "0"], &["--limit", "0"]),
        (&["tickets", "list", "--page-size", "many"], &["--page-size", "many"]),
        (&["tickets", "list", "--json", "--jsonl"], &["--json", "--jsonl"]),
        (&["tickets", "list", "--colour", "red"], &["--colour", "--help"]),
        (&["tickets", "get"], &["<ID>"]),
        (&["tickets", "get", ""], &["<ID>", "empty"]),
        (&["tickets", "create"], &["--title"]),
        (&["tickets", "create", "--title", " "], &["--title", "empty"]),
        (&["tickets", "create", "--title", "x", "--due", "soon"], &["--due", "soon", "2026-03-01"]),
        (&["tickets", "create", "--title", "x", "--comment", "y"], &["--comment", "--public", "--internal"]),
        (&["tickets", "create", "--title", "x", "--internal"], &["--internal", "--comment"]),
        (
            &["tickets", "create", "--title", "x", "--comment", "y", "--public", "--internal"],
            &["--public", "--internal"],
        ),
        (&["tickets", "update", "1"], &["what to change", "--status"]),
        (&["tickets", "update", "1", "--comment", "y"], &["--comment", "--public", "--internal"]),
        (&["tickets", "update", "1", "--clear", "title"], &["--clear", "title", "priority"]),
        (&["tickets", "update", "1", "--clear", "due", "--due", "2026-03-01"], &["--clear due"]),
        (&["tickets", "update", "1", "--clear", "tags", "--add-tag", "a"], &["--clear tags"]),
        (&["tickets", "update", "1", "--tag", "a", "--add-tag", "b"], &["--tag", "--add-tag"]),
        (&["tickets", "comment", "1", "hello"], &["--public", "--internal"]),
        (&["tickets", "comment", "1", " ", "--public"], &["<TEXT>", "empty"]),
        (&["tickets", "comments", "1", "--visibility", "secret"], &["--visibility", "secret", "internal"]),
        (&["users", "find", "--include-inactive"], &["--email", "--name", "--text"]),
        (&["users", "get", "username:ada"], &["username:ada", "email:"]),
        (&["raw", "FETCH", "/"], &["FETCH", "get", "delete"]),
        (&["raw", "GET", "https://evil.example/"], &["path", "/api/now"]),
        (&["raw", "GET", "//evil.example/"], &["path", "/api/now"]),
        (&["raw", "GET", "/x", "--query", "limit"], &["--query", "NAME=VALUE"]),
        (&["raw", "GET", "/x", "--header", "limit"], &["--header", "Name: value"]),
        (&["schema", "tickets"], &["tickets", "ticket"]),
        (&["sandbox"], &["--vendor"]),
        (&["sandbox", "--vendor", "remedy"], &["--vendor", "remedy", "servicenow", "jira"]),
        (&["sandbox", "--vendor", "servicenow,remedy"], &["--vendor", "remedy", "servicenow", "jira"]),
        (&["sandbox", "--vendor", "jira", "--flavour", "lime"], &["flavour", "lime", "cloud", "data-center"]),
        (&["sandbox", "--vendor", "servicenow", "--flavour", "cloud"], &["--flavour", "jira"]),
        (&["sandbox", "--vendor", "servicenow,jira", "--tls", "--certificate", "x"], &["--certificate", "several"]),
        (&["sandbox", "--vendor", "servicenow,jira", "--port", "65535"], &["--port", "65535", "jira"]),
        (&["sandbox", "--vendor", "servicenow", "--port", "99999"], &["--port", "99999"]),
        (&["sandbox", "--vendor", "servicenow", "--as-of", "2016-03-10"], &["--event-log"]),
        (&["sandbox", "--vendor", "servicenow", "--event-log", "x", "--as-of", "noon"], &["--as-of", "noon"]),
        (&["sandbox", "--vendor", "servicenow", "--event-log", "/no/such.zip"], &["/no/such.zip"]),
        (&["demo", "--event-log", "/no/such.zip", "--json"], &["/no/such.zip"]),
        (&["demo", "--jsonl"], &["--json"]),
        (&["demonstrate"], &["demonstrate"]),
    ];
    for (args, words) in cases {
        let args = if args[0] == "tickets" || args[0] == "users" || args[0] == "raw" {
            memory(args)
        } else {
            args.iter().map(|arg| (*arg).to_owned()).collect()
        };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(&args).bad(2, words);
    }
}

#[test]
fn a_cursor_must_be_the_query_s_own() {
    let list = |more: &[&str]| run(&[&["tickets", "list", "--json"], more].concat());
    let seeded = |account: &str| format!(r#"{{"account":"{account}","seed":"company"}}"#);
    let acme = seeded("acme");
    let globex = seeded("globex");
    let on = |config: &str, more: &[&str]| list(&[&["--provider", "memory", "--config", config], more].concat());

    let first = on(&acme, &["--limit", "2"]).good().json();
    let cursor = first["next"].as_str().expect("there is more");
    on(&acme, &["--cursor", cursor, "--limit", "1"]).good_with_more();
    on(&acme, &["--cursor", cursor, "--status", "open"]).bad(2, &["`cursor`", "another query"]);
    on(&acme, &["--cursor", cursor, "--sort", "key"]).bad(2, &["`cursor`", "another query"]);
    on(&globex, &["--cursor", cursor]).bad(2, &["`cursor`", "another account"]);
    run(&["users", "list", "--json", "--provider", "memory", "--config", &acme, "--cursor", cursor])
        .bad(2, &["`cursor`", "another operation"]);
    for damaged in ["x", "", &cursor[1..], &format!("{cursor}A"), &"A".repeat(100_000), "\u{1b}[31m"] {
        on(&acme, &["--cursor", damaged]).bad(2, &["`cursor`", "damaged", "start over"]);
    }
}

#[test]
fn a_configuration_on_standard_input_is_read() {
    let args = ["tickets", "list", "--json", "--provider", "memory", "--config", "@-"];
    assert_eq!(run_with_input(&args, r#"{"account":"acme"}"#).good().json()["items"], serde_json::json!([]));
    run_with_input(&args, CANARY).bad(2, &["--config", "not JSON"]);
    assert!(!run_with_input(&args, CANARY).stderr.contains(CANARY));
}

#[test]
fn a_configuration_in_the_wrong_place_does_not_show_the_secret() {
    let config = format!(r#"{{"password":"{CANARY}"}}"#);
    let file = format!("@{config}");
    for (args, word) in [
        (["--provider", "memory", &config].as_slice(), "unexpected argument"),
        (&["--provider", &config], "it is no name of a provider"),
        (&["--provider", "memory", "--config", &file], "cannot read the file"),
    ] {
        let run = run(&[&["tickets", "list"], args].concat()).bad(2, &[word]);
        assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
    }
}

#[test]
fn a_bad_log_filter_is_refused() {
    let args = ["providers"];
    let output = command(&args).env("TICKETING_LOG", "debug,x=loud").output().unwrap();
    Run::of(output, &args).bad(2, &["TICKETING_LOG", "`debug`"]);
}

#[test]
fn no_log_shows_a_secret() {
    let server = Server::start(&[]);
    let bad = json!({ "type": "basic", "username": "admin", "password": CANARY });
    let token = json!({ "type": "oauth", "client_id": "c", "client_secret": CANARY, "refresh_token": CANARY });
    for auth in [bad, json!({ "type": "bearer", "token": CANARY }), json!({ "type": "api_key", "key": CANARY }), token]
    {
        let config = json!({ "instance": server.url, "auth": auth }).to_string();
        let args = ["tickets", "list", "--verbose", "--provider", "servicenow", "--config", &config];
        let output = command(&args).env("TICKETING_LOG", "trace").env("RUST_LOG", "trace").output().unwrap();
        let run = Run::of(output, &args);
        assert_eq!((run.code, run.stdout.as_str()), (4, ""), "{}", run.stderr);
        assert!(run.stderr.contains("TRACE") && run.stderr.lines().count() > 5, "{}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "no colours in a pipe: {}", run.stderr);
        assert!(!run.stderr.contains(CANARY) && !run.stderr.contains(BASIC), "{}", run.stderr);
    }
}
