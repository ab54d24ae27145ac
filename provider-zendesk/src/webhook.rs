//! Deliveries of the account's webhooks (`wire/jira-zendesk.md` §B10): `X-Zendesk-Webhook-Signature` is the Base64 of the
//! HMAC-SHA256 of the timestamp and the body, one behind the other, under the webhook's signing secret as it is given.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_core::{BuildContext, Error, ErrorKind, Result, Secret, WebhookDelivery, WebhookIntake};
use ticketing_http::webhook::{HmacSha256, ReplayCache, SignatureEncoding, within_window};

use crate::connection::number;
use ticketing_http::config::{kind_of, known_keys, object};

/// How old a delivery may be.
const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// Deliveries remembered.
const REMEMBERED: usize = 10_000;
/// The secret that tests are signed with before a webhook is saved: everybody knows it (§B10).
const PUBLIC_SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// Verifies deliveries, and says what to read again.
#[derive(Debug)]
pub struct ZendeskWebhook {
    hmac: HmacSha256,
    replays: ReplayCache,
}

impl ZendeskWebhook {
    /// From `{"secret": "…"}`: the webhook's signing secret.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub fn from_value(config: Value) -> Result<Self> {
        let map = object("config", config)?;
        known_keys("", &map, &["secret"])?;
        let secret = match map.get("secret") {
            Some(Value::String(secret)) if secret == PUBLIC_SECRET => {
                return Err(Error::config("secret", "it is the public one, which anybody can sign with")
                    .with_hint("save the webhook, and take its own signing secret"));
            }
            Some(Value::String(secret)) if !secret.is_empty() => Secret::new(secret.clone()),
            None | Some(Value::Null | Value::String(_)) => {
                return Err(Error::config("secret", "it is missing or empty")
                    .with_hint("give the webhook's signing secret: GET /api/v2/webhooks/{id}/signing_secret"));
            }
            Some(other) => {
                return Err(Error::config("secret", format!("it must be a string, and is {}", kind_of(other))));
            }
        };
        let hmac = HmacSha256::new(&secret, SignatureEncoding::Base64)?.with_prefix("");
        Ok(Self { hmac, replays: ReplayCache::new(REMEMBERED) })
    }
}

/// For the registry.
pub(crate) fn build(config: Value, _: &BuildContext) -> Result<Arc<dyn WebhookIntake>> {
    Ok(Arc::new(ZendeskWebhook::from_value(config)?))
}

fn header<'d>(delivery: &'d WebhookDelivery, name: &str) -> Result<&'d str> {
    delivery.header(name).ok_or_else(|| {
        Error::new(ErrorKind::Unauthenticated, format!("the delivery has no header `{name}`"))
            .with_hint("let the account's own webhooks deliver here, and nothing between that drops headers")
    })
}

/// The body of an event: its own type, what it is about, and when.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type", default)]
    event_type: String,
    /// `zen:ticket:123`.
    #[serde(default)]
    subject: String,
    time: Option<String>,
    #[serde(default)]
    detail: Value,
    /// Of a trigger's own template.
    #[serde(default)]
    ticket_id: Value,
}

/// An id: a text in events, a number elsewhere; `"0"` is none (§B10).
fn id_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    number(&text).map(|number| number.to_string())
}

impl WebhookIntake for ZendeskWebhook {
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>> {
        let signature = header(delivery, "x-zendesk-webhook-signature")?;
        let timestamp = header(delivery, "x-zendesk-webhook-signature-timestamp")?;
        // What is not signed is not read.
        self.hmac.verify(&[timestamp.as_bytes(), &delivery.body], signature)?;
        let signed_at = DateTime::parse_from_rfc3339(timestamp)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|_| Error::new(ErrorKind::Unauthenticated, "the delivery's timestamp is no moment"))?;
        within_window(signed_at, delivery.received_at, WINDOW)?;
        let invocation = delivery.header("x-zendesk-webhook-invocation-id");
        let events = events(invocation, &delivery.body)?;
        // Last, so that what could not be read is not taken for read when it comes again. The invocation's id is the same on a
        // repeat, and travels outside the signature, around which there may be blanks: what is signed may come once.
        self.replays.note(&format!("{timestamp} {}", self.hmac.sign(&[timestamp.as_bytes(), &delivery.body])))?;
        Ok(events)
    }
}

