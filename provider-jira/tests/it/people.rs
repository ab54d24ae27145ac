//! People, groups, customers and projects, on both flavours.

use ticketing_core::ErrorKind;
use ticketing_core::request::{
    FindUsers, GetGroup, GetUser, ListAccounts, ListCollections, ListContacts, ListFields, ListGroupMembers,
    ListGroups, ListStatuses, ListUsers,
};
use vendor_sandbox::jira::{Flavour, Permission};

use crate::bed::{Bed, FLAVOURS};

#[tokio::test]
async fn users_have_the_ids_that_last() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let me = client.check().await.unwrap().user.unwrap();
        let user = client.get_user(GetUser::new(me.id.as_str())).await.unwrap();
        assert_eq!(user.name, "Integration Service");
        match flavour {
            Flavour::Cloud => assert!(user.id.as_str().starts_with("712020:") && user.username.is_none()),
            Flavour::DataCenter => {
                assert!(user.id.as_str().starts_with("JIRAUSER") && user.username.as_deref() == Some("admin"))
            }
        }
        for id in ["nobody", "", "x\ny"] {
            let error = client.get_user(GetUser::new(id)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{flavour:?} {id:?}");
        }
    }
}

#[tokio::test]
async fn customers_are_contacts_and_organisations_accounts() {
    let bed = Bed::cloud();
    let client = bed.client();
    let users = client.list_users(ListUsers::new()).await.unwrap().items;
    assert!(!users.iter().any(|user| user.name == "Greta Holm"), "{users:?}");
    let contacts = client.list_contacts(ListContacts::new()).await.unwrap().items;
    let greta = contacts.iter().find(|contact| contact.name == "Greta Holm").unwrap();
    assert_eq!(greta.account.as_ref().unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
    assert_eq!(client.list_accounts(ListAccounts::new()).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn groups_are_known_by_id_and_their_members_listed() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let groups = client.list_groups(ListGroups::new()).await.unwrap().items;
        let network = groups.iter().find(|group| group.name == "Network & Databases").unwrap();
        assert_eq!(client.get_group(GetGroup::new(network.id.clone())).await.unwrap(), *network);
        for (inactive, count) in [(false, 2), (true, 3)] {
            let request = ListGroupMembers::new(network.id.clone()).with_include_inactive(inactive);
            assert_eq!(client.list_group_members(request).await.unwrap().items.len(), count);
        }
        // wire A7: an administrator's right.
        let request = ListGroupMembers::new(network.id.clone());
        let error = bed.itil().list_group_members(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
}

/// wire A7: the site's own search knows the beginnings of words, and active people.
#[tokio::test]
async fn users_are_found_by_what_the_site_cannot_search() {
    let bed = Bed::cloud();
    let client = bed.client();
    let found = client.find_users(FindUsers::new().with_text("kafor".to_owned())).await.unwrap();
    assert_eq!(found.items[0].name, "Amara Okafor");
    assert!(found.as_of.is_some());
    bed.control.deny("admin", Permission::BrowseUsers).unwrap();
    let error = client.find_users(FindUsers::new().with_text("other".to_owned())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn the_catalogue_says_what_the_screens_say() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let projects = client.list_collections(ListCollections::new()).await.unwrap().items;
        assert_eq!(projects.iter().map(|own| own.key.as_deref()).collect::<Vec<_>>(), [Some("HELP")]);
        let fields = client.list_fields(ListFields::new().with_choices(true)).await.unwrap().items;
        let field = |id: &str| fields.iter().find(|field| field.id.as_str() == id).unwrap();
        let severity = field("customfield_10033");
        let names: Vec<_> = severity.choices.iter().flatten().map(|choice| choice.name.as_str()).collect();
        assert_eq!(names, ["Sev 1", "Sev 2", "Sev 3"]);
        assert_eq!(field("customfield_10030").core.as_deref(), Some("assigned_groups"));
        let disk = field("customfield_10037").choices.iter().flatten().find(|choice| choice.name == "Disk").cloned();
        assert_eq!(disk.unwrap().depends_on.as_deref(), Some("10220"), "{flavour:?}");
        let statuses = client.list_statuses(ListStatuses::new().with_ticket_type("10100".to_owned())).await.unwrap();
        assert!(statuses.iter().any(|status| status.native.name.as_deref() == Some("Pending")));
        let error = client.list_statuses(ListStatuses::new().with_ticket_type("no type".to_owned())).await.unwrap_err();
        assert_eq!(error.field(), Some("ticket_type"));
    }
}
