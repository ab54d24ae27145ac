//! Clients of stored connections: opened on demand, kept while they are used, never mixed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use ticketing_core::{
    Authorization, BuildContext, Error, ErrorKind, Registry, Result, TicketingClient, TicketingProvider,
};
use ticketing_http::HttpContext;
use ticketing_http::auth::{Authenticator, TokenCache, TokenCacheOptions};

use crate::connection::{Connection, ConnectionId, Status};
use crate::credential::Credential;
use crate::intake::Intakes;
use crate::refresh::{FETCH, StoredTokens, UnderWay, needs_reauthorization};
use crate::store::{Store, moved};

/// Clients that are kept open, at most; of more, the longest unused are closed.
const KEPT_OPEN: usize = 1_000;
/// How long a refresh may take before another process takes over: one request, and what is around it.
const LEASE: Duration = Duration::from_secs(30);
/// How old `last_used` may be before it is written anew.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);

/// A product's connections to its customers' systems. Cloning it is cheap.
///
/// A client is opened from its row when it is asked for, and kept while it is used; a row that was changed, by whichever
/// process, gives a new one. Idle connections are rows and no more.
#[derive(Clone)]
pub struct Connections {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) context: BuildContext,
    pub(crate) http: HttpContext,
    lease: Duration,
    under_way: UnderWay,
    open: Mutex<OpenClients>,
    pub(crate) intakes: Intakes,
}

#[derive(Default)]
struct OpenClients {
    by_id: HashMap<ConnectionId, Open>,
    turn: u64,
}

struct Open {
    client: TicketingClient,
    revision: i64,
    /// The turn it was last asked for in.
    used: u64,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

impl Connections {
    /// The connections of this store, to these providers. Clock, transport and address policy are the context's; without an
    /// [`HttpContext`] in it, the network under the strict policy.
    ///
    /// # Errors
    /// `Config` where no TLS client can be made.
    pub fn new(store: Store, registry: Registry, context: &BuildContext) -> Result<Self> {
        let http = HttpContext::from_build(context)?;
        let store = store.with_clock(context.clock());
        let context = context.clone().with_extension(http.clone());
        Ok(Self::over(store, registry, context, http, LEASE))
    }

    /// With another time that a refresh may take before another process takes over.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        let Inner { store, registry, context, http, .. } = &*self.inner;
        Self::over(store.clone(), registry.clone(), context.clone(), http.clone(), lease)
    }

    fn over(store: Store, registry: Registry, context: BuildContext, http: HttpContext, lease: Duration) -> Self {
        let (open, intakes) = (Mutex::default(), Intakes::default());
        let under_way = UnderWay::default();
        Self { inner: Arc::new(Inner { store, registry, context, http, lease, under_way, open, intakes }) }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Waits until every refresh that is under way in this process has written down what the vendor gave. To be awaited before
    /// the runtime ends: a token that lives is refreshed while it is used, and where refresh tokens rotate, the answer that
    /// nobody keeps is the end of the connection. Four minutes at most, where neither a vendor nor the database answers.
    pub async fn settled(&self) {
        self.inner.under_way.over().await;
    }

    /// A client of the tenant's connection of this name. Nothing is sent.
    ///
    /// # Errors
    /// `NotFound`; `Unauthenticated` where the connection needs to be authorized again; `Integrity` or `Config` where its row
    /// does not open.
    pub async fn client(&self, tenant: &str, name: &str) -> Result<TicketingClient> {
        let connection = self.inner.store.find(tenant, name).await?;
        self.open(connection).await
    }

    /// A client of the tenant's connection of this id.
    ///
    /// # Errors
    /// As for [`client`](Self::client).
    pub async fn client_by_id(&self, tenant: &str, id: &ConnectionId) -> Result<TicketingClient> {
        let connection = self.inner.store.get(tenant, id).await?;
        self.open(connection).await
    }

    async fn open(&self, connection: Connection) -> Result<TicketingClient> {
        if connection.status == Status::NeedsReauthorization {
            return Err(needs_reauthorization(&connection));
        }
        self.note_use(&connection).await?;
        if let Some(client) = self.inner.kept(&connection) {
            return Ok(client);
        }
        let credential = self.inner.store.credential(&connection).await?;
        let provider = self.inner.build(&connection, credential)?;
        if provider.info().account != connection.account {
            return Err(moved("config", &connection.name, "has a configuration that leads to another account"));
        }
        Ok(self.inner.keep(&connection, TicketingClient::new(provider)))
    }

    async fn note_use(&self, connection: &Connection) -> Result<()> {
        let now = self.inner.store.clock.now();
        if connection.last_used.is_some_and(|at| now - at < USE_NOTED && at <= now) {
            return Ok(());
        }
        self.inner.store.note_use(&connection.tenant, &connection.id).await
    }
}

impl Inner {
    fn opened(&self) -> MutexGuard<'_, OpenClients> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, connection: &Connection) -> Option<TicketingClient> {
        let mut open = self.opened();
        open.turn += 1;
        let turn = open.turn;
        let known = open.by_id.get_mut(&connection.id).filter(|open| open.revision == connection.revision)?;
        known.used = turn;
        Some(known.client.clone())
    }

