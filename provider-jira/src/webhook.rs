//! Deliveries of webhooks that an administrator made with a secret, or an app of Jira's signs: `X-Hub-Signature`, the
//! HMAC-SHA256 of the body in hex (wire A11). Dynamic webhooks of OAuth apps carry a JWT instead, and are not taken.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_core::{BuildContext, Error, ErrorKind, Result, Secret, WebhookDelivery, WebhookIntake, remedy};
use ticketing_http::webhook::{HmacSha256, ReplayCache, SignatureEncoding, within_window};

use crate::wire::Person;
use ticketing_http::config::{kind_of, known_keys, object};

/// How old a delivery may be: slow ones wait a quarter of an hour, and five repetitions stand as far apart (wire A11).
const WINDOW: TimeDelta = TimeDelta::hours(2);
/// Deliveries remembered.
const REMEMBERED: usize = 10_000;

/// Verifies deliveries, and says what to read again.
#[derive(Debug)]
pub struct JiraWebhook {
    hmac: HmacSha256,
    replays: ReplayCache,
}

impl JiraWebhook {
    /// From `{"secret": "…"}`: what the webhook was made with.
    ///
    /// # Errors
    /// `Config`, naming the key.
    pub fn from_value(config: Value) -> Result<Self> {
        let map = object("config", config)?;
        known_keys("", &map, &["secret"])?;
        let secret = match map.get("secret") {
            Some(Value::String(secret)) if !secret.is_empty() => Secret::new(secret.clone()),
            None | Some(Value::Null | Value::String(_)) => {
                return Err(Error::config("secret", "it is missing or empty")
                    .with_hint("give the secret that the webhook was made with"));
            }
            Some(other) => {
                return Err(Error::config("secret", format!("it must be a string, and is {}", kind_of(other))));
            }
        };
        Ok(Self { hmac: HmacSha256::new(&secret, SignatureEncoding::Hex)?, replays: ReplayCache::new(REMEMBERED) })
    }
}

/// For the registry.
pub(crate) fn build(config: Value, _: &BuildContext) -> Result<Arc<dyn WebhookIntake>> {
    Ok(Arc::new(JiraWebhook::from_value(config)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    /// Milliseconds since 1970.
    timestamp: i64,
    webhook_event: String,
    #[serde(default)]
    issue: Option<Named>,
    #[serde(default)]
    comment: Option<Named>,
    #[serde(default)]
    user: Option<Person>,
    #[serde(default)]
    issue_link: Option<Ends>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ends {
    #[serde(default, deserialize_with = "crate::wire::some_text")]
    source_issue_id: Option<String>,
    #[serde(default, deserialize_with = "crate::wire::some_text")]
    destination_issue_id: Option<String>,
}

impl WebhookIntake for JiraWebhook {
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>> {
        let signature = delivery.header("x-hub-signature").ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "the delivery has no header `x-hub-signature`")
                .with_hint("give the webhook a secret")
        })?;
        // The header names the method; another one than this would be weaker.
        let Some(hex) = signature.trim().strip_prefix("sha256=") else {
            return Err(Error::new(ErrorKind::Unauthenticated, "the delivery is not signed by sha256"));
        };
        // What is not signed is not read.
        if !remedy::is_removed("jira.webhook_signature") {
            self.hmac.verify(&[&delivery.body], hex)?;
        }
        let body: Body = ticketing_http::decode(&delivery.body)?;
        let at = DateTime::<Utc>::from_timestamp_millis(body.timestamp)
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the delivery's `timestamp` is no moment"))?;
        within_window(at, delivery.received_at, WINDOW)?;
        let events = events(delivery.header("x-atlassian-webhook-identifier"), at, &body)?;
        // Last, so that what could not be read is not taken for read when it comes again. The identifier travels outside the
        // signature, which may be written in capitals: what is signed may come once.
        self.replays.note(&self.hmac.sign(&[&delivery.body]))?;
        Ok(events)
    }
}

