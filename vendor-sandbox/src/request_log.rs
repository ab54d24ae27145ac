//! The log of requests that a sandbox has answered, with credentials digested.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Entries kept; older ones are dropped and counted.
pub const REQUEST_LOG_CAPACITY: usize = 10_000;

/// Bytes of a path or a query kept per entry.
const TEXT_LIMIT: usize = 16 * 1024;

/// One request as the sandbox saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// 1 for the first request since the sandbox started, never reused.
    pub sequence: u64,
    /// Virtual time of arrival, `2026-02-01T00:00:00Z`.
    pub at: String,
    /// HTTP method, upper case.
    pub method: String,
    /// Path as sent.
    pub path: String,
    /// Query string as sent (percent-encoded, no `?`); empty when there was none.
    pub query: String,
    /// By name in lower case, repeated ones joined by `, `; credentials are `sha256:<16 hex digits>`.
    pub headers: BTreeMap<String, String>,
    /// Status answered; `None` when the connection was dropped instead, or the answer is under way.
    pub status: Option<u16>,
    /// Names of the faults that were applied.
    pub faults: Vec<String>,
}

/// What identifies an entry that is still waiting for its status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry(u64);

/// Bounded, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<RecordedRequest>,
    sequence: u64,
    dropped: u64,
}

impl RequestLog {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self, at: String, method: &Method, uri: &Uri, headers: &HeaderMap) -> Entry {
        let mut inner = self.lock();
        inner.sequence += 1;
        let sequence = inner.sequence;
        if inner.entries.len() == REQUEST_LOG_CAPACITY {
            inner.entries.pop_front();
            inner.dropped += 1;
        }
        inner.entries.push_back(RecordedRequest {
            sequence,
            at,
            method: method.as_str().to_owned(),
            path: clip(uri.path()),
            query: clip(&redact_query(uri.query().unwrap_or_default())),
            headers: redact_headers(headers),
            status: None,
            faults: Vec::new(),
        });
        Entry(sequence)
    }

    pub(crate) fn close(&self, entry: Entry, status: Option<u16>, faults: Vec<String>) {
        let mut inner = self.lock();
        let found = inner.entries.iter_mut().rev().find(|recorded| recorded.sequence == entry.0);
        if let Some(recorded) = found {
            recorded.status = status;
            recorded.faults = faults;
        }
    }

    /// Every kept entry, oldest first.
    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Entries kept, and entries dropped because the log was full.
    pub(crate) fn size(&self) -> (usize, u64) {
        let inner = self.lock();
        (inner.entries.len(), inner.dropped)
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.dropped = 0;
    }
}

/// Header and parameter names that carry a secret in one vendor or another.
const SECRET_NAMES: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "authentication",
    "cookie",
    "x-sn-apikey",
    "x-api-key",
    "x-usertoken",
    "x-mfa_token",
    "token",
    "access_token",
    "refresh_token",
    "client_secret",
    "password",
    "code",
    "code_verifier",
    "assertion",
    "api_key",
    "apikey",
];

fn is_secret(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

fn digest(value: &[u8]) -> String {
    format!("sha256:{}", hex::encode(&Sha256::digest(value)[..8]))
}

fn redact_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let text = if is_secret(name.as_str()) {
            digest(value.as_bytes())
        } else {
            clip(&String::from_utf8_lossy(value.as_bytes()))
        };
        shown
            .entry(name.as_str().to_owned())
            .and_modify(|earlier| {
                earlier.push_str(", ");
                earlier.push_str(&text);
            })
            .or_insert(text);
    }
    shown
}

fn redact_query(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if is_secret(&percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={}", digest(value.as_bytes()))
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn clip(text: &str) -> String {
    if text.len() <= TEXT_LIMIT {
        return text.to_owned();
    }
    let end = (0..=TEXT_LIMIT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_reach_the_log() {
        let log = RequestLog::default();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic YWRtaW46YWRtaW4=".parse().unwrap());
        headers.insert("accept", "application/json".parse().unwrap());
        let uri: Uri = "/oauth_revoke_token.do?token=verysecret&x=1".parse().unwrap();
        let entry = log.open("now".into(), &Method::GET, &uri, &headers);
        log.close(entry, Some(200), vec![]);
        let shown = serde_json::to_string(&log.all()).unwrap();
        assert!(!shown.contains("YWRtaW4") && !shown.contains("verysecret"), "{shown}");
        assert!(shown.contains("application/json") && shown.contains("x=1"), "{shown}");
        assert_eq!(log.all()[0].status, Some(200));
    }

    #[test]
    fn the_log_is_bounded() {
        let log = RequestLog::default();
        for _ in 0..REQUEST_LOG_CAPACITY + 5 {
            log.open("now".into(), &Method::GET, &Uri::from_static("/"), &HeaderMap::new());
        }
        assert_eq!(log.size(), (REQUEST_LOG_CAPACITY, 5));
        assert_eq!(log.all()[0].sequence, 6);
    }
}
