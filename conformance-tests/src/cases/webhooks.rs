//! Webhook subscriptions and deliveries.

use chrono::TimeDelta;
use ticketing_core::model::WebhookEvent;
use ticketing_core::request::{CreateWebhook, DeleteWebhook, ListWebhooks, RenewWebhook};
use ticketing_core::{ErrorKind, Operation, Secret};

use crate::gate;
use crate::harness::Harness;
use crate::reading::{all, client};
use crate::verdict::{not_offered, ok, refused};
use crate::world::World;

/// A subscription is made, listed, renewed and ended.
pub async fn a_subscription_lives_and_ends(h: &dyn Harness) {
    let operations =
        [Operation::CreateWebhook, Operation::ListWebhooks, Operation::RenewWebhook, Operation::DeleteWebhook];
    let capabilities = h.provider().capabilities();
    gate::operations(h, &operations).await;
    if !capabilities.supports(Operation::CreateWebhook) || !capabilities.supports(Operation::ListWebhooks) {
        return;
    }
    let client = client(h);
    let events = vec![WebhookEvent::TicketCreated, WebhookEvent::TicketUpdated];
    let create = CreateWebhook::new("https://example.com/hook", events.clone()).with_secret(Secret::new("hook-secret"));
    let made = ok(client.create_webhook(create).await, "create_webhook");
    crate::contract::holds("webhook", &made);
    assert_eq!((made.url.as_str(), &made.events), ("https://example.com/hook", &events));
    let listed = ok(all(|c| client.list_webhooks(ListWebhooks::new().with_cursor(c))).await, "list_webhooks");
    assert_eq!(listed, std::slice::from_ref(&made), "the subscription is listed as it was made");
    assert!(!format!("{made:?}").contains("hook-secret"), "a subscription must not show its secret");
    if capabilities.supports(Operation::RenewWebhook) {
        h.advance(3600);
        let renewed = ok(client.renew_webhook(RenewWebhook::new(made.id.clone())).await, "renew_webhook");
        assert_eq!(renewed.id, made.id);
        assert!(renewed.expires_at.is_none() || renewed.expires_at > made.expires_at, "a renewed life is longer");
    }
    if capabilities.supports(Operation::DeleteWebhook) {
        ok(client.delete_webhook(DeleteWebhook::new(made.id.clone())).await, "delete_webhook");
        let listed = ok(all(|c| client.list_webhooks(ListWebhooks::new().with_cursor(c))).await, "list_webhooks");
        assert!(listed.is_empty(), "the subscription has ended");
        let again = client.delete_webhook(DeleteWebhook::new(made.id)).await;
        refused(again, &[ErrorKind::NotFound], "ending a subscription again");
    }
}

/// A delivery that the vendor signed is taken, and names what to read again.
pub async fn a_signed_delivery_names_what_changed(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    let Some(delivered) = h.delivered(&ticket).await else { return not_offered("webhook deliveries") };
    let events = ok(delivered.intake.receive(&delivered.delivery), "a delivery as the vendor signed it");
    assert!(events.iter().any(|event| event.id == ticket.as_str()), "the delivery must name the ticket: {events:?}");
}

/// A delivery that was changed on its way, signed with another secret or not at all, is refused.
pub async fn a_delivery_that_was_tampered_with_is_refused(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    let Some(delivered) = h.delivered(&ticket).await else { return not_offered("webhook deliveries") };
    let mut bent = delivered.delivery.clone();
    let mut body = bent.body.to_vec();
    body.push(b' ');
    bent.body = body.into();
    let kinds = [ErrorKind::Unauthenticated];
    refused(delivered.intake.receive(&bent), &kinds, "a delivery whose body was changed");
    let mut bare = delivered.delivery.clone();
    bare.headers.clear();
    refused(delivered.intake.receive(&bare), &kinds, "a delivery without a signature");
    let mut taken = None;
    for nth in 0..delivered.delivery.headers.len() {
        let mut bent = delivered.delivery.clone();
        let value = &mut bent.headers[nth].1;
        let last = if value.ends_with('0') { '1' } else { '0' };
        value.pop();
        value.push(last);
        // Not every header is signed; what is signed is the same then, and may be taken, once.
        taken = taken.or(delivered.intake.receive(&bent).ok());
    }
    match (taken, delivered.intake.receive(&delivered.delivery)) {
        (Some(taken), Err(error)) => {
            refused(Err::<(), _>(error), &[ErrorKind::AlreadyExists], "the same delivery under another number");
            assert!(
                taken.iter().any(|event| event.id == ticket.as_str()),
                "what was taken is what was signed: {taken:?}"
            );
        }
        (_, outcome) => drop(ok(outcome, "the true delivery, after the forged ones")),
    }
}

/// A delivery that comes twice is told apart.
pub async fn a_delivery_that_comes_twice_is_known(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    let Some(delivered) = h.delivered(&ticket).await else { return not_offered("webhook deliveries") };
    let first = ok(delivered.intake.receive(&delivered.delivery), "a delivery");
    match delivered.intake.receive(&delivered.delivery) {
        // Told apart by the intake, or by whoever keeps the delivery's id.
        Err(error) => {
            refused(Err::<(), _>(error), &[ErrorKind::AlreadyExists], "a delivery that came before");
        }
        Ok(again) => {
            assert!(first.iter().all(|event| event.delivery_id.is_some()), "a repeat must be knowable: {first:?}");
            assert_eq!(again, first);
        }
    }
}

/// A delivery that is days old is refused, where its age is signed; else the repeat is all there is to tell.
pub async fn an_old_delivery_is_refused_where_its_age_is_signed(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    let Some(delivered) = h.delivered(&ticket).await else { return not_offered("webhook deliveries") };
    let mut old = delivered.delivery.clone();
    old.received_at += TimeDelta::days(3);
    if let Err(error) = delivered.intake.receive(&old) {
        refused(Err::<(), _>(error), &[ErrorKind::Unauthenticated], "a delivery that is three days old");
    }
}
