//! Patches, status moves, versions, deletes, history.

use chrono::TimeDelta;
use ticketing_core::model::{Due, FieldData, Native, RemovalReason, StatusCategory, StatusInfo, Visibility};
use ticketing_core::request::{
    CreateTicket, DeleteTicket, GetTicket, ListComments, ListHistory, ListStatuses, ListTickets, ListTransitions,
    NewComment, Patch, SetPatch, TextInput, UpdateTicket,
};
use ticketing_core::{ErrorKind, GroupSelector, PrioritySelector, StatusSelector, UserSelector, Version};

use crate::world::{names, refused, world};

fn to(category: StatusCategory) -> StatusSelector {
    StatusSelector::from(category)
}

#[tokio::test]
async fn what_is_not_named_stays() {
    let world = world();
    let request = CreateTicket::new("Disk full")
        .with_description(TextInput::from("full"))
        .with_requester(UserSelector::id("ada"))
        .with_tags(vec!["disk".to_owned()])
        .with_field("floor", 2_i64);
    let before = world.make(request).await;
    world.clock.advance(TimeDelta::minutes(5));
    let after =
        world.client.update_ticket(UpdateTicket::new(before.id.clone()).with_title("Disk empty")).await.unwrap();
    assert_eq!(after.title, "Disk empty");
    assert_eq!(after.updated_at, Some(world.now()));
    assert_ne!(after.version, before.version);
    let (title, updated_at, version) = (before.title.clone(), before.updated_at, before.version.clone());
    let undone = ticketing_core::model::Ticket { title, updated_at, version, ..after.clone() };
    assert_eq!(undone, before);
    // A patch that changes nothing leaves the ticket as it is, version and time included.
    world.clock.advance(TimeDelta::minutes(5));
    let same =
        world.client.update_ticket(UpdateTicket::new(before.key.as_str()).with_title("Disk empty")).await.unwrap();
    assert_eq!(same, after);
}

#[tokio::test]
async fn values_are_set_and_cleared() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let whole = world.make(CreateTicket::new("whole")).await;
    let set = UpdateTicket::new(id.clone())
        .with_description(Patch::Set("text".into()))
        .with_priority(Patch::Set(PrioritySelector::native("P1")))
        .with_requester(Patch::Set(UserSelector::id("greta")))
        .with_account(Patch::Set(ticketing_core::AccountSelector::Id("boreal".into())))
        .with_parent(Patch::Set(whole.id.clone()))
        .with_due(Due::At(world.now()))
        .with_external_id("EXT".to_owned())
        .with_field("floor", 3_i64);
    let now = world.client.update_ticket(set).await.unwrap();
    assert!(now.description.is_some() && now.priority.is_some() && now.requester.is_some() && now.account.is_some());
    assert!(now.parent.is_some() && now.due.is_some() && now.external_id.is_some() && now.fields.len() == 1);
    let clear = UpdateTicket::new(id)
        .with_description(Patch::Clear)
        .with_priority(Patch::Clear)
        .with_requester(Patch::Clear)
        .with_account(Patch::Clear)
        .with_parent(Patch::Clear)
        .with_due(Patch::Clear)
        .with_external_id(Patch::Clear)
        .with_field("floor", FieldData::Null);
    let now = world.client.update_ticket(clear).await.unwrap();
    assert!(now.description.is_none() && now.priority.is_none() && now.requester.is_none() && now.account.is_none());
    assert!(now.parent.is_none() && now.due.is_none() && now.external_id.is_none() && now.fields.is_empty());
}

#[tokio::test]
async fn sets_take_additions_removals_and_replacements() {
    let world = world();
    let users = |ids: &[&str]| ids.iter().map(|id| UserSelector::id(*id)).collect::<Vec<_>>();
    let request = CreateTicket::new("x")
        .with_assignees(users(&["ada", "ben"]))
        .with_groups(vec![GroupSelector::id("desk")])
        .with_tags(vec!["a".to_owned(), "b".to_owned()]);
    let id = world.make(request).await.id;
    let update = || UpdateTicket::new(id.clone());
    let change = SetPatch::Change { add: users(&["chi", "ada"]), remove: users(&["ben"]) };
    let now = world.client.update_ticket(update().with_assignees(change)).await.unwrap();
    assert_eq!(names(&now.assignees), ["Ada Quist", "Chi Tanaka"]);
    // Who left since stays where nobody removes them, and may be among those who replace.
    world.store.change_user("chi", world.now(), |chi| chi.active = Some(false));
    let now =
        world.client.update_ticket(update().with_assignees(SetPatch::Replace(users(&["chi", "ben"])))).await.unwrap();
    assert_eq!(names(&now.assignees), ["Chi Tanaka", "Ben Okoro"]);
    let now = world.client.update_ticket(update().with_assignees(SetPatch::remove(users(&["chi"])))).await.unwrap();
    assert_eq!(names(&now.assignees), ["Ben Okoro"]);
    let again = world.client.update_ticket(update().with_assignees(SetPatch::add(users(&["chi"])))).await;
    refused(again, ErrorKind::InvalidRequest, "assignee", &["inactive"]);
    let now = world.client.update_ticket(update().with_groups(SetPatch::replace([]))).await.unwrap();
    assert!(now.assigned_groups.is_empty());
    let tags = SetPatch::Change { add: vec!["c".to_owned()], remove: vec!["a".to_owned(), "z".to_owned()] };
    let now = world.client.update_ticket(update().with_tags(tags)).await.unwrap();
    assert_eq!(now.tags.unwrap(), ["b", "c"]);
}

