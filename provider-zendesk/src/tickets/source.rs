//! Where tickets are listed from (`wire/jira-zendesk.md` §B3.1, §B5), and how a reading of it stays whole.
//!
//! `GET /tickets` is the database itself, without what is archived: closed for 120 days. The search has everything, and lags
//! behind by minutes. So a reading takes from each what it knows for sure. *All tickets*: the database, then from the search
//! those that were closed long ago, which nothing changes any more. *Few of them*: what changed lately from the database, the
//! rest from the search, each read again from the database by its number.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use ticketing_core::model::{Ticket, Timestamp};
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};
use ticketing_http::decode;

use super::find::{by_number, read_many};
use crate::api::Window;
use crate::connection::Connection;
use crate::map::TicketPlan;
use crate::query::Place;
use crate::wire::Meta;

/// Tickets are archived 120 days after they were closed; those made less long ago cannot be.
const SURELY_LISTED: TimeDelta = TimeDelta::days(119);
/// How far behind a search may be: the wire says a few minutes.
const SEARCH_LAG: TimeDelta = TimeDelta::minutes(15);
/// Tickets that changed lately and are remembered, so that the search does not tell them again.
const MOST_RECENT: usize = 5_000;

/// Where a reading is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    /// In the database; begun at this second.
    Live { since: i64, after: Option<String> },
    /// Among those that were closed long ago.
    Settled { since: i64, after: Option<String> },
    /// Among those that changed lately: from this second on; and which these are.
    Recent { since: i64, after: Option<String>, seen: Vec<i64> },
    /// In the search.
    Found { since: i64, after: Option<String>, seen: Vec<i64> },
    /// Among tickets that are gathered and put in order: behind this place, and so many.
    Gathered(Place, usize),
}

/// A page of candidates, and where the reading goes on.
pub(super) struct Step {
    pub(super) tickets: Vec<Ticket>,
    pub(super) next: Option<At>,
    /// True where the words of a text are still to be looked for.
    pub(super) words: bool,
}

/// A page of a search: of what was found, the numbers.
#[derive(Deserialize)]
struct FoundPage {
    results: Vec<Found>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Found {
    id: i64,
}

/// A reading of tickets, of all of them or of those that a search narrows them to.
pub(super) struct Source<'a> {
    pub(super) connection: &'a Connection,
    pub(super) plan: &'a TicketPlan,
    /// Words of a search; empty: all tickets.
    pub(super) narrowed: &'a str,
    pub(super) size: u32,
}

