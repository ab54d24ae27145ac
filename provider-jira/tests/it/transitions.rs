//! Statuses are reached by transitions alone, several where the workflow needs them.

use ticketing_core::model::StatusCategory;
use ticketing_core::request::{CreateTicket, ListTransitions, UpdateTicket};
use ticketing_core::{CollectionSelector, ErrorKind, StatusSelector};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::Permission;

use crate::bed::{Bed, FLAVOURS, config, get, key_of};
use crate::writing::writes;

fn to(status: StatusCategory) -> StatusSelector {
    status.into()
}

#[tokio::test]
async fn every_status_is_reached_from_the_first_one() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        for (wanted, name, steps, resolution) in [
            (to(StatusCategory::Open), "Open", 0, None),
            (to(StatusCategory::InProgress), "In Progress", 1, None),
            (StatusSelector::native("Pending"), "Pending", 2, None),
            (StatusSelector::native("10001"), "Waiting for customer", 2, None),
            (to(StatusCategory::Resolved), "Resolved", 2, Some("Solution provided")),
            (to(StatusCategory::Closed), "Closed", 3, Some("10005")),
            (to(StatusCategory::Cancelled), "Canceled", 1, None),
        ] {
            let made = client.create_ticket(CreateTicket::new("To be moved")).await.unwrap();
            assert_eq!(made.status.native.name.as_deref(), Some("Open"));
            let before = writes(&bed);
            let request = UpdateTicket::new(made.id.clone())
                .with_status(wanted.clone())
                .with_reason(resolution.map(str::to_owned));
            let moved =
                client.update_ticket(request).await.unwrap_or_else(|error| panic!("{flavour:?} {name}: {error:?}"));
            assert_eq!(moved.status.native.name.as_deref(), Some(name), "{flavour:?}");
            assert_eq!(writes(&bed) - before, steps, "{flavour:?} {name}: one write a step");
            let reason = moved.status.reason.and_then(|own| own.name);
            let expected = resolution.map(|own| if own == "10005" { "Workaround provided" } else { own });
            assert_eq!(reason.as_deref(), expected, "{flavour:?} {name}");
        }
    }
}

#[tokio::test]
async fn what_a_status_needs_is_named_before_the_first_step() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let made = client.create_ticket(CreateTicket::new("To be moved")).await.unwrap();
        let before = writes(&bed);
        for status in [StatusCategory::Resolved, StatusCategory::Closed] {
            let update = || UpdateTicket::new(made.id.clone()).with_status(to(status));
            let error = client.update_ticket(update()).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("resolution")), "{error:?}");
            assert!(error.hint().unwrap().contains("as the reason, one of: Done"), "{error:?}");
            let error = client.update_ticket(update().with_reason("no such reason".to_owned())).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("reason")), "{error:?}");
            assert!(error.message().contains("no such reason"), "{error:?}");
        }
        let needless = UpdateTicket::new(made.id.clone())
            .with_status(to(StatusCategory::InProgress))
            .with_reason("Done".to_owned());
        assert_eq!(client.update_ticket(needless).await.unwrap_err().field(), Some("reason"));
        let alone = UpdateTicket::new(made.id.clone()).with_reason("Done".to_owned());
        assert_eq!(client.update_ticket(alone).await.unwrap_err().field(), Some("reason"));
        let unknown = UpdateTicket::new(made.id.clone()).with_status(StatusSelector::native("no such status"));
        let error = client.update_ticket(unknown).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("status")));
        assert!(error.message().contains("no such status") && error.hint().unwrap().contains("Resolved"), "{error:?}");
        assert_eq!(writes(&bed), before, "{flavour:?}: nothing was written");
        assert_eq!(get(&client, made.id.as_str()).await.status, made.status);
    }
}

#[tokio::test]
async fn what_only_a_transitions_screen_takes_goes_with_it() {
    let bed = Bed::cloud();
    let client = bed.client();
    let made = client.create_ticket(CreateTicket::new("To be resolved")).await.unwrap();
    let request = UpdateTicket::new(made.id.clone())
        .with_title("Resolved")
        .with_status(to(StatusCategory::Resolved))
        .with_field("resolution", "Done")
        .with_field("customfield_10032", "We **fixed** it.");
    let moved = client.update_ticket(request).await.unwrap();
    assert_eq!((moved.title.as_str(), moved.status.category), ("Resolved", StatusCategory::Resolved));
    assert_eq!(serde_json::to_value(&moved.fields["customfield_10032"]).unwrap()["value"], "We **fixed** it.");
    assert!(moved.resolved_at.is_some());
    // A resolved ticket comes back, and is no longer answered.
    let back = UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::InProgress));
    let back = client.update_ticket(back).await.unwrap();
    assert_eq!((back.status.category, back.status.reason), (StatusCategory::InProgress, None));
}

#[tokio::test]
async fn a_new_ticket_goes_on_to_its_status() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let request = CreateTicket::new("Closed at once")
            .with_status(to(StatusCategory::Closed))
            .with_field("resolution", "Done");
        let made = client.create_ticket(request).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
        assert_eq!(made.status.native.name.as_deref(), Some("Closed"), "{flavour:?}");
        assert_eq!(made.status.reason.unwrap().name.as_deref(), Some("Done"));
    }
}

#[tokio::test]
async fn one_of_resolved_and_closed_stands_in_for_the_other() {
    let bed = Bed::cloud();
    let mut own = config("admin");
    own["projects"] = serde_json::json!(["IT"]);
    let client = bed.client_of(own);
    let it = Some(CollectionSelector::Key("IT".to_owned()));
    let made = client.create_ticket(CreateTicket::new("A story").with_collection(it)).await.unwrap();
    let done = client
        .update_ticket(UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::Resolved)))
        .await
        .unwrap();
    assert_eq!((done.status.native.name.as_deref(), done.status.category), (Some("Done"), StatusCategory::Closed));
    let error =
        client.update_ticket(UpdateTicket::new(made.id).with_status(to(StatusCategory::OnHold))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("status")), "{error:?}");
}

