//! Webhook intake: nothing that is not signed gets in, what is signed is told as it was said, once, and nothing brings it down.

mod jira;
mod servicenow;
mod zendesk;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use ticketing_core::model::ChangeEvent;
use ticketing_core::{BuildContext, ErrorKind, Secret, WebhookDelivery};
use ticketing_fuzz::{JiraCloud, ServiceNow, Shape, Vendor, Zendesk};
use ticketing_http::webhook::{HmacSha256, SignatureEncoding};

const SECRET: &str = "hunter2";
const NOW: i64 = 1_767_600_000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

/// How a vendor delivers.
trait Deliver: Vendor {
    /// The header with the signature.
    const SIGNATURE: &'static str;
    /// How its signatures are written.
    const ENCODING: SignatureEncoding;
    /// What stands before the signature; `optional` where a delivery without it is the same.
    const PREFIX: &'static str;
    /// How old a delivery may be.
    const WINDOW: TimeDelta;

    /// A moment as the vendor writes it where it is signed.
    fn timestamp(at: DateTime<Utc>) -> String;

    /// What is signed, one behind the other.
    fn signed<'d>(timestamp: &'d str, body: &'d [u8]) -> Vec<&'d [u8]>;

    /// Further headers.
    fn headers(timestamp: &str) -> Vec<(&'static str, String)>;

    /// When a delivery says that it was signed.
    fn signed_at(timestamp: &str, body: &[u8]) -> Option<DateTime<Utc>>;

    /// An event as the vendor sends it, or nearly.
    fn event(timestamp: &str, shape: &mut Shape<'_>) -> Value;

    /// Fails where it was told wrongly.
    fn assert_told(events: &[ChangeEvent], said: &Value);

    /// Whether nobody may refuse it: everything that is read of it is as documented.
    fn is_well_formed(said: &Value) -> bool;
}

fn digest<V: Deliver>(timestamp: &str, body: &[u8]) -> String {
    HmacSha256::new(&Secret::new(SECRET), V::ENCODING).unwrap().sign(&V::signed(timestamp, body))
}

fn delivery<V: Deliver>(timestamp: &str, signature: &str, body: &[u8]) -> WebhookDelivery {
    let mut headers = vec![(V::SIGNATURE.to_owned(), signature.to_owned())];
    headers.extend(V::headers(timestamp).into_iter().map(|(name, value)| (name.to_owned(), value)));
    WebhookDelivery::new(headers, body.to_vec(), now())
}

fn receive<V: Deliver>() -> impl Fn(&WebhookDelivery) -> ticketing_core::Result<Vec<ChangeEvent>> {
    let build = V::REGISTRATION.webhook.unwrap();
    let intake = build(json!({ "secret": SECRET }), &BuildContext::new()).unwrap();
    move |delivery| intake.receive(delivery)
}

/// A signature without what may stand around it.
fn bare<V: Deliver>(signature: &str) -> String {
    let bare = signature.trim().trim_start_matches("sha256=").trim();
    if V::ENCODING == SignatureEncoding::Hex { bare.to_ascii_lowercase() } else { bare.to_owned() }
}

fn what_is_not_signed_is_refused<V: Deliver>(name: &str) {
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let timestamp = if shape.one_in(3) { shape.text() } else { V::timestamp(now()) };
        let body = match shape.below(2) {
            0 => V::event(&timestamp, shape).to_string().into_bytes(),
            _ => shape.text().into_bytes(),
        };
        let good = digest::<V>(&timestamp, &body);
        let signature = match shape.below(4) {
            0 => shape.text(),
            1 => format!("{}{}", V::PREFIX, shape.text()),
            _ => {
                let whole = format!("{}{good}", V::PREFIX).into_bytes();
                String::from_utf8_lossy(&shape.bend(whole)).into_owned()
            }
        };
        let mut delivery = delivery::<V>(&timestamp, &signature, &body);
        match shape.below(6) {
            0 => delivery.headers.clear(),
            1 => delivery.headers.insert(0, (V::SIGNATURE.to_owned(), shape.text())),
            2 => delivery.headers.iter_mut().for_each(|(name, _)| *name = name.to_ascii_uppercase()),
            3 => delivery.body = shape.bend(body.clone()).into(),
            _ => {}
        }
        let read = delivery.header(V::SIGNATURE).map(str::to_owned);
        match receive::<V>()(&delivery) {
            // How it is written may differ; the digest may not be another one, nor the body another body.
            Ok(_) => {
                assert_eq!(bare::<V>(&read.unwrap()), bare::<V>(&good), "accepted with another signature");
                assert_eq!(delivery.body, body, "accepted with another body");
            }
            Err(error) => {
                let known = [ErrorKind::Unauthenticated, ErrorKind::Decode];
                assert!(known.contains(&error.kind()), "{error}");
                assert!(!error.to_string().contains(SECRET), "the secret is in {error}");
            }
        }
    });
}

