//! The gate against servers of known rate, under paused time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

/// A server's limit.
#[derive(Debug, Clone, Copy)]
enum Limit {
    /// So many tokens a second, so many at once; it says nothing of it.
    Bucket { rate: f64, burst: f64 },
    /// So many in each hour, said in headers as ServiceNow does: limit and reset, not what remains
    /// (wire/servicenow.md §6.1).
    Hour { per_hour: f64 },
}

#[derive(Debug)]
struct Server {
    limit: Limit,
    tokens: f64,
    at: Instant,
    window_end: Instant,
    used: f64,
    /// Whether each request was accepted, and when.
    log: VecDeque<(Instant, bool)>,
}

impl Server {
    fn new(limit: Limit) -> Self {
        let now = Instant::now();
        let tokens = if let Limit::Bucket { burst, .. } = limit { burst } else { 0.0 };
        // We come in the middle of a window.
        let window_end = now + Duration::from_secs(1_800);
        Self { limit, tokens, at: now, window_end, used: 0.0, log: VecDeque::new() }
    }

    fn serve(&mut self) -> (bool, Vec<RateReading>) {
        let now = Instant::now();
        let mut readings = Vec::new();
        let accepted = match self.limit {
            Limit::Bucket { rate, burst } => {
                self.tokens = (self.tokens + rate * (now - self.at).as_secs_f64()).min(burst);
                self.at = now;
                let accepted = self.tokens >= 1.0;
                self.tokens -= if accepted { 1.0 } else { 0.0 };
                accepted
            }
            Limit::Hour { per_hour } => {
                while self.window_end <= now {
                    self.window_end += Duration::from_secs(3_600);
                    self.used = 0.0;
                }
                let accepted = self.used < per_hour;
                self.used += if accepted { 1.0 } else { 0.0 };
                let whole_seconds = Duration::from_secs((self.window_end - now).as_secs());
                readings
                    .push(RateReading::new(RateReading::REQUESTS).with_limit(per_hour).with_resets_in(whole_seconds));
                accepted
            }
        };
        self.log.push_back((now, accepted));
        (accepted, readings)
    }

    /// Accepted and refused requests between two moments.
    fn count(&self, from: Instant, to: Instant) -> (f64, f64) {
        let within = self.log.iter().filter(|(at, _)| (from..to).contains(at));
        let (accepted, refused): (Vec<_>, Vec<_>) = within.copied().partition(|(_, accepted)| *accepted);
        (accepted.len() as f64, refused.len() as f64)
    }
}

/// As many workers as a busy product has, all asking without pause.
fn crowd(gate: &RateGate, server: &Arc<Mutex<Server>>) -> Vec<tokio::task::JoinHandle<()>> {
    let worker = |nth: u64| {
        let (gate, server) = (gate.lane(), Arc::clone(server));
        async move {
            // Latency differs from answer to answer, the same in each run.
            let mut random = nth.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            loop {
                let Ok(permit) = gate.enter().await else {
                    sleep(Duration::from_secs(5)).await;
                    continue;
                };
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let latency = Duration::from_millis(5 + (random >> 33) % 30);
                sleep(latency / 2).await;
                let (accepted, readings) = server.lock().unwrap().serve();
                sleep(latency / 2).await;
                if accepted {
                    permit.accepted(&readings);
                } else {
                    permit.refused(Duration::ZERO, RefusedFor::Rate, &readings);
                    drop(permit);
                    // As the retry plane backs off.
                    sleep(Duration::from_millis(250)).await;
                }
            }
        }
    };
    (0..24).map(|nth| tokio::spawn(worker(nth))).collect()
}

/// Warm-up: 60 seconds and 1,500 requests.
fn warm_up(rate: f64) -> Duration {
    Duration::from_secs_f64(60.0_f64.max(1_500.0 / rate))
}

