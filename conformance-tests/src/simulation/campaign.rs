//! Many seeds, on every core.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Outcome, World, run};

/// How many seeds, and how.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// Threads that play them.
    pub threads: usize,
    /// Seeds that may fail before the rest is not played any more.
    pub most_failures: usize,
}

/// What became of them.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Seeds played.
    pub played: u64,
    /// Requests that reached the vendor.
    pub requests: u64,
    /// Operations that succeeded.
    pub succeeded: u64,
    /// Operations that ended in an error.
    pub failed: u64,
    /// The seeds that failed, and why, smallest first.
    pub failures: Vec<(u64, Vec<String>)>,
}

/// Plays a campaign. After each seed, `progress` is called with the number of seeds played, and with the seed itself and what
/// went wrong where it failed. Nothing else is kept of a seed, so that there may be any number of them.
pub fn campaign<W: World>(campaign: Campaign, progress: impl Fn(u64, Option<(u64, &[String])>) + Sync) -> Report {
    let next = AtomicU64::new(0);
    let enough = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    std::thread::scope(|scope| {
        for _ in 0..campaign.threads.max(1) {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= campaign.seeds {
                        break;
                    }
                    let seed = campaign.first + nth;
                    let outcome = outcome::<W>(seed);
                    let mut report = report.lock().unwrap();
                    report.played += 1;
                    report.requests += outcome.requests;
                    report.succeeded += outcome.succeeded;
                    report.failed += outcome.failed;
                    let failure = (!outcome.violations.is_empty()).then_some((seed, outcome.violations.as_slice()));
                    progress(report.played, failure);
                    if failure.is_some() {
                        report.failures.push((seed, outcome.violations));
                        enough.fetch_or(report.failures.len() >= campaign.most_failures.max(1), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap();
    report.failures.sort();
    report
}

/// One seed's outcome; a panic is one too.
fn outcome<W: World>(seed: u64) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| run::<W>(seed, false))).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it says nothing");
        Outcome { violations: vec![format!("panicked: {said}")], ..Outcome::default() }
    })
}
