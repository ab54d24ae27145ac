//! Webhooks and what they send: wire B10.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::call::time;
use super::model::{Comment, Event, Ticket};
use crate::delivery::{Target, send};
use crate::emulator::lock;
use crate::random::stable_id;

/// Deliveries remembered.
const CAPACITY: usize = 1_000;

/// The account's id, which every delivery names.
pub(crate) const ACCOUNT: u64 = 20_000_001;

/// The fixed secret of tests before a webhook is saved: public, so worth nothing (wire B10).
pub(crate) const TEST_SECRET: &str = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/// One webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    /// Its members as they were written, without what the vendor decides.
    pub(crate) members: Map<String, Value>,
    pub(crate) secret: String,
    pub(crate) by: u64,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}

impl Webhook {
    fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is active and listens to this event.
    fn listens(&self, kind: &str) -> bool {
        let subscriptions = self.members.get("subscriptions").and_then(Value::as_array);
        self.text("status") == "active" && subscriptions.into_iter().flatten().any(|own| own == kind)
    }
}

/// Something that happened to a ticket, to be told.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    /// After `zen:event-type:ticket.`.
    pub(crate) kind: &'static str,
    pub(crate) ticket: Arc<Ticket>,
    pub(crate) actor: u64,
    pub(crate) event: Value,
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// `x-zendesk-webhook-invocation-id`, by which receivers tell repetitions.
    pub id: String,
    /// The webhook's id.
    pub webhook: String,
    /// `zen:event-type:ticket.created`, and so on.
    pub event_type: String,
    /// Where it went.
    pub url: String,
    /// The JSON sent.
    pub body: String,
    /// `x-zendesk-webhook-signature-timestamp`, of the virtual clock.
    pub timestamp: String,
    /// `x-zendesk-webhook-signature`.
    pub signature: String,
    /// The receiver's status; `None` when it could not be reached, or has not answered yet.
    pub status: Option<u16>,
}

/// The webhooks and what they have sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Webhooks {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    hooks: BTreeMap<String, Webhook>,
    deliveries: Vec<Delivery>,
    count: u64,
}

/// `base64(HMAC-SHA256(secret, timestamp + body))` (wire B10).
pub(crate) fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The event type of a changed field (wire B10).
fn kind_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "subject" => "subject_changed",
        "status" => "status_changed",
        "custom_status_id" => "custom_status_changed",
        "priority" => "priority_changed",
        "type" => "type_changed",
        "requester_id" => "requester_changed",
        "assignee_id" => "agent_assignment_changed",
        "group_id" => "group_assignment_changed",
        "organization_id" => "organization_changed",
        "problem_id" => "problem_link_changed",
        "external_id" => "external_id_changed",
        "due_at" => "task_due_at_changed",
        "tags" => "tags_changed",
        "follower_ids" => "followers_changed",
        "email_cc_ids" => "email_ccs_changed",
        other if other.bytes().all(|byte| byte.is_ascii_digit()) => "custom_field_changed",
        _ => return None,
    })
}

fn upper(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| Value::from(text.to_uppercase()))
}

/// What the events of an audit tell; one event each.
pub(crate) fn changes(ticket: &Arc<Ticket>, actor: u64, events: &[(u64, Event)]) -> Vec<Happened> {
    let told = |kind, event| Happened { kind, ticket: Arc::clone(ticket), actor, event };
    let one = |event: &Event| match event {
        Event::Comment(id) => {
            let comment = ticket.comment(*id)?;
            Some(told("comment_added", json!({ "comment": comment_shown(comment) })))
        }
        Event::Change { field, value, previous } => {
            let kind = kind_of(field)?;
            let list = |own: &Value| -> Vec<Value> { own.as_array().cloned().unwrap_or_default() };
            let event = match kind {
                "tags_changed" => {
                    let (old, new) = (list(previous), list(value));
                    let gone = |from: &[Value], than: &[Value]| -> Vec<Value> {
                        from.iter().filter(|own| !than.contains(own)).cloned().collect()
                    };
                    json!({ "tags_added": { "tags": gone(&new, &old) }, "tags_removed": { "tags": gone(&old, &new) } })
                }
                "status_changed" | "priority_changed" | "type_changed" => {
                    json!({ "current": upper(value), "previous": upper(previous) })
                }
                "custom_field_changed" => json!({ "current": value, "previous": previous, "field": { "id": field } }),
                _ => json!({ "current": value, "previous": previous }),
            };
            Some(told(kind, event))
        }
        Event::Create { .. } => None,
    };
    events.iter().filter_map(|own| one(&own.1)).collect()
}

fn comment_shown(comment: &Comment) -> Value {
    json!({
        "id": comment.id.to_string(),
        "body": comment.body,
        "is_public": comment.public,
        "author": { "id": comment.author.to_string(), "is_staff": true, "name": "" },
    })
}

