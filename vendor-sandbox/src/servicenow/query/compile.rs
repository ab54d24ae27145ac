//! Resolving a parsed query against a table and a session; invalid parts are dropped (wire §2.3).

use std::cmp::Ordering;
use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::evaluate::{DatePart, Path, Side, Test};
use super::parse::{Encoded, Operator, Term};
use super::script::{evaluate, parse_time, time_text, user_midnight};
use super::select::Order;
use crate::servicenow::acl::Acl;
use crate::servicenow::choices::ChoiceIndex;
use crate::servicenow::schema::{Kind, Schema, TableId};
use crate::servicenow::session::Session;
use crate::servicenow::store::{Row, Store};

/// References that may be followed in one field name; the platform allows about as many.
const MAX_STEPS: usize = 5;

/// The dynamic filter option "Me" (U: its sys_id on every instance known to the community).
const DYNAMIC_ME: &str = "90d1921e5f510100a9ad2572f2b477fe";

/// A query that can test rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Union of conjunctions of alternatives. An empty conjunction holds for every row.
    pub(crate) groups: Vec<Vec<Vec<Test>>>,
    pub(crate) order: Vec<Order>,
    /// Some part was ignored.
    pub(crate) had_invalid_part: bool,
    /// `glide.invalid_query.returns_no_rows` turned an invalid query into an empty answer.
    pub(crate) matches_nothing: bool,
}

impl Filter {
    pub(crate) fn matches(&self, store: &Store, row: &Row) -> bool {
        !self.matches_nothing
            && self
                .groups
                .iter()
                .any(|group| group.iter().all(|any_of| any_of.iter().any(|test| test.holds(store, row))))
    }

    /// Whether every row matches without looking at it.
    pub(crate) fn matches_all(&self) -> bool {
        !self.matches_nothing && self.groups.iter().any(Vec::is_empty)
    }
}

/// What a query is resolved against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compiler<'a> {
    pub(crate) store: &'a Store,
    pub(crate) choices: &'a ChoiceIndex,
    pub(crate) acl: &'a Acl,
    pub(crate) session: &'a Session,
    pub(crate) now: DateTime<Utc>,
}

impl<'a> Compiler<'a> {
    /// Compiles a query for a table.
    pub(crate) fn compile(&self, table: TableId, query: &Encoded, invalid_returns_no_rows: bool) -> Filter {
        let mut filter = Filter::default();
        for group in &query.groups {
            let mut compiled = Vec::new();
            for any_of in group {
                let tests: Vec<Test> = any_of
                    .iter()
                    .filter_map(|term| {
                        let test = self.term(table, term);
                        filter.had_invalid_part |= test.is_none();
                        test
                    })
                    .collect();
                if !tests.is_empty() {
                    compiled.push(tests);
                }
            }
            filter.groups.push(compiled);
        }
        for (field, descending) in &query.order {
            match self.path(table, field) {
                // wire §2.3: sorting on a column that the caller may not read is refused.
                Some(path) if !path.kind.is_journal() => filter.order.push(Order { path, descending: *descending }),
                _ => filter.had_invalid_part = true,
            }
        }
        filter.matches_nothing = invalid_returns_no_rows && filter.had_invalid_part;
        filter
    }

    /// Resolves a field name, following references; `None` for fields that do not exist, that the
    /// session may not read (query ACLs, wire §2.3), or that hold journals.
    pub(crate) fn path(&self, table: TableId, field: &str) -> Option<Path> {
        let schema = Schema::get();
        let mut table = schema.table(table);
        let mut steps = Vec::new();
        let mut names = field.split('.').peekable();
        loop {
            let name = names.next()?;
            let column = table.column(name)?;
            if self.acl.denies_field(self.session, table.id, name) {
                return None;
            }
            let definition = &table.columns[column];
            let target = definition.reference.map(|target| schema.known(target));
            if names.peek().is_none() {
                return Some(Path { steps, column, kind: definition.kind, target });
            }
            if definition.kind != Kind::Reference || steps.len() == MAX_STEPS {
                return None;
            }
            let target = target?;
            steps.push((column, target));
            table = schema.table(target);
        }
    }

    pub(super) fn term(&self, table: TableId, term: &Term) -> Option<Test> {
        match term {
            Term::Condition { field, operator, value } => self.condition(table, field, *operator, value),
            Term::Parameter { field, value } => self.parameter(table, field, value),
            Term::TextSearch(words) => self.text_search(table, words),
            Term::Related { head, conditions } => self.related(head, conditions),
            Term::Join(join) => self.join(table, join),
            Term::Malformed => None,
        }
    }

