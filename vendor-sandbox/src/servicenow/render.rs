//! Rows as JSON, straight from the store into one buffer: wire §1.3, §1.4.

use std::cell::RefCell;
use std::collections::HashMap;

use super::acl::Acl;
use super::choices::ChoiceIndex;
use super::journal;
use super::params::DisplayValue;
use super::query::{Compiler, parse_time};
use super::schema::{ColumnId, Kind, Schema, TableId};
use super::session::Session;
use super::store::{Row, Store};

/// One key of the answer.
#[derive(Debug)]
struct Field {
    /// `"name":`, ready to be written.
    key: Vec<u8>,
    steps: Vec<(ColumnId, TableId)>,
    column: ColumnId,
    kind: Kind,
    target: Option<TableId>,
    name: &'static str,
    has_choices: bool,
}

/// Writes rows of one table for one request.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    store: &'a Store,
    choices: &'a ChoiceIndex,
    session: &'a Session,
    fields: Vec<Field>,
    display: DisplayValue,
    links: bool,
    /// `https://host`, without a slash at the end.
    base: &'a str,
    surplus: Option<&'a str>,
    shown: RefCell<HashMap<(TableId, &'a str), &'a str>>,
}

/// What decides the shape of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) display: DisplayValue,
    /// `false` for `sysparm_exclude_reference_link=true`.
    pub(crate) links: bool,
    pub(crate) base: &'a str,
    /// A column that the fault `unknown_column` adds.
    pub(crate) surplus: Option<&'a str>,
}

impl<'a> Renderer<'a> {
    /// `fields`: `None` for every column. Names that do not exist or may not be read are dropped
    /// silently (D: c_TableAPI).
    pub(crate) fn new(compiler: Compiler<'a>, table: TableId, fields: Option<&[&str]>, shape: Shape<'a>) -> Self {
        let Compiler { store, choices, acl, session, .. } = compiler;
        let fields = match fields {
            Some(names) => names.iter().filter_map(|name| Self::field(&compiler, table, name)).collect(),
            None => Self::all_fields(acl, session, table),
        };
        Self {
            store,
            choices,
            session,
            fields,
            display: shape.display,
            links: shape.links,
            base: shape.base,
            surplus: shape.surplus,
            shown: RefCell::default(),
        }
    }

