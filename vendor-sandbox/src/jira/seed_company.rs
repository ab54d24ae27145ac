//! The shared company as a Jira site: staff, teams, a service desk with its tickets, a software project.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::catalogue::{
    ASSIGNED_GROUP, DUPLICATE, EXTERNAL_ID, INCIDENT, INCIDENT_SUBTASK, ORGANIZATIONS, RESOLUTION_NOTES, RESOLUTIONS,
    SERVICE_REQUEST, priority_for, priority_name, status_for, status_of, type_for,
};
use super::model::{
    Attachment, ChangeItem, Comment, Component, Custom, Group, Issue, Link, Organization, Project, User, Version,
};
use super::rich_text::RichText;
use super::settings::Flavour;
use super::world::World;
use crate::company::{ChangedField, Company, Party, Status, Ticket};
use crate::content::Content;
use crate::random::stable_id;

/// The service desk; every ticket of the company is in it.
pub(crate) const DESK: u64 = 10_000;
/// A software project whose key is a reserved word of JQL (wire A5).
pub(crate) const SOFTWARE: u64 = 10_001;

/// `712020:` and a UUID, as new accounts have (wire A7).
pub(crate) fn account_id(key: &str) -> String {
    format!("712020:{}", uuid("account", key))
}

/// A UUID that is always the same for the same name.
pub(crate) fn uuid(kind: &str, key: &str) -> String {
    let hex = stable_id(kind, key);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Fills a fresh site.
pub(crate) fn seed(world: &mut World, company: &Company, flavour: Flavour) {
    people(world, company);
    projects(world);
    let numbers: HashMap<&str, u64> =
        company.tickets.iter().zip(10_001_u64..).map(|(ticket, id)| (ticket.key.as_str(), id)).collect();
    for (ticket, number) in company.tickets.iter().zip(1_u64..) {
        let issue = issue(world, company, ticket, number, &numbers, flavour);
        world.seed_issue(issue);
        if let Some(original) = ticket.duplicate_of.as_ref().and_then(|key| numbers.get(key.as_str())) {
            let id = world.new_id();
            world.links.insert(id, Link { id, link_type: DUPLICATE, inward: 10_000 + number, outward: *original });
        }
    }
    if let Some(desk) = world.projects.first_mut() {
        desk.next = company.tickets.len() as u64 + 1;
    }
}

fn people(world: &mut World, company: &Company) {
    let staff = company.people.iter().map(|person| User {
        account_id: account_id(&person.key),
        name: person.key.clone(),
        key: String::new(),
        account_type: if person.bot { "app" } else { "atlassian" },
        display_name: person.name.clone(),
        email: person.email.clone(),
        email_hidden: false,
        active: person.active,
        zone: person.time_zone.as_ref().and_then(|zone| zone.parse().ok()),
        admin: person.key == "admin",
    });
    let customers = company.contacts.iter().map(|contact| User {
        account_id: account_id(&contact.key),
        name: contact.email.clone(),
        key: String::new(),
        account_type: "customer",
        display_name: contact.name.clone(),
        email: contact.email.clone(),
        email_hidden: false,
        active: contact.active,
        zone: None,
        admin: false,
    });
    world.users = staff.chain(customers).collect();
    for (user, number) in world.users.iter_mut().zip(10_100..) {
        user.key = format!("JIRAUSER{number}");
    }
    let team =
        |key: &str, name: &str, members: Vec<String>| Group { id: uuid("group", key), name: name.to_owned(), members };
    world.groups = company
        .groups
        .iter()
        .map(|group| team(&group.key, &group.name, group.members.iter().map(|key| account_id(key)).collect()))
        .collect();
    let everybody =
        company.people.iter().filter(|person| person.active).map(|person| account_id(&person.key)).collect();
    world.groups.push(team("jira-users", "jira-users", everybody));
    world.groups.push(team("jira-administrators", "jira-administrators", vec![account_id("admin")]));
    world.organizations = company
        .accounts
        .iter()
        .zip(1..)
        .map(|(account, id)| {
            let own = company.contacts.iter().filter(|contact| contact.account.as_ref() == Some(&account.key));
            let members = own.map(|contact| account_id(&contact.key)).collect();
            Organization { id, name: account.name.clone(), members }
        })
        .collect();
}

fn projects(world: &mut World) {
    let component = |id, name: &str, description: &str| Component {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
    };
    let version = |id, name: &str, released| Version {
        id,
        name: name.to_owned(),
        released,
        release_date: chrono::NaiveDate::from_ymd_opt(2026, 1, 31).filter(|_| released),
    };
    let desk = Project {
        id: DESK,
        key: "HELP".to_owned(),
        name: "Help Desk".to_owned(),
        description: "Everything that goes wrong".to_owned(),
        type_key: "service_desk",
        lead: account_id("itil"),
        issue_types: vec![
            INCIDENT,
            super::catalogue::PROBLEM,
            super::catalogue::CHANGE,
            SERVICE_REQUEST,
            INCIDENT_SUBTASK,
        ],
        components: vec![
            component(10_500, "Network", "Cables and what is at their ends"),
            component(10_501, "Office", ""),
        ],
        versions: Vec::new(),
        next: 1,
        public: false,
        hidden_from: Vec::new(),
    };
    let software = Project {
        id: SOFTWARE,
        key: "IT".to_owned(),
        name: "Internal Tools".to_owned(),
        description: String::new(),
        type_key: "software",
        lead: account_id("amara.okafor"),
        issue_types: vec![10_000, 10_001, 10_002, 10_003, 10_004],
        components: vec![component(10_510, "Portal", "")],
        versions: vec![version(10_600, "1.0", true), version(10_601, "2.0", false)],
        ..desk.clone()
    };
    world.projects = vec![desk, software];
}

fn party(party: &Party) -> String {
    match party {
        Party::Person(key) | Party::Contact(key) => account_id(key),
    }
}

/// Labels cannot hold blanks (wire A4.1).
fn label(tag: &str) -> String {
    tag.replace(' ', "_")
}

fn rich(text: &str, flavour: Flavour) -> RichText {
    let document = RichText::from_markdown(text);
    match flavour {
        Flavour::Cloud => document,
        Flavour::DataCenter => RichText::Wiki(document.to_wiki()),
    }
}

fn issue(
    world: &mut World,
    company: &Company,
    ticket: &Ticket,
    number: u64,
    numbers: &HashMap<&str, u64>,
    flavour: Flavour,
) -> Issue {
    let resolution = ticket
        .resolution
        .as_ref()
        .map(|(code, _)| RESOLUTIONS.iter().find(|(_, name)| name == code).map_or(10_000, |own| own.0));
    let parent = ticket.parent.as_ref().and_then(|key| numbers.get(key.as_str())).copied();
    let mut custom = BTreeMap::new();
    if let Some(key) = &ticket.group {
        custom.insert(ASSIGNED_GROUP, Custom::Group(uuid("group", key)));
    }
    if let Some(id) = &ticket.external_id {
        custom.insert(EXTERNAL_ID, Custom::Text(id.clone()));
    }
    if let Some((_, notes)) = &ticket.resolution {
        custom.insert(RESOLUTION_NOTES, Custom::Rich(rich(notes, flavour)));
    }
    let account = ticket.account.as_ref().and_then(|key| company.accounts.iter().position(|own| own.key == *key));
    if let Some(position) = account {
        custom.insert(ORGANIZATIONS, Custom::Organizations(vec![position as u64 + 1]));
    }
    let moves = ticket.history.iter().filter(|change| matches!(change.field, ChangedField::Status(..)));
    let ended = ticket.resolved_at.or(ticket.closed_at.filter(|_| ticket.status == Status::Cancelled));
    let category_changed = ended.or(moves.map(|change| change.at).next_back()).unwrap_or(ticket.created_at);
    let mut issue = Issue {
        id: 10_000 + number,
        key: format!("HELP-{number}"),
        project: DESK,
        issue_type: if parent.is_some() { INCIDENT_SUBTASK } else { type_for(ticket.kind) },
        status: status_for(ticket.status),
        resolution,
        priority: Some(priority_for(ticket.priority)),
        summary: ticket.title.clone(),
        description: Some(rich(&ticket.description, flavour)),
        environment: None,
        assignee: ticket.assignee.as_deref().map(account_id),
        reporter: ticket.requester.as_ref().map(party),
        creator: Some(account_id(&ticket.creator)),
        labels: ticket.tags.iter().map(|tag| label(tag)).collect(),
        components: Vec::new(),
        fix_versions: Vec::new(),
        versions: Vec::new(),
        parent,
        due: ticket.due,
        created: ticket.created_at,
        updated: ticket.updated_at,
        resolved: ticket.resolved_at,
        category_changed,
        custom,
        watchers: ticket.watchers.iter().map(|key| account_id(key)).collect(),
        comments: Vec::new(),
        attachments: Vec::new(),
        history: Vec::new(),
        properties: BTreeMap::new(),
        request_type: (type_for(ticket.kind) == INCIDENT && parent.is_none()).then_some(1),
        hidden_from: Vec::new(),
    };
    for comment in &ticket.comments {
        let id = world.new_id();
        issue.comments.push(Comment {
            id,
            author: Some(account_id(&comment.author)),
            update_author: Some(account_id(&comment.author)),
            body: rich(&comment.body, flavour),
            created: comment.created_at,
            updated: comment.created_at,
            visibility: None,
            internal: !comment.public,
            properties: BTreeMap::new(),
        });
    }
    for file in &ticket.attachments {
        let id = world.new_id();
        issue.attachments.push(Attachment {
            id,
            filename: file.file_name.clone(),
            mime_type: file.content_type.clone(),
            author: Some(account_id(&file.author)),
            created: file.created_at,
            content: Content::Memory(file.content.clone().into()),
        });
    }
    for change in &ticket.history {
        let item = seeded_change(world, &change.field);
        let (author, at): (String, DateTime<Utc>) = (account_id(&change.author), change.at);
        world.note(&mut issue, Some(&author), at, vec![item]);
    }
    issue
}

fn seeded_change(world: &World, field: &ChangedField) -> ChangeItem {
    let named = |name: &str, from: (String, String), to: (String, String)| ChangeItem {
        field: name.to_owned(),
        field_type: "jira",
        field_id: Some(name.to_owned()),
        from: Some(from.0),
        from_string: Some(from.1),
        to: Some(to.0),
        to_string: Some(to.1),
    };
    let status = |status: &Status| {
        let id = status_for(*status);
        (id.to_string(), status_of(id).name.to_owned())
    };
    let priority = |priority| {
        let id = priority_for(priority);
        (id.to_string(), priority_name(id).to_owned())
    };
    match field {
        ChangedField::Status(from, to) => named("status", status(from), status(to)),
        ChangedField::Priority(from, to) => named("priority", priority(*from), priority(*to)),
        ChangedField::Assignee(from, to) => {
            let id = |key: &Option<String>| key.as_deref().map(account_id);
            let name = |key: &Option<String>| {
                let user = world.user(&account_id(key.as_deref()?))?;
                Some(user.display_name.clone())
            };
            ChangeItem {
                field: "assignee".to_owned(),
                field_type: "jira",
                field_id: Some("assignee".to_owned()),
                from: id(from),
                from_string: name(from),
                to: id(to),
                to_string: name(to),
            }
        }
    }
}
