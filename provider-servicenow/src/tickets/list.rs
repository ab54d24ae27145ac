//! Listing tickets: table after table, or, where an order was asked for, all tables at once.

use serde::{Deserialize, Serialize};
use ticketing_core::model::Ticket;
use ticketing_core::request::{AssigneeFilter, ListTickets, Projection, Sort, TicketFilter};
use ticketing_core::{Chain, Cursor, Error, Operation, Page, Result, Total, TypeSelector};

use super::merge;
use super::{check, codes, order_of};
use crate::api::Target;
use crate::catalogue::Choices;
use crate::config::is_table_name;
use crate::connection::{Connection, unknown_field};
use crate::listing::{Listing, Paged, Position};
use crate::map::TicketPlan;
use crate::query::filter::{FilterWriter, Resolved, TableFilter, needs_choices};
use crate::query::{Condition, FieldName, Order};
use crate::tags;
use crate::wire::Layout;

/// What decides which rows come, and in which order: what a cursor is bound to.
#[derive(Serialize)]
struct Bound<'a> {
    filter: &'a TicketFilter,
    sort: &'a [Sort],
    projection: &'a Projection,
    include_raw: bool,
    include_deleted: bool,
    tables: &'a [String],
}

/// Where a listing is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// In one table after the other.
    Table(usize, Position),
    /// In all of them at once; `None`: through with that one.
    Tables(Vec<Option<Position>>),
}

/// One table's part of a listing.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) plan: TicketPlan,
    pub(super) filter: TableFilter,
    pub(super) order: Vec<Order>,
}

impl Part {
    /// A page of this table's tickets.
    pub(super) async fn page(
        &self,
        connection: &Connection,
        at: &Position,
        limit: u64,
        count: bool,
    ) -> Result<Paged<Ticket>> {
        let listing = Listing {
            api: &connection.api,
            target: Target::Table(self.plan.table()),
            base: &self.filter.query,
            order: &self.order,
            layout: &self.plan.layout,
            keyset: false,
        };
        let mut keep = |row: &crate::wire::Row<'_, '_>| {
            let ticket = self.plan.ticket(row)?;
            Ok(self.filter.fits(&ticket).then_some(ticket))
        };
        listing.page(at, limit, count, &mut keep).await
    }

    /// How many rows of this table match, before row ACLs.
    async fn count(&self, connection: &Connection) -> Result<u64> {
        let window = crate::api::Window { offset: 0, limit: 1, count: true };
        let layout = Layout::new(["sys_id"]);
        let target = Target::Table(self.plan.table());
        let response = connection.api.list(target, &self.filter.query, &[], &layout, window).await?;
        Ok(crate::api::total(&response).unwrap_or(0))
    }
}

/// One page of tickets.
pub(crate) async fn list(connection: &Connection, request: ListTickets) -> Result<Page<Ticket>> {
    check(&request)?;
    let bound = Bound {
        filter: &request.filter,
        sort: &request.sort,
        projection: &request.projection,
        include_raw: request.include_raw,
        include_deleted: request.include_deleted,
        tables: &connection.tables,
    };
    let codec = connection.codec(Operation::ListTickets, &bound);
    let at: Option<At> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let parts = parts(connection, &request).await?;
    if at.is_none() {
        codes::check(connection, &request.filter, &parts).await?;
    }
    if parts.is_empty() {
        let total = request.count.then_some(Total { value: 0, exact: true });
        return Ok(Page::last(Vec::new()).with_total(total));
    }
    let merged = parts.len() > 1 && !request.sort.is_empty();
    let at = match at {
        Some(at) => checked(at, &parts, merged)?,
        None if merged => At::Tables(vec![Some(Position::default()); parts.len()]),
        None => At::Table(0, Position::default()),
    };
    let limit = Connection::page_size(request.page_size);
    let cursor = |at: &At| codec.cursor(at);
    match at {
        At::Tables(positions) => {
            let merged = merge::page(connection, &parts, &request.sort, positions, limit).await?;
            let next = merged.next.map(|positions| cursor(&At::Tables(positions))).transpose()?;
            let total = if request.count { Some(count_all(connection, &parts).await?) } else { None };
            Ok(Page::new(merged.items, next).with_total(total))
        }
        At::Table(nth, position) => {
            let Some(part) = parts.get(nth) else { return Err(foreign()) };
            let paged = part.page(connection, &position, limit, request.count && parts.len() == 1).await?;
            let next = match paged.next {
                Some(position) => Some(cursor(&At::Table(nth, position))?),
                None if nth + 1 < parts.len() => Some(cursor(&At::Table(nth + 1, Position::default()))?),
                None => None,
            };
            let total = match (request.count, paged.total) {
                (false, _) => None,
                (true, Some(value)) => Some(Total { value, exact: false }),
                (true, None) => Some(count_all(connection, &parts).await?),
            };
            let ahead: Result<Vec<Cursor>> =
                paged.ahead.into_iter().map(|position| cursor(&At::Table(nth, position))).collect();
            let items = paged.items.into_iter().map(|(_, ticket)| ticket).collect();
            let chain = Chain { continues: paged.continues, mark: paged.mark, ahead: ahead? };
            Ok(Page::new(items, next).with_total(total).with_chain(chain))
        }
    }
}

/// The instance counts rows that may be hidden from us (wire §1.5).
async fn count_all(connection: &Connection, parts: &[Part]) -> Result<Total> {
    let mut value = 0;
    for part in parts {
        value += part.count(connection).await?;
    }
    Ok(Total { value, exact: false })
}

fn foreign() -> Error {
    Error::invalid("cursor", "the cursor does not fit the tables it is for").with_hint("start over without a cursor")
}

