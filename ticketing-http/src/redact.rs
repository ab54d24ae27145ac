//! What may be written to a log: by a list of what is harmless.

use http::HeaderMap;

const HARMLESS: [&str; 12] = [
    "accept",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "server",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-total-count",
    "x-transaction-id",
];

/// The harmless headers with their values, the others by name.
pub(crate) fn headers(headers: &HeaderMap) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(name.as_str());
        if HARMLESS.contains(&name.as_str()) {
            out.push_str(": ");
            out.push_str(value.to_str().unwrap_or("…"));
        }
    }
    out
}
