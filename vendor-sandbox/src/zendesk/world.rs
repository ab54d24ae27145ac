//! Everything in an account that changes, with earlier versions of tickets for searches that lag.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::model::{Group, Membership, Organization, Ticket, Upload, User};

/// Earlier versions kept.
const PAST: usize = 20_000;

/// Ids of what is created later start here; those of tickets are small (wire B13).
const FIRST_ID: u64 = 50_000_000_000_001;

/// A ticket as it was until `until`; `None` while it did not exist.
#[derive(Debug, Clone)]
struct Past {
    until: DateTime<Utc>,
    id: u64,
    before: Option<Arc<Ticket>>,
}

/// An answer kept for its `Idempotency-Key` (wire B8).
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) at: DateTime<Utc>,
    /// SHA-256 of the request's body.
    pub(crate) digest: [u8; 32],
    pub(crate) answer: serde_json::Value,
    pub(crate) location: String,
}

/// Where a ticket stands in an ordered list: a sort value, and the id.
pub(crate) type Key = (i64, u64);

/// The lists of tickets that are kept in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Id,
    Updated,
    /// Deleted and archived tickets too (wire B6).
    Generated,
}

/// People, organisations and tickets of one account.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) users: BTreeMap<u64, User>,
    pub(crate) groups: BTreeMap<u64, Group>,
    pub(crate) memberships: BTreeMap<u64, Membership>,
    pub(crate) organizations: BTreeMap<u64, Organization>,
    pub(crate) organization_memberships: BTreeMap<u64, Membership>,
    tickets: BTreeMap<u64, Arc<Ticket>>,
    by_updated: BTreeSet<Key>,
    by_generated: BTreeSet<Key>,
    past: VecDeque<Past>,
    pub(crate) uploads: HashMap<String, Upload>,
    /// The ticket of each attachment.
    pub(crate) attachments: HashMap<u64, u64>,
    /// By who sent it, and the key.
    pub(crate) kept: HashMap<(u64, String), Kept>,
    pub(crate) jobs: VecDeque<super::jobs::Job>,
    /// What webhooks have not been told yet.
    pub(crate) happened: Vec<super::webhooks::Happened>,
    /// Incidents by problem.
    incidents: BTreeSet<(u64, u64)>,
    next_ticket: u64,
    next_id: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            memberships: BTreeMap::new(),
            organizations: BTreeMap::new(),
            organization_memberships: BTreeMap::new(),
            tickets: BTreeMap::new(),
            by_updated: BTreeSet::new(),
            by_generated: BTreeSet::new(),
            past: VecDeque::new(),
            uploads: HashMap::new(),
            attachments: HashMap::new(),
            kept: HashMap::new(),
            jobs: VecDeque::new(),
            happened: Vec::new(),
            incidents: BTreeSet::new(),
            next_ticket: 1,
            next_id: FIRST_ID,
        }
    }
}

