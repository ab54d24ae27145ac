//! Tickets as the account has them: their values, and where these come from.

use ticketing_core::model::{FieldData, PriorityLevel, StatusCategory, TextFormat, TypeCategory};
use ticketing_core::request::{
    CreateTicket, GetTicket, GetTickets, ListHistory, ListTickets, Projection, TextInput, UpdateTicket,
};
use ticketing_core::{ErrorKind, StatusSelector, TicketId};
use vendor_sandbox::Fault;

use crate::bed::{Bed, all, as_listed, get, titled};

#[tokio::test]
async fn a_ticket_has_its_values_and_its_people_by_name_in_one_request_and_its_description_in_another() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    bed.control.clear_requests();
    let request = GetTicket::new(vpn.id.clone()).with_projection(Projection::new().with_watchers());
    let read = client.get_ticket(request).await.unwrap();
    let asked: Vec<String> = bed.sent().into_iter().filter(|sent| sent.contains("/tickets/")).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].contains(&format!("/tickets/{}/comments", vpn.id)), "{asked:?}");
    assert_eq!(read.key, read.id.as_str());
    assert_eq!(read.assignees[0].name.as_deref(), Some("Amara Okafor"), "{:?}", read.assignees);
    assert!(read.requester.as_ref().unwrap().name.is_some() && read.creator.as_ref().unwrap().name.is_some());
    assert!(read.assigned_groups[0].name.is_some(), "{:?}", read.assigned_groups);
    assert_eq!(read.priority.as_ref().unwrap().level, PriorityLevel::High);
    assert_eq!(read.ticket_type.category, TypeCategory::Incident);
    assert_eq!(read.url.as_deref(), Some(format!("http://127.0.0.1:4030/agent/tickets/{}", read.id).as_str()));
    assert_eq!(read.collections.len(), 1, "the brand");
    assert!(read.collections[0].name.is_some());
    assert!(read.version.is_some() && read.deleted.is_none() && read.parent.is_none());
}

/// wire B3.2, B11: the ticket has the first comment's words, the comment has its HTML.
#[tokio::test]
async fn a_description_keeps_its_formatting_where_the_ticket_is_read_by_itself() {
    let bed = Bed::new();
    let client = bed.client();
    let markdown = "Since **9:00**\n\n- [the plan](https://example.com/a)\n- `ping`";
    let create = CreateTicket::new("Formatted").with_description(Some(TextInput::Markdown(markdown.to_owned())));
    let made = client.create_ticket(create).await.unwrap();
    let read = get(&client, made.id.as_str()).await;
    for ticket in [&made, &read] {
        let text = ticket.description.as_ref().unwrap();
        assert_eq!((text.markdown.as_str(), text.native.format), (markdown, TextFormat::Html));
    }
    // A listing has the words, and says that it has no more; it costs no request for each row.
    bed.control.clear_requests();
    let listed = all(&client, ListTickets::new()).await;
    let listed = listed.iter().find(|ticket| ticket.id == made.id).unwrap();
    let text = listed.description.as_ref().unwrap();
    assert!(text.native.format == TextFormat::Plain && text.native.content.contains("ping"), "{text:?}");
    assert!(!bed.sent().iter().any(|sent| sent.contains("/comments")), "{:?}", bed.sent());
    // Where the comments cannot be read, the words are there all the same.
    bed.control.set_faults(vec![Fault::new("not_in_plan").path("/comments")]).unwrap();
    let read = get(&client, made.id.as_str()).await;
    assert_eq!(read.description.as_ref().unwrap(), text);
}

