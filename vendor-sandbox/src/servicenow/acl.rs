//! Access control: which tables, rows and fields a session may read (wire §1.1, §1.3, §2.3, §7).
//!
//! Rows are taken away after `sysparm_limit` has been applied, so pages come out short or empty.

use super::query::{Encoded, Filter};
use super::schema::{Schema, TableId};
use super::session::Session;
use super::store::{Row, Store};

/// Whom a rule is against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Every user, administrators included: the simplest thing for a test.
    Everyone,
    /// Users without the role `admin`.
    NonAdmins,
}

impl Audience {
    fn includes(self, session: &Session) -> bool {
        match self {
            Self::Everyone => true,
            Self::NonAdmins => !session.is_admin(),
        }
    }
}

/// What a reader without access to a whole table gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableDenial {
    /// 403 `User Not Authorized` / `Failed API level ACL Validation` (wire §1.6).
    Forbidden,
    /// 200 with every row hidden, the count still there (wire §1.5).
    Hidden,
}

/// What a reader without access to a row gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowDenial {
    /// The row is missing from lists, 404 on its own.
    Hidden,
    /// The row arrives as `{}` (D: c_RESTAPI).
    Empty,
}

/// The rules of one instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acl {
    tables: Vec<(String, Audience, TableDenial)>,
    fields: Vec<(String, String, Audience)>,
    rows: Vec<RowRule>,
}

/// Rows of a table, by query.
#[derive(Debug, Clone)]
pub(crate) struct RowRule {
    pub(crate) table: TableId,
    audience: Audience,
    pub(crate) denial: RowDenial,
    pub(crate) query: Encoded,
}

/// Row rules ready to test rows; each holds for its table and what extends it.
#[derive(Debug, Default)]
pub(crate) struct RowGuard {
    rules: Vec<(TableId, RowDenial, Filter)>,
}

impl RowGuard {
    pub(crate) fn add(&mut self, table: TableId, denial: RowDenial, filter: Filter) {
        self.rules.push((table, denial, filter));
    }

    /// How reading a row is denied, if it is.
    pub(crate) fn denial(&self, store: &Store, class: TableId, row: &Row) -> Option<RowDenial> {
        let family = |table: TableId| &Schema::get().table(table).family;
        self.rules
            .iter()
            .find(|(table, _, filter)| family(*table).contains(&class) && filter.matches(store, row))
            .map(|(_, denial, _)| *denial)
    }
}

/// Tables that only administrators may read (wire §3.6, §7: "often need extra roles").
const ADMIN_TABLES: &[&str] = &[
    "sys_audit",
    "sys_audit_delete",
    "sys_journal_field",
    "sys_dictionary",
    "sys_db_object",
    "sys_glide_object",
    "sys_properties",
    "sys_rate_limit_rules",
    "sys_user_has_role",
    "sys_import_set",
];

/// Tables that the role `itil` may write.
const ITIL_WRITES: &[&str] = &["task", "sys_attachment", "label", "label_entry", "task_rel_task"];

impl Acl {
    /// The rules of a fresh instance.
    pub(crate) fn fresh() -> Self {
        Self {
            tables: ADMIN_TABLES
                .iter()
                .map(|table| ((*table).to_owned(), Audience::NonAdmins, TableDenial::Forbidden))
                .collect(),
            ..Self::default()
        }
    }

    pub(crate) fn deny_table(&mut self, table: &str, audience: Audience, denial: TableDenial) {
        self.tables.retain(|(name, _, _)| name != table);
        self.tables.push((table.to_owned(), audience, denial));
    }

    pub(crate) fn deny_field(&mut self, table: &str, field: &str, audience: Audience) {
        self.fields.push((table.to_owned(), field.to_owned(), audience));
    }

    pub(crate) fn deny_rows(&mut self, table: TableId, query: Encoded, audience: Audience, denial: RowDenial) {
        self.rows.push(RowRule { table, audience, denial, query });
    }

    /// Back to the rules of a fresh instance.
    pub(crate) fn clear(&mut self) {
        *self = Self::fresh();
    }

    /// How reading a table is denied, if it is; rules on a parent hold for its children.
    pub(crate) fn table_denial(&self, session: &Session, table: TableId) -> Option<TableDenial> {
        Schema::get().lineage(table).find_map(|above| {
            self.tables
                .iter()
                .find(|(name, audience, _)| name == above.name() && audience.includes(session))
                .map(|(_, _, denial)| *denial)
        })
    }

    /// Whether a field is denied; rules on a parent hold for its children.
    pub(crate) fn denies_field(&self, session: &Session, table: TableId, field: &str) -> bool {
        !self.fields.is_empty()
            && Schema::get().lineage(table).any(|above| {
                self.fields.iter().any(|(name, denied, audience)| {
                    name == above.name() && denied == field && audience.includes(session)
                })
            })
    }

    /// The row rules that concern a table: its own, its parents' and its children's.
    pub(crate) fn row_rules<'a>(&'a self, session: &'a Session, table: TableId) -> impl Iterator<Item = &'a RowRule> {
        let schema = Schema::get();
        self.rows.iter().filter(move |rule| {
            rule.audience.includes(session)
                && (schema.table(rule.table).family.contains(&table)
                    || schema.table(table).family.contains(&rule.table))
        })
    }

    /// Whether a session may insert, update or delete rows of a table.
    pub(crate) fn may_write(&self, session: &Session, table: TableId) -> bool {
        session.is_admin()
            || (session.has_role("itil")
                && Schema::get().lineage(table).any(|above| ITIL_WRITES.contains(&above.name())))
    }
}
