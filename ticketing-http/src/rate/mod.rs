//! The rate gate: how many requests run at once, how far apart they begin, and whose turn it is.
//!
//! It needs no header. Where a server says what its windows hold ([`RateReading`]), it spends them without running into
//! their end: the first half as fast as asked for, the rest spread over the time left. Where a server says nothing, it
//! learns the rate from what is refused, and stays just below it. Connections that share a gate take turns. Whoever waits for
//! a budget of its endpoint alone steps out of the line: the others go on.
//!
//! Bounds, each tested under paused time for 1 to 200 requests a second: after a warm-up of 60 seconds and 1,500 requests
//! at least 95 % of the server's rate is used and at most 1 % of requests are refused, and again 2,000 requests (at least
//! 60 seconds) after the rate has changed.

mod concurrency;
mod fair_queue;
mod pacer;
mod reading;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod window;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ticketing_core::{Error, ErrorKind, Result, remedy};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use self::concurrency::Concurrency;
use self::fair_queue::FairQueue;
use self::pacer::Pacer;
pub use self::reading::{RateReading, RefusedFor, common_rate_headers};
use self::window::Window;

/// The longest wait for the server's limit that is waited for; a longer one is the caller's to schedule.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// As long a wait for a budget that not all take from is waited for in the line, so that its order is kept; who waits longer
/// steps out of it.
const LONGEST_HOLD: Duration = Duration::from_secs(5);

/// The gate of one account at one server. Clones share it, and each [`lane`](Self::lane) has its turn.
#[derive(Clone)]
pub struct RateGate {
    shared: Arc<Shared>,
    lane: u64,
}

struct Shared {
    state: Mutex<State>,
    /// Told of everything that may let the first in line begin earlier or later.
    changed: Notify,
    lanes: AtomicU64,
}

struct State {
    queue: FairQueue<Arc<Notify>>,
    /// The ticket of the one who is next; it alone watches the clock.
    first: Option<u64>,
    concurrency: Concurrency,
    closed_until: Option<Instant>,
    /// Budgets and places of single endpoints that are closed, though the gate is open.
    closed: HashMap<Cow<'static, str>, Instant>,
    windows: HashMap<Cow<'static, str>, Window>,
    pacer: Pacer,
}

impl fmt::Debug for RateGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateGate").field("lane", &self.lane).finish_non_exhaustive()
    }
}

