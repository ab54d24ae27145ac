//! Labels of choice values, by table and column, with inheritance resolved (wire §3.6).

use std::collections::HashMap;

use super::schema::{ColumnId, Schema, TableId};
use super::store::Store;

/// Value and label, in the order of the list.
type Choices = Vec<(String, String)>;

/// The active English choices of every column that has any.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChoiceIndex {
    lists: HashMap<(TableId, ColumnId), Choices>,
}

impl ChoiceIndex {
    /// Reads `sys_choice`.
    pub(crate) fn read(store: &Store) -> Self {
        let schema = Schema::get();
        let table = schema.known("sys_choice");
        let columns = schema.table(table);
        let at = |name: &str| columns.column(name).unwrap_or_default();
        let (name, element, value, label) = (at("name"), at("element"), at("value"), at("label"));
        let (inactive, sequence, language) = (at("inactive"), at("sequence"), at("language"));
        let mut own = HashMap::<(&str, &str), Vec<(i64, &str, &str)>>::new();
        for found in store.family(table) {
            let row = found.row;
            if row.get(inactive) != "true" && matches!(row.get(language), "en" | "") {
                let sequence = row.get(sequence).parse().unwrap_or(i64::MAX);
                own.entry((row.get(name), row.get(element))).or_default().push((
                    sequence,
                    row.get(value),
                    row.get(label),
                ));
            }
        }
        for list in own.values_mut() {
            list.sort_unstable();
        }
        let mut lists = HashMap::new();
        for table in schema.tables() {
            for (index, column) in table.columns.iter().enumerate() {
                if !column.choice {
                    continue;
                }
                let inherited = schema.lineage(table.id).find_map(|ancestor| own.get(&(ancestor.name(), column.name)));
                if let Some(list) = inherited {
                    let list =
                        list.iter().map(|(_, value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
                    lists.insert((table.id, index), list);
                }
            }
        }
        Self { lists }
    }

    /// The choices of a column, in order; empty when it has none.
    pub(crate) fn of(&self, table: TableId, column: ColumnId) -> &[(String, String)] {
        self.lists.get(&(table, column)).map_or(&[], Vec::as_slice)
    }

    /// What a value shows; a value outside the list shows itself.
    pub(crate) fn label<'a>(&'a self, table: TableId, column: ColumnId, value: &'a str) -> &'a str {
        self.of(table, column).iter().find(|(own, _)| own == value).map_or(value, |(_, label)| label)
    }

    /// The value that a label stands for.
    pub(crate) fn value<'a>(&'a self, table: TableId, column: ColumnId, label: &str) -> Option<&'a str> {
        self.of(table, column).iter().find(|(_, own)| own == label).map(|(value, _)| value.as_str())
    }

    /// Whether a value may be stored: it is in the list, or there is no list.
    pub(crate) fn allows(&self, table: TableId, column: ColumnId, value: &str) -> bool {
        let list = self.of(table, column);
        list.is_empty() || list.iter().any(|(own, _)| own == value)
    }
}
