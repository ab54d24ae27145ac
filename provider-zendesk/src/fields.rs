//! The field catalogue, the statuses, and the transitions that a ticket can make.

use ticketing_core::model::{Field, Status, StatusInfo, Ticket, Transition};
use ticketing_core::request::{GetTicket, ListFields, ListStatuses, ListTransitions};
use ticketing_core::{Error, FieldId, Operation, Page, Result, TransitionId};

use crate::connection::Connection;
use crate::mapping::TYPES;
use crate::tickets;

/// Refuses a type that there is not; every type has the same fields and statuses.
fn known_type(wanted: Option<&str>) -> Result<()> {
    match wanted {
        Some(wanted) if !TYPES.iter().any(|(id, _)| *id == wanted) => {
            let known: Vec<_> = TYPES.iter().map(|(id, _)| *id).collect();
            Err(Error::invalid("ticket_type", format!("there is no type `{}`", wanted.escape_debug()))
                .with_hint(format!("there are: {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}

/// One page of the catalogue: the account's ticket fields, and the members that every ticket has.
pub(crate) async fn list(connection: &Connection, request: ListFields) -> Result<Page<Field>> {
    known_type(request.ticket_type.as_deref())?;
    let codec = connection.codec(Operation::ListFields, &(&request.ticket_type, &request.collection, request.choices));
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let forms = connection.catalogue.forms().await?;
    let mut fields = connection.catalogue.fields().await?.documents(request.choices, &forms);
    if request.choices {
        // The account's own statuses, rather than the six that the field lists.
        let statuses = connection.catalogue.statuses().await?;
        for field in fields.iter_mut().filter(|field| field.core.as_deref() == Some("status")) {
            let choice = |status: &crate::catalogue::KnownStatus| ticketing_core::model::Choice {
                id: status.native.id.clone(),
                name: status.native.name.clone().unwrap_or_else(|| status.native.id.clone()),
                active: status.active,
                depends_on: None,
            };
            field.choices = Some(statuses.0.iter().map(choice).collect());
        }
    }
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < fields.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(fields.into_iter().skip(offset).take(size).collect(), next))
}

/// The account's statuses.
pub(crate) async fn statuses(connection: &Connection, request: ListStatuses) -> Result<Vec<StatusInfo>> {
    known_type(request.ticket_type.as_deref())?;
    let statuses = connection.catalogue.statuses().await?;
    let info = |status: &crate::catalogue::KnownStatus| StatusInfo {
        category: status.category,
        native: status.native.clone(),
        scopes: Vec::new(),
        active: status.active,
    };
    Ok(statuses.0.iter().map(info).collect())
}

/// What a ticket lacks to be solved (`wire/jira-zendesk.md` §B4): an assignee, and fields that are required for it.
pub(crate) async fn missing_to_solve(connection: &Connection, ticket: &Ticket) -> Result<Vec<FieldId>> {
    let fields = connection.catalogue.fields().await?;
    let empty = fields.needed_to_solve().map(|field| FieldId::from(field.id()));
    let mut missing: Vec<FieldId> = empty.filter(|id| !ticket.fields.contains_key(id)).collect();
    if ticket.assignees.is_empty() {
        missing.insert(0, FieldId::from("assignee_id"));
    }
    Ok(missing)
}

/// The status changes that a ticket can make now (§B4): from closed none, to new none.
pub(crate) async fn transitions(connection: &Connection, request: ListTransitions) -> Result<Vec<Transition>> {
    let ticket = tickets::get(connection, GetTicket::new(request.ticket)).await?;
    let statuses = connection.catalogue.statuses().await?;
    let now = statuses.named(&ticket.status.native.id);
    if now.is_some_and(|now| now.system == "closed") {
        return Ok(Vec::new());
    }
    let missing = missing_to_solve(connection, &ticket).await?;
    let reachable = statuses.0.iter().filter(|status| status.active && Some(*status) != now && status.system != "new");
    Ok(reachable
        .map(|status| Transition {
            id: TransitionId::from(status.native.id.as_str()),
            name: status.native.name.clone().unwrap_or_else(|| status.native.id.clone()),
            to: Status { category: status.category, native: status.native.clone(), reason: None },
            required_fields: if status.system == "solved" { missing.clone() } else { Vec::new() },
        })
        .collect())
}
