//! A filter as a query that leaves nothing out, and a test of each ticket that lets nothing else in.

use std::collections::BTreeSet;

use ticketing_core::model::{Due, FieldData, Native, PriorityLevel, Ref, StatusCategory, Ticket, TypeCategory};
use ticketing_core::request::{FieldFilter, TicketFilter};
use ticketing_core::{Error, Result};

use super::{Clause, Field, Jql, Operator, Zone};
use crate::catalogue::{Columns, Shape};
use crate::connection::unknown_field;

/// Somebody or something, by its id and by what a query calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Native values of one kind: those that a query may ask for, and how a ticket's own is judged.
#[derive(Debug, Clone)]
pub(crate) struct Values<C> {
    /// The categories asked for.
    pub(crate) categories: BTreeSet<C>,
    /// The native ids asked for.
    pub(crate) natives: BTreeSet<String>,
    /// Every native id that can fit.
    pub(crate) fitting: Vec<String>,
}

/// A filter with everybody in it found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) status: Option<Values<StatusCategory>>,
    pub(crate) priority: Option<Values<PriorityLevel>>,
    pub(crate) ticket_type: Option<Values<TypeCategory>>,
    pub(crate) assignees: Option<Vec<Named>>,
    pub(crate) unassigned: bool,
    pub(crate) requesters: Option<Vec<Named>>,
    pub(crate) creators: Option<Vec<Named>>,
    pub(crate) groups: Option<Vec<Named>>,
    pub(crate) accounts: Option<Vec<Named>>,
    /// Id and key.
    pub(crate) collections: Option<Vec<Named>>,
    /// Issues that exist: queries about others are errors (wire A3.2).
    pub(crate) ids: Option<Vec<String>>,
    pub(crate) keys: Option<Vec<String>>,
    pub(crate) parents: Option<Vec<String>>,
}

/// A filter, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) query: Jql,
    filter: TicketFilter,
    resolved: Resolved,
    /// True where the query leaves in nothing that the test takes out.
    pub(crate) is_exact: bool,
}

impl Wanted {
    /// From a filter.
    ///
    /// # Errors
    /// `InvalidRequest` where it names a field that is not there.
    pub(crate) fn new(
        filter: TicketFilter,
        resolved: Resolved,
        columns: &Columns,
        projects: &[String],
        zone: Zone,
    ) -> Result<Self> {
        let field = Field::system;
        let mut query = Jql::all();
        let mut is_exact = true;
        if !projects.is_empty() {
            query = query.and(Clause::one_of(field("project"), projects.iter().cloned()));
        }
        let ids = |name, values: &Vec<String>| Clause::one_of(field(name), values.iter().cloned());
        let names = |name, values: &[Named]| Clause::one_of(name, values.iter().map(|one| one.name.clone()));
        for (name, fitting) in [
            ("status", resolved.status.as_ref().map(|values| &values.fitting)),
            ("priority", resolved.priority.as_ref().map(|values| &values.fitting)),
            ("issuetype", resolved.ticket_type.as_ref().map(|values| &values.fitting)),
            ("id", resolved.ids.as_ref()),
            ("key", resolved.keys.as_ref()),
            ("parent", resolved.parents.as_ref()),
        ] {
            if let Some(values) = fitting {
                query = query.and(ids(name, values));
            }
        }
        if resolved.keys.is_some() {
            // Jira finds an issue by a key that it had, too.
            is_exact = false;
        }
        if let Some(people) = &resolved.assignees {
            let nobody = resolved.unassigned.then(|| Clause::is_empty(field("assignee")));
            let somebody = (!people.is_empty()).then(|| names(field("assignee"), people));
            query = query.and(Clause::any(somebody.into_iter().chain(nobody)));
        }
        for (name, people) in [("reporter", &resolved.requesters), ("creator", &resolved.creators)] {
            if let Some(people) = people {
                query = query.and(names(field(name), people));
            }
        }
        if let Some(collections) = &resolved.collections {
            query = query.and(names(field("project"), collections));
        }
        for (core, found) in [("assigned_groups", &resolved.groups), ("account", &resolved.accounts)] {
            let Some(found) = found else { continue };
            // Without the field, no issue has one.
            let clause = columns.held(core).and_then(|column| column.clause()).map(Field::named);
            query = query.and(clause.map_or(Clause::Never, |clause| names(clause, found)));
            // Names can be shared.
            is_exact = false;
        }
        if !filter.tag.is_empty() {
            query =
                query.and(Clause::one_of(field("labels"), filter.tag.iter().filter(|tag| can_be_label(tag)).cloned()));
            // Jira does not heed the case of letters there.
            is_exact = false;
        }
        if let Some(text) = &filter.text {
            query = query.and(words(text));
        }
        if !filter.external_id.is_empty() {
            let clause = columns.held("external_id").and_then(|column| column.clause()).map(Field::named);
            let phrase = |field: &Field, id: &String| Clause::Term(field.clone(), Operator::Contains, phrase(id));
            query = query.and(match clause {
                None => Clause::Never,
                // Words are searched, so that a value without one can only be looked for among all.
                Some(clause) if filter.external_id.iter().any(|id| !has_word(id)) => Clause::is_not_empty(clause),
                Some(clause) => Clause::any(filter.external_id.iter().map(|id| phrase(&clause, id))),
            });
            is_exact = false;
        }
        for own in &filter.fields {
            query = query.and(field_clause(own, columns, zone)?);
            is_exact = false;
        }
        for (name, range) in
            [("created", filter.created), ("updated", filter.updated), ("resolutiondate", filter.resolved)]
        {
            if let Some(after) = range.after {
                query = query.and(zone.since(field(name), after));
                is_exact = false;
            }
            if let Some(before) = range.before {
                query = query.and(zone.until(field(name), before));
                is_exact = false;
            }
        }
        // A day begins at midnight UTC, and lies in a stretch where that moment does.
        if let Some(after) = filter.due.after {
            query = query.and(Clause::Term(field("duedate"), Operator::AtLeast, first_day(after)));
        }
        if let Some(before) = filter.due.before {
            query = query.and(Clause::Term(field("duedate"), Operator::Less, first_day(before)));
        }
        Ok(Self { query, filter, resolved, is_exact })
    }

