//! Following changes: a mirror that is fed by `list_changes` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::TryStreamExt as _;
use ticketing_core::model::{Change, Kind};
use ticketing_core::request::{ListChanges, ListIds};
use ticketing_core::{ChangePage, Checkpoint, TicketingClient};

use super::stage::Stage;

/// Longer than any provider's overlap, and than the latest of late transactions.
const QUIET: u32 = 600;
/// Pages on a good day until nothing new comes.
const MOST_PAGES: u32 = 400;

#[derive(Default)]
struct Mirror {
    versions: BTreeMap<String, String>,
    checkpoint: Option<Checkpoint>,
}

impl Mirror {
    fn apply(&mut self, stage: &Stage, page: ChangePage) {
        for change in page.items {
            match change {
                Change::Upserted { document, .. } => {
                    let Some(ticket) = document.as_ticket() else { continue };
                    stage.tell(|| format!("upserted {} version {:?}", ticket.id, ticket.version));
                    self.versions.insert(
                        ticket.id.to_string(),
                        ticket.version.as_ref().map(ToString::to_string).unwrap_or_default(),
                    );
                }
                Change::Removed { id, .. } => {
                    stage.tell(|| format!("removed {id}"));
                    self.versions.remove(&id);
                }
            }
        }
        self.checkpoint = Some(Checkpoint::new(page.checkpoint.as_str()));
    }
}

pub(super) async fn play(stage: &Arc<Stage>) {
    let (page_size, rounds, bustle) = stage.draw(|draw| {
        let page_size = u32::try_from(draw.between(1, 9)).unwrap();
        (page_size, draw.between(1, 20), *draw.one(&[0.0, 0.2, 0.5]))
    });
    stage.tell(|| format!("CHANGES in pages of {page_size}, {rounds} rounds"));
    let mut client = stage.client();
    let mut mirror = Mirror::default();
    stage.bustle(bustle);
    for _ in 0..rounds {
        match step(stage, &client, &mirror, page_size).await {
            None => return,
            Some(Ok(page)) => {
                let caught_up = page.caught_up;
                mirror.apply(stage, page);
                stage.succeeded(|| format!("a page of changes, caught up: {caught_up}"));
                if caught_up && stage.draw(|draw| draw.chance(0.5)) {
                    stage.world.advance(stage.draw(|draw| u32::try_from(draw.between(1, 300)).unwrap()));
                }
            }
            Some(Err(error)) => stage.failed("changes", &error),
        }
        if stage.draw(|draw| draw.chance(0.1)) {
            client = stage.client();
        }
    }
    // Nobody acts any more, the vendor behaves: now the mirror must come to what is there.
    stage.bustle_ends();
    stage.world.behave();
    let mut caught_up = 0;
    for _ in 0..MOST_PAGES {
        match step(stage, &client, &mirror, page_size).await {
            None => return,
            Some(Ok(page)) => {
                if page.caught_up {
                    caught_up += 1;
                    stage.world.advance(QUIET);
                }
                mirror.apply(stage, page);
                if caught_up == 3 {
                    break;
                }
            }
            // What the bad day left behind, such as a budget that is used up.
            Some(Err(error)) => {
                stage.failed("changes", &error);
                stage.world.advance(QUIET);
                client = stage.client();
            }
        }
    }
    if caught_up < 3 {
        stage.violation(format!("changes: not caught up after {MOST_PAGES} pages"));
    }
    if !client.capabilities().sees_deletes && !swept(stage, &client, &mut mirror).await {
        return;
    }
    let mut versions = mirror.versions;
    for ticket in stage.world.tickets() {
        match (ticket.hidden, versions.remove(&ticket.id)) {
            (true, None) => {}
            (true, Some(_)) => stage.violation(format!("changes: {} is hidden, and came", ticket.id)),
            (false, None) => stage.violation(format!("changes: {} never came", ticket.id)),
            (false, Some(version)) if version == ticket.version => {}
            (false, Some(version)) => stage
                .violation(format!("changes: {} came as version {version}, and is at {}", ticket.id, ticket.version)),
        }
    }
    for id in versions.into_keys() {
        stage.violation(format!("changes: {id} is gone, and nothing says so"));
    }
    stage.misbehave();
}

/// Takes out what a census does not know: the only way to hear of deletions where the delta does not tell.
async fn swept(stage: &Stage, client: &TicketingClient, mirror: &mut Mirror) -> bool {
    stage.world.settle();
    let census = client.ids(ListIds::new(Kind::Ticket)).try_collect::<BTreeSet<_>>();
    match stage.ended("census", census).await {
        Some(Ok(ids)) => {
            mirror.versions.retain(|id, _| ids.contains(id));
            true
        }
        Some(Err(error)) => {
            stage.violation(format!("changes: the census fails on a good day: {error}"));
            false
        }
        None => false,
    }
}

async fn step(
    stage: &Stage,
    client: &TicketingClient,
    mirror: &Mirror,
    page_size: u32,
) -> Option<ticketing_core::Result<ChangePage>> {
    let request = ListChanges::new(Kind::Ticket).with_checkpoint(mirror.checkpoint.clone()).with_page_size(page_size);
    stage.ended("changes", client.list_changes(request)).await
}
