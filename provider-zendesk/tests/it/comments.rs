//! Comments: who may read them, what they are written as, what a lost answer becomes (`wire/jira-zendesk.md` §B3.3, §B11).

use futures::TryStreamExt as _;
use ticketing_core::model::{Comment, TextFormat, Visibility};
use ticketing_core::request::{AddComment, DeleteComment, ListComments, TextInput, UpdateComment};
use ticketing_core::{ErrorKind, TicketId, TicketingClient};
use vendor_sandbox::Fault;

use crate::bed::{Bed, titled};

async fn listed(client: &TicketingClient, ticket: &TicketId) -> Vec<Comment> {
    client.comments(ListComments::new(ticket.clone())).try_collect().await.unwrap()
}

#[tokio::test]
async fn readers_are_stated_kept_and_shown() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    for visibility in [Visibility::Public, Visibility::Internal] {
        let text = format!("said **{visibility}**\n\n- one\n- two");
        let add = AddComment::new(vpn.id.clone(), text.as_str(), visibility);
        let said = client.add_comment(add).await.unwrap();
        assert_eq!((said.visibility, said.body.markdown.as_str()), (visibility, text.as_str()));
        let read = listed(&client, &vpn.id).await.pop().unwrap();
        assert_eq!(read, said);
        assert_eq!(read.body.native.format, TextFormat::Html);
        assert!(read.author.as_ref().is_some_and(|author| author.name.is_some()), "names cost no request of their own");
        let wanted = ListComments::new(vpn.id.clone()).with_visibility(Some(visibility));
        let some: Vec<Comment> = client.comments(wanted).try_collect().await.unwrap();
        assert!(some.contains(&read) && some.iter().all(|own| own.visibility == visibility));
    }
    let before = bed.control.requests().len();
    let odd = AddComment::new(vpn.id.clone(), "x", Visibility::Restricted);
    assert_eq!(client.add_comment(odd).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bed.control.requests().len(), before, "refused unsent");
}

#[tokio::test]
async fn the_first_comment_is_the_description_and_pages_do_not_bring_it_back() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    for nth in 0..5 {
        let add = AddComment::new(vpn.id.clone(), format!("number {nth}").as_str(), Visibility::Internal);
        client.add_comment(add).await.unwrap();
    }
    let whole = listed(&client, &vpn.id).await;
    let description = vpn.description.unwrap().markdown;
    assert!(whole.iter().all(|own| own.body.markdown != description));
    for size in [1, 2, 3] {
        let request = ListComments::new(vpn.id.clone()).with_page_size(Some(size));
        let paged: Vec<Comment> = client.comments(request).try_collect().await.unwrap();
        assert_eq!(paged, whole, "pages of {size}");
    }
}

/// §B11: the account keeps HTML; what a page must not run never leaves us.
#[tokio::test]
async fn what_is_sent_is_clean_and_what_comes_is_markdown() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let add = AddComment::new(
        vpn.id.clone(),
        "a <script>alert(1)</script> b [link](javascript:alert(2)) & **c**",
        Visibility::Internal,
    );
    let said = client.add_comment(add).await.unwrap();
    let html = said.body.native.content.as_str();
    assert!(!html.contains("<script") && !html.contains("href=\"javascript"), "{html}");
    assert!(said.body.markdown.contains("**c**"), "{}", said.body.markdown);
    let plain = AddComment::new(vpn.id.clone(), TextInput::Plain("1 < 2 *as it is*".to_owned()), Visibility::Internal);
    let said = client.add_comment(plain).await.unwrap();
    assert!(said.body.native.content.contains("1 &lt; 2 *as it is*"), "{}", said.body.native.content);
}

#[tokio::test]
async fn what_was_said_stays() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let said = client.add_comment(AddComment::new(vpn.id.clone(), "once", Visibility::Internal)).await.unwrap();
    let before = bed.control.requests().len();
    let edit = UpdateComment::new(vpn.id.clone(), said.id.clone(), "twice");
    assert_eq!(client.update_comment(edit).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let delete = DeleteComment::new(vpn.id.clone(), said.id.clone());
    assert_eq!(client.delete_comment(delete).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bed.control.requests().len(), before, "refused unsent");
    assert!(listed(&client, &vpn.id).await.contains(&said));
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_said_once_whatever_becomes_of_the_answer() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    for (fault, keyed) in [
        ("reset_after_write", true),
        ("reset_before_answer", true),
        ("conflict", true),
        // What met another write was undone (§B8): it is written again with no key at all.
        ("conflict", false),
        ("reset_after_write", false),
        ("reset_before_answer", false),
    ] {
        let text = format!("{fault} {keyed}");
        let request = || {
            AddComment::new(vpn.id.clone(), text.as_str(), Visibility::Internal)
                .with_idempotency_key(keyed.then(|| text.clone()))
        };
        // The write alone: what is read before it comes through.
        bed.control.set_faults(vec![Fault::new(fault).method("PUT").count(1)]).unwrap();
        let outcome = client.add_comment(request()).await;
        bed.control.clear_faults();
        let said = listed(&client, &vpn.id).await.iter().filter(|own| own.body.markdown.contains(&text)).count();
        match (keyed, outcome) {
            (false, Ok(_)) if fault == "conflict" => assert_eq!(said, 1, "{text}"),
            (true, Ok(first)) => {
                assert_eq!(said, 1, "{text}");
                assert_eq!(client.add_comment(request()).await.unwrap().id, first.id, "{text}");
            }
            (false, Err(error)) => {
                assert!(error.maybe_applied() && said <= 1, "{text}: {error:?}, said {said} times");
                assert!(error.hint().is_some_and(|hint| hint.contains("comments")), "{error:?}");
            }
            (_, other) => panic!("{text}: {other:?}"),
        }
    }
    assert!(listed(&client, &vpn.id).await.len() < 10);
}

/// A light agent's comments are always private (§B3.3): what was to be public and is not, is no success.
#[tokio::test]
async fn a_light_agent_says_nothing_in_public() {
    let bed = Bed::new();
    let vpn = titled(&bed.client(), "VPN drops").await;
    bed.control.make_light("itil").unwrap();
    let agent = bed.agent();
    let said = agent.add_comment(AddComment::new(vpn.id.clone(), "to all", Visibility::Public)).await;
    match said {
        Ok(comment) => assert_eq!(comment.visibility, Visibility::Internal, "the answer says what it is"),
        Err(error) => assert!(error.applied().iter().any(|part| part == "comment"), "{error:?}"),
    }
}
