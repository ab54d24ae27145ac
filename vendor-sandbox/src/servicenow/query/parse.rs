//! From text to conditions: wire §2.1.

/// Operators by their encoded spelling, longer ones before their prefixes (wire §2.2).
const OPERATORS: &[(&str, Operator)] = &[
    ("GT_OR_EQUALS_FIELD", Operator::AtLeastField),
    ("LT_OR_EQUALS_FIELD", Operator::AtMostField),
    ("GT_FIELD", Operator::GreaterField),
    ("LT_FIELD", Operator::LessField),
    ("DOES NOT CONTAIN", Operator::NotLike),
    ("NOT LIKE", Operator::NotLike),
    ("NOT IN", Operator::NotIn),
    ("NOTON", Operator::NotOn),
    ("STARTSWITH", Operator::StartsWith),
    ("ENDSWITH", Operator::EndsWith),
    // Seed and GlideRecord spelling; S:pysnc sends it and gets an answer.
    ("CONTAINS", Operator::Like),
    ("LIKE", Operator::Like),
    ("IN_HIERARCHY", Operator::InHierarchy),
    ("ISEMPTY", Operator::IsEmpty),
    ("ISNOTEMPTY", Operator::IsNotEmpty),
    ("EMPTYSTRING", Operator::EmptyString),
    ("ANYTHING", Operator::Anything),
    ("BETWEEN", Operator::Between),
    ("NSAMEAS", Operator::NotSameAs),
    ("SAMEAS", Operator::SameAs),
    ("DYNAMIC", Operator::Dynamic),
    ("RELATIVEGT", Operator::RelativeAfter),
    ("RELATIVEGE", Operator::RelativeAfter),
    ("RELATIVELT", Operator::RelativeBefore),
    ("RELATIVELE", Operator::RelativeBefore),
    ("MORETHAN", Operator::MoreThan),
    ("LESSTHAN", Operator::LessThan),
    ("DATEPART", Operator::DatePart),
    ("IN", Operator::In),
    ("ON", Operator::On),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("!*", Operator::NotLike),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("*", Operator::Like),
    ("%", Operator::EndsWith),
];

/// The ways to write an operator.
pub(super) fn spellings(operator: Operator) -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().filter(move |(_, own)| *own == operator).map(|(spelling, _)| *spelling)
}

/// What a condition asks of a field. `VALCHANGES`, `CHANGESFROM` and `CHANGESTO` are for
/// notifications only (wire §2.2) and count as unknown here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    Greater,
    AtMost,
    AtLeast,
    StartsWith,
    EndsWith,
    Like,
    NotLike,
    In,
    NotIn,
    IsEmpty,
    IsNotEmpty,
    EmptyString,
    Anything,
    Between,
    SameAs,
    NotSameAs,
    GreaterField,
    LessField,
    AtLeastField,
    AtMostField,
    Dynamic,
    InHierarchy,
    On,
    NotOn,
    RelativeAfter,
    RelativeBefore,
    MoreThan,
    LessThan,
    DatePart,
}

/// One thing that a row has to satisfy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    Condition {
        field: String,
        operator: Operator,
        value: String,
    },
    /// A `field=value` parameter outside `sysparm_query`: the value may be a display value (D).
    Parameter {
        field: String,
        value: String,
    },
    /// `123TEXTQUERY321=words`.
    TextSearch(String),
    /// `RLQUERYtable.field,>=1` with conditions on the related rows.
    Related {
        head: String,
        conditions: Vec<String>,
    },
    /// `JOINa.x=b.y!conditions`.
    Join(String),
    /// Not understood; the vendor ignores it.
    Malformed,
}

impl Term {
    /// The field that a condition is about.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Condition { field, .. } | Self::Parameter { field, .. } => Some(field),
            Self::TextSearch(_) | Self::Related { .. } | Self::Join(_) | Self::Malformed => None,
        }
    }
}

/// A filter given as a request parameter of its own.
pub(crate) fn parameter(field: &str, value: &str) -> Term {
    Term::Parameter { field: field.to_owned(), value: value.to_owned() }
}

/// Terms of which one must hold.
pub(crate) type AnyOf = Vec<Term>;

/// A parsed query: union of groups; a group is a conjunction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) groups: Vec<Vec<AnyOf>>,
    /// Field and whether it is descending, most significant first.
    pub(crate) order: Vec<(String, bool)>,
}

/// Splits at single carets; a doubled caret is one caret of a value (wire §2.3).
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '^' {
            if let Some(part) = parts.last_mut() {
                part.push(character);
            }
        } else if characters.next_if_eq(&'^').is_some() {
            if let Some(part) = parts.last_mut() {
                part.push('^');
            }
        } else {
            parts.push(String::new());
        }
    }
    parts
}

