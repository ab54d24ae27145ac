//! `ticketing sandbox`.

use crate::runner::run;
use crate::server::Server;

#[test]
fn it_says_where_it_listens_and_answers_there() {
    let server = Server::start(&[]);
    let answer = server.http("GET", "/_sandbox/state", "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"vendor\":\"servicenow\"") && answer.contains("\"clock\""), "{answer}");
}

#[test]
fn a_port_in_use_is_one_clear_error() {
    let server = Server::start(&[]);
    run(&["sandbox", "--vendor", "servicenow", "--port", server.port()]).bad(2, &["--port", server.port(), "in use"]);
}

#[test]
#[cfg(unix)]
fn it_stops_when_it_is_told_to() {
    for signal in ["TERM", "INT"] {
        assert_eq!(Server::start(&[]).stop(signal), Some(0), "{signal}");
    }
}

#[test]
fn the_address_is_also_said_as_json() {
    let mut child = crate::runner::command(&["sandbox", "--vendor", "servicenow", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(said["vendor"], "servicenow");
    assert!(said["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{said}");
    assert!(said["certificate"].is_null());
}

/// `--vendor` replaces nothing: the server of these tests names servicenow itself.
#[test]
fn several_vendors_listen_on_a_port_each() {
    let mut server = Server::start(&["--vendor", "jira,zendesk", "--flavour", "data-center"]);
    let (line, last) = (server.line(), server.line());
    let url = line.strip_prefix("jira sandbox listening on ").unwrap().trim();
    let zendesk = last.strip_prefix("zendesk sandbox listening on ").unwrap().trim();
    assert!(url != server.url && zendesk != server.url && zendesk != url);
    assert!(server.http("GET", "/_sandbox/state", "").contains("\"vendor\":\"servicenow\""));
    server.url = url.to_owned();
    assert!(server.http("GET", "/_sandbox/state", "").contains("\"vendor\":\"jira\""));
    assert!(server.http("GET", "/rest/api/2/serverInfo", "").contains("\"deploymentType\":\"Server\""));
    server.url = zendesk.to_owned();
    assert!(server.http("GET", "/api/v2/users/me", "").contains("Anonymous user"));
}

#[test]
fn so_many_tickets_are_made() {
    let server = Server::start(&["--tickets", "137", "--seed", "7"]);
    let read = server.run(&["tickets", "list", "--jsonl", "--page-size", "50"]).good();
    assert!(read.lines().len() >= 137, "{}", read.lines().len());
}

#[test]
fn over_tls_its_certificate_must_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.pem");
    let mut server = Server::start(&["--tls", "--certificate", path.to_str().unwrap()]);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    assert_eq!(server.line(), format!("certificate: {}\n", path.display()));
    let trusted = server.run(&["tickets", "list", "--json", "--limit", "1", "--ca-file", path.to_str().unwrap()]);
    assert_eq!(trusted.good().json()["items"].as_array().unwrap().len(), 1);
    let distrusted = server.run(&["tickets", "list", "--json", "--limit", "1"]);
    distrusted.bad(6, &["certificate"]);
    server.run(&["tickets", "list", "--ca-file", "/no/such.pem"]).bad(2, &["--ca-file", "/no/such.pem"]);
}
