//! Rows of the tables that describe the instance: `sys_db_object`, `sys_dictionary`,
//! `sys_glide_object`, `sys_choice`, `sys_properties` and what else a fresh instance holds
//! (wire §3.6).

use crate::random::stable_id;

use super::schema::{CHOICES, Kind, Schema, system};
use super::store::{Row, RowEditor, Store, row_of, stamp};

/// When the instance was installed; the time stamp of everything that nobody touched since.
pub(crate) const INSTALLED: &str = "2016-01-01 00:00:00";

/// Who installed it (D: Table API page, sample answers).
const INSTALLER: &str = "glide.maint";

/// Properties that change how the instance answers, with their documented defaults.
const PROPERTIES: &[(&str, &str)] = &[
    // D: c_TableAPI, sysparm_query.
    ("glide.invalid_query.returns_no_rows", "false"),
    // wire §1.4: links name the host of glide.servlet.uri, not the host that was called.
    ("glide.rest.replace_request_host_with_property", "true"),
    ("glide.servlet.uri", "https://sandbox.service-now.com/"),
    // wire §1.3: values outside the choice list are not stored.
    ("glide.rest.choice.allow_non_existing_value", "false"),
    // wire §1.2, sysparm_suppress_auto_sys_field.
    ("glide.rest.table_api.admin_only_sys_fields", "false"),
    // wire §1.6: 10 MB, unit of the property is MB.
    ("glide.rest.max_content_length", "10"),
    // wire §4.1.
    ("com.glide.attachment.max_size", "1024"),
    ("glide.attachment.extensions", ""),
    // wire §2.4.
    ("glide.sys.default.tz", "GMT"),
    ("glide.sys.date_format", "yyyy-MM-dd"),
    ("glide.sys.time_format", "HH:mm:ss"),
    // wire §5.1.
    ("glide.oauth.state.parameter.required", "true"),
    ("glide.oauth.allow.parameters.in.post.body.only", "true"),
    ("glide.oauth.inbound.client.credential.grant_type.enabled", "false"),
];

pub(super) fn seed(store: &mut Store) {
    tables_and_columns(store);
    choices(store);
    let fill = |store: &mut Store, table: &'static str, rows: Vec<Row>| {
        store.rows_mut(Schema::get().known(table)).fill(rows);
    };
    let properties = PROPERTIES
        .iter()
        .map(|(name, value)| fixed("sys_properties", name, &[("name", name), ("value", value)]))
        .collect();
    fill(store, "sys_properties", properties);
    let roles = ["admin", "itil", "query_no_domain_table_api", "snc_platform_rest_api_access"]
        .iter()
        .map(|role| fixed("sys_user_role", role, &[("name", role)]))
        .collect();
    fill(store, "sys_user_role", roles);
    let relations = [("Duplicates", "Is duplicated by", "Duplicates"), ("Relates", "Relates to", "Relates to")]
        .iter()
        .map(|(name, parent, child)| {
            fixed("task_rel_type", name, &[("name", name), ("parent_descriptor", parent), ("child_descriptor", child)])
        })
        .collect();
    fill(store, "task_rel_type", relations);
    let items = [
        ("Standard Laptop", "A laptop with the usual software", "900"),
        ("Development Laptop", "A laptop with a lot of memory", "1900"),
    ]
    .iter()
    .map(|(name, text, price)| {
        fixed("sc_cat_item", name, &[("name", name), ("short_description", text), ("price", price), ("active", "true")])
    })
    .collect();
    fill(store, "sc_cat_item", items);
    let producers = vec![fixed(
        "sc_cat_item_producer",
        "Report an issue",
        &[
            ("name", "Report an issue"),
            ("short_description", "Creates an incident"),
            ("table_name", "incident"),
            ("active", "true"),
        ],
    )];
    fill(store, "sc_cat_item_producer", producers);
    let models = ["Normal", "Standard", "Emergency"]
        .iter()
        .map(|name| fixed("chg_model", name, &[("name", name), ("active", "true")]))
        .collect();
    fill(store, "chg_model", models);
}

/// A row that came with the installation.
fn fixed(table: &'static str, key: &str, values: &[(&str, &str)]) -> Row {
    let mut editor = row_of(Schema::get().known(table), values);
    stamp(&mut editor, &stable_id(table, key), INSTALLER, INSTALLED, INSTALLED, 0);
    editor.pack()
}