/// What a verified delivery says.
fn events(id: Option<&str>, at: DateTime<Utc>, body: &Body) -> Result<Vec<ChangeEvent>> {
    let event = |event: WebhookEvent, kind: Kind, what: &str| ChangeEvent {
        delivery_id: id.map(str::to_owned),
        event,
        kind,
        id: what.to_owned(),
        at: Some(at),
    };
    let is_id = |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    let ticket = body.issue.as_ref().map(|own| own.id.as_str()).filter(|id| is_id(id));
    let name = body.webhook_event.as_str();
    let name = name.strip_prefix("jira:").unwrap_or(name);
    let of_ticket = match name {
        "issue_created" => Some(WebhookEvent::TicketCreated),
        "issue_updated" => Some(WebhookEvent::TicketUpdated),
        "issue_deleted" => Some(WebhookEvent::TicketDeleted),
        _ => None,
    };
    if let Some(what) = of_ticket {
        let ticket =
            ticket.ok_or_else(|| Error::new(ErrorKind::Decode, "the delivery names no issue, at `issue.id`"))?;
        return Ok(vec![event(what, Kind::Ticket, ticket)]);
    }
    let of_comment = match name {
        "comment_created" => Some(WebhookEvent::CommentCreated),
        "comment_updated" => Some(WebhookEvent::CommentUpdated),
        "comment_deleted" => Some(WebhookEvent::CommentDeleted),
        _ => None,
    };
    let mut out = Vec::new();
    if let Some(what) = of_comment {
        let comment = body.comment.as_ref().map(|own| own.id.as_str()).filter(|id| is_id(id));
        let comment =
            comment.ok_or_else(|| Error::new(ErrorKind::Decode, "the delivery names no comment, at `comment.id`"))?;
        out.push(event(what, Kind::Comment, comment));
    }
    if name.starts_with("user_") {
        out.extend(body.user.as_ref().and_then(Person::id).map(|id| event(WebhookEvent::Other, Kind::User, id)));
        return Ok(out);
    }
    if let Some(ends) = &body.issue_link {
        let ends = [&ends.source_issue_id, &ends.destination_issue_id].into_iter().flatten();
        out.extend(ends.filter(|id| is_id(id)).map(|id| event(WebhookEvent::TicketUpdated, Kind::Ticket, id)));
    }
    // What happened to something of an issue's happened to the issue. Of other things there is none to read again.
    out.extend(ticket.map(|id| event(WebhookEvent::TicketUpdated, Kind::Ticket, id)));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SECRET: &str = "It's a Secret to Everybody";
    const NOW: i64 = 1_767_600_000;

    fn signed(body: &Value, at: i64) -> WebhookDelivery {
        let body = body.to_string();
        let hmac = HmacSha256::new(&Secret::new(SECRET), SignatureEncoding::Hex).unwrap();
        let headers = vec![
            ("X-Hub-Signature".to_owned(), format!("sha256={}", hmac.sign(&[body.as_bytes()]))),
            ("X-Atlassian-Webhook-Identifier".to_owned(), "d1".to_owned()),
        ];
        WebhookDelivery::new(headers, body, DateTime::from_timestamp(at, 0).unwrap())
    }

    fn intake() -> JiraWebhook {
        JiraWebhook::from_value(json!({ "secret": SECRET })).unwrap()
    }

    fn updated() -> Value {
        json!({ "timestamp": NOW * 1_000, "webhookEvent": "jira:issue_updated", "issue": { "id": "10002", "key": "HELP-2" } })
    }

    /// The vendor's own example (wire A11).
    #[test]
    fn the_signature_is_the_documented_one() {
        let hmac = HmacSha256::new(&Secret::new(SECRET), SignatureEncoding::Hex).unwrap();
        let signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert!(hmac.verify(&[b"Hello World!"], signature).is_ok());
    }

    #[test]
    fn a_signed_delivery_says_what_to_read_again() {
        let intake = intake();
        let events = intake.receive(&signed(&updated(), NOW + 60)).unwrap();
        assert_eq!(
            (events[0].event, events[0].kind, events[0].id.as_str()),
            (WebhookEvent::TicketUpdated, Kind::Ticket, "10002")
        );
        assert_eq!((events[0].delivery_id.as_deref(), events[0].at), (Some("d1"), DateTime::from_timestamp(NOW, 0)));
        let again = intake.receive(&signed(&updated(), NOW + 60)).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        // A digest in capitals is the same digest.
        let mut shouted = signed(&updated(), NOW + 60);
        shouted.headers[0].1 = shouted.headers[0].1.to_ascii_uppercase().replace("SHA256=", "sha256=");
        assert_eq!(intake.receive(&shouted).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let told = |body: Value| {
            let events = intake.receive(&signed(&body, NOW)).unwrap();
            events.into_iter().map(|own| (own.event, own.kind, own.id)).collect::<Vec<_>>()
        };
        let at = |name: &str, rest: Value| {
            let mut body = json!({ "timestamp": NOW * 1_000, "webhookEvent": name });
            body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            body
        };
        assert_eq!(
            told(at("comment_created", json!({ "comment": { "id": "7" }, "issue": { "id": "9" } }))),
            [
                (WebhookEvent::CommentCreated, Kind::Comment, "7".to_owned()),
                (WebhookEvent::TicketUpdated, Kind::Ticket, "9".to_owned())
            ]
        );
        // The one thing that tells a deletion from an issue that may not be seen any more (wire A11, A14): nothing is sent of that.
        assert_eq!(
            told(at("jira:issue_deleted", json!({ "issue": { "id": "9" } }))),
            [(WebhookEvent::TicketDeleted, Kind::Ticket, "9".to_owned())]
        );
        // A full issue is not promised.
        assert_eq!(told(at("comment_deleted", json!({ "comment": { "id": "7" } }))).len(), 1);
        assert_eq!(
            told(at("issuelink_created", json!({ "issueLink": { "sourceIssueId": 1, "destinationIssueId": 2 } })))
                .len(),
            2
        );
        assert_eq!(
            told(at("user_updated", json!({ "user": { "accountId": "a:1" } }))),
            [(WebhookEvent::Other, Kind::User, "a:1".to_owned())]
        );
        assert!(told(at("sprint_closed", json!({}))).is_empty(), "unknown events pass");
    }

    #[test]
    fn what_could_not_be_read_is_not_taken_for_read_when_it_comes_again() {
        let intake = intake();
        for name in ["jira:issue_updated", "comment_created"] {
            let body = json!({ "timestamp": NOW * 1_000, "webhookEvent": name, "issue": { "id": "x" } });
            for turn in 1..=3 {
                let refused = intake.receive(&signed(&body, NOW)).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::Decode, "turn {turn}: {body}");
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let refused = |delivery: WebhookDelivery| intake().receive(&delivery).unwrap_err().kind();
        let mut changed = signed(&updated(), NOW);
        changed.body = updated().to_string().replace("10002", "10003").into();
        assert_eq!(refused(changed), ErrorKind::Unauthenticated);
        assert_eq!(refused(signed(&updated(), NOW + 7_201)), ErrorKind::Unauthenticated);
        assert_eq!(refused(signed(&json!({}), NOW)), ErrorKind::Decode);
        for signature in ["", "sha1=00", "sha256=", "sha256=00", "nonsense"] {
            let mut odd = signed(&updated(), NOW);
            odd.headers[0].1 = signature.to_owned();
            assert_eq!(refused(odd), ErrorKind::Unauthenticated, "{signature}");
        }
        let mut bare = signed(&updated(), NOW);
        bare.headers.clear();
        assert_eq!(refused(bare), ErrorKind::Unauthenticated);
        for config in [json!({}), json!({ "secret": "" }), json!({ "secret": 7 }), json!({ "secret": "x", "more": 1 })]
        {
            assert_eq!(JiraWebhook::from_value(config).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
