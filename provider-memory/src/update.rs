//! Changes of tickets, and their end. A patch is applied whole or not at all.

use ticketing_core::model::{Ref, Removal, RemovalReason, StatusCategory, StatusInfo, Ticket, Transition};
use ticketing_core::request::{DeleteTicket, ListStatuses, ListTransitions, Patch, Projection, SetPatch, UpdateTicket};
use ticketing_core::{Error, ErrorKind, Result, StatusSelector, TicketId, TransitionId, Version};

use crate::create::{external_id, not_a_ticket, rich_text, tag, title};
use crate::map::ticket_ref;
use crate::session::Session;

impl Session<'_> {
    pub(crate) fn update_ticket(&mut self, request: &UpdateTicket) -> Result<Ticket> {
        let before = self.state.ticket(&request.id)?.clone();
        check_version(&before, request.expected_version.as_ref())?;
        let after = self.patched(&before, request)?;
        let comment = request.comment.as_ref().map(|comment| self.riding_comment(comment)).transpose()?;

        // From here on nothing can fail.
        self.state.register_tags(after.tags.as_deref().unwrap_or_default());
        let author = self.me();
        self.state.commit_ticket(&before, after, author, self.now);
        if let Some((body, visibility)) = comment {
            self.put_comment(&before.id, body, visibility, None, None);
        }
        let now = self.state.ticket(&before.id)?;
        Ok(self.ticket_document(now, &Projection::new(), request.include_raw))
    }

    pub(crate) fn delete_ticket(&mut self, request: &DeleteTicket) -> Result<()> {
        let ticket = self.state.ticket(&request.id)?;
        check_version(ticket, request.expected_version.as_ref())?;
        let id = ticket.id.clone();
        let removal = Removal { at: Some(self.now), reason: Some(RemovalReason::Deleted), moved_to: None };
        self.state.remove_ticket(&id, &removal, self.now);
        Ok(())
    }

    /// Any status can follow any other.
    pub(crate) fn list_transitions(&self, request: &ListTransitions) -> Result<Vec<Transition>> {
        let ticket = self.state.ticket(&request.ticket)?;
        let others = self.state.catalogue.statuses(self.statuses).into_iter();
        Ok(others
            .filter(|status| status.active && status.native.id != ticket.status.native.id)
            .map(|status| Transition {
                id: TransitionId::from(status.native.id.as_str()),
                name: status.native.name.clone().unwrap_or_else(|| status.native.id.clone()),
                to: ticketing_core::model::Status { category: status.category, native: status.native, reason: None },
                required_fields: Vec::new(),
            })
            .collect())
    }

    pub(crate) fn list_statuses(&self, request: &ListStatuses) -> Result<Vec<StatusInfo>> {
        if let Some(wanted) = &request.ticket_type {
            self.state.catalogue.ticket_type(&ticketing_core::TypeSelector::native(wanted.as_str()))?;
        }
        if let Some(id) = &request.collection {
            self.collection("collection", &ticketing_core::CollectionSelector::Id(id.clone()))?;
        }
        let wanted: Vec<&str> = request
            .ticket_type
            .iter()
            .map(String::as_str)
            .chain(request.collection.iter().map(AsRef::as_ref))
            .collect();
        let mut statuses = self.state.catalogue.statuses(self.statuses);
        statuses.retain(|status| {
            wanted.is_empty()
                || status.scopes.is_empty()
                || status.scopes.iter().any(|scope| wanted.contains(&scope.as_str()))
        });
        Ok(statuses)
    }

    /// The ticket as it will be.
    fn patched(&self, before: &Ticket, request: &UpdateTicket) -> Result<Ticket> {
        let mut ticket = before.clone();
        match &request.title {
            Patch::Keep => {}
            Patch::Set(text) => ticket.title = title(text)?,
            Patch::Clear => return Err(Error::invalid("title", "it cannot be cleared").with_hint("set another")),
        }
        patch(&mut ticket.description, &request.description, |text| rich_text("description", text))?;
        if let Some(wanted) = &request.ticket_type {
            ticket.ticket_type = self.state.catalogue.ticket_type(wanted)?;
        }
        self.move_status(&mut ticket, request.status.as_ref(), request.reason.as_deref())?;
        patch(&mut ticket.priority, &request.priority, |wanted| self.state.catalogue.priority(wanted))?;
        patch(&mut ticket.requester, &request.requester, |who| self.person("requester", who))?;
        patch_refs(
            &mut ticket.assignees,
            &request.assignees,
            |who| self.active_user("assignee", who),
            |who| self.user("assignee", who),
        )?;
        patch_refs(
            &mut ticket.assigned_groups,
            &request.groups,
            |group| self.active_group("group", group),
            |group| self.group("group", group).map(|group| group.to_ref()),
        )?;
        let person = |who: &_| self.person("watcher", who);
        patch_refs(ticket.watchers.get_or_insert_default(), &request.watchers, person, person)?;
        patch(&mut ticket.account, &request.account, |account| self.account("account", account))?;
        let collection = |collection: &_| self.collection("collection", collection);
        patch_refs(&mut ticket.collections, &request.collections, collection, collection)?;
        patch(&mut ticket.parent, &request.parent, |parent| self.parent("parent", &before.id, parent))?;
        if !request.tags.is_keep() {
            let tags = mapped(&request.tags, &|text: &String| tag(text), &|text: &String| tag(text))?;
            ticket.tags = Some(tags.apply(ticket.tags.as_deref().unwrap_or_default()));
        }
        patch(&mut ticket.external_id, &request.external_id, |text| external_id(text))?;
        patch(&mut ticket.due, &request.due, |due| Ok(*due))?;
        self.write_fields(&mut ticket, &request.fields)?;
        Ok(ticket)
    }

    /// Moves a ticket to a status, and gives it the reason that goes with it.
    fn move_status(&self, ticket: &mut Ticket, wanted: Option<&StatusSelector>, reason: Option<&str>) -> Result<()> {
        let before = self.category(ticket);
        if let Some(wanted) = wanted {
            let status = self.state.catalogue.status(wanted, self.statuses)?;
            // Already there: by category any of its statuses will do, and the reason stays.
            let stays = match wanted {
                StatusSelector::Category(category) => before == *category,
                _ => ticket.status.native.id == status.native.id,
            };
            if !stays {
                let kept = ticket.status.reason.take().filter(|_| keeps_reason(before, status.category));
                ticket.status = ticketing_core::model::Status { reason: kept, ..status };
                self.stamp(ticket, Some(before));
            }
        }
        if let Some(reason) = reason {
            ticket.status.reason = Some(self.state.catalogue.reason(self.category(ticket), reason)?);
        }
        Ok(())
    }

    /// The ticket that another shall be part of: one that exists, and is no part of it itself.
    pub(crate) fn parent(&self, field: &str, child: &TicketId, parent: &TicketId) -> Result<Ref> {
        let parent = self.state.ticket(parent).map_err(|error| not_a_ticket(field, &error))?;
        let mut above = Some(parent);
        // A chain of parents is as long as there are tickets, at most.
        for _ in 0..=self.state.tickets.iter().count() {
            let Some(ticket) = above else { break };
            if ticket.id == *child {
                return Err(Error::invalid(field, "a ticket cannot be part of itself").with_hint("name another"));
            }
            above = ticket.parent.as_ref().and_then(|next| self.state.tickets.get(&next.id));
        }
        Ok(ticket_ref(parent))
    }
}

