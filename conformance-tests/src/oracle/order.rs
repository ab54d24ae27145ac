//! Whether a listing is in the order asked for.

use std::cmp::Ordering;

use ticketing_core::model::{PriorityLevel, Ticket};
use ticketing_core::request::{Sort, SortDirection, SortField};

use super::due;

/// Where a ticket stands in a sort; `None`: it has no such value, and its place is the vendor's to choose.
fn position(field: SortField, ticket: &Ticket) -> Option<i64> {
    match field {
        SortField::CreatedAt => ticket.created_at.map(|at| at.timestamp_millis()),
        SortField::UpdatedAt => ticket.updated_at.map(|at| at.timestamp_millis()),
        SortField::ResolvedAt => ticket.resolved_at.map(|at| at.timestamp_millis()),
        SortField::Due => due(ticket).map(|at| at.timestamp_millis()),
        SortField::Priority => ticket.priority.as_ref().and_then(|priority| match priority.level {
            PriorityLevel::Lowest => Some(0),
            PriorityLevel::Low => Some(1),
            PriorityLevel::Normal => Some(2),
            PriorityLevel::High => Some(3),
            PriorityLevel::Urgent => Some(4),
            _ => None,
        }),
        // Keys are compared by their vendors' rules; only that one direction is the other's reverse is judged.
        _ => None,
    }
}

/// The listing is in this order, and rows without the value stand together at one end.
#[track_caller]
pub(crate) fn check_order(listing: &[Ticket], sort: Sort) {
    let places: Vec<Option<i64>> = listing.iter().map(|ticket| position(sort.field, ticket)).collect();
    let known: Vec<i64> = places.iter().flatten().copied().collect();
    let first = places.iter().position(Option::is_some).unwrap_or(0);
    let together = places.iter().skip(first).take_while(|place| place.is_some()).count();
    assert!(
        together == known.len() && (first == 0 || first + together == places.len()),
        "sorted by {}: tickets without the value must stand together at one end: {}",
        sort.field,
        shown(listing, sort.field)
    );
    let wrong = match sort.direction {
        SortDirection::Ascending => Ordering::Greater,
        _ => Ordering::Less,
    };
    for (pair, tickets) in places.windows(2).zip(listing.windows(2)) {
        let (Some(one), Some(two)) = (pair[0], pair[1]) else { continue };
        assert!(
            one.cmp(&two) != wrong,
            "sorted by {} {} (priority: from the least urgent up): `{}` must not come before `{}`: {}",
            sort.field,
            sort.direction,
            tickets[0].key,
            tickets[1].key,
            shown(listing, sort.field)
        );
        assert!(
            one != two || tickets[0].id < tickets[1].id || sort.direction == SortDirection::Descending,
            "sorted by {} {}: ties are broken by id, and `{}` comes before `{}`",
            sort.field,
            sort.direction,
            tickets[0].id,
            tickets[1].id
        );
    }
}

fn shown(listing: &[Ticket], field: SortField) -> String {
    let lines: Vec<_> =
        listing.iter().map(|ticket| format!("\n  {} {:?}", ticket.key, position(field, ticket))).collect();
    lines.concat()
}
