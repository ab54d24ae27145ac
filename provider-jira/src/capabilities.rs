//! What a connection can do, as far as is known of it.

use ticketing_core::{Capabilities, Operation};

use crate::connection::{CONCURRENCY, Connection, DEFAULT_PAGE, LARGEST_PAGE};

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

/// What the connection can do. What turned out to be closed to the credential is left out.
pub(crate) fn of(connection: &Connection) -> Capabilities {
    let mut out = Capabilities::required();
    // Not written yet.
    for operation in
        [Operation::ListTickets, Operation::ListUsers, Operation::GetUser, Operation::ListGroups, Operation::GetGroup]
    {
        out.operations.remove(&operation);
    }
    crate::write::declare(connection, &mut out);
    let held = crate::mapping::HOLDABLE.iter().copied().filter(|key| connection.mapping.field(key).is_some());
    out.readable_fields = READABLE.iter().copied().chain(held).map(str::to_owned).collect();
    out.limits.max_page_size = Some(LARGEST_PAGE);
    out.limits.default_page_size = Some(DEFAULT_PAGE);
    out.limits.time_resolution_ms = Some(1);
    out.limits.max_assignees = Some(1);
    out.limits.max_groups = Some(1);
    out.limits.max_concurrency = u32::try_from(CONCURRENCY).ok();
    out
}
