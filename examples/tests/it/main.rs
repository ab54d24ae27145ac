//! The example programs run, and say what they should.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use vendor_sandbox::{Launch, Vendor};

/// Runs an example program to its end and gives what it wrote. Cargo builds examples for tests of the same package, next
/// to the test binaries' folder.
fn run(name: &str, arguments: &[&str]) -> String {
    let mut program: PathBuf = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    program.push("examples");
    program.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(&program)
        .args(arguments)
        .env_remove("TICKETING_PROVIDER")
        .env_remove("TICKETING_CONFIG")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

const MEMORY: [&str; 2] = ["memory", r#"{"account":"acme","seed":"company"}"#];

/// Runs an example program against every vendor, and against the memory, and gives what each said.
fn run_everywhere(name: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut said = vec![run(name, &[]), run(name, &MEMORY)];
    let jira = json!({
        "auth": {"type": "basic", "username": "admin", "password": "admin"},
        "projects": ["HELP"],
        "mapping": {"fields": {"assigned_groups": "customfield_10030"}},
    });
    let zendesk = json!({"auth": {"type": "api_token", "email": "integration@example.com", "token": "sandbox-token"}});
    for (vendor, launch, mut config) in [
        (Vendor::Jira, Launch::new(Vendor::Jira), jira.clone()),
        (Vendor::Jira, Launch::new(Vendor::Jira).flavour("data-center"), jira),
        (Vendor::Zendesk, Launch::new(Vendor::Zendesk), zendesk),
    ] {
        // It serves on the runtime's own thread while the program runs.
        let sandbox = runtime.block_on(launch.start()).unwrap();
        config["instance"] = json!(sandbox.base_url());
        said.push(run(name, &[vendor.name(), &config.to_string()]));
        runtime.block_on(sandbox.shutdown());
    }
    said
}

#[test]
fn unresolved_tickets_are_listed() {
    for said in run_everywhere("list_unresolved") {
        let (last, tickets) =
            said.lines().collect::<Vec<_>>().split_last().map(|(l, t)| (l.to_string(), t.len())).unwrap();
        assert!(tickets > 0, "{said}");
        assert_eq!(last, format!("{tickets} unresolved tickets of high priority"));
        assert!(!said.contains(", resolved") && !said.contains(", closed"), "{said}");
    }
}

#[test]
fn an_alert_is_escalated_once() {
    for said in run_everywhere("escalate_alert") {
        let lines: Vec<_> = said.lines().collect();
        let key = lines[0].split_whitespace().next().unwrap();
        assert_eq!(lines[1..], [format!("notified again: still {key}")], "{said}");
        assert!(!lines[0].contains("for nobody"), "{said}");
    }
}

#[test]
fn the_directory_is_read() {
    for said in run_everywhere("sync_directory") {
        let first = said.lines().next().unwrap();
        let count: usize = first.split_whitespace().next().unwrap().parse().unwrap();
        assert!(count > 2, "{said}");
        let (_, counted) = said.lines().last().unwrap().rsplit_once(": ").unwrap();
        let numbers: Vec<usize> = counted.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 2, "{said}");
        assert_eq!(numbers[0], numbers[1], "the picker and the directory disagree: {said}");
    }
}
