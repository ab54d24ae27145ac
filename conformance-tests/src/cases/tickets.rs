//! Reading tickets.

use ticketing_core::model::Ticket;
use ticketing_core::request::{GetTicket, GetTickets, ListTickets, Projection};
use ticketing_core::{ErrorKind, Operation, TicketId};

use crate::canonical::plain_text;
use crate::gate;
use crate::harness::{Harness, Interference, deviates};
use crate::reading::{client, ids, sent, tickets};
use crate::verdict::{names, no_repeats, not_offered, ok, refused, same_set};
use crate::world::World;

/// The listing holds every ticket of the company exactly once, and no other.
pub async fn every_ticket_is_listed_once(h: &dyn Harness) {
    let world = World::read(h).await;
    no_repeats(&ids(&world.listing), "the listing");
    same_set(
        world.listing.iter().map(|ticket| ticket.title.clone()),
        world.company.tickets.iter().map(|ticket| ticket.title.clone()),
        "titles in the listing",
    );
}

/// The same listing twice is the same.
pub async fn a_listing_twice_is_the_same(h: &dyn Harness) {
    let client = client(h);
    let one = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    let two = ok(tickets(&client, &ListTickets::new()).await, "list_tickets");
    assert_eq!(one, two, "nothing happened between two listings");
}

/// An id is enough, and the key does as well.
pub async fn a_ticket_is_got_by_id_and_by_key(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for listed in &world.listing {
        for name in [listed.id.as_str(), listed.key.as_str()] {
            let got = ok(client.get_ticket(GetTicket::new(name)).await, &format!("get_ticket `{name}`"));
            assert_eq!((&got.id, &got.key), (&listed.id, &listed.key), "get_ticket `{name}` brought another ticket");
        }
    }
}

/// What a listing says of a ticket is what the ticket says of itself; costly lists may be missing from a listing alone, and the
/// formatting of a description where the harness says so.
pub async fn a_listed_ticket_is_the_ticket_itself(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for listed in &world.listing {
        let request = GetTicket::new(listed.id.clone()).with_projection(Projection::new().with_watchers());
        let got = ok(client.get_ticket(request).await, "get_ticket");
        let mut listed = listed.clone();
        if listed.watchers.is_none() {
            listed.watchers.clone_from(&got.watchers);
        }
        if listed.tags.is_none() {
            listed.tags.clone_from(&got.tags);
        }
        describe_alike(h, &mut listed, &got);
        assert_eq!(listed, got, "listed and got must be the same ticket");
    }
}

/// Where the harness says that listings have the words of a description alone: the same words, and nothing else is passed over.
fn describe_alike(h: &dyn Harness, listed: &mut Ticket, got: &Ticket) {
    if !h.lists_plain_descriptions() {
        return;
    }
    let words = |ticket: &Ticket| -> Option<Vec<String>> {
        let text = plain_text(ticket.description.as_ref()?);
        let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
        Some(words.map(str::to_owned).collect())
    };
    assert_eq!(words(listed), words(got), "a description has the same words wherever it is read");
    listed.description.clone_from(&got.description);
}

/// Ids that do not exist, or cannot, are not found or refused; they never bring another ticket, nor an internal error.
pub async fn an_unknown_ticket_is_not_found(h: &dyn Harness) {
    let client = client(h);
    let long = "x".repeat(5000);
    for id in [
        "ffffffffffffffffffffffffffffffff",
        "NOPE9999999",
        "999999999",
        "",
        " ",
        "../../etc",
        "a^ORb",
        "?x=1#y",
        "%00",
        "ü",
        &long,
    ] {
        let call = format!("get_ticket `{}`", id.chars().take(40).collect::<String>());
        let outcome = client.get_ticket(GetTicket::new(id)).await;
        refused(outcome, &[ErrorKind::NotFound, ErrorKind::InvalidRequest], &call);
    }
    let error = refused(
        client.get_ticket(GetTicket::new("ffffffffffffffffffffffffffffffff")).await,
        &[ErrorKind::NotFound],
        "get_ticket of a well-formed id that nobody has",
    );
    names(&error, &["ffffffffffffffffffffffffffffffff"], "the id that was not found");
}

