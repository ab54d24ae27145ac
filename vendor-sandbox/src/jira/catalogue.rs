//! What an administrator configured: statuses, workflows, priorities, types, link types, fields.

use crate::company;

/// A status and the id of its category: 2 new, 4 indeterminate, 3 done (wire A4.4).
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) category: u64,
}

const fn status(id: u64, name: &'static str, category: u64) -> Status {
    Status { id, name, category }
}

pub(crate) const OPEN: u64 = 1;
pub(crate) const IN_PROGRESS: u64 = 3;
pub(crate) const RESOLVED: u64 = 5;
pub(crate) const CLOSED: u64 = 6;
pub(crate) const WAITING_FOR_CUSTOMER: u64 = 10_001;
pub(crate) const PENDING: u64 = 10_002;
pub(crate) const CANCELED: u64 = 10_003;
pub(crate) const TO_DO: u64 = 10_010;
pub(crate) const DONE: u64 = 10_012;

pub(crate) const STATUSES: &[Status] = &[
    status(OPEN, "Open", 2),
    status(IN_PROGRESS, "In Progress", 4),
    status(RESOLVED, "Resolved", 3),
    status(CLOSED, "Closed", 3),
    status(WAITING_FOR_CUSTOMER, "Waiting for customer", 4),
    status(PENDING, "Pending", 4),
    status(CANCELED, "Canceled", 3),
    status(TO_DO, "To Do", 2),
    status(10_011, "In Review", 4),
    status(DONE, "Done", 3),
    // In no workflow: what an import leaves behind, of the category that says nothing (wire A4.4).
    status(10_013, "Migrated", 1),
];

/// Id, key, colour and name (wire A4.4).
pub(crate) const CATEGORIES: &[(u64, &str, &str, &str)] = &[
    (1, "undefined", "medium-gray", "No Category"),
    (2, "new", "blue-gray", "To Do"),
    (4, "indeterminate", "yellow", "In Progress"),
    (3, "done", "green", "Done"),
];

/// A transition; `from` is empty for global ones.
#[derive(Debug)]
pub(crate) struct Transition {
    pub(crate) id: u64,
    /// Not the name of the status it leads to (wire A4.5).
    pub(crate) name: &'static str,
    pub(crate) from: &'static [u64],
    pub(crate) to: u64,
    /// Its screen asks for a resolution, and offers notes.
    pub(crate) asks_resolution: bool,
    /// A post function sets this resolution.
    pub(crate) sets_resolution: Option<u64>,
}

const fn step(id: u64, name: &'static str, from: &'static [u64], to: u64) -> Transition {
    Transition { id, name, from, to, asks_resolution: false, sets_resolution: None }
}

/// Service desk: resolving takes several steps from most statuses, and a required field.
pub(crate) const SERVICE_WORKFLOW: &[Transition] = &[
    step(11, "Start work", &[OPEN], IN_PROGRESS),
    step(21, "Ask the customer", &[IN_PROGRESS], WAITING_FOR_CUSTOMER),
    step(31, "Put on hold", &[IN_PROGRESS], PENDING),
    step(41, "Back to work", &[WAITING_FOR_CUSTOMER, PENDING], IN_PROGRESS),
    Transition { asks_resolution: true, ..step(51, "Give an answer", &[IN_PROGRESS], RESOLVED) },
    step(61, "Finish", &[RESOLVED], CLOSED),
    step(71, "Reopen", &[RESOLVED], IN_PROGRESS),
    step(81, "Withdraw", &[OPEN, IN_PROGRESS, WAITING_FOR_CUSTOMER, PENDING], CANCELED),
];

/// Software: every status from everywhere, as in a simplified workflow.
pub(crate) const SOFTWARE_WORKFLOW: &[Transition] = &[
    step(11, "To Do", &[], TO_DO),
    step(21, "In Progress", &[], IN_PROGRESS),
    step(31, "In Review", &[], 10_011),
    Transition { sets_resolution: Some(10_000), ..step(41, "Done", &[], DONE) },
];

/// Highest first; id and name (wire A4.4: recorded).
pub(crate) const PRIORITIES: &[(u64, &str, &str)] = &[
    (1, "Highest", "#d04437"),
    (2, "High", "#f15C75"),
    (3, "Medium", "#f79232"),
    (4, "Low", "#707070"),
    (5, "Lowest", "#999999"),
    // Of the customer's own making, as they all may be (wire A4.4).
    (10_000, "Whenever", "#cccccc"),
];
pub(crate) const DEFAULT_PRIORITY: u64 = 3;

/// Resolutions: Jira's own, and the ways in which the company's tickets end.
pub(crate) const RESOLUTIONS: &[(u64, &str)] = &[
    (10_000, "Done"),
    (10_001, "Won't Do"),
    (10_002, "Duplicate"),
    (10_003, "Cannot Reproduce"),
    (10_004, "Solution provided"),
    (10_005, "Workaround provided"),
    (10_006, "Resolved by caller"),
];