/// Closing what was answered keeps why it was.
fn keeps_reason(before: StatusCategory, after: StatusCategory) -> bool {
    before == StatusCategory::Resolved && after == StatusCategory::Closed
}

fn check_version(ticket: &Ticket, expected: Option<&Version>) -> Result<()> {
    let Some(expected) = expected else { return Ok(()) };
    if ticket.version.as_ref() == Some(expected) {
        return Ok(());
    }
    let now = ticket.version.as_ref().map_or("none", Version::as_str);
    let message = format!("the ticket is at version `{now}`, not `{expected}`: somebody has changed it");
    Err(Error::new(ErrorKind::PreconditionFailed, message)
        .with_field("expected_version")
        .with_hint("read it again and decide anew"))
}

fn patch<T, P>(value: &mut Option<T>, patch: &Patch<P>, make: impl Fn(&P) -> Result<T>) -> Result<()> {
    match patch {
        Patch::Keep => {}
        Patch::Set(wanted) => *value = Some(make(wanted)?),
        Patch::Clear => *value = None,
    }
    Ok(())
}

/// Patches a set of references, which are the same where their ids are.
fn patch_refs<S>(
    refs: &mut Vec<Ref>,
    patch: &SetPatch<S>,
    come: impl Fn(&S) -> Result<Ref>,
    go: impl Fn(&S) -> Result<Ref>,
) -> Result<()> {
    if patch.is_keep() {
        return Ok(());
    }
    let ids: Vec<String> = refs.iter().map(|one| one.id.clone()).collect();
    // Who is there already may stay, even one who could not come any more.
    let come = |one: &S| match go(one) {
        Ok(known) if ids.contains(&known.id) => Ok(known),
        _ => come(one),
    };
    let wanted = mapped(patch, &come, &go)?;
    let id = |one: &Ref| Ok(one.id.clone());
    let known = match &wanted {
        SetPatch::Change { add, .. } => add.clone(),
        SetPatch::Replace(values) => values.clone(),
    };
    let kept = mapped(&wanted, &id, &id)?.apply(&ids);
    let find = |id: &String| refs.iter().chain(&known).find(|one| one.id == *id).cloned();
    *refs = kept.iter().filter_map(find).collect();
    Ok(())
}

/// The same patch of something else.
fn mapped<S, T>(
    patch: &SetPatch<S>,
    come: &dyn Fn(&S) -> Result<T>,
    go: &dyn Fn(&S) -> Result<T>,
) -> Result<SetPatch<T>> {
    let all = |values: &[S], make: &dyn Fn(&S) -> Result<T>| values.iter().map(make).collect::<Result<Vec<T>>>();
    Ok(match patch {
        SetPatch::Change { add, remove } => SetPatch::Change { add: all(add, come)?, remove: all(remove, go)? },
        SetPatch::Replace(values) => SetPatch::Replace(all(values, come)?),
    })
}
