//! Which tickets, in which order: filters are evaluated on the rows themselves, so the result is exact.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use ticketing_core::model::{Due, FieldData, PriorityLevel, Ref, Ticket, Timestamp};
use ticketing_core::request::{
    AssigneeFilter, FieldFilter, FoundTickets, GetTicket, GetTickets, ListTickets, Projection, Sort, SortDirection,
    SortField, StatusFilter, TicketFilter, TimeRange,
};
use ticketing_core::{
    AccountSelector, CollectionSelector, Error, GroupSelector, Operation, Page, PrioritySelector, Result, TypeSelector,
    UserSelector,
};

use crate::catalogue::{is_named, unknown};
use crate::fields::Purpose;
use crate::paging::{Window, total};
use crate::session::Session;

/// The most ids in one `get_tickets`.
pub(crate) const MAX_IDS: usize = 1000;

/// One of a ticket's times.
type Moment = fn(&Ticket) -> Option<Timestamp>;
/// Whether a ticket fits one filter.
type Predicate<'a> = Box<dyn Fn(&Ticket) -> bool + 'a>;

impl Session<'_> {
    pub(crate) fn list_tickets(&self, request: &ListTickets) -> Result<Page<Ticket>> {
        self.check_projection(&request.projection)?;
        let predicates = self.predicates(&request.filter)?;
        let sort = order(&request.sort)?;
        let query = (&request.filter, &request.sort, &request.projection, request.include_raw, request.include_deleted);
        let codec = self.codec(Operation::ListTickets, &query);
        let rows: Vec<_> = self
            .state
            .tickets
            .iter_any()
            .filter(|ticket| is_listed(ticket, request.include_deleted))
            // What cannot be read cannot be found by either: a filter must not tell what is in it.
            .map(|row| (self.readable(row), row))
            .filter(|(ticket, _)| predicates.iter().all(|holds| holds(ticket)))
            .map(|(ticket, row)| (SortKey::of(&ticket, &sort), row))
            .collect();
        let count = request.count.then(|| total(rows.len()));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(rows)?;
        Ok(page.map(|ticket| self.ticket_document(ticket, &request.projection, request.include_raw)).with_total(count))
    }

    pub(crate) fn get_ticket(&self, request: &GetTicket) -> Result<Ticket> {
        self.check_projection(&request.projection)?;
        let ticket = self.state.ticket(&request.id)?;
        Ok(self.ticket_document(ticket, &request.projection, request.include_raw))
    }

    pub(crate) fn get_tickets(&self, request: &GetTickets) -> Result<FoundTickets> {
        self.check_projection(&request.projection)?;
        if request.ids.len() > MAX_IDS {
            return Err(Error::invalid("ids", format!("{} ids are more than {MAX_IDS}", request.ids.len()))
                .with_hint("ask for fewer at a time"));
        }
        let mut found = FoundTickets::default();
        for id in &request.ids {
            match self.state.tickets.get(id.as_str()) {
                Some(row) => found.tickets.push(self.ticket_document(row, &request.projection, request.include_raw)),
                None => found.missing.push(id.clone()),
            }
        }
        Ok(found)
    }

    fn check_projection(&self, projection: &Projection) -> Result<()> {
        projection.fields.iter().flatten().try_for_each(|id| self.field(id).map(drop))
    }

    /// The filters that are asked for, names resolved: a ticket must fit each.
    fn predicates<'a>(&'a self, filter: &'a TicketFilter) -> Result<Vec<Predicate<'a>>> {
        let mut all: Vec<Predicate<'a>> = Vec::new();
        if !filter.status.is_empty() {
            let wanted = filter.status_categories();
            let natives: Vec<_> = self.native_statuses(&filter.status)?;
            all.push(Box::new(move |ticket| {
                wanted.contains(&self.category(ticket))
                    || natives.iter().any(|native| is_named(&ticket.status.native, native))
            }));
        }
        if !filter.assignee.is_empty() {
            let unassigned = filter.assignee.contains(&AssigneeFilter::Unassigned);
            let mut users = Vec::new();
            for who in &filter.assignee {
                if let AssigneeFilter::User(selector) = who {
                    users.push(self.user_id("assignee", selector)?);
                }
            }
            all.push(Box::new(move |ticket| {
                unassigned && ticket.assignees.is_empty() || any_of(&ticket.assignees, &users)
            }));
        }
        self.people(filter, &mut all)?;
        self.places(filter, &mut all)?;
        if !filter.tag.is_empty() {
            all.push(Box::new(|ticket| ticket.tags.iter().flatten().any(|tag| filter.tag.contains(tag))));
        }
        self.kinds(filter, &mut all)?;
        if !filter.parent.is_empty() {
            all.push(Box::new(|ticket| {
                ticket.parent.as_ref().is_some_and(|parent| filter.parent.iter().any(|id| *id == *parent.id))
            }));
        }
        if let Some(text) = &filter.text {
            let words: Vec<_> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
            if words.is_empty() {
                return Err(Error::invalid("text", "it holds no word").with_hint("give one, or leave it out"));
            }
            all.push(Box::new(move |ticket| has_words(ticket, &words)));
        }
        if !filter.ids.is_empty() {
            all.push(Box::new(|ticket| filter.ids.contains(&ticket.id)));
        }
        if !filter.keys.is_empty() {
            all.push(Box::new(|ticket| filter.keys.contains(&ticket.key)));
        }
        if !filter.external_id.is_empty() {
            all.push(Box::new(|ticket| {
                ticket.external_id.as_ref().is_some_and(|external| filter.external_id.contains(external))
            }));
        }
        for wanted in &filter.fields {
            self.check_field_filter(wanted)?;
            all.push(Box::new(|ticket| has_field(ticket, wanted)));
        }
        times(filter, &mut all)?;
        Ok(all)
    }

    fn people<'a>(&'a self, filter: &'a TicketFilter, all: &mut Vec<Predicate<'a>>) -> Result<()> {
        if !filter.requester.is_empty() {
            let ids = ids("requester", &filter.requester, |field, selector| self.person_id(field, selector))?;
            all.push(Box::new(move |ticket| any_of(&ticket.requester, &ids)));
        }
        if !filter.creator.is_empty() {
            let ids = ids("creator", &filter.creator, |field, selector| self.person_id(field, selector))?;
            all.push(Box::new(move |ticket| any_of(&ticket.creator, &ids)));
        }
        if !filter.group.is_empty() {
            let ids = ids("group", &filter.group, |field, selector| match selector {
                GroupSelector::Id(id) => Ok(id.to_string()),
                other => self.group(field, other).map(|group| group.id.to_string()),
            })?;
            all.push(Box::new(move |ticket| any_of(&ticket.assigned_groups, &ids)));
        }
        Ok(())
    }

    fn places<'a>(&'a self, filter: &'a TicketFilter, all: &mut Vec<Predicate<'a>>) -> Result<()> {
        if !filter.account.is_empty() {
            let ids = ids("account", &filter.account, |field, selector| match selector {
                AccountSelector::Id(id) => Ok(id.to_string()),
                other => self.account(field, other).map(|account| account.id),
            })?;
            all.push(Box::new(move |ticket| any_of(&ticket.account, &ids)));
        }
        if !filter.collection.is_empty() {
            let ids = ids("collection", &filter.collection, |field, selector| match selector {
                CollectionSelector::Id(id) => Ok(id.to_string()),
                other => self.collection(field, other).map(|collection| collection.id),
            })?;
            all.push(Box::new(move |ticket| any_of(&ticket.collections, &ids)));
        }
        Ok(())
    }

    fn kinds<'a>(&'a self, filter: &'a TicketFilter, all: &mut Vec<Predicate<'a>>) -> Result<()> {
        if !filter.priority.is_empty() {
            for selector in &filter.priority {
                let PrioritySelector::Native(text) = selector else { continue };
                let used = self.state.tickets.iter().filter_map(|ticket| ticket.priority.as_ref());
                let known = self.state.catalogue.priorities.iter().chain(used).map(|priority| &priority.native);
                check_native("priority", text, known)?;
            }
            all.push(Box::new(|ticket| {
                let Some(priority) = &ticket.priority else { return false };
                filter.priority.iter().any(|selector| match selector {
                    PrioritySelector::Level(level) => priority.level == *level,
                    PrioritySelector::Native(text) => is_named(&priority.native, text),
                    _ => false,
                })
            }));
        }
        if !filter.ticket_type.is_empty() {
            for selector in &filter.ticket_type {
                let TypeSelector::Native(text) = selector else { continue };
                let used = self.state.tickets.iter().map(|ticket| &ticket.ticket_type);
                let known = self.state.catalogue.types.iter().chain(used).map(|known| &known.native);
                check_native("type", text, known)?;
            }
            all.push(Box::new(|ticket| {
                filter.ticket_type.iter().any(|selector| match selector {
                    TypeSelector::Category(category) => ticket.ticket_type.category == *category,
                    TypeSelector::Native(text) => is_named(&ticket.ticket_type.native, text),
                    _ => false,
                })
            }));
        }
        Ok(())
    }

    /// The native statuses asked for; one that neither the catalogue nor a ticket has is refused.
    fn native_statuses<'f>(&self, filters: &'f [StatusFilter]) -> Result<Vec<&'f str>> {
        let mut natives = Vec::new();
        for filter in filters {
            let StatusFilter::Native(text) = filter else { continue };
            let used = self.state.tickets.iter().map(|ticket| &ticket.status.native);
            let known = self.state.catalogue.statuses.iter().map(|status| &status.native).chain(used);
            check_native("status", text, known)?;
            natives.push(text.as_str());
        }
        Ok(natives)
    }

    /// An id needs no user behind it: tickets refer to people who are long gone.
    fn user_id(&self, field: &str, selector: &UserSelector) -> Result<String> {
        match selector {
            UserSelector::Id(id) => Ok(id.to_string()),
            other => self.user(field, other).map(|user| user.id),
        }
    }

    fn person_id(&self, field: &str, selector: &UserSelector) -> Result<String> {
        match selector {
            UserSelector::Id(id) => Ok(id.to_string()),
            other => self.person(field, other).map(|person| person.id),
        }
    }

    fn check_field_filter(&self, filter: &FieldFilter) -> Result<()> {
        let field = self.field(&filter.id)?;
        filter.values.iter().try_for_each(|value| self.check_value(field, value, Purpose::Find))
    }
}

