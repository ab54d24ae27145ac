//! What a provider, on this connection, can do.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Kind, StatusCategory, Visibility, vocabulary};
use crate::operation::Operation;
use crate::request::{FilterKind, SortField};

vocabulary! {
    /// How a filter is served.
    Support: "support" {
        /// By the vendor.
        Native = "native",
        /// By the provider, with the same result, at the cost of reading more.
        Emulated = "emulated",
    }
    /// How a repeated write is kept from happening twice.
    IdempotencyMode: "idempotency" {
        /// The vendor has a key for it.
        Native = "native",
        /// The provider looks for the record before it repeats the write.
        Search = "search",
        /// Not at all: an uncertain write is reported, and never repeated.
        None = "none",
    }
    /// How `expected_version` is kept.
    ConcurrencyMode: "concurrency" {
        /// The vendor compares.
        Native = "native",
        /// The provider compares just before writing; a small window remains.
        Checked = "checked",
        /// Not at all: it is refused.
        None = "none",
    }
}

/// How repeated writes are kept from happening twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Idempotency {
    /// Tickets.
    pub ticket: IdempotencyMode,
    /// Comments.
    pub comment: IdempotencyMode,
    /// Attachments.
    pub attachment: IdempotencyMode,
}

/// The limits of a connection; `None`: none is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
#[schemars(transform = crate::model::every_key)]
pub struct Limits {
    /// The largest page that may be asked for.
    pub max_page_size: Option<u32>,
    /// The page size where none is asked for.
    pub default_page_size: Option<u32>,
    /// The most ids in one `get_tickets`.
    pub max_ids: Option<u32>,
    /// The largest attachment, in bytes.
    pub max_attachment_bytes: Option<u64>,
    /// The longest title, in characters.
    pub max_title_chars: Option<u32>,
    /// The finest difference between two times, in milliseconds.
    pub time_resolution_ms: Option<u32>,
    /// How many assignees a ticket can have.
    pub max_assignees: Option<u32>,
    /// How many assigned groups a ticket can have.
    pub max_groups: Option<u32>,
    /// How many requests may run at the same time.
    pub max_concurrency: Option<u32>,
}

/// What a provider, on this connection, can do. What is not in here is refused before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Capabilities {
    /// The operations.
    pub operations: BTreeSet<Operation>,
    /// The ticket filters, and how they are served.
    pub ticket_filters: BTreeMap<FilterKind, Support>,
    /// What tickets can be sorted by.
    pub sorts: BTreeSet<SortField>,
    /// The core keys that tickets are read with.
    pub readable_fields: BTreeSet<String>,
    /// The core keys that can be written.
    pub writable_fields: BTreeSet<String>,
    /// The status categories that can be written.
    pub writable_statuses: BTreeSet<StatusCategory>,
    /// Who comments can be for.
    pub comment_visibilities: BTreeSet<Visibility>,
    /// How repeated writes are kept from happening twice.
    pub idempotency: Idempotency,
    /// How `expected_version` is kept.
    pub concurrency: ConcurrencyMode,
    /// The kinds that `list_changes` follows.
    pub change_kinds: BTreeSet<Kind>,
    /// The kinds that `list_ids` counts.
    pub census_kinds: BTreeSet<Kind>,
    /// True where a delta tells of deleted records.
    pub sees_deletes: bool,
    /// The limits.
    pub limits: Limits,
}

impl Capabilities {
    /// Nothing but the required operations.
    #[must_use]
    pub fn required() -> Self {
        Self {
            operations: Operation::ALL.iter().copied().filter(|operation| operation.is_required()).collect(),
            ticket_filters: BTreeMap::new(),
            sorts: BTreeSet::new(),
            readable_fields: BTreeSet::new(),
            writable_fields: BTreeSet::new(),
            writable_statuses: BTreeSet::new(),
            comment_visibilities: BTreeSet::new(),
            idempotency: Idempotency {
                ticket: IdempotencyMode::None,
                comment: IdempotencyMode::None,
                attachment: IdempotencyMode::None,
            },
            concurrency: ConcurrencyMode::None,
            change_kinds: BTreeSet::new(),
            census_kinds: BTreeSet::new(),
            sees_deletes: false,
            limits: Limits::default(),
        }
    }

    /// With these operations too.
    #[must_use]
    pub fn with_operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations.extend(operations);
        self
    }

    /// True where the operation can be called.
    #[must_use]
    pub fn supports(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::required()
    }
}
