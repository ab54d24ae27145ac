//! The rate gate: how many requests run at once, how far apart they begin, and whose turn it is.
//!
//! It needs no header. Where a server says what its windows hold ([`RateReading`]), it spends them without running into
//! their end: the first half as fast as asked for, the rest spread over the time left. Where a server says nothing, it
//! learns the rate from what is refused, and stays just below it. Connections that share a gate take turns.
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
    WhenOneEnds,
    TooLate(Duration),
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
        let turn = Turn::take(self);
        turn.come_first().await;
        loop {
            let admission = self.shared.lock().admit(Instant::now(), cost);
            match admission {
                Admission::Now => return Ok(RatePermit { shared: Arc::clone(&self.shared), begun: Instant::now() }),
                // The wait may grow or shrink while we sleep.
                Admission::At(until) => drop(timeout_at(until, self.shared.changed.notified()).await),
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
    fn admit(&mut self, now: Instant, cost: Cost<'_>) -> Admission {
        let mut until = self.closed_until.filter(|until| *until > now);
        for (budget, cost) in charges(cost) {
            if let Some(window) = self.windows.get_mut(&budget) {
                until = until.max(window.earliest(now, cost));
            }
        }
        until = until.max(self.pacer.earliest(now));
        if let Some(until) = until {
            let wait = until - now;
            return if wait > LONGEST_WAIT { Admission::TooLate(wait) } else { Admission::At(until) };
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

    /// The server refused the request for its limits: nobody begins before `wait` is over, and the gate learns from it.
    pub fn refused(&self, wait: Duration, why: RefusedFor, readings: &[RateReading]) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        state.learn(now, readings);
        if !wait.is_zero() {
            state.closed_until = state.closed_until.max(Some(now + wait));
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
            RefusedFor::Rate => {}
        }
        drop(state);
        self.shared.changed.notify_one();
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
