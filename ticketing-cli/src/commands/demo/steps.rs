//! The demo's steps. None of them knows a vendor.

use std::collections::{BTreeMap, HashSet};

use futures::TryStreamExt;
use serde::Serialize;
use ticketing::model::{
    FieldData, Kind, PriorityLevel, StatusCategory, Ticket, Transition, User, Visibility, format_timestamp,
};
use ticketing::request::{
    AddComment, CreateTicket, FindUsers, ListComments, ListFields, ListGroups, ListIds, ListTickets, ListTransitions,
    ListUsers, Sort, SortField, TicketFilter, UpdateTicket,
};
use ticketing::{FieldId, GroupSelector, Operation, PrioritySelector, StatusSelector, TicketingClient, UserSelector};
use tokio::time::Instant;

use super::story::Story;
use crate::failure::Result;
use crate::progress::Progress;

/// Small enough that a small company takes several pages.
const PAGE_SIZE: u32 = 5;
/// Large enough that a log of a year takes few.
const LARGE_PAGE_SIZE: u32 = 1000;
/// From how many tickets on pages are large.
const MANY: usize = 500;

/// Who am I, and does the credential work.
pub(super) async fn check(client: &TicketingClient, story: &mut Story) -> Result<()> {
    story.step("Who are we?")?;
    let check = client.check().await?;
    let user = check.user.and_then(|user| user.name).unwrap_or_else(|| "somebody".to_owned());
    let zone = check.time_zone.unwrap_or_else(|| "an unknown time zone".to_owned());
    story.say(format!("We are {user}, in {zone}; the credential works."))?;
    for warning in check.warnings {
        story.say(format!("Take note: {warning}"))?;
    }
    Ok(())
}

/// The most urgent of what is unresolved, or what changed last where nothing is.
pub(super) async fn list(client: &TicketingClient, story: &mut Story) -> Result<()> {
    story.step("List: what is unresolved and urgent or high?")?;
    let urgent = [PriorityLevel::Urgent, PriorityLevel::High].map(PrioritySelector::from);
    let request = ListTickets::new()
        .with_filter(TicketFilter::unresolved().with_priority(urgent))
        .with_sort(vec![Sort::descending(SortField::UpdatedAt)])
        .with_count(true)
        .with_page_size(PAGE_SIZE);
    let mut page = client.list_tickets(request.clone()).await?;
    let mut which = "tickets";
    if page.items.is_empty() {
        story.say("Nothing is.")?;
        page = client.list_tickets(request.with_filter(TicketFilter::new())).await?;
        which = "tickets of any status";
    }
    let total = page.total.map_or_else(|| format!("{} or more", page.items.len()), |total| total.value.to_string());
    story.say(format!("{total} {which}; those that changed last:"))?;
    for ticket in &page.items {
        story.ticket(ticket)?;
    }
    Ok(())
}

/// A ticket for somebody found by email, for a group found by name; made twice, it is there once.
pub(super) async fn create(client: &TicketingClient, story: &mut Story) -> Result<Ticket> {
    story.step("Create: a ticket from an alert, with the caller found by email")?;
    let caller = somebody_with_an_email(client).await?;
    let groups = client.list_groups(ListGroups::new().with_page_size(100)).await?.items;
    let mut request = CreateTicket::new("Disk full on db-7")
        .with_description(Some("Volume `/var` is **97 %** full; it will be full at about 04:00 UTC.".into()))
        .with_priority(PrioritySelector::from(PriorityLevel::High))
        .with_idempotency_key("demo-alert-4711".to_owned());
    if let Some(email) = caller.as_ref().and_then(|user| user.email.clone()) {
        request = request.with_requester(UserSelector::email(email));
    }
    let unique = |name: &str| groups.iter().filter(|group| group.name == name).count() == 1;
    if let Some(group) = groups.iter().find(|group| group.active != Some(false) && unique(&group.name)) {
        request = request.with_groups(vec![GroupSelector::name(group.name.clone())]);
    }
    let ticket = client.create_ticket(request.clone()).await?;
    story.ticket(&ticket)?;
    if let Some(caller) = &caller {
        story.say(format!("The caller is {} <{}>.", caller.name, caller.email.as_deref().unwrap_or_default()))?;
    }
    if let Some(url) = &ticket.url {
        story.say(format!("It opens at {url}."))?;
    }
    let again = client.create_ticket(request).await?;
    let same = if again.id == ticket.id { "the same ticket, not a second one" } else { "a second ticket" };
    story.say(format!("Sent once more with the same idempotency key: {} again, {same}.", again.key))?;
    Ok(ticket)
}

