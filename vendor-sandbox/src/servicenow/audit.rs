//! `sys_audit` and `sys_audit_delete`: wire §7.

use super::query::time_text;
use super::records::Writer;
use super::schema::{ColumnId, Schema, TableId, system};
use super::store::{Row, RowEditor, Store, row_of, stamp};

/// Records what an update changed.
pub(crate) fn changes(
    writer: &mut Writer<'_>,
    class: TableId,
    id: &str,
    before: &RowEditor,
    after: &RowEditor,
    changed: &[ColumnId],
) {
    let table = Schema::get().table(class);
    if !table.spec.audited {
        return;
    }
    let at = time_text(writer.now);
    for column in changed {
        let entry_id = writer.world.new_id();
        let change = Change {
            table: table.name(),
            record: id,
            field: table.columns[*column].name,
            old: before.get(*column),
            new: after.get(*column),
            mods: after.get(system::MOD_COUNT),
        };
        let user = writer.session.user_name.clone();
        insert(&mut writer.world.store, &entry_id, &change, &user, &at);
    }
}

/// One row of `sys_audit`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) table: &'a str,
    pub(crate) record: &'a str,
    pub(crate) field: &'a str,
    pub(crate) old: &'a str,
    pub(crate) new: &'a str,
    pub(crate) mods: &'a str,
}

/// Writes a row of `sys_audit`; `user` is a user name.
pub(crate) fn insert(store: &mut Store, id: &str, change: &Change<'_>, user: &str, at: &str) {
    let audit = Schema::get().known("sys_audit");
    let mut entry = row_of(
        audit,
        &[
            ("tablename", change.table),
            ("documentkey", change.record),
            ("fieldname", change.field),
            ("oldvalue", change.old),
            ("newvalue", change.new),
            ("user", user),
            ("record_checkpoint", change.mods),
        ],
    );
    stamp(&mut entry, id, user, at, at, 0);
    store.insert(audit, &entry);
}

/// Records a deletion: in `sys_audit_delete` for audited tables, and in `sys_audit` as `DELETED`
/// for every table (K:0634666).
pub(crate) fn deletion(writer: &mut Writer<'_>, class: TableId, row: &Row) {
    let table = Schema::get().table(class);
    let id = row.get(system::SYS_ID);
    let user = writer.session.user_name.clone();
    let at = time_text(writer.now);
    let entry_id = writer.world.new_id();
    let change = Change {
        table: table.name(),
        record: id,
        field: "DELETED",
        old: "",
        new: "DELETED",
        mods: row.get(system::MOD_COUNT),
    };
    insert(&mut writer.world.store, &entry_id, &change, &user, &at);
    if !table.spec.audited {
        return;
    }
    let payload = table
        .columns
        .iter()
        .enumerate()
        .filter(|(index, _)| !row.get(*index).is_empty())
        .map(|(index, column)| format!("<{0}>{1}</{0}>", column.name, xml_text(row.get(index))))
        .collect::<String>();
    let payload = format!("<{0}>{payload}</{0}>", table.name());
    let entry_id = writer.world.new_id();
    let deleted = Schema::get().known("sys_audit_delete");
    let mut entry = row_of(
        deleted,
        &[
            ("tablename", table.name()),
            ("documentkey", id),
            ("display_value", row.get(table.display)),
            ("payload", &payload),
        ],
    );
    stamp(&mut entry, &entry_id, &user, &at, &at, 0);
    writer.world.store.insert(deleted, &entry);
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