#[derive(Debug)]
pub(crate) struct IssueType {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    /// -1 sub-task, 0 standard, 1 epic.
    pub(crate) level: i64,
}

const fn issue_type(id: u64, name: &'static str, level: i64) -> IssueType {
    IssueType { id, name, level }
}

pub(crate) const INCIDENT: u64 = 10_100;
pub(crate) const PROBLEM: u64 = 10_101;
pub(crate) const CHANGE: u64 = 10_102;
pub(crate) const SERVICE_REQUEST: u64 = 10_103;
/// A Jira issue has a parent only one level up, so an incident within an incident is a sub-task.
pub(crate) const INCIDENT_SUBTASK: u64 = 10_104;

pub(crate) const ISSUE_TYPES: &[IssueType] = &[
    issue_type(10_000, "Epic", 1),
    issue_type(10_001, "Story", 0),
    issue_type(10_002, "Task", 0),
    issue_type(10_003, "Sub-task", -1),
    issue_type(10_004, "Bug", 0),
    issue_type(INCIDENT, "[System] Incident", 0),
    issue_type(PROBLEM, "[System] Problem", 0),
    issue_type(CHANGE, "[System] Change", 0),
    issue_type(SERVICE_REQUEST, "[System] Service request", 0),
    issue_type(INCIDENT_SUBTASK, "[System] Incident Sub-task", -1),
];

/// Id, name, inward, outward.
pub(crate) const LINK_TYPES: &[(u64, &str, &str, &str)] = &[
    (10_000, "Blocks", "is blocked by", "blocks"),
    (10_001, "Cloners", "is cloned by", "clones"),
    (DUPLICATE, "Duplicate", "is duplicated by", "duplicates"),
    (10_003, "Relates", "relates to", "relates to"),
    (10_004, "Problem/Incident", "is caused by", "causes"),
];
pub(crate) const DUPLICATE: u64 = 10_002;

/// Request type of the service desk: id, name, description, issue type.
pub(crate) const REQUEST_TYPES: &[(u64, &str, &str, u64)] = &[
    (1, "Report a broken service", "Something does not work", INCIDENT),
    (2, "Ask for something", "Access, hardware, software", SERVICE_REQUEST),
    (3, "Announce a change", "A planned change", CHANGE),
];

/// Options of the select fields: field number, option id, parent option, value.
pub(crate) const OPTIONS: &[(u64, u64, Option<u64>, &str)] = &[
    (SEVERITY, 10_200, None, "Sev 1"),
    (SEVERITY, 10_201, None, "Sev 2"),
    (SEVERITY, 10_202, None, "Sev 3"),
    (SERVICES, 10_210, None, "Mail"),
    (SERVICES, 10_211, None, "Network"),
    (SERVICES, 10_212, None, "Portal"),
    (CATEGORY, 10_220, None, "Hardware"),
    (CATEGORY, 10_221, Some(10_220), "Printer"),
    (CATEGORY, 10_222, Some(10_220), "Disk"),
    (CATEGORY, 10_223, None, "Software"),
    (CATEGORY, 10_224, Some(10_223), "Client"),
];

pub(crate) const ORGANIZATIONS: u64 = 10_002;
pub(crate) const REQUEST_TYPE: u64 = 10_010;
pub(crate) const ASSIGNED_GROUP: u64 = 10_030;
pub(crate) const EXTERNAL_ID: u64 = 10_031;
pub(crate) const RESOLUTION_NOTES: u64 = 10_032;
pub(crate) const SEVERITY: u64 = 10_033;
pub(crate) const SERVICES: u64 = 10_034;
pub(crate) const STORY_POINTS: u64 = 10_035;
pub(crate) const CATEGORY: u64 = 10_037;

/// What a field holds, which decides how it is written, shown and searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    RichText,
    Number,
    Date,
    Moment,
    User,
    Users,
    Group,
    Choice,
    Choices,
    Cascade,
    Labels,
    Project,
    IssueType,
    Status,
    StatusCategory,
    Priority,
    Resolution,
    Components,
    Versions,
    Parent,
    Organizations,
    /// Shown and perhaps searched, never written through `fields`.
    Other,
}

/// A field of the catalogue (`GET /field`).
#[derive(Debug)]
pub(crate) struct Field {
    /// `summary` or `customfield_10030`.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Number of a custom field.
    pub(crate) number: Option<u64>,
    /// `schema.custom`: by which clients must recognise it (wire A4.3).
    pub(crate) custom: Option<&'static str>,
    /// `schema.type` and `schema.items`.
    pub(crate) schema: (&'static str, Option<&'static str>),
    pub(crate) clauses: &'static [&'static str],
}

