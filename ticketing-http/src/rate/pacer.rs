//! The rate of a server that tells nobody its limit: learned from what it refuses.
//!
//! A server that refuses requests by a token bucket has an empty bucket whenever it refuses. Between two refusals it has
//! therefore let through as many requests as it makes tokens in that time: that quotient is its rate, however large the
//! bucket is. So the pacer counts what was accepted since the last refusal, and at the next one it knows the rate, goes a
//! little below it, and rises slowly until it is refused again. The better a rate is known, the slower it rises (one
//! refusal for some hundred requests); where no refusal comes when one is due, the server allows more than before, and it
//! rises ever faster.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How far below the measured rate requests go on.
const BELOW: f64 = 0.98;
/// The growth of the rate with each accepted request, where it is known well, and where it is a guess.
const SLOWEST_GROWTH: f64 = 1e-4;
const FASTEST_GROWTH: f64 = 5e-3;
/// The fastest growth of all, after a refusal that is long overdue.
const OVERDUE_GROWTH: f64 = 1e-2;
/// How far the rate grows until a refusal is overdue: from a little below the limit to a little above it.
const DUE: f64 = 0.05;
/// A late timer is made good up to this much; beyond it, nobody was waiting.
const SLACK: Duration = Duration::from_millis(50);
/// The rate before the first refusal is taken from this much time.
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// Accepted requests that are remembered for it.
const REMEMBERED: usize = 512;
/// Nobody is slowed down to less than one request in this long.
const SLOWEST: Duration = Duration::from_secs(10);
/// While nobody waits, what was learned grows stale: the rate doubles in this time.
const STALE: Duration = Duration::from_secs(60);
/// A rate above this is none.
const UNLIMITED: f64 = 1e4;

/// Spaces requests at a rate that it learns.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Requests per second; `None`: none was ever refused.
    rate: Option<f64>,
    growth: f64,
    /// When the next request is due.
    next: Option<Instant>,
    /// The last refusal that was acted upon; those of requests that began before it say nothing new.
    refused_at: Option<Instant>,
    /// Accepted since then.
    accepted: u64,
    /// True where somebody has waited for every request since then: only then is the quotient the server's rate.
    saturated: bool,
    /// When the latest requests were accepted, before the first refusal.
    lately: VecDeque<Instant>,
}

impl Pacer {
    pub(super) fn new() -> Self {
        Self {
            rate: None,
            growth: FASTEST_GROWTH,
            next: None,
            refused_at: None,
            accepted: 0,
            saturated: false,
            lately: VecDeque::new(),
        }
    }

    /// The time to wait for; `None`: now.
    pub(super) fn earliest(&self, now: Instant) -> Option<Instant> {
        self.next.filter(|next| *next > now)
    }

    /// A request begins.
    pub(super) fn begin(&mut self, now: Instant) {
        let Some(mut rate) = self.rate else { return };
        let mut due = self.next.unwrap_or(now);
        let late = now.saturating_duration_since(due);
        if late > SLACK {
            due = now;
            self.saturated = false;
            rate *= late.div_duration_f64(STALE).exp2();
            if rate > UNLIMITED {
                *self = Self::new();
                return;
            }
            self.rate = Some(rate);
        }
        self.next = Some(due + Duration::from_secs_f64(rate.recip()));
    }

    /// A request was accepted.
    pub(super) fn accepted(&mut self, now: Instant) {
        self.accepted += 1;
        match &mut self.rate {
            Some(rate) if self.saturated => *rate *= 1.0 + growth_after(self.growth, self.accepted),
            Some(_) => {}
            None => {
                if self.lately.len() == REMEMBERED {
                    self.lately.pop_front();
                }
                self.lately.push_back(now);
            }
        }
    }

