//! Pages read along an index: no sorting, and no look at rows outside the query's range.

use super::compile::Filter;
use super::evaluate::Test;
use super::parse::Operator;
use super::select::{Order, Selection, TieBreak};
use crate::random::hash_text;
use crate::servicenow::schema::{ColumnId, TableId, system};
use crate::servicenow::store::{Row, Slot, Store};

/// A page read along an index, from where the query's range starts to where it ends.
pub(super) struct IndexWalk<'a> {
    store: &'a Store,
    class: TableId,
    filter: &'a Filter,
    column: ColumnId,
    descending: bool,
    /// The order among equal keys is given (or keys are unique).
    total_order: bool,
    /// Ranks that can match.
    start: usize,
    end: usize,
    /// Every rank in between does match.
    exact: bool,
}

impl<'a> IndexWalk<'a> {
    pub(super) fn plan(store: &'a Store, class: TableId, filter: &'a Filter) -> Option<Self> {
        let first = filter.order.first()?;
        let own = |order: &Order| order.path.steps.is_empty().then_some(order.path.column);
        let column = own(first)?;
        let total_order = match filter.order.get(1) {
            _ if column == system::SYS_ID => true,
            None => false,
            Some(second) => {
                let exact = own(second) == Some(system::SYS_ID) && second.descending == first.descending;
                exact.then_some(true)?
            }
        };
        let rows = store.rows(class);
        let index = rows.index(column)?;
        let key = |slot| rows.row(slot).map_or("", |row| row.get(column));
        let mut start = index.len();
        let mut end = 0;
        let mut exact = filter.groups.len() == 1;
        for group in &filter.groups {
            let (mut low, mut high) = (0, index.len());
            for any_of in group {
                let range = match any_of.as_slice() {
                    [Test::Compare(path, operator, value)] if path.steps.is_empty() && path.column == column => {
                        let value = value.as_str();
                        let from = || index.rank(|slot| key(slot) < value);
                        let after = || index.rank(|slot| key(slot) <= value);
                        // Rows without a value come first and never match a comparison.
                        let filled = || index.rank(|slot| key(slot).is_empty());
                        match operator {
                            Operator::AtLeast => Some((from().max(filled()), high)),
                            Operator::Greater => Some((after().max(filled()), high)),
                            Operator::Less => Some((filled(), from())),
                            Operator::AtMost => Some((filled(), after())),
                            Operator::Equal => Some((from(), after())),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                match range {
                    Some((from, to)) => {
                        low = low.max(from);
                        high = high.min(to);
                    }
                    None => exact = false,
                }
            }
            start = start.min(low);
            end = end.max(high);
        }
        Some(Self {
            store,
            class,
            filter,
            column,
            descending: first.descending,
            total_order,
            start,
            end: end.max(start),
            exact,
        })
    }

    fn key(&self, slot: Slot) -> &'a str {
        self.row(slot).map_or("", |row| row.get(self.column))
    }

    fn row(&self, slot: Slot) -> Option<&'a Row> {
        self.store.rows(self.class).row(slot)
    }

    pub(super) fn page(&self, offset: usize, end: usize, count: bool, tie_break: TieBreak) -> Selection {
        let window = self.end - self.start;
        // Counting goes through the rows as they are stored, which is much faster than in order.
        let total = count.then(|| match self.exact {
            true => window,
            false => {
                let rows = self.store.rows(self.class).stored();
                rows.filter(|(_, row)| self.filter.matches(self.store, row)).count()
            }
        });
        let mut skip = 0;
        if self.exact {
            skip = offset.min(window);
            if !self.total_order {
                skip = self.group_start(skip);
            }
        }
        let mut page = Page {
            rows: Vec::new(),
            position: skip,
            offset,
            end: end.max(offset),
            group: Vec::new(),
            salt: tie_break.ties,
        };
        let mut group_key = None;
        for slot in self.from(skip) {
            let Some(row) = self.row(slot) else {
                continue;
            };
            if !self.exact && !self.filter.matches(self.store, row) {
                continue;
            }
            if self.total_order {
                page.push(slot);
            } else {
                let key = row.get(self.column);
                if group_key.is_some_and(|current| current != key) {
                    page.flush(self.store, self.class);
                }
                group_key = Some(key);
                page.group.push(slot);
            }
            if page.position >= page.end {
                page.group.clear();
                break;
            }
        }
        page.flush(self.store, self.class);
        Selection { rows: page.rows.into_iter().map(|slot| (self.class, slot)).collect(), total }
    }

    /// How many of the window's rows come before the group of equal keys that `position` lies in.
    fn group_start(&self, position: usize) -> usize {
        let Some(slot) = self.from(position).next() else {
            return position;
        };
        let Some(index) = self.store.rows(self.class).index(self.column) else {
            return 0;
        };
        let key = self.key(slot);
        if self.descending {
            let after = index.rank(|slot| self.key(slot) <= key);
            self.end.saturating_sub(after)
        } else {
            let first = index.rank(|slot| self.key(slot) < key);
            first.saturating_sub(self.start)
        }
    }

    /// The window's slots in the query's order, without the first `skip`.
    fn from(&self, skip: usize) -> Box<dyn Iterator<Item = Slot> + 'a> {
        let Some(index) = self.store.rows(self.class).index(self.column) else {
            return Box::new(std::iter::empty());
        };
        let length = self.end - self.start;
        let skip = skip.min(length);
        if self.descending {
            Box::new(index.before_rank(self.end - skip).take(length - skip))
        } else {
            Box::new(index.iter_from(self.start + skip).take(length - skip))
        }
    }
}

/// Collects the rows `offset..end` of a stream of matches.
struct Page {
    rows: Vec<Slot>,
    /// Matches seen and settled.
    position: usize,
    offset: usize,
    end: usize,
    /// Matches with equal keys, not yet settled.
    group: Vec<Slot>,
    salt: u64,
}

impl Page {
    fn push(&mut self, slot: Slot) {
        if (self.offset..self.end).contains(&self.position) {
            self.rows.push(slot);
        }
        self.position += 1;
    }

    fn flush(&mut self, store: &Store, class: TableId) {
        let mut group = std::mem::take(&mut self.group);
        let touches = self.position < self.end && self.position + group.len() > self.offset;
        if touches && group.len() > 1 {
            let salt = self.salt;
            group.sort_by_cached_key(|slot| {
                let row = store.rows(class).row(*slot);
                hash_text(salt, row.map_or("", |row| row.get(system::SYS_ID)))
            });
        }
        for slot in group {
            self.push(slot);
        }
    }
}
