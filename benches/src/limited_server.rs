//! Servers of a known rate on the virtual clock: what they let through, and what they say of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use ticketing::model::Timestamp;
use ticketing::request::ByteStream;
use ticketing::{Clock, Result};
use ticketing_http::http::{HeaderValue, Request, Response, StatusCode};
use ticketing_http::{Body, Random, SeededRandom, Transport, TransportError};
use tokio::time::{Instant, sleep};

/// Where all virtual time begins.
const EPOCH: i64 = 1_767_225_600;
const HOUR: i64 = 3_600;

/// The runtime's own clock, which stands still while anybody works.
#[derive(Debug)]
pub(crate) struct VirtualClock(Instant);

impl VirtualClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let at = Timestamp::from_timestamp(EPOCH, 0).unwrap_or_default();
        at + self.0.elapsed()
    }
}

/// What a server lets through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    /// So many tokens a second and so many at once; it says nothing of it, not even when to come again.
    Bucket { per_second: f64, burst: f64 },
    /// So many in each hour of the clock, with ServiceNow's headers: limit and reset on every answer, `Retry-After` on a
    /// refusal, and never what remains (wire/servicenow.md §6).
    Hourly { per_hour: f64 },
}

/// A server, as a transport.
#[derive(Debug)]
pub(crate) struct LimitedServer {
    clock: Arc<dyn Clock>,
    random: SeededRandom,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: Limit,
    tokens: f64,
    at: Instant,
    hour: i64,
    used: f64,
    accepted: u64,
    refused: u64,
}

impl LimitedServer {
    /// A server that has used up `used` of its first hour on others' requests.
    pub(crate) fn new(clock: Arc<dyn Clock>, limit: Limit, used: f64) -> Self {
        let tokens = if let Limit::Bucket { burst, .. } = limit { burst } else { 0.0 };
        let state = State {
            limit,
            tokens,
            at: Instant::now(),
            hour: clock.now().timestamp() / HOUR,
            used,
            accepted: 0,
            refused: 0,
        };
        Self { clock, random: SeededRandom::new(7), state: Mutex::new(state) }
    }

    /// From now on it lets through as much as this.
    pub(crate) fn change(&self, limit: Limit) {
        self.state().limit = limit;
    }

    /// Requests that were accepted and refused so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state();
        (state.accepted, state.refused)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> Response<ByteStream> {
        let mut response = Response::new(stream::iter([Ok(Bytes::from_static(b"{\"result\":[]}"))]).boxed());
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        let mut state = self.state();
        let mut say = |name: &'static str, value: i64| {
            response.headers_mut().insert(name, value.into());
        };
        let accepted = match state.limit {
            Limit::Bucket { per_second, burst } => {
                let now = Instant::now();
                let made = per_second * (now - state.at).as_secs_f64();
                state.tokens = (state.tokens + made).min(burst);
                state.at = now;
                let accepted = state.tokens >= 1.0;
                state.tokens -= if accepted { 1.0 } else { 0.0 };
                accepted
            }
            Limit::Hourly { per_hour } => {
                let now = self.clock.now().timestamp();
                let hour = now / HOUR;
                if hour != state.hour {
                    (state.hour, state.used) = (hour, 0.0);
                }
                let accepted = state.used < per_hour;
                state.used += if accepted { 1.0 } else { 0.0 };
                let reset = (hour + 1) * HOUR;
                say("x-ratelimit-limit", per_hour as i64);
                say("x-ratelimit-reset", reset);
                if !accepted {
                    say("retry-after", reset - now);
                }
                accepted
            }
        };
        if accepted {
            state.accepted += 1;
        } else {
            state.refused += 1;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        }
        response
    }
}

#[async_trait]
impl Transport for LimitedServer {
    async fn send(&self, _request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        // 5 to 35 ms there and back, the same in each run.
        let latency = Duration::from_secs_f64(0.005 + 0.030 * self.random.unit());
        sleep(latency / 2).await;
        let response = self.answer();
        sleep(latency / 2).await;
        Ok(response)
    }
}
