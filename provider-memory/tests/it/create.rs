//! New tickets.

use ticketing_core::model::{Due, PriorityLevel, StatusCategory, TextFormat, TypeCategory, Visibility};
use ticketing_core::request::{CreateTicket, ListComments, ListIds, ListTickets, NewComment, TextInput};
use ticketing_core::{
    AccountSelector, CollectionSelector, ErrorKind, GroupSelector, PrioritySelector, StatusSelector, TicketId,
    TypeSelector, UserSelector,
};

use crate::world::{World, names, refused, world, world_of};

async fn count(world: &World) -> usize {
    world.client.list_ids(ListIds::new(ticketing_core::model::Kind::Ticket)).await.unwrap().items.len()
}

#[tokio::test]
async fn a_title_is_enough() {
    let world = world();
    let made = world.make(CreateTicket::new("  Disk full ")).await;
    assert_eq!((made.id.as_str(), made.key.as_str(), made.title.as_str()), ("ticket-000001", "MEM-1", "Disk full"));
    assert_eq!((made.status.category, made.status.native.id.as_str()), (StatusCategory::Open, "new"));
    assert_eq!(made.ticket_type.category, TypeCategory::Incident);
    assert_eq!((made.created_at, made.updated_at), (Some(world.now()), Some(world.now())));
    assert_eq!(names(made.creator.as_slice()), ["Robot"]);
    assert_eq!((made.priority.as_ref(), made.watchers.clone(), made.tags.clone()), (None, Some(vec![]), Some(vec![])));
    assert_eq!(world.get(&made.id).await, made);
    assert_eq!(world.get(&"MEM-1".into()).await, made);
    assert_eq!(world.make(CreateTicket::new("Another")).await.key, "MEM-2");
}

