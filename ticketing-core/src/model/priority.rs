//! How urgent a ticket is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Native, vocabulary};

vocabulary! {
    /// How urgent a ticket is, in words that every vendor shares.
    PriorityLevel: "priority level" {
        /// Now.
        Urgent = "urgent",
        /// Before the rest.
        High = "high",
        /// In turn.
        Normal = "normal",
        /// After the rest.
        Low = "low",
        /// Some day.
        Lowest = "lowest",
        /// A priority of the vendor's that has no mapping; the native value says which.
        Unknown = "unknown",
    }
}

/// A ticket's priority: shared level and vendor's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Priority {
    /// The shared level.
    pub level: PriorityLevel,
    /// The vendor's own priority.
    pub native: Native,
}