/// What a request takes from the server's budgets.
type Cost<'a> = &'a [(Cow<'static, str>, f64)];

/// May the first in line begin?
enum Admission {
    Now,
    At(Instant),
    /// Not before then, which does not concern the others.
    Aside(Instant),
    WhenOneEnds,
    TooLate(Duration),
}

/// What came of standing in line.
enum Entrance {
    Open,
    Aside(Instant),
}

impl RateGate {
    /// A gate that lets this many requests run at the same time; at least one.
    #[must_use]
    pub fn new(concurrency: usize) -> Self {
        let state = State {
            queue: FairQueue::default(),
            first: None,
            concurrency: Concurrency::new(concurrency),
            closed_until: None,
            closed: HashMap::new(),
            windows: HashMap::new(),
            pacer: Pacer::new(),
        };
        Self {
            shared: Arc::new(Shared { state: Mutex::new(state), changed: Notify::new(), lanes: AtomicU64::new(0) }),
            lane: 0,
        }
    }

    /// The same gate for another connection: it has its own place in the taking of turns.
    #[must_use]
    pub fn lane(&self) -> Self {
        let lane = self.shared.lanes.fetch_add(1, Ordering::Relaxed) + 1;
        Self { shared: Arc::clone(&self.shared), lane }
    }

    pub(crate) fn downgrade(&self) -> WeakRateGate {
        WeakRateGate(Arc::downgrade(&self.shared))
    }

    /// Waits until a request of the usual cost, one request, may begin.
    ///
    /// # Errors
    /// As for [`enter_with`](Self::enter_with).
    pub async fn enter(&self) -> Result<RatePermit> {
        self.enter_with(&[]).await
    }

    /// Waits until a request of this cost may begin; it counts as running until the permit is dropped. One request is
    /// always taken, whatever else is named.
    ///
    /// # Errors
    /// `RateLimited`, not sent, where the server's limit holds for longer than a minute: `retry_after` says for how long.
    pub async fn enter_with(&self, cost: &[(Cow<'static, str>, f64)]) -> Result<RatePermit> {
        self.enter_at(cost, String::new()).await
    }

    /// As [`enter_with`](Self::enter_with), for a request to this place: what is closed by a refusal of its endpoint alone.
    ///
    /// # Errors
    /// As for [`enter_with`](Self::enter_with).
    pub(crate) async fn enter_at(&self, cost: &[(Cow<'static, str>, f64)], place: String) -> Result<RatePermit> {
        loop {
            match self.stand_in_line(cost, &place).await? {
                Entrance::Open => break,
                // Nothing opens it earlier.
                Entrance::Aside(until) => drop(timeout_at(until, std::future::pending::<()>()).await),
            }
        }
        let budgets = cost.iter().map(|(budget, _)| budget.clone()).collect();
        Ok(RatePermit { shared: Arc::clone(&self.shared), begun: Instant::now(), budgets, place })
    }

    /// Waits for the turn, and for everything that holds for all.
    async fn stand_in_line(&self, cost: Cost<'_>, place: &str) -> Result<Entrance> {
        let turn = Turn::take(self);
        turn.come_first().await;
        loop {
            let admission = self.shared.lock().admit(Instant::now(), cost, place);
            match admission {
                Admission::Now => return Ok(Entrance::Open),
                // The wait may grow or shrink while we sleep.
                Admission::At(until) => drop(timeout_at(until, self.shared.changed.notified()).await),
                Admission::Aside(until) => return Ok(Entrance::Aside(until)),
                Admission::WhenOneEnds => self.shared.changed.notified().await,
                Admission::TooLate(wait) => {
                    return Err(Error::new(ErrorKind::RateLimited, "the vendor's rate limit is used up")
                        .with_retry_after(wait)
                        .with_hint("try again when it is over"));
                }
            }
        }
    }
}

/// A gate that is forgotten when nobody uses it any more.
pub(crate) struct WeakRateGate(Weak<Shared>);

impl WeakRateGate {
    pub(crate) fn upgrade(&self) -> Option<RateGate> {
        Some(RateGate { shared: self.0.upgrade()?, lane: 0 })
    }
}

impl State {
    /// Lets the first in line begin, or says what it waits for.
    fn admit(&mut self, now: Instant, cost: Cost<'_>, place: &str) -> Admission {
        let mut until = self.closed_until.filter(|until| *until > now);
        // What only some take from: the others need not wait for it.
        let mut own = self.closed.get(place).copied().filter(|until| *until > now);
        for (budget, cost) in charges(cost) {
            let shut = self.closed.get(&budget).copied().filter(|until| *until > now);
            let spent = self.windows.get_mut(&budget).and_then(|window| window.earliest(now, cost));
            match budget == RateReading::REQUESTS {
                true => until = until.max(spent),
                false => own = own.max(spent).max(shut),
            }
        }
        until = until.max(self.pacer.earliest(now));
        let own = own.filter(|own| until.is_none_or(|until| *own > until));
        if let Some(last) = own.or(until) {
            let wait = last - now;
            let aside = own.is_some() && wait > LONGEST_HOLD && !remedy::is_removed("http.endpoint_buckets");
            return match wait > LONGEST_WAIT {
                true => Admission::TooLate(wait),
                false if aside => Admission::Aside(last),
                false => Admission::At(last),
            };
        }
        if !self.concurrency.begin() {
            return Admission::WhenOneEnds;
        }
        self.pacer.begin(now);
        for (budget, cost) in charges(cost) {
            self.windows.entry(budget).or_insert_with(Window::new).spend(now, cost);
        }
        Admission::Now
    }

    /// Makes the next in line the first.
    fn call_next(&mut self) {
        self.first = None;
        if let Some((ticket, waiter)) = self.queue.next() {
            self.first = Some(ticket);
            waiter.notify_one();
        }
    }

    fn learn(&mut self, now: Instant, readings: &[RateReading]) {
        if remedy::is_removed("http.rate_headers") {
            return;
        }
        let in_flight = self.concurrency.running() as f64;
        for reading in readings {
            self.windows.entry(reading.budget.clone()).or_insert_with(Window::new).learn(now, reading, in_flight);
        }
    }
}

/// One request, and whatever else is named.
fn charges(cost: Cost<'_>) -> impl Iterator<Item = (Cow<'static, str>, f64)> {
    let requests = cost.iter().all(|(budget, _)| budget != RateReading::REQUESTS);
    requests.then_some((Cow::Borrowed(RateReading::REQUESTS), 1.0)).into_iter().chain(cost.iter().cloned())
}

/// A place in line; whoever drops it, having begun or given up, calls the next.
struct Turn<'a> {
    gate: &'a RateGate,
    lane: u64,
    ticket: u64,
    called: Arc<Notify>,
}

impl<'a> Turn<'a> {
    fn take(gate: &'a RateGate) -> Self {
        let called = Arc::new(Notify::new());
        let mut state = gate.shared.lock();
        let lane = if remedy::is_removed("http.fair_lanes") { 0 } else { gate.lane };
        let ticket = state.queue.join(lane, Arc::clone(&called));
        if state.first.is_none() {
            state.call_next();
        }
        Self { gate, lane, ticket, called }
    }

    async fn come_first(&self) {
        self.called.notified().await;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.shared.lock();
        if state.first == Some(self.ticket) {
            state.call_next();
        } else {
            state.queue.leave(self.lane, self.ticket);
        }
    }
}

/// A request that runs. Say what came of it, so that the gate learns; dropped without a word, it only ends.
#[must_use]
pub struct RatePermit {
    shared: Arc<Shared>,
    begun: Instant,
    /// What was taken from beside the requests, and where the request goes.
    budgets: Vec<Cow<'static, str>>,
    place: String,
}

impl fmt::Debug for RatePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RatePermit").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl RatePermit {
    /// The server did not refuse the request for its limits, whatever else it answered.
    pub fn accepted(&self, readings: &[RateReading]) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        state.learn(now, readings);
        state.pacer.accepted(now);
        state.concurrency.accepted();
        drop(state);
        self.shared.changed.notify_one();
    }

    /// The server refused the request for its limits: nobody begins before `wait` is over, or nobody to the same endpoint where
    /// the limit is that one's, and the gate learns from it.
    pub fn refused(&self, wait: Duration, why: RefusedFor, readings: &[RateReading]) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        state.learn(now, readings);
        if !wait.is_zero() {
            match self.shut(why, readings) {
                None => state.closed_until = state.closed_until.max(Some(now + wait)),
                Some(names) => {
                    state.closed.retain(|_, until| *until > now);
                    for name in names {
                        let until = state.closed.entry(name).or_insert(now);
                        *until = (*until).max(now + wait);
                    }
                }
            }
        }
        // A known window that ran out sooner than was counted says nothing of the rate.
        let mut explained = false;
        for reading in readings {
            if let Some(window) = state.windows.get_mut(&reading.budget).filter(|it| it.explains_refusal(reading)) {
                window.exhausted(now, wait);
                explained = true;
            }
        }
        match why {
            RefusedFor::Concurrency => state.concurrency.refused(self.begun),
            RefusedFor::Rate if !explained && !remedy::is_removed("http.learned_rate") => {
                state.pacer.refused(now, self.begun)
            }
            RefusedFor::Rate | RefusedFor::Endpoint => {}
        }
        drop(state);
        self.shared.changed.notify_one();
    }

    /// What a refusal closes, where that is not everything: the budgets that the answer says are spent, or else the one place.
    fn shut(&self, why: RefusedFor, readings: &[RateReading]) -> Option<Vec<Cow<'static, str>>> {
        if why != RefusedFor::Endpoint || remedy::is_removed("http.endpoint_buckets") {
            return None;
        }
        let spent = |budget: &Cow<'static, str>| {
            readings.iter().any(|reading| reading.budget == *budget && reading.remaining.is_some_and(|left| left < 1.0))
        };
        let spent: Vec<_> = self.budgets.iter().filter(|budget| spent(budget)).cloned().collect();
        match (spent.is_empty(), self.place.is_empty()) {
            (false, _) => Some(spent),
            (true, false) => Some(vec![Cow::Owned(self.place.clone())]),
            (true, true) => None,
        }
    }
}

impl Drop for RatePermit {
    fn drop(&mut self) {
        self.shared.lock().concurrency.end();
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
