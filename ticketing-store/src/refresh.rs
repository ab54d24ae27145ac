//! Tokens that stay alive: one refresh for all who share a store, and the new refresh token kept before it is used.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::{Authorization, Delivery, Error, ErrorKind, Result, Secret};
use ticketing_http::auth::{CredentialSource, Granted, OAuthGrant, Token, TokenEndpoint};
use ticketing_http::{HttpContext, Sleeper};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::authorize::may_have_shared;
use crate::connection::{Connection, ConnectionId, OAuthApp, Status};
use crate::credential::{Credential, GrantKind, Tokens};
use crate::failpoint;
use crate::store::Store;

/// How long one request to a token endpoint may take.
pub(crate) const ASK: Duration = Duration::from_secs(20);
/// How long everything may take, waiting for another process included: its lease, and a request of our own.
const LONGEST_FETCH: Duration = Duration::from_secs(65);
/// When whoever waits is told that it took too long: never while a request is under way, or its answer is written down.
pub(crate) const FETCH: Duration = Duration::from_secs(240);
/// An answer that took so long leaves too little of the lease to write it down.
const SLOW: Duration = Duration::from_secs(5);
/// How long it is waited before what a vendor gave is written down once more, where that failed.
const KEPT_AGAIN: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];
/// The first wait for another process's refresh; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// How many refreshes are under way. Cloning it shares it.
#[derive(Debug, Clone)]
pub(crate) struct UnderWay(Arc<watch::Sender<usize>>);

/// One of them, until it is dropped.
struct OneUnderWay(Arc<watch::Sender<usize>>);

impl Default for UnderWay {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl UnderWay {
    fn begin(&self) -> OneUnderWay {
        self.0.send_modify(|count| *count += 1);
        OneUnderWay(Arc::clone(&self.0))
    }

    /// Waits until there is none.
    pub(crate) async fn over(&self) {
        // Its sender is here, so that it cannot be closed.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for OneUnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// The tokens of one connection, by the store.
pub(crate) struct StoredTokens {
    store: Store,
    tenant: String,
    id: ConnectionId,
    authorization: Authorization,
    http: HttpContext,
    sleeper: Arc<dyn Sleeper>,
    /// Who this process is, in leases.
    owner: String,
    lease: Duration,
    /// The access token that was given out last: where it is asked for anew, it is used up or was refused.
    given_out: Mutex<Option<Secret>>,
    /// Refreshes that are under way in this process.
    under_way: UnderWay,
    /// New tokens that the store has not taken yet; the vendor may have ended the old ones.
    left_over: Mutex<Option<LeftOver>>,
}

#[derive(Clone)]
struct LeftOver {
    /// As it was when they were asked for.
    connection: Connection,
    tokens: Tokens,
    scopes: Option<Vec<String>>,
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTokens").field("tenant", &self.tenant).field("id", &self.id).finish_non_exhaustive()
    }
}

impl StoredTokens {
    pub(crate) fn new(
        store: Store,
        connection: &Connection,
        authorization: Authorization,
        http: HttpContext,
        lease: Duration,
        under_way: UnderWay,
    ) -> Self {
        Self {
            under_way,
            store,
            tenant: connection.tenant.clone(),
            id: connection.id.clone(),
            authorization,
            sleeper: http.sleeper(),
            http,
            owner: format!("{}-{:016x}", std::process::id(), rand::random::<u64>()),
            lease,
            given_out: Mutex::default(),
            left_over: Mutex::default(),
        }
    }

    fn given_out(&self) -> MutexGuard<'_, Option<Secret>> {
        self.given_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_over(&self) -> MutexGuard<'_, Option<LeftOver>> {
        self.left_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection and its tokens, as the store has them now.
    async fn stored(&self) -> Result<(Connection, Tokens)> {
        let connection = self.store.get(&self.tenant, &self.id).await?;
        match self.store.credential(&connection).await? {
            Some(Credential::OAuth(tokens)) => Ok((connection, tokens)),
            Some(Credential::Fixed(_)) | None => {
                Err(Error::config("credential", "the connection has no tokens any more")
                    .with_hint("open the connection again"))
            }
        }
    }

