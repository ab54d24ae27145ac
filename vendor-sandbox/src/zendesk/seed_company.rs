//! The shared company as a Zendesk account: staff, teams, customers and their tickets.
//!
//! What Zendesk cannot hold is left out: groups above groups, tickets within tickets, duplicates. Two things
//! stand as an import may have brought them, though the API would refuse them today: two receptionists share
//! an address, and an assigned ticket is still `new`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Value, json};

use super::catalogue::{CANCELLED, FORM, RESOLUTION, RESOLUTION_NOTES, WAITING_FOR_VENDOR, default_status};
use super::html;
use super::model::{
    Attachment, Audit, Comment, Event, Group, Membership, Organization, Priority, Role, Status, Ticket, User,
};
use super::world::World;
use crate::company::{self, ChangedField, Company, HoldReason, Kind, Party};
use crate::content::Content;
use crate::random::stable_id;

/// Ids of people, and of everything else of the company.
const USER: u64 = 40_000_000_000_001;
const GROUP: u64 = 41_000_000_000_001;
const ORGANIZATION: u64 = 41_500_000_000_001;

/// Ids by key.
struct Ids {
    people: HashMap<String, u64>,
    groups: HashMap<String, u64>,
    accounts: HashMap<String, u64>,
}

impl Ids {
    fn person(&self, key: &str) -> u64 {
        self.people.get(key).copied().unwrap_or(USER)
    }
}

/// Fills a fresh account.
pub(crate) fn seed(world: &mut World, company: &Company) {
    let people = company.people.iter().map(|own| &own.key).chain(company.contacts.iter().map(|own| &own.key));
    let ids = Ids {
        people: people.cloned().zip(USER..).collect(),
        groups: company.groups.iter().map(|own| own.key.clone()).zip(GROUP..).collect(),
        accounts: company.accounts.iter().map(|own| own.key.clone()).zip(ORGANIZATION..).collect(),
    };
    self::people(world, company, &ids);
    for (ticket, id) in company.tickets.iter().zip(1..) {
        let ticket = self::ticket(world, &ids, ticket, id);
        world.seed_ticket(ticket);
    }
}

fn people(world: &mut World, company: &Company, ids: &Ids) {
    for person in &company.people {
        let id = ids.person(&person.key);
        let user = User {
            id,
            key: person.key.clone(),
            name: person.name.clone(),
            email: Some(person.email.clone()),
            other_emails: Vec::new(),
            role: if person.key == "admin" { Role::Admin } else { Role::Agent },
            active: true,
            // Who left is suspended: a deleted agent could not keep the ticket.
            suspended: !person.active,
            light: false,
            phone: person.phone.clone(),
            zone: person.time_zone.clone(),
            organization: None,
            // What the company calls them: there are no login names (wire B7).
            external_id: Some(person.key.clone()),
            notes: None,
            details: person.title.clone(),
            tags: Vec::new(),
            created: person.created_at,
            updated: person.updated_at,
        };
        world.users.insert(id, user);
    }
    for group in &company.groups {
        let id = ids.groups.get(&group.key).copied().unwrap_or(GROUP);
        let own = Group {
            id,
            name: group.name.clone(),
            description: group.description.clone(),
            deleted: !group.active,
            default: id == GROUP,
            created: group.created_at,
            updated: group.updated_at,
        };
        world.groups.insert(id, own);
        for member in &group.members {
            let user = ids.person(member);
            let default = world.groups_of(user).is_empty();
            let own = Membership { id: world.new_id(), user, of: id, default, created: group.created_at };
            world.memberships.insert(own.id, own);
        }
    }
    for account in &company.accounts {
        let id = ids.accounts.get(&account.key).copied().unwrap_or(ORGANIZATION);
        let own = Organization {
            id,
            name: account.name.clone(),
            domains: vec![account.domain.clone()],
            external_id: None,
            details: None,
            notes: None,
            group: None,
            tags: Vec::new(),
            shared_tickets: false,
            shared_comments: false,
            fields: BTreeMap::new(),
            deleted: false,
            created: account.created_at,
            updated: account.updated_at,
        };
        world.organizations.insert(id, own);
    }
    for contact in &company.contacts {
        let id = ids.person(&contact.key);
        let organization = contact.account.as_ref().and_then(|key| ids.accounts.get(key)).copied();
        let user = User {
            id,
            key: contact.key.clone(),
            name: contact.name.clone(),
            email: Some(contact.email.clone()),
            other_emails: Vec::new(),
            role: Role::EndUser,
            active: true,
            suspended: !contact.active,
            light: false,
            phone: contact.phone.clone(),
            zone: None,
            organization,
            external_id: None,
            notes: None,
            details: None,
            tags: Vec::new(),
            created: contact.created_at,
            updated: contact.updated_at,
        };
        world.users.insert(id, user);
        if let Some(of) = organization {
            let own = Membership { id: world.new_id(), user: id, of, default: true, created: contact.created_at };
            world.organization_memberships.insert(own.id, own);
        }
    }
}

