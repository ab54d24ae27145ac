//! Listing tickets: by numbers, by external ids, by a search, or all of them; in order where one is asked for.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use ticketing_core::model::Ticket;
use ticketing_core::request::{AssigneeFilter, ListTickets, Projection, Sort, SortField, TicketFilter};
use ticketing_core::{Delivery, Error, ErrorKind, Operation, Page, Result, Total, remedy};

use super::find::{by_number, read_many};
use super::source::{At, Source};
use crate::api::Window;
use crate::connection::{Connection, LARGEST_PAGE, ticket_number, unknown_field};
use crate::map::TicketPlan;
use crate::query::{Place, Resolved, fits, is_hopeless, narrow, native_statuses, native_types, sorted, up_to};

/// As many tickets are put in an order that the account does not have.
const MOST_SORTED: usize = 10_000;

/// What decides which rows come, and in which order: what a cursor is bound to.
#[derive(Serialize)]
struct Bound<'a> {
    filter: &'a TicketFilter,
    sort: &'a [Sort],
    projection: &'a Projection,
    include_raw: bool,
    include_deleted: bool,
}

/// One page of tickets.
pub(crate) async fn list(connection: &Connection, request: ListTickets) -> Result<Page<Ticket>> {
    for (nth, sort) in request.sort.iter().enumerate() {
        if request.sort[..nth].iter().any(|before| before.field == sort.field) {
            return Err(
                Error::invalid("sort", format!("`{}` is named twice", sort.field)).with_hint("name each sort once")
            );
        }
    }
    let bound = Bound {
        filter: &request.filter,
        sort: &request.sort,
        projection: &request.projection,
        include_raw: request.include_raw,
        include_deleted: request.include_deleted,
    };
    let codec = connection.codec(Operation::ListTickets, &bound);
    let at: Option<At> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let plan = connection.plan(&request.projection, request.include_raw).await?;
    let filter = &request.filter;
    check(filter, &plan)?;
    let resolved = resolve(connection, filter).await?;
    let narrowed = narrow(filter, &resolved, &plan.statuses, &plan.mapping)?;
    if is_hopeless(filter, &plan.mapping, &plan.statuses) {
        let total = request.count.then_some(Total { value: 0, exact: true });
        return Ok(Page::last(Vec::new()).with_total(total));
    }
    let size = Connection::page_size(request.page_size);
    let fits = |ticket: &Ticket, words: bool| fits(ticket, filter, &resolved, words);
    // A filter may ask about fields that the projection leaves out.
    let wide = match (&plan.chosen, filter.fields.is_empty()) {
        (Some(_), false) => TicketPlan { chosen: None, ..plan.clone() },
        _ => plan.clone(),
    };
    let source = Source { connection, plan: &wide, narrowed: &narrowed, size };
    let direct = direct(connection, filter, &wide).await?;
    if direct.is_none() && request.sort.is_empty() {
        let at = match at {
            Some(at) => at,
            None => source.begin().await?,
        };
        let step = source.step(at).await?;
        let items = step.tickets.into_iter().filter(|ticket| fits(ticket, step.words)).map(|one| projected(one, &plan));
        let next = step.next.map(|at| codec.cursor(&at)).transpose()?;
        let total = if request.count { total(connection, filter, &narrowed).await? } else { None };
        return Ok(Page::new(items.collect(), next).with_total(total));
    }
    let behind = match at {
        None => None,
        Some(At::Gathered(place, offset)) => Some((place, offset)),
        Some(_) => {
            return Err(Error::invalid("cursor", "the cursor does not fit the order it is for")
                .with_hint("start over without a cursor"));
        }
    };
    let question = format!("tickets {}", serde_json::to_string(&bound).unwrap_or_default());
    let kept = if behind.is_some() { connection.directory.kept::<Arc<Vec<Ticket>>>(&question, None) } else { None };
    let gathered = match kept.and_then(|page| page.items.into_iter().next()) {
        Some(kept) => kept,
        None => {
            let mut all: Vec<Ticket> = match direct {
                Some(tickets) => tickets.into_iter().filter(|ticket| fits(ticket, true)).collect(),
                None => gather(&Source { size: LARGEST_PAGE, ..source }, fits).await?,
            };
            all = sorted(all, &request.sort);
            let all: Vec<Ticket> = all.into_iter().map(|ticket| projected(ticket, &plan)).collect();
            let all = Arc::new(all);
            connection.directory.keep(question, Page::last(vec![Arc::clone(&all)]));
            all
        }
    };
    // Gathered again, others may stand before it: the place counts, and not how many were told.
    let offset = match &behind {
        None => 0,
        Some((_, offset)) if remedy::is_removed("zendesk.sorted_place") => *offset,
        Some((place, _)) => up_to(place, &gathered, &request.sort),
    };
    let end = offset.saturating_add(size as usize);
    let last = gathered.get(..end).filter(|_| end < gathered.len()).and_then(<[Ticket]>::last);
    let next = last.map(|last| codec.cursor(&At::Gathered(Place::of(last, &request.sort), end))).transpose()?;
    let total = request.count.then_some(Total { value: gathered.len() as u64, exact: true });
    let items = gathered.iter().skip(offset).take(size as usize).cloned().collect();
    Ok(Page::new(items, next).with_total(total))
}

