//! What happened to a ticket, from its audits (`wire/jira-zendesk.md` §B3.5).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use ticketing_core::model::{FieldChange, FieldData, HistoryEntry, HistoryValue, Native, Ref, RefType};
use ticketing_core::request::ListHistory;
use ticketing_core::{Delivery, Error, ErrorKind, HistoryEntryId, Operation, Page, Result};

use crate::api::Window;
use crate::catalogue::{Names, Statuses};
use crate::connection::{Connection, number, ticket_number};
use crate::error::is_closed;
use crate::map::author;
use crate::map::field::Fields;
use crate::wire::{Audit, AuditEvent, Named, Paged, rows};

/// The status of the account's own (§B3.2).
const CUSTOM_STATUS: &str = "custom_status_id";
/// The system's own.
const STATUS: &str = "status";
/// The most ids of one question (§B7).
const MOST_IDS: usize = 100;

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
    let labels = Labels::read(connection, &page).await?;
    let next = page.next.map(|next| codec.cursor(&next)).transpose()?;
    let ticket = Ref::new(RefType::Ticket, number.to_string()).with_key(number.to_string());
    let mut entries = Vec::new();
    for (audit, _) in page.items {
        let mut changes: Vec<FieldChange> = audit.events.iter().filter_map(|event| labels.change(event)).collect();
        // One change of a status has two events where the account has statuses of its own: this one says which, unless the
        // credential may not see them.
        if let Some(custom) = changes.iter().find(|change| change.native.id == CUSTOM_STATUS) {
            let is_told = custom.to.label.is_some();
            let has_both = changes.iter().any(|change| change.native.id == STATUS);
            let other = if is_told { STATUS } else { CUSTOM_STATUS };
            changes.retain(|change| !has_both || change.native.id != other);
        }
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
            author: author(&labels.users, audit.author_id),
            at,
            changes,
        });
    }
    Ok(Page::new(entries, next))
}

/// What values stand for.
struct Labels {
    users: HashMap<i64, Named>,
    groups: Names,
    accounts: Names,
    brands: Arc<Names>,
    statuses: Arc<Statuses>,
    fields: Arc<Fields>,
}

/// The fields whose values are people.
const PEOPLE: &[&str] = &["assignees", "requester", "creator"];

impl Labels {
    /// What the answer brought along, and what it refers to besides: asked for by id, a hundred at a time.
    async fn read(connection: &Connection, page: &Paged<Audit>) -> Result<Self> {
        let named = |key: &str| {
            let list = page.rest.get(key).and_then(|list| Vec::<Named>::deserialize(list).ok()).unwrap_or_default();
            list.into_iter().map(|one| (one.id, one)).collect::<HashMap<_, _>>()
        };
        let catalogue = &connection.catalogue;
        let events = || page.items.iter().flat_map(|(audit, _)| &audit.events);
        let meant = |fields: &[&str]| -> BTreeSet<i64> {
            let fits = |event: &&AuditEvent| {
                event.changed().is_some_and(|native| core_key(&native).is_some_and(|key| fields.contains(&key)))
            };
            let values = events().filter(fits).flat_map(|event| [&event.value, &event.previous_value]);
            values.filter_map(|value| number(&text(value))).collect()
        };

        let mut users = named("users");
        let mut wanted = meant(PEOPLE);
        wanted.extend(page.items.iter().filter_map(|(audit, _)| audit.author_id).filter(|id| *id > 0));
        wanted.retain(|id| !users.contains_key(id));
        let found = self::found(connection, Of::Users, wanted).await?;
        users.extend(found.into_iter().map(|one| (one.id, one)));

        let mut groups = names(named("groups").into_values());
        if meant(&["assigned_groups"]).iter().any(|id| !groups.contains_key(id)) {
            groups.extend(catalogue.groups().await?.iter().map(|(id, name)| (*id, name.clone())));
        }
        let accounts = self::found(connection, Of::Accounts, meant(&["account"])).await?;
        Ok(Self {
            users,
            groups,
            accounts: names(accounts.into_iter()),
            brands: if meant(&["collections"]).is_empty() { Arc::default() } else { catalogue.brands().await? },
            statuses: catalogue.statuses().await?,
            fields: catalogue.fields().await?,
        })
    }

    /// What an event changed; `None` where it is about something else.
    fn change(&self, event: &AuditEvent) -> Option<FieldChange> {
        let native = event.changed()?;
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
        let text = text(value);
        let id = number(&text);
        let of = |names: &Names| id.and_then(|id| names.get(&id).cloned());
        let status = (field == "status").then(|| self.statuses.named(&text)).flatten();
        let label = match field {
            "status" => status.and_then(|status| status.native.name.clone()),
            "assigned_groups" => of(&self.groups),
            "account" => of(&self.accounts),
            "collections" => of(&self.brands),
            _ if PEOPLE.contains(&field) => id.and_then(|id| self.users.get(&id)?.name.clone()),
            _ => None,
        };
        let is_id = PEOPLE.contains(&field) || matches!(field, "assigned_groups" | "account" | "collections");
        let data = match (data, status) {
            // As tickets show it: by name where it is the usual one of its kind.
            (_, Some(status)) => FieldData::Text(status.native.id.clone()),
            (FieldData::Integer(id), None) if is_id => FieldData::Text(id.to_string()),
            (data, None) => data,
        };
        HistoryValue { value: data, label }
    }
}

impl AuditEvent {
    /// The native field that it changed; `None` where it is about something else. Types that are not known here are added at
    /// any time.
    fn changed(&self) -> Option<String> {
        if !matches!(self.event_type.as_str(), "Change" | "Create") {
            return None;
        }
        match &self.field_name {
            Some(Value::String(name)) => Some(name.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Ids are numbers in some events, and texts in others.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn names(all: impl Iterator<Item = Named>) -> Names {
    all.filter_map(|one| Some((one.id, one.name?))).collect()
}

/// What ids are of.
#[derive(Debug, Clone, Copy)]
enum Of {
    Users,
    Accounts,
}

/// Those of these ids that there are; none where the credential may not see them, so that ids have to do.
async fn found(connection: &Connection, of: Of, wanted: BTreeSet<i64>) -> Result<Vec<Named>> {
    let wanted: Vec<i64> = wanted.into_iter().collect();
    let mut found = Vec::new();
    for ids in wanted.chunks(MOST_IDS) {
        let (key, response) = match of {
            Of::Users => ("users", connection.api.users_by_id(ids).await),
            Of::Accounts => ("organizations", connection.api.organizations_by_id(ids).await),
        };
        match response {
            Err(error) if is_closed(&error) || error.kind() == ErrorKind::NotFound => {}
            response => found.extend(rows::<Named>(&response?.body, key)?.items.into_iter().map(|(one, _)| one)),
        }
    }
    Ok(found)
}

/// The document's key of a native field.
fn core_key(native: &str) -> Option<&'static str> {
    Some(match native {
        "subject" => "title",
        STATUS | CUSTOM_STATUS => "status",
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
