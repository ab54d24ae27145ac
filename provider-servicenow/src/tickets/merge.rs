//! Several tables in one order: the smallest of each table's first rows, again and again.

use std::cmp::Ordering;

use ticketing_core::Result;
use ticketing_core::model::{Due, Ticket, Timestamp};
use ticketing_core::request::{Sort, SortDirection, SortField};

use super::list::Part;
use crate::connection::Connection;
use crate::listing::Position;
use crate::query::RowKey;

/// A page of all tables.
pub(super) struct Merged {
    pub(super) items: Vec<Ticket>,
    /// Where each table goes on; `None` for all: through.
    pub(super) next: Option<Vec<Option<Position>>>,
}

struct Source {
    rows: std::iter::Peekable<std::vec::IntoIter<(RowKey, Ticket)>>,
    /// Where the table goes on once its rows are used up.
    after: Option<Position>,
    /// Where it goes on now.
    now: Option<Position>,
}

/// One page: each table's page is read, and what is not delivered is read again next time.
pub(super) async fn page(
    connection: &Connection,
    parts: &[Part],
    sort: &[Sort],
    positions: Vec<Option<Position>>,
    limit: u64,
) -> Result<Merged> {
    let mut sources = Vec::with_capacity(parts.len());
    for (part, position) in parts.iter().zip(positions) {
        let source = match position {
            None => Source { rows: Vec::new().into_iter().peekable(), after: None, now: None },
            Some(position) => {
                let paged = part.page(connection, &position, limit, false).await?;
                Source { rows: paged.items.into_iter().peekable(), after: paged.next, now: Some(position) }
            }
        };
        sources.push(source);
    }
    let mut items = Vec::new();
    while (items.len() as u64) < limit {
        // A table that has more than it showed may hold the next row; nothing goes past it.
        if sources
            .iter_mut()
            .any(|source| source.rows.peek().is_none() && source.after.is_some() && source.now.is_some())
        {
            break;
        }
        let heads: Vec<(usize, &Ticket)> =
            sources.iter_mut().enumerate().filter_map(|(nth, source)| Some((nth, &source.rows.peek()?.1))).collect();
        let first = heads.into_iter().min_by(|(at, a), (bt, b)| compare(a, b, sort).then(at.cmp(bt)));
        let Some((nth, _)) = first else { break };
        if let Some(source) = sources.get_mut(nth)
            && let Some((key, ticket)) = source.rows.next()
        {
            source.now = Some(Position::behind(key));
            items.push(ticket);
        }
    }
    let next: Vec<Option<Position>> = sources
        .into_iter()
        .map(|mut source| match source.rows.peek() {
            Some(_) => source.now,
            None => source.after,
        })
        .collect();
    let more = next.iter().any(Option::is_some);
    Ok(Merged { items, next: more.then_some(next) })
}

fn due(ticket: &Ticket) -> Option<Timestamp> {
    ticket.due.map(|due| match due {
        Due::At(at) => at,
        Due::Date(day) => day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(),
    })
}

/// As each table is sorted: no value is the smallest, ids break ties.
fn compare(a: &Ticket, b: &Ticket, sort: &[Sort]) -> Ordering {
    let priority = |ticket: &Ticket| {
        ticket.priority.as_ref().map(|priority| priority.native.id.parse::<i64>().unwrap_or(i64::MAX))
    };
    for key in sort {
        let ordering = match key.field {
            SortField::CreatedAt => a.created_at.cmp(&b.created_at),
            SortField::UpdatedAt => a.updated_at.cmp(&b.updated_at),
            SortField::ResolvedAt => a.resolved_at.cmp(&b.resolved_at),
            SortField::Due => due(a).cmp(&due(b)),
            // 1 is the most urgent.
            SortField::Priority => priority(b).cmp(&priority(a)),
            _ => a.key.cmp(&b.key),
        };
        let ordering = if key.direction == SortDirection::Descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    a.id.cmp(&b.id)
}
