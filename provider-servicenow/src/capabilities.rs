//! What a connection can do, as far as is known of it.

use std::collections::{BTreeMap, BTreeSet};

use ticketing_core::model::{Kind, StatusCategory, Visibility};
use ticketing_core::request::{FilterKind, SortField};
use ticketing_core::{Capabilities, ConcurrencyMode, Idempotency, IdempotencyMode, Operation, Support};

use crate::attachments;
use crate::catalogue::CoreFields;
use crate::connection::{CONCURRENCY, Connection, DEFAULT_PAGE, LARGEST_PAGE};
use crate::mapping::default_states;
use crate::tickets::MOST_IDS;

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
    "description",
    "status",
    "priority",
    "assignees",
    "assigned_groups",
    "watchers",
    "account",
    "parent",
    "tags",
    "external_id",
    "due",
    "fields",
];

const READ_ONLY: &[&str] =
    &["id", "key", "type", "creator", "url", "created_at", "updated_at", "closed_at", "unreadable", "version"];

/// What the connection can do. What turned out to be closed to the credential is left out.
pub(crate) fn of(connection: &Connection) -> Capabilities {
    let mut out = Capabilities::required().with_operations(OPERATIONS.iter().copied());
    if connection.is_closed("sys_audit") {
        out.operations.remove(&Operation::ListHistory);
    }
    let contacts = !connection.is_closed("customer_contact");
    if !contacts {
        out.operations.remove(&Operation::ListContacts);
    }
    out.ticket_filters = filters(connection);
    out.sorts = SortField::ALL.iter().copied().collect();
    let tables = || connection.tables.iter().map(|table| CoreFields::of(table));
    let requests = tables().any(|own| own.requester.is_some());
    let readable = READ_ONLY.iter().chain(WRITABLE).copied();
    out.readable_fields = readable
        .chain(requests.then_some("requester"))
        .chain(tables().any(|own| own.resolves).then_some("resolved_at"))
        .map(str::to_owned)
        .collect();
    out.writable_fields = WRITABLE.iter().copied().chain(requests.then_some("requester")).map(str::to_owned).collect();
    out.writable_statuses = statuses(connection);
    out.comment_visibilities = BTreeSet::from([Visibility::Public, Visibility::Internal]);
    out.idempotency = Idempotency {
        ticket: IdempotencyMode::Search,
        comment: IdempotencyMode::Search,
        attachment: IdempotencyMode::Search,
    };
    out.concurrency = ConcurrencyMode::Checked;
    let mut kinds = BTreeSet::from([Kind::Ticket, Kind::User, Kind::Group, Kind::Account]);
    if contacts {
        kinds.insert(Kind::Contact);
    }
    if !connection.is_closed("sys_journal_field") {
        kinds.insert(Kind::Comment);
    }
    out.change_kinds.clone_from(&kinds);
    out.census_kinds = kinds;
    out.sees_deletes = !connection.is_closed("sys_audit_delete");
    out.limits.max_page_size = Some(LARGEST_PAGE);
    out.limits.default_page_size = Some(DEFAULT_PAGE);
    out.limits.max_ids = u32::try_from(MOST_IDS).ok();
    out.limits.max_attachment_bytes = Some(attachments::LARGEST);
    out.limits.max_title_chars = Some(crate::write::TITLE_CHARS);
    out.limits.time_resolution_ms = Some(1_000);
    out.limits.max_assignees = Some(1);
    out.limits.max_groups = Some(1);
    out.limits.max_concurrency = u32::try_from(CONCURRENCY).ok();
    out
}

fn filters(connection: &Connection) -> BTreeMap<FilterKind, Support> {
    let has = |test: fn(&CoreFields) -> bool| connection.tables.iter().any(|table| test(&CoreFields::of(table)));
    FilterKind::ALL
        .iter()
        .copied()
        .filter(|kind| match kind {
            FilterKind::Collection => false,
            FilterKind::Requester => has(|own| own.requester.is_some()),
            FilterKind::Resolved => has(|own| own.resolves),
            _ => true,
        })
        .map(|kind| {
            // Tags are asked for first, then their tickets.
            let support = if kind == FilterKind::Tag { Support::Emulated } else { Support::Native };
            (kind, support)
        })
        .collect()
}

/// The categories that some state of a configured table stands for.
fn statuses(connection: &Connection) -> BTreeSet<StatusCategory> {
    let mut out = BTreeSet::new();
    for table in &connection.tables {
        out.extend(default_states(table).map(|(id, _)| connection.mapping.status(table, id, None)));
        if CoreFields::of(table).on_hold_flag {
            out.insert(StatusCategory::OnHold);
        }
        out.extend(
            connection
                .mapping
                .status_keys(table, &connection.tables)
                .map(|key| connection.mapping.status(table, key, Some(key))),
        );
    }
    out.remove(&StatusCategory::Unknown);
    out
}
