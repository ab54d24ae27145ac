//! Reading a condition the way the instance does, to notice where it did not.

use std::cmp::Ordering;

use super::condition::{Condition, Operand, Operator};
use super::name::FieldName;

/// Where a row's values come from.
pub(crate) trait Values {
    /// The value of a field; `None` where the row does not say.
    fn value(&self, field: &str) -> Option<&str>;

    /// The display value of a field, where the row says one.
    fn display(&self, field: &str) -> Option<&str>;
}

/// How a row answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit<'q> {
    /// It fits, as far as the row and we can tell.
    Yes,
    /// It does not: the instance ignored a part of the query.
    No,
    /// It does not show this field, so the instance may have dropped the condition on it (wire §2.3), and nobody can tell.
    Hidden(&'q FieldName),
}

impl Fit<'_> {
    pub(super) fn any<'q>(fits: impl IntoIterator<Item = Fit<'q>>) -> Fit<'q> {
        let mut out = Fit::No;
        for fit in fits {
            match fit {
                Fit::Yes => return Fit::Yes,
                Fit::Hidden(_) => out = fit,
                Fit::No => {}
            }
        }
        out
    }

    pub(super) fn all<'q>(fits: impl IntoIterator<Item = Fit<'q>>) -> Fit<'q> {
        let mut out = Fit::Yes;
        for fit in fits {
            match fit {
                Fit::No => return Fit::No,
                Fit::Hidden(_) => out = fit,
                Fit::Yes => {}
            }
        }
        out
    }
}

impl Condition {
    /// How a row answers the condition. What a field must not be, a field that the table lacks is not.
    pub(super) fn fit(&self, row: &impl Values) -> Fit<'_> {
        let excludes = matches!(self.operator, Operator::NotEquals | Operator::NotIn | Operator::NotContains);
        match self.holds(row) {
            Some(false) => Fit::No,
            None if !excludes && row.value(self.field.as_str()).is_none() => Fit::Hidden(&self.field),
            _ => Fit::Yes,
        }
    }

    /// Whether the condition holds for a row; `None` where we cannot tell: the field was not read, or the operator depends
    /// on things that we do not know.
    pub(super) fn holds(&self, row: &impl Values) -> Option<bool> {
        let value = row.value(self.field.as_str())?;
        let display = || row.display(self.field.as_str()).unwrap_or_default();
        match (&self.operand, self.operator) {
            (Operand::None, Operator::IsEmpty) => Some(value.is_empty()),
            (Operand::None, Operator::IsNotEmpty) => Some(!value.is_empty()),
            (Operand::None, Operator::Anything) => Some(true),
            (Operand::One(wanted), Operator::Equals) => Some(alike(value, wanted)),
            (Operand::One(wanted), Operator::NotEquals) => Some(!same(value, wanted)),
            (Operand::Many(wanted), Operator::In) => Some(wanted.iter().any(|wanted| alike(value, wanted))),
            (Operand::Many(wanted), Operator::NotIn) => Some(!wanted.iter().any(|wanted| same(value, wanted))),
            // References are compared by what they show (wire §2.2).
            (Operand::One(wanted), Operator::Contains) => Some(contains(value, wanted) || contains(display(), wanted)),
            (Operand::One(wanted), Operator::StartsWith) => Some(starts(value, wanted) || starts(display(), wanted)),
            (Operand::One(wanted), operator) => {
                let ordering = compare(value, wanted)?;
                match operator {
                    Operator::Less => Some(ordering.is_lt()),
                    Operator::Greater => Some(ordering.is_gt()),
                    Operator::AtMost => Some(ordering.is_le()),
                    Operator::AtLeast => Some(ordering.is_ge()),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The same to a database that does not tell upper from lower case.
fn same(a: &str, b: &str) -> bool {
    a == b || (a.len() == b.len() && a.eq_ignore_ascii_case(b)) || (!a.is_ascii() && folded(a) == folded(b))
}

/// What may be the same to a database that tells neither letters with an accent from those without, nor an end with blanks from
/// one without: what is no ASCII may be any letter. Others do tell them apart, so that it is no reason to miss a row.
fn alike(a: &str, b: &str) -> bool {
    let is_alike = |(a, b): (char, char)| a.eq_ignore_ascii_case(&b) || !a.is_ascii() || !b.is_ascii();
    let (c, d) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
    same(a, b) || (c.chars().count() == d.chars().count() && c.chars().zip(d.chars()).all(is_alike))
}

/// Lower case without accents that databases may or may not tell apart: only ASCII decides.
fn folded(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_ascii_lowercase() } else { '\u{fffd}' }).collect()
}

fn contains(text: &str, part: &str) -> bool {
    folded(text).contains(&folded(part))
}

fn starts(text: &str, part: &str) -> bool {
    folded(text).starts_with(&folded(part))
}

/// How two values compare to the instance; `None` where that depends on its collation.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        return Some(a.cmp(&b));
    }
    let is_time = |text: &str| text.len() == 19 && super::value::parse_time(text).is_some();
    if is_time(a) && is_time(b) {
        return Some(a.cmp(b));
    }
    // Hex ids and numbers such as INC0010001 sort alike under every collation that is in use.
    if (super::value::is_guid(a) && super::value::is_guid(b)) || (is_number(a) && is_number(b)) {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        return Some(a.bytes().map(lower).cmp(b.bytes().map(lower)));
    }
    None
}

