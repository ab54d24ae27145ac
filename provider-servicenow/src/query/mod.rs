//! Encoded queries from typed parts (`wire/servicenow.md` §2): fields are checked, values escaped, injection refused.
//!
//! ServiceNow ignores what it does not understand, and the query widens. So nothing wrong can be built here, and what comes
//! back is evaluated again.

mod condition;
mod evaluate;
pub(crate) mod filter;
mod name;
pub(crate) mod order;
pub(crate) mod value;

pub use condition::{Condition, Operator, Unit};
pub use name::FieldName;
pub use order::{Order, RowKey};

use std::fmt::Write as _;

use ticketing_core::{Delivery, Error, ErrorKind, Result};

pub(crate) use evaluate::{Fit, Values};

/// Conditions of which one must hold.
pub type AnyOf = Vec<Condition>;

/// A query: a union of groups, each of which asks for one of every `AnyOf`. Without a group's condition: every row.
///
/// ```
/// use provider_servicenow::query::{Condition, FieldName, Query};
///
/// let state = FieldName::new("state")?;
/// let title = FieldName::new("short_description")?;
/// let query = Query::all()
///     .and(Condition::is_one_of(state, ["1", "2"])?)
///     .and(vec![Condition::contains(title, "50^2 % off")?]);
/// assert_eq!(query.encode(), "stateIN1,2^short_descriptionLIKE50^^2 % off");
/// # Ok::<(), ticketing_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    groups: Vec<Vec<AnyOf>>,
}

impl Default for Query {
    fn default() -> Self {
        Self::all()
    }
}

impl Query {
    /// Every row.
    #[must_use]
    pub fn all() -> Self {
        Self { groups: vec![Vec::new()] }
    }

    /// And one of these must hold; none of them at all changes nothing.
    #[must_use]
    pub fn and(mut self, any_of: impl Into<AnyOf>) -> Self {
        let any_of = any_of.into();
        if !any_of.is_empty() {
            for group in &mut self.groups {
                group.push(any_of.clone());
            }
        }
        self
    }

    /// And the other query must hold too. Both may be unions: `^NQ` starts over, so each pair of groups is written out
    /// (wire §2.1).
    #[must_use]
    pub fn and_query(self, other: &Self) -> Self {
        let groups = self
            .groups
            .iter()
            .flat_map(|own| other.groups.iter().map(move |more| own.iter().chain(more).cloned().collect()))
            .collect();
        Self { groups }
    }

    /// Or the other query.
    #[must_use]
    pub fn or_query(mut self, other: Self) -> Self {
        self.groups.extend(other.groups);
        self
    }

    /// True where every row is asked for.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.groups.iter().any(Vec::is_empty)
    }

    /// The fields that are asked about.
    pub fn fields(&self) -> impl Iterator<Item = &FieldName> {
        self.groups.iter().flatten().flatten().flat_map(Condition::fields)
    }

    /// The text of `sysparm_query`, not yet percent-encoded.
    #[must_use]
    pub fn encode(&self) -> String {
        self.encode_ordered(&[])
    }

    /// The text of `sysparm_query` with an order at its end.
    #[must_use]
    pub fn encode_ordered(&self, order: &[Order]) -> String {
        let mut out = String::new();
        // A union with "everything" is everything.
        if !self.is_all() {
            for (nth, group) in self.groups.iter().enumerate() {
                if nth > 0 {
                    out.push_str("^NQ");
                }
                encode_group(group, &mut out);
            }
        }
        for order in order {
            if !out.is_empty() {
                out.push('^');
            }
            let word = if order.descending { "ORDERBYDESC" } else { "ORDERBY" };
            let _ = write!(out, "{word}{}", order.field);
        }
        out
    }

    /// How a row answers the query: an ignored part of it shows here.
    pub(crate) fn fit(&self, row: &impl Values) -> Fit<'_> {
        Fit::any(self.groups.iter().map(|group| {
            Fit::all(group.iter().map(|any_of| Fit::any(any_of.iter().map(|condition| condition.fit(row)))))
        }))
    }

    /// Whether a row fits.
    ///
    /// # Errors
    /// `PermissionDenied`, naming the field, where the row does not show what decides it.
    pub(crate) fn accepts(&self, row: &impl Values) -> Result<bool> {
        match self.fit(row) {
            Fit::Yes => Ok(true),
            Fit::No => Ok(false),
            Fit::Hidden(field) => Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("`{field}` may not be read, so the instance may have ignored what was asked of it"),
            )
            .with_code("hidden_field")
            .with_delivery(Delivery::Answered)
            .with_hint(format!("let the integration user read `{field}`, or ask without it"))),
        }
    }
}

fn encode_group(group: &[AnyOf], out: &mut String) {
    for (nth, any_of) in group.iter().enumerate() {
        if nth > 0 {
            out.push('^');
        }
        for (nth, condition) in any_of.iter().enumerate() {
            if nth > 0 {
                out.push_str("^OR");
            }
            condition.encode(out);
        }
    }
}

impl From<Condition> for AnyOf {
    fn from(condition: Condition) -> Self {
        vec![condition]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> FieldName {
        FieldName::new(name).unwrap()
    }

    fn equals(name: &str, value: &str) -> Condition {
        Condition::equals(field(name), value).unwrap()
    }

    #[test]
    fn groups_repeat_what_must_hold_in_each() {
        let base = Query::all().and(equals("active", "true")).and(vec![equals("a", "1"), equals("b", "2")]);
        let after =
            Query::all().and(Condition::greater(field("sys_updated_on"), "2026-01-05 08:00:00").unwrap()).or_query(
                Query::all()
                    .and(equals("sys_updated_on", "2026-01-05 08:00:00"))
                    .and(Condition::greater(field("sys_id"), "abc").unwrap()),
            );
        let order = [Order::ascending("sys_updated_on"), Order::ascending("sys_id")];
        assert_eq!(
            base.and_query(&after).encode_ordered(&order),
            "active=true^a=1^ORb=2^sys_updated_on>2026-01-05 08:00:00\
             ^NQactive=true^a=1^ORb=2^sys_updated_on=2026-01-05 08:00:00^sys_id>abc\
             ^ORDERBYsys_updated_on^ORDERBYsys_id"
        );
    }

    #[test]
    fn nothing_asked_is_nothing_written() {
        assert_eq!(Query::all().encode(), "");
        assert_eq!(Query::all().and(Vec::new()).encode_ordered(&[Order::ascending("sys_id")]), "ORDERBYsys_id");
        assert_eq!(Query::all().or_query(Query::all().and(equals("a", "1"))).encode(), "");
    }
}
