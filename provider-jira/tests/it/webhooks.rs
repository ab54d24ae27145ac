//! Deliveries through the registry, as a product receives them.

use chrono::DateTime;
use serde_json::json;
use ticketing_core::model::{Kind, WebhookEvent};
use ticketing_core::request::GetTicket;
use ticketing_core::{BuildContext, ErrorKind, Secret, WebhookDelivery};
use ticketing_http::webhook::{HmacSha256, SignatureEncoding};

use crate::bed::{Bed, key_of};

#[tokio::test]
async fn a_delivery_leads_to_the_ticket_itself() {
    let bed = Bed::cloud();
    let client = bed.client();
    let ticket = client.get_ticket(GetTicket::new(key_of("vpn").as_str())).await.unwrap();
    let intake =
        provider_jira::REGISTRATION.webhook.unwrap()(json!({ "secret": "hunter2" }), &BuildContext::new()).unwrap();
    let now = 1_767_600_000_i64;
    // As wire A11 shows it: the issue is a v2 one, and is a hint alone.
    let body = json!({
        "timestamp": now * 1_000, "webhookEvent": "jira:issue_updated", "issue_event_type_name": "issue_generic",
        "user": { "accountId": "712020:x", "displayName": "Ada" },
        "issue": { "id": ticket.id, "key": ticket.key, "fields": { "summary": "not believed" } },
        "changelog": { "id": "1", "items": [] },
    })
    .to_string();
    let hmac = HmacSha256::new(&Secret::new("hunter2"), SignatureEncoding::Hex).unwrap();
    let delivery = |signature: String| {
        let headers = vec![
            ("X-Hub-Signature".to_owned(), signature),
            ("X-Atlassian-Webhook-Identifier".to_owned(), "d-1".to_owned()),
        ];
        WebhookDelivery::new(headers, body.clone(), DateTime::from_timestamp(now + 5, 0).unwrap())
    };
    let forged = intake.receive(&delivery(format!("sha256={}", "0".repeat(64)))).unwrap_err();
    assert_eq!(forged.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{forged:?} {intake:?}").contains("hunter2"));
    let events = intake.receive(&delivery(format!("sha256={}", hmac.sign(&[body.as_bytes()])))).unwrap();
    assert_eq!((events.len(), events[0].event, events[0].kind), (1, WebhookEvent::TicketUpdated, Kind::Ticket));
    let read = client.get_ticket(GetTicket::new(events[0].id.as_str())).await.unwrap();
    assert_eq!(read.title, ticket.title);
}
