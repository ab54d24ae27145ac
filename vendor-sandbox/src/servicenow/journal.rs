//! Comments and work notes: written through the record, kept in `sys_journal_field` (wire §1.3, §3.6).

use super::schema::{Schema, system};
use super::session::Session;
use super::store::{Row, RowEditor, Store, row_of, stamp};

/// The entries of a record, newest first; of one second, the later one first.
fn entries<'a>(store: &'a Store, record: &'a str) -> Vec<&'a Row> {
    let table = Schema::get().known("sys_journal_field");
    let mut found = store.lookup_all(table, "element_id", record);
    found.sort_by_key(|found| std::cmp::Reverse((found.row.get(system::CREATED_ON), found.slot)));
    found.into_iter().map(|found| found.row).collect()
}

/// The concatenation that a journal field shows: `2023-05-10 15:41:38 - Jane Doe (Additional
/// comments)`, the text, a blank line; newest first, in the reader's zone (wire §1.3).
pub(crate) fn show(store: &Store, session: &Session, record: &str, element: Option<&str>) -> String {
    let schema = Schema::get();
    let table = schema.table(schema.known("sys_journal_field"));
    let at = |name: &str| table.column(name).unwrap_or_default();
    let (own, value, created_on, created_by) = (at("element"), at("value"), at("sys_created_on"), at("sys_created_by"));
    let users = schema.known("sys_user");
    let name = schema.table(users).column("name").unwrap_or_default();
    let mut shown = String::new();
    for row in entries(store, record) {
        if element.is_some_and(|element| row.get(own) != element) {
            continue;
        }
        let author = row.get(created_by);
        let author = store.lookup(users, "user_name", author).map_or(author, |found| found.row.get(name));
        let heading = match row.get(own) {
            "work_notes" => "Work notes",
            _ => "Additional comments",
        };
        shown.push_str(&format!(
            "{} - {author} ({heading})\n{}\n\n",
            session.show_time(row.get(created_on)),
            row.get(value)
        ));
    }
    shown
}

/// A new entry; the caller gives it an id.
pub(crate) fn entry(
    id: &str,
    table: &str,
    record: &str,
    element: &str,
    text: &str,
    author: &str,
    at: &str,
) -> RowEditor {
    let class = Schema::get().known("sys_journal_field");
    let mut editor = row_of(class, &[("element_id", record), ("name", table), ("element", element), ("value", text)]);
    stamp(&mut editor, id, author, at, at, 0);
    editor
}
