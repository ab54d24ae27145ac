//! By name and configuration, as products connect it.

use std::sync::Arc;

use provider_memory::MemoryStores;
use serde_json::json;
use ticketing_core::model::{StatusCategory, UserType};
use ticketing_core::request::{CreateTicket, ListTickets, ListUsers, TicketFilter};
use ticketing_core::{BuildContext, ErrorKind, ManualClock, Operation, Registry, TicketingClient};

use crate::world::at;

fn context() -> BuildContext {
    BuildContext::new().with_clock(Arc::new(ManualClock::new(at("2026-01-05T08:00:00Z"))))
}

fn connect(config: serde_json::Value, context: &BuildContext) -> TicketingClient {
    Registry::discover().unwrap().connect("memory", config, context).unwrap()
}

#[tokio::test]
async fn an_empty_store_knows_its_own_user() {
    let client = connect(json!({ "account": "acme" }), &context());
    assert_eq!((client.info().name.as_str(), client.info().account.as_str()), ("memory", "acme"));
    let check = client.check().await.unwrap();
    assert_eq!(check.user.unwrap().name.as_deref(), Some("Integration Service"));
    assert_eq!((check.clock_difference_seconds, check.vendor_time), (Some(0), Some(at("2026-01-05T08:00:00Z"))));
    assert!(check.warnings.is_empty());
    let users = client.list_users(ListUsers::new()).await.unwrap().items;
    assert_eq!((users.len(), users[0].user_type), (1, UserType::Bot));
    assert!(client.list_tickets(ListTickets::new()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_company_is_there_when_asked_for() {
    let client = connect(json!({ "account": "acme", "seed": "company" }), &context());
    let tickets = client.list_tickets(ListTickets::new()).await.unwrap().items;
    assert_eq!(
        tickets.iter().map(|ticket| ticket.key.as_str()).collect::<Vec<_>>(),
        ["MEM-1", "MEM-2", "MEM-3", "MEM-4"]
    );
    let unresolved = client.list_tickets(ListTickets::new().with_filter(TicketFilter::unresolved())).await.unwrap();
    assert_eq!(unresolved.items.len(), 3);
    assert_eq!(client.create_ticket(CreateTicket::new("x")).await.unwrap().key, "MEM-5");
}

#[tokio::test]
async fn stores_are_shared_only_through_the_context() {
    let config = || json!({ "account": "acme" });
    let alone = (connect(config(), &context()), connect(config(), &context()));
    alone.0.create_ticket(CreateTicket::new("x")).await.unwrap();
    assert!(alone.1.list_tickets(ListTickets::new()).await.unwrap().items.is_empty());
    let shared = context().with_extension(MemoryStores::new());
    let (one, two) = (connect(config(), &shared), connect(config(), &shared));
    let other = connect(json!({ "account": "other" }), &shared);
    let made = one.create_ticket(CreateTicket::new("x")).await.unwrap();
    assert_eq!(two.list_tickets(ListTickets::new()).await.unwrap().items, [made]);
    assert!(other.list_tickets(ListTickets::new()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_mapping_decides_what_can_be_written() {
    let client = connect(json!({ "mapping": { "status": { "Active": "on_hold" } } }), &context());
    let writable = client.capabilities().writable_statuses;
    assert!(!writable.contains(&StatusCategory::InProgress) && writable.contains(&StatusCategory::OnHold));
    let request = CreateTicket::new("x").with_status(ticketing_core::StatusSelector::from(StatusCategory::InProgress));
    let error = client.create_ticket(request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("status")));
}

#[tokio::test]
async fn resolved_and_closed_stand_in_for_each_other() {
    for (native, left) in [("final", StatusCategory::Resolved), ("solved", StatusCategory::Closed)] {
        let client = connect(json!({ "mapping": { "status": { (native): left } } }), &context());
        for wanted in [StatusCategory::Resolved, StatusCategory::Closed] {
            let request = CreateTicket::new("x").with_status(ticketing_core::StatusSelector::from(wanted));
            assert_eq!(client.create_ticket(request).await.unwrap().status.category, left, "{wanted}");
        }
    }
}

#[test]
fn a_wrong_configuration_is_refused_by_name() {
    let registry = Registry::discover().unwrap();
    let error = registry.build("memory", json!({ "acount": "acme" }), &context()).unwrap_err();
    let line = error.to_string();
    assert_eq!((error.kind(), error.field(), error.provider()), (ErrorKind::Config, Some("acount"), Some("memory")));
    assert!(line.contains("account, seed, mapping, webhook_secret"), "{line}");
}

#[tokio::test]
async fn capabilities_are_everything_there_is() {
    let client = connect(json!({}), &context());
    let capabilities = client.capabilities();
    assert_eq!(capabilities.operations.len(), Operation::ALL.len());
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, sort_maps => true }, {
        insta::assert_json_snapshot!("capabilities", capabilities);
        insta::assert_json_snapshot!("config.schema", schemars::schema_for!(provider_memory::MemoryConfig));
    });
}
