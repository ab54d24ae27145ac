//! Acme: a provider with the required operations, its customers, and a mapping of its own. Its vendor is a store in memory.

mod map;

use std::sync::Arc;

use async_trait::async_trait;
use provider_memory::{MemoryProvider, MemoryStore};
use ticketing_core::model::{Account, Contact, Group, Ticket, User};
use ticketing_core::request::{
    CreateTicket, GetGroup, GetTicket, GetUser, ListAccounts, ListContacts, ListGroups, ListTickets, ListUsers,
    UpdateTicket,
};
use ticketing_core::{Capabilities, Check, Clock, Operation, Page, ProviderInfo, Result, TicketingProvider};

#[derive(Debug)]
pub struct Acme {
    vendor: MemoryProvider,
}

impl Acme {
    pub fn new(store: MemoryStore, clock: Arc<dyn Clock>) -> Self {
        Self { vendor: MemoryProvider::new(store, clock) }
    }
}

#[async_trait]
impl TicketingProvider for Acme {
    fn info(&self) -> &ProviderInfo {
        self.vendor.info()
    }

    fn capabilities(&self) -> Capabilities {
        let vendor = self.vendor.capabilities();
        let customers = [Operation::ListAccounts, Operation::ListContacts];
        let mut capabilities = Capabilities::required().with_operations(customers);
        capabilities.ticket_filters = vendor.ticket_filters;
        capabilities.sorts = vendor.sorts;
        capabilities.readable_fields = vendor.readable_fields;
        capabilities.writable_fields = vendor.writable_fields;
        capabilities.writable_statuses = vendor.writable_statuses;
        capabilities.idempotency.ticket = vendor.idempotency.ticket;
        capabilities.concurrency = vendor.concurrency;
        capabilities.limits = vendor.limits;
        capabilities
    }

    async fn check(&self) -> Result<Check> {
        self.vendor.check().await
    }

    async fn list_tickets(&self, request: ListTickets) -> Result<Page<Ticket>> {
        Ok(self.vendor.list_tickets(request).await?.map(map::ticket))
    }

    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket> {
        self.vendor.get_ticket(request).await.map(map::ticket)
    }

    async fn create_ticket(&self, request: CreateTicket) -> Result<Ticket> {
        self.vendor.create_ticket(request).await.map(map::ticket)
    }

    async fn update_ticket(&self, request: UpdateTicket) -> Result<Ticket> {
        self.vendor.update_ticket(request).await.map(map::ticket)
    }

    async fn list_users(&self, request: ListUsers) -> Result<Page<User>> {
        self.vendor.list_users(request).await
    }

    async fn get_user(&self, request: GetUser) -> Result<User> {
        self.vendor.get_user(request).await
    }

    async fn list_groups(&self, request: ListGroups) -> Result<Page<Group>> {
        self.vendor.list_groups(request).await
    }

    async fn get_group(&self, request: GetGroup) -> Result<Group> {
        self.vendor.get_group(request).await
    }

    async fn list_accounts(&self, request: ListAccounts) -> Result<Page<Account>> {
        self.vendor.list_accounts(request).await
    }

    async fn list_contacts(&self, request: ListContacts) -> Result<Page<Contact>> {
        self.vendor.list_contacts(request).await
    }
}