    fn condition(&self, table: TableId, field: &str, operator: Operator, value: &str) -> Option<Test> {
        let path = self.path(table, field)?;
        if path.kind.is_journal() {
            return None;
        }
        let scalar = || self.operand(&path, value);
        let other = |name: &str| self.path(table, name);
        Some(match operator {
            Operator::Anything => Test::Always,
            // The store does not tell NULL from the empty string.
            Operator::IsEmpty | Operator::EmptyString => Test::Empty(path, false),
            Operator::IsNotEmpty => Test::Empty(path, true),
            Operator::Equal if value.is_empty() || value == "NULL" => Test::Empty(path, false),
            Operator::NotEqual if value.is_empty() || value == "NULL" => Test::Empty(path, true),
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::Greater
            | Operator::AtMost
            | Operator::AtLeast => {
                let operand = scalar()?;
                Test::Compare(path, operator, operand)
            }
            Operator::StartsWith | Operator::EndsWith | Operator::Like | Operator::NotLike => {
                Test::Text(path, operator, value.to_owned())
            }
            Operator::In | Operator::NotIn => {
                let values = self.scripted(value)?;
                let set = values.split(',').map(str::to_owned).collect();
                Test::OneOf(path, set, operator == Operator::NotIn)
            }
            Operator::Between => {
                let (low, high) = value.split_once('@')?;
                let (low, high) = (self.operand(&path, low)?, self.operand(&path, high)?);
                Test::Within(path, low, high, false)
            }
            Operator::SameAs | Operator::NotSameAs => Test::Same(path, other(value)?, operator == Operator::NotSameAs),
            Operator::GreaterField | Operator::LessField | Operator::AtLeastField | Operator::AtMostField => {
                Test::Field(path, operator, other(value)?)
            }
            Operator::Dynamic => {
                let me = (value == DYNAMIC_ME).then(|| self.session.user_id.clone())?;
                Test::Compare(path, Operator::Equal, me)
            }
            Operator::InHierarchy => {
                let below = self.hierarchy(path.target?, value)?;
                Test::OneOf(path, below, false)
            }
            Operator::On | Operator::NotOn => {
                let (low, high) = self.day(value)?;
                Test::Within(path, low, high, operator == Operator::NotOn)
            }
            Operator::RelativeAfter | Operator::RelativeBefore => {
                let at = self.relative(value)?;
                Test::Compare(path, operator, at)
            }
            Operator::MoreThan | Operator::LessThan => {
                let mut parts = value.split('@');
                let other = other(parts.next()?)?;
                let unit = parts.next()?;
                let side = match parts.next()? {
                    "before" => Side::Before,
                    "after" => Side::After,
                    _ => return None,
                };
                let distance = span(unit, parts.next()?.parse().ok()?)?;
                Test::Distance(path, operator, other, side, distance)
            }
            Operator::DatePart => self.date_part(path, value)?,
        })
    }

    /// A literal or an allowed script.
    fn scripted(&self, value: &str) -> Option<String> {
        match value.strip_prefix("javascript:") {
            Some(expression) => evaluate(expression, self.session, self.now),
            None => Some(value.to_owned()),
        }
    }

    /// A value to compare with; times are UTC literals (wire §2.4) and must be in native format.
    fn operand(&self, path: &Path, value: &str) -> Option<String> {
        let value = self.scripted(value)?;
        match path.kind {
            Kind::DateTime => Some(time_text(parse_time(&value)?.and_utc())),
            kind if kind.is_number() => value.parse::<f64>().ok().map(|_| value),
            _ => Some(value),
        }
    }

    /// `field=value` outside `sysparm_query`: values and display values alike (D: c_TableAPI).
    fn parameter(&self, table: TableId, field: &str, value: &str) -> Option<Test> {
        let path = self.path(table, field)?;
        if path.kind.is_journal() {
            return None;
        }
        if value.is_empty() {
            return Some(Test::Empty(path, false));
        }
        let shown = value.to_lowercase();
        let mut values = HashSet::from([value.to_owned()]);
        let owner = path.steps.last().map_or(table, |(_, table)| *table);
        for (choice, label) in self.choices.of(owner, path.column) {
            if label.to_lowercase() == shown {
                values.insert(choice.clone());
            }
        }
        // The page's own example is assigned_to=john.smith, a user name.
        if let (Kind::Reference, Some(target)) = (path.kind, path.target)
            && let Some(found) = self.store.lookup(target, "user_name", value)
        {
            values.insert(found.row.get(0).to_owned());
        }
        Some(Test::Shown(path, values, shown))
    }

