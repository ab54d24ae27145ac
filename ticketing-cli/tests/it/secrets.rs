//! No secret of a connection is said by any command, however much it is asked to say, and none is in the store in clear.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::connections::{CALLBACK, Home, come_back, free_port};
use crate::runner::{Run, command};
use crate::server::Server;

/// Where a log of everything stands.
const EVERYTHING: (&str, &str) = ("TICKETING_LOG", "trace");
/// What nobody else can have said.
const PASSPHRASE: &str = "canary passphrase of eight words";
const PASSWORD: &str = "canary-password-6f1e";
const PG_PASSWORD: &str = "canary-postgres-77c0";

/// Stands between the command line and a sandbox, and has seen every secret that went by.
struct Wire {
    url: String,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (to, noted) = (server.url.trim_start_matches("http://").to_owned(), Arc::clone(&seen));
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let (near, far) = (near.unwrap(), TcpStream::connect(&to).unwrap());
                pass_on(near.try_clone().unwrap(), far.try_clone().unwrap(), Arc::clone(&noted));
                pass_on(far, near, Arc::clone(&noted));
            }
        });
        Self { url, seen }
    }

    /// Codes, verifiers, tokens and logins that went by.
    fn secrets(&self) -> BTreeSet<String> {
        let text = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
        let mut out = BTreeSet::new();
        for mark in ["access_token", "refresh_token", "code_verifier", "code", "Bearer ", "Basic "] {
            for (at, _) in text.match_indices(mark) {
                let rest = &text[at + mark.len()..];
                // `name=value`, `"name":"value"`, and the header's scheme.
                let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix("\":\"")).unwrap_or(rest);
                if value.len() == rest.len() && !mark.ends_with(' ') {
                    continue;
                }
                let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.~+/=".contains(c));
                let value = &value[..end.unwrap_or(value.len())];
                if value.len() >= 8 {
                    out.insert(value.to_owned());
                }
            }
        }
        out
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, seen: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            seen.lock().unwrap().extend_from_slice(&bytes[..read]);
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// Runs commands, and keeps what they say.
struct Ear {
    home: Home,
    keys: String,
    said: Vec<(String, String)>,
}

impl Ear {
    fn prepared(&self, args: &[&str], environment: &[(&str, &str)]) -> std::process::Command {
        let store = self.home.path("store.db");
        let has_store = args.contains(&"--store");
        let args: Vec<&str> = if has_store { args.to_vec() } else { [args, &["--store", &store]].concat() };
        let mut command = command(&args);
        command.env("TICKETING_KEY", &self.keys).envs(environment.iter().copied());
        command
    }

    fn keep(&mut self, args: &[&str], run: Run) -> Run {
        self.said.push((args.join(" "), format!("{}\n{}", run.stdout, run.stderr)));
        run
    }

    #[track_caller]
    fn run(&mut self, code: i32, args: &[&str]) -> Run {
        let output = self.prepared(args, &[EVERYTHING]).output().unwrap();
        let run = Run::of(output, args);
        assert_eq!(run.code, code, "{args:?}: {} {}", run.stdout, &run.stderr[run.stderr.len().saturating_sub(600)..]);
        self.keep(args, run)
    }

    /// In every form that it has.
    #[track_caller]
    fn run_in_every_form(&mut self, code: i32, args: &[&str]) {
        self.run(code, args);
        for form in ["--json", "--jsonl", "--verbose"] {
            let args = [args, &[form]].concat();
            let output = self.prepared(&args, &[]).output().unwrap();
            let run = Run::of(output, &args);
            assert_eq!(run.code, code, "{args:?}: {run:?}");
            self.keep(&args, run);
        }
    }

    fn connect(&mut self, wire: &Wire, args: &[&str]) -> Run {
        let command = self.prepared(args, &[EVERYTHING, ("TICKETING_CLIENT_SECRET", "sandbox-secret")]);
        let run = come_back(command, &wire.url, args);
        self.keep(args, run)
    }
}

