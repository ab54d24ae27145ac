//! Deliveries of the emulated instance's business rule, at the door of the intake.

use provider_servicenow::ServiceNowWebhook;
use serde_json::json;
use ticketing_core::model::{Kind, WebhookEvent};
use ticketing_core::{ErrorKind, WebhookDelivery, WebhookIntake as _};
use vendor_sandbox::servicenow::{Delivery, Webhook};

use crate::bed::Bed;

/// A delivery as it came in.
fn arrived(bed: &Bed, sent: &Delivery) -> WebhookDelivery {
    let headers = [
        ("x-sandbox-delivery", sent.id.clone()),
        ("x-sandbox-timestamp", sent.timestamp.to_string()),
        ("x-sandbox-signature", sent.signature.clone()),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    WebhookDelivery::new(headers, sent.body.clone(), bed.control.now())
}

#[tokio::test]
async fn what_the_instance_signs_is_believed_once_and_by_who_knows_the_secret() {
    let bed = Bed::new();
    let rule =
        Webhook { url: "http://127.0.0.1:9/hook".to_owned(), secret: "s3cret ü".to_owned(), tables: Vec::new() };
    bed.control.set_webhooks(vec![rule]).unwrap();
    let client = bed.client();
    let vpn = bed.incident("VPN drops every");
    client
        .update_ticket(ticketing_core::request::UpdateTicket::new(vpn.as_str()).with_title("Ünicode 🙂"))
        .await
        .unwrap();
    client.delete_ticket(ticketing_core::request::DeleteTicket::new(vpn.as_str())).await.unwrap();
    let sent = bed.control.deliveries();
    assert_eq!(sent.len(), 2);
    let intake =
        |secret: &str| ServiceNowWebhook::from_value(json!({"secret": secret, "header_prefix": "x-sandbox"})).unwrap();
    let ours = intake("s3cret ü");
    for (sent, event) in sent.iter().zip([WebhookEvent::TicketUpdated, WebhookEvent::TicketDeleted]) {
        let told = ours.receive(&arrived(&bed, sent)).unwrap();
        assert_eq!((told[0].event, told[0].kind, told[0].id.as_str()), (event, Kind::Ticket, vpn.as_str()));
        assert_eq!(ours.receive(&arrived(&bed, sent)).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(intake("other").receive(&arrived(&bed, sent)).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    // Too late is refused, whoever signed it.
    bed.advance(301);
    let late = intake("s3cret ü").receive(&arrived(&bed, &sent[0])).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Unauthenticated, "{late}");
}

#[tokio::test]
async fn what_cannot_be_read_again_by_its_id_is_no_ticket() {
    let bed = Bed::new();
    let rule = Webhook { url: "http://127.0.0.1:9/hook".to_owned(), secret: "s".to_owned(), tables: Vec::new() };
    bed.control.set_webhooks(vec![rule]).unwrap();
    let insert = |table: &str, values: serde_json::Value| bed.control.insert("admin", table, values).unwrap();
    insert("label", json!({"name": "quiet"}));
    let user = insert("sys_user", json!({"user_name": "new"}));
    let task = insert("sc_task", json!({"short_description": "A task"}));
    // Control writes are told with the next request.
    bed.client().check().await.unwrap();
    let intake = ServiceNowWebhook::from_value(json!({"secret": "s", "header_prefix": "x-sandbox"})).unwrap();
    let told: Vec<(Kind, String)> = bed
        .control
        .deliveries()
        .iter()
        .flat_map(|sent| intake.receive(&arrived(&bed, sent)).unwrap())
        .map(|event| (event.kind, event.id))
        .collect();
    assert_eq!(told, [(Kind::User, user), (Kind::Ticket, task)]);
}
