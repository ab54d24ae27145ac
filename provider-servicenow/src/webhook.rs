//! Deliveries of a business rule that signs what it sends (`wire/servicenow.md` §8.2): the instance has no signature of its
//! own, so the rule is ours, and so are the names of its headers.
//!
//! `X-Ticketing-Timestamp` (seconds since 1970), `X-Ticketing-Delivery` (a GUID), `X-Ticketing-Signature`:
//! `sha256=` and the Base64 of the HMAC-SHA256 of `TIMESTAMP.BODY`. The body:
//! `{"id","event":{"table","sys_id","operation":"insert|update|delete","fields":[…],"by","at"}}`.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_core::{BuildContext, Error, ErrorKind, Result, Secret, WebhookDelivery, WebhookIntake};
use ticketing_http::webhook::{HmacSha256, ReplayCache, SignatureEncoding, within_window};

use crate::config::is_table_name;
use crate::query::value::{is_sys_id, parse_time};
use ticketing_http::config::{kind_of, known_keys, object};

/// How old a delivery may be.
const WINDOW: TimeDelta = TimeDelta::minutes(5);
/// Deliveries remembered.
const REMEMBERED: usize = 10_000;
/// What stands before the headers' names unless the configuration says otherwise.
const PREFIX: &str = "x-ticketing";

/// Verifies deliveries, and says what to read again.
#[derive(Debug)]
pub struct ServiceNowWebhook {
    hmac: HmacSha256,
    replays: ReplayCache,
    prefix: String,
}

impl ServiceNowWebhook {
    /// From `{"secret": "…", "header_prefix": "x-ticketing"}`.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub fn from_value(config: Value) -> Result<Self> {
        let map = object("config", config)?;
        known_keys("", &map, &["secret", "header_prefix"])?;
        let secret = match map.get("secret") {
            Some(Value::String(secret)) if !secret.is_empty() => Secret::new(secret.clone()),
            None | Some(Value::Null | Value::String(_)) => {
                return Err(Error::config("secret", "it is missing or empty")
                    .with_hint("give the secret that the business rule signs with"));
            }
            Some(other) => {
                return Err(Error::config("secret", format!("it must be a string, and is {}", kind_of(other))));
            }
        };
        let prefix = match map.get("header_prefix") {
            None | Some(Value::Null) => PREFIX.to_owned(),
            Some(Value::String(prefix)) if is_prefix(prefix) => prefix.to_ascii_lowercase(),
            Some(_) => {
                return Err(Error::config("header_prefix", "it is no beginning of a header's name")
                    .with_hint("leave it out, or write letters and hyphens"));
            }
        };
        let hmac = HmacSha256::new(&secret, SignatureEncoding::Base64)?;
        Ok(Self { hmac, replays: ReplayCache::new(REMEMBERED), prefix })
    }

    fn header<'d>(&self, delivery: &'d WebhookDelivery, name: &str) -> Result<&'d str> {
        let name = format!("{}-{name}", self.prefix);
        delivery.header(&name).ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, format!("the delivery has no header `{name}`"))
                .with_hint("import the update set again: the business rule signs what it sends")
        })
    }
}

fn is_prefix(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// For the registry.
pub(crate) fn build(config: Value, _: &BuildContext) -> Result<Arc<dyn WebhookIntake>> {
    Ok(Arc::new(ServiceNowWebhook::from_value(config)?))
}

#[derive(Deserialize)]
struct Body {
    event: Event,
}

#[derive(Deserialize)]
struct Event {
    table: String,
    sys_id: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    at: Option<String>,
}

impl WebhookIntake for ServiceNowWebhook {
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>> {
        let timestamp = self.header(delivery, "timestamp")?;
        let signature = self.header(delivery, "signature")?;
        let id = self.header(delivery, "delivery")?;
        // What is not signed is not read.
        self.hmac.verify(&[timestamp.as_bytes(), b".", &delivery.body], signature)?;
        let signed_at =
            timestamp.parse().ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0)).ok_or_else(
                || Error::new(ErrorKind::Unauthenticated, "the delivery's timestamp is no number of seconds"),
            )?;
        within_window(signed_at, delivery.received_at, WINDOW)?;
        let events = events(id, &delivery.body)?;
        // Last, so that what could not be read is not taken for read when it comes again. The id travels outside the signature,
        // and a signature may be written in several ways: what is signed may come once.
        self.replays.note(&format!("{timestamp} {}", self.hmac.sign(&[timestamp.as_bytes(), b".", &delivery.body])))?;
        Ok(events)
    }
}

