//! A row of a ticket table as a ticket.

use std::sync::Arc;

use ticketing_core::model::{
    Due, FieldType, Native, Priority, RefType, RichText, Status, StatusCategory, Ticket, TicketType,
};
use ticketing_core::request::Projection;
use ticketing_core::{Delivery, Error, ErrorKind, Result, TicketId, Version, remedy};

use super::{KEY_MARKER, field_value, moment, reference, references};
use crate::catalogue::{Column, CoreFields, TableSchema, core_of};
use crate::mapping::Mapping;
use crate::query::FieldName;
use crate::wire::{Cell, Layout, Row};

/// How the rows of one table become tickets: made once per listing, used for every row.
#[derive(Debug, Clone)]
pub(crate) struct TicketPlan {
    table: String,
    base_url: String,
    mapping: Arc<Mapping>,
    schema: Arc<TableSchema>,
    pub(crate) layout: Layout,
    own: CoreFields,
    core: Places,
    /// Catalogue fields: place in the row, place in the schema.
    fields: Vec<(usize, usize)>,
    /// What the document calls each place that should be there; `None` for what we only ask for along the way.
    names: Vec<Option<Arc<str>>>,
}

/// Where the core's columns are in a row.
#[derive(Debug, Clone, Default)]
struct Places {
    sys_id: usize,
    number: usize,
    class: usize,
    title: usize,
    description: usize,
    state: usize,
    on_hold: Option<usize>,
    hold_reason: Option<usize>,
    close_code: Option<usize>,
    priority: usize,
    assignee: usize,
    group: usize,
    requester: Option<usize>,
    requester_class: Option<usize>,
    creator: usize,
    watchers: usize,
    account: usize,
    parent: usize,
    tags: usize,
    correlation_id: usize,
    correlation_display: usize,
    created: usize,
    updated: usize,
    resolved: Option<usize>,
    closed: usize,
    due: usize,
    version: usize,
}