#[tokio::test]
async fn a_refused_patch_changes_nothing() {
    let world = world();
    let before = world.make(CreateTicket::new("x")).await;
    let part = world.make(CreateTicket::new("part").with_parent(before.id.clone())).await;
    let update = || UpdateTicket::new(before.id.clone()).with_title("changed");
    for (field, request) in [
        ("title", UpdateTicket::new(before.id.clone()).with_title(Patch::Clear)),
        ("status", update().with_status(StatusSelector::native("parked"))),
        ("reason", update().with_status(to(StatusCategory::OnHold)).with_reason("boredom".to_owned())),
        ("reason", update().with_reason("vendor".to_owned())),
        ("assignee", update().with_assignees(SetPatch::add([UserSelector::id("nobody")]))),
        ("parent", update().with_parent(Patch::Set(before.id.clone()))),
        ("parent", update().with_parent(Patch::Set(part.id.clone()))),
        ("impact", update().with_field("impact", "planet")),
        ("body", update().with_comment(NewComment::public(" "))),
    ] {
        refused(world.client.update_ticket(request).await, ErrorKind::InvalidRequest, field, &[]);
        assert_eq!(world.get(&before.id).await, before, "{field}");
    }
    let nothing = world.client.update_ticket(UpdateTicket::new("ticket-000099")).await;
    refused(nothing, ErrorKind::NotFound, "", &["ticket-000099"]);
}

#[tokio::test]
async fn statuses_move_with_their_times_and_reasons() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let update = || UpdateTicket::new(id.clone());
    let held = update().with_status(to(StatusCategory::OnHold)).with_reason("Awaiting vendor".to_owned());
    let held = world.client.update_ticket(held).await.unwrap();
    assert_eq!(held.status.reason.as_ref().unwrap().id, "vendor");
    // Already there: the reason stays.
    let same = world.client.update_ticket(update().with_status(to(StatusCategory::OnHold))).await.unwrap();
    assert_eq!(same.status, held.status);

    world.clock.advance(TimeDelta::hours(1));
    let resolved_at = world.now();
    let resolve = update().with_status(to(StatusCategory::Resolved)).with_reason("duplicate".to_owned());
    let resolved = world.client.update_ticket(resolve).await.unwrap();
    assert_eq!((resolved.resolved_at, resolved.closed_at), (Some(resolved_at), None));

    world.clock.advance(TimeDelta::hours(1));
    let closed = world.client.update_ticket(update().with_status(to(StatusCategory::Closed))).await.unwrap();
    assert_eq!((closed.resolved_at, closed.closed_at), (Some(resolved_at), Some(world.now())));
    assert_eq!(closed.status.reason.as_ref().unwrap().id, "duplicate", "closing keeps why it was answered");

    let back = world.client.update_ticket(update().with_status(to(StatusCategory::InProgress))).await.unwrap();
    assert_eq!((back.resolved_at, back.closed_at, back.status.reason), (None, None, None));
    let ended = world.client.update_ticket(update().with_status(to(StatusCategory::Cancelled))).await.unwrap();
    assert_eq!((ended.resolved_at, ended.closed_at), (None, Some(world.now())));
    let at_once = world.make(CreateTicket::new("y").with_status(to(StatusCategory::Closed))).await;
    assert_eq!((at_once.resolved_at, at_once.closed_at), (Some(world.now()), Some(world.now())));
}

#[tokio::test]
async fn transitions_and_statuses_agree() {
    let world = world();
    let triage = StatusInfo {
        category: StatusCategory::Open,
        native: Native::named("triage", "Triage"),
        scopes: vec![],
        active: false,
    };
    world.store.insert_status(triage);
    let id = world.make(CreateTicket::new("x")).await.id;
    let statuses = world.client.list_statuses(ListStatuses::new()).await.unwrap();
    assert_eq!(statuses.len(), 7);
    let transitions = world.client.list_transitions(ListTransitions::new(id.clone())).await.unwrap();
    let names: Vec<_> = transitions.iter().map(|transition| transition.name.as_str()).collect();
    assert_eq!(names, ["Active", "Waiting", "Solved", "Final", "Withdrawn"]);
    for transition in transitions {
        let there = StatusSelector::native(transition.id.as_str());
        let now = world.client.update_ticket(UpdateTicket::new(id.clone()).with_status(there)).await.unwrap();
        assert_eq!(now.status, transition.to);
    }
    let other = ListStatuses::new().with_ticket_type("sc_task".to_owned());
    refused(world.client.list_statuses(other).await, ErrorKind::InvalidRequest, "type", &["sc_task"]);
}

