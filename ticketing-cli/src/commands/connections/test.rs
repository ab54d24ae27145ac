//! `ticketing connections test`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use serde::Serialize;
use ticketing::http::http::{Request, Response};
use ticketing::http::{Body, Transport, TransportError, common_rate_headers};
use ticketing::model::{Ref, Timestamp};
use ticketing::request::ByteStream;
use ticketing::{Capabilities, Clock, ErrorKind, Operation};
use ticketing_store::Connection;

use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::output::{Row, name, or_dash, time};

/// Use a connection: who it is, what it may do, clock, time zone, rate budget.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The connection's name
    #[arg(value_name = "NAME", value_parser = parse::not_empty)]
    name: String,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    /// The connection, as it is stored.
    connection: Connection,
    /// Who the credential belongs to.
    user: Option<Ref>,
    /// That user's time zone.
    time_zone: Option<String>,
    /// The vendor's clock less ours, in seconds.
    clock_difference_seconds: Option<i64>,
    /// The vendor's time when it was asked.
    vendor_time: Option<Timestamp>,
    /// What the connection may do, by its real permissions.
    capabilities: Capabilities,
    /// Operations that the provider has, and this credential may not use.
    withheld: Vec<Operation>,
    /// The vendor's budgets, as far as it told of them.
    rate_budget: Vec<Budget>,
    /// What works less well than it could, and what to do about it.
    warnings: Vec<String>,
}

/// One of the vendor's budgets.
#[derive(Debug, Clone, Serialize)]
struct Budget {
    /// Which: `requests`.
    budget: String,
    /// How much the whole window holds.
    limit: Option<f64>,
    /// How much of it is left.
    remaining: Option<f64>,
    /// Seconds until it is full again.
    resets_in_seconds: Option<u64>,
}

/// Notes what the vendor's answers say of its limits.
struct Watched {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    budgets: Arc<Mutex<BTreeMap<String, Budget>>>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("transport", &self.transport).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Transport for Watched {
    async fn send(&self, request: Request<Body>) -> std::result::Result<Response<ByteStream>, TransportError> {
        let response = self.transport.send(request).await?;
        for reading in common_rate_headers(response.headers(), self.clock.now()) {
            let budget = Budget {
                budget: reading.budget.to_string(),
                limit: reading.limit,
                remaining: reading.remaining,
                resets_in_seconds: reading.resets_in.map(|resets| resets.as_secs()),
            };
            self.budgets.lock().unwrap_or_else(PoisonError::into_inner).insert(budget.budget.clone(), budget);
        }
        Ok(response)
    }
}

impl Test {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let budgets = Arc::new(Mutex::new(BTreeMap::new()));
        let http = globals.connection.http()?;
        let clock = http.clock();
        let http =
            http.with_transport_seen(|transport| Arc::new(Watched { transport, clock, budgets: Arc::clone(&budgets) }));
        let connections = globals.connection.connections_over(http).await?;
        let tenant = globals.connection.store().tenant();
        let client = connections.client(tenant, &self.name).await?;
        let in_general = client.capabilities().operations;
        let checked = client.check().await;
        let known = connections.store().find(tenant, &self.name).await?;
        match &checked {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => {
                connections.store().note_check(&known, Some(error)).await?;
            }
            Ok(_) if known.last_error.is_some() => connections.store().note_check(&known, None).await?,
            _ => {}
        }
        let check = checked?;
        let capabilities = client.capabilities();
        let withheld = in_general.difference(&capabilities.operations).copied().collect();
        let rate_budget = budgets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        let found = Found {
            connection: connections.store().find(tenant, &self.name).await?,
            user: check.user,
            time_zone: check.time_zone,
            clock_difference_seconds: check.clock_difference_seconds,
            vendor_time: check.vendor_time,
            capabilities,
            withheld,
            rate_budget,
            warnings: check.warnings,
        };
        globals.output.document(&found)
    }
}

impl Row for Found {
    const HEADINGS: &'static [&'static str] = &["NAME", "USER", "STATUS"];

    fn cells(&self) -> Vec<String> {
        let user = self.user.as_ref().map(name);
        vec![self.connection.name.clone(), or_dash(user), self.connection.status.to_string()]
    }

    fn details(&self) -> Vec<(String, String)> {
        let words = |all: Vec<String>| or_dash(Some(all.join(", ")));
        let operations = |all: &mut dyn Iterator<Item = &Operation>| {
            words(all.map(|operation| operation.as_str().to_owned()).collect())
        };
        let budget = |budget: &Budget| {
            let number = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
            let resets = budget.resets_in_seconds.map(|seconds| format!(", full again in {seconds} s"));
            format!(
                "{}: {} of {} left{}",
                budget.budget,
                number(budget.remaining),
                number(budget.limit),
                resets.unwrap_or_default()
            )
        };
        let difference = self.clock_difference_seconds.map(|seconds| format!("{seconds} s"));
        let mut details = vec![
            ("connection".to_owned(), self.connection.name.clone()),
            ("provider".to_owned(), self.connection.provider.clone()),
            ("account".to_owned(), self.connection.account.clone()),
            ("status".to_owned(), self.connection.status.to_string()),
            ("user".to_owned(), or_dash(self.user.as_ref().map(name))),
            ("time zone".to_owned(), or_dash(self.time_zone.clone())),
            ("vendor's time".to_owned(), time(self.vendor_time)),
            ("clock difference".to_owned(), or_dash(difference)),
            ("may".to_owned(), operations(&mut self.capabilities.operations.iter())),
            ("may not".to_owned(), operations(&mut self.withheld.iter())),
            ("rate budget".to_owned(), words(self.rate_budget.iter().map(budget).collect())),
        ];
        details.extend(self.warnings.iter().map(|warning| ("warning".to_owned(), warning.clone())));
        details
    }
}