    /// True where a ticket is meant.
    pub(crate) fn fits(&self, ticket: &Ticket) -> bool {
        let (own, filter) = (&self.resolved, &self.filter);
        let person = |wanted: &Option<Vec<Named>>, one: Option<&Ref>| {
            wanted.as_ref().is_none_or(|wanted| one.is_some_and(|one| wanted.iter().any(|named| named.id == one.id)))
        };
        let any = |wanted: &Option<Vec<Named>>, refs: &[Ref]| {
            wanted.as_ref().is_none_or(|wanted| refs.iter().any(|one| wanted.iter().any(|named| named.id == one.id)))
        };
        let priority = |values: &Values<PriorityLevel>| {
            ticket.priority.as_ref().is_some_and(|priority| values.fits(priority.level, &priority.native))
        };
        own.status.as_ref().is_none_or(|values| values.fits(ticket.status.category, &ticket.status.native))
            && own.priority.as_ref().is_none_or(priority)
            && own
                .ticket_type
                .as_ref()
                .is_none_or(|values| values.fits(ticket.ticket_type.category, &ticket.ticket_type.native))
            && own.assignees.as_ref().is_none_or(|wanted| match ticket.assignees.is_empty() {
                true => own.unassigned,
                false => ticket.assignees.iter().any(|one| wanted.iter().any(|named| named.id == one.id)),
            })
            && person(&own.requesters, ticket.requester.as_ref())
            && person(&own.creators, ticket.creator.as_ref())
            && any(&own.groups, &ticket.assigned_groups)
            && person(&own.accounts, ticket.account.as_ref())
            && any(&own.collections, &ticket.collections)
            && either(&filter.tag, |tag| ticket.tags.iter().flatten().any(|own| own == tag))
            && either(&filter.ids, |id| *id == ticket.id)
            && either(&filter.keys, |key| *key == ticket.key)
            && either(&filter.parent, |id| ticket.parent.iter().any(|parent| parent.id == id.as_str()))
            && either(&filter.external_id, |id| ticket.external_id.as_ref() == Some(id))
            && filter.fields.iter().all(|field| field_fits(ticket, field))
            && filter.created.contains(ticket.created_at)
            && filter.updated.contains(ticket.updated_at)
            && filter.resolved.contains(ticket.resolved_at)
            && filter.due.contains(ticket.due.map(|due| match due {
                Due::Date(day) => day.and_time(chrono::NaiveTime::MIN).and_utc(),
                Due::At(at) => at,
            }))
    }
}

impl<C> Default for Values<C> {
    fn default() -> Self {
        Self { categories: BTreeSet::new(), natives: BTreeSet::new(), fitting: Vec::new() }
    }
}

impl<C: Ord> Values<C> {
    fn fits(&self, category: C, native: &Native) -> bool {
        self.categories.contains(&category) || self.natives.contains(&native.id)
    }
}

