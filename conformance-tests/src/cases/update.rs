//! Patches: what is named changes, what is not named stays.

use ticketing_core::model::{Due, FieldType, PriorityLevel, Ticket, TypeCategory, Visibility};
use ticketing_core::request::{
    GetTicket, ListFields, NewComment, Patch, Projection, SetPatch, TextInput, UpdateTicket,
};
use ticketing_core::{
    AccountSelector, CollectionSelector, ConcurrencyMode, ErrorKind, FieldId, GroupSelector, Operation,
    PrioritySelector, TypeSelector, UserSelector,
};

use crate::canonical::{due_day, plain_text};
use crate::gate::{has_visibility, writes};
use crate::harness::{Harness, Interference};
use crate::reading::{all, client, writes_sent};
use crate::verdict::{names, not_offered, ok, refused};
use crate::world::World;

/// A patch of each core key that can be named in an update, and words of which an error must use one.
pub(crate) fn patches(world: &World) -> Vec<(&'static str, &'static [&'static str], UpdateTicket)> {
    let id = world.ticket_id("vpn");
    let update = || UpdateTicket::new(id.clone());
    let user = || UserSelector::Id(world.user("itil").id.clone());
    // Each differs from what the ticket has.
    let own = world.ticket("vpn").account.as_ref().map(|account| account.id.as_str());
    let account = world.accounts.iter().find(|account| Some(account.id.as_str()) != own);
    let account = account.map_or_else(|| "1".into(), |account| account.id.clone());
    let collection = world.listing.iter().flat_map(|ticket| &ticket.collections).next();
    let collection = CollectionSelector::Id(collection.map_or("1", |one| one.id.as_str()).into());
    let watcher = UserSelector::Id(world.user("lena.brandt").id.clone());
    vec![
        ("title", &["title"], update().with_title("new")),
        ("description", &["description"], update().with_description(Patch::Set("new".into()))),
        ("type", &["type"], update().with_type(TypeSelector::from(TypeCategory::Incident))),
        ("priority", &["priority"], update().with_priority(PrioritySelector::from(PriorityLevel::Low))),
        ("requester", &["requester"], update().with_requester(user())),
        ("assignees", &["assignee"], update().with_assignees(SetPatch::replace([user()]))),
        ("assigned_groups", &["group"], update().with_groups(SetPatch::replace([GroupSelector::name("IT")]))),
        ("watchers", &["watcher"], update().with_watchers(SetPatch::add([watcher]))),
        ("account", &["account"], update().with_account(AccountSelector::Id(account))),
        ("collections", &["collection"], update().with_collections(SetPatch::add([collection]))),
        ("parent", &["parent"], update().with_parent(world.ticket_id("move"))),
        ("tags", &["tag"], update().with_tags(SetPatch::add(["concentrator".to_owned()]))),
        ("due", &["due"], update().with_due(Due::Date("2026-03-09".parse().unwrap()))),
        ("external_id", &["external"], update().with_external_id("EXT-1")),
    ]
}

/// A catalogue field of plain text that can be written, where the catalogue tells.
pub(crate) async fn writable_text_field(h: &dyn Harness) -> Option<FieldId> {
    let client = client(h);
    if !client.capabilities().supports(Operation::ListFields) || !writes(h, "fields") {
        return None;
    }
    let fields = ok(all(|c| client.list_fields(ListFields::new().with_cursor(c))).await, "list_fields");
    let is_text = |field: &&ticketing_core::model::Field| {
        matches!(field.field_type, FieldType::String | FieldType::Text)
            && field.core.is_none()
            && field.writable == Some(true)
            && !field.multiple
            && field.choices.is_none()
            && field.scopes.len() != 1
            && field.max_length.is_none_or(|length| length >= 20)
    };
    fields.iter().find(is_text).map(|field| field.id.clone())
}

async fn got(h: &dyn Harness, ticket: &Ticket) -> Ticket {
    let request = GetTicket::new(ticket.id.clone()).with_projection(Projection::new().with_watchers());
    ok(client(h).get_ticket(request).await, "get_ticket")
}

/// What the update names, and what every update changes, taken out.
fn without(ticket: &Ticket, keys: &[&str]) -> serde_json::Value {
    let mut json = serde_json::to_value(ticket).unwrap();
    for key in keys.iter().chain(&["updated_at", "version"]) {
        json[*key] = serde_json::Value::Null;
    }
    json
}

/// A patch of nothing changes nothing.
pub async fn a_patch_of_nothing_changes_nothing(h: &dyn Harness) {
    let world = World::read(h).await;
    let before = got(h, world.ticket("vpn")).await;
    let outcome = client(h).update_ticket(UpdateTicket::new(before.id.clone())).await;
    ok(outcome, "update_ticket with nothing in it");
    let after = got(h, &before).await;
    assert_eq!(without(&after, &["fields"]), without(&before, &["fields"]));
}

/// Each key alone changes, and every other stays as it was.
pub async fn each_key_changes_alone(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for (key, _, update) in patches(&world) {
        if !writes(h, key) || key == "type" {
            continue;
        }
        if h.set_once().contains(&key) {
            let outcome = client.update_ticket(update).await;
            let error = refused(outcome, &[ErrorKind::InvalidRequest], &format!("`{key}`, which is set once"));
            names(&error, &[key], "what cannot be changed");
            continue;
        }
        h.advance(5);
        let before = got(h, world.ticket("vpn")).await;
        let answer = ok(client.update_ticket(update).await, &format!("update_ticket of `{key}`"));
        let after = got(h, &before).await;
        let (then, now) = (serde_json::to_value(&before).unwrap(), serde_json::to_value(&after).unwrap());
        assert_ne!(then[key], now[key], "the update names `{key}`, and it has not changed");
        // Catalogue fields move with the core (impact and urgency with the priority).
        let moved = [key, "fields"];
        assert_eq!(without(&after, &moved), without(&before, &moved), "an update of `{key}` changed something else");
        let bare = |ticket: &Ticket| {
            let ticket = Ticket { watchers: None, ..ticket.clone() };
            serde_json::to_value(ticket).unwrap()
        };
        assert_eq!(bare(&answer), bare(&after), "the answer to an update is the ticket as it is now");
        let beside = matches!(key, "tags" | "watchers");
        if beside && (&before.version, before.updated_at) == (&after.version, after.updated_at) {
            // Some vendors keep these beside the record: then neither moves, and never one without the other.
            continue;
        }
        if before.version.is_some() {
            assert_ne!(before.version, after.version, "an update gives the ticket another version");
        }
        assert!(after.updated_at > before.updated_at, "an update moves `updated_at` on");
    }
}

/// Each key that can be empty is cleared, alone.
pub async fn each_key_is_cleared_alone(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let id = || UpdateTicket::new(world.ticket_id("vpn"));
    // Everything is set first, so that there is something to clear.
    for (key, _, update) in patches(&world) {
        let fixed = matches!(key, "type" | "title" | "priority" | "assigned_groups") || h.set_once().contains(&key);
        if writes(h, key) && !fixed {
            ok(client.update_ticket(update).await, &format!("update_ticket of `{key}`"));
        }
    }
    for (key, update) in [
        ("requester", id().with_requester(Patch::Clear)),
        ("assignees", id().with_assignees(SetPatch::replace([]))),
        ("assigned_groups", id().with_groups(SetPatch::replace([]))),
        ("watchers", id().with_watchers(SetPatch::replace([]))),
        ("account", id().with_account(Patch::Clear)),
        ("parent", id().with_parent(Patch::Clear)),
        ("tags", id().with_tags(SetPatch::replace([]))),
        ("due", id().with_due(Patch::Clear)),
        ("external_id", id().with_external_id(Patch::Clear)),
        ("description", id().with_description(Patch::Clear)),
    ] {
        if !writes(h, key) {
            continue;
        }
        let before = got(h, world.ticket("vpn")).await;
        match client.update_ticket(update).await {
            Ok(_) => {
                let after = got(h, &before).await;
                let now = serde_json::to_value(&after).unwrap();
                let empty = now[key].is_null() || now[key].as_array().is_some_and(Vec::is_empty);
                assert!(empty, "`{key}` was cleared, and is {}", now[key]);
                let moved = [key, "fields"];
                assert_eq!(
                    without(&after, &moved),
                    without(&before, &moved),
                    "clearing `{key}` changed something else"
                );
            }
            Err(error) => {
                // A vendor may demand a value; it must say so, and change nothing.
                let kinds = [ErrorKind::InvalidRequest, ErrorKind::Conflict, ErrorKind::Unsupported];
                let error = refused(Err::<(), _>(error), &kinds, &format!("clearing `{key}`"));
                names(&error, &[key.trim_end_matches('s')], "the key that cannot be cleared");
                assert_eq!(got(h, &before).await, before, "a refused update changes nothing");
            }
        }
    }
}

/// Sets take additions, removals and replacements, and keep the rest.
pub async fn sets_are_added_to_removed_from_and_replaced(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let id = || UpdateTicket::new(world.ticket_id("move"));
    let user = |key: &str| UserSelector::Id(world.user(key).id.clone());
    if writes(h, "watchers") {
        for (patch, expected) in [
            (SetPatch::add([user("alex.kim"), user("itil")]), vec!["alex.kim", "amara.okafor", "itil", "lena.brandt"]),
            (SetPatch::remove([user("itil"), user("tomas.silva")]), vec!["alex.kim", "amara.okafor", "lena.brandt"]),
            (
                SetPatch::Change { add: vec![user("itil")], remove: vec![user("alex.kim")] },
                vec!["amara.okafor", "itil", "lena.brandt"],
            ),
            (SetPatch::replace([user("tomas.silva")]), vec!["tomas.silva"]),
        ] {
            ok(client.update_ticket(id().with_watchers(patch.clone())).await, "update_ticket of watchers");
            let now = got(h, world.ticket("move")).await;
            let watchers = now.watchers.expect("watchers were asked for");
            assert_eq!(world.keys_of(&watchers), expected, "watchers after {patch:?}");
        }
    }
    if writes(h, "tags") {
        let summer = h.tag("été 2026");
        for (patch, expected) in [
            (SetPatch::add(["vpn".to_owned(), "move".to_owned()]), vec!["move", "vpn", summer.as_str()]),
            (SetPatch::remove(["move".to_owned(), h.tag("no such tag")]), vec!["vpn", summer.as_str()]),
            (SetPatch::replace(["neu".to_owned()]), vec!["neu"]),
        ] {
            ok(client.update_ticket(id().with_tags(patch.clone())).await, "update_ticket of tags");
            let mut tags = got(h, world.ticket("move")).await.tags.expect("one ticket has its tags loaded");
            tags.sort();
            assert_eq!(tags, expected, "tags after {patch:?}");
        }
    }
    if writes(h, "assignees") {
        ok(client.update_ticket(id().with_assignees(SetPatch::remove([user("tomas.silva")]))).await, "unassigning");
        assert!(got(h, world.ticket("move")).await.assignees.is_empty(), "the only assignee was removed");
        ok(client.update_ticket(id().with_assignees(SetPatch::add([user("lena.brandt")]))).await, "assigning");
        assert_eq!(world.keys_of(&got(h, world.ticket("move")).await.assignees), ["lena.brandt"]);
    }
}

/// More assignees or groups than the vendor can hold are refused, with the limit; none is dropped in silence.
pub async fn more_assignees_than_fit_are_refused(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let limits = client.capabilities().limits;
    let people: Vec<_> =
        ["itil", "alex.kim", "lena.brandt"].iter().map(|key| UserSelector::Id(world.user(key).id.clone())).collect();
    let groups =
        ["helpdesk", "network", "it"].iter().map(|key| GroupSelector::Id(world.group(key).id.clone())).collect();
    for (key, limit, update) in [
        (
            "assignees",
            limits.max_assignees,
            UpdateTicket::new(world.ticket_id("vpn")).with_assignees(SetPatch::Replace(people)),
        ),
        (
            "assigned_groups",
            limits.max_groups,
            UpdateTicket::new(world.ticket_id("vpn")).with_groups(SetPatch::Replace(groups)),
        ),
    ] {
        if !writes(h, key) {
            continue;
        }
        let before = writes_sent(h);
        let outcome = client.update_ticket(update).await;
        if limit.is_some_and(|limit| limit < 3) {
            let kinds = [ErrorKind::InvalidRequest, ErrorKind::Unsupported];
            let error = refused(outcome, &kinds, &format!("three {key} where {limit:?} fit"));
            names(&error, &[if key == "assignees" { "assignee" } else { "group" }], "the key that holds too many");
            assert_eq!(writes_sent(h), before, "nothing may be written of too many {key}");
        } else {
            ok(outcome, &format!("three {key}"));
            let now = got(h, world.ticket("vpn")).await;
            let held = if key == "assignees" { now.assignees.len() } else { now.assigned_groups.len() };
            assert_eq!(held, 3, "three {key} were given");
        }
    }
}

/// A comment rides along with a change; both happen.
pub async fn a_comment_rides_along(h: &dyn Harness) {
    let world = World::read(h).await;
    for visibility in [Visibility::Public, Visibility::Internal] {
        if !has_visibility(h, visibility) {
            continue;
        }
        h.advance(60);
        let comment = NewComment { body: TextInput::Plain(format!("a {visibility} word")), visibility };
        let title = format!("changed with a {visibility} comment");
        let update = UpdateTicket::new(world.ticket_id("disk")).with_title(title.as_str()).with_comment(comment);
        let answer = ok(client(h).update_ticket(update).await, "update_ticket with a comment");
        assert_eq!(answer.title, title);
        let comments = super::comments::all_of(h, &world.ticket_id("disk")).await;
        let last = comments.last().expect("the comment that rode along");
        assert_eq!((plain_text(&last.body), last.visibility), (format!("a {visibility} word"), visibility));
    }
}

/// A version that is no longer the ticket's is refused, and nothing is changed.
pub async fn an_old_version_is_refused(h: &dyn Harness) {
    let client = client(h);
    if client.capabilities().concurrency == ConcurrencyMode::None {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket("vpn");
    let version = ticket.version.clone().expect("versions can be compared, so tickets must have one");
    h.advance(5);
    let title = "changed by somebody else".to_owned();
    if h.interfere(Interference::SetTitle { ticket: ticket.id.clone(), title: title.clone() }).await.is_none() {
        not_offered("SetTitle");
        ok(
            client.update_ticket(UpdateTicket::new(ticket.id.clone()).with_title(title.as_str())).await,
            "update_ticket",
        );
    }
    let update = || UpdateTicket::new(ticket.id.clone()).with_title("mine");
    let outcome = client.update_ticket(update().with_expected_version(version)).await;
    refused(outcome, &[ErrorKind::PreconditionFailed], "an update of a version that is no longer the ticket's");
    let now = got(h, ticket).await;
    assert_eq!(now.title, title, "a refused update changes nothing");
    let current = now.version.clone().unwrap();
    let answer =
        ok(client.update_ticket(update().with_expected_version(current)).await, "an update of the present version");
    assert_eq!(answer.title, "mine");
}

/// A ticket that does not exist is not found, and none is made.
pub async fn an_unknown_ticket_is_not_found(h: &dyn Harness) {
    let client = client(h);
    let update = UpdateTicket::new("ffffffffffffffffffffffffffffffff").with_title("new");
    refused(client.update_ticket(update).await, &[ErrorKind::NotFound], "an update of a ticket that does not exist");
    let listing =
        ok(crate::reading::tickets(&client, &ticketing_core::request::ListTickets::new()).await, "list_tickets");
    assert!(listing.iter().all(|ticket| ticket.title != "new"), "an update must not make a ticket");
}

/// The key does for an update as well as the id.
pub async fn a_key_names_the_ticket(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket("toner");
    let update = UpdateTicket::new(ticket.key.as_str()).with_title("by key");
    let answer = ok(client(h).update_ticket(update).await, "update_ticket by key");
    assert_eq!((&answer.id, answer.title.as_str()), (&ticket.id, "by key"));
}

/// A due day stays the day it was given as, wherever the vendor keeps it.
pub async fn a_due_day_stays_that_day(h: &dyn Harness) {
    if !writes(h, "due") {
        return;
    }
    let world = World::read(h).await;
    for day in ["2026-01-01", "2026-12-31", "2028-02-29"] {
        let update = UpdateTicket::new(world.ticket_id("vpn")).with_due(Due::Date(day.parse().unwrap()));
        let answer = ok(client(h).update_ticket(update).await, "update_ticket of the due day");
        assert_eq!(due_day(&answer).as_deref(), Some(day), "the day must not move with a time zone");
    }
}

/// A text is plain where it was given as plain: what looks like markup stays as it was written.
pub async fn plain_text_stays_as_it_was_written(h: &dyn Harness) {
    if !writes(h, "description") {
        return;
    }
    let world = World::read(h).await;
    for text in
        ["1 < 2 && \"x\" > 'y'\n  indented *stars* _under_", "^OR^NQ, javascript:gs.x() @ `code`", "日本語 עברית 🚀"]
    {
        let update =
            UpdateTicket::new(world.ticket_id("vpn")).with_description(Patch::Set(TextInput::Plain(text.to_owned())));
        let answer = ok(client(h).update_ticket(update).await, "update_ticket of the description");
        let read = answer.description.as_ref().map(plain_text);
        assert_eq!(read.as_deref(), Some(text));
    }
}

/// A deleted ticket is gone from get, listing and census; deleting it again finds nothing.
pub async fn a_deleted_ticket_is_gone(h: &dyn Harness) {
    if !crate::gate::operations(h, &[Operation::DeleteTicket]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket("arabic");
    let delete = || ticketing_core::request::DeleteTicket::new(ticket.id.clone());
    ok(client.delete_ticket(delete()).await, "delete_ticket");
    match client.get_ticket(GetTicket::new(ticket.id.clone())).await {
        Ok(read) => assert!(read.deleted.is_some(), "a deleted ticket that is still read must say so in `deleted`"),
        Err(error) => {
            refused(Err::<(), _>(error), &[ErrorKind::NotFound], "a deleted ticket");
        }
    }
    let request = ticketing_core::request::ListTickets::new();
    let listing = ok(crate::reading::tickets(&client, &request).await, "list_tickets");
    assert!(listing.iter().all(|one| one.id != ticket.id), "a deleted ticket is not listed, unless it is asked for");
    refused(client.delete_ticket(delete()).await, &[ErrorKind::NotFound], "deleting a ticket again");
    let whole = ok(crate::reading::tickets(&client, &request.with_include_deleted(true)).await, "list_tickets");
    let told = whole.iter().filter(|one| one.id == ticket.id).all(|one| one.deleted.is_some());
    assert!(told, "a deleted ticket that was asked for says so in `deleted`");
}

/// A version that is no longer the ticket's keeps it from being deleted.
pub async fn an_old_version_is_not_deleted(h: &dyn Harness) {
    let client = client(h);
    let has = client.capabilities().supports(Operation::DeleteTicket);
    if client.capabilities().concurrency == ConcurrencyMode::None || !has {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket("arabic");
    let version = ticket.version.clone().expect("versions can be compared, so tickets must have one");
    h.advance(5);
    ok(client.update_ticket(UpdateTicket::new(ticket.id.clone()).with_title("changed")).await, "update_ticket");
    let delete = ticketing_core::request::DeleteTicket::new(ticket.id.clone()).with_expected_version(version);
    refused(client.delete_ticket(delete).await, &[ErrorKind::PreconditionFailed], "deleting an old version");
    ok(client.get_ticket(GetTicket::new(ticket.id.clone())).await, "get_ticket of a ticket that was not deleted");
}
