//! The account's limit and those of single endpoints: wire B9.2.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use serde_json::json;

use super::answer::{Reply, json_reply, set_header, with_body};
use super::settings::AccountSettings;

/// What headers show where nothing is enforced (wire B9.2: Enterprise).
const SHOWN: u32 = 700;

/// A limit on one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    /// As the header calls it: `zendesk-ratelimit-<name>`.
    header: &'static str,
    limit: u32,
    /// Seconds.
    window: i64,
}

const fn rule(header: &'static str, limit: u32, window: i64) -> Rule {
    Rule { header, limit, window }
}

/// Requests counted so far: by rule and what it counts apart, the window and the requests in it.
#[derive(Debug, Default)]
pub(crate) struct RateLimiter {
    counts: HashMap<String, (i64, u32)>,
}

/// Where a request stands with one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// `None` for the account's own.
    header: Option<&'static str>,
    limit: u32,
    remaining: u32,
    /// Seconds until the window ends.
    resets: i64,
    refused: bool,
}

/// The limits of a request beside the account's (wire B9.2); `None` of a number is per account.
fn rules(method: &Method, segments: &[String], page: usize) -> Vec<(Rule, String)> {
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let one = |rule: Rule| vec![(rule, String::new())];
    match (method.as_str(), path.as_slice()) {
        ("GET", ["tickets"]) if page > 500 => one(rule("zendesk-ratelimit-tickets-index-deep-pagination", 50, 60)),
        ("GET", ["tickets"]) => one(rule("zendesk-ratelimit-tickets-index", 100, 60)),
        ("PUT", ["tickets", id]) if !id.contains("many") => vec![
            (rule("zendesk-ratelimit-tickets-update", 100, 60), String::new()),
            (rule("zendesk-ratelimit-per-ticket-updates", 30, 600), (*id).to_owned()),
        ],
        ("DELETE", ["tickets", _]) => one(rule("zendesk-ratelimit-tickets-delete", 400, 60)),
        ("GET", ["deleted_tickets"]) => one(rule("zendesk-ratelimit-deleted-tickets-index", 10, 60)),
        ("GET", ["incremental", _, "cursor"]) => one(rule("zendesk-ratelimit-incremental-exports-cursor", 10, 60)),
        ("GET", ["incremental", ..]) => one(rule("zendesk-ratelimit-incremental-exports", 10, 60)),
        ("GET", ["search", "export"]) => one(rule("zendesk-ratelimit-search-export", 100, 60)),
        ("GET", ["search", ..]) => one(rule("zendesk-ratelimit-search-index", 100, 60)),
        ("PUT", ["users", id]) => {
            vec![(rule("zendesk-ratelimit-create-update-user", 5, 60), (*id).to_owned())]
        }
        _ => Vec::new(),
    }
}

impl RateLimiter {
    /// Counts a request against every limit that it is under.
    pub(crate) fn count(
        &mut self,
        settings: &AccountSettings,
        method: &Method,
        segments: &[String],
        page: usize,
        user: Option<u64>,
        now: DateTime<Utc>,
    ) -> Vec<Standing> {
        let account = settings.requests_per_minute.unwrap_or(SHOWN);
        let mut standings = vec![self.stand(None, account, 60, "account", now, settings.requests_per_minute.is_some())];
        for (rule, apart) in rules(method, segments, page) {
            // wire B9.2: updates of a ticket are counted per user and ticket, those of a user per user.
            let name = if apart.is_empty() {
                rule.header.to_owned()
            } else {
                format!("{} {apart} {}", rule.header, user.unwrap_or_default())
            };
            standings.push(self.stand(
                Some(rule.header),
                rule.limit,
                rule.window,
                &name,
                now,
                settings.endpoint_limits,
            ));
        }
        standings
    }

    fn stand(
        &mut self,
        header: Option<&'static str>,
        limit: u32,
        window: i64,
        name: &str,
        now: DateTime<Utc>,
        enforced: bool,
    ) -> Standing {
        let at = now.timestamp();
        let number = at.div_euclid(window);
        let own = self.counts.entry(name.to_owned()).or_insert((number, 0));
        if own.0 != number {
            *own = (number, 0);
        }
        let refused = enforced && own.1 >= limit;
        if !refused {
            own.1 += 1;
        }
        let resets = (number + 1) * window - at;
        // What is not enforced is never used up: the clock stands still, and a client that heeds the headers would too.
        let least = if enforced { 0 } else { limit / 2 };
        Standing { header, limit, remaining: limit.saturating_sub(own.1).max(least), resets, refused }
    }
}