/// Ids are text, names are upper case, and nothing is `"0"` or empty (wire B10).
fn detail(own: &Happened) -> Value {
    let ticket = &own.ticket;
    let id = |id: Option<u64>| id.unwrap_or(0).to_string();
    let status = match ticket.deleted {
        Some(deletion) if deletion.scrubbed => "SCRUBBED".to_owned(),
        Some(_) => "DELETED".to_owned(),
        None => ticket.status.name().to_uppercase(),
    };
    json!({
        "actor_id": own.actor.to_string(),
        "assignee_id": id(ticket.assignee),
        "brand_id": super::catalogue::BRAND.to_string(),
        "created_at": time(ticket.created),
        "custom_status": ticket.custom_status.to_string(),
        "description": ticket.description,
        "external_id": ticket.external_id.as_deref().unwrap_or_default(),
        "form_id": ticket.form.to_string(),
        "group_id": id(ticket.group),
        "id": ticket.id.to_string(),
        "is_public": ticket.is_public,
        "organization_id": id(ticket.organization),
        "priority": ticket.priority.map_or_else(String::new, |own| own.name().to_uppercase()),
        "requester_id": ticket.requester.to_string(),
        "status": status,
        "subject": ticket.subject,
        "submitter_id": ticket.submitter.to_string(),
        "tags": ticket.tags,
        "type": ticket.kind.unwrap_or_default().to_uppercase(),
        "updated_at": time(ticket.updated),
        "via": { "channel": ticket.via },
    })
}

impl Webhooks {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    pub(crate) fn all(&self) -> Vec<Webhook> {
        self.lock().hooks.values().cloned().collect()
    }

    pub(crate) fn get(&self, id: &str) -> Option<Webhook> {
        self.lock().hooks.get(id).cloned()
    }

    pub(crate) fn put(&self, hook: Webhook) {
        self.lock().hooks.insert(hook.id.clone(), hook);
    }

    pub(crate) fn remove(&self, id: &str) -> bool {
        self.lock().hooks.remove(id).is_some()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Tells every webhook that listens; one user action is one sequence (wire B10).
    pub(crate) fn report(&self, all: Vec<Happened>, now: DateTime<Utc>) {
        let hooks = self.all();
        if all.is_empty() || hooks.is_empty() {
            return;
        }
        let total = all.len();
        let sequence = self.next("sequence");
        for (own, position) in all.iter().zip(1..) {
            let kind = format!("zen:event-type:ticket.{}", own.kind);
            let mut event = own.event.clone();
            event["meta"] = json!({ "sequence": { "id": sequence, "position": position, "total": total } });
            let body = json!({
                "account_id": ACCOUNT,
                "id": self.next("event"),
                "time": time(now),
                "type": kind,
                "subject": format!("zen:ticket:{}", own.ticket.id),
                "zendesk_event_version": "2022-11-06",
                "detail": detail(own),
                "event": event,
            });
            for hook in hooks.iter().filter(|hook| hook.listens(&kind)) {
                self.send(hook, &kind, body.to_string(), now);
            }
        }
    }

    fn next(&self, kind: &str) -> String {
        let mut inner = self.lock();
        inner.count += 1;
        stable_id(kind, &inner.count.to_string())
    }

    /// Sends without making the writer wait. Nothing is repeated: what fails is seen in the deliveries.
    pub(crate) fn send(&self, hook: &Webhook, kind: &str, body: String, now: DateTime<Utc>) {
        let Ok(target) = Target::of(hook.text("endpoint")) else { return };
        let timestamp = time(now);
        let delivery = Delivery {
            id: self.next("invocation"),
            webhook: hook.id.clone(),
            event_type: kind.to_owned(),
            url: hook.text("endpoint").to_owned(),
            signature: sign(&hook.secret, &timestamp, &body),
            body,
            timestamp,
            status: None,
        };
        let headers = headers(hook, &delivery);
        {
            let mut inner = self.lock();
            if inner.deliveries.len() == CAPACITY {
                inner.deliveries.remove(0);
            }
            inner.deliveries.push(delivery.clone());
        }
        let method = Method::from_bytes(hook.text("http_method").as_bytes()).unwrap_or(Method::POST);
        let webhooks = self.clone();
        // Without a runtime (typed control outside of async code) nothing can be sent.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let status = send(&target, &method, headers, delivery.body.clone()).await;
                let mut inner = webhooks.lock();
                if let Some(own) = inner.deliveries.iter_mut().find(|own| own.id == delivery.id) {
                    own.status = status;
                }
            });
        }
    }
}

fn headers(hook: &Webhook, delivery: &Delivery) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let named = HeaderName::from_static;
    set(CONTENT_TYPE, "application/json");
    set(USER_AGENT, "Zendesk Webhook");
    set(named("x-zendesk-account-id"), &ACCOUNT.to_string());
    set(named("x-zendesk-webhook-id"), &delivery.webhook);
    set(named("x-zendesk-webhook-invocation-id"), &delivery.id);
    set(named("x-zendesk-webhook-signature-timestamp"), &delivery.timestamp);
    set(named("x-zendesk-webhook-signature"), &delivery.signature);
    let own = hook.members.get("custom_headers").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in own {
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value.as_str()) {
            set(name, value);
        }
    }
    let authentication = hook.members.get("authentication").unwrap_or(&Value::Null);
    let data = |name: &str| authentication["data"][name].as_str().unwrap_or_default();
    match authentication["type"].as_str() {
        Some("basic_auth") => {
            let pair = STANDARD.encode(format!("{}:{}", data("username"), data("password")));
            set(AUTHORIZATION, &format!("Basic {pair}"));
        }
        Some("bearer_token") => set(AUTHORIZATION, &format!("Bearer {}", data("token"))),
        Some("api_key") => {
            if let Ok(name) = HeaderName::from_bytes(data("name").as_bytes()) {
                set(name, data("value"));
            }
        }
        _ => {}
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_over_timestamp_and_body() {
        // printf '2026-02-01T00:00:00Z{}' | openssl dgst -sha256 -hmac secret -binary | base64
        assert_eq!(sign("secret", "2026-02-01T00:00:00Z", "{}"), "j/8vdIwuNzuT4aIL8H04vPxHaufEEkzIrUYZDj6FjPE=");
    }
}
