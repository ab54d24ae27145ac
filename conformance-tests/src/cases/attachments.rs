//! Files on tickets, byte by byte.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ticketing_core::model::Attachment;
use ticketing_core::request::{AttachmentContent, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{AttachmentId, ErrorKind, Operation, TicketId};

use crate::gate;
use crate::harness::{Harness, Misbehaviour};
use crate::reading::{all, client, nothing_sent_since, sent};
use crate::verdict::{fails, names, not_offered, ok, refused};
use crate::world::World;

pub(crate) async fn all_of(h: &dyn Harness, ticket: &TicketId) -> Vec<Attachment> {
    let client = client(h);
    let request = ListAttachments::new(ticket.clone());
    ok(all(|c| client.list_attachments(request.clone().with_cursor(c))).await, "list_attachments")
}

async fn bytes_of(h: &dyn Harness, ticket: &TicketId, id: &AttachmentId) -> Vec<u8> {
    let request = DownloadAttachment::new(id.clone()).with_ticket(ticket.clone());
    let download = ok(client(h).download_attachment(request).await, "download_attachment");
    assert_eq!(&download.attachment.id, id, "a download describes the attachment it brings");
    let pieces: Vec<Bytes> = ok(download.content.try_collect().await, "an attachment's bytes");
    pieces.concat()
}

/// Bytes that repeat nowhere, so that a lost, doubled or swapped piece shows.
fn noise(size: usize) -> Vec<u8> {
    let mut state: u32 = 2026;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// What is listed is what the company attached; its bytes come as they were.
pub async fn listed_files_are_downloaded_byte_by_byte(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListAttachments, Operation::DownloadAttachment]).await {
        return;
    }
    let world = World::read(h).await;
    for ticket in &world.company.tickets {
        let id = world.ticket_id(&ticket.key);
        let listed = all_of(h, &id).await;
        assert_eq!(listed.len(), ticket.attachments.len(), "attachments of `{}`: {listed:?}", ticket.title);
        for (read, put) in listed.iter().zip(&ticket.attachments) {
            assert_eq!(read.file_name, put.file_name);
            assert_eq!(read.content_type.as_deref(), Some(put.content_type.as_str()), "{}", put.file_name);
            assert_eq!(read.size, Some(put.content.len() as u64), "{}", put.file_name);
            assert_eq!(read.ticket.id, id.as_str(), "an attachment names its ticket");
            assert_eq!(world.keys_of(&read.author), [put.author.as_str()], "author of {}", put.file_name);
            assert_eq!(bytes_of(h, &id, &read.id).await, put.content, "{}", put.file_name);
        }
    }
}

async fn round_trip(h: &dyn Harness, file_name: &str, content_type: Option<&str>, content: Vec<u8>) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::DownloadAttachment]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("disk");
    let upload = UploadAttachment::new(ticket.clone(), file_name, content.clone())
        .with_content_type(content_type.map(str::to_owned));
    let put = ok(client(h).upload_attachment(upload).await, &format!("upload_attachment of `{file_name}`"));
    assert_eq!(put.file_name, file_name, "the file's name stays as it was given");
    assert_eq!(put.size, Some(content.len() as u64), "the answer says how large it is");
    let back = bytes_of(h, &ticket, &put.id).await;
    assert!(
        back == content,
        "`{file_name}` came back with {} bytes instead of {}, or others",
        back.len(),
        content.len()
    );
    if gate::operations(h, &[Operation::ListAttachments]).await {
        let listed = all_of(h, &ticket).await;
        assert!(listed.iter().any(|one| one.id == put.id), "what was uploaded is listed: {listed:?}");
    }
}

/// A small file with an awkward name comes back as it went.
pub async fn a_file_with_an_awkward_name_comes_back(h: &dyn Harness) {
    for name in ["plan été & \"co\" 100%.txt", "日本語 🚀.pdf", "a+b=c;d#e?.log"] {
        round_trip(h, name, Some("text/plain"), format!("the bytes of {name}").into_bytes()).await;
    }
}

/// An empty file is a file.
pub async fn an_empty_file_comes_back(h: &dyn Harness) {
    round_trip(h, "empty.txt", Some("text/plain"), Vec::new()).await;
}

/// Five megabytes of noise come back byte by byte.
pub async fn five_megabytes_come_back(h: &dyn Harness) {
    round_trip(h, "noise.bin", None, noise(5 * 1024 * 1024)).await;
}

