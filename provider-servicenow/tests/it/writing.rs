//! Writing tickets: what is derived, what is missing, what is dropped in silence, and what only the catalogue may make.

use serde_json::json;
use ticketing_core::model::{Due, FieldData, PriorityLevel, StatusCategory, TypeCategory};
use ticketing_core::request::{
    CreateTicket, DeleteTicket, ListTickets, NewComment, Patch, SetPatch, TextInput, UpdateTicket,
};
use ticketing_core::{ErrorKind, GroupSelector, StatusSelector, UserSelector};
use vendor_sandbox::Fault;

use crate::bed::{Bed, config, get};

fn to(status: StatusCategory) -> Option<StatusSelector> {
    Some(status.into())
}

#[tokio::test]
async fn a_new_ticket_has_everything_it_was_given() {
    let bed = Bed::new();
    let client = bed.client();
    let parent = bed.incident("Move reception");
    let request = CreateTicket::new("Everything ^NQ, \"quoted\" & <tagged> 🙂")
        .with_description(Some(TextInput::from("Line 1\n\n* two")))
        .with_priority(Some(PriorityLevel::High.into()))
        .with_requester(Some(UserSelector::email("greta@boreal.example")))
        .with_assignees(vec![UserSelector::username("amara.okafor")])
        .with_groups(vec![GroupSelector::name("Network & Databases")])
        .with_watchers(vec![UserSelector::username("itil"), UserSelector::Me])
        .with_account(Some(ticketing_core::AccountSelector::Name("Boreal Freight GmbH".to_owned())))
        .with_parent(Some(parent.as_str().into()))
        .with_tags(vec!["vpn".to_owned(), "new one".to_owned()])
        .with_due(Some(Due::At("2026-03-01T09:00:00Z".parse().unwrap())))
        .with_external_id(Some("ALERT-7".to_owned()))
        .with_field("category", "software")
        .with_field("contact_type", "Email")
        .with_comment(Some(NewComment::internal("Seen by few")))
        .with_idempotency_key(Some("k".to_owned()));
    let made = client.create_ticket(request).await.unwrap();
    let read = get(&client, made.id.as_str()).await;
    assert_eq!(made, read, "the answer is the ticket as it is");
    assert_eq!(read.title, "Everything ^NQ, \"quoted\" & <tagged> 🙂");
    assert_eq!(read.description.as_ref().unwrap().native.content, "Line 1\n\n* two");
    let row = bed.control.row("incident", read.id.as_str()).unwrap().unwrap();
    assert_eq!(
        (row["impact"].clone(), row["urgency"].clone(), row["priority"].clone()),
        (json!("1"), json!("2"), json!("2"))
    );
    assert_eq!(read.priority.unwrap().level, PriorityLevel::High);
    assert_eq!(read.requester.unwrap().name.as_deref(), Some("Greta Holm"));
    assert_eq!(read.assignees[0].name.as_deref(), Some("Amara Okafor"));
    assert_eq!(read.assigned_groups[0].name.as_deref(), Some("Network & Databases"));
    assert_eq!(read.watchers.unwrap().len(), 2);
    assert_eq!(read.account.unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
    assert_eq!(read.parent.unwrap().id, parent);
    let mut tags = read.tags.unwrap();
    tags.sort();
    assert_eq!(tags, ["new one", "vpn"]);
    assert_eq!(read.due, Some(Due::At("2026-03-01T09:00:00Z".parse().unwrap())));
    assert_eq!(read.external_id.as_deref(), Some("ALERT-7"));
    assert_eq!((row["correlation_id"].clone(), row["contact_type"].clone()), (json!("ALERT-7"), json!("email")));
    let notes = bed.control.find("sys_journal_field", &format!("element_id={}^element=work_notes", read.id)).unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(read.url.unwrap(), format!("http://127.0.0.1:4010/incident.do?sys_id={}", read.id));
}

#[tokio::test]
async fn every_priority_is_reached_by_impact_and_urgency() {
    let bed = Bed::new();
    let client = bed.client();
    for (level, impact, urgency, priority) in [
        (PriorityLevel::Urgent, "1", "1", "1"),
        (PriorityLevel::High, "1", "2", "2"),
        (PriorityLevel::Normal, "2", "2", "3"),
        (PriorityLevel::Low, "2", "3", "4"),
        (PriorityLevel::Lowest, "3", "3", "5"),
    ] {
        let made = client.create_ticket(CreateTicket::new("P").with_priority(Some(level.into()))).await.unwrap();
        let row = bed.control.row("incident", made.id.as_str()).unwrap().unwrap();
        assert_eq!([&row["impact"], &row["urgency"], &row["priority"]], [impact, urgency, priority]);
    }
    let sent: Vec<_> = bed.control.requests().into_iter().filter(|request| request.method == "POST").collect();
    assert_eq!(sent.len(), 5, "one insert each");
}

#[tokio::test]
async fn what_a_status_needs_is_asked_for_by_name_before_anything_is_written() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request"]);
    let (outage, dhcp, pool) =
        (bed.incident("No network"), bed.incident("DHCP leases"), bed.incident("Enlarge the DHCP"));
    bed.control.set_raw("change_request", &pool, json!({"state": "0"})).unwrap();
    for (ticket, status, missing) in [
        (&outage, StatusCategory::Resolved, vec!["close_code", "close_notes"]),
        (&outage, StatusCategory::Closed, vec!["close_code", "close_notes"]),
        (&outage, StatusCategory::OnHold, vec!["hold_reason"]),
        (&dhcp, StatusCategory::Resolved, vec!["resolution_code"]),
        (&pool, StatusCategory::Closed, vec!["close_code", "close_notes"]),
    ] {
        let before = bed.control.requests().iter().filter(|request| request.method != "GET").count();
        let error = client.update_ticket(UpdateTicket::new(ticket.as_str()).with_status(to(status))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{status}: {error:?}");
        assert_eq!(error.field(), Some(missing[0]), "{status}");
        assert!(missing.iter().all(|name| error.to_string().contains(name)), "{status}: {error}");
        assert!(error.hint().unwrap().contains(missing[0]), "{error:?}");
        assert_eq!(bed.control.requests().iter().filter(|request| request.method != "GET").count(), before);
    }
    let error =
        client.create_ticket(CreateTicket::new("Done").with_status(to(StatusCategory::Resolved))).await.unwrap_err();
    assert_eq!(error.field(), Some("close_code"));
    // The instance's own policies speak for themselves.
    let update = UpdateTicket::new(outage.as_str()).with_field("state", "6");
    let error = client.update_ticket(update).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidRequest, Some("data_policy")), "{error:?}");
    assert!(error.hint().unwrap().contains("Resolution code, Close notes"), "{error:?}");
}

