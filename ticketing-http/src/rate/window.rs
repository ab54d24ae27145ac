//! A budget whose server says how much a window holds: so many requests an hour, so many points a minute.

use std::time::Duration;

use tokio::time::Instant;

use super::reading::RateReading;

/// Vendors write resets in whole seconds: a window counts as over this much later.
const MARGIN: Duration = Duration::from_secs(1);
/// Readings of one window differ by less than this in when it ends.
const SAME_WINDOW: Duration = Duration::from_secs(5);
/// The part of a window that is free to be spent as fast as it is asked for; the rest is spread over the time left.
const FREE_PART: f64 = 0.5;
/// Requests are not held further apart than this for the sake of spreading: a small budget is spent, and then it is waited.
const WIDEST_SPREAD: Duration = Duration::from_secs(5);

/// One window, counted here and corrected by what the server says.
#[derive(Debug)]
pub(super) struct Window {
    limit: Option<f64>,
    used: f64,
    resets_at: Option<Instant>,
    next: Option<Instant>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { limit: None, used: 0.0, resets_at: None, next: None }
    }

    /// The time to wait for before `cost` may be spent; `None`: now.
    pub(super) fn earliest(&mut self, now: Instant, cost: f64) -> Option<Instant> {
        self.roll(now);
        let (limit, resets_at) = (self.limit?, self.resets_at?);
        // A request that costs more than all is let through alone: the server shall say so itself.
        if self.used > 0.0 && self.used + cost > limit {
            return Some(resets_at);
        }
        self.next.filter(|next| *next > now)
    }

    /// Spends `cost`.
    pub(super) fn spend(&mut self, now: Instant, cost: f64) {
        self.used += cost;
        let (Some(limit), Some(resets_at)) = (self.limit, self.resets_at) else { return };
        let left = limit - self.used;
        if left <= 0.0 || left > limit * (1.0 - FREE_PART) {
            self.next = None;
            return;
        }
        // A limit may be any number: what is left of it may be next to nothing, and the gap longer than a duration holds.
        let gap = resets_at.saturating_duration_since(now).as_secs_f64() / left * cost;
        let Some(gap) = Duration::try_from_secs_f64(gap).ok().filter(|gap| *gap <= WIDEST_SPREAD) else {
            self.next = None;
            return;
        };
        // From when this one was due, not from when a late timer let it go.
        let due = self.next.map_or(now, |next| next.max(now.checked_sub(gap).unwrap_or(now)));
        self.next = Some(due + gap);
    }

    /// Takes in what the server says; `in_flight` requests are not counted in it yet.
    pub(super) fn learn(&mut self, now: Instant, reading: &RateReading, in_flight: f64) {
        self.roll(now);
        // An end that no clock shows is none.
        let resets_at = reading.resets_in.and_then(|resets_in| now.checked_add(resets_in.saturating_add(MARGIN)));
        if let Some(resets_at) = resets_at {
            match self.resets_at {
                Some(known) if resets_at > known + SAME_WINDOW => self.used = in_flight,
                _ => {}
            }
            self.resets_at = Some(match self.resets_at {
                // The later of the two readings of one window is the careful one.
                Some(known) if resets_at <= known + SAME_WINDOW && known <= resets_at + SAME_WINDOW => {
                    known.max(resets_at)
                }
                _ => resets_at,
            });
        }
        if reading.limit.is_some() {
            self.limit = reading.limit;
        }
        if let (Some(limit), Some(remaining)) = (self.limit, reading.remaining) {
            // Others may spend from it too; our own requests under way are not in the server's figure.
            self.used = self.used.max(limit - remaining);
        } else if let (None, Some(remaining)) = (self.limit, reading.remaining) {
            self.limit = Some(self.used + remaining);
        }
    }

    /// The server says that nothing is left, for this long where it says so.
    pub(super) fn exhausted(&mut self, now: Instant, wait: Duration) {
        if let Some(limit) = self.limit {
            self.used = self.used.max(limit);
            if !wait.is_zero() {
                self.resets_at = now.checked_add(wait).or(self.resets_at);
            }
        }
    }

    /// True where a refusal means that this window is spent: the server said how much it holds and when it ends, and not
    /// that something is left of it.
    pub(super) fn explains_refusal(&self, reading: &RateReading) -> bool {
        self.limit.is_some() && self.resets_at.is_some() && reading.remaining.is_none_or(|left| left < 1.0)
    }

    /// Begins anew where the window is over; when the next one ends, its first answer will say.
    fn roll(&mut self, now: Instant) {
        if self.resets_at.is_some_and(|end| end <= now) {
            self.used = 0.0;
            self.resets_at = None;
            self.next = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(limit: f64) -> RateReading {
        RateReading::new(RateReading::REQUESTS).with_limit(limit).with_resets_in(Duration::from_secs(3600))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_spent_is_counted_here_and_the_window_ends_it() {
        let now = Instant::now();
        let mut window = Window::new();
        window.spend(now, 1.0);
        window.learn(now, &hour(3.0), 0.0);
        assert_eq!(window.earliest(now, 1.0), None);
        window.spend(now, 1.0);
        window.spend(now, 1.0);
        assert_eq!(window.earliest(now, 1.0), Some(now + Duration::from_secs(3601)));
        assert_eq!(window.earliest(now + Duration::from_secs(3601), 1.0), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_half_is_spread_over_the_time_left() {
        let now = Instant::now();
        let mut window = Window::new();
        window.learn(now, &hour(7200.0), 0.0);
        for _ in 0..3599 {
            window.spend(now, 1.0);
        }
        assert_eq!(window.earliest(now, 1.0), None);
        window.spend(now, 1.0);
        let gap = window.earliest(now, 1.0).unwrap() - now;
        assert!((Duration::from_millis(990)..Duration::from_millis(1010)).contains(&gap), "{gap:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_budget_is_not_spread() {
        let now = Instant::now();
        let mut window = Window::new();
        window.learn(now, &hour(100.0), 0.0);
        for _ in 0..99 {
            assert_eq!(window.earliest(now, 1.0), None);
            window.spend(now, 1.0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn next_to_nothing_left_is_no_panic() {
        let now = Instant::now();
        let mut window = Window::new();
        window.learn(now, &hour(1.0 + f64::EPSILON), 0.0);
        window.spend(now, 1.0);
        window.learn(now, &hour(f64::MIN_POSITIVE).with_remaining(f64::MIN_POSITIVE), 0.0);
        window.spend(now, 0.0);
        window.learn(now, &RateReading::new("requests").with_limit(1.0).with_resets_in(Duration::MAX), 0.0);
        window.exhausted(now, Duration::MAX);
        let mut tiny = Window::new();
        tiny.learn(now, &hour(1e-300), 0.0);
        tiny.spend(now, 6e-301);
        assert_eq!(tiny.earliest(now, 0.0), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_that_others_spend_too_is_believed() {
        let now = Instant::now();
        let mut window = Window::new();
        window.learn(now, &hour(100.0).with_remaining(0.0), 0.0);
        assert!(window.earliest(now, 1.0).is_some());
        // An older answer that comes in late does not give back what was spent since.
        window.learn(now, &hour(100.0).with_remaining(50.0), 0.0);
        assert!(window.earliest(now, 1.0).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_changes_in_the_middle_counts_from_then() {
        let now = Instant::now();
        let mut window = Window::new();
        window.learn(now, &hour(4.0), 0.0);
        window.spend(now, 1.0);
        window.spend(now, 1.0);
        window.learn(now, &hour(2.0), 0.0);
        assert!(window.earliest(now, 1.0).is_some());
        window.learn(now, &hour(20.0), 0.0);
        assert_eq!(window.earliest(now, 1.0), None);
    }
}
