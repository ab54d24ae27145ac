//! `ticketing demo`: needs nothing, and proves what it says.

use std::io::Write as _;

use crate::runner::run;

#[test]
fn it_walks_through_everything() {
    let said = run(&["demo"]).good().stdout;
    for step in ["List", "Create", "Comment", "Resolve", "Read everything", "0 lost, 0 repeated", "one table"] {
        assert!(said.contains(step), "`{step}` is missing:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn its_figures_are_a_document() {
    let found = run(&["demo", "--json"]).good().json();
    assert_eq!(found["status"], "resolved");
    assert_eq!(found["comments"], 2);
    let reading = &found["reading"];
    assert_eq!(reading["tickets"], 13, "twelve incidents and the one it made: {reading}");
    assert_eq!((&reading["lost"], &reading["repeated"]), (&0.into(), &0.into()));
    assert!(reading["pages"].as_u64().unwrap() > 2, "{reading}");
    let moved = found["moved"].as_array().unwrap();
    let vendors: Vec<_> = moved.iter().map(|one| one["vendor"].as_str().unwrap()).collect();
    assert_eq!(vendors, ["servicenow", "jira", "zendesk"]);
    assert!(moved.iter().all(|one| one["from"] == "open" && one["to"] == "in_progress"), "{moved:?}");
}

#[test]
fn it_walks_through_the_real_log() {
    let Ok(log) = std::env::var("INCIDENT_EVENT_LOG") else {
        // Past the capture of test output: what is not tested must be seen.
        let _ = writeln!(std::io::stderr(), "\nskipped: INCIDENT_EVENT_LOG is not set");
        return;
    };
    let found = run(&["demo", "--event-log", &log, "--as-of", "2016-03-10 12:00:00", "--json"]).good().json();
    let reading = &found["reading"];
    assert!(reading["tickets"].as_u64().unwrap() > 2000, "{reading}");
    assert_eq!(reading["tickets"], reading["exist"]);
    assert_eq!((&reading["lost"], &reading["repeated"]), (&0.into(), &0.into()));
    assert_eq!(found["status"], "resolved");
}
