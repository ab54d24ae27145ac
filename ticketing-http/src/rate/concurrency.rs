//! How many requests run at the same time.

use tokio::time::Instant;

/// A bound that is lowered where the server says that too many run at once, and rises again with success.
#[derive(Debug)]
pub(super) struct Concurrency {
    most: usize,
    allowed: f64,
    running: usize,
    lowered_at: Option<Instant>,
}

impl Concurrency {
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, allowed: most as f64, running: 0, lowered_at: None }
    }

    /// One more runs; false where none may.
    pub(super) fn begin(&mut self) -> bool {
        let free = self.running < self.allowed as usize;
        self.running += usize::from(free);
        free
    }

    /// One less runs.
    pub(super) fn end(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Success: one more is tried after as many as twenty times the bound.
    pub(super) fn accepted(&mut self) {
        self.allowed = (self.allowed + 0.05 / self.allowed).min(self.most as f64);
    }

    /// The server refused one for how many ran when it came; those that began before the last time say nothing new.
    pub(super) fn refused(&mut self, begun: Instant) {
        if self.lowered_at.is_some_and(|lowered_at| begun <= lowered_at) {
            return;
        }
        self.lowered_at = Some(Instant::now());
        self.allowed = (self.allowed.min(self.running as f64) * 0.75).floor().max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_falls_once_for_a_burst_of_refusals_and_rises_with_success() {
        let mut concurrency = Concurrency::new(8);
        let begun = Instant::now();
        while concurrency.begin() {}
        assert_eq!(concurrency.running(), 8);
        tokio::time::advance(Duration::from_millis(50)).await;
        for _ in 0..4 {
            concurrency.refused(begun);
            concurrency.end();
        }
        assert_eq!(concurrency.allowed, 6.0);
        (0..1_000).for_each(|_| concurrency.accepted());
        assert_eq!(concurrency.allowed, 8.0);
        assert!(Concurrency::new(0).begin());
    }
}