#[tokio::test]
async fn a_ticket_is_held_resolved_reopened_and_closed_in_one_write_each() {
    let bed = Bed::new();
    let client = bed.client();
    let outage = bed.incident("No network");
    let patch = |status| UpdateTicket::new(outage.as_str()).with_status(to(status));
    let steps = [
        (patch(StatusCategory::OnHold).with_reason(Some("Awaiting Vendor".to_owned())), "3", Some("4")),
        (patch(StatusCategory::InProgress), "2", None),
        (
            patch(StatusCategory::Resolved)
                .with_field("close_code", "Solution provided")
                .with_comment(Some(NewComment::public("Switch replaced."))),
            "6",
            Some("Solution provided"),
        ),
        (patch(StatusCategory::InProgress), "2", None),
        (
            patch(StatusCategory::Closed)
                .with_reason(Some("Workaround provided".to_owned()))
                .with_field("close_notes", "Enough."),
            "7",
            Some("Workaround provided"),
        ),
    ];
    get(&client, &outage).await;
    for (request, state, reason) in steps {
        bed.control.clear_requests();
        let ticket = client.update_ticket(request).await.unwrap();
        assert_eq!(ticket.status.native.id, state);
        assert_eq!(ticket.status.reason.as_ref().map(|reason| reason.id.as_str()), reason, "{state}");
        assert_eq!(bed.control.requests().iter().filter(|request| request.method == "PATCH").count(), 1);
    }
    let row = bed.control.row("incident", &outage).unwrap().unwrap();
    assert_eq!((row["reopen_count"].clone(), row["close_notes"].clone()), (json!("1"), json!("Enough.")));
}

