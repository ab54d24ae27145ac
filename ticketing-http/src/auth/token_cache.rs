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

/// Where tokens come from.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// Fetches a token.
    ///
    /// # Errors
    /// `Unauthenticated` where the vendor gives none any more; anything retryable where it cannot be asked now.
    async fn fetch(&self) -> Result<Token>;
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
    /// How long after a failed early refresh the next one is tried.
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

type Outcome = Result<(), Arc<Error>>;
type Fetching = Shared<BoxFuture<'static, Outcome>>;

/// One token for all who ask. However many wait, one fetch is on its way, and its outcome, success or failure, is shared by
/// all of them. A token that still lives is served while a refresh fails. Cloning it shares it.
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
        loop {
            let (fetching, begun_here) = {
                let mut state = self.shared.lock();
                let now = self.shared.clock.now();
                if let Some(held) = &state.held {
                    let lives = held.token.expires_at.is_none_or(|end| now < end);
                    let due = held.refresh_at.is_some_and(|at| now >= at);
                    // Only one goes to refresh a token that still lives; the others go on with it.
                    if lives && (!due || state.fetching.is_some()) {
                        return Ok((held.token.access.clone(), state.generation));
                    }
                }
                match &state.fetching {
                    Some(fetching) => (fetching.clone(), false),
                    None => {
                        let fetching = SharedState::fetch(Arc::clone(&self.shared)).boxed().shared();
                        state.fetching = Some(fetching.clone());
                        (fetching, true)
                    }
                }
            };
            // Whoever began it may be cancelled: the fetch belongs to all who hold it, and ends with the last of them.
            let guard = Abandoned { shared: &self.shared, fetching: &fetching };
            let outcome = fetching.clone().await;
            drop(guard);
            if let Err(error) = outcome {
                let state = self.shared.lock();
                let now = self.shared.clock.now();
                return match &state.held {
                    Some(held) if held.token.expires_at.is_none_or(|end| now < end) => {
                        Ok((held.token.access.clone(), state.generation))
                    }
                    _ => Err(share(&error)),
                };
            }
            if begun_here {
                let state = self.shared.lock();
                if let Some(held) = &state.held {
                    // Fresh from the vendor: served once even where its life is already over by our clock.
                    return Ok((held.token.access.clone(), state.generation));
                }
            }
        }
    }

    /// Ends the token of this generation; a newer one stays.
    pub fn invalidate(&self, generation: Generation) {
        let mut state = self.shared.lock();
        if state.generation == generation {
            state.held = None;
        }
    }
}

/// Forgets a fetch that nobody waits for any more, so that the next one who asks begins anew.
struct Abandoned<'a> {
    shared: &'a SharedState,
    fetching: &'a Fetching,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        // Ours and the state's are the last two: no other waiter drives it on.
        let ours = state.fetching.as_ref().is_some_and(|fetching| fetching.ptr_eq(self.fetching));
        if ours && self.fetching.strong_count().is_none_or(|count| count <= 2) {
            state.fetching = None;
        }
    }
}

impl SharedState {
    async fn fetch(self: Arc<Self>) -> Outcome {
        let fetched =
            tokio::time::timeout(self.options.fetch_timeout, self.source.fetch()).await.unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Timeout, "the token endpoint did not answer in time")
                    .with_retry_after(Duration::ZERO))
            });
        let now = self.clock.now();
        let mut state = self.lock();
        state.fetching = None;
        match fetched {
            Ok(token) => {
                let refresh_at = token.expires_at.map(|end| self.refresh_at(now, end));
                state.held = Some(Held { token, refresh_at });
                state.generation += 1;
                Ok(())
            }
            Err(error) => {
                let pause = TimeDelta::from_std(self.options.pause_after_failure).unwrap_or_default();
                if let Some(held) = &mut state.held {
                    held.refresh_at = Some(now + pause);
                }
                Err(Arc::new(error))
            }
        }
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
