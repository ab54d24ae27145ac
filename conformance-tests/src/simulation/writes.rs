//! Writing: one write is one ticket, one comment, one change, and an error tells the truth about it.

use std::sync::Arc;

use ticketing_core::model::Visibility;
use ticketing_core::request::{AddComment, CreateTicket, DeleteTicket, NewComment, Patch, UpdateTicket};
use ticketing_core::{Error, IdempotencyMode, Result, TicketId};

use super::stage::Stage;
use super::{Deed, Standing};

pub(super) async fn play(stage: &Arc<Stage>) {
    stage.bustle(stage.draw(|draw| *draw.one(&[0.0, 0.1, 0.3])));
    for _ in 0..stage.draw(|draw| draw.between(1, 4)) {
        match stage.draw(|draw| draw.below(8)) {
            0..=2 => create(stage).await,
            3 | 4 => comment(stage).await,
            5 | 6 => update(stage).await,
            _ => delete(stage).await,
        }
        if stage.is_lost() {
            return;
        }
    }
    stage.bustle_ends();
}

/// True where an error says that nothing happened.
fn denies(error: &Error) -> bool {
    !error.maybe_applied() && error.applied().is_empty()
}

fn titled(stage: &Stage, title: &str) -> Vec<Standing> {
    stage.world.tickets().into_iter().filter(|ticket| ticket.title == title).collect()
}

/// A ticket that only we write to.
fn target(stage: &Stage) -> TicketId {
    let deed = Deed::Create { title: stage.name(), late: 0 };
    let id = stage.world.act(&deed);
    stage.tell(|| format!("for us: {deed:?} {id}"));
    id.into()
}

/// How often something was written before and after a call, and whether what the call says fits.
fn judge<T>(stage: &Stage, what: &str, (before, after): (usize, usize), outcome: &Result<T>) {
    stage.tell(|| format!("{what}: there were {before}, there are {after}"));
    match outcome {
        _ if after > 1 => stage.violation(format!("{what}: one write, and there are {after}")),
        Ok(_) if after == 0 => stage.violation(format!("{what}: it succeeded, and there is none")),
        Ok(_) => stage.succeeded(|| format!("{what}: done")),
        Err(error) => {
            stage.failed(what, error);
            if denies(error) && after > before {
                stage.violation(format!("{what}: the error says that nothing was written, and it was: {error:?}"));
            }
        }
    }
}

pub(super) async fn create(stage: &Arc<Stage>) {
    let title = stage.name();
    let mut request = CreateTicket::new(title.clone());
    let (keyed, external, commented, again) =
        stage.draw(|draw| (draw.chance(0.8), draw.chance(0.3), draw.chance(0.2), draw.below(4)));
    let mut client = stage.client();
    let can = client.capabilities();
    let keyed = keyed && can.idempotency.ticket != IdempotencyMode::None;
    let external = external && can.writable_fields.contains("external_id");
    if keyed {
        request = request.with_idempotency_key(format!("key of {title}"));
    }
    if external {
        request = request.with_external_id(format!("id of {title}"));
    }
    if commented {
        request = request.with_comment(NewComment::internal(format!("about {title}")));
    }
    stage.tell(|| format!("CREATE {request:?}"));
    let mut first = None;
    for _ in 0..=(if keyed { again } else { 0 }) {
        let before = titled(stage, &title).len();
        let Some(outcome) = stage.ended("create", client.create_ticket(request.clone())).await else { return };
        judge(stage, "create", (before, titled(stage, &title).len()), &outcome);
        same(stage, &mut first, outcome);
        if stage.draw(|draw| draw.chance(0.5)) {
            client = stage.client();
        }
    }
    if keyed {
        // However it ended: on a good day, the same key comes to the one ticket.
        stage.world.behave();
        let Some(outcome) = stage.ended("create", stage.client().create_ticket(request)).await else { return };
        if let Err(error) = &outcome {
            stage.violation(format!("create: it fails on a good day: {error}"));
        }
        judge(stage, "create", (0, titled(stage, &title).len()), &outcome);
        same(stage, &mut first, outcome);
        stage.misbehave();
    }
    if commented {
        let text = format!("about {title}");
        let comments = titled(stage, &title)
            .iter()
            .flat_map(|ticket| stage.world.comments(&ticket.id))
            .filter(|one| *one == text)
            .count();
        if comments > 1 || (comments == 0 && first.is_some()) {
            stage.violation(format!("create: its one comment is there {comments} times"));
        }
    }
}

