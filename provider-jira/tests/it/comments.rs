//! Comments: who may read them, what an edit keeps, what a lost answer becomes.

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{Comment, StatusCategory, TextFormat, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, DeleteComment, ListComments, NewComment, TextInput, UpdateComment, UpdateTicket,
};
use ticketing_core::{CollectionSelector, ErrorKind, TicketingClient};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::Flavour;

use crate::bed::{Bed, FLAVOURS, config, key_of};

async fn all(client: &TicketingClient, ticket: &str) -> Vec<Comment> {
    client.comments(ListComments::new(ticket)).try_collect().await.unwrap()
}

#[tokio::test]
async fn readers_are_kept_and_shown() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        for (visibility, restricted_to) in [
            (Visibility::Public, None),
            (Visibility::Internal, None),
            (Visibility::Restricted, Some("jira-administrators")),
            (Visibility::Restricted, Some("role:Administrators")),
            (Visibility::Restricted, Some("Service Desk Team")),
        ] {
            let text = format!("said **{visibility}** to {restricted_to:?}");
            let add = AddComment::new(disk.as_str(), text.as_str(), visibility)
                .with_restricted_to(restricted_to.map(str::to_owned));
            let said =
                client.add_comment(add).await.unwrap_or_else(|error| panic!("{flavour:?} {visibility}: {error:?}"));
            assert_eq!(said.visibility, visibility, "{flavour:?}");
            let read = all(&client, &disk).await.pop().unwrap();
            assert_eq!((&read.id, read.visibility), (&said.id, visibility), "{flavour:?}");
            assert!(read.body.markdown.starts_with(&format!("said **{visibility}**")), "{}", read.body.markdown);
            let name = restricted_to.map(|name| name.trim_start_matches("role:"));
            assert_eq!(read.restricted_to.and_then(|own| own.name).as_deref(), name);
            assert!(read.author.is_some() && read.url.unwrap().contains("focusedCommentId"));
        }
        let internal = ListComments::new(disk.as_str()).with_visibility(Some(Visibility::Internal));
        let internal: Vec<Comment> = client.comments(internal).try_collect().await.unwrap();
        assert!(!internal.is_empty() && internal.iter().all(|own| own.visibility == Visibility::Internal));
        let odd = AddComment::new(disk.as_str(), "x", Visibility::Restricted);
        assert_eq!(client.add_comment(odd).await.unwrap_err().field(), Some("restricted_to"));
        let nobody =
            AddComment::new(disk.as_str(), "x", Visibility::Restricted).with_restricted_to("No such role".to_owned());
        let error = client.add_comment(nobody).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("restricted_to")), "{error:?}");
    }
}

/// Outside of Service Management the flag is ignored, and everybody could read it (wire A10).
#[tokio::test]
async fn an_internal_comment_is_never_public_by_mistake() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let mut own = config("admin");
        own["projects"] = json!(["IT"]);
        let client = bed.client_of(own);
        let it = Some(CollectionSelector::Key("IT".to_owned()));
        let made = client.create_ticket(CreateTicket::new("A story").with_collection(it.clone())).await.unwrap();
        let add = AddComment::new(made.id.clone(), "secret", Visibility::Internal);
        let ride =
            UpdateTicket::new(made.id.clone()).with_title("x").with_comment(Some(NewComment::internal("secret")));
        let new = CreateTicket::new("x").with_collection(it).with_comment(Some(NewComment::internal("secret")));
        for error in [
            client.add_comment(add).await.unwrap_err(),
            client.update_ticket(ride).await.unwrap_err(),
            client.create_ticket(new).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("visibility")), "{error:?}");
        }
        assert!(all(&client, made.id.as_str()).await.is_empty());
        assert_eq!(
            bed.control.state().counts["issues"],
            1 + vendor_sandbox::company::Company::standard().tickets.len() as u64
        );
    }
}

#[tokio::test]
async fn an_edit_keeps_readers_and_what_markdown_cannot_say() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        let native = match flavour {
            Flavour::Cloud => TextInput::Native {
                format: TextFormat::Adf,
                content: json!({"version": 1, "type": "doc", "content": [
                    {"type": "paragraph", "content": [{"type": "status", "attrs": {"text": "WAITING", "color": "yellow"}}]},
                    {"type": "paragraph", "content": [{"type": "text", "text": "Old words."}]}]})
                .to_string(),
            },
            Flavour::DataCenter => TextInput::Native { format: TextFormat::Wiki, content: "{color:red}WAITING{color}\n\nOld words.".to_owned() },
        };
        let said = client.add_comment(AddComment::new(disk.as_str(), native, Visibility::Internal)).await.unwrap();
        bed.advance(60);
        let text = said.body.markdown.replace("Old", "New");
        let update = UpdateComment::new(disk.as_str(), said.id.clone(), text.as_str());
        let edited = client.update_comment(update).await.unwrap();
        assert_eq!(edited.visibility, Visibility::Internal, "{flavour:?}");
        let kept = if flavour == Flavour::Cloud { "\"yellow\"" } else { "{color:red}" };
        assert!(edited.body.native.content.contains(kept), "{flavour:?}: {}", edited.body.native.content);
        assert!(edited.body.markdown.contains("New words.") && edited.updated_at > said.updated_at);
        let readers = AddComment::new(disk.as_str(), "x", Visibility::Restricted)
            .with_restricted_to("role:Administrators".to_owned());
        let restricted = client.add_comment(readers).await.unwrap();
        let edited =
            client.update_comment(UpdateComment::new(disk.as_str(), restricted.id.clone(), "y")).await.unwrap();
        assert_eq!((edited.visibility, edited.body.markdown.as_str()), (Visibility::Restricted, "y"));
        client.delete_comment(DeleteComment::new(disk.as_str(), said.id.clone())).await.unwrap();
        for error in [
            client.delete_comment(DeleteComment::new(disk.as_str(), said.id.clone())).await.unwrap_err(),
            client.update_comment(UpdateComment::new(disk.as_str(), said.id, "z")).await.unwrap_err(),
            client.update_comment(UpdateComment::new(disk.as_str(), "../x", "z")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        }
    }
}

