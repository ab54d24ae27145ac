//! The rate gate: how many requests run at once, and how far apart they begin.
//!
//! It needs no header. A 429 makes everybody on the connection pause for as long as the server says, and spaces requests
//! further apart; success closes the gaps again. Those who wait are served in order.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ticketing_core::{Error, ErrorKind, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// The gate of one connection; clones share it.
#[derive(Debug, Clone)]
pub struct RateGate {
    running: Arc<Semaphore>,
    /// Those who wait for their turn stand in line here, first come, first served.
    turn: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    closed_until: Option<Instant>,
    /// The least time between the beginnings of two requests; `None`: as fast as they come.
    gap: Option<Duration>,
    next: Option<Instant>,
    /// When the latest requests began, to know how fast we were when the server complained.
    begun: VecDeque<Instant>,
}

/// How many beginnings are remembered.
const REMEMBERED: usize = 64;
/// Gaps below this are no gaps.
const LEAST_GAP: Duration = Duration::from_millis(1);
const LARGEST_GAP: Duration = Duration::from_secs(30);

impl RateGate {
    /// A gate that lets this many requests run at the same time; at least one.
    #[must_use]
    pub fn new(concurrency: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(concurrency.max(1))),
            turn: Arc::default(),
            state: Arc::new(Mutex::new(State { closed_until: None, gap: None, next: None, begun: VecDeque::new() })),
        }
    }

    /// Waits until a request may begin; it counts as running until the permit is dropped.
    ///
    /// # Errors
    /// `Unexpected` where the gate was closed for good, which nobody does.
    pub async fn enter(&self) -> Result<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|closed| Error::new(ErrorKind::Unexpected, "the rate gate was closed").with_source(closed))?;
        let _turn = self.turn.lock().await;
        // Asked again after each sleep: the pause may have grown meanwhile.
        while let Some(until) = self.earliest() {
            sleep_until(until).await;
        }
        Ok(permit)
    }

    /// The time to wait for; `None`: begin now, and it is noted.
    fn earliest(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.lock();
        let until = [state.closed_until, state.next].into_iter().flatten().max().filter(|until| *until > now);
        if until.is_none() {
            state.next = state.gap.map(|gap| now + gap);
            if state.begun.len() == REMEMBERED {
                state.begun.pop_front();
            }
            state.begun.push_back(now);
        }
        until
    }

    /// The server accepted a request: the gap shrinks a little.
    pub fn accepted(&self) {
        let mut state = self.lock();
        state.gap = state.gap.map(|gap| gap.mul_f64(0.98)).filter(|gap| *gap >= LEAST_GAP);
    }

    /// The server turned a request away for its rate: nobody begins before `wait` is over, and gaps grow.
    pub fn refused(&self, wait: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        let until = now + wait;
        state.closed_until = Some(state.closed_until.map_or(until, |known| known.max(until)));
        let lately: Vec<Instant> =
            state.begun.iter().copied().filter(|begun| now.duration_since(*begun) < Duration::from_secs(10)).collect();
        let ours = match (lately.first(), lately.len()) {
            (Some(first), count) if count > 1 => now.duration_since(*first).div_f64(count as f64),
            _ => Duration::from_millis(100),
        };
        let gap = state.gap.unwrap_or(ours).mul_f64(1.5);
        state.gap = Some(gap.clamp(LEAST_GAP, LARGEST_GAP));
        // One complaint counts once, not for each request that was on its way.
        state.begun.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everybody_pauses_after_a_refusal_and_in_order() {
        let gate = RateGate::new(8);
        drop(gate.enter().await.unwrap());
        gate.refused(Duration::from_secs(30));
        let begun = Instant::now();
        let order = Arc::new(Mutex::new(Vec::new()));
        let all = (0..4).map(|nth| {
            let (gate, order) = (gate.clone(), Arc::clone(&order));
            async move {
                let _permit = gate.enter().await.unwrap();
                order.lock().unwrap().push(nth);
            }
        });
        futures::future::join_all(all).await;
        assert!(begun.elapsed() >= Duration::from_secs(30));
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_as_many_run_as_allowed_and_a_cancelled_one_leaves_no_lock() {
        let gate = RateGate::new(1);
        let permit = gate.enter().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(1), gate.enter()).await.is_err());
        drop(permit);
        gate.refused(Duration::from_secs(60));
        assert!(tokio::time::timeout(Duration::from_secs(1), gate.enter()).await.is_err());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(tokio::time::timeout(Duration::from_secs(1), gate.enter()).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn gaps_grow_with_refusals_and_close_with_success() {
        let gate = RateGate::new(8);
        for _ in 0..10 {
            drop(gate.enter().await.unwrap());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        gate.refused(Duration::ZERO);
        let gap = gate.lock().gap.unwrap();
        assert!((Duration::from_millis(5)..Duration::from_millis(40)).contains(&gap), "{gap:?}");
        (0..500).for_each(|_| gate.accepted());
        assert_eq!(gate.lock().gap, None);
    }
}
