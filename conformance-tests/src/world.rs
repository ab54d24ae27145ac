//! The company as the provider shows it: which record has which id.

use std::collections::{BTreeMap, HashMap};

use ticketing_core::model::{Account, Contact, Group, Ref, Ticket, User, UserType};
use ticketing_core::request::{ListAccounts, ListContacts, ListGroups, ListTickets, ListUsers, Projection};
use ticketing_core::{Operation, TicketId, TicketingClient};
use vendor_sandbox::company::Company;

use crate::harness::Harness;
use crate::reading::{all, client, tickets};
use crate::verdict::ok;

/// The company's records as the provider shows them, by their keys in the company.
pub(crate) struct World {
    pub(crate) company: Company,
    /// Every ticket, in the provider's order.
    pub(crate) listing: Vec<Ticket>,
    /// Every user who is no customer, in the provider's order.
    pub(crate) users: Vec<User>,
    /// Every group.
    pub(crate) groups: Vec<Group>,
    /// Every account; empty where the provider has none.
    pub(crate) accounts: Vec<Account>,
    /// Every contact; empty where the provider has none.
    pub(crate) contacts: Vec<Contact>,
    ids: BTreeMap<(&'static str, String), String>,
    keys: HashMap<String, String>,
}

impl World {
    /// Reads everything, and finds each record of the company in it exactly once.
    pub(crate) async fn read(h: &dyn Harness) -> Self {
        let client = client(h);
        let company = h.company();
        let everything = ListTickets::new().with_projection(Projection::new().with_watchers());
        let listing = ok(tickets(&client, &everything).await, "list_tickets");
        let request = ListUsers::new().with_include_inactive(true);
        let mut users = ok(all(|c| client.list_users(request.clone().with_cursor(c))).await, "list_users");
        users.retain(|user| user.user_type != UserType::Contact);
        let request = ListGroups::new().with_include_inactive(true);
        let groups = ok(all(|c| client.list_groups(request.clone().with_cursor(c))).await, "list_groups");
        let (accounts, contacts) = customers(&client).await;
        let mut world = Self {
            company: company.clone(),
            listing,
            users,
            groups,
            accounts,
            contacts,
            ids: BTreeMap::new(),
            keys: HashMap::new(),
        };
        for ticket in &company.tickets {
            let found = world.listing.iter().filter(|one| one.title == ticket.title).map(|one| one.id.to_string());
            let found = found.collect();
            world.place("ticket", &ticket.key, &format!("the ticket titled `{}`", ticket.title), found);
        }
        for person in &company.people {
            let same =
                |user: &&User| user.name == person.name && user.email.as_deref().is_none_or(|e| e == person.email);
            let found = world.users.iter().filter(same).map(|one| one.id.to_string()).collect();
            world.place("user", &person.key, &format!("the user `{}` <{}>", person.name, person.email), found);
        }
        for group in &company.groups {
            let found =
                world.groups.iter().filter(|one| one.name == group.name).map(|one| one.id.to_string()).collect();
            world.place("group", &group.key, &format!("the group `{}`", group.name), found);
        }
        if !world.accounts.is_empty() {
            for account in &company.accounts {
                let found = world.accounts.iter().filter(|one| one.name == account.name).map(|one| one.id.to_string());
                let found = found.collect();
                world.place("account", &account.key, &format!("the account `{}`", account.name), found);
            }
        }
        if !world.contacts.is_empty() {
            for contact in &company.contacts {
                let found = world.contacts.iter().filter(|one| one.name == contact.name).map(|one| one.id.to_string());
                let found = found.collect();
                world.place("contact", &contact.key, &format!("the contact `{}`", contact.name), found);
            }
        }
        world
    }

    fn place(&mut self, kind: &'static str, key: &str, what: &str, found: Vec<String>) {
        let [id] = &found[..] else {
            panic!("{what} must be listed exactly once, and is listed {} times: {found:?}", found.len());
        };
        self.ids.insert((kind, key.to_owned()), id.clone());
        self.keys.insert(id.clone(), key.to_owned());
    }

    fn id(&self, kind: &'static str, key: &str) -> &str {
        self.ids
            .get(&(kind, key.to_owned()))
            .map_or_else(|| panic!("the company has no {kind} `{key}`"), String::as_str)
    }

    /// True where the account holds this ticket.
    pub(crate) fn has_ticket(&self, key: &str) -> bool {
        self.ids.contains_key(&("ticket", key.to_owned()))
    }

    /// A ticket by its key in the company.
    pub(crate) fn ticket(&self, key: &str) -> &Ticket {
        let id = self.id("ticket", key);
        self.listing.iter().find(|ticket| ticket.id == id).unwrap()
    }

    /// A tag as the account can hold it: one word, where those of the company are.
    pub(crate) fn tag(&self, text: &str) -> String {
        let mut tags = self.company.tickets.iter().flat_map(|ticket| &ticket.tags);
        if tags.any(|tag| tag.contains(' ')) { text.to_owned() } else { text.replace(' ', "_") }
    }

    /// A ticket's id by its key in the company.
    pub(crate) fn ticket_id(&self, key: &str) -> TicketId {
        self.ticket(key).id.clone()
    }

    /// A user by key.
    pub(crate) fn user(&self, key: &str) -> &User {
        let id = self.id("user", key);
        self.users.iter().find(|user| user.id == id).unwrap()
    }

    /// A group by key.
    pub(crate) fn group(&self, key: &str) -> &Group {
        let id = self.id("group", key);
        self.groups.iter().find(|group| group.id == id).unwrap()
    }

    /// The key in the company of what a reference points at; the id itself where it is not of the company.
    pub(crate) fn key_of(&self, id: &str) -> String {
        self.keys.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// The keys of references, sorted.
    pub(crate) fn keys_of<'a>(&self, refs: impl IntoIterator<Item = &'a Ref>) -> Vec<String> {
        let mut keys: Vec<_> = refs.into_iter().map(|one| self.key_of(&one.id)).collect();
        keys.sort();
        keys
    }
}

async fn customers(client: &TicketingClient) -> (Vec<Account>, Vec<Contact>) {
    let capabilities = client.capabilities();
    let (mut accounts, mut contacts) = (Vec::new(), Vec::new());
    if capabilities.supports(Operation::ListAccounts) {
        let request = ListAccounts::new().with_include_inactive(true);
        accounts = ok(all(|c| client.list_accounts(request.clone().with_cursor(c))).await, "list_accounts");
    }
    if capabilities.supports(Operation::ListContacts) {
        let request = ListContacts::new().with_include_inactive(true);
        contacts = ok(all(|c| client.list_contacts(request.clone().with_cursor(c))).await, "list_contacts");
    }
    (accounts, contacts)
}