#[tokio::test]
async fn everything_given_is_there() {
    let world = world();
    let parent = world.make(CreateTicket::new("Whole")).await;
    let request = CreateTicket::new("Part")
        .with_description(TextInput::Plain("*as it is*".to_owned()))
        .with_type(TypeSelector::from(TypeCategory::Problem))
        .with_status(StatusSelector::native("Waiting"))
        .with_priority(PrioritySelector::from(PriorityLevel::High))
        .with_requester(UserSelector::email("GRETA@boreal.example"))
        .with_assignees(vec![UserSelector::username("ada.login"), UserSelector::Me, UserSelector::id("ada")])
        .with_groups(vec![GroupSelector::name("IT Help Desk")])
        .with_watchers(vec![UserSelector::id("greta"), UserSelector::id("chi")])
        .with_account(AccountSelector::Name("Boreal Freight".to_owned()))
        .with_collection(CollectionSelector::Key("OPS".to_owned()))
        .with_parent(TicketId::from(parent.key.as_str()))
        .with_tags(vec!["disk".to_owned(), " disk ".to_owned(), "été".to_owned()])
        .with_due(Due::Date("2026-03-01".parse().unwrap()))
        .with_external_id("ALERT-1".to_owned())
        .with_field("impact", "team")
        .with_field("places", vec!["one", "planet"].into_iter().take(1).collect::<Vec<_>>())
        .with_comment(NewComment::internal("first"));
    let made = world.make(request).await;
    let text = made.description.clone().unwrap();
    assert_eq!((text.native.format, text.native.content.as_str()), (TextFormat::Plain, "*as it is*"));
    assert_eq!(text.markdown, "\\*as it is\\*");
    assert_eq!(made.ticket_type.native.name.as_deref(), Some("Problem"));
    assert_eq!(made.status.category, StatusCategory::OnHold);
    assert_eq!(made.priority.as_ref().unwrap().native.id, "p2");
    assert_eq!(made.requester.as_ref().unwrap().ref_type, ticketing_core::model::RefType::Contact);
    assert_eq!(names(&made.assignees), ["Ada Quist", "Robot"]);
    assert_eq!(names(&made.assigned_groups), ["IT Help Desk"]);
    assert_eq!(names(made.watchers.as_deref().unwrap()), ["Greta Holm", "Chi Tanaka"]);
    assert_eq!(names(made.account.as_slice()), ["Boreal Freight"]);
    assert_eq!(made.collections[0].key.as_deref(), Some("OPS"));
    assert_eq!(made.parent.as_ref().unwrap().id, parent.id.as_str());
    assert_eq!(made.tags.as_deref().unwrap(), ["disk", "été"]);
    assert_eq!(made.external_id.as_deref(), Some("ALERT-1"));
    assert_eq!(made.due, Some(Due::Date("2026-03-01".parse().unwrap())));
    assert_eq!(
        serde_json::to_value(&made.fields).unwrap(),
        serde_json::json!({
            "impact": { "type": "choice", "value": "team", "label": "A team", "custom": true },
            "places": { "type": "choice", "value": ["one"], "label": ["One person"], "custom": true },
        })
    );
    let comments = world.client.list_comments(ListComments::new(made.id.clone())).await.unwrap().items;
    assert_eq!((comments.len(), comments[0].visibility), (1, Visibility::Internal));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_made() {
    let world = world();
    let nobody = || UserSelector::email("nobody@example.com");
    let restricted = NewComment { body: "x".into(), visibility: Visibility::Restricted };
    let html = TextInput::Native { format: TextFormat::Html, content: "<b>x</b>".to_owned() };
    let new = || CreateTicket::new("x");
    for (field, words, request) in [
        ("title", &["empty"][..], CreateTicket::new(" ")),
        ("title", &["several lines"], CreateTicket::new("a\nb")),
        ("title", &["255"], CreateTicket::new("x".repeat(256))),
        ("description", &["html", "markdown, plain"], new().with_description(html)),
        ("type", &["`other`", "`incident` (Incident)"], new().with_type(TypeSelector::from(TypeCategory::Other))),
        ("status", &["native:parked", "`waiting` (Waiting)"], new().with_status(StatusSelector::native("parked"))),
        ("priority", &["`unknown`", "`p1` (P1)"], new().with_priority(PrioritySelector::from(PriorityLevel::Unknown))),
        ("requester", &["email:nobody@example.com", "list_users"], new().with_requester(nobody())),
        (
            "requester",
            &["fits 2", "id:ben (Ben Okoro)", "id:chi (Chi Tanaka)", "by its id"],
            new().with_requester(UserSelector::email("shared@example.com")),
        ),
        ("assignee", &["Dora Weiss", "inactive"], new().with_assignees(vec![UserSelector::id("dora")])),
        ("assignee", &["there is no user `id:greta`"], new().with_assignees(vec![UserSelector::id("greta")])),
        ("group", &["name:No Such", "list_groups"], new().with_groups(vec![GroupSelector::name("No Such")])),
        ("group", &["inactive"], new().with_groups(vec![GroupSelector::id("fax")])),
        ("watcher", &["nobody"], new().with_watchers(vec![nobody()])),
        ("account", &["id:sakura (Sakura)", "id:sakura2"], new().with_account(AccountSelector::Name("Sakura".into()))),
        ("collection", &["key:NOPE"], new().with_collection(CollectionSelector::Key("NOPE".into()))),
        ("parent", &["there is no ticket `MEM-99`"], new().with_parent(TicketId::from("MEM-99"))),
        ("tag", &["empty"], new().with_tags(vec![" ".to_owned()])),
        ("external_id", &["empty"], new().with_external_id("".to_owned())),
        ("idempotency_key", &["empty"], new().with_idempotency_key(" ".to_owned())),
        ("comment", &["restricted", "add_comment"], new().with_comment(restricted)),
        ("body", &["empty"], new().with_comment(NewComment::public(""))),
        ("nope", &["there is no field `nope`", "floor, impact, owner, places"], new().with_field("nope", "x")),
        ("status", &["core key"], new().with_field("status", "new")),
    ] {
        refused(world.client.create_ticket(request).await, ErrorKind::InvalidRequest, field, words);
    }
    assert_eq!(count(&world).await, 0);
    // Numbers are given to tickets that are made, and to no others.
    assert_eq!(world.make(new()).await.key, "MEM-1");
}

#[tokio::test]
async fn the_same_key_gives_the_same_ticket() {
    let world = world();
    let request = || CreateTicket::new("keyed").with_idempotency_key("k".to_owned());
    let one = world.make(request()).await;
    assert_eq!(world.make(request()).await, one);
    assert_eq!(world.make(CreateTicket::new("keyed")).await.key, "MEM-2");
    assert_eq!(count(&world).await, 2);
    let delete = ticketing_core::request::DeleteTicket::new(one.id);
    world.client.delete_ticket(delete).await.unwrap();
    let again = world.client.create_ticket(request()).await;
    refused(again, ErrorKind::AlreadyExists, "idempotency_key", &["gone"]);
}

#[tokio::test]
async fn accounts_do_not_leak_into_each_other() {
    let (acme, other) = (world_of("acme"), world_of("other"));
    acme.make(CreateTicket::new("Disk full").with_idempotency_key("k".to_owned())).await;
    assert_eq!((count(&acme).await, count(&other).await), (1, 0));
    let cursor = {
        acme.make(CreateTicket::new("Another")).await;
        acme.client.list_tickets(ListTickets::new().with_page_size(1)).await.unwrap().next
    };
    let outcome = other.client.list_tickets(ListTickets::new().with_cursor(cursor)).await;
    refused(outcome, ErrorKind::InvalidRequest, "cursor", &["another account"]);
    // A second store of the same name shares nothing either.
    assert_eq!(count(&world_of("acme")).await, 0);
}
