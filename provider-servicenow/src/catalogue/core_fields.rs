//! Which column of a table holds which key of the document.

/// The columns that differ from table to table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CoreFields {
    /// Holds the status.
    pub(crate) state: &'static str,
    /// Holds for whom the ticket is.
    pub(crate) requester: Option<&'static str>,
    /// Holds the account.
    pub(crate) account: &'static str,
    /// Says why a ticket is on hold.
    pub(crate) hold_reason: Option<&'static str>,
    /// Says how a ticket was resolved or closed.
    pub(crate) close_code: Option<&'static str>,
    /// Says in words how it was resolved or closed.
    pub(crate) close_notes: &'static str,
    /// True where a flag beside the state says that the ticket is on hold (wire §3.4).
    pub(crate) on_hold_flag: bool,
    /// True where `priority` follows from impact and urgency (wire §3.3).
    pub(crate) derived_priority: bool,
    /// True where `resolved_at` is a column.
    pub(crate) resolves: bool,
}

const TASK: CoreFields = CoreFields {
    state: "state",
    requester: None,
    account: "company",
    hold_reason: None,
    close_code: None,
    close_notes: "close_notes",
    on_hold_flag: false,
    derived_priority: false,
    resolves: false,
};

impl CoreFields {
    /// Those of a table (`wire/servicenow.md` §3.2, §3.4, §3.5).
    pub(crate) fn of(table: &str) -> Self {
        match table {
            "incident" => Self {
                requester: Some("caller_id"),
                hold_reason: Some("hold_reason"),
                close_code: Some("close_code"),
                derived_priority: true,
                resolves: true,
                ..TASK
            },
            "problem" => Self { close_code: Some("resolution_code"), derived_priority: true, resolves: true, ..TASK },
            "change_request" => Self {
                requester: Some("requested_by"),
                hold_reason: Some("on_hold_reason"),
                close_code: Some("close_code"),
                on_hold_flag: true,
                ..TASK
            },
            "sc_request" => Self { state: "request_state", requester: Some("requested_for"), ..TASK },
            "sc_req_item" => Self { requester: Some("requested_for"), ..TASK },
            "sn_customerservice_case" => Self {
                requester: Some("contact"),
                account: "account",
                close_code: Some("resolution_code"),
                resolves: true,
                ..TASK
            },
            _ => TASK,
        }
    }
}

/// The key of the document that a column is delivered under; `None`: under `fields`.
pub(crate) fn core_of(table: &str, column: &str) -> Option<&'static str> {
    let own = CoreFields::of(table);
    Some(match column {
        "sys_id" => "id",
        "number" => "key",
        "short_description" => "title",
        "description" => "description",
        "priority" => "priority",
        "sys_class_name" => "type",
        "assigned_to" => "assignees",
        "assignment_group" => "assigned_groups",
        "opened_by" => "creator",
        "watch_list" => "watchers",
        "parent" => "parent",
        "sys_tags" => "tags",
        "correlation_id" => "external_id",
        "sys_created_on" => "created_at",
        "sys_updated_on" => "updated_at",
        "resolved_at" if own.resolves => "resolved_at",
        "closed_at" => "closed_at",
        "due_date" => "due",
        "sys_mod_count" => "version",
        // Journals are comments (wire §1.3).
        "comments" | "work_notes" | "comments_and_work_notes" => "comments",
        other if other == own.state => "status",
        other if Some(other) == own.requester => "requester",
        other if other == own.account => "account",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_columns_of_its_own() {
        assert_eq!(core_of("incident", "caller_id"), Some("requester"));
        assert_eq!(core_of("problem", "caller_id"), None);
        assert_eq!(core_of("sc_request", "request_state"), Some("status"));
        assert_eq!(core_of("sc_request", "state"), None);
        assert_eq!(core_of("incident", "close_code"), None);
        assert_eq!(core_of("sn_customerservice_case", "account"), Some("account"));
    }
}
