//! Inserting, updating and deleting records with everything the platform does around it: ACLs,
//! defaults, choice checks, policies, system fields, journals, audit (wire §1, §3).

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Map, Value};

use super::answer::ApiError;
use super::journal;
use super::policies;
use super::properties;
use super::query::time_text;
use super::schema::{ColumnId, Kind, Schema, TableId, system};
use super::session::Session;
use super::store::{RowEditor, Slot};
use super::webhooks::{Event, Operation};
use super::world::World;

/// Options of a write: wire §1.2.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WriteOptions {
    /// Values are display values; times are in the user's zone.
    pub(crate) input_display_value: bool,
    /// The caller may set `sys_created_on` and its like.
    pub(crate) keep_system_fields: bool,
}

/// Writes on behalf of a session at a moment.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) session: &'a Session,
    pub(crate) now: DateTime<Utc>,
    pub(crate) options: WriteOptions,
}

/// Values as sent, in order.
pub(crate) type Values = Map<String, Value>;

/// What a body asks for, sorted out.
#[derive(Debug, Default)]
struct Input {
    /// Journal texts, by element.
    journals: Vec<(&'static str, String)>,
    sys_id: Option<String>,
}

/// JSON values as the text that is stored; `None` leaves the field alone.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(text_of).collect();
            Some(items.join(","))
        }
        Value::Object(pair) => pair.get("value").or_else(|| pair.get("display_value")).and_then(text_of),
    }
}