fn either<T>(wanted: &[T], fits: impl Fn(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(fits)
}

fn field_fits(ticket: &Ticket, wanted: &FieldFilter) -> bool {
    let value = ticket.fields.get(&wanted.id).map_or(&FieldData::Null, |field| &field.value);
    if wanted.values.is_empty() {
        return match value {
            FieldData::Null => true,
            FieldData::List(items) => items.is_empty(),
            FieldData::Text(text) => text.is_empty(),
            _ => false,
        };
    }
    wanted.values.iter().any(|wanted| value.holds(wanted))
}

/// Fields with any value, or with none; days, moments and numbers are asked for themselves. Names of choices may be shared,
/// renamed and gone, so that those are told apart here.
fn field_clause(wanted: &FieldFilter, columns: &Columns, zone: Zone) -> Result<Clause> {
    let place = "fields";
    let column = columns.get(wanted.id.as_str()).filter(|column| column.is_catalogued());
    let Some(column) = column else { return Err(unknown_field(place, wanted.id.as_str())) };
    let Some(clause) = column.clause() else {
        return Err(Error::invalid(place, format!("the site cannot search by `{}`", column.id))
            .with_hint("leave it out, and pick the tickets from the listing"));
    };
    let field = || Field::named(clause);
    if wanted.values.is_empty() {
        return Ok(Clause::is_empty(field()));
    }
    let one = |value: &FieldData| match (column.shape, value) {
        (Shape::Number | Shape::Seconds, FieldData::Integer(number)) if !column.multiple => {
            Some(Clause::Number(field(), Operator::Equals, *number))
        }
        (Shape::Date, FieldData::Text(day)) if day.parse::<chrono::NaiveDate>().is_ok() => {
            Some(Clause::equals(field(), day.as_str()))
        }
        (Shape::Moment, FieldData::Text(at)) => {
            let at: chrono::DateTime<chrono::Utc> = at.parse().ok()?;
            let end = at.checked_add_signed(chrono::TimeDelta::seconds(1)).unwrap_or(at);
            Some(Clause::All(vec![zone.since(field(), at), zone.until(field(), end)]))
        }
        _ => None,
    };
    let narrow: Option<Vec<Clause>> = wanted.values.iter().map(one).collect();
    Ok(narrow.map_or_else(|| Clause::is_not_empty(field()), Clause::any))
}

/// Labels hold no blanks (wire A4.1); what does is nobody's.
fn can_be_label(tag: &str) -> bool {
    !tag.is_empty() && tag.chars().count() <= 255 && !tag.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// A text as a phrase of the text search, in which nothing is an operator (wire A5).
fn phrase(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Every word in the title, or every word in the description.
fn words(text: &str) -> Clause {
    let words: Vec<&str> = text.split_whitespace().filter(|word| has_word(word)).collect();
    if words.is_empty() {
        return Clause::Never;
    }
    let each = |word: &&str| {
        Clause::any(
            ["summary", "description"].map(|name| Clause::Term(Field::system(name), Operator::Contains, phrase(word))),
        )
    };
    Clause::All(words.iter().map(each).collect())
}

/// The first day that begins at a moment or later.
fn first_day(at: chrono::DateTime<chrono::Utc>) -> String {
    let day = at.date_naive();
    let begins = day.and_time(chrono::NaiveTime::MIN).and_utc() == at;
    (if begins { day } else { day.succ_opt().unwrap_or(day) }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(filter: TicketFilter) -> String {
        let wanted = Wanted::new(filter, Resolved::default(), &Columns::default(), &[], Zone(None)).unwrap();
        wanted.query.encode()
    }

    #[test]
    fn words_are_phrases_and_operators_are_words() {
        assert_eq!(
            query(TicketFilter::new().with_text("a AND b")),
            r#"(summary ~ "\"a\"" OR description ~ "\"a\"") AND (summary ~ "\"AND\"" OR description ~ "\"AND\"") AND (summary ~ "\"b\"" OR description ~ "\"b\"")"#
        );
        assert_eq!(phrase("say \"x\\y\"\n"), r#""say \"x\\y\" ""#);
    }

    #[test]
    fn a_day_is_its_first_moment() {
        assert_eq!(first_day("2026-03-01T00:00:00Z".parse().unwrap()), "2026-03-01");
        assert_eq!(first_day("2026-03-01T00:00:01Z".parse().unwrap()), "2026-03-02");
    }

    #[test]
    fn what_no_label_can_be_is_nobodys() {
        assert!(!can_be_label("two words") && !can_be_label("\0") && !can_be_label(""));
        assert!(can_be_label("été_2026"));
    }
}
