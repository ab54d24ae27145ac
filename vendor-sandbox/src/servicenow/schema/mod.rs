//! Tables and columns of the emulated instance: `wire/servicenow.md` §3.
//!
//! The set is fixed: one [`Schema`] serves every sandbox of the process.

mod choices;
mod configuration;
mod people;
mod tickets;

use std::collections::HashMap;
use std::sync::OnceLock;

pub(crate) use choices::CHOICES;

/// How a column stores and shows its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    LongText,
    Integer,
    Decimal,
    Boolean,
    DateTime,
    /// Time span, stored as a date-time counted from 1970-01-01 (wire §1.3).
    Duration,
    Reference,
    /// Comma list of sys_ids, or of addresses.
    List,
    /// Write-only; entries live in `sys_journal_field` (wire §1.3).
    Journal,
    /// What the comments and work notes together show.
    JournalList,
    /// Name of the row's table.
    Class,
    Guid,
    Email,
    Url,
    Domain,
}

impl Kind {
    /// The name in `sys_dictionary.internal_type`.
    pub(crate) fn internal_type(self) -> &'static str {
        match self {
            Self::Text | Self::LongText => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::DateTime => "glide_date_time",
            Self::Duration => "glide_duration",
            Self::Reference => "reference",
            Self::List => "glide_list",
            Self::Journal => "journal_input",
            Self::JournalList => "journal_list",
            Self::Class => "sys_class_name",
            Self::Guid => "GUID",
            Self::Email => "email",
            Self::Url => "url",
            Self::Domain => "domain_id",
        }
    }

    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    pub(crate) fn is_journal(self) -> bool {
        matches!(self, Self::Journal | Self::JournalList)
    }
}

/// A column as written in the table lists below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) kind: Kind,
    /// The table that a reference or a list points to.
    pub(crate) reference: Option<&'static str>,
    pub(crate) max_length: u32,
    pub(crate) mandatory: bool,
    pub(crate) read_only: bool,
    /// Has a choice list; writing another value is not stored.
    pub(crate) choice: bool,
    pub(crate) default: &'static str,
    /// The column whose value the choices depend on.
    pub(crate) dependent: &'static str,
}

const fn column(name: &'static str, label: &'static str, kind: Kind) -> Column {
    let max_length = match kind {
        Kind::LongText | Kind::Journal | Kind::JournalList | Kind::List => 4000,
        Kind::Guid | Kind::Reference => 32,
        Kind::Text | Kind::Email => 255,
        Kind::Url => 1024,
        Kind::Class => 80,
        Kind::Integer | Kind::Decimal | Kind::Boolean | Kind::DateTime | Kind::Duration | Kind::Domain => 40,
    };
    Column {
        name,
        label,
        kind,
        reference: None,
        max_length,
        mandatory: false,
        read_only: false,
        choice: false,
        default: "",
        dependent: "",
    }
}

const fn text(name: &'static str, label: &'static str) -> Column {
    column(name, label, Kind::Text)
}

const fn integer(name: &'static str, label: &'static str) -> Column {
    column(name, label, Kind::Integer)
}

const fn boolean(name: &'static str, label: &'static str, default: &'static str) -> Column {
    column(name, label, Kind::Boolean).default(default)
}

const fn time(name: &'static str, label: &'static str) -> Column {
    column(name, label, Kind::DateTime)
}

const fn reference(name: &'static str, label: &'static str, table: &'static str) -> Column {
    let mut made = column(name, label, Kind::Reference);
    made.reference = Some(table);
    made
}

const fn list(name: &'static str, label: &'static str, table: &'static str) -> Column {
    let mut made = column(name, label, Kind::List);
    made.reference = Some(table);
    made
}

impl Column {
    const fn default(mut self, value: &'static str) -> Self {
        self.default = value;
        self
    }

    const fn choice(mut self) -> Self {
        self.choice = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    const fn mandatory(mut self) -> Self {
        self.mandatory = true;
        self
    }

    const fn depends_on(mut self, column: &'static str) -> Self {
        self.dependent = column;
        self
    }

    const fn length(mut self, max: u32) -> Self {
        self.max_length = max;
        self
    }
}

/// A table as written in the lists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableSpec {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) parent: Option<&'static str>,
    /// The column shown for references to this table.
    pub(crate) display: &'static str,
    /// Prefix of `number`, when the table numbers its rows.
    pub(crate) prefix: Option<&'static str>,
    /// Whether changes go to `sys_audit`, deletions to `sys_audit_delete`.
    pub(crate) audited: bool,
    pub(crate) columns: &'static [Column],
}

/// Index of a table in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TableId(pub(crate) u16);

/// Index of a column in its table; a child table starts with its parent's columns.
pub(crate) type ColumnId = usize;

/// Columns that every table has, at the same place.
pub(crate) mod system {
    use super::ColumnId;
    pub(crate) const SYS_ID: ColumnId = 0;
    pub(crate) const UPDATED_ON: ColumnId = 1;
    pub(crate) const CREATED_ON: ColumnId = 2;
    pub(crate) const CREATED_BY: ColumnId = 3;
    pub(crate) const UPDATED_BY: ColumnId = 4;
    pub(crate) const MOD_COUNT: ColumnId = 5;
    /// How many there are.
    pub(crate) const COUNT: ColumnId = 6;
}

