//! Comments.

use ticketing_core::model::{Comment, Kind, Ref, Removal, RemovalReason, RichText, User, Visibility, WebhookEvent};
use ticketing_core::request::{AddComment, DeleteComment, ListComments, UpdateComment};
use ticketing_core::{CommentId, Error, ErrorKind, GroupSelector, Operation, Page, Result, TicketId};

use crate::create::comment_text;
use crate::map::ticket_ref;
use crate::paging::Window;
use crate::session::Session;
use crate::store::IdempotencyScope;
use crate::webhook;

impl Session<'_> {
    pub(crate) fn list_comments(&self, request: &ListComments) -> Result<Page<Comment>> {
        let ticket = self.state.ticket(&request.ticket)?;
        let codec = self.codec(Operation::ListComments, &(&ticket.id, request.visibility, request.include_raw));
        let comments = self
            .state
            .comments
            .iter()
            .filter(|comment| comment.ticket.id == ticket.id.as_str())
            .filter(|comment| request.visibility.is_none_or(|wanted| comment.visibility == wanted))
            .map(|comment| ((comment.created_at, comment.id.to_string()), comment));
        let page = Window::new(&codec, request.cursor.as_ref(), request.page_size).page(comments)?;
        Ok(page.map(|comment| self.comment_document(comment, request.include_raw)))
    }

    pub(crate) fn add_comment(&mut self, request: &AddComment) -> Result<Comment> {
        let ticket = self.state.ticket(&request.ticket)?.id.clone();
        let scope = IdempotencyScope::Comment(ticket.clone());
        if let Some(made) = self.made_before(scope.clone(), request.idempotency_key.as_deref())? {
            let Some(comment) = self.state.comments.get(&made) else {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    format!("the comment made with this key, `{made}`, is gone"),
                )
                .with_field("idempotency_key")
                .with_hint("use another key for another comment"));
            };
            return Ok(self.comment_document(comment, false));
        }
        let body = comment_text(&request.body)?;
        let restricted_to = self.restriction(request.visibility, request.restricted_to.as_deref())?;
        if let Some(parent) = &request.parent {
            self.comment(&ticket, parent).map_err(|error| {
                Error::invalid("parent", error.message()).with_hint("give the id of a comment on the same ticket")
            })?;
        }
        let id = self.put_comment(&ticket, body, request.visibility, restricted_to, request.parent.clone());
        self.remember(scope, request.idempotency_key.as_deref(), id.as_str());
        self.comment(&ticket, &id).map(|comment| self.comment_document(comment, false))
    }

    pub(crate) fn update_comment(&mut self, request: &UpdateComment) -> Result<Comment> {
        let ticket = self.state.ticket(&request.ticket)?.id.clone();
        let mut comment = self.comment(&ticket, &request.id)?.clone();
        let body = comment_text(&request.body)?;
        if comment.body != body {
            comment.body = body;
            self.state.put_changed(comment, self.now);
            webhook::notify(self.state, WebhookEvent::CommentUpdated, Kind::Comment, request.id.as_str(), self.now);
            self.state.touch_ticket(&ticket, self.now);
        }
        self.comment(&ticket, &request.id).map(|comment| self.comment_document(comment, false))
    }

    pub(crate) fn delete_comment(&mut self, request: &DeleteComment) -> Result<()> {
        let ticket = self.state.ticket(&request.ticket)?.id.clone();
        let comment = self.comment(&ticket, &request.id)?.clone();
        let removal = Removal { at: Some(self.now), reason: Some(RemovalReason::Deleted), moved_to: None };
        self.state.remove(comment, removal);
        webhook::notify(self.state, WebhookEvent::CommentDeleted, Kind::Comment, request.id.as_str(), self.now);
        self.state.touch_ticket(&ticket, self.now);
        Ok(())
    }

    /// Writes a comment that was checked before.
    pub(crate) fn put_comment(
        &mut self,
        ticket: &TicketId,
        body: RichText,
        visibility: Visibility,
        restricted_to: Option<Ref>,
        parent: Option<CommentId>,
    ) -> CommentId {
        let id = CommentId::from(self.state.next_id("comment"));
        let on = self
            .state
            .tickets
            .get(ticket.as_str())
            .map_or_else(|| Ref::new(ticketing_core::model::RefType::Ticket, ticket.as_str()), ticket_ref);
        let mut comment = Comment::new(id.clone(), on, body, visibility);
        comment.author = self.state.current_user().map(User::to_ref);
        comment.restricted_to = restricted_to;
        comment.parent = parent;
        comment.created_at = Some(self.now);
        self.state.put(comment);
        webhook::notify(self.state, WebhookEvent::CommentCreated, Kind::Comment, id.as_str(), self.now);
        self.state.touch_ticket(ticket, self.now);
        id
    }

    /// A comment of this ticket.
    pub(crate) fn comment(&self, ticket: &TicketId, id: &CommentId) -> Result<&Comment> {
        let found = self.state.comments.get(id.as_str()).filter(|comment| comment.ticket.id == ticket.as_str());
        found.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no comment `{id}` on the ticket `{ticket}`"))
                .with_hint("check the id against what `list_comments` gives")
        })
    }

    /// The group that a restricted comment is for: stated for those, and for no others.
    fn restriction(&self, visibility: Visibility, to: Option<&str>) -> Result<Option<Ref>> {
        match (visibility, to) {
            (Visibility::Restricted, None) => {
                Err(Error::invalid("restricted_to", "a restricted comment must say to whom").with_hint("name a group"))
            }
            (Visibility::Restricted, Some(group)) => {
                let by_id = self.group("restricted_to", &GroupSelector::id(group));
                let group = by_id.or_else(|_| self.group("restricted_to", &GroupSelector::name(group)))?;
                Ok(Some(group.to_ref()))
            }
            (_, None) => Ok(None),
            (other, Some(_)) => {
                Err(Error::invalid("restricted_to", format!("a comment that is {other} is not restricted"))
                    .with_hint("leave it out, or make the comment restricted"))
            }
        }
    }
}
