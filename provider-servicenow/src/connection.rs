//! What one connection holds: endpoints, catalogue, mapping, and what it has learned about its own rights.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use ticketing_core::request::Projection;
use ticketing_core::{BuildContext, Clock, CursorCodec, Error, ErrorKind, Operation, ProviderInfo, Result, TicketId};
use ticketing_http::{HttpClient, HttpContext, RateGate};

use crate::api::Api;
use crate::auth;
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::error::{ServiceNowJudge, is_closed};
use crate::map::TicketPlan;
use crate::mapping::Mapping;
use crate::query::FieldName;
use crate::resolve::Resolver;
use crate::write::KeyedTurns;
use ticketing_http::Directory;

/// The provider's name in the registry.
pub(crate) const NAME: &str = "servicenow";
/// Requests at the same time: more than four fill an instance's semaphore (wire §6).
pub(crate) const CONCURRENCY: usize = 4;
/// Rows to a page where nobody says: the wire reference recommends 500 to 2000 (§7).
pub(crate) const DEFAULT_PAGE: u32 = 1_000;
/// Rows to a page at most: the instance's own default limit (wire §1.2).
pub(crate) const LARGEST_PAGE: u32 = 10_000;

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) info: ProviderInfo,
    pub(crate) api: Api,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Catalogue,
    pub(crate) tables: Vec<String>,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) resolver: Resolver,
    pub(crate) directory: Directory,
    /// Tables that turned out to be closed to this credential.
    closed: Mutex<BTreeSet<&'static str>>,
    /// Keys of comments and attachments that were written here.
    pub(crate) written: Mutex<ticketing_http::Written>,
    /// Whose turn it is to make a ticket under a key: one call at a time looks for it and makes it.
    pub(crate) keyed: KeyedTurns,
}

impl Connection {
    pub(crate) fn open(config: Config, context: &BuildContext) -> Result<Self> {
        let http = HttpContext::from_build(context)?;
        let address = auth::address(http.policy(), &config.instance)?;
        let authenticator = auth::authenticator(&config.auth, &address, &http)?;
        let info = ProviderInfo::new(NAME, address.authority());
        let clock = http.clock();
        let client = HttpClient::builder(address, http)
            .with_authenticator(authenticator)
            .with_judge(Arc::new(ServiceNowJudge))
            .with_gate(RateGate::new(CONCURRENCY))
            .with_headers(Api::headers())
            .build();
        let api = Api::new(client);
        Ok(Self {
            info,
            catalogue: Catalogue::new(api.clone(), Arc::clone(&clock)),
            resolver: Resolver::new(api.clone(), Arc::clone(&clock)),
            directory: Directory::new(Arc::clone(&clock)),
            api,
            clock,
            tables: config.tables,
            mapping: Arc::new(config.mapping),
            closed: Mutex::default(),
            written: Mutex::default(),
            keyed: KeyedTurns::default(),
        })
    }

    /// The cursors of one query on this instance.
    pub(crate) fn codec(&self, operation: Operation, query: &impl Serialize) -> CursorCodec {
        CursorCodec::new(NAME, &self.info.account, operation, query)
    }

    /// Notes that a table is closed to this credential.
    pub(crate) fn note_closed(&self, table: &'static str) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).insert(table);
    }

    /// Notes that a table can be read after all.
    pub(crate) fn note_open(&self, table: &'static str) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).remove(table);
    }

    /// True where a table turned out to be closed.
    pub(crate) fn is_closed(&self, table: &str) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).contains(table)
    }

    /// An outcome of reading a table that can be done without: `None` where it is closed.
    pub(crate) fn if_open<T>(&self, table: &'static str, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_closed(&error) => {
                self.note_closed(table);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// How the rows of a table become tickets.
    pub(crate) async fn plan(
        &self,
        table: &str,
        projection: &Projection,
        raw: bool,
        also: &[FieldName],
    ) -> Result<TicketPlan> {
        let schema = self.catalogue.schema(table).await?;
        if let Some(fields) = &projection.fields {
            for field in fields {
                let known = schema.column(field.as_str()).is_some() || self.is_elsewhere(field.as_str()).await?;
                // Without the dictionary, a well-formed name may exist.
                let may_be =
                    !schema.complete && FieldName::new(field.as_str()).is_ok() && !field.as_str().contains('.');
                if !known && !may_be {
                    return Err(unknown_field("projection.fields", field.as_str()));
                }
            }
        }
        Ok(TicketPlan::new(schema, Arc::clone(&self.mapping), self.api.base(), projection, raw, also))
    }

    /// True where another configured table has the column.
    pub(crate) async fn is_elsewhere(&self, field: &str) -> Result<bool> {
        for table in &self.tables {
            if self.catalogue.schema(table).await?.column(field).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rows to a page, within bounds.
    pub(crate) fn page_size(asked: Option<u32>) -> u64 {
        u64::from(asked.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE))
    }

    /// The error of a ticket that is not there, or not for us (wire §1.1: 404 either way).
    pub(crate) fn no_ticket(&self, id: &TicketId) -> Error {
        let shown: String = id.as_str().chars().take(80).flat_map(char::escape_debug).collect();
        Error::new(
            ErrorKind::NotFound,
            format!("there is no ticket `{shown}` in {}, or it may not be read", self.tables.join(", ")),
        )
        .with_delivery(ticketing_core::Delivery::Answered)
        .with_hint("check the id or number, the connection's `tables`, and the integration user's rights")
    }
}

/// The refusal of a field that no configured table has.
pub(crate) fn unknown_field(place: &str, field: &str) -> Error {
    let shown: String = field.chars().take(80).collect();
    Error::invalid(place, format!("there is no field `{shown}`")).with_hint("list the fields to see which there are")
}
