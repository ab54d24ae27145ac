//! Who the account takes us for.

use serde_json::json;
use ticketing_core::ErrorKind;
use ticketing_core::request::{GetUser, ListTickets, ListUsers};
use vendor_sandbox::Fault;

use crate::bed::{Bed, login};

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