#[tokio::test]
async fn tables_that_block_jumps_are_walked_and_a_dead_end_is_told() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request"]);
    let pool = bed.incident("Enlarge the DHCP");
    let closed = UpdateTicket::new(pool.as_str())
        .with_status(to(StatusCategory::Closed))
        .with_field("close_code", "successful")
        .with_field("close_notes", "Done.");
    let ticket = client.update_ticket(closed).await.unwrap();
    assert_eq!((ticket.status.native.id.as_str(), ticket.status.category), ("3", StatusCategory::Closed));
    let error =
        client.update_ticket(UpdateTicket::new(pool.as_str()).with_status(to(StatusCategory::Open))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("status")), "{error:?}");
    // Half-way, what was done is told.
    let dhcp = bed.incident("DHCP leases");
    bed.control.abort_writes("problem", "No fixes today", "state=107").unwrap();
    let request = UpdateTicket::new(dhcp.as_str())
        .with_status(to(StatusCategory::Closed))
        .with_field("resolution_code", "fix_applied")
        .with_field("cause_notes", "a")
        .with_field("fix_notes", "b");
    let error = client.update_ticket(request).await.unwrap_err();
    assert_eq!(error.applied().len(), 1, "{error:?}");
    assert_eq!(bed.control.row("problem", &dhcp).unwrap().unwrap()["state"], "106");
    // A new ticket goes there as well, by the way its kind takes.
    for kind in ["standard", "emergency", "normal"] {
        let request = CreateTicket::new(format!("A {kind} change"))
            .with_type(Some(TypeCategory::Change.into()))
            .with_status(Some(StatusSelector::native("-1")))
            .with_field("type", kind);
        let made = client.create_ticket(request).await.unwrap_or_else(|error| panic!("{kind}: {error:?}"));
        assert_eq!(made.status.native.id, "-1", "{kind}");
    }
    let request = CreateTicket::new("Not a problem")
        .with_type(Some(TypeCategory::Problem.into()))
        .with_status(to(StatusCategory::Closed))
        .with_assignees(vec![UserSelector::Me])
        .with_field("resolution_code", "canceled")
        .with_field("close_notes", "Never mind.");
    bed.control.clear_requests();
    let error = client.create_ticket(request).await.unwrap_err();
    assert_eq!(error.code(), Some("business_rule"), "{error:?}");
    assert!(error.applied().len() == 1 && error.applied()[0].starts_with("ticket PRB"), "straight there: {error:?}");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let before = get(&client, &vpn).await;
    let row = bed.control.row("incident", &vpn).unwrap().unwrap();
    bed.advance(60);
    let request = UpdateTicket::new(vpn.as_str())
        .with_title("VPN is back")
        .with_assignees(SetPatch::replace([]))
        .with_due(Patch::Clear)
        .with_tags(SetPatch::Change { add: vec!["late".to_owned()], remove: vec!["vpn".to_owned()] })
        .with_account(Patch::Clear)
        .with_external_id("ALERT-2")
        .with_field("category", "network");
    let after = client.update_ticket(request).await.unwrap();
    assert_eq!(after.title, "VPN is back");
    assert!(after.assignees.is_empty() && after.due.is_none() && after.account.is_none());
    let mut tags = after.tags.clone().unwrap();
    tags.sort();
    assert_eq!(tags, ["late", "network"]);
    assert_eq!(after.external_id.as_deref(), Some("ALERT-2"));
    assert_eq!(
        (&after.status, &after.priority, &after.requester),
        (&before.status, &before.priority, &before.requester)
    );
    let now = bed.control.row("incident", &vpn).unwrap().unwrap();
    let changed: Vec<&String> = now.keys().filter(|name| now.get(*name) != row.get(*name)).collect();
    let allowed = [
        "category",
        "correlation_id",
        "short_description",
        "sys_mod_count",
        "sys_tags",
        "sys_updated_by",
        "sys_updated_on",
        "reassignment_count",
    ];
    assert!(changed.iter().all(|name| allowed.contains(&name.as_str())), "{changed:?}");
    // A version that is not the ticket's any more.
    let stale = UpdateTicket::new(vpn.as_str()).with_title("x").with_expected_version(before.version.clone());
    let error = client.update_ticket(stale).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PreconditionFailed, "{error:?}");
    let fresh = UpdateTicket::new(vpn.as_str()).with_title("y").with_expected_version(after.version.clone());
    assert_eq!(client.update_ticket(fresh).await.unwrap().title, "y");
    let gone = DeleteTicket::new(vpn.as_str()).with_expected_version(before.version);
    assert_eq!(client.delete_ticket(gone).await.unwrap_err().kind(), ErrorKind::PreconditionFailed);
}

