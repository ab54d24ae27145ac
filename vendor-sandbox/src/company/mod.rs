//! One small synthetic company, in no vendor's terms.
//!
//! Every vendor's sandbox and the in-memory provider are seeded with the same [`Company`], so that
//! what providers read can be compared across vendors. People, groups and tickets refer to each
//! other by `key`; each sandbox makes its own ids from them. Times are UTC, whole seconds, in
//! January 2026.

mod people;
mod tickets;

use chrono::{DateTime, NaiveDate, Utc};

/// People, groups, customers and their tickets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Company {
    /// Staff, and the one integration user.
    pub people: Vec<Person>,
    /// Teams of staff.
    pub groups: Vec<Group>,
    /// Customers.
    pub accounts: Vec<Account>,
    /// People at customers.
    pub contacts: Vec<Contact>,
    /// Everything that was ever reported, oldest first.
    pub tickets: Vec<Ticket>,
}

/// A member of staff, or a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Name within the company data; also the login name.
    pub key: String,
    /// Display name; two people may share one.
    pub name: String,
    /// Address; two people may share one.
    pub email: String,
    /// Job title.
    pub title: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// False for people who left.
    pub active: bool,
    /// True for programs.
    pub bot: bool,
    /// When the person was added.
    pub created_at: DateTime<Utc>,
    /// When the person was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A team.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name within the company data.
    pub key: String,
    /// Display name, unique.
    pub name: String,
    /// What the team does.
    pub description: String,
    /// Shared address.
    pub email: Option<String>,
    /// False for dissolved teams.
    pub active: bool,
    /// Key of the group above.
    pub parent: Option<String>,
    /// Key of the person in charge.
    pub lead: Option<String>,
    /// Keys of people.
    pub members: Vec<String>,
    /// When the group was added.
    pub created_at: DateTime<Utc>,
    /// When the group was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Name within the company data.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Internet domain.
    pub domain: String,
    /// When the account was added.
    pub created_at: DateTime<Utc>,
    /// When the account was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A person at a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// Name within the company data.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Key of the account, if there is one.
    pub account: Option<String>,
    /// False for people who left.
    pub active: bool,
    /// When the contact was added.
    pub created_at: DateTime<Utc>,
    /// When the contact was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Somebody who can ask for something: staff or contact, by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// Key of a [`Person`].
    Person(String),
    /// Key of a [`Contact`].
    Contact(String),
}

/// What kind of work a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something is broken.
    Incident,
    /// The cause behind incidents.
    Problem,
    /// A planned change.
    Change,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody works on it yet.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Waiting, for this reason.
    OnHold(HoldReason),
    /// Answered; may come back.
    Resolved,
    /// Final.
    Closed,
    /// Withdrawn.
    Cancelled,
}

/// What a waiting ticket waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// The person who asked.
    Requester,
    /// The cause to be found.
    Problem,
    /// A third party.
    Vendor,
    /// A planned change.
    Change,
}

/// How urgent a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Drop everything.
    Urgent,
    /// Today.
    High,
    /// In its turn.
    Normal,
    /// When there is time.
    Low,
    /// Whenever.
    Lowest,
}

/// One ticket with everything that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Name within the company data.
    pub key: String,
    /// What kind of work it is.
    pub kind: Kind,
    /// One line, any script.
    pub title: String,
    /// Several lines, plain text that reads as Markdown.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// How it ended: a code and a text; only for resolved and closed tickets.
    pub resolution: Option<(String, String)>,
    /// How urgent it is.
    pub priority: Priority,
    /// Who asked; staff or contact.
    pub requester: Option<Party>,
    /// Key of the person who entered it.
    pub creator: String,
    /// Key of the person who has it.
    pub assignee: Option<String>,
    /// Key of the group that has it.
    pub group: Option<String>,
    /// Key of the customer.
    pub account: Option<String>,
    /// Key of the ticket that this one is part of.
    pub parent: Option<String>,
    /// Key of the ticket that this one repeats.
    pub duplicate_of: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Keys of people who follow it.
    pub watchers: Vec<String>,
    /// Id of the ticket in another product.
    pub external_id: Option<String>,
    /// The day by which it should be done.
    pub due: Option<NaiveDate>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was answered.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it became final, by being closed or withdrawn.
    pub closed_at: Option<DateTime<Utc>>,
    /// What was said, oldest first.
    pub comments: Vec<Comment>,
    /// Files, oldest first.
    pub attachments: Vec<Attachment>,
    /// What was changed, oldest first.
    pub history: Vec<Change>,
}

/// Something said on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// Key of the person.
    pub author: String,
    /// Plain text.
    pub body: String,
    /// True when the requester may read it.
    pub public: bool,
    /// When it was said.
    pub created_at: DateTime<Utc>,
}

