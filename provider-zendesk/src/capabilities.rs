//! What a connection can do, as far as is known of it.

use std::collections::{BTreeMap, BTreeSet};

use ticketing_core::model::{Kind, StatusCategory, Visibility};
use ticketing_core::request::FilterKind;
use ticketing_core::{Capabilities, ConcurrencyMode, Idempotency, IdempotencyMode, Operation, Support};

use crate::attachments;
use crate::check::{EXPORTS, PUBLIC_COMMENTS, TICKETS};
use crate::connection::{CONCURRENCY, Connection, LARGEST_PAGE};
use crate::delta;
use crate::mapping::STATUSES;
use crate::tickets::{MOST_IDS, SORTS};

const OPERATIONS: &[Operation] = &[
    Operation::GetTickets,
    Operation::DeleteTicket,
    Operation::ListTransitions,
    Operation::ListComments,
    Operation::AddComment,
    Operation::ListAttachments,
    Operation::DownloadAttachment,
    Operation::UploadAttachment,
    Operation::ListLinks,
    Operation::AddLink,
    Operation::RemoveLink,
    Operation::ListWatchers,
    Operation::ListHistory,
    Operation::FindUsers,
    Operation::FindGroups,
    Operation::ListGroupMembers,
    Operation::ListCollections,
    Operation::ListTags,
    Operation::ListAccounts,
    Operation::ListContacts,
    Operation::ListFields,
    Operation::ListStatuses,
    Operation::ListChanges,
    Operation::ListIds,
    Operation::SendRaw,
];

/// Core keys that can be both read and written.
const WRITABLE: &[&str] = &[
    "title",
    "status",
    "priority",
    "type",
    "requester",
    "assignees",
    "assigned_groups",
    "watchers",
    "account",
    "tags",
    "external_id",
    "fields",
];

const READ_ONLY: &[&str] = &[
    "id",
    "key",
    // Written with a new ticket alone.
    "description",
    "collections",
    "creator",
    "url",
    "created_at",
    "updated_at",
    "resolved_at",
    "closed_at",
    // Written along with the type `task` alone.
    "due",
    "version",
    "deleted",
];

/// What the connection can do. What turned out to be closed to the credential is left out.
pub(crate) fn of(connection: &Connection) -> Capabilities {
    let mut out = Capabilities::required().with_operations(OPERATIONS.iter().copied());
    let exports = !connection.is_closed(EXPORTS);
    if !exports {
        out.operations.remove(&Operation::ListChanges);
    }
    out.ticket_filters = filters();
    out.sorts = SORTS.iter().copied().collect();
    out.readable_fields = READ_ONLY.iter().chain(WRITABLE).map(|key| (*key).to_owned()).collect();
    out.writable_fields = WRITABLE.iter().map(|key| (*key).to_owned()).collect();
    out.writable_statuses = statuses(connection);
    out.comment_visibilities = BTreeSet::from([Visibility::Public, Visibility::Internal]);
    if connection.is_closed(PUBLIC_COMMENTS) {
        out.comment_visibilities.remove(&Visibility::Public);
    }
    out.idempotency = Idempotency {
        ticket: IdempotencyMode::Native,
        comment: IdempotencyMode::Search,
        attachment: IdempotencyMode::Search,
    };
    out.concurrency = ConcurrencyMode::Native;
    if exports {
        out.change_kinds = delta::KINDS.iter().copied().collect();
    }
    out.census_kinds = BTreeSet::from([Kind::Ticket, Kind::User, Kind::Group, Kind::Account, Kind::Contact]);
    out.sees_deletes = exports;
    if connection.is_closed(TICKETS) {
        // An end user sees its own requests through another API, and itself (§B7).
        out.operations.retain(|own| matches!(own, Operation::Check | Operation::GetUser | Operation::SendRaw));
        out.comment_visibilities.clear();
        out.writable_statuses.clear();
        out.writable_fields.clear();
        out.census_kinds.clear();
    }
    out.limits.max_page_size = Some(LARGEST_PAGE);
    out.limits.default_page_size = Some(LARGEST_PAGE);
    out.limits.max_ids = u32::try_from(MOST_IDS).ok();
    out.limits.max_attachment_bytes = Some(attachments::LARGEST);
    out.limits.time_resolution_ms = Some(1_000);
    out.limits.max_assignees = Some(1);
    out.limits.max_groups = Some(1);
    out.limits.max_concurrency = u32::try_from(CONCURRENCY).ok();
    out
}

/// Those that a search or an endpoint of its own narrows, and those for which more is read than fits.
fn filters() -> BTreeMap<FilterKind, Support> {
    let emulated =
        [FilterKind::Collection, FilterKind::Fields, FilterKind::Resolved, FilterKind::Closed, FilterKind::Due];
    FilterKind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != FilterKind::Parent)
        .map(|kind| (kind, if emulated.contains(&kind) { Support::Emulated } else { Support::Native }))
        .collect()
}

/// The categories that some status stands for on this connection: a system one, or one that the mapping names.
fn statuses(connection: &Connection) -> BTreeSet<StatusCategory> {
    let mut out: BTreeSet<StatusCategory> =
        STATUSES.iter().map(|(id, _)| connection.mapping.status(id, id, None)).collect();
    out.extend(connection.mapping.named_categories());
    out.remove(&StatusCategory::Unknown);
    out
}
