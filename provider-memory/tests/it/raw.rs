//! The store in its own words.

use ticketing_core::ErrorKind;
use ticketing_core::request::{CreateTicket, RawMethod, RawRequest};

use crate::world::{World, refused, world};

async fn ask(world: &World, request: RawRequest) -> (u16, serde_json::Value) {
    let answer = world.client.send_raw(request).await.unwrap();
    assert_eq!(answer.headers[0], ("content-type".to_owned(), "application/json".to_owned()));
    (answer.status, serde_json::from_slice(&answer.body).unwrap())
}

#[tokio::test]
async fn rows_are_read_by_path() {
    let world = world();
    world.make(CreateTicket::new("one")).await;
    world.make(CreateTicket::new("two")).await;
    let (status, row) = ask(&world, RawRequest::new(RawMethod::Get, "/tickets/ticket-000002")).await;
    assert_eq!((status, row["title"].as_str()), (200, Some("two")));
    for place in ["tickets", "comments", "users", "groups", "accounts", "contacts", "collections"] {
        let (status, list) = ask(&world, RawRequest::new(RawMethod::Get, format!("/{place}"))).await;
        assert_eq!((status, list["rows"].as_array().unwrap().is_empty()), (200, place == "comments"), "{place}");
    }
    let query = vec![("limit".to_owned(), "1".to_owned()), ("after".to_owned(), "ticket-000001".to_owned())];
    let (_, list) = ask(&world, RawRequest::new(RawMethod::Get, "/tickets").with_query(query)).await;
    assert_eq!((list["rows"].as_array().unwrap().len(), list["rows"][0]["key"].as_str()), (1, Some("MEM-2")));
    let head = world.client.send_raw(RawRequest::new(RawMethod::Head, "/users/ada")).await.unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn what_is_not_there_is_answered_as_by_a_server() {
    let world = world();
    for (expected, method, path) in [
        (404, RawMethod::Get, "/tickets/nope"),
        (404, RawMethod::Get, "/nowhere"),
        (404, RawMethod::Get, "/users/ada/groups"),
        (405, RawMethod::Delete, "/users/ada"),
        (405, RawMethod::Post, "/tickets"),
    ] {
        let (status, body) = ask(&world, RawRequest::new(method, path)).await;
        assert_eq!(status, expected, "{method} {path}");
        assert!(body["error"].is_string());
    }
    let query = vec![("sort".to_owned(), "name".to_owned())];
    let (status, body) = ask(&world, RawRequest::new(RawMethod::Get, "/users").with_query(query)).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("sort=name"));
}

#[tokio::test]
async fn it_stays_at_home_and_brings_no_credential() {
    let world = world();
    for path in ["https://evil.example/tickets", "//evil.example", "tickets", "/tickets/../users", "/tickets?x=1", ""] {
        let outcome = world.client.send_raw(RawRequest::new(RawMethod::Get, path)).await;
        refused(outcome, ErrorKind::InvalidRequest, "path", &["/tickets/ID"]);
    }
    for name in ["Authorization", "cookie", "X-Api-Key"] {
        let headers = vec![(name.to_owned(), "canary".to_owned())];
        let outcome = world.client.send_raw(RawRequest::new(RawMethod::Get, "/users").with_headers(headers)).await;
        let error = refused(outcome, ErrorKind::InvalidRequest, "headers", &[name]);
        assert!(!format!("{error:?}").contains("canary"));
    }
}
