//! The ways in, and what is no way in.

use std::collections::BTreeSet;

use provider_jira::Jira;
use serde_json::{Value, json};
use ticketing_core::request::{GetTicket, GetTickets, UpdateTicket};
use ticketing_core::{ErrorKind, Operation, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Flavour, Permission};

use crate::bed::{Bed, FLAVOURS, SITE, config};

fn with(auth: Value) -> Value {
    json!({"instance": SITE, "auth": auth})
}

#[tokio::test]
async fn the_flavours_are_told_apart_by_what_they_say() {
    for (flavour, version) in [(Flavour::Cloud, "/rest/api/3/"), (Flavour::DataCenter, "/rest/api/2/")] {
        let bed = Bed::on(flavour);
        let client = bed.client();
        client.check().await.unwrap();
        client.get_ticket(GetTicket::new("HELP-1")).await.unwrap();
        let paths: Vec<String> = bed.control.requests().into_iter().map(|request| request.path).collect();
        assert!(paths[0].ends_with("/rest/api/2/serverInfo"), "{paths:?}");
        assert_eq!(paths.iter().filter(|path| path.ends_with("/2/serverInfo")).count(), 1, "{paths:?}");
        assert!(paths.iter().any(|path| path.starts_with(version)), "{paths:?}");
    }
}

#[tokio::test]
async fn whoever_comes_in_is_told_who_they_are() {
    let bed = Bed::cloud();
    let me = bed.client().check().await.unwrap();
    assert_eq!(me.user.unwrap().id, bed.control.account_id("admin").unwrap());
    assert_eq!(me.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(me.clock_difference_seconds, Some(0));
    let bed = Bed::on(Flavour::DataCenter);
    let me = bed.client_of(with(json!({"type": "bearer", "token": "sandbox-itil-pat"}))).check().await.unwrap();
    let me = me.user.unwrap();
    assert_eq!(me.key.as_deref(), Some("itil"));
    assert!(me.id.starts_with("JIRAUSER"), "{me:?}");
}

#[tokio::test]
async fn a_bad_credential_is_unauthenticated_also_where_the_site_says_200() {
    let basic = |user: &str| json!({"type": "basic", "username": user, "password": "wrong"});
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let mut logins = vec![basic("admin")];
        if flavour == Flavour::DataCenter {
            bed.control.publish_project("HELP").unwrap();
            logins.push(json!({"type": "bearer", "token": "gone"}));
        }
        for login in logins {
            let client = bed.client_of(with(login.clone()));
            for error in [
                client.check().await.map(drop).unwrap_err(),
                client.get_ticket(GetTicket::new("HELP-1")).await.map(drop).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{flavour:?} {login}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn scoped_tokens_go_through_the_gateway() {
    let bed = Bed::cloud();
    let mut config = config("admin");
    config["instance"] = json!(format!("{SITE}/ex/jira/{}", bed.control.cloud_id()));
    let client = bed.client_of(config);
    let ticket = client.get_ticket(GetTicket::new("HELP-1")).await.unwrap();
    assert_eq!(ticket.url.as_deref(), Some("http://127.0.0.1:4020/browse/HELP-1"));
    let prefix = format!("/ex/jira/{}/rest/api/", bed.control.cloud_id());
    let paths: Vec<String> = bed.control.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.iter().all(|path| path.starts_with(&prefix)), "{paths:?}");
}

#[tokio::test]
async fn what_the_vendor_removed_is_no_ticket_that_is_gone() {
    let bed = Bed::cloud();
    let client = bed.client();
    client.get_ticket(GetTicket::new("HELP-1")).await.unwrap();
    bed.control.set_faults(vec![Fault::new("gone")]).unwrap();
    let error = client.get_ticket(GetTicket::new("HELP-1")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, Some("removed_api")), "{error}");
    assert!(error.message().contains("has been removed"), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_before_it_is_asked_for() {
    let bed = Bed::cloud();
    let client = TicketingClient::new(std::sync::Arc::new(Jira::new(config("admin"), &bed.context()).unwrap()));
    assert!(!client.capabilities().operations.is_empty());
    assert_eq!(bed.sent(), 0);
}

/// Cloud is on Atlassian's own hosts: what a Data Center does not have is claimed by no other, and refused unsent, until the
/// site says that it is Cloud after all.
#[tokio::test]
async fn an_address_says_what_its_site_cannot_do() {
    let clouds_alone = [Operation::GetTickets, Operation::ListTags];
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let at = |instance: &str| {
            let mut config = config("admin");
            config["instance"] = json!(instance);
            bed.client_of(config)
        };
        let claims = |client: &TicketingClient| clouds_alone.map(|operation| client.capabilities().supports(operation));
        assert_eq!(claims(&at("acme")), [true; 2]);
        let client = at("https://jira.acme.com");
        assert_eq!(claims(&client), [false; 2]);
        let error = client.get_tickets(GetTickets::new(vec!["10001".into()])).await.unwrap_err();
        assert_eq!((error.kind(), bed.sent()), (ErrorKind::Unsupported, 0), "{error}");
        client.check().await.unwrap();
        assert_eq!(claims(&client), [flavour == Flavour::Cloud; 2]);
    }
}

#[tokio::test]
async fn what_is_set_up_badly_is_said() {
    let bed = Bed::cloud();
    let mut config = config("admin");
    config["projects"] = json!(["HELP", "NOPE"]);
    let warnings = bed.client_of(config.clone()).check().await.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.contains("NOPE")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("Migrated")), "{warnings:?}");
    config["mapping"]["fields"]["external_id"] = json!("No Such Field");
    let error = bed.client_of(config.clone()).check().await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("mapping.fields.external_id")), "{error}");
    // Two fields have this name.
    config["mapping"]["fields"]["external_id"] = json!("Severity");
    let error = bed.client_of(config).check().await.unwrap_err();
    assert!(error.message().contains("several"), "{error}");
}

