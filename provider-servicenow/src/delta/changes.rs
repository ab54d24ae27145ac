//! `list_changes`: each table of a kind in turn, then the deletions.

use serde::{Deserialize, Serialize};
use ticketing_core::model::Kind;
use ticketing_core::request::ListChanges;
use ticketing_core::{ChangePage, Delivery, Error, ErrorKind, Operation, Result};

use super::sweep::{Mark, step, tables_of};
use super::{deletions, sweep};
use crate::connection::Connection;

/// How far a delta was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Progress {
    /// The table that is being read; past the last one: the deletions.
    #[serde(rename = "n", default)]
    now: usize,
    #[serde(rename = "t", default)]
    tables: Vec<Mark>,
    /// Deletions; `None` where they may not be read.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    deletions: Option<Mark>,
}

/// What changed since a checkpoint.
pub(crate) async fn list_changes(connection: &Connection, request: ListChanges) -> Result<ChangePage> {
    let kind = request.kind;
    let codec = connection.codec(Operation::ListChanges, &(kind, &connection.tables));
    let before: Option<Progress> =
        request.checkpoint.as_ref().map(|checkpoint| codec.checkpoint_position(checkpoint)).transpose()?;
    let tables = tables_of(connection, kind)?;
    let mut progress = match before {
        Some(progress) if progress.tables.len() == tables.len() => {
            progress.tables.iter().try_for_each(|mark| mark.check(sweep::changed_on(kind)))?;
            progress.deletions.iter().try_for_each(|mark| mark.check(deletions::HAPPENED))?;
            progress
        }
        Some(_) => {
            return Err(
                Error::invalid("checkpoint", "the checkpoint is of other tables").with_hint("start over without one")
            );
        }
        None => begin(connection, kind, &tables).await?,
    };
    let is_fresh = progress.now == 0 && progress.tables.first().is_none_or(|mark| mark.position.is_none());
    if progress.deletions.is_none() && is_fresh && deletions::follows(connection, kind) {
        // They could not be read once, and perhaps can be now; what the capabilities say must come true.
        progress.deletions = deletions::begin(connection, &tables).await?;
    }
    let limit = Connection::page_size(request.page_size);
    let mut items = Vec::new();
    let mut caught_up = false;
    // Empty steps are gone through at once; a step with something in it is a page.
    while items.is_empty() && !caught_up {
        let now = progress.now;
        if let (Some(table), Some(mark)) = (tables.get(now), progress.tables.get_mut(now)) {
            items = step(connection, kind, table, mark, limit, request.include_raw)
                .await
                .map_err(|error| closed(error, kind))?;
            if mark.position.is_none() {
                *mark = mark.finished();
                progress.now += 1;
            }
        } else if let Some(mark) = progress.deletions.as_mut().filter(|_| deletions::follows(connection, kind)) {
            match deletions::step(connection, kind, &tables, mark, limit).await? {
                Some(gone) => {
                    items = gone;
                    if mark.position.is_none() {
                        *mark = mark.finished();
                        caught_up = true;
                    }
                }
                None => {
                    progress.deletions = None;
                    caught_up = true;
                }
            }
        } else {
            caught_up = true;
        }
        let last_table = progress.now >= tables.len() && progress.deletions.is_none();
        caught_up |= last_table;
    }
    if caught_up {
        progress.now = 0;
    }
    Ok(ChangePage { items, checkpoint: codec.checkpoint(&progress)?, caught_up })
}

async fn begin(connection: &Connection, kind: Kind, tables: &[sweep::Table]) -> Result<Progress> {
    // Deletions from now on count: what went before is not in what is about to be read.
    let deletions = match deletions::follows(connection, kind) {
        true => deletions::begin(connection, tables).await?,
        false => None,
    };
    Ok(Progress { now: 0, tables: vec![Mark::default(); tables.len()], deletions })
}

/// Without the journal's table nothing tells of new comments.
fn closed(error: Error, kind: Kind) -> Error {
    if kind == Kind::Comment && crate::error::is_closed(&error) {
        return Error::new(
            ErrorKind::PermissionDenied,
            "comments cannot be followed: `sys_journal_field` is closed to this credential",
        )
        .with_delivery(Delivery::Answered)
        .with_hint("let the integration user read `sys_journal_field`");
    }
    error
}
