//! Layers, the registry and the client around a provider that counts its calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;

use super::*;
use crate::model::{Native, Status, StatusCategory, Ticket, TicketType, TypeCategory, User, Visibility};
use crate::request::{
    AddComment, CreateTicket, DeleteTicket, GetGroup, GetTicket, GetUser, ListGroups, ListIds, ListTickets, ListUsers,
    Sort, SortField, TicketFilter, UpdateTicket,
};
use crate::{
    BuildContext, Capabilities, Check, Error, ErrorKind, Operation, Page, ProviderInfo, ProviderRegistration, Registry,
    Result, StatusSelector, Support, TicketingClient, TicketingProvider, Version,
};

#[derive(Debug)]
struct Counting {
    info: ProviderInfo,
    capabilities: Capabilities,
    calls: Arc<AtomicUsize>,
}

fn ticket(id: &str) -> Ticket {
    let status = Status { category: StatusCategory::Open, native: Native::new("1"), reason: None };
    let ticket_type = TicketType { category: TypeCategory::Incident, native: Native::new("incident") };
    Ticket { version: Some(Version::from("7")), ..Ticket::new(id.into(), id, "a title", status, ticket_type) }
}

#[async_trait]
impl TicketingProvider for Counting {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }
    async fn check(&self) -> Result<Check> {
        Ok(Check::new(None))
    }
    async fn list_tickets(&self, _: ListTickets) -> Result<Page<Ticket>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(Page::last(vec![ticket("1")]))
    }
    async fn get_ticket(&self, request: GetTicket) -> Result<Ticket> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(ticket(request.id.as_str()))
    }
    async fn create_ticket(&self, _: CreateTicket) -> Result<Ticket> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(ticket("new"))
    }
    async fn update_ticket(&self, request: UpdateTicket) -> Result<Ticket> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(ticket(request.id.as_str()))
    }
    async fn list_users(&self, _: ListUsers) -> Result<Page<User>> {
        Ok(Page::default())
    }
    async fn get_user(&self, request: GetUser) -> Result<User> {
        Err(Error::new(ErrorKind::NotFound, format!("no user {}", request.id)))
    }
    async fn list_groups(&self, _: ListGroups) -> Result<Page<crate::model::Group>> {
        Ok(Page::default())
    }
    async fn get_group(&self, _: GetGroup) -> Result<crate::model::Group> {
        Err(Error::new(ErrorKind::NotFound, "no group"))
    }
}

fn counting() -> (Arc<dyn TicketingProvider>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let mut capabilities = Capabilities::required();
    capabilities.ticket_filters.insert(crate::request::FilterKind::Status, Support::Native);
    capabilities.writable_statuses.extend([StatusCategory::Open, StatusCategory::Resolved]);
    let provider = Counting { info: ProviderInfo::new("counting", "here"), capabilities, calls: Arc::clone(&calls) };
    (Arc::new(provider), calls)
}

