//! The census: the ids of everything of a kind, by `sys_id`.

use serde::{Deserialize, Serialize};
use ticketing_core::model::Kind;
use ticketing_core::request::ListIds;
use ticketing_core::{Operation, Page, Result};

use super::sweep::tables_of;
use crate::api::Target;
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::query::order;
use crate::wire::Layout;

/// In which table, and where in it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct At {
    table: usize,
    position: Position,
}

/// One page of ids.
pub(crate) async fn list_ids(connection: &Connection, request: ListIds) -> Result<Page<String>> {
    let codec = connection.codec(Operation::ListIds, &(request.kind, &connection.tables));
    let at: At = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let by_id = order::total(Vec::new());
    at.position.check(&by_id)?;
    let tables = tables_of(connection, request.kind)?;
    let Some(table) = tables.get(at.table) else { return Ok(Page::last(Vec::new())) };
    let mut layout = Layout::new(["sys_id"]);
    for field in table.query.fields() {
        layout.add(field.as_str());
    }
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(&table.name),
        base: &table.query,
        order: &by_id,
        layout: &layout,
        keyset: true,
    };
    let is_user = request.kind == Kind::User;
    let paged = listing
        .page(&at.position, Connection::page_size(request.page_size), false, &mut |row| {
            let is_contact = is_user && row.text("sys_class_name") == "customer_contact";
            Ok((!is_contact).then(|| row.text("sys_id").to_owned()))
        })
        .await?;
    let next = match paged.next {
        Some(position) => Some(At { table: at.table, position }),
        None if at.table + 1 < tables.len() => Some(At { table: at.table + 1, position: Position::default() }),
        None => None,
    };
    let next = next.map(|at| codec.cursor(&at)).transpose()?;
    Ok(Page::new(paged.items.into_iter().map(|(_, id)| id).collect(), next))
}
