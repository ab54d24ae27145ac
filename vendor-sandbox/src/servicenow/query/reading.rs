//! What the instance reads out of an encoded query, for those who write them.

use super::parse::{Operator, Term, parse, spellings};

/// An encoded query as the instance reads it.
///
/// ```
/// use vendor_sandbox::servicenow::QueryReading;
///
/// let reading = QueryReading::of("state=1^ORstate=2^short_descriptionLIKEa^^b^ORDERBYDESCnumber");
/// let [all_of] = &reading.groups[..] else { panic!() };
/// assert_eq!(all_of[0].len(), 2, "one of two");
/// let contains = all_of[1][0].as_ref().unwrap();
/// assert_eq!((contains.field.as_str(), contains.value.as_str()), ("short_description", "a^b"));
/// assert!(contains.is_spelled("LIKE") && !contains.is_spelled("="));
/// assert_eq!(reading.order, [("number".to_owned(), true)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryReading {
    /// A union of groups; of each, one of every list must hold. `None`: not understood, and so ignored, or no condition.
    pub groups: Vec<Vec<Vec<Option<ConditionReading>>>>,
    /// Field, and whether from large to small.
    pub order: Vec<(String, bool)>,
}

/// One condition as the instance reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionReading {
    /// The field.
    pub field: String,
    operator: Operator,
    /// The value, its escapes undone.
    pub value: String,
}

impl QueryReading {
    /// Of this text, decoded from its URL.
    #[must_use]
    pub fn of(query: &str) -> Self {
        let encoded = parse(query);
        let read = |term: Term| match term {
            Term::Condition { field, operator, value } => Some(ConditionReading { field, operator, value }),
            _ => None,
        };
        let groups = encoded
            .groups
            .into_iter()
            .map(|group| group.into_iter().map(|any_of| any_of.into_iter().map(read).collect()).collect())
            .collect();
        Self { groups, order: encoded.order }
    }
}

impl ConditionReading {
    /// Whether the operator may be written so: some have several spellings (wire §2.2).
    #[must_use]
    pub fn is_spelled(&self, operator: &str) -> bool {
        spellings(self.operator).any(|spelling| spelling == operator)
    }
}
