//! What a store made from configuration holds at first.

use chrono::TimeDelta;
use ticketing_core::model::{
    Account, Choice, Contact, Field, FieldData, FieldType, Group, PriorityLevel, Ref, RefType, RichText,
    StatusCategory, Ticket, Timestamp, TypeCategory, User, UserType,
};
use ticketing_core::{FieldId, PrioritySelector, StatusSelector, TypeSelector};

use crate::catalogue::StatusMapping;
use crate::config::Seed;
use crate::store::MemoryStore;

/// The id of the connection's own user.
const INTEGRATION: &str = "integration";

/// A store of this account, filled at this moment.
pub(crate) fn seeded(account: &str, seed: Seed, now: Timestamp) -> MemoryStore {
    let store = MemoryStore::new(account);
    let mut integration = person(INTEGRATION, "Integration Service", now);
    integration.user_type = UserType::Bot;
    store.insert_user(integration);
    store.set_current_user(INTEGRATION);
    match seed {
        Seed::Empty => {}
        Seed::Company => company(&store, now),
    }
    store
}

fn company(store: &MemoryStore, now: Timestamp) {
    let founded = now - TimeDelta::days(30);
    for (username, name) in [("ada", "Ada Quist"), ("ben", "Ben Okoro"), ("chi", "Chi Tanaka"), ("dora", "Dora Weiss")]
    {
        store.insert_user(person(username, name, founded));
    }
    store.change_user("dora", founded, |dora| dora.active = Some(false));
    for (id, name, members) in
        [("help-desk", "IT Help Desk", ["ada", "ben"].as_slice()), ("network", "Network", ["chi", "dora"].as_slice())]
    {
        let mut group = Group::new(id.into(), name);
        group.active = Some(true);
        group.members = Some(members.iter().map(|member| Ref::new(RefType::User, *member)).collect());
        (group.created_at, group.updated_at) = (Some(founded), Some(founded));
        store.insert_group(group);
    }
    let mut account = Account::new("boreal".into(), "Boreal Freight");
    account.active = Some(true);
    account.domains = Some(vec!["boreal.example".to_owned()]);
    (account.created_at, account.updated_at) = (Some(founded), Some(founded));
    store.insert_account(account);
    let mut contact = Contact::new("greta".into(), "Greta Holm");
    contact.email = Some("greta@boreal.example".to_owned());
    contact.account = Some(Ref::new(RefType::Account, "boreal"));
    contact.active = Some(true);
    (contact.created_at, contact.updated_at) = (Some(founded), Some(founded));
    store.insert_contact(contact);
    store.insert_field(impact());
    tickets(store, now);
}

fn tickets(store: &MemoryStore, now: Timestamp) {
    use StatusCategory::{InProgress, OnHold, Open, Resolved};
    let rows = [
        ("VPN drops every five minutes", Resolved, PriorityLevel::High, "greta", Some("chi"), "network"),
        ("Printer on floor 2 prints blank pages", InProgress, PriorityLevel::Low, "ben", Some("ada"), "help-desk"),
        ("New laptop for Monday", OnHold, PriorityLevel::Normal, "chi", Some("ben"), "help-desk"),
        ("No network in the whole building", Open, PriorityLevel::Urgent, "ada", None, "network"),
    ];
    for (nth, (title, category, level, requester, assignee, group)) in (1..).zip(rows) {
        let created_at = now - TimeDelta::days(8 - nth);
        let mut state = store.lock();
        let number = state.next_number("ticket");
        let values = (
            state.catalogue.status(&StatusSelector::from(category), &StatusMapping::new()),
            state.catalogue.ticket_type(&TypeSelector::from(TypeCategory::Incident)),
            state.catalogue.priority(&PrioritySelector::from(level)),
        );
        drop(state);
        let (Ok(status), Ok(ticket_type), Ok(priority)) = values else { continue };
        let id = format!("ticket-{number:06}");
        let mut ticket = Ticket::new(id.into(), format!("MEM-{number}"), title, status, ticket_type);
        ticket.description = Some(RichText::plain(format!("{title}.")));
        ticket.priority = Some(priority);
        let requester_type = if requester == "greta" { RefType::Contact } else { RefType::User };
        ticket.requester = Some(Ref::new(requester_type, requester));
        ticket.creator = Some(Ref::new(RefType::Bot, INTEGRATION));
        ticket.assignees = assignee.map(|assignee| Ref::new(RefType::User, assignee)).into_iter().collect();
        ticket.assigned_groups = vec![Ref::new(RefType::Group, group)];
        ticket.watchers = Some(Vec::new());
        ticket.tags = Some(if group == "network" { vec!["network".to_owned()] } else { Vec::new() });
        ticket.account = (requester == "greta").then(|| Ref::new(RefType::Account, "boreal"));
        ticket.created_at = Some(created_at);
        ticket.updated_at = Some(created_at + TimeDelta::hours(2));
        ticket.resolved_at = (category == Resolved).then_some(created_at + TimeDelta::hours(2));
        store.insert_ticket(ticket);
    }
}

fn person(username: &str, name: &str, at: Timestamp) -> User {
    let mut user = User::new(username.into(), name);
    user.username = Some(username.to_owned());
    user.email = Some(format!("{username}@example.com"));
    user.active = Some(true);
    user.time_zone = Some("UTC".to_owned());
    (user.created_at, user.updated_at) = (Some(at), Some(at));
    user
}

fn impact() -> Field {
    let choice =
        |id: &str, name: &str| Choice { id: id.to_owned(), name: name.to_owned(), active: true, depends_on: None };
    Field {
        id: FieldId::from("impact"),
        name: "Impact".to_owned(),
        description: Some("How many people it touches".to_owned()),
        field_type: FieldType::Choice,
        native_type: "choice".to_owned(),
        multiple: false,
        required: false,
        writable: Some(true),
        custom: true,
        core: None,
        choices: Some(vec![choice("one", "One person"), choice("team", "A team"), choice("all", "Everybody")]),
        reference: None,
        max_length: None,
        default: FieldData::Null,
        scopes: Vec::new(),
    }
}
