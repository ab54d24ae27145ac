//! The rows of the emulated instance, packed and indexed.

mod row;
mod sorted_index;
mod table_rows;

use std::sync::{Arc, OnceLock};

pub(crate) use row::{Row, RowEditor};
pub(crate) use sorted_index::Slot;
pub(crate) use table_rows::TableRows;

use super::schema::{Schema, TableId, system};

/// All rows of all tables. Tables nobody wrote to are shared between sandboxes.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    tables: Vec<Arc<TableRows>>,
}

/// A row with the table that it is stored in (its class).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) class: TableId,
    pub(crate) slot: Slot,
    pub(crate) row: &'a Row,
}

impl Store {
    /// A store with the instance's metadata and nothing else.
    pub(crate) fn new() -> Self {
        static FRESH: OnceLock<Store> = OnceLock::new();
        FRESH
            .get_or_init(|| {
                let mut store = Self {
                    tables: Schema::get().tables().iter().map(|table| Arc::new(TableRows::new(table))).collect(),
                };
                super::metadata::seed(&mut store);
                store
            })
            .clone()
    }

    pub(crate) fn rows(&self, class: TableId) -> &TableRows {
        &self.tables[usize::from(class.0)]
    }

    pub(crate) fn rows_mut(&mut self, class: TableId) -> &mut TableRows {
        Arc::make_mut(&mut self.tables[usize::from(class.0)])
    }

    /// Rows of a table and of everything that extends it.
    pub(crate) fn count(&self, table: TableId) -> usize {
        let family = &Schema::get().table(table).family;
        family.iter().map(|class| self.rows(*class).len()).sum()
    }

    /// A row of a table, or of a table that extends it.
    pub(crate) fn find(&self, table: TableId, sys_id: &str) -> Option<Found<'_>> {
        if sys_id.is_empty() {
            return None;
        }
        let family = &Schema::get().table(table).family;
        family.iter().find_map(|class| {
            let rows = self.rows(*class);
            let slot = rows.find(sys_id)?;
            Some(Found { class: *class, slot, row: rows.row(slot)? })
        })
    }

    /// What a reference to that row shows; empty for a row that does not exist.
    pub(crate) fn display(&self, table: TableId, sys_id: &str) -> &str {
        let schema = Schema::get();
        let found = self.find(table, sys_id).or_else(|| {
            // References to tables hold the table's name instead of its id (wire §3.6).
            (schema.table(table).name() == "sys_db_object").then(|| self.lookup(table, "name", sys_id)).flatten()
        });
        found.map_or("", |found| found.row.get(schema.table(found.class).display))
    }

    /// Rows of a table and of everything that extends it, by class, then by `sys_id`.
    pub(crate) fn family(&self, table: TableId) -> impl Iterator<Item = Found<'_>> {
        let family = &Schema::get().table(table).family;
        family.iter().flat_map(move |class| {
            let rows = self.rows(*class);
            rows.slots().filter_map(move |slot| Some(Found { class: *class, slot, row: rows.row(slot)? }))
        })
    }

    /// The rows whose column has exactly this value.
    pub(crate) fn lookup_all<'a>(&'a self, table: TableId, column: &str, value: &str) -> Vec<Found<'a>> {
        let Some(column) = Schema::get().table(table).column(column) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for class in &Schema::get().table(table).family {
            let rows = self.rows(*class);
            let found = |slot| Some(Found { class: *class, slot, row: rows.row(slot)? });
            match rows.equal(column, value) {
                Some(slots) => all.extend(slots.into_iter().filter_map(found)),
                None => all.extend(rows.slots().filter_map(found).filter(|found| found.row.get(column) == value)),
            }
        }
        all
    }

    /// The first row whose column has exactly this value.
    pub(crate) fn lookup<'a>(&'a self, table: TableId, column: &str, value: &str) -> Option<Found<'a>> {
        self.lookup_all(table, column, value).into_iter().next()
    }

    /// Inserts a row whose editor holds at least a `sys_id`; nothing else is checked or derived.
    pub(crate) fn insert(&mut self, class: TableId, editor: &RowEditor) -> Slot {
        self.rows_mut(class).insert(editor.pack())
    }

    pub(crate) fn replace(&mut self, class: TableId, slot: Slot, editor: &RowEditor) {
        self.rows_mut(class).replace(slot, editor);
    }

    pub(crate) fn remove(&mut self, class: TableId, slot: Slot) -> Option<Row> {
        self.rows_mut(class).remove(slot)
    }
}

/// An editor for a row of `table` with columns given by name; unknown names are left out.
pub(crate) fn row_of(table: TableId, values: &[(&str, &str)]) -> RowEditor {
    let table = Schema::get().table(table);
    let mut editor = RowEditor::default();
    for (name, value) in values {
        debug_assert!(table.column(name).is_some(), "{}.{name}", table.name());
        if let Some(column) = table.column(name) {
            editor.set(column, *value);
        }
    }
    if let Some(class) = table.class {
        editor.set(class, table.name());
    }
    editor
}

/// Sets the six columns that every row has.
pub(crate) fn stamp(editor: &mut RowEditor, sys_id: &str, by: &str, created: &str, updated: &str, mods: u64) {
    editor.set(system::SYS_ID, sys_id);
    editor.set(system::CREATED_BY, by);
    editor.set(system::CREATED_ON, created);
    editor.set(system::UPDATED_BY, by);
    editor.set(system::UPDATED_ON, updated);
    editor.set(system::MOD_COUNT, mods.to_string());
}