impl Source<'_> {
    /// The beginning of a reading.
    pub(super) async fn begin(&self) -> Result<At> {
        let now = self.connection.api.now().await?;
        Ok(match self.narrowed.is_empty() {
            true => At::Live { since: now.timestamp(), after: None },
            false => At::Recent { since: (now - SEARCH_LAG).timestamp(), after: None, seen: Vec::new() },
        })
    }

    /// One page further.
    pub(super) async fn step(&self, at: At) -> Result<Step> {
        match at {
            At::Live { since, after } => self.live(since, after).await,
            At::Settled { since, after } => self.settled(since, after).await,
            At::Recent { since, after, seen } => self.recent(since, after, seen).await,
            At::Found { since, after, seen } => self.found(since, after, seen).await,
            At::Gathered(..) => Err(Error::invalid("cursor", "the cursor does not fit the order it is for")
                .with_hint("start over without a cursor")),
        }
    }

    async fn live(&self, since: i64, after: Option<String>) -> Result<Step> {
        let response = self.connection.api.tickets("id", Window::new(self.size, after.as_deref())).await?;
        let (mut tickets, rest) = read_many(&response.body, self.plan)?;
        let next = advanced(after.as_deref(), rest.next)?;
        let bounds = Settled::since(since)?;
        tickets.retain(|ticket| {
            let settled = rest.closed.contains(&ticket.id) && bounds.holds(ticket);
            !settled && ticket.deleted.is_none()
        });
        let next = match next {
            Some(after) => At::Live { since, after: Some(after) },
            None if remedy::is_removed("zendesk.archived_tickets") => {
                return Ok(Step { tickets, next: None, words: true });
            }
            None => At::Settled { since, after: None },
        };
        Ok(Step { tickets, next: Some(next), words: true })
    }

    async fn settled(&self, since: i64, after: Option<String>) -> Result<Step> {
        let bounds = Settled::since(since)?;
        let (numbers, next) = self.search(&bounds.query(), after.as_deref()).await?;
        let mut tickets = by_number(self.connection, self.plan, &numbers).await?;
        tickets.retain(|ticket| bounds.holds(ticket));
        Ok(Step { tickets, next: next.map(|after| At::Settled { since, after: Some(after) }), words: true })
    }

    async fn recent(&self, since: i64, after: Option<String>, mut seen: Vec<i64>) -> Result<Step> {
        let floor = moment(since)?;
        let response = self.connection.api.tickets("-updated_at", Window::new(self.size, after.as_deref())).await?;
        let (mut tickets, rest) = read_many(&response.body, self.plan)?;
        let next = advanced(after.as_deref(), rest.next)?;
        let before = tickets.len();
        tickets.retain(|ticket| ticket.updated_at.is_none_or(|at| at >= floor) && ticket.deleted.is_none());
        // A ticket that changed while this was read stands further up, and is told once.
        let through = tickets.len() < before || next.is_none() || seen.len() > MOST_RECENT;
        tickets.retain(|ticket| match crate::connection::number(ticket.id.as_str()) {
            Some(number) if !seen.contains(&number) => {
                seen.push(number);
                true
            }
            _ => false,
        });
        let next = match next {
            Some(after) if !through => At::Recent { since, after: Some(after), seen },
            _ => At::Found { since, after: None, seen },
        };
        Ok(Step { tickets, next: Some(next), words: true })
    }

    async fn found(&self, since: i64, after: Option<String>, seen: Vec<i64>) -> Result<Step> {
        let (mut numbers, next) = self.search(self.narrowed, after.as_deref()).await?;
        numbers.retain(|number| !seen.contains(number));
        let tickets = by_number(self.connection, self.plan, &numbers).await?;
        Ok(Step { tickets, next: next.map(|after| At::Found { since, after: Some(after), seen }), words: false })
    }

    /// A page of the search: numbers of tickets alone, since what it says of them may be old.
    async fn search(&self, query: &str, after: Option<&str>) -> Result<(Vec<i64>, Option<String>)> {
        let response = self.connection.api.search(query, Window::new(self.size, after)).await.map_err(|error| {
            // The search forgets where it was after an hour (§B5).
            if after.is_some() && error.http_status().is_some_and(|status| status == 400 || status == 422) {
                return Error::invalid(
                    "cursor",
                    "the search has forgotten where the listing was: an hour is its limit",
                )
                .with_http_status(error.http_status().unwrap_or(400))
                .with_hint("start over without a cursor");
            }
            error
        })?;
        let page: FoundPage = decode(&response.body)?;
        let next = advanced(after, Meta::next(page.meta.as_ref())?)?;
        Ok((page.results.into_iter().map(|found| found.id).collect(), next))
    }
}

/// The next cursor; one that is the same again would never end.
fn advanced(after: Option<&str>, next: Option<String>) -> Result<Option<String>> {
    match next {
        Some(next) if after == Some(next.as_str()) => {
            Err(Error::new(ErrorKind::Integrity, "the account's cursor does not move on")
                .with_delivery(Delivery::Answered))
        }
        next => Ok(next),
    }
}

fn moment(seconds: i64) -> Result<Timestamp> {
    DateTime::<Utc>::from_timestamp(seconds, 0).ok_or_else(no_moment)
}

fn no_moment() -> Error {
    Error::invalid("cursor", "the cursor names no moment").with_hint("start over without a cursor")
}

/// Tickets that were closed long ago: archived, or about to be. None of them changes, and the search has caught up with them.
struct Settled {
    made_before: Timestamp,
    changed_before: Timestamp,
}

impl Settled {
    fn since(seconds: i64) -> Result<Self> {
        let at = moment(seconds)?;
        let before = |ago: TimeDelta| at.checked_sub_signed(ago).ok_or_else(no_moment);
        Ok(Self { made_before: before(SURELY_LISTED)?, changed_before: before(TimeDelta::hours(1))? })
    }

    /// Whether a closed ticket is among them.
    fn holds(&self, ticket: &Ticket) -> bool {
        ticket.created_at.is_some_and(|at| at < self.made_before)
            && ticket.updated_at.is_some_and(|at| at < self.changed_before)
    }

    fn query(&self) -> String {
        let literal = |at: Timestamp| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        format!("status:closed created<{} updated<{}", literal(self.made_before), literal(self.changed_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a forged cursor begins at a moment before which there is none.
    #[test]
    fn a_reading_begins_in_our_days() {
        assert!(Settled::since(1_767_600_000).is_ok());
        for absurd in [i64::MIN, i64::MAX, DateTime::<Utc>::MIN_UTC.timestamp()] {
            assert_eq!(
                Settled::since(absurd).err().and_then(|error| error.field().map(str::to_owned)).as_deref(),
                Some("cursor")
            );
        }
    }
}