/// True where a listing holds the ticket: one out of the credential's sight never, one that is gone where it is asked for.
fn is_listed(ticket: &Ticket, include_deleted: bool) -> bool {
    use ticketing_core::model::RemovalReason::AccessLost;
    ticket.deleted.as_ref().is_none_or(|removal| include_deleted && removal.reason != Some(AccessLost))
}

fn ids<S>(field: &str, selectors: &[S], resolve: impl Fn(&str, &S) -> Result<String>) -> Result<Vec<String>> {
    selectors.iter().map(|selector| resolve(field, selector)).collect()
}

fn any_of<'r>(refs: impl IntoIterator<Item = &'r Ref>, ids: &[String]) -> bool {
    refs.into_iter().any(|reference| ids.contains(&reference.id))
}

fn check_native<'n>(
    field: &str,
    text: &str,
    known: impl Iterator<Item = &'n ticketing_core::model::Native>,
) -> Result<()> {
    let mut known: Vec<_> = known.collect();
    if known.iter().any(|native| is_named(native, text)) {
        return Ok(());
    }
    known.sort_by(|a, b| a.id.cmp(&b.id));
    known.dedup();
    Err(unknown(field, &text, known.into_iter()))
}

/// True where each word is in title or description, in any case.
fn has_words(ticket: &Ticket, words: &[String]) -> bool {
    let title = ticket.title.to_lowercase();
    let description = ticket.description.as_ref().map(|text| text.native.content.to_lowercase()).unwrap_or_default();
    words.iter().all(|word| title.contains(word) || description.contains(word))
}

