//! What a server says about its rate limits in the headers of an answer.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::HeaderMap;

/// What an answer says about one of the server's budgets. What it does not say is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct RateReading {
    /// Which budget: [`RateReading::REQUESTS`], or a vendor's own, such as `points` or `complexity`.
    pub budget: Cow<'static, str>,
    /// How much the whole window holds.
    pub limit: Option<f64>,
    /// How much of it is left; without it, what was spent is counted here.
    pub remaining: Option<f64>,
    /// How long until the window ends and the budget is full again.
    pub resets_in: Option<Duration>,
}

impl RateReading {
    /// The budget that every request takes one of.
    pub const REQUESTS: &'static str = "requests";

    /// A reading that says nothing yet.
    #[must_use]
    pub fn new(budget: impl Into<Cow<'static, str>>) -> Self {
        Self { budget: budget.into(), limit: None, remaining: None, resets_in: None }
    }

    /// With the size of the window.
    #[must_use]
    pub fn with_limit(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// With what is left of it.
    #[must_use]
    pub fn with_remaining(mut self, remaining: f64) -> Self {
        self.remaining = Some(remaining);
        self
    }

    /// With the time until it is full again.
    #[must_use]
    pub fn with_resets_in(mut self, resets_in: Duration) -> Self {
        self.resets_in = Some(resets_in);
        self
    }
}

/// Why a server turned a request away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RefusedFor {
    /// Too many in a time.
    #[default]
    Rate,
    /// Too many at the same time.
    Concurrency,
    /// Too many of this endpoint, or to this record, though the account has requests left: other endpoints go on.
    Endpoint,
}

/// What the headers that many vendors share say of the budget of requests: `X-RateLimit-*` and the IETF draft's
/// `RateLimit-*`. The reset may be written as seconds, a Unix time in seconds or milliseconds, or a date; it is compared
/// with the answer's own `Date`, and with `now` where there is none.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use std::time::Duration;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-limit", HeaderValue::from_static("3600"));
/// headers.insert("x-ratelimit-reset", HeaderValue::from_static("1767603600"));
/// let readings = ticketing_http::common_rate_headers(&headers, "2026-01-05T08:00:00Z".parse().unwrap());
/// assert_eq!(readings[0].limit, Some(3600.0));
/// assert_eq!(readings[0].resets_in, Some(Duration::from_secs(3600)));
/// ```
#[must_use]
pub fn common_rate_headers(headers: &HeaderMap, now: DateTime<Utc>) -> Vec<RateReading> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let now = text("date").and_then(|date| httpdate::parse_http_date(date).ok()).map_or(now, DateTime::<Utc>::from);
    let mut readings = Vec::new();
    for family in ["x-ratelimit", "ratelimit"] {
        let limit = text(&format!("{family}-limit")).and_then(amount);
        let remaining = text(&format!("{family}-remaining")).and_then(amount);
        let resets_in = text(&format!("{family}-reset")).and_then(|reset| until(reset, now));
        if limit.is_some() || remaining.is_some() {
            readings.push(RateReading { budget: RateReading::REQUESTS.into(), limit, remaining, resets_in });
            break;
        }
    }
    readings
}

/// The first number of a header's text: the draft writes `100, 100;w=60`.
fn amount(text: &str) -> Option<f64> {
    let first = text.split([',', ';']).next()?.trim();
    first.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0)
}

fn until(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let at = if let Ok(number) = text.parse::<f64>() {
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        // No window is as long as thirty years, and no Unix time as small.
        let seconds = if number >= 1e12 { number / 1e3 } else { number };
        if seconds < 1e9 {
            return Some(Duration::from_secs_f64(seconds));
        }
        DateTime::from_timestamp_millis((seconds * 1e3) as i64)?
    } else if let Ok(date) = httpdate::parse_http_date(text) {
        date.into()
    } else {
        DateTime::parse_from_rfc3339(text).ok()?.to_utc()
    };
    Some((at - now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn read(pairs: &[(&'static str, &'static str)]) -> Vec<RateReading> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        common_rate_headers(&headers, "2026-01-05T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_way_to_write_a_reset_is_read() {
        for (reset, seconds) in [
            ("90", Some(90)),
            ("1767600090", Some(90)),
            ("1767600090000", Some(90)),
            ("Mon, 05 Jan 2026 08:01:30 GMT", Some(90)),
            ("2026-01-05T08:01:30Z", Some(90)),
            ("1767500000", Some(0)),
            ("-4", None),
            ("soon", None),
        ] {
            let readings = read(&[("x-ratelimit-limit", "100"), ("x-ratelimit-reset", reset)]);
            assert_eq!(readings[0].resets_in.map(|wait| wait.as_secs()), seconds, "{reset}");
        }
    }

    #[test]
    fn the_servers_own_date_is_the_present_moment_of_its_reset() {
        // A server whose clock is an hour ahead of ours.
        let readings = read(&[
            ("date", "Mon, 05 Jan 2026 09:00:00 GMT"),
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-reset", "1767603690"),
        ]);
        assert_eq!(readings[0].resets_in, Some(Duration::from_secs(90)));
    }

    #[test]
    fn the_draft_is_read_and_nonsense_is_not() {
        let readings = read(&[("ratelimit-limit", "100, 100;w=60"), ("ratelimit-remaining", "7")]);
        assert_eq!((readings[0].limit, readings[0].remaining), (Some(100.0), Some(7.0)));
        assert!(read(&[("x-ratelimit-limit", "many")]).is_empty());
        assert!(read(&[]).is_empty());
    }
}
