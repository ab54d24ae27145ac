//! Jira's deliveries (`wire/jira-zendesk.md` A11): the time is in the body, in milliseconds, and the body is signed.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use ticketing_core::model::{ChangeEvent, Kind, WebhookEvent};
use ticketing_fuzz::{JiraCloud, Shape};
use ticketing_http::webhook::SignatureEncoding;

use super::{Deliver, is_number};

const EVENTS: &[(&str, Option<WebhookEvent>)] = &[
    ("jira:issue_created", Some(WebhookEvent::TicketCreated)),
    ("jira:issue_updated", Some(WebhookEvent::TicketUpdated)),
    ("jira:issue_deleted", Some(WebhookEvent::TicketDeleted)),
    ("comment_created", Some(WebhookEvent::CommentCreated)),
    ("comment_updated", Some(WebhookEvent::CommentUpdated)),
    ("comment_deleted", Some(WebhookEvent::CommentDeleted)),
    ("issuelink_created", None),
    ("user_updated", None),
    ("sprint_closed", None),
    ("jira:version_released", None),
];

/// The id in a part; one in a list alone is read as one in a record, as by any reader of serde's.
fn id_in(part: &Value) -> Option<String> {
    part.get("id").or_else(|| part.get(0)).and_then(id_of)
}

fn id_of(value: &Value) -> Option<String> {
    let text = value.as_str().map(str::to_owned).or_else(|| value.as_number().map(ToString::to_string))?;
    (text.len() <= 20 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

impl Deliver for JiraCloud {
    const SIGNATURE: &'static str = "x-hub-signature";
    const ENCODING: SignatureEncoding = SignatureEncoding::Hex;
    const PREFIX: &'static str = "sha256=";
    const WINDOW: TimeDelta = TimeDelta::hours(2);

    fn timestamp(at: DateTime<Utc>) -> String {
        at.timestamp_millis().to_string()
    }

    fn signed<'d>(_: &'d str, body: &'d [u8]) -> Vec<&'d [u8]> {
        vec![body]
    }

    fn headers(_: &str) -> Vec<(&'static str, String)> {
        vec![("X-Atlassian-Webhook-Identifier", "d1".to_owned()), ("X-Atlassian-Webhook-Retry", "1".to_owned())]
    }

    fn signed_at(_: &str, body: &[u8]) -> Option<DateTime<Utc>> {
        let body: Value = serde_json::from_slice(body).ok()?;
        DateTime::from_timestamp_millis(body["timestamp"].as_i64()?)
    }

    fn event(timestamp: &str, shape: &mut Shape<'_>) -> Value {
        let timestamp = timestamp.parse::<i64>().map_or_else(|_| shape.json(), Value::from);
        let name = if shape.one_in(4) { shape.text() } else { shape.pick(EVENTS).0.to_owned() };
        let mut body = json!({ "timestamp": timestamp, "webhookEvent": name });
        for part in ["issue", "comment", "user", "issueLink"] {
            if shape.one_in(3) {
                continue;
            }
            let id = match shape.below(4) {
                0 => shape.json(),
                1 => json!(shape.number()),
                _ => json!((1 + shape.number() % 100_000).to_string()),
            };
            body[part] = match (part, shape.below(8)) {
                (_, 0) => shape.json(),
                ("user", _) => json!({ "accountId": format!("5b:{}", shape.text()), "displayName": shape.text() }),
                ("issueLink", _) => json!({ "id": 1, "sourceIssueId": id, "destinationIssueId": 10_002 }),
                _ => json!({ "id": id, "key": shape.text(), "fields": shape.json() }),
            };
        }
        body
    }

    fn assert_told(events: &[ChangeEvent], said: &Value) {
        let name = said["webhookEvent"].as_str().unwrap();
        let at = DateTime::from_timestamp_millis(said["timestamp"].as_i64().unwrap());
        for told in events {
            assert_eq!((told.delivery_id.as_deref(), told.at), (Some("d1"), at), "{told:?} of {said}");
            let ids: Vec<Option<String>> = match told.kind {
                Kind::Ticket => vec![
                    id_in(&said["issue"]),
                    id_of(&said["issueLink"]["sourceIssueId"]).or_else(|| id_of(&said["issueLink"][0])),
                    id_of(&said["issueLink"]["destinationIssueId"]).or_else(|| id_of(&said["issueLink"][1])),
                ],
                Kind::Comment => vec![id_in(&said["comment"])],
                _ => vec![
                    said["user"]["accountId"].as_str().map(str::to_owned),
                    said["user"]["key"].as_str().map(str::to_owned),
                    said["user"][0].as_str().map(str::to_owned),
                    said["user"][1].as_str().map(str::to_owned),
                ],
            };
            assert!(ids.contains(&Some(told.id.clone())), "{told:?} of {said}");
        }
        if let Some((_, Some(meant))) = EVENTS.iter().find(|(own, _)| *own == name) {
            assert_eq!(events.first().map(|told| told.event), Some(*meant), "{said}");
        }
        let issue = id_of(&said["issue"]["id"]);
        if issue.is_some() && !name.trim_start_matches("jira:").starts_with("user_") {
            assert!(events.iter().any(|told| told.kind == Kind::Ticket && Some(&told.id) == issue.as_ref()), "{said}");
        }
    }

    fn is_well_formed(said: &Value) -> bool {
        let is_id = |value: &Value| value.as_str().is_some_and(is_number) || value.as_u64().is_some();
        let is_part = |key: &str| said[key].is_null() || is_id(&said[key]["id"]);
        let no_link = said["issueLink"].is_null();
        let no_user = said["user"].is_null();
        said["timestamp"].is_i64()
            && said["webhookEvent"].as_str().is_some_and(|name| !name.contains("comment") || !said["comment"].is_null())
            && said["webhookEvent"].as_str().is_some_and(|name| !name.contains("issue_") || !said["issue"].is_null())
            && is_part("issue")
            && is_part("comment")
            && no_link
            && no_user
    }
}