/// A file on a ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// Name with extension.
    pub file_name: String,
    /// Media type.
    pub content_type: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// Key of the person.
    pub author: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// One field of one ticket, changed once.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Key of the person.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Which field.
    pub field: ChangedField,
}

/// The change itself, from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangedField {
    /// The ticket moved on.
    Status(Status, Status),
    /// Another person took it, by key.
    Assignee(Option<String>, Option<String>),
    /// Its urgency changed.
    Priority(Priority, Priority),
}

impl Company {
    /// The company that every sandbox starts with: 8 people (one who left and still has a ticket,
    /// one program, a shared name, a shared address), 4 groups, 2 accounts, 3 contacts, 14 tickets.
    ///
    /// ```
    /// let company = vendor_sandbox::company::Company::standard();
    /// assert_eq!(company.tickets.len(), 14);
    /// assert!(company.people.iter().any(|person| person.bot));
    /// ```
    pub fn standard() -> Self {
        Self {
            people: people::people(),
            groups: people::groups(),
            accounts: people::accounts(),
            contacts: people::contacts(),
            tickets: tickets::tickets(),
        }
    }
}

/// A moment in January 2026, UTC.
fn january(day: u32, hour: u32, minute: u32, second: u32) -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2026, 1, day)
        .and_then(|date| date.and_hms_opt(hour, minute, second))
        .unwrap_or_default()
        .and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reference_resolves() {
        let company = Company::standard();
        let people: HashSet<_> = company.people.iter().map(|p| p.key.as_str()).collect();
        let groups: HashSet<_> = company.groups.iter().map(|g| g.key.as_str()).collect();
        let contacts: HashSet<_> = company.contacts.iter().map(|c| c.key.as_str()).collect();
        let accounts: HashSet<_> = company.accounts.iter().map(|a| a.key.as_str()).collect();
        let tickets: HashSet<_> = company.tickets.iter().map(|t| t.key.as_str()).collect();
        for group in &company.groups {
            assert!(group.members.iter().all(|key| people.contains(key.as_str())));
            assert!(group.parent.iter().all(|key| groups.contains(key.as_str())));
            assert!(group.lead.iter().all(|key| people.contains(key.as_str())));
        }
        for contact in &company.contacts {
            assert!(contact.account.iter().all(|key| accounts.contains(key.as_str())));
        }
        for ticket in &company.tickets {
            match &ticket.requester {
                Some(Party::Person(key)) => assert!(people.contains(key.as_str()), "{key}"),
                Some(Party::Contact(key)) => assert!(contacts.contains(key.as_str()), "{key}"),
                None => {}
            }
            assert!(people.contains(ticket.creator.as_str()));
            assert!(ticket.assignee.iter().all(|key| people.contains(key.as_str())));
            assert!(ticket.group.iter().all(|key| groups.contains(key.as_str())));
            assert!(ticket.account.iter().all(|key| accounts.contains(key.as_str())));
            assert!(ticket.parent.iter().all(|key| tickets.contains(key.as_str())));
            assert!(ticket.duplicate_of.iter().all(|key| tickets.contains(key.as_str())));
            assert!(ticket.watchers.iter().all(|key| people.contains(key.as_str())));
            assert!(ticket.comments.iter().all(|c| people.contains(c.author.as_str())));
            assert!(ticket.created_at <= ticket.updated_at, "{}", ticket.key);
        }
    }

    #[test]
    fn the_awkward_cases_are_all_there() {
        let company = Company::standard();
        let tickets = &company.tickets;
        let inactive: Vec<_> = company.people.iter().filter(|p| !p.active).collect();
        assert_eq!(inactive.len(), 1);
        assert!(tickets.iter().any(|t| t.assignee.as_deref() == Some(&inactive[0].key)));
        let distinct = |values: Vec<&str>| values.into_iter().collect::<HashSet<_>>().len();
        assert_eq!(distinct(company.people.iter().map(|p| p.name.as_str()).collect()), 7);
        assert_eq!(distinct(company.people.iter().map(|p| p.email.as_str()).collect()), 7);
        let statuses: HashSet<_> = tickets.iter().map(|t| std::mem::discriminant(&t.status)).collect();
        assert_eq!(statuses.len(), 6);
        let priorities: HashSet<_> = tickets.iter().map(|t| std::mem::discriminant(&t.priority)).collect();
        assert_eq!(priorities.len(), 5);
        assert!(tickets.iter().any(|t| t.assignee.is_none()));
        assert!(tickets.iter().any(|t| t.title.contains('^') && t.title.contains('@')));
        let mut seconds = std::collections::HashMap::new();
        for ticket in tickets {
            *seconds.entry(ticket.updated_at).or_insert(0) += 1;
        }
        assert!(seconds.values().any(|n| *n >= 3));
        for kind in [Kind::Problem, Kind::Change] {
            assert_eq!(tickets.iter().filter(|t| t.kind == kind).count(), 1);
        }
    }
}
