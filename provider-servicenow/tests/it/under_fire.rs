//! What the simulation found, each as the shortest way to see it; the seeds are in the history.

use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::model::{Change, Kind, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, DeleteTicket, GetTicket, ListChanges, ListTickets, Sort, SortField,
};
use ticketing_core::{ErrorKind, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::{Audience, RowDenial};

use crate::bed::{Bed, all, try_all};

fn titled(bed: &Bed, title: &str) -> usize {
    bed.control.find("incident", &format!("short_description={title}")).unwrap().len()
}

/// More rows than a lookup's window holds.
fn crowd(bed: &Bed) {
    for nth in 0..30 {
        bed.control.insert("admin", "incident", json!({"short_description": format!("One of many {nth}")})).unwrap();
    }
}

#[tokio::test]
async fn a_count_that_is_too_low_ends_no_listing() {
    let bed = Bed::new();
    let client = bed.client();
    let everything = all(&client, ListTickets::new()).await;
    let (last, rest) = everything.split_last().unwrap();
    let hidden: Vec<&str> = rest.iter().rev().take(2).map(|ticket| ticket.id.as_str()).collect();
    let query = format!("sys_idIN{}", hidden.join(","));
    bed.control.deny_rows("incident", &query, Audience::Everyone, RowDenial::Hidden).unwrap();
    bed.control.set_faults([Fault::new("wrong_total_count").parameter(-1_000)]).unwrap();
    for count in [false, true] {
        for page_size in 1..=4 {
            let request = ListTickets::new().with_page_size(page_size).with_count(count);
            let listed = all(&client, request).await;
            assert_eq!(listed.len(), everything.len() - 2, "pages of {page_size}");
            assert_eq!(listed.last().unwrap().id, last.id);
        }
    }
}

#[tokio::test]
async fn a_count_without_end_is_no_search_without_end() {
    let bed = Bed::new();
    let client = bed.client();
    assert_eq!(all(&client, ListTickets::new()).await.len(), 12);
    // Nothing may be read, and the instance counts millions: of hidden rows, or it is wrong.
    bed.control.deny_rows("incident", "numberISNOTEMPTY", Audience::Everyone, RowDenial::Hidden).unwrap();
    bed.control.set_faults([Fault::new("wrong_total_count").parameter(6_000_000)]).unwrap();
    bed.control.clear_requests();
    let error = try_all(&client, ListTickets::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(error.message().contains("6000012") && error.hint().is_some(), "{error}");
    assert!(bed.sent() < 1_100, "{} requests", bed.sent());
    // As many as may be hidden on a real instance are passed over.
    bed.control.set_faults([Fault::new("wrong_total_count").parameter(50_000)]).unwrap();
    assert!(all(&client, ListTickets::new()).await.is_empty());
}

#[tokio::test]
async fn a_ticket_is_not_missing_because_a_query_was_ignored() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    let key = crate::bed::get(&client, &id).await.key;
    bed.control.set_faults([Fault::new("ignored_query_part")]).unwrap();
    for call in [
        client.get_ticket(GetTicket::new(key.as_str())).await.map(drop),
        client.add_comment(AddComment::new(id.as_str(), "Hello", Visibility::Public)).await.map(drop),
        client.delete_ticket(DeleteTicket::new(id.as_str())).await,
    ] {
        let error = call.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(!error.maybe_applied());
    }
    assert!(bed.control.row("incident", &id).unwrap().is_some());
}

#[tokio::test]
async fn a_key_whose_search_is_ignored_makes_no_second_ticket() {
    let bed = Bed::new();
    crowd(&bed);
    let client = bed.client();
    for (nth, external) in [None, Some("theirs".to_owned())].into_iter().enumerate() {
        let title = format!("Only once {nth}");
        let request =
            CreateTicket::new(title.as_str()).with_idempotency_key(format!("key {nth}")).with_external_id(external);
        let made = client.create_ticket(request.clone()).await.unwrap();
        for field in [None, Some("correlation_id"), Some("correlation_display")] {
            let fault = Fault::new("ignored_query_part").parameter(field.map_or(Value::Null, Value::from));
            bed.control.set_faults([fault]).unwrap();
            match bed.client().create_ticket(request.clone()).await {
                Ok(again) => assert_eq!(again.id, made.id),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Integrity, "{error}"),
            }
            assert_eq!(titled(&bed, &title), 1, "{field:?} was ignored");
        }
        bed.control.clear_faults();
    }
}

