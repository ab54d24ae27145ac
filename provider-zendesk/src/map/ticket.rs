//! A row as a ticket (`wire/jira-zendesk.md` §B3.2, §B4).

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use ticketing_core::model::{
    Due, FieldType, FieldValue, Fields as TicketFields, Native, Priority, Ref, RefType, Removal, RemovalReason,
    RichText, Status, StatusCategory, Ticket, TicketType, format_timestamp,
};
use ticketing_core::{FieldId, TicketId, Version};

use super::field::Fields;
use super::people::person_ref;
use crate::catalogue::{Names, Statuses};
use crate::mapping::{Mapping, NO_TYPE};
use crate::wire::{FormRow, Metrics, Named, TicketBody, TicketRow, TicketsBody};

/// How rows become tickets: made once per listing, used for every row.
#[derive(Debug, Clone)]
pub(crate) struct TicketPlan {
    pub(crate) base_url: String,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) statuses: Arc<Statuses>,
    pub(crate) brands: Arc<Names>,
    pub(crate) forms: Arc<Vec<FormRow>>,
    pub(crate) fields: Arc<Fields>,
    /// The catalogue fields to load; `None`: all.
    pub(crate) chosen: Option<Vec<FieldId>>,
    pub(crate) raw: bool,
}

/// What came side-loaded with rows.
#[derive(Debug, Default)]
pub(crate) struct Known {
    users: HashMap<i64, Named>,
    groups: HashMap<i64, Named>,
    organizations: HashMap<i64, Named>,
    metrics: HashMap<i64, Metrics>,
}

impl Known {
    fn new(users: Vec<Named>, groups: Vec<Named>, organizations: Vec<Named>, metrics: Vec<Metrics>) -> Self {
        let by_id = |named: Vec<Named>| named.into_iter().map(|one| (one.id, one)).collect();
        Self {
            users: by_id(users),
            groups: by_id(groups),
            organizations: by_id(organizations),
            metrics: metrics.into_iter().filter_map(|one| Some((one.ticket_id?, one))).collect(),
        }
    }

    /// Takes it out of a list's answer.
    pub(crate) fn of_list(body: &mut TicketsBody) -> Self {
        let take = std::mem::take::<Vec<Named>>;
        let metrics = std::mem::take(&mut body.metric_sets);
        Self::new(take(&mut body.users), take(&mut body.groups), take(&mut body.organizations), metrics)
    }

    /// Takes it out of a record's answer.
    pub(crate) fn of_one(body: &mut TicketBody) -> Self {
        let take = std::mem::take::<Vec<Named>>;
        let metrics = std::mem::take(&mut body.metric_sets);
        Self::new(take(&mut body.users), take(&mut body.groups), take(&mut body.organizations), metrics)
    }

    /// Somebody, by name where the answer said it.
    fn person(&self, id: i64) -> Ref {
        self.users.get(&id).map_or_else(|| Ref::new(RefType::User, id.to_string()), person_ref)
    }

    fn named(from: &HashMap<i64, Named>, ref_type: RefType, id: i64) -> Ref {
        let mut out = Ref::new(ref_type, id.to_string());
        out.name = from.get(&id).and_then(|named| named.name.clone());
        out
    }
}

