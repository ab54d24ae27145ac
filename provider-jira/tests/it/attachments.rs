//! Files: streamed both ways, and no credential to another host.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use ticketing_core::request::{AttachmentContent, DownloadAttachment, ListAttachments, UploadAttachment};
use ticketing_core::{ErrorKind, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::Flavour;

use crate::bed::{Bed, FLAVOURS, key_of};

async fn bytes(client: &TicketingClient, ticket: &str, id: &str) -> Vec<u8> {
    let download =
        client.download_attachment(DownloadAttachment::new(id).with_ticket(Some(ticket.into()))).await.unwrap();
    let pieces: Vec<bytes::Bytes> = download.content.try_collect().await.unwrap();
    pieces.concat()
}

#[tokio::test]
async fn files_come_back_as_they_went() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        for (name, kind, content) in [
            ("plan été & \"co\" 100%.txt", Some("text/plain"), b"plain".to_vec()),
            ("日本語 🚀.pdf", None, (0..300_000_u32).map(|number| (number % 251) as u8).collect()),
            ("back\\slash;x=1.log", Some("text/plain"), b"--boundary\r\n\r\n".to_vec()),
            ("page.html", Some("text/html"), b"<html>ours</html>".to_vec()),
            ("empty", None, Vec::new()),
        ] {
            let upload =
                UploadAttachment::new(disk.as_str(), name, content.clone()).with_content_type(kind.map(str::to_owned));
            let put =
                client.upload_attachment(upload).await.unwrap_or_else(|error| panic!("{flavour:?} {name}: {error:?}"));
            assert_eq!((put.file_name.as_str(), put.size), (name, Some(content.len() as u64)), "{flavour:?}");
            assert_eq!(put.content_type.as_deref(), Some(kind.unwrap_or("application/octet-stream")));
            assert!(bytes(&client, &disk, put.id.as_str()).await == content, "{flavour:?} {name}");
        }
        let listed: Vec<_> = client.attachments(ListAttachments::new(disk.as_str())).try_collect().await.unwrap();
        let page = client.list_attachments(ListAttachments::new(disk.as_str()).with_page_size(Some(2))).await.unwrap();
        assert_eq!((&listed[..2], page.next.is_some()), (&page.items[..], true));
        assert!(listed.iter().all(|own| own.author.is_some() && own.ticket.key.as_deref() == Some(disk.as_str())));
    }
}

/// wire A4.8, A15: the media host answers 400 to any credential; Data Center serves the bytes itself.
#[tokio::test]
async fn the_media_host_is_told_nothing() {
    let bed = Bed::cloud();
    let client = bed.client();
    let disk = key_of("disk");
    let put = client.upload_attachment(UploadAttachment::new(disk.as_str(), "a.txt", b"once".to_vec())).await.unwrap();
    assert_eq!(bytes(&client, &disk, put.id.as_str()).await, b"once");
    let requests = bed.control.requests();
    let away = requests.iter().find(|request| request.path.starts_with("/_media/")).expect("the hop to the media host");
    assert!(!away.headers.contains_key("authorization") && !away.headers.contains_key("cookie"), "{away:?}");
    assert!(away.headers["host"].starts_with("localhost"), "{away:?}");
    let asked = requests.iter().find(|request| request.path.contains("/attachment/content/")).unwrap();
    assert!(asked.headers.contains_key("authorization"));
    // The link that an answer names is not believed.
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        client.upload_attachment(UploadAttachment::new(disk.as_str(), "a.txt", b"once".to_vec())).await.unwrap();
        bed.control.set_faults([Fault::new("foreign_link_host")]).unwrap();
        let listed: Vec<_> = client.attachments(ListAttachments::new(disk.as_str())).try_collect().await.unwrap();
        let request =
            DownloadAttachment::new(listed.last().unwrap().id.clone()).with_ticket(Some(disk.as_str().into()));
        let outcome = client.download_attachment(request).await;
        match flavour {
            Flavour::Cloud => drop(outcome),
            Flavour::DataCenter => {
                assert_eq!(outcome.unwrap().content.try_collect::<Vec<_>>().await.unwrap().concat(), b"once")
            }
        }
        let hosts: Vec<String> =
            bed.control.requests().iter().filter_map(|own| own.headers.get("host").cloned()).collect();
        assert!(hosts.iter().filter(|host| host.contains("attacker")).count() <= 1, "{hosts:?}");
        let told = bed.control.requests().into_iter().find(|own| {
            own.headers.get("host").is_some_and(|host| host.contains("attacker"))
                && own.headers.contains_key("authorization")
        });
        assert!(told.is_none(), "{told:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        let download = |id: &str, ticket: Option<&str>| DownloadAttachment::new(id).with_ticket(ticket.map(Into::into));
        let error = client.download_attachment(download("99999", Some(&disk))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        let error = client.download_attachment(download("99999", None)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("ticket")), "{error:?}");
        let mut settings = bed.control.settings();
        settings.upload_limit = 10;
        bed.control.set_settings(settings);
        let large = UploadAttachment::new(disk.as_str(), "large.bin", vec![0; 11]);
        let before = crate::writing::writes(&bed);
        let error = client.upload_attachment(large).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("content")), "{error:?}");
        assert_eq!(crate::writing::writes(&bed), before, "nothing was sent");
        // Of an unknown length, the site says so.
        let open = || stream::iter([Ok(bytes::Bytes::from_static(&[0; 11]))]).boxed();
        let unknown = UploadAttachment::new(disk.as_str(), "large.bin", AttachmentContent::from_stream(None, open));
        let error = client.upload_attachment(unknown).await.unwrap_err();
        assert_eq!(error.field(), Some("content"), "{error:?}");
        for name in ["", " ", "a\nb"] {
            let odd = UploadAttachment::new(disk.as_str(), name, b"x".to_vec());
            assert_eq!(client.upload_attachment(odd).await.unwrap_err().field(), Some("file_name"));
        }
    }
}

#[tokio::test]
async fn a_lost_upload_is_there_once() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        for (fault, keyed) in [("reset_after_write", true), ("reset_after_write", false), ("reset_before_answer", true)]
        {
            let name = format!("{fault}-{keyed}.txt");
            bed.control.set_faults([Fault::new(fault).path("/attachments").method("POST").count(1)]).unwrap();
            let upload = || {
                let upload = UploadAttachment::new(disk.as_str(), name.as_str(), b"once".to_vec());
                upload.with_idempotency_key(keyed.then(|| name.clone()))
            };
            let outcome = client.upload_attachment(upload()).await;
            bed.control.set_faults([]).unwrap();
            match outcome {
                Ok(put) => assert_eq!(client.upload_attachment(upload()).await.unwrap().id, put.id),
                Err(error) => assert!(!keyed && error.maybe_applied(), "{flavour:?} {fault}: {error:?}"),
            }
            let listed: Vec<_> = client.attachments(ListAttachments::new(disk.as_str())).try_collect().await.unwrap();
            assert_eq!(listed.iter().filter(|own| own.file_name == name).count(), 1, "{flavour:?} {fault}");
        }
    }
}
