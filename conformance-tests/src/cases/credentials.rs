//! Tokens that the provider renews by itself.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use ticketing_core::request::ListTickets;
use ticketing_core::{ErrorKind, TicketingClient, TicketingProvider};

use crate::harness::{Connection, Harness, Interference, Misbehaviour, Purpose};
use crate::reading::tickets;
use crate::verdict::{not_offered, ok, refused};

async fn renewing(h: &dyn Harness) -> Option<TicketingClient> {
    let connected = h.connect(Connection::RenewedToken).await;
    if connected.is_none() {
        not_offered("Connection::RenewedToken");
    }
    connected.map(|provider: ticketing_core::Result<Arc<dyn TicketingProvider>>| {
        TicketingClient::new(ok(provider, "connecting with a token that is renewed"))
    })
}

fn token_requests(h: &dyn Harness) -> usize {
    h.requests().unwrap_or_default().iter().filter(|request| request.purpose == Purpose::Token).count()
}

/// The first call gets a token, the others use it.
pub async fn one_token_serves_many_calls(h: &dyn Harness) {
    let Some(client) = renewing(h).await else { return };
    for _ in 0..3 {
        ok(tickets(&client, &ListTickets::new()).await, "list_tickets with a renewed token");
    }
    assert_eq!(token_requests(h), 1, "one token is enough while it lives");
}

/// Calls that all need a token at the same time share one request for it.
pub async fn calls_at_once_share_one_renewal(h: &dyn Harness) {
    let Some(client) = renewing(h).await else { return };
    let calls = (0..12).map(|_| client.list_tickets(ListTickets::new()));
    for outcome in futures::future::join_all(calls).await {
        ok(outcome, "one of twelve calls that need a token");
    }
    assert_eq!(token_requests(h), 1, "twelve calls at the same time need one token");
    if h.interfere(Interference::ExpireTokens).await.is_none() {
        return not_offered("ExpireTokens");
    }
    let calls = (0..12).map(|_| client.list_tickets(ListTickets::new()));
    for outcome in futures::future::join_all(calls).await {
        ok(outcome, "one of twelve calls whose token has ended");
    }
    assert_eq!(token_requests(h), 2, "twelve refused calls need one new token");
}

/// A token that the vendor ended early is renewed once, and the call succeeds.
pub async fn a_token_that_ended_is_renewed(h: &dyn Harness) {
    let Some(client) = renewing(h).await else { return };
    ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    if h.interfere(Interference::ExpireTokens).await.is_none() {
        return not_offered("ExpireTokens");
    }
    ok(tickets(&client, &ListTickets::new()).await, "list_tickets after the token has ended");
    assert_eq!(token_requests(h), 2, "one token, and one renewal");
}

/// A refusal that was a mistake is got over by a new token; a lasting one is unauthenticated, without going in circles.
pub async fn a_refusal_is_tried_once_with_a_new_token(h: &dyn Harness) {
    let Some(client) = renewing(h).await else { return };
    ok(client.check().await, "check");
    if !h.misbehave(Misbehaviour::Unauthorized, Some(1)) {
        return not_offered("Unauthorized");
    }
    ok(client.list_tickets(ListTickets::new()).await, "list_tickets that is refused once");
    h.misbehave(Misbehaviour::Unauthorized, Some(1_000));
    let before = h.requests().unwrap_or_default().len();
    let outcome = client.list_tickets(ListTickets::new()).await;
    refused(outcome, &[ErrorKind::Unauthenticated], "list_tickets that is refused on and on");
    let spent = h.requests().unwrap_or_default().len() - before;
    assert!(spent <= 5, "{spent} requests for a credential that is refused on and on");
}

/// A token endpoint that refuses is unauthenticated; many callers cost one request.
pub async fn a_refused_renewal_is_unauthenticated(h: &dyn Harness) {
    let Some(client) = renewing(h).await else { return };
    if !h.misbehave(Misbehaviour::TokenRefused, None) {
        return not_offered("TokenRefused");
    }
    let calls = (0..8).map(|_| client.list_tickets(ListTickets::new()));
    for outcome in futures::future::join_all(calls).await {
        let error = refused(outcome, &[ErrorKind::Unauthenticated], "a call whose token cannot be renewed");
        assert!(!error.is_retryable(), "a refused refresh token is not worth another try: {error}");
    }
    assert_eq!(token_requests(h), 1, "a failing renewal costs one request, not one per caller");
    h.behave();
}

/// A token endpoint that is down is unavailable, not a wrong credential; when it is back, so are we.
pub async fn a_failing_token_endpoint_is_unavailable(h: &dyn Harness) {
    for (misbehaviour, kinds) in [
        (Misbehaviour::TokenServerError, vec![ErrorKind::Unavailable]),
        (Misbehaviour::TokenWebPage, vec![ErrorKind::Unavailable, ErrorKind::Decode]),
        (Misbehaviour::TokenSilence, vec![ErrorKind::Timeout, ErrorKind::Unavailable]),
    ] {
        let Some(client) = renewing(h).await else { return };
        if !h.misbehave(misbehaviour, None) {
            not_offered(&format!("{misbehaviour:?}"));
            continue;
        }
        let before = token_requests(h);
        let outcome = client.list_tickets(ListTickets::new()).await;
        refused(outcome, &kinds, &format!("a call while the token endpoint does this: {misbehaviour:?}"));
        let spent = token_requests(h) - before;
        assert!(spent <= 8, "{spent} requests to a token endpoint that is down");
        h.behave();
        tokio::time::sleep(Duration::from_secs(120)).await;
        h.advance(120);
        ok(client.list_tickets(ListTickets::new()).await, "list_tickets when the token endpoint is back");
    }
}

/// A call that is dropped while it renews the token does not leave the others waiting for ever.
pub async fn a_dropped_renewal_leaves_nobody_waiting(h: &dyn Harness) {
    for polls in 1..10_u32 {
        let Some(client) = renewing(h).await else { return };
        // A call that has ended is not polled again.
        let mut dropped = Box::pin(client.list_tickets(ListTickets::new()).fuse());
        let mut waiting = Box::pin(client.list_tickets(ListTickets::new()).fuse());
        let mut ended = None;
        for _ in 0..polls {
            let _ = dropped.as_mut().now_or_never();
            ended = ended.or(waiting.as_mut().now_or_never());
            tokio::task::yield_now().await;
        }
        drop(dropped);
        let outcome = match ended {
            Some(outcome) => outcome,
            None => tokio::time::timeout(Duration::from_secs(900), waiting)
                .await
                .unwrap_or_else(|_| panic!("a call waits for a renewal that was dropped after {polls} polls")),
        };
        ok(outcome, "a call that waited for somebody else's renewal");
        ok(client.list_tickets(ListTickets::new()).await, "the next call");
    }
}
