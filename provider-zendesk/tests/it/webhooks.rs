//! Deliveries at the door of the intake, signed as the vendor describes it (`wire/jira-zendesk.md` §B10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use provider_zendesk::ZendeskWebhook;
use serde_json::{Value, json};
use sha2::Sha256;
use ticketing_core::model::{Kind, WebhookEvent};
use ticketing_core::{ErrorKind, WebhookDelivery, WebhookIntake as _};

const SECRET: &str = "s3cret ü";
const AT: &str = "2026-02-01T00:00:00Z";

fn intake(secret: &str) -> ZendeskWebhook {
    ZendeskWebhook::from_value(json!({ "secret": secret })).unwrap()
}

/// Signed by who knows the secret, and arrived so many seconds later.
fn delivery(secret: &str, body: &Value, seconds: i64) -> WebhookDelivery {
    let body = body.to_string();
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hmac.update(AT.as_bytes());
    hmac.update(body.as_bytes());
    let signature = STANDARD.encode(hmac.finalize().into_bytes());
    let headers = vec![
        ("x-zendesk-webhook-signature".to_owned(), signature),
        ("x-zendesk-webhook-signature-timestamp".to_owned(), AT.to_owned()),
        ("x-zendesk-webhook-invocation-id".to_owned(), "01J9".to_owned()),
    ];
    let sent: chrono::DateTime<chrono::Utc> = AT.parse().unwrap();
    WebhookDelivery::new(headers, body.into_bytes(), sent + chrono::TimeDelta::seconds(seconds))
}

fn event(kind: &str) -> Value {
    json!({
        "type": kind, "subject": "zen:ticket:42", "time": AT, "id": "01J9", "account_id": 1,
        "detail": { "id": "42" }, "event": {}, "zendesk_event_version": "2022-11-06",
    })
}

#[test]
fn what_the_account_signs_is_believed_once_and_by_who_knows_the_secret() {
    let ours = intake(SECRET);
    let created = event("zen:event-type:ticket.created");
    let told = ours.receive(&delivery(SECRET, &created, 1)).unwrap();
    assert_eq!((told[0].event, told[0].kind, told[0].id.as_str()), (WebhookEvent::TicketCreated, Kind::Ticket, "42"));
    let again = ours.receive(&delivery(SECRET, &created, 2)).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists, "{again}");
    let stranger = ours.receive(&delivery("other", &created, 1)).unwrap_err();
    assert_eq!(stranger.kind(), ErrorKind::Unauthenticated, "{stranger}");
    let mut altered = delivery(SECRET, &event("zen:event-type:ticket.status_changed"), 1);
    altered.body = delivery(SECRET, &created, 1).body;
    assert_eq!(ours.receive(&altered).unwrap_err().kind(), ErrorKind::Unauthenticated);
}

#[test]
fn a_delivery_that_is_too_old_or_from_the_future_is_refused() {
    for seconds in [301, -301, 86_400] {
        let late = intake(SECRET).receive(&delivery(SECRET, &event("zen:event-type:ticket.created"), seconds));
        assert_eq!(late.unwrap_err().kind(), ErrorKind::Unauthenticated, "{seconds}");
    }
    assert!(intake(SECRET).receive(&delivery(SECRET, &event("zen:event-type:ticket.created"), 299)).is_ok());
}
