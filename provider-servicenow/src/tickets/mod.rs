//! Reading tickets: listings over one table or several, single records, and the ids that callers hold.

mod codes;
mod find;
mod list;
mod merge;

use ticketing_core::model::Ticket;
use ticketing_core::request::{GetTicket, ListTickets, Sort, SortDirection, SortField};
use ticketing_core::{Error, Result};

use crate::catalogue::CoreFields;
use crate::connection::Connection;
use crate::query::{Order, order};

pub(crate) use find::{Found, MOST_IDS, any_task, in_table, place, several};
pub(crate) use list::{label_of, list};

/// One ticket, by id or key.
pub(crate) async fn get(connection: &Connection, request: GetTicket) -> Result<Ticket> {
    find::ticket(connection, &request.id, &request.projection, request.include_raw).await
}

/// The order of a table's rows: what was asked, and the id at its end. Without a wish, by number: new records come last.
pub(crate) fn order_of(table: &str, sort: &[Sort]) -> Vec<Order> {
    if sort.is_empty() {
        return order::total(vec![Order::ascending("number")]);
    }
    let own = CoreFields::of(table);
    let keys = sort.iter().filter_map(|sort| {
        let (column, reversed) = match sort.field {
            SortField::CreatedAt => ("sys_created_on", false),
            SortField::UpdatedAt => ("sys_updated_on", false),
            // In a table without the column, no row differs from another by it.
            SortField::ResolvedAt => (own.resolves.then_some("resolved_at")?, false),
            SortField::Due => ("due_date", false),
            // 1 is the most urgent.
            SortField::Priority => ("priority", true),
            _ => ("number", false),
        };
        let descending = (sort.direction == SortDirection::Descending) != reversed;
        Some(if descending { Order::descending(column) } else { Order::ascending(column) })
    });
    order::total(keys.collect())
}

/// Refuses what makes no sense before anything is sent.
pub(crate) fn check(request: &ListTickets) -> Result<()> {
    for (nth, sort) in request.sort.iter().enumerate() {
        if request.sort[..nth].iter().any(|before| before.field == sort.field) {
            return Err(
                Error::invalid("sort", format!("`{}` is named twice", sort.field)).with_hint("name each sort once")
            );
        }
    }
    Ok(())
}
