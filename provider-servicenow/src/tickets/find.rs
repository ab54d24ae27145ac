//! The record that an id or key means: one request with one table, two with several.

use ticketing_core::model::Ticket;
use ticketing_core::request::{FoundTickets, GetTickets, Projection};
use ticketing_core::{Error, ErrorKind, Result, TicketId};

use crate::api::{Target, Window};
use crate::connection::Connection;
use crate::error::is_closed;
use crate::lookup::{lookup, unique};
use crate::map::TicketPlan;
use crate::query::value::{check, is_guid, is_sys_id};
use crate::query::{Condition, FieldName, Order, Query};
use crate::wire::{Layout, Row, decode_record};

/// Where a ticket is.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The configured table it belongs to.
    pub(crate) table: String,
    pub(crate) sys_id: String,
    /// The table of its class, which may extend the configured one.
    pub(crate) class: String,
    pub(crate) number: String,
}

/// A ticket by id or key.
pub(super) async fn ticket(
    connection: &Connection,
    id: &TicketId,
    projection: &Projection,
    raw: bool,
) -> Result<Ticket> {
    let (table, id) = match connection.tables.as_slice() {
        [only] => (only.clone(), id.clone()),
        _ => {
            let found = place(connection, id).await?;
            (found.table, TicketId::from(found.sys_id))
        }
    };
    let plan = connection.plan(&table, projection, raw, &[]).await?;
    in_table(connection, &plan, &id).await?.ok_or_else(|| connection.no_ticket(&id))
}

