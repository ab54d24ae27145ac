//! The store in its own words: its rows as JSON, read by path. It answers with a status like a server would.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use ticketing_core::request::{RawMethod, RawRequest, RawResponse};
use ticketing_core::{Error, Result};

use crate::paging::bounded;
use crate::session::Session;
use crate::store::{Record, Table};

/// The collections that can be read, as the first part of a path.
const PLACES: &[&str] = &["tickets", "comments", "users", "groups", "accounts", "contacts", "collections"];
/// Headers that carry credentials or lead elsewhere: the connection has its own.
const OWN: &[&str] =
    &["authorization", "proxy-authorization", "cookie", "host", "x-api-key", "x-auth-token", "x-csrf-token"];

/// True for what can be the name of a header.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

impl Session<'_> {
    /// `GET /tickets`, `GET /tickets/ID`, and so on; a list goes on with `?after=ID`, and takes `?limit=N`.
    pub(crate) fn send_raw(&self, request: &RawRequest) -> Result<RawResponse> {
        check_path(&request.path)?;
        for (name, value) in &request.headers {
            let shown = name.escape_debug();
            if OWN.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(Error::invalid("headers", format!("`{shown}` carries a credential, or leads elsewhere"))
                    .with_hint("leave it out: the connection has its own"));
            }
            if !is_header_name(name) || value.chars().any(char::is_control) {
                return Err(Error::invalid(
                    "headers",
                    format!("`{shown}` is no header, or has a value that none can have"),
                )
                .with_hint("leave it out"));
            }
        }
        let mut parts = request.path[1..].split('/');
        let (place, id) = (parts.next().unwrap_or_default(), parts.next().filter(|id| !id.is_empty()));
        if parts.next().is_some() || !PLACES.contains(&place) {
            let known: Vec<_> = PLACES.iter().map(|place| format!("/{place}")).collect();
            return Ok(answer(request, 404, &problem(&format!("nothing is there; it has: {}", known.join(", ")))));
        }
        if !matches!(request.method, RawMethod::Get | RawMethod::Head) {
            let mut refused =
                answer(request, 405, &problem("the store's own words only read; write by the operations"));
            refused.headers.push(("allow".to_owned(), "GET, HEAD".to_owned()));
            return Ok(refused);
        }
        let (status, body) = match id {
            Some(id) => {
                self.one_row(place, id).map_or_else(|| (404, problem("there is no such row")), |row| (200, row))
            }
            None => self.some_rows(place, &request.query),
        };
        Ok(answer(request, status, &body))
    }

    fn one_row(&self, place: &str, id: &str) -> Option<Value> {
        let state = &*self.state;
        fn row<D: Record + Serialize>(table: &Table<D>, id: &str) -> Option<Value> {
            serde_json::to_value(table.get(id)?).ok()
        }
        match place {
            "tickets" => serde_json::to_value(self.readable(state.tickets.get(id)?).as_ref()).ok(),
            "comments" => row(&state.comments, id),
            "users" => row(&state.users, id),
            "groups" => row(&state.groups, id),
            "accounts" => row(&state.accounts, id),
            "contacts" => row(&state.contacts, id),
            _ => row(&state.collections, id),
        }
    }

    fn some_rows(&self, place: &str, query: &[(String, String)]) -> (u16, Value) {
        let mut limit = None;
        let mut after = None;
        for (name, value) in query {
            match (name.as_str(), value.parse::<u32>()) {
                ("limit", Ok(number)) => limit = Some(number),
                ("after", _) => after = Some(value.as_str()),
                _ => return (400, problem(&format!("`{name}={value}` is not known; it has: limit=NUMBER, after=ID"))),
            }
        }
        let size = bounded(limit);
        fn rows<D: Record + Serialize>(table: &Table<D>, after: Option<&str>, size: usize) -> Vec<Value> {
            let rows = table.iter().filter(|row| after.is_none_or(|after| row.id() > after));
            rows.take(size).filter_map(|row| serde_json::to_value(row).ok()).collect()
        }
        let state = &*self.state;
        let rows = match place {
            "tickets" => {
                let tickets = state.tickets.iter().filter(|row| after.is_none_or(|after| row.id.as_str() > after));
                tickets.take(size).filter_map(|row| serde_json::to_value(self.readable(row).as_ref()).ok()).collect()
            }
            "comments" => rows(&state.comments, after, size),
            "users" => rows(&state.users, after, size),
            "groups" => rows(&state.groups, after, size),
            "accounts" => rows(&state.accounts, after, size),
            "contacts" => rows(&state.contacts, after, size),
            _ => rows(&state.collections, after, size),
        };
        (200, json!({ "rows": rows }))
    }
}

/// Whether a path stays within the account.
fn check_path(path: &str) -> Result<()> {
    let wrong = |cause: &str| {
        Error::invalid("path", format!("`{}` {cause}", path.escape_debug()))
            .with_hint("write it from the root, as `/tickets/ID`")
    };
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(wrong("is not a path from the root"));
    }
    if path.contains(['?', '#', '\\']) || path.contains(char::is_control) || path.split('/').any(|part| part == "..") {
        return Err(wrong("holds more than a path"));
    }
    Ok(())
}

fn problem(message: &str) -> Value {
    json!({ "error": message })
}

fn answer(request: &RawRequest, status: u16, body: &Value) -> RawResponse {
    let body = if request.method == RawMethod::Head { Bytes::new() } else { Bytes::from(body.to_string()) };
    RawResponse { status, headers: vec![("content-type".to_owned(), "application/json".to_owned())], body }
}