#[tokio::test]
async fn what_the_provider_cannot_do_is_refused_before_anything_is_sent() {
    let (provider, calls) = counting();
    let client = TicketingClient::new(provider);
    let by_group = TicketFilter::new().with_group([crate::GroupSelector::name("x")]);
    let closed = UpdateTicket::new("1").with_status(StatusSelector::from(StatusCategory::OnHold));
    let refused = [
        client.list_tickets(ListTickets::new().with_filter(by_group)).await.unwrap_err(),
        client.list_tickets(ListTickets::new().with_sort(vec![Sort::ascending(SortField::Due)])).await.unwrap_err(),
        client.update_ticket(closed).await.unwrap_err(),
        client.update_ticket(UpdateTicket::new("1").with_expected_version(Version::from("1"))).await.unwrap_err(),
        client.delete_ticket(DeleteTicket::new("1")).await.unwrap_err(),
        client.add_comment(AddComment::new("1", "hello", Visibility::Public)).await.unwrap_err(),
        client.list_ids(ListIds::new(crate::model::Kind::Ticket)).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(error.provider(), Some("counting"), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn closed_stands_in_for_resolved() {
    let (provider, calls) = counting();
    let request = UpdateTicket::new("1").with_status(StatusSelector::from(StatusCategory::Closed));
    TicketingClient::new(provider).update_ticket(request).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_operation_without_a_body_is_unsupported() {
    let (provider, _) = counting();
    let error =
        provider.send_raw(crate::request::RawRequest::new(crate::request::RawMethod::Get, "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unsupported, Some(Operation::SendRaw)));
}

#[tokio::test]
async fn read_only_refuses_writes_and_says_so_in_the_capabilities() {
    let (provider, calls) = counting();
    let client = TicketingClient::new(ReadOnly.layer(provider));
    let error = client.create_ticket(CreateTicket::new("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!client.capabilities().supports(Operation::CreateTicket));
    assert_eq!(client.tickets(ListTickets::new()).count().await, 1);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn the_concurrency_limit_bounds_and_a_cancelled_call_leaves_no_lock() {
    let (provider, _) = counting();
    let client = TicketingClient::new(provider).with_layer(ConcurrencyLimit::new(2));
    let begun = tokio::time::Instant::now();
    let calls = (0..6).map(|n| client.get_ticket(GetTicket::new(n.to_string())));
    assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed().as_secs(), 3);

    let cancelled = tokio::time::timeout(Duration::from_millis(1), client.get_ticket(GetTicket::new("1"))).await;
    assert!(cancelled.is_err());
    client.get_ticket(GetTicket::new("1")).await.unwrap();
}

#[derive(Debug, Default)]
struct Writes(Mutex<Vec<WriteRecord>>);

impl WriteRecorder for Writes {
    fn record(&self, write: WriteRecord) {
        self.0.lock().unwrap().push(write);
    }
}

#[tokio::test]
async fn writes_are_recorded_the_uncertain_ones_too() {
    let (provider, _) = counting();
    let writes = Arc::new(Writes::default());
    let faults = FaultInjection::new();
    let client = TicketingClient::new(provider)
        .with_layer(faults.clone())
        .with_layer(RecordWrites::new(Arc::clone(&writes) as Arc<dyn WriteRecorder>));
    client.create_ticket(CreateTicket::new("x")).await.unwrap();
    client.list_tickets(ListTickets::new()).await.unwrap();
    faults.push(Fault::after(|| Error::new(ErrorKind::Timeout, "lost")).of(Operation::UpdateTicket));
    let error = client.update_ticket(UpdateTicket::new("9")).await.unwrap_err();
    assert!(error.maybe_applied());
    faults.push(Fault::before(|| Error::new(ErrorKind::Unavailable, "down")));
    client.update_ticket(UpdateTicket::new("9")).await.unwrap_err();

    let writes = writes.0.lock().unwrap();
    let seen: Vec<_> = writes.iter().map(|write| (write.operation, write.id.as_deref(), write.certain)).collect();
    assert_eq!(seen, [(Operation::CreateTicket, Some("new"), true), (Operation::UpdateTicket, Some("9"), false)]);
    assert_eq!(writes[0].version, Some(Version::from("7")));
}

fn registration(name: &'static str, aliases: &'static [&'static str]) -> ProviderRegistration {
    ProviderRegistration {
        name,
        aliases,
        description: "for this test",
        config_schema: || schemars::json_schema!({}),
        build: |_, _| Err(Error::config("token", "it is missing")),
        authorization: None,
        webhook: None,
    }
}

#[test]
fn the_registry_names_what_it_has() {
    let mut registry = Registry::new();
    let empty = registry.get("acme").unwrap_err().to_string();
    assert!(empty.contains("use provider_x as _"), "{empty}");

    registry.register(registration("acme", &["ac"])).unwrap();
    registry.register(registration("zeta", &[])).unwrap();
    assert!(registry.register(registration("ac", &[])).is_err());
    assert!(registry.register(registration("new", &["zeta"])).is_err());
    assert_eq!(registry.get("ac").unwrap().name, "acme");
    let unknown = registry.get("amce").unwrap_err();
    assert_eq!(unknown.to_string(), "config: `provider`: there is no provider `amce`; use one of: acme, zeta");

    let failed = registry.connect("acme", serde_json::json!({}), &BuildContext::new()).unwrap_err();
    assert_eq!(failed.to_string(), "config: acme: `token`: it is missing");
}
