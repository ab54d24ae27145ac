//! `ticketing connect`, `ticketing connections`, `--connection`, `ticketing admin-kit`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use crate::runner::{Run, command, run};
use crate::server::Server;

/// The port that ServiceNow's sandbox sends browsers back to; it has no other, and tests take turns on it.
pub(crate) static CALLBACK: Mutex<()> = Mutex::new(());

/// A store in a folder of its own.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&self, args: &[&str]) -> Run {
        run(&[args, &["--store", &self.path("store.db")]].concat())
    }

    /// Everything in the folder, byte by byte.
    fn holds(&self, word: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(word.len()).any(|part| part == word.as_bytes()))
    }
}

/// A customer's browser: follows the vendor's page back to this machine.
fn browse(url: &str) -> String {
    let get = |url: &str| {
        let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = get(url);
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    get(location.trim())
}

/// Connects by OAuth in a browser.
fn connect(home: &Home, server: &Server, provider: &str, port: &str, more: &[&str]) -> Run {
    let store = home.path("store.db");
    let args = [&["connect", provider, "--port", port, "--no-browser", "--json", "--store", &store], more].concat();
    let mut command = command(&args);
    command.env("TICKETING_CLIENT_SECRET", "sandbox-secret");
    come_back(command, &server.url, &args)
}

/// Runs `connect`, and does what a customer does in a browser with the page that it names, which is at this vendor.
pub(crate) fn come_back(mut command: Command, vendor: &str, args: &[&str]) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    let url = loop {
        let mut line = String::new();
        if stderr.read_line(&mut line).unwrap() == 0 {
            break None;
        }
        said.push_str(&line);
        if line.starts_with("http") {
            break Some(line.trim().to_owned());
        }
    };
    if let Some(url) = url {
        assert!(url.starts_with(vendor), "{url}");
        let page = browse(&url);
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("Thank you"), "{page}");
    }
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut run = Run::of(output, args);
    run.stderr = said;
    run
}

#[test]
fn a_customer_is_connected_once_and_every_command_works_by_name() {
    let _turn = CALLBACK.lock().unwrap_or_else(PoisonError::into_inner);
    let (home, server) = (Home::new(), Server::start(&[]));
    let made = connect(
        &home,
        &server,
        "servicenow",
        "8400",
        &["--name", "prod", "--instance", &server.url, "--client-id", "sandbox-client"],
    );
    let made = made.good_with_more().json();
    assert_eq!((made["name"].as_str(), made["status"].as_str()), (Some("prod"), Some("active")), "{made}");
    assert_eq!(made["oauth_app"]["own"]["client_id"], "sandbox-client");
    assert!(!home.holds("sandbox-secret"));

    let listed = home.run(&["tickets", "list", "--connection", "prod", "--json", "--limit", "3"]).good().json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    let tested = home.run(&["connections", "test", "prod", "--json"]).good().json();
    assert_eq!(tested["user"]["name"], "Integration Service");
    for key in ["time_zone", "clock_difference_seconds", "capabilities", "withheld", "rate_budget", "warnings"] {
        assert!(tested.get(key).is_some(), "{key}: {tested}");
    }
    let text = home.run(&["connections", "test", "prod"]).good().stdout;
    assert!(text.contains("may") && text.contains("clock difference"), "{text}");

    let all = home.run(&["connections", "list", "--json"]).good().json();
    assert_eq!(all["items"][0]["account"], server.url.trim_start_matches("http://"));
    home.run(&["connections", "rename", "prod", "main"]).good();
    home.run(&["connections", "show", "prod"]).bad(3, &["prod", "connections list"]);
    home.run(&["connections", "rekey", "--forget-old", "--json"]).good();
    home.run(&["users", "get", "me", "--connection", "main", "--json"]).good();

    // Another tenant sees nothing of it.
    home.run(&["tickets", "list", "--connection", "main", "--tenant", "globex"]).bad(3, &["main"]);

    // Authorized again, in place.
    let again = connect(&home, &server, "servicenow", "8400", &["--connection", "main"]).good_with_more().json();
    assert_eq!(again["id"], made["id"]);
    the_clients_secret_is_changed(&home, &server);

    moves_to_another_installation(&home, made["id"].as_str().unwrap());
    home.run(&["connections", "remove", "main"]).good();
    home.run(&["connections", "show", "main"]).bad(3, &["main"]);
}