/// Parses an encoded query. Nothing is an error: what is not understood becomes
/// [`Term::Malformed`].
pub(crate) fn parse(text: &str) -> Encoded {
    let mut query = Encoded { groups: vec![Vec::new()], order: Vec::new() };
    let mut parts = split(text).into_iter();
    while let Some(part) = parts.next() {
        if let Some(field) = part.strip_prefix("ORDERBYDESC") {
            query.order.push((field.to_owned(), true));
        } else if let Some(field) = part.strip_prefix("ORDERBY") {
            query.order.push((field.to_owned(), false));
        } else if let Some(head) = part.strip_prefix("RLQUERY") {
            let conditions = parts.by_ref().take_while(|part| part != "ENDRLQUERY").collect();
            let head = head.to_owned();
            query.push(Term::Related { head, conditions });
        } else if let Some(join) = part.strip_prefix("JOIN") {
            query.push(Term::Join(join.to_owned()));
        } else if let Some(condition) = part.strip_prefix("NQ") {
            query.groups.push(Vec::new());
            if !condition.is_empty() {
                query.push(term(condition));
            }
        } else if let Some(condition) = part.strip_prefix("OR") {
            query.push_or(term(condition));
        } else if !part.is_empty() && part != "EQ" {
            // `^EQ` ends conditions stored by the interface (S:pysnc) and means nothing.
            query.push(term(&part));
        }
    }
    query
}

impl Encoded {
    pub(crate) fn push(&mut self, term: Term) {
        if self.groups.is_empty() {
            self.groups.push(Vec::new());
        }
        if let Some(group) = self.groups.last_mut() {
            group.push(vec![term]);
        }
    }

    /// `^OR` binds to the condition just before it.
    fn push_or(&mut self, term: Term) {
        match self.groups.last_mut().and_then(|group| group.last_mut()) {
            Some(any_of) => any_of.push(term),
            None => self.push(term),
        }
    }
}

fn term(text: &str) -> Term {
    if let Some(words) = text.strip_prefix("123TEXTQUERY321=") {
        return Term::TextSearch(words.to_owned());
    }
    // Column names are lower case, operators are not: the name ends where the operator starts.
    let end = text
        .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.'))
        .unwrap_or(text.len());
    let (field, rest) = text.split_at(end);
    if field.is_empty() {
        return Term::Malformed;
    }
    OPERATORS
        .iter()
        .find_map(|(spelling, operator)| {
            Some(Term::Condition {
                field: field.to_owned(),
                operator: *operator,
                value: rest.strip_prefix(spelling)?.to_owned(),
            })
        })
        .unwrap_or(Term::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(field: &str, operator: Operator, value: &str) -> Term {
        Term::Condition { field: field.into(), operator, value: value.into() }
    }

    #[test]
    fn or_binds_to_the_condition_before_and_nq_starts_over() {
        let query = parse("a=1^b=2^ORc=3^d=4^NQe=5^ORDERBYf^ORDERBYDESCg");
        let equal = |field, value| condition(field, Operator::Equal, value);
        assert_eq!(
            query.groups,
            [
                vec![vec![equal("a", "1")], vec![equal("b", "2"), equal("c", "3")], vec![equal("d", "4")],],
                vec![vec![equal("e", "5")]],
            ]
        );
        assert_eq!(query.order, [("f".into(), false), ("g".into(), true)]);
    }

    #[test]
    fn a_doubled_caret_is_text() {
        assert_eq!(
            parse("short_description=a^^b^active=true").groups[0],
            [
                vec![condition("short_description", Operator::Equal, "a^b")],
                vec![condition("active", Operator::Equal, "true")],
            ]
        );
    }

    #[test]
    fn every_operator_is_told_apart_from_its_prefixes() {
        for (spelling, operator) in OPERATORS {
            assert_eq!(
                term(&format!("sys_updated_on{spelling}x")),
                condition("sys_updated_on", *operator, "x"),
                "{spelling}"
            );
        }
    }

    #[test]
    fn junk_is_malformed_not_fatal() {
        for junk in ["AAAA=BBBB", "=x", "state", "state VALCHANGES", "Assigned_to=x", "priority>"] {
            let parsed = &parse(junk).groups[0];
            let fine = junk == "priority>";
            assert_eq!(parsed[0][0] == Term::Malformed, !fine, "{junk}");
        }
        assert_eq!(parse("").groups, [Vec::<AnyOf>::new()]);
        assert_eq!(parse("active=true^EQ").groups[0].len(), 1);
    }
}
