//! Users, groups, and the other lists of an account.

use ticketing_core::request::{
    AssignableTo, CreateTicket, FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListCollections, ListContacts,
    ListGroupMembers, ListGroups, ListTags, ListUsers, ListWatchers, SetPatch, UpdateTicket,
};
use ticketing_core::{ErrorKind, GroupSelector, Page, UserSelector};

use crate::world::{names, refused, world};

fn ids(page: Page<ticketing_core::model::User>) -> Vec<String> {
    page.items.into_iter().map(|user| user.id.to_string()).collect()
}

fn group_ids(page: Page<ticketing_core::model::Group>) -> Vec<String> {
    page.items.into_iter().map(|group| group.id.to_string()).collect()
}

#[tokio::test]
async fn users_and_groups_know_each_other() {
    let world = world();
    assert_eq!(ids(world.client.list_users(ListUsers::new()).await.unwrap()), ["ada", "ben", "chi", "robot"]);
    let everybody = ListUsers::new().with_include_inactive(true);
    assert_eq!(ids(world.client.list_users(everybody).await.unwrap()).len(), 5);
    let ada = world.client.get_user(GetUser::new("ada").with_include_raw(true)).await.unwrap();
    assert_eq!((names(&ada.groups.unwrap()), ada.raw.unwrap()["id"].as_str()), (vec!["IT Help Desk"], Some("ada")));
    refused(world.client.get_user(GetUser::new("nobody")).await, ErrorKind::NotFound, "", &["nobody", "list_users"]);

    assert_eq!(group_ids(world.client.list_groups(ListGroups::new()).await.unwrap()), ["desk", "net"]);
    let desk = world.client.get_group(GetGroup::new("desk")).await.unwrap();
    assert_eq!(names(&desk.members.unwrap()), ["Ada Quist", "Ben Okoro"]);
    refused(world.client.get_group(GetGroup::new("nobody")).await, ErrorKind::NotFound, "", &["list_groups"]);

    let members = |request: ListGroupMembers| world.client.list_group_members(request);
    assert_eq!(ids(members(ListGroupMembers::new("net")).await.unwrap()), ["chi"]);
    assert_eq!(ids(members(ListGroupMembers::new("net").with_include_inactive(true)).await.unwrap()), ["chi", "dora"]);
    refused(members(ListGroupMembers::new("nobody")).await, ErrorKind::NotFound, "", &["nobody"]);
}

#[tokio::test]
async fn the_assignee_picker_finds_who_can_be_assigned() {
    let world = world();
    let request = CreateTicket::new("x").with_groups(vec![GroupSelector::id("net")]);
    let (grouped, free) = (world.make(request).await.id, world.make(CreateTicket::new("y")).await.id);
    let new = FindUsers::new;
    for (expected, request) in [
        (&["ada", "ben", "chi", "robot"][..], new()),
        (&["ada"], new().with_text("QUIST".to_owned())),
        (&["ben", "chi"], new().with_text("shared@".to_owned())),
        (&["chi"], new().with_text("chi.lo".to_owned())),
        (&["ben", "chi"], new().with_email("Shared@example.com".to_owned())),
        (&["ada"], new().with_name("Ada Quist".to_owned())),
        (&[], new().with_name("Ada".to_owned())),
        (&[], new().with_text("dora".to_owned())),
        (&["dora"], new().with_text("dora".to_owned()).with_include_inactive(true)),
        (&["ada", "ben"], new().with_assignable_to(AssignableTo::Group("desk".into()))),
        (
            &["ben"],
            new().with_assignable_to(AssignableTo::Group("desk".into())).with_email("shared@example.com".to_owned()),
        ),
        (&["chi"], new().with_assignable_to(AssignableTo::Ticket(grouped.clone()))),
        (&["ada", "ben", "chi", "robot"], new().with_assignable_to(AssignableTo::Ticket(free))),
        (&["ada", "ben", "chi", "robot"], new().with_assignable_to(AssignableTo::Collection("ops".into()))),
    ] {
        assert_eq!(ids(world.client.find_users(request.clone()).await.unwrap()), expected, "{request:?}");
    }
    for to in [
        AssignableTo::Group("nobody".into()),
        AssignableTo::Ticket("MEM-99".into()),
        AssignableTo::Collection("nowhere".into()),
    ] {
        let outcome = world.client.find_users(new().with_assignable_to(to.clone())).await;
        refused(outcome, ErrorKind::InvalidRequest, "assignable_to", &[]);
        let outcome = world.client.find_groups(FindGroups::new().with_assignable_to(to)).await;
        refused(outcome, ErrorKind::InvalidRequest, "assignable_to", &[]);
    }
    for (expected, request) in [
        (&["desk", "net"][..], FindGroups::new()),
        (&["desk"], FindGroups::new().with_text("help".to_owned())),
        (&["net"], FindGroups::new().with_name("Network".to_owned())),
        (&["desk", "fax", "net"], FindGroups::new().with_include_inactive(true)),
        (&["desk", "net"], FindGroups::new().with_assignable_to(AssignableTo::Ticket(grouped))),
        (&["desk"], FindGroups::new().with_assignable_to(AssignableTo::Group("desk".into()))),
    ] {
        assert_eq!(group_ids(world.client.find_groups(request.clone()).await.unwrap()), expected, "{request:?}");
    }
}

