//! Listing tickets.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use serde::Serialize;
use ticketing_core::model::{StatusCategory, Ticket};
use ticketing_core::request::{AssigneeFilter, ListTickets, Projection, Sort, SortField, StatusFilter, TicketFilter};
use ticketing_core::{Error, Operation, Page, PrioritySelector, Result, TicketId, Total, TypeSelector, UserSelector};

use super::find::{existing, plan, watchers};
use crate::api::{Flavour, From, Search};
use crate::connection::{CONCURRENCY, Connection};
use crate::listing::{Listing, Position};
use crate::query::Zone;
use crate::query::filter::{Named, Resolved, Values, Wanted};
use crate::query::order::order_of;
use crate::resolve;
use crate::wire::{IssuePage, Listed, Raw};

/// What decides which rows come, and in which order: what a cursor is bound to.
#[derive(Serialize)]
struct Bound<'a> {
    filter: &'a TicketFilter,
    sort: &'a [Sort],
    projection: &'a Projection,
    include_raw: bool,
    projects: &'a [String],
}

/// One page of tickets.
pub(crate) async fn list(connection: &Connection, request: ListTickets) -> Result<Page<Ticket>> {
    check(&request)?;
    let bound = Bound {
        filter: &request.filter,
        sort: &request.sort,
        projection: &request.projection,
        include_raw: request.include_raw,
        projects: &connection.projects,
    };
    let codec = connection.codec(Operation::ListTickets, &bound);
    let at: Option<Position> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    if let Some(at) = &at {
        at.check("cursor", &request.sort)?;
    }
    let also: Vec<_> = request.filter.fields.iter().map(|field| field.id.clone()).collect();
    let plan = plan(connection, &request.projection, request.include_raw, &also).await?;
    let wanted = wanted(connection, &request.filter).await?;
    if wanted.query.is_never() {
        let total = request.count.then_some(Total { value: 0, exact: true });
        return Ok(Page::last(Vec::new()).with_total(total));
    }
    let ranks = match request.sort.iter().any(|sort| sort.field == SortField::Priority) {
        true => connection.catalogue.priorities().await?.iter().map(|own| own.id.clone()).collect(),
        false => Vec::new(),
    };
    let listing = Listing {
        connection,
        plan: &plan,
        base: &wanted.query,
        sort: &request.sort,
        ranks: Arc::new(ranks),
        changes: false,
    };
    let announce = |position: &Position| codec.cursor(position).ok();
    // Whoever asks by id may know of what no search sees yet.
    let at = at.unwrap_or_else(|| Position::start(connection, &request.filter.ids));
    let paged = listing.page(Some(&at), Connection::page_size(request.page_size), &announce).await?;
    let total = match request.count {
        true => Some(count(connection, &wanted).await?),
        false => None,
    };
    let next = paged.next.map(|position| codec.cursor(&position)).transpose()?;
    let mut items: Vec<Ticket> =
        paged.items.into_iter().map(|(_, ticket)| ticket).filter(|ticket| wanted.fits(ticket)).collect();
    if let Some(fields) = &request.projection.fields {
        // Fields that only the filter asked about.
        for ticket in &mut items {
            ticket.fields.retain(|id, _| fields.contains(id) || !also.contains(id));
        }
    }
    if plan.watchers {
        items = with_watchers(connection, items).await?;
    }
    let page = Page::new(items, next).with_total(total);
    Ok(match paged.chain {
        Some(chain) => page.with_chain(chain),
        None => page,
    })
}

/// Watchers are a request of their own for each issue (wire A4.9).
async fn with_watchers(connection: &Connection, mut tickets: Vec<Ticket>) -> Result<Vec<Ticket>> {
    for some in tickets.chunks_mut(CONCURRENCY) {
        let found = join_all(some.iter().map(|ticket| watchers(connection, &ticket.id))).await;
        for (ticket, found) in some.iter_mut().zip(found) {
            ticket.watchers = found?;
        }
    }
    Ok(tickets)
}

