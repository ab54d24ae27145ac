//! The body of one write, gathered from what the caller named and checked against a screen.

use serde_json::{Map, Value, json};
use ticketing_core::model::{Due, FieldData};
use ticketing_core::request::SetPatch;
use ticketing_core::{Error, ErrorKind, FieldId, PrioritySelector, Result};

use super::encode::{chosen, encode};
use super::meta::{FieldMeta, Screen};
use crate::catalogue::Columns;
use crate::connection::{Connection, unknown_field};

/// Characters of a summary.
const TITLE_CHARS: usize = 255;

/// `fields` and `update` of a body: a field stands in one of them (wire A4.1).
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) fields: Map<String, Value>,
    pub(crate) update: Map<String, Value>,
}

impl Draft {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.update.is_empty()
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        if !self.fields.is_empty() {
            body.insert("fields".to_owned(), Value::Object(self.fields.clone()));
        }
        if !self.update.is_empty() {
            body.insert("update".to_owned(), Value::Object(self.update.clone()));
        }
        Value::Object(body)
    }

    pub(crate) fn set(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    /// The title: one line, not empty, not too long.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `title`.
    pub(crate) fn title(&mut self, title: &str) -> Result<()> {
        if title.trim().is_empty() {
            return Err(Error::invalid("title", "the title is empty").with_hint("give the ticket a title"));
        }
        if title.contains(['\n', '\r']) {
            return Err(Error::invalid("title", "the title has several lines")
                .with_hint("give one line, and put the rest into the description"));
        }
        let length = title.chars().count();
        if length > TITLE_CHARS {
            return Err(Error::invalid(
                "title",
                format!("the title has {length} characters, and {TITLE_CHARS} are allowed"),
            )
            .with_hint("shorten it, and put the rest into the description"));
        }
        self.set("summary", json!(title));
        Ok(())
    }

    /// The product's own id, in the field that holds it.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `external_id`, where it is none: an empty text would clear the field.
    pub(crate) fn external_id(&mut self, field: &str, id: &str) -> Result<()> {
        if id.trim().is_empty() {
            return Err(Error::invalid("external_id", "it is empty").with_hint("give an id, or none"));
        }
        self.set(field, json!(id));
        Ok(())
    }

    /// The day that it is due.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `due`, where it is a moment.
    pub(crate) fn due(&mut self, due: Due) -> Result<()> {
        match due {
            Due::Date(day) => self.set("duedate", json!(day.to_string())),
            Due::At(_) => {
                return Err(Error::invalid("due", "Jira keeps days here, and this is a moment").with_hint("give a day"));
            }
        }
        Ok(())
    }

    /// The labels: added and removed one by one, so that nobody else's are lost (wire A4.1).
    ///
    /// # Errors
    /// `InvalidRequest`, naming `tags`.
    pub(crate) fn tags(&mut self, patch: &SetPatch<String>) -> Result<()> {
        check_tags(match patch {
            SetPatch::Change { add, .. } => add,
            SetPatch::Replace(all) => all,
        })?;
        match patch {
            SetPatch::Replace(all) => self.set("labels", json!(all)),
            SetPatch::Change { add, remove } => {
                // What cannot be a label is on no issue.
                let gone = remove.iter().filter(|tag| is_label(tag) && !add.contains(tag));
                let operations: Vec<Value> = gone
                    .map(|tag| json!({ "remove": tag }))
                    .chain(add.iter().map(|tag| json!({ "add": tag })))
                    .collect();
                if !operations.is_empty() {
                    self.update.insert("labels".to_owned(), Value::Array(operations));
                }
            }
        }
        Ok(())
    }

    /// The priority.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `priority`, where there is none such.
    pub(crate) async fn priority(
        &mut self,
        connection: &Connection,
        screen: &Screen,
        wanted: &PrioritySelector,
    ) -> Result<()> {
        let listed = connection.catalogue.priorities().await?;
        let all: Vec<Value> = listed.iter().map(|own| json!({ "id": own.id, "name": own.name })).collect();
        let allowed = screen.get("priority").and_then(|meta| meta.allowed_values.as_ref()).unwrap_or(&all);
        let value = match wanted {
            PrioritySelector::Native(native) => chosen("priority", "Priority", Some(allowed), native)?,
            PrioritySelector::Level(level) => {
                let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
                let stands = |value: &&Value| {
                    let (id, name) = (text(value, "id"), text(value, "name"));
                    connection.mapping.priority(&id, Some(&name)) == *level
                };
                let found = allowed.iter().find(stands).ok_or_else(|| {
                    let told: Vec<String> = allowed.iter().map(|value| text(value, "name")).collect();
                    Error::invalid("priority", format!("no priority stands for `{level}`"))
                        .with_hint(format!("there are: {}; or map one in the connection's `mapping`", told.join(", ")))
                })?;
                json!({ "id": found["id"] })
            }
            other => return Err(Error::invalid("priority", format!("the selector `{other}` is not known here"))),
        };
        self.set("priority", value);
        Ok(())
    }

    /// Catalogue fields, each known, on the screen and of its type.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the field.
    pub(crate) async fn fields(
        &mut self,
        connection: &Connection,
        screen: &Screen,
        fields: &[(&FieldId, &FieldData)],
    ) -> Result<()> {
        let columns = connection.catalogue.columns().await?;
        for (id, data) in fields {
            let meta = writable(&columns, screen, id.as_str())?;
            let Some(column) = columns.get(id.as_str()) else { continue };
            let value = encode(connection, column, meta, data).await?;
            self.set(id.as_str(), value);
        }
        Ok(())
    }
}