/// What `mypermissions` denies is no capability, and is refused before anything is sent; what is given again comes back.
#[tokio::test]
async fn what_the_site_denies_is_no_capability() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.itil();
        let before = client.capabilities();
        client.check().await.unwrap();
        let open = client.capabilities();
        // A Data Center, known as one by now, lists no labels, and has no call for several issues.
        let lost: Vec<_> = before.operations.difference(&open.operations).copied().collect();
        let lacking = match flavour {
            Flavour::Cloud => vec![],
            Flavour::DataCenter => vec![Operation::GetTickets, Operation::ListTags],
        };
        assert_eq!(lost, lacking, "nothing is denied");
        for (permission, operations) in [
            (Permission::CreateIssues, vec![Operation::CreateTicket]),
            (Permission::DeleteIssues, vec![Operation::DeleteTicket]),
            (Permission::AddComments, vec![Operation::AddComment]),
            (Permission::TransitionIssues, vec![Operation::ListTransitions]),
            (Permission::EditIssues, vec![Operation::AddLink, Operation::RemoveLink]),
            (
                Permission::BrowseUsers,
                vec![
                    Operation::ListUsers,
                    Operation::ListGroups,
                    Operation::GetGroup,
                    Operation::FindGroups,
                    Operation::ListGroupMembers,
                ],
            ),
        ] {
            bed.control.deny("itil", permission).unwrap();
            let warnings = client.check().await.unwrap().warnings;
            assert!(
                warnings.iter().any(|warning| warning.contains("has not the right")),
                "{permission:?}: {warnings:?}"
            );
            let left = client.capabilities();
            let withheld: BTreeSet<_> = open.operations.difference(&left.operations).copied().collect();
            assert_eq!(withheld, operations.into_iter().collect(), "{flavour:?}, {permission:?}");
            assert_eq!(left.writable_statuses.is_empty(), permission == Permission::TransitionIssues);
            assert_eq!(left.comment_visibilities.is_empty(), permission == Permission::AddComments);
            bed.control.clear_denials();
        }
        // All that changes a ticket.
        for permission in [Permission::EditIssues, Permission::TransitionIssues, Permission::AddComments] {
            bed.control.deny("itil", permission).unwrap();
        }
        client.check().await.unwrap();
        let before = bed.sent();
        let error = client.update_ticket(UpdateTicket::new("HELP-1").with_title("x".to_owned())).await.unwrap_err();
        assert_eq!((error.kind(), bed.sent()), (ErrorKind::Unsupported, before), "{error}");
        bed.control.clear_denials();
        client.check().await.unwrap();
        assert_eq!(client.capabilities(), open);
        // Another's denial is another's.
        bed.control.deny("itil", Permission::CreateIssues).unwrap();
        let admin = bed.client();
        admin.check().await.unwrap();
        assert!(admin.capabilities().supports(Operation::CreateTicket));
    }
}