#[tokio::test]
async fn a_value_that_the_instance_does_not_store_is_never_taken_for_stored() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let update = |field: &str, value: &str| UpdateTicket::new(vpn.as_str()).with_field(field, value);
    let before = bed.control.requests().iter().filter(|request| request.method == "PATCH").count();
    for (field, value) in [
        ("category", "no such category"),
        ("hold_reason", "99"),
        ("made_sla", "perhaps"),
        ("priority", "1"),
        ("sys_created_on", "2026-01-01T00:00:00Z"),
        ("number", "INC1"),
        ("comments", "hello"),
        ("u_nothing", "x"),
        ("caller_id.email", "x"),
        ("state^NQ", "1"),
    ] {
        let error = client.update_ticket(update(field, value)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{field}: {error:?}");
        assert_eq!(error.field(), Some(format!("fields.{field}").as_str()), "{error}");
    }
    assert_eq!(bed.control.requests().iter().filter(|request| request.method == "PATCH").count(), before);
    // Where the choices may not be read, the echo shows it.
    bed.control
        .deny_table(
            "sys_choice",
            vendor_sandbox::servicenow::Audience::NonAdmins,
            vendor_sandbox::servicenow::TableDenial::Forbidden,
        )
        .unwrap();
    let itil = bed.client_of(config("itil", &["incident"]));
    let error = itil.update_ticket(update("category", "no such category")).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("fields.category")), "{error:?}");
    let create = CreateTicket::new("Odd").with_field("subcategory", "no such subcategory");
    let error = itil.create_ticket(create).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("fields.subcategory")), "{error:?}");
    assert!(error.applied()[0].starts_with("ticket INC"), "{error:?}");
}

#[tokio::test]
async fn a_choice_that_cannot_be_emptied_is_said_and_not_taken_for_emptied() {
    let bed = Bed::new();
    let client = bed.client();
    let id = client.list_tickets(ListTickets::new()).await.unwrap().items.remove(0).id;
    let clear = UpdateTicket::new(id).with_field("severity", FieldData::Null);
    let error = client.update_ticket(clear).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("fields.severity")), "{error:?}");
    assert!(error.message().contains("`3`") && error.hint().unwrap().contains("not emptied"), "{error:?}");
}