/// How many match: an estimate on Cloud (wire A3.2), and on Data Center what the query alone lets in.
async fn count(connection: &Connection, wanted: &Wanted) -> Result<Total> {
    let jql = wanted.query.encode();
    if connection.api.site().await?.flavour == Flavour::Cloud {
        return Ok(Total { value: connection.api.approximate_count(&jql).await?, exact: false });
    }
    let fields = ["id".to_owned()];
    let search = Search { jql: &jql, fields: &fields, limit: 1, from: From::Start, reconcile: &[] };
    let response = connection.search(&search).await?;
    let page: IssuePage<Raw<'_>> = response.json()?;
    Ok(Total { value: page.total.unwrap_or(page.issues.len() as u64), exact: wanted.is_exact })
}

/// Refuses what no reading can do here.
fn check(request: &ListTickets) -> Result<()> {
    for one in &request.sort {
        let twice = request.sort.iter().filter(|other| other.field == one.field).count() > 1;
        if twice {
            return Err(
                Error::invalid("sort", format!("`{}` is named twice", one.field)).with_hint("sort by each once")
            );
        }
    }
    // wire A3.2: seven keys at most, ours at the end among them.
    order_of(&request.sort).map(drop)
}

/// A filter as a query and a test, with everybody in it found.
pub(crate) async fn wanted(connection: &Connection, filter: &TicketFilter) -> Result<Wanted> {
    let resolved = resolved(connection, filter).await?;
    let columns = connection.catalogue.columns().await?;
    let has_moments = [filter.created, filter.updated, filter.resolved].iter().any(|range| !range.is_empty())
        || !filter.fields.is_empty();
    let zone = if has_moments { connection.zone().await? } else { Zone(None) };
    Wanted::new(filter.clone(), resolved, &columns, &connection.projects, zone)
}

async fn people(connection: &Connection, field: &str, selectors: &[UserSelector]) -> Result<Option<Vec<Named>>> {
    if selectors.is_empty() {
        return Ok(None);
    }
    let mut out = Vec::new();
    for selector in selectors {
        out.extend(resolve::user(connection, field, selector).await?);
    }
    Ok(Some(out))
}

async fn resolved(connection: &Connection, filter: &TicketFilter) -> Result<Resolved> {
    let mut out = Resolved {
        status: statuses(connection, filter).await?,
        priority: priorities(connection, filter).await?,
        ticket_type: types(connection, filter).await?,
        requesters: people(connection, "requester", &filter.requester).await?,
        creators: people(connection, "creator", &filter.creator).await?,
        ..Resolved::default()
    };
    if !filter.assignee.is_empty() {
        let mut users = Vec::new();
        for one in &filter.assignee {
            match one {
                AssigneeFilter::Unassigned => out.unassigned = true,
                AssigneeFilter::User(selector) => users.extend(resolve::user(connection, "assignee", selector).await?),
                _ => return Err(Error::invalid("assignee", "the selector is not known here")),
            }
        }
        out.assignees = Some(users);
    }
    if !filter.group.is_empty() {
        let mut found = Vec::new();
        for selector in &filter.group {
            found.extend(resolve::group(connection, "group", selector).await?);
        }
        out.groups = Some(found);
    }
    if !filter.account.is_empty() {
        let mut found = Vec::new();
        for selector in &filter.account {
            found.extend(resolve::account(connection, "account", selector).await?);
        }
        out.accounts = Some(found);
    }
    if !filter.collection.is_empty() {
        let mut found = Vec::new();
        for selector in &filter.collection {
            found.extend(resolve::collection(connection, "collection", selector).await?);
        }
        out.collections = Some(found);
    }
    let numbers = |ids: &[TicketId]| -> Vec<String> {
        ids.iter().map(|id| id.as_str().to_owned()).filter(|id| id.bytes().all(|b| b.is_ascii_digit())).collect()
    };
    if !filter.ids.is_empty() {
        out.ids = Some(existing(connection, &numbers(&filter.ids)).await?);
    }
    if !filter.parent.is_empty() {
        out.parents = Some(existing(connection, &numbers(&filter.parent)).await?);
    }
    if !filter.keys.is_empty() {
        let keys: Vec<String> =
            filter.keys.iter().filter(|key| key.contains('-') && super::find::may_be_issue(key)).cloned().collect();
        out.keys = Some(existing(connection, &keys).await?);
    }
    Ok(out)
}