fn integer(text: &str) -> Option<i64> {
    // A guid of digits alone is no number; neither is one with leading zeros.
    (text.len() <= 10 && (text == "0" || !text.trim_start_matches('-').starts_with('0'))).then(|| text.parse().ok())?
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
    digits.len() < text.len() && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{FieldName, Query};

    struct Row(&'static [(&'static str, &'static str, &'static str)]);

    impl Values for Row {
        fn value(&self, field: &str) -> Option<&str> {
            self.0.iter().find(|cell| cell.0 == field).map(|cell| cell.1)
        }

        fn display(&self, field: &str) -> Option<&str> {
            self.0.iter().find(|cell| cell.0 == field).map(|cell| cell.2)
        }
    }

    fn field(name: &str) -> FieldName {
        FieldName::new(name).unwrap()
    }

    #[test]
    fn rows_that_were_not_asked_for_are_seen() {
        let row = Row(&[
            ("state", "2", "In Progress"),
            ("short_description", "Printer ON fire", "Printer ON fire"),
            ("assigned_to", "46d44a40a9fe19810012d100cca80666", "Ada"),
            ("sys_updated_on", "2026-01-05 08:00:00", "x"),
            ("due_date", "", ""),
        ]);
        let state = |values: &[&str]| Query::all().and(Condition::is_one_of(field("state"), values.to_vec()).unwrap());
        assert!(alike("IT Help Desk ", "it help desk") && alike("Müller", "MULLER") && alike("café-1", "cafe-1"));
        assert!(!alike("Müller", "Miller x") && !alike("ab", "abc") && !alike("a", "b"));
        // Where they are told apart, what must not be the one may be the other.
        assert!(!same("Muller", "Müller") && !same("IT Help Desk ", "IT Help Desk"));
        assert!(state(&["1", "2"]).accepts(&row).unwrap());
        assert!(!state(&["1", "3"]).accepts(&row).unwrap());
        assert!(!state(&["1"]).accepts(&row).unwrap());
        assert!(state(&["1"]).or_query(state(&["2"])).accepts(&row).unwrap());
        let one = |condition| Query::all().and(vec![condition]).accepts(&row).unwrap();
        assert!(one(Condition::contains(field("short_description"), "on FIRE").unwrap()));
        assert!(!one(Condition::contains(field("short_description"), "water").unwrap()));
        assert!(one(Condition::starts_with(field("assigned_to"), "ada").unwrap()));
        assert!(one(Condition::at_least(field("sys_updated_on"), "2026-01-05 08:00:00").unwrap()));
        assert!(!one(Condition::greater(field("sys_updated_on"), "2026-01-05 08:00:00").unwrap()));
        assert!(one(Condition::is_empty(field("due_date"))));
        assert!(!one(Condition::is_not_empty(field("due_date"))));
        // What depends on the collation is left to the instance.
        assert!(one(Condition::less(field("short_description"), "A").unwrap()));
    }

    #[test]
    fn what_a_row_does_not_show_leaves_the_question_open() {
        let row = Row(&[("state", "2", "In Progress")]);
        let hidden = || Condition::equals(field("u_other"), "x").unwrap();
        let state = |value: &str| Condition::equals(field("state"), value).unwrap();
        let fit = |query: Query| match query.fit(&row) {
            Fit::Hidden(field) => field.as_str().to_owned(),
            fit => format!("{fit:?}"),
        };
        assert_eq!(fit(Query::all().and(hidden())), "u_other");
        assert_eq!(fit(Query::all().and(Condition::is_empty(field("u_other")))), "u_other");
        assert_eq!(fit(Query::all().and(state("2")).and(hidden())), "u_other");
        assert_eq!(fit(Query::all().and(state("3")).and(hidden())), "No");
        assert_eq!(fit(Query::all().and(vec![hidden(), state("2")])), "Yes");
        assert_eq!(fit(Query::all().and(hidden()).or_query(Query::all().and(state("2")))), "Yes");
        assert_eq!(fit(Query::all().and(hidden()).or_query(Query::all().and(state("3")))), "u_other");
        // Whoever asks for what is not something is answered by what has nothing of the kind.
        assert_eq!(fit(Query::all().and(Condition::not_equals(field("u_other"), "x").unwrap())), "Yes");
    }

    #[test]
    fn values_compare_as_numbers_times_and_ids() {
        assert_eq!(compare("9", "10"), Some(Ordering::Less));
        assert_eq!(compare("-5", "0"), Some(Ordering::Less));
        assert_eq!(compare("INC0000009", "INC0000010"), Some(Ordering::Less));
        assert_eq!(
            compare("00d44a40a9fe19810012d100cca80666", "46d44a40a9fe19810012d100cca80666"),
            Some(Ordering::Less)
        );
        assert_eq!(compare("global", "46d44a40a9fe19810012d100cca80666"), None);
        assert_eq!(compare("Ä", "B"), None);
    }
}
