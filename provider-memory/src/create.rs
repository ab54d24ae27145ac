//! New tickets.

use ticketing_core::model::{
    Kind, RichText, StatusCategory, TextFormat, Ticket, TypeCategory, User, Visibility, WebhookEvent,
};
use ticketing_core::request::{CreateTicket, NewComment, Projection, TextInput};
use ticketing_core::{Error, ErrorKind, Result, StatusSelector, TicketId, TypeSelector};

use crate::map::ticket_ref;
use crate::session::Session;
use crate::store::IdempotencyScope;
use crate::webhook;

/// The longest title, in characters.
pub(crate) const MAX_TITLE_CHARS: u32 = 255;
/// The type of a ticket that is made without one.
pub(crate) const DEFAULT_TYPE: TypeCategory = TypeCategory::Incident;

impl Session<'_> {
    pub(crate) fn create_ticket(&mut self, request: &CreateTicket) -> Result<Ticket> {
        if let Some(made) = self.made_before(IdempotencyScope::Ticket, request.idempotency_key.as_deref())? {
            let Some(ticket) = self.state.tickets.get(&made) else {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    format!("the ticket made with this key, `{made}`, is gone"),
                )
                .with_field("idempotency_key")
                .with_hint("use another key for another ticket"));
            };
            return Ok(self.ticket_document(ticket, &Projection::new(), request.include_raw));
        }
        let mut ticket = self.new_ticket(request)?;
        let comment = request.comment.as_ref().map(|comment| self.riding_comment(comment)).transpose()?;

        // From here on nothing can fail: either all of it is there, or nothing.
        let number = self.state.next_number("ticket");
        let id = TicketId::from(format!("ticket-{number:06}"));
        ticket.id = id.clone();
        ticket.key = format!("MEM-{number}");
        self.state.register_tags(ticket.tags.as_deref().unwrap_or_default());
        self.state.put(ticket);
        self.remember(IdempotencyScope::Ticket, request.idempotency_key.as_deref(), id.as_str());
        webhook::notify(self.state, WebhookEvent::TicketCreated, Kind::Ticket, id.as_str(), self.now);
        if let Some((body, visibility)) = comment {
            self.put_comment(&id, body, visibility, None, None);
        }
        let made = self.state.ticket(&id)?;
        Ok(self.ticket_document(made, &Projection::new(), request.include_raw))
    }

    /// The ticket that is asked for, without id and key.
    fn new_ticket(&self, request: &CreateTicket) -> Result<Ticket> {
        let title = title(&request.title)?;
        let default_type = TypeSelector::from(DEFAULT_TYPE);
        let ticket_type = self.state.catalogue.ticket_type(request.ticket_type.as_ref().unwrap_or(&default_type))?;
        let first = StatusSelector::from(StatusCategory::Open);
        let status = self.state.catalogue.status(request.status.as_ref().unwrap_or(&first), self.statuses)?;

        let mut ticket = Ticket::new(TicketId::from(""), "", title, status, ticket_type);
        ticket.description = request.description.as_ref().map(|text| rich_text("description", text)).transpose()?;
        ticket.priority = request.priority.as_ref().map(|wanted| self.state.catalogue.priority(wanted)).transpose()?;
        ticket.requester = request.requester.as_ref().map(|who| self.person("requester", who)).transpose()?;
        ticket.creator = self.state.current_user().map(User::to_ref);
        for who in &request.assignees {
            insert_once(&mut ticket.assignees, self.active_user("assignee", who)?);
        }
        for group in &request.groups {
            insert_once(&mut ticket.assigned_groups, self.active_group("group", group)?);
        }
        let watchers = ticket.watchers.insert(Vec::new());
        for who in &request.watchers {
            insert_once(watchers, self.person("watcher", who)?);
        }
        ticket.account = request.account.as_ref().map(|account| self.account("account", account)).transpose()?;
        if let Some(collection) = &request.collection {
            ticket.collections.push(self.collection("collection", collection)?);
        }
        if let Some(parent) = &request.parent {
            ticket.parent =
                Some(ticket_ref(self.state.ticket(parent).map_err(|error| not_a_ticket("parent", &error))?));
        }
        let tags = ticket.tags.insert(Vec::new());
        for text in &request.tags {
            insert_once(tags, tag(text)?);
        }
        ticket.external_id = request.external_id.as_deref().map(external_id).transpose()?;
        ticket.due = request.due;
        self.write_fields(&mut ticket, &request.fields)?;
        self.complete_fields(&mut ticket)?;

        ticket.created_at = Some(self.now);
        ticket.updated_at = Some(self.now);
        self.stamp(&mut ticket, None);
        Ok(ticket)
    }

    /// Sets the times that go with a ticket's status, where that is not the one it had.
    pub(crate) fn stamp(&self, ticket: &mut Ticket, before: Option<StatusCategory>) {
        let category = ticket.status.category;
        if before == Some(category) {
            return;
        }
        match category {
            StatusCategory::Resolved => {
                ticket.resolved_at = Some(self.now);
                ticket.closed_at = None;
            }
            StatusCategory::Closed => {
                ticket.resolved_at.get_or_insert(self.now);
                ticket.closed_at = Some(self.now);
            }
            StatusCategory::Cancelled => {
                ticket.resolved_at = None;
                ticket.closed_at = Some(self.now);
            }
            _ => {
                ticket.resolved_at = None;
                ticket.closed_at = None;
            }
        }
    }

    /// The text and visibility of a comment that rides along; one that only some may read needs to say who.
    pub(crate) fn riding_comment(&self, comment: &NewComment) -> Result<(RichText, Visibility)> {
        if comment.visibility == Visibility::Restricted {
            return Err(Error::invalid("comment", "it is restricted, and does not say to whom")
                .with_hint("add it by `add_comment`, with `restricted_to`"));
        }
        Ok((comment_text(&comment.body)?, comment.visibility))
    }

    /// The id of what was made with this key before.
    pub(crate) fn made_before(&self, scope: IdempotencyScope, key: Option<&str>) -> Result<Option<String>> {
        let Some(key) = key else { return Ok(None) };
        if key.trim().is_empty() {
            return Err(Error::invalid("idempotency_key", "it is empty").with_hint("give one, or leave it out"));
        }
        Ok(self.state.idempotency.get(&(scope, key.to_owned())).cloned())
    }

    /// Keeps what was made with this key.
    pub(crate) fn remember(&mut self, scope: IdempotencyScope, key: Option<&str>, id: &str) {
        if let Some(key) = key {
            self.state.idempotency.insert((scope, key.to_owned()), id.to_owned());
        }
    }
}

