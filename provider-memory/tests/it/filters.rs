//! Each filter brings exactly what it says.

use ticketing_core::model::{Due, FieldData, Native, PriorityLevel, StatusCategory, Ticket, TypeCategory};
use ticketing_core::request::{
    CreateTicket, GetTickets, ListTickets, Patch, Projection, StatusFilter, TextInput, TicketFilter, TimeRange,
    UpdateTicket,
};
use ticketing_core::{
    AccountSelector, CollectionSelector, ErrorKind, GroupSelector, PrioritySelector, StatusSelector, TypeSelector,
    UserSelector,
};

use crate::world::{World, refused, world};

/// Four tickets, `a` to `d`.
async fn filled() -> World {
    let world = world();
    let a = CreateTicket::new("a: Disk full")
        .with_description(TextInput::from("the Array is full"))
        .with_requester(UserSelector::id("greta"))
        .with_assignees(vec![UserSelector::id("ada"), UserSelector::id("ben")])
        .with_groups(vec![GroupSelector::id("desk")])
        .with_account(AccountSelector::Id("boreal".into()))
        .with_collection(CollectionSelector::Id("ops".into()))
        .with_tags(vec!["disk".to_owned(), "urgent".to_owned()])
        .with_priority(PrioritySelector::from(PriorityLevel::High))
        .with_external_id("EXT-A".to_owned())
        .with_due(Due::Date("2026-02-01".parse().unwrap()))
        .with_field("impact", "team")
        .with_field("places", vec!["one", "team"]);
    let a = world.make(a).await;
    let b = CreateTicket::new("b: Printer")
        .with_type(TypeSelector::from(TypeCategory::Problem))
        .with_status(StatusSelector::from(StatusCategory::OnHold))
        .with_requester(UserSelector::id("ada"))
        .with_groups(vec![GroupSelector::id("net")])
        .with_collection(CollectionSelector::Id("web".into()))
        .with_parent(a.id.clone())
        .with_tags(vec!["disk".to_owned()])
        .with_due(Due::At("2026-02-01T00:00:01Z".parse().unwrap()));
    world.make(b).await;
    world.make(CreateTicket::new("c: Phone").with_status(StatusSelector::from(StatusCategory::Resolved))).await;
    let d = world.make(CreateTicket::new("d: Odd").with_assignees(vec![UserSelector::id("chi")])).await;
    world.store.change_ticket(d.id.clone(), None, world.now(), |ticket| {
        ticket.status.category = StatusCategory::Unknown;
        ticket.status.native = Native::new("limbo");
        ticket.priority =
            Some(ticketing_core::model::Priority { level: PriorityLevel::Unknown, native: Native::new("p9") });
        ticket.creator = Some(ticketing_core::model::Ref::new(ticketing_core::model::RefType::User, "ben"));
    });
    world
}

async fn found(world: &World, filter: TicketFilter) -> String {
    let page = world.client.list_tickets(ListTickets::new().with_filter(filter).with_count(true)).await.unwrap();
    assert_eq!(page.total.unwrap().value as usize, page.items.len());
    page.items.iter().map(|ticket| &ticket.title[..1]).collect()
}