const fn system(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    schema: (&'static str, Option<&'static str>),
    clauses: &'static [&'static str],
) -> Field {
    Field { id, name, kind, number: None, custom: None, schema, clauses }
}

const fn custom(
    id: &'static str,
    number: u64,
    name: &'static str,
    kind: Kind,
    custom: &'static str,
    schema: (&'static str, Option<&'static str>),
    clauses: &'static [&'static str],
) -> Field {
    Field { id, name, kind, number: Some(number), custom: Some(custom), schema, clauses }
}

/// Every field there is.
pub(crate) const FIELDS: &[Field] = &[
    system(
        "statuscategorychangedate",
        "Status Category Changed",
        Kind::Moment,
        ("datetime", None),
        &["statusCategoryChangedDate"],
    ),
    system("parent", "Parent", Kind::Parent, ("issuelink", None), &["parent"]),
    system("fixVersions", "Fix versions", Kind::Versions, ("array", Some("version")), &["fixVersion"]),
    system("statusCategory", "Status Category", Kind::StatusCategory, ("statusCategory", None), &["statusCategory"]),
    system("resolution", "Resolution", Kind::Resolution, ("resolution", None), &["resolution"]),
    system("priority", "Priority", Kind::Priority, ("priority", None), &["priority"]),
    system("labels", "Labels", Kind::Labels, ("array", Some("string")), &["labels"]),
    system("versions", "Affects versions", Kind::Versions, ("array", Some("version")), &["affectedVersion"]),
    system("issuelinks", "Linked Issues", Kind::Other, ("array", Some("issuelinks")), &["issueLink"]),
    system("assignee", "Assignee", Kind::User, ("user", None), &["assignee"]),
    system("status", "Status", Kind::Status, ("status", None), &["status"]),
    system("components", "Components", Kind::Components, ("array", Some("component")), &["component"]),
    system("creator", "Creator", Kind::User, ("user", None), &["creator"]),
    system("subtasks", "Sub-tasks", Kind::Other, ("array", Some("issuelinks")), &["subtasks"]),
    system("reporter", "Reporter", Kind::User, ("user", None), &["reporter"]),
    system("votes", "Votes", Kind::Other, ("votes", None), &["votes"]),
    system("issuetype", "Issue Type", Kind::IssueType, ("issuetype", None), &["issuetype", "type"]),
    system("project", "Project", Kind::Project, ("project", None), &["project"]),
    system("resolutiondate", "Resolved", Kind::Moment, ("datetime", None), &["resolutiondate", "resolved"]),
    system("watches", "Watchers", Kind::Other, ("watches", None), &["watchers"]),
    system("created", "Created", Kind::Moment, ("datetime", None), &["created", "createdDate"]),
    system("updated", "Updated", Kind::Moment, ("datetime", None), &["updated", "updatedDate"]),
    system("description", "Description", Kind::RichText, ("string", None), &["description"]),
    system("attachment", "Attachment", Kind::Other, ("array", Some("attachment")), &["attachments"]),
    system("summary", "Summary", Kind::Text, ("string", None), &["summary"]),
    system("environment", "Environment", Kind::RichText, ("string", None), &["environment"]),
    system("duedate", "Due date", Kind::Date, ("date", None), &["due", "duedate"]),
    system("comment", "Comment", Kind::Other, ("comments-page", None), &["comment"]),
    custom(
        "customfield_10002",
        ORGANIZATIONS,
        "Organizations",
        Kind::Organizations,
        "com.atlassian.servicedesk:sd-customer-organizations",
        ("array", Some("sd-customerorganization")),
        &["cf[10002]", "Organizations", "organizations"],
    ),
    custom(
        "customfield_10010",
        REQUEST_TYPE,
        "Request Type",
        Kind::Other,
        "com.atlassian.servicedesk:vp-origin",
        ("sd-customerrequesttype", None),
        &["cf[10010]", "Request Type", "Customer Request Type"],
    ),
    custom(
        "customfield_10030",
        ASSIGNED_GROUP,
        "Assigned group",
        Kind::Group,
        "com.atlassian.jira.plugin.system.customfieldtypes:grouppicker",
        ("group", None),
        &["cf[10030]", "Assigned group", "Assigned group[Group Picker (single group)]"],
    ),
    custom(
        "customfield_10031",
        EXTERNAL_ID,
        "External ID",
        Kind::Text,
        "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        ("string", None),
        &["cf[10031]", "External ID", "External ID[Short text]"],
    ),
    custom(
        "customfield_10032",
        RESOLUTION_NOTES,
        "Resolution notes",
        Kind::RichText,
        "com.atlassian.jira.plugin.system.customfieldtypes:textarea",
        ("string", None),
        &["cf[10032]", "Resolution notes", "Resolution notes[Paragraph]"],
    ),
    custom(
        "customfield_10033",
        SEVERITY,
        "Severity",
        Kind::Choice,
        "com.atlassian.jira.plugin.system.customfieldtypes:select",
        ("option", None),
        &["cf[10033]", "Severity", "Severity[Dropdown]"],
    ),
    custom(
        "customfield_10034",
        SERVICES,
        "Affected services",
        Kind::Choices,
        "com.atlassian.jira.plugin.system.customfieldtypes:multiselect",
        ("array", Some("option")),
        &["cf[10034]", "Affected services", "Affected services[Select List (multiple choices)]"],
    ),
    custom(
        "customfield_10035",
        STORY_POINTS,
        "Story Points",
        Kind::Number,
        "com.atlassian.jira.plugin.system.customfieldtypes:float",
        ("number", None),
        &["cf[10035]", "Story Points", "Story Points[Number]"],
    ),
    custom(
        "customfield_10036",
        10_036,
        "Change start",
        Kind::Moment,
        "com.atlassian.jira.plugin.system.customfieldtypes:datetime",
        ("datetime", None),
        &["cf[10036]", "Change start", "Change start[Time stamp]"],
    ),
    custom(
        "customfield_10037",
        CATEGORY,
        "Category",
        Kind::Cascade,
        "com.atlassian.jira.plugin.system.customfieldtypes:cascadingselect",
        ("option-with-child", None),
        &["cf[10037]", "Category"],
    ),
    custom(
        "customfield_10038",
        10_038,
        "Approvers",
        Kind::Users,
        "com.atlassian.servicedesk:sd-approvals-custom-field",
        ("array", Some("user")),
        &["cf[10038]", "Approvers", "Approvers[User Picker (multiple users)]"],
    ),
    custom(
        "customfield_10039",
        10_039,
        "Target start",
        Kind::Date,
        "com.atlassian.jira.plugin.system.customfieldtypes:datepicker",
        ("date", None),
        &["cf[10039]", "Target start", "Target start[Date]"],
    ),
    // A second field of the same name: names are not unique (wire A4.3).
    custom(
        "customfield_10040",
        10_040,
        "Severity",
        Kind::Text,
        "com.atlassian.jira.plugin.system.customfieldtypes:textfield",
        ("string", None),
        &["cf[10040]", "Severity[Short text]"],
    ),
];

