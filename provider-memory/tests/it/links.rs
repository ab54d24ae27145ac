//! Links between tickets, and to the web.

use ticketing_core::model::LinkCategory;
use ticketing_core::request::{AddLink, CreateTicket, DeleteTicket, LinkTarget, ListLinks, RemoveLink};
use ticketing_core::{ErrorKind, TicketId};

use crate::world::{World, refused, world};

async fn seen(world: &World, id: &TicketId) -> Vec<(LinkCategory, String)> {
    let links = world.client.list_links(ListLinks::new(id.clone())).await.unwrap().items;
    links
        .into_iter()
        .map(|link| (link.link_type.category, link.target.map_or(link.url, |to| to.key).unwrap()))
        .collect()
}

#[tokio::test]
async fn a_link_is_seen_from_both_ends() {
    let world = world();
    for category in LinkCategory::ALL {
        let (a, b) = (world.make(CreateTicket::new("a")).await, world.make(CreateTicket::new("b")).await);
        let mut request = AddLink::new(a.id.clone(), LinkTarget::Ticket(b.key.as_str().into()), *category);
        if *category == LinkCategory::Other {
            let outcome = world.client.add_link(request.clone()).await;
            refused(outcome, ErrorKind::InvalidRequest, "native_type", &[]);
            request = request.with_native_type("mentions".to_owned());
        }
        let link = world.client.add_link(request.clone()).await.unwrap();
        assert_eq!((link.link_type.category, link.ticket.id.as_str()), (*category, a.id.as_str()));
        assert_eq!(seen(&world, &a.id).await, [(*category, b.key.clone())]);
        assert_eq!(seen(&world, &b.id).await, [(category.inverse(), a.key.clone())]);
        let error = world.client.add_link(request).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::Conflict), "{error}");
        // Either end can take it away.
        world.client.remove_link(RemoveLink::new(b.id.clone(), link.id.clone())).await.unwrap();
        assert!(seen(&world, &a.id).await.is_empty() && seen(&world, &b.id).await.is_empty());
        let again = world.client.remove_link(RemoveLink::new(a.id, link.id)).await;
        refused(again, ErrorKind::NotFound, "", &["list_links"]);
    }
}

#[tokio::test]
async fn parts_are_links_and_links_are_parts() {
    let world = world();
    let whole = world.make(CreateTicket::new("whole")).await;
    let part = world.make(CreateTicket::new("part").with_parent(whole.id.clone())).await;
    assert_eq!(seen(&world, &whole.id).await, [(LinkCategory::ParentOf, part.key.clone())]);
    assert_eq!(seen(&world, &part.id).await, [(LinkCategory::ChildOf, whole.key.clone())]);
    let other = world.make(CreateTicket::new("other")).await;
    let link = AddLink::new(other.id.clone(), LinkTarget::Ticket(whole.id.clone()), LinkCategory::ChildOf);
    let link = world.client.add_link(link).await.unwrap();
    assert_eq!(world.get(&other.id).await.parent.unwrap().id, whole.id.as_str());
    let circle = AddLink::new(other.id.clone(), LinkTarget::Ticket(whole.id.clone()), LinkCategory::ParentOf);
    refused(world.client.add_link(circle).await, ErrorKind::InvalidRequest, "target", &["itself"]);
    world.client.remove_link(RemoveLink::new(other.id.clone(), link.id)).await.unwrap();
    assert_eq!(world.get(&other.id).await.parent, None);
}

#[tokio::test]
async fn a_link_may_lead_to_the_web() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let to = |url: &str| LinkTarget::Url { url: url.to_owned(), title: Some("How".to_owned()) };
    let link = AddLink::new(id.clone(), to("https://wiki.example/disks?a=1"), LinkCategory::RelatesTo);
    let link = world.client.add_link(link).await.unwrap();
    assert_eq!((link.title.as_deref(), link.target), (Some("How"), None));
    for wrong in ["wiki.example", "javascript:alert(1)", "https://", "https:///x", "http://a b"] {
        let outcome = world.client.add_link(AddLink::new(id.clone(), to(wrong), LinkCategory::RelatesTo)).await;
        refused(outcome, ErrorKind::InvalidRequest, "target", &["https://HOST/PATH"]);
    }
    assert_eq!(seen(&world, &id).await.len(), 1);
}

#[tokio::test]
async fn links_to_what_is_not_there_are_refused_or_gone() {
    let world = world();
    let (a, b) = (world.make(CreateTicket::new("a")).await.id, world.make(CreateTicket::new("b")).await.id);
    for wrong in ["MEM-99", a.as_str()] {
        let link = AddLink::new(a.clone(), LinkTarget::Ticket(wrong.into()), LinkCategory::Blocks);
        refused(world.client.add_link(link).await, ErrorKind::InvalidRequest, "target", &[]);
    }
    world.store.insert_link(a.clone(), LinkCategory::Causes, b.clone(), None);
    assert_eq!(seen(&world, &b).await[0].0, LinkCategory::CausedBy);
    world.client.delete_ticket(DeleteTicket::new(b)).await.unwrap();
    assert!(seen(&world, &a).await.is_empty());
}
