//! The trait: validate, call, map. Each room does the work.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use ticketing_core::model::{Group, Ticket, User};
use ticketing_core::request::{
    CreateTicket, GetGroup, GetTicket, GetUser, ListGroups, ListTickets, ListUsers, UpdateTicket,
};
use ticketing_core::{
    BuildContext, Capabilities, Check, Error, Operation, Page, ProviderInfo, Result, TicketingProvider,
};

use crate::config::Config;
use crate::connection::{Connection, NAME};
use crate::{capabilities, check, tickets};

/// A Jira site, through one credential.
///
/// ```
/// use provider_jira::Jira;
/// use ticketing_core::{BuildContext, TicketingProvider as _};
///
/// let config = serde_json::json!({"instance": "acme", "auth": {"type": "bearer", "token": "…"}});
/// let jira = Jira::new(config, &BuildContext::new())?;
/// assert_eq!(jira.info().account, "acme.atlassian.net");
/// # Ok::<(), ticketing_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Jira {
    connection: Arc<Connection>,
}

impl Jira {
    /// From its configuration; see [`Config`](crate::Config). Nothing is sent.
    ///
    /// # Errors
    /// `Config`, naming the key that is wrong.
    pub fn new(config: Value, context: &BuildContext) -> Result<Self> {
        let named = |error: Error| error.with_provider(NAME);
        let config = Config::from_value(config).map_err(named)?;
        Ok(Self { connection: Arc::new(Connection::open(config, context).map_err(named)?) })
    }
}

/// Names provider and operation on an error.
fn told<T>(operation: Operation, outcome: Result<T>) -> Result<T> {
    outcome.map_err(|error| error.with_provider(NAME).with_operation(operation))
}

#[async_trait]
impl TicketingProvider for Jira {
    fn info(&self) -> &ProviderInfo {
        &self.connection.info
    }

    fn capabilities(&self) -> Capabilities {
        capabilities::of(&self.connection)
    }

    async fn check(&self) -> Result<Check> {
        told(Operation::Check, check::check(&self.connection).await)
    }

    async fn list_tickets(&self, _request: ListTickets) -> Result<Page<Ticket>> {
        told(Operation::ListTickets, Err(Error::unsupported(Operation::ListTickets)))
    }

    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket> {
        told(Operation::GetTicket, tickets::get(&self.connection, request).await)
    }

    async fn create_ticket(&self, _request: CreateTicket) -> Result<Ticket> {
        told(Operation::CreateTicket, Err(Error::unsupported(Operation::CreateTicket)))
    }

    async fn update_ticket(&self, _request: UpdateTicket) -> Result<Ticket> {
        told(Operation::UpdateTicket, Err(Error::unsupported(Operation::UpdateTicket)))
    }

    async fn list_users(&self, _request: ListUsers) -> Result<Page<User>> {
        told(Operation::ListUsers, Err(Error::unsupported(Operation::ListUsers)))
    }

    async fn get_user(&self, _request: GetUser) -> Result<User> {
        told(Operation::GetUser, Err(Error::unsupported(Operation::GetUser)))
    }

    async fn list_groups(&self, _request: ListGroups) -> Result<Page<Group>> {
        told(Operation::ListGroups, Err(Error::unsupported(Operation::ListGroups)))
    }

    async fn get_group(&self, _request: GetGroup) -> Result<Group> {
        told(Operation::GetGroup, Err(Error::unsupported(Operation::GetGroup)))
    }
}
