//! Rate gates and retry budgets by account, for as long as a connection uses them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::rate::{RateGate, WeakRateGate};
use crate::retry::RetryBudget;

/// The limits that connections to one account share; forgotten with the last of them.
#[derive(Clone, Default)]
pub(crate) struct SharedLimits {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    accounts: HashMap<String, (WeakRateGate, RetryBudget)>,
    /// When this many are known, those that nobody uses any more are swept out.
    sweep_at: usize,
}

impl fmt::Debug for SharedLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedLimits").finish_non_exhaustive()
    }
}

impl SharedLimits {
    /// The limits of this account; the first one who asks says how many requests run at once.
    pub(crate) fn of(&self, account: &str, concurrency: usize) -> (RateGate, RetryBudget) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((gate, budget)) = known.accounts.get(account)
            && let Some(gate) = gate.upgrade()
        {
            return (gate, budget.clone());
        }
        if known.accounts.len() >= known.sweep_at {
            known.accounts.retain(|_, (gate, _)| gate.upgrade().is_some());
            known.sweep_at = (known.accounts.len() * 2).max(64);
        }
        let (gate, budget) = (RateGate::new(concurrency), RetryBudget::default());
        known.accounts.insert(account.to_owned(), (gate.downgrade(), budget.clone()));
        (gate, budget)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_account_has_one_gate_and_is_forgotten_with_its_last_connection() {
        let limits = SharedLimits::default();
        let (first, _) = limits.of("acme", 1);
        let (second, _) = limits.of("acme", 1);
        let (other, _) = limits.of("globex", 1);
        let held = first.enter().await.unwrap();
        let waits = tokio::time::timeout(std::time::Duration::from_secs(1), second.enter()).await;
        assert!(waits.is_err());
        drop(other.enter().await.unwrap());
        drop(held);
        drop((first, second, other));
        for nth in 0..1_000 {
            drop(limits.of(&format!("account {nth}"), 1));
        }
        assert!(limits.known.lock().unwrap().accounts.len() <= 64);
    }
}
