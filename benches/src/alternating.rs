//! Two or more sides measured in one run: they take turns, so that whatever else the machine does hits all of them alike.

use std::time::Duration;

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// The CPU time of this thread so far. For work that neither waits nor leaves the thread, it is the time that the work
/// takes on a machine of its own.
pub(crate) fn thread_cpu() -> Duration {
    duration(ClockId::ThreadCPUTime)
}

/// The time that goes by.
pub(crate) fn wall() -> Duration {
    duration(ClockId::Monotonic)
}

fn duration(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// What each side took, run by run.
#[derive(Debug)]
pub(crate) struct Runs {
    seconds: Vec<Vec<f64>>,
}

impl Runs {
    pub(crate) fn new(sides: usize) -> Self {
        Self { seconds: vec![Vec::new(); sides] }
    }

    /// Notes a run of a side.
    pub(crate) fn push(&mut self, side: usize, took: Duration) {
        self.seconds[side].push(took.as_secs_f64());
    }

    /// The middle run of a side, in seconds.
    pub(crate) fn median(&self, side: usize) -> f64 {
        median(&self.seconds[side])
    }

    /// The middle of the ratios of runs that were neighbours: `over` to `under`. Both of a pair met the same machine.
    pub(crate) fn ratio(&self, over: usize, under: usize) -> f64 {
        let pairs = self.seconds[over].iter().zip(&self.seconds[under]);
        median(&pairs.map(|(over, under)| over / under).collect::<Vec<_>>())
    }
}

/// Runs the sides in turn, `rounds` times after those that do not count, each round in the other direction.
///
/// # Errors
/// What a side says.
pub(crate) fn alternate(
    warm_up: usize,
    rounds: usize,
    sides: &mut [&mut dyn FnMut() -> Result<Duration>],
) -> Result<Runs> {
    let mut runs = Runs::new(sides.len());
    for round in 0..warm_up + rounds {
        for nth in 0..sides.len() {
            let side = if round % 2 == 0 { nth } else { sides.len() - 1 - nth };
            let took = sides[side]()?;
            if round >= warm_up {
                runs.push(side, took);
            }
        }
    }
    Ok(runs)
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        assert!(median(&[]).is_nan());
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn ratios_are_those_of_neighbours() {
        // The machine grows slower from round to round, for both.
        let calls = std::cell::Cell::new(0);
        let slower = || {
            calls.set(calls.get() + 1);
            10_u64.pow((calls.get() - 1) / 2)
        };
        let mut one = || Ok(Duration::from_millis(slower()));
        let mut two = || Ok(Duration::from_millis(2 * slower()));
        let runs = alternate(1, 3, &mut [&mut one, &mut two]).unwrap();
        assert_eq!(runs.seconds, [[0.01, 0.1, 1.0], [0.02, 0.2, 2.0]]);
        assert_eq!((runs.median(0), runs.ratio(1, 0)), (0.1, 2.0));
    }
}