#[tokio::test]
async fn a_dead_end_and_a_missing_right_are_told() {
    let bed = Bed::cloud();
    let client = bed.client();
    let made = client.create_ticket(CreateTicket::new("Withdrawn")).await.unwrap();
    let update = |status| UpdateTicket::new(made.id.clone()).with_status(to(status));
    client.update_ticket(update(StatusCategory::Cancelled)).await.unwrap();
    let before = writes(&bed);
    let error = client.update_ticket(update(StatusCategory::InProgress)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("status")), "{error:?}");
    assert!(error.message().contains("Canceled"), "{error:?}");
    let vpn = key_of("vpn");
    bed.control.deny("itil", Permission::TransitionIssues).unwrap();
    let itil = bed.itil();
    assert!(itil.list_transitions(ListTransitions::new(vpn.as_str())).await.unwrap().is_empty());
    let error = itil
        .update_ticket(UpdateTicket::new(vpn.as_str()).with_status(to(StatusCategory::Cancelled)))
        .await
        .unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.hint().unwrap().contains("right"), "{error:?}");
    assert_eq!(writes(&bed), before);
}

#[tokio::test]
async fn a_way_that_nobody_has_gone_is_felt_for_step_by_step() {
    let bed = Bed::cloud();
    let client = bed.client();
    // Nobody stands in any of the statuses between, so that only the next step can be seen.
    let company = vendor_sandbox::company::Company::standard();
    for number in 1..=company.tickets.len() {
        bed.control.hide_issue(&format!("HELP-{number}"), "admin").unwrap();
    }
    let made = client.create_ticket(CreateTicket::new("Alone")).await.unwrap();
    let request =
        UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::Resolved)).with_reason("Done".to_owned());
    let moved = client.update_ticket(request).await.unwrap();
    assert_eq!(moved.status.native.name.as_deref(), Some("Resolved"));
    // What is missing behind the first step is told there, with what was done.
    let made = client.create_ticket(CreateTicket::new("Alone too")).await.unwrap();
    bed.control.hide_issue(&moved.key, "admin").unwrap();
    let fresh = bed.client();
    let error = fresh
        .update_ticket(UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::Resolved)))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("resolution")), "{error:?}");
    assert_eq!(error.applied(), ["status In Progress"]);
}

#[tokio::test]
async fn the_transitions_say_where_they_lead_and_what_they_need() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let made = client.create_ticket(CreateTicket::new("To be moved")).await.unwrap();
        client
            .update_ticket(UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::InProgress)))
            .await
            .unwrap();
        let all = client.list_transitions(ListTransitions::new(made.id.clone())).await.unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|own| {
                let needs: Vec<_> = own.required_fields.iter().map(|id| id.as_str()).collect();
                (own.name.as_str(), own.to.native.name.as_deref().unwrap(), own.to.category, needs)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("Ask the customer", "Waiting for customer", StatusCategory::OnHold, vec![]),
                ("Put on hold", "Pending", StatusCategory::OnHold, vec![]),
                ("Give an answer", "Resolved", StatusCategory::Resolved, vec!["resolution"]),
                ("Withdraw", "Canceled", StatusCategory::Cancelled, vec![]),
            ],
            "{flavour:?}"
        );
    }
}

#[tokio::test]
async fn a_transition_whose_answer_was_lost_is_not_made_twice() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let made = client.create_ticket(CreateTicket::new("To be moved")).await.unwrap();
        get(&client, made.id.as_str()).await;
        bed.control.set_faults([Fault::new("reset_after_write").path("/transitions")]).unwrap();
        let before = writes(&bed);
        let request = UpdateTicket::new(made.id.clone()).with_status(StatusSelector::native("Pending"));
        let moved = client.update_ticket(request).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
        assert_eq!(moved.status.native.name.as_deref(), Some("Pending"), "the issue says what became of it");
        assert_eq!(writes(&bed) - before, 2);
        // One that never arrived is told, and not repeated.
        bed.control.set_faults([Fault::new("reset_before_answer").path("/transitions").method("POST")]).unwrap();
        let request = UpdateTicket::new(made.id.clone()).with_status(to(StatusCategory::InProgress));
        let lost = client.update_ticket(request).await.unwrap_err();
        assert!(lost.maybe_applied(), "{lost:?}");
        assert_eq!(writes(&bed) - before, 3);
    }
}

/// Where nobody stands in between, the way that is not known is tried where it is likely, and no customer is waited for.
#[tokio::test]
async fn whatever_is_open_is_closed_and_waits_for_nobody() {
    for flavour in FLAVOURS {
        let listed = crate::bed::all(&Bed::on(flavour).client(), ticketing_core::request::ListTickets::new()).await;
        let mut closed = 0;
        for ticket in listed.iter().filter(|ticket| ticket.status.category.is_unresolved()) {
            let bed = Bed::on(flavour);
            let client = bed.client();
            let update = UpdateTicket::new(ticket.id.clone())
                .with_status(to(StatusCategory::Closed))
                .with_reason("Done".to_owned());
            let moved = client.update_ticket(update).await;
            let moved =
                moved.unwrap_or_else(|error| panic!("{flavour:?} {} {:?}: {error:?}", ticket.key, ticket.status));
            assert_eq!(moved.status.category, StatusCategory::Closed, "{flavour:?} {}", ticket.key);
            closed += 1;
        }
        assert!(closed > 3, "{closed}");
    }
}
