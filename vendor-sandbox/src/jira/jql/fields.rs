//! What a name in a query stands for.

use crate::jira::catalogue::{FIELDS, Field, Kind};

/// A field of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ref {
    /// `key`, `id`, `issue`, `issuekey`: aliases of each other.
    Key,
    /// All text at once.
    Text,
    Comment,
    Watcher,
    Attachments,
    LinkType,
    RequestType,
    /// Position in [`FIELDS`].
    Field(usize),
}

impl Ref {
    pub(crate) fn find(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "key" | "id" | "issue" | "issuekey" => Self::Key,
            "text" => Self::Text,
            "comment" => Self::Comment,
            "watcher" => Self::Watcher,
            "attachments" => Self::Attachments,
            "issuelinktype" => Self::LinkType,
            "request type" | "customer request type" | "cf[10010]" => Self::RequestType,
            _ => Self::Field(
                FIELDS.iter().position(|field| field.clauses.iter().any(|own| own.eq_ignore_ascii_case(name)))?,
            ),
        })
    }

    pub(crate) fn field(self) -> Option<&'static Field> {
        match self {
            Self::Field(at) => FIELDS.get(at),
            _ => None,
        }
    }

    pub(crate) fn kind(self) -> Option<Kind> {
        self.field().map(|field| field.kind)
    }
}
