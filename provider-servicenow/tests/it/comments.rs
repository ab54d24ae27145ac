//! Comments and work notes, attachments as streams, links, watchers and history: what hangs on a ticket.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use ticketing_core::model::{Comment, FieldData, LinkCategory, Visibility};
use ticketing_core::request::{
    AddComment, AddLink, AttachmentContent, DownloadAttachment, LinkTarget, ListAttachments, ListComments, ListHistory,
    ListLinks, ListWatchers, RemoveLink, SetPatch, TextInput, UpdateTicket, UploadAttachment,
};
use ticketing_core::{ErrorKind, TicketingClient, UserSelector};
use vendor_sandbox::Fault;

use crate::bed::{Bed, get};

async fn comments(client: &TicketingClient, ticket: &str, size: u32) -> Vec<Comment> {
    client.comments(ListComments::new(ticket).with_page_size(size)).try_collect().await.unwrap()
}

fn add(ticket: &str, text: &str, visibility: Visibility) -> AddComment {
    AddComment::new(ticket, TextInput::Plain(text.to_owned()), visibility)
}

fn said(comments: &[Comment]) -> Vec<(&str, Visibility, &str)> {
    let author = |comment: &Comment| comment.author.as_ref().and_then(|author| author.name.clone()).unwrap_or_default();
    comments
        .iter()
        .map(|comment| {
            assert!(!author(comment).is_empty(), "{comment:?}");
            (comment.body.markdown.as_str(), comment.visibility, comment.ticket.id.as_str())
        })
        .collect()
}

#[tokio::test]
async fn comments_come_oldest_first_with_who_may_read_them() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    for size in [1, 2, 50] {
        let all = comments(&client, &vpn, size).await;
        assert_eq!(
            all.iter().map(|one| one.visibility).collect::<Vec<_>>(),
            [Visibility::Public, Visibility::Internal, Visibility::Public]
        );
        assert!(all[2].body.markdown.contains('🙏'));
        assert_eq!(all[1].author.as_ref().unwrap().name.as_deref(), Some("Amara Okafor"));
        assert!(all.is_sorted_by_key(|one| one.created_at));
    }
    let internal = ListComments::new(vpn.as_str()).with_visibility(Some(Visibility::Internal));
    assert_eq!(client.list_comments(internal).await.unwrap().items.len(), 1);
    let error = client.list_comments(ListComments::new("INC9999999")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_comment_is_public_or_internal_as_said_and_written_once() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let journal =
        |text: &str| bed.control.find("sys_journal_field", &format!("element_id={vpn}^value={text}")).unwrap();
    for (visibility, element) in [(Visibility::Public, "comments"), (Visibility::Internal, "work_notes")] {
        let text = format!("to {element}");
        let made = client.add_comment(add(&vpn, &text, visibility)).await.unwrap();
        assert_eq!((made.visibility, made.body.markdown.as_str()), (visibility, text.as_str()));
        let rows = journal(&text);
        assert_eq!(rows, [made.id.as_str()]);
        assert_eq!(bed.control.row("sys_journal_field", &rows[0]).unwrap().unwrap()["element"], element);
    }
    // The same text again is another comment; the same key is not.
    for _ in 0..2 {
        client.add_comment(add(&vpn, "again", Visibility::Internal)).await.unwrap();
    }
    assert_eq!(journal("again").len(), 2);
    let keyed = || add(&vpn, "keyed", Visibility::Internal).with_idempotency_key(Some("k-1".to_owned()));
    let first = client.add_comment(keyed()).await.unwrap();
    assert_eq!(client.add_comment(keyed()).await.unwrap().id, first.id);
    assert_eq!(journal("keyed").len(), 1);
    let before = bed.sent();
    for (request, field) in
        [(add(&vpn, " \n", Visibility::Public), "body"), (add(&vpn, "x", Visibility::Restricted), "visibility")]
    {
        let error = client.add_comment(request).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
    }
    assert_eq!(bed.sent(), before);
}

#[tokio::test(start_paused = true)]
async fn a_comment_whose_answer_was_lost_is_looked_for_and_never_doubled() {
    for fault in ["reset_after_write", "reset_before_answer", "truncated_json", "status_503"] {
        let bed = Bed::new();
        let client = bed.client();
        let vpn = bed.incident("VPN");
        comments(&client, &vpn, 50).await;
        let count = || bed.control.find("sys_journal_field", &format!("element_id={vpn}^value=once")).unwrap().len();
        bed.control.set_faults([Fault::new(fault).count(1).method("PATCH")]).unwrap();
        let keyed = add(&vpn, "once", Visibility::Public).with_idempotency_key(Some("k".to_owned()));
        let made = client.add_comment(keyed).await.unwrap();
        assert_eq!(made.body.markdown, "once", "{fault}");
        assert_eq!(count(), 1, "{fault}");
        // Without a key nobody can tell ours from another's, so it is told and left.
        bed.control.set_faults([Fault::new("reset_after_write").count(1).method("PATCH")]).unwrap();
        let error = client.add_comment(add(&vpn, "once", Visibility::Public)).await.unwrap_err();
        assert!(error.maybe_applied(), "{error:?}");
        assert_eq!(count(), 2, "{fault}: written once, and not repeated");
    }
}

