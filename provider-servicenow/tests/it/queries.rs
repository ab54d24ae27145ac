//! The query builder against an instance that drops what it does not understand: every operator of wire §2.2 brings the rows
//! that plain code picks, and no text of a caller's becomes a part of the query.

use std::collections::BTreeSet;

use provider_servicenow::query::{Condition, FieldName, Operator, Query, Unit};
use serde_json::{Map, Value};
use ticketing_core::request::{FindUsers, ListTickets, RawMethod, RawRequest, TicketFilter};
use ticketing_core::{ErrorKind, GroupSelector, TicketingClient, UserSelector};
use vendor_sandbox::servicenow::Sandbox;

use crate::bed::{Bed, all, config, keys};

/// The dynamic filter "Me" of every instance.
const ME: &str = "90d1921e5f510100a9ad2572f2b477fe";

type Row = Map<String, Value>;

fn text<'r>(row: &'r Row, field: &str) -> &'r str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Row, field: &str) -> i64 {
    text(row, field).parse().unwrap()
}

fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

fn one(condition: Condition) -> Query {
    Query::all().and(condition)
}

fn each(conditions: Vec<Condition>) -> Query {
    conditions.into_iter().fold(Query::all(), Query::and)
}

/// The ids that the instance answers a query with.
async fn answer(client: &TicketingClient, query: &str) -> BTreeSet<String> {
    let request = RawRequest::new(RawMethod::Get, "/api/now/table/incident").with_query(vec![
        ("sysparm_query".to_owned(), query.to_owned()),
        ("sysparm_fields".to_owned(), "sys_id".to_owned()),
        ("sysparm_limit".to_owned(), "10000".to_owned()),
    ]);
    let response = client.send_raw(request).await.unwrap();
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let rows = body["result"].as_array().unwrap();
    rows.iter().map(|row| row["sys_id"].as_str().unwrap().to_owned()).collect()
}

type Case = (Query, Box<dyn Fn(&Row) -> bool>);

fn case(query: Query, fits: impl Fn(&Row) -> bool + 'static) -> Case {
    (query, Box::new(fits))
}

/// Seconds from one column's moment to another's.
fn apart(row: &Row, from: &str, to: &str) -> i64 {
    let at = |name: &str| chrono::NaiveDateTime::parse_from_str(text(row, name), "%Y-%m-%d %H:%M:%S").unwrap();
    (at(to) - at(from)).num_seconds()
}

