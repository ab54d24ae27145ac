//! Webhook intake: nothing that is not signed gets in, and nothing that is signed brings it down or is told wrongly.

use chrono::{DateTime, TimeDelta, Utc};
use provider_servicenow::ServiceNowWebhook;
use serde_json::{Value, json};
use ticketing_core::model::{Kind, WebhookEvent};
use ticketing_core::{ErrorKind, Secret, WebhookDelivery, WebhookIntake};
use ticketing_fuzz::Shape;
use ticketing_http::webhook::{HmacSha256, SignatureEncoding};

const SECRET: &str = "hunter2";
const NOW: i64 = 1_767_600_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn intake() -> ServiceNowWebhook {
    ServiceNowWebhook::from_value(json!({ "secret": SECRET })).unwrap()
}

fn sign(timestamp: &str, body: &[u8]) -> String {
    let hmac = HmacSha256::new(&Secret::new(SECRET), SignatureEncoding::Base64).unwrap();
    format!("sha256={}", hmac.sign(&[timestamp.as_bytes(), b".", body]))
}

fn delivery(timestamp: &str, signature: &str, body: &[u8]) -> WebhookDelivery {
    let headers = [("timestamp", timestamp), ("signature", signature), ("delivery", "d1")];
    let headers = headers.map(|(name, value)| (format!("X-Ticketing-{name}"), value.to_owned())).to_vec();
    WebhookDelivery::new(headers, body.to_vec(), now())
}

/// An event as the business rule sends it, or nearly.
fn event(shape: &mut Shape<'_>) -> Value {
    let table = match shape.below(3) {
        0 => shape.text(),
        _ => (*shape.pick(&["incident", "sys_user", "sys_user_group", "sys_journal_field", "customer_contact"]))
            .to_owned(),
    };
    let sys_id = match shape.below(3) {
        0 => shape.text(),
        _ => "46d44a40a9fe19810012d100cca80666".to_owned(),
    };
    let operation = match shape.below(4) {
        0 => shape.text(),
        _ => (*shape.pick(&["insert", "update", "delete"])).to_owned(),
    };
    let mut event =
        json!({ "table": table, "sys_id": sys_id, "operation": operation, "fields": ["state"], "by": "ada" });
    match shape.below(4) {
        0 => event["at"] = shape.json(),
        1 => event["at"] = json!("2026-01-05 08:00:00"),
        2 => event[shape.text()] = shape.json(),
        _ => {}
    }
    json!({ "id": "d1", "event": event })
}

#[test]
fn what_is_not_signed_is_refused() {
    fuzz!("webhooks/what_is_not_signed_is_refused", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let timestamp = if shape.one_in(3) { shape.text() } else { NOW.to_string() };
        let body = if shape.one_in(2) { event(shape).to_string().into_bytes() } else { shape.text().into_bytes() };
        let good = sign(&timestamp, &body);
        let signature = match shape.below(4) {
            0 => shape.text(),
            1 => format!("sha256={}", shape.text()),
            _ => String::from_utf8_lossy(&shape.bend(good.clone().into_bytes())).into_owned(),
        };
        let mut delivery = delivery(&timestamp, &signature, &body);
        match shape.below(5) {
            0 => delivery.headers.clear(),
            1 => delivery.headers.insert(0, ("x-ticketing-signature".to_owned(), shape.text())),
            2 => delivery.headers.iter_mut().for_each(|(name, _)| *name = name.to_ascii_uppercase()),
            _ => {}
        }
        let read = delivery.header("x-ticketing-signature").map(str::to_owned);
        match intake().receive(&delivery) {
            // The scheme before the digest may be left out; the digest may not be another one.
            Ok(_) => {
                let digest = |text: &str| {
                    text.trim().rsplit_once("sha256=").map_or(text.trim(), |(_, digest)| digest).to_owned()
                };
                assert_eq!(digest(&read.unwrap()), digest(&good), "accepted with another signature");
            }
            Err(error) => {
                let known = [ErrorKind::Unauthenticated, ErrorKind::Decode];
                assert!(known.contains(&error.kind()), "{error}");
                assert!(!error.to_string().contains(SECRET), "the secret is in {error}");
            }
        }
    });
}

