//! Files.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use ticketing_core::model::Visibility;
use ticketing_core::request::{
    AttachmentContent, CreateTicket, DeleteTicket, DownloadAttachment, ListAttachments, UploadAttachment,
};
use ticketing_core::{AttachmentId, Error, ErrorKind};

use crate::world::{World, names, refused, world};

async fn download(world: &World, id: &AttachmentId) -> Vec<Bytes> {
    let answer = world.client.download_attachment(DownloadAttachment::new(id.clone())).await.unwrap();
    answer.content.try_collect().await.unwrap()
}

#[tokio::test]
async fn bytes_come_back_as_they_went() {
    let world = world();
    let ticket = world.make(CreateTicket::new("x")).await;
    let id = ticket.id.clone();
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    for (name, content) in [("empty.bin", Vec::new()), ("small.txt", b"one line\n".to_vec()), ("large.bin", large)] {
        let upload = UploadAttachment::new(id.clone(), name, content.clone()).with_content_type("text/x".to_owned());
        let made = world.client.upload_attachment(upload).await.unwrap();
        assert_eq!((made.file_name.as_str(), made.size), (name, Some(content.len() as u64)));
        assert_eq!(made.content_type.as_deref(), Some("text/x"));
        assert_eq!(made.checksum.as_ref().unwrap().value.len(), 64);
        assert_eq!(names(made.author.as_slice()), ["Robot"]);
        let pieces = download(&world, &made.id).await;
        assert_eq!(pieces.concat(), content, "{name}");
        assert!(pieces.iter().all(|piece| piece.len() <= 64 * 1024), "a file is handed out in pieces");
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let listed = world.client.list_attachments(ListAttachments::new(id.clone()).with_page_size(2)).await.unwrap();
    assert_eq!(listed.items.iter().map(|one| one.file_name.as_str()).collect::<Vec<_>>(), ["empty.bin", "small.txt"]);
    let rest = world.client.list_attachments(ListAttachments::new(id.clone()).with_cursor(listed.next)).await.unwrap();
    assert_eq!(rest.items.len(), 1);
    assert_ne!(world.get(&id).await.version, ticket.version);
}

#[tokio::test]
async fn a_stream_of_unknown_length_is_taken_once_for_each_key() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let content = || {
        AttachmentContent::from_stream(None, || {
            stream::iter([Ok(Bytes::from_static(b"a")), Ok(Bytes::from_static(b"b"))]).boxed()
        })
    };
    let upload = || UploadAttachment::new(id.clone(), "ab", content()).with_idempotency_key("k".to_owned());
    let made = world.client.upload_attachment(upload()).await.unwrap();
    assert_eq!(world.client.upload_attachment(upload()).await.unwrap(), made);
    assert_eq!(download(&world, &made.id).await.concat(), b"ab");
    let listed = world.client.list_attachments(ListAttachments::new(id)).await.unwrap();
    assert_eq!(listed.items.len(), 1);
}

#[tokio::test]
async fn two_uploads_with_one_key_at_the_same_time_give_one_attachment() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    // Each upload waits in the middle, so that both have begun before either ends.
    let content = || {
        AttachmentContent::from_stream(None, || {
            stream::once(async {
                tokio::task::yield_now().await;
                Ok(Bytes::from_static(b"a"))
            })
            .boxed()
        })
    };
    let upload = || {
        let request = UploadAttachment::new(id.clone(), "a", content()).with_idempotency_key("k".to_owned());
        world.client.upload_attachment(request)
    };
    let (one, two) = futures::join!(upload(), upload());
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(world.client.list_attachments(ListAttachments::new(id.clone())).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_kept() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    let upload = |content: AttachmentContent| UploadAttachment::new(id.clone(), "a", content);
    let short = AttachmentContent::from_stream(Some(3), || stream::iter([Ok(Bytes::from_static(b"ab"))]).boxed());
    let huge = AttachmentContent::from_stream(Some(u64::MAX), || stream::empty().boxed());
    let endless = AttachmentContent::from_stream(None, || {
        stream::iter(std::iter::repeat_with(|| Ok(Bytes::from(vec![0; 1024 * 1024])))).boxed()
    });
    for (field, words, request) in [
        ("content", &["2 bytes", "3"][..], upload(short)),
        ("content", &["larger"], upload(huge)),
        ("content", &["larger"], upload(endless)),
        ("file_name", &["empty"], UploadAttachment::new(id.clone(), " ", b"x".to_vec())),
        ("comment", &["comment-9"], upload(b"x".to_vec().into()).with_comment(Some("comment-9".into()))),
        ("visibility", &["restricted"], upload(b"x".to_vec().into()).with_visibility(Visibility::Restricted)),
    ] {
        refused(world.client.upload_attachment(request).await, ErrorKind::InvalidRequest, field, words);
    }
    let broken = AttachmentContent::from_stream(None, || {
        stream::iter([Ok(Bytes::from_static(b"a")), Err(Error::new(ErrorKind::Unavailable, "the disk is gone"))])
            .boxed()
    });
    let error = world.client.upload_attachment(upload(broken)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(world.client.list_attachments(ListAttachments::new(id)).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_file_goes_with_its_ticket() {
    let world = world();
    let (id, other) = (world.make(CreateTicket::new("x")).await.id, world.make(CreateTicket::new("y")).await.id);
    let upload = UploadAttachment::new(id.clone(), "a", b"x".to_vec());
    let file = world.client.upload_attachment(upload).await.unwrap().id;
    let elsewhere = DownloadAttachment::new(file.clone()).with_ticket(other);
    refused(world.client.download_attachment(elsewhere).await, ErrorKind::NotFound, "", &[file.as_str()]);
    world.client.delete_ticket(DeleteTicket::new(id)).await.unwrap();
    let gone = world.client.download_attachment(DownloadAttachment::new(file)).await;
    refused(gone, ErrorKind::NotFound, "", &["list_attachments"]);
}
