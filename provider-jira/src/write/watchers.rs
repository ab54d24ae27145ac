//! Who watches a ticket (wire A4.9).

use ticketing_core::model::Ref;
use ticketing_core::request::ListWatchers;
use ticketing_core::{Delivery, Error, ErrorKind, Operation, Page, Result};

use super::target::locate;
use crate::connection::Connection;
use crate::tickets;

/// One page of a ticket's watchers: they come at once.
pub(crate) async fn list(connection: &Connection, request: ListWatchers) -> Result<Page<Ref>> {
    let codec = connection.codec(Operation::ListWatchers, &request.ticket);
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let target = locate(connection, &request.ticket, &[]).await?;
    let watchers = tickets::watchers(connection, &target.id.as_str().into()).await?.ok_or_else(|| {
        Error::new(ErrorKind::PermissionDenied, "the watchers may not be seen")
            .with_delivery(Delivery::Answered)
            .with_hint("give the user the permission to view voters and watchers")
    })?;
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next =
        offset.checked_add(size).filter(|end| *end < watchers.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(watchers.into_iter().skip(offset).take(size).collect(), next))
}
