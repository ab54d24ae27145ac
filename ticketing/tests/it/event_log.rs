//! The main job on real input: a real company's incidents, as of five moments, read through the trait.
//!
//! The truth is derived here from the CSV alone, by the published rules of the log; no code of the sandbox or the provider
//! takes part in it.

use std::collections::BTreeMap;
use std::io::{Read, Write as _};

use chrono::{DateTime, NaiveDateTime, Utc};
use futures::TryStreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ticketing::BuildContext;
use ticketing::http::{AddressPolicy, HttpContext};
use ticketing::model::{Ref, Ticket};
use ticketing::request::{ListTickets, TicketFilter};
use vendor_sandbox::servicenow::Sandbox;

/// The moment that the documentation shows, and four others: the first hours, a quiet one, the end of the year, the end.
const MOMENTS: [&str; 5] =
    ["2016-03-10 12:00:00", "2016-02-29 09:00:00", "2016-05-22 03:30:00", "2016-12-31 23:59:59", "2017-03-01 00:00:00"];

/// The columns by position: two of them share a name.
mod column {
    pub(super) const NUMBER: usize = 0;
    pub(super) const STATE: usize = 1;
    pub(super) const REASSIGNED: usize = 3;
    pub(super) const REOPENED: usize = 4;
    pub(super) const MOD_COUNT: usize = 5;
    pub(super) const MADE_SLA: usize = 6;
    pub(super) const CALLER: usize = 7;
    pub(super) const OPENED_BY: usize = 8;
    pub(super) const OPENED_AT: usize = 9;
    pub(super) const CREATED_AT: usize = 11;
    pub(super) const UPDATED_AT: usize = 13;
    pub(super) const CONTACT_TYPE: usize = 14;
    pub(super) const CATEGORY: usize = 16;
    pub(super) const SUBCATEGORY: usize = 17;
    pub(super) const SYMPTOM: usize = 18;
    pub(super) const IMPACT: usize = 20;
    pub(super) const URGENCY: usize = 21;
    pub(super) const PRIORITY: usize = 22;
    pub(super) const GROUP: usize = 23;
    pub(super) const ASSIGNED_TO: usize = 24;
    pub(super) const CLOSE_CODE: usize = 32;
    pub(super) const RESOLVED_BY: usize = 33;
    pub(super) const RESOLVED_AT: usize = 34;
    pub(super) const CLOSED_AT: usize = 35;
}

fn read_log(path: &str) -> Vec<csv::StringRecord> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    if bytes.starts_with(b"PK") {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let name =
            archive.file_names().find(|name| name.ends_with(".csv") && !name.contains("__MACOSX")).unwrap().to_owned();
        let mut csv = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut csv).unwrap();
        bytes = csv;
    }
    csv::Reader::from_reader(bytes.as_slice()).records().map(Result::unwrap).collect()
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    (text != "?").then(|| NaiveDateTime::parse_from_str(text, "%d/%m/%Y %H:%M").unwrap().and_utc())
}