    fn all_fields(acl: &Acl, session: &Session, table: TableId) -> Vec<Field> {
        let definition = Schema::get().table(table);
        definition
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !acl.denies_field(session, table, column.name))
            .map(|(index, column)| Field {
                key: key(column.name),
                steps: Vec::new(),
                column: index,
                kind: column.kind,
                target: column.reference.map(|target| Schema::get().known(target)),
                name: column.name,
                has_choices: column.choice,
            })
            .collect()
    }

    fn field(compiler: &Compiler<'_>, table: TableId, name: &str) -> Option<Field> {
        let path = compiler.path(table, name)?;
        let owner = path.steps.last().map_or(table, |(_, target)| *target);
        let column = &Schema::get().table(owner).columns[path.column];
        Some(Field {
            key: key(name),
            steps: path.steps,
            column: path.column,
            kind: path.kind,
            target: path.target,
            name: column.name,
            has_choices: column.choice,
        })
    }

    /// Writes one row as an object.
    pub(crate) fn row(&self, out: &mut Vec<u8>, class: TableId, row: &'a Row) {
        out.push(b'{');
        for (position, field) in self.fields.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&field.key);
            let mut at = Some((class, row));
            for (column, target) in &field.steps {
                at = at
                    .and_then(|(_, row)| self.store.find(*target, row.get(*column)))
                    .map(|found| (found.class, found.row));
            }
            let (class, value, id) = match at {
                Some((class, row)) => (class, row.get(field.column), row.get(0)),
                None => (class, "", ""),
            };
            self.value(out, field, class, id, value);
        }
        if let Some(name) = self.surplus {
            let comma = if self.fields.is_empty() { "" } else { "," };
            out.extend_from_slice(comma.as_bytes());
            out.extend_from_slice(&key(name));
            match self.display {
                DisplayValue::All => out.extend_from_slice(b"{\"display_value\":\"New\",\"value\":\"new\"}"),
                DisplayValue::True => out.extend_from_slice(b"\"New\""),
                DisplayValue::False => out.extend_from_slice(b"\"new\""),
            }
        }
        out.push(b'}');
    }

    fn value(&self, out: &mut Vec<u8>, field: &Field, class: TableId, id: &'a str, value: &'a str) {
        let target = match field.kind {
            Kind::Reference => field.target,
            // D: Table API examples show the domain as a reference into sys_user_group.
            Kind::Domain => Schema::get().find("sys_user_group").map(|table| table.id),
            _ => None,
        };
        let link = target.filter(|_| self.links && !value.is_empty());
        match (self.display, link) {
            (DisplayValue::False, None) => string(out, value),
            (DisplayValue::False, Some(target)) => {
                out.push(b'{');
                self.link(out, target, value);
                out.extend_from_slice(b",\"value\":");
                string(out, value);
                out.push(b'}');
            }
            // wire §1.4: with true, the link is there and the value is not.
            (DisplayValue::True, None) => self.shown(out, field, class, id, value),
            (DisplayValue::True, Some(target)) => {
                out.extend_from_slice(b"{\"display_value\":");
                self.shown(out, field, class, id, value);
                out.push(b',');
                self.link(out, target, value);
                out.push(b'}');
            }
            (DisplayValue::All, link) => {
                out.extend_from_slice(b"{\"display_value\":");
                self.shown(out, field, class, id, value);
                if let Some(target) = link {
                    out.push(b',');
                    self.link(out, target, value);
                }
                out.extend_from_slice(b",\"value\":");
                string(out, value);
                out.push(b'}');
            }
        }
    }

    fn link(&self, out: &mut Vec<u8>, target: TableId, value: &str) {
        out.extend_from_slice(b"\"link\":\"");
        escape(out, self.base);
        out.extend_from_slice(b"/api/now/table/");
        escape(out, Schema::get().table(target).name());
        out.push(b'/');
        escape(out, value);
        out.push(b'"');
    }

    /// The display value of a field.
    fn shown(&self, out: &mut Vec<u8>, field: &Field, class: TableId, id: &'a str, value: &'a str) {
        match field.kind {
            Kind::Journal | Kind::JournalList => string(out, &self.journal(field, id)),
            _ if field.name == "sys_tags" => string(out, &super::tags::of(self.store, id).join(", ")),
            _ if value.is_empty() => string(out, ""),
            Kind::Reference => match field.target {
                Some(target) => string(out, self.reference(target, value)),
                None => string(out, value),
            },
            Kind::List => {
                let names: Vec<&str> = value
                    .split(',')
                    .map(|item| match field.target {
                        Some(target) => match self.reference(target, item) {
                            "" => item,
                            name => name,
                        },
                        None => item,
                    })
                    .collect();
                string(out, &names.join(", "));
            }
            Kind::DateTime => string(out, &self.session.show_time(value)),
            Kind::Duration => string(out, &show_duration(value)),
            Kind::Class => {
                let label = Schema::get().find(value).map_or(value, |table| table.spec.label);
                string(out, label);
            }
            _ if field.has_choices => string(out, self.choices.label(class, field.column, value)),
            _ => string(out, value),
        }
    }

    fn reference(&self, target: TableId, value: &'a str) -> &'a str {
        let mut shown = self.shown.borrow_mut();
        shown.entry((target, value)).or_insert_with(|| self.store.display(target, value))
    }

    fn journal(&self, field: &Field, id: &str) -> String {
        let element = (field.kind == Kind::Journal).then_some(field.name);
        journal::show(self.store, self.session, id, element)
    }
}

fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 3);
    string(&mut key, name);
    key.push(b':');
    key
}

/// `1970-01-01 00:02:17` is two minutes and seventeen seconds (wire §1.3).
fn show_duration(value: &str) -> String {
    let Some(end) = parse_time(value) else {
        return value.to_owned();
    };
    let seconds = end.and_utc().timestamp();
    let parts = [
        (seconds / 86400, "Day"),
        (seconds / 3600 % 24, "Hour"),
        (seconds / 60 % 60, "Minute"),
        (seconds % 60, "Second"),
    ];
    let shown: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    shown.join(" ")
}

/// Writes a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(out, text);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[plain..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_valid_json() {
        let all: String = (0..0x300).filter_map(char::from_u32).collect();
        let mut out = Vec::new();
        string(&mut out, &all);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), all);
    }

    #[test]
    fn durations_read_as_words() {
        assert_eq!(show_duration("1970-01-01 00:02:17"), "2 Minutes 17 Seconds");
        assert_eq!(show_duration("1970-01-02 01:00:00"), "1 Day 1 Hour");
    }
}
