//! The client of one connection: a request's way through the planes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use http::HeaderMap;
use ticketing_core::{Delivery, Error, ErrorKind, Result};
use tokio::time::{Instant, timeout_at};

use crate::address::Address;
use crate::attempt::{Content, Failure, Heard, Received};
use crate::auth::Authenticator;
use crate::context::HttpContext;
use crate::rate::RateGate;
use crate::redact;
use crate::request::{Idempotency, Request};
use crate::response::{ANONYMOUS, Judge, Response, StatusJudge, StreamedResponse};
use crate::retry::{Attempt, Decision, RetryBudget};

/// The client of one connection. Cloning it is cheap, and clones share rate gate, retry budget and credential.
///
/// Operation timeout → retry → rate gate → attempt timeout → auth → redacting trace → transport. Everything goes to the
/// connection's own address; redirects are not followed.
#[derive(Clone)]
pub struct HttpClient {
    pub(crate) context: HttpContext,
    pub(crate) address: Address,
    pub(crate) authenticator: Option<Arc<dyn Authenticator>>,
    pub(crate) judge: Arc<dyn Judge>,
    gate: RateGate,
    budget: RetryBudget,
    pub(crate) headers: HeaderMap,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("address", &self.address)
            .field("authenticator", &self.authenticator)
            .field("judge", &self.judge)
            .field("headers", &redact::headers(&self.headers))
            .field("gate", &self.gate)
            .field("budget", &self.budget)
            .field("context", &self.context)
            .finish()
    }
}

/// Makes an [`HttpClient`].
#[derive(Debug)]
pub struct HttpClientBuilder {
    client: HttpClient,
}

impl HttpClientBuilder {
    /// With this credential.
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.client.authenticator = Some(authenticator);
        self
    }

    /// With this reading of the vendor's answers.
    #[must_use]
    pub fn with_judge(mut self, judge: Arc<dyn Judge>) -> Self {
        self.client.judge = judge;
        self
    }

    /// With this rate gate, which may be shared with other connections to the same server.
    #[must_use]
    pub fn with_gate(mut self, gate: RateGate) -> Self {
        self.client.gate = gate.lane();
        self
    }

    /// With this retry budget, which may be shared with other connections.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.client.budget = budget;
        self
    }

    /// With the rate gate and the retry budget of this account, shared with all its connections in the context; they take
    /// turns. Name what the vendor counts by: `servicenow:acme.service-now.com:user`. The first one says how many requests
    /// run at the same time.
    #[must_use]
    pub fn with_shared_limits(mut self, account: &str, concurrency: usize) -> Self {
        let (gate, budget) = self.client.context.limits.of(account, concurrency);
        self.client.gate = gate.lane();
        self.client.budget = budget;
        self
    }

    /// With headers that go on every request.
    #[must_use]
    pub fn with_headers(mut self, mut headers: HeaderMap) -> Self {
        // The host is the address's, and nobody else's.
        headers.remove(http::header::HOST);
        self.client.headers = headers;
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> HttpClient {
        self.client
    }
}

/// How many requests of one connection run at the same time unless a provider says otherwise.
const DEFAULT_CONCURRENCY: usize = 4;

/// What a good status took us for nobody may have been carried out all the same.
fn may_be_repeated(request: &Request) -> bool {
    request.idempotency != Idempotency::Unsafe
}

impl HttpClient {
    /// A client of this address.
    #[must_use]
    pub fn builder(address: Address, context: HttpContext) -> HttpClientBuilder {
        HttpClientBuilder {
            client: Self {
                context,
                address,
                authenticator: None,
                judge: Arc::new(StatusJudge),
                gate: RateGate::new(DEFAULT_CONCURRENCY),
                budget: RetryBudget::default(),
                headers: HeaderMap::new(),
            },
        }
    }

    /// The address that everything goes to.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What the client was handed.
    #[must_use]
    pub fn context(&self) -> &HttpContext {
        &self.context
    }

    /// The same connection, with another reading of the vendor's answers.
    #[must_use]
    pub fn with_judge(&self, judge: Arc<dyn Judge>) -> Self {
        Self { judge, ..self.clone() }
    }

