//! What people say on tickets.

use std::collections::BTreeSet;

use ticketing_core::model::{Comment, Visibility};
use ticketing_core::request::{AddComment, DeleteComment, GetTicket, ListComments, TextInput, UpdateComment};
use ticketing_core::{ErrorKind, Operation, TicketId};

use crate::canonical::plain_text;
use crate::gate;
use crate::harness::{Harness, Interference};
use crate::reading::{all, client, nothing_sent_since, sent};
use crate::verdict::{names, no_repeats, not_offered, ok, refused};
use crate::world::World;

/// Every comment of a ticket, in order; none where the provider has no comments.
pub(crate) async fn all_of(h: &dyn Harness, ticket: &TicketId) -> Vec<Comment> {
    let client = client(h);
    if !client.capabilities().supports(Operation::ListComments) {
        return Vec::new();
    }
    let request = ListComments::new(ticket.clone());
    ok(all(|c| client.list_comments(request.clone().with_cursor(c))).await, "list_comments")
}

fn told(comments: &[Comment]) -> Vec<(String, Visibility)> {
    comments.iter().map(|one| (plain_text(&one.body), one.visibility)).collect()
}

/// A ticket's comments come oldest first, each once, with text, visibility, author and moment.
pub async fn comments_come_oldest_first(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    for ticket in &world.company.tickets {
        let comments = all_of(h, &world.ticket_id(&ticket.key)).await;
        no_repeats(&comments.iter().map(|one| one.id.to_string()).collect::<Vec<_>>(), "comments");
        let expected = ticket
            .comments
            .iter()
            .map(|one| (one.body.clone(), if one.public { Visibility::Public } else { Visibility::Internal }));
        let expected: Vec<_> = expected.collect();
        assert_eq!(told(&comments), expected, "comments of `{}`", ticket.title);
        for (read, said) in comments.iter().zip(&ticket.comments) {
            assert_eq!(read.ticket.id, world.ticket_id(&ticket.key).as_str(), "a comment names its ticket");
            assert_eq!(world.keys_of(&read.author), [said.author.as_str()], "author of `{}`", said.body);
            assert_eq!(read.created_at, Some(said.created_at), "moment of `{}`", said.body);
        }
    }
}

/// One visibility alone can be asked for, at every page size.
pub async fn one_visibility_can_be_asked_for(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let whole = all_of(h, &world.ticket_id("vpn")).await;
    for visibility in client.capabilities().comment_visibilities {
        for size in [1, 50] {
            let request = ListComments::new(world.ticket_id("vpn")).with_visibility(visibility).with_page_size(size);
            let got = ok(all(|c| client.list_comments(request.clone().with_cursor(c))).await, "list_comments");
            let expected: Vec<_> = whole.iter().filter(|one| one.visibility == visibility).cloned().collect();
            assert_eq!(got, expected, "{visibility} comments, {size} to a page");
        }
    }
}

/// A comment of each visibility is written with that visibility, and stands last.
pub async fn each_visibility_is_written_as_that(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket_id("disk");
    for (nth, visibility) in client.capabilities().comment_visibilities.into_iter().enumerate() {
        h.advance(60);
        let text = format!("{visibility} ^ \"word\" <{nth}> 🙏\nsecond line");
        let mut add = AddComment::new(ticket.clone(), TextInput::Plain(text.clone()), visibility);
        if visibility == Visibility::Restricted {
            add = add.with_restricted_to(own_group(h, &world).await);
        }
        let answer = ok(client.add_comment(add).await, &format!("add_comment, {visibility}"));
        assert_eq!(
            (plain_text(&answer.body), answer.visibility),
            (text.clone(), visibility),
            "the answer is the comment"
        );
        let comments = all_of(h, &ticket).await;
        assert_eq!(comments.len(), nth + 1, "one comment more");
        let last = comments.last().unwrap();
        assert_eq!((plain_text(&last.body), last.visibility), (text, visibility), "the newest comment stands last");
        assert_eq!(last.id, answer.id, "the answer's id is the comment's");
        let me = ok(client.check().await, "check").user;
        assert_eq!(
            last.author.as_ref().map(|one| &one.id),
            me.as_ref().map(|one| &one.id),
            "it is the credential's own"
        );
    }
}

/// A group that the credential's own user is in, where it is in one: some vendors let nobody speak to others alone.
async fn own_group(h: &dyn Harness, world: &World) -> String {
    let me = ok(client(h).check().await, "check").user.map(|user| world.key_of(&user.id)).unwrap_or_default();
    let own = world.company.groups.iter().find(|group| group.members.contains(&me));
    own.map_or_else(|| "Network & Databases".to_owned(), |group| group.name.clone())
}

/// Markdown is kept as text at least: no word of it is lost.
pub async fn markdown_loses_no_word(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let Some(visibility) = client.capabilities().comment_visibilities.into_iter().next() else { return };
    let text = "Line one\n\nLine three, with **bold** and a [link](https://example.com/?a=1&b=2).";
    let answer =
        ok(client.add_comment(AddComment::new(world.ticket_id("disk"), text, visibility)).await, "add_comment");
    for word in ["Line one", "Line three", "bold", "link", "https://example.com/?a=1&b=2"] {
        let kept = &answer.body.native.content;
        let kept = kept.contains(word) || kept.contains(&word.replace('&', "&amp;"));
        assert!(kept, "`{word}` was lost: {:?}", answer.body);
    }
}