fn sys_id(table: &str, key: &str) -> String {
    Sha256::digest(format!("{table}:{key}")).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn person(row: &csv::StringRecord, at: usize) -> Value {
    match number(row, at) {
        "?" => Value::Null,
        number => json!({ "id": sys_id("sys_user", &format!("user.{number}")), "name": format!("User {number}") }),
    }
}

fn group(row: &csv::StringRecord) -> Value {
    match number(row, column::GROUP) {
        "?" => json!([]),
        number => {
            json!([{ "id": sys_id("sys_user_group", &format!("Group {number}")), "name": format!("Group {number}") }])
        }
    }
}

/// The number in a column such as `Category 55`; `?` where the row has none.
fn number(row: &csv::StringRecord, at: usize) -> &str {
    row[at].rsplit(' ').next().unwrap()
}

/// The catalogue fields of a row, those that it has a value for.
fn fields(row: &csv::StringRecord, done: bool) -> Value {
    let text = |at: usize| json!(number(row, at));
    let whole = |at: usize| json!(row[at].parse::<i64>().unwrap());
    let digit = |at: usize| json!(row[at][..1]);
    let mut fields = serde_json::Map::new();
    for (name, at, value) in [
        ("category", column::CATEGORY, text(column::CATEGORY)),
        ("subcategory", column::SUBCATEGORY, text(column::SUBCATEGORY)),
        ("u_symptom", column::SYMPTOM, text(column::SYMPTOM)),
        ("contact_type", column::CONTACT_TYPE, json!(row[column::CONTACT_TYPE])),
        ("impact", column::IMPACT, digit(column::IMPACT)),
        ("urgency", column::URGENCY, digit(column::URGENCY)),
        ("reassignment_count", column::REASSIGNED, whole(column::REASSIGNED)),
        ("reopen_count", column::REOPENED, whole(column::REOPENED)),
        ("made_sla", column::MADE_SLA, json!(row[column::MADE_SLA].eq_ignore_ascii_case("true"))),
    ] {
        if &row[at] != "?" {
            fields.insert(name.to_owned(), value);
        }
    }
    if done && &row[column::RESOLVED_BY] != "?" {
        fields.insert("resolved_by".to_owned(), person(row, column::RESOLVED_BY)["id"].clone());
    }
    Value::Object(fields)
}

/// The names of [`fields`].
const FIELDS: [&str; 10] = [
    "category",
    "subcategory",
    "u_symptom",
    "contact_type",
    "impact",
    "urgency",
    "reassignment_count",
    "reopen_count",
    "made_sla",
    "resolved_by",
];

/// What one row says, in the words of the contract.
fn expected(row: &csv::StringRecord) -> (String, Value) {
    let key = format!("INC{}", &row[column::NUMBER]);
    let (native, category, reason) = match &row[column::STATE] {
        "New" => ("1", "open", None),
        "Active" => ("2", "in_progress", None),
        "Awaiting User Info" => ("3", "on_hold", Some("1")),
        "Awaiting Evidence" => ("3", "on_hold", Some("5")),
        "Awaiting Problem" => ("3", "on_hold", Some("3")),
        "Awaiting Vendor" => ("3", "on_hold", Some("4")),
        "Resolved" => ("6", "resolved", None),
        "Closed" => ("7", "closed", None),
        "-100" => ("-100", "unknown", None),
        other => panic!("a state that the log's description does not name: {other}"),
    };
    let done = matches!(native, "6" | "7");
    let reason = match &row[column::CLOSE_CODE] {
        code if done && code != "?" => Some(code.to_owned()),
        _ => reason.map(str::to_owned),
    };
    let priority = &row[column::PRIORITY][..1];
    let level = match priority {
        "1" => "urgent",
        "2" => "high",
        "3" => "normal",
        "4" => "low",
        "5" => "lowest",
        other => panic!("a priority that the log's description does not name: {other}"),
    };
    let assignee = person(row, column::ASSIGNED_TO);
    let document = json!({
        "id": sys_id("incident", &key),
        "title": format!("Category {}, symptom {}", number(row, column::CATEGORY), number(row, column::SYMPTOM)),
        "version": &row[column::MOD_COUNT],
        "category": category,
        "native": native,
        "reason": reason,
        "priority": [level, priority],
        "type": "incident",
        "requester": person(row, column::CALLER),
        "creator": person(row, column::OPENED_BY),
        "assignees": if assignee.is_null() { json!([]) } else { json!([assignee]) },
        "groups": group(row),
        "created_at": moment(&row[column::CREATED_AT]).or_else(|| moment(&row[column::OPENED_AT])),
        "updated_at": moment(&row[column::UPDATED_AT]),
        "resolved_at": moment(&row[column::RESOLVED_AT]).filter(|_| done),
        "closed_at": moment(&row[column::CLOSED_AT]).filter(|_| native == "7"),
        "fields": fields(row, done),
    });
    (key, document)
}

/// What the provider said, cut down to the same keys.
fn actual(ticket: &Ticket) -> (String, Value) {
    let person = |person: &Ref| json!({ "id": person.id, "name": person.name });
    let field = |name: &'static str| Some((name, ticket.fields.get(name)?.value.clone()));
    let document = json!({
        "id": ticket.id,
        "title": ticket.title,
        "version": ticket.version,
        "category": ticket.status.category,
        "native": ticket.status.native.id,
        "reason": ticket.status.reason.as_ref().map(|reason| reason.id.clone()),
        "priority": ticket.priority.as_ref().map(|priority| json!([priority.level, priority.native.id])),
        "type": ticket.ticket_type.category,
        "requester": ticket.requester.as_ref().map(person),
        "creator": ticket.creator.as_ref().map(person),
        "assignees": ticket.assignees.iter().map(person).collect::<Vec<_>>(),
        "groups": ticket.assigned_groups.iter().map(person).collect::<Vec<_>>(),
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "resolved_at": ticket.resolved_at,
        "closed_at": ticket.closed_at,
        "fields": FIELDS.into_iter().filter_map(field).collect::<BTreeMap<_, _>>(),
    });
    (ticket.key.clone(), document)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_incident_of_a_moment_comes_exactly_once_and_as_it_was() {
    let Ok(path) = std::env::var("INCIDENT_EVENT_LOG") else {
        // Past the capture of test output: what is not tested must be seen.
        let _ = writeln!(std::io::stderr(), "\nskipped: INCIDENT_EVENT_LOG does not name the recorded event log");
        return;
    };
    let mut rows = read_log(&path);
    // Applied at their own time, rows of one minute in the file's order: a stable sort.
    rows.sort_by_key(|row| moment(&row[column::UPDATED_AT]).unwrap());

    for at in MOMENTS {
        let as_of = NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M:%S").unwrap().and_utc();
        let truth: BTreeMap<String, Value> =
            rows.iter().take_while(|row| moment(&row[column::UPDATED_AT]).unwrap() <= as_of).map(expected).collect();
        assert!(!truth.is_empty());

        let sandbox = Sandbox::builder().event_log(&path).as_of(as_of).build().unwrap();
        let running = sandbox.serve(0).await.unwrap();
        let http = HttpContext::new(AddressPolicy::strict().allow_loopback()).unwrap();
        let context = BuildContext::new().with_extension(http);
        let config = json!({
            "instance": running.base_url(),
            "auth": { "type": "basic", "username": "admin", "password": "admin" },
        });
        let client = ticketing::connect_with("servicenow", config, &context).unwrap();
        let mut seen = BTreeMap::new();
        let mut tickets = client.tickets(ListTickets::new());
        while let Some(ticket) = tickets.try_next().await.unwrap() {
            let (key, document) = actual(&ticket);
            assert!(seen.insert(key.clone(), document).is_none(), "as of {at}, {key} came twice");
        }
        let missing: Vec<_> = truth.keys().filter(|key| !seen.contains_key(*key)).take(5).collect();
        assert!(
            missing.is_empty(),
            "as of {at}, {} of {} are missing, such as {missing:?}",
            truth.len() - seen.len(),
            truth.len()
        );
        for (key, document) in &seen {
            assert_eq!(Some(document), truth.get(key), "as of {at}, {key} is not what the log says");
        }
        assert_eq!(seen.len(), truth.len());

        let unresolved = client.tickets(ListTickets::new().with_filter(TicketFilter::unresolved()));
        let unresolved: Vec<Ticket> = unresolved.try_collect().await.unwrap();
        let still_open = truth.values().filter(|document| {
            ["open", "in_progress", "on_hold", "unknown"].contains(&document["category"].as_str().unwrap())
        });
        assert_eq!(unresolved.len(), still_open.count(), "as of {at}, the unresolved ones");
        running.shutdown().await;
        println!("as of {at}: {} incidents, {} unresolved, each as the log says", seen.len(), unresolved.len());
    }
}
