//! Users and groups, and the assignee picker.

use std::collections::BTreeSet;
use std::time::Duration;

use ticketing_core::model::{Group, User, UserType};
use ticketing_core::request::{
    AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListGroupMembers, ListGroups, ListUsers,
};
use ticketing_core::{ErrorKind, Operation};

use crate::gate;
use crate::harness::{Harness, Interference};
use crate::reading::{all, client};
use crate::verdict::{no_repeats, not_offered, ok, refused, same_set};
use crate::world::World;

async fn users(h: &dyn Harness, request: ListUsers) -> Vec<User> {
    let client = client(h);
    ok(all(|c| client.list_users(request.clone().with_cursor(c))).await, "list_users")
}

async fn found(h: &dyn Harness, request: FindUsers) -> Vec<User> {
    let client = client(h);
    ok(all(|c| client.find_users(request.clone().with_cursor(c))).await, &format!("find_users {request:?}"))
}

async fn found_groups(h: &dyn Harness, request: FindGroups) -> Vec<Group> {
    let client = client(h);
    ok(all(|c| client.find_groups(request.clone().with_cursor(c))).await, &format!("find_groups {request:?}"))
}

fn keys(world: &World, users: &[User]) -> BTreeSet<String> {
    let staff = users.iter().filter(|user| user.user_type != UserType::Contact);
    staff.map(|user| world.key_of(user.id.as_str())).collect()
}

/// Only those who can work are listed, unless the others are asked for.
pub async fn only_active_users_are_listed_unless_asked(h: &dyn Harness) {
    let world = World::read(h).await;
    let active = users(h, ListUsers::new()).await;
    no_repeats(&active.iter().map(|user| user.id.to_string()).collect::<Vec<_>>(), "users");
    let expected = world.company.people.iter().filter(|person| person.active).map(|person| person.key.clone());
    same_set(keys(&world, &active), expected, "active users");
    let everybody = users(h, ListUsers::new().with_include_inactive(true)).await;
    same_set(keys(&world, &everybody), world.company.people.iter().map(|person| person.key.clone()), "all users");
    let former = everybody.iter().find(|user| user.name == "Jo Former").unwrap();
    assert_eq!(former.active, Some(false), "who has left is listed as inactive");
}

/// Only groups that can be assigned are listed, unless the others are asked for.
pub async fn only_active_groups_are_listed_unless_asked(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let active = ok(all(|c| client.list_groups(ListGroups::new().with_cursor(c))).await, "list_groups");
    let expected = world.company.groups.iter().filter(|group| group.active).map(|group| group.name.clone());
    same_set(active.iter().map(|group| group.name.clone()), expected, "active groups");
    same_set(
        world.groups.iter().map(|group| group.name.clone()),
        world.company.groups.iter().map(|group| group.name.clone()),
        "all groups",
    );
}

/// A user and a group are got as they are listed; unknown ones are not found.
pub async fn users_and_groups_are_got_by_id(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    for listed in &world.users {
        let mut got = ok(client.get_user(GetUser::new(listed.id.clone())).await, "get_user");
        if listed.groups.is_none() {
            got.groups = None;
        }
        assert_eq!(&got, listed, "listed and got must be the same user");
    }
    for listed in &world.groups {
        let mut got = ok(client.get_group(GetGroup::new(listed.id.clone())).await, "get_group");
        if listed.members.is_none() {
            got.members = None;
        }
        assert_eq!(&got, listed, "listed and got must be the same group");
    }
    for id in ["ffffffffffffffffffffffffffffffff", "x^y", ""] {
        let kinds = [ErrorKind::NotFound, ErrorKind::InvalidRequest];
        refused(client.get_user(GetUser::new(id)).await, &kinds, &format!("get_user `{id}`"));
        refused(client.get_group(GetGroup::new(id)).await, &kinds, &format!("get_group `{id}`"));
    }
}

