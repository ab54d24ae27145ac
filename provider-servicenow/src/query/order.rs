//! Total orders, and the rows after one: keyset (`wire/servicenow.md` §7).

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::{Result, remedy};

use super::condition::Condition;
use super::evaluate::{Values, compare};
use super::name::FieldName;
use super::{Query, value};

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub(crate) field: FieldName,
    pub(crate) descending: bool,
}

impl Order {
    /// From small to large.
    #[must_use]
    pub fn ascending(field: &'static str) -> Self {
        Self { field: FieldName::fixed(field), descending: false }
    }

    /// From large to small.
    #[must_use]
    pub fn descending(field: &'static str) -> Self {
        Self { field: FieldName::fixed(field), descending: true }
    }
}

/// The keys of an order with `sys_id` at its end, which makes it total.
pub(crate) fn total(mut order: Vec<Order>) -> Vec<Order> {
    order.retain(|key| key.field.as_str() != "sys_id");
    if !remedy::is_removed("servicenow.tie_break") || order.is_empty() {
        order.push(Order::ascending("sys_id"));
    }
    order
}

/// Where a row stands in an order: its values of the order's keys, `sys_id` last. Every row has one, so clones share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowKey(pub(crate) Arc<[String]>);

impl RowKey {
    /// The key of a row; `None` where the row does not say.
    pub(crate) fn of(row: &impl Values, order: &[Order]) -> Option<Self> {
        order.iter().map(|key| row.value(key.field.as_str()).map(str::to_owned)).collect::<Option<_>>().map(Self)
    }

    /// The row's id.
    pub(crate) fn sys_id(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// A short text that is the same for the same row in the same place.
    pub(crate) fn mark(&self) -> String {
        let mut hash = Fnv::default();
        for part in self.0.iter() {
            hash.write(part.as_bytes());
            hash.write(&[0xff]);
        }
        format!("{:016x}", hash.0)
    }

    /// True where the values could be those of this order.
    pub(crate) fn fits(&self, order: &[Order]) -> bool {
        self.0.len() == order.len()
            && self.0.iter().all(|part| value::check("cursor", part).is_ok())
            // And whatever else a query has no place for.
            && [false, true].into_iter().all(|inclusive| self.after(order, inclusive).is_ok())
    }

    /// How two rows stand in an order; `None` where that depends on the instance's collation. Empty values are the smallest.
    pub(crate) fn compare(&self, other: &Self, order: &[Order]) -> Option<Ordering> {
        for (nth, key) in order.iter().enumerate() {
            let (a, b) = (self.0.get(nth)?, other.0.get(nth)?);
            let ordering = match (a.is_empty(), b.is_empty()) {
                (true, true) => Ordering::Equal,
                (a_empty, b_empty) if a_empty || b_empty => b_empty.cmp(&a_empty),
                _ => compare(a, b)?,
            };
            let ordering = if key.descending { ordering.reverse() } else { ordering };
            if ordering != Ordering::Equal {
                return Some(ordering);
            }
        }
        Some(Ordering::Equal)
    }

    /// The rows behind this one in an order, and this one itself where `inclusive`.
    ///
    /// # Errors
    /// `InvalidRequest` where a value cannot stand in a query.
    pub(crate) fn after(&self, order: &[Order], inclusive: bool) -> Result<Query> {
        let mut query: Option<Query> = None;
        for level in 0..order.len() {
            let mut group = Query::all();
            for (key, value) in order.iter().zip(self.0.iter()).take(level) {
                group = group.and(equal(key, value)?);
            }
            let Some(beyond) = beyond(&order[level], &self.0[level], inclusive && level + 1 == order.len())? else {
                continue;
            };
            let group = group.and(beyond);
            query = Some(match query {
                None => group,
                Some(query) => query.or_query(group),
            });
        }
        Ok(query.unwrap_or_default())
    }
}

fn equal(order: &Order, value: &str) -> Result<Condition> {
    if value.is_empty() {
        return Ok(Condition::is_empty(order.field.clone()));
    }
    Condition::equals(order.field.clone(), value)
}

/// What stands behind a value in one key's order; `None` where nothing can.
fn beyond(order: &Order, value: &str, inclusive: bool) -> Result<Option<Vec<Condition>>> {
    let field = order.field.clone();
    Ok(match (value.is_empty(), order.descending) {
        (true, false) => Some(vec![Condition::is_not_empty(field)]),
        (true, true) => None,
        (false, true) => Some(vec![Condition::less(field.clone(), value)?, Condition::is_empty(field)]),
        (false, false) if inclusive => Some(vec![Condition::at_least(field, value)?]),
        (false, false) => Some(vec![Condition::greater(field, value)?]),
    })
}

/// FNV-1a: the same in every version of everything, which stored cursors and checkpoints need.
pub(crate) struct Fnv(pub(crate) u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> RowKey {
        RowKey(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn the_rows_behind_one_are_asked_for_exactly() {
        let up = total(vec![Order::ascending("due_date")]);
        let down = total(vec![Order::descending("due_date")]);
        let after = |order: &[Order], parts: &[&str], inclusive| key(parts).after(order, inclusive).unwrap().encode();
        assert_eq!(after(&up, &["T", "S"], false), "due_date>T^NQdue_date=T^sys_id>S");
        assert_eq!(after(&up, &["T", "S"], true), "due_date>T^NQdue_date=T^sys_id>=S");
        assert_eq!(after(&up, &["", "S"], false), "due_dateISNOTEMPTY^NQdue_dateISEMPTY^sys_id>S");
        assert_eq!(after(&down, &["T", "S"], false), "due_date<T^ORdue_dateISEMPTY^NQdue_date=T^sys_id>S");
        assert_eq!(after(&down, &["", "S"], false), "due_dateISEMPTY^sys_id>S");
        assert_eq!(after(&total(Vec::new()), &["S"], false), "sys_id>S");
    }

    #[test]
    fn keys_compare_as_the_instance_sorts() {
        let up = total(vec![Order::ascending("due_date")]);
        let (a, b) = ("00d44a40a9fe19810012d100cca80666", "46d44a40a9fe19810012d100cca80666");
        let rows = [key(&["", a]), key(&["", b]), key(&["2026-01-05 08:00:00", b]), key(&["2026-01-05 08:00:01", a])];
        for pair in rows.windows(2) {
            assert_eq!(pair[0].compare(&pair[1], &up), Some(Ordering::Less), "{pair:?}");
        }
        let down = total(vec![Order::descending("due_date")]);
        assert_eq!(rows[3].compare(&rows[0], &down), Some(Ordering::Less));
        assert_eq!(key(&["b", a]).compare(&key(&["ä", a]), &up), None);
        assert_ne!(rows[0].mark(), rows[1].mark());
    }
}
