//! Listing tickets page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;
use ticketing_core::model::Ticket;
use ticketing_core::request::{ListTickets, Sort, SortField, TicketFilter};
use ticketing_core::{Cursor, TicketingClient};

use super::Standing;
use super::stage::Stage;

pub(super) async fn play(stage: &Arc<Stage>) {
    let (request, unresolved, sort) = stage.draw(|draw| {
        let unresolved = draw.chance(0.4);
        let mut request = ListTickets::new();
        if unresolved {
            request = request.with_filter(TicketFilter::unresolved());
        }
        let sort = draw.chance(0.5).then(|| {
            let field = *draw.one(&[SortField::CreatedAt, SortField::UpdatedAt]);
            if draw.chance(0.5) { Sort::ascending(field) } else { Sort::descending(field) }
        });
        let page_size = u32::try_from(draw.between(1, 9)).unwrap();
        let request = request.with_sort(Vec::from_iter(sort)).with_page_size(page_size).with_count(draw.chance(0.3));
        (request, unresolved, sort)
    });
    stage.tell(|| {
        format!(
            "LISTING unresolved: {unresolved}, sort: {sort:?}, pages of {:?}, count: {}",
            request.page_size, request.count
        )
    });
    let bustle = stage.draw(|draw| *draw.one(&[0.0, 0.1, 0.3, 0.6]));
    stage.world.settle();
    let before: Vec<Standing> =
        stage.world.tickets().into_iter().filter(|ticket| !unresolved || ticket.unresolved).collect();
    stage.bustle(bustle);
    let Some((read, whole)) = read(stage, stage.client(), request).await else { return };
    stage.bustle_ends();
    let ids: Vec<String> = read.iter().map(|ticket| ticket.id.to_string()).collect();
    stage.compare("listing", &ids, &before, whole);
    if unresolved && let Some(wrong) = read.iter().find(|ticket| !ticket.status.category.is_unresolved()) {
        stage.violation(format!("listing: {} is `{}`", wrong.id, wrong.status.category));
    }
    in_order(stage, &read, &before, sort);
    if whole {
        stage.succeeded(|| format!("the listing is whole: {} tickets", read.len()));
    }
}

/// Reads to the end, going on from the last cursor after some failures and in the middle; true where the end came.
async fn read(stage: &Arc<Stage>, client: TicketingClient, request: ListTickets) -> Option<(Vec<Ticket>, bool)> {
    let mut client = client;
    let mut read = Vec::new();
    let mut resumptions = 0;
    let mut cursor: Option<Cursor> = None;
    loop {
        let mut pages = client.ticket_pages(request.clone().with_cursor(cursor.clone()));
        loop {
            let breaks = resumptions < 4 && cursor.is_some() && stage.draw(|draw| draw.chance(0.1));
            if breaks {
                break;
            }
            match stage.ended("listing", pages.next()).await? {
                None => return Some((read, true)),
                Some(Ok(page)) => {
                    stage.tell(|| {
                        let ids: Vec<_> = page.items.iter().map(|ticket| ticket.id.as_str()).collect();
                        format!("a page: {}", ids.join(" "))
                    });
                    read.extend(page.items);
                    // As text, the way a product keeps it.
                    cursor = pages.cursor().map(|cursor| Cursor::new(cursor.to_string()));
                }
                Some(Err(error)) => {
                    stage.failed("listing", &error);
                    if error.maybe_applied() {
                        stage.violation(format!("listing: reading applies nothing: {error}"));
                    }
                    if stage.ended("listing", pages.next()).await?.is_some() {
                        stage.violation("listing: the stream goes on after its error".to_owned());
                    }
                    if resumptions >= 4 || stage.draw(|draw| draw.chance(0.4)) {
                        return Some((read, false));
                    }
                    break;
                }
            }
        }
        resumptions += 1;
        if stage.draw(|draw| draw.chance(0.3)) {
            client = stage.client();
        }
        stage.tell(|| format!("goes on from {cursor:?}"));
    }
}

/// What did not change stands in the order asked for.
fn in_order(stage: &Stage, read: &[Ticket], before: &[Standing], sort: Option<Sort>) {
    let Some(sort) = sort else { return };
    let touched = stage.touched();
    let unchanged: BTreeSet<&str> =
        before.iter().map(|ticket| ticket.id.as_str()).filter(|id| !touched.contains(*id)).collect();
    let at = |ticket: &Ticket| if sort.field == SortField::CreatedAt { ticket.created_at } else { ticket.updated_at };
    let times: Vec<_> = read.iter().filter(|ticket| unchanged.contains(ticket.id.as_str())).map(at).collect();
    let ascending = sort == Sort::ascending(sort.field);
    if times.windows(2).any(|pair| if ascending { pair[0] > pair[1] } else { pair[0] < pair[1] }) {
        stage.violation(format!("listing: not in the order of {sort:?}"));
    }
}