impl World {
    /// An id that nothing else has.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    pub(crate) fn new_ticket_id(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket - 1
    }

    /// Any ticket, deleted ones too.
    pub(crate) fn ticket(&self, id: u64) -> Option<&Arc<Ticket>> {
        self.tickets.get(&id)
    }

    /// Every ticket there ever was, by id.
    pub(crate) fn tickets(&self) -> impl DoubleEndedIterator<Item = &Arc<Ticket>> {
        self.tickets.values()
    }

    /// Tickets after (or, backwards, before) a place in one of the lists.
    pub(crate) fn walk<'w>(
        &'w self,
        order: Order,
        from: Option<Key>,
        backwards: bool,
    ) -> Box<dyn Iterator<Item = (Key, &'w Arc<Ticket>)> + 'w> {
        let found = |key: &Key| self.tickets.get(&key.1).map(|ticket| (*key, ticket));
        let (low, high) = match (from, backwards) {
            (None, _) => (Bound::Unbounded, Bound::Unbounded),
            (Some(key), false) => (Bound::Excluded(key), Bound::Unbounded),
            (Some(key), true) => (Bound::Unbounded, Bound::Excluded(key)),
        };
        match order {
            Order::Id => {
                let id = |bound: Bound<Key>| bound.map(|key| key.1);
                let range = self.tickets.range((id(low), id(high))).map(|(id, ticket)| ((0, *id), ticket));
                if backwards { Box::new(range.rev()) } else { Box::new(range) }
            }
            Order::Updated | Order::Generated => {
                let index = if order == Order::Updated { &self.by_updated } else { &self.by_generated };
                let range = index.range((low, high));
                if backwards { Box::new(range.rev().filter_map(found)) } else { Box::new(range.filter_map(found)) }
            }
        }
    }

    fn index(&mut self, ticket: &Ticket, add: bool) {
        for (index, at) in [(&mut self.by_updated, ticket.updated), (&mut self.by_generated, ticket.generated)] {
            let key = (at.timestamp(), ticket.id);
            if add {
                index.insert(key);
            } else {
                index.remove(&key);
            }
        }
        if let Some(problem) = ticket.problem.filter(|_| ticket.deleted.is_none()) {
            if add {
                self.incidents.insert((problem, ticket.id));
            } else {
                self.incidents.remove(&(problem, ticket.id));
            }
        }
    }

    /// Puts a ticket there as it always was, without a trace.
    pub(crate) fn seed_ticket(&mut self, ticket: Ticket) -> Arc<Ticket> {
        self.next_ticket = self.next_ticket.max(ticket.id + 1);
        let files = ticket.comments.iter().flat_map(|comment| &comment.attachments);
        self.attachments.extend(files.map(|file| (file.id, ticket.id)));
        self.index(&ticket, true);
        let stored = Arc::new(ticket);
        self.tickets.insert(stored.id, Arc::clone(&stored));
        stored
    }

    /// Stores a new or changed ticket; searches that lag still see the one before.
    pub(crate) fn store(&mut self, ticket: Ticket, now: DateTime<Utc>) -> Arc<Ticket> {
        let before = self.tickets.get(&ticket.id).cloned();
        if let Some(before) = &before {
            self.index(before, false);
        }
        if self.past.len() == PAST {
            self.past.pop_front();
        }
        self.past.push_back(Past { until: now, id: ticket.id, before });
        self.seed_ticket(ticket)
    }

    /// Changes a ticket that exists.
    pub(crate) fn change(&mut self, id: u64, now: DateTime<Utc>, change: impl FnOnce(&mut Ticket)) -> bool {
        let Some(ticket) = self.tickets.get(&id) else { return false };
        let mut ticket = Ticket::clone(ticket);
        change(&mut ticket);
        self.store(ticket, now);
        true
    }

    /// Tickets that looked different at a moment, as they looked then; `None` for those that were not there.
    pub(crate) fn differences_since(&self, at: DateTime<Utc>) -> HashMap<u64, Option<Arc<Ticket>>> {
        let mut then = HashMap::new();
        for past in self.past.iter().rev().take_while(|past| past.until > at) {
            then.insert(past.id, past.before.clone());
        }
        then
    }

    /// The user of a key of the company, or of an address.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        let by_key = self.users.values().find(|user| !user.key.is_empty() && user.key == name);
        by_key.or_else(|| self.user_by_email(name))
    }

    pub(crate) fn user_by_email(&self, email: &str) -> Option<&User> {
        self.users.values().find(|user| user.active && user.has_email(email))
    }

    /// Groups of an agent, the default one first.
    pub(crate) fn groups_of(&self, user: u64) -> Vec<u64> {
        let mut own: Vec<&Membership> = self.memberships.values().filter(|own| own.user == user).collect();
        own.sort_by_key(|own| (!own.default, own.id));
        own.into_iter().map(|own| own.of).collect()
    }

    /// Organisations of somebody, the default one first.
    pub(crate) fn organizations_of(&self, user: u64) -> Vec<u64> {
        let mut own: Vec<&Membership> = self.organization_memberships.values().filter(|own| own.user == user).collect();
        own.sort_by_key(|own| (!own.default, own.id));
        own.into_iter().map(|own| own.of).collect()
    }

    pub(crate) fn incidents_of(&self, problem: u64) -> impl Iterator<Item = u64> + '_ {
        self.incidents.range((problem, 0)..=(problem, u64::MAX)).map(|own| own.1)
    }
}
