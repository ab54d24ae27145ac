//! What is claimed, and what is sent: written down, so that a change is a reviewed change.

use ticketing_core::model::{Kind, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, FindUsers, GetTicket, ListChanges, ListComments, ListFields, ListIds, ListTickets, Sort,
    SortField, TicketFilter, UpdateTicket,
};
use ticketing_core::{FieldId, GroupSelector, Operation, PrioritySelector, TicketingClient, UserSelector};

use crate::gate::{counts, follows, has_filter, has_sort, has_visibility, writes};
use crate::harness::{Connection, Harness, Interference, Misbehaviour, SentRequest};
use crate::reading::{client, sent};
use crate::snapshot::bind;
use crate::verdict::ok;
use crate::world::World;

/// The capabilities are those that were reviewed.
pub async fn the_capabilities_are_those_that_were_reviewed(h: &dyn Harness) {
    let capabilities = h.provider().capabilities();
    let _bound = bind(&h.snapshots(), Some(&h.name()));
    insta::assert_json_snapshot!("capabilities", capabilities);
}

/// The hooks of the harness are those that were reviewed: without one, a case shows less than it could.
pub async fn the_hooks_are_those_that_were_reviewed(h: &dyn Harness) {
    let world = World::read(h).await;
    let mut offered: Vec<String> = Vec::new();
    for connection in Connection::ALL {
        if h.connect(*connection).await.is_some() {
            offered.push(format!("connection {connection:?}"));
        }
    }
    for misbehaviour in Misbehaviour::ALL {
        if h.misbehave(*misbehaviour, Some(1)) {
            offered.push(format!("misbehaviour {misbehaviour:?}"));
        }
        h.behave();
    }
    let ticket = || world.ticket_id("arabic");
    let user = || world.user("jo.former").id.clone();
    for (name, interference) in [
        ("CreateTicket", Interference::CreateTicket { title: "x".to_owned() }),
        ("SetTitle", Interference::SetTitle { ticket: ticket(), title: "x".to_owned() }),
        ("AddComment", Interference::AddComment { ticket: ticket(), body: "x".to_owned() }),
        ("SetUnknownStatus", Interference::SetUnknownStatus { ticket: ticket() }),
        ("SetUnknownPriority", Interference::SetUnknownPriority { ticket: ticket() }),
        ("EmptyTicket", Interference::EmptyTicket { ticket: ticket() }),
        ("SetUserTitle", Interference::SetUserTitle { user: user(), title: "x".to_owned() }),
        ("DeleteUser", Interference::DeleteUser { user: user() }),
        ("HideTicket", Interference::HideTicket { ticket: world.ticket_id("vpn") }),
        ("DeleteTicket", Interference::DeleteTicket { ticket: ticket() }),
        ("HideDescriptions", Interference::HideDescriptions),
        ("ExpireTokens", Interference::ExpireTokens),
    ] {
        if h.interfere(interference).await.is_some() {
            offered.push(format!("interference {name}"));
        }
    }
    for (name, there) in [
        ("requests", h.requests().is_some()),
        ("secrets", !h.secrets().is_empty()),
        ("setup", h.setup().is_some()),
        ("delivered", h.delivered(&world.ticket_id("disk")).await.is_some()),
    ] {
        if there {
            offered.push(name.to_owned());
        }
    }
    let _bound = bind(&h.snapshots(), Some(&h.name()));
    insta::assert_snapshot!("hooks", offered.join("\n"));
}