/// Some of the rows that fill the answer in place of the ticket are hidden, so that it looks like all there is; the count says
/// so too.
#[tokio::test]
async fn a_key_whose_search_is_ignored_among_hidden_rows_makes_no_second_ticket() {
    let bed = Bed::new();
    let client = bed.client();
    let request = CreateTicket::new("Only once").with_idempotency_key("key".to_owned());
    client.create_ticket(request.clone()).await.unwrap();
    for nth in 0..12 {
        bed.advance(60);
        bed.control.insert("admin", "incident", json!({"short_description": format!("Later {}", nth % 2)})).unwrap();
    }
    bed.control.deny_rows("incident", "short_description=Later 0", Audience::Everyone, RowDenial::Hidden).unwrap();
    let on = |fault: Fault| fault.path("/api/now/table/incident");
    bed.control
        .set_faults([on(Fault::new("ignored_query_part")), on(Fault::new("wrong_total_count").parameter(-1_000))])
        .unwrap();
    let error = client.create_ticket(request.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_applied()), (ErrorKind::Integrity, false), "{error}");
    assert_eq!(titled(&bed, "Only once"), 1);
}

#[tokio::test]
async fn two_calls_under_one_key_at_once_make_one_ticket() {
    let bed = Bed::new();
    let client = bed.client();
    let request = CreateTicket::new("At once").with_idempotency_key("key".to_owned());
    let made = futures::future::join_all((0..8).map(|_| client.create_ticket(request.clone()))).await;
    let ids: std::collections::BTreeSet<_> = made.into_iter().map(|made| made.unwrap().id).collect();
    assert_eq!((ids.len(), titled(&bed, "At once")), (1, 1));
}

/// The instance does not tell upper from lower case, and a caller's keys do.
#[tokio::test]
async fn keys_are_told_apart_letter_by_letter() {
    let bed = Bed::new();
    let client = bed.client();
    for external in [None, Some("theirs".to_owned())] {
        let mut ids = Vec::new();
        for key in ["Order-1", "order-1", "ORDER-1"] {
            let key = format!("{key} {}", external.is_some());
            let request = CreateTicket::new("Told apart").with_idempotency_key(key).with_external_id(external.clone());
            let made = client.create_ticket(request.clone()).await.unwrap();
            assert_eq!(client.create_ticket(request).await.unwrap().id, made.id);
            assert!(!ids.contains(&made.id));
            ids.push(made.id);
        }
    }
    assert_eq!(titled(&bed, "Told apart"), 6);
}

