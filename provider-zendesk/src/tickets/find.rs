//! The tickets that ids mean: strongly consistent, archived ones included (`wire/jira-zendesk.md` §B3.1).

use ticketing_core::model::Ticket;
use ticketing_core::request::{FoundTickets, GetTicket, GetTickets, Projection};
use ticketing_core::{ErrorKind, Result, TicketId};
use ticketing_http::{Response, decode};

use crate::api::Window;
use crate::comments;
use crate::connection::{Connection, ticket_number};
use crate::error::is_closed;
use crate::map::{Known, TicketPlan, text_of};
use crate::wire::{CommentRow, Meta, TicketBody, TicketRow, TicketsBody, raw_rows};

/// Ids in one request at most.
pub(crate) const MOST_IDS: usize = 100;

/// One ticket, by its number.
pub(crate) async fn get(connection: &Connection, request: GetTicket) -> Result<Ticket> {
    // First what needs the credential: a wrong one is told whatever was asked for.
    let plan = connection.plan(&request.projection, request.include_raw).await?;
    let number = ticket_number(request.id.as_str()).ok_or_else(|| Connection::no_ticket(&request.id))?;
    whole(connection, &plan, number).await
}

/// A ticket as it is now, for those who need its state and not its texts.
pub(crate) async fn bare(connection: &Connection, id: &TicketId) -> Result<Ticket> {
    let plan = connection.plan(&Projection::new().with_fields(Vec::<&str>::new()), false).await?;
    now(connection, &plan, ticket_number(id.as_str()).ok_or_else(|| Connection::no_ticket(id))?).await
}

/// A ticket as it is now, its description with its formatting: that is in the first comment alone, and a request of its own,
/// so that a listing has the words without it (§B3.3, §B11).
pub(crate) async fn whole(connection: &Connection, plan: &TicketPlan, number: i64) -> Result<Ticket> {
    let mut ticket = now(connection, plan, number).await?;
    let Some(description) = &ticket.description else { return Ok(ticket) };
    let first = match comments::page(connection, number, false, Window::new(1, None)).await {
        // The words are there all the same.
        Err(error) if is_closed(&error) => None,
        read => read?.0.rows.into_iter().next(),
    };
    let is_it = |row: &CommentRow| {
        let said = [&row.plain_body, &row.body].into_iter().flatten();
        said.map(|text| letters(text)).any(|own| own == letters(&description.native.content))
    };
    if let Some(first) = first.filter(|row| row.html_body.is_some() && is_it(row)) {
        ticket.description = Some(text_of(&first));
    }
    Ok(ticket)
}

/// What of a text no renderer changes.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A ticket as it is now, its description in plain words.
pub(crate) async fn now(connection: &Connection, plan: &TicketPlan, number: i64) -> Result<Ticket> {
    let id = TicketId::from(number.to_string());
    match connection.api.ticket(number).await {
        Ok(response) => read_one(&response, plan),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Connection::no_ticket(&id)),
        Err(error) => Err(error),
    }
}

/// The ticket in an answer.
fn read_one(response: &Response, plan: &TicketPlan) -> Result<Ticket> {
    let mut body: TicketBody = response.json()?;
    let known = Known::of_one(&mut body);
    let raw = if plan.raw { raw_rows(&response.body, "ticket").pop() } else { None };
    Ok(plan.ticket(body.ticket, &known, raw))
}

/// What else is in an answer with tickets.
pub(super) struct Rest {
    /// The cursor of what follows.
    pub(super) next: Option<String>,
    /// Those that are closed in the system's own words, whatever that counts as on this connection.
    pub(super) closed: Vec<TicketId>,
}

/// The tickets in an answer.
pub(super) fn read_many(body: &[u8], plan: &TicketPlan) -> Result<(Vec<Ticket>, Rest)> {
    let mut read: TicketsBody = decode(body)?;
    let known = Known::of_list(&mut read);
    let mut raws = if plan.raw { raw_rows(body, "tickets") } else { Vec::new() }.into_iter();
    let rows = std::mem::take(&mut read.tickets);
    let is_closed = |row: &&TicketRow| row.status.as_deref() == Some("closed");
    let closed = rows.iter().filter(is_closed).map(|row| TicketId::from(row.id.to_string())).collect();
    let tickets = rows.into_iter().map(|row| plan.ticket(row, &known, raws.next())).collect();
    Ok((tickets, Rest { next: Meta::next(read.meta.as_ref())?, closed }))
}

/// The tickets of these numbers that are there, in the order asked for.
pub(super) async fn by_number(connection: &Connection, plan: &TicketPlan, numbers: &[i64]) -> Result<Vec<Ticket>> {
    let mut found = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(MOST_IDS) {
        let response = connection.api.tickets_by_id(chunk).await?;
        let (tickets, _) = read_many(&response.body, plan)?;
        for number in chunk {
            let id = number.to_string();
            // What was not asked for is nobody's business, and what is deleted is not there.
            found.extend(tickets.iter().find(|ticket| ticket.id == id.as_str() && ticket.deleted.is_none()).cloned());
        }
    }
    Ok(found)
}

/// Several tickets: one request for a hundred of them.
pub(crate) async fn several(connection: &Connection, request: GetTickets) -> Result<FoundTickets> {
    let mut numbers: Vec<i64> = request.ids.iter().filter_map(|id| ticket_number(id.as_str())).collect();
    let mut seen = std::collections::HashSet::new();
    numbers.retain(|number| seen.insert(*number));
    let plan = connection.plan(&request.projection, request.include_raw).await?;
    let tickets = by_number(connection, &plan, &numbers).await?;
    let mut out = FoundTickets::default();
    for id in request.ids {
        let number = ticket_number(id.as_str()).map(|number| number.to_string());
        match tickets.iter().find(|ticket| number.as_deref() == Some(ticket.id.as_str())) {
            Some(ticket) => out.tickets.push(ticket.clone()),
            None => out.missing.push(id),
        }
    }
    Ok(out)
}
