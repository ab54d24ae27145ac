//! Tickets in an order that the account does not have: all of them are sorted here.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use ticketing_core::model::{PriorityLevel, Ticket, Timestamp};
use ticketing_core::request::{Sort, SortDirection, SortField};

use super::fits::due;
use crate::connection::number;

/// Where a ticket stands in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// What each sort goes by; moments in milliseconds.
    values: Vec<Option<i64>>,
    /// Breaks ties.
    id: String,
}

impl Place {
    pub(crate) fn of(ticket: &Ticket, sort: &[Sort]) -> Self {
        let millis = |at: Option<Timestamp>| at.map(|at| at.timestamp_millis());
        let value = |key: &Sort| match key.field {
            SortField::CreatedAt => millis(ticket.created_at),
            SortField::UpdatedAt => millis(ticket.updated_at),
            SortField::ResolvedAt => millis(ticket.resolved_at),
            SortField::Due => millis(due(ticket)),
            SortField::Priority => rank(ticket),
            _ => number(ticket.key.as_str()),
        };
        Self { values: sort.iter().map(value).collect(), id: ticket.id.to_string() }
    }

    /// What has no value comes first, ties are broken by id, which is text.
    fn compare(&self, other: &Self, sort: &[Sort]) -> Ordering {
        for (nth, key) in sort.iter().enumerate() {
            let ordering = self.values.get(nth).cmp(&other.values.get(nth));
            let ordering = if key.direction == SortDirection::Descending { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        self.id.cmp(&other.id)
    }
}

/// Sorts tickets.
pub(crate) fn sorted(tickets: Vec<Ticket>, sort: &[Sort]) -> Vec<Ticket> {
    // Each place is worked out once, and not twice for each comparison.
    let mut placed: Vec<(Place, Ticket)> =
        tickets.into_iter().map(|ticket| (Place::of(&ticket, sort), ticket)).collect();
    placed.sort_by(|(a, _), (b, _)| a.compare(b, sort));
    placed.into_iter().map(|(_, ticket)| ticket).collect()
}

/// How many of these, in their order, stand at a place or before it.
pub(crate) fn up_to(place: &Place, tickets: &[Ticket], sort: &[Sort]) -> usize {
    tickets.partition_point(|ticket| Place::of(ticket, sort).compare(place, sort) != Ordering::Greater)
}

/// How urgent a ticket is, from small to large.
fn rank(ticket: &Ticket) -> Option<i64> {
    ticket.priority.as_ref().map(|priority| match priority.level {
        PriorityLevel::Lowest => 1,
        PriorityLevel::Low => 2,
        PriorityLevel::Normal => 3,
        PriorityLevel::High => 4,
        PriorityLevel::Urgent => 5,
        _ => 0,
    })
}