/// Several tickets come in the order asked for; those that are missing are named, and nothing is lost.
pub async fn several_tickets_come_in_the_order_asked(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::GetTickets]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let missing = TicketId::new("ffffffffffffffffffffffffffffffff");
    let mut wanted: Vec<TicketId> = world.listing.iter().map(|ticket| ticket.id.clone()).collect();
    wanted.reverse();
    let mut asked = wanted.clone();
    asked.insert(2, missing.clone());
    let before = sent(h);
    let found = ok(client.get_tickets(GetTickets::new(asked.clone())).await, "get_tickets");
    let spent = sent(h) - before;
    assert!(spent < asked.len(), "get_tickets must take fewer calls than tickets: {spent} for {}", asked.len());
    let got: Vec<_> = found.tickets.iter().map(|ticket| ticket.id.clone()).collect();
    assert_eq!(got, wanted, "tickets come in the order asked for");
    assert_eq!(found.missing, [missing], "ids that do not exist are named in `missing`");
    let none = ok(client.get_tickets(GetTickets::new(Vec::<TicketId>::new())).await, "get_tickets of nothing");
    assert!(none.tickets.is_empty() && none.missing.is_empty(), "nothing was asked for: {none:?}");
}

/// `raw` is there where it was asked for, and nowhere else.
pub async fn raw_comes_only_where_it_is_asked_for(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    assert!(world.listing.iter().all(|ticket| ticket.raw.is_none()), "`raw` was not asked for");
    let with_raw = ok(tickets(&client, &ListTickets::new().with_include_raw(true)).await, "list_tickets");
    let request = GetTicket::new(world.ticket_id("vpn")).with_include_raw(true);
    let got = ok(client.get_ticket(request).await, "get_ticket");
    for ticket in with_raw.iter().chain([&got]) {
        assert!(ticket.raw.as_ref().is_some_and(|raw| raw.is_object()), "`{}` must have its `raw`", ticket.key);
        let json = serde_json::to_value(ticket).unwrap();
        assert!(json.get("raw").is_some(), "`raw` must be in the JSON");
    }
    let bare = |ticket: &Ticket| Ticket { raw: None, watchers: None, ..ticket.clone() };
    let (one, two): (Vec<_>, Vec<_>) = (with_raw.iter().map(bare).collect(), world.listing.iter().map(bare).collect());
    assert_eq!(one, two, "asking for `raw` must change nothing else");
}

/// A projection leaves out catalogue fields that were not named, and nothing of the core.
pub async fn a_projection_leaves_fields_out_and_nothing_else(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let Some(field) = world.listing.iter().flat_map(|ticket| ticket.fields.keys()).next().cloned() else { return };
    for wanted in [vec![field.clone()], Vec::new()] {
        let projection = Projection::new().with_fields(wanted.clone());
        let request = ListTickets::new().with_projection(projection.clone());
        let projected = ok(tickets(&client, &request).await, "list_tickets with a projection");
        let request = GetTicket::new(world.listing[0].id.clone()).with_projection(projection);
        let got = ok(client.get_ticket(request).await, "get_ticket with a projection");
        for ticket in projected.iter().chain([&got]) {
            let mut whole = world.listing.iter().find(|whole| whole.id == ticket.id).unwrap().clone();
            whole.fields.retain(|id, _| wanted.contains(id));
            let ticket = Ticket { watchers: None, ..ticket.clone() };
            whole.watchers = None;
            describe_alike(h, &mut whole, &ticket);
            assert_eq!(ticket, whole, "projected on {wanted:?}");
        }
    }
}

/// A projection on a field that does not exist is refused by its name: a typing error is not an empty column.
pub async fn a_projection_on_an_unknown_field_is_refused(h: &dyn Harness) {
    let client = client(h);
    for field in ["no_such_field", "x^y", "a,b"] {
        let request = ListTickets::new().with_projection(Projection::new().with_fields([field]));
        let call = format!("a projection on the field `{field}`");
        let error = refused(client.list_tickets(request).await, &[ErrorKind::InvalidRequest], &call);
        names(&error, &[field], "the field that does not exist");
    }
}

/// Watchers come where they are asked for.
pub async fn watchers_come_where_they_are_asked_for(h: &dyn Harness) {
    if !gate::reads(h, "watchers") {
        return;
    }
    let world = World::read(h).await;
    for ticket in &world.company.tickets {
        let watchers = world.ticket(&ticket.key).watchers.as_ref().expect("watchers were asked for, and are null");
        let mut expected = ticket.watchers.clone();
        expected.sort();
        assert_eq!(world.keys_of(watchers), expected, "watchers of `{}`", ticket.title);
    }
}