/// The headers that say how much is left (wire B9.2; S12 has the older `rate-limit`).
pub(crate) fn mark(reply: &mut Reply, standings: &[Standing]) {
    for own in standings {
        match own.header {
            None => {
                set_header(reply, "x-rate-limit", &own.limit.to_string());
                set_header(reply, "x-rate-limit-remaining", &own.remaining.to_string());
                set_header(reply, "ratelimit-limit", &own.limit.to_string());
                set_header(reply, "ratelimit-remaining", &own.remaining.to_string());
                set_header(reply, "ratelimit-reset", &own.resets.to_string());
            }
            Some(header) => set_header(
                reply,
                header,
                &format!("total={}; remaining={}; resets={}", own.limit, own.remaining, own.resets),
            ),
        }
    }
}

/// The refusal of the first limit that refuses.
pub(crate) fn refusal(standings: &[Standing]) -> Option<Reply> {
    let own = standings.iter().find(|own| own.refused)?;
    let mut reply = match own.header {
        None => plain("Rate limit exceeded"),
        Some(header) if header.contains("incremental") => {
            // Recorded (wire B6).
            let description = "Number of allowed incremental export API requests per minute exceeded";
            json_reply(
                StatusCode::TOO_MANY_REQUESTS,
                &json!({ "error": "APIRateLimitExceeded", "description": description }),
            )
        }
        Some(header) if header.contains("ticket") => plain(TICKET_UPDATES),
        Some(_) => plain("Rate limit exceeded"),
    };
    set_header(&mut reply, "retry-after", &own.resets.to_string());
    mark(&mut reply, standings);
    Some(reply)
}

/// wire B9.1: text, not JSON.
const TICKET_UPDATES: &str = "Rate limit for ticket updates exceeded, please wait before updating this ticket again";

fn plain(text: &'static str) -> Reply {
    with_body(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", text)
}

/// 429 of a fault: plain text, with `Retry-After` where a time is given.
pub(crate) fn too_many_requests(retry_after: Option<u64>) -> Reply {
    let mut reply = plain("Rate limit exceeded");
    if let Some(seconds) = retry_after {
        set_header(&mut reply, "retry-after", &seconds.to_string());
        set_header(&mut reply, "x-rate-limit", "700");
        set_header(&mut reply, "x-rate-limit-remaining", "0");
        set_header(&mut reply, "ratelimit-limit", "700");
        set_header(&mut reply, "ratelimit-remaining", "0");
        set_header(&mut reply, "ratelimit-reset", &seconds.to_string());
    }
    reply
}

/// 429 of one endpoint's bucket, though the account has requests left (wire B9.2).
pub(crate) fn endpoint_refusal(retry_after: u64) -> Reply {
    let standing = |header, limit, remaining| Standing {
        header,
        limit,
        remaining,
        resets: i64::try_from(retry_after).unwrap_or(i64::MAX),
        refused: remaining == 0,
    };
    let standings = [standing(None, SHOWN, 650), standing(Some("zendesk-ratelimit-tickets-update"), 100, 0)];
    refusal(&standings).unwrap_or_else(|| too_many_requests(Some(retry_after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_counted_per_ticket_and_user() {
        let settings = AccountSettings { endpoint_limits: true, ..AccountSettings::default() };
        let mut limiter = RateLimiter::default();
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let mut update = |ticket: &str, user| {
            let path = ["tickets".to_owned(), ticket.to_owned()];
            refusal(&limiter.count(&settings, &Method::PUT, &path, 1, Some(user), now))
        };
        assert!((0..30).all(|_| update("1", 7).is_none()));
        let refused = update("1", 7).unwrap();
        assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "600"));
        assert!(refused.body().starts_with(b"Rate limit for ticket updates"));
        assert!(update("2", 7).is_none() && update("1", 8).is_none());
    }
}
