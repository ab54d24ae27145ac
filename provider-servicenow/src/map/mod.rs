//! Between the instance's rows and the documents, both ways; pure.

mod comment;
mod field;
mod people;
mod ticket;

pub(crate) use comment::{Author, Entry, element, journal_entries};
pub(crate) use field::{encode_field, field_value};
pub(crate) use people::{AccountPlan, ContactPlan, GroupPlan, UserPlan};
pub(crate) use ticket::TicketPlan;

use ticketing_core::model::{Ref, RefType, Timestamp};

use crate::query::value::parse_time;
use crate::wire::Cell;

/// Marks a `correlation_id` that is a key of ours and not the product's id.
pub(crate) const KEY_MARKER: &str = "ticketing: idempotency key";
/// Stands before a key of ours in `correlation_display`, where `correlation_id` holds the product's id.
pub(crate) const KEY_PREFIX: &str = "ticketing: idempotency key ";

/// A reference from a cell; `None` where it is empty.
pub(crate) fn reference(cell: Option<&Cell<'_>>, ref_type: RefType) -> Option<Ref> {
    let cell = cell.filter(|cell| !cell.value.is_empty())?;
    let shown = cell.display.as_deref().filter(|display| !display.is_empty());
    let mut out = Ref::new(ref_type, cell.value.as_ref());
    match ref_type {
        // What a reference to a ticket shows is its number.
        RefType::Ticket => out.key = shown.map(str::to_owned),
        _ => out.name = shown.map(str::to_owned),
    }
    Some(out)
}

/// References from a comma list (wire §3.1): ids, or addresses of people without an account.
pub(crate) fn references(cell: Option<&Cell<'_>>, ref_type: RefType) -> Vec<Ref> {
    let Some(cell) = cell.filter(|cell| !cell.value.is_empty()) else { return Vec::new() };
    let ids: Vec<&str> = cell.value.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let names: Vec<&str> = cell.display.as_deref().unwrap_or_default().split(',').map(str::trim).collect();
    // Names may hold commas; then nobody can tell whose is whose.
    let named = names.len() == ids.len();
    ids.into_iter()
        .enumerate()
        .map(|(nth, id)| match names.get(nth).filter(|name| named && !name.is_empty()) {
            Some(name) => Ref::new(ref_type, id).with_name(*name),
            None => Ref::new(ref_type, id),
        })
        .collect()
}

/// A moment from a cell; `None` where it is empty or no moment.
pub(crate) fn moment(cell: Option<&Cell<'_>>) -> Option<Timestamp> {
    parse_time(&cell?.value)
}