/// A status of the company, and the custom status that says more.
fn status(of: company::Status) -> (Status, u64) {
    let plain = |status| (status, default_status(status));
    match of {
        company::Status::Open => plain(Status::New),
        company::Status::InProgress => plain(Status::Open),
        company::Status::OnHold(HoldReason::Requester) => plain(Status::Pending),
        company::Status::OnHold(HoldReason::Vendor) => (Status::Hold, WAITING_FOR_VENDOR),
        company::Status::OnHold(_) => plain(Status::Hold),
        company::Status::Resolved => plain(Status::Solved),
        company::Status::Closed => plain(Status::Closed),
        company::Status::Cancelled => (Status::Closed, CANCELLED),
    }
}

fn priority(of: company::Priority) -> Priority {
    match of {
        company::Priority::Urgent => Priority::Urgent,
        company::Priority::High => Priority::High,
        company::Priority::Normal => Priority::Normal,
        company::Priority::Low | company::Priority::Lowest => Priority::Low,
    }
}

/// Lower case and without blanks (wire C).
pub(crate) fn tag(text: &str) -> String {
    text.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

fn comment(world: &mut World, author: u64, text: &str, public: bool, created: DateTime<Utc>) -> Comment {
    Comment {
        id: world.new_id(),
        author,
        body: text.to_owned(),
        html: html::from_plain_markdown(text),
        public,
        attachments: Vec::new(),
        audit: 0,
        custom: Value::Null,
        via: "web",
        created,
    }
}

fn ticket(world: &mut World, ids: &Ids, own: &company::Ticket, id: u64) -> Ticket {
    let submitter = ids.person(&own.creator);
    let requester = match &own.requester {
        Some(Party::Person(key) | Party::Contact(key)) => ids.person(key),
        // Nobody is not possible: whoever enters a ticket for nobody is the requester.
        None => submitter,
    };
    let (status, custom_status) = status(own.status);
    let kind = match own.kind {
        Kind::Incident => "incident",
        Kind::Problem => "problem",
        Kind::Change => "task",
    };
    let mut custom = BTreeMap::new();
    if let Some((code, notes)) = &own.resolution {
        custom.insert(RESOLUTION, json!(code));
        custom.insert(RESOLUTION_NOTES, json!(notes));
    }
    let mut comments = vec![comment(world, submitter, &own.description, true, own.created_at)];
    for said in &own.comments {
        comments.push(comment(world, ids.person(&said.author), &said.body, said.public, said.created_at));
    }
    for file in &own.attachments {
        let by = ids.person(&file.author);
        let attachment = Attachment {
            id: world.new_id(),
            token: stable_id("attachment", &format!("{id}:{}", file.file_name)),
            file_name: file.file_name.clone(),
            content_type: file.content_type.clone(),
            content: Content::Memory(file.content.clone().into()),
            redacted: false,
        };
        // Files hang on comments: on the last that the same person wrote before.
        let place = comments.iter().rposition(|said| said.author == by && said.created <= file.created_at);
        if let Some(said) = comments.get_mut(place.unwrap_or(0)) {
            said.attachments.push(attachment);
        }
    }
    let moved = own.history.iter().filter(|change| matches!(change.field, ChangedField::Status(..)));
    let assigned = own.history.iter().filter(|change| matches!(change.field, ChangedField::Assignee(..)));
    let assigned_at = assigned.map(|change| change.at).next_back().unwrap_or(own.created_at);
    let mut ticket = Ticket {
        id,
        external_id: own.external_id.clone(),
        created: own.created_at,
        updated: own.updated_at,
        generated: own.updated_at,
        kind: Some(kind),
        subject: own.title.clone(),
        description: own.description.clone(),
        priority: Some(priority(own.priority)),
        status,
        custom_status,
        requester,
        submitter,
        assignee: own.assignee.as_deref().map(|key| ids.person(key)),
        organization: own.account.as_ref().and_then(|key| ids.accounts.get(key)).copied(),
        group: own.group.as_ref().and_then(|key| ids.groups.get(key)).copied(),
        followers: own.watchers.iter().map(|key| ids.person(key)).collect(),
        email_ccs: Vec::new(),
        problem: None,
        // wire B3.2: tasks alone have one.
        due: own.due.filter(|_| kind == "task").map(|day| day.and_time(NaiveTime::MIN).and_utc()),
        tags: own.tags.iter().map(|own| tag(own)).collect::<BTreeSet<_>>().into_iter().collect(),
        custom,
        form: FORM,
        via: "web",
        follows: None,
        followups: Vec::new(),
        is_public: true,
        comments,
        audits: Vec::new(),
        assigned_at: own.assignee.as_ref().map(|_| assigned_at),
        status_at: own.closed_at.or(own.resolved_at).or(moved.map(|own| own.at).next_back()).unwrap_or(own.created_at),
        solved_at: own.resolved_at.or(own.closed_at),
        deleted: None,
        archived: false,
        hidden_from: Vec::new(),
    };
    ticket.audits = audits(world, ids, own, &mut ticket);
    ticket
}

fn id_text(id: Option<u64>) -> Value {
    id.map_or(Value::Null, |id| Value::from(id.to_string()))
}

fn change(ids: &Ids, field: &ChangedField) -> (&'static str, Value, Value) {
    let person = |key: &Option<String>| id_text(key.as_deref().map(|key| ids.person(key)));
    match field {
        ChangedField::Status(from, to) => ("status", json!(status(*from).0.name()), json!(status(*to).0.name())),
        ChangedField::Priority(from, to) => ("priority", json!(priority(*from).name()), json!(priority(*to).name())),
        ChangedField::Assignee(from, to) => ("assignee_id", person(from), person(to)),
    }
}

/// What happened, by whom and when: one audit for each moment (wire B3.5).
fn audits(world: &mut World, ids: &Ids, own: &company::Ticket, ticket: &mut Ticket) -> Vec<Audit> {
    let mut first = BTreeMap::from([
        ("subject", json!(ticket.subject)),
        ("type", json!(ticket.kind)),
        ("priority", json!(ticket.priority.map(Priority::name))),
        ("status", json!(ticket.status.name())),
        ("requester_id", id_text(Some(ticket.requester))),
        ("assignee_id", id_text(ticket.assignee)),
        ("group_id", id_text(ticket.group)),
        ("tags", json!(ticket.tags)),
    ]);
    // What was so from the first moment was no change.
    let later = || own.history.iter().filter(|change| change.at > own.created_at);
    for change in later().rev() {
        let (field, from, _) = self::change(ids, &change.field);
        first.insert(field, from);
    }
    let created = first.into_iter().filter(|(_, value)| !value.is_null());
    let created: Vec<Event> = created.map(|(field, value)| Event::Create { field: field.to_owned(), value }).collect();
    let mut moments: BTreeMap<(DateTime<Utc>, u64), Vec<Event>> = BTreeMap::new();
    moments.insert((own.created_at, ticket.submitter), created);
    for comment in &ticket.comments {
        moments.entry((comment.created, comment.author)).or_default().push(Event::Comment(comment.id));
    }
    for change in later() {
        let (field, previous, value) = self::change(ids, &change.field);
        let event = Event::Change { field: field.to_owned(), value, previous };
        moments.entry((change.at, ids.person(&change.author))).or_default().push(event);
    }
    let mut audits = Vec::new();
    for ((created, author), events) in moments {
        let id = world.new_id();
        for event in &events {
            if let Event::Comment(own) = event {
                let comments = ticket.comments.iter_mut().filter(|comment| comment.id == *own);
                comments.for_each(|comment| comment.audit = id);
            }
        }
        let events = events.into_iter().map(|event| (world.new_id(), event)).collect();
        audits.push(Audit { id, author, created, via: "web", events });
    }
    audits
}