fn shown(requests: &[SentRequest]) -> String {
    let lines = requests.iter().map(|request| {
        let mut text = format!("{} {}", request.method, request.path);
        for (name, value) in url::form_urlencoded::parse(request.query.as_bytes()) {
            text += &format!("\n    {name} = {value}");
        }
        text
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a script sends, on a connection that has sent nothing before where the harness can make one.
async fn sends(h: &dyn Harness, name: &str, script: impl AsyncFnOnce(&TicketingClient)) {
    if h.requests().is_none() {
        return;
    }
    let client = match h.connect(Connection::Again).await {
        Some(provider) => TicketingClient::new(ok(provider, "connecting again")),
        None => client(h),
    };
    let before = sent(h);
    script(&client).await;
    let requests = h.requests().unwrap_or_default().split_off(before);
    // A harness may count operations without knowing their wire.
    if requests.iter().all(|request| request.path.is_empty()) {
        return;
    }
    let _bound = bind(&h.snapshots(), Some(&h.name()));
    insta::assert_snapshot!(format!("wire_{name}"), shown(&requests));
}

/// A first page, and the one after it.
pub async fn the_wire_of_a_listing(h: &dyn Harness) {
    sends(h, "listing", async |client| {
        let request = ListTickets::new().with_page_size(5_u32).with_count(true);
        let page = ok(client.list_tickets(request.clone()).await, "list_tickets");
        ok(client.list_tickets(request.with_cursor(page.next)).await, "list_tickets");
    })
    .await;
}

/// A listing with a filter and a sort.
pub async fn the_wire_of_a_filtered_listing(h: &dyn Harness) {
    let mut request = ListTickets::new();
    if has_filter(h, ticketing_core::request::FilterKind::Status) {
        request = request.with_filter(TicketFilter::unresolved());
    }
    if has_sort(h, SortField::UpdatedAt) {
        request = request.with_sort(vec![Sort::descending(SortField::UpdatedAt)]);
    }
    sends(h, "filtered_listing", async |client| _ = ok(client.list_tickets(request).await, "list_tickets")).await;
}

/// One ticket by its id, and by its key.
pub async fn the_wire_of_getting_a_ticket(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket("vpn").clone();
    sends(h, "get_ticket", async |client| {
        ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket");
        ok(client.get_ticket(GetTicket::new(ticket.key.as_str())).await, "get_ticket");
    })
    .await;
}

/// A new ticket with people in it, and a key.
pub async fn the_wire_of_a_new_ticket(h: &dyn Harness) {
    let mut request = CreateTicket::new("New on the wire").with_idempotency_key("wire-1".to_owned());
    if writes(h, "requester") {
        request = request.with_requester(UserSelector::email("amara.okafor@example.com"));
    }
    if writes(h, "assigned_groups") {
        request = request.with_groups(vec![GroupSelector::name("IT Help Desk")]);
    }
    if writes(h, "priority") {
        request = request.with_priority(PrioritySelector::from(ticketing_core::model::PriorityLevel::High));
    }
    sends(h, "create_ticket", async |client| _ = ok(client.create_ticket(request).await, "create_ticket")).await;
}

/// A patch of the title.
pub async fn the_wire_of_an_update(h: &dyn Harness) {
    let world = World::read(h).await;
    let update = UpdateTicket::new(world.ticket_id("vpn")).with_title("Patched on the wire");
    sends(h, "update_ticket", async |client| _ = ok(client.update_ticket(update).await, "update_ticket")).await;
}

/// A new comment, and all of them.
pub async fn the_wire_of_comments(h: &dyn Harness) {
    let has = |operation| h.provider().capabilities().supports(operation);
    if !has(Operation::AddComment) || !has(Operation::ListComments) || !has_visibility(h, Visibility::Internal) {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    sends(h, "comments", async |client| {
        let add = AddComment::new(ticket.clone(), "said on the wire", Visibility::Internal);
        ok(client.add_comment(add).await, "add_comment");
        ok(client.list_comments(ListComments::new(ticket)).await, "list_comments");
    })
    .await;
}

/// The assignee picker, by email.
pub async fn the_wire_of_finding_a_user(h: &dyn Harness) {
    if !h.provider().capabilities().supports(Operation::FindUsers) {
        return;
    }
    sends(h, "find_users", async |client| {
        let request = FindUsers::new().with_email("amara.okafor@example.com".to_owned());
        ok(client.find_users(request).await, "find_users");
    })
    .await;
}

/// A delta from the beginning, and where it goes on.
pub async fn the_wire_of_a_delta(h: &dyn Harness) {
    if !follows(h, Kind::Ticket) {
        return;
    }
    sends(h, "list_changes", async |client| {
        let request = ListChanges::new(Kind::Ticket);
        let page = ok(client.list_changes(request.clone()).await, "list_changes");
        ok(client.list_changes(request.with_checkpoint(page.checkpoint)).await, "list_changes");
    })
    .await;
}

/// A census, page by page.
pub async fn the_wire_of_a_census(h: &dyn Harness) {
    if !counts(h, Kind::Ticket) {
        return;
    }
    sends(h, "list_ids", async |client| {
        let request = ListIds::new(Kind::Ticket).with_page_size(8_u32);
        let page = ok(client.list_ids(request.clone()).await, "list_ids");
        ok(client.list_ids(request.with_cursor(page.next)).await, "list_ids");
    })
    .await;
}

/// The field catalogue with its choices, and a listing projected on none of them.
pub async fn the_wire_of_the_field_catalogue(h: &dyn Harness) {
    if !h.provider().capabilities().supports(Operation::ListFields) {
        return;
    }
    sends(h, "list_fields", async |client| {
        ok(client.list_fields(ListFields::new().with_choices(true)).await, "list_fields");
        let projection = ticketing_core::request::Projection::new().with_fields(Vec::<FieldId>::new());
        ok(client.list_tickets(ListTickets::new().with_projection(projection)).await, "list_tickets");
    })
    .await;
}
