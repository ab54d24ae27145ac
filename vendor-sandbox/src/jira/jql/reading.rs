//! What the site reads out of a query, for those who write them.

use super::parse::{Clause, Operand, parse};

/// A query as the site reads it.
///
/// ```
/// use vendor_sandbox::jira::{JqlCondition, JqlReading, JqlValue};
///
/// let reading = JqlReading::of(r#"project = "IT" AND labels IN (north, "b \" c") ORDER BY id DESC"#).unwrap();
/// let Some(JqlCondition::All(all)) = reading.condition else { panic!() };
/// let text = |text: &str| JqlValue::Text(text.to_owned());
/// assert_eq!(all[0], JqlCondition::term("project", "=", text("IT")));
/// assert_eq!(all[1], JqlCondition::term("labels", "in", JqlValue::List(vec![text("north"), text("b \" c")])));
/// assert_eq!(reading.order, [("id".to_owned(), Some(true))]);
/// assert!(JqlReading::of("project = IT").unwrap_err().contains("reserved JQL word"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JqlReading {
    /// What must hold; `None`: nothing.
    pub condition: Option<JqlCondition>,
    /// Field, and whether from large to small; `None`: as the field's own direction is.
    pub order: Vec<(String, Option<bool>)>,
}

/// A condition as the site reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JqlCondition {
    /// Every one of these.
    All(Vec<JqlCondition>),
    /// Any of these.
    Any(Vec<JqlCondition>),
    /// Not this.
    Not(Box<JqlCondition>),
    /// A field, an operator and what it is compared with.
    Term {
        /// The field's name.
        field: String,
        /// `=`, `!=`, `in`, `is not`, …: as errors name it.
        operator: &'static str,
        /// What it is compared with.
        value: JqlValue,
    },
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JqlValue {
    /// A text, quoted or bare, its escapes undone.
    Text(String),
    /// Several.
    List(Vec<JqlValue>),
    /// A function and its arguments.
    Function(String, Vec<String>),
    /// `EMPTY` or `NULL`.
    Empty,
    /// Nothing: of `changed`.
    Nothing,
}

impl JqlReading {
    /// Of this text.
    ///
    /// # Errors
    /// The vendor's message.
    pub fn of(query: &str) -> Result<Self, String> {
        let query = parse(query)?;
        Ok(Self { condition: query.clause.map(JqlCondition::from), order: query.order })
    }
}

impl JqlCondition {
    /// A field, an operator and a value.
    #[must_use]
    pub fn term(field: impl Into<String>, operator: &'static str, value: JqlValue) -> Self {
        Self::Term { field: field.into(), operator, value }
    }
}

impl From<Clause> for JqlCondition {
    fn from(clause: Clause) -> Self {
        let each = |all: Vec<Clause>| all.into_iter().map(Self::from).collect();
        match clause {
            Clause::And(all) => Self::All(each(all)),
            Clause::Or(any) => Self::Any(each(any)),
            Clause::Not(one) => Self::Not(Box::new(Self::from(*one))),
            Clause::Term { field, operator, operand } => Self::term(field, operator.name(), operand.into()),
        }
    }
}

impl From<Operand> for JqlValue {
    fn from(operand: Operand) -> Self {
        match operand {
            Operand::Value { text, .. } => Self::Text(text),
            Operand::List(list) => Self::List(list.into_iter().map(Self::from).collect()),
            Operand::Function { name, arguments } => Self::Function(name, arguments),
            Operand::Empty => Self::Empty,
            Operand::None => Self::Nothing,
        }
    }
}
