//! Agents, groups, organisations and end users.

use futures::TryStreamExt as _;
use ticketing_core::model::{Account, Contact, Group, User, UserType};
use ticketing_core::request::{
    FindGroups, FindUsers, GetGroup, GetUser, ListAccounts, ListContacts, ListGroupMembers, ListGroups, ListTickets,
    ListUsers, TicketFilter,
};
use ticketing_core::{ErrorKind, TicketingClient, UserSelector};

use crate::bed::{Bed, all};

async fn users(client: &TicketingClient, inactive: bool) -> Vec<User> {
    client.users(ListUsers::new().with_include_inactive(inactive)).try_collect().await.unwrap()
}

#[tokio::test]
async fn users_are_staff_and_contacts_are_end_users() {
    let bed = Bed::new();
    let client = bed.client();
    let staff = users(&client, true).await;
    assert!(staff.iter().all(|user| user.user_type != UserType::Contact && user.email.is_some()));
    let active = users(&client, false).await;
    assert!(active.len() < staff.len() && active.iter().all(|user| user.active == Some(true)), "somebody has left");
    let contacts: Vec<Contact> = client.contacts(ListContacts::new()).try_collect().await.unwrap();
    assert!(!contacts.is_empty());
    assert!(contacts.iter().all(|contact| staff.iter().all(|user| user.id.as_str() != contact.id.as_str())));
    let accounts: Vec<Account> = client.accounts(ListAccounts::new()).try_collect().await.unwrap();
    for contact in contacts.iter().filter_map(|contact| contact.account.as_ref()) {
        assert!(accounts.iter().any(|account| account.id.as_str() == contact.id), "{contact:?}");
    }
    assert!(accounts.iter().all(|account| !account.domains.clone().unwrap_or_default().is_empty()));
}

#[tokio::test]
async fn one_user_is_read_and_nobody_is_not() {
    let bed = Bed::new();
    let client = bed.client();
    let staff = users(&client, true).await;
    for user in &staff {
        assert_eq!(&client.get_user(GetUser::new(user.id.clone())).await.unwrap(), user);
    }
    for id in ["1", "nobody", ""] {
        let error = client.get_user(GetUser::new(id)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest), "{id}: {error}");
    }
}

#[tokio::test]
async fn groups_have_members_and_are_found_by_name() {
    let bed = Bed::new();
    let client = bed.client();
    let groups: Vec<Group> = client.groups(ListGroups::new().with_include_inactive(true)).try_collect().await.unwrap();
    let desk = groups.iter().find(|group| group.name == "IT Help Desk").unwrap();
    assert_eq!(&client.get_group(GetGroup::new(desk.id.clone())).await.unwrap(), desk);
    let members: Vec<User> = client.group_members(ListGroupMembers::new(desk.id.clone())).try_collect().await.unwrap();
    assert!(members.iter().any(|user| user.name == "Tomás Silva"), "{members:?}");
    let found = client.find_groups(FindGroups::new().with_text("help".to_owned())).await.unwrap().items;
    assert!(found.iter().any(|group| group.id == desk.id), "{found:?}");
    let error = client.get_group(GetGroup::new("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_picker_finds_by_parts_of_names_and_addresses() {
    let bed = Bed::new();
    let client = bed.client();
    let found = client.find_users(FindUsers::new().with_text("tomás".to_owned())).await.unwrap().items;
    assert!(found.iter().any(|user| user.name == "Tomás Silva"), "{found:?}");
    let found = client.find_users(FindUsers::new().with_text("tomas.silva".to_owned())).await.unwrap().items;
    assert!(found.iter().any(|user| user.name == "Tomás Silva"), "{found:?}");
    assert!(client.find_users(FindUsers::new().with_text("no such person".to_owned())).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn selectors_mean_exactly_one_person() {
    let bed = Bed::new();
    let client = bed.client();
    let by = |selector: UserSelector| ListTickets::new().with_filter(TicketFilter::new().with_requester([selector]));
    let amara = all(&client, by(UserSelector::email("amara.okafor@example.com"))).await;
    assert!(!amara.is_empty());
    assert!(amara.iter().all(|ticket| ticket.requester.as_ref().unwrap().name.as_deref() == Some("Amara Okafor")));
    assert_eq!(all(&client, by(UserSelector::username("amara.okafor"))).await, amara);
    let shared = client.list_tickets(by(UserSelector::email("reception@example.com"))).await.unwrap_err();
    assert_eq!(shared.kind(), ErrorKind::InvalidRequest, "{shared}");
    assert!(shared.to_string().contains("Lena Brandt"), "{shared}");
    let nobody = client.list_tickets(by(UserSelector::email("nobody@nowhere.example"))).await.unwrap_err();
    assert!(nobody.to_string().contains("nobody@nowhere.example"), "{nobody}");
}