/// What a verified delivery says.
fn events(invocation: Option<&str>, body: &[u8]) -> Result<Vec<ChangeEvent>> {
    let body: Body = ticketing_http::decode(body)?;
    let at = body.time.as_deref().and_then(|time| DateTime::parse_from_rfc3339(time).ok()).map(|at| at.to_utc());
    let event = |event: WebhookEvent, kind: Kind, id: String| {
        Ok(vec![ChangeEvent { delivery_id: invocation.map(str::to_owned), event, kind, id, at }])
    };
    let subject = body.subject.split(':').nth(1).unwrap_or_default();
    let id = id_of(&body.detail["id"])
        .or_else(|| body.subject.rsplit(':').next().and_then(number).map(|number| number.to_string()));
    if body.event_type.is_empty() {
        // A trigger's payload is what its template says; ours names the ticket.
        return match id_of(&body.ticket_id) {
            Some(id) => event(WebhookEvent::TicketUpdated, Kind::Ticket, id),
            None => Err(nameless()),
        };
    }
    let Some(id) = id else { return Err(nameless()) };
    let what = body.event_type.strip_prefix("zen:event-type:").unwrap_or(&body.event_type);
    match (subject, what) {
        ("ticket", "ticket.created" | "ticket.undeleted") => event(WebhookEvent::TicketCreated, Kind::Ticket, id),
        ("ticket", "ticket.soft_deleted" | "ticket.permanently_deleted") => {
            event(WebhookEvent::TicketDeleted, Kind::Ticket, id)
        }
        ("ticket", "ticket.comment_added") => event(WebhookEvent::CommentCreated, Kind::Ticket, id),
        ("ticket", "ticket.comment_made_private" | "ticket.comment_redacted") => {
            event(WebhookEvent::CommentUpdated, Kind::Ticket, id)
        }
        // Other types are added at any time (§B10), and say that the ticket is to be read again.
        ("ticket", _) => event(WebhookEvent::TicketUpdated, Kind::Ticket, id),
        ("user", _) => event(WebhookEvent::Other, Kind::User, id),
        ("organization", _) => event(WebhookEvent::Other, Kind::Account, id),
        // Articles and whatever comes: none of what can be read again here.
        _ => Ok(Vec::new()),
    }
}