/// What a verified delivery says.
fn events(id: &str, body: &[u8]) -> Result<Vec<ChangeEvent>> {
    let body: Body = ticketing_http::decode(body)?;
    let event = body.event;
    if !is_sys_id(&event.sys_id) || !is_table_name(&event.table) {
        return Err(Error::new(ErrorKind::Decode, "the delivery names no record, at `event.sys_id` or `event.table`"));
    }
    let kind = match event.table.as_str() {
        "sys_user" => Kind::User,
        "sys_user_group" => Kind::Group,
        "core_company" | "customer_account" => Kind::Account,
        "customer_contact" => Kind::Contact,
        "sys_journal_field" => Kind::Comment,
        // Attachments, tags and the platform's own tables are none of what can be read again by its id.
        other if other.starts_with("sys_") || other.starts_with("label") => return Ok(Vec::new()),
        _ => Kind::Ticket,
    };
    let what = match (kind, event.operation.as_str()) {
        (Kind::Ticket, "insert") => WebhookEvent::TicketCreated,
        (Kind::Ticket, "update") => WebhookEvent::TicketUpdated,
        (Kind::Ticket, "delete") => WebhookEvent::TicketDeleted,
        (Kind::Comment, "insert") => WebhookEvent::CommentCreated,
        (Kind::Comment, "update") => WebhookEvent::CommentUpdated,
        (Kind::Comment, "delete") => WebhookEvent::CommentDeleted,
        _ => WebhookEvent::Other,
    };
    Ok(vec![ChangeEvent {
        delivery_id: Some(id.to_owned()),
        event: what,
        kind,
        id: event.sys_id,
        at: event.at.as_deref().and_then(parse_time),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn delivery(secret: &str, timestamp: i64, body: &str, received: i64) -> WebhookDelivery {
        let hmac = HmacSha256::new(&Secret::new(secret), SignatureEncoding::Base64).unwrap();
        let stamp = timestamp.to_string();
        let signature = format!("sha256={}", hmac.sign(&[stamp.as_bytes(), b".", body.as_bytes()]));
        let headers = [
            ("X-Ticketing-Timestamp", stamp),
            ("X-Ticketing-Signature", signature),
            ("X-Ticketing-Delivery", "d1".to_owned()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        WebhookDelivery::new(headers, body.to_owned(), DateTime::from_timestamp(received, 0).unwrap())
    }

    const BODY: &str = r#"{"id":"d1","event":{"table":"incident","sys_id":"46d44a40a9fe19810012d100cca80666","operation":"update","fields":["state"],"by":"ada","at":"2026-01-05 08:00:00"}}"#;

    fn intake() -> ServiceNowWebhook {
        ServiceNowWebhook::from_value(json!({"secret": "hunter2"})).unwrap()
    }

    #[test]
    fn a_signed_delivery_says_what_to_read_again() {
        let intake = intake();
        let events = intake.receive(&delivery("hunter2", 1_767_600_000, BODY, 1_767_600_060)).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].event, events[0].kind), (WebhookEvent::TicketUpdated, Kind::Ticket));
        assert_eq!(events[0].id, "46d44a40a9fe19810012d100cca80666");
        assert_eq!(events[0].at, Some("2026-01-05T08:00:00Z".parse().unwrap()));
        let again = intake.receive(&delivery("hunter2", 1_767_600_000, BODY, 1_767_600_060)).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        // The same signature without its scheme, or with a blank behind it (found by fuzzing).
        for spelled in ["", "sha256=sha256=", " sha256="] {
            let mut again = delivery("hunter2", 1_767_600_000, BODY, 1_767_600_060);
            again.headers[1].1 = again.headers[1].1.replace("sha256=", spelled);
            assert!(intake.receive(&again).is_err(), "told twice, signed {spelled:?}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_not_taken_for_read_when_it_comes_again() {
        let intake = intake();
        for body in [
            "no json",
            "{}",
            &BODY.replace("incident", "In cident"),
            &BODY.replace("46d44a40a9fe19810012d100cca80666", ""),
        ] {
            for turn in 1..=3 {
                let refused = intake.receive(&delivery("hunter2", 1_767_600_000, body, 1_767_600_060)).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::Decode, "turn {turn}: {body}");
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |delivery: WebhookDelivery| intake().receive(&delivery).unwrap_err().kind();
        assert_eq!(refused(delivery("other", 1_767_600_000, BODY, 1_767_600_000)), ErrorKind::Unauthenticated);
        assert_eq!(refused(delivery("hunter2", 1_767_600_000, BODY, 1_767_600_301)), ErrorKind::Unauthenticated);
        assert_eq!(refused(delivery("hunter2", 1_767_600_000, "{}", 1_767_600_000)), ErrorKind::Decode);
        let mut changed = delivery("hunter2", 1_767_600_000, BODY, 1_767_600_000);
        changed.body = BODY.replace("state", "stat3").into();
        assert_eq!(refused(changed), ErrorKind::Unauthenticated);
        let mut bare = delivery("hunter2", 1_767_600_000, BODY, 1_767_600_000);
        bare.headers.clear();
        assert_eq!(refused(bare), ErrorKind::Unauthenticated);
        for config in [
            json!({}),
            json!({"secret": ""}),
            json!({"secret": "x", "more": 1}),
            json!({"secret": "x", "header_prefix": "a b"}),
        ] {
            assert_eq!(ServiceNowWebhook::from_value(config).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
