//! Refusals say what happened, where, and what to do (docs/errors.md).

use ticketing_core::request::{GetTicket, ListTickets, UpdateTicket};
use ticketing_core::{ErrorKind, Operation, TicketId, TicketingClient};

use crate::gate;
use crate::harness::{Connection, Harness, Interference};
use crate::probe;
use crate::reading::{client, tickets};
use crate::verdict::{not_offered, ok, refused};
use crate::world::World;

/// An error names its provider and operation, and a final one is not worth another try.
pub async fn an_error_names_its_provider_and_operation(h: &dyn Harness) {
    let client = client(h);
    let outcome = client.get_ticket(GetTicket::new("ffffffffffffffffffffffffffffffff")).await;
    let error = refused(outcome, &[ErrorKind::NotFound], "an unknown ticket");
    assert_eq!(error.provider(), Some(client.info().name.as_str()), "{error}");
    assert_eq!(error.operation(), Some(Operation::GetTicket), "{error}");
    assert!(!error.is_retryable(), "what does not exist is not worth another try: {error}");
    let update = UpdateTicket::new("ffffffffffffffffffffffffffffffff").with_title("x");
    let error = refused(client.update_ticket(update).await, &[ErrorKind::NotFound], "an unknown ticket");
    assert_eq!(error.operation(), Some(Operation::UpdateTicket), "{error}");
    assert!(!error.maybe_applied(), "a change of what does not exist was not applied: {error}");
}

/// A credential that the vendor refuses is unauthenticated, in every operation, and not worth another try.
pub async fn a_refused_credential_is_unauthenticated(h: &dyn Harness) {
    let Some(provider) = h.connect(Connection::WrongCredential).await else {
        return not_offered("Connection::WrongCredential");
    };
    // A credential may be found wrong when connecting, or when it is first used.
    let client = match provider {
        Ok(provider) => TicketingClient::new(provider),
        Err(error) => {
            refused(Err::<(), _>(error), &[ErrorKind::Unauthenticated], "connecting with a wrong credential");
            return;
        }
    };
    let ticket = TicketId::new("00000000000000000000000000000001");
    for operation in
        [Operation::Check, Operation::ListTickets, Operation::GetTicket, Operation::CreateTicket, Operation::ListUsers]
    {
        let call = format!("{operation} with a wrong credential");
        let outcome = probe::call(&*client.provider(), operation, &ticket).await;
        let error = refused(outcome, &[ErrorKind::Unauthenticated], &call);
        assert!(!error.is_retryable(), "a refused credential is not worth another try: {error}");
        assert!(!error.maybe_applied(), "a refused write was not applied: {error}");
    }
}

/// A credential with fewer rights reads tickets, and is told what it may not do: refused, narrowed or named as unreadable.
pub async fn a_missing_right_is_told(h: &dyn Harness) {
    let Some(provider) = h.connect(Connection::FewerRights).await else {
        return not_offered("Connection::FewerRights");
    };
    let world = World::read(h).await;
    let client = TicketingClient::new(ok(provider, "connecting with fewer rights"));
    ok(client.check().await, "check with fewer rights");
    let listing = ok(tickets(&client, &ListTickets::new()).await, "list_tickets with fewer rights");
    assert_eq!(listing.len(), world.listing.len(), "these rights are enough to read every ticket");
    let ticket = world.ticket_id("vpn");
    let mut denied = 0;
    for operation in Operation::ALL.iter().filter(|operation| operation.access() == ticketing_core::Access::Read) {
        let Err(error) = probe::call(&*client.provider(), *operation, &ticket).await else { continue };
        let kinds = [ErrorKind::PermissionDenied, ErrorKind::Unsupported, ErrorKind::NotFound];
        let error = refused(Err::<(), _>(error), &kinds, &format!("{operation} with fewer rights"));
        assert!(!error.is_retryable(), "a missing right is not worth another try: {error}");
        denied += usize::from(error.kind() == ErrorKind::PermissionDenied);
    }
    let narrowed = client.capabilities() != h.provider().capabilities();
    let unreadable = listing.iter().any(|ticket| !ticket.unreadable.is_empty());
    assert!(
        denied > 0 || narrowed || unreadable,
        "fewer rights must show somewhere: a refusal, capabilities, `unreadable`"
    );
}

/// What the credential may not read is named in `unreadable`, and is not taken for empty.
pub async fn an_unreadable_key_is_named(h: &dyn Harness) {
    let world = World::read(h).await;
    assert!(world.listing.iter().all(|ticket| ticket.unreadable.is_empty()), "this credential may read everything");
    if h.interfere(Interference::HideDescriptions).await.is_none() {
        return not_offered("HideDescriptions");
    }
    let client = client(h);
    let listing = ok(tickets(&client, &ListTickets::new()).await, "list_tickets without descriptions");
    let got = ok(client.get_ticket(GetTicket::new(world.ticket_id("vpn"))).await, "get_ticket without description");
    assert_eq!(listing.len(), world.listing.len());
    for ticket in listing.iter().chain([&got]) {
        assert_eq!(ticket.description, None);
        let named = ticket.unreadable.iter().any(|key| key == "description");
        assert!(named, "`description` may not be read, and `{}` must say so: {:?}", ticket.key, ticket.unreadable);
    }
}

/// An operation of fewer rights that writes is refused, and not worth another try.
pub async fn a_write_without_the_right_is_refused(h: &dyn Harness) {
    let Some(provider) = h.connect(Connection::FewerRights).await else {
        return not_offered("Connection::FewerRights");
    };
    let client = TicketingClient::new(ok(provider, "connecting with fewer rights"));
    if !gate::operations(h, &[Operation::DeleteTicket]).await {
        return;
    }
    let world = World::read(h).await;
    let delete = ticketing_core::request::DeleteTicket::new(world.ticket_id("vpn"));
    if let Err(error) = client.delete_ticket(delete).await {
        let kinds = [ErrorKind::PermissionDenied, ErrorKind::Unsupported];
        let error = refused(Err::<(), _>(error), &kinds, "deleting without the right");
        assert!(!error.is_retryable() && !error.maybe_applied(), "{error}");
        ok(client.get_ticket(GetTicket::new(world.ticket_id("vpn"))).await, "get_ticket of what was not deleted");
    }
}