/// wire B3.5: audits hold numbers; what they stand for is asked for once a page, and a status that has two events is told once.
#[tokio::test]
async fn a_history_names_who_and_what_and_tells_a_status_once() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    client
        .update_ticket(UpdateTicket::new(vpn.id.clone()).with_status(StatusSelector::from(StatusCategory::OnHold)))
        .await
        .unwrap();
    bed.control.clear_requests();
    let page = client.list_history(ListHistory::new(vpn.id.clone())).await.unwrap();
    let asked = bed.sent();
    assert!((1..=2).contains(&asked.iter().filter(|sent| sent.contains("/show_many")).count()), "{asked:?}");
    let last = page.items.last().unwrap();
    let statuses: Vec<_> = last.changes.iter().filter(|change| change.field == "status").collect();
    assert_eq!(statuses.len(), 1, "{:?}", last.changes);
    assert_eq!(statuses[0].native.id, "custom_status_id");
    for entry in &page.items {
        assert!(entry.author.as_ref().unwrap().name.is_some(), "{entry:?}");
        for change in &entry.changes {
            let named = matches!(
                change.field.as_str(),
                "assignees" | "requester" | "creator" | "assigned_groups" | "account" | "status"
            );
            for value in [&change.from, &change.to] {
                assert!(!named || value.value == FieldData::Null || value.label.is_some(), "{change:?}");
            }
        }
    }
    // Where it may not see the account's own statuses, the system's says more than a number.
    bed.control.set_faults(vec![Fault::new("not_in_plan").path("/custom_statuses")]).unwrap();
    let plain = bed.client().list_history(ListHistory::new(vpn.id.clone())).await.unwrap();
    let told = plain.items.last().unwrap().changes.iter().filter(|change| change.field == "status");
    let told: Vec<_> = told.map(|change| (change.native.id.as_str(), change.to.label.is_some())).collect();
    assert_eq!(told, [("status", true)]);
    // Where the credential may not see people, ids have to do.
    bed.control.set_faults(vec![Fault::new("not_in_plan").path("/show_many")]).unwrap();
    let bare = client.list_history(ListHistory::new(vpn.id.clone())).await.unwrap();
    assert_eq!(bare.items.len(), page.items.len());
    assert!(bare.items[0].author.as_ref().unwrap().name.is_none(), "{:?}", bare.items[0]);
}

#[tokio::test]
async fn custom_statuses_count_as_their_system_status_and_keep_their_number() {
    let bed = Bed::new();
    let client = bed.client();
    let tickets = all(&client, ListTickets::new()).await;
    let named = |wanted: &str| {
        tickets.iter().find(|ticket| ticket.status.native.name.as_deref() == Some(wanted)).unwrap_or_else(|| {
            let told: Vec<_> = tickets.iter().map(|ticket| &ticket.status).collect();
            panic!("no ticket is {wanted}: {told:?}")
        })
    };
    let waiting = named("Waiting for vendor");
    assert_eq!(waiting.status.category, StatusCategory::OnHold);
    assert!(waiting.status.native.id.parse::<u64>().is_ok(), "{:?}", waiting.status);
    // What was closed with it is closed, unless the connection says what it stands for.
    assert_eq!(named("Cancelled").status.category, StatusCategory::Closed);
    let solved = tickets.iter().find(|ticket| ticket.status.native.id == "solved").unwrap();
    assert_eq!(solved.status.category, StatusCategory::Resolved);
    assert!(solved.resolved_at.is_some());
}

#[tokio::test]
async fn fields_carry_their_labels_and_only_those_asked_for() {
    let bed = Bed::new();
    let client = bed.client();
    let tickets = all(&client, ListTickets::new()).await;
    let resolved = tickets
        .iter()
        .find(|ticket| ticket.fields.values().any(|field| field.custom && field.value != FieldData::Null))
        .unwrap();
    let (id, _) = resolved.fields.iter().find(|(_, field)| field.custom && field.value != FieldData::Null).unwrap();
    let request = GetTicket::new(resolved.id.clone()).with_projection(Projection::new().with_fields([id.clone()]));
    let read = client.get_ticket(request).await.unwrap();
    assert_eq!(read.fields.keys().collect::<Vec<_>>(), [id]);
}

#[tokio::test]
async fn tickets_are_found_by_number_and_what_is_missing_is_named() {
    let bed = Bed::new();
    let client = bed.client();
    let tickets = all(&client, ListTickets::new()).await;
    let mut ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id.clone()).collect();
    ids.push("999999".into());
    ids.push("no number".into());
    bed.control.clear_requests();
    let found = client.get_tickets(GetTickets::new(ids)).await.unwrap();
    assert_eq!(found.tickets, tickets);
    assert_eq!(found.missing, [TicketId::from("999999"), TicketId::from("no number")]);
    assert_eq!(bed.sent().iter().filter(|sent| sent.contains("show_many")).count(), 1);
    for id in ["999999", "no number", "-1", "0", "1/../2"] {
        let error = client.get_ticket(GetTicket::new(id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error}");
    }
    let hash = get(&client, &format!("#{}", tickets[0].id)).await;
    assert_eq!(as_listed(hash, &tickets[0]), tickets[0]);
}

#[tokio::test]
async fn what_is_hidden_from_us_is_not_there() {
    let bed = Bed::new();
    let client = bed.client();
    let hidden = titled(&client, "VPN drops").await;
    bed.control.hide_ticket(hidden.id.as_str().parse().unwrap(), "admin").unwrap();
    let error = client.get_ticket(GetTicket::new(hidden.id.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(all(&client, ListTickets::new()).await.iter().all(|ticket| ticket.id != hidden.id));
}