/// A stream of unknown length, in uneven pieces, is put together in order.
pub async fn a_stream_of_uneven_pieces_comes_back(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::DownloadAttachment]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("disk");
    let whole = noise(300_001);
    let source = whole.clone();
    let content = AttachmentContent::from_stream(None, move || {
        let pieces: Vec<_> = [1, 0, 70_000, 3, 100_000, 129_997]
            .iter()
            .scan(0_usize, |at, size| {
                let piece = Bytes::copy_from_slice(&source[*at..*at + size]);
                *at += size;
                Some(Ok(piece))
            })
            .collect();
        stream::iter(pieces).boxed()
    });
    let upload = UploadAttachment::new(ticket.clone(), "stream.bin", content);
    let put = ok(client(h).upload_attachment(upload).await, "upload_attachment of a stream");
    assert!(bytes_of(h, &ticket, &put.id).await == whole, "a streamed file must come back as it went");
}

/// A source that fails in the middle leaves no half file behind.
pub async fn a_source_that_fails_leaves_nothing(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::ListAttachments]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("disk");
    let content = AttachmentContent::from_stream(Some(10), || {
        let broken = ticketing_core::Error::new(ErrorKind::Unexpected, "the disk is broken");
        stream::iter([Ok(Bytes::from_static(b"half")), Err(broken)]).boxed()
    });
    let upload = UploadAttachment::new(ticket.clone(), "half.txt", content);
    fails(client(h).upload_attachment(upload).await, "upload_attachment from a source that fails");
    let listed = all_of(h, &ticket).await;
    assert!(listed.is_empty(), "a source that failed left something behind: {listed:?}");
}

/// What does not exist is not found; a file that is too large is refused before it is sent.
pub async fn unknown_and_too_large_files_are_refused(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::DownloadAttachment]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let none = "ffffffffffffffffffffffffffffffff";
    let download = DownloadAttachment::new(none).with_ticket(world.ticket_id("disk"));
    refused(client.download_attachment(download).await, &[ErrorKind::NotFound], "an unknown attachment");
    let upload = UploadAttachment::new(none, "lost.txt", b"lost".to_vec());
    refused(client.upload_attachment(upload).await, &[ErrorKind::NotFound], "an attachment to an unknown ticket");
    if let Some(limit) = client.capabilities().limits.max_attachment_bytes {
        let content =
            AttachmentContent::from_stream(Some(limit + 1), || panic!("a file that is too large is not read"));
        let before = sent(h);
        let upload = UploadAttachment::new(world.ticket_id("disk"), "huge.bin", content);
        let error =
            refused(client.upload_attachment(upload).await, &[ErrorKind::InvalidRequest], "a file that is too large");
        names(&error, &[&limit.to_string()], "the limit in bytes");
        nothing_sent_since(h, before, "a file that is too large");
    }
}

/// The same key twice gives the same attachment.
pub async fn the_same_key_gives_the_same_attachment(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::ListAttachments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    if !gate::is_keyed(client.capabilities().idempotency.attachment) {
        return;
    }
    let ticket = world.ticket_id("disk");
    let upload =
        || UploadAttachment::new(ticket.clone(), "once.txt", b"once".to_vec()).with_idempotency_key("a-1".to_owned());
    let one = ok(client.upload_attachment(upload()).await, "upload_attachment with a key");
    let two = ok(client.upload_attachment(upload()).await, "upload_attachment with the same key");
    assert_eq!(one.id, two.id, "the same key must give the same attachment");
    assert_eq!(all_of(h, &ticket).await.len(), 1, "the same key must not attach it twice");
}

/// A download that breaks off ends in an error, never as if it were whole.
pub async fn a_download_that_breaks_off_is_an_error(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListAttachments, Operation::DownloadAttachment]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("vpn");
    let file = all_of(h, &ticket).await.remove(0);
    if !h.misbehave(Misbehaviour::LostAnswer, None) {
        return not_offered("LostAnswer");
    }
    let request = DownloadAttachment::new(file.id).with_ticket(ticket);
    let outcome = match client(h).download_attachment(request).await {
        Ok(download) => download.content.try_collect::<Vec<Bytes>>().await,
        Err(error) => Err(error),
    };
    let error = fails(outcome, "a download that breaks off");
    assert!(error.is_retryable(), "a broken connection is worth another try: {error}");
}
