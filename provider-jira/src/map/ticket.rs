//! An issue as a ticket.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use ticketing_core::model::{
    Due, Native, Priority, Ref, RefType, RichText, Status, StatusCategory, Ticket, TicketType, format_timestamp,
};
use ticketing_core::request::Projection;
use ticketing_core::{Delivery, Error, ErrorKind, FieldId, Result, TicketId, Version};
use ticketing_http::decode_error;

use super::{field_value, moment, person_ref, rich_text};
use crate::api::Site;
use crate::catalogue::{Column, Columns};
use crate::mapping::Mapping;
use crate::wire::{GroupInfo, Issue, Person, Raw, Thing};
use ticketing_http::config::shown;

/// Jira's own fields that a ticket is made of, and what is missing without each.
const CORE: &[(&str, Option<&str>)] = &[
    ("summary", Some("title")),
    ("description", Some("description")),
    ("status", Some("status")),
    ("resolution", None),
    ("priority", Some("priority")),
    ("issuetype", Some("type")),
    ("assignee", Some("assignees")),
    ("reporter", Some("requester")),
    ("creator", Some("creator")),
    ("project", Some("collections")),
    // Only what is below another issue has one, and not everything can be.
    ("parent", None),
    ("labels", Some("tags")),
    ("created", Some("created_at")),
    ("updated", Some("updated_at")),
    ("resolutiondate", None),
    ("duedate", None),
];

/// How issues become tickets: made once per listing, used for every issue.
#[derive(Debug, Clone)]
pub(crate) struct TicketPlan {
    browse: String,
    mapping: Arc<Mapping>,
    columns: Arc<Columns>,
    /// The fields under `fields`, by place in the catalogue.
    catalogued: Vec<usize>,
    /// What is asked for.
    pub(crate) fields: Vec<String>,
    account: Option<Column>,
    group: Option<Column>,
    external_id: Option<Column>,
    pub(crate) raw: bool,
    pub(crate) watchers: bool,
}

impl TicketPlan {
    /// The plan of a reading; `also` are further fields that a filter asks about.
    pub(crate) fn new(
        site: &Site,
        columns: Arc<Columns>,
        mapping: Arc<Mapping>,
        projection: &Projection,
        raw: bool,
        also: &[FieldId],
    ) -> Self {
        let chosen = |column: &Column| match &projection.fields {
            None => true,
            Some(fields) => fields.contains(&column.id),
        };
        let catalogued: Vec<usize> = columns
            .all()
            .iter()
            .enumerate()
            .filter(|(_, column)| column.is_catalogued() && (chosen(column) || also.contains(&column.id)))
            .map(|(at, _)| at)
            .collect();
        let held = |core: &str| columns.held(core).cloned();
        let (account, group, external_id) = (held("account"), held("assigned_groups"), held("external_id"));
        let core = CORE.iter().map(|(id, _)| (*id).to_owned());
        let own = [&account, &group, &external_id].into_iter().flatten().map(|column| column.id.to_string());
        let mut fields: Vec<String> = core.chain(own).collect();
        fields.extend(projection.watchers.then(|| "watches".to_owned()));
        fields.extend(catalogued.iter().filter_map(|at| columns.all().get(*at)).map(|column| column.id.to_string()));
        Self {
            browse: site.browse.clone(),
            mapping,
            columns,
            catalogued,
            fields,
            account,
            group,
            external_id,
            raw,
            watchers: projection.watchers,
        }
    }

    /// The same plan, for those who want ids and projects alone.
    pub(crate) fn bare(mut self) -> Self {
        self.fields = vec!["project".to_owned()];
        (self.account, self.group, self.external_id) = (None, None, None);
        self.catalogued.clear();
        self
    }

    /// An issue as a ticket.
    ///
    /// # Errors
    /// `Decode`, naming the issue, where it cannot be read.
    pub(crate) fn ticket(&self, raw: Raw<'_>) -> Result<Ticket> {
        let issue: Issue<'_> = serde_json::from_str(raw.get())
            .map_err(|error| decode_error("", error).with_context("an issue").with_code("row"))?;
        let mut ticket = self.issue(&issue)?;
        if self.raw {
            ticket.raw = serde_json::from_str(raw.get()).ok().map(Box::new);
        }
        Ok(ticket)
    }

    /// An issue that was read as a ticket, without its original.
    ///
    /// # Errors
    /// `Decode`, naming the issue.
    pub(crate) fn issue(&self, issue: &Issue<'_>) -> Result<Ticket> {
        self.read(issue).map_err(|error| {
            error
                .with_context(format!("issue `{}`", shown(if issue.key.is_empty() { &issue.id } else { &issue.key })))
                .with_code("row")
                .with_delivery(Delivery::Answered)
        })
    }

