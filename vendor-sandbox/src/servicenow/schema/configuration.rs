//! The tables that the platform keeps about itself: wire §1, §3.6, §6, §7.

use super::{Column, Kind, TableSpec, boolean, column, integer, reference, text, time};

/// Metadata, journals, audit, attachments, tags, properties and rules.
pub(super) const TABLES: &[TableSpec] = &[
    table("sys_db_object", "Table", "label", DB_OBJECT),
    table("sys_dictionary", "Dictionary Entry", "element", DICTIONARY),
    table("sys_glide_object", "Field class", "label", &[text("name", "Name"), text("label", "Label")]),
    table("sys_choice", "Choice", "label", CHOICE),
    table(
        "sys_properties",
        "System Property",
        "name",
        &[text("name", "Name"), text("value", "Value"), text("description", "Description"), text("type", "Type")],
    ),
    table("sys_journal_field", "Journal Entry", "sys_id", JOURNAL),
    table("sys_audit", "Audit", "sys_id", AUDIT),
    table("sys_audit_delete", "Audit Deleted Record", "display_value", AUDIT_DELETE),
    table("sys_attachment", "Attachment", "file_name", ATTACHMENT),
    // U: the wire reference says only that tasks have `sys_tags`; tags are kept in these two tables.
    table(
        "label",
        "Tag",
        "name",
        &[
            text("name", "Name"),
            text("viewable_by", "Viewable by").default("everyone"),
            boolean("global", "Global", "true"),
            boolean("active", "Active", "true"),
        ],
    ),
    table(
        "label_entry",
        "Tag Entry",
        "title",
        &[reference("label", "Tag", "label"), text("table", "Table"), text("table_key", "ID"), text("title", "Title")],
    ),
    // D: `sys_rate_limit_rules` exists; its column names are not published, these are ours (U).
    table("sys_rate_limit_rules", "Rate Limit Rule", "name", RATE_LIMIT_RULE),
    table("chg_model", "Change Model", "name", &[text("name", "Name"), boolean("active", "Active", "true")]),
    table("imp_user", "Import User", "sys_id", IMPORT_USER),
    table(
        "sys_import_set",
        "Import Set",
        "number",
        &[text("number", "Number"), text("table_name", "Staging table"), text("state", "State")],
    ),
];

const fn table(
    name: &'static str,
    label: &'static str,
    display: &'static str,
    columns: &'static [Column],
) -> TableSpec {
    TableSpec { name, label, parent: None, display, prefix: None, audited: false, columns }
}

const DB_OBJECT: &[Column] = &[
    text("name", "Name"),
    text("label", "Label"),
    reference("super_class", "Extends table", "sys_db_object"),
    boolean("is_extendable", "Extensible", "true"),
    boolean("ws_access", "Allow access to this table via web services", "true"),
];

const DICTIONARY: &[Column] = &[
    text("name", "Table"),
    text("element", "Column name"),
    text("column_label", "Column label"),
    reference("internal_type", "Type", "sys_glide_object"),
    reference("reference", "Reference", "sys_db_object"),
    boolean("mandatory", "Mandatory", "false"),
    boolean("read_only", "Read only", "false"),
    integer("max_length", "Max length"),
    integer("choice", "Choice"),
    text("choice_table", "Choice table"),
    text("choice_field", "Choice field"),
    text("dependent", "Dependent"),
    text("default_value", "Default value"),
    boolean("active", "Active", "true"),
    boolean("display", "Display", "false"),
    boolean("array", "Array", "false"),
    boolean("virtual", "Calculated", "false"),
];

const CHOICE: &[Column] = &[
    text("name", "Table"),
    text("element", "Element"),
    text("value", "Value"),
    text("label", "Label"),
    integer("sequence", "Sequence"),
    boolean("inactive", "Inactive", "false"),
    text("language", "Language").default("en"),
    text("dependent_value", "Dependent value"),
    text("hint", "Hint"),
];

const JOURNAL: &[Column] = &[
    text("element_id", "Element ID"),
    text("name", "Name"),
    text("element", "Element"),
    column("value", "Value", Kind::LongText),
];

const AUDIT: &[Column] = &[
    text("tablename", "Table name"),
    text("documentkey", "Document key"),
    text("fieldname", "Field name"),
    column("oldvalue", "Old value", Kind::LongText),
    column("newvalue", "New value", Kind::LongText),
    text("user", "User"),
    integer("record_checkpoint", "Update count"),
    text("reason", "Reason"),
];

// Column names of sys_audit_delete are U in the wire reference (§7), except that it has them.
const AUDIT_DELETE: &[Column] = &[
    text("tablename", "Table name"),
    text("documentkey", "Document key"),
    text("display_value", "Display value"),
    column("payload", "Payload", Kind::LongText),
];

const ATTACHMENT: &[Column] = &[
    text("file_name", "File name"),
    text("content_type", "Content type"),
    text("table_name", "Table name"),
    text("table_sys_id", "Table sys ID"),
    integer("size_bytes", "Size bytes"),
    integer("size_compressed", "Size compressed"),
    boolean("compressed", "Compressed", "true"),
    text("hash", "SHA256 hash"),
    text("average_image_color", "Average image color"),
    integer("image_height", "Image height"),
    integer("image_width", "Image width"),
    text("state", "State").default("available"),
    text("sys_tags", "Tags").read_only(),
];

const RATE_LIMIT_RULE: &[Column] = &[
    text("name", "Name"),
    boolean("active", "Active", "true"),
    text("type", "Type").default("all"),
    reference("user", "User", "sys_user"),
    text("role", "Role"),
    text("method", "Method"),
    text("resource", "REST resource"),
    integer("request_limit", "Requests per hour").default("100"),
];

const IMPORT_USER: &[Column] = &[
    text("user_id", "User ID"),
    text("first_name", "First name"),
    text("last_name", "Last name"),
    column("email", "Email", Kind::Email),
    text("title", "Title"),
    text("import_set", "Import set"),
    text("sys_target_sys_id", "Target record"),
    text("import_state", "State"),
    time("imported_at", "Imported"),
];
