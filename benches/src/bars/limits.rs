//! How much of a server's rate is used, and how often it has to refuse: the real client and its gate on the virtual clock.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ticketing::Clock;
use ticketing_http::{AddressPolicy, HttpClient, HttpContext, RateGate, Request, SeededRandom};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::figure::Figure;
use crate::limited_server::{Limit, LimitedServer, VirtualClock};

/// Requests per second that servers allow.
const RATES: [f64; 5] = [1.0, 5.0, 20.0, 60.0, 200.0];
/// As many ask at once as a busy product has workers.
const WORKERS: u64 = 24;
const HALF_HOUR: Duration = Duration::from_secs(1_800);

/// What a stretch of time was used for: parts of the rate that were used, and of the requests that were refused.
#[derive(Debug, Clone, Copy)]
struct Share {
    used: f64,
    refused: f64,
}

/// The worst of several stretches.
#[derive(Debug, Clone)]
struct Worst {
    used: (f64, String),
    refused: (f64, String),
}

impl Worst {
    fn new() -> Self {
        Self { used: (f64::INFINITY, String::new()), refused: (0.0, String::new()) }
    }

    fn note(&mut self, what: &str, share: Share) {
        if share.used < self.used.0 {
            self.used = (share.used, what.to_owned());
        }
        if share.refused >= self.refused.0 {
            self.refused = (share.refused, what.to_owned());
        }
    }

    fn figures(&self, id: &str, when: &str) -> [Figure; 2] {
        let used = format!("the least, at {}; {when}", self.used.1);
        let refused = format!("the most, at {}; {when}", self.refused.1);
        [
            Figure::at_least(format!("{id}.used"), self.used.0 * 100.0, 95.0, " %", used),
            Figure::at_most(format!("{id}.refused"), self.refused.0 * 100.0, 1.0, " %", refused),
        ]
    }
}

pub(crate) fn run(_rounds: Option<usize>) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for group in [on_virtual_time(bucket)?, on_virtual_time(hourly)?] {
        figures.extend(group);
    }
    Ok(figures)
}

fn on_virtual_time<F: Future<Output = Result<Vec<Figure>>>>(measure: fn() -> F) -> Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(measure())
}

/// Workers that ask without pause, each through a connection of its own; they share the account's gate.
fn crowd(server: &Arc<LimitedServer>, clock: &Arc<dyn Clock>) -> Result<Vec<JoinHandle<()>>> {
    let gate = RateGate::new(16);
    let policy = AddressPolicy::strict().allow_loopback();
    let address = policy.check("address", "http://127.0.0.1:4010", None)?;
    let worker = |nth: u64| {
        let context = HttpContext::with_transport(policy.clone(), Arc::clone(server) as _)
            .with_clock(Arc::clone(clock))
            .with_random(Arc::new(SeededRandom::new(nth)));
        let client = HttpClient::builder(address.clone(), context).with_gate(gate.clone()).build();
        async move {
            loop {
                if let Err(error) = client.send(&Request::get("/")).await {
                    // Who is told to come later comes later, and a little after the moment, as clocks differ.
                    sleep(error.retry_after().unwrap_or_default() + Duration::from_millis(250)).await;
                }
            }
        }
    };
    Ok((1..=WORKERS).map(|nth| tokio::spawn(worker(nth))).collect())
}

/// What happens in this time, where the server allows `per_second`.
async fn share(server: &LimitedServer, time: Duration, per_second: f64) -> Share {
    let (accepted, refused) = server.counts();
    sleep(time).await;
    let (accepted_now, refused_now) = server.counts();
    let (accepted, refused) = ((accepted_now - accepted) as f64, (refused_now - refused) as f64);
    Share { used: accepted / (per_second * time.as_secs_f64()), refused: refused / (accepted + refused).max(1.0) }
}

/// At least a minute, and at least as many requests as this.
fn time_of(requests: f64, per_second: f64) -> Duration {
    Duration::from_secs_f64((requests / per_second).max(60.0))
}

/// A token bucket that says nothing: the rate is learned from what is refused.
async fn bucket() -> Result<Vec<Figure>> {
    let (mut before, mut after) = (Worst::new(), Worst::new());
    for rate in RATES {
        for (later, burst) in [(rate * 2.0, rate.max(2.0)), (rate / 2.0, 10.0 * rate)] {
            let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new());
            let limit = |per_second| Limit::Bucket { per_second, burst };
            let server = Arc::new(LimitedServer::new(Arc::clone(&clock), limit(rate), 0.0));
            let workers = crowd(&server, &clock)?;
            sleep(time_of(1_500.0, rate)).await;
            before.note(&format!("{rate}/s"), share(&server, time_of(3_000.0, rate), rate).await);
            server.change(limit(later));
            sleep(time_of(2_000.0, rate.min(later))).await;
            after.note(&format!("{rate}/s, then {later}/s"), share(&server, time_of(3_000.0, later), later).await);
            workers.iter().for_each(JoinHandle::abort);
        }
    }
    let warm = "after 60 s and 1,500 requests";
    let changed = "60 s and 2,000 requests after the change";
    Ok([before.figures("limits.bucket", warm), after.figures("limits.bucket.changed", changed)].concat())
}

/// A fixed hourly window with the vendor's headers. We come in the middle of an hour of which half is spent by others.
async fn hourly() -> Result<Vec<Figure>> {
    let (mut before, mut after) = (Worst::new(), Worst::new());
    for rate in RATES {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::new());
        let limit = |per_second: f64| Limit::Hourly { per_hour: per_second * 3_600.0 };
        // The clock's hours begin with its own beginning.
        sleep(HALF_HOUR).await;
        let server = Arc::new(LimitedServer::new(Arc::clone(&clock), limit(rate), rate * 1_800.0));
        let workers = crowd(&server, &clock)?;
        before.note(&format!("{rate}/s"), share(&server, HALF_HOUR, rate).await);
        // Half-way through the next hour the rule is halved; the hour after that is measured.
        sleep(HALF_HOUR).await;
        server.change(limit(rate / 2.0));
        sleep(HALF_HOUR).await;
        let later = rate / 2.0;
        after.note(&format!("{rate}/s, then {later}/s"), share(&server, HALF_HOUR * 2, later).await);
        workers.iter().for_each(JoinHandle::abort);
    }
    let warm = "from the first request on, in half an hour of which others used half";
    let changed = "in the hour after the one in which the rule was halved";
    Ok([before.figures("limits.hourly", warm), after.figures("limits.hourly.changed", changed)].concat())
}
