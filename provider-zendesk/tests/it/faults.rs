//! The account on a bad day: what is waited for, what is tried again, and what is told.

use std::time::Duration;

use ticketing_core::ErrorKind;
use ticketing_core::model::Kind;
use ticketing_core::request::{CreateTicket, GetTicket, ListChanges, ListTickets, UpdateTicket};
use vendor_sandbox::Fault;

use crate::bed::{Bed, all, as_listed, titled};

#[tokio::test(start_paused = true)]
async fn a_bucket_that_is_empty_is_waited_for() {
    let bed = Bed::new();
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await;
    for fault in ["too_many_requests", "rate_endpoint"] {
        bed.control.set_faults(vec![Fault::new(fault).parameter(7).count(1)]).unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(all(&client, ListTickets::new()).await, whole, "{fault}");
        assert!(begun.elapsed() >= Duration::from_secs(7), "{fault}: {:?}", begun.elapsed());
    }
}

/// §B9.2: an endpoint's bucket is empty where the account has requests left.
#[tokio::test(start_paused = true)]
async fn an_endpoint_whose_bucket_is_empty_keeps_nobody_else_waiting() {
    let bed = Bed::new();
    let client = bed.client();
    let tickets = all(&client, ListTickets::new()).await;
    bed.control.set_faults(vec![Fault::new("rate_endpoint").path("*/incremental/*").parameter(40).count(1)]).unwrap();
    let begun = tokio::time::Instant::now();
    let changes = tokio::spawn({
        let client = client.clone();
        async move { client.list_changes(ListChanges::new(Kind::Ticket)).await }
    });
    // The refusal is in.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = tokio::spawn({
        let client = client.clone();
        async move { client.list_changes(ListChanges::new(Kind::Ticket)).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let read = client.get_ticket(GetTicket::new(tickets[0].id.clone())).await.unwrap();
    assert_eq!(as_listed(read, &tickets[0]), tickets[0]);
    assert!(begun.elapsed() < Duration::from_secs(5), "the others waited: {:?}", begun.elapsed());
    assert!(!changes.is_finished() && !second.is_finished());
    changes.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(40), "{:?}", begun.elapsed());
    let exports = bed.sent().iter().filter(|sent| sent.contains("/incremental/tickets/cursor")).count();
    assert_eq!(exports, 3, "one was refused, and the second did not ask before the time");
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_page_is_waited_for_and_never_data() {
    let bed = Bed::new();
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await;
    bed.control.set_faults(vec![Fault::new("maintenance").parameter(3).count(2)]).unwrap();
    assert_eq!(all(&client, ListTickets::new()).await, whole);
    bed.control.set_faults(vec![Fault::new("maintenance").parameter(3)]).unwrap();
    let error = client.list_tickets(ListTickets::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!error.to_string().contains('<'), "no web page in an error: {error}");
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_is_lost_makes_one_ticket() {
    let bed = Bed::new();
    let client = bed.client();
    let count = async || all(&client, ListTickets::new()).await.iter().filter(|one| one.title == "once").count();
    for fault in ["reset_after_write", "created_but_500"] {
        let before = count().await;
        bed.control.set_faults(vec![Fault::new(fault).count(1)]).unwrap();
        let key = format!("key-{fault}");
        let request = CreateTicket::new("once").with_idempotency_key(key);
        client.create_ticket(request).await.unwrap();
        bed.control.clear_faults();
        assert_eq!(count().await, before + 1, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_without_a_comment_is_repeated_and_says_the_same() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    bed.control.set_faults(vec![Fault::new("reset_after_write").count(1)]).unwrap();
    let changed = client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("renamed")).await.unwrap();
    assert_eq!(changed.title, "renamed");
}

#[tokio::test]
async fn what_the_account_ignored_is_an_error_that_says_so() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    bed.control.set_faults(vec![Fault::new("api_warn").parameter("Removed restricted keys [\"x\"]")]).unwrap();
    let error = client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("renamed")).await.unwrap_err();
    assert!(error.to_string().contains("restricted keys"), "{error}");
    assert!(!error.applied().is_empty(), "{error:?}");
}

#[tokio::test]
async fn side_loads_that_are_missing_cost_names_and_nothing_else() {
    let bed = Bed::new();
    let client = bed.client();
    let whole = all(&client, ListTickets::new()).await;
    bed.control.set_faults(vec![Fault::new("missing_sideloads")]).unwrap();
    let bare = all(&client, ListTickets::new()).await;
    let ids = |tickets: &[ticketing_core::model::Ticket]| {
        tickets.iter().map(|one| (one.id.clone(), one.assignees.first().map(|to| to.id.clone()))).collect::<Vec<_>>()
    };
    assert_eq!(ids(&bare), ids(&whole));
}

#[tokio::test]
async fn a_feature_that_the_plan_lacks_is_done_without() {
    let bed = Bed::new();
    let client = bed.client();
    let faults = ["*/ticket_forms*", "*/custom_statuses*", "*/brands*"];
    bed.control.set_faults(faults.map(|path| Fault::new("not_in_plan").path(path)).to_vec()).unwrap();
    let tickets = all(&client, ListTickets::new()).await;
    assert!(!tickets.is_empty());
    let read = client.get_ticket(GetTicket::new(tickets[0].id.clone())).await.unwrap();
    assert_eq!(as_listed(read, &tickets[0]), tickets[0]);
}