#[tokio::test]
async fn a_ticket_of_the_key_that_is_hidden_is_there_all_the_same() {
    for denial in [RowDenial::Hidden, RowDenial::Empty] {
        let bed = Bed::new();
        let request = CreateTicket::new("Behind the curtain").with_idempotency_key("k-1".to_owned());
        let made = bed.client().create_ticket(request.clone()).await.unwrap();
        bed.control.deny_rows("incident", &format!("sys_id={}", made.id), Audience::Everyone, denial).unwrap();
        let error = bed.client().create_ticket(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(titled(&bed, "Behind the curtain"), 1);
    }
}

async fn changes(client: &TicketingClient, request: ListChanges) -> (Vec<String>, ListChanges, bool) {
    let page = client.list_changes(request.clone()).await.unwrap();
    let ids = page.items.iter().filter_map(|change| match change {
        Change::Upserted { document, .. } => Some(document.id().to_owned()),
        Change::Removed { .. } => None,
    });
    (ids.collect(), request.with_checkpoint(Some(page.checkpoint)), page.caught_up)
}

#[tokio::test]
async fn a_row_committed_late_behind_a_long_sweep_still_comes() {
    for delta in [false, true] {
        let bed = Bed::new();
        let client = bed.client();
        let mut request = ListChanges::new(Kind::Ticket).with_page_size(2_000);
        if delta {
            // The sweep is one of a delta, not the first one.
            let mut caught_up = false;
            while !caught_up {
                (_, request, caught_up) = changes(&client, request).await;
            }
            bed.advance(1_000);
        }
        let young = |title: &str| bed.control.insert("admin", "incident", json!({"short_description": title})).unwrap();
        for nth in 0..6 {
            young(&format!("Young {nth}"));
        }
        request = request.with_page_size(1);
        // The sweep passes the moment at which all of these were made.
        let mut read = Vec::new();
        while read.len() < 4 || !delta && read.len() < all(&client, ListTickets::new()).await.len() - 2 {
            let (ids, next, _) = changes(&client, request).await;
            read.extend(ids);
            request = next;
        }
        // Somebody's transaction took 90 s; then much time passes, and the sweep goes on.
        let late = young("Late");
        let at = (bed.control.now() - chrono::TimeDelta::seconds(90)).format("%Y-%m-%d %H:%M:%S").to_string();
        bed.control.set_raw("incident", &late, json!({"sys_created_on": at, "sys_updated_on": at})).unwrap();
        bed.advance(500);
        young("Much later");
        let mut came = false;
        for _ in 0..3 {
            let mut caught_up = false;
            while !caught_up {
                let (ids, next, done) = changes(&client, request).await;
                came |= ids.contains(&late);
                (request, caught_up) = (next, done);
            }
        }
        assert!(came, "delta: {delta}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_comment_that_nobody_heard_of_is_not_written_again() {
    let bed = Bed::new();
    let client = bed.client();
    let ticket = bed.incident("VPN");
    let request =
        AddComment::new(ticket.as_str(), "Said once", Visibility::Internal).with_idempotency_key("c-1".to_owned());
    let said = || bed.control.find("sys_journal_field", &format!("element_id={ticket}^value=Said once")).unwrap().len();
    bed.control.set_faults([Fault::new("slow").parameter(1_000)]).unwrap();
    let call = tokio::spawn({
        let (client, request) = (client.clone(), request.clone());
        async move { client.add_comment(request).await }
    });
    while said() == 0 {
        assert!(!call.is_finished());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The caller goes away between the write and its answer's end.
    call.abort();
    bed.control.clear_faults();
    let comment = client.add_comment(request.clone()).await.unwrap();
    assert_eq!(said(), 1);
    assert_eq!(client.add_comment(request).await.unwrap().id, comment.id);
    assert_eq!(said(), 1);
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_done() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    bed.control.set_faults([Fault::new("reset_after_write").method("DELETE").count(1)]).unwrap();
    client.delete_ticket(DeleteTicket::new(id.as_str())).await.unwrap();
    assert!(bed.control.row("incident", &id).unwrap().is_none());
    let error = client.delete_ticket(DeleteTicket::new(id.as_str())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn ties_in_any_order_lose_nothing() {
    let bed = Bed::new();
    crowd(&bed);
    let client = bed.client();
    let everything = all(&client, ListTickets::new()).await.len();
    bed.control.set_faults([Fault::new("unordered_shuffle")]).unwrap();
    for sort in [Sort::ascending(SortField::CreatedAt), Sort::descending(SortField::UpdatedAt)] {
        let request = ListTickets::new().with_sort(vec![sort]).with_page_size(3);
        let listed = all(&client, request).await;
        let mut ids: Vec<_> = listed.iter().map(|ticket| ticket.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((listed.len(), ids.len()), (everything, everything));
    }
}

#[tokio::test]
async fn a_ticket_behind_hidden_ones_is_not_missing() {
    let bed = Bed::new();
    let client = bed.client();
    crowd(&bed);
    let everything = all(&client, ListTickets::new()).await;
    let wanted = everything.last().unwrap().clone();
    // The first rows of everything are hidden: an answer that ignores the id is as empty as one about nothing.
    let mut ids: Vec<&str> =
        everything.iter().map(|ticket| ticket.id.as_str()).filter(|id| *id != wanted.id.as_str()).collect();
    ids.sort_unstable();
    let query = format!("sys_idIN{}", ids.join(","));
    bed.control.deny_rows("incident", &query, Audience::Everyone, RowDenial::Hidden).unwrap();
    bed.control.set_faults([Fault::new("ignored_query_part").count(1)]).unwrap();
    assert_eq!(client.get_ticket(GetTicket::new(wanted.key.clone())).await.unwrap().id, wanted.id);
    assert_eq!(client.get_ticket(GetTicket::new(wanted.id.clone())).await.unwrap().id, wanted.id);
    // Whatever is asked, everything is meant: that is said, and not that there is no such ticket.
    bed.control.set_faults([Fault::new("ignored_query_part")]).unwrap();
    let error = client.get_ticket(GetTicket::new(wanted.key.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
}
