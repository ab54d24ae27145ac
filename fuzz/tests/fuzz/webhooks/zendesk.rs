//! Zendesk's deliveries (`wire/jira-zendesk.md` §B10): the timestamp stands before the body in what is signed.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_fuzz::{Shape, Zendesk};
use ticketing_http::webhook::SignatureEncoding;

use super::{Deliver, is_number};

const EVENTS: &[(&str, WebhookEvent)] = &[
    ("ticket.created", WebhookEvent::TicketCreated),
    ("ticket.undeleted", WebhookEvent::TicketCreated),
    ("ticket.soft_deleted", WebhookEvent::TicketDeleted),
    ("ticket.permanently_deleted", WebhookEvent::TicketDeleted),
    ("ticket.comment_added", WebhookEvent::CommentCreated),
    ("ticket.comment_redacted", WebhookEvent::CommentUpdated),
    ("ticket.status_changed", WebhookEvent::TicketUpdated),
    ("ticket.next_year's_event", WebhookEvent::TicketUpdated),
];

impl Deliver for Zendesk {
    const SIGNATURE: &'static str = "x-zendesk-webhook-signature";
    const ENCODING: SignatureEncoding = SignatureEncoding::Base64;
    const PREFIX: &'static str = "";
    const WINDOW: TimeDelta = TimeDelta::minutes(5);

    fn timestamp(at: DateTime<Utc>) -> String {
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    fn signed<'d>(timestamp: &'d str, body: &'d [u8]) -> Vec<&'d [u8]> {
        vec![timestamp.as_bytes(), body]
    }

    fn headers(timestamp: &str) -> Vec<(&'static str, String)> {
        vec![
            ("X-Zendesk-Webhook-Signature-Timestamp", timestamp.to_owned()),
            ("X-Zendesk-Webhook-Invocation-Id", "d1".to_owned()),
        ]
    }

    fn signed_at(timestamp: &str, _: &[u8]) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(timestamp).ok().map(|at| at.to_utc())
    }

    fn event(_: &str, shape: &mut Shape<'_>) -> Value {
        let id = match shape.below(5) {
            0 => shape.json(),
            1 => json!(shape.number()),
            _ => json!((1 + shape.number() % 1_000_000).to_string()),
        };
        if shape.one_in(5) {
            // A trigger's own template.
            return json!({ "ticket_id": id, "more": shape.json() });
        }
        let name = if shape.one_in(4) { shape.text() } else { shape.pick(EVENTS).0.to_owned() };
        let subject = *shape.pick(&["ticket", "ticket", "ticket", "user", "organization", "article"]);
        let shown = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let mut body = json!({
            "id": "e1", "time": "2026-01-05T07:59:58.123456789Z", "type": format!("zen:event-type:{name}"),
            "subject": format!("zen:{subject}:{shown}"), "detail": { "id": id, "status": "OPEN", "external_id": "", "group_id": "0" },
            "event": shape.json(),
        });
        match shape.below(6) {
            0 => body["detail"] = shape.json(),
            1 => body["subject"] = json!(shape.text()),
            2 => body["time"] = shape.json(),
            3 => body[shape.text()] = shape.json(),
            _ => {}
        }
        body
    }

    fn assert_told(events: &[ChangeEvent], said: &Value) {
        let id_of = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let subject = said["subject"].as_str().unwrap_or_default();
        let ids = [
            id_of(&said["detail"]["id"]),
            id_of(&said["ticket_id"]),
            subject.rsplit(':').next().unwrap_or_default().to_owned(),
        ];
        assert!(events.len() <= 1, "{events:?}");
        let name = said["type"].as_str().unwrap_or_default();
        let name = name.strip_prefix("zen:event-type:").unwrap_or(name);
        for told in events {
            assert!(ids.contains(&told.id) && is_number(&told.id), "{told:?} of {said}");
            assert_eq!(told.delivery_id.as_deref(), Some("d1"));
            if subject.starts_with("zen:ticket:") {
                assert_eq!(told.kind, Kind::Ticket, "{said}");
                if let Some((_, meant)) = EVENTS.iter().find(|(own, _)| *own == name) {
                    assert_eq!(told.event, *meant, "{said}");
                }
            }
            if said["time"] == "2026-01-05T07:59:58.123456789Z" {
                assert_eq!(told.at, Some("2026-01-05T07:59:58.123456789Z".parse().unwrap()));
            }
        }
        if subject.starts_with("zen:ticket:") && said["type"].as_str().is_some_and(|name| !name.is_empty()) {
            assert_eq!(events.len(), 1, "{said}");
        }
    }

    fn is_well_formed(said: &Value) -> bool {
        let is_text = |key: &str| said[key].is_string();
        let is_id = |value: &Value| value.as_str().is_some_and(is_number);
        if said.get("type").is_none() && said.get("subject").is_none() && said.get("time").is_none() {
            return is_id(&said["ticket_id"]);
        }
        is_text("type")
            && is_text("subject")
            && (is_text("time") || said["time"].is_null())
            && is_id(&said["detail"]["id"])
            && said["type"] != ""
    }
}
