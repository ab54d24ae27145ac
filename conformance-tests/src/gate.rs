//! Turning a case round where the provider cannot do what it shows.

use ticketing_core::model::{Kind, Visibility};
use ticketing_core::request::{FilterKind, SortField};
use ticketing_core::{ErrorKind, IdempotencyMode, Operation, TicketId};

use crate::harness::Harness;
use crate::probe;
use crate::reading::{client, nothing_sent_since, sent};
use crate::verdict::{names, refused};

/// True where the provider has all of these operations. Each that it lacks must be refused with nothing sent.
pub(crate) async fn operations(h: &dyn Harness, operations: &[Operation]) -> bool {
    let capabilities = h.provider().capabilities();
    let mut all = true;
    for operation in operations {
        if !capabilities.supports(*operation) {
            all = false;
            is_refused(h, *operation).await;
        }
    }
    all
}

/// An operation that the capabilities lack is refused, by the bare provider and by the client, with nothing sent.
pub(crate) async fn is_refused(h: &dyn Harness, operation: Operation) {
    let ticket = TicketId::new("1");
    for (who, provider) in [("the provider", h.provider()), ("the client", client(h).provider())] {
        let before = sent(h);
        let call = format!("{who}'s {operation}, which is not among the capabilities,");
        let outcome = probe::call(&*provider, operation, &ticket).await;
        let error = refused(outcome, &[ErrorKind::Unsupported], &call);
        assert_eq!(error.operation(), Some(operation), "{call} must name the operation: {error}");
        nothing_sent_since(h, before, &call);
    }
}

/// True where tickets can be filtered by this.
pub(crate) fn has_filter(h: &dyn Harness, kind: FilterKind) -> bool {
    h.provider().capabilities().ticket_filters.contains_key(&kind)
}

/// True where tickets can be sorted by this.
pub(crate) fn has_sort(h: &dyn Harness, field: SortField) -> bool {
    h.provider().capabilities().sorts.contains(&field)
}

/// True where this core key of tickets can be written.
pub(crate) fn writes(h: &dyn Harness, key: &str) -> bool {
    h.provider().capabilities().writable_fields.contains(key)
}

/// True where this core key of tickets is read.
pub(crate) fn reads(h: &dyn Harness, key: &str) -> bool {
    h.provider().capabilities().readable_fields.contains(key)
}

/// True where comments can be for these readers.
pub(crate) fn has_visibility(h: &dyn Harness, visibility: Visibility) -> bool {
    h.provider().capabilities().comment_visibilities.contains(&visibility)
}

/// True where `list_changes` follows this kind.
pub(crate) fn follows(h: &dyn Harness, kind: Kind) -> bool {
    h.provider().capabilities().change_kinds.contains(&kind)
}

/// True where `list_ids` counts this kind.
pub(crate) fn counts(h: &dyn Harness, kind: Kind) -> bool {
    h.provider().capabilities().census_kinds.contains(&kind)
}

/// True where a repeated write is kept from happening twice.
pub(crate) fn is_keyed(mode: IdempotencyMode) -> bool {
    mode != IdempotencyMode::None
}

/// A call for something that the capabilities lack is refused with nothing sent, naming it.
pub(crate) async fn lacks<T: std::fmt::Debug>(
    h: &dyn Harness,
    what: &str,
    call: impl AsyncFnOnce() -> ticketing_core::Result<T>,
) {
    let before = sent(h);
    let outcome = call().await;
    let call = format!("a call for `{what}`, which is not among the capabilities,");
    let error = refused(outcome, &[ErrorKind::Unsupported], &call);
    names(&error, &[what], "what is lacking must be named");
    nothing_sent_since(h, before, &call);
}
