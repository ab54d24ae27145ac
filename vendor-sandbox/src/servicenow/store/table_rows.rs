//! The rows of one table, with the indexes that make pages cheap.

use std::cmp::Ordering;

use super::row::{Row, RowEditor};
use super::sorted_index::{Slot, SortedIndex};
use crate::servicenow::schema::{ColumnId, Table, system};

/// Columns with an index wherever they occur: what records are looked up by.
const LOOKUP_COLUMNS: &[&str] = &["number", "user_name", "element_id", "table_sys_id", "documentkey", "table_key"];

/// Rows by slot, and their orders by `sys_id`, `sys_updated_on`, `sys_created_on` and a few others.
///
/// Ties within an order are broken by `sys_id`.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableRows {
    rows: Vec<Option<Row>>,
    free: Vec<Slot>,
    indexes: Vec<(ColumnId, SortedIndex)>,
}

fn order(rows: &[Option<Row>], column: ColumnId, a: Slot, b: Slot) -> Ordering {
    let row = |slot: Slot| rows.get(slot as usize).and_then(Option::as_ref);
    match (row(a), row(b)) {
        (Some(a), Some(b)) => {
            a.get(column).cmp(b.get(column)).then_with(|| a.get(system::SYS_ID).cmp(b.get(system::SYS_ID)))
        }
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

impl TableRows {
    pub(crate) fn new(table: &Table) -> Self {
        let mut columns = vec![system::SYS_ID, system::UPDATED_ON, system::CREATED_ON];
        columns.extend(LOOKUP_COLUMNS.iter().filter_map(|name| table.column(name)));
        Self {
            rows: Vec::new(),
            free: Vec::new(),
            indexes: columns.into_iter().map(|column| (column, SortedIndex::default())).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.indexes.first().map_or(0, |(_, index)| index.len())
    }

    pub(crate) fn row(&self, slot: Slot) -> Option<&Row> {
        self.rows.get(slot as usize)?.as_ref()
    }

    /// The order by a column, when there is an index for it.
    pub(crate) fn index(&self, column: ColumnId) -> Option<&SortedIndex> {
        self.indexes.iter().find_map(|(indexed, index)| (*indexed == column).then_some(index))
    }

    /// Slots in the order of `sys_id`.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.indexes.iter().take(1).flat_map(|(_, index)| index.iter_from(0))
    }

    /// Rows in the order in which they are stored: the fastest way through all of them.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (Slot, &Row)> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(slot, row)| Some((slot as Slot, row.as_ref()?)))
    }

    /// Rows in the order of `sys_id`.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.slots().filter_map(|slot| self.row(slot))
    }

    /// Slots whose column has exactly this value; `None` when the column has no index.
    pub(crate) fn equal(&self, column: ColumnId, value: &str) -> Option<Vec<Slot>> {
        let index = self.index(column)?;
        let key = |slot| self.row(slot).map_or("", |row| row.get(column));
        let first = index.rank(|slot| key(slot) < value);
        let equal = index.iter_from(first).take_while(|slot| key(*slot) == value);
        Some(equal.collect())
    }

    pub(crate) fn find(&self, sys_id: &str) -> Option<Slot> {
        let index = self.index(system::SYS_ID)?;
        index.find(|slot| self.row(slot).map_or("", |row| row.get(system::SYS_ID)).cmp(sys_id))
    }

    pub(crate) fn insert(&mut self, row: Row) -> Slot {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.rows[slot as usize] = Some(row);
                slot
            }
            None => {
                self.rows.push(Some(row));
                (self.rows.len() - 1) as Slot
            }
        };
        let rows = &self.rows;
        for (column, index) in &mut self.indexes {
            index.insert(slot, |other| order(rows, *column, other, slot));
        }
        slot
    }

    /// Inserts many rows into an empty table and sorts once.
    pub(crate) fn fill(&mut self, rows: Vec<Row>) {
        self.rows = rows.into_iter().map(Some).collect();
        self.free.clear();
        let rows = &self.rows;
        for (column, index) in &mut self.indexes {
            let mut slots: Vec<Slot> = (0..rows.len() as Slot).collect();
            slots.sort_unstable_by(|a, b| order(rows, *column, *a, *b));
            *index = SortedIndex::from_sorted(&slots);
        }
    }

    /// Replaces a row, keeping its slot.
    pub(crate) fn replace(&mut self, slot: Slot, editor: &RowEditor) {
        let Some(old) = self.row(slot) else {
            return;
        };
        let new = editor.pack();
        // Most updates leave the number and the creation time alone.
        let moved: Vec<bool> = self.indexes.iter().map(|(column, _)| old.get(*column) != new.get(*column)).collect();
        let rows = &self.rows;
        for ((column, index), moved) in self.indexes.iter_mut().zip(&moved) {
            if *moved {
                index.remove(slot, |other| order(rows, *column, other, slot));
            }
        }
        self.rows[slot as usize] = Some(new);
        let rows = &self.rows;
        for ((column, index), moved) in self.indexes.iter_mut().zip(&moved) {
            if *moved {
                index.insert(slot, |other| order(rows, *column, other, slot));
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Row> {
        let rows = &self.rows;
        for (column, index) in &mut self.indexes {
            index.remove(slot, |other| order(rows, *column, other, slot));
        }
        let row = self.rows.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(row)
    }
}
