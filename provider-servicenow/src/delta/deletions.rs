//! Deletions, from `sys_audit_delete` (`wire/servicenow.md` §7): often for administrators alone, then done without.

use ticketing_core::Result;
use ticketing_core::model::{Change, Kind, Removal, RemovalReason};

use super::sweep::{Mark, Table};
use crate::api::{Target, Window};
use crate::connection::Connection;
use crate::listing::Listing;
use crate::lookup::lookup;
use crate::map::moment;
use crate::query::value::parse_time;
use crate::query::{Condition, FieldName, Order, Query, order};
use crate::tickets::MOST_IDS;
use crate::wire::Layout;

/// The table of deletions.
pub(super) const DELETIONS: &str = "sys_audit_delete";

/// The column that says when.
pub(super) const HAPPENED: &str = "sys_created_on";

/// True where deletions of a kind are kept: journal entries leave none.
pub(super) fn follows(connection: &Connection, kind: Kind) -> bool {
    kind != Kind::Comment && !connection.is_closed(DELETIONS)
}

fn of_tables(tables: &[Table]) -> Result<Query> {
    let names = tables.iter().map(|table| table.name.as_str());
    // Users that became contacts, companies that are accounts: subclasses are audited under their own names.
    let more = tables.iter().filter_map(|table| match table.name.as_str() {
        "core_company" => Some("customer_account"),
        _ => None,
    });
    Ok(Query::all().and(Condition::is_one_of(FieldName::fixed("tablename"), names.chain(more))?))
}

/// The moment of the latest deletion, from which the next ones count: the instance's own time, never ours. `None` where
/// the table is closed.
pub(super) async fn begin(connection: &Connection, tables: &[Table]) -> Result<Option<Mark>> {
    let query = of_tables(tables)?;
    let layout = Layout::new(["sys_id", "tablename", "documentkey", "sys_created_on"]);
    let newest = [Order::descending("sys_created_on"), Order::descending("sys_id")];
    let window = Window { offset: 0, limit: 1, count: false };
    let outcome = lookup(&connection.api, Target::Table(DELETIONS), &query, &newest, &layout, window, &mut |row| {
        Ok(row.some(HAPPENED).filter(|at| parse_time(at).is_some()).map(str::to_owned))
    })
    .await;
    let Some(answer) = connection.if_open(DELETIONS, outcome)? else { return Ok(None) };
    let latest = answer.items.into_iter().next();
    Ok(Some(Mark { from: latest.clone(), latest, ..Mark::default() }))
}

/// Reads one page of deletions further.
pub(super) async fn step(
    connection: &Connection,
    kind: Kind,
    tables: &[Table],
    mark: &mut Mark,
    limit: u64,
) -> Result<Option<Vec<Change>>> {
    let mut query = of_tables(tables)?;
    if let Some(from) = &mark.from {
        query = query.and(Condition::at_least(FieldName::fixed("sys_created_on"), from.as_str())?);
    }
    let layout = Layout::new(["sys_id", "tablename", "documentkey", "sys_created_on"]);
    let in_time = order::total(vec![Order::ascending("sys_created_on")]);
    let listing = Listing {
        api: &connection.api,
        target: Target::Table(DELETIONS),
        base: &query,
        order: &in_time,
        layout: &layout,
        keyset: true,
    };
    let is_first = mark.position.is_none();
    if is_first {
        mark.begun = Some(mark.latest.clone().unwrap_or_default());
    }
    let position = mark.position.clone().unwrap_or_default();
    let outcome = listing
        .page(&position, limit, false, &mut |row| {
            let at = row.text("sys_created_on").to_owned();
            let gone = (row.text("tablename").to_owned(), row.text("documentkey").to_owned());
            Ok(Some((at, row.text("sys_id").to_owned(), gone, moment(row.cell("sys_created_on")))))
        })
        .await;
    let Some(paged) = connection.if_open(DELETIONS, outcome)? else { return Ok(None) };
    let mut gone = Vec::new();
    for (_, (at, id, (table, record), moment)) in paged.items {
        if mark.note_row(&at, id) && !record.is_empty() {
            gone.push((table, record, moment));
        }
    }
    mark.position = paged.next;
    if is_first && mark.position.is_none() {
        mark.begun = None;
    }
    // Somebody may have brought a record back; then it is not gone.
    let alive = alive(connection, &gone).await?;
    let changes = gone.into_iter().filter(|(_, record, _)| !alive.contains(record)).map(|(_, id, at)| {
        Change::Removed { kind, id, removal: Removal { at, reason: Some(RemovalReason::Deleted), moved_to: None } }
    });
    Ok(Some(changes.collect()))
}

/// Which of these records are there all the same.
async fn alive(
    connection: &Connection,
    gone: &[(String, String, Option<ticketing_core::model::Timestamp>)],
) -> Result<Vec<String>> {
    let mut alive = Vec::new();
    let mut tables: Vec<&str> = gone.iter().map(|(table, _, _)| table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    let layout = Layout::new(["sys_id"]);
    let order = [Order::ascending("sys_id")];
    for table in tables.into_iter().filter(|table| crate::config::is_table_name(table)) {
        let ids: Vec<&str> = gone
            .iter()
            .filter(|(other, id, _)| other == table && crate::query::value::is_sys_id(id))
            .map(|(_, id, _)| id.as_str())
            .collect();
        for ids in ids.chunks(MOST_IDS) {
            let query = Query::all().and(Condition::is_one_of(FieldName::fixed("sys_id"), ids.iter().copied())?);
            let window = Window { offset: 0, limit: 2 * MOST_IDS as u64, count: false };
            let found = lookup(&connection.api, Target::Table(table), &query, &order, &layout, window, &mut |row| {
                Ok(row.some("sys_id").filter(|id| ids.contains(id)).map(str::to_owned))
            })
            .await?;
            alive.extend(found.items);
        }
    }
    Ok(alive)
}
