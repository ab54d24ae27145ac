//! One token for all who ask, fetched once however many wait.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use http::{HeaderMap, HeaderValue};
use ticketing_core::{Clock, Error, ErrorKind, Result, Secret};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::{Authenticator, Generation};
use crate::random::Random;

/// A token, and when it ends.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub access: Secret,
    /// When it ends; `None`: the vendor did not say.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How long the first failure of a row is everybody's answer; it doubles with each one.
const FIRST_CLOSED: Duration = Duration::from_millis(250);
/// The longest that a vendor's word keeps everybody from asking for a token.
const LONGEST_CLOSED: Duration = Duration::from_secs(300);

/// Where tokens come from.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// Fetches a token.
    ///
    /// # Errors
    /// `Unauthenticated` where the vendor gives none any more; anything retryable where it cannot be asked now.
    async fn fetch(&self) -> Result<Token>;

    /// What is held from the moment when a fetch is sent on its way until it is over: who ends the runtime may wait for it.
    fn under_way(&self) -> Option<Box<dyn Send>> {
        None
    }
}

/// How tokens are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenCacheOptions {
    /// How long before its end a token is refreshed, at most; never more than a tenth of its life.
    pub early: Duration,
    /// True where the vendor gives out the same token again while it lives, so that an early refresh gains nothing.
    pub reissues_live_token: bool,
    /// How long one fetch may take.
    pub fetch_timeout: Duration,
    /// How long after a failed early refresh the next one is tried, and for how long a refused credential is not asked for
    /// again.
    pub pause_after_failure: Duration,
}

impl Default for TokenCacheOptions {
    fn default() -> Self {
        Self {
            early: Duration::from_secs(300),
            reissues_live_token: false,
            fetch_timeout: Duration::from_secs(30),
            pause_after_failure: Duration::from_secs(30),
        }
    }
}

/// The token that a fetch brought, or why it brought none, for all who wait for it.
type Outcome = Result<(Secret, Generation), Arc<Error>>;
type Fetching = Shared<BoxFuture<'static, Outcome>>;

/// One token for all who ask. However many wait, one fetch is on its way, and its outcome, success or failure, is shared by
/// all of them. A token that still lives is served while it is refreshed, and while that fails. Cloning it shares it.
///
/// A fetch runs as a task of its own: those who wait for it may be cancelled, and what the vendor then answers, a rotated
/// refresh token for one, is kept all the same.
#[derive(Clone)]
pub struct TokenCache {
    shared: Arc<SharedState>,
}

struct SharedState {
    source: Arc<dyn CredentialSource>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    options: TokenCacheOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    generation: Generation,
    fetching: Option<Fetching>,
    /// The last failure, and until when it is everybody's answer: those who stood in line behind the ones who waited for it,
    /// and those who try again, do not make a call each.
    closed: Option<(Instant, Arc<Error>)>,
    failures: u32,
}

struct Held {
    token: Token,
    refresh_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("source", &self.shared.source).finish_non_exhaustive()
    }
}

impl TokenCache {
    /// A cache of this source's tokens.
    #[must_use]
    pub fn new(
        source: Arc<dyn CredentialSource>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        options: TokenCacheOptions,
    ) -> Self {
        Self { shared: Arc::new(SharedState { source, clock, random, options, state: Mutex::default() }) }
    }

    /// A token that lives, and its generation.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn token(&self) -> Result<(Secret, Generation)> {
        let fetching = {
            let mut state = self.shared.lock();
            if let Some((token, due)) = self.shared.living(&state) {
                // A refresh that cannot begin now is no reason to fail: the token lives.
                if due && state.fetching.is_none() && state.closed().is_none() {
                    let _later = SharedState::begin(&self.shared, &mut state);
                }
                return Ok((token, state.generation));
            }
            match (&state.fetching, state.closed()) {
                (Some(fetching), _) => fetching.clone(),
                (None, Some(error)) => return Err(error),
                (None, None) => SharedState::begin(&self.shared, &mut state)?,
            }
        };
        // Fresh from the vendor: served even where its life is already over by our clock.
        // A failure says when the next call may be made, so that all who try again come to that one.
        fetching.await.map_err(|error| self.shared.lock().closed().unwrap_or_else(|| share(&error)))
    }

    /// Ends the token of this generation; a newer one stays.
    pub fn invalidate(&self, generation: Generation) {
        let mut state = self.shared.lock();
        if state.generation == generation {
            state.held = None;
        }
    }
}