/// An id or a name among the site's, or an error that lists what there is.
fn native<'l>(
    field: &str,
    wanted: &str,
    listed: impl Iterator<Item = (&'l str, &'l str)> + Clone,
) -> Result<Vec<String>> {
    let same = |(id, name): &(&str, &str)| *id == wanted || name.eq_ignore_ascii_case(wanted);
    let found: Vec<String> = listed.clone().filter(same).map(|(id, _)| id.to_owned()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let mut told: Vec<&str> = listed.map(|(_, name)| name).collect();
    told.sort_unstable();
    told.dedup();
    told.truncate(40);
    Err(Error::invalid(field, format!("there is no {field} `{}`", ticketing_http::config::shown(wanted)))
        .with_hint(format!("there are: {}", told.join(", "))))
}

async fn statuses(connection: &Connection, filter: &TicketFilter) -> Result<Option<Values<StatusCategory>>> {
    if filter.status.is_empty() {
        return Ok(None);
    }
    let all = connection.catalogue.statuses().await?;
    let mut out = Values { categories: filter.status_categories(), ..Values::default() };
    for one in &filter.status {
        if let StatusFilter::Native(wanted) = one {
            let listed = all.iter().map(|own| (own.id.as_str(), own.name.as_str()));
            out.natives.extend(native("status", wanted, listed)?);
        }
    }
    let category =
        |own: &crate::wire::StatusInfo| connection.mapping.status(&own.id, Some(&own.name), own.category_key());
    out.fitting = all
        .iter()
        .filter(|own| out.natives.contains(&own.id) || out.categories.contains(&category(own)))
        .map(|own| own.id.clone())
        .collect();
    Ok(Some(out))
}

fn pairs(listed: &[Listed]) -> impl Iterator<Item = (&str, &str)> + Clone {
    listed.iter().map(|own| (own.id.as_str(), own.name.as_str()))
}

async fn priorities(
    connection: &Connection,
    filter: &TicketFilter,
) -> Result<Option<Values<ticketing_core::model::PriorityLevel>>> {
    if filter.priority.is_empty() {
        return Ok(None);
    }
    let all = connection.catalogue.priorities().await?;
    let mut out = Values::default();
    for one in &filter.priority {
        match one {
            PrioritySelector::Level(level) => drop(out.categories.insert(*level)),
            PrioritySelector::Native(wanted) => out.natives.extend(native("priority", wanted, pairs(&all))?),
            other => return Err(Error::invalid("priority", format!("the selector `{other}` is not known here"))),
        }
    }
    let level = |own: &Listed| connection.mapping.priority(&own.id, Some(&own.name));
    out.fitting = fitting(&all, &out.natives, |own| out.categories.contains(&level(own)));
    Ok(Some(out))
}

async fn types(
    connection: &Connection,
    filter: &TicketFilter,
) -> Result<Option<Values<ticketing_core::model::TypeCategory>>> {
    if filter.ticket_type.is_empty() {
        return Ok(None);
    }
    let all = connection.catalogue.issue_types().await?;
    let mut out = Values::default();
    for one in &filter.ticket_type {
        match one {
            TypeSelector::Category(category) => drop(out.categories.insert(*category)),
            TypeSelector::Native(wanted) => out.natives.extend(native("type", wanted, pairs(&all))?),
            other => return Err(Error::invalid("type", format!("the selector `{other}` is not known here"))),
        }
    }
    let category = |own: &Listed| connection.mapping.ticket_type(&own.id, Some(&own.name));
    out.fitting = fitting(&all, &out.natives, |own| out.categories.contains(&category(own)));
    Ok(Some(out))
}

fn fitting(all: &[Listed], natives: &BTreeSet<String>, fits: impl Fn(&Listed) -> bool) -> Vec<String> {
    all.iter().filter(|own| natives.contains(&own.id) || fits(own)).map(|own| own.id.clone()).collect()
}
