//! What the account reads out of a search, for those who write them.

use super::search_query::{Compare, Query};

/// A search as the account reads it.
///
/// ```
/// use vendor_sandbox::zendesk::SearchReading;
///
/// let reading = SearchReading::of(r#"type:ticket -tags:spam created>=2026-01-01 "Status:open now""#);
/// let told: Vec<_> = reading.terms.iter().map(|own| (own.negated, &*own.keyword, own.sign, &*own.value)).collect();
/// assert_eq!(told, [
///     (true, "tags", ":", "spam"), (false, "created", ">=", "2026-01-01"), (false, "", ":", "status:open now"),
/// ]);
/// assert_eq!(reading.types, ["ticket"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchReading {
    /// What is looked for.
    pub terms: Vec<SearchTerm>,
    /// What `type:` asks for.
    pub types: Vec<String>,
    /// What `order_by:` asks for.
    pub order_by: Option<String>,
}

/// One condition as the account reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchTerm {
    /// Behind a minus.
    pub negated: bool,
    /// What is compared; empty for words.
    pub keyword: String,
    /// `:`, `<`, `<=`, `>` or `>=`.
    pub sign: &'static str,
    /// What with, in lower case.
    pub value: String,
}

impl SearchReading {
    /// Of this text, decoded from its URL.
    #[must_use]
    pub fn of(query: &str) -> Self {
        let query = Query::parse(query);
        let terms = query.terms.into_iter().map(|term| SearchTerm {
            negated: term.negated,
            keyword: term.keyword,
            sign: match term.compare {
                Compare::Equal => ":",
                Compare::Less => "<",
                Compare::LessOrEqual => "<=",
                Compare::Greater => ">",
                Compare::GreaterOrEqual => ">=",
            },
            value: term.value,
        });
        Self { terms: terms.collect(), types: query.types, order_by: query.order_by }
    }
}
