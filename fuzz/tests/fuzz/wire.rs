//! The vendor's answers: whatever comes, it is an answer or one clear error, and no row of a page is lost or made up.

use std::cell::RefCell;

use provider_servicenow::ServiceNowError;
use serde_json::{Map, Value, json};
use ticketing_core::model::Kind;
use ticketing_core::request::{
    FindUsers, GetTicket, ListAttachments, ListChanges, ListComments, ListHistory, ListIds, ListTickets, ListUsers,
};
use ticketing_core::{Error, ErrorKind};
use ticketing_fuzz::{Bed, Forged, Shape};

const TICKET: &str = "46d44a40a9fe19810012d100cca80666";
const INCIDENTS: &str = "/api/now/table/incident";

/// One line that says something, and nothing of the credential.
fn assert_clear(error: &Error) {
    let shown = error.to_string();
    assert!(!shown.trim().is_empty() && !shown.contains(['\n', '\r']), "{shown:?} is not one line");
    assert!(!shown.contains("YWRtaW46YWRtaW4"), "the credential is in {shown:?}");
    assert!(shown.len() < 4_000, "{} bytes are no message", shown.len());
}

fn headers(shape: &mut Shape<'_>) -> Vec<(String, String)> {
    let mut headers = vec![(
        "content-type".to_owned(),
        match shape.below(5) {
            0 => "text/html".to_owned(),
            1 => shape.text(),
            2 => "application/json".to_owned(),
            _ => "application/json;charset=UTF-8".to_owned(),
        },
    )];
    for name in ["x-total-count", "retry-after", "x-ratelimit-reset", "x-ratelimit-limit", "link", "location"] {
        if shape.one_in(12) {
            headers.push((name.to_owned(), if shape.one_in(2) { shape.number().to_string() } else { shape.text() }));
        }
    }
    headers
}

/// A row as the instance would write it, or nearly.
fn row(shape: &mut Shape<'_>) -> Value {
    let mut row = Map::new();
    for name in ["sys_id", "number", "short_description", "state", "sys_updated_on", "caller_id", "value", "user_name"]
    {
        if shape.one_in(10) {
            continue;
        }
        let value = match (name, shape.below(6)) {
            ("sys_id", 0..=4) => TICKET.to_owned(),
            ("sys_updated_on", 0..=3) => "2026-01-05 08:00:00".to_owned(),
            _ => shape.text(),
        };
        let cell = match shape.below(8) {
            0 => shape.json(),
            1 => json!(value),
            2 => json!({ "display_value": shape.text(), "link": "https://x.example/y", "value": value }),
            _ => json!({ "display_value": value, "value": value }),
        };
        row.insert(name.to_owned(), cell);
    }
    Value::Object(row)
}

fn body(shape: &mut Shape<'_>) -> Vec<u8> {
    let whole = match shape.below(6) {
        0 => return shape.rest().to_vec(),
        1 => shape.json(),
        2 => json!({ "result": shape.json() }),
        3 => json!({ "error": shape.json(), "status": "failure" }),
        4 => json!({ "result": row(shape) }),
        _ => {
            let rows = shape.below(4);
            json!({ "result": (0..rows).map(|_| row(shape)).collect::<Vec<_>>() })
        }
    };
    shape.bend(whole.to_string().into_bytes())
}

#[test]
fn any_answer_is_an_answer_or_one_clear_error() {
    let bed = RefCell::new(Bed::new());
    let warm = || {
        let bed = bed.borrow();
        bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    };
    warm();
    fuzz!("wire/any_answer_is_an_answer_or_one_clear_error", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let status = match shape.below(4) {
            0 => 100 + u16::from(shape.byte()) * 2,
            1 => *shape.pick(&[201, 202, 204, 301, 400, 401, 403, 404, 405, 429, 500, 502, 503]),
            _ => 200,
        };
        let forged = Forged { status, headers: headers(shape), body: body(shape) };
        let operation = shape.below(10);
        let here = bed.borrow();
        let provider = &here.provider;
        here.forge("/api/now/", forged.clone());
        let outcome = match operation {
            0 | 1 => here.run(provider.list_tickets(ListTickets::new().with_page_size(Some(2)))).map(drop),
            2 => here.run(provider.get_ticket(GetTicket::new(TICKET))).map(drop),
            3 => here.run(provider.list_comments(ListComments::new(TICKET))).map(drop),
            4 => here.run(provider.list_users(ListUsers::new())).map(drop),
            5 => here.run(provider.find_users(FindUsers::new())).map(drop),
            6 => here.run(provider.list_attachments(ListAttachments::new(TICKET))).map(drop),
            7 => here.run(provider.list_history(ListHistory::new(TICKET))).map(drop),
            8 => here.run(provider.list_changes(ListChanges::new(Kind::Ticket))).map(drop),
            _ => here.run(provider.list_ids(ListIds::new(Kind::Ticket))).map(drop),
        };
        here.forge_nothing();
        if let Err(error) = &outcome {
            assert_clear(error);
        }
        let answered = String::from_utf8_lossy(&forged.body).into_owned();
        let is_json = serde_json::from_slice::<Value>(&forged.body).is_ok();
        if outcome.is_ok() && status != 204 {
            assert!(matches!(status, 200 | 201) && is_json, "{status} with {answered:?} passes for an answer");
        }
        drop(here);
        let limits = ["retry-after", "x-ratelimit-reset", "x-ratelimit-limit"];
        if matches!(status, 429 | 503) || forged.headers.iter().any(|(name, _)| limits.contains(&name.as_str())) {
            // What this answer taught about limits is not for the next one.
            bed.borrow_mut().reconnect().unwrap();
            warm();
        }
    });
}

