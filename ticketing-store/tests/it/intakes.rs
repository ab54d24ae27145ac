//! Webhook deliveries of stored connections: by any of their secrets, each once, and one that could not be read not at all.

use chrono::{DateTime, Utc};
use serde_json::json;
use ticketing_core::{ErrorKind, Secret, WebhookDelivery};
use ticketing_http::webhook::{HmacSha256, SignatureEncoding};
use ticketing_store::{Connection, NewConnection};

use crate::bed::{Bed, TENANT};

const NOW: i64 = 1_767_600_000;

/// A delivery as the vendor signs it.
fn delivery(vendor: &str, secret: &str, body: &str) -> WebhookDelivery {
    let at = DateTime::<Utc>::from_timestamp(NOW, 0).unwrap();
    let (seconds, moment) = (NOW.to_string(), at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let sign = |encoding, parts: &[&str]| {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        HmacSha256::new(&Secret::new(secret), encoding).unwrap().sign(&parts)
    };
    let headers = match vendor {
        "servicenow" => vec![
            ("x-ticketing-timestamp", seconds.clone()),
            ("x-ticketing-delivery", "d1".to_owned()),
            ("x-ticketing-signature", sign(SignatureEncoding::Base64, &[&seconds, ".", body])),
        ],
        "jira" => vec![("x-hub-signature", format!("sha256={}", sign(SignatureEncoding::Hex, &[body])))],
        "zendesk" => vec![
            ("x-zendesk-webhook-signature-timestamp", moment.clone()),
            ("x-zendesk-webhook-signature", sign(SignatureEncoding::Base64, &[&moment, body])),
        ],
        _ => vec![
            ("memory-timestamp", moment.clone()),
            ("memory-signature", format!("sha256={}", sign(SignatureEncoding::Hex, &[&moment, ".", body]))),
        ],
    };
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    WebhookDelivery::new(headers, body.to_owned(), at)
}

/// The body of a good delivery, and one that is signed as well and names nothing.
fn bodies(vendor: &str) -> (String, String) {
    let (good, bad) = match vendor {
        "servicenow" => {
            let event =
                |id: &str| json!({ "id": "d1", "event": { "table": "incident", "sys_id": id, "operation": "update" } });
            (event(&"46d44a40".repeat(4)), event(""))
        }
        "jira" => {
            let event = |id: &str| json!({ "timestamp": NOW * 1_000, "webhookEvent": "jira:issue_updated", "issue": { "id": id } });
            (event("10002"), event("-"))
        }
        "zendesk" => (json!({ "ticket_id": "7" }), json!({ "ticket_id": "-" })),
        _ => (
            json!({ "delivery_id": "d1", "event": "ticket_updated", "kind": "ticket", "id": "7", "at": null }),
            json!({ "delivery_id": "d1" }),
        ),
    };
    (good.to_string(), bad.to_string())
}

async fn connection(bed: &Bed, vendor: &str, secrets: &[&str]) -> Connection {
    let mut new = NewConnection::new(TENANT, vendor, vendor, "acme", json!({}));
    new.webhook_secrets = secrets.iter().copied().map(Secret::new).collect();
    bed.connections.store().add(new).await.unwrap()
}

#[tokio::test]
async fn a_delivery_counts_once_however_often_the_intake_is_asked_for() {
    let bed = Bed::new().await;
    for vendor in ["servicenow", "jira", "zendesk", "memory"] {
        let connection = connection(&bed, vendor, &["new", "old"]).await;
        let receive = async |secret: &str, body: &str| {
            let intake = bed.connections.webhook(TENANT, vendor).await.unwrap();
            intake.receive(&delivery(vendor, secret, body)).map_err(|error| error.kind())
        };
        let (good, bad) = bodies(vendor);
        // What could not be read is not known when it comes again.
        for turn in 1..=3 {
            assert_eq!(receive("old", &bad).await, Err(ErrorKind::Decode), "{vendor}, turn {turn}");
        }
        assert_eq!(receive("another", &good).await, Err(ErrorKind::Unauthenticated), "{vendor}");
        let told = receive("old", &good).await.unwrap_or_else(|kind| panic!("{vendor}: {kind}"));
        assert_eq!(told.len(), 1, "{vendor}");
        assert_eq!(receive("old", &good).await, Err(ErrorKind::AlreadyExists), "{vendor}");
        // Another secret comes before the others, and what came before is known still.
        let secrets = ["newer", "old"].map(Secret::new);
        bed.connections.store().set_webhook_secrets(&connection, &secrets).await.unwrap();
        assert_eq!(receive("old", &good).await, Err(ErrorKind::AlreadyExists), "{vendor}");
        assert_eq!(receive("new", &good).await, Err(ErrorKind::Unauthenticated), "{vendor}");
        let another = match vendor {
            "servicenow" => good.replace("46d44a40", "46d44a41"),
            "jira" => good.replace("10002", "10003"),
            _ => good.replace(r#""7""#, r#""8""#).replace("d1", "d2"),
        };
        assert_ne!(another, good);
        assert_eq!(receive("newer", &another).await.map(|told| told.len()), Ok(1), "{vendor}");
    }
}

/// One connection's deliveries are none of another's.
#[tokio::test]
async fn what_one_connection_was_told_is_not_known_to_another() {
    let bed = Bed::new().await;
    let mut other = NewConnection::new("globex", "zendesk", "zendesk", "globex", json!({}));
    other.webhook_secrets = vec![Secret::new("same")];
    bed.connections.store().add(other).await.unwrap();
    connection(&bed, "zendesk", &["same"]).await;
    let body = bodies("zendesk").0;
    for tenant in [TENANT, "globex"] {
        let intake = bed.connections.webhook(tenant, "zendesk").await.unwrap();
        assert_eq!(intake.receive(&delivery("zendesk", "same", &body)).unwrap().len(), 1, "{tenant}");
    }
    let nobody = bed.connections.webhook("nobody", "zendesk").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::NotFound);
}
