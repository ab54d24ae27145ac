//! Tickets in an order that the account does not have: all of them are sorted here.

use std::cmp::Ordering;

use ticketing_core::model::{PriorityLevel, Ticket};
use ticketing_core::request::{Sort, SortDirection, SortField};

use super::fits::due;
use crate::connection::number;

/// Sorts tickets; what has no value comes first, ties are broken by id, which is text.
pub(crate) fn sorted(mut tickets: Vec<Ticket>, sort: &[Sort]) -> Vec<Ticket> {
    tickets.sort_by(|a, b| compare(a, b, sort));
    tickets
}

fn compare(a: &Ticket, b: &Ticket, sort: &[Sort]) -> Ordering {
    for key in sort {
        let ordering = match key.field {
            SortField::CreatedAt => a.created_at.cmp(&b.created_at),
            SortField::UpdatedAt => a.updated_at.cmp(&b.updated_at),
            SortField::ResolvedAt => a.resolved_at.cmp(&b.resolved_at),
            SortField::Due => due(a).cmp(&due(b)),
            SortField::Priority => rank(a).cmp(&rank(b)),
            _ => number(a.key.as_str()).cmp(&number(b.key.as_str())),
        };
        let ordering = if key.direction == SortDirection::Descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    a.id.cmp(&b.id)
}

/// How urgent a ticket is, from small to large.
fn rank(ticket: &Ticket) -> Option<u8> {
    ticket.priority.as_ref().map(|priority| match priority.level {
        PriorityLevel::Lowest => 1,
        PriorityLevel::Low => 2,
        PriorityLevel::Normal => 3,
        PriorityLevel::High => 4,
        PriorityLevel::Urgent => 5,
        _ => 0,
    })
}
