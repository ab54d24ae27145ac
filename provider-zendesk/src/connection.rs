//! What one connection holds: endpoints, catalogue, mapping, and what it has learned about its own rights.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use ticketing_core::request::Projection;
use ticketing_core::{
    BuildContext, Clock, CursorCodec, Delivery, Error, ErrorKind, Operation, ProviderInfo, Result, TicketId,
};
use ticketing_http::{HttpClient, HttpContext, RateGate};

use crate::api::Api;
use crate::auth;
use crate::catalogue::Catalogue;
use crate::config::{AuthConfig, Config};
use crate::error::ZendeskJudge;
use crate::map::TicketPlan;
use crate::mapping::Mapping;
use crate::resolve::Resolver;
use ticketing_http::Directory;

/// The provider's name in the registry.
pub(crate) const NAME: &str = "zendesk";
/// Requests at the same time.
pub(crate) const CONCURRENCY: usize = 4;
/// Records to a page at most, and where nobody says (`wire/jira-zendesk.md` §B2).
pub(crate) const LARGEST_PAGE: u32 = 100;
/// Records to a page of an export at most (§B6).
pub(crate) const LARGEST_EXPORT: u32 = 1_000;

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) info: ProviderInfo,
    pub(crate) api: Api,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Catalogue,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) resolver: Resolver,
    pub(crate) directory: Directory,
    /// True where the login is by an API token, whose days are numbered (§B1.2).
    pub(crate) legacy_login: bool,
    /// What turned out to be closed to this credential.
    closed: Mutex<BTreeSet<&'static str>>,
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
            .with_judge(Arc::new(ZendeskJudge))
            .with_gate(RateGate::new(CONCURRENCY))
            .with_headers(Api::headers())
            .build();
        let api = Api::new(client, Arc::clone(&clock));
        let mapping = Arc::new(config.mapping);
        Ok(Self {
            info,
            catalogue: Catalogue::new(api.clone(), Arc::clone(&clock), Arc::clone(&mapping)),
            resolver: Resolver::new(api.clone(), Arc::clone(&clock)),
            directory: Directory::new(Arc::clone(&clock)),
            api,
            clock,
            mapping,
            legacy_login: matches!(config.auth, AuthConfig::ApiToken { .. }),
            closed: Mutex::default(),
        })
    }

    /// The cursors of one query on this account.
    pub(crate) fn codec(&self, operation: Operation, query: &impl Serialize) -> CursorCodec {
        CursorCodec::new(NAME, &self.info.account, operation, query)
    }

    /// Notes that something is closed to this credential, or open after all.
    pub(crate) fn note_closed(&self, what: &'static str, closed: bool) {
        let mut known = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if closed {
            known.insert(what);
        } else {
            known.remove(what);
        }
    }

    /// True where something turned out to be closed.
    pub(crate) fn is_closed(&self, what: &str) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).contains(what)
    }

    /// How rows become tickets.
    pub(crate) async fn plan(&self, projection: &Projection, raw: bool) -> Result<TicketPlan> {
        let fields = self.catalogue.fields().await?;
        for field in projection.fields.iter().flatten() {
            if !fields.is_on_tickets(field.as_str()) {
                return Err(unknown_field("projection.fields", field.as_str()));
            }
        }
        Ok(TicketPlan {
            base_url: self.api.base().to_owned(),
            mapping: Arc::clone(&self.mapping),
            statuses: self.catalogue.statuses().await?,
            brands: self.catalogue.brands().await?,
            forms: self.catalogue.forms().await?,
            fields,
            chosen: projection.fields.clone(),
            raw,
        })
    }

    /// Records to a page, within bounds.
    pub(crate) fn page_size(asked: Option<u32>) -> u32 {
        asked.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE)
    }

    /// The error of a ticket that is not there, or not for us.
    pub(crate) fn no_ticket(id: &TicketId) -> Error {
        let shown: String = id.as_str().chars().take(80).flat_map(char::escape_debug).collect();
        Error::new(ErrorKind::NotFound, format!("there is no ticket `{shown}`, or it may not be read"))
            .with_delivery(Delivery::Answered)
            .with_hint("check the ticket's number, and the credential's rights")
    }
}

/// A ticket's number; `None`: it can be none. Keys are the same as ids, with or without `#`.
pub(crate) fn ticket_number(id: &str) -> Option<i64> {
    number(id.strip_prefix('#').unwrap_or(id))
}

/// An id as a number; `None`: it can be none.
pub(crate) fn number(id: &str) -> Option<i64> {
    let plain = (1..=18).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0');
    plain.then(|| id.parse().ok()).flatten()
}

/// The number that an id is, or the refusal of one that is none.
pub(crate) fn checked(field: &str, id: &str) -> Result<i64> {
    number(id).ok_or_else(|| {
        let shown: String = id.chars().take(60).flat_map(char::escape_debug).collect();
        Error::invalid(field, format!("`{shown}` is not the id of a record"))
            .with_hint("pass an id as it was given out: a number")
    })
}

/// The refusal of a field that the account does not have.
pub(crate) fn unknown_field(place: &str, field: &str) -> Error {
    let shown: String = field.chars().take(80).collect();
    Error::invalid(place, format!("there is no field `{shown}`")).with_hint("list the fields to see which there are")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_and_nothing_else() {
        for (id, expected) in [("35436", Some(35436)), ("46406145565073", Some(46_406_145_565_073)), ("0", None)] {
            assert_eq!(number(id), expected, "{id}");
        }
        for id in ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "../1", "1/2", "ffffffff", "９", "1234567890123456789"] {
            assert_eq!(number(id), None, "{id:?}");
        }
        assert_eq!(ticket_number("#42"), Some(42));
        assert_eq!(checked("group", "x").unwrap_err().field(), Some("group"));
    }
}
