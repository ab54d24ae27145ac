//! How a ticket looks in a table.

use ticketing::model::{Due, Native, Ticket, format_timestamp};

use super::row::{Row, name, names, or_dash, time, value};

fn native(native: &Native) -> &str {
    native.name.as_deref().unwrap_or(&native.id)
}

impl Row for Ticket {
    const HEADINGS: &'static [&'static str] = &["KEY", "STATUS", "PRIORITY", "TITLE", "ASSIGNEE", "GROUP", "UPDATED"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.key.clone(),
            self.status.category.to_string(),
            or_dash(self.priority.as_ref().map(|priority| priority.level.as_str())),
            self.title.clone(),
            names(&self.assignees),
            names(&self.assigned_groups),
            time(self.updated_at),
        ]
    }

    fn details(&self) -> Vec<(String, String)> {
        let status = match &self.status.reason {
            Some(reason) => format!("{} ({}, {})", self.status.category, native(&self.status.native), native(reason)),
            None => format!("{} ({})", self.status.category, native(&self.status.native)),
        };
        let due = self.due.map(|due| match due {
            Due::Date(day) => day.to_string(),
            Due::At(at) => format_timestamp(at),
        });
        let core = [
            ("key", self.key.clone()),
            ("title", self.title.clone()),
            ("status", status),
            ("priority", or_dash(self.priority.as_ref().map(|one| format!("{} ({})", one.level, native(&one.native))))),
            ("type", format!("{} ({})", self.ticket_type.category, native(&self.ticket_type.native))),
            ("assignees", names(&self.assignees)),
            ("groups", names(&self.assigned_groups)),
            ("requester", or_dash(self.requester.as_ref().map(name))),
            ("creator", or_dash(self.creator.as_ref().map(name))),
            ("watchers", or_dash(self.watchers.as_deref().map(names))),
            ("account", or_dash(self.account.as_ref().map(name))),
            ("collections", names(&self.collections)),
            ("parent", or_dash(self.parent.as_ref().map(|parent| parent.key.clone().unwrap_or_else(|| name(parent))))),
            ("tags", or_dash(self.tags.as_ref().map(|tags| tags.join(", ")))),
            ("external id", or_dash(self.external_id.clone())),
            ("created", time(self.created_at)),
            ("updated", time(self.updated_at)),
            ("resolved", time(self.resolved_at)),
            ("closed", time(self.closed_at)),
            ("due", or_dash(due)),
            ("id", self.id.to_string()),
            ("version", or_dash(self.version.as_ref().map(ToString::to_string))),
            ("url", or_dash(self.url.clone())),
            ("unreadable", or_dash(Some(self.unreadable.join(", ")))),
            ("description", or_dash(self.description.as_ref().map(|text| text.markdown.clone()))),
        ];
        let fields = self.fields.iter().filter(|(_, field)| !field.value.is_null());
        core.into_iter()
            .filter(|(name, value)| !(value == "-" && matches!(*name, "unreadable" | "watchers" | "collections")))
            .map(|(name, value)| (name.to_owned(), value))
            .chain(fields.map(|(id, field)| (id.to_string(), value(field))))
            .collect()
    }
}
