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

#[test]
fn unresolved_tickets_are_listed() {
    for arguments in [&[][..], &MEMORY] {
        let said = run("list_unresolved", arguments);
        let (last, tickets) =
            said.lines().collect::<Vec<_>>().split_last().map(|(l, t)| (l.to_string(), t.len())).unwrap();
        assert!(tickets > 0, "{said}");
        assert_eq!(last, format!("{tickets} unresolved tickets of high priority"));
        assert!(!said.contains(", resolved") && !said.contains(", closed"), "{said}");
    }
}

#[test]
fn an_alert_is_escalated_once() {
    for arguments in [&[][..], &MEMORY] {
        let said = run("escalate_alert", arguments);
        let lines: Vec<_> = said.lines().collect();
        let key = lines[0].split_whitespace().next().unwrap();
        assert_eq!(lines[1..], [format!("notified again: still {key}")], "{said}");
        assert!(!lines[0].contains("for nobody"), "{said}");
    }
}

#[test]
fn the_directory_is_read() {
    for arguments in [&[][..], &MEMORY] {
        let said = run("sync_directory", arguments);
        let first = said.lines().next().unwrap();
        let count: usize = first.split_whitespace().next().unwrap().parse().unwrap();
        assert!(count > 2, "{said}");
        let (_, counted) = said.lines().last().unwrap().rsplit_once(": ").unwrap();
        let numbers: Vec<usize> = counted.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 2, "{said}");
        assert_eq!(numbers[0], numbers[1], "the picker and the directory disagree: {said}");
    }
}
