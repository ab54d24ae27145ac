//! Stored state codes in a filter: those that nobody knows and no ticket carries are typing errors, not empty listings.

use ticketing_core::request::{StatusFilter, TicketFilter};
use ticketing_core::{Error, Result};

use super::list::Part;
use crate::api::Target;
use crate::catalogue::CoreFields;
use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::mapping::default_states;
use crate::query::filter::is_code;
use crate::query::{Condition, FieldName, Query, order};
use crate::wire::Layout;

/// Rows to a page where one would do: those of them that are hidden are passed over together, not one request each.
const PROBE: u64 = 100;

/// The error for a native status that there is not; `told` lists those that there are.
pub(super) fn unknown(native: &str, told: &str) -> Error {
    let error = Error::invalid("status", format!("there is no status `{}`", native.escape_debug()));
    error.with_hint(if told.is_empty() {
        "use a category, or the vendor's own value".to_owned()
    } else {
        format!("there are: {told}; or a category")
    })
}

/// Refuses a code that is neither documented, mapped nor a choice in any of the tables, and that no ticket carries: records
/// do hold states outside the choices, so that a code alone says nothing (`wire/servicenow.md` §3.6). A code that everybody
/// knows costs no request.
pub(super) async fn check(connection: &Connection, filter: &TicketFilter, parts: &[Part]) -> Result<()> {
    for status in &filter.status {
        let StatusFilter::Native(code) = status else { continue };
        if is_code(code) && !parts.is_empty() && !is_known(connection, parts, code).await? {
            return Err(unknown(code, &told(connection, parts).await?));
        }
    }
    Ok(())
}

async fn is_known(connection: &Connection, parts: &[Part], code: &str) -> Result<bool> {
    let is_documented = |table: &str| {
        default_states(table).any(|(id, _)| id == code)
            || connection.mapping.status_keys(table, &connection.tables).any(|key| key == code)
    };
    if parts.iter().any(|part| is_documented(part.plan.table())) {
        return Ok(true);
    }
    for part in parts {
        let (table, state) = (part.plan.table(), CoreFields::of(part.plan.table()).state);
        if connection.catalogue.choices(table).await?.value_of(state, code).is_some() {
            return Ok(true);
        }
        if is_carried(connection, table, state, code).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a record that can be seen carries the code.
async fn is_carried(connection: &Connection, table: &str, state: &'static str, code: &str) -> Result<bool> {
    let base = Query::all().and(Condition::equals(FieldName::fixed(state), code)?);
    // The state too: what is asked about is compared with what comes.
    let (order, layout) = (order::total(Vec::new()), Layout::new(["sys_id", state]));
    let target = Target::Table(table);
    let listing = Listing { api: &connection.api, target, base: &base, order: &order, layout: &layout, keyset: false };
    let mut at = Some(Position::default());
    while let Some(position) = at {
        let page = listing.page(&position, PROBE, false, &mut |_| Ok(Some(()))).await?;
        if !page.items.is_empty() {
            return Ok(true);
        }
        at = page.next;
    }
    Ok(false)
}

/// The choices of the first table that has some, for people.
async fn told(connection: &Connection, parts: &[Part]) -> Result<String> {
    for part in parts {
        let told = connection.catalogue.choices(part.plan.table()).await?.told(CoreFields::of(part.plan.table()).state);
        if !told.is_empty() {
            return Ok(told);
        }
    }
    Ok(String::new())
}
