//! ServiceNow: incidents, 1,000 to a page, offset after offset.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vendor_sandbox::servicenow::Sandbox;

use super::{Client, Vendor};

/// ServiceNow.
#[derive(Debug)]
pub(crate) struct ServiceNow;

impl Vendor for ServiceNow {
    const NAME: &'static str = "servicenow";
    const TICKETS: &'static str = "incidents";
    // As many as the recorded log has.
    const COUNT: u64 = 24_918;
    const COMPANY: u64 = 12;
    const FIELDS: &'static [&'static str] = KEYS;
    const PAGE: u32 = 1_000;
    const PATH: &'static str = "/api/now/table/incident";
    const SETTINGS: Option<&'static str> = None;
    const NOW: Option<&'static str> = None;
    const CLIENTS: &'static [Client] = &[
        Client { name: "PySNC", script: "read_pysnc.py", pins: "requests.txt" },
        Client { name: "pysnow", script: "read_pysnow.py", pins: "requests.txt" },
        Client { name: "aiosnow", script: "read_aiosnow.py", pins: "aiosnow.txt" },
    ];

    type Page = Page;

    fn config(instance: &str) -> Value {
        json!({
            "instance": instance,
            "auth": {"type": "basic", "username": "admin", "password": "admin"},
            "tables": ["incident"],
        })
    }

    fn sandbox(tickets: u64) -> Result<axum::Router> {
        Ok(Sandbox::builder().seed(1).tickets(tickets).build()?.router())
    }

    fn request(client: &reqwest::Client, instance: &str, after: Option<&str>) -> reqwest::RequestBuilder {
        let query = [
            ("sysparm_display_value", "all"),
            ("sysparm_exclude_reference_link", "true"),
            ("sysparm_fields", &KEYS.join(",")),
            ("sysparm_suppress_pagination_header", "true"),
            ("sysparm_no_count", "true"),
            ("sysparm_query", "ORDERBYnumber^ORDERBYsys_id"),
            ("sysparm_limit", &Self::PAGE.to_string()),
            ("sysparm_offset", after.unwrap_or("0")),
        ]
        .map(|(name, value)| format!("{name}={}", value.replace(',', "%2C").replace('^', "%5E")))
        .join("&");
        let request = client.get(format!("{instance}{}?{query}", Self::PATH));
        request.basic_auth("admin", Some("admin")).header("accept", "application/json")
    }
}

/// A field as `sysparm_display_value=all` sends it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    display_value: String,
    value: String,
}

/// `{"result":[…]}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    result: Vec<Incident>,
}

impl super::Page for Page {
    fn rows(&self) -> usize {
        self.result.len()
    }

    fn next(&self, told: usize) -> Option<String> {
        (self.rows() == ServiceNow::PAGE as usize).then(|| told.to_string())
    }
}

macro_rules! incident {
    ($( $field:ident $(= $key:literal)? ,)*) => {
        /// An incident: every key that is asked for, owned.
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Incident {
            $( $(#[serde(rename = $key)])? $field: Pair, )*
        }

        /// The struct's keys, in its order.
        const KEYS: &[&str] = &[$( incident!(@key $field $($key)?) ),*];
    };
    (@key $field:ident $key:literal) => { $key };
    (@key $field:ident) => { stringify!($field) };
}

incident! {
    sys_id,
    number,
    sys_class_name,
    short_description,
    description,
    state,
    priority,
    assigned_to,
    assignment_group,
    opened_by,
    watch_list,
    company,
    parent,
    sys_tags,
    correlation_id,
    correlation_display,
    sys_created_on,
    sys_updated_on,
    closed_at,
    due_date,
    sys_mod_count,
    hold_reason,
    close_code,
    resolved_at,
    caller_id,
    caller_id_sys_class_name = "caller_id.sys_class_name",
    active,
    activity_due,
    additional_assignee_list,
    approval,
    approval_history,
    approval_set,
    business_duration,
    business_service,
    business_stc,
    calendar_duration,
    calendar_stc,
    category,
    cause,
    caused_by,
    child_incidents,
    close_notes,
    closed_by,
    cmdb_ci,
    contact_type,
    delivery_plan,
    delivery_task,
    escalation,
    expected_start,
    follow_up,
    group_list,
    impact,
    incident_state,
    knowledge,
    location,
    made_sla,
    notify,
    opened_at,
    order,
    parent_incident,
    problem_id,
    reassignment_count,
    rejection_goto,
    reopen_count,
    reopened_time,
    resolved_by,
    rfc,
    service_offering,
    severity,
    sla_due,
    subcategory,
    sys_created_by,
    sys_domain,
    sys_domain_path,
    sys_updated_by,
    time_worked,
    u_priority_confirmation,
    u_symptom,
    upon_approval,
    upon_reject,
    urgency,
    user_input,
    vendor,
    wf_activity,
    work_end,
    work_notes_list,
    work_start,
}