#[tokio::test]
async fn without_the_journal_comments_are_read_from_what_the_ticket_shows() {
    let bed = Bed::new();
    let admin = bed.client();
    let client = bed.itil();
    let vpn = bed.incident("VPN");
    let real = comments(&admin, &vpn, 50).await;
    let shown = comments(&client, &vpn, 50).await;
    assert_eq!(said(&shown), said(&real));
    assert_eq!(
        shown.iter().map(|one| one.created_at).collect::<Vec<_>>(),
        real.iter().map(|one| one.created_at).collect::<Vec<_>>(),
        "in the user's own time zone, brought back to UTC"
    );
    // Page by page, with ids that stay.
    assert_eq!(comments(&client, &vpn, 1).await, shown);
    let made = client.add_comment(add(&vpn, "seen by few", Visibility::Internal)).await.unwrap();
    assert_eq!((made.visibility, made.body.markdown.as_str()), (Visibility::Internal, "seen by few"));
    assert!(!client.capabilities().change_kinds.contains(&ticketing_core::model::Kind::Comment), "it is known now");
    bed.control.deny_field("incident", "work_notes", vendor_sandbox::servicenow::Audience::NonAdmins).unwrap();
    let error = client.list_comments(ListComments::new(vpn.as_str())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("work_notes"), "{error}");
    let public = ListComments::new(vpn.as_str()).with_visibility(Some(Visibility::Public));
    assert_eq!(client.list_comments(public).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn attachments_are_streams_both_ways() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let listed = client.list_attachments(ListAttachments::new(vpn.as_str())).await.unwrap().items;
    assert_eq!(listed.len(), 1);
    let log = &listed[0];
    assert_eq!((log.file_name.as_str(), log.content_type.as_deref()), ("vpn.log", Some("text/plain")));
    assert_eq!(log.author.as_ref().unwrap().name.as_deref(), Some("Ines Tilden"));
    let file = client.download_attachment(DownloadAttachment::new(log.id.clone())).await.unwrap();
    let bytes: Vec<u8> = file
        .content
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
        .unwrap();
    assert_eq!(bytes, b"09:00:01 tunnel up\n09:04:59 tunnel down (no licence)\n");
    assert_eq!(log.size, Some(bytes.len() as u64));
    for page in ["hibernating_200", "login_page_200"] {
        bed.control.set_faults([Fault::new(page).path("/file")]).unwrap();
        let error = client.download_attachment(DownloadAttachment::new(log.id.clone())).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Unavailable && error.is_retryable(), "{page} is no file: {error:?}");
        bed.control.clear_faults();
    }
    // Half a gigabyte comes in pieces, and who stops after a few has read no more.
    let large = bed.control.attach_made_up("incident", &vpn, "core.dump", 512 * 1024 * 1024).unwrap();
    let file = client.download_attachment(DownloadAttachment::new(large.as_str())).await.unwrap();
    assert_eq!(file.attachment.size, Some(512 * 1024 * 1024));
    let pieces: Vec<_> = file.content.take(4).try_collect().await.unwrap();
    assert!(pieces.iter().all(|piece| piece.len() <= 4 * 1024 * 1024), "{}", pieces[0].len());
    let (opened, content) = {
        let opened = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = std::sync::Arc::clone(&opened);
        let content = AttachmentContent::from_stream(Some(3 * 64 * 1024), move || {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            stream::iter((0..3_u8).map(|nth| Ok(vec![nth; 64 * 1024].into()))).boxed()
        });
        (opened, content)
    };
    let upload =
        UploadAttachment::new(vpn.as_str(), "été, 1.bin", content).with_idempotency_key(Some("u-1".to_owned()));
    bed.control.set_faults([Fault::new("reset_after_write").count(1).path("/attachment/file")]).unwrap();
    let made = client.upload_attachment(upload.clone()).await.unwrap();
    assert_eq!((made.file_name.as_str(), made.size), ("été, 1.bin", Some(3 * 64 * 1024)));
    assert_eq!(opened.load(std::sync::atomic::Ordering::SeqCst), 1, "the lost answer was looked for, not repeated");
    assert_eq!(client.upload_attachment(upload).await.unwrap().id, made.id);
    assert_eq!(client.list_attachments(ListAttachments::new(vpn.as_str())).await.unwrap().items.len(), 3);
    let error = client.download_attachment(DownloadAttachment::new("ffffffffffffffffffffffffffffffff")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn links_lead_both_ways_and_can_be_made_and_taken_back() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request"]);
    let (again, outage, dhcp) =
        (bed.incident("Internet is down"), bed.incident("No network"), bed.incident("DHCP leases"));
    let links = |ticket: &str| {
        let request = ListLinks::new(ticket);
        let client = client.clone();
        async move { client.list_links(request).await.unwrap().items }
    };
    let there = |links: &[ticketing_core::model::Link], category: LinkCategory, target: &str| {
        links
            .iter()
            .any(|link| link.link_type.category == category && link.target.as_ref().is_some_and(|end| end.id == target))
    };
    assert!(there(&links(&again).await, LinkCategory::Duplicates, &outage));
    assert!(there(&links(&outage).await, LinkCategory::Duplicates.inverse(), &again));
    for category in [LinkCategory::CausedBy, LinkCategory::Duplicates, LinkCategory::RelatesTo] {
        let request = AddLink::new(outage.as_str(), LinkTarget::Ticket(dhcp.as_str().into()), category);
        let made = client.add_link(request).await.unwrap();
        assert!(there(&links(&outage).await, category, &dhcp), "{category}");
        assert!(there(&links(&dhcp).await, category.inverse(), &outage), "{category}");
        client.remove_link(RemoveLink::new(outage.as_str(), made.id.clone())).await.unwrap();
        assert!(!there(&links(&outage).await, category, &dhcp), "{category}");
        let error = client.remove_link(RemoveLink::new(outage.as_str(), made.id)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn watchers_come_with_names_and_change_as_a_set() {
    let bed = Bed::new();
    let client = bed.client();
    let move_ = bed.incident("Move reception");
    let names = |page: ticketing_core::Page<ticketing_core::model::Ref>| -> Vec<String> {
        page.items.into_iter().map(|one| one.name.unwrap()).collect()
    };
    let all = names(client.list_watchers(ListWatchers::new(move_.as_str())).await.unwrap());
    assert_eq!(all, ["Ines Tilden", "Lena Brandt", "Amara Okafor"]);
    let first = client.list_watchers(ListWatchers::new(move_.as_str()).with_page_size(2)).await.unwrap();
    assert!(first.next.is_some() && first.items.len() == 2);
    let patch = SetPatch::Change {
        add: vec![UserSelector::username("alex.kim")],
        remove: vec![UserSelector::username("itil")],
    };
    client.update_ticket(UpdateTicket::new(move_.as_str()).with_watchers(patch)).await.unwrap();
    let all = names(client.list_watchers(ListWatchers::new(move_.as_str())).await.unwrap());
    assert_eq!(all, ["Lena Brandt", "Amara Okafor", "Alex Kim"]);
}

#[tokio::test]
async fn history_says_who_changed_what_from_and_to() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = bed.incident("VPN");
    let entries: Vec<_> = client.history(ListHistory::new(vpn.as_str()).with_page_size(1)).try_collect().await.unwrap();
    let moves: Vec<(String, FieldData, FieldData)> = entries
        .iter()
        .flat_map(|entry| &entry.changes)
        .map(|change| (change.field.clone(), change.from.value.clone(), change.to.value.clone()))
        .collect();
    assert_eq!(moves[0], ("status".to_owned(), "1".into(), "2".into()));
    assert!(moves.contains(&("status".to_owned(), "2".into(), "6".into())), "{moves:?}");
    assert!(moves.iter().any(|(field, from, _)| field == "assignees" && *from == FieldData::Null));
    assert_eq!(entries[0].author.as_ref().unwrap().name.as_deref(), Some("Ines Tilden"));
    bed.advance(60);
    bed.control.update("itil", "incident", &vpn, json!({"urgency": "1", "impact": "1"})).unwrap();
    let last: Vec<_> = client.history(ListHistory::new(vpn.as_str())).try_collect().await.unwrap();
    let change = last.iter().flat_map(|entry| &entry.changes).find(|change| change.field == "priority").unwrap();
    assert_eq!((change.from.value.clone(), change.to.value.clone()), ("2".into(), "1".into()));
    assert_eq!(get(&client, &vpn).await.priority.unwrap().native.id, "1");
    let error = bed.itil().list_history(ListHistory::new(vpn.as_str())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}
