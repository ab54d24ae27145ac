//! Links: kept once, seen from both ends. Parts of a ticket are links too, and kept in the part's `parent`.

use ticketing_core::model::{Link, LinkCategory, LinkType, Native, Ref, Ticket};
use ticketing_core::request::{AddLink, LinkTarget, ListLinks, RemoveLink};
use ticketing_core::{Error, ErrorKind, LinkId, Operation, Page, Result, TicketId};

use crate::create::not_a_ticket;
use crate::map::ticket_ref;
use crate::paging::Window;
use crate::session::Session;
use crate::store::{LinkEnd, StoredLink};

/// The ids of links that are kept in the part's `parent`: this, then the part's id.
const PART: &str = "part-";

impl Session<'_> {
    pub(crate) fn list_links(&self, request: &ListLinks) -> Result<Page<Link>> {
        let ticket = self.state.ticket(&request.ticket)?;
        let codec = self.codec(Operation::ListLinks, &ticket.id);
        let links = self.links_of(ticket).into_iter().map(|link| (link.id.to_string(), link));
        Window::new(&codec, request.cursor.as_ref(), request.page_size).page(links)
    }

    pub(crate) fn add_link(&mut self, request: &AddLink) -> Result<Link> {
        let ticket = self.state.ticket(&request.ticket)?.clone();
        let native = native_type(request)?;
        let to = self.link_end(&ticket, &request.target)?;
        let id = match (request.category, &to) {
            (LinkCategory::ParentOf, LinkEnd::Ticket(part)) => self.make_part(part, &ticket.id)?,
            (LinkCategory::ChildOf, LinkEnd::Ticket(whole)) => self.make_part(&ticket.id, whole)?,
            (category, _) => {
                let links = self.state.links.values();
                let same = |link: &&StoredLink| {
                    let seen = link.category == category && link.from == ticket.id && link.to == to;
                    let inverse = link.category == category.inverse()
                        && link.to == LinkEnd::Ticket(ticket.id.clone())
                        && to == LinkEnd::Ticket(link.from.clone());
                    (seen || inverse) && link.native == native
                };
                if let Some(before) = links.into_iter().find(same) {
                    return Err(Error::new(
                        ErrorKind::AlreadyExists,
                        format!("the link is there already: `{}`", before.id),
                    )
                    .with_hint("use that one"));
                }
                let id = LinkId::from(self.state.next_id("link"));
                let link = StoredLink {
                    id: id.clone(),
                    category,
                    native,
                    from: ticket.id.clone(),
                    to,
                    created_at: Some(self.now),
                };
                self.state.links.insert(id.clone(), link);
                self.state.touch_ticket(&ticket.id, self.now);
                id
            }
        };
        self.link(&ticket.id, &id)
    }

    pub(crate) fn remove_link(&mut self, request: &RemoveLink) -> Result<()> {
        let ticket = self.state.ticket(&request.ticket)?.id.clone();
        self.link(&ticket, &request.id)?;
        if let Some(part) = request.id.as_str().strip_prefix(PART) {
            if let Some(before) = self.state.tickets.get(part).cloned() {
                let after = Ticket { parent: None, ..before.clone() };
                let author = self.me();
                self.state.commit_ticket(&before, after, author, self.now);
            }
            return Ok(());
        }
        self.state.links.remove(&request.id);
        self.state.touch_ticket(&ticket, self.now);
        Ok(())
    }

    fn link(&self, ticket: &TicketId, id: &LinkId) -> Result<Link> {
        let ticket = self.state.ticket(ticket)?;
        self.links_of(ticket).into_iter().find(|link| link.id == *id).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no link `{id}` on the ticket `{}`", ticket.id))
                .with_hint("check the id against what `list_links` gives")
        })
    }

    /// The links of a ticket, as seen from it. Those to tickets that are gone are gone with them.
    fn links_of(&self, ticket: &Ticket) -> Vec<Link> {
        let part = |part: &Ticket, category: LinkCategory, other: &Ticket| Link {
            id: LinkId::from(format!("{PART}{}", part.id)),
            link_type: LinkType { category, native: Native::new(category.as_str()) },
            ticket: ticket_ref(ticket),
            target: Some(ticket_ref(other)),
            url: None,
            title: None,
            created_at: None,
        };
        let whole = ticket.parent.as_ref().and_then(|parent| self.state.tickets.get(&parent.id));
        let parts = self
            .state
            .tickets
            .iter()
            .filter(|other| other.parent.as_ref().is_some_and(|parent| parent.id == ticket.id.as_str()));
        whole
            .map(|whole| part(ticket, LinkCategory::ChildOf, whole))
            .into_iter()
            .chain(parts.map(|other| part(other, LinkCategory::ParentOf, other)))
            .chain(self.state.links.values().filter_map(|link| self.seen_from(ticket, link)))
            .collect()
    }

    fn seen_from(&self, ticket: &Ticket, link: &StoredLink) -> Option<Link> {
        let seen = |category: LinkCategory, target: Option<Ref>, url: Option<String>, title: Option<String>| Link {
            id: link.id.clone(),
            // Seen from the other end, a type of its own has no other name.
            link_type: LinkType {
                category,
                native: Native::new(if category == link.category { &link.native } else { category.as_str() }),
            },
            ticket: ticket_ref(ticket),
            target,
            url,
            title,
            created_at: link.created_at,
        };
        let other = |id: &TicketId| self.state.tickets.get(id.as_str()).map(ticket_ref);
        match &link.to {
            LinkEnd::Address { url, title } if link.from == ticket.id => {
                Some(seen(link.category, None, Some(url.clone()), title.clone()))
            }
            LinkEnd::Ticket(to) if link.from == ticket.id => Some(seen(link.category, Some(other(to)?), None, None)),
            LinkEnd::Ticket(to) if *to == ticket.id => {
                Some(seen(link.category.inverse(), Some(other(&link.from)?), None, None))
            }
            _ => None,
        }
    }

    fn link_end(&self, ticket: &Ticket, target: &LinkTarget) -> Result<LinkEnd> {
        match LinkEnd::from(target.clone()) {
            LinkEnd::Ticket(id) => {
                let target = self.state.ticket(&id).map_err(|error| not_a_ticket("target", &error))?;
                if target.id == ticket.id {
                    return Err(Error::invalid("target", "it is the ticket itself").with_hint("name another"));
                }
                Ok(LinkEnd::Ticket(target.id.clone()))
            }
            LinkEnd::Address { url, title } => {
                crate::webhook::check_address("target", &url)?;
                Ok(LinkEnd::Address { url, title })
            }
        }
    }

    fn make_part(&mut self, part: &TicketId, whole: &TicketId) -> Result<LinkId> {
        let before = self.state.ticket(part)?.clone();
        if let Some(parent) = &before.parent {
            return Err(Error::new(ErrorKind::Conflict, format!("`{part}` is part of `{}` already", parent.id))
                .with_field("target")
                .with_hint("remove that link first"));
        }
        let parent = self.parent("target", part, whole)?;
        let author = self.me();
        self.state.commit_ticket(&before, Ticket { parent: Some(parent), ..before.clone() }, author, self.now);
        Ok(LinkId::from(format!("{PART}{part}")))
    }
}

impl From<LinkTarget> for LinkEnd {
    fn from(target: LinkTarget) -> Self {
        match target {
            LinkTarget::Ticket(id) => Self::Ticket(id),
            LinkTarget::Url { url, title } => Self::Address { url, title },
            // `LinkTarget` may grow; what is not known here is an address that no check lets through.
            _ => Self::Address { url: String::new(), title: None },
        }
    }
}

/// The native type of a new link: the category's own, or one that is named where the category leaves a choice.
fn native_type(request: &AddLink) -> Result<String> {
    match (&request.native_type, request.category) {
        (Some(native), _) if !native.trim().is_empty() => Ok(native.clone()),
        (None, category) if category != LinkCategory::Other => Ok(category.as_str().to_owned()),
        _ => Err(Error::invalid("native_type", "a link of another type must say of which").with_hint("name the type")),
    }
}
