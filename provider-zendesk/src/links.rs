//! Links: an incident's problem, a problem's incidents, and follow-ups of closed tickets (`wire/jira-zendesk.md` §B3.1, §B3.2).

use serde_json::{Value, json};
use ticketing_core::model::{Link, LinkCategory, LinkType, Native, Ref, RefType};
use ticketing_core::request::{AddLink, LinkTarget, ListLinks, RemoveLink};
use ticketing_core::{Delivery, Error, ErrorKind, LinkId, Operation, Page, Result, TicketId};
use ticketing_http::Idempotency;

use crate::api::Window;
use crate::connection::{Connection, LARGEST_PAGE, number, ticket_number};
use crate::wire::{TicketBody, TicketRow, rows};

/// What a link's id says: the incident and its problem, or a ticket and what follows it up.
enum Id {
    Problem { incident: i64, problem: i64 },
    FollowUp { source: i64, followup: i64 },
}

impl Id {
    fn text(&self) -> LinkId {
        LinkId::from(match self {
            Self::Problem { incident, problem } => format!("problem_id:{incident}:{problem}"),
            Self::FollowUp { source, followup } => format!("followup:{source}:{followup}"),
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, ends) = text.split_once(':')?;
        let (one, other) = ends.split_once(':')?;
        let (one, other) = (number(one)?, number(other)?);
        match kind {
            "problem_id" => Some(Self::Problem { incident: one, problem: other }),
            "followup" => Some(Self::FollowUp { source: one, followup: other }),
            _ => None,
        }
    }
}

fn reference(ticket: i64) -> Ref {
    Ref::new(RefType::Ticket, ticket.to_string()).with_key(ticket.to_string())
}

fn link(id: &Id, category: LinkCategory, native: Native, ticket: i64, target: Ref) -> Link {
    Link {
        id: id.text(),
        link_type: LinkType { category, native },
        ticket: reference(ticket),
        target: Some(target),
        url: None,
        title: None,
        created_at: None,
    }
}

/// A ticket's own row.
async fn row(connection: &Connection, id: &TicketId) -> Result<TicketRow> {
    let number = ticket_number(id.as_str()).ok_or_else(|| Connection::no_ticket(id))?;
    match connection.api.ticket(number).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Connection::no_ticket(id)),
        response => Ok(response?.json::<TicketBody>()?.ticket),
    }
}

/// One page of a ticket's links.
pub(crate) async fn list(connection: &Connection, request: ListLinks) -> Result<Page<Link>> {
    let codec = connection.codec(Operation::ListLinks, &request.ticket);
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let row = row(connection, &request.ticket).await?;
    let links = all(connection, &row).await?;
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < links.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(links.into_iter().skip(offset).take(size).collect(), next))
}

