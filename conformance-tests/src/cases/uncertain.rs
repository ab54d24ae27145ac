//! Writes whose fate is unknown are never doubled.

use ticketing_core::model::{Ticket, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, GetTicket, ListTickets, NewComment, UpdateTicket, UploadAttachment,
};
use ticketing_core::{Delivery, IdempotencyMode, Operation, Result};

use crate::canonical::plain_text;
use crate::gate;
use crate::harness::{Harness, Misbehaviour};
use crate::reading::{client, tickets};
use crate::verdict::{fails, not_offered, ok};
use crate::world::World;

const TITLE: &str = "written once";

async fn written(h: &dyn Harness) -> usize {
    h.behave();
    let listing = ok(tickets(&client(h), &ListTickets::new()).await, "list_tickets");
    listing.iter().filter(|ticket| ticket.title == TITLE).count()
}

async fn create(
    h: &dyn Harness,
    misbehaviour: Misbehaviour,
    times: Option<u32>,
    key: Option<&str>,
) -> Option<Result<Ticket>> {
    // What the provider looks up and keeps is read before, so that only the write itself is met.
    ok(client(h).create_ticket(CreateTicket::new("before")).await, "create_ticket");
    if !h.misbehave(misbehaviour, times) {
        not_offered(&format!("{misbehaviour:?}"));
        return None;
    }
    let request = CreateTicket::new(TITLE).with_idempotency_key(key.map(str::to_owned));
    Some(client(h).create_ticket(request).await)
}

fn has_key(h: &dyn Harness) -> bool {
    h.provider().capabilities().idempotency.ticket != IdempotencyMode::None
}

/// A new ticket whose answer was lost is one ticket: found again by its key, or told as uncertain.
pub async fn a_new_ticket_whose_answer_was_lost_is_one(h: &dyn Harness) {
    let key = has_key(h).then_some("lost-1");
    let Some(outcome) = create(h, Misbehaviour::LostWriteAnswer, Some(1), key).await else { return };
    match &outcome {
        Ok(made) => assert_eq!(made.title, TITLE),
        Err(error) => {
            assert!(key.is_none(), "with a key, the ticket can be found again: {error}");
            assert!(error.maybe_applied(), "it may have been made, and the error must say so: {error}");
        }
    }
    assert_eq!(written(h).await, 1, "one ticket was asked for");
    if let Some(key) = key {
        let request = CreateTicket::new(TITLE).with_idempotency_key(key.to_owned());
        let again = ok(client(h).create_ticket(request).await, "create_ticket with the same key, later");
        assert_eq!(again.id, outcome.unwrap().id, "the same key gives the same ticket");
        assert_eq!(written(h).await, 1, "one ticket was asked for");
    }
}

/// Without a key, a new ticket whose answer was lost is not tried again: the caller is told.
pub async fn without_a_key_an_uncertain_ticket_is_told(h: &dyn Harness) {
    let Some(outcome) = create(h, Misbehaviour::LostWriteAnswer, None, None).await else { return };
    let error = fails(outcome, "a new ticket without a key whose answer was lost");
    assert!(error.maybe_applied(), "it may have been made, and the error must say so: {error}");
    assert_eq!(written(h).await, 1, "an uncertain write must not be repeated");
}

/// A refusal after the ticket was made does not lead to a second one.
pub async fn a_refusal_after_the_ticket_was_made_is_one_ticket(h: &dyn Harness) {
    for key in [Some("refused-1"), None] {
        if key.is_some() && !has_key(h) {
            continue;
        }
        let before = written(h).await;
        let Some(outcome) = create(h, Misbehaviour::RefusalAfterCreate, Some(1), key).await else { return };
        match outcome {
            Ok(made) => assert_eq!(made.title, TITLE),
            Err(error) => {
                assert!(key.is_none(), "with a key, the ticket can be found again: {error}");
                assert_ne!(error.delivery(), Delivery::NotSent, "it was sent: {error}");
            }
        }
        assert_eq!(written(h).await, before + 1, "one ticket was asked for, with the key {key:?}");
    }
}

/// A request that never arrived is made once when it is tried again, or told.
pub async fn a_new_ticket_that_never_arrived_is_at_most_one(h: &dyn Harness) {
    for key in [Some("never-1"), None] {
        if key.is_some() && !has_key(h) {
            continue;
        }
        let before = written(h).await;
        let Some(outcome) = create(h, Misbehaviour::LostRequest, Some(1), key).await else { return };
        let made = written(h).await - before;
        match outcome {
            Ok(_) => assert_eq!(made, 1, "the answer says that it was made"),
            Err(error) => {
                assert!(key.is_none(), "with a key, it can be tried again: {error}");
                assert!(made == 0 && error.maybe_applied(), "nobody can know whether it arrived: {error}");
            }
        }
    }
}

