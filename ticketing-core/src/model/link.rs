//! Relations between tickets, and from tickets to the web.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Native, Ref, Timestamp, vocabulary};
use crate::id::LinkId;

vocabulary! {
    /// What a link says: this ticket … the target.
    LinkCategory: "link type" {
        /// has to do with
        RelatesTo = "relates_to",
        /// blocks
        Blocks = "blocks",
        /// is blocked by
        BlockedBy = "blocked_by",
        /// says the same as
        Duplicates = "duplicates",
        /// is said again by
        DuplicatedBy = "duplicated_by",
        /// contains
        ParentOf = "parent_of",
        /// is part of
        ChildOf = "child_of",
        /// brought about
        Causes = "causes",
        /// was brought about by
        CausedBy = "caused_by",
        /// Any other; the native value says which.
        Other = "other",
    }
}

impl LinkCategory {
    /// The same link, seen from the other end.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::Blocks => Self::BlockedBy,
            Self::BlockedBy => Self::Blocks,
            Self::Duplicates => Self::DuplicatedBy,
            Self::DuplicatedBy => Self::Duplicates,
            Self::ParentOf => Self::ChildOf,
            Self::ChildOf => Self::ParentOf,
            Self::Causes => Self::CausedBy,
            Self::CausedBy => Self::Causes,
            Self::RelatesTo => Self::RelatesTo,
            Self::Other => Self::Other,
        }
    }
}

/// A link's type: shared category and vendor's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LinkType {
    /// The shared category.
    pub category: LinkCategory,
    /// The vendor's own type.
    pub native: Native,
}

/// A link from a ticket to another ticket, or to an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Link {
    /// The link's id.
    pub id: LinkId,
    /// What it says.
    #[serde(rename = "type")]
    pub link_type: LinkType,
    /// The ticket it was asked of.
    pub ticket: Ref,
    /// The ticket at the other end; `null` for a link to an address.
    pub target: Option<Ref>,
    /// The address it points at, for a link outside.
    pub url: Option<String>,
    /// What people call it.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}
