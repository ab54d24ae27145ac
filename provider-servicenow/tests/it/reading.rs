//! Single tickets, and what stands in them.

use serde_json::json;
use ticketing_core::ErrorKind;
use ticketing_core::model::{Due, PriorityLevel, RefType, StatusCategory, TypeCategory};
use ticketing_core::request::{GetTicket, GetTickets, ListTickets, Projection};

use crate::bed::{Bed, all, config, get};

#[tokio::test]
async fn a_ticket_says_everything_it_has() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = get(&client, &bed.incident("VPN")).await;
    assert!(vpn.key.starts_with("INC"), "{}", vpn.key);
    assert_eq!(vpn.status.category, StatusCategory::Resolved);
    assert_eq!((vpn.status.native.id.as_str(), vpn.status.native.name.as_deref()), ("6", Some("Resolved")));
    assert_eq!(vpn.status.reason.as_ref().unwrap().id, "Workaround provided");
    let priority = vpn.priority.as_ref().unwrap();
    assert_eq!((priority.level, priority.native.name.as_deref()), (PriorityLevel::High, Some("2 - High")));
    assert_eq!(vpn.ticket_type.category, TypeCategory::Incident);
    assert_eq!(vpn.assignees[0].name.as_deref(), Some("Amara Okafor"));
    assert_eq!(vpn.assigned_groups[0].name.as_deref(), Some("Network & Databases"));
    let requester = vpn.requester.as_ref().unwrap();
    assert_eq!((requester.name.as_deref(), requester.ref_type), (Some("Greta Holm"), RefType::Contact));
    assert_eq!(vpn.account.as_ref().unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
    let mut tags = vpn.tags.clone().unwrap();
    tags.sort();
    assert_eq!(tags, ["network", "vpn"]);
    assert_eq!(vpn.watchers.as_ref().unwrap().len(), 2);
    assert_eq!(vpn.external_id.as_deref(), Some("ALERT-1001"));
    assert_eq!(vpn.resolved_at, Some("2026-01-07T12:00:00Z".parse().unwrap()));
    assert!(vpn.url.as_ref().unwrap().ends_with(vpn.id.as_str()));
    assert_eq!(vpn.unreadable, Vec::<String>::new());
    assert_eq!(vpn.fields["close_code"].label, Some("Workaround provided".into()));
    assert!(!vpn.fields.contains_key("state") && !vpn.fields.contains_key("comments"));
    assert_eq!(vpn.fields["made_sla"].value, true.into());
}