    /// Keeps a client, or gives the one that somebody else opened meanwhile: of one connection all share one token cache.
    fn keep(&self, connection: &Connection, client: TicketingClient) -> TicketingClient {
        let mut open = self.opened();
        open.turn += 1;
        let turn = open.turn;
        if let Some(known) = open.by_id.get_mut(&connection.id).filter(|open| open.revision >= connection.revision) {
            known.used = turn;
            return known.client.clone();
        }
        let new = Open { client: client.clone(), revision: connection.revision, used: turn };
        open.by_id.insert(connection.id.clone(), new);
        if open.by_id.len() > KEPT_OPEN {
            let mut turns: Vec<u64> = open.by_id.values().map(|open| open.used).collect();
            let middle = turns.len() / 4;
            let (_, oldest, _) = turns.select_nth_unstable(middle);
            let oldest = *oldest;
            open.by_id.retain(|_, open| open.used > oldest);
        }
        client
    }

    /// How the provider is connected by OAuth, from the configuration's address.
    pub(crate) fn authorization(&self, provider: &str, config: &Value) -> Result<Authorization> {
        let registration = self.registry.get(provider)?;
        let authorize = registration.authorization.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("{} is not connected by OAuth", registration.name))
                .with_hint("give its credential in the configuration's `auth`")
        })?;
        authorize(config, &self.context).map_err(|error| error.with_provider(registration.name))
    }

    /// A provider of this connection, with its credential.
    fn build(&self, connection: &Connection, credential: Option<Credential>) -> Result<Arc<dyn TicketingProvider>> {
        let tokens = |authorization: Authorization| {
            let options = TokenCacheOptions {
                reissues_live_token: authorization.reissues_live_token,
                fetch_timeout: FETCH,
                ..TokenCacheOptions::default()
            };
            let source = StoredTokens::new(
                self.store.clone(),
                connection,
                authorization,
                self.http.clone(),
                self.lease,
                self.under_way.clone(),
            );
            TokenCache::new(Arc::new(source), self.http.clock(), self.http.random(), options)
        };
        let (auth, credential): (Option<Value>, Option<Arc<dyn Authenticator>>) = match credential {
            None => (None, None),
            Some(Credential::Fixed(auth)) => (Some(Value::Object(auth.0)), None),
            Some(Credential::OAuth(_)) => {
                let authorization = self.authorization(&connection.provider, &connection.config)?;
                (Some(json!({ "type": "connection" })), Some(Arc::new(tokens(authorization))))
            }
        };
        self.provider(&connection.provider, &connection.config, connection.mapping.as_ref(), auth, credential)
    }

    /// A provider from its configuration's parts.
    pub(crate) fn provider(
        &self,
        name: &str,
        config: &Value,
        mapping: Option<&Value>,
        auth: Option<Value>,
        credential: Option<Arc<dyn Authenticator>>,
    ) -> Result<Arc<dyn TicketingProvider>> {
        let mut config = config.clone();
        if let Value::Object(map) = &mut config {
            if let Some(auth) = auth {
                map.insert("auth".to_owned(), auth);
            }
            if let Some(mapping) = mapping {
                map.insert("mapping".to_owned(), mapping.clone());
            }
        }
        let context = match credential {
            None => self.context.clone(),
            Some(credential) => self.context.clone().with_extension(self.http.clone().with_credential(credential)),
        };
        self.registry.build(name, config, &context)
    }
}
