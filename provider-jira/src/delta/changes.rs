//! `list_changes`: tickets by when they were last changed. Queries know minutes, read in the profile's zone, and lag behind
//! (wire A3.4, A5), so that each sweep begins some minutes before the last one ended, and what was told already is not told
//! again. Deletions are not in it: Jira tells of them by webhook alone, and the census finds them.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ticketing_core::model::{Change, Document, Kind, Ticket};
use ticketing_core::request::{ListChanges, Projection, Sort, SortField};
use ticketing_core::{ChangePage, Error, ErrorKind, Operation, Result, remedy};

use crate::connection::Connection;
use crate::listing::{Listing, Position};
use crate::query::{Clause, Field, Jql};
use crate::tickets;

/// How far a sweep begins before the last one ended: longer than searches lag behind.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// How many changes are remembered, so that they are not told twice: a checkpoint holds 64 KB.
const MOST_SEEN: usize = 1_000;

const BY_CHANGE: &[Sort] = &[Sort::ascending(SortField::UpdatedAt)];

/// How far a delta was read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Mark {
    /// Changes at this moment or later are asked for; `None`: all of them.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    /// The latest change when this sweep began: what moved since is behind it.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    begun: Option<i64>,
    /// The latest change that was told.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    latest: Option<i64>,
    /// Where in the sweep; `None`: between two.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    /// What was told: when it changed, which issue, and a digest of it.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<(i64, String, String)>,
}

impl Mark {
    /// Notes a change; false where it was told already. Two changes may share a millisecond, and a site without changes between
    /// tells the same document: what is told tells them apart.
    ///
    /// # Errors
    /// `Unexpected` where the ticket has no JSON: it must not look like one that was told.
    fn note(&mut self, ticket: &Ticket, at: i64) -> Result<bool> {
        self.latest = self.latest.max(Some(at));
        let digest = Sha256::digest(serde_json::to_vec(ticket).map_err(|error| {
            Error::new(ErrorKind::Unexpected, format!("`{}` has no JSON", ticket.key)).with_source(error)
        })?);
        let digest: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let seen = (at, ticket.id.to_string(), digest);
        if self.seen.contains(&seen) && !remedy::is_removed("jira.seen") {
            return Ok(false);
        }
        // One search may be further behind than the last one (wire A3.4): what it says is older than what was told.
        let newer = |own: &(i64, String, String)| own.1 == seen.1 && own.0 > at;
        if self.seen.iter().any(newer) && !remedy::is_removed("jira.newest_wins") {
            return Ok(false);
        }
        // Its older versions cannot come any more.
        self.seen.retain(|own| own.1 != seen.1 || own.0 == at);
        if self.seen.len() >= MOST_SEEN {
            // The oldest comes again soonest never.
            let oldest = self.seen.iter().enumerate().min_by_key(|(_, seen)| seen.0).map(|(place, _)| place);
            oldest.map(|place| self.seen.swap_remove(place));
        }
        self.seen.push(seen);
        Ok(true)
    }

    /// The mark after a sweep: the next one begins where this one did, as far as things have moved since.
    fn finished(&mut self) {
        let end = match (self.begun, self.latest) {
            (Some(begun), Some(latest)) => Some(begun.min(latest)),
            (begun, latest) => begun.or(latest),
        };
        // What was told lies before what is to come: never behind where the last sweep began.
        self.from = end.map(|end| end - OVERLAP.num_milliseconds()).max(self.from);
        self.position = None;
        self.begun = None;
        if let Some(from) = self.from {
            // A minute more, since queries know no seconds.
            self.seen.retain(|seen| seen.0 >= from - 60_000);
        }
        self.seen.sort();
    }
}

/// A moment that a checkpoint holds, with room around it for what is asked for.
fn moment(millis: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis).filter(|at| (0..9_999).contains(&at.year())).ok_or_else(|| {
        Error::invalid("checkpoint", "the checkpoint holds no moment").with_hint("start over without one")
    })
}

/// What changed since a checkpoint.
pub(crate) async fn list_changes(connection: &Connection, request: ListChanges) -> Result<ChangePage> {
    let kind = request.kind;
    let codec = connection.codec(Operation::ListChanges, &(kind, &connection.projects));
    let before: Option<Mark> =
        request.checkpoint.as_ref().map(|checkpoint| codec.checkpoint_position(checkpoint)).transpose()?;
    if kind != Kind::Ticket {
        return Err(Error::new(ErrorKind::Unsupported, format!("{kind}s cannot be followed here")).with_field("kind"));
    }
    let mut mark = before.unwrap_or_default();
    if let Some(position) = &mark.position {
        position.check("checkpoint", BY_CHANGE)?;
    }
    for millis in [mark.from, mark.begun, mark.latest].into_iter().flatten() {
        moment(millis)?;
    }
    let plan = tickets::plan(connection, &Projection::new(), request.include_raw, &[]).await?;
    let limit = Connection::page_size(request.page_size);
    loop {
        let mut base = Jql::all();
        if !connection.projects.is_empty() {
            base = base.and(Clause::one_of(Field::system("project"), connection.projects.iter().cloned()));
        }
        if let Some(from) = mark.from {
            let zone = connection.zone().await?;
            base = base.and(zone.since(Field::system("updated"), moment(from)?));
        }
        if mark.position.is_none() && mark.begun.is_none() {
            mark.begun = match mark.latest {
                Some(latest) => Some(latest),
                None => newest(connection, &plan, &base).await?,
            };
        }
        let listing =
            Listing { connection, plan: &plan, base: &base, sort: BY_CHANGE, ranks: Arc::default(), changes: true };
        let paged = listing.page(mark.position.as_ref(), limit, &|_| None).await?;
        let mut items = Vec::new();
        for (_, ticket) in paged.items {
            let Some(at) = ticket.updated_at.map(|at| at.timestamp_millis()) else {
                return Err(Error::new(ErrorKind::Decode, format!("`{}` does not say when it changed", ticket.key)));
            };
            if mark.note(&ticket, at)? {
                items.push(Change::upserted(Document::Ticket(ticket)));
            }
        }
        let caught_up = paged.next.is_none();
        mark.position = paged.next;
        if caught_up {
            mark.finished();
        }
        // Pages with nothing new in them are gone through at once.
        if caught_up || !items.is_empty() {
            return Ok(ChangePage { items, checkpoint: codec.checkpoint(&mark)?, caught_up });
        }
    }
}

/// The latest change there is: the site's own time, never ours.
async fn newest(connection: &Connection, plan: &crate::map::TicketPlan, base: &Jql) -> Result<Option<i64>> {
    let sort = [Sort::descending(SortField::UpdatedAt)];
    let listing = Listing { connection, plan, base, sort: &sort, ranks: Arc::default(), changes: true };
    let mut position = None;
    loop {
        let paged = listing.page(position.as_ref(), 1, &|_| None).await?;
        let at = |(_, ticket): &(_, Ticket)| ticket.updated_at.map(|at| at.timestamp_millis());
        if let Some(at) = paged.items.first().and_then(at) {
            return Ok(Some(at));
        }
        match paged.next {
            Some(next) => position = Some(next),
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a forged checkpoint names moments around which there is no room.
    #[test]
    fn a_checkpoint_holds_moments_of_our_days() {
        assert!(moment(1_767_600_000_000).is_ok());
        for absurd in [i64::MIN, i64::MAX, 8_210_266_876_799_999, -62_200_000_000_000] {
            assert_eq!(moment(absurd).unwrap_err().field(), Some("checkpoint"), "{absurd}");
        }
    }
}
