//! A ticket filter as a query on one table, and what the query cannot say.

use std::collections::BTreeSet;

use ticketing_core::model::{PriorityLevel, StatusCategory, Ticket};
use ticketing_core::request::{StatusFilter, TicketFilter, TimeRange};
use ticketing_core::{Error, PrioritySelector, Result};

use super::value::{ceiling, is_sys_id, literal};
use super::{Condition, FieldName, Query};
use crate::catalogue::{Choices, CoreFields, TableSchema};
use crate::connection::unknown_field;
use crate::map::encode_field;
use crate::mapping::{Mapping, default_states};

/// The people and places of a filter, as ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    pub(crate) assignees: Vec<String>,
    pub(crate) unassigned: bool,
    pub(crate) requesters: Vec<String>,
    pub(crate) creators: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) accounts: Vec<String>,
    /// The tickets that carry one of the tags.
    pub(crate) tagged: Option<Vec<String>>,
}

/// What a table is asked, and what of it only a ticket can answer.
#[derive(Debug, Clone)]
pub(crate) struct TableFilter {
    pub(crate) query: Query,
    statuses: BTreeSet<StatusCategory>,
    native_statuses: BTreeSet<String>,
    levels: BTreeSet<PriorityLevel>,
    native_priorities: BTreeSet<String>,
    external_ids: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl TableFilter {
    /// The native statuses that this table does not have.
    pub(crate) fn foreign_statuses(&self) -> impl Iterator<Item = &str> {
        self.native_statuses.iter().filter_map(|id| id.strip_prefix('\u{0}'))
    }

    /// Whether a ticket fits where the query could not say it.
    pub(crate) fn fits(&self, ticket: &Ticket) -> bool {
        let status = &ticket.status;
        let in_status = (self.statuses.is_empty() && self.native_statuses.is_empty())
            || self.statuses.contains(&status.category)
            || self.native_statuses.contains(&status.native.id);
        let in_priority = (self.levels.is_empty() && self.native_priorities.is_empty())
            || ticket.priority.as_ref().is_some_and(|priority| {
                self.levels.contains(&priority.level) || self.native_priorities.contains(&priority.native.id)
            });
        let known = ticket.external_id.as_ref().is_some_and(|id| self.external_ids.contains(id));
        let tagged = ticket.tags.iter().flatten().any(|tag| self.tags.contains(tag));
        in_status && in_priority && (self.external_ids.is_empty() || known) && (self.tags.is_empty() || tagged)
    }
}

/// True where the choices of a table must be known to write its query.
pub(crate) fn needs_choices(filter: &TicketFilter, mapping: &Mapping, table: &str, tables: &[String]) -> bool {
    let named = |native: &str| !is_code(native);
    let labels = || mapping.status_keys(table, tables).any(|key| !is_code(key));
    filter.status.iter().any(|status| match status {
        StatusFilter::Native(native) => named(native),
        _ => labels(),
    }) || filter.priority.iter().any(|priority| match priority {
        PrioritySelector::Native(native) => named(native),
        _ => mapping.has_priority_labels(),
    })
}

/// True for what looks like a stored value: a number.
pub(crate) fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Writes filters for one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterWriter<'a> {
    pub(crate) schema: &'a TableSchema,
    pub(crate) mapping: &'a Mapping,
    pub(crate) tables: &'a [String],
    pub(crate) choices: Option<&'a Choices>,
}

