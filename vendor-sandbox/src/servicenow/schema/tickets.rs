//! `task` and what extends it: wire §3.1–§3.5, columns as in the examples of the Table API page.

use super::{Column, Kind, TableSpec, boolean, column, integer, list, reference, text, time};

/// The task family, catalogue, and relations between tasks.
pub(super) const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "task",
        label: "Task",
        parent: None,
        display: "number",
        prefix: Some("TASK"),
        audited: true,
        columns: TASK,
    },
    extends_task("incident", "Incident", "INC", INCIDENT),
    extends_task("problem", "Problem", "PRB", PROBLEM),
    extends_task("change_request", "Change Request", "CHG", CHANGE),
    extends_task("sc_request", "Request", "REQ", REQUEST),
    extends_task("sc_req_item", "Requested Item", "RITM", REQUESTED_ITEM),
    extends_task("sc_task", "Catalog Task", "SCTASK", CATALOG_TASK),
    extends_task("problem_task", "Problem Task", "PTASK", &[reference("problem", "Problem", "problem")]),
    extends_task("sn_customerservice_case", "Case", "CS", CASE),
    plain("sc_cat_item", "Catalog Item", "name", CATALOG_ITEM),
    TableSpec {
        parent: Some("sc_cat_item"),
        ..plain("sc_cat_item_producer", "Record Producer", "name", &[text("table_name", "Table name")])
    },
    // U: the wire reference has no table for relations between tasks other than the reference
    // columns; these are the names the product is commonly said to use.
    plain(
        "task_rel_type",
        "Task Relationship Type",
        "name",
        &[
            text("name", "Name"),
            text("parent_descriptor", "Parent descriptor"),
            text("child_descriptor", "Child descriptor"),
        ],
    ),
    plain(
        "task_rel_task",
        "Task Relationship",
        "sys_id",
        &[
            reference("parent", "Parent", "task"),
            reference("child", "Child", "task"),
            reference("type", "Type", "task_rel_type"),
        ],
    ),
];

const fn extends_task(
    name: &'static str,
    label: &'static str,
    prefix: &'static str,
    columns: &'static [Column],
) -> TableSpec {
    TableSpec { name, label, parent: Some("task"), display: "number", prefix: Some(prefix), audited: true, columns }
}

const fn plain(
    name: &'static str,
    label: &'static str,
    display: &'static str,
    columns: &'static [Column],
) -> TableSpec {
    TableSpec { name, label, parent: None, display, prefix: None, audited: false, columns }
}

const TASK: &[Column] = &[
    text("number", "Number").length(40),
    column("sys_class_name", "Task type", Kind::Class).read_only(),
    text("short_description", "Short description").length(160),
    column("description", "Description", Kind::LongText),
    integer("state", "State").choice().default("1"),
    boolean("active", "Active", "true"),
    // Derived from impact and urgency, wire §3.3.
    integer("priority", "Priority").choice().default("4").read_only(),
    integer("impact", "Impact").choice().default("3"),
    integer("urgency", "Urgency").choice().default("3"),
    text("approval", "Approval").choice().default("not requested"),
    text("approval_history", "Approval history"),
    text("approval_set", "Approval set"),
    reference("assigned_to", "Assigned to", "sys_user"),
    reference("assignment_group", "Assignment group", "sys_user_group"),
    reference("opened_by", "Opened by", "sys_user"),
    time("opened_at", "Opened"),
    reference("closed_by", "Closed by", "sys_user"),
    time("closed_at", "Closed"),
    column("close_notes", "Close notes", Kind::LongText),
    time("due_date", "Due date"),
    time("sla_due", "SLA due").read_only(),
    reference("company", "Company", "core_company"),
    reference("location", "Location", "cmn_location"),
    reference("cmdb_ci", "Configuration item", "cmdb_ci"),
    reference("business_service", "Service", "cmdb_ci"),
    reference("service_offering", "Service offering", "cmdb_ci"),
    reference("parent", "Parent", "task"),
    list("watch_list", "Watch list", "sys_user"),
    list("work_notes_list", "Work notes list", "sys_user"),
    list("additional_assignee_list", "Additional assignee list", "sys_user"),
    list("group_list", "Group list", "sys_user_group"),
    column("comments", "Additional comments", Kind::Journal),
    column("work_notes", "Work notes", Kind::Journal),
    column("comments_and_work_notes", "Comments and Work notes", Kind::JournalList).read_only(),
    text("contact_type", "Contact type").choice().default("phone"),
    text("correlation_id", "Correlation ID").length(100),
    text("correlation_display", "Correlation display").length(100),
    integer("escalation", "Escalation").choice().default("0"),
    boolean("made_sla", "Made SLA", "true"),
    boolean("knowledge", "Knowledge", "false"),
    integer("reassignment_count", "Reassignment count").default("0"),
    column("business_duration", "Business duration", Kind::Duration),
    column("calendar_duration", "Duration", Kind::Duration),
    column("time_worked", "Time worked", Kind::Duration),
    time("work_start", "Actual start"),
    time("work_end", "Actual end"),
    time("expected_start", "Expected start"),
    time("activity_due", "Activity due"),
    time("follow_up", "Follow up"),
    text("upon_approval", "Upon approval").choice().default("proceed"),
    text("upon_reject", "Upon reject").choice().default("cancel"),
    text("user_input", "User input"),
    text("delivery_plan", "Delivery plan"),
    text("delivery_task", "Delivery task"),
    text("rejection_goto", "Rejection goto"),
    text("wf_activity", "Workflow activity"),
    integer("order", "Order"),
    text("sys_tags", "Tags").read_only(),
    column("sys_domain", "Domain", Kind::Domain).default("global").read_only(),
    text("sys_domain_path", "Domain Path").default("/").read_only(),
];

