//! What happened to a ticket, from `sys_audit` (`wire/servicenow.md` §7 names its columns).

use ticketing_core::model::{FieldChange, FieldData, HistoryEntry, HistoryValue, Native, Ref, RefType, Timestamp};
use ticketing_core::request::ListHistory;
use ticketing_core::{Delivery, Error, ErrorKind, HistoryEntryId, Operation, Page, Result};

use crate::api::Target;
use crate::catalogue::{Choices, TableSchema, core_of};
use crate::comments::authors;
use crate::connection::Connection;
use crate::listing::Listing;
use crate::map::{Author, moment};
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::tickets;
use crate::wire::Layout;

const AUDIT: &str = "sys_audit";

struct Row {
    id: String,
    field: String,
    old: String,
    new: String,
    user: String,
    checkpoint: String,
    at: Option<Timestamp>,
}

/// One page of a ticket's history, oldest first: one entry per moment and author.
pub(crate) async fn list(connection: &Connection, request: ListHistory) -> Result<Page<HistoryEntry>> {
    let codec = connection.codec(Operation::ListHistory, &request.ticket);
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let found = tickets::place(connection, &request.ticket).await?;
    let rows = rows(connection, &found.sys_id).await?;
    let schema = connection.catalogue.schema(&found.table).await?;
    let choices = connection.catalogue.choices(&found.table).await?;
    let mut ticket = Ref::new(RefType::Ticket, found.sys_id.as_str());
    ticket.key = Some(found.number).filter(|number| !number.is_empty());
    let users: Vec<Author> = rows.iter().map(|row| Author::Username(row.user.clone())).collect();
    let known = authors(connection, users.iter()).await?;
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut last: Option<(String, String, Option<Timestamp>)> = None;
    for row in rows {
        let Some(at) = row.at else {
            return Err(Error::new(ErrorKind::Decode, format!("the history entry `{}` has no moment", row.id))
                .with_delivery(Delivery::Answered));
        };
        let change = change(&schema, &choices, &row);
        let same = (row.user.clone(), row.checkpoint.clone(), row.at);
        match entries.last_mut().filter(|_| last.as_ref() == Some(&same)) {
            Some(entry) => entry.changes.push(change),
            None => entries.push(HistoryEntry {
                id: HistoryEntryId::from(row.id.as_str()),
                ticket: ticket.clone(),
                author: known.get(&(true, row.user.clone())).cloned(),
                at,
                changes: vec![change],
            }),
        }
        last = Some(same);
    }
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < entries.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(entries.into_iter().skip(offset).take(size).collect(), next))
}

async fn rows(connection: &Connection, sys_id: &str) -> Result<Vec<Row>> {
    let query = Query::all().and(Condition::equals(FieldName::fixed("documentkey"), sys_id)?);
    let layout = Layout::new([
        "sys_id",
        "documentkey",
        "fieldname",
        "oldvalue",
        "newvalue",
        "user",
        "record_checkpoint",
        "sys_created_on",
        "sys_created_by",
    ]);
    let in_time = order::total(vec![Order::ascending("sys_created_on")]);
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(AUDIT),
        base: &query,
        order: &in_time,
        layout: &layout,
        keyset: true,
    };
    let outcome = listing
        .all(1_000, &mut |row| {
            Ok(Some(Row {
                id: row.text("sys_id").to_owned(),
                field: row.text("fieldname").to_owned(),
                old: row.text("oldvalue").to_owned(),
                new: row.text("newvalue").to_owned(),
                user: row.some("user").unwrap_or(row.text("sys_created_by")).to_owned(),
                checkpoint: row.text("record_checkpoint").to_owned(),
                at: moment(row.cell("sys_created_on")),
            }))
        })
        .await;
    let mut rows = match connection.if_open(AUDIT, outcome)? {
        Some(rows) => rows,
        None => {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                "the history may not be read: `sys_audit` is closed to this credential",
            )
            .with_delivery(Delivery::Answered)
            .with_hint("let the integration user read `sys_audit`"));
        }
    };
    // Changes of one save stand together, saves in their order.
    rows.sort_by_key(|row| (row.at, row.checkpoint.parse::<i64>().unwrap_or(i64::MAX)));
    Ok(rows)
}

fn change(schema: &TableSchema, choices: &Choices, row: &Row) -> FieldChange {
    let column = schema.column(&row.field);
    let name = column.map(|column| column.label.clone());
    let value = |text: &str| {
        let mut value = HistoryValue::new(if text.is_empty() { FieldData::Null } else { FieldData::from(text) });
        value.label = choices.label_of(&row.field, text).map(str::to_owned);
        value
    };
    FieldChange {
        field: core_of(&schema.table, &row.field).unwrap_or(&row.field).to_owned(),
        native: Native { id: row.field.clone(), name },
        from: value(&row.old),
        to: value(&row.new),
    }
}
