//! A small account that every test starts with.

use std::sync::Arc;

use chrono::TimeDelta;
use provider_memory::{MemoryProvider, MemoryStore};
use ticketing_core::model::{
    Account, Choice, Collection, CollectionCategory, CollectionType, Contact, Field, FieldData, FieldType, Group,
    Native, Ref, RefType, Ticket, Timestamp, User, UserType,
};
use ticketing_core::request::{CreateTicket, GetTicket};
use ticketing_core::{Clock, Error, ErrorKind, ManualClock, Result, TicketId, TicketingClient};

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: TicketingClient,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn world() -> World {
    world_of("acme")
}

pub(crate) fn world_of(account: &str) -> World {
    let store = MemoryStore::new(account);
    let clock = Arc::new(ManualClock::new(at("2026-01-05T08:00:00Z")));
    for (id, name, email) in [
        ("ada", "Ada Quist", "ada@example.com"),
        ("ben", "Ben Okoro", "shared@example.com"),
        ("chi", "Chi Tanaka", "shared@example.com"),
        ("dora", "Dora Weiss", "dora@example.com"),
        ("robot", "Robot", "robot@example.com"),
    ] {
        let mut user = User::new(id.into(), name);
        user.username = Some(format!("{id}.login"));
        user.email = Some(email.to_owned());
        user.active = Some(id != "dora");
        if id == "robot" {
            user.user_type = UserType::Bot;
            user.time_zone = Some("Europe/Lisbon".to_owned());
        }
        store.insert_user(user);
    }
    store.set_current_user("robot");
    for (id, name, members) in
        [("desk", "IT Help Desk", &["ada", "ben"][..]), ("net", "Network", &["chi", "dora"]), ("fax", "Fax", &[])]
    {
        let mut group = Group::new(id.into(), name);
        group.active = Some(id != "fax");
        group.members = Some(members.iter().map(|member| Ref::new(RefType::User, *member)).collect());
        store.insert_group(group);
    }
    for (id, name) in [("boreal", "Boreal Freight"), ("sakura", "Sakura"), ("sakura2", "Sakura")] {
        store.insert_account(Account::new(id.into(), name));
    }
    let mut greta = Contact::new("greta".into(), "Greta Holm");
    greta.email = Some("greta@boreal.example".to_owned());
    greta.account = Some(Ref::new(RefType::Account, "boreal"));
    store.insert_contact(greta);
    let kind = CollectionType { category: CollectionCategory::Project, native: Native::new("project") };
    for (id, key) in [("ops", "OPS"), ("web", "WEB")] {
        let mut collection = Collection::new(id.into(), key.to_lowercase(), kind.clone());
        collection.key = Some(key.to_owned());
        store.insert_collection(collection);
    }
    store.insert_field(field("impact", FieldType::Choice));
    store.insert_field(field("floor", FieldType::Integer));
    store.insert_field(Field { multiple: true, ..field("places", FieldType::Choice) });
    store.insert_field(field("owner", FieldType::User));
    let provider = MemoryProvider::new(store.clone(), clock.clone());
    World { client: TicketingClient::new(Arc::new(provider)), store, clock }
}

/// A catalogue field; a choice is among `one`, `team` and, no longer to be chosen, `planet`.
pub(crate) fn field(id: &str, field_type: FieldType) -> Field {
    let choice =
        |id: &str, name: &str, active| Choice { id: id.to_owned(), name: name.to_owned(), active, depends_on: None };
    Field {
        id: id.into(),
        name: id.to_uppercase(),
        description: None,
        field_type,
        native_type: field_type.as_str().to_owned(),
        multiple: false,
        required: false,
        writable: Some(true),
        custom: true,
        core: None,
        choices: (field_type == FieldType::Choice).then(|| {
            vec![choice("one", "One person", true), choice("team", "A team", true), choice("planet", "All", false)]
        }),
        reference: None,
        max_length: None,
        default: FieldData::Null,
        scopes: Vec::new(),
    }
}

impl World {
    /// Moves the clock by a minute, and makes a ticket.
    pub(crate) async fn make(&self, request: CreateTicket) -> Ticket {
        self.clock.advance(TimeDelta::minutes(1));
        self.client.create_ticket(request).await.unwrap()
    }

    pub(crate) async fn get(&self, id: &TicketId) -> Ticket {
        self.client.get_ticket(GetTicket::new(id.clone())).await.unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The refusal of a call: of this kind, about this field, with all of these words.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T>, kind: ErrorKind, field: &str, words: &[&str]) -> Error {
    let error = outcome.expect_err("it should be refused");
    let line = error.to_string();
    assert_eq!(error.kind(), kind, "{line}");
    assert_eq!(error.field().unwrap_or_default(), field, "{line}");
    assert_eq!(error.provider(), Some("memory"), "{line}");
    assert!(error.operation().is_some(), "{line}");
    assert!(error.hint().is_some(), "an error says the way out: {line}");
    for word in words {
        assert!(line.contains(word), "`{word}` is missing in: {line}");
    }
    error
}

/// Names of references.
pub(crate) fn names(refs: &[Ref]) -> Vec<&str> {
    refs.iter().map(|one| one.name.as_deref().unwrap_or("?")).collect()
}