#[tokio::test]
async fn a_request_is_ordered_from_the_catalogue_and_never_posted() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "sc_request"]);
    let request = || CreateTicket::new("New laptop").with_type(Some(TypeCategory::Request.into()));
    let error = client.create_ticket(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("fields.cat_item")), "{error:?}");
    let error = bed.client().create_ticket(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("type")));
    assert!(error.hint().unwrap().contains("sc_request"), "{error:?}");
    let item = bed.control.find("sc_cat_item", "sys_class_name!=sc_cat_item_producer").unwrap().remove(0);
    let full = || {
        request()
            .with_field("cat_item", item.as_str())
            .with_field("quantity", 2)
            .with_field("variables.colour", "grey")
            .with_external_id(Some("PO-1".to_owned()))
            .with_requester(Some(UserSelector::username("lena.brandt")))
    };
    // What is wrong with the rest is said before anything is ordered.
    for (wrong, field) in [
        (full().with_status(Some(StatusSelector::native("nonsense"))), "status"),
        (full().with_status(to(StatusCategory::OnHold)), "status"),
        (full().with_priority(Some(ticketing_core::PrioritySelector::native("99"))), "priority"),
        (full().with_field("quantity", 0), "fields.quantity"),
    ] {
        let error = client.create_ticket(wrong).await.unwrap_err();
        assert!(error.field() == Some(field) && error.applied().is_empty(), "{field}: {error:?}");
    }
    assert!(bed.control.find("sc_request", "").unwrap().is_empty(), "nothing was ordered");
    let error = client.create_ticket(full().with_field("cat_item", "0".repeat(32).as_str())).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("fields.cat_item")), "{error:?}");
    bed.control.clear_requests();
    let made = client.create_ticket(full().with_idempotency_key(Some("po-1".to_owned()))).await.unwrap();
    assert!(made.key.starts_with("REQ"), "{}", made.key);
    assert_eq!((made.title.as_str(), made.ticket_type.category), ("New laptop", TypeCategory::Request));
    assert_eq!((made.status.category, made.status.native.id.as_str()), (StatusCategory::Open, "requested"));
    assert_eq!(
        (made.external_id.as_deref(), made.requester.unwrap().name.as_deref()),
        (Some("PO-1"), Some("Lena Brandt"))
    );
    let items = bed.control.find("sc_req_item", &format!("request={}", made.id)).unwrap();
    assert_eq!(bed.control.row("sc_req_item", &items[0]).unwrap().unwrap()["quantity"], "2");
    assert!(!bed.control.requests().iter().any(|request| request.method == "POST" && request.path.contains("/table/")));
    let again = client.create_ticket(full().with_idempotency_key(Some("po-1".to_owned()))).await.unwrap();
    assert_eq!(again.id, made.id);
    assert_eq!(bed.control.find("sc_request", "").unwrap().len(), 1);
    // What was ordered and could not be written on is told as ordered.
    bed.control.abort_writes("sc_request", "Read only", "short_description=Sealed").unwrap();
    let mut sealed = full();
    sealed.title = "Sealed".to_owned();
    let error = client.create_ticket(sealed).await.unwrap_err();
    assert!(error.applied()[0].starts_with("request "), "{error:?}");
    // An order has no place for a key, so one whose answer was lost is told, and not placed again.
    let orders = bed.control.find("sc_request", "").unwrap().len();
    bed.control.set_faults([Fault::new("reset_after_write").count(1).path("/order_now")]).unwrap();
    let lost = client.create_ticket(full().with_idempotency_key(Some("po-2".to_owned()))).await.unwrap_err();
    assert!(lost.maybe_applied(), "{lost:?}");
    assert_eq!(bed.control.find("sc_request", "").unwrap().len(), orders + 1);
    let again = client.create_ticket(full().with_idempotency_key(Some("po-2".to_owned()))).await.unwrap_err();
    assert_eq!((again.kind(), again.field()), (ErrorKind::Conflict, Some("idempotency_key")), "{again:?}");
    assert_eq!(bed.control.find("sc_request", "").unwrap().len(), orders + 1);
    // One that was refused was not placed.
    let refused = full().with_field("cat_item", "0".repeat(32).as_str());
    client.create_ticket(refused.with_idempotency_key(Some("po-3".to_owned()))).await.unwrap_err();
    client.create_ticket(full().with_idempotency_key(Some("po-3".to_owned()))).await.unwrap();
    assert_eq!(bed.control.find("sc_request", "").unwrap().len(), orders + 2);
    // A command line has no numbers.
    let three = client.create_ticket(full().with_field("quantity", "3")).await.unwrap();
    let items = bed.control.find("sc_req_item", &format!("request={}", three.id)).unwrap();
    assert_eq!(bed.control.row("sc_req_item", &items[0]).unwrap().unwrap()["quantity"], "3");
    let closed = UpdateTicket::new(made.id.as_str()).with_status(to(StatusCategory::Cancelled));
    assert_eq!(client.update_ticket(closed).await.unwrap().status.native.id, "closed_cancelled");
}

#[tokio::test]
async fn a_key_and_an_external_id_keep_to_their_places() {
    let bed = Bed::new();
    let client = bed.client();
    let keyed = |title: &str| CreateTicket::new(title).with_idempotency_key(Some("alert 4711".to_owned()));
    let made = client.create_ticket(keyed("One")).await.unwrap();
    assert_eq!(made.external_id, None, "a key is no id of the product's");
    // The product gives its id later, and a late repetition of the insert is the same ticket all the same.
    let update = UpdateTicket::new(made.id.as_str()).with_external_id("ALERT-4711");
    assert_eq!(client.update_ticket(update).await.unwrap().external_id.as_deref(), Some("ALERT-4711"));
    assert_eq!(client.create_ticket(keyed("Two")).await.unwrap().id, made.id);
    let update = UpdateTicket::new(made.id.as_str()).with_external_id(Patch::Clear);
    assert_eq!(client.update_ticket(update).await.unwrap().external_id, None);
    assert_eq!(client.create_ticket(keyed("Three")).await.unwrap().id, made.id);
    for id in ["", " x", "a\nb", "javascript:x", &"x".repeat(101)] {
        let error =
            client.create_ticket(CreateTicket::new("x").with_external_id(Some(id.to_owned()))).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("external_id")), "{id:?}: {error}");
    }
}