impl Writer<'_> {
    /// Inserts a record and gives its place.
    pub(crate) fn insert(&mut self, table: TableId, values: &Values) -> Result<(TableId, Slot), ApiError> {
        if !self.world.acl.may_write(self.session, table) {
            return Err(ApiError::write_acl("Insert"));
        }
        let definition = Schema::get().table(table);
        let mut editor = RowEditor::default();
        for (index, column) in definition.columns.iter().enumerate() {
            let default = policies::default_value(definition.name(), column);
            editor.set(index, default);
        }
        if let Some(class) = definition.class {
            editor.set(class, definition.name());
        }
        let input = self.assign(table, &mut editor, values);
        let id = match input.sys_id {
            Some(id) if self.world.store.find(table, &id).is_some() => {
                return Err(ApiError::new(
                    StatusCode::FORBIDDEN,
                    "Operation Failed",
                    Some(format!("Error during insert of {} ({id})", definition.name())),
                ));
            }
            Some(id) => id,
            None => self.world.new_id(),
        };
        policies::before_write(self, table, None, &mut editor)?;
        if let Some(number) = definition.number
            && editor.get(number).is_empty()
            && let Some(next) = self.world.new_number(table)
        {
            editor.set(number, next);
        }
        let now = time_text(self.now);
        let given = |column: ColumnId, value: &str, editor: &mut RowEditor| {
            if editor.get(column).is_empty() {
                editor.set(column, value);
            }
        };
        editor.set(system::SYS_ID, id.as_str());
        given(system::CREATED_ON, &now, &mut editor);
        given(system::UPDATED_ON, &now, &mut editor);
        given(system::CREATED_BY, &self.session.user_name, &mut editor);
        given(system::UPDATED_BY, &self.session.user_name, &mut editor);
        if !self.options.keep_system_fields {
            editor.set(system::MOD_COUNT, "0");
        }
        let slot = self.world.store.insert(table, &editor);
        self.write_journals(table, &id, input.journals);
        self.after(table, &id, Operation::Insert, Vec::new());
        Ok((table, slot))
    }

    /// Changes the given fields of a record; PUT and PATCH alike (wire §1.1).
    pub(crate) fn update(&mut self, class: TableId, slot: Slot, values: &Values) -> Result<(), ApiError> {
        if !self.world.acl.may_write(self.session, class) {
            return Err(ApiError::write_acl("Update"));
        }
        let Some(row) = self.world.store.rows(class).row(slot) else {
            return Err(ApiError::no_record());
        };
        let before = row.edit();
        let mut editor = before.clone();
        let input = self.assign(class, &mut editor, values);
        policies::before_write(self, class, Some(&before), &mut editor)?;
        let changed = changed_columns(class, &before, &editor);
        if changed.is_empty() && input.journals.is_empty() {
            // Nothing to save: the platform does not touch the record either.
            return Ok(());
        }
        if !self.options.keep_system_fields {
            editor.set(system::UPDATED_ON, time_text(self.now));
            editor.set(system::UPDATED_BY, self.session.user_name.as_str());
        }
        let mods = before.get(system::MOD_COUNT).parse::<u64>().unwrap_or(0) + 1;
        editor.set(system::MOD_COUNT, mods.to_string());
        let id = editor.get(system::SYS_ID).to_owned();
        self.world.store.replace(class, slot, &editor);
        super::audit::changes(self, class, &id, &before, &editor, &changed);
        self.write_journals(class, &id, input.journals);
        let names = changed.iter().map(|column| Schema::get().table(class).columns[*column].name).collect();
        self.after(class, &id, Operation::Update, names);
        Ok(())
    }

    /// Deletes a record, its attachments and its tags.
    pub(crate) fn delete(&mut self, class: TableId, slot: Slot) -> Result<(), ApiError> {
        if !self.world.acl.may_write(self.session, class) {
            return Err(ApiError::write_acl("Delete"));
        }
        let Some(row) = self.world.store.remove(class, slot) else {
            return Err(ApiError::no_record());
        };
        super::audit::deletion(self, class, &row);
        let id = row.get(system::SYS_ID).to_owned();
        let schema = Schema::get();
        for (table, column) in [("sys_attachment", "table_sys_id"), ("label_entry", "table_key")] {
            let table = schema.known(table);
            let orphans: Vec<_> = self
                .world
                .store
                .lookup_all(table, column, &id)
                .iter()
                .map(|found| (found.slot, found.row.get(system::SYS_ID).to_owned()))
                .collect();
            for (slot, orphan) in orphans {
                self.world.store.remove(table, slot);
                self.world.contents.remove(&orphan);
                self.world.attributes.remove(&orphan);
            }
        }
        self.world.contents.remove(&id);
        self.after(class, &id, Operation::Delete, Vec::new());
        Ok(())
    }

    /// Puts the values of a body into an editor. Unknown fields and fields that the session may
    /// not see are ignored, read-only ones too.
    fn assign(&mut self, table: TableId, editor: &mut RowEditor, values: &Values) -> Input {
        let definition = Schema::get().table(table);
        let mut input = Input::default();
        for (name, value) in values {
            let (Some(column), Some(text)) = (definition.column(name), text_of(value)) else {
                continue;
            };
            let settings = &definition.columns[column];
            if self.world.acl.denies_field(self.session, table, name) {
                continue;
            }
            if column < system::COUNT {
                if column == system::SYS_ID {
                    // S:pysnc inserts an id of its own choice.
                    input.sys_id = Some(text).filter(|id| !id.is_empty() && id.len() <= 32);
                } else if self.may_set_system_fields() {
                    editor.set(column, text);
                }
                continue;
            }
            if settings.kind == Kind::Journal {
                if !text.trim().is_empty() {
                    input.journals.push((settings.name, text));
                }
                continue;
            }
            // A user's name is computed, but may be given as a whole (U).
            if settings.read_only && settings.name != "name" {
                continue;
            }
            if let Some(stored) = self.stored(table, column, text) {
                editor.set(column, stored);
            }
        }
        input
    }

    fn may_set_system_fields(&self) -> bool {
        self.options.keep_system_fields
            && (self.session.is_admin()
                || !properties::is_true(&self.world.store, "glide.rest.table_api.admin_only_sys_fields"))
    }

    /// What is stored for a value; `None` when it is refused silently.
    fn stored(&self, table: TableId, column: ColumnId, text: String) -> Option<String> {
        let settings = &Schema::get().table(table).columns[column];
        if text.is_empty() {
            // D: c_RESTAPI: an empty string clears, "except for choice fields": those with a
            // default keep their value.
            return (!settings.choice || settings.default.is_empty()).then_some(text);
        }
        let display = self.options.input_display_value;
        let choices = &self.world.choices;
        match settings.kind {
            Kind::Boolean => match text.as_str() {
                "true" | "1" | "True" => Some("true".to_owned()),
                "false" | "0" | "False" => Some("false".to_owned()),
                _ => None,
            },
            Kind::DateTime if display => self.session.read_time(&text).map(time_text),
            Kind::DateTime => super::query::parse_time(&text).map(|time| time_text(time.and_utc())),
            Kind::Reference if display => {
                let target = Schema::get().known(settings.reference?);
                if self.world.store.find(target, &text).is_some() {
                    return Some(text);
                }
                let shown = Schema::get().table(target);
                let name = shown.columns.get(shown.display)?.name;
                let found = self.world.store.lookup(target, name, &text)?;
                Some(found.row.get(system::SYS_ID).to_owned())
            }
            _ if settings.choice => {
                let value = match choices.value(table, column, &text) {
                    Some(value) if display => value.to_owned(),
                    _ => text,
                };
                // wire §1.3: values outside the list are not stored.
                let allowed = choices.allows(table, column, &value)
                    || properties::is_true(&self.world.store, "glide.rest.choice.allow_non_existing_value");
                allowed.then_some(value)
            }
            Kind::Integer => text.trim().parse::<i64>().ok().map(|value| value.to_string()),
            _ => Some(text),
        }
    }

    fn write_journals(&mut self, class: TableId, id: &str, journals: Vec<(&'static str, String)>) {
        let at = time_text(self.now);
        let entries = Schema::get().known("sys_journal_field");
        let table = Schema::get().table(class).name();
        for (element, text) in journals {
            let entry_id = self.world.new_id();
            let entry = journal::entry(&entry_id, table, id, element, &text, &self.session.user_name, &at);
            self.world.store.insert(entries, &entry);
        }
    }

    fn after(&mut self, class: TableId, id: &str, operation: Operation, fields: Vec<&'static str>) {
        let table = Schema::get().table(class);
        if table.name() == "sys_choice" {
            self.world.refresh_choices();
        }
        self.world.events.push(Event {
            table: table.name(),
            sys_id: id.to_owned(),
            operation,
            fields,
            by: self.session.user_name.clone(),
            at: time_text(self.now),
        });
    }
}

/// Columns whose values differ, system columns aside.
fn changed_columns(class: TableId, before: &RowEditor, after: &RowEditor) -> Vec<ColumnId> {
    let count = Schema::get().table(class).columns.len();
    (system::COUNT..count).filter(|column| before.get(*column) != after.get(*column)).collect()
}