/// The same signature, as it may be written as well.
fn respelled<V: Deliver>(signature: &str, shape: &mut Shape<'_>) -> String {
    let bare = signature.trim_start_matches(V::PREFIX);
    match shape.below(6) {
        0 => format!(" {signature}"),
        1 => format!("{signature}\t"),
        2 => signature.to_ascii_uppercase(),
        3 => format!("{}{}", V::PREFIX, bare.to_ascii_uppercase()),
        4 => format!("sha256={signature}"),
        _ => bare.to_owned(),
    }
}

fn what_is_signed_is_told_as_it_was_said<V: Deliver>(name: &str) {
    fuzz!(name, |bytes: &[u8]| {
        let shape = &mut Shape::new(bytes);
        let timestamp = match shape.below(5) {
            0 => shape.text(),
            1 => V::timestamp(shape.moment()),
            2 => {
                let edge = V::WINDOW - TimeDelta::seconds(100 - i64::from(shape.byte()));
                V::timestamp(if shape.one_in(2) { now() - edge } else { now() + edge })
            }
            _ => V::timestamp(now()),
        };
        let body = match shape.below(4) {
            0 => shape.json().to_string().into_bytes(),
            1 => {
                let whole = V::event(&timestamp, shape).to_string().into_bytes();
                shape.bend(whole)
            }
            _ => V::event(&timestamp, shape).to_string().into_bytes(),
        };
        let receive = receive::<V>();
        let signature = format!("{}{}", V::PREFIX, digest::<V>(&timestamp, &body));
        let delivered = delivery::<V>(&timestamp, &signature, &body);
        let signed_at = V::signed_at(&timestamp, &body);
        let in_time = signed_at.is_some_and(|at| (now() - at).abs() <= V::WINDOW);
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        match receive(&delivered) {
            Ok(events) => {
                // Broken where nobody reads, a lone surrogate say: what was read is in it all the same.
                if let Some(said) = &said {
                    assert!(in_time, "{timestamp:?} is not now: {said}");
                    V::assert_told(&events, said);
                }
                // Once, however often it is sent, and however its signature is written then.
                let again = delivery::<V>(&timestamp, &respelled::<V>(&signature, shape), &body);
                for repeated in [&delivered, &again] {
                    let error = receive(repeated).expect_err("told twice");
                    let known = [ErrorKind::AlreadyExists, ErrorKind::Unauthenticated];
                    assert!(known.contains(&error.kind()), "{error}");
                }
                assert_eq!(receive(&delivered).unwrap_err().kind(), ErrorKind::AlreadyExists);
            }
            Err(error) if in_time => {
                assert_eq!(error.kind(), ErrorKind::Decode, "{error}: {}", String::from_utf8_lossy(&body));
                // A key that comes twice is none of the vendor's, and reading forgets the first: it is shorter then.
                let is_whole = |said: &Value| said.to_string().len() == body.len();
                let refused = said.as_ref().is_none_or(|said| !V::is_well_formed(said) || !is_whole(said));
                assert!(refused, "{} was refused: {error}", String::from_utf8_lossy(&body));
            }
            Err(error) => {
                // Where the time stands in the body, that is read first.
                let known = [ErrorKind::Unauthenticated, ErrorKind::Decode];
                assert!(known.contains(&error.kind()), "{timestamp:?}: {error}");
            }
        }
    });
}

for_each_vendor!("webhooks", what_is_not_signed_is_refused, servicenow ServiceNow, jira JiraCloud, zendesk Zendesk);
for_each_vendor!("webhooks", what_is_signed_is_told_as_it_was_said, servicenow ServiceNow, jira JiraCloud, zendesk Zendesk);

/// Whether a text is a number that a vendor could give out as an id.
fn is_number(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}
