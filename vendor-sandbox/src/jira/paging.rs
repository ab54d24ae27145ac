//! Pages by offset, and walks by token over a search (wire A3.2).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::answer::ApiError;
use super::call::Call;
use crate::random::hash_text;

/// Walks kept; the oldest goes first.
const WALKS: usize = 5_000;

/// wire A3.2: a token expires after 7 days.
const TOKEN_DAYS: i64 = 7;

/// Searches under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walks {
    walks: BTreeMap<u64, Walk>,
    order: VecDeque<u64>,
    last: u64,
}

/// The hits of a search, in order, and what it asked.
#[derive(Debug, Clone)]
struct Walk {
    ids: Arc<[u64]>,
    question: u64,
}

impl Walks {
    /// Keeps the hits of a search; its number goes into the tokens.
    pub(crate) fn open(&mut self, ids: Arc<[u64]>, question: &str) -> u64 {
        self.last += 1;
        if self.order.len() == WALKS
            && let Some(oldest) = self.order.pop_front()
        {
            self.walks.remove(&oldest);
        }
        self.order.push_back(self.last);
        self.walks.insert(self.last, Walk { ids, question: hash_text(0, question) });
        self.last
    }

    /// The hits and the position that a token stands for.
    pub(crate) fn resume(
        &self,
        token: &str,
        question: &str,
        now: DateTime<Utc>,
    ) -> Result<(u64, Arc<[u64]>, usize), ApiError> {
        let (number, position, issued) = decode(token).ok_or_else(refused_token)?;
        let walk = self.walks.get(&number).ok_or_else(refused_token)?;
        let expired = now.timestamp() - issued > TimeDelta::days(TOKEN_DAYS).num_seconds();
        // wire A3.2: all other parameters have to stay the same.
        if expired || walk.question != hash_text(0, question) || position > walk.ids.len() {
            return Err(refused_token());
        }
        Ok((number, Arc::clone(&walk.ids), position))
    }
}

/// The wording is not recorded.
pub(crate) fn refused_token() -> ApiError {
    ApiError::bad_request("The provided next page token is invalid or expired.")
}

/// An opaque token: base64 of number, position, time of issue and a check.
pub(crate) fn token(walk: u64, position: usize, now: DateTime<Utc>) -> String {
    use base64::Engine;
    let text = format!("{walk}:{position}:{}", now.timestamp());
    let check = hash_text(11, &text);
    base64::engine::general_purpose::STANDARD.encode(format!("{text}:{check:016x}"))
}

fn decode(token: &str) -> Option<(u64, usize, i64)> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (text, check) = text.rsplit_once(':')?;
    if format!("{:016x}", hash_text(11, text)) != check {
        return None;
    }
    let mut parts = text.split(':');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Where a page begins and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

impl Window {
    /// `startAt` and `maxResults`; more than `cap` is lowered silently (wire A15).
    pub(crate) fn read(call: &Call<'_>, default: usize, cap: usize) -> Result<Self, ApiError> {
        let number = |name: &str, default: usize| match call.params.get(name) {
            None => Ok(default),
            Some(text) => text.parse::<i64>().map(|value| usize::try_from(value).unwrap_or(default)).map_err(|_| {
                ApiError::bad_request(format!("The value '{text}' is not valid for the parameter '{name}'."))
            }),
        };
        Ok(Self { start: number("startAt", 0)?, size: number("maxResults", default)?.min(cap) })
    }

    pub(crate) fn cut<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let start = self.start.min(all.len());
        &all[start..(start + self.size).min(all.len())]
    }

    /// `{startAt,maxResults,total,isLast,values}` with `nextPage` where there is one.
    pub(crate) fn page(&self, call: &Call<'_>, total: usize, values: Vec<Value>) -> Value {
        let end = self.start + values.len();
        let is_last = end >= total;
        let own = format!("{}{}", call.base, call.resource);
        let mut page = json!({
            "self": format!("{own}?startAt={}&maxResults={}", self.start, self.size),
            "maxResults": self.size,
            "startAt": self.start,
            "total": total,
            "isLast": is_last,
            "values": values,
        });
        if !is_last {
            page["nextPage"] = json!(format!("{own}?startAt={end}&maxResults={}", self.size));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_good_for_their_question_and_their_week() {
        let now: DateTime<Utc> = "2026-02-01T00:00:00Z".parse().unwrap();
        let mut walks = Walks::default();
        let walk = walks.open(vec![1, 2, 3].into(), "project = A");
        let token = token(walk, 2, now);
        assert_eq!(walks.resume(&token, "project = A", now).unwrap().2, 2);
        assert!(walks.resume(&token, "project = B", now).is_err());
        assert!(walks.resume(&token, "project = A", now + TimeDelta::days(8)).is_err());
        assert!(walks.resume("AAAA", "project = A", now).is_err());
    }
}