const INCIDENT: &[Column] = &[
    reference("caller_id", "Caller", "sys_user"),
    integer("incident_state", "Incident state").choice().default("1"),
    integer("hold_reason", "On hold reason").choice(),
    text("category", "Category").choice().default("inquiry"),
    text("subcategory", "Subcategory").choice().depends_on("category"),
    integer("severity", "Severity").choice().default("3"),
    text("close_code", "Resolution code").choice(),
    time("resolved_at", "Resolved"),
    reference("resolved_by", "Resolved by", "sys_user"),
    reference("problem_id", "Problem", "problem"),
    reference("rfc", "Change Request", "change_request"),
    reference("caused_by", "Caused by Change", "change_request"),
    reference("parent_incident", "Parent Incident", "incident"),
    integer("child_incidents", "Child Incidents").default("0"),
    integer("reopen_count", "Reopen count").default("0"),
    time("reopened_time", "Last reopened at"),
    text("notify", "Notify").choice().default("1"),
    text("cause", "Probable cause"),
    integer("business_stc", "Business resolve time"),
    integer("calendar_stc", "Resolve time"),
    // Columns of the company whose event log can be loaded; custom ones start with u_.
    text("vendor", "Vendor"),
    text("u_symptom", "Symptom").choice(),
    boolean("u_priority_confirmation", "Priority confirmation", "false"),
];

const PROBLEM: &[Column] = &[
    integer("problem_state", "Problem state").choice().default("101"),
    text("resolution_code", "Resolution code").choice(),
    column("cause_notes", "Cause notes", Kind::LongText),
    column("fix_notes", "Fix notes", Kind::LongText),
    reference("duplicate_of", "Duplicate of", "problem"),
    reference("first_reported_by_task", "First reported by", "task"),
    boolean("known_error", "Known error", "false"),
    boolean("major_problem", "Major problem", "false"),
    text("category", "Category").choice(),
    text("subcategory", "Subcategory").choice().depends_on("category"),
    time("resolved_at", "Resolved"),
    reference("resolved_by", "Resolved by", "sys_user"),
    integer("related_incidents", "Related Incidents").default("0"),
    integer("reopen_count", "Reopen count").default("0"),
];

const CHANGE: &[Column] = &[
    text("type", "Type").choice().default("normal"),
    reference("chg_model", "Model", "chg_model"),
    boolean("on_hold", "On hold", "false"),
    text("on_hold_reason", "On hold reason"),
    text("close_code", "Close code").choice(),
    integer("risk", "Risk").choice().default("3"),
    text("category", "Category").choice().default("other"),
    text("phase", "Phase").default("requested"),
    column("justification", "Justification", Kind::LongText),
    column("implementation_plan", "Implementation plan", Kind::LongText),
    column("backout_plan", "Backout plan", Kind::LongText),
    column("test_plan", "Test plan", Kind::LongText),
    time("start_date", "Planned start date"),
    time("end_date", "Planned end date"),
    reference("requested_by", "Requested by", "sys_user"),
    boolean("cab_required", "CAB required", "false"),
];

const REQUEST: &[Column] = &[
    text("request_state", "Request state").choice().default("requested"),
    reference("requested_for", "Requested for", "sys_user"),
    text("stage", "Stage").choice().default("requested"),
    column("price", "Price", Kind::Decimal),
    text("special_instructions", "Special instructions"),
    time("requested_date", "Requested for date"),
];

const REQUESTED_ITEM: &[Column] = &[
    reference("request", "Request", "sc_request"),
    reference("cat_item", "Item", "sc_cat_item"),
    text("stage", "Stage").default("fulfillment"),
    integer("quantity", "Quantity").default("1"),
    column("price", "Price", Kind::Decimal),
    reference("requested_for", "Requested for", "sys_user"),
];

const CATALOG_TASK: &[Column] =
    &[reference("request_item", "Request item", "sc_req_item"), reference("request", "Request", "sc_request")];

const CASE: &[Column] = &[
    reference("account", "Account", "customer_account"),
    reference("contact", "Contact", "customer_contact"),
    text("category", "Category").choice(),
    text("resolution_code", "Resolution code"),
    time("resolved_at", "Resolved"),
    reference("resolved_by", "Resolved by", "sys_user"),
];

const CATALOG_ITEM: &[Column] = &[
    text("name", "Name").mandatory(),
    text("short_description", "Short description"),
    column("sys_class_name", "Type", Kind::Class).read_only(),
    column("price", "Price", Kind::Decimal),
    boolean("active", "Active", "true"),
];
