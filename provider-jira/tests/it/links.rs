//! Links both ways, the tree, the web, and watchers.

use futures::TryStreamExt as _;
use ticketing_core::model::{Link, LinkCategory};
use ticketing_core::request::{AddLink, CreateTicket, LinkTarget, ListLinks, ListWatchers, RemoveLink};
use ticketing_core::{ErrorKind, TicketingClient};
use vendor_sandbox::Fault;

use crate::bed::{Bed, FLAVOURS, get, key_of};

async fn all(client: &TicketingClient, ticket: &str) -> Vec<Link> {
    client.links(ListLinks::new(ticket)).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_link_says_the_same_from_both_ends() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let (one, other) = (key_of("vpn"), key_of("disk"));
        let before = (all(&client, &one).await.len(), all(&client, &other).await.len());
        for category in [
            LinkCategory::RelatesTo,
            LinkCategory::Blocks,
            LinkCategory::BlockedBy,
            LinkCategory::Duplicates,
            LinkCategory::DuplicatedBy,
            LinkCategory::Causes,
            LinkCategory::CausedBy,
        ] {
            // A lost answer makes no second link.
            bed.control
                .set_faults([Fault::new("reset_after_write").path("/issueLink").method("POST").count(1)])
                .unwrap();
            let made = client
                .add_link(AddLink::new(one.as_str(), ticketing_core::TicketId::from(other.as_str()), category))
                .await;
            let made = made.unwrap_or_else(|error| panic!("{flavour:?} {category}: {error:?}"));
            assert_eq!(
                (made.link_type.category, made.target.as_ref().unwrap().key.as_deref()),
                (category, Some(other.as_str()))
            );
            for (end, expected) in [(&one, category), (&other, category.inverse())] {
                let links = all(&client, end).await;
                let seen = links.iter().filter(|own| own.id == made.id).map(|own| own.link_type.category);
                assert_eq!(seen.collect::<Vec<_>>(), [expected], "{flavour:?}: {category} from {end}");
            }
            client.remove_link(RemoveLink::new(one.as_str(), made.id.clone())).await.unwrap();
            assert_eq!((all(&client, &one).await.len(), all(&client, &other).await.len()), before);
            let again = client.remove_link(RemoveLink::new(one.as_str(), made.id)).await.unwrap_err();
            assert_eq!(again.kind(), ErrorKind::NotFound);
        }
    }
}

#[tokio::test]
async fn the_tree_is_shown_and_is_no_link() {
    let bed = Bed::cloud();
    let client = bed.client();
    let parent = key_of("move");
    let child =
        client.create_ticket(CreateTicket::new("Below").with_parent(Some(parent.as_str().into()))).await.unwrap();
    let up = all(&client, child.id.as_str()).await;
    assert_eq!((up.len(), up[0].link_type.category), (1, LinkCategory::ChildOf));
    let down = all(&client, &parent).await;
    let down: Vec<_> = down.iter().filter(|own| own.link_type.category == LinkCategory::ParentOf).collect();
    assert!(down.iter().any(|own| own.target.as_ref().unwrap().id == child.id.as_str()), "{down:?}");
    let error = client.remove_link(RemoveLink::new(child.id.clone(), up[0].id.clone())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let add = AddLink::new(child.id, ticketing_core::TicketId::from(parent.as_str()), LinkCategory::ChildOf);
    let error = client.add_link(add).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.message().contains("child_of"), "{error:?}");
}

#[tokio::test]
async fn the_web_is_linked_once_for_each_address() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let vpn = key_of("vpn");
        let web = |title: &str| {
            let target =
                LinkTarget::Url { url: "https://example.com/wiki?a=b".to_owned(), title: Some(title.to_owned()) };
            AddLink::new(vpn.as_str(), target, LinkCategory::RelatesTo)
        };
        let one = client.add_link(web("Wiki")).await.unwrap();
        let two = client.add_link(web("The wiki")).await.unwrap();
        assert_eq!((&one.id, two.title.as_deref()), (&two.id, Some("The wiki")), "{flavour:?}");
        assert_eq!(two.url.as_deref(), Some("https://example.com/wiki?a=b"));
        client.remove_link(RemoveLink::new(vpn.as_str(), one.id.clone())).await.unwrap();
        assert_eq!(
            client.remove_link(RemoveLink::new(vpn.as_str(), one.id)).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let odd = LinkTarget::Url { url: "javascript:alert(1)".to_owned(), title: None };
        let error = client.add_link(AddLink::new(vpn.as_str(), odd, LinkCategory::RelatesTo)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("target")));
    }
}

#[tokio::test]
async fn what_cannot_be_linked_is_named() {
    let bed = Bed::cloud();
    let client = bed.client();
    let vpn = key_of("vpn");
    let to = |ticket: &str, category| AddLink::new(vpn.as_str(), ticketing_core::TicketId::from(ticket), category);
    let error = client.add_link(to("HELP-9999", LinkCategory::Blocks)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("target")), "{error:?}");
    let error = client.add_link(to(&vpn, LinkCategory::Blocks)).await.unwrap_err();
    assert_eq!(error.field(), Some("target"));
    let odd = to(&key_of("disk"), LinkCategory::Blocks).with_native_type("Hinders".to_owned());
    let error = client.add_link(odd).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("native_type")));
    assert!(error.hint().unwrap().contains("Blocks (blocks / is blocked by)"), "{error:?}");
    let own = to(&key_of("disk"), LinkCategory::Other).with_native_type("Cloners".to_owned());
    assert_eq!(client.add_link(own).await.unwrap().link_type.native.name.as_deref(), Some("Cloners"));
}

#[tokio::test]
async fn the_watchers_are_those_of_the_ticket() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let ticket = key_of("move");
        let listed: Vec<_> = client.watchers(ListWatchers::new(ticket.as_str())).try_collect().await.unwrap();
        assert!(!listed.is_empty() && listed.iter().all(|own| own.name.is_some()), "{flavour:?}: {listed:?}");
        let page = client.list_watchers(ListWatchers::new(ticket.as_str()).with_page_size(Some(1))).await.unwrap();
        assert_eq!((&page.items[..], page.next.is_some()), (&listed[..1], listed.len() > 1));
        get(&client, &ticket).await;
    }
}