/// `raw` of users and groups is there where it was asked for, and nowhere else.
pub async fn raw_comes_only_where_it_is_asked_for(h: &dyn Harness) {
    let world = World::read(h).await;
    assert!(world.users.iter().all(|user| user.raw.is_none()) && world.groups.iter().all(|group| group.raw.is_none()));
    let raw = users(h, ListUsers::new().with_include_raw(true)).await;
    assert!(raw.iter().all(|user| user.raw.is_some()), "`raw` was asked for");
    let client = client(h);
    let request = ListGroups::new().with_include_raw(true);
    let raw = ok(all(|c| client.list_groups(request.clone().with_cursor(c))).await, "list_groups");
    assert!(raw.iter().all(|group| group.raw.is_some()), "`raw` was asked for");
}

/// An email address finds everybody who has it, in any case of letters, and nobody else.
pub async fn users_are_found_by_email(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    for (email, expected) in [
        ("amara.okafor@example.com", vec!["amara.okafor"]),
        ("Amara.Okafor@Example.COM", vec!["amara.okafor"]),
        ("reception@example.com", vec!["lena.brandt", "tomas.silva"]),
        ("amara.okafor@example.co", vec![]),
        ("nobody@nowhere.example", vec![]),
        ("x^ORactive=true", vec![]),
    ] {
        let users = found(h, FindUsers::new().with_email(email.to_owned())).await;
        same_set(keys(&world, &users), expected.into_iter().map(str::to_owned), &format!("users of `{email}`"));
    }
}

/// A name finds everybody who bears it.
pub async fn users_are_found_by_name(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    for (name, expected) in [
        ("Alex Kim", vec!["alex.kim", "alex.kim2"]),
        ("Tomás Silva", vec!["tomas.silva"]),
        ("Alex", vec![]),
        ("Nobody", vec![]),
    ] {
        let users = found(h, FindUsers::new().with_name(name.to_owned())).await;
        same_set(keys(&world, &users), expected.into_iter().map(str::to_owned), &format!("users named `{name}`"));
    }
}

/// A part of a name, login name or address finds those who have it; inactive ones only where asked for.
pub async fn users_are_found_by_text(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    for (text, expected) in [
        ("okaf", vec!["amara.okafor"]),
        ("alex", vec!["alex.kim", "alex.kim2"]),
        ("reception@", vec!["lena.brandt", "tomas.silva"]),
        ("former", vec![]),
        ("zzzz", vec![]),
        ("^NQactive=true", vec![]),
    ] {
        let users = found(h, FindUsers::new().with_text(text.to_owned())).await;
        same_set(keys(&world, &users), expected.into_iter().map(str::to_owned), &format!("users of the text `{text}`"));
    }
    let users = found(h, FindUsers::new().with_text("former".to_owned()).with_include_inactive(true)).await;
    assert_eq!(keys(&world, &users), ["jo.former".to_owned()].into(), "inactive users were asked for");
}

/// Text and email together narrow each other.
pub async fn two_ways_to_find_narrow_each_other(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    let request = FindUsers::new().with_email("reception@example.com".to_owned()).with_text("lena".to_owned());
    assert_eq!(keys(&world, &found(h, request).await), ["lena.brandt".to_owned()].into());
    let request = FindUsers::new().with_name("Alex Kim".to_owned()).with_email("alex.kim2@example.com".to_owned());
    assert_eq!(keys(&world, &found(h, request).await), ["alex.kim2".to_owned()].into());
}

/// Those who can be assigned to a group's tickets are its active members.
pub async fn the_picker_offers_a_groups_active_members(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    let to = AssignableTo::Group(world.group("network").id.clone());
    let users = found(h, FindUsers::new().with_assignable_to(to.clone())).await;
    let expected = ["amara.okafor", "alex.kim"].map(str::to_owned);
    same_set(keys(&world, &users), expected, "who can be assigned to the group's tickets: its active members");
    let request = FindUsers::new().with_assignable_to(to).with_text("alex".to_owned());
    assert_eq!(keys(&world, &found(h, request).await), ["alex.kim".to_owned()].into(), "and narrowed by a text");
    let to = AssignableTo::Ticket(world.ticket_id("disk"));
    let users = keys(&world, &found(h, FindUsers::new().with_assignable_to(to)).await);
    assert!(users.contains("alex.kim"), "the assignee of a ticket can be assigned to it: {users:?}");
    assert!(!users.contains("jo.former"), "who has left cannot be assigned: {users:?}");
}

