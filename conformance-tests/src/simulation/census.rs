//! The census: ids alone.

use std::sync::Arc;

use futures::StreamExt as _;
use ticketing_core::model::Kind;
use ticketing_core::request::ListIds;

use super::stage::Stage;

pub(super) async fn play(stage: &Arc<Stage>) {
    let page_size = stage.draw(|draw| u32::try_from(draw.between(1, 9)).unwrap());
    let bustle = stage.draw(|draw| *draw.one(&[0.0, 0.2, 0.5]));
    stage.tell(|| format!("CENSUS in pages of {page_size}"));
    stage.world.settle();
    let before = stage.world.tickets();
    stage.bustle(bustle);
    let mut ids = stage.client().ids(ListIds::new(Kind::Ticket).with_page_size(page_size));
    let mut read = Vec::new();
    let whole = loop {
        let Some(next) = stage.ended("census", ids.next()).await else { return };
        match next {
            None => break true,
            Some(Ok(id)) => read.push(id),
            Some(Err(error)) => {
                stage.failed("census", &error);
                break false;
            }
        }
    };
    stage.bustle_ends();
    stage.compare("census", &read, &before, whole);
    if whole {
        stage.succeeded(|| format!("the census is whole: {} ids", read.len()));
    }
}
