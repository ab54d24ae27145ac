//! What the writing rooms can do.

use std::collections::BTreeSet;

use ticketing_core::model::{StatusCategory, Visibility};
use ticketing_core::{Capabilities, ConcurrencyMode, Idempotency, IdempotencyMode, Operation};

use crate::connection::Connection;
use crate::mapping::HOLDABLE;

const OPERATIONS: &[Operation] = &[
    Operation::CreateTicket,
    Operation::UpdateTicket,
    Operation::DeleteTicket,
    Operation::ListTransitions,
    Operation::ListComments,
    Operation::AddComment,
    Operation::UpdateComment,
    Operation::DeleteComment,
    Operation::ListAttachments,
    Operation::DownloadAttachment,
    Operation::UploadAttachment,
    Operation::ListLinks,
    Operation::AddLink,
    Operation::RemoveLink,
    Operation::ListHistory,
    Operation::SendRaw,
];

/// Core keys that are written into Jira's own fields.
const WRITABLE: &[&str] = &[
    "title",
    "description",
    "status",
    "type",
    "priority",
    "assignees",
    "requester",
    "watchers",
    "account",
    "parent",
    "tags",
    "due",
    "fields",
];

/// Adds what can be written.
pub(crate) fn declare(connection: &Connection, out: &mut Capabilities) {
    out.operations.extend(OPERATIONS.iter().copied());
    let held = HOLDABLE.iter().copied().filter(|key| connection.mapping.field(key).is_some());
    out.writable_fields = WRITABLE.iter().copied().chain(held).map(str::to_owned).collect();
    // What a project's workflow has is the project's; a category of Jira's own is in every one, and the others by name or
    // mapping.
    out.writable_statuses = BTreeSet::from([
        StatusCategory::Open,
        StatusCategory::InProgress,
        StatusCategory::Resolved,
        StatusCategory::Closed,
        StatusCategory::Cancelled,
    ]);
    out.writable_statuses.extend(connection.mapping.status_categories());
    out.writable_statuses.remove(&StatusCategory::Unknown);
    out.comment_visibilities = BTreeSet::from([Visibility::Public, Visibility::Internal, Visibility::Restricted]);
    out.idempotency = Idempotency {
        // A mark left by the create is found by a search that may be behind, or read by the id that the
        // lost answer held: neither proves that nothing was made (wire A3.4, A4.1).
        ticket: IdempotencyMode::None,
        comment: IdempotencyMode::Search,
        attachment: IdempotencyMode::Search,
    };
    // By `updated`: there is no other version (wire C).
    out.concurrency = ConcurrencyMode::Checked;
    out.limits.max_title_chars = Some(255);
}