/// Another secret takes the old one's place only once the vendor takes it.
fn the_clients_secret_is_changed(home: &Home, server: &Server) {
    let file = home.path("client-secret");
    let again = |secret: &str| {
        std::fs::write(&file, secret).unwrap();
        connect(home, server, "servicenow", "8400", &["--connection", "main", "--client-secret-file", &file])
    };
    let refused = again("hunter2");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("client") && !refused.stderr.contains("hunter2"), "{}", refused.stderr);
    home.run(&["tickets", "list", "--connection", "main", "--json", "--limit", "1"]).good();
    let made = again("sandbox-secret").good_with_more().json();
    assert_eq!(made["oauth_app"]["own"]["client_id"], "sandbox-client", "{made}");
    home.run(&["connect", "servicenow", "--connection", "main", "--client-id", "sandbox-client"])
        .bad(2, &["--client-id", "secret"]);
    home.run(&["connect", "servicenow", "--connection", "main", "--app", "x"]).bad(2, &["--app"]);
    let args = ["connect", "servicenow", "--connection", "main", "--app", "x", "--client-secret-file", &file];
    home.run(&args).bad(5, &["`app`", "of its own"]);
    assert!(!home.holds("hunter2"));
    std::fs::remove_file(&file).unwrap();
}

/// What the environment says makes a registration, and changes none.
#[test]
fn a_registration_is_changed_by_what_is_typed_alone() {
    let (home, server) = (Home::new(), Server::of("zendesk", &[]));
    let by_grant = |name: &str, environment: &[(&str, &str)], more: &[&str]| {
        let path = home.path("store.db");
        let args = ["connect", "zendesk", "--name", name, "--instance", &server.url, "--app", "product"];
        let args = [&args[..], &["--grant", "client-credentials", "--json", "--store", &path], more].concat();
        let mut command = command(&args);
        command.envs(environment.iter().copied());
        Run::of(command.output().unwrap(), &args)
    };
    let client = |id| [("TICKETING_CLIENT_ID", id), ("TICKETING_CLIENT_SECRET", "sandbox-secret")];
    by_grant("first", &client("sandbox-client"), &[]).good();
    let second = by_grant("second", &client("of-something-else"), &[]).good().json();
    assert_eq!(second["oauth_app"]["shared"], "product", "{second}");
    let secret = home.path("new-secret");
    std::fs::write(&secret, "sandbox-secret").unwrap();
    let idle = by_grant("idle", &client("of-something-else"), &["--client-secret-file", &secret]);
    idle.bad(2, &["--client-secret-file", "--client-id"]);
    by_grant("same", &[], &["--client-id", "sandbox-client"]).bad(2, &["--client-id", "secret"]);
    // As it was, without a browser.
    let again = ["connect", "zendesk", "--connection", "first", "--json"];
    assert_eq!(home.run(&again).good().json()["status"], "active");
    by_grant("third", &client("sandbox-client")[1..], &["--client-id", "nosuch"]).bad(4, &["client"]);
    // The vendor did not take it, and nothing changed.
    by_grant("fourth", &[], &[]).good();
}

fn moves_to_another_installation(home: &Home, id: &str) {
    let (file, passphrase) = (home.path("exported.json"), home.path("passphrase"));
    std::fs::write(&passphrase, "correct horse battery\n").unwrap();
    home.run(&["connections", "export", "main", "--out", &file]).bad(2, &["--passphrase-file"]);
    home.run(&["connections", "export", "main", "--out", &file, "--passphrase-file", &passphrase]).good();
    home.run(&["connections", "export", "main", "--out", &file, "--passphrase-file", &passphrase]).bad(2, &["--out"]);
    let elsewhere = Home::new();
    let moved =
        elsewhere.run(&["connections", "import", &file, "--passphrase-file", &passphrase, "--json"]).good().json();
    assert_eq!(moved["name"], "main");
    assert_ne!(moved["id"], id);
    elsewhere.run(&["tickets", "list", "--connection", "main", "--json", "--limit", "1"]).good();
    std::fs::write(&passphrase, "another horse battery").unwrap();
    elsewhere
        .run(&["connections", "import", &file, "--passphrase-file", &passphrase, "--name", "x"])
        .bad(2, &["passphrase"]);
}

