//! New tickets.

use ticketing_core::model::{Due, PriorityLevel, Ticket, TypeCategory};
use ticketing_core::request::{CreateTicket, FilterKind, GetTicket, ListTickets, NewComment, TextInput, TicketFilter};
use ticketing_core::{
    AccountSelector, ErrorKind, GroupSelector, PrioritySelector, StatusSelector, TicketId, TypeSelector, UserSelector,
};

use super::update::writable_text_field;
use crate::canonical::plain_text;
use crate::gate::{has_filter, has_visibility, is_keyed, writes};
use crate::harness::Harness;
use crate::reading::{client, tickets, writes_sent};
use crate::verdict::{names, names_any, ok, refused};
use crate::world::World;
use ticketing_core::model::{StatusCategory, Visibility};

const TITLE: &str = "Ünïcode ^ \"quotes\" & <tags> , @ 🧯 مرحبا";

async fn reread(h: &dyn Harness, ticket: &Ticket) -> Ticket {
    let client = client(h);
    let request =
        GetTicket::new(ticket.id.clone()).with_projection(ticketing_core::request::Projection::new().with_watchers());
    ok(client.get_ticket(request).await, "get_ticket of a new ticket")
}

/// A title is enough; the answer is the ticket as it was made, and it is there afterwards.
pub async fn a_title_is_enough(h: &dyn Harness) {
    let client = client(h);
    let before = ok(tickets(&client, &ListTickets::new()).await, "list_tickets").len();
    h.advance(5);
    let made = ok(client.create_ticket(CreateTicket::new(TITLE)).await, "create_ticket");
    assert_eq!(made.title, TITLE);
    assert!(!made.id.as_str().is_empty() && !made.key.is_empty(), "a new ticket has an id and a key: {made:?}");
    assert_eq!(made.status.category, StatusCategory::Open, "a new ticket is open, unless its status is given");
    let read = reread(h, &made).await;
    assert_eq!((&read.id, &read.key, &read.title), (&made.id, &made.key, &made.title));
    assert_eq!(read.status, made.status, "the answer says how the ticket was made");
    assert_eq!(read.version, made.version, "the answer has the ticket's version");
    let after = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    assert_eq!(after.len(), before + 1, "one ticket more");
    if let (Some(created), Some(newest)) = (made.created_at, after.iter().filter_map(|one| one.created_at).max()) {
        assert_eq!(created, newest, "it was made now, by the vendor's clock");
    }
}