    /// The stored token where it is another than the one given out last, and lives.
    fn other_living(&self, tokens: &Tokens) -> Option<Token> {
        let access = tokens.access.clone()?;
        if self.given_out().as_ref() == Some(&access) {
            return None;
        }
        let now = self.http.clock().now();
        tokens.expires_at.is_none_or(|end| now < end).then_some(Token { access, expires_at: tokens.expires_at })
    }

    fn give_out(&self, token: Token) -> Token {
        *self.given_out() = Some(token.access.clone());
        token
    }

    /// Asks for tokens, having the lease.
    async fn ask(&self, connection: &Connection, tokens: &Tokens) -> Result<Granted> {
        let grant = match (tokens.grant, &tokens.refresh, &tokens.login) {
            (GrantKind::ClientCredentials, ..) => OAuthGrant::ClientCredentials,
            (_, Some(refresh), _) => OAuthGrant::RefreshToken(refresh.clone()),
            (_, None, Some((username, password))) => {
                OAuthGrant::Password { username: username.clone(), password: password.clone() }
            }
            (_, None, None) => {
                return Err(Error::new(
                    ErrorKind::Unauthenticated,
                    "the access token is over, and the vendor gave no refresh token",
                )
                .with_delivery(Delivery::Answered));
            }
        };
        let endpoint = self.endpoint(connection).await?;
        let asking = async {
            match (endpoint.ask(&grant).await, &tokens.login) {
                // The refresh token is over, and the user's name and password are still there.
                (Err(error), Some((username, password))) if is_refusal(&error) && tokens.refresh.is_some() => {
                    let (username, password) = (username.clone(), password.clone());
                    endpoint.ask(&OAuthGrant::Password { username, password }).await
                }
                (outcome, _) => outcome,
            }
        };
        // All of it within the lease.
        timeout(ASK, asking).await.unwrap_or_else(|_| late())
    }

    async fn endpoint(&self, connection: &Connection) -> Result<TokenEndpoint> {
        if matches!(connection.oauth_app, Some(OAuthApp::Shared(_))) {
            may_have_shared(&self.authorization)?;
        }
        let client = self.store.client(connection).await?;
        TokenEndpoint::of(&self.authorization, &client.id, client.secret, self.http.clone())
            .map(|endpoint| endpoint.with_scopes(connection.scopes.clone()))
    }

    /// Writes new tokens down. Where the store has newer ones by now, those hold, these are dropped, and it says false.
    async fn keep(&self, new: LeftOver) -> Result<bool> {
        *self.left_over() = Some(new.clone());
        let mut waits = KEPT_AGAIN.into_iter();
        loop {
            let LeftOver { connection, tokens, scopes } = new.clone();
            match (self.store.put_tokens(&connection, tokens, scopes).await, waits.next()) {
                (Err(error), Some(wait)) if error.is_retryable() => {
                    self.sleeper.sleep(wait).await;
                    // Nobody else asks with what the vendor has ended.
                    let _ = self.store.extend_lease(&self.tenant, &self.id, &self.owner, self.lease).await;
                }
                (Err(error), _) => return Err(error),
                (Ok(kept), _) => {
                    *self.left_over() = None;
                    return Ok(kept);
                }
            }
        }
    }
}

/// A request that begins is not broken off any more: there has to be time for it.
fn in_time(begun: Instant) -> Result<()> {
    if begun.elapsed() + ASK <= LONGEST_FETCH {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Timeout, "other processes are asking for this connection's token")
        .with_retry_after(Duration::ZERO))
}

fn late() -> Result<Granted> {
    Err(Error::new(ErrorKind::Timeout, "the token endpoint did not answer in time").with_retry_after(Duration::ZERO))
}

/// True where the vendor itself said that it gives no token any more.
fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated && error.delivery() == Delivery::Answered
}