impl FilterWriter<'_> {
    /// The query of a filter; `None` where nothing in this table can fit.
    ///
    /// # Errors
    /// `InvalidRequest`, naming the filter, where a value is wrong.
    pub(crate) fn write(&self, filter: &TicketFilter, resolved: &Resolved) -> Result<Option<TableFilter>> {
        let own = CoreFields::of(&self.schema.table);
        let mut out = TableFilter {
            query: Query::all(),
            statuses: filter.status_categories(),
            native_statuses: BTreeSet::new(),
            levels: BTreeSet::new(),
            native_priorities: BTreeSet::new(),
            external_ids: filter.external_id.iter().cloned().collect(),
            tags: filter.tag.iter().cloned().collect(),
        };
        self.status(filter, own, &mut out)?;
        self.priority(filter, &mut out)?;
        if !self.people(filter, resolved, own, &mut out)? || !self.identity(filter, resolved, &mut out)? {
            return Ok(None);
        }
        for word in filter.text.iter().flat_map(|text| text.split_whitespace()) {
            let contains =
                |column| Condition::contains(FieldName::fixed(column), word).map_err(|error| error.with_field("text"));
            out.query = out.query.and(vec![contains("short_description")?, contains("description")?]);
        }
        for wanted in &filter.fields {
            let field = wanted.id.as_str();
            let Some(column) = self.schema.column(field) else {
                if self.missing_column(field, wanted.values.is_empty())? {
                    continue;
                }
                return Ok(None);
            };
            let name = FieldName::new(field).map_err(|_| unknown_field("fields", field))?;
            let mut any_of = Vec::new();
            if wanted.values.is_empty() {
                any_of.push(Condition::is_empty(name));
            } else {
                let values: Result<Vec<String>> =
                    wanted.values.iter().map(|value| encode_field(column, value)).collect();
                let (empty, full): (Vec<String>, Vec<String>) = values?.into_iter().partition(String::is_empty);
                if column.is_list() {
                    for value in full {
                        any_of.push(Condition::contains(name.clone(), value)?);
                    }
                } else if !full.is_empty() {
                    any_of.extend(Condition::is_one_of(name.clone(), full)?);
                }
                if !empty.is_empty() {
                    any_of.push(Condition::is_empty(name));
                }
            }
            out.query = out.query.and(any_of);
        }
        for (range, column, there) in [
            (&filter.created, "sys_created_on", true),
            (&filter.updated, "sys_updated_on", true),
            (&filter.resolved, "resolved_at", own.resolves),
            (&filter.closed, "closed_at", true),
            (&filter.due, "due_date", true),
        ] {
            if range.is_empty() {
                continue;
            }
            if !there {
                // Nothing lies in a stretch of time that the table does not have.
                return Ok(None);
            }
            out.query = within(out.query, range, FieldName::fixed(column))?;
        }
        Ok(Some(out))
    }

    /// A field that this table lacks: empty everywhere, or unknown everywhere.
    fn missing_column(&self, field: &str, empty: bool) -> Result<bool> {
        if self.schema.complete && self.tables.len() == 1 {
            return Err(unknown_field("fields", field));
        }
        Ok(empty)
    }

    /// Every state that is known for the table: documented, mapped, or chosen from.
    fn states(&self, column: &str) -> (BTreeSet<String>, bool) {
        let table = self.schema.table.as_str();
        let mut known: BTreeSet<String> = default_states(table).map(|(id, _)| id.to_owned()).collect();
        let mut complete = true;
        if let Some(choices) = self.choices {
            known.extend(choices.of(column).iter().map(|choice| choice.value.clone()));
        }
        for key in self.mapping.status_keys(table, self.tables) {
            match self.choices.and_then(|choices| choices.value_of(column, key)) {
                Some(value) => {
                    known.insert(value.to_owned());
                }
                None if is_code(key) || known.contains(key) => {
                    known.insert(key.to_owned());
                }
                None => complete = false,
            }
        }
        (known, complete)
    }

    fn status(&self, filter: &TicketFilter, own: CoreFields, out: &mut TableFilter) -> Result<()> {
        if filter.status.is_empty() {
            return Ok(());
        }
        let (known, complete) = self.states(own.state);
        for status in &filter.status {
            if let StatusFilter::Native(native) = status {
                let found = self.choices.and_then(|choices| choices.value_of(own.state, native));
                match found {
                    Some(value) => drop(out.native_statuses.insert(value.to_owned())),
                    None if is_code(native) || known.contains(native) => {
                        out.native_statuses.insert(native.clone());
                    }
                    // Another table may have it; none of this one's tickets does.
                    None => drop(out.native_statuses.insert(format!("\u{0}{native}"))),
                }
            }
        }
        if !complete {
            // A label without its value: the query cannot say it, the ticket can.
            return Ok(());
        }
        let table = self.schema.table.as_str();
        let label = |id: &str| self.choices.and_then(|choices| choices.label_of(own.state, id));
        let wanted = |id: &String| {
            out.native_statuses.contains(id) || out.statuses.contains(&self.mapping.status(table, id, label(id)))
        };
        let (inside, outside): (Vec<&String>, Vec<&String>) = known.iter().partition(|id| wanted(id));
        let field = || FieldName::fixed(own.state);
        let mut any_of = Vec::new();
        if out.statuses.contains(&StatusCategory::Unknown) {
            // Everything but what is known to be something else; databases leave empty fields out of `NOT IN`.
            if !outside.is_empty() {
                for condition in Condition::is_none_of(field(), outside.into_iter().cloned())? {
                    let query = std::mem::take(&mut out.query);
                    out.query = query.and(vec![condition, Condition::is_empty(field())]);
                }
            }
        } else {
            let more = out.native_statuses.iter().filter(|id| !known.contains(*id) && !id.starts_with('\u{0}'));
            let ids: Vec<String> = inside.into_iter().chain(more).cloned().collect();
            match ids.is_empty() {
                true => any_of.push(Condition::equals(FieldName::fixed("sys_id"), "none")?),
                false => any_of.extend(Condition::is_one_of(field(), ids)?),
            }
            if own.on_hold_flag && out.statuses.contains(&StatusCategory::OnHold) {
                any_of.push(Condition::equals(FieldName::fixed("on_hold"), "true")?);
            }
        }
        out.query = std::mem::take(&mut out.query).and(any_of);
        Ok(())
    }

    fn priority(&self, filter: &TicketFilter, out: &mut TableFilter) -> Result<()> {
        if filter.priority.is_empty() {
            return Ok(());
        }
        for priority in &filter.priority {
            match priority {
                PrioritySelector::Level(level) => drop(out.levels.insert(*level)),
                PrioritySelector::Native(native) => {
                    match self.choices.and_then(|choices| choices.value_of("priority", native)) {
                        Some(value) => drop(out.native_priorities.insert(value.to_owned())),
                        None if is_code(native) => drop(out.native_priorities.insert(native.clone())),
                        None => {
                            let there = self.choices.map(|choices| choices.told("priority")).unwrap_or_default();
                            let error = Error::invalid("priority", format!("there is no priority `{native}`"));
                            return Err(if there.is_empty() {
                                error
                            } else {
                                error.with_hint(format!("there are: {there}"))
                            });
                        }
                    }
                }
                other => return Err(Error::invalid("priority", format!("the selector `{other}` is not known here"))),
            }
        }
        if self.mapping.has_priority_labels() && self.choices.is_none() {
            // A label without its value: the query cannot say it, the ticket can.
            return Ok(());
        }
        let mut known = self.mapping.priority_ids();
        if let Some(choices) = self.choices {
            known.extend(choices.of("priority").iter().map(|choice| choice.value.clone()));
            known.sort_unstable();
            known.dedup();
        }
        let label = |id: &str| self.choices.and_then(|choices| choices.label_of("priority", id));
        let wanted = |id: &String| {
            out.native_priorities.contains(id) || out.levels.contains(&self.mapping.priority(id, label(id)))
        };
        let (inside, outside): (Vec<String>, Vec<String>) = known.iter().cloned().partition(|id| wanted(id));
        let field = || FieldName::fixed("priority");
        let any_of = if out.levels.contains(&PriorityLevel::Unknown) {
            if !outside.is_empty() {
                for condition in Condition::is_none_of(field(), outside)? {
                    out.query = std::mem::take(&mut out.query).and(condition);
                }
            }
            Vec::new()
        } else {
            let more = out.native_priorities.iter().filter(|id| !known.contains(id)).cloned();
            let ids: Vec<String> = inside.into_iter().chain(more).collect();
            match ids.is_empty() {
                true => vec![Condition::equals(FieldName::fixed("sys_id"), "none")?],
                false => Condition::is_one_of(field(), ids)?,
            }
        };
        out.query = std::mem::take(&mut out.query).and(any_of);
        Ok(())
    }

    /// False where nobody in this table can fit.
    fn people(
        &self,
        filter: &TicketFilter,
        resolved: &Resolved,
        own: CoreFields,
        out: &mut TableFilter,
    ) -> Result<bool> {
        let mut query = std::mem::take(&mut out.query);
        if !filter.assignee.is_empty() {
            let field = FieldName::fixed("assigned_to");
            let mut any_of = match resolved.assignees.is_empty() {
                true => Vec::new(),
                false => Condition::is_one_of(field.clone(), resolved.assignees.clone())?,
            };
            if resolved.unassigned {
                any_of.push(Condition::is_empty(field));
            }
            query = query.and(any_of);
        }
        for (asked, ids, column) in [
            (!filter.requester.is_empty(), &resolved.requesters, own.requester),
            (!filter.creator.is_empty(), &resolved.creators, Some("opened_by")),
            (!filter.group.is_empty(), &resolved.groups, Some("assignment_group")),
            (!filter.account.is_empty(), &resolved.accounts, Some(own.account)),
        ] {
            if !asked {
                continue;
            }
            let Some(column) = column else { return Ok(false) };
            query = query.and(Condition::is_one_of(FieldName::fixed(column), ids.clone())?);
        }
        out.query = query;
        Ok(true)
    }

    /// False where no record can fit.
    fn identity(&self, filter: &TicketFilter, resolved: &Resolved, out: &mut TableFilter) -> Result<bool> {
        let mut query = std::mem::take(&mut out.query);
        for (asked, ids, column) in [
            (!filter.ids.is_empty(), filter.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), "sys_id"),
            (!filter.parent.is_empty(), filter.parent.iter().map(ToString::to_string).collect(), "parent"),
            (!filter.tag.is_empty(), resolved.tagged.clone().unwrap_or_default(), "sys_id"),
        ] {
            if !asked {
                continue;
            }
            // What cannot be an id is nobody's.
            let ids: Vec<String> = ids.into_iter().filter(|id| is_sys_id(id)).collect();
            if ids.is_empty() {
                return Ok(false);
            }
            query = query.and(Condition::is_one_of(FieldName::fixed(column), ids)?);
        }
        for (asked, values, column, field) in [
            (!filter.keys.is_empty(), &filter.keys, "number", "keys"),
            (!filter.external_id.is_empty(), &filter.external_id, "correlation_id", "external_id"),
        ] {
            if !asked {
                continue;
            }
            let any_of = Condition::is_one_of(FieldName::fixed(column), values.iter().cloned());
            query = query.and(any_of.map_err(|error| error.with_field(field))?);
        }
        out.query = query;
        Ok(true)
    }
}

fn within(query: Query, range: &TimeRange, field: FieldName) -> Result<Query> {
    let mut query = query;
    if let Some(after) = range.after {
        query = query.and(Condition::at_least(field.clone(), literal(ceiling(after)))?);
    }
    if let Some(before) = range.before {
        query = query.and(Condition::less(field, literal(ceiling(before)))?);
    }
    Ok(query)
}