    /// Sends a request, and holds its answer in memory.
    ///
    /// # Errors
    /// What the judge makes of the answer, or what broke. [`Error::maybe_applied`] says whether a write may have happened in
    /// any of its attempts; it is never true of a request that is `Safe`.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        match self.run(request, false).await? {
            Received { status, headers, body: Content::Whole(body) } => Ok(Response { status, headers, body }),
            Received { .. } => Err(Error::new(ErrorKind::Unexpected, "a whole answer came in pieces")),
        }
    }

    /// Sends a request, and hands its answer's body through piece by piece. A failure in the middle ends the stream with an
    /// error; it is not sent again then.
    ///
    /// # Errors
    /// As for [`send`](Self::send), up to the answer's head.
    pub async fn stream(&self, request: &Request) -> Result<StreamedResponse> {
        let Received { status, headers, body } = self.run(request, true).await?;
        let body = match body {
            Content::Pieces(pieces) => pieces,
            Content::Whole(bytes) => stream::iter([Ok(bytes)]).boxed(),
        };
        Ok(StreamedResponse { status, headers, body })
    }

    /// The retry plane, under the operation's timeout.
    async fn run(&self, request: &Request, streamed: bool) -> Result<Received> {
        let begun = Instant::now();
        let deadline = begun + self.context.timeouts.operation;
        let mut number = 0;
        let mut refreshed = false;
        let mut paid = false;
        // A write that may have happened in an earlier attempt may have happened, whatever the last attempt says.
        let mut maybe_applied = false;
        loop {
            number += 1;
            let sent = AtomicBool::new(false);
            let error = match timeout_at(deadline, self.gated(request, streamed, &sent)).await {
                Ok(Ok(received)) => {
                    if paid {
                        self.budget.refund()
                    } else {
                        self.budget.deposit()
                    }
                    return Ok(received);
                }
                Ok(Err(Failure { error, generation })) => {
                    // Some vendors answer a token that has ended as they would answer anybody.
                    let unauthenticated = error.kind() == ErrorKind::Unauthenticated
                        && (error.http_status() == Some(401)
                            || error.code() == Some(ANONYMOUS) && may_be_repeated(request));
                    if let (true, Some(generation), Some(authenticator)) =
                        (unauthenticated, generation, &self.authenticator)
                    {
                        // A refused credential ends that one; where another can be had, it is tried once.
                        if !refreshed && authenticator.refused(generation) {
                            refreshed = true;
                            number -= 1;
                            continue;
                        }
                    }
                    error
                }
                Err(_) => {
                    let delivery =
                        if sent.load(Ordering::Relaxed) { Delivery::MaybeApplied } else { Delivery::NotSent };
                    Error::new(ErrorKind::Timeout, "the operation took too long")
                        .with_delivery(delivery)
                        .with_retry_after(Duration::ZERO)
                }
            };
            maybe_applied |= error.maybe_applied();
            let attempt =
                Attempt::new(number, request.idempotency, &error, begun.elapsed(), self.context.random.unit());
            let decision = self.context.retry.decide(&attempt);
            match decision {
                Decision::Retry(wait) if Instant::now() + wait < deadline && self.pay(&error, &mut paid) => {
                    tracing::debug!(attempt = number, wait_ms = wait.as_millis() as u64, kind = %error.kind(), "sending again");
                    self.context.sleeper.sleep(wait).await;
                }
                // What only reads has applied nothing, however it ended.
                _ if request.idempotency == Idempotency::Safe => {
                    return Err(if error.maybe_applied() { error.with_delivery(Delivery::NotSent) } else { error });
                }
                _ if maybe_applied => return Err(error.with_delivery(Delivery::MaybeApplied)),
                _ => return Err(error),
            }
        }
    }

    /// Pays for a retry. A request that was turned away for its rate costs nothing: the rate gate holds it back.
    fn pay(&self, error: &Error, paid: &mut bool) -> bool {
        *paid = error.kind() != ErrorKind::RateLimited;
        !*paid || self.budget.withdraw()
    }

    /// The rate gate, and the attempt behind it.
    async fn gated(&self, request: &Request, streamed: bool, sent: &AtomicBool) -> Result<Received, Failure> {
        let place = format!("{} {}", request.method, request.path);
        let permit = self.gate.enter_at(&request.cost, place).await?;
        let mut heard = Heard::default();
        let outcome = self.attempt(request, streamed, sent, &mut heard).await;
        match &outcome {
            // The token endpoint's limit is another one: its error says that nothing was sent.
            Err(Failure { error, .. })
                if error.kind() == ErrorKind::RateLimited && error.delivery() == Delivery::Answered =>
            {
                permit.refused(error.retry_after().unwrap_or_default(), heard.refused_for, &heard.readings);
            }
            _ if heard.answered => permit.accepted(&heard.readings),
            _ => {}
        }
        drop(permit);
        outcome
    }
}