#[tokio::test]
async fn an_old_version_is_refused() {
    let world = world();
    let before = world.make(CreateTicket::new("x")).await;
    world
        .store
        .change_ticket(before.id.clone(), Some("ada".into()), world.now(), |ticket| ticket.title = "theirs".into());
    let mine = UpdateTicket::new(before.id.clone()).with_title("mine").with_expected_version(before.version.clone());
    let line = refused(world.client.update_ticket(mine).await, ErrorKind::PreconditionFailed, "expected_version", &[]);
    assert!(line.to_string().contains(before.version.as_ref().map_or("", Version::as_str)));
    let delete = DeleteTicket::new(before.id.clone()).with_expected_version(before.version);
    refused(world.client.delete_ticket(delete).await, ErrorKind::PreconditionFailed, "expected_version", &[]);
    let now = world.get(&before.id).await;
    assert_eq!(now.title, "theirs");
    let mine = UpdateTicket::new(before.id).with_title("mine").with_expected_version(now.version);
    assert_eq!(world.client.update_ticket(mine).await.unwrap().title, "mine");
}

#[tokio::test]
async fn a_comment_rides_along() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let update = UpdateTicket::new(id.clone()).with_title("y").with_comment(NewComment::public("done"));
    let now = world.client.update_ticket(update).await.unwrap();
    let comments = world.client.list_comments(ListComments::new(id.clone())).await.unwrap().items;
    assert_eq!((comments[0].body.markdown.as_str(), comments[0].visibility), ("done", Visibility::Public));
    assert_eq!(names(comments[0].author.as_slice()), ["Robot"]);
    assert_eq!(world.get(&id).await, now, "the answer is the ticket as it is now");
}

#[tokio::test]
async fn a_history_tells_who_changed_what() {
    let world = world();
    let id = world.make(CreateTicket::new("Disk full").with_field("impact", "one")).await.id;
    world.clock.advance(TimeDelta::minutes(1));
    let update = UpdateTicket::new(id.clone())
        .with_status(to(StatusCategory::OnHold))
        .with_reason("vendor".to_owned())
        .with_assignees(SetPatch::add([UserSelector::id("ada"), UserSelector::id("ben")]))
        .with_tags(SetPatch::add(["disk".to_owned()]))
        .with_due(Due::Date("2026-03-01".parse().unwrap()))
        .with_field("impact", "team");
    world.client.update_ticket(update).await.unwrap();
    world.store.change_ticket(id.clone(), Some("ada".into()), world.now(), |ticket| ticket.title = "Disk empty".into());
    let history = world.client.list_history(ListHistory::new(id.clone())).await.unwrap().items;
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_json_snapshot!("history", history);
    });
    let pages = world.client.list_history(ListHistory::new(id).with_page_size(1)).await.unwrap();
    assert_eq!((pages.items.len(), pages.next.is_some()), (1, true));
}

#[tokio::test]
async fn tickets_go_in_every_way() {
    let world = world();
    let gone = |reason| {
        let world = &world;
        async move {
            let id = world.make(CreateTicket::new(format!("{reason}"))).await.id;
            let target = world.make(CreateTicket::new("stays")).await.id;
            let moved_to = matches!(reason, RemovalReason::Moved | RemovalReason::Merged).then(|| target.clone());
            assert!(world.store.remove_ticket(id.clone(), reason, moved_to, world.now()));
            (id, target)
        }
    };
    for reason in RemovalReason::ALL {
        let (id, target) = gone(*reason).await;
        let words =
            if matches!(reason, RemovalReason::Moved | RemovalReason::Merged) { vec![target.as_str()] } else { vec![] };
        refused(world.client.get_ticket(GetTicket::new(id.clone())).await, ErrorKind::NotFound, "", &words);
        let listing = |deleted| world.client.list_tickets(ListTickets::new().with_include_deleted(deleted));
        assert!(listing(false).await.unwrap().items.iter().all(|ticket| ticket.id != id));
        let listed = listing(true).await.unwrap().items.into_iter().find(|ticket| ticket.id == id);
        if *reason == RemovalReason::AccessLost {
            assert!(listed.is_none(), "what the credential may not read is in no listing");
        } else {
            assert_eq!(listed.unwrap().deleted.unwrap().reason, Some(*reason));
        }
        assert!(world.store.restore_ticket(id.clone(), world.now()));
        assert_eq!(world.get(&id).await.deleted, None);
        assert!(!world.store.restore_ticket(id, world.now()));
    }
}
