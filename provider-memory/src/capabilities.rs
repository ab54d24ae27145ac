//! What the store can do: everything, exactly.

use ticketing_core::model::{Kind, StatusCategory, StatusInfo, Visibility};
use ticketing_core::request::{FilterKind, SortField};
use ticketing_core::{Capabilities, ConcurrencyMode, Idempotency, IdempotencyMode, Operation, Support};

use crate::attachments::MAX_ATTACHMENT_BYTES;
use crate::create::MAX_TITLE_CHARS;
use crate::paging::{DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE};
use crate::query::MAX_IDS;

/// The core keys that are written.
const WRITABLE: &[&str] = &[
    "title",
    "description",
    "status",
    "priority",
    "type",
    "assignees",
    "assigned_groups",
    "requester",
    "watchers",
    "account",
    "collections",
    "parent",
    "tags",
    "external_id",
    "due",
    "fields",
];
/// The core keys that are read besides. There is no `url`: nobody can open a ticket that lives in memory.
const READ_ONLY: &[&str] =
    &["id", "key", "creator", "created_at", "updated_at", "resolved_at", "closed_at", "version", "deleted"];

/// What a connection can do whose statuses count like this.
pub(crate) fn capabilities(statuses: &[StatusInfo]) -> Capabilities {
    let strings = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let mut capabilities = Capabilities::required().with_operations(Operation::ALL.iter().copied());
    capabilities.ticket_filters = FilterKind::ALL.iter().map(|kind| (*kind, Support::Native)).collect();
    capabilities.sorts = SortField::ALL.iter().copied().collect();
    capabilities.readable_fields = strings(&[WRITABLE, READ_ONLY].concat());
    capabilities.writable_fields = strings(WRITABLE);
    capabilities.writable_statuses = statuses
        .iter()
        .filter(|status| status.active && status.category != StatusCategory::Unknown)
        .map(|status| status.category)
        .collect();
    capabilities.comment_visibilities = Visibility::ALL.iter().copied().collect();
    capabilities.idempotency = Idempotency {
        ticket: IdempotencyMode::Native,
        comment: IdempotencyMode::Native,
        attachment: IdempotencyMode::Native,
    };
    capabilities.concurrency = ConcurrencyMode::Native;
    capabilities.change_kinds = Kind::ALL.iter().copied().collect();
    capabilities.census_kinds = Kind::ALL.iter().copied().collect();
    capabilities.sees_deletes = true;
    capabilities.limits.max_page_size = Some(MAX_PAGE_SIZE);
    capabilities.limits.default_page_size = Some(DEFAULT_PAGE_SIZE);
    capabilities.limits.max_ids = Some(MAX_IDS as u32);
    capabilities.limits.max_attachment_bytes = Some(MAX_ATTACHMENT_BYTES);
    capabilities.limits.max_title_chars = Some(MAX_TITLE_CHARS);
    capabilities.limits.time_resolution_ms = Some(1);
    capabilities
}