fn nameless() -> Error {
    Error::new(ErrorKind::Decode, "the delivery names no record, at `detail.id` or `ticket_id`").with_hint(
        "subscribe to the account's events, or let the trigger's template say `\"ticket_id\": \"{{ticket.id}}\"`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AT: &str = "2026-01-05T08:00:00Z";
    const BODY: &str = r#"{"account_id":"1","id":"e1","time":"2026-01-05T07:59:58Z","type":"zen:event-type:ticket.status_changed","subject":"zen:ticket:35436","zendesk_event_version":"2022-11-06","detail":{"id":"35436","status":"OPEN","external_id":"","group_id":"0"},"event":{"current":"OPEN","previous":"NEW"}}"#;

    fn delivery(secret: &str, at: &str, body: &str, received: &str) -> WebhookDelivery {
        let hmac = HmacSha256::new(&Secret::new(secret), SignatureEncoding::Base64).unwrap();
        let headers = [
            ("X-Zendesk-Webhook-Signature", hmac.sign(&[at.as_bytes(), body.as_bytes()])),
            ("X-Zendesk-Webhook-Signature-Timestamp", at.to_owned()),
            ("X-Zendesk-Webhook-Invocation-Id", "01HFZ".to_owned()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        WebhookDelivery::new(headers, body.to_owned(), received.parse().unwrap())
    }

    fn intake() -> ZendeskWebhook {
        ZendeskWebhook::from_value(json!({"secret": "hunter2"})).unwrap()
    }

    #[test]
    fn a_signed_delivery_says_what_to_read_again() {
        let intake = intake();
        let events = intake.receive(&delivery("hunter2", AT, BODY, AT)).unwrap();
        assert_eq!((events[0].event, events[0].kind), (WebhookEvent::TicketUpdated, Kind::Ticket));
        assert_eq!((events[0].id.as_str(), events[0].delivery_id.as_deref()), ("35436", Some("01HFZ")));
        assert_eq!(events[0].at, Some("2026-01-05T07:59:58Z".parse().unwrap()));
        let again = intake.receive(&delivery("hunter2", AT, BODY, AT)).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        let mut spaced = delivery("hunter2", AT, BODY, AT);
        spaced.headers[0].1.push(' ');
        assert_eq!(intake.receive(&spaced).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let trigger = self::intake().receive(&delivery("hunter2", AT, r#"{"ticket_id":"12"}"#, AT)).unwrap();
        assert_eq!(trigger[0].id, "12");
        let created = BODY.replace("status_changed", "created");
        assert_eq!(
            self::intake().receive(&delivery("hunter2", AT, &created, AT)).unwrap()[0].event,
            WebhookEvent::TicketCreated
        );
        let article = BODY.replace("zen:ticket:", "zen:article:");
        assert!(self::intake().receive(&delivery("hunter2", AT, &article, AT)).unwrap().is_empty());
    }

    #[test]
    fn what_could_not_be_read_is_not_taken_for_read_when_it_comes_again() {
        let intake = intake();
        for body in ["no json", "{}", r#"{"type":7}"#, r#"{"ticket_id":"0"}"#] {
            for turn in 1..=3 {
                let refused = intake.receive(&delivery("hunter2", AT, body, AT)).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::Decode, "turn {turn}: {body}");
            }
        }
    }

    #[test]
    fn the_documented_computation_is_ours() {
        // wire §B10: base64(HMAC-SHA256(secret, timestamp + body)), checked against an independent computation.
        let hmac = HmacSha256::new(&Secret::new("hunter2"), SignatureEncoding::Base64).unwrap();
        let signature = hmac.sign(&[AT.as_bytes(), b"{\"a\":1}"]);
        assert_eq!(signature, "QfOUHOsKyqDQMQqKfFHFLeqPF8h1prkGGKG7avsVk4k=");
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |delivery: WebhookDelivery| intake().receive(&delivery).unwrap_err().kind();
        assert_eq!(refused(delivery("other", AT, BODY, AT)), ErrorKind::Unauthenticated);
        assert_eq!(refused(delivery("hunter2", AT, BODY, "2026-01-05T08:05:01Z")), ErrorKind::Unauthenticated);
        assert_eq!(refused(delivery("hunter2", "yesterday", BODY, AT)), ErrorKind::Unauthenticated);
        assert_eq!(refused(delivery("hunter2", AT, "{}", AT)), ErrorKind::Decode);
        assert_eq!(refused(delivery("hunter2", AT, "no json", AT)), ErrorKind::Decode);
        let mut changed = delivery("hunter2", AT, BODY, AT);
        changed.body = BODY.replace("OPEN", "HOLD").into();
        assert_eq!(refused(changed), ErrorKind::Unauthenticated);
        let mut bare = delivery("hunter2", AT, BODY, AT);
        bare.headers.clear();
        assert_eq!(refused(bare), ErrorKind::Unauthenticated);
        for config in
            [json!({}), json!({"secret": ""}), json!({"secret": PUBLIC_SECRET}), json!({"secret": "x", "more": 1})]
        {
            assert_eq!(ZendeskWebhook::from_value(config).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
