//! Conditions on other tables: `RLQUERY…ENDRLQUERY` (D: c_EncodedQueryStrings) and `JOIN` (S:pysnc).

use std::collections::{HashMap, HashSet};

use super::compile::{Compiler, Filter};
use super::evaluate::{Path, Test};
use super::parse::{Encoded, parse};
use crate::servicenow::schema::{Kind, Schema, TableId, system};

impl Compiler<'_> {
    /// `incident.problem_id,>=1,priority=1`: how many incidents point here, and which ones count.
    /// Conditions may also follow as separate parts.
    pub(super) fn related(&self, head: &str, conditions: &[String]) -> Option<Test> {
        let mut parts = head.split(',');
        let (table, field) = parts.next()?.split_once('.')?;
        let table = Schema::get().find(table)?.id;
        let (comparison, wanted) = quantity(parts.next()?)?;
        let inline: Vec<&str> = parts.collect();
        let conditions = inline.into_iter().chain(conditions.iter().map(String::as_str)).collect::<Vec<_>>().join("^");
        let mut counts = HashMap::<&str, usize>::new();
        let pointer = self.path(table, field)?;
        let filter = self.filter_of(table, &parse(&conditions))?;
        for found in self.store.family(table) {
            if filter.matches(self.store, found.row) {
                *counts.entry(pointer.value(self.store, found.row)).or_default() += 1;
            }
        }
        // Rows that nothing points to have a count of zero: decide for them by negation.
        let zero_counts = comparison(0, wanted);
        let ids: HashSet<String> = counts
            .into_iter()
            .filter(|(_, count)| comparison(*count, wanted) != zero_counts)
            .map(|(id, _)| id.to_owned())
            .collect();
        Some(Test::OneOf(own_id(), ids, zero_counts))
    }

    /// `incident.caller_id=sys_user.sys_id!active=true`.
    pub(super) fn join(&self, table: TableId, join: &str) -> Option<Test> {
        let (fields, conditions) = join.split_once('!').unwrap_or((join, ""));
        let (left, right) = fields.split_once('=')?;
        let (left_table, left_field) = left.split_once('.')?;
        let (right_table, right_field) = right.split_once('.')?;
        if Schema::get().find(left_table)?.id != table {
            return None;
        }
        let path = self.path(table, left_field)?;
        let other = Schema::get().find(right_table)?.id;
        let other_path = self.path(other, right_field)?;
        let filter = self.filter_of(other, &parse(conditions))?;
        let values = self
            .store
            .family(other)
            .filter(|found| filter.matches(self.store, found.row))
            .map(|found| other_path.value(self.store, found.row).to_owned())
            .collect();
        Some(Test::OneOf(path, values, false))
    }

    /// A filter on a related table; `None` when it has an invalid part.
    fn filter_of(&self, table: TableId, query: &Encoded) -> Option<Filter> {
        let filter = self.compile(table, query, false);
        (!filter.had_invalid_part).then_some(filter)
    }
}

fn own_id() -> Path {
    Path { steps: Vec::new(), column: system::SYS_ID, kind: Kind::Guid, target: None }
}

type Comparison = fn(usize, usize) -> bool;

fn quantity(text: &str) -> Option<(Comparison, usize)> {
    const COMPARISONS: &[(&str, Comparison)] = &[
        (">=", |count, wanted| count >= wanted),
        ("<=", |count, wanted| count <= wanted),
        ("!=", |count, wanted| count != wanted),
        ("=", |count, wanted| count == wanted),
        (">", |count, wanted| count > wanted),
        ("<", |count, wanted| count < wanted),
    ];
    COMPARISONS.iter().find_map(|(sign, comparison)| {
        let wanted = text.strip_prefix(sign)?.parse().ok()?;
        Some((*comparison, wanted))
    })
}
