//! Webhooks: subscriptions, the deliveries that wait in the store's outbox, and their receiver.
//!
//! A delivery is signed with HMAC-SHA256 over its timestamp, a dot and its body:
//! `memory-timestamp: 2026-01-05T08:00:00Z`, `memory-signature: sha256=…`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use ticketing_core::model::{ChangeEvent, Kind, Timestamp, Webhook, WebhookEvent, format_timestamp};
use ticketing_core::request::{CreateWebhook, DeleteWebhook, ListWebhooks, RenewWebhook};
use ticketing_core::{Error, ErrorKind, Operation, Page, Result, Secret, WebhookDelivery, WebhookId, WebhookIntake};

use crate::paging::Window;
use crate::session::Session;
use crate::store::{State, Subscription};

/// How long a subscription lives unless it is renewed.
const LIFE: TimeDelta = TimeDelta::days(30);
/// How far a delivery's timestamp may be from when it came in.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
const TIMESTAMP: &str = "memory-timestamp";
const SIGNATURE: &str = "memory-signature";

impl Session<'_> {
    pub(crate) fn create_webhook(&mut self, request: &CreateWebhook) -> Result<Webhook> {
        check_address("url", &request.url)?;
        let mut events = request.events.clone();
        events.sort();
        events.dedup();
        if events.is_empty() || events.contains(&WebhookEvent::Other) {
            let known: Vec<_> = WebhookEvent::ALL.iter().filter(|event| **event != WebhookEvent::Other).collect();
            let known: Vec<_> = known.into_iter().map(|event| event.as_str()).collect();
            return Err(Error::invalid("events", "it names no event that there is")
                .with_hint(format!("use one or more of: {}", known.join(", "))));
        }
        if request.secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(Error::invalid("secret", "it is empty").with_hint("make a long random one, or leave it out"));
        }
        let id = WebhookId::from(self.state.next_id("webhook"));
        let webhook = Webhook {
            id: id.clone(),
            url: request.url.clone(),
            events,
            active: true,
            expires_at: Some(self.now + LIFE),
        };
        self.state.subscriptions.insert(id, Subscription { webhook: webhook.clone(), secret: request.secret.clone() });
        Ok(webhook)
    }

    pub(crate) fn list_webhooks(&self, request: &ListWebhooks) -> Result<Page<Webhook>> {
        let codec = self.codec(Operation::ListWebhooks, &());
        let webhooks = self.state.subscriptions.values().map(|subscription| {
            let webhook = Webhook { active: is_alive(&subscription.webhook, self.now), ..subscription.webhook.clone() };
            (webhook.id.to_string(), webhook)
        });
        Window::new(&codec, request.cursor.as_ref(), request.page_size).page(webhooks)
    }

    pub(crate) fn renew_webhook(&mut self, request: &RenewWebhook) -> Result<Webhook> {
        let now = self.now;
        let subscription = self.state.subscriptions.get_mut(&request.id).ok_or_else(|| not_found(&request.id))?;
        subscription.webhook.expires_at = Some(now + LIFE);
        Ok(subscription.webhook.clone())
    }

    pub(crate) fn delete_webhook(&mut self, request: &DeleteWebhook) -> Result<()> {
        self.state.subscriptions.remove(&request.id).map(drop).ok_or_else(|| not_found(&request.id))
    }
}

/// Puts a delivery into the outbox for each subscription that is told of the event.
pub(crate) fn notify(state: &mut State, event: WebhookEvent, kind: Kind, id: &str, at: Timestamp) {
    let alive = |subscription: &&Subscription| {
        is_alive(&subscription.webhook, at) && subscription.webhook.events.contains(&event)
    };
    let told: Vec<_> = state
        .subscriptions
        .values()
        .filter(alive)
        .map(|subscription| (subscription.webhook.url.clone(), subscription.secret.clone()))
        .collect();
    for (url, secret) in told {
        let delivery_id = Some(state.next_id("delivery"));
        let change = ChangeEvent { delivery_id, event, kind, id: id.to_owned(), at: Some(at) };
        let body = serde_json::to_vec(&change).unwrap_or_default();
        let timestamp = format_timestamp(at);
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if let Some(mac) = secret.and_then(|secret| mac(&secret, &timestamp, &body)) {
            headers.push((SIGNATURE.to_owned(), format!("sha256={}", hex::encode(mac.finalize().into_bytes()))));
        }
        headers.push((TIMESTAMP.to_owned(), timestamp));
        let mut delivery = WebhookDelivery::new(headers, body, at);
        delivery.path = url;
        state.outbox.push(delivery);
    }
}

/// Whether an address is one that a browser could open.
pub(crate) fn check_address(field: &str, address: &str) -> Result<()> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || host.starts_with(':') || address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::invalid(field, format!("`{}` is no address on the web", address.escape_debug()))
            .with_hint("write it as `https://HOST/PATH`"));
    }
    Ok(())
}

fn is_alive(webhook: &Webhook, now: Timestamp) -> bool {
    webhook.active && webhook.expires_at.is_none_or(|end| now < end)
}

fn not_found(id: &WebhookId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no webhook `{id}`"))
        .with_hint("check the id against what `list_webhooks` gives")
}

fn mac(secret: &Secret, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// Receives the deliveries of a store: verifies signature, age and novelty.
#[derive(Debug)]
pub(crate) struct MemoryWebhook {
    secret: Secret,
    /// The deliveries that came within the tolerance, and when: an older one is refused by its age.
    seen: Mutex<BTreeMap<String, Timestamp>>,
}

impl MemoryWebhook {
    pub(crate) fn new(secret: Secret) -> Self {
        Self { secret, seen: Mutex::default() }
    }
}

impl WebhookIntake for MemoryWebhook {
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>> {
        let refused = |message: &str| Error::new(ErrorKind::Unauthenticated, message).with_provider(crate::NAME);
        let unsigned = || refused("the webhook is not signed").with_hint("subscribe with a secret");
        let timestamp = delivery.header(TIMESTAMP).ok_or_else(unsigned)?;
        let signature = delivery.header(SIGNATURE).ok_or_else(unsigned)?;
        let wrong = || {
            refused("the webhook's signature is wrong")
                .with_hint("subscribe with the `webhook_secret` of the configuration")
        };
        let given = hex::decode(signature.strip_prefix("sha256=").ok_or_else(wrong)?).map_err(|_| wrong())?;
        let mac = mac(&self.secret, timestamp, &delivery.body).ok_or_else(wrong)?;
        mac.verify_slice(&given).map_err(|_| wrong())?;

        let sent: Timestamp = timestamp.parse().map_err(|_| refused("the webhook's timestamp is none"))?;
        if (delivery.received_at - sent).abs() > TOLERANCE {
            return Err(refused("the webhook is too old").with_hint("read the changes by `list_changes`"));
        }
        let event: ChangeEvent = serde_json::from_slice(&delivery.body).map_err(|error| {
            Error::new(ErrorKind::Decode, format!("the webhook's body makes no sense: {error}"))
                .with_provider(crate::NAME)
        })?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| delivery.received_at - *at <= TOLERANCE + TOLERANCE);
        if let Some(id) = &event.delivery_id
            && seen.insert(id.clone(), delivery.received_at).is_some()
        {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("the webhook `{id}` came before"))
                .with_provider(crate::NAME));
        }
        Ok(vec![event])
    }
}