#[test]
fn no_command_says_a_secret() {
    for vendor in ["servicenow", "jira", "zendesk"] {
        says_no_secret(vendor);
    }
}

fn says_no_secret(vendor: &str) {
    let server = Server::of(vendor, &[]);
    let wire = Wire::before(&server);
    let mut ear = Ear { home: Home::new(), keys: "c0ffee5e".repeat(8), said: Vec::new() };
    let file = |ear: &Ear, name: &str, text: &str| {
        std::fs::write(ear.home.path(name), text).unwrap();
        ear.home.path(name)
    };
    // By OAuth. ServiceNow's sandbox sends browsers back to one port alone.
    {
        let _turn = CALLBACK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let port = if vendor == "servicenow" { "8400".to_owned() } else { free_port() };
        let args = ["connect", vendor, "--name", "c", "--port", &port, "--no-browser", "--instance", &wire.url];
        let made = ear.connect(&wire, &[&args[..], &["--client-id", "sandbox-client"]].concat());
        assert_eq!(made.code, 0, "{}", made.stderr);
    }
    let first = wire.secrets();
    assert!(first.len() >= 3, "a code, an access token and a refresh token: {first:?}");

    let listed = ["tickets", "list", "--connection", "c", "--limit", "2"];
    for args in [&["connections", "list"][..], &["connections", "show", "c"], &["connections", "test", "c"], &listed] {
        ear.run_in_every_form(0, args);
    }
    let ticket = ear.run(0, &[&listed[..], &["--json"]].concat()).json()["items"][0]["id"].as_str().unwrap().to_owned();
    ear.run_in_every_form(0, &["tickets", "get", &ticket, "--connection", "c"]);
    ear.run_in_every_form(3, &["tickets", "get", "999999999", "--connection", "c"]);
    // Zendesk makes the secret itself.
    let (how, secret_file) = match vendor {
        "zendesk" => ("--secret-file", file(&ear, "webhook-secret", "canary-of-the-vendors-own-webhook-secret")),
        _ => ("--secret-out", ear.home.path("webhook-secret")),
    };
    let (kit, hook) = (ear.home.path("kit"), "https://tickets.example.com/hook");
    let args = ["admin-kit", vendor, "--webhook-url", hook, "--out", &kit, how, &secret_file, "--connection", "c"];
    ear.run(0, &args);
    let webhook_secret = std::fs::read_to_string(&secret_file).unwrap().trim().to_owned();

    // The token ends, and a new one comes.
    server.http("POST", "/_sandbox/clock", r#"{"advance_seconds":4000}"#);
    ear.run(0, &listed);
    assert!(wire.secrets().len() > first.len(), "another token came");

    // To another installation and back, with a wrong passphrase and a damaged file too.
    let passphrase = file(&ear, "passphrase", PASSPHRASE);
    let other = file(&ear, "other-passphrase", "another canary of several words");
    let out = ear.home.path("exported.json");
    let with = ["--passphrase-file", passphrase.as_str()];
    ear.run(0, &[&["connections", "export", "c", "--out", &out], &with[..]].concat());
    ear.run(0, &[&["connections", "import", &out, "--name", "d"], &with[..]].concat());
    ear.run(2, &["connections", "import", &out, "--name", "e", "--passphrase-file", &other]);
    let text = std::fs::read_to_string(&out).unwrap();
    let damaged = file(&ear, "damaged.json", &text.replace("\"sealed\":\"", "\"sealed\":\"AAAA"));
    ear.run(2, &[&["connections", "import", &damaged, "--name", "e"], &with[..]].concat());
    ear.run_in_every_form(0, &["connections", "rename", "d", "d"]);

    // Under a new key, under another one, and with one that is none.
    let first_key = ear.keys.clone();
    ear.keys = format!("{},{first_key}", "0ddba115".repeat(8));
    ear.run(0, &["connections", "rekey"]);
    ear.keys = first_key.clone();
    ear.run_in_every_form(2, &["tickets", "list", "--connection", "c"]);
    ear.keys = format!("{first_key}canary");
    ear.run_in_every_form(2, &["connections", "list"]);
    ear.keys = "0ddba115".repeat(8);

    // Passwords and tokens that stay: refused, and at a host where nobody listens.
    let credential = match vendor {
        "zendesk" => serde_json::json!({"type": "api_token", "email": "integration@example.com", "token": PASSWORD}),
        _ => serde_json::json!({"type": "basic", "username": "admin", "password": PASSWORD}),
    };
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for (name, address, code) in [("refused", wire.url.as_str(), 4), ("nobody", &nobody, 6)] {
        let config = serde_json::json!({"instance": address, "auth": credential}).to_string();
        ear.run_in_every_form(code, &["tickets", "list", "--provider", vendor, "--config", &config]);
        ear.run(0, &["connect", vendor, "--name", name, "--config", &config]);
        ear.run(code, &["connections", "test", name]);
        ear.run_in_every_form(code, &["tickets", "list", "--connection", name]);
    }
    let broken = format!(r#"{{"instance":"x","auth":{{"password":"{PASSWORD}""#);
    ear.run(2, &["connect", vendor, "--name", "broken", "--config", &broken]);
    let unknown = format!(r#"{{"instance":"acme","auth":{{"type":"bearer","tokn":"{PASSWORD}"}}}}"#);
    ear.run(2, &["connect", vendor, "--name", "broken", "--config", &unknown]);

    // The vendor takes the refresh token no more.
    server.http("POST", "/_sandbox/clock", r#"{"advance_seconds":40000}"#);
    let refusal = match vendor {
        "servicenow" => "token_401",
        "jira" => "refresh_403",
        _ => "refresh_400",
    };
    server.http("PUT", "/_sandbox/faults", &serde_json::json!([{"name": refusal}]).to_string());
    ear.run(4, &listed);
    ear.run_in_every_form(4, &["connections", "test", "c"]);
    ear.run_in_every_form(0, &["connections", "show", "c"]);
    ear.run(0, &["connections", "remove", "d"]);

    // Where the store is, too.
    for host in [wire.url.trim_start_matches("http://"), "[:bad"] {
        let url = format!("postgres://tester:{PG_PASSWORD}@{host}/nosuch");
        let run =
            Run::of(ear.prepared(&["connections", "list", "--store", &url], &[EVERYTHING]).output().unwrap(), &[]);
        assert_ne!(run.code, 0, "{run:?}");
        ear.keep(&["connections", "list"], run);
    }

    let mut canaries = wire.secrets();
    let login = canaries.iter().any(|seen| seen.len() > 20);
    assert!(login, "{canaries:?}");
    canaries.extend(
        [PASSPHRASE, "another canary of several words", PASSWORD, PG_PASSWORD, "sandbox-secret"].map(str::to_owned),
    );
    canaries.extend([webhook_secret.clone(), "c0ffee5e".repeat(2), "0ddba115".repeat(2)]);
    for (command, said) in &ear.said {
        for canary in &canaries {
            let at = said.find(canary.as_str());
            let line = at.and_then(|at| said[..at].lines().last()).unwrap_or_default();
            assert!(at.is_none(), "{vendor}: `{command}` says {canary}, behind {line:?}");
        }
    }
    assert!(ear.said.len() > 60 && ear.said.iter().any(|(_, said)| said.contains("TRACE")), "{}", ear.said.len());
    // The files of the store, and what was exported; what was typed into files by this test is not theirs.
    for name in ["store.db", "store.db-wal", "exported.json"] {
        let Ok(bytes) = std::fs::read(ear.home.path(name)) else { continue };
        for canary in &canaries {
            let held = bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!held, "{vendor}: {name} holds {canary}");
        }
    }
}
