//! The issue that an id or key means.

use std::sync::Arc;

use serde_json::value::RawValue;
use ticketing_core::model::{Ref, Ticket};
use ticketing_core::request::{GetTicket, Projection};
use ticketing_core::{Error, ErrorKind, FieldId, Result, TicketId};
use ticketing_http::path_segment;

use crate::connection::Connection;
use crate::map::{TicketPlan, person_ref};
use crate::wire::Person;

/// One ticket.
pub(crate) async fn get(connection: &Connection, request: GetTicket) -> Result<Ticket> {
    let plan = plan(connection, &request.projection, request.include_raw, &[]).await?;
    one(connection, &plan, &request.id).await
}

/// How issues become tickets on this connection.
pub(crate) async fn plan(
    connection: &Connection,
    projection: &Projection,
    raw: bool,
    also: &[FieldId],
) -> Result<TicketPlan> {
    let site = connection.api.site().await?;
    let columns = connection.catalogue.columns().await?;
    if let Some(fields) = &projection.fields
        && let Some(unknown) = fields.iter().find(|id| columns.get(id.as_str()).is_none())
    {
        return Err(crate::connection::unknown_field("projection.fields", unknown.as_str()));
    }
    Ok(TicketPlan::new(site, columns, Arc::clone(&connection.mapping), projection, raw, also))
}

/// True where a text can be an id or a key: what cannot is nobody's.
pub(crate) fn may_be_issue(text: &str) -> bool {
    !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// One ticket by id or key, strongly consistent (wire A3.4); a key that the issue once had will do (wire A4.1).
pub(crate) async fn one(connection: &Connection, plan: &TicketPlan, id: &TicketId) -> Result<Ticket> {
    if id.as_str().trim().is_empty() {
        return Err(Error::invalid("id", "it is empty").with_hint("pass a ticket's id or key"));
    }
    if !may_be_issue(id.as_str()) {
        return Err(connection.no_ticket(id));
    }
    let response = match connection.api.issue(id.as_str(), &plan.fields).await {
        Ok(response) => response,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(connection.no_ticket(id)),
        Err(error) => return Err(error),
    };
    let raw: &RawValue = response.json()?;
    let mut ticket = plan.ticket(raw)?;
    let elsewhere = |own: &Ref| own.key.as_deref().is_some_and(|key| !connection.holds_project(key));
    if ticket.collections.iter().any(elsewhere) {
        return Err(connection.no_ticket(id));
    }
    if plan.watchers {
        ticket.watchers = watchers(connection, &ticket.id).await?;
    }
    Ok(ticket)
}

/// Who watches an issue; `None` where that may not be seen (wire A4.9).
pub(crate) async fn watchers(connection: &Connection, id: &TicketId) -> Result<Option<Vec<Ref>>> {
    #[derive(serde::Deserialize)]
    struct Watchers {
        #[serde(default, deserialize_with = "crate::wire::list")]
        watchers: Vec<Person>,
    }
    let path = format!("/issue/{}/watchers", path_segment(id.as_str()));
    match connection.api.read(&path, &[]).await {
        Ok(response) => {
            let list: Watchers = response.json()?;
            Ok(Some(list.watchers.iter().filter_map(person_ref).collect()))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
        Err(error) => Err(error),
    }
}
