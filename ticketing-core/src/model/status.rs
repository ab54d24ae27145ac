//! Where a ticket stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Native, vocabulary};
use crate::id::{FieldId, TransitionId};

vocabulary! {
    /// Where a ticket stands, in words that every vendor shares.
    StatusCategory: "status category" {
        /// Nobody works on it yet.
        Open = "open",
        /// Somebody works on it.
        InProgress = "in_progress",
        /// It waits for somebody or something; the reason says for whom.
        OnHold = "on_hold",
        /// Answered; it may come back.
        Resolved = "resolved",
        /// Final.
        Closed = "closed",
        /// Ended without an answer.
        Cancelled = "cancelled",
        /// A status of the vendor's that has no mapping; the native value says which.
        Unknown = "unknown",
    }
}

impl StatusCategory {
    /// The categories that the filter `unresolved` stands for.
    pub const UNRESOLVED: &'static [Self] = &[Self::Open, Self::InProgress, Self::OnHold, Self::Unknown];

    /// True where somebody still has to do something.
    #[must_use]
    pub fn is_unresolved(self) -> bool {
        Self::UNRESOLVED.contains(&self)
    }
}

/// A ticket's status: shared category, vendor's value, and the reason (resolution, hold reason, close code).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Status {
    /// The shared category.
    pub category: StatusCategory,
    /// The vendor's own status.
    pub native: Native,
    /// Why: resolution, hold reason, close code.
    pub reason: Option<Native>,
}

/// One status that tickets can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusInfo {
    /// The shared category that it counts as on this connection.
    pub category: StatusCategory,
    /// The vendor's own status.
    pub native: Native,
    /// The native ticket types or collections it belongs to; empty: all.
    pub scopes: Vec<String>,
    /// False where it remains on old tickets and cannot be chosen any more.
    pub active: bool,
}

/// One status change that a ticket can make now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transition {
    /// The transition's id.
    pub id: TransitionId,
    /// What the vendor calls it.
    pub name: String,
    /// The status it leads to.
    pub to: Status,
    /// The fields that must be given with it.
    pub required_fields: Vec<FieldId>,
}