/// Everything that can be written is written, and read back as it was given.
pub async fn everything_that_can_be_written_is_read_back(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let can = |key: &str| writes(h, key);
    let mut request = CreateTicket::new(TITLE);
    let mut requester = ("amara.okafor".to_owned(), "amara.okafor@example.com".to_owned());
    if h.moves_along("requester").contains(&"account") {
        let customers = world.company.contacts.iter().filter(|one| one.account.as_deref() == Some("boreal"));
        requester = customers.map(|one| (one.key.clone(), one.email.clone())).next().unwrap();
    }
    let description = "Line one\nLine two\n\n- item";
    if can("description") {
        request = request.with_description(TextInput::Plain(description.to_owned()));
    }
    if can("priority") {
        request = request.with_priority(PrioritySelector::from(PriorityLevel::High));
    }
    if can("requester") {
        request = request.with_requester(UserSelector::email(requester.1.as_str()));
    }
    if can("assignees") {
        // Not every vendor has login names.
        let assignee = world.user("tomas.silva");
        let by_id = || UserSelector::Id(assignee.id.clone());
        request = request.with_assignees(vec![assignee.username.as_ref().map_or_else(by_id, UserSelector::username)]);
    }
    if can("assigned_groups") {
        request = request.with_groups(vec![GroupSelector::name("IT Help Desk")]);
    }
    if can("watchers") {
        let watchers = ["itil", "alex.kim"].map(|key| UserSelector::Id(world.user(key).id.clone()));
        request = request.with_watchers(watchers.to_vec());
    }
    if can("account") {
        request = request.with_account(AccountSelector::Name("Boreal Freight GmbH".to_owned()));
    }
    if can("parent") {
        request = request.with_parent(world.ticket_id("move"));
    }
    if can("tags") {
        request = request.with_tags(vec!["vpn".to_owned(), world.tag("brand new tag")]);
    }
    let due = Due::Date("2026-03-09".parse().unwrap());
    if can("due") {
        request = request.with_due(due);
    }
    if can("external_id") {
        request = request.with_external_id("ALERT-2000".to_owned());
    }
    let field = writable_text_field(h).await;
    if let Some(field) = &field {
        request = request.with_field(field.clone(), "a field's text");
    }
    let made = ok(client.create_ticket(request).await, "create_ticket with everything");
    let read = reread(h, &made).await;
    for ticket in [&made, &read] {
        assert_eq!(ticket.title, TITLE);
        if can("description") {
            assert_eq!(ticket.description.as_ref().map(plain_text).as_deref(), Some(description), "description");
        }
        if can("priority") {
            assert_eq!(ticket.priority.as_ref().map(|one| one.level), Some(PriorityLevel::High), "priority");
        }
        if can("requester") {
            assert_eq!(world.keys_of(&ticket.requester), [requester.0.as_str()], "requester");
        }
        if can("assignees") {
            assert_eq!(world.keys_of(&ticket.assignees), ["tomas.silva"], "assignees");
        }
        if can("assigned_groups") {
            assert_eq!(world.keys_of(&ticket.assigned_groups), ["helpdesk"], "assigned_groups");
        }
        if can("account") {
            assert_eq!(world.keys_of(&ticket.account), ["boreal"], "account");
        }
        if can("parent") {
            assert_eq!(world.keys_of(&ticket.parent), ["move"], "parent");
        }
        if let Some(tags) = ticket.tags.as_ref().filter(|_| can("tags")) {
            let mut tags = tags.clone();
            tags.sort();
            assert_eq!(tags, [world.tag("brand new tag"), "vpn".to_owned()], "tags");
        }
        if can("due") {
            assert_eq!(crate::canonical::due_day(ticket).as_deref(), Some("2026-03-09"), "due");
        }
        if can("external_id") {
            assert_eq!(ticket.external_id.as_deref(), Some("ALERT-2000"), "external_id");
        }
        if let Some(field) = &field {
            let value = ticket.fields.get(field).map(|one| one.value.clone());
            assert_eq!(value, Some("a field's text".into()), "the field `{field}`");
        }
    }
    if can("watchers") {
        let watchers = read.watchers.as_ref().expect("watchers were asked for");
        assert_eq!(world.keys_of(watchers), ["alex.kim", "itil"], "watchers");
    }
    if can("tags") {
        assert!(read.tags.is_some(), "one ticket has its tags loaded");
    }
}

