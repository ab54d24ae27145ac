//! A shared budget, so that an outage does not multiply the traffic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A budget that retries draw on and successes fill up; clones share it. While it is empty, nothing is sent again.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    tokens: Arc<AtomicI64>,
    capacity: i64,
}

/// What one retry costs, in successes.
const COST: i64 = 5;

impl RetryBudget {
    /// A full budget of this many retries.
    #[must_use]
    pub fn new(retries: u32) -> Self {
        let capacity = i64::from(retries) * COST;
        Self { tokens: Arc::new(AtomicI64::new(capacity)), capacity }
    }

    /// Pays for a retry; false where the budget is empty.
    #[must_use]
    pub fn withdraw(&self) -> bool {
        self.tokens
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |tokens| (tokens >= COST).then_some(tokens - COST))
            .is_ok()
    }

    /// Fills up a little, after a success at the first attempt.
    pub fn deposit(&self) {
        self.fill(1);
    }

    /// Gives back what the last retry cost, after it succeeded: a server that fails now and then does not use it up.
    pub fn refund(&self) {
        self.fill(COST);
    }

    fn fill(&self, by: i64) {
        let fill = |tokens: i64| (tokens < self.capacity).then_some((tokens + by).min(self.capacity));
        let _full_already = self.tokens.fetch_update(Ordering::AcqRel, Ordering::Acquire, fill);
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_budget_stops_retries_until_something_succeeds() {
        let budget = RetryBudget::new(2);
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
        (0..5).for_each(|_| budget.deposit());
        assert!(budget.withdraw() && !budget.withdraw());
        budget.refund();
        budget.refund();
        budget.refund();
        assert!(budget.withdraw() && budget.withdraw() && !budget.withdraw());
    }
}