/// One key, one ticket.
fn same(stage: &Stage, first: &mut Option<TicketId>, outcome: Result<ticketing_core::model::Ticket>) {
    let Ok(ticket) = outcome else { return };
    let known = first.get_or_insert_with(|| ticket.id.clone());
    if *known != ticket.id {
        stage.violation(format!("create: the same key came to {known} and to {}", ticket.id));
    }
}

pub(super) async fn comment(stage: &Arc<Stage>) {
    let ticket = target(stage);
    let text = stage.name();
    let visibility = stage.draw(|draw| *draw.one(&[Visibility::Public, Visibility::Internal]));
    let mut request = AddComment::new(ticket.clone(), text.as_str(), visibility);
    let (keyed, again) = stage.draw(|draw| (draw.chance(0.7), draw.below(4)));
    // A key is good for as long as the connection lives where the vendor has no place to keep it.
    let client = stage.client();
    let keyed = keyed && client.capabilities().idempotency.comment != IdempotencyMode::None;
    if keyed {
        request = request.with_idempotency_key(format!("key of {text}"));
    }
    stage.tell(|| format!("COMMENT {request:?}"));
    let count = || stage.world.comments(ticket.as_str()).iter().filter(|one| **one == text).count();
    for _ in 0..=(if keyed { again } else { 0 }) {
        let before = count();
        let Some(outcome) = stage.ended("comment", client.add_comment(request.clone())).await else { return };
        judge(stage, "comment", (before, count()), &outcome);
    }
    if keyed {
        stage.world.behave();
        // A budget that the bad day used up may still refuse it: then nothing new was said.
        let before = count();
        let Some(outcome) = stage.ended("comment", client.add_comment(request)).await else { return };
        judge(stage, "comment", (before, count()), &outcome);
        stage.misbehave();
    }
}

pub(super) async fn update(stage: &Arc<Stage>) {
    let ticket = target(stage);
    let (title, text) = (stage.name(), stage.name());
    let mut request = UpdateTicket::new(ticket.clone()).with_title(Patch::Set(title.clone()));
    let commented = stage.draw(|draw| draw.chance(0.5));
    if commented {
        request = request.with_comment(NewComment::internal(text.as_str()));
    }
    stage.tell(|| format!("UPDATE {request:?}"));
    let Some(outcome) = stage.ended("update", stage.client().update_ticket(request)).await else { return };
    judge(stage, "update", (0, titled(stage, &title).len()), &outcome);
    let comments = stage.world.comments(ticket.as_str()).iter().filter(|one| **one == text).count();
    let wrong = match &outcome {
        Ok(_) => comments != usize::from(commented),
        Err(error) => comments > 1 || (comments > 0 && denies(error)),
    };
    if wrong {
        stage.violation(format!("update: its comment is there {comments} times: {outcome:?}"));
    }
}

async fn delete(stage: &Arc<Stage>) {
    let ticket = target(stage);
    stage.tell(|| format!("DELETE {ticket}"));
    let Some(outcome) = stage.ended("delete", stage.client().delete_ticket(DeleteTicket::new(ticket.clone()))).await
    else {
        return;
    };
    let gone = !stage.world.tickets().iter().any(|one| one.id == ticket.as_str());
    judge(stage, "delete", (0, usize::from(gone)), &outcome);
}
