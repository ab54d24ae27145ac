//! The vendors' answers: whatever comes, it is an answer or one clear error, and no row of a page is lost or made up.

mod jira;
mod servicenow;
mod zendesk;

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::model::Kind;
use ticketing_core::request::{
    FindUsers, GetTicket, ListAttachments, ListChanges, ListComments, ListGroups, ListHistory, ListIds, ListTickets,
    ListUsers,
};
use ticketing_core::{Error, ErrorKind};
use ticketing_fuzz::{Bed, Forged, JiraCloud, JiraDataCenter, ServiceNow, Shape, Vendor, Zendesk};

/// Nobody may read it in an error: it stands in customers' data.
const CANARY: &str = "hunter2";

/// A row that a listing has to tell.
#[derive(Debug)]
struct Row {
    id: String,
    key: String,
    title: String,
    /// The status, in the vendor's own words.
    status: String,
    external_id: String,
    /// A custom field of text.
    text: String,
}

/// What a vendor's answers look like.
trait Wire: Vendor {
    /// The id of a ticket that there may be.
    const TICKET: &'static str;
    /// A field of text that is the company's own.
    const TEXT_FIELD: &'static str;
    /// Headers that say something.
    const HEADERS: &'static [&'static str];

    /// Whether an answer with this status may hold what was asked for.
    fn is_good(status: u16) -> bool {
        (200..300).contains(&status)
    }

    /// A body as it would come, or nearly.
    fn body(shape: &mut Shape<'_>) -> Value;

    /// A listing of tickets in every form that it may come in, answer by answer, and what is in it.
    fn listing(shape: &mut Shape<'_>) -> (Vec<Forged>, Vec<Row>);

    /// A refusal, and the words that it is made of.
    fn refusal(shape: &mut Shape<'_>) -> (Value, Vec<String>);

    /// The vendor's words in an error.
    fn words(error: &Error) -> Option<Vec<String>>;
}

/// One line that says something, and nothing of the credential.
fn assert_clear<V: Vendor>(error: &Error) {
    let shown = error.to_string();
    assert!(!shown.trim().is_empty() && !shown.contains(['\n', '\r']), "{shown:?} is not one line");
    assert!(!shown.contains(V::CREDENTIAL), "the credential is in {shown:?}");
    assert!(shown.len() < 4_000, "{} bytes are no message", shown.len());
}

fn headers<V: Wire>(shape: &mut Shape<'_>) -> Vec<(String, String)> {
    let media = match shape.below(5) {
        0 => "text/html".to_owned(),
        1 => shape.text(),
        2 => "application/json".to_owned(),
        _ => "application/json;charset=UTF-8".to_owned(),
    };
    let mut headers = vec![("content-type".to_owned(), media)];
    for name in ["retry-after", "link", "location", "date"].iter().chain(V::HEADERS) {
        if shape.one_in(12) {
            let value = match shape.below(4) {
                0 => shape.text(),
                1 => (*shape.pick(&["1e999", "inf", "NaN", "-1", "1e300", "99999999999999999999"])).to_owned(),
                _ => shape.number().to_string(),
            };
            headers.push(((*name).to_owned(), value));
        }
    }
    headers
}

/// An answer of the vendor's own: JSON, and good.
fn good(body: &Value, more: &[(&str, String)]) -> Forged {
    let media = ("content-type", "application/json;charset=UTF-8".to_owned());
    let headers = more.iter().chain([&media]).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Forged { status: 200, headers, body: body.to_string().into_bytes() }
}

/// A value where another kind of value is expected: customers' data all the same.
fn odd(shape: &mut Shape<'_>) -> Value {
    match shape.below(4) {
        0 => json!(CANARY),
        1 => json!({ "value": CANARY }),
        2 => json!([CANARY, 1]),
        _ => shape.json(),
    }
}

/// A key between the known ones, which nobody knows.
fn unknown_key(shape: &mut Shape<'_>) -> String {
    format!("zz_{}", shape.text())
}

fn any_answer_is_an_answer_or_one_clear_error<V: Wire>(name: &str) {
    let bed = RefCell::new(Bed::<V>::new());
    let warm = || {
        let bed = bed.borrow();
        bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    };
    warm();
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let status = match shape.below(4) {
            0 => 100 + u16::from(shape.byte()) * 2,
            1 => *shape.pick(&[201, 202, 204, 301, 400, 401, 403, 404, 405, 409, 410, 422, 429, 500, 502, 503]),
            _ => 200,
        };
        let headers = headers::<V>(shape);
        let operation = shape.below(11);
        let body = match shape.below(6) {
            0 => shape.rest().to_vec(),
            1 => shape.json().to_string().into_bytes(),
            _ => {
                let whole = V::body(shape).to_string().into_bytes();
                shape.bend(whole)
            }
        };
        let forged = Forged { status, headers, body };
        let here = bed.borrow();
        let provider = &here.provider;
        here.forge(V::API, forged.clone());
        let outcome = match operation {
            0 | 1 => here.run(provider.list_tickets(ListTickets::new().with_page_size(Some(2)))).map(drop),
            2 => here.run(provider.get_ticket(GetTicket::new(V::TICKET))).map(drop),
            3 => here.run(provider.list_comments(ListComments::new(V::TICKET))).map(drop),
            4 => here.run(provider.list_users(ListUsers::new())).map(drop),
            5 => here.run(provider.find_users(FindUsers::new().with_max_age(Some(Duration::ZERO)))).map(drop),
            6 => here.run(provider.list_attachments(ListAttachments::new(V::TICKET))).map(drop),
            7 => here.run(provider.list_history(ListHistory::new(V::TICKET))).map(drop),
            8 => here.run(provider.list_changes(ListChanges::new(Kind::Ticket))).map(drop),
            9 => here.run(provider.list_groups(ListGroups::new())).map(drop),
            _ => here.run(provider.list_ids(ListIds::new(Kind::Ticket))).map(drop),
        };
        here.forge_nothing();
        if let Err(error) = &outcome {
            assert_clear::<V>(error);
            // A refusal is the vendor's own words; what comes with a good status is customers' data.
            assert!(!V::is_good(status) || !error.to_string().contains(CANARY), "customers' data is in {error}");
        }
        let answered = String::from_utf8_lossy(&forged.body).into_owned();
        // What is passed over is not looked into, neither here nor there.
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&forged.body).is_ok();
        if outcome.is_ok() && status != 204 {
            assert!(V::is_good(status) && is_json, "{operation}: {status} with {answered:?} passes for an answer");
        }
        drop(here);
        let is_limit = |name: &str| name == "retry-after" || name.contains("rate");
        if matches!(status, 429 | 503) || forged.headers.iter().any(|(name, _)| is_limit(name)) {
            // What this answer taught about limits is not for the next one.
            bed.borrow_mut().reconnect().unwrap();
            warm();
        }
    });
}