/// Titles and descriptions of every script, with every sort of punctuation, come as they were written.
pub async fn every_script_survives(h: &dyn Harness) {
    let world = World::read(h).await;
    for ticket in &world.company.tickets {
        let read = world.ticket(&ticket.key);
        assert_eq!(read.title, ticket.title);
        if gate::reads(h, "description") {
            let text = read.description.as_ref().map(plain_text).unwrap_or_default();
            assert_eq!(text, ticket.description.trim_end(), "description of `{}`", ticket.title);
        }
    }
}

/// Somebody who has left is still named on the tickets.
pub async fn a_former_employee_is_still_the_assignee(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket("outage");
    let [assignee] = &ticket.assignees[..] else { panic!("`{}` has one assignee: {:?}", ticket.key, ticket.assignees) };
    assert_eq!(assignee.id, world.user("jo.former").id.as_str());
    assert_eq!(assignee.name.as_deref(), Some("Jo Former"), "people who left still have a name");
}

/// A user who was deleted leaves a reference without a record: the ticket is still read.
pub async fn a_deleted_assignee_does_not_break_the_ticket(h: &dyn Harness) {
    let world = World::read(h).await;
    let user = world.user("jo.former").id.clone();
    if h.interfere(Interference::DeleteUser { user: user.clone() }).await.is_none() {
        return not_offered("DeleteUser");
    }
    let client = client(h);
    let listing = ok(tickets(&client, &ListTickets::new()).await, "list_tickets with a deleted assignee");
    assert_eq!(listing.len(), world.listing.len(), "a ticket whose assignee was deleted must not vanish");
    let ticket = listing.iter().find(|ticket| ticket.id == world.ticket_id("outage")).unwrap();
    assert!(ticket.assignees.iter().all(|one| one.id == user.as_str()), "nobody else becomes the assignee: {ticket:?}");
    ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket with a deleted assignee");
}

/// Nobody is null or an empty list, never a made-up reference.
pub async fn nobody_is_no_reference(h: &dyn Harness) {
    let world = World::read(h).await;
    let arabic = world.ticket("arabic");
    assert!(arabic.assignees.is_empty(), "nobody has it: {:?}", arabic.assignees);
    assert!(arabic.assigned_groups.is_empty(), "no group has it: {:?}", arabic.assigned_groups);
    let anonymous = world.ticket("anonymous");
    // Some vendors demand a requester of every ticket, which they announce.
    if !deviates(h, "tickets", "anonymous", "requester") {
        assert_eq!(anonymous.requester, None, "nobody is known to have asked");
    }
    for ticket in &world.listing {
        for one in
            ticket.assignees.iter().chain(&ticket.assigned_groups).chain(&ticket.requester).chain(&ticket.creator)
        {
            assert!(!one.id.is_empty(), "`{}` refers to nobody: {one:?}", ticket.key);
        }
    }
}

/// A ticket's address is https, at the account's own host or a loopback one, and holds no secret.
pub async fn addresses_open_the_record(h: &dyn Harness) {
    if !gate::reads(h, "url") {
        return;
    }
    let world = World::read(h).await;
    for ticket in &world.listing {
        let text = ticket.url.as_ref().expect("`url` is among `readable_fields`, and is null");
        let url = url::Url::parse(text).unwrap_or_else(|error| panic!("`url` must be an address: {text}: {error}"));
        let loopback = url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127."));
        assert!(url.scheme() == "https" || loopback, "`url` must be https: {text}");
        assert!(url.username().is_empty() && url.password().is_none(), "`url` holds a credential: {text}");
        let named = text.contains(ticket.id.as_str()) || text.contains(&ticket.key);
        assert!(named, "`url` must open this ticket, and names neither its id nor its key: {text}");
    }
}

/// A ticket is made before it is changed, and answered before it is closed.
pub async fn moments_are_in_order(h: &dyn Harness) {
    let world = World::read(h).await;
    for ticket in &world.listing {
        let moments = [ticket.created_at, ticket.resolved_at, ticket.closed_at];
        let known: Vec<_> = moments.into_iter().flatten().collect();
        assert!(known.is_sorted(), "`{}`: created, resolved, closed must be in order: {known:?}", ticket.key);
        assert!(ticket.updated_at >= ticket.created_at, "`{}` was changed before it was made", ticket.key);
    }
}
