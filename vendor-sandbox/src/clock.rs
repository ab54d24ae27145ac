//! The virtual clock that every emulator lives on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::time::Instant;

use crate::error::{Result, SandboxError};

/// A clock that stands still until it is moved or set running.
///
/// Running, it follows [`tokio::time::Instant`], so it obeys paused time in tests. Times are UTC.
#[derive(Debug)]
pub struct VirtualClock {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    base: DateTime<Utc>,
    running_since: Option<Instant>,
}

impl State {
    fn now(self) -> DateTime<Utc> {
        match self.running_since {
            None => self.base,
            Some(since) => self.base + TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::zero()),
        }
    }
}

impl VirtualClock {
    /// A frozen clock that shows `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self { state: Mutex::new(State { base: start, running_since: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The virtual time.
    pub fn now(&self) -> DateTime<Utc> {
        self.lock().now()
    }

    /// Whether the clock runs by itself.
    pub fn is_running(&self) -> bool {
        self.lock().running_since.is_some()
    }

    /// Starts the clock, or freezes it at the present virtual time.
    pub fn run(&self, running: bool) {
        let mut state = self.lock();
        let now = state.now();
        state.base = now;
        state.running_since = running.then(Instant::now);
    }

    /// Moves the clock to `to`.
    ///
    /// # Errors
    /// [`SandboxError::ClockBackwards`] when `to` lies before the present virtual time.
    pub fn set(&self, to: DateTime<Utc>) -> Result<()> {
        let mut state = self.lock();
        let now = state.now();
        if to < now {
            return Err(SandboxError::ClockBackwards { now: rfc3339(now), to: rfc3339(to) });
        }
        state.base = to;
        if state.running_since.is_some() {
            state.running_since = Some(Instant::now());
        }
        Ok(())
    }

    /// Moves the clock forward by whole seconds.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] when the result leaves the calendar.
    pub fn advance(&self, seconds: u64) -> Result<()> {
        let out_of_range = || SandboxError::invalid("advance_seconds", "moves the clock out of the calendar");
        let seconds = i64::try_from(seconds).map_err(|_| out_of_range())?;
        let delta = TimeDelta::try_seconds(seconds).ok_or_else(out_of_range)?;
        let to = self.now().checked_add_signed(delta).ok_or_else(out_of_range)?;
        self.set(to)
    }

    /// Puts the clock back to `start` and freezes it: only a reset of the whole sandbox may.
    pub(crate) fn rewind(&self, start: DateTime<Utc>) {
        *self.lock() = State { base: start, running_since: None };
    }
}

/// `2026-02-01T00:00:00Z`, the form of every time in the control API.
pub(crate) fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-02-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn stands_still_until_moved_and_never_goes_back() {
        let clock = VirtualClock::new(start());
        clock.advance(60).unwrap();
        assert_eq!(rfc3339(clock.now()), "2026-02-01T00:01:00Z");
        let error = clock.set(start()).unwrap_err().to_string();
        assert!(error.contains("cannot move backwards"), "{error}");
        assert!(clock.advance(u64::MAX).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn runs_with_tokio_time_when_told() {
        let clock = VirtualClock::new(start());
        clock.run(true);
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        assert_eq!(rfc3339(clock.now()), "2026-02-01T00:00:05Z");
        clock.run(false);
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        assert_eq!(rfc3339(clock.now()), "2026-02-01T00:00:05Z");
    }
}