/// A write that was turned away for the rate limit is tried again, and happens once.
pub async fn a_write_under_a_rate_limit_happens_once(h: &dyn Harness) {
    let limited = Misbehaviour::RateLimited { seconds: Some(2) };
    let Some(outcome) = create(h, limited, Some(1), None).await else { return };
    ok(outcome, "a new ticket that was turned away once for the rate limit");
    assert_eq!(written(h).await, 1);
}

/// A comment whose answer was lost is said once: found again, or told as uncertain.
pub async fn a_comment_whose_answer_was_lost_is_said_once(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::AddComment, Operation::ListComments]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let mode = client.capabilities().idempotency.comment;
    let visibility = client.capabilities().comment_visibilities.into_iter().next().unwrap();
    for key in [None, (mode != IdempotencyMode::None).then_some("comment-1")] {
        h.advance(60);
        let text = format!("said with the key {key:?}");
        if !h.misbehave(Misbehaviour::LostWriteAnswer, Some(1)) {
            return not_offered("LostWriteAnswer");
        }
        let add = AddComment::new(world.ticket_id("disk"), text.clone(), visibility);
        let outcome = client.add_comment(add.with_idempotency_key(key.map(str::to_owned))).await;
        h.behave();
        if let Err(error) = &outcome {
            assert!(key.is_none(), "with a key, the comment can be found again: {error}");
            assert!(error.maybe_applied(), "it may have been said, and the error must tell: {error}");
        }
        let comments = super::comments::all_of(h, &world.ticket_id("disk")).await;
        let said = comments.iter().filter(|one| plain_text(&one.body) == text).count();
        assert_eq!(said, 1, "a comment must not be said twice");
    }
}

/// A change whose answer was lost has its comment once, whatever was repeated.
pub async fn a_change_whose_answer_was_lost_has_its_comment_once(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListComments]).await || !gate::has_visibility(h, Visibility::Internal) {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let id = world.ticket_id("disk");
    ok(client.update_ticket(UpdateTicket::new(id.clone()).with_title("before")).await, "update_ticket");
    h.advance(60);
    for times in [Some(1), Some(2)] {
        let text = format!("riding along {times:?}");
        if !h.misbehave(Misbehaviour::LostWriteAnswer, times) {
            return not_offered("LostWriteAnswer");
        }
        let update =
            UpdateTicket::new(id.clone()).with_title("after").with_comment(NewComment::internal(text.as_str()));
        let outcome = client.update_ticket(update).await;
        h.behave();
        let comments = super::comments::all_of(h, &id).await;
        let said = comments.iter().filter(|one| plain_text(&one.body) == text).count();
        match outcome {
            Ok(answer) => assert_eq!((answer.title.as_str(), said), ("after", 1), "the answer says that it happened"),
            Err(error) => {
                assert!(error.maybe_applied() || !error.applied().is_empty(), "something may have happened: {error}");
                assert!(said <= 1, "the comment that rode along was said {said} times");
            }
        }
        let now = ok(client.get_ticket(GetTicket::new(id.clone())).await, "get_ticket");
        assert!(["before", "after"].contains(&now.title.as_str()));
    }
}

/// A file whose answer was lost is attached once, or told as uncertain.
pub async fn a_file_whose_answer_was_lost_is_attached_once(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::UploadAttachment, Operation::ListAttachments]).await {
        return;
    }
    let world = World::read(h).await;
    let ticket = world.ticket_id("disk");
    let mode = h.provider().capabilities().idempotency.attachment;
    for key in [None, (mode != IdempotencyMode::None).then_some("file-1")] {
        if !h.misbehave(Misbehaviour::LostWriteAnswer, Some(1)) {
            return not_offered("LostWriteAnswer");
        }
        let name = if key.is_some() { "keyed.txt" } else { "bare.txt" };
        let upload = UploadAttachment::new(ticket.clone(), name, b"once".to_vec());
        let outcome = client(h).upload_attachment(upload.with_idempotency_key(key.map(str::to_owned))).await;
        h.behave();
        if let Err(error) = &outcome {
            assert!(key.is_none(), "with a key, the file can be found again: {error}");
            assert!(error.maybe_applied(), "it may have been attached, and the error must tell: {error}");
        }
        let listed = super::attachments::all_of(h, &ticket).await;
        assert_eq!(listed.iter().filter(|one| one.file_name == name).count(), 1, "a file must not be attached twice");
    }
}
