//! The shared company as a store.

use conformance_tests::Company;
use provider_memory::MemoryStore;
use ticketing_core::TicketId;
use ticketing_core::model::{
    Account, Attachment, Choice, Collection, CollectionCategory, CollectionType, Comment, Contact, Due, Field,
    FieldChange, FieldData, FieldType, FieldValue, Group, HistoryEntry, HistoryValue, LinkCategory, Native, Priority,
    PriorityLevel, Ref, RefType, RichText, Status, StatusCategory, Ticket, TicketType, TypeCategory, User, UserType,
    Visibility,
};
use vendor_sandbox::company::{self, ChangedField, HoldReason, Kind, Party};

/// A store of this account that holds the company. Ids are made so that none is a company key by chance.
pub(super) fn store(account: &str, company: &Company) -> MemoryStore {
    let store = MemoryStore::new(account);
    for person in &company.people {
        store.insert_user(user(person));
    }
    store.set_current_user("u-admin");
    for group in &company.groups {
        store.insert_group(self::group(group));
    }
    customers(&store, company);
    catalogue(&store);
    for (nth, ticket) in (1..).zip(&company.tickets) {
        store.insert_ticket(self::ticket(&store, ticket, nth));
    }
    for ticket in &company.tickets {
        hangs_on(&store, ticket);
    }
    store
}

fn person_ref(key: &str) -> Ref {
    Ref::new(RefType::User, format!("u-{key}"))
}

fn ticket_id(key: &str) -> TicketId {
    TicketId::from(format!("t-{key}"))
}

fn user(person: &company::Person) -> User {
    let mut user = User::new(format!("u-{}", person.key).into(), &person.name);
    user.username = Some(person.key.clone());
    user.email = Some(person.email.clone());
    user.user_type = if person.bot { UserType::Bot } else { UserType::User };
    user.active = Some(person.active);
    user.title.clone_from(&person.title);
    user.phone.clone_from(&person.phone);
    user.time_zone.clone_from(&person.time_zone);
    (user.created_at, user.updated_at) = (Some(person.created_at), Some(person.updated_at));
    user
}

fn group(one: &company::Group) -> Group {
    let mut group = Group::new(format!("g-{}", one.key).into(), &one.name);
    group.description = Some(one.description.clone());
    group.email.clone_from(&one.email);
    group.active = Some(one.active);
    group.parent = one.parent.as_ref().map(|key| Ref::new(RefType::Group, format!("g-{key}")));
    group.manager = one.lead.as_deref().map(person_ref);
    group.members = Some(one.members.iter().map(|key| person_ref(key)).collect());
    (group.created_at, group.updated_at) = (Some(one.created_at), Some(one.updated_at));
    group
}

fn customers(store: &MemoryStore, company: &Company) {
    for one in &company.accounts {
        let mut account = Account::new(format!("a-{}", one.key).into(), &one.name);
        account.domains = Some(vec![one.domain.clone()]);
        account.active = Some(true);
        (account.created_at, account.updated_at) = (Some(one.created_at), Some(one.updated_at));
        store.insert_account(account);
    }
    for one in &company.contacts {
        let mut contact = Contact::new(format!("c-{}", one.key).into(), &one.name);
        contact.email = Some(one.email.clone());
        contact.phone.clone_from(&one.phone);
        contact.account = one.account.as_ref().map(|key| Ref::new(RefType::Account, format!("a-{key}")));
        contact.active = Some(one.active);
        (contact.created_at, contact.updated_at) = (Some(one.created_at), Some(one.updated_at));
        store.insert_contact(contact);
    }
}

/// What the company does not say and the filters need: catalogue fields, and two collections.
fn catalogue(store: &MemoryStore) {
    let choice = |id: &str, name: &str| Choice { id: id.into(), name: name.into(), active: true, depends_on: None };
    let field = |id: &str, name: &str, field_type: FieldType| Field {
        id: id.into(),
        name: name.to_owned(),
        description: None,
        field_type,
        native_type: field_type.as_str().to_owned(),
        multiple: false,
        required: false,
        writable: Some(true),
        custom: true,
        core: None,
        choices: None,
        reference: None,
        max_length: None,
        default: FieldData::Null,
        scopes: Vec::new(),
    };
    let symptoms = Some(vec![choice("72", "Symptom 72"), choice("491", "Symptom 491")]);
    store.insert_field(Field { choices: symptoms, ..field("symptom", "Symptom", FieldType::Choice) });
    store.insert_field(field("room", "Room", FieldType::String));
    store.insert_field(field("floor", "Floor", FieldType::Integer));
    store.insert_field(field("vip", "VIP", FieldType::Boolean));
    store.insert_field(field("expert", "Expert", FieldType::User));
    for (id, key, name) in [("k-fac", "FAC", "Facilities"), ("k-net", "NET", "Network")] {
        let native = Native::named("project", "Project");
        let kind = CollectionType { category: CollectionCategory::Project, native };
        let mut collection = Collection::new(id.into(), name, kind);
        collection.key = Some(key.to_owned());
        collection.active = Some(true);
        store.insert_collection(collection);
    }
}