/// A cell as one of the forms that instances write (`wire/servicenow.md` §1.4), and others that mean the same.
fn cell(value: &str, shape: &mut Shape<'_>) -> Value {
    match shape.below(6) {
        0 => json!(value),
        1 => json!({ "value": value }),
        2 => json!({ "value": value, "display_value": shape.text(), "more": shape.json() }),
        3 => json!({ "display_value": shape.text(), "link": shape.text(), "value": value }),
        _ => json!({ "display_value": value, "value": value }),
    }
}

/// A list of rows, and how many it says there are.
fn list(body: &str, total: usize) -> Forged {
    let headers = [("content-type", "application/json".to_owned()), ("x-total-count", total.to_string())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    Forged { status: 200, headers, body: body.as_bytes().to_vec() }
}

#[test]
fn a_page_loses_no_row_and_no_value() {
    let bed = Bed::new();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!("wire/a_page_loses_no_row_and_no_value", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let count = shape.below(12);
        let (mut rows, mut expected) = (Vec::new(), Vec::new());
        for nth in 0..count {
            if shape.one_in(8) {
                // Not for our eyes; it counts, and nothing else (§1.3).
                rows.push(json!({}));
                continue;
            }
            let (id, number) = (format!("{nth:032x}"), format!("INC{nth:07}"));
            let (title, state) = (shape.text(), shape.text());
            let (mut symptom, mut external) = (shape.text(), shape.text());
            let mut row = Map::new();
            // Any order of keys, unknown keys between them, and what is not there is not readable.
            for (name, value) in [
                ("u_symptom", &symptom),
                ("sys_id", &id),
                ("short_description", &title),
                ("correlation_id", &external),
                ("state", &state),
                ("number", &number),
            ] {
                if shape.one_in(5) {
                    row.insert(format!("zz_{}", shape.text()), shape.json());
                }
                row.insert(name.to_owned(), cell(value, shape));
            }
            // What may not be read is not there, and has no value from the row before.
            for (name, value) in [("u_symptom", &mut symptom), ("correlation_id", &mut external)] {
                if shape.one_in(6) {
                    row.remove(name);
                    value.clear();
                }
            }
            rows.push(Value::Object(row));
            expected.push((id, number, title, state, symptom, external));
        }
        let text = json!({ "result": rows }).to_string();
        // A short page is no proof of the end: what is behind it is asked for, and there is nothing.
        bed.forge_in_turn(INCIDENTS, [list(&text, rows.len()), list(r#"{"result":[]}"#, 0)]);
        let page = bed.run(bed.provider.list_tickets(ListTickets::new().with_page_size(Some(20)).with_count(true)));
        bed.forge_nothing();
        let page = page.unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(page.next.is_none(), "{text}");
        assert_eq!(page.items.len(), expected.len(), "{text}");
        for (ticket, (id, number, title, state, symptom, external)) in page.items.iter().zip(&expected) {
            assert_eq!((ticket.id.as_str(), &ticket.key, &ticket.title), (id.as_str(), number, title), "{text}");
            assert_eq!(ticket.status.native.id, *state, "{text}");
            assert_eq!(ticket.external_id.as_deref().unwrap_or_default(), external, "{text}");
            let read = ticket.fields.get("u_symptom").map(|field| field.value.clone());
            let read = read.as_ref().map(|value| serde_json::to_value(value).unwrap());
            let expected = if symptom.is_empty() { Value::Null } else { json!(symptom) };
            assert_eq!(read.unwrap_or_default(), expected, "{text}");
        }
    });
}

/// What the instance says when it refuses: in the error, whole, in its own words.
#[test]
fn an_error_keeps_the_vendors_words() {
    let bed = Bed::new();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!("wire/an_error_keeps_the_vendors_words", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let status = *shape.pick(&[400, 403, 404, 405, 406, 415]);
        let (message, detail) = (shape.text(), shape.text());
        let detail = if shape.one_in(3) { None } else { Some(detail) };
        let text = json!({ "error": { "message": message, "detail": detail }, "status": "failure" }).to_string();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        bed.forge(INCIDENTS, Forged { status, headers, body: text.clone().into_bytes() });
        let outcome = bed.run(bed.provider.list_tickets(ListTickets::new()));
        bed.forge_nothing();
        let error = outcome.expect_err(&text);
        assert_clear(&error);
        assert_ne!(error.kind(), ErrorKind::Decode, "{error}: {text}");
        assert_eq!(error.http_status(), Some(status), "{text}");
        let native = error.native::<ServiceNowError>().unwrap_or_else(|| panic!("{error} lost {text}"));
        assert_eq!((&native.message, &native.detail), (&message, &detail), "{text}");
    });
}