/// A comment without a text is refused.
pub async fn an_empty_comment_is_refused(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let visibility = client.capabilities().comment_visibilities.into_iter().next().unwrap();
    let before = sent(h);
    let add = AddComment::new(world.ticket_id("disk"), "  \n", visibility);
    let error = refused(client.add_comment(add).await, &[ErrorKind::InvalidRequest], "an empty comment");
    names(&error, &["body"], "the field that is wrong");
    nothing_sent_since(h, before, "an empty comment");
}

/// On a ticket that does not exist, comments are neither read nor written.
pub async fn a_ticket_that_does_not_exist_has_no_comments(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let client = client(h);
    let none = "ffffffffffffffffffffffffffffffff";
    let visibility = client.capabilities().comment_visibilities.into_iter().next().unwrap();
    let outcome = client.add_comment(AddComment::new(none, "lost", visibility)).await;
    refused(outcome, &[ErrorKind::NotFound], "a comment on a ticket that does not exist");
    match client.list_comments(ListComments::new(none)).await {
        Ok(page) => assert!(page.items.is_empty(), "comments of a ticket that does not exist: {page:?}"),
        Err(error) => {
            refused(Err::<(), _>(error), &[ErrorKind::NotFound], "comments of a ticket that does not exist");
        }
    }
}

/// The same key twice gives the same comment; the same text without a key is another one.
pub async fn the_same_key_gives_the_same_comment(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket_id("disk");
    let visibility = client.capabilities().comment_visibilities.into_iter().next().unwrap();
    let add = |key: Option<&str>| {
        AddComment::new(ticket.clone(), "said once", visibility).with_idempotency_key(key.map(str::to_owned))
    };
    if gate::is_keyed(client.capabilities().idempotency.comment) {
        let one = ok(client.add_comment(add(Some("c-1"))).await, "add_comment with a key");
        let two = ok(client.add_comment(add(Some("c-1"))).await, "add_comment with the same key");
        assert_eq!(one.id, two.id, "the same key must give the same comment");
        assert_eq!(all_of(h, &ticket).await.len(), 1, "the same key must not say it twice");
        h.advance(60);
    }
    let before = all_of(h, &ticket).await.len();
    let one = ok(client.add_comment(add(None)).await, "add_comment");
    h.advance(60);
    let two = ok(client.add_comment(add(None)).await, "the same text again");
    assert_ne!(one.id, two.id, "without a key, the same text again is another comment");
    assert_eq!(all_of(h, &ticket).await.len(), before + 2);
}

/// Comments can be changed and deleted, where the vendor allows it; the others stay.
pub async fn a_comment_is_changed_and_deleted(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket_id("vpn");
    if gate::operations(h, &[Operation::UpdateComment]).await {
        let before = all_of(h, &ticket).await;
        let update = UpdateComment::new(ticket.clone(), before[1].id.clone(), TextInput::Plain("another text".into()));
        let answer = ok(client.update_comment(update).await, "update_comment");
        assert_eq!((plain_text(&answer.body), answer.visibility), ("another text".to_owned(), before[1].visibility));
        let after = all_of(h, &ticket).await;
        assert_eq!(after.len(), before.len());
        assert_eq!(
            (&after[0], &after[2], &after[1]),
            (&before[0], &before[2], &answer),
            "the others stay as they were"
        );
        let update = UpdateComment::new(ticket.clone(), "ffffffffffffffffffffffffffffffff", "lost");
        refused(client.update_comment(update).await, &[ErrorKind::NotFound], "an unknown comment");
    }
    if gate::operations(h, &[Operation::DeleteComment]).await {
        let before = all_of(h, &ticket).await;
        let delete = || DeleteComment::new(ticket.clone(), before[0].id.clone());
        ok(client.delete_comment(delete()).await, "delete_comment");
        let left: Vec<_> = all_of(h, &ticket).await.into_iter().filter(|one| one.deleted.is_none()).collect();
        assert_eq!(left, before[1..], "the others stay as they were");
        refused(client.delete_comment(delete()).await, &[ErrorKind::NotFound], "deleting a comment again");
    }
}

/// What somebody else says is there on the next reading.
pub async fn a_comment_of_somebody_else_is_seen(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("login-ja");
    h.advance(60);
    let said = Interference::AddComment { ticket: ticket.clone(), body: "Firefox です".to_owned() };
    if h.interfere(said).await.is_none() {
        return not_offered("AddComment");
    }
    let comments = all_of(h, &ticket).await;
    assert_eq!(told(&comments).last(), Some(&("Firefox です".to_owned(), Visibility::Public)));
    ok(client(h).get_ticket(GetTicket::new(ticket)).await, "get_ticket");
}

/// Many comments in the same second are all there, each once, at every page size.
pub async fn many_comments_in_one_second_are_all_there(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let ticket = world.ticket_id("arabic");
    let visibility = client.capabilities().comment_visibilities.into_iter().next().unwrap();
    for nth in 0..7 {
        ok(client.add_comment(AddComment::new(ticket.clone(), format!("word {nth}"), visibility)).await, "add_comment");
    }
    let expected: BTreeSet<_> = (0..7).map(|nth| format!("word {nth}")).collect();
    for size in [1, 2, 3, 100] {
        let request = ListComments::new(ticket.clone()).with_page_size(size);
        let got = ok(all(|c| client.list_comments(request.clone().with_cursor(c))).await, "list_comments");
        let texts: Vec<_> = got.iter().map(|one| plain_text(&one.body)).collect();
        no_repeats(&texts, "comments of one second");
        assert_eq!(texts.into_iter().collect::<BTreeSet<_>>(), expected, "{size} to a page");
    }
}
