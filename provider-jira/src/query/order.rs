//! Orders, and where an issue stands in one.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use ticketing_core::model::{Due, Ticket};
use ticketing_core::request::{Sort, SortDirection, SortField};
use ticketing_core::{Error, Result, remedy};

use super::{Field, OrderBy};

/// The order of a sort; ties are broken by id, which makes it total.
pub(crate) fn order_of(sort: &[Sort]) -> Result<Vec<OrderBy>> {
    let mut out = Vec::with_capacity(sort.len() + 1);
    for one in sort {
        let name = match one.field {
            SortField::CreatedAt => "created",
            SortField::UpdatedAt => "updated",
            SortField::ResolvedAt => "resolutiondate",
            SortField::Due => "duedate",
            SortField::Priority => "priority",
            SortField::Key => "key",
            other => return Err(Error::invalid("sort", format!("the sort `{other}` is not known here"))),
        };
        out.push(OrderBy { field: Field::system(name), descending: one.direction == SortDirection::Descending });
    }
    if !remedy::is_removed("jira.tie_break") || out.is_empty() {
        out.push(OrderBy { field: Field::system("id"), descending: false });
    }
    Ok(out)
}

/// One part of a place in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Part {
    Number(i64),
    Text(String, i64),
}

/// Where an issue stands in an order: its values of the sort, and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowKey(pub(crate) Vec<Option<Part>>, pub(crate) u64);

impl RowKey {
    /// The place of a ticket; `ranks` are the priorities' ids, the most urgent first.
    pub(crate) fn of(ticket: &Ticket, sort: &[Sort], ranks: &[String]) -> Option<Self> {
        let id = ticket.id.as_str().parse().ok()?;
        let part = |one: &Sort| match one.field {
            SortField::CreatedAt => ticket.created_at.map(|at| Part::Number(at.timestamp_millis())),
            SortField::UpdatedAt => ticket.updated_at.map(|at| Part::Number(at.timestamp_millis())),
            SortField::ResolvedAt => ticket.resolved_at.map(|at| Part::Number(at.timestamp_millis())),
            SortField::Due => ticket.due.map(|due| match due {
                Due::Date(day) => Part::Number(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()),
                Due::At(at) => Part::Number(at.timestamp_millis()),
            }),
            SortField::Priority => {
                let id = &ticket.priority.as_ref()?.native.id;
                ranks
                    .iter()
                    .position(|own| own == id)
                    .and_then(|rank| i64::try_from(rank).ok())
                    .map(|rank| Part::Number(-rank))
            }
            _ => {
                let (project, number) = ticket.key.rsplit_once('-')?;
                Some(Part::Text(project.to_owned(), number.parse().ok()?))
            }
        };
        Some(Self(sort.iter().map(part).collect(), id))
    }

    /// How two places stand in an order. What is empty comes last in an ascending one, and first in a descending one.
    pub(crate) fn compare(&self, other: &Self, sort: &[Sort]) -> Ordering {
        for ((one, two), key) in self.0.iter().zip(&other.0).zip(sort) {
            let ordering = match (one, two) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(two)) => one.cmp(two),
            };
            let ordering = if key.direction == SortDirection::Descending { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        self.1.cmp(&other.1)
    }

    /// True where it could be of this order.
    pub(crate) fn fits(&self, sort: &[Sort]) -> bool {
        self.0.len() == sort.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_compare_as_the_site_sorts() {
        let key = |at: Option<i64>, id| RowKey(vec![at.map(Part::Number)], id);
        let rows = [key(Some(1), 9), key(Some(2), 3), key(Some(2), 10), key(None, 1)];
        let up = [Sort::ascending(SortField::Due)];
        for pair in rows.windows(2) {
            assert_eq!(pair[0].compare(&pair[1], &up), Ordering::Less, "{pair:?}");
        }
        let down = [Sort::descending(SortField::Due)];
        assert_eq!(rows[3].compare(&rows[0], &down), Ordering::Less);
        assert_eq!(rows[2].compare(&rows[1], &down), Ordering::Greater);
    }
}