fn has_field(ticket: &Ticket, wanted: &FieldFilter) -> bool {
    let value = ticket.fields.get(&wanted.id).map(|field| &field.value);
    if wanted.values.is_empty() {
        return value.is_none_or(|value| value.iter().next().is_none());
    }
    let Some(value) = value else { return wanted.values.iter().any(FieldData::is_null) };
    wanted.values.iter().any(|wanted| value.holds(wanted))
}

fn times<'a>(filter: &'a TicketFilter, all: &mut Vec<Predicate<'a>>) -> Result<()> {
    let ranges: [(&str, TimeRange, Moment); 5] = [
        ("created", filter.created, |ticket| ticket.created_at),
        ("updated", filter.updated, |ticket| ticket.updated_at),
        ("resolved", filter.resolved, |ticket| ticket.resolved_at),
        ("closed", filter.closed, |ticket| ticket.closed_at),
        ("due", filter.due, |ticket| ticket.due.map(first_moment)),
    ];
    for (name, range, moment) in ranges {
        if let (Some(after), Some(before)) = (range.after, range.before)
            && after >= before
        {
            return Err(Error::invalid(name, "it ends before it begins, so nothing can lie in it")
                .with_hint("put the earlier moment into `after`"));
        }
        if !range.is_empty() {
            all.push(Box::new(move |ticket| range.contains(moment(ticket))));
        }
    }
    Ok(())
}