fn tables_and_columns(store: &mut Store) {
    let schema = Schema::get();
    let mut objects = Vec::new();
    let mut entries = Vec::new();
    for table in schema.tables() {
        let parent = table.parent.map(|parent| stable_id("sys_db_object", schema.table(parent).name()));
        objects.push(fixed(
            "sys_db_object",
            table.name(),
            &[
                ("name", table.name()),
                ("label", table.spec.label),
                ("super_class", parent.as_deref().unwrap_or_default()),
                ("is_extendable", "true"),
                ("ws_access", "true"),
            ],
        ));
        // wire §3.6: the entry without an element is the table itself.
        entries.push(fixed(
            "sys_dictionary",
            table.name(),
            &[("name", table.name()), ("internal_type", "collection"), ("active", "true")],
        ));
        for (column, owner) in table.columns.iter().zip(&table.owners) {
            // An inherited column is described once, at the table that declares it.
            if *owner != table.id {
                continue;
            }
            let flag = |value: bool| if value { "true" } else { "false" };
            let is_display = table.columns.get(table.display).is_some_and(|shown| shown.name == column.name);
            entries.push(fixed(
                "sys_dictionary",
                &format!("{}.{}", table.name(), column.name),
                &[
                    ("name", table.name()),
                    ("element", column.name),
                    ("column_label", column.label),
                    ("internal_type", column.kind.internal_type()),
                    ("reference", column.reference.unwrap_or_default()),
                    ("mandatory", flag(column.mandatory)),
                    ("read_only", flag(column.read_only)),
                    ("max_length", &column.max_length.to_string()),
                    // 3 is a drop-down without None, 0 no list (U).
                    ("choice", if column.choice { "3" } else { "0" }),
                    ("dependent", column.dependent),
                    ("default_value", column.default),
                    ("active", "true"),
                    ("display", flag(is_display)),
                    ("array", "false"),
                    ("virtual", "false"),
                ],
            ));
        }
    }
    store.rows_mut(schema.known("sys_db_object")).fill(objects);
    store.rows_mut(schema.known("sys_dictionary")).fill(entries);
    const TYPES: &[(Kind, &str)] = &[
        (Kind::Text, "String"),
        (Kind::Integer, "Integer"),
        (Kind::Decimal, "Decimal"),
        (Kind::Boolean, "True/False"),
        (Kind::DateTime, "Date/Time"),
        (Kind::Duration, "Duration"),
        (Kind::Reference, "Reference"),
        (Kind::List, "List"),
        (Kind::Journal, "Journal Input"),
        (Kind::JournalList, "Journal List"),
        (Kind::Class, "System Class Name"),
        (Kind::Guid, "Sys ID (GUID)"),
        (Kind::Email, "Email"),
        (Kind::Url, "URL"),
        (Kind::Domain, "Domain ID"),
    ];
    // wire §3.6: `internal_type` is a reference whose value is the type's name, not a hash.
    let types = TYPES.iter().map(|(kind, label)| (kind.internal_type(), *label));
    let types = types
        .chain([("collection", "Collection")])
        .map(|(name, label)| {
            let mut editor = row_of(schema.known("sys_glide_object"), &[("name", name), ("label", label)]);
            stamp(&mut editor, name, INSTALLER, INSTALLED, INSTALLED, 0);
            editor.pack()
        })
        .collect();
    store.rows_mut(schema.known("sys_glide_object")).fill(types);
}

fn choices(store: &mut Store) {
    let mut rows = Vec::new();
    for list in CHOICES {
        for (sequence, (value, label)) in list.choices.iter().enumerate() {
            rows.push(choice(list.table, list.element, value, label, list.dependent, sequence).pack());
        }
    }
    let table = Schema::get().known("sys_choice");
    store.rows_mut(table).fill(rows);
}

/// A row of `sys_choice`.
pub(super) fn choice(
    table: &str,
    element: &str,
    value: &str,
    label: &str,
    dependent: &str,
    sequence: usize,
) -> RowEditor {
    let class = Schema::get().known("sys_choice");
    let mut editor = row_of(
        class,
        &[
            ("name", table),
            ("element", element),
            ("value", value),
            ("label", label),
            ("sequence", &sequence.to_string()),
            ("inactive", "false"),
            ("language", "en"),
            ("dependent_value", dependent),
        ],
    );
    let key = format!("{table}.{element}.{dependent}.{value}");
    stamp(&mut editor, &stable_id("sys_choice", &key), INSTALLER, INSTALLED, INSTALLED, 0);
    debug_assert!(!editor.get(system::SYS_ID).is_empty());
    editor
}