#[test]
fn what_is_signed_is_told_as_it_was_said() {
    fuzz!("webhooks/what_is_signed_is_told_as_it_was_said", |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let timestamp = match shape.below(5) {
            0 => shape.text(),
            1 => (shape.number() as i64).to_string(),
            2 => (NOW - 290 + i64::from(shape.byte())).to_string(),
            _ => NOW.to_string(),
        };
        let body = match shape.below(4) {
            0 => shape.json().to_string().into_bytes(),
            1 => {
                let whole = event(shape).to_string().into_bytes();
                shape.bend(whole)
            }
            _ => event(shape).to_string().into_bytes(),
        };
        let intake = intake();
        let delivery = delivery(&timestamp, &sign(&timestamp, &body), &body);
        let in_time = timestamp
            .parse()
            .ok()
            .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0))
            .is_some_and(|at| (now() - at).abs() <= TimeDelta::minutes(5));
        match intake.receive(&delivery) {
            Ok(events) => {
                assert!(in_time, "{timestamp:?} is not now");
                let Ok(said) = serde_json::from_slice::<Value>(&body) else {
                    // Broken where nobody reads: a lone surrogate in `by`, say. What was read is in it all the same.
                    assert!(String::from_utf8_lossy(&body).contains("sys_id"));
                    return;
                };
                let said = &said["event"];
                // The platform's own tables hold nothing that could be read again, but these.
                let told_of = ["sys_user", "sys_user_group", "sys_journal_field"];
                if let Some(table) = said["table"].as_str()
                    && (table.starts_with("sys_") || table.starts_with("label"))
                    && !told_of.contains(&table)
                {
                    assert!(events.is_empty(), "{events:?}");
                    return;
                }
                let [told] = &events[..] else { panic!("{} events of one delivery", events.len()) };
                assert_eq!(told.id, said["sys_id"].as_str().unwrap());
                assert_eq!(told.delivery_id.as_deref(), Some("d1"));
                let (table, operation) =
                    (said["table"].as_str().unwrap(), said["operation"].as_str().unwrap_or_default());
                if table == "incident" {
                    let expected = match operation {
                        "insert" => WebhookEvent::TicketCreated,
                        "update" => WebhookEvent::TicketUpdated,
                        "delete" => WebhookEvent::TicketDeleted,
                        _ => WebhookEvent::Other,
                    };
                    assert_eq!((told.kind, told.event), (Kind::Ticket, expected));
                }
                if said["at"] == "2026-01-05 08:00:00" {
                    assert_eq!(told.at, Some("2026-01-05T08:00:00Z".parse().unwrap()));
                }
                let again = intake.receive(&delivery).unwrap_err();
                assert_eq!(again.kind(), ErrorKind::AlreadyExists);
            }
            Err(error) if in_time => {
                assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
                let said: Option<Value> = serde_json::from_slice(&body).ok();
                let names = |key: &str| said.as_ref().and_then(|said| said["event"][key].as_str().map(str::to_owned));
                let plain = |text: String| {
                    !text.is_empty()
                        && text.len() <= 32
                        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                };
                let well_formed = names("sys_id").is_some_and(plain)
                    && names("table").is_some_and(|table| table == "sys_user" || table == "incident")
                    && said.as_ref().is_some_and(|said| {
                        let event = &said["event"];
                        (event["operation"].is_string() || event.get("operation").is_none())
                            && (event["at"].is_string() || event["at"].is_null())
                    });
                assert!(!well_formed, "{} was refused: {error}", String::from_utf8_lossy(&body));
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{timestamp:?}: {error}"),
        }
    });
}