/// True where it is the connection that the vendor takes no more, and not the client that all connections share: that one is
/// put right in one place, and they all go on.
fn is_of_the_connection(connection: &Connection, error: &Error) -> bool {
    let is_shared = matches!(connection.oauth_app, Some(OAuthApp::Shared(_)));
    !is_shared || error.code().is_none_or(|code| code == "invalid_grant")
}

/// What everybody is told who uses a connection that the vendor takes no more.
pub(crate) fn needs_reauthorization(connection: &Connection) -> Error {
    let why = connection.last_error.as_deref().unwrap_or("the vendor refused its credential");
    Error::new(
        ErrorKind::Unauthenticated,
        format!("the connection `{}` needs to be authorized again: {why}", connection.name),
    )
    .with_field("connection")
    .with_hint(format!(
        "have the customer agree once more: `ticketing connect {} --connection {}`, or `begin_reauthorization`",
        connection.provider, connection.name
    ))
}

#[async_trait]
impl CredentialSource for StoredTokens {
    fn under_way(&self) -> Option<Box<dyn Send>> {
        Some(Box::new(self.under_way.begin()))
    }

    async fn fetch(&self) -> Result<Token> {
        let begun = Instant::now();
        let left_over = self.left_over().clone();
        if let Some(left_over) = left_over {
            self.keep(left_over).await?;
        }
        let mut wait = FIRST_WAIT;
        loop {
            let (connection, tokens) = self.stored().await?;
            if connection.status == Status::NeedsReauthorization {
                return Err(needs_reauthorization(&connection));
            }
            if let Some(token) = self.other_living(&tokens) {
                return Ok(self.give_out(token));
            }
            if !self.store.take_lease(&self.tenant, &self.id, &self.owner, self.lease).await? {
                // Another process asks; what it gets is ours too.
                in_time(begun)?;
                self.sleeper.sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
                continue;
            }
            failpoint::reached("leased").await?;
            // Another process may have been done between the look and the lease.
            let (connection, tokens) = self.stored().await?;
            if let Some(token) = self.other_living(&tokens) {
                self.store.give_back_lease(&self.tenant, &self.id, &self.owner, None).await?;
                return Ok(self.give_out(token));
            }
            if let Err(late) = in_time(begun) {
                self.store.give_back_lease(&self.tenant, &self.id, &self.owner, None).await?;
                return Err(late);
            }
            let asked = Instant::now();
            let outcome = self.ask(&connection, &tokens).await;
            if asked.elapsed() > SLOW {
                // Where that fails, what was given is written down all the same.
                let _ = self.store.extend_lease(&self.tenant, &self.id, &self.owner, self.lease).await;
            }
            failpoint::reached("asked").await?;
            match outcome {
                Ok(granted) => {
                    let new = Tokens {
                        access: Some(granted.access.clone()),
                        expires_at: granted.expires_at,
                        // An answer without a refresh token leaves the old one in place.
                        refresh: granted.refresh.clone().or(tokens.refresh.clone()),
                        ..tokens
                    };
                    let kept = self.keep(LeftOver { connection, tokens: new, scopes: granted.scopes }).await?;
                    failpoint::reached("kept").await?;
                    self.store.give_back_lease(&self.tenant, &self.id, &self.owner, None).await?;
                    failpoint::reached("released").await?;
                    if kept {
                        return Ok(self.give_out(Token { access: granted.access, expires_at: granted.expires_at }));
                    }
                }
                Err(error) if is_refusal(&error) && is_of_the_connection(&connection, &error) => {
                    // Marked only where nobody got newer tokens meanwhile; then those are looked at.
                    let why = shown(&error);
                    self.store.mark_dead(&self.tenant, &self.id, connection.generation, &why).await?;
                    self.store.give_back_lease(&self.tenant, &self.id, &self.owner, None).await?;
                }
                Err(error) => {
                    let why = shown(&error);
                    self.store.give_back_lease(&self.tenant, &self.id, &self.owner, Some(&why)).await?;
                    return Err(error);
                }
            }
        }
    }
}

/// An error in a line that may be kept: kind, code and message, which hold no secret.
fn shown(error: &Error) -> String {
    let code = error.code().map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{}{code}", error.message()).chars().take(300).collect()
}