/// When something is due, as a moment: a day counts as its first in UTC.
fn first_moment(due: Due) -> Timestamp {
    match due {
        Due::Date(day) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
        Due::At(at) => at,
    }
}

/// The order asked for; by when it was made where none is.
fn order(sort: &[Sort]) -> Result<Vec<Sort>> {
    for (nth, one) in sort.iter().enumerate() {
        if sort[..nth].iter().any(|earlier| earlier.field == one.field) {
            return Err(Error::invalid("sort", format!("it names `{}` twice", one.field)).with_hint("name it once"));
        }
    }
    Ok(if sort.is_empty() { vec![Sort::ascending(SortField::CreatedAt)] } else { sort.to_vec() })
}

/// A row's place in an order: the values sorted by, then its id, so that no two rows share a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct SortKey(Vec<SortPart>, String);

/// One value sorted by. What is not there comes before everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SortPart {
    value: SortValue,
    descending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SortValue {
    None,
    Time(Timestamp),
    Rank(u8),
    Text(String),
}

impl SortKey {
    fn of(ticket: &Ticket, sort: &[Sort]) -> Self {
        let part = |sort: &Sort| SortPart {
            value: SortValue::of(ticket, sort.field),
            descending: sort.direction == SortDirection::Descending,
        };
        Self(sort.iter().map(part).collect(), ticket.id.to_string())
    }
}

impl SortValue {
    fn of(ticket: &Ticket, field: SortField) -> Self {
        let time = |at: Option<Timestamp>| at.map_or(Self::None, Self::Time);
        match field {
            SortField::CreatedAt => time(ticket.created_at),
            SortField::UpdatedAt => time(ticket.updated_at),
            SortField::ResolvedAt => time(ticket.resolved_at),
            SortField::Due => time(ticket.due.map(first_moment)),
            SortField::Priority => {
                ticket.priority.as_ref().map_or(Self::None, |priority| Self::Rank(rank(priority.level)))
            }
            SortField::Key => Self::Text(ticket.key.clone()),
            _ => Self::None,
        }
    }
}

impl PartialOrd for SortPart {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortPart {
    fn cmp(&self, other: &Self) -> Ordering {
        let ascending = self.value.cmp(&other.value);
        if self.descending { ascending.reverse() } else { ascending }
    }
}

/// How urgent a level is, from small to large.
fn rank(level: PriorityLevel) -> u8 {
    match level {
        PriorityLevel::Lowest => 1,
        PriorityLevel::Low => 2,
        PriorityLevel::Normal => 3,
        PriorityLevel::High => 4,
        PriorityLevel::Urgent => 5,
        _ => 0,
    }
}
