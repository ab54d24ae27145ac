//! The documented columns of the usual tables, for credentials that may not read `sys_dictionary`
//! (`wire/servicenow.md` §3.1–§3.5). Columns that are not listed here arrive all the same, as text.

use ticketing_core::model::FieldType;

use super::dictionary::{Column, TableSchema, field_type};

/// Name, label, internal type, reference, has choices.
type Line = (&'static str, &'static str, &'static str, &'static str, bool);

const TASK: &[Line] = &[
    ("sys_id", "Sys ID", "GUID", "", false),
    ("number", "Number", "string", "", false),
    ("sys_class_name", "Task type", "sys_class_name", "", false),
    ("short_description", "Short description", "string", "", false),
    ("description", "Description", "string", "", false),
    ("state", "State", "integer", "", true),
    ("active", "Active", "boolean", "", false),
    ("priority", "Priority", "integer", "", true),
    ("impact", "Impact", "integer", "", true),
    ("urgency", "Urgency", "integer", "", true),
    ("approval", "Approval", "string", "", true),
    ("assigned_to", "Assigned to", "reference", "sys_user", false),
    ("assignment_group", "Assignment group", "reference", "sys_user_group", false),
    ("opened_by", "Opened by", "reference", "sys_user", false),
    ("opened_at", "Opened", "glide_date_time", "", false),
    ("closed_by", "Closed by", "reference", "sys_user", false),
    ("closed_at", "Closed", "glide_date_time", "", false),
    ("close_notes", "Close notes", "string", "", false),
    ("due_date", "Due date", "glide_date_time", "", false),
    ("sla_due", "SLA due", "glide_date_time", "", false),
    ("company", "Company", "reference", "core_company", false),
    ("location", "Location", "reference", "cmn_location", false),
    ("cmdb_ci", "Configuration item", "reference", "cmdb_ci", false),
    ("business_service", "Service", "reference", "cmdb_ci_service", false),
    ("parent", "Parent", "reference", "task", false),
    ("watch_list", "Watch list", "glide_list", "sys_user", false),
    ("work_notes_list", "Work notes list", "glide_list", "sys_user", false),
    ("comments", "Additional comments", "journal_input", "", false),
    ("work_notes", "Work notes", "journal_input", "", false),
    ("comments_and_work_notes", "Comments and Work notes", "journal_list", "", false),
    ("contact_type", "Contact type", "string", "", true),
    ("correlation_id", "Correlation ID", "string", "", false),
    ("correlation_display", "Correlation display", "string", "", false),
    ("escalation", "Escalation", "integer", "", true),
    ("made_sla", "Made SLA", "boolean", "", false),
    ("knowledge", "Knowledge", "boolean", "", false),
    ("reassignment_count", "Reassignment count", "integer", "", false),
    ("business_duration", "Business duration", "glide_duration", "", false),
    ("calendar_duration", "Duration", "glide_duration", "", false),
    ("sys_tags", "Tags", "related_tags", "", false),
    ("sys_domain", "Domain", "domain_id", "", false),
    ("sys_created_on", "Created", "glide_date_time", "", false),
    ("sys_created_by", "Created by", "string", "", false),
    ("sys_updated_on", "Updated", "glide_date_time", "", false),
    ("sys_updated_by", "Updated by", "string", "", false),
    ("sys_mod_count", "Updates", "integer", "", false),
];

const INCIDENT: &[Line] = &[
    ("caller_id", "Caller", "reference", "sys_user", false),
    ("incident_state", "Incident state", "integer", "", true),
    ("hold_reason", "On hold reason", "integer", "", true),
    ("category", "Category", "string", "", true),
    ("subcategory", "Subcategory", "string", "", true),
    ("severity", "Severity", "integer", "", true),
    ("close_code", "Resolution code", "string", "", true),
    ("resolved_at", "Resolved", "glide_date_time", "", false),
    ("resolved_by", "Resolved by", "reference", "sys_user", false),
    ("problem_id", "Problem", "reference", "problem", false),
    ("rfc", "Change Request", "reference", "change_request", false),
    ("caused_by", "Caused by Change", "reference", "change_request", false),
    ("parent_incident", "Parent Incident", "reference", "incident", false),
    ("reopen_count", "Reopen count", "integer", "", false),
    ("notify", "Notify", "integer", "", true),
];

