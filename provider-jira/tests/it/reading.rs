//! Single tickets, and what stands in them.

use ticketing_core::ErrorKind;
use ticketing_core::model::{PriorityLevel, RefType, StatusCategory, TextFormat, TypeCategory};
use ticketing_core::request::{GetTicket, Projection};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::Flavour;

use crate::bed::{Bed, FLAVOURS, get, key_of};

#[tokio::test]
async fn a_ticket_says_everything_it_has() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let vpn = get(&client, &key_of("vpn")).await;
        assert_eq!(vpn.key, key_of("vpn"));
        assert_eq!(vpn.id.as_str(), (10_000 + vpn.key[5..].parse::<u32>().unwrap()).to_string());
        assert!(vpn.title.contains("VPN"), "{}", vpn.title);
        assert_eq!(vpn.status.category, StatusCategory::Resolved);
        assert_eq!((vpn.status.native.id.as_str(), vpn.status.native.name.as_deref()), ("5", Some("Resolved")));
        assert_eq!(vpn.status.reason.as_ref().unwrap().name.as_deref(), Some("Workaround provided"));
        let priority = vpn.priority.as_ref().unwrap();
        assert_eq!((priority.level, priority.native.name.as_deref()), (PriorityLevel::High, Some("High")));
        assert_eq!(vpn.ticket_type.category, TypeCategory::Incident);
        assert_eq!(vpn.assignees[0].name.as_deref(), Some("Amara Okafor"));
        assert_eq!(vpn.assigned_groups[0].name.as_deref(), Some("Network & Databases"));
        let requester = vpn.requester.as_ref().unwrap();
        assert_eq!(requester.name.as_deref(), Some("Greta Holm"));
        if flavour == Flavour::Cloud {
            assert_eq!(requester.ref_type, RefType::Contact);
        }
        assert_eq!(vpn.account.as_ref().unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
        assert_eq!(vpn.collections[0].key.as_deref(), Some("HELP"));
        let mut tags = vpn.tags.clone().unwrap();
        tags.sort();
        assert_eq!(tags, ["network", "vpn"]);
        assert_eq!(vpn.external_id.as_deref(), Some("ALERT-1001"));
        assert_eq!(vpn.resolved_at, Some("2026-01-07T12:00:00Z".parse().unwrap()));
        assert_eq!(vpn.url.as_deref(), Some(format!("http://127.0.0.1:4020/browse/{}", vpn.key).as_str()));
        assert_eq!(vpn.unreadable, Vec::<String>::new());
        assert!(vpn.watchers.is_none());
        assert!(!vpn.fields.contains_key("status") && !vpn.fields.contains_key("comment"));
        assert!(vpn.fields["customfield_10032"].custom);
        let format = if flavour == Flavour::Cloud { TextFormat::Adf } else { TextFormat::Wiki };
        assert_eq!(vpn.description.as_ref().unwrap().native.format, format);
    }
}

#[tokio::test]
async fn watchers_come_where_they_are_asked_for() {
    let bed = Bed::cloud();
    let client = bed.client();
    let request = GetTicket::new(key_of("vpn")).with_projection(Projection::new().with_watchers());
    assert_eq!(client.get_ticket(request).await.unwrap().watchers.unwrap().len(), 2);
}

#[tokio::test]
async fn a_ticket_is_found_by_id_by_key_and_by_the_key_it_had() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let mut config = crate::bed::config("admin");
        config["projects"] = serde_json::json!(null);
        let everywhere = bed.client_of(config);
        let ticket = get(&everywhere, "help-2").await;
        assert_eq!(get(&everywhere, ticket.id.as_str()).await.key, "HELP-2");
        let moved = bed.control.move_issue("HELP-2", "IT", "admin").unwrap();
        let found = get(&everywhere, "HELP-2").await;
        assert_eq!((found.id, found.key), (ticket.id.clone(), moved));
        // It is in no project of this connection any more.
        let error = bed.client().get_ticket(GetTicket::new(ticket.id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        for id in ["HELP-4711", "4711", "no such key", "HELP-1/../HELP-2", "HELP-1?fields=x", "Ä-1"] {
            let error = client.get_ticket(GetTicket::new(id)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error}");
            assert!(error.message().contains("HELP"), "{error}");
        }
        let error = client.get_ticket(GetTicket::new("")).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("id")));
    }
}

#[tokio::test]
async fn the_vendors_own_json_comes_where_it_is_asked_for() {
    let bed = Bed::cloud();
    let ticket = bed.client().get_ticket(GetTicket::new(key_of("vpn")).with_include_raw(true)).await.unwrap();
    let raw = ticket.raw.unwrap();
    assert_eq!(raw["fields"]["customfield_10031"], "ALERT-1001");
}

/// wire A2.1: a credential that is over may be answered as to anybody, and who may not look finds nothing.
#[tokio::test]
async fn what_a_stranger_does_not_see_is_not_missing() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        client.get_ticket(GetTicket::new("HELP-3")).await.unwrap();
        bed.control.set_faults(vec![Fault::new("anonymous_200")]).unwrap();
        let error = client.get_ticket(GetTicket::new("HELP-3")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{flavour:?}: {error}");
        bed.control.clear_faults();
        let error = client.get_ticket(GetTicket::new("HELP-9999")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{flavour:?}: {error}");
    }
}