/// An active user whose email address is nobody else's.
async fn somebody_with_an_email(client: &TicketingClient) -> Result<Option<User>> {
    let users = client.list_users(ListUsers::new().with_page_size(50)).await?.items;
    for user in users {
        let Some(email) = user.email.clone().filter(|_| user.active != Some(false)) else { continue };
        if !client.capabilities().supports(Operation::FindUsers)
            || client.find_users(FindUsers::new().with_email(email)).await?.items.len() == 1
        {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// One comment for everybody, one for those who work on it.
pub(super) async fn comment(client: &TicketingClient, ticket: &Ticket, story: &mut Story) -> Result<usize> {
    story.step("Comment: one for the caller, one for the team")?;
    for (text, visibility) in [
        ("We are on it: the logs are being moved away.", Visibility::Public),
        ("db-7 again, third time this month. Somebody should look at log rotation.", Visibility::Internal),
    ] {
        client.add_comment(AddComment::new(ticket.id.clone(), text, visibility)).await?;
    }
    let comments: Vec<_> = client.comments(ListComments::new(ticket.id.clone())).try_collect().await?;
    for comment in &comments {
        let author = comment.author.as_ref().and_then(|author| author.name.as_deref()).unwrap_or("somebody");
        story.say(format!("  {:<9} {author}: {}", comment.visibility.as_str(), comment.body.native.content))?;
    }
    Ok(comments.len())
}

/// Resolved, with what the vendor demands of a resolution.
pub(super) async fn resolve(client: &TicketingClient, ticket: &Ticket, story: &mut Story) -> Result<Ticket> {
    story.step("Resolve: with the fields that a resolution needs")?;
    let mut request = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::from(StatusCategory::Resolved));
    request.fields = demanded(client, ticket, StatusCategory::Resolved).await?;
    if !request.fields.is_empty() {
        let fields: Vec<_> = request.fields.iter().map(|(id, value)| format!("{id} = {}", text_of(value))).collect();
        story.say(format!("Needed on the way: {}.", fields.join(", ")))?;
    }
    let resolved = client.update_ticket(request).await?;
    story.ticket(&resolved)?;
    if let Some(at) = resolved.resolved_at {
        let reason = resolved.status.reason.as_ref().and_then(|reason| reason.name.clone());
        let reason = reason.map(|reason| format!(", because: {reason}")).unwrap_or_default();
        story.say(format!("Resolved at {}{reason}.", format_timestamp(at)))?;
    }
    Ok(resolved)
}

/// The fields that must come with the way to a status: of choices one that says it was solved, else a text.
pub(super) async fn demanded(
    client: &TicketingClient,
    ticket: &Ticket,
    goal: StatusCategory,
) -> Result<BTreeMap<FieldId, FieldData>> {
    let capabilities = client.capabilities();
    if !capabilities.supports(Operation::ListTransitions) {
        return Ok(BTreeMap::new());
    }
    let transitions = client.list_transitions(ListTransitions::new(ticket.id.clone())).await?;
    let leads_there = |transition: &&Transition| transition.to.category == goal;
    let needed = transitions.iter().find(leads_there).map(|way| way.required_fields.clone()).unwrap_or_default();
    let catalogue: Vec<_> = if needed.is_empty() || !capabilities.supports(Operation::ListFields) {
        Vec::new()
    } else {
        client.fields(ListFields::new().with_choices(true)).try_collect().await?
    };
    Ok(needed
        .into_iter()
        .map(|id| {
            let choices = catalogue.iter().find(|field| field.id == id).and_then(|field| field.choices.as_ref());
            let mut possible: Vec<_> = choices
                .into_iter()
                .flatten()
                .filter(|choice| choice.active && !choice.id.is_empty())
                .map(|choice| choice.id.as_str())
                .collect();
            // Not every reason for closing is a solution; the sort keeps the vendor's order otherwise.
            let solved = |id: &str| {
                ["solution", "solved", "fixed", "done"].iter().any(|word| id.to_lowercase().starts_with(word))
            };
            possible.sort_by_key(|id| !solved(id));
            let value = possible.first().copied().unwrap_or("The logs were moved away; 41 % is used now.");
            (id, FieldData::from(value))
        })
        .collect())
}

fn text_of(value: &FieldData) -> String {
    value.as_text().map_or_else(String::new, |text| format!("“{text}”"))
}

/// What reading everything gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reading {
    /// The tickets read.
    pub(super) tickets: usize,
    /// The pages they came in.
    pub(super) pages: usize,
    /// The tickets by status category.
    pub(super) by_status: BTreeMap<StatusCategory, usize>,
    /// The tickets that exist.
    pub(super) exist: usize,
    /// Those that exist and were not read.
    pub(super) lost: usize,
    /// Those that were read more than once.
    pub(super) repeated: usize,
    /// Those that were read and do not exist.
    pub(super) unexpected: usize,
}

/// Every ticket, page by page, counted against a census that is read another way.
pub(super) async fn read_everything(client: &TicketingClient, story: &mut Story) -> Result<Reading> {
    story.step("Read everything, page by page")?;
    let census: HashSet<String> = client.ids(ListIds::new(Kind::Ticket)).try_collect().await?;
    let page_size = if census.len() > MANY { LARGE_PAGE_SIZE } else { PAGE_SIZE };

    let begun = Instant::now();
    let mut pages = client.ticket_pages(ListTickets::new().with_page_size(page_size));
    let mut reading = Reading {
        tickets: 0,
        pages: 0,
        by_status: BTreeMap::new(),
        exist: census.len(),
        lost: 0,
        repeated: 0,
        unexpected: 0,
    };
    let mut read = HashSet::new();
    let mut progress = Progress::new("tickets", false);
    while let Some(page) = pages.try_next().await? {
        reading.pages += 1;
        progress.add(page.items.len());
        for ticket in page.items {
            reading.tickets += 1;
            *reading.by_status.entry(ticket.status.category).or_default() += 1;
            reading.unexpected += usize::from(!census.contains(ticket.id.as_str()));
            reading.repeated += usize::from(!read.insert(ticket.id.to_string()));
        }
    }
    drop(progress);
    let took = begun.elapsed();
    reading.lost = census.difference(&read).count();

    story.say(format!(
        "{} tickets in {} pages of at most {page_size}, in {:.1} s:",
        reading.tickets,
        reading.pages,
        took.as_secs_f64()
    ))?;
    for (category, count) in &reading.by_status {
        story.say(format!("  {:<12} {count:>7}", category.as_str()))?;
    }
    story.say(format!(
        "Counted against a census of {} ids: {} lost, {} repeated.",
        reading.exist, reading.lost, reading.repeated
    ))?;
    Ok(reading)
}
