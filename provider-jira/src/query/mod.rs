//! A query in Jira's language, built from parts: no value can be read as anything but a value (wire A5).

pub(crate) mod dates;
pub(crate) mod filter;
pub(crate) mod order;
mod write;

pub(crate) use dates::Zone;

/// What a condition is on: a name of Jira's own, or one from the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(String);

impl Field {
    /// A name of Jira's own.
    #[must_use]
    pub fn system(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// A clause name from the catalogue: `cf[10030]`, `Story Points[Number]`.
    #[must_use]
    pub fn named(clause: &str) -> Self {
        Self(clause.to_owned())
    }
}

/// How a field and a value stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Is the same.
    Equals,
    /// Is smaller, or earlier.
    Less,
    /// Is not smaller, or not earlier.
    AtLeast,
    /// Is larger, or later.
    Greater,
    /// Holds these words.
    Contains,
}

/// A condition, or several.
///
/// ```
/// use provider_jira::query::{Clause, Field, Jql};
///
/// let assignee = || Field::system("assignee");
/// // Jira's `!=` passes over what is empty, so that it is asked for as well.
/// let others = Clause::is_not(assignee(), "712020:a");
/// let query = Jql::all().and(others).and(Clause::one_of(Field::system("project"), ["IT", "A \"B\" \\ C"]));
/// assert_eq!(
///     query.encode(),
///     r#"(assignee != "712020:a" OR assignee IS EMPTY) AND project IN ("IT", "A \"B\" \\ C")"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// Every one of these.
    All(Vec<Clause>),
    /// Any of these.
    Any(Vec<Clause>),
    /// A field and a value.
    Term(Field, Operator, String),
    /// A field and a number.
    Number(Field, Operator, i64),
    /// A field that is any of these values.
    In(Field, Vec<String>),
    /// A field that is not this value; what is empty is not meant by that.
    Not(Field, String),
    /// A field without a value, or with one.
    Empty(Field, bool),
    /// Nothing at all fits.
    Never,
}

impl Clause {
    /// A field that is this value.
    #[must_use]
    pub fn equals(field: Field, value: impl Into<String>) -> Self {
        Self::Term(field, Operator::Equals, value.into())
    }

    /// A field that is any of these; none of them is nothing at all, since an empty list is an error (wire A5).
    #[must_use]
    pub fn one_of<T: Into<String>>(field: Field, values: impl IntoIterator<Item = T>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        values.dedup();
        match values.len() {
            0 => Self::Never,
            _ => Self::In(field, values),
        }
    }

    /// A field that is something else, or empty.
    #[must_use]
    pub fn is_not(field: Field, value: impl Into<String>) -> Self {
        Self::Any(vec![Self::Not(field.clone(), value.into()), Self::Empty(field, true)])
    }

    /// A field without a value.
    #[must_use]
    pub fn is_empty(field: Field) -> Self {
        Self::Empty(field, true)
    }

    /// A field with a value.
    #[must_use]
    pub fn is_not_empty(field: Field) -> Self {
        Self::Empty(field, false)
    }

    /// Any of these; nothing among nothing.
    #[must_use]
    pub fn any(clauses: impl IntoIterator<Item = Clause>) -> Self {
        let mut clauses: Vec<Clause> = clauses.into_iter().filter(|clause| *clause != Self::Never).collect();
        match clauses.len() {
            0 => Self::Never,
            1 => clauses.remove(0),
            _ => Self::Any(clauses),
        }
    }

    fn is_never(&self) -> bool {
        match self {
            Self::Never => true,
            Self::All(all) => all.iter().any(Self::is_never),
            Self::Any(any) => any.iter().all(Self::is_never),
            _ => false,
        }
    }
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// By what.
    pub field: Field,
    /// From large to small.
    pub descending: bool,
}

/// A query: conditions, all of which hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Jql {
    clauses: Vec<Clause>,
}

impl Jql {
    /// Every issue.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// And this.
    #[must_use]
    pub fn and(mut self, clause: Clause) -> Self {
        match clause {
            Clause::All(all) => self.clauses.extend(all),
            clause => self.clauses.push(clause),
        }
        self
    }

    /// True where nothing can fit, so that nobody need be asked.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.clauses.iter().any(Clause::is_never)
    }

    /// The query as text; one without a condition is bounded by one that every issue meets, since Cloud refuses what is
    /// unbounded (wire A3.2).
    #[must_use]
    pub fn encode(&self) -> String {
        self.encode_ordered(&[])
    }

    /// The query as text, in an order.
    #[must_use]
    pub fn encode_ordered(&self, order: &[OrderBy]) -> String {
        write::jql(&self.clauses, order)
    }
}