impl TicketPlan {
    /// The plan for a table's rows; `also` are further fields that a query asks about.
    pub(crate) fn new<'f>(
        schema: Arc<TableSchema>,
        mapping: Arc<Mapping>,
        base_url: &str,
        projection: &Projection,
        raw: bool,
        also: impl IntoIterator<Item = &'f FieldName>,
    ) -> Self {
        let own = CoreFields::of(&schema.table);
        let mut layout = Layout::new(["sys_id", "number"]);
        let mut core = Places {
            sys_id: layout.add("sys_id"),
            number: layout.add("number"),
            class: layout.add("sys_class_name"),
            title: layout.add("short_description"),
            description: layout.add("description"),
            state: layout.add(own.state),
            priority: layout.add("priority"),
            assignee: layout.add("assigned_to"),
            group: layout.add("assignment_group"),
            creator: layout.add("opened_by"),
            watchers: layout.add("watch_list"),
            account: layout.add(own.account),
            parent: layout.add("parent"),
            tags: layout.add("sys_tags"),
            correlation_id: layout.add("correlation_id"),
            correlation_display: layout.add("correlation_display"),
            created: layout.add("sys_created_on"),
            updated: layout.add("sys_updated_on"),
            closed: layout.add("closed_at"),
            due: layout.add("due_date"),
            version: layout.add("sys_mod_count"),
            ..Places::default()
        };
        core.on_hold = own.on_hold_flag.then(|| layout.add("on_hold"));
        core.hold_reason = own.hold_reason.map(|field| layout.add(field));
        core.close_code = own.close_code.map(|field| layout.add(field));
        core.resolved = own.resolves.then(|| layout.add("resolved_at"));
        core.requester = own.requester.map(|field| layout.add(field));
        let chosen = |column: &Column| match &projection.fields {
            None => true,
            Some(fields) => fields.contains(&column.name),
        };
        let open = !schema.complete && projection.fields.is_none();
        if !open {
            // The one thing that a reference does not say of itself (wire §3.5: contacts extend users).
            core.requester_class = own.requester.map(|field| layout.add(&format!("{field}.sys_class_name")));
        }
        let mut fields = Vec::new();
        for (at, column) in schema.columns.iter().enumerate() {
            let name = column.name.as_str();
            let skipped = column.is_journal() || core_of(&schema.table, name).is_some();
            if !skipped && chosen(column) {
                fields.push((layout.add(name), at));
            }
        }
        for field in also {
            layout.add(field.as_str());
        }
        if open {
            layout = layout.opened();
        }
        let names = layout.fields().map(|field| Self::name_of(&schema, field, open)).collect();
        Self {
            table: schema.table.clone(),
            base_url: base_url.to_owned(),
            mapping,
            schema,
            layout: layout.with_raw(raw),
            own,
            core,
            fields,
            names,
        }
    }

    /// What a missing column is called in `unreadable`; `None` where its absence says nothing.
    fn name_of(schema: &TableSchema, field: &str, open: bool) -> Option<Arc<str>> {
        if field.contains('.') || matches!(field, "correlation_display") {
            return None;
        }
        let core = core_of(&schema.table, field);
        // A column that the table does not have is not kept from us.
        let there = if schema.complete { schema.column(field).is_some() } else { core.is_some() || !open };
        there.then(|| core.unwrap_or(field).into())
    }

    /// The table that the plan reads.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// A row as a ticket.
    ///
    /// # Errors
    /// `Decode` where the row does not say which record it is.
    pub(crate) fn ticket(&self, row: &Row<'_, '_>) -> Result<Ticket> {
        let text = |place: usize| row.at(place).map_or("", |cell| cell.value.as_ref());
        let sys_id = text(self.core.sys_id);
        if sys_id.is_empty() {
            return Err(self.broken(text(self.core.number), "it has no `sys_id`"));
        }
        let class = row.at(self.core.class).filter(|cell| !cell.value.is_empty());
        let class_name = class.map_or(self.table.as_str(), |cell| cell.value.as_ref());
        let known = if self.mapping.knows_table(class_name) { class_name } else { self.table.as_str() };
        let ticket_type = TicketType {
            category: self.mapping.ticket_type(known),
            native: Native { id: class_name.to_owned(), name: class.and_then(label) },
        };
        let number = text(self.core.number);
        let key = if number.is_empty() { sys_id } else { number };
        let status = self.status(row, known);
        let mut ticket = Ticket::new(TicketId::from(sys_id), key, text(self.core.title), status, ticket_type);
        ticket.description = Some(text(self.core.description)).filter(|text| !text.is_empty()).map(RichText::plain);
        ticket.priority = row.at(self.core.priority).filter(|cell| !cell.value.is_empty()).map(|cell| Priority {
            level: self.mapping.priority(&cell.value, cell.display.as_deref()),
            native: Native { id: cell.value.to_string(), name: label(cell) },
        });
        ticket.assignees.extend(reference(row.at(self.core.assignee), RefType::User));
        ticket.assigned_groups.extend(reference(row.at(self.core.group), RefType::Group));
        ticket.requester = self.core.requester.and_then(|place| {
            let class = self.core.requester_class.map_or("", text);
            let is_contact =
                matches!(class, "customer_contact" | "csm_consumer_user") || self.own.requester == Some("contact");
            reference(row.at(place), if is_contact { RefType::Contact } else { RefType::User })
        });
        ticket.creator = reference(row.at(self.core.creator), RefType::User);
        ticket.watchers = row.at(self.core.watchers).map(|cell| references(Some(cell), RefType::User));
        ticket.account = reference(row.at(self.core.account), RefType::Account);
        ticket.parent = reference(row.at(self.core.parent), RefType::Ticket);
        ticket.tags = row.at(self.core.tags).map(tags);
        ticket.external_id = Some(text(self.core.correlation_id))
            .filter(|id| !id.is_empty() && text(self.core.correlation_display) != KEY_MARKER)
            .map(str::to_owned);
        ticket.url = Some([&self.base_url, "/", class_name, ".do?sys_id=", sys_id].concat());
        ticket.created_at = moment(row.at(self.core.created));
        ticket.updated_at = moment(row.at(self.core.updated));
        ticket.resolved_at = self.core.resolved.and_then(|place| moment(row.at(place)));
        ticket.closed_at = moment(row.at(self.core.closed));
        ticket.due = due(text(self.core.due));
        ticket.version = Some(text(self.core.version)).filter(|count| !count.is_empty()).map(Version::from);
        ticket.fields = self.catalogue_fields(row);
        ticket.unreadable = self.unreadable(row);
        ticket.raw = row.raw();
        Ok(ticket)
    }

    fn status(&self, row: &Row<'_, '_>, known: &str) -> Status {
        let cell = row.at(self.core.state);
        let id = cell.map_or("", |cell| cell.value.as_ref());
        let name = cell.and_then(label);
        let mut category = self.mapping.status(known, id, name.as_deref());
        let on_hold = self.core.on_hold.and_then(|place| row.at(place)).is_some_and(|cell| cell.value == "true");
        // The flag of a change beside its state; a closed one waits for nothing (wire §3.4).
        if on_hold && category.is_unresolved() && !remedy::is_removed("servicenow.on_hold_flag") {
            category = StatusCategory::OnHold;
        }
        let reason_at = match category {
            StatusCategory::OnHold => self.core.hold_reason,
            StatusCategory::Resolved | StatusCategory::Closed | StatusCategory::Cancelled => self.core.close_code,
            _ => None,
        };
        let reason = reason_at
            .and_then(|place| row.at(place))
            .filter(|cell| !cell.value.is_empty())
            .map(|cell| Native { id: cell.value.to_string(), name: label(cell) });
        Status { category, native: Native { id: id.to_owned(), name }, reason }
    }

    fn catalogue_fields(&self, row: &Row<'_, '_>) -> ticketing_core::model::Fields {
        let named = self.fields.iter().filter_map(|(place, at)| {
            let column = self.schema.columns.get(*at)?;
            Some((column.name.clone(), field_value(column, row.at(*place)?)?))
        });
        // Columns that nobody described to us: text, with a label where the instance shows something else.
        let extra = row.extra().filter_map(|(name, cell)| {
            if cell.value.is_empty() || core_of(&self.table, name).is_some() {
                return None;
            }
            let mut value = ticketing_core::model::FieldValue::new(FieldType::Other, cell.value.as_ref());
            value.label =
                cell.display.as_deref().filter(|shown| *shown != cell.value && !shown.is_empty()).map(Into::into);
            value.custom = name.starts_with("u_") || name.starts_with("x_");
            Some((name.into(), value))
        });
        named.chain(extra).collect()
    }

    /// What is missing although it was asked for: the ACL hides it (wire §1.3).
    fn unreadable(&self, row: &Row<'_, '_>) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for (place, name) in self.names.iter().enumerate() {
            if let (None, Some(name)) = (row.at(place), name) {
                missing.push(name.to_string());
            }
        }
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn broken(&self, number: &str, what: &str) -> Error {
        let which = if number.is_empty() { "a record".to_owned() } else { format!("`{number}`") };
        Error::new(ErrorKind::Decode, format!("{which} of `{}` cannot be read: {what}", self.table))
            .with_delivery(Delivery::Answered)
    }
}

/// What a cell shows, where that is something.
fn label(cell: &Cell<'_>) -> Option<String> {
    cell.display.as_deref().filter(|display| !display.is_empty()).map(str::to_owned)
}

/// Tags are what `sys_tags` shows; its value is empty or a list of ids (wire §3.1).
fn tags(cell: &Cell<'_>) -> Vec<String> {
    let shown = cell.display.as_deref().unwrap_or_default();
    shown.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// A day stays a day, a moment a moment.
fn due(text: &str) -> Option<Due> {
    match text.len() {
        0 => None,
        10 => text.parse().ok().map(Due::Date),
        _ => crate::query::value::parse_time(text).map(Due::At),
    }
}