/// Groups are found by name and by a part of it; dissolved ones only where asked for.
pub async fn groups_are_found_by_name_and_text(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindGroups]).await {
        return;
    }
    let names = |groups: Vec<Group>| groups.into_iter().map(|group| group.name).collect::<BTreeSet<_>>();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let by_name = |name: &str| FindGroups::new().with_name(name.to_owned());
    let by_text = |text: &str| FindGroups::new().with_text(text.to_owned());
    assert_eq!(names(found_groups(h, by_name("IT")).await), set(&["IT"]), "an exact name");
    assert_eq!(names(found_groups(h, by_name("Network & Databases")).await), set(&["Network & Databases"]));
    assert_eq!(names(found_groups(h, by_text("desk")).await), set(&["IT Help Desk"]), "a part of a name");
    assert_eq!(names(found_groups(h, by_text("& D")).await), set(&["Network & Databases"]));
    // Where groups cannot be inactive, nothing says that this one is.
    let dissolved = h.company().groups.iter().any(|group| group.key == "fax" && !group.active);
    let expected = if dissolved { set(&[]) } else { set(&["Fax Support"]) };
    assert_eq!(names(found_groups(h, by_text("fax")).await), expected, "a dissolved group cannot be assigned");
    assert_eq!(names(found_groups(h, by_text("fax").with_include_inactive(true)).await), set(&["Fax Support"]));
}

/// A group's members are its members; inactive ones only where asked for.
pub async fn the_members_are_the_members(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListGroupMembers]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    for group in &world.company.groups {
        for inactive in [false, true] {
            let request = ListGroupMembers::new(world.group(&group.key).id.clone()).with_include_inactive(inactive);
            let members = all(|c| client.list_group_members(request.clone().with_cursor(c))).await;
            let members = ok(members, "list_group_members");
            let is_active =
                |key: &&String| inactive || world.company.people.iter().any(|one| one.key == **key && one.active);
            let expected = group.members.iter().filter(is_active).cloned();
            same_set(
                keys(&world, &members),
                expected,
                &format!("members of `{}`, inactive too: {inactive}", group.name),
            );
        }
    }
    let request = ListGroupMembers::new("ffffffffffffffffffffffffffffffff");
    refused(
        client.list_group_members(request).await,
        &[ErrorKind::NotFound, ErrorKind::InvalidRequest],
        "members of a group that does not exist",
    );
}

/// An answer from a cache says how old it is, and a fresh one is fresh.
pub async fn a_cached_answer_says_its_age(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::FindUsers]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let request = || FindUsers::new().with_name("Amara Okafor".to_owned());
    ok(client.find_users(request()).await, "find_users");
    h.advance(120);
    let user = world.user("amara.okafor").id.clone();
    if h.interfere(Interference::SetUserTitle { user, title: "Head of Network".to_owned() }).await.is_none() {
        return not_offered("SetUserTitle");
    }
    let title = |page: &ticketing_core::Page<User>| page.items[0].title.clone();
    let fresh = ok(client.find_users(request().with_max_age(Duration::ZERO)).await, "find_users, fresh");
    assert_eq!(title(&fresh).as_deref(), Some("Head of Network"), "`max_age` zero asks for a fresh answer");
    h.advance(60);
    let aged =
        ok(client.find_users(request().with_max_age(Duration::from_secs(30))).await, "find_users, at most 30 s old");
    if let Some(as_of) = aged.as_of {
        let now = ok(client.find_users(request().with_max_age(Duration::ZERO)).await, "find_users, fresh").as_of;
        let age = now.map(|now| now - as_of);
        assert!(age.is_none_or(|age| age.num_seconds() <= 30), "an answer of at most 30 s was asked for: {age:?}");
    }
}
