//! Files: an upload's token taken by a comment, and bytes from another host that is told nothing (`wire/jira-zendesk.md` §B3.4).

use futures::TryStreamExt as _;
use ticketing_core::model::{Comment, Visibility};
use ticketing_core::request::{AttachmentContent, DownloadAttachment, ListAttachments, ListComments, UploadAttachment};
use ticketing_core::{ErrorKind, TicketId, TicketingClient};
use vendor_sandbox::Fault;

use crate::bed::{Bed, titled};

async fn bytes(client: &TicketingClient, id: &str) -> Vec<u8> {
    let download = client.download_attachment(DownloadAttachment::new(id)).await.unwrap();
    let pieces: Vec<bytes::Bytes> = download.content.try_collect().await.unwrap();
    pieces.concat()
}

async fn comments(client: &TicketingClient, ticket: &TicketId) -> Vec<Comment> {
    client.comments(ListComments::new(ticket.clone())).try_collect().await.unwrap()
}

#[tokio::test]
async fn files_come_back_as_they_went() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let mut made = Vec::new();
    for (name, kind, content) in [
        ("plan été & \"co\" 100%.txt", Some("text/plain"), b"plain".to_vec()),
        ("日本語 🚀.pdf", None, (0..300_000_u32).map(|number| (number % 251) as u8).collect()),
        ("page.html", Some("text/html"), b"<html>ours</html>".to_vec()),
    ] {
        let upload =
            UploadAttachment::new(vpn.id.clone(), name, content.clone()).with_content_type(kind.map(str::to_owned));
        let put = client.upload_attachment(upload).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((put.file_name.as_str(), put.size), (name, Some(content.len() as u64)));
        assert!(bytes(&client, put.id.as_str()).await == content, "{name}");
        made.push(put.id);
    }
    let listed: Vec<_> = client.attachments(ListAttachments::new(vpn.id.clone())).try_collect().await.unwrap();
    assert!(made.iter().all(|id| listed.iter().any(|own| own.id == *id)), "{listed:?}");
    let paged: Vec<_> =
        client.attachments(ListAttachments::new(vpn.id.clone()).with_page_size(Some(1))).try_collect().await.unwrap();
    assert_eq!(paged, listed);
}

#[tokio::test]
async fn a_file_comes_with_a_comment_that_is_internal_unless_told_otherwise() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    for (wanted, visibility) in [(None, Visibility::Internal), (Some(Visibility::Public), Visibility::Public)] {
        bed.control.clear_requests();
        let upload = UploadAttachment::new(vpn.id.clone(), "a.txt", b"a".to_vec()).with_visibility(wanted);
        let put = client.upload_attachment(upload).await.unwrap();
        let said = comments(&client, &vpn.id).await.pop().unwrap();
        assert_eq!(said.visibility, visibility);
        assert!(said.attachments.unwrap().iter().any(|own| own.id == put.id));
        let writes: Vec<_> = bed.sent().into_iter().filter(|sent| !sent.starts_with("GET")).collect();
        let change = format!("PUT /api/v2/tickets/{}?", vpn.id);
        assert_eq!(writes, ["POST /api/v2/uploads?filename=a.txt".to_owned(), change]);
    }
}

/// The address carries a token of its own, and leads to another host: no credential goes there.
#[tokio::test]
async fn the_host_of_files_is_told_nothing() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let put = client.upload_attachment(UploadAttachment::new(vpn.id, "a.txt", b"once".to_vec())).await.unwrap();
    bed.control.clear_requests();
    assert_eq!(bytes(&client, put.id.as_str()).await, b"once");
    let requests = bed.control.requests();
    let away = requests.iter().find(|request| request.path.starts_with("/zdn/")).expect("the hop to the files' host");
    assert!(!away.headers.contains_key("authorization") && !away.headers.contains_key("cookie"), "{away:?}");
}

#[tokio::test]
async fn what_cannot_be_a_file_is_refused_unsent() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let before = bed.control.requests().len();
    let upload = |name: &str| UploadAttachment::new(vpn.id.clone(), name, b"x".to_vec());
    let large = AttachmentContent::from_stream(Some(60 << 20), || unreachable!("it is not opened"));
    for (request, field) in [
        (upload(" "), "file_name"),
        (upload("a\nb"), "file_name"),
        (upload("a").with_content_type("\n".to_owned()), "content_type"),
        (UploadAttachment::new(vpn.id.clone(), "large", large), "content"),
        (upload("a").with_comment(Some("1".into())), "comment"),
    ] {
        let error = client.upload_attachment(request).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error:?}");
    }
    assert_eq!(bed.control.requests().len(), before);
    for id in ["1-1", "x", "", "999999-1"] {
        let error = client.download_attachment(DownloadAttachment::new(id)).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{id}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_is_attached_once_whatever_becomes_of_the_answer() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    for (fault, method) in [("reset_after_write", "POST"), ("reset_after_write", "PUT"), ("reset_before_answer", "PUT")]
    {
        let name = format!("{fault}-{method}.txt");
        let request =
            || UploadAttachment::new(vpn.id.clone(), name.as_str(), b"x".to_vec()).with_idempotency_key(name.clone());
        bed.control.set_faults(vec![Fault::new(fault).method(method).count(1)]).unwrap();
        let first = client.upload_attachment(request()).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        bed.control.clear_faults();
        assert_eq!(client.upload_attachment(request()).await.unwrap().id, first.id);
        let listed: Vec<_> = client.attachments(ListAttachments::new(vpn.id.clone())).try_collect().await.unwrap();
        assert_eq!(listed.iter().filter(|own| own.file_name == name).count(), 1, "{name}");
    }
}