/// A title: one line, not empty, not too long.
pub(crate) fn title(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("title", "it is empty").with_hint("give one line"));
    }
    if text.contains(['\n', '\r']) {
        return Err(Error::invalid("title", "it has several lines").with_hint("put the rest into the description"));
    }
    if text.chars().count() > MAX_TITLE_CHARS as usize {
        return Err(Error::invalid("title", format!("it is longer than {MAX_TITLE_CHARS} characters"))
            .with_hint("put the rest into the description"));
    }
    Ok(text.to_owned())
}

/// A tag, without blanks around it.
pub(crate) fn tag(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::invalid("tag", "it is empty").with_hint("leave it out")),
        tag => Ok(tag.to_owned()),
    }
}

pub(crate) fn external_id(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::invalid("external_id", "it is empty").with_hint("give one, or leave it out"));
    }
    Ok(text.to_owned())
}

/// A text as the store keeps it: Markdown or plain.
pub(crate) fn rich_text(field: &str, text: &TextInput) -> Result<RichText> {
    let refused = |format: &TextFormat| {
        Error::invalid(field, format!("the format `{format}` is not kept here"))
            .with_hint("use one of: markdown, plain")
    };
    match text {
        TextInput::Markdown(content) => Ok(RichText::from_markdown(content)),
        TextInput::Plain(content) => Ok(RichText::plain(content)),
        TextInput::Native { format: TextFormat::Markdown, content } => Ok(RichText::from_markdown(content)),
        TextInput::Native { format: TextFormat::Plain, content } => Ok(RichText::plain(content)),
        TextInput::Native { format, .. } => Err(refused(format)),
        _ => Err(refused(&TextFormat::Plain)),
    }
}

/// The text of a comment: not empty.
pub(crate) fn comment_text(text: &TextInput) -> Result<RichText> {
    if text.content().trim().is_empty() {
        return Err(Error::invalid("body", "the comment is empty").with_hint("say something"));
    }
    rich_text("body", text)
}

/// The refusal of a ticket that another request names and that does not exist.
pub(crate) fn not_a_ticket(field: &str, error: &Error) -> Error {
    Error::invalid(field, error.message()).with_hint("give the id or key of a ticket that exists")
}

/// Adds a value to a set.
pub(crate) fn insert_once<T: PartialEq>(set: &mut Vec<T>, value: T) {
    if !set.contains(&value) {
        set.push(value);
    }
}
