//! Testing rows against compiled conditions.

use std::cmp::Ordering;
use std::collections::HashSet;

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::parse::Operator;
use super::script::parse_time;
use crate::servicenow::schema::{ColumnId, Kind, TableId};
use crate::servicenow::store::{Row, Store};

/// A field, possibly reached through references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// Reference columns to follow, with the table that each leads to.
    pub(crate) steps: Vec<(ColumnId, TableId)>,
    pub(crate) column: ColumnId,
    pub(crate) kind: Kind,
    /// The table that the last column points to, for references and lists.
    pub(crate) target: Option<TableId>,
}

impl Path {
    /// The stored value; empty when a reference on the way is.
    pub(crate) fn value<'a>(&self, store: &'a Store, row: &'a Row) -> &'a str {
        let mut row = row;
        for (column, table) in &self.steps {
            match store.find(*table, row.get(*column)) {
                Some(found) => row = found.row,
                None => return "",
            }
        }
        row.get(self.column)
    }

    /// What text operators compare: the display value of a reference (D, wire §2.2).
    fn text<'a>(&self, store: &'a Store, row: &'a Row) -> &'a str {
        let value = self.value(store, row);
        match (self.kind, self.target) {
            (Kind::Reference, Some(table)) => store.display(table, value),
            _ => value,
        }
    }
}

/// Which way time is counted in `MORETHAN` and `LESSTHAN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// One compiled condition.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Always,
    Compare(Path, Operator, String),
    Text(Path, Operator, String),
    OneOf(Path, HashSet<String>, bool),
    Empty(Path, bool),
    Within(Path, String, String, bool),
    Same(Path, Path, bool),
    Field(Path, Operator, Path),
    Distance(Path, Operator, Path, Side, TimeDelta),
    Part(Path, DatePart, Ordering, bool, i64, Tz),
    /// The value or its display value, whichever matches; lower case.
    Shown(Path, HashSet<String>, String),
    /// All words occur in one of these columns.
    Words(Vec<ColumnId>, Vec<String>),
}

/// The part of a time that `DATEPART` looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatePart {
    DayOfWeek,
    Month,
    Year,
    Hour,
}

impl Test {
    pub(crate) fn holds(&self, store: &Store, row: &Row) -> bool {
        match self {
            Self::Always => true,
            Self::Compare(path, operator, operand) => compare(path.value(store, row), *operator, operand, path.kind),
            Self::Text(path, operator, operand) => {
                let text = path.text(store, row);
                match operator {
                    Operator::StartsWith => text.starts_with(operand.as_str()),
                    Operator::EndsWith => text.ends_with(operand.as_str()),
                    Operator::NotLike => !text.contains(operand.as_str()),
                    _ => text.contains(operand.as_str()),
                }
            }
            Self::OneOf(path, set, negated) => set.contains(path.value(store, row)) != *negated,
            Self::Empty(path, negated) => path.value(store, row).is_empty() != *negated,
            Self::Within(path, low, high, negated) => {
                let value = path.value(store, row);
                let inside = compare(value, Operator::AtLeast, low, path.kind)
                    && compare(value, Operator::AtMost, high, path.kind);
                inside != *negated
            }
            Self::Same(path, other, negated) => (path.value(store, row) == other.value(store, row)) != *negated,
            Self::Field(path, operator, other) => {
                let operand = other.value(store, row);
                !operand.is_empty() && compare(path.value(store, row), *operator, operand, path.kind)
            }
            Self::Distance(path, operator, other, side, distance) => {
                let times = parse_time(path.value(store, row)).zip(parse_time(other.value(store, row)));
                times.is_some_and(|(time, other)| {
                    let apart = match side {
                        Side::Before => other - time,
                        Side::After => time - other,
                    };
                    match operator {
                        Operator::MoreThan => apart > *distance,
                        _ => apart >= TimeDelta::zero() && apart < *distance,
                    }
                })
            }
            Self::Part(path, part, ordering, or_equal, wanted, zone) => {
                parse_time(path.value(store, row)).is_some_and(|time| {
                    let found = part.of(time, *zone).cmp(wanted);
                    found == *ordering || (*or_equal && found == Ordering::Equal)
                })
            }
            Self::Shown(path, values, shown) => {
                values.contains(path.value(store, row)) || path.text(store, row).to_lowercase() == *shown
            }
            Self::Words(columns, words) => {
                words.iter().all(|word| columns.iter().any(|column| row.get(*column).to_lowercase().contains(word)))
            }
        }
    }
}

impl DatePart {
    fn of(self, time: NaiveDateTime, zone: Tz) -> i64 {
        let local = time.and_utc().with_timezone(&zone);
        match self {
            Self::DayOfWeek => i64::from(local.weekday().number_from_monday()),
            Self::Month => i64::from(local.month()),
            Self::Year => i64::from(local.year()),
            Self::Hour => i64::from(local.hour()),
        }
    }
}

/// Numbers compare as numbers, everything else as text; times are text that sorts.
pub(crate) fn order_values(a: &str, b: &str, kind: Kind) -> Ordering {
    if kind.is_number() {
        // No value sorts before every number.
        let number = |text: &str| text.parse::<f64>().ok();
        return match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (None, None) => a.cmp(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
    }
    a.cmp(b)
}

fn compare(value: &str, operator: Operator, operand: &str, kind: Kind) -> bool {
    match operator {
        // D: `active!=true` also matches rows without a value.
        Operator::NotEqual => order_values(value, operand, kind) != Ordering::Equal,
        Operator::Equal => order_values(value, operand, kind) == Ordering::Equal,
        // SQL comparisons with NULL are never true.
        _ if value.is_empty() => false,
        _ => {
            let found = order_values(value, operand, kind);
            match operator {
                Operator::Less | Operator::LessField | Operator::RelativeBefore => found.is_lt(),
                Operator::Greater | Operator::GreaterField | Operator::RelativeAfter => found.is_gt(),
                Operator::AtMost | Operator::AtMostField => found.is_le(),
                _ => found.is_ge(),
            }
        }
    }
}
