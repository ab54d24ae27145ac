//! Refuses what the provider cannot do, before anything is sent.

use futures::future::BoxFuture;

use super::intercepted::{Call, CallRequest, Intercept};
use crate::capability::{Capabilities, ConcurrencyMode};
use crate::error::{Error, ErrorKind, Result};
use crate::id::Version;
use crate::model::{Kind, StatusCategory, Visibility};
use crate::operation::Operation;
use crate::request::{ListTickets, NewComment};
use crate::selector::StatusSelector;

/// Refuses what the provider cannot do, before anything is sent; every [`TicketingClient`](crate::TicketingClient) has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CapabilityCheck;

impl Intercept for CapabilityCheck {
    async fn around<'a, T, F>(&'a self, call: Call<'a>, forward: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn() -> BoxFuture<'a, Result<T>> + Send + Sync + 'a,
    {
        let info = call.provider().info();
        let named = |error: Error| error.with_provider(info.name.clone()).with_operation(call.operation());
        refuse(&call.provider().capabilities(), &call).map_err(named)?;
        forward().await.map_err(named)
    }
}

fn refuse(capabilities: &Capabilities, call: &Call<'_>) -> Result<()> {
    let operation = call.operation();
    if !capabilities.supports(operation) {
        let known: Vec<_> = capabilities.operations.iter().map(|known| known.as_str()).collect();
        return Err(Error::unsupported(operation).with_hint(format!("it has: {}", known.join(", "))));
    }
    match call.request() {
        CallRequest::ListTickets(request) => tickets(capabilities, request),
        CallRequest::CreateTicket(request) => {
            comment(capabilities, request.comment.as_ref())?;
            status(capabilities, request.status.as_ref())
        }
        CallRequest::UpdateTicket(request) => {
            comment(capabilities, request.comment.as_ref())?;
            version(capabilities, request.expected_version.as_ref())?;
            status(capabilities, request.status.as_ref())
        }
        CallRequest::DeleteTicket(request) => version(capabilities, request.expected_version.as_ref()),
        CallRequest::AddComment(request) => visibility(capabilities, request.visibility),
        CallRequest::ListChanges(request) => kind(&capabilities.change_kinds, request.kind, operation),
        CallRequest::ListIds(request) => kind(&capabilities.census_kinds, request.kind, operation),
        _ => Ok(()),
    }
}

fn tickets(capabilities: &Capabilities, request: &ListTickets) -> Result<()> {
    for kind in request.filter.kinds() {
        if !capabilities.ticket_filters.contains_key(&kind) {
            return Err(missing("filter", kind, capabilities.ticket_filters.keys()));
        }
    }
    for sort in &request.sort {
        if !capabilities.sorts.contains(&sort.field) {
            return Err(missing("sort", sort.field, &capabilities.sorts));
        }
    }
    Ok(())
}

fn comment(capabilities: &Capabilities, comment: Option<&NewComment>) -> Result<()> {
    comment.map_or(Ok(()), |comment| visibility(capabilities, comment.visibility))
}

fn visibility(capabilities: &Capabilities, wanted: Visibility) -> Result<()> {
    if capabilities.comment_visibilities.contains(&wanted) {
        return Ok(());
    }
    Err(missing("visibility", wanted, &capabilities.comment_visibilities))
}

fn status(capabilities: &Capabilities, wanted: Option<&StatusSelector>) -> Result<()> {
    let Some(StatusSelector::Category(wanted)) = wanted else { return Ok(()) };
    // `resolved` and `closed` stand in for each other where a vendor has only one of them.
    let stand_in = match wanted {
        StatusCategory::Resolved => Some(StatusCategory::Closed),
        StatusCategory::Closed => Some(StatusCategory::Resolved),
        _ => None,
    };
    let writable = &capabilities.writable_statuses;
    if writable.contains(wanted) || stand_in.is_some_and(|other| writable.contains(&other)) {
        return Ok(());
    }
    Err(missing("status", wanted, writable))
}

fn version(capabilities: &Capabilities, expected: Option<&Version>) -> Result<()> {
    if expected.is_some() && capabilities.concurrency == ConcurrencyMode::None {
        return Err(Error::new(ErrorKind::Unsupported, "the provider cannot compare versions")
            .with_field("expected_version")
            .with_hint("leave it out"));
    }
    Ok(())
}

fn kind(known: &std::collections::BTreeSet<Kind>, wanted: Kind, operation: Operation) -> Result<()> {
    if known.contains(&wanted) {
        return Ok(());
    }
    Err(missing("kind", wanted, known).with_operation(operation))
}

fn missing<T: std::fmt::Display>(
    field: &str,
    wanted: impl std::fmt::Display,
    known: impl IntoIterator<Item = T>,
) -> Error {
    let known: Vec<_> = known.into_iter().map(|value| value.to_string()).collect();
    let hint = if known.is_empty() { "it has none".to_owned() } else { format!("it has: {}", known.join(", ")) };
    Error::new(ErrorKind::Unsupported, format!("the provider has no {field} `{wanted}`"))
        .with_field(field)
        .with_hint(hint)
}