#[tokio::test]
async fn pages_hide_nothing_when_comments_go() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        let before = all(&client, &disk).await.len();
        for number in 0..7 {
            let add = AddComment::new(disk.as_str(), format!("number {number}").as_str(), Visibility::Public);
            client.add_comment(add).await.unwrap();
        }
        let whole = all(&client, &disk).await;
        assert_eq!(whole.len(), before + 7);
        let page = |cursor| ListComments::new(disk.as_str()).with_page_size(Some(3)).with_cursor(cursor);
        let first = client.list_comments(page(None)).await.unwrap();
        assert_eq!(first.items.len(), 3);
        // Two of the first page go, and the third would be the next page's first.
        for own in &first.items[1..] {
            client.delete_comment(DeleteComment::new(disk.as_str(), own.id.clone())).await.unwrap();
        }
        let mut seen: Vec<String> = first.items.iter().map(|own| own.id.to_string()).collect();
        let mut next = first.next;
        while let Some(cursor) = next {
            let part = client.list_comments(page(Some(cursor))).await.unwrap();
            seen.extend(part.items.iter().map(|own| own.id.to_string()));
            next = part.next;
        }
        assert_eq!(seen, whole.iter().map(|own| own.id.to_string()).collect::<Vec<_>>(), "{flavour:?}");
    }
}

#[tokio::test]
async fn a_lost_comment_is_said_once() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let disk = key_of("disk");
        let count = async |text: &str| all(&client, &disk).await.iter().filter(|own| own.body.markdown == text).count();
        for (fault, keyed) in [("reset_after_write", true), ("reset_after_write", false), ("reset_before_answer", true)]
        {
            let text = format!("{fault} {keyed}").replace('_', "-");
            bed.control.set_faults([Fault::new(fault).path("/issue/").method("POST").count(1)]).unwrap();
            let add = || {
                AddComment::new(disk.as_str(), text.as_str(), Visibility::Internal)
                    .with_idempotency_key(keyed.then(|| text.clone()))
            };
            let outcome = client.add_comment(add()).await;
            bed.control.set_faults([]).unwrap();
            match outcome {
                Ok(said) => {
                    assert!(keyed);
                    assert_eq!(
                        client.add_comment(add()).await.unwrap().id,
                        said.id,
                        "the same key is the same comment"
                    );
                }
                Err(error) => assert!(!keyed && error.maybe_applied(), "{flavour:?} {fault}: {error:?}"),
            }
            assert_eq!(count(&text).await, 1, "{flavour:?} {fault}");
        }
    }
}

/// The key is kept with the comment: another process, which knows nothing of the first one, says nothing a second time.
#[tokio::test]
async fn a_key_is_one_comment_in_every_process() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let disk = key_of("disk");
        let add = |key: &str| {
            AddComment::new(disk.as_str(), "Looked at it.", Visibility::Internal).with_idempotency_key(key.to_owned())
        };
        let made = bed.client().add_comment(add("key-1")).await.unwrap();
        let again = bed.client().add_comment(add("key-1")).await.unwrap();
        assert_eq!((again.id.as_str(), again.visibility), (made.id.as_str(), Visibility::Internal), "{flavour:?}");
        assert_ne!(bed.client().add_comment(add("key-2")).await.unwrap().id, made.id, "{flavour:?}");
        let said = all(&bed.client(), &disk).await;
        assert_eq!(said.iter().filter(|own| own.body.markdown == "Looked at it.").count(), 2, "{flavour:?}");
    }
}

#[tokio::test]
async fn a_comment_rides_along_with_a_status() {
    let bed = Bed::cloud();
    let client = bed.client();
    let made = client.create_ticket(CreateTicket::new("To be withdrawn")).await.unwrap();
    let request = UpdateTicket::new(made.id.clone())
        .with_status(ticketing_core::StatusSelector::from(StatusCategory::Cancelled))
        .with_comment(Some(NewComment::public("Not needed any more.")));
    client.update_ticket(request).await.unwrap();
    let said = all(&client, made.id.as_str()).await;
    assert_eq!((said.len(), said[0].visibility), (1, Visibility::Public));
}
