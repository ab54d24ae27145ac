//! What a business rule with an outbound REST call sends: wire §8.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use crate::delivery::{Target, send};
use crate::error::Result;

/// Deliveries remembered.
const CAPACITY: usize = 1000;

/// A rule that reports changes to a loopback address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `http://127.0.0.1:PORT/path`; nothing but loopback is accepted.
    pub url: String,
    /// Key of the HMAC-SHA256 signature.
    pub secret: String,
    /// Tables whose changes are reported; empty for all tables.
    #[serde(default)]
    pub tables: Vec<String>,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// It is new.
    Insert,
    /// Some of its fields have other values, or a comment was added.
    Update,
    /// It is gone.
    Delete,
}

/// A change that webhooks are told about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Event {
    pub(crate) table: &'static str,
    pub(crate) sys_id: String,
    pub(crate) operation: Operation,
    pub(crate) fields: Vec<&'static str>,
    pub(crate) by: String,
    pub(crate) at: String,
}

/// One attempt to deliver; nothing is repeated (wire §8.1: no retry is documented).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// Unique id, also sent as `x-sandbox-delivery`.
    pub id: String,
    /// Where it went.
    pub url: String,
    /// The JSON sent, all ASCII.
    pub body: String,
    /// `x-sandbox-timestamp`: UNIX seconds of the virtual clock.
    pub timestamp: i64,
    /// `x-sandbox-signature`: `sha256=` and the Base64 MAC of `timestamp.body`.
    pub signature: String,
    /// The receiver's status; `None` when it could not be reached, or has not answered yet.
    pub status: Option<u16>,
}

/// The rules and what they have sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Webhooks {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Webhook>,
    deliveries: Vec<Delivery>,
    count: u64,
}

impl Webhooks {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all rules.
    pub(crate) fn set(&self, rules: Vec<Webhook>) -> Result<()> {
        for rule in &rules {
            Target::of(&rule.url)?;
        }
        self.lock().rules = rules;
        Ok(())
    }

    pub(crate) fn rules(&self) -> Vec<Webhook> {
        self.lock().rules.clone()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.lock().deliveries.clone()
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Sends events without making the writer wait, as an async business rule does (wire §8.1).
    pub(crate) fn report(&self, events: Vec<Event>, timestamp: i64) {
        if events.is_empty() || self.lock().rules.is_empty() {
            return;
        }
        for event in &events {
            let rules: Vec<Webhook> = self.rules();
            for rule in rules {
                if rule.tables.is_empty() || rule.tables.iter().any(|table| table == event.table) {
                    self.send(&rule, event, timestamp);
                }
            }
        }
    }

    fn send(&self, rule: &Webhook, event: &Event, timestamp: i64) {
        let Ok(target) = Target::of(&rule.url) else {
            return;
        };
        let delivery = {
            let mut inner = self.lock();
            inner.count += 1;
            let id = format!("{:032x}", inner.count);
            let body = escape_non_ascii(&json!({ "id": id, "event": event }).to_string());
            let delivery = Delivery {
                signature: sign(&rule.secret, timestamp, &body),
                url: rule.url.clone(),
                status: None,
                id,
                body,
                timestamp,
            };
            if inner.deliveries.len() == CAPACITY {
                inner.deliveries.remove(0);
            }
            inner.deliveries.push(delivery.clone());
            delivery
        };
        let webhooks = self.clone();
        // Without a runtime (typed control outside of async code) nothing can be sent.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let status = send(&target, &Method::POST, headers(&delivery), delivery.body.clone()).await;
                let mut inner = webhooks.lock();
                if let Some(own) = inner.deliveries.iter_mut().find(|own| own.id == delivery.id) {
                    own.status = status;
                }
            });
        }
    }
}

/// wire §8.2: `sha256=<Base64 of HMAC-SHA256(timestamp "." body)>`.
fn sign(secret: &str, timestamp: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{timestamp}.{body}").as_bytes());
    format!("sha256={}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// wire §8.2: ASCII only, so that any charset gives the same bytes to sign.
fn escape_non_ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii() {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

fn headers(delivery: &Delivery) -> HeaderMap {
    let text = |value: &str| HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""));
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        // wire §8.1.
        (USER_AGENT, HeaderValue::from_static("ServiceNow/1.0")),
        (HeaderName::from_static("x-sandbox-delivery"), text(&delivery.id)),
        (HeaderName::from_static("x-sandbox-timestamp"), HeaderValue::from(delivery.timestamp)),
        (HeaderName::from_static("x-sandbox-signature"), text(&delivery.signature)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_over_timestamp_and_body() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret -binary | base64
        assert_eq!(sign("secret", 1_700_000_000, "{}"), "sha256=uFabeHmf+ePL/w/C1jozorV/MoKr0Hw3rl6OfXml8WM=");
        assert_eq!(escape_non_ascii("\"ü🙏\""), "\"\\u00fc\\ud83d\\ude4f\"");
    }
}
