//! What may be written to a log: by a list of what is harmless, never by a list of what is secret.

use std::borrow::Cow;

use http::HeaderMap;

const HARMLESS_HEADERS: [&str; 14] = [
    "accept",
    "content-encoding",
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
    "x-correlation-id",
];

/// Parameters whose values are numbers or switches of paging; of all others only the names are written.
const HARMLESS_PARAMETERS: [&str; 6] = ["limit", "offset", "page", "page_size", "per_page", "count"];

/// The harmless headers with their values, the others by name.
pub(crate) fn headers(headers: &HeaderMap) -> String {
    let mut out = String::new();
    for (name, value) in headers {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(name.as_str());
        if HARMLESS_HEADERS.contains(&name.as_str()) && !value.is_sensitive() {
            out.push_str(": ");
            out.push_str(value.to_str().unwrap_or("…"));
        }
    }
    out
}

/// A query as it was sent (`?a=b&c=d`), its values taken out but for the harmless ones.
pub(crate) fn query(query: &str) -> String {
    let query = query.trim_start_matches('?');
    let shown = |pair: &str| {
        let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
        let harmless = HARMLESS_PARAMETERS.iter().any(|known| name == *known || name.ends_with(&format!("_{known}")));
        let shown: Cow<'_, str> = match value {
            None => return name.to_owned(),
            Some(value) if harmless && value.len() <= 20 && value.bytes().all(|b| b.is_ascii_digit()) => value.into(),
            Some(_) => "…".into(),
        };
        format!("{name}={shown}")
    };
    if query.is_empty() { String::new() } else { query.split('&').map(shown).collect::<Vec<_>>().join("&") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_what_is_listed_is_shown() {
        let mut all = HeaderMap::new();
        all.insert("content-type", HeaderValue::from_static("application/json"));
        all.insert("set-cookie", HeaderValue::from_static("session=canary"));
        all.insert("authorization", HeaderValue::from_static("Basic canary"));
        all.insert("x-new-thing", HeaderValue::from_static("canary"));
        let mut secret = HeaderValue::from_static("canary");
        secret.set_sensitive(true);
        all.insert("server", secret);
        let text = headers(&all);
        assert!(text.contains("content-type: application/json") && text.contains("set-cookie"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn a_query_shows_its_names_and_its_paging() {
        assert_eq!(query("?q=email%3Dcanary&sysparm_limit=100&offset=canary&x"), "q=…&sysparm_limit=100&offset=…&x");
        assert_eq!(query(""), "");
    }
}