    /// A request that began at `begun` was refused for its rate.
    pub(super) fn refused(&mut self, now: Instant, begun: Instant) {
        if self.refused_at.is_some_and(|refused_at| begun <= refused_at) {
            return;
        }
        let rate = match (self.rate, self.refused_at) {
            (Some(rate), Some(refused_at)) => {
                let elapsed = now.saturating_duration_since(refused_at).as_secs_f64();
                let measured = self.saturated && self.accepted > 1 && elapsed > 0.0;
                let server = if measured { self.accepted as f64 / elapsed } else { 0.0 };
                // The sooner the refusal came, the further off the rate was.
                let guess = match self.accepted {
                    0..=1 => 0.5,
                    2..=4 => 0.7,
                    _ => 0.9,
                };
                self.growth = if measured {
                    (DUE / 2.5 / self.accepted as f64).clamp(SLOWEST_GROWTH, FASTEST_GROWTH)
                } else {
                    FASTEST_GROWTH
                };
                server.max(rate * guess).min(rate) * BELOW
            }
            _ => {
                let since = now.checked_sub(FIRST_LOOK).unwrap_or(now);
                let seen = self.lately.iter().filter(|accepted| **accepted >= since).count();
                seen.max(1) as f64 / FIRST_LOOK.as_secs_f64() * 0.7
            }
        };
        let rate = rate.max(SLOWEST.as_secs_f64().recip());
        self.rate = Some(rate);
        self.next = Some(now + Duration::from_secs_f64(rate.recip()));
        self.refused_at = Some(now);
        self.accepted = 0;
        self.saturated = true;
        self.lately = VecDeque::new();
    }

    #[cfg(test)]
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }
}

/// The growth with the `accepted`th request since a refusal.
fn growth_after(growth: f64, accepted: u64) -> f64 {
    let due = DUE / growth;
    let overdue = accepted as f64 - due;
    if overdue <= 0.0 {
        return growth;
    }
    // Doubles each time that an eighth of the due time goes by.
    (growth * (8.0 * overdue / due).min(30.0).exp2()).min(OVERDUE_GROWTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_after(pacer: &mut Pacer, accepted: u64, since: Instant, seconds: f64) -> Instant {
        let then = since + Duration::from_secs_f64(seconds);
        (0..accepted).for_each(|_| pacer.accepted(then));
        pacer.refused(then, then);
        then
    }

    #[tokio::test(start_paused = true)]
    async fn the_quotient_between_two_refusals_is_the_servers_rate() {
        let mut pacer = Pacer::new();
        let begun = refused_after(&mut pacer, 40, Instant::now(), 0.0);
        assert!((pacer.rate().unwrap() - 28.0).abs() < 1e-9);
        // The server makes 26 tokens a second: what was let through in between says so, a little surer each time.
        let mut at = begun;
        for accepted in [26, 52, 104, 208, 208, 208] {
            at = refused_after(&mut pacer, accepted, at, accepted as f64 / 26.0);
        }
        let rate = pacer.rate().unwrap();
        assert!((25.0..26.5).contains(&rate), "{rate}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_sooner_the_refusal_the_larger_the_step_down() {
        let mut pacer = Pacer::new();
        let mut at = refused_after(&mut pacer, 100, Instant::now(), 0.0);
        let mut last = pacer.rate().unwrap();
        for expected in [0.5, 0.5, 0.5] {
            at = refused_after(&mut pacer, 0, at, 0.1);
            let rate = pacer.rate().unwrap();
            assert!((rate - last * expected * BELOW).abs() < 1e-9, "{last} {rate}");
            last = rate;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_of_requests_that_were_on_their_way_count_once() {
        let start = Instant::now();
        let mut pacer = Pacer::new();
        pacer.accepted(start);
        let then = start + Duration::from_millis(100);
        pacer.refused(then, start);
        let rate = pacer.rate();
        pacer.refused(then, start);
        pacer.refused(then + Duration::from_millis(5), then);
        assert_eq!(pacer.rate(), rate);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_learned_is_forgotten_while_nobody_asks() {
        let mut pacer = Pacer::new();
        let at = refused_after(&mut pacer, 10, Instant::now(), 0.0);
        assert!((pacer.rate().unwrap() - 7.0).abs() < 1e-9);
        let later = at + Duration::from_secs(121);
        pacer.begin(later);
        assert!((27.0..29.0).contains(&pacer.rate().unwrap()), "{pacer:?}");
        pacer.begin(later + Duration::from_secs(3_600));
        assert_eq!(pacer.rate(), None);
    }

    #[test]
    fn growth_is_slow_until_a_refusal_is_overdue() {
        assert_eq!(growth_after(1e-4, 10), 1e-4);
        assert_eq!(growth_after(1e-4, 500), 1e-4);
        assert!(growth_after(1e-4, 600) > 2e-4);
        assert_eq!(growth_after(1e-4, 5_000), OVERDUE_GROWTH);
    }
}