/// A ticket of one table by id or key; `None` where it is not there.
pub(crate) async fn in_table(connection: &Connection, plan: &TicketPlan, id: &TicketId) -> Result<Option<Ticket>> {
    let mut found = None;
    if is_guid(id.as_str()) {
        let response = match connection.api.record(plan.table(), id.as_str(), &plan.layout).await {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        decode_record(&response.body, &plan.layout, &mut |row| {
            if !row.is_void() {
                found = Some(plan.ticket(row)?);
            }
            Ok(())
        })?;
        return Ok(found.filter(|ticket| ticket.id.as_str().eq_ignore_ascii_case(id.as_str())));
    }
    let Some(query) = by_id_or_number(id)? else { return Ok(None) };
    let target = Target::Table(plan.table());
    unique(&connection.api, target, &query, &plan.layout, &mut |row| plan.ticket(row).map(Some)).await
}

/// Ids need not be hex (wire §1.3), so what is not may be an id or a number. `None`: it can be neither.
fn by_id_or_number(id: &TicketId) -> Result<Option<Query>> {
    let text = id.as_str();
    if text.trim().is_empty() {
        return Err(Error::invalid("id", "it is empty").with_hint("pass a ticket's id or number"));
    }
    if text.len() > 80 || check("id", text).is_err() {
        return Ok(None);
    }
    if is_guid(text) {
        // No number looks like that; and of an alternative, an instance that drops one leaves less, not more.
        return Ok(Some(Query::all().and(Condition::equals(FieldName::fixed("sys_id"), text)?)));
    }
    let mut any_of = vec![Condition::equals(FieldName::fixed("number"), text)?];
    if is_sys_id(text) {
        any_of.push(Condition::equals(FieldName::fixed("sys_id"), text)?);
    }
    Ok(Some(Query::all().and(any_of)))
}

const PLACE: &[&str] = &["sys_id", "number", "sys_class_name"];

/// Where a ticket is, among the configured tables.
pub(crate) async fn place(connection: &Connection, id: &TicketId) -> Result<Found> {
    find(connection, id).await?.ok_or_else(|| connection.no_ticket(id))
}

pub(super) async fn find(connection: &Connection, id: &TicketId) -> Result<Option<Found>> {
    if let [only] = connection.tables.as_slice() {
        return look(connection, only, id).await;
    }
    // Every ticket table extends `task`, which knows each record's class (wire §3.1).
    match look(connection, "task", id).await {
        Ok(None) => Ok(None),
        Ok(Some(found)) => {
            if connection.tables.contains(&found.class) {
                return Ok(Some(Found { table: found.class.clone(), ..found }));
            }
            // Of a class that extends a configured table, or of none of ours.
            in_each(connection, id).await
        }
        Err(error) if is_closed(&error) => in_each(connection, id).await,
        Err(error) => Err(error),
    }
}

async fn in_each(connection: &Connection, id: &TicketId) -> Result<Option<Found>> {
    for table in &connection.tables {
        if let Some(found) = look(connection, table, id).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn look(connection: &Connection, table: &str, id: &TicketId) -> Result<Option<Found>> {
    let Some(query) = by_id_or_number(id)? else { return Ok(None) };
    let layout = Layout::new(PLACE);
    unique(&connection.api, Target::Table(table), &query, &layout, &mut |row| {
        Ok(row.some("sys_id").map(|sys_id| Found {
            table: table.to_owned(),
            sys_id: sys_id.to_owned(),
            class: row.some("sys_class_name").unwrap_or(table).to_owned(),
            number: row.text("number").to_owned(),
        }))
    })
    .await
}

/// Ids in one request at most: a URL holds so many.
pub(crate) const MOST_IDS: usize = 100;

/// Several tickets: one request per table and hundred ids.
pub(crate) async fn several(connection: &Connection, request: GetTickets) -> Result<FoundTickets> {
    let mut known: std::collections::HashMap<String, Ticket> = std::collections::HashMap::new();
    let mut wanted: Vec<&TicketId> = Vec::new();
    for id in &request.ids {
        if id.as_str().len() <= 80 && check("ids", id.as_str()).is_ok() && !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    for table in &connection.tables {
        let plan = connection.plan(table, &request.projection, request.include_raw, &[]).await?;
        let missing: Vec<&str> = wanted
            .iter()
            .map(|id| id.as_str())
            .filter(|id| !id.trim().is_empty() && !known.contains_key(*id))
            .collect();
        for ids in missing.chunks(MOST_IDS) {
            let (sys_ids, numbers): (Vec<&str>, Vec<&str>) = ids.iter().copied().partition(|id| is_guid(id));
            let mut any_of = Vec::new();
            if !sys_ids.is_empty() {
                any_of.extend(Condition::is_one_of(FieldName::fixed("sys_id"), sys_ids)?);
            }
            if !numbers.is_empty() {
                any_of.extend(Condition::is_one_of(FieldName::fixed("number"), numbers.iter().copied())?);
                let opaque: Vec<&str> = numbers.into_iter().filter(|id| is_sys_id(id)).collect();
                if !opaque.is_empty() {
                    any_of.extend(Condition::is_one_of(FieldName::fixed("sys_id"), opaque)?);
                }
            }
            let query = Query::all().and(any_of);
            let order = [Order::ascending("sys_id")];
            let window = Window { offset: 0, limit: 2 * MOST_IDS as u64, count: false };
            let target = Target::Table(table);
            let mut keep = |row: &Row<'_, '_>| plan.ticket(row).map(Some);
            let found = lookup(&connection.api, target, &query, &order, &plan.layout, window, &mut keep).await?;
            for ticket in found.items {
                if let Some(asked) = ids.iter().find(|id| **id == ticket.id.as_str() || **id == ticket.key) {
                    known.insert((*asked).to_owned(), ticket);
                }
            }
        }
    }
    let mut out = FoundTickets::default();
    for id in request.ids {
        match known.get(id.as_str()) {
            Some(ticket) => out.tickets.push(ticket.clone()),
            None => out.missing.push(id),
        }
    }
    Ok(out)
}

/// A task of any table by id or number: parents and ends of links need not be in the configured ones.
pub(crate) async fn any_task(connection: &Connection, id: &TicketId) -> Result<Option<Found>> {
    match look(connection, "task", id).await {
        Err(error) if is_closed(&error) => in_each(connection, id).await,
        outcome => outcome,
    }
}
