//! What sort of ticket it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Native, vocabulary};

vocabulary! {
    /// What sort of ticket it is, in words that every vendor shares.
    TypeCategory: "type" {
        /// Something is broken.
        Incident = "incident",
        /// Somebody wants something.
        Request = "request",
        /// Something is to be changed.
        Change = "change",
        /// The cause of incidents.
        Problem = "problem",
        /// Something is to be done.
        Task = "task",
        /// A defect.
        Bug = "bug",
        /// A user story.
        Story = "story",
        /// A body of stories.
        Epic = "epic",
        /// Somebody wants to know something.
        Question = "question",
        /// Any other; the native value says which.
        Other = "other",
    }
}

/// A ticket's type: shared category and vendor's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct TicketType {
    /// The shared category.
    pub category: TypeCategory,
    /// The vendor's own type.
    pub native: Native,
}
