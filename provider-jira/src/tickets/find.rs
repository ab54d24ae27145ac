//! The issue that an id or key means.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::value::RawValue;
use ticketing_core::model::{Ref, Ticket};
use ticketing_core::request::{FoundTickets, GetTicket, GetTickets, ListWatchers, Projection};
use ticketing_core::{Error, ErrorKind, FieldId, Operation, Page, Result, TicketId};
use ticketing_http::path_segment;

use crate::connection::{CONCURRENCY, Connection};
use crate::map::{TicketPlan, person_ref};
use crate::people::{cut, offset_of};
use crate::wire::{IssuePage, Person, Raw};

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

/// Ids in one `get_tickets` at most (wire A4.1: bulkfetch).
pub(crate) const MOST_IDS: usize = 100;

/// One issue by id or key; `None` where it is not there.
async fn if_there(connection: &Connection, plan: &TicketPlan, id: &str) -> Result<Option<Ticket>> {
    match connection.api.issue(id, &plan.fields).await {
        Ok(response) => plan.ticket(response.json()?).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Several issues by id or key, as many as are there.
async fn fetch(connection: &Connection, plan: &TicketPlan, wanted: &[&str]) -> Result<Vec<Ticket>> {
    let mut out = Vec::new();
    if connection.api.site().await?.is_cloud() {
        for ids in wanted.chunks(MOST_IDS) {
            let response = connection.api.bulk_fetch(ids, &plan.fields).await?;
            let page: IssuePage<Raw<'_>> = response.json()?;
            for raw in page.issues {
                out.push(plan.ticket(raw)?);
            }
        }
    } else {
        // A Data Center refuses a query with one id in it that is not there.
        for ids in wanted.chunks(CONCURRENCY) {
            for found in join_all(ids.iter().map(|id| if_there(connection, plan, id))).await {
                out.extend(found?);
            }
        }
    }
    out.retain(|ticket| {
        !ticket.collections.iter().any(|own| own.key.as_deref().is_some_and(|key| !connection.holds_project(key)))
    });
    Ok(out)
}

/// Those of some ids or keys that are there, as they were named: a query about any other is an error (wire A3.2).
pub(crate) async fn existing(connection: &Connection, wanted: &[String]) -> Result<Vec<String>> {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).filter(|id| may_be_issue(id)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let columns = connection.catalogue.columns().await?;
    let projection = Projection::new().with_fields(Vec::<&str>::new());
    let site = connection.api.site().await?;
    let plan = TicketPlan::new(site, columns, Arc::clone(&connection.mapping), &projection, false, &[]).bare();
    let found = fetch(connection, &plan, &wanted).await?;
    let is_there = |id: &&str| found.iter().any(|ticket| ticket.id == **id || ticket.key.eq_ignore_ascii_case(id));
    Ok(wanted.into_iter().filter(is_there).map(str::to_owned).collect())
}

/// Several tickets in a few requests: Cloud alone (wire A4.1, A13).
pub(crate) async fn several(connection: &Connection, request: GetTickets) -> Result<FoundTickets> {
    connection.cloud_alone(Operation::GetTickets, "a Data Center gives issues one by one: call `get_ticket`").await?;
    let plan = plan(connection, &request.projection, request.include_raw, &[]).await?;
    let mut wanted: Vec<&str> = Vec::new();
    for id in &request.ids {
        if may_be_issue(id.as_str()) && !wanted.contains(&id.as_str()) {
            wanted.push(id.as_str());
        }
    }
    let found = fetch(connection, &plan, &wanted).await?;
    let mut out = FoundTickets::default();
    for id in request.ids {
        let is_it = |ticket: &&Ticket| ticket.id == id || ticket.key.eq_ignore_ascii_case(id.as_str());
        match found.iter().find(is_it) {
            Some(ticket) => {
                let mut ticket = ticket.clone();
                if plan.watchers {
                    ticket.watchers = watchers(connection, &ticket.id).await?;
                }
                out.tickets.push(ticket);
            }
            None => out.missing.push(id),
        }
    }
    Ok(out)
}

/// One page of an issue's watchers.
pub(crate) async fn list_watchers(connection: &Connection, request: ListWatchers) -> Result<Page<Ref>> {
    let codec = connection.codec(Operation::ListWatchers, &request.ticket);
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let get = GetTicket::new(request.ticket).with_projection(Projection::new().with_fields(Vec::<&str>::new()));
    let ticket = crate::tickets::get(connection, get).await?;
    let watchers = watchers(connection, &ticket.id).await?.unwrap_or_default();
    cut(&codec, watchers, offset, Connection::page_size(request.page_size))
}