/// Each priority level that tickets have can be given.
pub async fn each_priority_can_be_given(h: &dyn Harness) {
    if !writes(h, "priority") {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let mut levels: Vec<_> =
        world.listing.iter().filter_map(|ticket| ticket.priority.as_ref()).map(|priority| priority.level).collect();
    levels.sort();
    levels.dedup();
    for level in levels.into_iter().filter(|level| *level != PriorityLevel::Unknown) {
        let request = CreateTicket::new("prioritised").with_priority(PrioritySelector::from(level));
        let made = ok(client.create_ticket(request).await, &format!("create_ticket of priority {level}"));
        assert_eq!(made.priority.map(|one| one.level), Some(level), "the answer says what the priority now is");
    }
}

/// A type is made as that type, or refused by name; never as another type.
pub async fn a_type_is_made_or_refused(h: &dyn Harness) {
    let client = client(h);
    for category in TypeCategory::ALL {
        let request = CreateTicket::new("typed").with_type(TypeSelector::from(*category));
        match client.create_ticket(request).await {
            Ok(made) => assert_eq!(made.ticket_type.category, *category, "a ticket of type `{category}` was asked for"),
            Err(error) => {
                let kinds = [ErrorKind::InvalidRequest, ErrorKind::Unsupported, ErrorKind::PermissionDenied];
                let error = refused(Err::<(), _>(error), &kinds, &format!("a ticket of type `{category}`"));
                names(&error, &[category.as_str()], "the type that cannot be made");
            }
        }
    }
    let request = CreateTicket::new("typed").with_type(TypeSelector::native("no such type"));
    let error = refused(client.create_ticket(request).await, &[ErrorKind::InvalidRequest], "an unknown type");
    names(&error, &["no such type"], "the type that does not exist");
}

/// A comment rides along, with its visibility.
pub async fn a_first_comment_rides_along(h: &dyn Harness) {
    let client = client(h);
    for visibility in [Visibility::Public, Visibility::Internal] {
        if !has_visibility(h, visibility) {
            continue;
        }
        let comment = NewComment { body: "riding along".into(), visibility };
        let request = CreateTicket::new(format!("commented {visibility}")).with_comment(comment);
        let made = ok(client.create_ticket(request).await, "create_ticket with a comment");
        let comments = super::comments::all_of(h, &made.id).await;
        let told: Vec<_> = comments.iter().map(|one| (plain_text(&one.body), one.visibility)).collect();
        assert_eq!(told, [("riding along".to_owned(), visibility)], "the comment that rode along");
    }
}

/// The same key twice gives the same ticket; another key another one.
pub async fn the_same_key_gives_the_same_ticket(h: &dyn Harness) {
    let client = client(h);
    if !is_keyed(client.capabilities().idempotency.ticket) {
        return;
    }
    let request = |key: &str| CreateTicket::new("keyed").with_idempotency_key(key.to_owned());
    let one = ok(client.create_ticket(request("key-1")).await, "create_ticket with a key");
    h.advance(60);
    let two = ok(client.create_ticket(request("key-1")).await, "create_ticket with the same key");
    let three = ok(client.create_ticket(request("key-2")).await, "create_ticket with another key");
    assert_eq!(one.id, two.id, "the same key must give the same ticket");
    let four = ok(client.create_ticket(request("KEY-1")).await, "create_ticket with the key in capitals");
    let again = ok(client.create_ticket(request("KEY-1")).await, "create_ticket with the key in capitals again");
    assert_ne!(one.id, three.id, "another key must give another ticket");
    assert!(four.id != one.id && four.id == again.id, "keys are told apart by upper and lower case too");
    let keyed = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    assert_eq!(keyed.iter().filter(|ticket| ticket.title == "keyed").count(), 3, "three keys, three tickets");
}

/// A key and an external id can be given together, and neither takes the other's place.
pub async fn a_key_and_an_external_id_go_together(h: &dyn Harness) {
    let client = client(h);
    if !is_keyed(client.capabilities().idempotency.ticket) || !writes(h, "external_id") {
        return;
    }
    let request =
        || CreateTicket::new("both").with_idempotency_key("both-key".to_owned()).with_external_id("EXT-77".to_owned());
    let one = ok(client.create_ticket(request()).await, "create_ticket with a key and an external id");
    let two = ok(client.create_ticket(request()).await, "the same again");
    assert_eq!(one.id, two.id, "the same key must give the same ticket");
    assert_eq!(one.external_id.as_deref(), Some("EXT-77"), "the external id is the product's own, not the key");
    if has_filter(h, FilterKind::ExternalId) {
        let request = ListTickets::new().with_filter(TicketFilter::new().with_external_id(["EXT-77"]));
        let found = ok(tickets(&client, &request).await, "list_tickets by external id");
        assert_eq!(crate::reading::ids(&found), [one.id.to_string()], "found by its external id");
    }
}

/// A person who does not exist is refused by name; no ticket is made.
pub async fn a_person_who_does_not_exist_is_refused(h: &dyn Harness) {
    let client = client(h);
    let nobody = || UserSelector::email("nobody@nowhere.example");
    for (key, request) in [
        ("requester", CreateTicket::new("refused").with_requester(nobody())),
        ("assignees", CreateTicket::new("refused").with_assignees(vec![nobody()])),
        ("watchers", CreateTicket::new("refused").with_watchers(vec![nobody()])),
    ] {
        if !writes(h, key) {
            continue;
        }
        let before = writes_sent(h);
        let kinds = [ErrorKind::InvalidRequest, ErrorKind::NotFound];
        let error = refused(client.create_ticket(request).await, &kinds, &format!("an unknown {key}"));
        names(&error, &["nobody@nowhere.example"], "who does not exist");
        let field = error.field().unwrap_or_default();
        assert!(
            key.starts_with(field.trim_end_matches('s')) && !field.is_empty(),
            "`field` must name `{key}`: {error}"
        );
        assert_eq!(writes_sent(h), before, "nothing may be written before everybody is known");
    }
}

/// A group, account or parent that does not exist is refused by name; no ticket is made.
pub async fn a_place_that_does_not_exist_is_refused(h: &dyn Harness) {
    let client = client(h);
    let none = "ffffffffffffffffffffffffffffffff";
    for (key, word, request) in [
        (
            "assigned_groups",
            "No Such Group",
            CreateTicket::new("refused").with_groups(vec![GroupSelector::name("No Such Group")]),
        ),
        (
            "account",
            "No Such Account",
            CreateTicket::new("refused").with_account(AccountSelector::Name("No Such Account".into())),
        ),
        ("parent", none, CreateTicket::new("refused").with_parent(TicketId::from(none))),
    ] {
        if !writes(h, key) {
            continue;
        }
        let before = writes_sent(h);
        let kinds = [ErrorKind::InvalidRequest, ErrorKind::NotFound];
        let error = refused(client.create_ticket(request).await, &kinds, &format!("an unknown {key}"));
        names(&error, &[word], "what does not exist");
        assert_eq!(writes_sent(h), before, "nothing may be written before everything is known");
    }
}

/// An address that two people share, or a name, is refused with the candidates.
pub async fn a_shared_address_is_refused_with_the_candidates(h: &dyn Harness) {
    if !writes(h, "requester") {
        return;
    }
    let client = client(h);
    let before = writes_sent(h);
    let request = CreateTicket::new("refused").with_requester(UserSelector::email("reception@example.com"));
    let error = refused(client.create_ticket(request).await, &[ErrorKind::InvalidRequest], "a shared address");
    names(&error, &["reception@example.com", "Lena Brandt", "Tomás Silva"], "who it could be");
    assert_eq!(writes_sent(h), before, "nothing may be written before it is known who is meant");
}

/// A field that does not exist is refused by name: it is never dropped in silence.
pub async fn a_field_that_does_not_exist_is_refused(h: &dyn Harness) {
    let client = client(h);
    for field in ["no_such_field", "x^y", "short description"] {
        let before = writes_sent(h);
        let request = CreateTicket::new("refused").with_field(field, "x");
        let error = refused(
            client.create_ticket(request).await,
            &[ErrorKind::InvalidRequest, ErrorKind::Unsupported],
            "an unknown field",
        );
        names(&error, &[field], "the field that does not exist");
        assert_eq!(writes_sent(h), before, "nothing may be written with an unknown field");
    }
}

/// A ticket without a title is refused, and nothing is written.
pub async fn an_empty_title_is_refused(h: &dyn Harness) {
    let client = client(h);
    for title in ["", "   ", "\n"] {
        let before = writes_sent(h);
        let error =
            refused(client.create_ticket(CreateTicket::new(title)).await, &[ErrorKind::InvalidRequest], "no title");
        names(&error, &["title"], "the field that is wrong");
        assert_eq!(writes_sent(h), before, "nothing may be written without a title");
    }
}

/// A title that is too long is refused with the limit, or kept whole: it is never cut in silence.
pub async fn a_long_title_is_kept_whole_or_refused(h: &dyn Harness) {
    let client = client(h);
    for length in [150, 161, 300, 5000] {
        let title = "é".repeat(length);
        match client.create_ticket(CreateTicket::new(title.clone())).await {
            Ok(made) => assert_eq!(made.title, title, "a title of {length} characters was cut"),
            Err(error) => {
                let error = refused(Err::<(), _>(error), &[ErrorKind::InvalidRequest], "a long title");
                names(&error, &["title"], "the field that is wrong");
                let limit = client.capabilities().limits.max_title_chars;
                let limit = limit.expect("a title is refused for its length, so `max_title_chars` must be known");
                assert!(length > limit as usize, "{length} characters were refused, and {limit} are allowed");
                names(&error, &[&limit.to_string()], "the limit");
            }
        }
    }
}

/// A status that a new ticket cannot have is refused with the list of those there are.
pub async fn an_unknown_status_is_refused_with_those_there_are(h: &dyn Harness) {
    if !writes(h, "status") {
        return;
    }
    let client = client(h);
    let request = CreateTicket::new("refused").with_status(StatusSelector::native("no such status"));
    let error = refused(client.create_ticket(request).await, &[ErrorKind::InvalidRequest], "an unknown status");
    names(&error, &["no such status"], "the status that does not exist");
    let world = World::read(h).await;
    let native = &world.ticket("toner").status.native;
    names_any(&error, &[native.name.as_deref().unwrap_or(&native.id)], "the statuses there are");
}