const PROBLEM: &[Line] = &[
    ("problem_state", "Problem state", "integer", "", true),
    ("resolution_code", "Resolution code", "string", "", true),
    ("cause_notes", "Cause notes", "string", "", false),
    ("fix_notes", "Fix notes", "string", "", false),
    ("duplicate_of", "Duplicate of", "reference", "problem", false),
    ("category", "Category", "string", "", true),
    ("subcategory", "Subcategory", "string", "", true),
    ("resolved_at", "Resolved", "glide_date_time", "", false),
    ("resolved_by", "Resolved by", "reference", "sys_user", false),
];

const CHANGE: &[Line] = &[
    ("type", "Type", "string", "", true),
    ("on_hold", "On hold", "boolean", "", false),
    ("on_hold_reason", "On hold reason", "string", "", false),
    ("close_code", "Close code", "string", "", true),
    ("risk", "Risk", "integer", "", true),
    ("category", "Category", "string", "", true),
    ("requested_by", "Requested by", "reference", "sys_user", false),
    ("start_date", "Planned start date", "glide_date_time", "", false),
    ("end_date", "Planned end date", "glide_date_time", "", false),
];

const REQUEST: &[Line] = &[
    ("request_state", "Request state", "string", "", true),
    ("requested_for", "Requested for", "reference", "sys_user", false),
    ("stage", "Stage", "string", "", true),
    ("price", "Price", "decimal", "", false),
];

const CASE: &[Line] = &[
    ("account", "Account", "reference", "customer_account", false),
    ("contact", "Contact", "reference", "customer_contact", false),
    ("category", "Category", "string", "", true),
    ("resolution_code", "Resolution code", "string", "", true),
    ("resolved_at", "Resolved", "glide_date_time", "", false),
];

/// The documented columns of a table.
pub(super) fn schema(table: &str) -> TableSchema {
    let own = match table {
        "incident" => INCIDENT,
        "problem" => PROBLEM,
        "change_request" => CHANGE,
        "sc_request" => REQUEST,
        "sn_customerservice_case" => CASE,
        _ => &[],
    };
    let columns = TASK.iter().chain(own).map(column).collect();
    let lineage = if table == "task" { vec!["task".to_owned()] } else { vec![table.to_owned(), "task".to_owned()] };
    TableSchema::new(table, lineage, columns, false)
}

fn column((name, label, native, reference, has_choices): &Line) -> Column {
    let reference = Some(*reference).filter(|table| !table.is_empty());
    let read_only = name.starts_with("sys_") || matches!(*name, "priority" | "sla_due" | "comments_and_work_notes");
    let long = matches!(*name, "description" | "close_notes" | "cause_notes" | "fix_notes");
    Column {
        name: (*name).into(),
        label: (*label).to_owned(),
        native_type: (*native).to_owned(),
        field_type: if long { FieldType::Text } else { field_type(native, reference, *has_choices) },
        reference: reference.map(str::to_owned),
        mandatory: false,
        read_only,
        max_length: None,
        has_choices: *has_choices,
        choices_at: None,
        dependent: None,
        default: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_tables_are_described() {
        let incident = schema("incident");
        assert!(!incident.complete);
        assert_eq!(incident.column("caller_id").unwrap().field_type, FieldType::User);
        assert_eq!(incident.column("hold_reason").unwrap().field_type, FieldType::Choice);
        assert_eq!(incident.lineage, ["incident", "task"]);
        assert!(schema("u_custom").column("number").is_some());
    }
}
