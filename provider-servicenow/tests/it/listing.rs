//! Reading everything exactly once while the instance does what instances do: rows that move, hide, tie and shuffle.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::json;
use ticketing_core::model::Ticket;
use ticketing_core::request::{ListTickets, Sort, SortField, TicketFilter};
use ticketing_core::{Cursor, ErrorKind, Page, TicketingClient, UserSelector};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, RowDenial, Sandbox};

use crate::bed::{Bed, all, config, keys, pages, try_all};

/// A hundred incidents and the company's twelve.
fn bed() -> Bed {
    Bed::of(Sandbox::builder().seed(7).tickets(100))
}

fn by(field: SortField) -> Vec<Sort> {
    vec![Sort::ascending(field)]
}

async fn page(client: &TicketingClient, request: &ListTickets, cursor: Option<Cursor>) -> Page<Ticket> {
    client.list_tickets(request.clone().with_cursor(cursor)).await.unwrap()
}

fn exactly_once(bed: &Bed, tickets: &[Ticket], but: &[&str]) {
    let mut expected: BTreeSet<String> = bed.control.find("incident", "").unwrap().into_iter().collect();
    for id in but {
        assert!(expected.remove(*id));
    }
    let found: BTreeSet<String> = tickets.iter().map(|ticket| ticket.id.to_string()).collect();
    assert_eq!(found.len(), tickets.len(), "a ticket came twice");
    assert_eq!(found, expected);
}

#[tokio::test]
async fn pages_go_by_offset_and_overlap_by_the_row_before() {
    let bed = bed();
    let client = bed.client().with_read_ahead(1);
    all(&client, ListTickets::new().with_page_size(1)).await;
    bed.control.clear_requests();
    let listed = all(&client, ListTickets::new().with_page_size(50)).await;
    exactly_once(&bed, &listed, &[]);
    let windows: Vec<(String, String, String)> = bed
        .control
        .requests()
        .iter()
        .map(|request| {
            let value = |name: &str| {
                let pair = request.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
                pair.unwrap_or_default().to_owned()
            };
            assert!(value("sysparm_query").ends_with("ORDERBYnumber%5EORDERBYsys_id"), "{}", request.query);
            (value("sysparm_offset"), value("sysparm_limit"), value("sysparm_no_count"))
        })
        .collect();
    let page = |offset: &str, limit: &str| (offset.to_owned(), limit.to_owned(), "true".to_owned());
    assert_eq!(windows[..3], [page("0", "50"), page("49", "51"), page("99", "51")]);
    // The last page is short, so the end is proved by a question of its own, which alone is counted.
    let [(offset, _, no_count)] = &windows[3..] else { panic!("{windows:?}") };
    assert_eq!((offset.as_str(), no_count.as_str()), ("0", "false"));
}

#[tokio::test]
async fn rows_that_go_and_come_between_two_pages_hide_no_other() {
    for sort in [Vec::new(), by(SortField::CreatedAt), by(SortField::UpdatedAt), by(SortField::Priority)] {
        let bed = bed();
        let client = bed.client();
        let request = ListTickets::new().with_page_size(20).with_sort(sort.clone());
        let mut listed = page(&client, &request, None).await;
        let first = listed.items.clone();
        let mut next = listed.next.clone();
        let gone: Vec<String> =
            first.iter().step_by(7).chain([&first[19]]).map(|ticket| ticket.id.to_string()).collect();
        for id in &gone {
            bed.control.delete("admin", "incident", id).unwrap();
        }
        let mut found = first.clone();
        while let Some(cursor) = next {
            listed = page(&client, &request, Some(cursor)).await;
            found.extend(listed.items);
            next = listed.next;
        }
        let known: BTreeSet<&str> = found.iter().map(|ticket| ticket.id.as_str()).collect();
        assert_eq!(known.len(), found.len(), "{sort:?}: a ticket came twice");
        assert_eq!(known.len(), 112, "{sort:?}: what was delivered stays, and nothing else may be missed");
    }
}

