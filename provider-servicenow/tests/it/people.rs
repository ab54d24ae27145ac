//! Users, groups, accounts and contacts; the assignee picker, and selectors that must mean one.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{RefType, User, UserType};
use ticketing_core::request::{
    AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListContacts, ListGroupMembers, ListGroups,
    ListUsers,
};
use ticketing_core::{ErrorKind, TicketingClient, UserSelector};
use vendor_sandbox::servicenow::Sandbox;

use crate::bed::Bed;

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.name.as_str()).collect()
}

async fn found(client: &TicketingClient, request: FindUsers) -> Vec<User> {
    client.found_users(request).try_collect().await.unwrap()
}

fn group(bed: &Bed, name: &str) -> String {
    bed.control.find("sys_user_group", &format!("name={name}")).unwrap().remove(0)
}

#[tokio::test]
async fn users_and_groups_are_listed_whole_and_inactive_ones_on_request() {
    let bed = Bed::new();
    let client = bed.client();
    for size in [1, 3, 100] {
        let users: Vec<User> = client.users(ListUsers::new().with_page_size(size)).try_collect().await.unwrap();
        assert_eq!(users.len(), 7, "{:?}", names(&users));
        assert!(users.iter().all(|user| user.active == Some(true) && user.user_type != UserType::Contact));
        let request = ListUsers::new().with_include_inactive(true).with_page_size(size);
        let users: Vec<User> = client.users(request).try_collect().await.unwrap();
        assert_eq!(users.len(), 8);
        let groups: Vec<_> = client.groups(ListGroups::new().with_page_size(size)).try_collect().await.unwrap();
        assert_eq!(groups.len(), 3);
    }
    let all = ListGroups::new().with_include_inactive(true);
    assert_eq!(client.list_groups(all).await.unwrap().items.len(), 4);
    let users = client.list_users(ListUsers::new().with_include_inactive(true)).await.unwrap().items;
    let amara = users.iter().find(|user| user.username.as_deref() == Some("amara.okafor")).unwrap();
    assert_eq!(amara.email.as_deref(), Some("amara.okafor@example.com"));
    assert_eq!(amara.time_zone.as_deref(), Some("America/New_York"));
    assert_eq!((amara.phone.as_deref(), amara.title.as_deref()), (Some("+1 555 0100"), Some("Network Engineer")));
    let bots: Vec<_> = users.iter().filter(|user| user.user_type == UserType::Bot).collect();
    assert_eq!(bots.len(), 1);
    assert_eq!(client.get_user(GetUser::new(amara.id.clone())).await.unwrap(), *amara);
    let desk = client.get_group(GetGroup::new(group(&bed, "IT Help Desk"))).await.unwrap();
    assert_eq!(desk.manager.as_ref().unwrap().name.as_deref(), Some("Ines Tilden"));
    assert_eq!(desk.parent.as_ref().unwrap().name.as_deref(), Some("IT"));
    for id in ["ffffffffffffffffffffffffffffffff", "nobody"] {
        let error = client.get_user(GetUser::new(id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        let error = client.get_group(GetGroup::new(id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    let before = bed.sent();
    let error = client.get_user(GetUser::new("../incident")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert_eq!(bed.sent(), before);
}

#[tokio::test]
async fn members_come_with_one_request_a_page() {
    let bed = Bed::new();
    let client = bed.client();
    let network = group(&bed, "Network & Databases");
    let before = bed.sent();
    let members = client.list_group_members(ListGroupMembers::new(network.as_str())).await.unwrap();
    let known: BTreeSet<&str> = members.items.iter().filter_map(|user| user.username.as_deref()).collect();
    // One has left.
    assert_eq!(known, BTreeSet::from(["amara.okafor", "alex.kim"]));
    assert!(bed.sent() - before <= 2, "the page, and the proof that it is the last");
    assert!(members.items.iter().all(|user| user.unreadable.is_empty() && user.email.is_some()));
    let all = ListGroupMembers::new(network.as_str()).with_include_inactive(true).with_page_size(1);
    let members: Vec<User> = client.group_members(all).try_collect().await.unwrap();
    assert_eq!(members.len(), 3);
}

#[tokio::test]
async fn the_picker_finds_active_people_by_text_email_name_and_group() {
    let bed = Bed::new();
    let client = bed.client();
    let by_text = |text: &str| FindUsers::new().with_text(text.to_owned());
    assert_eq!(names(&found(&client, by_text("kim")).await), ["Alex Kim", "Alex Kim"]);
    assert_eq!(names(&found(&client, by_text("Okafor")).await), ["Amara Okafor"]);
    assert_eq!(
        names(&found(&client, FindUsers::new().with_email("alex.kim2@example.com".to_owned())).await),
        ["Alex Kim"]
    );
    assert_eq!(
        names(&found(&client, FindUsers::new().with_email("reception@example.com".to_owned())).await),
        ["Lena Brandt", "Tomás Silva"]
    );
    assert_eq!(
        names(&found(&client, FindUsers::new().with_name("Alex Kim".to_owned()).with_page_size(1)).await).len(),
        2
    );
    assert!(found(&client, by_text("former")).await.is_empty(), "who left is no assignee");
    assert_eq!(names(&found(&client, by_text("former").with_include_inactive(true)).await), ["Jo Former"]);
    assert!(found(&client, by_text("Greta")).await.is_empty(), "customers are no assignees");
    let network = group(&bed, "Network & Databases");
    let of = |request: FindUsers| request.with_assignable_to(Some(AssignableTo::Group(network.as_str().into())));
    assert_eq!(names(&found(&client, of(FindUsers::new())).await), ["Alex Kim", "Amara Okafor"]);
    assert_eq!(names(&found(&client, of(by_text("oka"))).await), ["Amara Okafor"]);
    assert!(found(&client, of(by_text("Ines"))).await.is_empty());
    // A ticket's assignees are its group's members.
    let vpn = AssignableTo::Ticket(bed.incident("VPN").into());
    let of_ticket = FindUsers::new().with_assignable_to(Some(vpn));
    assert_eq!(names(&found(&client, of_ticket).await), ["Alex Kim", "Amara Okafor"]);
    let groups = client.find_groups(FindGroups::new().with_text("e".to_owned())).await.unwrap().items;
    let groups: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(groups, ["IT Help Desk", "Network & Databases"]);
    assert!(client.find_groups(FindGroups::new().with_name("Fax Support".to_owned())).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn the_pickers_answers_are_kept_and_say_how_old_they_are() {
    let bed = Bed::new();
    let client = bed.client();
    let kim = || FindUsers::new().with_text("kim".to_owned());
    let first = client.find_users(kim()).await.unwrap();
    assert_eq!(first.as_of, Some(bed.control.now()), "the page says when it was true");
    bed.advance(30);
    bed.control
        .insert("admin", "sys_user", json!({"user_name": "kim3", "name": "Kim Three", "active": "true"}))
        .unwrap();
    let before = bed.sent();
    let kept = client.find_users(kim()).await.unwrap();
    assert_eq!((kept.items.len(), kept.as_of, bed.sent()), (2, first.as_of, before));
    for request in [kim().with_max_age(Some(Duration::from_secs(29))), kim().with_max_age(Some(Duration::ZERO))] {
        let fresh = client.find_users(request).await.unwrap();
        assert_eq!((fresh.items.len(), fresh.as_of), (3, Some(bed.control.now())));
    }
    bed.advance(61);
    let before = bed.sent();
    client.find_users(kim()).await.unwrap();
    assert!(bed.sent() > before, "a minute is as old as an answer gets unless somebody says otherwise");
    let groups = || FindGroups::new().with_text("IT".to_owned());
    let first = client.find_groups(groups()).await.unwrap();
    let before = bed.sent();
    assert_eq!(client.find_groups(groups()).await.unwrap(), first);
    assert_eq!(bed.sent(), before);
}

#[tokio::test]
async fn accounts_and_contacts_are_read_where_they_exist() {
    let bed = Bed::new();
    let client = bed.client();
    let accounts: Vec<_> = client.accounts(ListAccounts::new().with_page_size(1)).try_collect().await.unwrap();
    let named: BTreeSet<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(named, BTreeSet::from(["Boreal Freight GmbH", "さくら食品"]));
    let contacts: Vec<_> = client.contacts(ListContacts::new().with_page_size(2)).try_collect().await.unwrap();
    assert_eq!(contacts.len(), 3);
    let greta = contacts.iter().find(|contact| contact.name == "Greta Holm").unwrap();
    assert_eq!(greta.account.as_ref().unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
    assert_eq!(greta.account.as_ref().unwrap().ref_type, RefType::Account);
    // A contact is a user, so that references lead somewhere.
    let user = client.get_user(GetUser::new(greta.id.as_str())).await.unwrap();
    assert_eq!(user.user_type, UserType::Contact);

    let plain = Bed::of(Sandbox::builder().seed(7).customer_service(false));
    let client = plain.client();
    let error = client.list_contacts(ListContacts::new()).await.unwrap_err();
    assert!(error.hint().unwrap().contains("plugin"), "{error:?}");
    let capabilities = client.capabilities();
    assert!(!capabilities.supports(ticketing_core::Operation::ListContacts), "it is known now");
    let before = plain.sent();
    assert_eq!(client.list_contacts(ListContacts::new()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(plain.sent(), before);
}

#[tokio::test]
async fn a_selector_means_one_or_is_refused_with_those_it_may_mean() {
    use ticketing_core::request::CreateTicket;

    let bed = Bed::new();
    let client = bed.client();
    let create = |who: UserSelector| CreateTicket::new("Selectors").with_assignees(vec![who]);
    let made = client.create_ticket(create(UserSelector::email("amara.okafor@example.com"))).await.unwrap();
    assert_eq!(made.assignees[0].name.as_deref(), Some("Amara Okafor"));
    // Somebody who left shares the address of somebody who works.
    bed.control
        .insert(
            "admin",
            "sys_user",
            json!({"user_name": "old", "name": "Old Amara", "email": "alex.kim@example.com", "active": "false"}),
        )
        .unwrap();
    let made = client.create_ticket(create(UserSelector::email("alex.kim@example.com"))).await.unwrap();
    assert_eq!(made.assignees[0].name.as_deref(), Some("Alex Kim"));
    let made = client.create_ticket(create(UserSelector::Me)).await.unwrap();
    assert_eq!(made.assignees[0].name.as_deref(), Some("Integration Service"));
    let posts = |bed: &Bed| bed.control.requests().iter().filter(|request| request.method == "POST").count();
    let before = posts(&bed);
    for (who, told) in [
        (UserSelector::email("reception@example.com"), ["Lena Brandt", "Tomás Silva"]),
        (UserSelector::email("nobody@example.com"), ["nobody@example.com", "assignees"]),
        (UserSelector::id("ffffffffffffffffffffffffffffffff"), ["ffffffff", "assignees"]),
    ] {
        let error = client.create_ticket(create(who)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("assignees")), "{error}");
        assert!(told.iter().all(|word| format!("{error} {error:?}").contains(word)), "{error:?}");
    }
    assert_eq!(posts(&bed), before, "nothing was made");
    // What was found is known for a while.
    client.create_ticket(create(UserSelector::username("itil"))).await.unwrap();
    let before = bed.sent();
    client.create_ticket(create(UserSelector::username("itil"))).await.unwrap();
    assert_eq!(bed.sent() - before, 1, "the insert alone");
}