async fn all(connection: &Connection, row: &TicketRow) -> Result<Vec<Link>> {
    let native = || Native::named("problem_id", "Problem");
    let mut links = Vec::new();
    if let Some(problem) = row.problem_id {
        let id = Id::Problem { incident: row.id, problem };
        links.push(link(&id, LinkCategory::CausedBy, native(), row.id, reference(problem)));
    }
    for followup in row.followup_ids.iter().flatten() {
        let id = Id::FollowUp { source: row.id, followup: *followup };
        let native = Native::named("followup_ids", "Follow-up");
        links.push(link(&id, LinkCategory::RelatesTo, native, row.id, reference(*followup)));
    }
    let source = row
        .via
        .as_ref()
        .and_then(|via| via.source.as_ref())
        .filter(|source| source.rel.as_deref() == Some("follow_up"));
    if let Some(source) = source.and_then(|source| source.from.as_ref()).and_then(|from| from.ticket_id) {
        let id = Id::FollowUp { source, followup: row.id };
        let native = Native::named("via_followup_source_id", "Follow-up to");
        links.push(link(&id, LinkCategory::RelatesTo, native, row.id, reference(source)));
    }
    if row.ticket_type.as_deref() == Some("problem") {
        let mut after: Option<String> = None;
        loop {
            let window = Window::new(LARGEST_PAGE, after.as_deref());
            let response = connection.api.incidents(row.id, window).await?;
            let page = rows::<TicketRow>(&response.body, "tickets")?;
            for (incident, _) in page.items {
                let id = Id::Problem { incident: incident.id, problem: row.id };
                let mut target = reference(incident.id);
                target.name.clone_from(&incident.subject);
                links.push(link(&id, LinkCategory::Causes, native(), row.id, target));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(links)
}

/// A new link: an incident to the problem that caused it, from either end.
pub(crate) async fn add(connection: &Connection, request: AddLink) -> Result<Link> {
    let LinkTarget::Ticket(target) = &request.target else {
        return Err(Error::new(ErrorKind::Unsupported, "tickets link to tickets alone")
            .with_field("target")
            .with_hint("write the address into a comment"));
    };
    let from_incident = match (request.category, request.native_type.as_deref()) {
        (LinkCategory::CausedBy, None | Some("problem_id")) => true,
        (LinkCategory::Causes, None | Some("problem_id")) => false,
        (category, native) => {
            let named = native.map_or_else(|| category.to_string(), str::to_owned);
            return Err(Error::invalid("category", format!("the account has no link `{named}`"))
                .with_hint("it has: caused_by, from an incident to its problem, and causes, the other way round"));
        }
    };
    let own = row(connection, &request.ticket).await?;
    let other = row(connection, target).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let shown: String = target.as_str().chars().take(80).flat_map(char::escape_debug).collect();
            Error::invalid("target", format!("there is no ticket `{shown}`, or it may not be read"))
                .with_hint("check the target's number")
        }
        _ => error,
    })?;
    let (incident, problem) = if from_incident { (&own, &other) } else { (&other, &own) };
    for (ticket, wanted) in [(incident, "incident"), (problem, "problem")] {
        if let Some(is) = ticket.ticket_type.as_deref().filter(|is| *is != wanted) {
            let message =
                format!("ticket {} is of type `{is}`, and a `{}` needs `{wanted}`", ticket.id, request.category);
            return Err(Error::invalid("category", message)
                .with_hint("an incident is caused by a problem: set the types first"));
        }
    }
    // A ticket that has no type yet gets the one that its end of the link needs.
    if problem.ticket_type.is_none() {
        connection.api.update_ticket(problem.id, &json!({ "type": "problem" }), Idempotency::Idempotent).await?;
    }
    let change = json!({ "type": "incident", "problem_id": problem.id });
    connection.api.update_ticket(incident.id, &change, Idempotency::Idempotent).await?;
    let id = Id::Problem { incident: incident.id, problem: problem.id };
    Ok(link(&id, request.category, Native::named("problem_id", "Problem"), own.id, reference(other.id)))
}

/// The end of a link.
pub(crate) async fn remove(connection: &Connection, request: RemoveLink) -> Result<()> {
    let missing = || {
        let shown: String = request.id.as_str().chars().take(120).flat_map(char::escape_debug).collect();
        Error::new(ErrorKind::NotFound, format!("the ticket has no link `{shown}`"))
            .with_delivery(Delivery::Answered)
            .with_hint("list the ticket's links")
    };
    let Some(id) = Id::read(request.id.as_str()) else { return Err(missing()) };
    let own = row(connection, &request.ticket).await?;
    if !all(connection, &own).await?.iter().any(|link| link.id == request.id) {
        return Err(missing());
    }
    match id {
        Id::Problem { incident, .. } => {
            let change = json!({ "problem_id": Value::Null });
            connection.api.update_ticket(incident, &change, Idempotency::Idempotent).await.map(drop)
        }
        Id::FollowUp { .. } => {
            Err(Error::new(ErrorKind::Conflict, "a follow-up stays one: its link cannot be removed")
                .with_field("id")
                .with_delivery(Delivery::Answered)
                .with_hint("leave it"))
        }
    }
}