/// What a screen says of a catalogue field.
///
/// # Errors
/// `InvalidRequest`, naming the field, where there is none such, it has a key of its own, or it is not on the screen.
pub(crate) fn writable<'s>(columns: &Columns, screen: &'s Screen, id: &str) -> Result<&'s FieldMeta> {
    let place = format!("fields.{id}");
    let Some(column) = columns.get(id) else { return Err(unknown_field(&place, id)) };
    if let Some(core) = column.core {
        return Err(Error::invalid(place, format!("`{id}` is the ticket's `{core}`"))
            .with_hint(format!("write it as `{core}`, or leave it out")));
    }
    screen.get(id).ok_or_else(|| {
        Error::invalid(place, format!("`{}` is not on the screen, or not this user's to set", column.name))
            .with_hint("leave it out, or have the project's administrator put it on the screen")
    })
}

/// The id of the custom field that holds a core key.
///
/// # Errors
/// `Unsupported`, naming the key, where none is configured.
pub(crate) async fn held(connection: &Connection, key: &'static str) -> Result<String> {
    let columns = connection.catalogue.columns().await?;
    match columns.held(key) {
        Some(column) => Ok(column.id.to_string()),
        None if key == "account" => {
            Err(Error::new(ErrorKind::Unsupported, "the site has no organisations").with_field(key))
        }
        None => Err(not_held(key)),
    }
}

/// Refuses a core key that the connection has no field for, before anything is sent.
pub(crate) fn not_held(key: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("Jira has no field for `{key}`"))
        .with_field(key)
        .with_hint(format!("name the custom field that holds it as `mapping.fields.{key}`"))
}

/// A label: something, without blanks (wire A4.1).
fn is_label(tag: &str) -> bool {
    !tag.is_empty() && tag.chars().count() <= 255 && !tag.contains(char::is_whitespace)
}

/// Refuses tags that cannot be labels.
pub(crate) fn check_tags(tags: &[String]) -> Result<()> {
    match tags.iter().find(|tag| !is_label(tag)) {
        None => Ok(()),
        Some(tag) => {
            Err(Error::invalid("tags", format!("`{}` is no label: labels have no blanks", tag.escape_debug()))
                .with_hint("write `_` or `-` instead"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_added_and_removed_and_never_replaced_by_accident() {
        let mut draft = Draft::default();
        let change = SetPatch::Change {
            add: vec!["a".to_owned()],
            remove: vec!["b".to_owned(), "a".to_owned(), "c d".to_owned()],
        };
        draft.tags(&change).unwrap();
        assert_eq!(draft.body(), json!({ "update": { "labels": [{ "remove": "b" }, { "add": "a" }] } }));
        let mut draft = Draft::default();
        draft.tags(&SetPatch::replace(["x".to_owned()])).unwrap();
        assert_eq!(draft.body(), json!({ "fields": { "labels": ["x"] } }));
        assert_eq!(draft.tags(&SetPatch::add(["a b".to_owned()])).unwrap_err().field(), Some("tags"));
    }

    #[test]
    fn titles_are_one_line() {
        let mut draft = Draft::default();
        for title in ["", " ", "a\nb", &"x".repeat(256)] {
            assert_eq!(draft.title(title).unwrap_err().field(), Some("title"));
        }
        assert!(draft.title(&"é".repeat(255)).is_ok());
    }
}
