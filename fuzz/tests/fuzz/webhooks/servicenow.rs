//! Deliveries of the business rule that the update set brings: `{"id", "event": {"table", "sys_id", …}}`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_fuzz::{ServiceNow, Shape};
use ticketing_http::webhook::SignatureEncoding;

use super::Deliver;

impl Deliver for ServiceNow {
    const SIGNATURE: &'static str = "x-ticketing-signature";
    const ENCODING: SignatureEncoding = SignatureEncoding::Base64;
    const PREFIX: &'static str = "sha256=";
    const WINDOW: TimeDelta = TimeDelta::minutes(5);

    fn timestamp(at: DateTime<Utc>) -> String {
        at.timestamp().to_string()
    }

    fn signed<'d>(timestamp: &'d str, body: &'d [u8]) -> Vec<&'d [u8]> {
        vec![timestamp.as_bytes(), b".", body]
    }

    fn headers(timestamp: &str) -> Vec<(&'static str, String)> {
        vec![("X-Ticketing-timestamp", timestamp.to_owned()), ("X-Ticketing-delivery", "d1".to_owned())]
    }

    fn signed_at(timestamp: &str, _: &[u8]) -> Option<DateTime<Utc>> {
        timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0))
    }

    fn event(_: &str, shape: &mut Shape<'_>) -> Value {
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

    fn assert_told(events: &[ChangeEvent], said: &Value) {
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
        let [told] = events else { panic!("{} events of one delivery", events.len()) };
        assert_eq!(told.id, said["sys_id"].as_str().unwrap());
        assert_eq!(told.delivery_id.as_deref(), Some("d1"));
        let (table, operation) = (said["table"].as_str().unwrap(), said["operation"].as_str().unwrap_or_default());
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
    }

    fn is_well_formed(said: &Value) -> bool {
        let event = &said["event"];
        let plain = |text: &str| {
            !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        event["sys_id"].as_str().is_some_and(plain)
            && event["table"].as_str().is_some_and(|table| table == "sys_user" || table == "incident")
            && (event["operation"].is_string() || event.get("operation").is_none())
            && (event["at"].is_string() || event["at"].is_null())
    }
}