/// A port that nobody listens on; the sandboxes of Jira and Zendesk send browsers back to any.
pub(crate) fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[test]
fn every_vendor_is_connected_and_tested() {
    for vendor in ["jira", "zendesk"] {
        let (home, server) = (Home::new(), Server::of(vendor, &[]));
        let args = ["--instance", &server.url, "--client-id", "sandbox-client"];
        let made = connect(&home, &server, vendor, &free_port(), &args).good_with_more().json();
        assert_eq!((made["name"].as_str(), made["status"].as_str()), (Some(vendor), Some("active")), "{made}");
        assert!(!home.holds("sandbox-secret"), "{vendor}");
        let tested = home.run(&["connections", "test", vendor, "--json"]).good().json();
        assert!(tested["user"]["id"].is_string() && tested["time_zone"].is_string(), "{vendor}: {tested}");
        assert!(tested["clock_difference_seconds"].is_number(), "{vendor}: {tested}");
        for key in ["capabilities", "withheld", "rate_budget", "warnings"] {
            assert!(tested.get(key).is_some(), "{vendor}: {key}: {tested}");
        }
        let listed = home.run(&["tickets", "list", "--connection", vendor, "--json", "--limit", "1"]).good().json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{vendor}");
    }
}

#[test]
fn of_several_sites_one_is_chosen() {
    let (home, server) = (Home::new(), Server::of("jira", &[]));
    let other = |id: &str, url: &str| serde_json::json!({"id": id, "url": url, "name": id});
    let neighbour = format!("http://localhost:{}", server.port());
    let set = |sites: Vec<serde_json::Value>| {
        let body = serde_json::json!({ "other_sites": sites }).to_string();
        let answer = server.http("PUT", "/_sandbox/settings", &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    let oauth = |name: &str, more: &[&str]| {
        let args = [&["--name", name, "--client-id", "sandbox-client", "--instance"], more].concat();
        connect(&home, &server, "jira", &free_port(), &args)
    };
    set(vec![other("id-of-west", "https://west.atlassian.net"), other("id-of-near", &neighbour)]);
    // By the address that was given; by --site-id, as an id or an address, which goes first.
    let own = server.url.trim_start_matches("http://");
    for (name, more, account) in [
        ("by-instance", vec![server.url.as_str()], own),
        ("by-id", vec![server.url.as_str(), "--site-id", "id-of-near"], neighbour.trim_start_matches("http://")),
        ("by-url", vec![server.url.as_str(), "--site-id", &neighbour], neighbour.trim_start_matches("http://")),
    ] {
        let made = oauth(name, &more).good_with_more().json();
        assert_eq!(made["account"], account, "{name}: {made}");
    }
    // Otherwise what there is to choose from is told.
    for (name, site) in [("no-id", "id-of-north"), ("no-url", "https://north.atlassian.net")] {
        let refused = oauth(name, &[&server.url, "--site-id", site]);
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        for known in ["id-of-west", "id-of-near", &server.url] {
            assert!(refused.stderr.contains(known), "{}", refused.stderr);
        }
    }
    set(vec![other("id-of-twin", &server.url)]);
    let refused = oauth("twins", &[&server.url]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("--site-id") && refused.stderr.contains("id-of-twin"), "{}", refused.stderr);
    let made = oauth("twin", &[&server.url, "--site-id", "id-of-twin"]).good_with_more().json();
    assert_eq!(made["account"], own);
}

#[test]
fn what_is_typed_goes_before_the_environment() {
    let home = Home::new();
    let memory = |account: &str| format!(r#"{{"account":"{account}"}}"#);
    home.run(&["connect", "memory", "--name", "mem", "--config", &memory("stored"), "--json"]).good();
    let run = |environment: &[(&str, &str)], args: &[&str]| {
        let path = home.path("store.db");
        let args = [args, &["--json", "--store", &path]].concat();
        let mut command = command(&args);
        command.envs(environment.iter().copied());
        Run::of(command.output().unwrap(), &args)
    };
    let config = memory("environment");
    let others = [("TICKETING_PROVIDER", "memory"), ("TICKETING_CONFIG", config.as_str())];
    let list = ["tickets", "list", "--limit", "1"];
    run(&others, &[&list[..], &["--connection", "mem"]].concat()).good();
    run(&others, &[&list[..], &["--connection", "nosuch"]].concat()).bad(3, &["nosuch"]);
    let named = [("TICKETING_CONNECTION", "nosuch")];
    run(&named, &list).bad(3, &["nosuch"]);
    run(&named, &[&list[..], &["--provider", "memory", "--config", &config]].concat()).good();
    // Before the command too.
    run(&named, &[&["--provider", "memory", "--config", &config], &list[..]].concat()).good();
    // Both of the environment: neither is taken silently.
    let both = [others[0], others[1], named[0]];
    run(&both, &list).bad(2, &["TICKETING_PROVIDER", "--connection"]);
    // A connection is not authorized again because the environment names it: a new one is made.
    let stored = [("TICKETING_CONNECTION", "mem")];
    let made = run(&stored, &["connect", "memory", "--name", "new"]).good().json();
    assert_eq!(made["name"], "new", "{made}");
}

#[test]
fn a_credential_without_oauth_is_kept_too() {
    let (home, server) = (Home::new(), Server::start(&[]));
    let config = server.config("admin");
    let made = home.run(&["connect", "servicenow", "--name", "basic", "--config", &config, "--json"]).good().json();
    assert_eq!((made["credential"].as_str(), made["oauth_app"].is_null()), (Some("basic"), true));
    assert!(made["config"].get("auth").is_none(), "{made}");
    home.run(&["tickets", "list", "--connection", "basic", "--json", "--limit", "1"]).good();
    home.run(&["connect", "servicenow", "--name", "basic", "--config", &config]).bad(5, &["basic"]);
    let wrong = server.config("hunter2");
    home.run(&["connect", "servicenow", "--connection", "basic", "--config", &wrong, "--json"]).good();
    let refused = home.run(&["connections", "test", "basic"]).bad(4, &[]);
    assert!(!refused.stderr.contains("hunter2"));
    home.run(&["connect", "memory", "--name", "mem", "--config", r#"{"account":"acme"}"#, "--json"]).good();
    home.run(&["tickets", "list", "--connection", "mem", "--json"]).good();
    assert!(!home.holds("hunter2"));
}

#[test]
fn bad_input_is_one_clear_line() {
    let home = Home::new();
    home.run(&["connect", "servicenow", "--instance", "acme"]).bad(2, &["--client-id", "admin-kit"]);
    home.run(&["connect", "nosuch"]).bad(2, &["nosuch", "servicenow"]);
    home.run(&["connect", "servicenow", "--instance", "acme", "--client-id", "x", "--port", "0"]).bad(2, &["--port"]);
    // What would do nothing is refused.
    let idle =
        ["connect", "servicenow", "--instance", "acme", "--app", "main", "--client-secret-file", &home.path("s")];
    home.run(&idle).bad(2, &["--client-secret-file", "--client-id"]);
    let idle = ["connect", "servicenow", "--instance", "acme", "--client-id", "x", "--username", "ada"];
    home.run(&idle).bad(2, &["--username", "--grant password"]);
    home.run(&["connect", "memory", "--name", "m", "--client-id", "x"]).bad(2, &["--client-id", "memory"]);
    home.run(&["connect", "memory", "--name", "m", "--app", "x"]).bad(2, &["--app", "memory"]);
    home.run(&["connect", "memory", "--name", "m", "--config", r#"{"webhook_secret":"hunter2"}"#])
        .bad(2, &["`webhook_secret`", "secret-file"]);
    home.run(&["connect", "memory", "--name", "m"]).good();
    home.run(&["connect", "memory", "--connection", "m", "--name", "n"]).bad(2, &["--name", "connections rename"]);
    home.run(&["connect", "memory", "--connection", "m", "--client-id", "x"]).bad(2, &["--client-id"]);
    home.run(&["connect", "jira", "--connection", "m"]).bad(2, &["`m`", "memory", "jira"]);
    home.run(&["connect", "memory", "--connection", "m"]).bad(7, &["`m`", "`auth`"]);
    let kit = ["admin-kit", "jira", "--webhook-url", "https://x.example", "--out", "kit", "--table", "incident"];
    home.run(&kit).bad(2, &["--table", "jira"]);
    home.run(&["connect", "servicenow", "--instance", "http://10.0.0.1", "--client-id", "x"]).bad(2, &["instance"]);
    home.run(&["tickets", "list", "--connection", "nosuch"]).bad(3, &["nosuch", "ticketing connect"]);
    home.run(&["tickets", "list", "--connection", "c", "--provider", "memory"]).bad(2, &["--connection", "--provider"]);
    home.run(&["connections", "list", "--tenant", "nobody", "--json"]).good();
    run(&["connections", "list", "--store", "mysql://x"]).bad(2, &["store"]);
    let file = home.path("no.db");
    std::fs::write(&file, "Dear customer, ".repeat(1_000)).unwrap();
    run(&["connections", "list", "--store", &file]).bad(2, &["store"]);
    let key = home.path("key");
    std::fs::write(&key, "hunter2").unwrap();
    let refused = home.run(&["connections", "list", "--key-file", &key]).bad(2, &["key file"]);
    assert!(!refused.stderr.contains("hunter2"));
}

#[test]
fn the_administrators_kit_is_written() {
    let home = Home::new();
    let out = home.path("kit");
    let url = "https://tickets.example.com/hook";
    for (vendor, files) in [("servicenow", 3), ("jira", 1), ("zendesk", 1)] {
        let args = ["admin-kit", vendor, "--webhook-url", url, "--out", &out, "--json"];
        let written = run(&args).good().json();
        assert_eq!(written["items"].as_array().unwrap().len(), files, "{vendor}");
        let guide = std::fs::read_to_string(Path::new(&out).join("README.md")).unwrap();
        assert!(guide.contains(url) && guide.contains("127.0.0.1:8400/callback") && !guide.contains("{{"), "{vendor}");
    }
    run(&["admin-kit", "servicenow", "--webhook-url", "http://x.example", "--out", &out])
        .bad(2, &["webhook_url", "https"]);
    // A secret for the connection, and for the administrator.
    home.run(&[
        "connect",
        "servicenow",
        "--name",
        "c",
        "--config",
        r#"{"instance":"acme","auth":{"type":"bearer","token":"t"}}"#,
    ])
    .good();
    let secret = home.path("secret");
    let args =
        ["admin-kit", "servicenow", "--webhook-url", url, "--out", &out, "--secret-out", &secret, "--connection", "c"];
    home.run(&args).good();
    home.run(&args).bad(2, &["--secret-out"]);
    let shown = home.run(&["connections", "show", "c", "--json"]).good();
    assert_eq!(shown.json()["webhook_secrets"], 1);
    home.run(&["admin-kit", "zendesk", "--webhook-url", url, "--out", &out, "--secret-out", &home.path("none")])
        .bad(2, &["--secret-out", "--secret-file"]);
    // One that the vendor made.
    let made = home.path("made");
    std::fs::write(&made, "vendors-own-secret\n").unwrap();
    let args = ["admin-kit", "zendesk", "--webhook-url", url, "--out", &out, "--secret-file", &made];
    home.run(&args).bad(2, &["--connection"]);
    home.run(&[&args[..], &["--connection", "c"]].concat()).bad(2, &["`c`", "servicenow", "zendesk"]);
    let config = r#"{"instance":"acme","auth":{"type":"bearer","token":"t"}}"#;
    home.run(&["connect", "zendesk", "--name", "z", "--config", config]).good();
    home.run(&[&args[..], &["--connection", "z"]].concat()).good();
    std::fs::write(&made, "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==").unwrap();
    home.run(&[&args[..], &["--connection", "z"]].concat()).bad(2, &["`secret`", "public"]);
    assert_eq!(home.run(&["connections", "show", "z", "--json"]).good().json()["webhook_secrets"], 1);
    // A connection that is not there is told before a secret is made.
    let other = home.path("other-secret");
    let args =
        ["admin-kit", "jira", "--webhook-url", url, "--out", &out, "--secret-out", &other, "--connection", "nosuch"];
    home.run(&args).bad(3, &["`nosuch`"]);
    assert!(!Path::new(&other).exists());
    let secret = std::fs::read_to_string(&secret).unwrap();
    assert!(secret.trim().len() >= 43 && !shown.stdout.contains(secret.trim()));
}
