//! Where a seed is played: the world, the randomness, who else is at work, and what was seen to go wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ticketing_core::{Error, ErrorKind, TicketingClient};
use tokio::time::{Instant, timeout};

use super::draw::Draw;
use super::{Deed, Outcome, Standing, World};

/// More requests than this for one call mean that it would never end.
const MOST_REQUESTS: u64 = 3_000;
/// How much happens in one account: who enters tickets faster than they are read is never read to the end.
const MOST_DEEDS: u64 = 200;
/// Longer than any call may take, on the paused clock; a call without timers in it ends here at once.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How the titles begin of what we write.
const OURS: &str = "Ours";

/// Where a seed is played. Worlds call it around each request.
pub struct Stage {
    pub(super) world: Arc<dyn World>,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    draw: Draw,
    /// How often somebody else acts before a request.
    bustle: f64,
    /// Tickets that somebody else made, changed or deleted since the last call.
    touched: BTreeSet<String>,
    deeds: u64,
    asked: u64,
    is_lost: bool,
    with_story: bool,
    takes_any_error: bool,
    outcome: Outcome,
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").field("world", &self.world).finish_non_exhaustive()
    }
}

impl Stage {
    pub(super) fn new(world: Arc<dyn World>, draw: Draw, with_story: bool) -> Arc<Self> {
        let state = State {
            draw,
            bustle: 0.0,
            touched: BTreeSet::new(),
            deeds: 0,
            asked: 0,
            is_lost: false,
            with_story,
            takes_any_error: false,
            outcome: Outcome::default(),
        };
        Arc::new(Self { world, begun: Instant::now(), state: Mutex::new(state) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn draw<T>(&self, with: impl FnOnce(&mut Draw) -> T) -> T {
        with(&mut self.state().draw)
    }

    /// The bad day begins.
    pub(super) fn begin(&self) {
        for standing in self.world.tickets() {
            self.tell(|| format!("there is {standing:?}"));
        }
        self.misbehave();
    }

    /// Errors need not be those of a bad day: the fault may be a refusal.
    pub(super) fn takes_any_error(&self) {
        self.state().takes_any_error = true;
    }

    pub(super) fn misbehave(&self) {
        let faults = self.draw(|draw| self.world.misbehave(draw));
        self.tell(|| format!("the vendor's faults: {}", faults.join("; ")));
    }

    /// From now on, somebody else acts before so many of the requests.
    pub(super) fn bustle(&self, share: f64) {
        let mut state = self.state();
        state.bustle = share;
        state.touched.clear();
    }

    pub(super) fn touched(&self) -> BTreeSet<String> {
        self.state().touched.clone()
    }

    /// From now on, nobody else acts.
    pub(super) fn bustle_ends(&self) {
        self.state().bustle = 0.0;
    }

    /// A title or text that was not there before; nobody else touches tickets whose title begins like that.
    pub(super) fn name(&self) -> String {
        let mut state = self.state();
        state.deeds += 1;
        format!("{OURS} {}", state.deeds)
    }

    pub(super) fn client(self: &Arc<Self>) -> TicketingClient {
        let read_ahead = usize::try_from(self.draw(|draw| draw.between(1, 4))).unwrap();
        TicketingClient::new(self.world.connect(Arc::clone(self))).with_read_ahead(read_ahead)
    }

    /// Somebody else may act now, and time may pass.
    pub fn before_request(&self, request: impl FnOnce() -> String) {
        let mut deeds = Vec::new();
        {
            let mut state = self.state();
            state.asked += 1;
            state.outcome.requests += 1;
            if state.asked == MOST_REQUESTS {
                state.is_lost = true;
                state.outcome.violations.push(format!("one call sent {MOST_REQUESTS} requests and more"));
            }
            let share = if state.deeds < MOST_DEEDS { state.bustle } else { 0.0 };
            while state.draw.chance(share) && deeds.len() < 3 {
                deeds.push(state.draw.number());
            }
        }
        for number in deeds {
            self.deed(&mut Draw::new(number));
        }
        self.tell(|| format!("  → {}", request()));
    }

    /// True where a call sends without end: worlds then let nothing through any more.
    pub fn is_lost(&self) -> bool {
        self.state().is_lost
    }

    /// What was answered.
    pub fn after_request(&self, answer: impl FnOnce() -> String) {
        self.tell(|| format!("  ← {}", answer()));
    }

    fn deed(&self, draw: &mut Draw) {
        if draw.chance(0.6) {
            self.world.advance(u32::try_from(draw.between(1, 40)).unwrap());
        }
        let others = self.world.others(OURS);
        let nth = {
            let mut state = self.state();
            state.deeds += 1;
            state.deeds
        };
        let title = format!("Somebody's {nth}");
        let create = others.is_empty() || draw.chance(0.35);
        let deed = if create {
            let late = if draw.chance(0.3) { u32::try_from(draw.between(1, 100)).unwrap() } else { 0 };
            Deed::Create { title, late }
        } else if draw.chance(0.6) {
            Deed::Retitle { ticket: draw.one(&others).clone(), title }
        } else {
            Deed::Delete { ticket: draw.one(&others).clone() }
        };
        let ticket = self.world.act(&deed);
        self.tell(|| format!("  somebody else: {deed:?} {ticket}"));
        self.state().touched.insert(ticket);
    }

    /// Waits for a call's end; `None` where it has none.
    pub(super) async fn ended<T>(&self, what: &str, call: impl Future<Output = T>) -> Option<T> {
        self.state().asked = 0;
        match timeout(LONGEST, call).await {
            Ok(value) => Some(value),
            Err(_) => {
                self.violation(format!("{what}: no end within {} hours", LONGEST.as_secs() / 3600));
                self.state().is_lost = true;
                None
            }
        }
    }

    pub(super) fn succeeded(&self, what: impl FnOnce() -> String) {
        self.state().outcome.succeeded += 1;
        self.tell(what);
    }

    /// An operation ended in an error: allowed, where it is one that a bad day explains and says so clearly.
    pub(super) fn failed(&self, what: &str, error: &Error) {
        self.state().outcome.failed += 1;
        self.tell(|| format!("{what} failed: {error}"));
        let explained = matches!(
            error.kind(),
            ErrorKind::Unavailable
                | ErrorKind::RateLimited
                | ErrorKind::Timeout
                | ErrorKind::Integrity
                | ErrorKind::Conflict
                | ErrorKind::Decode
                | ErrorKind::Unauthenticated
                | ErrorKind::PermissionDenied
        );
        let explained = explained || self.state().takes_any_error;
        if !explained || error.message().is_empty() {
            self.violation(format!("{what}: an error that explains nothing: {error}"));
        }
    }

    pub(super) fn violation(&self, what: String) {
        self.tell(|| format!("VIOLATION: {what}"));
        self.state().outcome.violations.push(what);
    }

    pub(super) fn tell(&self, line: impl FnOnce() -> String) {
        if !self.state().with_story {
            return;
        }
        let at = self.begun.elapsed();
        let line = format!("{:>9.3} s  {}", at.as_secs_f64(), line());
        self.state().outcome.story.push(line);
    }

    pub(super) fn outcome(&self) -> Outcome {
        std::mem::take(&mut self.state().outcome)
    }

    /// Compares what was read with what was there all the time: each such ticket once, and no other twice.
    ///
    /// `whole`: the reading ended well, so none may be missing.
    pub(super) fn compare(&self, what: &str, read: &[String], before: &[Standing], whole: bool) {
        let touched = self.touched();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for id in read {
            *counts.entry(id).or_default() += 1;
        }
        for standing in before {
            let count = counts.remove(standing.id.as_str()).unwrap_or_default();
            if standing.hidden && count > 0 {
                self.violation(format!("{what}: {} is hidden, and came", standing.id));
            } else if count > 1 && !touched.contains(&standing.id) {
                self.violation(format!("{what}: {} came {count} times", standing.id));
            } else if count == 0 && whole && !standing.hidden && !touched.contains(&standing.id) {
                self.violation(format!("{what}: {} was there all the time, and is missing", standing.id));
            }
        }
        for id in counts.into_keys().filter(|id| !touched.contains(*id)) {
            self.violation(format!("{what}: {id} came, and was not there"));
        }
    }
}