    fn read(&self, issue: &Issue<'_>) -> Result<Ticket> {
        if issue.id.is_empty() {
            return Err(Error::new(ErrorKind::Decode, "it has no id"));
        }
        let fields = &issue.fields;
        let text = |id: &str| -> Result<Option<String>> { fields.some(id).map(|raw| field(id, raw)).transpose() };
        let at = |id: &str| -> Result<_> { Ok(text(id)?.as_deref().and_then(moment)) };
        let person = |id: &str| -> Result<Option<Ref>> {
            let person: Option<Person> = fields.some(id).map(|raw| field(id, raw)).transpose()?;
            Ok(person.as_ref().and_then(person_ref))
        };
        let thing = |id: &str| -> Result<Option<Thing>> { fields.some(id).map(|raw| field(id, raw)).transpose() };
        let status = self.status(thing("status")?, thing("resolution")?);
        let ticket_type = self.ticket_type(thing("issuetype")?);
        let key = if issue.key.is_empty() { &issue.id } else { &issue.key };
        let title = text("summary")?.unwrap_or_default();
        let mut ticket = Ticket::new(TicketId::from(issue.id.as_ref()), key.as_ref(), title, status, ticket_type);
        ticket.description = self.description(issue)?;
        ticket.priority = thing("priority")?.map(|own| {
            let (id, name) = (own.id.clone().unwrap_or_default(), own.name.clone());
            Priority { level: self.mapping.priority(&id, name.as_deref()), native: Native { id, name } }
        });
        ticket.assignees.extend(person("assignee")?);
        ticket.requester = person("reporter")?;
        ticket.creator = person("creator")?;
        ticket.collections.extend(thing("project")?.and_then(|own| {
            let mut out = Ref::new(RefType::Collection, own.id?);
            (out.key, out.name) = (own.key, own.name);
            Some(out)
        }));
        ticket.parent = thing("parent")?.and_then(|own| {
            let mut out = Ref::new(RefType::Ticket, own.id?);
            out.key = own.key;
            Some(out)
        });
        ticket.tags = fields.some("labels").map(|raw| field("labels", raw)).transpose()?;
        if ticket.tags.is_none() && fields.get("labels").is_some() {
            ticket.tags = Some(Vec::new());
        }
        ticket.created_at = at("created")?;
        ticket.updated_at = at("updated")?;
        ticket.resolved_at = at("resolutiondate")?;
        ticket.due = text("duedate")?.and_then(|day| day.parse().ok()).map(Due::Date);
        ticket.version = ticket.updated_at.map(|at| Version::from(format_timestamp(at)));
        ticket.url = (!issue.key.is_empty() && !self.browse.is_empty())
            .then(|| [&self.browse, "/browse/", issue.key.as_ref()].concat());
        self.held(issue, &mut ticket)?;
        for at in &self.catalogued {
            let Some(column) = self.columns.all().get(*at) else { continue };
            let value = fields.some(column.id.as_str()).map(|raw| field_value(column, raw)).transpose()?.flatten();
            if let Some(value) = value {
                ticket.fields.insert(column.id.clone(), value);
            }
        }
        ticket.unreadable = CORE
            .iter()
            .filter(|(id, _)| fields.get(id).is_none())
            .filter_map(|(_, core)| *core)
            .map(str::to_owned)
            .collect();
        ticket.unreadable.sort_unstable();
        Ok(ticket)
    }

    fn description(&self, issue: &Issue<'_>) -> Result<Option<RichText>> {
        let text = issue.fields.some("description").map(rich_text).transpose();
        Ok(text.map_err(|error| error.with_context("field `description`"))?.flatten())
    }

    /// Core keys that a custom field holds.
    fn held(&self, issue: &Issue<'_>, ticket: &mut Ticket) -> Result<()> {
        let fields = &issue.fields;
        if let Some((column, raw)) = self.account.as_ref().and_then(|own| Some((own, fields.some(own.id.as_str())?))) {
            let organizations: Vec<Thing> = field(column.id.as_str(), raw)?;
            ticket.account = organizations.first().and_then(|own| {
                let mut out = Ref::new(RefType::Account, own.id.clone()?);
                out.name = own.name.clone();
                Some(out)
            });
            // There is room for one; where there are several, all of them stand under the field's own name.
            if organizations.len() > 1
                && let Some(value) = field_value(column, raw)?
            {
                ticket.fields.insert(column.id.clone(), value);
            }
        }
        if let Some((column, raw)) = self.group.as_ref().and_then(|own| Some((own, fields.some(own.id.as_str())?))) {
            let groups: Vec<GroupInfo> = match column.multiple {
                true => field(column.id.as_str(), raw)?,
                false => vec![field(column.id.as_str(), raw)?],
            };
            ticket.assigned_groups =
                groups.into_iter().map(|own| Ref::new(RefType::Group, own.id()).with_name(own.name.clone())).collect();
        }
        if let Some((column, raw)) =
            self.external_id.as_ref().and_then(|own| Some((own, fields.some(own.id.as_str())?)))
        {
            let id: String = field(column.id.as_str(), raw)?;
            ticket.external_id = Some(id).filter(|id| !id.is_empty());
        }
        Ok(())
    }

    fn status(&self, status: Option<Thing>, resolution: Option<Thing>) -> Status {
        let native = |own: Thing| Native { id: own.id.unwrap_or_default(), name: own.name };
        let Some(own) = status else {
            return Status { category: StatusCategory::Unknown, native: Native::new(""), reason: None };
        };
        let category_key = own.status_category.as_ref().and_then(|category| category.key.clone());
        let id = own.id.clone().unwrap_or_default();
        let category = self.mapping.status(&id, own.name.as_deref(), category_key.as_deref());
        // A badly set up workflow leaves a resolution on what was opened again (wire A4.4); it says nothing then.
        let reason =
            resolution.filter(|_| !category.is_unresolved() || category == StatusCategory::Unknown).map(native);
        Status { category, native: native(own), reason }
    }

    fn ticket_type(&self, own: Option<Thing>) -> TicketType {
        let (id, name) = own.map_or((String::new(), None), |own| (own.id.unwrap_or_default(), own.name));
        TicketType { category: self.mapping.ticket_type(&id, name.as_deref()), native: Native { id, name } }
    }
}

/// A field's value.
fn field<T: DeserializeOwned>(id: &str, raw: &RawValue) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| decode_error("", error).with_context(format!("field `{id}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a reader's own words quote what it read.
    #[test]
    fn what_cannot_be_read_is_named_and_not_quoted() {
        let raw = RawValue::from_string("\"hunter2\"".to_owned()).unwrap();
        let error = field::<Vec<Thing>>("customfield_10034", &raw).unwrap_err();
        assert!(error.message().contains("customfield_10034"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}
