//! Subscriptions, deliveries, and their receiver.

use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;
use serde_json::json;
use ticketing_core::model::{Kind, Visibility, WebhookEvent};
use ticketing_core::request::{
    AddComment, CreateTicket, CreateWebhook, DeleteTicket, DeleteWebhook, ListWebhooks, RenewWebhook, UpdateTicket,
};
use ticketing_core::{BuildContext, ErrorKind, Registry, Result, Secret, WebhookDelivery, WebhookIntake};

use crate::world::{World, refused, world};

fn intake(secret: &str) -> Result<Arc<dyn WebhookIntake>> {
    let build = Registry::discover().unwrap().get("memory").unwrap().webhook.unwrap();
    build(json!({ "webhook_secret": secret }), &BuildContext::new())
}

async fn subscribed(events: &[WebhookEvent]) -> World {
    let world = world();
    let request =
        CreateWebhook::new("https://product.example/hooks/7", events.to_vec()).with_secret(Secret::new("canary"));
    world.client.create_webhook(request).await.unwrap();
    world
}

#[tokio::test]
async fn a_subscription_lives_until_it_is_not_renewed() {
    let world = subscribed(&[WebhookEvent::TicketCreated]).await;
    let list = async || world.client.list_webhooks(ListWebhooks::new()).await.unwrap().items;
    let made = list().await.remove(0);
    assert_eq!((made.active, made.expires_at), (true, Some(world.now() + TimeDelta::days(30))));
    world.clock.advance(TimeDelta::days(30));
    assert!(!list().await[0].active);
    world.make(CreateTicket::new("x")).await;
    assert!(world.store.take_deliveries().is_empty(), "who has expired is told nothing");
    let renewed = world.client.renew_webhook(RenewWebhook::new(made.id.clone())).await.unwrap();
    assert_eq!((renewed.active, renewed.expires_at), (true, Some(world.now() + TimeDelta::days(30))));
    world.make(CreateTicket::new("x")).await;
    assert_eq!(world.store.take_deliveries().len(), 1);
    world.client.delete_webhook(DeleteWebhook::new(made.id.clone())).await.unwrap();
    assert!(list().await.is_empty());
    let gone = || made.id.clone();
    refused(world.client.renew_webhook(RenewWebhook::new(gone())).await, ErrorKind::NotFound, "", &["list_webhooks"]);
    refused(world.client.delete_webhook(DeleteWebhook::new(gone())).await, ErrorKind::NotFound, "", &[]);
}

#[tokio::test]
async fn a_subscription_is_refused_where_it_makes_no_sense() {
    let world = world();
    let created = vec![WebhookEvent::TicketCreated];
    for (field, request) in [
        ("url", CreateWebhook::new("product.example", created.clone())),
        ("events", CreateWebhook::new("https://product.example", vec![])),
        ("events", CreateWebhook::new("https://product.example", vec![WebhookEvent::Other])),
        ("secret", CreateWebhook::new("https://product.example", created).with_secret(Secret::new(""))),
    ] {
        refused(world.client.create_webhook(request).await, ErrorKind::InvalidRequest, field, &[]);
    }
}

#[tokio::test]
async fn each_event_is_delivered_signed_and_received_once() {
    let events: Vec<_> = WebhookEvent::ALL.iter().copied().filter(|event| *event != WebhookEvent::Other).collect();
    let world = subscribed(&events).await;
    let id = world.make(CreateTicket::new("x")).await.id;
    world.client.update_ticket(UpdateTicket::new(id.clone()).with_title("y")).await.unwrap();
    world.client.add_comment(AddComment::new(id.clone(), "one", Visibility::Public)).await.unwrap();
    world.client.delete_ticket(DeleteTicket::new(id.clone())).await.unwrap();
    let deliveries = world.store.take_deliveries();
    assert!(deliveries.iter().all(|delivery| delivery.path == "https://product.example/hooks/7"));
    let intake = intake("canary").unwrap();
    let mut told = Vec::new();
    for delivery in &deliveries {
        assert!(!format!("{delivery:?} {:?}", delivery.headers).contains("canary"));
        told.extend(intake.receive(delivery).unwrap());
        let again = intake.receive(delivery).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    }
    let told: Vec<_> = told.iter().map(|event| (event.event, event.kind, event.id.as_str())).collect();
    assert_eq!(
        told,
        [
            (WebhookEvent::TicketCreated, Kind::Ticket, id.as_str()),
            (WebhookEvent::TicketUpdated, Kind::Ticket, id.as_str()),
            (WebhookEvent::CommentCreated, Kind::Comment, "comment-000001"),
            (WebhookEvent::TicketUpdated, Kind::Ticket, id.as_str()),
            (WebhookEvent::TicketDeleted, Kind::Ticket, id.as_str()),
        ]
    );
}

#[tokio::test]
async fn a_delivery_that_is_not_genuine_is_refused() {
    let world = subscribed(&[WebhookEvent::TicketCreated]).await;
    world.make(CreateTicket::new("x")).await;
    let genuine = world.store.take_deliveries().remove(0);
    let bent = |change: &dyn Fn(&mut WebhookDelivery)| {
        let mut delivery = genuine.clone();
        change(&mut delivery);
        delivery
    };
    let intake = intake("canary").unwrap();
    for delivery in [
        bent(&|delivery| delivery.body = Bytes::from_static(b"{}")),
        bent(&|delivery| delivery.headers.retain(|(name, _)| name != "memory-signature")),
        bent(&|delivery| delivery.headers.retain(|(name, _)| name != "memory-timestamp")),
        bent(&|delivery| delivery.received_at += TimeDelta::minutes(6)),
        bent(&|delivery| delivery.received_at -= TimeDelta::minutes(6)),
        bent(&|delivery| {
            let stamp = delivery.headers.iter_mut().find(|(name, _)| name == "memory-timestamp").unwrap();
            stamp.1 = "2026-01-05T08:01:30Z".to_owned();
        }),
    ] {
        assert_eq!(intake.receive(&delivery).unwrap_err().kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(self::intake("another").unwrap().receive(&genuine).unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(intake.receive(&genuine).unwrap().len(), 1, "what was refused before does not use up the genuine one");
    let build = Registry::discover().unwrap().get("memory").unwrap().webhook.unwrap();
    let error = build(json!({}), &BuildContext::new()).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("webhook_secret")));
}
