//! From rows to documents: references get the names that their targets have now, statuses count as the connection says.

use std::borrow::Cow;

use ticketing_core::model::{Comment, FieldLabel, Fields, Group, Ref, RefType, Ticket, User};
use ticketing_core::request::Projection;

use crate::catalogue::mapped;
use crate::resolve::{account_ref, collection_ref, contact_ref};
use crate::session::Session;

impl Session<'_> {
    /// A ticket without what the credential may not read, which is named in `unreadable`.
    pub(crate) fn readable<'t>(&self, row: &'t Ticket) -> Cow<'t, Ticket> {
        let mut ticket = Cow::Borrowed(row);
        for key in &self.state.unreadable {
            let ticket = ticket.to_mut();
            match key.as_str() {
                "description" => ticket.description = None,
                "priority" => ticket.priority = None,
                "requester" => ticket.requester = None,
                "creator" => ticket.creator = None,
                "watchers" => ticket.watchers = None,
                "account" => ticket.account = None,
                "parent" => ticket.parent = None,
                "tags" => ticket.tags = None,
                "external_id" => ticket.external_id = None,
                "due" => ticket.due = None,
                field => drop(ticket.fields.remove(field)),
            }
            if !ticket.unreadable.contains(key) {
                ticket.unreadable.push(key.clone());
            }
        }
        ticket
    }

    /// A ticket as it is read.
    pub(crate) fn ticket_document(&self, row: &Ticket, projection: &Projection, include_raw: bool) -> Ticket {
        let mut ticket = self.readable(row).into_owned();
        if include_raw {
            ticket.raw = raw(&ticket);
        }
        ticket.status.category = self.category(row);
        for list in [&mut ticket.assignees, &mut ticket.assigned_groups, &mut ticket.collections] {
            list.iter_mut().for_each(|reference| self.rename(reference));
        }
        for one in [&mut ticket.requester, &mut ticket.creator, &mut ticket.account, &mut ticket.parent] {
            one.iter_mut().for_each(|reference| self.rename(reference));
        }
        ticket.watchers.iter_mut().flatten().for_each(|reference| self.rename(reference));
        if let Some(wanted) = &projection.fields {
            ticket.fields.retain(|id, _| wanted.contains(id));
        }
        self.label(&mut ticket.fields);
        ticket
    }

    /// A user as it is read: with the groups whose member it is.
    pub(crate) fn user_document(&self, row: &User, include_raw: bool) -> User {
        let mut user = row.clone();
        if include_raw {
            user.raw = raw(row);
        }
        user.groups = Some(
            self.state
                .groups
                .iter()
                .filter(|group| group.members.iter().flatten().any(|member| member.id == row.id.as_str()))
                .map(Group::to_ref)
                .collect(),
        );
        user.account.iter_mut().for_each(|reference| self.rename(reference));
        user
    }

    /// A group as it is read.
    pub(crate) fn group_document(&self, row: &Group, include_raw: bool) -> Group {
        let mut group = row.clone();
        if include_raw {
            group.raw = raw(row);
        }
        for one in [&mut group.manager, &mut group.parent] {
            one.iter_mut().for_each(|reference| self.rename(reference));
        }
        group.members.get_or_insert_default().iter_mut().for_each(|reference| self.rename(reference));
        group
    }

    /// A comment as it is read: with the attachments that came with it.
    pub(crate) fn comment_document(&self, row: &Comment, include_raw: bool) -> Comment {
        let mut comment = row.clone();
        if include_raw {
            comment.raw = raw(row);
        }
        self.rename(&mut comment.ticket);
        for one in [&mut comment.author, &mut comment.restricted_to] {
            one.iter_mut().for_each(|reference| self.rename(reference));
        }
        let files = self.state.files.values().filter(|file| file.document.comment.as_ref() == Some(&row.id));
        comment.attachments = Some(files.map(|file| self.attachment_document(&file.document, false)).collect());
        comment
    }

    /// What a ticket's status counts as on this connection.
    pub(crate) fn category(&self, ticket: &Ticket) -> ticketing_core::model::StatusCategory {
        mapped(self.statuses, &ticket.status.native).unwrap_or(ticket.status.category)
    }

    /// Gives a reference the name and key that its target has now; one without target keeps its own.
    pub(crate) fn rename(&self, reference: &mut Ref) {
        let id = reference.id.as_str();
        let state = &*self.state;
        let now = match reference.ref_type {
            RefType::User | RefType::Bot => state.users.get_any(id).map(User::to_ref),
            RefType::Contact => state.contacts.get_any(id).map(contact_ref),
            RefType::Group => state.groups.get_any(id).map(Group::to_ref),
            RefType::Ticket => state.tickets.get_any(id).map(ticket_ref),
            RefType::Account => state.accounts.get_any(id).map(account_ref),
            RefType::Collection => state.collections.get_any(id).map(collection_ref),
            _ => None,
        };
        if let Some(now) = now {
            *reference = now;
        }
    }

    /// Labels the values that stand for something, as the catalogue has it now.
    fn label(&self, fields: &mut Fields) {
        for (id, value) in fields {
            let Some(field) = self.state.fields.get(id) else { continue };
            let labels: Vec<String> = value.value.iter().filter_map(|one| self.label_of(field, one)).collect();
            let label = match (&value.value, labels.len()) {
                (_, 0) => None,
                (ticketing_core::model::FieldData::List(_), _) => Some(FieldLabel::Many(labels)),
                _ => labels.into_iter().next().map(FieldLabel::One),
            };
            if label.is_some() {
                value.label = label;
            }
        }
    }
}

/// A reference to a ticket: its key, and its title as the name.
pub(crate) fn ticket_ref(ticket: &Ticket) -> Ref {
    Ref::new(RefType::Ticket, ticket.id.as_str()).with_key(ticket.key.clone()).with_name(ticket.title.clone())
}

/// A row as the store's own JSON.
pub(crate) fn raw(row: &impl serde::Serialize) -> Option<Box<serde_json::Value>> {
    serde_json::to_value(row).ok().map(Box::new)
}
