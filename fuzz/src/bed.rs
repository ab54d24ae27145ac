//! A sandbox in process, a connection to it, a way to put other words into its mouth, and an ear for what it is asked.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use ticketing_core::request::ByteStream;
use ticketing_core::{BuildContext, Clock, ManualClock, Result, TicketingProvider};
use ticketing_http::{AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, TransportError};
use tokio::runtime::Runtime;
use vendor_sandbox::ConnectionReset;

use crate::vendor::Vendor;

/// Requests that are remembered.
const MOST_HEARD: usize = 64;

/// Requests that one call may send, retries among them.
const MOST_ASKED: usize = 2_000;

/// A request as it went out.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The path.
    pub path: String,
    /// The query string, percent-encoded.
    pub query: String,
    /// The body; empty where there is none, or it is a stream.
    pub body: Bytes,
}

/// An answer that the vendor never gave.
#[derive(Debug, Clone, Default)]
pub struct Forged {
    /// The HTTP status.
    pub status: u16,
    /// Headers; those that HTTP does not allow are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends everything to the sandbox but the paths that an answer is forged for.
struct Forger {
    sandbox: Arc<dyn Transport>,
    forged: Arc<Mutex<Option<Script>>>,
    heard: Arc<Mutex<VecDeque<Heard>>>,
    /// Requests of the call under way.
    asked: Arc<AtomicUsize>,
}

/// What is answered below a path, in turn; the last answer stays.
#[derive(Debug)]
struct Script {
    path: String,
    answers: VecDeque<Forged>,
}

impl Script {
    fn next(&mut self) -> Option<Forged> {
        if self.answers.len() > 1 { self.answers.pop_front() } else { self.answers.front().cloned() }
    }
}

impl fmt::Debug for Forger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Forger {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> std::result::Result<http::Response<ByteStream>, TransportError> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(asked < MOST_ASKED, "one call asks without end: {}", request.uri());
        {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if heard.len() == MOST_HEARD {
                heard.pop_front();
            }
            let body = match request.body() {
                Body::Bytes(bytes) => bytes.clone(),
                _ => Bytes::new(),
            };
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
            heard.push_back(Heard { path: path.to_owned(), query: query.to_owned(), body });
        }
        let forged = {
            let mut script = self.forged.lock().unwrap_or_else(PoisonError::into_inner);
            script.as_mut().filter(|script| request.uri().path().starts_with(&script.path)).and_then(Script::next)
        };
        match forged {
            Some(forged) => Ok(answer(forged)),
            None => self.sandbox.send(request).await,
        }
    }
}

fn answer(forged: Forged) -> http::Response<ByteStream> {
    let mut response = http::Response::new(futures::stream::iter([Ok(Bytes::from(forged.body))]).boxed());
    *response.status_mut() = http::StatusCode::from_u16(forged.status).unwrap_or(http::StatusCode::OK);
    for (name, value) in forged.headers {
        if let (Ok(name), Ok(value)) =
            (http::HeaderName::from_bytes(name.as_bytes()), http::HeaderValue::from_str(&value))
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A sandbox, a connection to it as its administrator, and a runtime whose time is paused.
#[derive(Debug)]
pub struct Bed<V: Vendor> {
    /// What moves the sandbox.
    pub control: V::Control,
    /// The connection.
    pub provider: Arc<dyn TicketingProvider>,
    transport: Arc<dyn Transport>,
    runtime: Runtime,
    forged: Arc<Mutex<Option<Script>>>,
    heard: Arc<Mutex<VecDeque<Heard>>>,
    asked: Arc<AtomicUsize>,
    clock: Arc<ManualClock>,
    calls: Cell<u32>,
    time_passes: bool,
}

/// Calls after which a minute passes: a vendor's limits are not what is tested here.
const CALLS_A_MINUTE: u32 = 50;

impl<V: Vendor> Bed<V> {
    /// The standard company, and a connection to its tickets.
    ///
    /// # Panics
    /// Where there is no memory for any of that: nothing here can be tested then.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what the targets stand on; there is nothing to hand an error to")]
    pub fn new() -> Self {
        let (router, control) = V::sandbox().expect("the standard company");
        let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
        let sandbox = Arc::new(ServiceTransport::<_, axum::body::Body>::new(router, is_reset));
        let (forged, heard) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(VecDeque::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let transport: Arc<dyn Transport> = Arc::new(Forger {
            sandbox,
            forged: Arc::clone(&forged),
            heard: Arc::clone(&heard),
            asked: Arc::clone(&asked),
        });
        let clock = Arc::new(ManualClock::new(control.now()));
        let provider = connect::<V>(&clock, &transport).expect("a connection");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        Self {
            control,
            provider,
            transport,
            runtime,
            forged,
            heard,
            asked,
            clock,
            calls: Cell::new(0),
            time_passes: false,
        }
    }

    /// Lets a minute pass every so many calls, so that no limit of the vendor's is reached. What is remembered for minutes is
    /// asked for again then: nothing for targets that forge answers.
    #[must_use]
    pub fn with_time_passing(mut self) -> Self {
        self.time_passes = true;
        self
    }

    /// Another connection in place of the one there is, which may have learnt limits from forged answers.
    ///
    /// # Errors
    /// None that a target could mend.
    pub fn reconnect(&mut self) -> Result<()> {
        self.provider = connect::<V>(&self.clock, &self.transport)?;
        Ok(())
    }

    /// Runs a call to its end; waits take no time.
    pub fn run<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.calls.set(self.calls.get() + 1);
        self.asked.store(0, Ordering::Relaxed);
        let is_due = self.time_passes && self.calls.get().is_multiple_of(CALLS_A_MINUTE);
        if is_due && self.control.advance(61).is_ok() {
            self.clock.set(self.control.now());
            self.runtime.block_on(async { tokio::time::sleep(Duration::from_secs(61)).await });
        }
        self.runtime.block_on(call)
    }

    /// Answers every request whose path begins so with this instead.
    pub fn forge(&self, path: &str, forged: Forged) {
        self.forge_in_turn(path, [forged]);
    }

    /// Answers the requests whose path begins so with these in turn; the last answer stays.
    pub fn forge_in_turn(&self, path: &str, answers: impl IntoIterator<Item = Forged>) {
        let script = Script { path: path.to_owned(), answers: answers.into_iter().collect() };
        *self.forged.lock().unwrap_or_else(PoisonError::into_inner) = Some(script);
    }

    /// Lets the sandbox answer again.
    pub fn forge_nothing(&self) {
        *self.forged.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The last requests since this was asked before, oldest first.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

/// What a connection is handed: a way to the sandbox, and its time.
fn connect<V: Vendor>(clock: &Arc<ManualClock>, transport: &Arc<dyn Transport>) -> Result<Arc<dyn TicketingProvider>> {
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    let http = HttpContext::with_transport(AddressPolicy::strict().allow_loopback(), Arc::clone(transport))
        .with_random(Arc::new(SeededRandom::new(1)));
    (V::REGISTRATION.build)(V::config(), &BuildContext::new().with_clock(clock).with_extension(http))
}

impl<V: Vendor> Default for Bed<V> {
    fn default() -> Self {
        Self::new()
    }
}