impl TicketPlan {
    /// A row as a ticket.
    pub(crate) fn ticket(&self, mut row: TicketRow, known: &Known, raw: Option<Value>) -> Ticket {
        let id = row.id.to_string();
        let status = self.status(&row);
        let native_type = row.ticket_type.as_deref().unwrap_or(NO_TYPE);
        let ticket_type = TicketType {
            category: self.mapping.ticket_type(native_type),
            native: Native { id: native_type.to_owned(), name: Some(capital(native_type)) },
        };
        let title = row.subject.take().unwrap_or_default();
        let mut ticket = Ticket::new(TicketId::from(id.as_str()), id.as_str(), title, status, ticket_type);
        ticket.fields = self.catalogue_fields(&row, known);
        ticket.priority = row.priority.as_deref().map(|priority| Priority {
            level: self.mapping.priority(priority),
            native: Native { id: priority.to_owned(), name: Some(capital(priority)) },
        });
        ticket.assignees.extend(row.assignee_id.map(|id| known.person(id)));
        ticket.assigned_groups.extend(row.group_id.map(|id| Known::named(&known.groups, RefType::Group, id)));
        ticket.requester = row.requester_id.map(|id| known.person(id));
        ticket.creator = row.submitter_id.map(|id| known.person(id));
        ticket.watchers = row.follower_ids.as_ref().map(|ids| ids.iter().map(|id| known.person(*id)).collect());
        ticket.account = row.organization_id.map(|id| Known::named(&known.organizations, RefType::Account, id));
        ticket.collections.extend(row.brand_id.map(|id| {
            let mut brand = Ref::new(RefType::Collection, id.to_string());
            brand.name = self.brands.get(&id).cloned();
            brand
        }));
        ticket.url = Some(format!("{}/agent/tickets/{id}", self.base_url));
        ticket.created_at = row.created_at;
        ticket.updated_at = row.updated_at;
        if let Some(metrics) = known.metrics.get(&row.id) {
            let over = matches!(row.status.as_deref(), Some("solved" | "closed"));
            ticket.resolved_at = metrics.solved_at.filter(|_| over);
            ticket.closed_at = metrics.status_updated_at.filter(|_| row.status.as_deref() == Some("closed"));
        }
        ticket.due = row.due_at.map(Due::At);
        // A second is the finest that the account tells updates apart by (§B8).
        ticket.version = row.updated_at.map(|at| Version::from(format_timestamp(at)));
        ticket.deleted = (row.status.as_deref() == Some("deleted")).then_some(Removal {
            at: None,
            reason: Some(RemovalReason::Deleted),
            moved_to: None,
        });
        ticket.description = row.description.map(RichText::plain);
        ticket.tags = row.tags;
        ticket.external_id = row.external_id;
        ticket.raw = raw.map(Box::new);
        ticket
    }

    fn status(&self, row: &TicketRow) -> Status {
        let system = row.status.as_deref().unwrap_or_default();
        if let Some((category, native)) = self.statuses.of(system, row.custom_status_id) {
            return Status { category, native: native.clone(), reason: None };
        }
        let native = match row.custom_status_id {
            Some(id) if !crate::mapping::STATUSES.iter().any(|(known, _)| *known == system) => {
                Native { id: id.to_string(), name: Some(system.to_owned()).filter(|name| !name.is_empty()) }
            }
            _ => Native { id: system.to_owned(), name: None },
        };
        let category = match system {
            "" => StatusCategory::Unknown,
            _ => self.mapping.status(system, &native.id, native.name.as_deref()),
        };
        Status { category, native, reason: None }
    }

    fn catalogue_fields(&self, row: &TicketRow, known: &Known) -> TicketFields {
        let mut out = TicketFields::new();
        let wanted = |id: &str| self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(|one| one.as_str() == id));
        let mut put = |id: &str, value: Option<FieldValue>| {
            if let Some(value) = value.filter(|_| wanted(id)) {
                out.insert(id.into(), value);
            }
        };
        for custom in row.custom_fields.iter().flatten().filter(|custom| !custom.value.is_null()) {
            let id = custom.id.to_string();
            put(&id, self.fields.value(custom));
        }
        put("recipient", row.recipient.as_deref().map(|text| FieldValue::new(FieldType::Email, text)));
        put("problem_id", row.problem_id.map(|id| FieldValue::new(FieldType::Ticket, id.to_string())));
        put("has_incidents", row.has_incidents.map(|flag| FieldValue::new(FieldType::Boolean, flag)));
        put("is_public", row.is_public.map(|flag| FieldValue::new(FieldType::Boolean, flag)));
        put(
            "ticket_form_id",
            row.ticket_form_id.map(|id| {
                let value = FieldValue::new(FieldType::Choice, id.to_string());
                let form = self.forms.iter().find(|form| form.id == id).and_then(|form| form.name.clone());
                match form {
                    Some(name) => value.with_label(name),
                    None => value,
                }
            }),
        );
        let channel = row.via.as_ref().and_then(|via| via.channel.as_ref()).and_then(|channel| match channel {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        put("via_channel", channel.map(|text| FieldValue::new(FieldType::String, text)));
        let score = row.satisfaction_rating.as_ref().and_then(|rating| rating["score"].as_str());
        put("satisfaction_rating", score.map(|score| FieldValue::new(FieldType::String, score)));
        put(
            "email_cc_ids",
            row.email_cc_ids.as_ref().filter(|ids| !ids.is_empty()).map(|ids| {
                let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
                let names: Option<Vec<String>> = ids.iter().map(|id| known.person(*id).name).collect();
                let value = FieldValue::new(FieldType::User, texts);
                match names {
                    Some(names) => value.with_label(names),
                    None => value,
                }
            }),
        );
        out
    }
}

/// What agents see of a system value.
fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
