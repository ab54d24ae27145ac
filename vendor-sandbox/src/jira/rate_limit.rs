//! Three independent limits that all answer 429 (wire A9), and Data Center's bucket (A9, last line).

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Method, StatusCode};

use super::answer::{ApiError, Reply, set_header};
use super::settings::{Flavour, SiteSettings};

/// wire A9: writes on one issue, as limit and window in seconds.
const PER_ISSUE: [(usize, i64); 2] = [(20, 2), (100, 30)];

/// Requests counted so far.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    /// Per endpoint and method: the second, and the requests in it.
    bursts: HashMap<String, (i64, u32)>,
    writes: HashMap<String, VecDeque<DateTime<Utc>>>,
    points: (i64, u32),
}

/// A limit that was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: &'static str,
    /// Seconds.
    pub(crate) retry_after: u64,
    pub(crate) limit: u32,
}

/// A request as the limits see it.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a Method,
    pub(crate) segments: &'a [String],
    pub(crate) by_oauth: bool,
    pub(crate) now: DateTime<Utc>,
}

/// The path with ids taken out: limits are per endpoint.
fn endpoint(method: &Method, segments: &[String]) -> String {
    let names = segments.iter().enumerate().map(|(at, part)| {
        let follows_collection =
            at > 2 && matches!(segments[at - 1].as_str(), "issue" | "project" | "user" | "attachment");
        if follows_collection || part.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { part.as_str() }
    });
    format!("{method} {}", names.collect::<Vec<_>>().join("/"))
}

/// wire A9: recorded `X-RateLimit-Limit` by endpoint.
pub(crate) fn shown_limit(method: &Method, segments: &[String]) -> u32 {
    let third = segments.get(2).map(String::as_str);
    let deep = segments.len() > 4;
    match (method.as_str(), third) {
        ("GET", Some("issue")) if deep && segments.get(4).is_some_and(|part| part == "changelog") => 200,
        ("GET", Some("issue" | "user")) if !deep => 400,
        ("GET", _) => 350,
        ("PUT", Some("issue")) if deep => 300,
        _ => 200,
    }
}

impl RateLimiter {
    /// Counts a request, or says which limit refuses it.
    pub(crate) fn count(&mut self, settings: &SiteSettings, seen: &Seen<'_>) -> Option<Refusal> {
        let second = seen.now.timestamp();
        if let Some(limit) = settings.burst {
            let own = self.bursts.entry(endpoint(seen.method, seen.segments)).or_insert((second, 0));
            if own.0 != second {
                *own = (second, 0);
            }
            if own.1 >= limit {
                return Some(Refusal { reason: "jira-burst-based", retry_after: 1, limit });
            }
            own.1 += 1;
        }
        if let Some(refusal) = self.per_issue(settings, seen) {
            return Some(refusal);
        }
        if let Some(limit) = settings.points_per_hour.filter(|_| seen.by_oauth) {
            let hour = second.div_euclid(3_600);
            if self.points.0 != hour {
                self.points = (hour, 0);
            }
            if self.points.1 >= limit {
                let retry_after = ((hour + 1) * 3_600 - second).unsigned_abs();
                return Some(Refusal { reason: "jira-quota-global-based", retry_after, limit });
            }
            self.points.1 += 1;
        }
        None
    }

    /// wire A9: one point per core object returned, beside the one for the request.
    pub(crate) fn add_points(&mut self, objects: u32) {
        self.points.1 = self.points.1.saturating_add(objects);
    }

    fn per_issue(&mut self, settings: &SiteSettings, seen: &Seen<'_>) -> Option<Refusal> {
        let is_write = *seen.method != Method::GET && seen.segments.get(2).is_some_and(|part| part == "issue");
        let issue = seen.segments.get(3).filter(|_| settings.per_issue_writes && is_write)?;
        let writes = self.writes.entry(issue.to_ascii_uppercase()).or_default();
        for (limit, seconds) in PER_ISSUE {
            let since = seen.now - TimeDelta::seconds(seconds);
            if writes.iter().filter(|at| **at > since).count() >= limit {
                let limit = u32::try_from(limit).unwrap_or(u32::MAX);
                return Some(Refusal { reason: "jira-per-issue-on-write", retry_after: seconds.unsigned_abs(), limit });
            }
        }
        writes.push_back(seen.now);
        if writes.len() > 200 {
            writes.pop_front();
        }
        None
    }

    /// What is left of an endpoint's burst.
    pub(crate) fn left(
        &self,
        settings: &SiteSettings,
        method: &Method,
        segments: &[String],
        now: DateTime<Utc>,
    ) -> u32 {
        let limit = settings.burst.unwrap_or_else(|| shown_limit(method, segments));
        match self.bursts.get(&endpoint(method, segments)) {
            Some((second, used)) if *second == now.timestamp() => limit.saturating_sub(*used),
            _ => limit.saturating_sub(1),
        }
    }
}

impl Refusal {
    /// 429 with the vendor's headers: reset as ISO 8601, and the reason.
    pub(crate) fn answer(&self, flavour: Flavour, now: DateTime<Utc>) -> Reply {
        let mut reply = body().into_response();
        set_header(&mut reply, "retry-after", &self.retry_after.to_string());
        set_header(&mut reply, "x-ratelimit-limit", &self.limit.to_string());
        set_header(&mut reply, "x-ratelimit-remaining", "0");
        if flavour == Flavour::DataCenter {
            set_header(&mut reply, "x-ratelimit-interval-seconds", "1");
            set_header(&mut reply, "x-ratelimit-fillrate", "1");
            return reply;
        }
        let wait =
            TimeDelta::try_seconds(i64::try_from(self.retry_after).unwrap_or(i64::MAX)).unwrap_or(TimeDelta::zero());
        let reset = now.checked_add_signed(wait).unwrap_or(now);
        set_header(&mut reply, "x-ratelimit-reset", &reset.to_rfc3339_opts(SecondsFormat::Secs, true));
        set_header(&mut reply, "ratelimit-reason", self.reason);
        reply
    }
}

/// The body of a 429: not recorded (wire E).
pub(crate) fn body() -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_on_one_issue_are_counted_apart() {
        let settings = SiteSettings { per_issue_writes: true, ..SiteSettings::default() };
        let mut limiter = RateLimiter::default();
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let path = |key: &str| ["api", "3", "issue", key].map(str::to_owned);
        let mut count = |key: &str, now| {
            limiter.count(&settings, &Seen { method: &Method::PUT, segments: &path(key), by_oauth: false, now })
        };
        assert!((0..20).all(|_| count("HELP-1", now).is_none()));
        assert_eq!(count("HELP-1", now).map(|refusal| refusal.reason), Some("jira-per-issue-on-write"));
        assert!(count("HELP-2", now).is_none());
        assert!(count("HELP-1", now + TimeDelta::seconds(3)).is_none());
    }
}
