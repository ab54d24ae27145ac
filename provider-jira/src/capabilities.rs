//! What a connection can do, as far as is known of it.

use std::collections::BTreeSet;

use ticketing_core::model::Kind;
use ticketing_core::request::{FilterKind, SortField};
use ticketing_core::{Capabilities, Operation, Support};

use crate::connection::{CONCURRENCY, Connection, DEFAULT_PAGE, LARGEST_PAGE, Part};
use crate::tickets::MOST_IDS;

/// What can be done besides the required.
const OPERATIONS: &[Operation] = &[
    Operation::GetTickets,
    Operation::ListWatchers,
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
];

/// Core keys that every issue has a field for.
const READABLE: &[&str] = &[
    "id",
    "key",
    "title",
    "description",
    "status",
    "priority",
    "type",
    "assignees",
    "requester",
    "creator",
    "watchers",
    "account",
    "collections",
    "parent",
    "tags",
    "url",
    "created_at",
    "updated_at",
    "resolved_at",
    "due",
    "fields",
    "unreadable",
    "version",
];

/// What the connection can do. What turned out to be closed to the credential, or not to be there, is left out.
pub(crate) fn of(connection: &Connection) -> Capabilities {
    let mut out = Capabilities::required().with_operations(OPERATIONS.iter().copied());
    crate::write::declare(connection, &mut out);
    let has_desk = !connection.is_closed(Part::ServiceDesk);
    if !has_desk {
        out.operations.remove(&Operation::ListAccounts);
        out.operations.remove(&Operation::ListContacts);
    }
    if connection.is_closed(Part::Members) {
        out.operations.remove(&Operation::ListGroupMembers);
    }
    if connection.api.is_data_center() {
        // A Data Center does not list its labels, and gives issues one by one, or by a search, which may be behind (wire A13).
        out.operations.remove(&Operation::ListTags);
        out.operations.remove(&Operation::GetTickets);
    }
    out.ticket_filters = FilterKind::ALL
        .iter()
        .copied()
        .filter(|kind| match kind {
            // An issue is closed by its status, and nothing says when.
            FilterKind::Closed => false,
            FilterKind::Group => connection.mapping.field("assigned_groups").is_some(),
            FilterKind::ExternalId => connection.mapping.field("external_id").is_some(),
            FilterKind::Account => has_desk,
            _ => true,
        })
        .map(|kind| {
            let emulated = matches!(kind, FilterKind::Fields | FilterKind::ExternalId);
            (kind, if emulated { Support::Emulated } else { Support::Native })
        })
        .collect();
    out.sorts = SortField::ALL.iter().copied().collect();
    let held = crate::mapping::HOLDABLE.iter().copied().filter(|key| connection.mapping.field(key).is_some());
    out.readable_fields = READABLE.iter().copied().chain(held).map(str::to_owned).collect();
    out.change_kinds = BTreeSet::from([Kind::Ticket]);
    out.census_kinds = BTreeSet::from([Kind::Ticket, Kind::User, Kind::Group]);
    if has_desk {
        out.census_kinds.extend([Kind::Account, Kind::Contact]);
    }
    // Jira tells of deletions by webhook alone (wire A5).
    out.sees_deletes = false;
    crate::permissions::withhold(connection, &mut out);
    out.limits.max_page_size = Some(LARGEST_PAGE);
    out.limits.default_page_size = Some(DEFAULT_PAGE);
    out.limits.max_ids = u32::try_from(MOST_IDS).ok().filter(|_| out.operations.contains(&Operation::GetTickets));
    out.limits.time_resolution_ms = Some(1);
    out.limits.max_assignees = Some(1);
    out.limits.max_groups = Some(1);
    out.limits.max_concurrency = u32::try_from(CONCURRENCY).ok();
    out
}