fn a_page_loses_no_row_and_no_value<V: Wire>(name: &str) {
    let bed = Bed::<V>::new();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let (answers, expected) = V::listing(shape);
        let text: Vec<String> = answers.iter().map(|own| String::from_utf8_lossy(&own.body).into_owned()).collect();
        bed.forge_in_turn(V::API, answers);
        let (mut found, mut cursor) = (Vec::new(), None);
        for _ in 0..40 {
            let request = ListTickets::new().with_page_size(Some(20)).with_cursor(cursor);
            let page = bed.run(bed.provider.list_tickets(request)).unwrap_or_else(|error| panic!("{error}: {text:?}"));
            found.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        bed.forge_nothing();
        assert!(cursor.is_none(), "no end of {text:?}");
        assert_eq!(found.len(), expected.len(), "{text:?}");
        for (ticket, row) in found.iter().zip(&expected) {
            assert_eq!((ticket.id.as_str(), &ticket.key, &ticket.title), (&*row.id, &row.key, &row.title), "{text:?}");
            assert_eq!(ticket.status.native.id, row.status, "{text:?}");
            assert_eq!(ticket.external_id.as_deref().unwrap_or_default(), row.external_id, "{text:?}");
            let read = ticket.fields.get(V::TEXT_FIELD).map(|field| field.value.clone());
            let read = read.as_ref().map(|value| serde_json::to_value(value).unwrap());
            let expected = if row.text.is_empty() { Value::Null } else { json!(row.text) };
            assert_eq!(read.unwrap_or_default(), expected, "{text:?}");
        }
    });
}

/// What the vendor says when it refuses: in the error, whole, in its own words.
fn an_error_keeps_the_vendors_words<V: Wire>(name: &str) {
    let bed = Bed::<V>::new();
    bed.run(bed.provider.list_tickets(ListTickets::new())).unwrap();
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let status = *shape.pick(&[400, 403, 404, 405, 406, 415]);
        let (body, words) = V::refusal(shape);
        bed.forge(V::API, Forged { status, ..good(&body, &[]) });
        let outcome = bed.run(bed.provider.list_tickets(ListTickets::new()));
        bed.forge_nothing();
        let error = outcome.expect_err(&body.to_string());
        assert_clear::<V>(&error);
        assert_ne!(error.kind(), ErrorKind::Decode, "{error}: {body}");
        assert_eq!(error.http_status(), Some(status), "{error}: {body}");
        assert_eq!(V::words(&error).as_ref(), Some(&words), "{error} lost {body}");
    });
}

for_each_vendor!("wire", any_answer_is_an_answer_or_one_clear_error);
for_each_vendor!("wire", a_page_loses_no_row_and_no_value);
for_each_vendor!("wire", an_error_keeps_the_vendors_words);
