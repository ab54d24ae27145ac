//! Time as a value that is handed in, so that tests own it.

use std::fmt;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// Where the present moment comes from. Providers read no other clock.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands until it is moved.
///
/// ```
/// use ticketing_core::{Clock, ManualClock};
/// let clock = ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap());
/// clock.advance(chrono::TimeDelta::seconds(60));
/// assert_eq!(clock.now().to_rfc3339(), "2026-01-05T08:01:00+00:00");
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that stands at this moment.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock by this much.
    pub fn advance(&self, by: TimeDelta) {
        *self.lock() += by;
    }

    /// Puts the clock at this moment.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.lock() = now;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }
}
