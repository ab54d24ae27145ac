//! Everything that HTTP providers are handed.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::{BuildContext, Clock, Error, Result, SystemClock};

use crate::address::AddressPolicy;
use crate::auth::Authenticator;
use crate::random::{Random, SystemRandom};
use crate::retry::{Backoff, RetryPolicy};
use crate::shared_limits::SharedLimits;
use crate::sleeper::{Sleeper, TokioSleeper};
use crate::transport::{ReqwestTransport, Transport};

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One attempt, up to its answer's head, and between two pieces of its body.
    pub attempt: Duration,
    /// A whole operation, waiting and retrying included.
    pub operation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { attempt: Duration::from_secs(70), operation: Duration::from_secs(300) }
    }
}

/// Everything that HTTP providers are handed: transport, clock, randomness, policies. Cloning it is cheap.
///
/// It rides in a [`BuildContext`] as an extension:
///
/// ```
/// use ticketing_core::BuildContext;
/// use ticketing_http::{AddressPolicy, HttpContext};
///
/// # fn main() -> ticketing_core::Result<()> {
/// let http = HttpContext::new(AddressPolicy::strict().allow_loopback())?;
/// let context = BuildContext::new().with_extension(http);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpContext {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) policy: AddressPolicy,
    pub(crate) retry: Arc<dyn RetryPolicy>,
    pub(crate) timeouts: Timeouts,
    pub(crate) sleeper: Arc<dyn Sleeper>,
    pub(crate) limits: SharedLimits,
    pub(crate) credential: Option<Arc<dyn Authenticator>>,
}

impl HttpContext {
    /// The network, the machine's clock, and the default policies.
    ///
    /// # Errors
    /// `Config` where no TLS client can be made.
    pub fn new(policy: AddressPolicy) -> Result<Self> {
        let transport = ReqwestTransport::builder(policy.clone()).build()?;
        Ok(Self::with_transport(policy, Arc::new(transport)))
    }

    /// Another transport than the network.
    #[must_use]
    pub fn with_transport(policy: AddressPolicy, transport: Arc<dyn Transport>) -> Self {
        Self {
            transport,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy,
            retry: Arc::new(Backoff::default()),
            timeouts: Timeouts::default(),
            sleeper: Arc::new(TokioSleeper),
            limits: SharedLimits::default(),
            credential: None,
        }
    }

    /// The one that rides in the build context; without one, the network under the strict policy. The clock is the build
    /// context's.
    ///
    /// # Errors
    /// `Config` where no TLS client can be made.
    pub fn from_build(context: &BuildContext) -> Result<Self> {
        let http = match context.extension::<Self>() {
            Some(http) => http.clone(),
            None => Self::new(AddressPolicy::strict())?,
        };
        Ok(http.with_clock(context.clock()))
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With other randomness.
    #[must_use]
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// With another retry policy.
    #[must_use]
    pub fn with_retry(mut self, retry: Arc<dyn RetryPolicy>) -> Self {
        self.retry = retry;
        self
    }

    /// With other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// With another way to wait between attempts.
    #[must_use]
    pub fn with_sleeper(mut self, sleeper: Arc<dyn Sleeper>) -> Self {
        self.sleeper = sleeper;
        self
    }

    /// With another policy for the addresses that configurations name. The transport has a policy of its own, which holds
    /// all the same.
    #[must_use]
    pub fn with_policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With the transport seen through this: a recorder, a counter.
    #[must_use]
    pub fn with_transport_seen(mut self, through: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> Self {
        self.transport = through(self.transport);
        self
    }

    /// With the credential of one connection, for configurations that say `{"auth": {"type": "connection"}}`: whoever keeps
    /// the connection keeps its tokens alive, and the configuration holds no secret.
    #[must_use]
    pub fn with_credential(mut self, credential: Arc<dyn Authenticator>) -> Self {
        self.credential = Some(credential);
        self
    }

    /// The credential that the keeper of the connection hands in.
    ///
    /// # Errors
    /// `Config` where there is none.
    pub fn credential(&self) -> Result<Arc<dyn Authenticator>> {
        self.credential.clone().ok_or_else(|| {
            Error::config(
                "auth.type",
                "`connection` stands for a credential that a store of connections hands in, and none did",
            )
            .with_hint("open the connection by the store, `--connection NAME`, or give another type of `auth`")
        })
    }

    /// Which addresses connections may have.
    #[must_use]
    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Where jitter comes from.
    #[must_use]
    pub fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.random)
    }

    /// How to wait.
    #[must_use]
    pub fn sleeper(&self) -> Arc<dyn Sleeper> {
        Arc::clone(&self.sleeper)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}