/// A position that could be one of these tables'.
fn checked(at: At, parts: &[Part], merged: bool) -> Result<At> {
    match &at {
        At::Table(nth, position) if !merged => position.check(&parts.get(*nth).ok_or_else(foreign)?.order)?,
        At::Tables(positions) if merged && positions.len() == parts.len() => {
            for (part, position) in parts.iter().zip(positions) {
                position.as_ref().map_or(Ok(()), |position| position.check(&part.order))?;
            }
        }
        _ => return Err(foreign()),
    }
    Ok(at)
}

/// Each table that can hold what is asked for, with its query.
async fn parts(connection: &Connection, request: &ListTickets) -> Result<Vec<Part>> {
    let filter = &request.filter;
    for wanted in &filter.fields {
        let known = FieldName::new(wanted.id.as_str()).is_ok() && connection.is_elsewhere(wanted.id.as_str()).await?;
        if !known {
            return Err(unknown_field("fields", wanted.id.as_str()));
        }
    }
    let tables = tables_of(connection, filter)?;
    let resolved = resolve(connection, filter).await?;
    let mut parts: Vec<Part> = Vec::new();
    let mut foreign: Vec<Vec<String>> = Vec::new();
    let mut told = String::new();
    for (table, class) in tables {
        let schema = connection.catalogue.schema(&table).await?;
        let choices = match needs_choices(filter, &connection.mapping, &table, &connection.tables) {
            true => Some(connection.catalogue.choices(&table).await?),
            false => None,
        };
        let choices: Option<&Choices> = choices.as_deref();
        let writer =
            FilterWriter { schema: &schema, mapping: &connection.mapping, tables: &connection.tables, choices };
        let Some(mut written) = writer.write(filter, &resolved)? else { continue };
        foreign.push(written.foreign_statuses().map(str::to_owned).collect());
        if let Some(choices) = choices {
            told = choices.told(crate::catalogue::CoreFields::of(&table).state);
        }
        if let Some(class) = class {
            written.query = written.query.and(Condition::equals(FieldName::fixed("sys_class_name"), class)?);
        }
        let also: Vec<FieldName> = written.query.fields().cloned().collect();
        let plan = connection.plan(&table, &request.projection, request.include_raw, &also).await?;
        parts.push(Part { plan, filter: written, order: order_of(&table, &request.sort) });
    }
    if let Some(first) = foreign.first()
        && let Some(unknown) = first.iter().find(|native| foreign.iter().all(|list| list.contains(native)))
    {
        return Err(codes::unknown(unknown, &told));
    }
    Ok(parts)
}

/// The tables that hold the asked types, and the class where one of several is meant.
fn tables_of(connection: &Connection, filter: &TicketFilter) -> Result<Vec<(String, Option<String>)>> {
    if filter.ticket_type.is_empty() {
        return Ok(connection.tables.iter().map(|table| (table.clone(), None)).collect());
    }
    let mut tables: Vec<(String, Option<String>)> = Vec::new();
    for selector in &filter.ticket_type {
        match selector {
            TypeSelector::Category(category) => {
                for table in &connection.tables {
                    if connection.mapping.ticket_type(table) == *category
                        && !tables.iter().any(|(known, _)| known == table)
                    {
                        tables.push((table.clone(), None));
                    }
                }
            }
            TypeSelector::Native(native) => {
                let by_label = || connection.tables.iter().find(|table| label_of(table).eq_ignore_ascii_case(native));
                let table = connection.tables.iter().find(|table| *table == native).or_else(by_label);
                match table {
                    Some(table) if !tables.iter().any(|(known, _)| known == table) => {
                        tables.push((table.clone(), Some(table.clone())));
                    }
                    Some(_) => {}
                    None if is_table_name(native) => {
                        for table in &connection.tables {
                            tables.push((table.clone(), Some(native.clone())));
                        }
                    }
                    None => {
                        let shown: String = native.chars().take(80).flat_map(char::escape_debug).collect();
                        return Err(Error::invalid("type", format!("there is no type `{shown}`"))
                            .with_hint(format!("this connection has: {}", connection.tables.join(", "))));
                    }
                }
            }
            other => return Err(Error::invalid("type", format!("the selector `{other}` is not known here"))),
        }
    }
    tables.sort_by_key(|(table, _)| connection.tables.iter().position(|known| known == table));
    Ok(tables)
}

/// What the usual tables are called.
pub(crate) fn label_of(table: &str) -> &str {
    match table {
        "incident" => "Incident",
        "problem" => "Problem",
        "change_request" => "Change Request",
        "sc_request" => "Request",
        "sc_req_item" => "Requested Item",
        "sc_task" => "Catalog Task",
        "task" => "Task",
        "sn_customerservice_case" => "Case",
        other => other,
    }
}

/// People, places and tags as ids.
async fn resolve(connection: &Connection, filter: &TicketFilter) -> Result<Resolved> {
    let resolver = &connection.resolver;
    let mut resolved = Resolved::default();
    for assignee in &filter.assignee {
        match assignee {
            AssigneeFilter::User(user) => resolved.assignees.push(resolver.user("assignee", user).await?),
            AssigneeFilter::Unassigned => resolved.unassigned = true,
            _ => return Err(Error::invalid("assignee", "this form is not known here")),
        }
    }
    for user in &filter.requester {
        resolved.requesters.push(resolver.user("requester", user).await?);
    }
    for user in &filter.creator {
        resolved.creators.push(resolver.user("creator", user).await?);
    }
    for group in &filter.group {
        resolved.groups.push(resolver.group("group", group, false).await?);
    }
    for account in &filter.account {
        resolved.accounts.push(resolver.account("account", account, false).await?);
    }
    if !filter.tag.is_empty() {
        resolved.tagged = Some(tags::tagged(connection, &filter.tag).await?);
    }
    Ok(resolved)
}
