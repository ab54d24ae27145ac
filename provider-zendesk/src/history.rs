//! What happened to a ticket, from its audits (`wire/jira-zendesk.md` §B3.5).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{FieldChange, FieldData, HistoryEntry, HistoryValue, Native, Ref, RefType};
use ticketing_core::request::ListHistory;
use ticketing_core::{Delivery, Error, ErrorKind, HistoryEntryId, Operation, Page, Result};

use crate::api::Window;
use crate::catalogue::Statuses;
use crate::connection::{Connection, ticket_number};
use crate::map::author;
use crate::map::field::Fields;
use crate::wire::{Audit, AuditEvent, Named, rows};

/// One page of a ticket's history, oldest first: an entry for each save that changed a field.
pub(crate) async fn list(connection: &Connection, request: ListHistory) -> Result<Page<HistoryEntry>> {
    let number = ticket_number(request.ticket.as_str()).ok_or_else(|| Connection::no_ticket(&request.ticket))?;
    let codec = connection.codec(Operation::ListHistory, &number);
    let after: Option<String> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let window = Window::new(Connection::page_size(request.page_size), after.as_deref());
    let response = match connection.api.audits(number, window).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Connection::no_ticket(&request.ticket)),
        response => response?,
    };
    let page = rows::<Audit>(&response.body, "audits")?;
    let named = |key: &str| -> HashMap<i64, Named> {
        let list = page.rest.get(key).and_then(|list| Vec::<Named>::deserialize(list).ok()).unwrap_or_default();
        list.into_iter().map(|one| (one.id, one)).collect()
    };
    let users = named("users");
    let labels = Labels {
        groups: named("groups"),
        statuses: connection.catalogue.statuses().await?,
        fields: connection.catalogue.fields().await?,
        users: &users,
    };
    let next = page.next.map(|next| codec.cursor(&next)).transpose()?;
    let ticket = Ref::new(RefType::Ticket, number.to_string()).with_key(number.to_string());
    let mut entries = Vec::new();
    for (audit, _) in page.items {
        let changes: Vec<FieldChange> = audit.events.iter().filter_map(|event| labels.change(event)).collect();
        if changes.is_empty() {
            continue;
        }
        let Some(at) = audit.created_at else {
            return Err(Error::new(ErrorKind::Decode, format!("the audit `{}` has no moment", audit.id))
                .with_delivery(Delivery::Answered));
        };
        entries.push(HistoryEntry {
            id: HistoryEntryId::from(audit.id.to_string()),
            ticket: ticket.clone(),
            author: author(&users, audit.author_id),
            at,
            changes,
        });
    }
    Ok(Page::new(entries, next))
}

/// What values stand for.
struct Labels<'a> {
    users: &'a HashMap<i64, Named>,
    groups: HashMap<i64, Named>,
    statuses: std::sync::Arc<Statuses>,
    fields: std::sync::Arc<Fields>,
}

impl Labels<'_> {
    /// What an event changed; `None` where it is about something else. Types that are not known here are added at any time.
    fn change(&self, event: &AuditEvent) -> Option<FieldChange> {
        if !matches!(event.event_type.as_str(), "Change" | "Create") {
            return None;
        }
        let native = match &event.field_name {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return None,
        };
        let field = core_key(&native).map_or_else(|| native.clone(), str::to_owned);
        let name = self.fields.custom(&native).ok().flatten().and_then(|field| field.row.title.clone());
        let from = if event.event_type == "Create" { &Value::Null } else { &event.previous_value };
        Some(FieldChange {
            from: self.value(&field, from),
            to: self.value(&field, &event.value),
            field,
            native: Native { id: native, name },
        })
    }

    fn value(&self, field: &str, value: &Value) -> HistoryValue {
        let data = match value {
            Value::Null => FieldData::Null,
            Value::String(text) if text.is_empty() => FieldData::Null,
            Value::String(text) => FieldData::from(text.as_str()),
            other => serde_json::from_value(other.clone()).unwrap_or(FieldData::Null),
        };
        // Ids are numbers in some events, and texts in others.
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let number = crate::connection::number(&text);
        let by_number = |from: &HashMap<i64, Named>| from.get(&number?).and_then(|one| one.name.clone());
        let label = match field {
            "status" => self.statuses.named(&text).and_then(|status| status.native.name.clone()),
            "assignees" | "requester" | "creator" => by_number(self.users),
            "assigned_groups" => by_number(&self.groups),
            _ => None,
        };
        let data = match (&data, field) {
            (FieldData::Integer(id), "assignees" | "requester" | "creator" | "assigned_groups" | "account") => {
                FieldData::Text(id.to_string())
            }
            _ => data,
        };
        HistoryValue { value: data, label }
    }
}

/// The document's key of a native field.
fn core_key(native: &str) -> Option<&'static str> {
    Some(match native {
        "subject" => "title",
        "status" | "custom_status_id" => "status",
        "priority" => "priority",
        "type" => "type",
        "assignee_id" => "assignees",
        "group_id" => "assigned_groups",
        "requester_id" => "requester",
        "submitter_id" => "creator",
        "organization_id" => "account",
        "brand_id" => "collections",
        "tags" => "tags",
        "due_at" => "due",
        "external_id" => "external_id",
        _ => return None,
    })
}