impl State {
    /// The failure that those share who ask soon after it.
    fn closed(&self) -> Option<Error> {
        let (until, error) = self.closed.as_ref()?;
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
        let shared = share(error);
        Some(if shared.is_retryable() { shared.with_retry_after(left) } else { shared })
    }
}

impl SharedState {
    /// The token held where it lives, and whether its refresh is due.
    fn living(&self, state: &State) -> Option<(Secret, bool)> {
        let now = self.clock.now();
        let held = state.held.as_ref().filter(|held| held.token.expires_at.is_none_or(|end| now < end))?;
        Some((held.token.access.clone(), held.refresh_at.is_some_and(|at| now >= at)))
    }

    /// Sends a fetch on its way.
    fn begin(this: &Arc<Self>, state: &mut State) -> Result<Fetching> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Unexpected, "tokens are fetched on a tokio runtime").with_source(error)
        })?;
        let (ended, under_way) = (Ended(Arc::clone(this)), this.source.under_way());
        let fetch = async move {
            let outcome = ended.0.fetch().await;
            drop(under_way);
            outcome
        };
        let task = runtime.spawn(fetch.in_current_span());
        let fetching = async move {
            let broken_off =
                |_| Err(Arc::new(retryable(ErrorKind::Unavailable, "the fetch of a token was broken off")));
            task.await.unwrap_or_else(broken_off)
        };
        let fetching = fetching.boxed().shared();
        state.fetching = Some(fetching.clone());
        Ok(fetching)
    }

    async fn fetch(&self) -> Outcome {
        let fetched = timeout(self.options.fetch_timeout, self.source.fetch())
            .await
            .unwrap_or_else(|_| Err(retryable(ErrorKind::Timeout, "the token endpoint did not answer in time")));
        let now = self.clock.now();
        let mut state = self.lock();
        match fetched {
            Ok(token) => {
                let refresh_at = token.expires_at.map(|end| self.refresh_at(now, end));
                let access = token.access.clone();
                state.held = Some(Held { token, refresh_at });
                state.generation += 1;
                state.closed = None;
                state.failures = 0;
                Ok((access, state.generation))
            }
            Err(error) => {
                let error = Arc::new(error);
                let pause = TimeDelta::from_std(self.options.pause_after_failure).unwrap_or_default();
                if let Some(held) = &mut state.held {
                    held.refresh_at = Some(now + pause);
                }
                state.failures += 1;
                let wait = match error.retry_after() {
                    None => self.options.pause_after_failure,
                    Some(Duration::ZERO) => self.own_wait(state.failures),
                    Some(wait) => wait.min(LONGEST_CLOSED),
                };
                state.closed = Some((Instant::now() + wait, Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// How long nobody asks again after so many failures in a row that came without the server's word on it.
    fn own_wait(&self, failures: u32) -> Duration {
        let wait = FIRST_CLOSED.saturating_mul(1 << (failures - 1).min(10)).min(self.options.pause_after_failure);
        // Up to a half longer, so that many processes do not come at once.
        wait + wait.mul_f64(0.5 * self.random.unit())
    }

    fn refresh_at(&self, now: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
        if self.options.reissues_live_token {
            return end;
        }
        let life = (end - now).to_std().unwrap_or_default();
        let early = self.options.early.min(life / 10);
        // Up to a fifth earlier, so that many processes do not come at once.
        let early = early + early.mul_f64(0.2 * self.random.unit());
        end - TimeDelta::from_std(early).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a fetch, also of one that panics or whose runtime ends: the next one who asks may begin anew.
struct Ended(Arc<SharedState>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.lock().fetching = None;
    }
}

fn retryable(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message).with_retry_after(Duration::ZERO)
}

/// The same failure for each who waited.
fn share(error: &Error) -> Error {
    let mut copy = Error::new(error.kind(), error.message())
        .with_retry(error.retry())
        .with_delivery(ticketing_core::Delivery::NotSent);
    if let Some(field) = error.field() {
        copy = copy.with_field(field);
    }
    if let Some(hint) = error.hint() {
        copy = copy.with_hint(hint);
    }
    if let Some(code) = error.code() {
        copy = copy.with_code(code);
    }
    copy
}

#[async_trait]
impl Authenticator for TokenCache {
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<Generation> {
        let (token, generation) = self.token().await?;
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
            Error::new(ErrorKind::Decode, "the token endpoint gave a token that cannot stand in a header")
        })?;
        value.set_sensitive(true);
        headers.insert(http::header::AUTHORIZATION, value);
        Ok(generation)
    }

    fn refused(&self, generation: Generation) -> bool {
        self.invalidate(generation);
        true
    }
}
