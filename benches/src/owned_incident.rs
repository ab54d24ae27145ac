//! What a row is compared with: an owned struct of the same keys, as anybody would write it by hand.

use serde::Deserialize;

/// A field as `sysparm_display_value=all` sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct Pair {
    pub(crate) display_value: String,
    pub(crate) value: String,
}

/// `{"result":[…]}`.
#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub(crate) result: Vec<Incident>,
}

macro_rules! incident {
    ($( $field:ident $(= $key:literal)? ,)*) => {
        /// An incident: every key that is asked for, owned.
        #[derive(Debug, Deserialize)]
        pub(crate) struct Incident {
            $( $(#[serde(rename = $key)])? pub(crate) $field: Pair, )*
        }

        /// The struct's keys, in its order.
        pub(crate) const KEYS: &[&str] = &[$( incident!(@key $field $($key)?) ),*];

        impl Incident {
            /// The length of everything in it, so that nothing is parsed in vain.
            pub(crate) fn size(&self) -> usize {
                0 $( + self.$field.value.len() + self.$field.display_value.len() )*
            }
        }
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