#[tokio::test]
async fn every_filter_is_exact() {
    let world = filled().await;
    let all = |titles: &str, filter: TicketFilter| (titles.to_owned(), filter);
    let new = TicketFilter::new;
    let at = |text: &str| crate::world::at(text);
    for (expected, filter) in [
        all("abcd", new()),
        all("a", new().with_status([StatusCategory::Open])),
        all("abd", TicketFilter::unresolved()),
        all("d", new().with_status([StatusCategory::Unknown])),
        all("bd", new().with_status([StatusFilter::Native("limbo".into()), StatusFilter::Native("Waiting".into())])),
        all(
            "bc",
            new().with_status([StatusFilter::Category(StatusCategory::OnHold), StatusFilter::Native("solved".into())]),
        ),
        all("a", new().with_assignee([UserSelector::email("ada@example.com")])),
        all("ad", new().with_assignee([UserSelector::username("ben.login"), UserSelector::id("chi")])),
        all("", new().with_assignee([UserSelector::id("who left long ago")])),
        all("bc", new().with_unassigned()),
        all("bcd", new().with_unassigned().with_assignee([UserSelector::id("chi")])),
        all("a", new().with_requester([UserSelector::email("greta@boreal.example")])),
        all("ab", new().with_requester([UserSelector::id("greta"), UserSelector::id("ada")])),
        all("abc", new().with_creator([UserSelector::Me])),
        all("d", new().with_creator([UserSelector::id("ben")])),
        all("a", new().with_group([GroupSelector::name("IT Help Desk")])),
        all("ab", new().with_group([GroupSelector::id("desk"), GroupSelector::id("net")])),
        all("a", new().with_account([AccountSelector::Name("Boreal Freight".into())])),
        all("b", new().with_collection([CollectionSelector::Key("WEB".into())])),
        all("ab", new().with_tag(["disk"])),
        all("a", new().with_tag(["urgent", "nobody has it"])),
        all("a", new().with_priority([PriorityLevel::High])),
        all("ad", new().with_priority([PrioritySelector::native("P2"), PrioritySelector::native("p9")])),
        all("b", new().with_type([TypeCategory::Problem])),
        all("acd", new().with_type([TypeSelector::native("Incident")])),
        all("b", new().with_parent(["ticket-000001"])),
        all("a", new().with_text("ARRAY full")),
        all("b", new().with_text("printer")),
        all("", new().with_text("disk printer")),
        all("ac", new().with_ids(["ticket-000003", "ticket-000001", "ticket-000099"])),
        all("bd", new().with_keys(["MEM-2", "MEM-4", "mem-1"])),
        all("a", new().with_external_id(["EXT-A", "EXT-B"])),
        all("a", new().with_field("impact", ["team", "planet"])),
        all("a", new().with_field("places", ["one"])),
        all("bcd", new().with_field("impact", Vec::<FieldData>::new())),
        all("a", new().with_field("impact", ["team"]).with_field("places", ["team"])),
        all("", new().with_field("impact", ["team"]).with_field("floor", [1_i64])),
        all("bcd", new().with_created(TimeRange::after(at("2026-01-05T08:02:00Z")))),
        all("a", new().with_updated(TimeRange::before(at("2026-01-05T08:02:00Z")))),
        all("bc", new().with_created(TimeRange::between(at("2026-01-05T08:02:00Z"), at("2026-01-05T08:04:00Z")))),
        all("c", new().with_resolved(TimeRange::after(at("2026-01-05T08:00:00Z")))),
        all("", new().with_closed(TimeRange::after(at("2026-01-05T08:00:00Z")))),
        all("a", new().with_due(TimeRange::before(at("2026-02-01T00:00:01Z")))),
        all("b", new().with_due(TimeRange::after(at("2026-02-01T00:00:01Z")))),
        all("a", new().with_tag(["disk"]).with_status([StatusCategory::Open])),
    ] {
        assert_eq!(found(&world, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_named() {
    let world = filled().await;
    let new = TicketFilter::new;
    let at = crate::world::at("2026-01-05T08:00:00Z");
    for (field, words, filter) in [
        ("status", &["parked", "`limbo`"][..], new().with_status([StatusFilter::Native("parked".into())])),
        ("priority", &["p7", "`p1` (P1)"], new().with_priority([PrioritySelector::native("p7")])),
        ("type", &["ticket"], new().with_type([TypeSelector::native("ticket")])),
        ("assignee", &["id:ben", "id:chi"], new().with_assignee([UserSelector::email("shared@example.com")])),
        ("requester", &["nobody"], new().with_requester([UserSelector::email("nobody@example.com")])),
        ("group", &["No Such"], new().with_group([GroupSelector::name("No Such")])),
        ("nope", &["impact"], new().with_field("nope", ["x"])),
        ("floor", &["integer", "whole number"], new().with_field("floor", ["two"])),
        ("impact", &["nope", "`team` (A team)"], new().with_field("impact", ["nope"])),
        ("text", &["no word"], new().with_text(" ")),
        ("created", &["before it begins"], new().with_created(TimeRange::between(at, at))),
    ] {
        let outcome = world.client.list_tickets(ListTickets::new().with_filter(filter)).await;
        refused(outcome, ErrorKind::InvalidRequest, field, words);
    }
}

#[tokio::test]
async fn a_mapping_counts_in_listings_and_filters() {
    use provider_memory::MemoryProvider;
    let world = filled().await;
    let mapping: provider_memory::Mapping =
        serde_json::from_value(serde_json::json!({ "status": { "limbo": "in_progress" } })).unwrap();
    let provider = MemoryProvider::new(world.store.clone(), world.clock.clone()).with_mapping(mapping);
    let mapped = World { client: ticketing_core::TicketingClient::new(std::sync::Arc::new(provider)), ..world };
    assert_eq!(found(&mapped, TicketFilter::new().with_status([StatusCategory::InProgress])).await, "d");
    assert_eq!(found(&mapped, TicketFilter::new().with_status([StatusCategory::Unknown])).await, "");
    let status = mapped.get(&"MEM-4".into()).await.status;
    assert_eq!((status.category, status.native.id.as_str()), (StatusCategory::InProgress, "limbo"));
}

#[tokio::test]
async fn a_projection_narrows_the_fields_and_raw_comes_when_asked() {
    let world = filled().await;
    let page =
        |request: ListTickets| world.client.list_tickets(request.with_filter(TicketFilter::new().with_keys(["MEM-1"])));
    let whole = page(ListTickets::new()).await.unwrap().items.remove(0);
    assert_eq!((whole.fields.len(), whole.raw.is_none()), (2, true));
    let narrow = ListTickets::new().with_projection(Projection::new().with_fields(["impact"])).with_include_raw(true);
    let narrow = page(narrow).await.unwrap().items.remove(0);
    assert_eq!(narrow.fields.keys().map(|id| id.as_str()).collect::<Vec<_>>(), ["impact"]);
    assert_eq!(narrow.raw.unwrap()["title"], "a: Disk full");
    let wrong = page(ListTickets::new().with_projection(Projection::new().with_fields(["nope"]))).await;
    refused(wrong, ErrorKind::InvalidRequest, "nope", &["impact"]);
}

#[tokio::test]
async fn what_may_not_be_read_is_named_and_not_found_by() {
    let world = filled().await;
    for key in ["description", "requester", "impact"] {
        assert!(world.store.make_unreadable(key));
    }
    assert!(!world.store.make_unreadable("nope"));
    let ticket: Ticket = world.get(&"MEM-1".into()).await;
    assert_eq!(ticket.unreadable, ["description", "impact", "requester"]);
    assert_eq!((ticket.description, ticket.requester, ticket.fields.len()), (None, None, 1));
    assert_eq!(found(&world, TicketFilter::new().with_text("array")).await, "");
    assert_eq!(found(&world, TicketFilter::new().with_requester([UserSelector::id("greta")])).await, "");
    // What nobody may read stays when something else is written.
    let update = UpdateTicket::new("MEM-1").with_title("a: changed").with_external_id(Patch::Clear);
    world.client.update_ticket(update).await.unwrap();
    let raw = world.client.get_tickets(GetTickets::new(vec![ticket.id]).with_include_raw(true)).await.unwrap();
    assert!(!raw.tickets[0].raw.as_ref().unwrap().to_string().contains("Array"));
}

#[tokio::test]
async fn several_tickets_come_in_the_order_asked_for() {
    let world = filled().await;
    let ids = ["ticket-000003", "nope", "ticket-000001"].map(Into::into).to_vec();
    let answer = world.client.get_tickets(GetTickets::new(ids)).await.unwrap();
    assert_eq!(answer.tickets.iter().map(|ticket| ticket.key.as_str()).collect::<Vec<_>>(), ["MEM-3", "MEM-1"]);
    assert_eq!(answer.missing, ["nope"]);
    let many = (0..1001).map(|n| n.to_string().into()).collect::<Vec<_>>();
    refused(world.client.get_tickets(GetTickets::new(many)).await, ErrorKind::InvalidRequest, "ids", &["1000"]);
}