fn ticket(store: &MemoryStore, one: &company::Ticket, nth: i64) -> Ticket {
    let category = match one.kind {
        Kind::Incident => TypeCategory::Incident,
        Kind::Problem => TypeCategory::Problem,
        Kind::Change => TypeCategory::Change,
    };
    let name = { category.as_str()[..1].to_ascii_uppercase() + &category.as_str()[1..] };
    let ticket_type = TicketType { category, native: Native::named(category.as_str(), name) };
    let mut ticket =
        Ticket::new(ticket_id(&one.key), format!("MEM-{nth}"), &one.title, status(store, one), ticket_type);
    ticket.description = Some(RichText::from_markdown(one.description.clone()));
    let (level, native) = match one.priority {
        company::Priority::Urgent => (PriorityLevel::Urgent, 1),
        company::Priority::High => (PriorityLevel::High, 2),
        company::Priority::Normal => (PriorityLevel::Normal, 3),
        company::Priority::Low => (PriorityLevel::Low, 4),
        company::Priority::Lowest => (PriorityLevel::Lowest, 5),
    };
    ticket.priority = Some(Priority { level, native: Native::named(format!("p{native}"), format!("P{native}")) });
    ticket.requester = one.requester.as_ref().map(|party| match party {
        Party::Person(key) => person_ref(key),
        Party::Contact(key) => Ref::new(RefType::Contact, format!("c-{key}")),
    });
    ticket.creator = Some(person_ref(&one.creator));
    ticket.assignees = one.assignee.as_deref().map(person_ref).into_iter().collect();
    ticket.assigned_groups = one.group.iter().map(|key| Ref::new(RefType::Group, format!("g-{key}"))).collect();
    ticket.watchers = Some(one.watchers.iter().map(|key| person_ref(key)).collect());
    ticket.account = one.account.as_ref().map(|key| Ref::new(RefType::Account, format!("a-{key}")));
    ticket.parent = one.parent.as_ref().map(|key| Ref::new(RefType::Ticket, ticket_id(key).as_str()));
    ticket.tags = Some(one.tags.clone());
    ticket.external_id.clone_from(&one.external_id);
    ticket.due = one.due.map(Due::Date);
    (ticket.created_at, ticket.updated_at) = (Some(one.created_at), Some(one.updated_at));
    (ticket.resolved_at, ticket.closed_at) = (one.resolved_at, one.closed_at);
    let collection = if one.group.as_deref() == Some("network") { "k-net" } else { "k-fac" };
    if one.group.is_some() {
        ticket.collections = vec![Ref::new(RefType::Collection, collection)];
    }
    let mut set = |id: &str, field_type, value: FieldData| {
        ticket.fields.insert(id.into(), FieldValue { field_type, value, label: None, custom: true });
    };
    set("floor", FieldType::Integer, FieldData::Integer(nth % 4));
    if nth % 2 == 0 {
        set("symptom", FieldType::Choice, if nth % 4 == 0 { "72" } else { "491" }.into());
        set("room", FieldType::String, format!("Room {} ^ \"x\"", nth % 5).into());
    }
    if nth % 3 == 0 {
        set("vip", FieldType::Boolean, FieldData::Bool(nth % 6 == 0));
        set("expert", FieldType::User, "u-alex.kim".into());
    }
    ticket
}

fn status(store: &MemoryStore, one: &company::Ticket) -> Status {
    let (category, reason) = match one.status {
        company::Status::Open => (StatusCategory::Open, None),
        company::Status::InProgress => (StatusCategory::InProgress, None),
        company::Status::OnHold(reason) => {
            let (id, name) = match reason {
                HoldReason::Requester => ("requester", "Awaiting requester"),
                HoldReason::Problem => ("problem", "Awaiting problem"),
                HoldReason::Vendor => ("vendor", "Awaiting vendor"),
                HoldReason::Change => ("change", "Awaiting change"),
            };
            (StatusCategory::OnHold, Some(Native::named(id, name)))
        }
        company::Status::Resolved => (StatusCategory::Resolved, None),
        company::Status::Closed => (StatusCategory::Closed, None),
        company::Status::Cancelled => (StatusCategory::Cancelled, None),
    };
    let ended = one.resolution.as_ref().map(|(code, _)| Native::named(code.to_lowercase(), code));
    Status { reason: reason.or(ended), ..store.status(category) }
}

fn hangs_on(store: &MemoryStore, one: &company::Ticket) {
    let ticket = || Ref::new(RefType::Ticket, ticket_id(&one.key).as_str());
    for (nth, said) in one.comments.iter().enumerate() {
        let visibility = if said.public { Visibility::Public } else { Visibility::Internal };
        let id = format!("said-{}-{nth}", one.key);
        let mut comment = Comment::new(id.into(), ticket(), RichText::from_markdown(said.body.clone()), visibility);
        comment.author = Some(person_ref(&said.author));
        comment.created_at = Some(said.created_at);
        comment.updated_at = Some(said.created_at);
        store.insert_comment(comment);
    }
    for (nth, file) in one.attachments.iter().enumerate() {
        let mut attachment = Attachment::new(format!("file-{}-{nth}", one.key).into(), ticket(), &file.file_name);
        attachment.content_type = Some(file.content_type.clone());
        attachment.author = Some(person_ref(&file.author));
        attachment.created_at = Some(file.created_at);
        store.insert_attachment(attachment, file.content.clone());
    }
    if let Some(original) = &one.duplicate_of {
        let at = Some(one.updated_at);
        store.insert_link(ticket_id(&one.key), LinkCategory::Duplicates, ticket_id(original), at);
    }
    for (nth, change) in one.history.iter().enumerate() {
        let text = |value: &dyn std::fmt::Debug| HistoryValue::new(format!("{value:?}"));
        let (field, from, to) = match &change.field {
            ChangedField::Status(from, to) => ("status", text(from), text(to)),
            ChangedField::Assignee(from, to) => ("assignees", text(from), text(to)),
            ChangedField::Priority(from, to) => ("priority", text(from), text(to)),
        };
        store.insert_history_entry(HistoryEntry {
            id: format!("past-{}-{nth}", one.key).into(),
            ticket: ticket(),
            author: Some(person_ref(&change.author)),
            at: change.at,
            changes: vec![FieldChange { field: field.to_owned(), native: Native::new(field), from, to }],
        });
    }
}