#[tokio::test]
async fn every_operator_brings_the_rows_it_says() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(80));
    let client = bed.client_of(config("itil", &["incident"]));
    // The user's days are the day's in UTC.
    let me = bed.control.find("sys_user", "user_name=itil").unwrap().remove(0);
    bed.control.set_raw("sys_user", &me, serde_json::json!({"time_zone": "GMT"})).unwrap();
    let it = bed.control.find("sys_user_group", "name=IT").unwrap().remove(0);
    let teams: Vec<String> = bed.control.find("sys_user_group", &format!("parent={it}^ORsys_id={it}")).unwrap();
    assert_eq!(teams.len(), 3);
    let day = "2026-01-12".parse().unwrap();
    let cases = [
        case(one(Condition::equals(field("state"), "2").unwrap()), |row| text(row, "state") == "2"),
        case(one(Condition::not_equals(field("priority"), "3").unwrap()), |row| text(row, "priority") != "3"),
        case(one(Condition::less(field("sys_created_on"), "2026-01-10 00:00:00").unwrap()), |row| {
            text(row, "sys_created_on") < "2026-01-10 00:00:00"
        }),
        case(one(Condition::greater(field("priority"), "3").unwrap()), |row| number(row, "priority") > 3),
        case(one(Condition::at_most(field("priority"), "3").unwrap()), |row| number(row, "priority") <= 3),
        case(one(Condition::at_least(field("sys_updated_on"), "2026-01-13 02:00:00").unwrap()), |row| {
            text(row, "sys_updated_on") >= "2026-01-13 02:00:00"
        }),
        case(one(Condition::starts_with(field("short_description"), "VPN").unwrap()), |row| {
            text(row, "short_description").starts_with("VPN")
        }),
        case(one(Condition::ends_with(field("short_description"), "down").unwrap()), |row| {
            text(row, "short_description").ends_with("down")
        }),
        case(one(Condition::contains(field("short_description"), "\"a^b, c@d\"").unwrap()), |row| {
            text(row, "short_description").contains("\"a^b, c@d\"")
        }),
        case(one(Condition::not_contains(field("short_description"), "VPN").unwrap()), |row| {
            !text(row, "short_description").contains("VPN")
        }),
        case(Query::all().and(Condition::is_one_of(field("state"), ["1", "3"]).unwrap()), |row| {
            matches!(text(row, "state"), "1" | "3")
        }),
        case(each(Condition::is_none_of(field("state"), ["1", "3"]).unwrap()), |row| {
            !matches!(text(row, "state"), "1" | "3")
        }),
        case(one(Condition::is_empty(field("due_date"))), |row| text(row, "due_date").is_empty()),
        case(one(Condition::is_not_empty(field("due_date"))), |row| !text(row, "due_date").is_empty()),
        case(one(Condition::is_empty_string(field("correlation_id"))), |row| text(row, "correlation_id").is_empty()),
        case(each(Condition::between(field("priority"), "2", "3").unwrap()), |row| {
            (2..=3).contains(&number(row, "priority"))
        }),
        case(one(Condition::same_as(field("impact"), field("urgency"))), |row| {
            text(row, "impact") == text(row, "urgency")
        }),
        case(one(Condition::not_same_as(field("impact"), field("urgency"))), |row| {
            text(row, "impact") != text(row, "urgency")
        }),
        case(one(Condition::greater_than_field(field("impact"), field("urgency"))), |row| {
            number(row, "impact") > number(row, "urgency")
        }),
        case(one(Condition::less_than_field(field("impact"), field("urgency"))), |row| {
            number(row, "impact") < number(row, "urgency")
        }),
        case(one(Condition::at_least_field(field("impact"), field("urgency"))), |row| {
            number(row, "impact") >= number(row, "urgency")
        }),
        case(one(Condition::at_most_field(field("impact"), field("urgency"))), |row| {
            number(row, "impact") <= number(row, "urgency")
        }),
        case(one(Condition::dynamic(field("assigned_to"), ME).unwrap()), move |row| text(row, "assigned_to") == me),
        case(one(Condition::in_hierarchy(field("assignment_group"), &it).unwrap()), move |row| {
            teams.iter().any(|team| team == text(row, "assignment_group"))
        }),
        case(one(Condition::on(field("sys_created_on"), day)), |row| {
            text(row, "sys_created_on").starts_with("2026-01-12")
        }),
        case(one(Condition::not_on(field("sys_created_on"), day)), |row| {
            !text(row, "sys_created_on").starts_with("2026-01-12")
        }),
        // The clock stands at 2026-02-01.
        case(one(Condition::since(field("sys_created_on"), 20, Unit::Day)), |row| {
            text(row, "sys_created_on") > "2026-01-12 00:00:00"
        }),
        case(one(Condition::not_since(field("sys_created_on"), 20, Unit::Day)), |row| {
            text(row, "sys_created_on") < "2026-01-12 00:00:00"
        }),
        case(
            one(Condition::more_than_before(field("sys_created_on"), field("sys_updated_on"), 5, Unit::Hour)),
            |row| apart(row, "sys_created_on", "sys_updated_on") > 5 * 3600,
        ),
        case(
            one(Condition::less_than_before(field("sys_created_on"), field("sys_updated_on"), 5, Unit::Hour)),
            |row| (0..5 * 3600).contains(&apart(row, "sys_created_on", "sys_updated_on")),
        ),
        case(one(Condition::in_hour(field("sys_created_on"), 9)), |row| &text(row, "sys_created_on")[11..13] == "09"),
        case(one(Condition::in_year(field("sys_created_on"), 2026)), |row| {
            text(row, "sys_created_on").starts_with("2026")
        }),
    ];
    let rows: Vec<(String, Row)> = bed
        .control
        .find("incident", "")
        .unwrap()
        .into_iter()
        .map(|id| (id.clone(), bed.control.row("incident", &id).unwrap().unwrap()))
        .collect();
    for (query, fits) in &cases {
        let encoded = query.encode();
        let expected: BTreeSet<String> = rows.iter().filter(|(_, row)| fits(row)).map(|(id, _)| id.clone()).collect();
        assert!(!expected.is_empty() && expected.len() < rows.len(), "{encoded} tells nothing apart");
        assert_eq!(answer(&client, &encoded).await, expected, "{encoded}");
    }
    // Every row has something, whatever it is.
    let anything = one(Condition::anything(field("state"))).and(Condition::equals(field("state"), "2").unwrap());
    assert_eq!(
        answer(&client, &anything.encode()).await,
        rows.iter().filter(|(_, row)| text(row, "state") == "2").map(|(id, _)| id.clone()).collect()
    );
    // The list above leaves none out.
    let tried: Vec<String> = cases.iter().map(|(query, _)| query.encode()).chain([anything.encode()]).collect();
    for operator in Operator::ALL {
        let written = |query: &String| {
            let rest = query.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '_' || c == '.');
            rest.starts_with(operator.as_str())
        };
        assert!(tried.iter().any(written), "no case for {operator:?}");
    }
}