    fn text_search(&self, table: TableId, words: &str) -> Option<Test> {
        let table = Schema::get().table(table);
        let columns = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| matches!(column.kind, Kind::Text | Kind::LongText | Kind::Email))
            .filter(|(_, column)| !self.acl.denies_field(self.session, table.id, column.name))
            .map(|(index, _)| index)
            .collect();
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        (!words.is_empty()).then_some(Test::Words(columns, words))
    }

    /// A row and everything below it by `parent`.
    fn hierarchy(&self, table: TableId, root: &str) -> Option<HashSet<String>> {
        let parent = Schema::get().table(table).column("parent")?;
        let mut below = HashSet::from([root.to_owned()]);
        loop {
            let before = below.len();
            for found in self.store.family(table) {
                if below.contains(found.row.get(parent)) {
                    below.insert(found.row.get(0).to_owned());
                }
            }
            if below.len() == before {
                return Some(below);
            }
        }
    }

    /// `Today@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()` or `2024-05-01@start@end`.
    fn day(&self, value: &str) -> Option<(String, String)> {
        let mut parts = value.split('@');
        let name = parts.next()?;
        let bound = |text: &str, end: bool| {
            if text.starts_with("javascript:") {
                return self.scripted(text);
            }
            let date = NaiveDate::parse_from_str(name, "%Y-%m-%d").ok()?;
            let start = user_midnight(self.session.zone, date);
            let next = user_midnight(self.session.zone, date.succ_opt()?);
            Some(time_text(if end { next - TimeDelta::seconds(1) } else { start }))
        };
        let low = bound(parts.next().unwrap_or("start"), false)?;
        let high = bound(parts.next().unwrap_or("end"), true)?;
        Some((low, high))
    }

    /// `@hour@ago@1`.
    fn relative(&self, value: &str) -> Option<String> {
        let mut parts = value.strip_prefix('@')?.split('@');
        let unit = parts.next()?;
        let direction = parts.next()?;
        let distance = span(unit, parts.next()?.parse().ok()?)?;
        let at = match direction {
            "ago" => self.now.checked_sub_signed(distance)?,
            "ahead" => self.now.checked_add_signed(distance)?,
            _ => return None,
        };
        Some(time_text(at))
    }

    /// `Monday@javascript:gs.datePart('dayofweek','monday','EE')`.
    fn date_part(&self, path: Path, value: &str) -> Option<Test> {
        let call = value.split_once("gs.datePart(")?.1.strip_suffix(')')?;
        let mut arguments = call.split(',').map(|text| text.trim().trim_matches(['\'', '"']));
        let part = arguments.next()?;
        let wanted = arguments.next()?.to_lowercase();
        let (ordering, or_equal) = match arguments.next()? {
            "EE" => (Ordering::Equal, true),
            "GT" => (Ordering::Greater, false),
            "GE" => (Ordering::Greater, true),
            "LT" => (Ordering::Less, false),
            "LE" => (Ordering::Less, true),
            _ => return None,
        };
        let index = |names: &[&str]| {
            let at = names.iter().position(|name| wanted.starts_with(name))?;
            i64::try_from(at + 1).ok()
        };
        let (part, wanted) = match part {
            "dayofweek" => {
                let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                (DatePart::DayOfWeek, index(&days)?)
            }
            "month" => {
                let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
                (DatePart::Month, index(&months)?)
            }
            "year" => (DatePart::Year, wanted.parse().ok()?),
            "hour" => (DatePart::Hour, wanted.parse().ok()?),
            _ => return None,
        };
        let zone = self.session.zone;
        Some(Test::Part(path, part, ordering, or_equal, wanted, zone))
    }
}

fn span(unit: &str, count: i64) -> Option<TimeDelta> {
    match unit {
        "second" => TimeDelta::try_seconds(count),
        "minute" => TimeDelta::try_minutes(count),
        "hour" => TimeDelta::try_hours(count),
        "day" | "dayofweek" => TimeDelta::try_days(count),
        "week" => TimeDelta::try_weeks(count),
        "month" => TimeDelta::try_days(count.checked_mul(30)?),
        "quarter" => TimeDelta::try_days(count.checked_mul(90)?),
        "year" => TimeDelta::try_days(count.checked_mul(365)?),
        _ => None,
    }
}
