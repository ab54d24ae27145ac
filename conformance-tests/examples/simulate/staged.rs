//! What the worlds of all vendors have in common: the way to the sandbox past the stage, its clock, its people, its bad days.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use conformance_tests::Company;
use conformance_tests::simulation::{Draw, Stage};
use ticketing_core::request::ByteStream;
use ticketing_core::{BuildContext, Clock};
use ticketing_http::{
    AddressPolicy, Body, HttpContext, SeededRandom, ServiceTransport, Transport, TransportError, TransportErrorKind,
    http,
};
use vendor_sandbox::{ConnectionReset, Control, Fault};

/// The people of the shared company, and the first so many of its tickets: the others are made by each seed.
pub(crate) fn people(tickets: usize) -> Company {
    static STANDARD: OnceLock<Company> = OnceLock::new();
    let mut company = STANDARD.get_or_init(Company::standard).clone();
    company.tickets.truncate(tickets);
    company
}

/// What a connection to a sandbox is handed.
pub(crate) fn context(router: axum::Router, stage: Arc<Stage>, control: Control, seed: u64) -> BuildContext {
    let is_reset = |extensions: &http::Extensions| extensions.get::<ConnectionReset>().is_some();
    let inner = ServiceTransport::<_, axum::body::Body>::new(router, is_reset);
    let transport = StagedTransport { inner, stage, control: control.clone() };
    let http = HttpContext::with_transport(AddressPolicy::strict().allow_loopback(), Arc::new(transport))
        .with_random(Arc::new(SeededRandom::new(seed)));
    BuildContext::new().with_clock(Arc::new(SandboxClock(control))).with_extension(http)
}

/// A fault that strikes this share of the requests, without end: some strike once unless told otherwise.
pub(crate) fn fault(draw: &mut Draw, name: &str, rate: f64) -> Fault {
    Fault::new(name).rate(rate).count(u64::MAX).seed(draw.number())
}

/// A bad day: up to five ways to fail, which share 0 to 45 % of the requests.
pub(crate) fn failures(draw: &mut Draw, known: &[&str]) -> Vec<Fault> {
    let kinds = draw.between(1, 5);
    let total = *draw.one(&[0.0, 0.15, 0.3, 0.3, 0.45]);
    let mut faults = Vec::new();
    for _ in 0..kinds {
        let name = *draw.one(known);
        faults.push(fault(draw, name, total / kinds as f64));
    }
    faults
}

/// Some of the ids: single ones, whole pages in their order, the last ones, or all.
pub(crate) fn some_of<T: Ord>(draw: &mut Draw, mut ids: Vec<T>) -> Vec<T> {
    ids.sort();
    let count = ids.len() as u64;
    match draw.below(8) {
        0 | 1 => ids.into_iter().filter(|_| draw.chance(0.2)).collect(),
        2 => {
            let (from, run) = (draw.below(count), draw.between(1, 20));
            ids.into_iter().skip(from as usize).take(run as usize).collect()
        }
        3 => ids.into_iter().rev().take(draw.between(1, 20) as usize).collect(),
        4 if draw.chance(0.3) => ids,
        _ => Vec::new(),
    }
}

/// The sandbox's clock is ours.
struct SandboxClock(Control);

impl fmt::Debug for SandboxClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SandboxClock({})", self.0.now())
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }
}

/// The way to the sandbox, past the stage.
#[derive(Debug)]
struct StagedTransport<T> {
    inner: T,
    stage: Arc<Stage>,
    control: Control,
}

#[async_trait]
impl<T: Transport> Transport for StagedTransport<T> {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<ByteStream>, TransportError> {
        self.stage.before_request(|| match request.body() {
            Body::Bytes(bytes) if bytes.len() < 400 => {
                format!("{} {} {}", request.method(), request.uri(), String::from_utf8_lossy(bytes))
            }
            _ => format!("{} {}", request.method(), request.uri()),
        });
        if self.stage.is_lost() {
            return Err(TransportError::new(TransportErrorKind::Forbidden, "the simulation has ended"));
        }
        let answer = self.inner.send(request).await;
        self.stage.after_request(|| {
            let faults = self.control.requests().pop().map(|request| request.faults.join(", ")).unwrap_or_default();
            match &answer {
                Ok(response) => format!("{} {faults}", response.status()),
                Err(error) => format!("{error} {faults}"),
            }
        });
        answer
    }
}
