//! Choice lists of a fresh instance: wire §3.1–§3.5.

/// The choices of one column; a child table without its own list inherits its parent's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChoiceList {
    pub(crate) table: &'static str,
    pub(crate) element: &'static str,
    /// Value, label.
    pub(crate) choices: &'static [(&'static str, &'static str)],
    /// The value of the other column for which this list holds; empty when independent.
    pub(crate) dependent: &'static str,
}

const fn list(
    table: &'static str,
    element: &'static str,
    choices: &'static [(&'static str, &'static str)],
) -> ChoiceList {
    ChoiceList { table, element, choices, dependent: "" }
}

const HIGH_TO_LOW: &[(&str, &str)] = &[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")];

const INCIDENT_STATES: &[(&str, &str)] =
    &[("1", "New"), ("2", "In Progress"), ("3", "On Hold"), ("6", "Resolved"), ("7", "Closed"), ("8", "Canceled")];

const PROBLEM_STATES: &[(&str, &str)] = &[
    ("101", "New"),
    ("102", "Assess"),
    ("103", "Root Cause Analysis"),
    ("104", "Fix in Progress"),
    ("106", "Resolved"),
    ("107", "Closed"),
];

const CATEGORIES: &[(&str, &str)] = &[
    ("inquiry", "Inquiry / Help"),
    ("software", "Software"),
    ("hardware", "Hardware"),
    ("network", "Network"),
    ("database", "Database"),
    ("password_reset", "Password Reset"),
];

/// Every list, one per column, or one per value of the column it depends on.
pub(crate) const CHOICES: &[ChoiceList] = &[
    list(
        "task",
        "state",
        &[
            ("-5", "Pending"),
            ("1", "Open"),
            ("2", "Work in Progress"),
            ("3", "Closed Complete"),
            ("4", "Closed Incomplete"),
            ("7", "Closed Skipped"),
        ],
    ),
    list(
        "task",
        "priority",
        &[("1", "1 - Critical"), ("2", "2 - High"), ("3", "3 - Moderate"), ("4", "4 - Low"), ("5", "5 - Planning")],
    ),
    list("task", "impact", HIGH_TO_LOW),
    list("task", "urgency", HIGH_TO_LOW),
    list(
        "task",
        "approval",
        &[
            ("not requested", "Not Yet Requested"),
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
        ],
    ),
    list(
        "task",
        "contact_type",
        &[
            ("phone", "Phone"),
            ("email", "Email"),
            ("self-service", "Self-service"),
            ("walk-in", "Walk-in"),
            ("chat", "Chat"),
        ],
    ),
    list("task", "escalation", &[("0", "Normal"), ("1", "Moderate"), ("2", "High"), ("3", "Overdue")]),
    list(
        "task",
        "upon_approval",
        &[("proceed", "Proceed to Next Task"), ("do_nothing", "Wait for a User to Close this task")],
    ),
    list("task", "upon_reject", &[("cancel", "Cancel all future Tasks"), ("goto", "Go to a previous Task")]),
    list("incident", "state", INCIDENT_STATES),
    list("incident", "incident_state", INCIDENT_STATES),
    list(
        "incident",
        "hold_reason",
        &[("1", "Awaiting Caller"), ("3", "Awaiting Problem"), ("4", "Awaiting Vendor"), ("5", "Awaiting Change")],
    ),
    list("incident", "severity", HIGH_TO_LOW),
    list("incident", "category", CATEGORIES),
    ChoiceList {
        dependent: "software",
        ..list("incident", "subcategory", &[("email", "Email"), ("os", "Operating System")])
    },
    ChoiceList {
        dependent: "hardware",
        ..list(
            "incident",
            "subcategory",
            &[("cpu", "CPU"), ("disk", "Disk"), ("keyboard", "Keyboard"), ("monitor", "Monitor")],
        )
    },
    ChoiceList {
        dependent: "network",
        ..list("incident", "subcategory", &[("dhcp", "DHCP"), ("dns", "DNS"), ("vpn", "VPN"), ("wireless", "Wireless")])
    },
    list(
        "incident",
        "close_code",
        &[
            ("Duplicate", "Duplicate"),
            ("Known error", "Known error"),
            ("No resolution provided", "No resolution provided"),
            ("Resolved by caller", "Resolved by caller"),
            ("Resolved by change", "Resolved by change"),
            ("Resolved by problem", "Resolved by problem"),
            ("Resolved by request", "Resolved by request"),
            ("Solution provided", "Solution provided"),
            ("Workaround provided", "Workaround provided"),
            ("User error", "User error"),
        ],
    ),
    list("incident", "notify", &[("1", "Do Not Notify"), ("2", "Send Email"), ("3", "Phone")]),
    list("incident", "u_symptom", &[("slow", "Slow"), ("no_connection", "No connection")]),
    list("problem", "state", PROBLEM_STATES),
    list("problem", "problem_state", PROBLEM_STATES),
    list(
        "problem",
        "resolution_code",
        &[
            ("fix_applied", "Fix Applied"),
            ("risk_accepted", "Risk Accepted"),
            ("canceled", "Canceled"),
            ("duplicate", "Duplicate"),
        ],
    ),
    list(
        "problem",
        "category",
        &[("software", "Software"), ("hardware", "Hardware"), ("network", "Network"), ("database", "Database")],
    ),
    list(
        "change_request",
        "state",
        &[
            ("-5", "New"),
            ("-4", "Assess"),
            ("-3", "Authorize"),
            ("-2", "Scheduled"),
            ("-1", "Implement"),
            ("0", "Review"),
            ("3", "Closed"),
            ("4", "Canceled"),
        ],
    ),
    list("change_request", "type", &[("normal", "Normal"), ("standard", "Standard"), ("emergency", "Emergency")]),
    list(
        "change_request",
        "close_code",
        &[
            ("successful", "Successful"),
            ("successful_issues", "Successful with issues"),
            ("unsuccessful", "Unsuccessful"),
        ],
    ),
    list("change_request", "risk", &[("1", "Very High"), ("2", "High"), ("3", "Moderate"), ("4", "Low")]),
    list(
        "change_request",
        "category",
        &[("other", "Other"), ("software", "Software"), ("hardware", "Hardware"), ("network", "Network")],
    ),
    list(
        "sc_request",
        "request_state",
        &[
            ("requested", "Pending Approval"),
            ("in_process", "Approved"),
            ("closed_complete", "Closed Complete"),
            ("closed_incomplete", "Closed Incomplete"),
            ("closed_cancelled", "Closed Cancelled"),
            ("closed_rejected", "Closed Rejected"),
            ("closed_skipped", "Closed Skipped"),
        ],
    ),
    list("sc_request", "state", &[("1", "Approved"), ("3", "Closed"), ("4", "Rejected")]),
    list(
        "sc_request",
        "stage",
        &[("requested", "Requested"), ("closed_complete", "Completed"), ("closed_cancelled", "Request Cancelled")],
    ),
    list("problem_task", "state", &[("151", "New"), ("152", "Assess"), ("154", "Work in Progress"), ("157", "Closed")]),
    list(
        "sn_customerservice_case",
        "state",
        &[("1", "New"), ("10", "Open"), ("18", "Awaiting Info"), ("6", "Resolved"), ("3", "Closed")],
    ),
    list("sn_customerservice_case", "category", &[("0", "Question"), ("1", "Issue"), ("2", "Feature")]),
    list("cmdb_ci", "install_status", &[("1", "Installed"), ("7", "Retired")]),
];
