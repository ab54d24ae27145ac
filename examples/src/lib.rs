//! What the example programs share: the connection, the one place that names a vendor.
//!
//! ```sh
//! cargo run -p ticketing-examples --example list_unresolved                        # against a sandbox of its own
//! cargo run -p ticketing-examples --example list_unresolved -- PROVIDER CONFIG     # against your ticketing system
//! ```
//!
//! `TICKETING_PROVIDER` and `TICKETING_CONFIG` stand in for the two arguments. The configuration is JSON.

use std::error::Error;
use std::fmt;

use ticketing::http::{AddressPolicy, HttpContext};
use ticketing::{BuildContext, TicketingClient};
use vendor_sandbox::{Launch, Running, Vendor};

/// What an example ends with.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why an example failed. `main` prints errors by `Debug`, and people should read one line.
pub struct Failure(Box<dyn Error>);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A client, and the sandbox it talks to where none was named.
#[derive(Debug)]
pub struct Connection {
    /// The client.
    pub client: TicketingClient,
    /// The arguments behind the connection's own.
    pub arguments: Vec<String>,
    /// Serves until it is dropped.
    sandbox: Option<Running>,
}

impl Connection {
    /// The connection that the arguments name, else the environment, else a sandbox of this program's own.
    ///
    /// # Errors
    /// Where only one of provider and configuration is given, or the configuration is wrong.
    pub async fn open() -> Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let named = |name| std::env::var(name).ok();
        let provider = arguments.next().or_else(|| named("TICKETING_PROVIDER"));
        let config = arguments.next().or_else(|| named("TICKETING_CONFIG"));
        let arguments = arguments.collect();
        // Loopback is allowed because a sandbox listens there; a product that takes addresses from customers leaves
        // the policy strict.
        let http = HttpContext::new(AddressPolicy::strict().allow_loopback())?;
        let context = BuildContext::new().with_extension(http);
        match (provider, config) {
            (Some(provider), Some(config)) => {
                let client = ticketing::connect_with(&provider, serde_json::from_str(&config)?, &context)?;
                Ok(Self { client, arguments, sandbox: None })
            }
            (None, None) => {
                let running = Launch::new(Vendor::ServiceNow).start().await?;
                let config = serde_json::json!({
                    "instance": running.base_url(),
                    "auth": { "type": "basic", "username": "admin", "password": "admin" },
                });
                let client = ticketing::connect_with("servicenow", config, &context)?;
                Ok(Self { client, arguments, sandbox: Some(running) })
            }
            _ => Err("give both a provider and its configuration, or neither".into()),
        }
    }

    /// Stops the sandbox, where there is one.
    pub async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}
