//! Tags: `label` holds their names, `label_entry` where they are put.
//!
//! U: the wire reference says only that tasks have `sys_tags` and that it is empty; the two tables
//! are the product's, as far as is commonly known.

use crate::random::stable_id;

use super::schema::Schema;
use super::store::{Store, row_of, stamp};

/// The names of a record's tags, sorted.
pub(crate) fn of<'a>(store: &'a Store, record: &'a str) -> Vec<&'a str> {
    let schema = Schema::get();
    let entries = schema.known("label_entry");
    let table = schema.table(entries);
    let at = |name: &str| table.column(name).unwrap_or_default();
    let label = at("label");
    let labels = schema.known("label");
    let mut names: Vec<&str> = store
        .lookup_all(entries, "table_key", record)
        .into_iter()
        .map(|found| store.display(labels, found.row.get(label)))
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names
}

/// Puts a tag on a record, creating the tag when it is new.
pub(crate) fn put(store: &mut Store, name: &str, table: &str, record: &str, title: &str, by: &str, at: &str) {
    let schema = Schema::get();
    let labels = schema.known("label");
    let label_id = stable_id("label", name);
    if store.find(labels, &label_id).is_none() {
        let mut label =
            row_of(labels, &[("name", name), ("viewable_by", "everyone"), ("global", "true"), ("active", "true")]);
        stamp(&mut label, &label_id, by, at, at, 0);
        store.insert(labels, &label);
    }
    let entries = schema.known("label_entry");
    let mut entry = row_of(entries, &[("label", &label_id), ("table", table), ("table_key", record), ("title", title)]);
    stamp(&mut entry, &stable_id("label_entry", &format!("{record}:{name}")), by, at, at, 0);
    store.insert(entries, &entry);
}