#[tokio::test]
async fn values_that_lists_and_ranges_cannot_hold_are_asked_for_all_the_same() {
    let bed = Bed::new();
    let client = bed.client();
    let odd = bed.incident("finds nothing");
    let vpn = bed.incident("VPN");
    bed.control.set_raw("incident", &odd, serde_json::json!({"correlation_id": "a,b@c^d"})).unwrap();
    let values = ["a,b@c^d", "ALERT-1001", "x"];
    let listed = Query::all().and(Condition::is_one_of(field("correlation_id"), values).unwrap());
    assert_eq!(answer(&client, &listed.encode()).await, BTreeSet::from([odd.clone(), vpn.clone()]));
    let unlisted = each(Condition::is_none_of(field("correlation_id"), values).unwrap());
    let rest = answer(&client, &unlisted.encode()).await;
    assert!(!rest.contains(&odd) && !rest.contains(&vpn) && rest.len() == 10, "{rest:?}");
    let range = each(Condition::between(field("correlation_id"), "a,b@c", "a,b@d").unwrap());
    assert_eq!(answer(&client, &range.encode()).await, BTreeSet::from([odd]));
}

#[tokio::test]
async fn no_text_becomes_a_part_of_the_query() {
    let bed = Bed::new();
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await.len();
    assert_eq!(whole, 12);
    let vpn = bed.incident("VPN");
    for evil in ["x^NQactive=true", "x^ORnumberISNOTEMPTY", "^NQ", "x^ORDERBYnumber", "x^^NQsys_idISNOTEMPTY", "x^"] {
        for (filter, expected) in [
            (TicketFilter::new().with_text(evil), if evil == "^NQ" { 1 } else { 0 }),
            (TicketFilter::new().with_keys([evil]), 0),
            (TicketFilter::new().with_keys(["INC0000001", evil]), 0),
            (TicketFilter::new().with_external_id([evil]), 0),
            (TicketFilter::new().with_external_id(["ALERT-1001", evil]), 1),
            (TicketFilter::new().with_tag([evil]), 0),
            (TicketFilter::new().with_ids([evil]), 0),
            (TicketFilter::new().with_ids([vpn.as_str(), evil]), 1),
            (TicketFilter::new().with_parent([evil]), 0),
            (TicketFilter::new().with_field("contact_type", [evil]), 0),
            (TicketFilter::new().with_field("cause", ["", evil]), 12),
        ] {
            let found = all(&client, ListTickets::new().with_filter(filter.clone())).await;
            assert_eq!(found.len(), expected, "{evil} in {filter:?}: {:?}", keys(&found));
        }
        for filter in [
            TicketFilter::new().with_group([GroupSelector::name(evil)]),
            TicketFilter::new().with_requester([UserSelector::email(evil)]),
            TicketFilter::new().with_requester([UserSelector::id(evil)]),
            TicketFilter::new().with_field(format!("state{evil}"), ["2"]),
        ] {
            let error = client.list_tickets(ListTickets::new().with_filter(filter.clone())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{filter:?}: {error}");
            assert!(error.field().is_some() && error.hint().is_some(), "{error:?}");
        }
        let found = client.find_users(FindUsers::new().with_text(evil.to_owned())).await.unwrap();
        assert!(found.items.is_empty(), "{evil}: {:?}", found.items);
    }
}

#[tokio::test]
async fn no_text_is_run_by_the_instance() {
    let bed = Bed::new();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    let script = "javascript:gs.getUserName()";
    for evil in [script.to_owned(), format!("  {script}"), script.replace("java", "JAVA"), "a\nb".to_owned()] {
        for (field, filter) in [
            ("text", TicketFilter::new().with_text(script)),
            ("keys", TicketFilter::new().with_keys([evil.as_str()])),
            ("external_id", TicketFilter::new().with_external_id([evil.as_str()])),
            ("tag", TicketFilter::new().with_tag([evil.as_str()])),
            ("cause", TicketFilter::new().with_field("cause", [evil.as_str()])),
            ("group", TicketFilter::new().with_group([GroupSelector::name(evil.as_str())])),
            ("assignee", TicketFilter::new().with_assignee([UserSelector::username(evil.as_str())])),
        ] {
            let before = bed.sent();
            let error = client.list_tickets(ListTickets::new().with_filter(filter)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{field} {evil:?}: {error}");
            assert!(error.field().unwrap_or_default().contains(field), "{field}: {error:?}");
            assert_eq!(bed.sent(), before, "{field}: nothing may be sent");
        }
    }
    assert!(bed.control.requests().iter().all(|request| !request.query.to_lowercase().contains("javascript")));
}
