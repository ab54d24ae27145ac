//! The text of a query. Every value is quoted, and so is every name that could be read as anything else.

use super::{Clause, Field, Operator, OrderBy};

/// What every issue meets (wire A3.2: accepted).
const BOUND: &str = "created >= \"1970-01-01\"";

pub(super) fn jql(clauses: &[Clause], order: &[OrderBy]) -> String {
    let mut out = String::new();
    match clauses {
        [] => out.push_str(BOUND),
        [only] => clause(only, true, &mut out),
        several => joined(several, " AND ", &mut out),
    }
    for (nth, key) in order.iter().enumerate() {
        out.push_str(if nth == 0 { " ORDER BY " } else { ", " });
        field(&key.field, &mut out);
        out.push_str(if key.descending { " DESC" } else { " ASC" });
    }
    out
}

fn joined(clauses: &[Clause], between: &str, out: &mut String) {
    for (nth, one) in clauses.iter().enumerate() {
        if nth > 0 {
            out.push_str(between);
        }
        clause(one, false, out);
    }
}

fn clause(own: &Clause, alone: bool, out: &mut String) {
    match own {
        Clause::All(several) | Clause::Any(several) if several.len() == 1 => clause(&several[0], alone, out),
        Clause::All(several) | Clause::Any(several) => {
            if several.is_empty() {
                // Every one of nothing is true, any of nothing is not.
                let empty = if matches!(own, Clause::All(_)) { always() } else { Clause::Never };
                return clause(&empty, alone, out);
            }
            if !alone {
                out.push('(');
            }
            joined(several, if matches!(own, Clause::All(_)) { " AND " } else { " OR " }, out);
            if !alone {
                out.push(')');
            }
        }
        Clause::Term(name, operator, value) => {
            field(name, out);
            sign(*operator, out);
            quoted(value, out);
        }
        Clause::Number(name, operator, value) => {
            field(name, out);
            sign(*operator, out);
            // Not quoted: a quoted number may be taken for a name.
            out.push_str(&value.to_string());
        }
        Clause::In(name, values) => {
            field(name, out);
            out.push_str(" IN (");
            for (nth, value) in values.iter().enumerate() {
                if nth > 0 {
                    out.push_str(", ");
                }
                quoted(value, out);
            }
            out.push(')');
        }
        Clause::Not(name, value) => {
            field(name, out);
            out.push_str(" != ");
            quoted(value, out);
        }
        Clause::Empty(name, empty) => {
            field(name, out);
            out.push_str(if *empty { " IS EMPTY" } else { " IS NOT EMPTY" });
        }
        // Nobody sends it; should somebody, it finds nothing.
        Clause::Never => out.push_str("created < \"1970-01-01\""),
    }
}

fn always() -> Clause {
    Clause::Term(Field::system("created"), Operator::AtLeast, "1970-01-01".to_owned())
}

fn sign(operator: Operator, out: &mut String) {
    out.push_str(match operator {
        Operator::Equals => " = ",
        Operator::Less => " < ",
        Operator::AtLeast => " >= ",
        Operator::Greater => " > ",
        Operator::Contains => " ~ ",
    });
}

/// Names of Jira's own are plain words and none of its reserved ones; `cf[10030]` is a form of its own; all others are quoted.
fn field(own: &Field, out: &mut String) {
    let name = own.0.as_str();
    let by_number = name
        .strip_prefix("cf[")
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if by_number || SYSTEM.contains(&name) {
        out.push_str(name);
    } else {
        quoted(name, out);
    }
}

/// The names that are written bare.
const SYSTEM: &[&str] = &[
    "assignee",
    "created",
    "creator",
    "description",
    "duedate",
    "id",
    "issuetype",
    "key",
    "labels",
    "parent",
    "priority",
    "project",
    "reporter",
    "resolutiondate",
    "status",
    "summary",
    "updated",
];

/// wire A5: the backslash first, then the quote; what is no character to be seen has an escape of its own.
pub(super) fn quoted(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::Jql;
    use super::*;
    use proptest::prelude::*;

    fn text(clause: Clause) -> String {
        Jql::all().and(clause).encode()
    }

    #[test]
    fn queries_are_bounded_and_bracketed() {
        let name = |name| Field::system(name);
        assert_eq!(Jql::all().encode(), "created >= \"1970-01-01\"");
        let either = Clause::any([Clause::equals(name("assignee"), "a"), Clause::is_empty(name("assignee"))]);
        assert_eq!(text(either.clone()), "assignee = \"a\" OR assignee IS EMPTY");
        let both = Jql::all().and(either).and(Clause::Number(name("id"), Operator::Greater, 7));
        let order =
            [OrderBy { field: name("updated"), descending: true }, OrderBy { field: name("id"), descending: false }];
        assert_eq!(
            both.encode_ordered(&order),
            "(assignee = \"a\" OR assignee IS EMPTY) AND id > 7 ORDER BY updated DESC, id ASC"
        );
        let never = Jql::all().and(Clause::one_of(name("status"), Vec::<String>::new()));
        assert!(never.is_never());
    }

    #[test]
    fn names_that_are_words_of_the_language_are_quoted() {
        for (clause, expected) in [
            ("cf[10030]", "cf[10030] IS EMPTY"),
            ("cf[1] OR 1=1 OR cf[1]", "\"cf[1] OR 1=1 OR cf[1]\" IS EMPTY"),
            ("Severity[Dropdown]", "\"Severity[Dropdown]\" IS EMPTY"),
            ("order", "\"order\" IS EMPTY"),
        ] {
            assert_eq!(text(Clause::is_empty(Field::named(clause))), expected);
        }
        // A project may be called by any word, IT among them.
        assert_eq!(text(Clause::equals(Field::system("project"), "IT")), "project = \"IT\"");
    }

    /// Reads a quoted text as the language's own rules say (wire A5), and what is behind it.
    fn unquoted(text: &str) -> Option<(String, &str)> {
        let mut out = String::new();
        let mut rest = text.strip_prefix('"')?;
        loop {
            let c = rest.chars().next()?;
            rest = &rest[c.len_utf8()..];
            match c {
                '"' => return Some((out, rest)),
                '\\' => {
                    let escaped = rest.chars().next()?;
                    rest = &rest[escaped.len_utf8()..];
                    match escaped {
                        'n' => out.push('\n'),
                        'r' => out.push('\r'),
                        't' => out.push('\t'),
                        'u' => {
                            out.push(char::from_u32(u32::from_str_radix(rest.get(..4)?, 16).ok()?)?);
                            rest = &rest[4..];
                        }
                        '"' | '\'' | '\\' | ' ' => out.push(escaped),
                        _ => return None,
                    }
                }
                c => out.push(c),
            }
        }
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_quotes(value in any::<String>()) {
            let mut out = String::new();
            quoted(&value, &mut out);
            prop_assert_eq!(unquoted(&out), Some((value, "")));
        }
    }
}
