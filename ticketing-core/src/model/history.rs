//! What happened to a ticket.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FieldData, Native, Ref, Timestamp};
use crate::id::HistoryEntryId;

/// One moment of a ticket's history: who changed what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct HistoryEntry {
    /// The entry's id.
    pub id: HistoryEntryId,
    /// The ticket.
    pub ticket: Ref,
    /// Who did it.
    pub author: Option<Ref>,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub changes: Vec<FieldChange>,
}

/// One field's change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldChange {
    /// The core key (`status`, `assignees`), or the catalogue field's id.
    pub field: String,
    /// The vendor's own field.
    pub native: Native,
    /// What it was.
    pub from: HistoryValue,
    /// What it became.
    pub to: HistoryValue,
}

/// A value in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct HistoryValue {
    /// The vendor's value.
    pub value: FieldData,
    /// What it stands for.
    pub label: Option<String>,
}

impl HistoryValue {
    /// A value without a label.
    #[must_use]
    pub fn new(value: impl Into<FieldData>) -> Self {
        Self { value: value.into(), label: None }
    }
}