#[tokio::test]
async fn one_table_takes_one_request_and_several_take_two() {
    let bed = Bed::new();
    let id = bed.incident("VPN");
    for (tables, requests) in [(vec!["incident"], 1), (vec!["incident", "problem", "change_request"], 2)] {
        let client = bed.tables(&tables);
        let ticket = get(&client, &id).await;
        for name in [ticket.id.as_str(), ticket.key.as_str()] {
            let before = bed.sent();
            assert_eq!(get(&client, name).await.id, ticket.id);
            assert_eq!(bed.sent() - before, requests, "{tables:?} {name}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let bed = Bed::new();
    let problem = bed.incident("DHCP leases");
    for tables in [vec!["incident"], vec!["incident", "change_request"]] {
        let client = bed.tables(&tables);
        for id in ["INC9999999", "ffffffffffffffffffffffffffffffff", "a^NQb", "../x", &problem] {
            let error = client.get_ticket(GetTicket::new(id)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{tables:?} {id}: {error}");
        }
        let error = client.get_ticket(GetTicket::new("")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}

#[tokio::test]
async fn several_are_got_at_once_in_order() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem"]);
    let (vpn, dhcp) = (bed.incident("VPN"), bed.incident("DHCP leases"));
    let key = get(&client, &vpn).await.key;
    let wanted = vec![dhcp.as_str().into(), "INC0000000".into(), key.as_str().into(), "x^y".into()];
    let found = client.get_tickets(GetTickets::new(wanted)).await.unwrap();
    let ids: Vec<_> = found.tickets.iter().map(|ticket| ticket.id.to_string()).collect();
    assert_eq!(ids, [dhcp, vpn]);
    assert_eq!(found.missing, ["INC0000000", "x^y"]);
}

#[tokio::test]
async fn unknown_values_survive_as_they_are() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    bed.control
        .set_raw(
            "incident",
            &id,
            json!({"state": "-100", "priority": "9", "assigned_to": "gone", "due_date": "", "number": ""}),
        )
        .unwrap();
    let ticket = get(&client, &id).await;
    assert_eq!((ticket.status.category, ticket.status.native.id.as_str()), (StatusCategory::Unknown, "-100"));
    assert_eq!(ticket.priority.as_ref().unwrap().level, PriorityLevel::Unknown);
    assert_eq!(ticket.priority.unwrap().native.id, "9");
    assert_eq!((ticket.assignees[0].id.as_str(), ticket.assignees[0].name.as_deref()), ("gone", None));
    assert_eq!(ticket.key, id, "without a number, the id is what people can say");
    assert_eq!(ticket.due, None);
}

#[tokio::test]
async fn a_mapping_of_the_connection_is_heeded() {
    let bed = Bed::new();
    let id = bed.incident("VPN");
    let mut own = config("admin", &["incident"]);
    own["mapping"] = json!({"status": {"incident.6": "closed", "In Progress": "on_hold"}, "priority": {"2": "urgent"}, "type": {"incident": "bug"}});
    let client = bed.client_of(own);
    let ticket = get(&client, &id).await;
    assert_eq!(ticket.status.category, StatusCategory::Closed);
    assert_eq!(ticket.priority.unwrap().level, PriorityLevel::Urgent);
    assert_eq!(ticket.ticket_type.category, TypeCategory::Bug);
    let listed = all(&client, ListTickets::new()).await;
    assert!(
        listed.iter().any(|ticket| ticket.status.native.id == "2" && ticket.status.category == StatusCategory::OnHold)
    );
}

#[tokio::test]
async fn changes_on_hold_are_on_hold_whatever_their_state() {
    let bed = Bed::new();
    let client = bed.tables(&["change_request"]);
    let change = all(&client, ListTickets::new()).await.remove(0);
    bed.control
        .set_raw(
            "change_request",
            change.id.as_str(),
            json!({"on_hold": "true", "on_hold_reason": "Freeze", "state": "-1"}),
        )
        .unwrap();
    let held = get(&client, change.id.as_str()).await;
    assert_eq!((held.status.category, held.status.native.id.as_str()), (StatusCategory::OnHold, "-1"));
    assert_eq!(held.status.reason.unwrap().id, "Freeze");
    bed.control.set_raw("change_request", change.id.as_str(), json!({"state": "3"})).unwrap();
    assert_eq!(get(&client, change.id.as_str()).await.status.category, StatusCategory::Closed);
}

#[tokio::test]
async fn due_times_and_days_are_told_apart() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    bed.control.set_raw("incident", &id, json!({"due_date": "2026-03-01 09:00:00"})).unwrap();
    assert_eq!(get(&client, &id).await.due, Some(Due::At("2026-03-01T09:00:00Z".parse().unwrap())));
    bed.control.set_raw("incident", &id, json!({"due_date": "2026-03-01"})).unwrap();
    assert_eq!(get(&client, &id).await.due, Some(Due::Date("2026-03-01".parse().unwrap())));
}

#[tokio::test]
async fn a_projection_names_fields_that_exist() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    let projected =
        |fields: &[&str]| GetTicket::new(id.as_str()).with_projection(Projection::new().with_fields(fields.to_vec()));
    let ticket = client.get_ticket(projected(&["category"])).await.unwrap();
    assert_eq!(ticket.fields.keys().map(|key| key.as_str()).collect::<Vec<_>>(), ["category"]);
    let error = client.get_ticket(projected(&["catagory"])).await.unwrap_err();
    assert!(error.to_string().contains("catagory"), "{error}");
}

#[tokio::test]
async fn raw_comes_where_it_is_asked_for() {
    let bed = Bed::new();
    let client = bed.client();
    let id = bed.incident("VPN");
    let ticket = client.get_ticket(GetTicket::new(id.as_str()).with_include_raw(true)).await.unwrap();
    assert_eq!(ticket.raw.unwrap()["sys_id"]["value"], id);
    let listed = all(&client, ListTickets::new().with_include_raw(true)).await;
    assert!(listed.iter().all(|ticket| ticket.raw.as_ref().unwrap()["sys_id"]["value"] == ticket.id.as_str()));
}
