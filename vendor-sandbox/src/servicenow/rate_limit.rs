//! Rate limit rules (D: inbound-REST-API-rate-limiting) and the workers' queue (wire §6.2).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use http::Method;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Reply, set_header, set_retry_after, too_many_requests};
use super::schema::Schema;
use super::session::Session;
use super::store::Store;

/// Seconds of a rule's window.
const WINDOW: i64 = 3600;

/// Requests counted against rules, per window and user.
#[derive(Debug, Clone, Default)]
pub(crate) struct RateLimiter {
    counts: HashMap<(String, String), Count>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    window: i64,
    seen: u64,
    /// What enforcement knows; it lags when the flush interval is not zero.
    committed: u64,
    committed_at: i64,
}

/// The rule that was applied to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) rule: String,
    pub(crate) limit: u64,
    /// UNIX seconds at which the window ends.
    pub(crate) reset: i64,
    /// Seconds to wait when the request is refused.
    pub(crate) refused: Option<u64>,
    pub(crate) api: &'static str,
}

struct Rule<'a> {
    id: &'a str,
    /// 0 for a single user, 1 for a role, 2 for everyone.
    rank: u8,
    limit: u64,
}

/// `/api/now/v2/table/incident` and `/now/table/incident` name the same resource.
fn normal(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.split('/').filter(|part| !matches!(*part, "v1" | "v2")).collect::<Vec<_>>().join("/")
}

impl RateLimiter {
    /// Counts a request; `None` when no rule is for it. `flush_seconds` is how long a node keeps
    /// its counts to itself before they are enforced.
    pub(crate) fn count(
        &mut self,
        store: &Store,
        session: &Session,
        method: &Method,
        path: &str,
        now: DateTime<Utc>,
        flush_seconds: i64,
    ) -> Option<Verdict> {
        let rule = applicable(store, session, method, path)?;
        let now = now.timestamp();
        let window = now.div_euclid(WINDOW);
        let key = (rule.id.to_owned(), session.user_name.clone());
        let count = self.counts.entry(key).or_insert(Count { window, seen: 0, committed: 0, committed_at: now });
        if count.window != window {
            *count = Count { window, seen: 0, committed: 0, committed_at: now };
        }
        if now - count.committed_at >= flush_seconds {
            count.committed = count.seen;
            count.committed_at = now;
        }
        let reset = (window + 1) * WINDOW;
        let refused = (count.committed >= rule.limit).then(|| (reset - now).unsigned_abs());
        if refused.is_none() {
            count.seen += 1;
        }
        Some(Verdict { rule: rule.id.to_owned(), limit: rule.limit, reset, refused, api: api_name(path) })
    }
}

/// D: single user before role before everyone; of several roles the lowest limit.
fn applicable<'a>(store: &'a Store, session: &Session, method: &Method, path: &str) -> Option<Rule<'a>> {
    let schema = Schema::get();
    let table = schema.table(schema.known("sys_rate_limit_rules"));
    let path = normal(path);
    let mut best: Option<Rule<'a>> = None;
    for row in store.rows(table.id).iter() {
        let field = |name: &str| table.column(name).map_or("", |column| row.get(column));
        let resource = normal(field("resource"));
        let method_fits = matches!(field("method"), "") || field("method").eq_ignore_ascii_case(method.as_str());
        if field("active") == "false" || !method_fits || !path.starts_with(&resource) {
            continue;
        }
        let rank = match field("type") {
            "user" if field("user") == session.user_id => 0,
            "role" if session.roles.iter().any(|role| role == field("role")) => 1,
            "all" | "" => 2,
            _ => continue,
        };
        let limit = field("request_limit").parse().unwrap_or(u64::MAX);
        let better = best.as_ref().is_none_or(|best| (rank, limit) < (best.rank, best.limit));
        if better {
            best = Some(Rule { id: row.get(0), rank, limit });
        }
    }
    best
}

fn api_name(path: &str) -> &'static str {
    let path = normal(path);
    for (prefix, name) in [
        ("/now/table", "Table API"),
        ("/now/attachment", "Attachment API"),
        ("/now/stats", "Aggregate API"),
        ("/now/import", "Import Set API"),
        ("/now/batch", "Batch API"),
    ] {
        if path.starts_with(prefix) {
            return name;
        }
    }
    "REST API"
}

impl Verdict {
    /// The headers that every request under a rule gets.
    pub(crate) fn mark(&self, reply: &mut Reply) {
        set_header(reply, "x-ratelimit-limit", &self.limit.to_string());
        set_header(reply, "x-ratelimit-reset", &self.reset.to_string());
        set_header(reply, "x-ratelimit-rule", &self.rule);
    }

    /// 429 with `Retry-After`.
    pub(crate) fn refusal(&self, retry_after: u64) -> Reply {
        let mut reply = too_many_requests(self.limit, self.api).into_response();
        self.mark(&mut reply);
        set_retry_after(&mut reply, retry_after);
        reply
    }
}

/// Worker threads and the places to wait for one: K:0694711, 4 per node and 50 waiting.
#[derive(Debug)]
pub(crate) struct Workers {
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    depth: usize,
}

impl Workers {
    pub(crate) fn new(threads: usize, depth: usize) -> Self {
        Self { threads: Arc::new(Semaphore::new(threads.max(1))), waiting: Arc::new(AtomicUsize::new(0)), depth }
    }

    /// Waits for a thread; `None` when too many wait already (429 without headers).
    pub(crate) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.threads).try_acquire_owned() {
            return Some(permit);
        }
        let place = Place::take(&self.waiting, self.depth)?;
        let permit = Arc::clone(&self.threads).acquire_owned().await.ok();
        drop(place);
        permit
    }
}

/// A place in the queue, given back also when the client goes away.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, depth: usize) -> Option<Self> {
        waiting.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| (now < depth).then_some(now + 1)).ok()?;
        Some(Self(Arc::clone(waiting)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
