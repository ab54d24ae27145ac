//! Comments.

use chrono::TimeDelta;
use ticketing_core::ErrorKind;
use ticketing_core::model::{TextFormat, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, DeleteComment, ListComments, TextInput, UpdateComment, UploadAttachment,
};

use crate::world::{names, refused, world};

#[tokio::test]
async fn comments_are_kept_in_order_with_their_visibility() {
    let world = world();
    let ticket = world.make(CreateTicket::new("x")).await;
    let id = ticket.id.clone();
    let elsewhere = world.make(CreateTicket::new("y")).await.id;
    world.client.add_comment(AddComment::new(elsewhere, "elsewhere", Visibility::Public)).await.unwrap();
    let mut made = Vec::new();
    for (body, visibility) in
        [("one", Visibility::Public), ("two", Visibility::Internal), ("three", Visibility::Public)]
    {
        // The first two are of the same moment.
        made.push(world.client.add_comment(AddComment::new(id.clone(), body, visibility)).await.unwrap());
        if body == "two" {
            world.clock.advance(TimeDelta::minutes(1));
        }
    }
    let read = world.client.list_comments(ListComments::new(id.clone())).await.unwrap().items;
    assert_eq!(read, made);
    let public = ListComments::new(id.clone()).with_visibility(Visibility::Public);
    let public = world.client.list_comments(public).await.unwrap().items;
    assert_eq!(public.iter().map(|one| one.body.markdown.as_str()).collect::<Vec<_>>(), ["one", "three"]);
    let page = world.client.list_comments(ListComments::new(id.clone()).with_page_size(2)).await.unwrap();
    let rest = world.client.list_comments(ListComments::new(ticket.key.as_str()).with_cursor(page.next)).await.unwrap();
    assert_eq!(rest.items, [made[2].clone()], "the key names the same ticket, and the same query");
    let after = world.get(&id).await;
    assert_eq!(after.updated_at, Some(world.now()), "a comment is a change of its ticket");
    assert_ne!(after.version, ticket.version);
}

#[tokio::test]
async fn a_restricted_comment_says_to_whom() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let add = |visibility| AddComment::new(id.clone(), "secret", visibility);
    for group in ["desk", "IT Help Desk"] {
        let request = add(Visibility::Restricted).with_restricted_to(group.to_owned());
        let comment = world.client.add_comment(request).await.unwrap();
        assert_eq!(names(comment.restricted_to.as_slice()), ["IT Help Desk"]);
    }
    let outcome = world.client.add_comment(add(Visibility::Restricted)).await;
    refused(outcome, ErrorKind::InvalidRequest, "restricted_to", &["to whom"]);
    let outcome = world.client.add_comment(add(Visibility::Restricted).with_restricted_to("nobody".to_owned())).await;
    refused(outcome, ErrorKind::InvalidRequest, "restricted_to", &["nobody"]);
    let outcome = world.client.add_comment(add(Visibility::Public).with_restricted_to("desk".to_owned())).await;
    refused(outcome, ErrorKind::InvalidRequest, "restricted_to", &["public"]);
}

#[tokio::test]
async fn comments_are_changed_and_deleted() {
    let world = world();
    let (id, other) = (world.make(CreateTicket::new("x")).await.id, world.make(CreateTicket::new("y")).await.id);
    let made = world.client.add_comment(AddComment::new(id.clone(), "one", Visibility::Public)).await.unwrap();
    assert_eq!(made.updated_at, None);
    world.clock.advance(TimeDelta::minutes(1));
    let update = UpdateComment::new(id.clone(), made.id.clone(), TextInput::Plain("two".to_owned()));
    let changed = world.client.update_comment(update).await.unwrap();
    assert_eq!((changed.body.native.content.as_str(), changed.updated_at), ("two", Some(world.now())));
    assert_ne!(changed.version, made.version);
    let wrong = UpdateComment::new(other, made.id.clone(), "three");
    refused(world.client.update_comment(wrong).await, ErrorKind::NotFound, "", &["list_comments"]);
    let delete = || DeleteComment::new(id.clone(), made.id.clone());
    world.client.delete_comment(delete()).await.unwrap();
    refused(world.client.delete_comment(delete()).await, ErrorKind::NotFound, "", &[made.id.as_str()]);
    assert!(world.client.list_comments(ListComments::new(id)).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_key_an_answer_and_an_attachment() {
    let world = world();
    let (id, other) = (world.make(CreateTicket::new("x")).await.id, world.make(CreateTicket::new("y")).await.id);
    let keyed = |ticket: &ticketing_core::TicketId| {
        let request = AddComment::new(ticket.clone(), "one", Visibility::Internal);
        world.client.add_comment(request.with_idempotency_key("k".to_owned()))
    };
    let one = keyed(&id).await.unwrap();
    assert_eq!(keyed(&id).await.unwrap(), one);
    let elsewhere = keyed(&other).await.unwrap();
    assert_ne!(elsewhere.id, one.id, "a key is good for its own ticket");
    let answer = AddComment::new(id.clone(), "answer", Visibility::Internal);
    let made = world.client.add_comment(answer.clone().with_parent(one.id.clone())).await.unwrap();
    assert_eq!(made.parent, Some(one.id.clone()));
    let outcome = world.client.add_comment(answer.with_parent(elsewhere.id)).await;
    refused(outcome, ErrorKind::InvalidRequest, "parent", &["same ticket"]);
    let upload = UploadAttachment::new(id.clone(), "a.txt", b"x".to_vec()).with_comment(one.id.clone());
    let file = world.client.upload_attachment(upload).await.unwrap();
    let read = world.client.list_comments(ListComments::new(id.clone())).await.unwrap().items;
    assert_eq!(read[0].attachments, Some(vec![file]));
    let empty = AddComment::new(id.clone(), " ", Visibility::Public);
    refused(world.client.add_comment(empty).await, ErrorKind::InvalidRequest, "body", &["empty"]);
    let html = TextInput::Native { format: TextFormat::Adf, content: "{}".to_owned() };
    let html = AddComment::new(id, html, Visibility::Public);
    refused(world.client.add_comment(html).await, ErrorKind::InvalidRequest, "body", &["adf"]);
}
