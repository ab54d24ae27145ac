//! Tickets, what is side-loaded with them, and what describes them (§B3.2, §B2, §B7).

use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::Timestamp;

use super::envelope::Meta;
use super::{some_moment, some_text};

/// A ticket as listed, got or exported.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TicketRow {
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) external_id: Option<String>,
    pub(crate) via: Option<Via>,
    #[serde(default, deserialize_with = "some_moment")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "some_moment")]
    pub(crate) updated_at: Option<Timestamp>,
    #[serde(rename = "type", default, deserialize_with = "some_text")]
    pub(crate) ticket_type: Option<String>,
    pub(crate) subject: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) priority: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) custom_status_id: Option<i64>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) recipient: Option<String>,
    pub(crate) requester_id: Option<i64>,
    pub(crate) submitter_id: Option<i64>,
    pub(crate) assignee_id: Option<i64>,
    pub(crate) organization_id: Option<i64>,
    pub(crate) group_id: Option<i64>,
    pub(crate) follower_ids: Option<Vec<i64>>,
    pub(crate) email_cc_ids: Option<Vec<i64>>,
    pub(crate) followup_ids: Option<Vec<i64>>,
    pub(crate) problem_id: Option<i64>,
    pub(crate) has_incidents: Option<bool>,
    pub(crate) is_public: Option<bool>,
    #[serde(default, deserialize_with = "some_moment")]
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) custom_fields: Option<Vec<CustomValue>>,
    pub(crate) satisfaction_rating: Option<Value>,
    pub(crate) brand_id: Option<i64>,
    pub(crate) ticket_form_id: Option<i64>,
}

/// How a ticket came in.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Via {
    /// A word, or, on old tickets, a number.
    pub(crate) channel: Option<Value>,
    pub(crate) source: Option<ViaSource>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ViaSource {
    pub(crate) from: Option<ViaFrom>,
    pub(crate) rel: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ViaFrom {
    pub(crate) ticket_id: Option<i64>,
}

/// A custom field's value on a ticket.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CustomValue {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) value: Value,
}

/// Somebody or something that a ticket refers to, side-loaded.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Named {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) role: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) external_id: Option<String>,
}

/// When a ticket was answered and last moved on (the sideload `metric_sets`).
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Metrics {
    pub(crate) ticket_id: Option<i64>,
    #[serde(default, deserialize_with = "some_moment")]
    pub(crate) solved_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "some_moment")]
    pub(crate) status_updated_at: Option<Timestamp>,
}

/// A list of tickets, with what was side-loaded.
#[derive(Debug, Deserialize)]
pub(crate) struct TicketsBody {
    pub(crate) tickets: Vec<TicketRow>,
    #[serde(default)]
    pub(crate) users: Vec<Named>,
    #[serde(default)]
    pub(crate) groups: Vec<Named>,
    #[serde(default)]
    pub(crate) organizations: Vec<Named>,
    #[serde(default)]
    pub(crate) metric_sets: Vec<Metrics>,
    pub(crate) meta: Option<Meta>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) after_cursor: Option<String>,
    pub(crate) end_of_stream: Option<bool>,
}

/// One ticket, with what was side-loaded.
#[derive(Debug, Deserialize)]
pub(crate) struct TicketBody {
    pub(crate) ticket: TicketRow,
    #[serde(default)]
    pub(crate) users: Vec<Named>,
    #[serde(default)]
    pub(crate) groups: Vec<Named>,
    #[serde(default)]
    pub(crate) organizations: Vec<Named>,
    #[serde(default)]
    pub(crate) metric_sets: Vec<Metrics>,
}

/// The answer to a write: the ticket, and what the write did.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenBody {
    pub(crate) ticket: TicketRow,
    pub(crate) audit: Option<super::Audit>,
}

/// One of the account's statuses (§B4).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CustomStatusRow {
    pub(crate) id: i64,
    pub(crate) status_category: String,
    pub(crate) agent_label: Option<String>,
    #[serde(default)]
    pub(crate) active: bool,
    #[serde(default)]
    pub(crate) default: bool,
}

/// A field of the account's catalogue (§B7).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FieldRow {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) field_type: String,
    pub(crate) title: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    pub(crate) description: Option<String>,
    pub(crate) active: Option<bool>,
    /// Required to solve, not to create.
    pub(crate) required: Option<bool>,
    pub(crate) agent_can_edit: Option<bool>,
    pub(crate) relationship_target_type: Option<String>,
    #[serde(default)]
    pub(crate) custom_field_options: Option<Vec<FieldOption>>,
    #[serde(default)]
    pub(crate) system_field_options: Option<Vec<FieldOption>>,
}

/// A choice of a field: custom fields by `value`, system fields by `value` too.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FieldOption {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<String>,
}

/// A ticket form.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FormRow {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) active: Option<bool>,
}