#[tokio::test]
async fn reading_ahead_gives_the_same_as_reading_one_by_one() {
    let bed = bed();
    let one = all(&bed.client().with_read_ahead(1), ListTickets::new().with_page_size(9)).await;
    let ahead = all(&bed.client().with_read_ahead(6), ListTickets::new().with_page_size(9)).await;
    assert_eq!(keys(&one), keys(&ahead));
    // While rows go in the middle of it.
    let mut stream = bed.client().with_read_ahead(6).tickets(ListTickets::new().with_page_size(9));
    let mut found = Vec::new();
    while let Some(ticket) = stream.next().await {
        found.push(ticket.unwrap());
        if matches!(found.len(), 10 | 40) {
            bed.control.delete("admin", "incident", one[found.len() - 9].id.as_str()).unwrap();
        }
    }
    assert_eq!(keys(&found), keys(&one), "only what was delivered already has gone");
}

#[tokio::test]
async fn rows_that_an_acl_hides_make_short_and_empty_pages_and_end_nothing() {
    let bed = bed();
    let client = bed.client();
    // The first 60 generated ones, of which whole pages consist, and the very last one.
    let hidden = bed.control.find("incident", "number>=INC1000001^number<=INC1000060^NQnumber=INC1000100").unwrap();
    assert_eq!(hidden.len(), 61);
    let query = "number>=INC1000001^number<=INC1000060^NQnumber=INC1000100";
    for denial in [RowDenial::Hidden, RowDenial::Empty] {
        bed.control.deny_rows("incident", query, Audience::Everyone, denial).unwrap();
        for size in [7, 20, 500] {
            for sort in [Vec::new(), by(SortField::CreatedAt), by(SortField::Priority)] {
                let request = ListTickets::new().with_page_size(size).with_sort(sort);
                let listed = all(&client, request).await;
                exactly_once(&bed, &listed, &hidden.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        bed.control.clear_denials();
    }
}

#[tokio::test]
async fn everything_hidden_is_nothing_and_not_an_error() {
    let bed = bed();
    bed.control.deny_rows("incident", "numberISNOTEMPTY", Audience::Everyone, RowDenial::Hidden).unwrap();
    assert!(all(&bed.client(), ListTickets::new().with_page_size(10)).await.is_empty());
}

#[tokio::test]
async fn a_count_is_what_the_instance_counts_and_never_the_end() {
    let bed = bed();
    let client = bed.client();
    bed.control.deny_rows("incident", "state=7", Audience::Everyone, RowDenial::Hidden).unwrap();
    let counted = page(&client, &ListTickets::new().with_count(true), None).await;
    let total = counted.total.unwrap();
    assert_eq!((total.value, total.exact), (112, false));
    let visible = bed.control.find("incident", "state!=7").unwrap().len();
    for wrong in [-1, 50] {
        bed.control.set_faults([Fault::new("wrong_total_count").parameter(wrong)]).unwrap();
        let request = ListTickets::new().with_count(true).with_page_size(30);
        assert_eq!(all(&client, request).await.len(), visible, "{wrong}");
    }
}

#[tokio::test]
async fn ties_shuffled_by_the_instance_come_once_each() {
    let bed = bed();
    let client = bed.client();
    for id in bed.control.find("incident", "number<INC1000040").unwrap() {
        bed.control.set_raw("incident", &id, json!({"sys_updated_on": "2026-01-20 10:00:00"})).unwrap();
    }
    bed.control.set_faults([Fault::new("unordered_shuffle")]).unwrap();
    for field in [SortField::UpdatedAt, SortField::Priority, SortField::Key] {
        for size in [1, 13] {
            exactly_once(&bed, &all(&client, ListTickets::new().with_page_size(size).with_sort(by(field))).await, &[]);
        }
    }
}

#[tokio::test]
async fn a_query_that_the_instance_ignores_in_part_gives_no_wrong_row() {
    let bed = bed();
    let client = bed.client();
    let open = TicketFilter::new().with_status([ticketing_core::model::StatusCategory::Open]);
    let itil = TicketFilter::new().with_assignee([UserSelector::username("itil")]);
    let expected = [open, itil].map(|filter| ListTickets::new().with_filter(filter).with_page_size(10));
    for request in expected {
        let right = all(&client, request.clone()).await;
        for field in ["state", "assigned_to", "number"] {
            bed.control.set_faults([Fault::new("ignored_query_part").parameter(field)]).unwrap();
            match try_all(&client, request.clone()).await {
                Ok(found) => assert_eq!(keys(&found), keys(&right), "{field}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Integrity, "{field}: {error}"),
            }
            bed.control.clear_faults();
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_alone() {
    let bed = bed();
    let client = bed.client();
    let request = ListTickets::new().with_page_size(10);
    let cursor = page(&client, &request, None).await.next.unwrap();
    assert!(!cursor.as_str().contains("127.0.0.1"), "{cursor}");
    // Another page size is the same query.
    let other_size = ListTickets::new().with_page_size(3).with_cursor(Some(cursor.clone()));
    assert_eq!(client.list_tickets(other_size).await.unwrap().items.len(), 3);
    let before = bed.sent();
    let unresolved = request.clone().with_filter(TicketFilter::unresolved());
    let sorted = request.clone().with_sort(by(SortField::Due));
    for (client, request, cursor) in [
        (client.clone(), unresolved, cursor.clone()),
        (client.clone(), sorted, cursor.clone()),
        (bed.tables(&["incident", "problem"]), request.clone(), cursor.clone()),
        (client.clone(), request.clone(), Cursor::new("nonsense")),
        (client.clone(), request.clone(), Cursor::new(format!("{}x", cursor.as_str()))),
    ] {
        let error = client.list_tickets(request.with_cursor(Some(cursor))).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("cursor")), "{error}");
    }
    assert_eq!(bed.sent(), before, "nothing may be sent");
    // Another account: the same instance by another name.
    let mut elsewhere = config("admin", &["incident"]);
    elsewhere["instance"] = "http://localhost:4010".into();
    let error = bed.client_of(elsewhere).list_tickets(request.with_cursor(Some(cursor))).await.unwrap_err();
    assert_eq!(error.field(), Some("cursor"));
}

#[tokio::test]
async fn several_tables_come_in_one_order_where_one_is_asked_for() {
    let bed = bed();
    let client = bed.tables(&["problem", "incident", "change_request"]);
    let unsorted = all(&client, ListTickets::new().with_page_size(25)).await;
    assert_eq!(unsorted.len(), 114);
    for (field, descending) in [
        (SortField::CreatedAt, false),
        (SortField::UpdatedAt, true),
        (SortField::Due, true),
        (SortField::Priority, true),
        (SortField::ResolvedAt, false),
        (SortField::Key, true),
    ] {
        let sort = if descending { Sort::descending(field) } else { Sort::ascending(field) };
        let request = ListTickets::new().with_sort(vec![sort]).with_page_size(25);
        assert!(pages(&client, request.clone()).await >= 5);
        let mut listed = all(&client, request).await;
        assert_eq!(listed.iter().map(|ticket| &ticket.id).collect::<BTreeSet<_>>().len(), 114, "{field}");
        if descending {
            listed.reverse();
        }
        let value = |ticket: &Ticket| -> String {
            match field {
                SortField::CreatedAt => format!("{:?}", ticket.created_at),
                SortField::UpdatedAt => format!("{:?}", ticket.updated_at),
                SortField::ResolvedAt => format!("{:?}", ticket.resolved_at),
                SortField::Due => format!("{:?}", ticket.due),
                // 1 is the most urgent.
                SortField::Priority => {
                    format!("{}", 9 - ticket.priority.as_ref().unwrap().native.id.parse::<i32>().unwrap())
                }
                _ => ticket.key.clone(),
            }
        };
        let values: Vec<String> = listed.iter().map(value).collect();
        assert!(values.is_sorted_by_key(|value| (value != "None", value.clone())), "{field}: {values:?}");
    }
}

#[tokio::test]
async fn a_long_query_travels_in_a_batch() {
    let bed = bed();
    let client = bed.client();
    let ids: Vec<String> = bed.control.find("incident", "").unwrap();
    let mut wanted = ids.clone();
    wanted.extend((0..300).map(|nth| format!("{nth:032x}")));
    let filter = TicketFilter::new().with_ids(wanted.iter().map(String::as_str));
    let found = all(&client, ListTickets::new().with_filter(filter).with_page_size(40)).await;
    exactly_once(&bed, &found, &[]);
    let batches: Vec<_> =
        bed.control.requests().into_iter().filter(|request| request.path == "/api/now/v1/batch").collect();
    assert!(!batches.is_empty() && batches.iter().all(|batch| batch.status == Some(200)));
}