/// Fields of the create and edit screens; the rest is written elsewhere or not at all.
const ON_SCREENS: &[&str] = &[
    "summary",
    "description",
    "environment",
    "priority",
    "labels",
    "components",
    "fixVersions",
    "versions",
    "duedate",
    "assignee",
    "reporter",
    "parent",
    "issuetype",
];

impl Field {
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.id == id)
    }

    pub(crate) fn by_number(number: u64) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.number == Some(number))
    }

    /// Whether the field can be written by create and edit.
    pub(crate) fn is_on_screens(&self) -> bool {
        ON_SCREENS.contains(&self.id) || (self.number.is_some() && self.kind != Kind::Other)
    }
}

pub(crate) fn status_of(id: u64) -> &'static Status {
    STATUSES.iter().find(|status| status.id == id).unwrap_or(&STATUSES[0])
}

pub(crate) fn issue_type_of(id: u64) -> &'static IssueType {
    ISSUE_TYPES.iter().find(|own| own.id == id).unwrap_or(&ISSUE_TYPES[0])
}

pub(crate) fn priority_name(id: u64) -> &'static str {
    PRIORITIES.iter().find(|own| own.0 == id).map_or("", |own| own.1)
}

pub(crate) fn resolution_name(id: u64) -> &'static str {
    RESOLUTIONS.iter().find(|own| own.0 == id).map_or("", |own| own.1)
}

pub(crate) fn option_value(id: u64) -> &'static str {
    OPTIONS.iter().find(|own| own.1 == id).map_or("", |own| own.3)
}

/// The company's statuses in this site's terms.
pub(crate) fn status_for(status: company::Status) -> u64 {
    use company::{HoldReason, Status};
    match status {
        Status::Open => OPEN,
        Status::InProgress => IN_PROGRESS,
        Status::OnHold(HoldReason::Requester) => WAITING_FOR_CUSTOMER,
        Status::OnHold(_) => PENDING,
        Status::Resolved => RESOLVED,
        Status::Closed => CLOSED,
        Status::Cancelled => CANCELED,
    }
}

pub(crate) fn priority_for(priority: company::Priority) -> u64 {
    use company::Priority;
    match priority {
        Priority::Urgent => 1,
        Priority::High => 2,
        Priority::Normal => 3,
        Priority::Low => 4,
        Priority::Lowest => 5,
    }
}

pub(crate) fn type_for(kind: company::Kind) -> u64 {
    match kind {
        company::Kind::Incident => INCIDENT,
        company::Kind::Problem => PROBLEM,
        company::Kind::Change => CHANGE,
    }
}
