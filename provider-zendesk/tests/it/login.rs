//! Who the account takes us for.

use std::collections::BTreeSet;

use serde_json::json;
use ticketing_core::model::Visibility;
use ticketing_core::request::{AddComment, GetUser, ListTickets, ListUsers};
use ticketing_core::{ErrorKind, Operation};
use vendor_sandbox::Fault;

use crate::bed::{Bed, login, titled};

#[tokio::test]
async fn check_says_who_we_are_and_that_api_tokens_end() {
    let bed = Bed::new();
    let check = bed.client().check().await.unwrap();
    let me = check.user.unwrap();
    let user = bed.client().get_user(GetUser::new(me.id.as_str())).await.unwrap();
    assert_eq!(user.email.as_deref(), Some("integration@example.com"));
    assert!(check.warnings.iter().any(|warning| warning.contains("2027-04-30")), "{:?}", check.warnings);
    let bearer = bed.client_of(json!({ "type": "bearer", "token": "sandbox-bearer" }));
    let check = bearer.check().await.unwrap();
    assert_eq!(check.warnings, [""; 0], "an access token is no legacy");
    let check = bed.agent().check().await.unwrap();
    assert!(check.warnings.iter().any(|warning| warning.contains("agent")), "{:?}", check.warnings);
}

#[tokio::test]
async fn a_wrong_credential_is_told_though_the_account_answers_200() {
    let bed = Bed::new();
    for auth in [login("integration@example.com", "wrong"), json!({ "type": "bearer", "token": "wrong" })] {
        let client = bed.client_of(auth);
        for error in [
            client.check().await.unwrap_err(),
            client.list_tickets(ListTickets::new()).await.unwrap_err(),
            client.list_users(ListUsers::new()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
        }
    }
    let client = bed.client();
    bed.control.set_faults(vec![Fault::new("anonymous_200")]).unwrap();
    assert_eq!(client.check().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    bed.control.set_faults(vec![Fault::new("login_page_200")]).unwrap();
    for error in [client.check().await.unwrap_err(), client.list_tickets(ListTickets::new()).await.unwrap_err()] {
        assert!(!matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest), "{error}");
    }
}

#[tokio::test]
async fn clients_that_look_like_ours_do_not_share_what_they_may() {
    let bed = Bed::new();
    bed.control.suspend("itil").unwrap();
    assert_eq!(bed.agent().check().await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert!(bed.client().check().await.is_ok());
}

/// Exports are admins' alone (§B6), a light agent says nothing in public (§B3.3), and tickets are the staff's.
#[tokio::test]
async fn what_the_role_denies_is_no_capability() {
    let bed = Bed::of(vendor_sandbox::zendesk::Sandbox::builder().seed(7).password("greta.holm", "pass"));
    let admin = bed.client();
    admin.check().await.unwrap();
    let all = admin.capabilities();
    assert!(all.supports(Operation::ListChanges) && all.sees_deletes);

    let agent = bed.agent();
    agent.check().await.unwrap();
    let of_agent = agent.capabilities();
    let withheld: Vec<_> = all.operations.difference(&of_agent.operations).copied().collect();
    assert_eq!(withheld, [Operation::ListChanges]);
    assert_eq!(of_agent.comment_visibilities, all.comment_visibilities);

    bed.control.make_light("itil").unwrap();
    let vpn = titled(&admin, "VPN drops").await;
    agent.check().await.unwrap();
    assert_eq!(agent.capabilities().comment_visibilities, BTreeSet::from([Visibility::Internal]));
    let before = bed.sent().len();
    let public = AddComment::new(vpn.id.clone(), "to all", Visibility::Public);
    assert_eq!(agent.add_comment(public).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bed.sent().len(), before);
    agent.add_comment(AddComment::new(vpn.id, "among us", Visibility::Internal)).await.unwrap();

    let customer = bed.client_of(login("greta@boreal.example", "pass"));
    let check = customer.check().await.unwrap();
    assert!(check.warnings.iter().any(|warning| warning.contains("end-user")), "{:?}", check.warnings);
    let operations: Vec<_> = customer.capabilities().operations.into_iter().collect();
    assert_eq!(operations, [Operation::Check, Operation::GetUser, Operation::SendRaw]);
    let before = bed.sent().len();
    assert_eq!(customer.list_tickets(ListTickets::new()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bed.sent().len(), before);
    let me = check.user.unwrap();
    assert_eq!(customer.get_user(GetUser::new(me.id.as_str())).await.unwrap().id.as_str(), me.id);
}