/// Everything that fits, for an order that the account does not have.
async fn gather(source: &Source<'_>, fits: impl Fn(&Ticket, bool) -> bool) -> Result<Vec<Ticket>> {
    let mut all: Vec<Ticket> = Vec::new();
    let mut at = source.begin().await?;
    loop {
        let step = source.step(at).await?;
        all.extend(step.tickets.into_iter().filter(|ticket| fits(ticket, step.words)));
        if all.len() > MOST_SORTED {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("more than {MOST_SORTED} tickets fit, and the account cannot sort them"),
            )
            .with_field("sort")
            .with_delivery(Delivery::Answered)
            .with_hint("narrow the filter, by time for one; or ask for no order"));
        }
        match step.next {
            Some(next) => at = next,
            None => return Ok(all),
        }
    }
}

/// Refuses what makes no sense before anything is looked for.
fn check(filter: &TicketFilter, plan: &TicketPlan) -> Result<()> {
    native_statuses(filter, &plan.statuses)?;
    native_types(filter)?;
    for wanted in &filter.fields {
        if !plan.fields.is_on_tickets(wanted.id.as_str()) {
            return Err(unknown_field("fields", wanted.id.as_str()));
        }
    }
    Ok(())
}

/// Tickets that are named by number or external id are read at once, from the database itself; `None`: none are.
async fn direct(connection: &Connection, filter: &TicketFilter, plan: &TicketPlan) -> Result<Option<Vec<Ticket>>> {
    if !filter.ids.is_empty() || !filter.keys.is_empty() {
        let ids = filter.ids.iter().map(|id| id.as_str()).filter(|_| !filter.ids.is_empty());
        let keys = filter.keys.iter().map(String::as_str).filter(|_| filter.ids.is_empty());
        let mut numbers: Vec<i64> = ids.chain(keys).filter_map(ticket_number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        return by_number(connection, plan, &numbers).await.map(Some);
    }
    if filter.external_id.is_empty() {
        return Ok(None);
    }
    let mut found: Vec<Ticket> = Vec::new();
    for id in &filter.external_id {
        if id.trim().is_empty() {
            continue;
        }
        let mut after: Option<String> = None;
        loop {
            let window = Window::new(LARGEST_PAGE, after.as_deref());
            let response = connection.api.tickets_by_external_id(id, window).await?;
            let (tickets, rest) = read_many(&response.body, plan)?;
            for ticket in tickets {
                if ticket.deleted.is_none() && !found.iter().any(|known| known.id == ticket.id) {
                    found.push(ticket);
                }
            }
            match rest.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
    }
    Ok(Some(found))
}

/// A ticket with the fields that were asked for.
fn projected(mut ticket: Ticket, plan: &TicketPlan) -> Ticket {
    if let Some(chosen) = &plan.chosen {
        ticket.fields.retain(|id, _| chosen.contains(id));
    }
    ticket
}

/// How many there are, as far as the account says: its counts lag, and a search finds more than fits.
async fn total(connection: &Connection, filter: &TicketFilter, narrowed: &str) -> Result<Option<Total>> {
    let (response, exact) = match (filter.kinds().is_empty(), narrowed.is_empty()) {
        (true, _) => (connection.api.ticket_count().await?, false),
        (false, false) => (connection.api.search_count(narrowed).await?, false),
        // To count them, all would have to be read.
        (false, true) => return Ok(None),
    };
    let body: Value = response.json()?;
    let count = body["count"].as_u64().or_else(|| body["count"]["value"].as_u64());
    Ok(count.map(|value| Total { value, exact }))
}

/// People and places as ids.
async fn resolve(connection: &Connection, filter: &TicketFilter) -> Result<Resolved> {
    let resolver = &connection.resolver;
    let mut resolved = Resolved::default();
    for assignee in &filter.assignee {
        match assignee {
            AssigneeFilter::User(user) => resolved.assignees.push(resolver.user("assignee", user).await?),
            AssigneeFilter::Unassigned => resolved.unassigned = true,
            _ => return Err(Error::invalid("assignee", "this form is not known here")),
        }
    }
    for user in &filter.requester {
        resolved.requesters.push(resolver.user("requester", user).await?);
    }
    for user in &filter.creator {
        resolved.creators.push(resolver.user("creator", user).await?);
    }
    for group in &filter.group {
        resolved.groups.push(resolver.group("group", group, false).await?);
    }
    for account in &filter.account {
        resolved.accounts.push(resolver.account("account", account, false).await?);
    }
    for collection in &filter.collection {
        resolved.collections.push(resolver.collection("collection", collection, false).await?);
    }
    Ok(resolved)
}

/// What listings can be sorted by.
pub(crate) const SORTS: &[SortField] = SortField::ALL;
