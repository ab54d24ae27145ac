//! The `Retry-After` header, in its two forms (RFC 9110 §10.2.3).

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// How long the server asks to wait: seconds or a date. A date that has passed is no wait; nonsense is no header.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use std::time::Duration;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", HeaderValue::from_static("Mon, 05 Jan 2026 08:01:30 GMT"));
/// let now = "2026-01-05T08:00:00Z".parse().unwrap();
/// assert_eq!(ticketing_http::parse_retry_after(&headers, now), Some(Duration::from_secs(90)));
/// ```
#[must_use]
pub fn parse_retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(1e9)));
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn seconds_dates_and_nonsense() {
        let now = "2026-01-05T08:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Mon, 05 Jan 2026 08:01:30 GMT", Some(90)),
            ("Sun, 05 Jan 2025 08:01:30 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("NaN", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", HeaderValue::from_static(text));
            assert_eq!(parse_retry_after(&headers, now).map(|wait| wait.as_secs()), expected, "{text}");
        }
        assert_eq!(parse_retry_after(&HeaderMap::new(), now), None);
    }
}
