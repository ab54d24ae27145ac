//! Ticket fields, the form, the custom statuses and the brand: what an administrator set up (wire B4, B7).

use super::model::Status;

/// Ids of everything but tickets are above 2^32 (wire B13).
pub(crate) const FIELD: u64 = 42_000_000_000_000;
pub(crate) const FORM: u64 = 43_000_000_000_001;
pub(crate) const BRAND: u64 = 44_000_000_000_001;

/// One ticket field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) id: u64,
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    /// Required to solve (wire B7).
    pub(crate) required: bool,
    pub(crate) removable: bool,
    /// Name and value of the options of a drop-down.
    pub(crate) options: &'static [(&'static str, &'static str)],
    /// The tag that a ticked checkbox adds.
    pub(crate) tag: Option<&'static str>,
}

const fn system(id: u64, kind: &'static str, title: &'static str, required: bool) -> Field {
    Field { id: FIELD + id, kind, title, required, removable: false, options: &[], tag: None }
}

const fn custom(id: u64, kind: &'static str, title: &'static str) -> Field {
    Field { id: FIELD + id, kind, title, required: false, removable: true, options: &[], tag: None }
}

/// How a ticket ended, as text.
pub(crate) const RESOLUTION: u64 = FIELD + 101;
pub(crate) const RESOLUTION_NOTES: u64 = FIELD + 102;
pub(crate) const SYMPTOM: u64 = FIELD + 103;
pub(crate) const MACHINES: u64 = FIELD + 106;
pub(crate) const COST: u64 = FIELD + 107;
pub(crate) const ASSET_NUMBER: u64 = FIELD + 109;

/// System fields first, then one custom field of each kind.
pub(crate) const FIELDS: &[Field] = &[
    system(1, "subject", "Subject", true),
    system(2, "description", "Description", true),
    system(3, "status", "Status", false),
    Field {
        options: &[("Question", "question"), ("Incident", "incident"), ("Problem", "problem"), ("Task", "task")],
        ..system(4, "tickettype", "Type", false)
    },
    Field {
        options: &[("Low", "low"), ("Normal", "normal"), ("High", "high"), ("Urgent", "urgent")],
        ..system(5, "priority", "Priority", false)
    },
    system(6, "group", "Group", true),
    system(7, "assignee", "Assignee", true),
    system(8, "custom_status", "Ticket status", true),
    custom(101, "text", "Resolution"),
    custom(102, "textarea", "Resolution notes"),
    Field {
        options: &[("Slow", "symptom_slow"), ("Broken", "symptom_broken"), ("Missing", "symptom_missing")],
        ..custom(103, "tagger", "Symptom")
    },
    Field {
        options: &[("Berlin", "site_berlin"), ("Lisbon", "site_lisbon"), ("Seoul", "site_seoul")],
        ..custom(104, "multiselect", "Sites")
    },
    Field { tag: Some("vip_customer"), ..custom(105, "checkbox", "Customer is waiting") },
    custom(106, "integer", "Machines"),
    custom(107, "decimal", "Cost"),
    custom(108, "date", "Promised for"),
    custom(109, "regexp", "Asset"),
];

/// What an asset number looks like.
pub(crate) const ASSET: &str = r"\A[A-Z]{2}-[0-9]{4}\z";

/// The field of this id.
pub(crate) fn field(id: u64) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.id == id)
}

/// Custom fields alone, in the order of the form.
pub(crate) fn custom_fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.removable)
}

/// A status as agents see it (wire B4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomStatus {
    pub(crate) id: u64,
    pub(crate) category: Status,
    pub(crate) agent_label: &'static str,
    pub(crate) end_user_label: &'static str,
    pub(crate) default: bool,
    pub(crate) active: bool,
}

const STATUS: u64 = 45_000_000_000_000;
pub(crate) const WAITING_FOR_VENDOR: u64 = STATUS + 6;
pub(crate) const CANCELLED: u64 = STATUS + 7;

const fn status(
    number: u64,
    category: Status,
    agent_label: &'static str,
    end_user_label: &'static str,
) -> CustomStatus {
    CustomStatus { id: STATUS + number, category, agent_label, end_user_label, default: number < 6, active: true }
}

/// The five that every account has, and three that somebody added. Closed has none of its own.
pub(crate) const STATUSES: &[CustomStatus] = &[
    status(1, Status::New, "New", "Open"),
    status(2, Status::Open, "Open", "Open"),
    status(3, Status::Pending, "Pending", "Awaiting your reply"),
    status(4, Status::Hold, "On-hold", "Open"),
    status(5, Status::Solved, "Solved", "Solved"),
    status(6, Status::Hold, "Waiting for vendor", "Open"),
    status(7, Status::Solved, "Cancelled", "Cancelled"),
    CustomStatus { active: false, ..status(8, Status::Open, "Escalated", "Open") },
];

/// The custom status of this id.
pub(crate) fn custom_status(id: u64) -> Option<&'static CustomStatus> {
    STATUSES.iter().find(|own| own.id == id)
}

/// The custom status that a status means when nothing else is said; a closed ticket keeps that of solved ones.
pub(crate) fn default_status(status: Status) -> u64 {
    let category = if status == Status::Closed { Status::Solved } else { status };
    STATUSES.iter().find(|own| own.default && own.category == category).map_or(STATUS, |own| own.id)
}