const SYSTEM_COLUMNS: &[Column] = &[
    column("sys_id", "Sys ID", Kind::Guid).read_only(),
    time("sys_updated_on", "Updated").read_only(),
    time("sys_created_on", "Created").read_only(),
    text("sys_created_by", "Created by").read_only().length(40),
    text("sys_updated_by", "Updated by").read_only().length(40),
    integer("sys_mod_count", "Updates").read_only().default("0"),
];

/// A table with its inherited columns.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) id: TableId,
    pub(crate) spec: TableSpec,
    pub(crate) parent: Option<TableId>,
    /// Inherited columns first.
    pub(crate) columns: Vec<Column>,
    /// The table that declares each column.
    pub(crate) owners: Vec<TableId>,
    by_name: HashMap<&'static str, ColumnId>,
    pub(crate) display: ColumnId,
    pub(crate) number: Option<ColumnId>,
    pub(crate) class: Option<ColumnId>,
    /// This table and everything that extends it.
    pub(crate) family: Vec<TableId>,
}

impl Table {
    pub(crate) fn name(&self) -> &'static str {
        self.spec.name
    }

    pub(crate) fn column(&self, name: &str) -> Option<ColumnId> {
        self.by_name.get(name).copied()
    }
}

/// All tables.
#[derive(Debug)]
pub(crate) struct Schema {
    tables: Vec<Table>,
    by_name: HashMap<&'static str, TableId>,
}

impl Schema {
    /// The one schema of the process.
    pub(crate) fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::build(&[tickets::TABLES, people::TABLES, configuration::TABLES]))
    }

    /// Parents must come before their children.
    fn build(lists: &[&[TableSpec]]) -> Self {
        let mut schema = Self { tables: Vec::new(), by_name: HashMap::new() };
        for spec in lists.iter().copied().flatten() {
            schema.add(*spec);
        }
        schema
    }

    fn add(&mut self, spec: TableSpec) {
        let id = TableId(u16::try_from(self.tables.len()).unwrap_or(u16::MAX));
        let parent = spec.parent.and_then(|name| self.by_name.get(name).copied());
        let (mut columns, mut owners) = match parent {
            Some(parent) => {
                let parent = self.table(parent);
                (parent.columns.clone(), parent.owners.clone())
            }
            None => (SYSTEM_COLUMNS.to_vec(), vec![id; SYSTEM_COLUMNS.len()]),
        };
        columns.extend_from_slice(spec.columns);
        owners.resize(columns.len(), id);
        let by_name: HashMap<_, _> = columns.iter().enumerate().map(|(index, column)| (column.name, index)).collect();
        let display = by_name.get(spec.display).copied().unwrap_or(system::SYS_ID);
        let mut ancestor = parent;
        while let Some(above) = ancestor {
            let table = &mut self.tables[usize::from(above.0)];
            table.family.push(id);
            ancestor = table.parent;
        }
        self.by_name.insert(spec.name, id);
        self.tables.push(Table {
            id,
            spec,
            parent,
            number: by_name.get("number").copied(),
            class: by_name.get("sys_class_name").copied(),
            columns,
            owners,
            by_name,
            display,
            family: vec![id],
        });
    }

    pub(crate) fn table(&self, id: TableId) -> &Table {
        &self.tables[usize::from(id.0)]
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Table> {
        self.by_name.get(name).map(|id| self.table(*id))
    }

    /// The table of that name, which must be one of the lists above.
    pub(crate) fn known(&self, name: &'static str) -> TableId {
        // A misspelt constant falls on `task`; `every_constant_names_a_table` keeps that from happening.
        self.by_name.get(name).copied().unwrap_or(TableId(0))
    }

    /// The table itself, its parent, and so on up.
    pub(crate) fn lineage(&self, id: TableId) -> impl Iterator<Item = &Table> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let table = self.table(next?);
            next = table.parent;
            Some(table)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_start_with_their_parents_columns() {
        let schema = Schema::get();
        for table in schema.tables() {
            assert_eq!(table.spec.parent.is_some(), table.parent.is_some(), "{}", table.name());
            if let Some(parent) = table.parent {
                let inherited = &schema.table(parent).columns;
                for (own, above) in table.columns.iter().zip(inherited) {
                    assert_eq!(own.name, above.name);
                }
            }
        }
        let task = schema.find("task").unwrap();
        assert!(task.family.contains(&schema.find("incident").unwrap().id));
    }

    #[test]
    fn every_name_in_the_lists_resolves() {
        let schema = Schema::get();
        for table in schema.tables() {
            assert!(table.column(table.spec.display).is_some(), "{}", table.name());
            assert_eq!(table.by_name.len(), table.columns.len(), "{} repeats a column", table.name());
            for column in &table.columns {
                if let Some(target) = column.reference {
                    assert!(schema.find(target).is_some(), "{}.{} -> {target}", table.name(), column.name);
                }
            }
        }
        for list in CHOICES {
            let table = schema.find(list.table).unwrap();
            let column = table.column(list.element).unwrap();
            assert!(table.columns[column].choice, "{}.{}", list.table, list.element);
        }
    }
}
