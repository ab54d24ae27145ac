//! The decision after a failed attempt.

use std::fmt;
use std::time::Duration;

use ticketing_core::{Delivery, Error, ErrorKind, remedy};

use crate::request::Idempotency;

/// A failed attempt.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// Which one it was: 1 is the first.
    pub number: u32,
    /// How safe the request is to repeat.
    pub idempotency: Idempotency,
    /// What went wrong.
    pub error: &'a Error,
    /// How long the operation has taken so far.
    pub elapsed: Duration,
    /// A random number in `0.0..1.0`, for jitter.
    pub random: f64,
}

impl<'a> Attempt<'a> {
    /// A failed attempt.
    #[must_use]
    pub fn new(number: u32, idempotency: Idempotency, error: &'a Error, elapsed: Duration, random: f64) -> Self {
        Self { number, idempotency, error, elapsed, random }
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The error goes to the caller.
    Stop,
    /// The request is sent again after this long.
    Retry(Duration),
}

/// Decides what follows a failed attempt; replace it by [`HttpContext::with_retry`](crate::HttpContext::with_retry).
pub trait RetryPolicy: fmt::Debug + Send + Sync + 'static {
    /// What follows this failed attempt.
    fn decide(&self, attempt: &Attempt<'_>) -> Decision;
}

/// Exponential backoff with full jitter, under the server's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Backoff {
    /// The most attempts, the first included.
    pub max_attempts: u32,
    /// The longest first wait; it doubles each time.
    pub initial: Duration,
    /// The longest wait of our own.
    pub max_wait: Duration,
    /// The longest wait of the server's that is waited for; a longer one goes to the caller.
    pub max_retry_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial: Duration::from_millis(500),
            max_wait: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy for Backoff {
    fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        let error = attempt.error;
        let Some(server) = error.retry_after() else { return Decision::Stop };
        if attempt.number >= self.max_attempts || server > self.max_retry_after || !may_repeat(attempt) {
            return Decision::Stop;
        }
        // The server's word is kept exactly; only a wait of our own is jittered.
        let doublings = attempt.number.saturating_sub(1).min(16);
        let ours = self.initial.saturating_mul(1 << doublings).min(self.max_wait).mul_f64(attempt.random);
        Decision::Retry(if remedy::is_removed("http.retry_after") { ours } else { server.max(ours) })
    }
}

/// Whether sending the request again can do harm.
fn may_repeat(attempt: &Attempt<'_>) -> bool {
    let error = attempt.error;
    // Nothing was sent, or it was turned away at the door.
    if error.delivery() == Delivery::NotSent || error.kind() == ErrorKind::RateLimited {
        return true;
    }
    if error.http_status() == Some(503) && error.retry_after().is_some_and(|wait| wait > Duration::ZERO) {
        return true;
    }
    // The provider says that what met another write was undone.
    if error.kind() == ErrorKind::Conflict && error.delivery() == Delivery::Answered {
        return true;
    }
    attempt.idempotency != Idempotency::Unsafe || remedy::is_removed("http.unsafe_once")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(idempotency: Idempotency, number: u32, error: &Error) -> Decision {
        Backoff::default().decide(&Attempt::new(number, idempotency, error, Duration::ZERO, 0.5))
    }

    #[test]
    fn three_signals_decide_together() {
        let zero = Duration::ZERO;
        let broken =
            Error::new(ErrorKind::Unavailable, "").with_delivery(Delivery::MaybeApplied).with_retry_after(zero);
        let unsent = Error::new(ErrorKind::Unavailable, "").with_retry_after(zero);
        let limited =
            Error::new(ErrorKind::RateLimited, "").with_http_status(429).with_retry_after(Duration::from_secs(7));
        let busy = Error::new(ErrorKind::Unavailable, "").with_http_status(503).with_retry_after(zero);
        let busy_until =
            Error::new(ErrorKind::Unavailable, "").with_http_status(503).with_retry_after(Duration::from_secs(2));
        let undone = Error::new(ErrorKind::Conflict, "")
            .with_http_status(409)
            .with_delivery(Delivery::Answered)
            .with_retry_after(zero);
        let final_conflict =
            Error::new(ErrorKind::Conflict, "").with_http_status(409).with_delivery(Delivery::Answered);
        let refused = Error::new(ErrorKind::PermissionDenied, "").with_http_status(403);
        let later =
            Error::new(ErrorKind::RateLimited, "").with_http_status(429).with_retry_after(Duration::from_secs(61));
        let ours = Decision::Retry(Duration::from_millis(250));
        for (idempotency, error, expected) in [
            (Idempotency::Safe, &broken, ours),
            (Idempotency::Idempotent, &broken, ours),
            (Idempotency::Keyed, &broken, ours),
            (Idempotency::Unsafe, &broken, Decision::Stop),
            (Idempotency::Unsafe, &unsent, ours),
            (Idempotency::Unsafe, &limited, Decision::Retry(Duration::from_secs(7))),
            (Idempotency::Unsafe, &busy, Decision::Stop),
            (Idempotency::Unsafe, &busy_until, Decision::Retry(Duration::from_secs(2))),
            (Idempotency::Unsafe, &undone, ours),
            (Idempotency::Unsafe, &final_conflict, Decision::Stop),
            (Idempotency::Safe, &busy, ours),
            (Idempotency::Safe, &refused, Decision::Stop),
            (Idempotency::Safe, &later, Decision::Stop),
        ] {
            assert_eq!(decide(idempotency, 1, error), expected, "{idempotency:?} {error}");
        }
        assert_eq!(decide(Idempotency::Safe, 4, &broken), Decision::Stop);
        assert_eq!(decide(Idempotency::Safe, 3, &broken), Decision::Retry(Duration::from_secs(1)));
    }
}