/// After a change of rate: 2,000 requests, at least 60 seconds.
fn adapts_within(rate: f64) -> Duration {
    Duration::from_secs_f64(60.0_f64.max(2_000.0 / rate))
}

async fn measured(server: &Arc<Mutex<Server>>, rate: f64) -> (f64, f64) {
    let from = Instant::now();
    let seconds = 60.0_f64.max(3_000.0 / rate);
    sleep(Duration::from_secs_f64(seconds)).await;
    let (accepted, refused) = server.lock().unwrap().count(from, Instant::now());
    (accepted / (rate * seconds), refused / (accepted + refused))
}

fn assert_bars(what: &str, (used, refused): (f64, f64)) {
    println!("{what}: {:.1} % used, {:.2} % refused", used * 100.0, refused * 100.0);
    assert!(used >= 0.95, "{what}: {used} used");
    assert!(refused <= 0.01, "{what}: {refused} refused");
}

async fn token_bucket(rate: f64, burst: f64, later: f64) {
    let server = Arc::new(Mutex::new(Server::new(Limit::Bucket { rate, burst })));
    let gate = RateGate::new(16);
    let workers = crowd(&gate, &server);
    sleep(warm_up(rate)).await;
    assert_bars(&format!("bucket {rate}/s, burst {burst}"), measured(&server, rate).await);
    server.lock().unwrap().limit = Limit::Bucket { rate: later, burst };
    sleep(adapts_within(rate.min(later))).await;
    assert_bars(&format!("bucket {rate}/s, burst {burst}, then {later}/s"), measured(&server, later).await);
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn a_token_bucket_without_headers_is_used_and_seldom_hit() {
    for rate in [1.0_f64, 20.0, 200.0] {
        for burst in [rate.max(2.0), 10.0 * rate] {
            for later in [rate * 2.0, rate / 2.0] {
                token_bucket(rate, burst, later).await;
            }
        }
    }
}

async fn hourly_window(rate: f64, hours: u32) {
    let server = Arc::new(Mutex::new(Server::new(Limit::Hour { per_hour: rate * 3_600.0 })));
    let begun = Instant::now();
    let workers = crowd(&RateGate::new(16), &server);
    let hour = Duration::from_secs(3_600);
    // Whole windows under one limit, half a window until it is halved, and the whole window after that.
    let (first, last) = (begun + hour / 2, begun + hour / 2 + hours * hour);
    sleep(hour + hours * hour).await;
    let (accepted, refused) = server.lock().unwrap().count(first, last);
    let given = rate * 3_600.0 * f64::from(hours);
    assert_bars(&format!("{rate}/s by the hour"), (accepted / given, refused / (accepted + refused)));
    server.lock().unwrap().limit = Limit::Hour { per_hour: rate * 1_800.0 };
    sleep(hour / 2 + hour).await;
    let changed = last + hour;
    let (accepted, refused) = server.lock().unwrap().count(changed, changed + hour);
    assert_bars(
        &format!("{rate}/s by the hour, halved"),
        (accepted / (rate * 1_800.0), refused / (accepted + refused)),
    );
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn an_hourly_window_with_headers_is_used_up_and_not_overrun() {
    hourly_window(1.0, 3).await;
    hourly_window(40.0, 1).await;
}

/// The fastest one alone: it takes the longest.
#[tokio::test(start_paused = true)]
async fn a_large_hourly_window_is_used_up_and_not_overrun() {
    let server = Arc::new(Mutex::new(Server::new(Limit::Hour { per_hour: 720_000.0 })));
    // We come when half of the window's time is over, and half of what it holds is spent by others.
    server.lock().unwrap().used = 360_000.0;
    let workers = crowd(&RateGate::new(16), &server);
    let from = Instant::now();
    sleep(Duration::from_secs(1_800)).await;
    let (accepted, refused) = server.lock().unwrap().count(from, Instant::now());
    assert_bars("200/s by the hour", (accepted / 360_000.0, refused / (accepted + refused)));
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}
