//! Who and what the log mentions: users, groups, places, choices, and the sandbox's two logins.

use std::collections::BTreeSet;

use super::reader::{EventLog, column, digits};
use crate::random::stable_id;
use crate::servicenow::metadata;
use crate::servicenow::schema::{Schema, TableId};
use crate::servicenow::store::{RowEditor, row_of, stamp};
use crate::servicenow::world::World;

/// Columns whose numbers name users.
const PEOPLE: &[usize] =
    &[column::CALLER, column::OPENED_BY, column::CREATED_BY, column::UPDATED_BY, column::ASSIGNEE, column::RESOLVED_BY];

/// Users, groups, places and choices that occur anywhere in the log, and the sandbox's two logins.
pub(super) fn people_and_choices(world: &mut World, log: &EventLog) {
    let mut users = BTreeSet::new();
    let mut groups = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for index in 0..log.rows.len() {
        let Some(row) = log.row(index) else {
            continue;
        };
        users.extend(PEOPLE.iter().map(|column| digits(row.get(*column))));
        groups.insert(digits(row.get(column::GROUP)));
        for (column, element, label) in LISTS {
            listed.insert((*element, *label, row.get(*column)));
        }
    }
    let at = metadata::INSTALLED;
    let users_table = Schema::get().known("sys_user");
    for (key, name, role) in [("admin", "System Administrator", "admin"), ("itil", "ITIL User", "itil")] {
        let mut editor = user(users_table, key, name);
        if let Some(column) = Schema::get().table(users_table).column("roles") {
            editor.set(column, role);
        }
        stamp(&mut editor, &stable_id("sys_user", key), "system", at, at, 0);
        world.store.insert(users_table, &editor);
    }
    for number in users.into_iter().filter(|number| !number.is_empty()) {
        let key = format!("user.{number}");
        let mut editor = user(users_table, &key, &format!("User {number}"));
        stamp(&mut editor, &stable_id("sys_user", &key), "system", at, at, 0);
        world.store.insert(users_table, &editor);
    }
    let groups_table = Schema::get().known("sys_user_group");
    for number in groups.into_iter().filter(|number| !number.is_empty()) {
        let name = format!("Group {number}");
        let mut editor = row_of(groups_table, &[("name", &name), ("active", "true")]);
        stamp(&mut editor, &stable_id("sys_user_group", &name), "system", at, at, 0);
        world.store.insert(groups_table, &editor);
    }
    for (sequence, (element, label, value)) in listed.into_iter().enumerate() {
        if value.is_empty() {
            continue;
        }
        let label = format!("{label}{value}");
        // Places and configuration items are rows; their value in the log is their id.
        let target = match element {
            "location" => Schema::get().known("cmn_location"),
            "cmdb_ci" => Schema::get().known("cmdb_ci"),
            _ => {
                let choice = metadata::choice("incident", element, value, &label, "", sequence);
                world.store.insert(Schema::get().known("sys_choice"), &choice);
                continue;
            }
        };
        let mut editor = row_of(target, &[("name", &label)]);
        stamp(&mut editor, value, "system", at, at, 0);
        world.store.insert(target, &editor);
    }
    world.refresh_choices();
}

/// Columns whose values get a label: field, and what stands before the value.
const LISTS: &[(usize, &str, &str)] = &[
    (14, "contact_type", ""),
    (15, "location", "Location "),
    (column::CATEGORY, "category", "Category "),
    (column::SUBCATEGORY, "subcategory", "Subcategory "),
    (column::SYMPTOM, "u_symptom", "Symptom "),
    (19, "cmdb_ci", ""),
    (27, "notify", ""),
    (column::CLOSE_CODE, "close_code", "Code "),
];

fn user(class: TableId, key: &str, name: &str) -> RowEditor {
    row_of(
        class,
        &[
            ("user_name", key),
            ("name", name),
            ("email", &format!("{key}@example.com")),
            ("active", "true"),
            ("locked_out", "false"),
        ],
    )
}
