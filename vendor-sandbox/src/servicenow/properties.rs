//! System properties: rows of `sys_properties`, changed like any other row.

use super::schema::Schema;
use super::store::{Store, row_of, stamp};
use crate::random::stable_id;

/// The value of a property, `""` when it is not set.
pub(crate) fn get<'a>(store: &'a Store, name: &str) -> &'a str {
    let schema = Schema::get();
    let table = schema.known("sys_properties");
    let Some(value) = schema.table(table).column("value") else {
        return "";
    };
    // Properties of a fresh instance have an id made from their name.
    store
        .find(table, &stable_id("sys_properties", name))
        .or_else(|| store.lookup(table, "name", name))
        .map_or("", |found| found.row.get(value))
}

/// Whether a property says `true`.
pub(crate) fn is_true(store: &Store, name: &str) -> bool {
    get(store, name).eq_ignore_ascii_case("true")
}

/// A property as a number, or the default.
pub(crate) fn number(store: &Store, name: &str, default: u64) -> u64 {
    get(store, name).trim().parse().unwrap_or(default)
}

/// Sets a property.
pub(crate) fn set(store: &mut Store, name: &str, value: &str, now: &str) {
    let table = Schema::get().known("sys_properties");
    let id = stable_id("sys_properties", name);
    if let Some(found) = store.find(table, &id) {
        let mut editor = found.row.edit();
        let (class, slot) = (found.class, found.slot);
        if let Some(column) = Schema::get().table(table).column("value") {
            editor.set(column, value);
        }
        store.replace(class, slot, &editor);
        return;
    }
    let mut editor = row_of(table, &[("name", name), ("value", value)]);
    stamp(&mut editor, &id, "admin", now, now, 0);
    store.insert(table, &editor);
}