#[tokio::test]
async fn a_rename_shows_everywhere_and_who_is_gone_keeps_the_name() {
    let world = world();
    let id = world.make(CreateTicket::new("x").with_assignees(vec![UserSelector::id("ada")])).await.id;
    assert!(world.store.change_user("ada", world.now(), |ada| ada.name = "Ada Berg".to_owned()));
    assert_eq!(names(&world.get(&id).await.assignees), ["Ada Berg"]);
    assert!(world.store.remove_user("ada", world.now()));
    assert!(!world.store.remove_user("ada", world.now()));
    assert_eq!(names(&world.get(&id).await.assignees), ["Ada Berg"]);
    refused(world.client.get_user(GetUser::new("ada")).await, ErrorKind::NotFound, "", &[]);
    let unassigned = UpdateTicket::new(id).with_assignees(SetPatch::replace([]));
    assert!(world.client.update_ticket(unassigned).await.unwrap().assignees.is_empty());
}

#[tokio::test]
async fn the_other_lists_are_paged_by_id() {
    let world = world();
    let accounts = world.client.list_accounts(ListAccounts::new().with_page_size(2)).await.unwrap();
    assert_eq!(accounts.items.len(), 2);
    let rest = world.client.list_accounts(ListAccounts::new().with_cursor(accounts.next)).await.unwrap();
    assert_eq!((rest.items[0].id.as_str(), rest.next), ("sakura2", None));
    let contacts = world.client.list_contacts(ListContacts::new()).await.unwrap().items;
    assert_eq!(names(contacts[0].account.as_slice()), ["Boreal Freight"]);
    let collections = world.client.list_collections(ListCollections::new().with_include_raw(true)).await.unwrap().items;
    assert_eq!((collections.len(), collections[0].raw.is_some()), (2, true));
    let request = CreateTicket::new("x")
        .with_tags(vec!["b".to_owned(), "a".to_owned()])
        .with_watchers(vec![UserSelector::id("chi"), UserSelector::id("ada")]);
    let id = world.make(request).await.id;
    let tags = world.client.list_tags(ListTags::new()).await.unwrap().items;
    assert_eq!(tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let watchers = world.client.list_watchers(ListWatchers::new(id.clone()).with_page_size(1)).await.unwrap();
    assert_eq!(names(&watchers.items), ["Ada Quist"]);
    let rest = world.client.list_watchers(ListWatchers::new(id.clone()).with_cursor(watchers.next)).await.unwrap();
    assert_eq!(names(&rest.items), ["Chi Tanaka"]);
    world.store.make_unreadable("watchers");
    let hidden = world.client.list_watchers(ListWatchers::new(id)).await;
    refused(hidden, ErrorKind::PermissionDenied, "", &["administrator"]);
}
