//! Searches, page by page: nothing lost, nothing twice (wire A3).
//!
//! Cloud hands out tokens, and a missing one is the end, whatever a page holds. A Data Center counts offsets; there, every
//! page after the first begins with the last issue of the page before, and where it does not, issues have moved: the place
//! is found again by the order.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ticketing_core::model::Ticket;
use ticketing_core::request::Sort;
use ticketing_core::{Chain, Cursor, Delivery, Error, ErrorKind, Result, TicketId, announce_next, remedy};
use ticketing_http::{Response, decode};

use crate::api::{Flavour, From, Search};
use crate::connection::{Connection, MOST_RECONCILED};
use crate::map::TicketPlan;
use crate::place::Place;
use crate::query::order::{RowKey, order_of};
use crate::query::{Clause, Field, Jql, Operator};
use crate::wire::{Issue, IssuePage, Raw};

/// How often an answer that cannot be right is asked for again.
pub(crate) const ATTEMPTS: u32 = 3;
/// How often a place that was lost is looked for.
const STEPS_BACK: u32 = 40;

/// A search: which issues, in which order, and what of each.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) plan: &'a TicketPlan,
    pub(crate) base: &'a Jql,
    pub(crate) sort: &'a [Sort],
    /// The priorities' ids, the most urgent first; empty where nothing is sorted by them.
    pub(crate) ranks: Arc<Vec<String>>,
    /// True where an issue that changed is told again.
    pub(crate) changes: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Cloud's; good for a week (wire A3.2).
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Data Center's.
    #[serde(rename = "o", default)]
    offset: u64,
    /// The last issue that was told.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    last: Option<RowKey>,
    /// True where the reading began anew, so that what was told is passed over.
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    /// Where the reading began anew by id: the issue that the query begins behind, the same for all its tokens.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    behind: Option<RowKey>,
    /// Issues that the site is told to look at themselves; the same on every page (wire A3.2).
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    reconcile: Vec<u64>,
    /// True where the page before was not read yet, so that nobody knows the last issue that was told.
    #[serde(rename = "e", default, skip_serializing_if = "std::ops::Not::not")]
    early: bool,
    /// Where a sorted reading stands, should its tokens end.
    #[serde(rename = "p", default, skip_serializing_if = "Place::is_default")]
    place: Place,
}

impl Position {
    /// The beginning. The site is told to look at these issues themselves, and at those that were written here lately.
    pub(crate) fn start(connection: &Connection, named: &[TicketId]) -> Self {
        let mut reconcile: Vec<u64> = Vec::new();
        for id in named.iter().filter_map(|id| id.as_str().parse().ok()).chain(connection.written_lately()) {
            if reconcile.len() < MOST_RECONCILED && !reconcile.contains(&id) {
                reconcile.push(id);
            }
        }
        Self { reconcile, ..Self::default() }
    }

    /// Refuses a position that is not of this order, as far as that can be told.
    pub(crate) fn check(&self, field: &str, sort: &[Sort]) -> Result<()> {
        if self.last.as_ref().is_none_or(|last| last.fits(sort)) {
            return Ok(());
        }
        Err(Error::invalid(field, format!("the {field} does not fit the order it is for"))
            .with_hint("start over without one"))
    }
}

/// Tells whoever reads on where the next page begins, before this one is read.
pub(crate) type Announce<'a> = &'a (dyn Fn(&Position) -> Option<Cursor> + Sync);

/// A page, and what follows.
#[derive(Debug)]
pub(crate) struct Paged {
    pub(crate) items: Vec<(RowKey, Ticket)>,
    /// `None`: this is the end.
    pub(crate) next: Option<Position>,
    /// How it hangs together with its neighbours, where they are chained by tokens.
    pub(crate) chain: Option<Chain>,
}

/// One answer.
struct Chunk {
    rows: Vec<(RowKey, Ticket)>,
    token: Option<String>,
    /// Where it begins, as a Data Center says.
    start_at: Option<u64>,
    /// How many there are, as a Data Center says.
    total: Option<u64>,
    /// The site's own time.
    date: Option<i64>,
}

/// True where a page with nothing on it is taken for the end, whatever the total says.
fn trusts_any_page() -> bool {
    remedy::is_removed("jira.total_check")
}

impl Listing<'_> {
    /// The page at a position.
    ///
    /// # Errors
    /// `Integrity` where going on would lose or repeat issues.
    pub(crate) async fn page(&self, position: Option<&Position>, limit: u64, announce: Announce<'_>) -> Result<Paged> {
        let fresh;
        let at = match position {
            Some(position) => position,
            None => {
                fresh = Position::start(self.connection, &[]);
                &fresh
            }
        };
        match self.connection.api.site().await?.flavour {
            Flavour::Cloud => self.by_token(at, limit, announce).await,
            Flavour::DataCenter if self.sort.is_empty() => self.by_id(at, limit).await,
            Flavour::DataCenter => self.by_offset(at, limit).await,
        }
    }

    async fn by_token(&self, at: &Position, limit: u64, announce: Announce<'_>) -> Result<Paged> {
        match self.at_token(at, limit, announce).await {
            Err(error) if at.token.is_some() && !at.early && error.kind() == ErrorKind::InvalidRequest => {
                tracing::debug!(error = %error, "the token is not taken any more; beginning anew behind what was told");
                let mut anew = Position { token: None, ..at.clone() };
                match self.sort.is_empty() {
                    true => anew.behind.clone_from(&at.last),
                    false => {
                        // What a delta told already it knows by itself.
                        anew.place = if self.changes { Place::default() } else { at.place.anew()? };
                        anew.again = at.last.is_some();
                    }
                }
                self.at_token(&anew, limit, &|_| None).await
            }
            outcome => outcome,
        }
    }

    async fn at_token(&self, at: &Position, limit: u64, announce: Announce<'_>) -> Result<Paged> {
        let from = at.token.as_deref().map_or(From::Start, From::Token);
        let jql = self.jql(at.behind.as_ref())?;
        let announce = |token: &str| {
            // Behind issues that are passed over, the last one that was told has to be known.
            let can_go_on = !at.again && at.token.as_deref() != Some(token);
            let next = || Position { token: Some(token.to_owned()), last: None, early: true, ..at.clone() };
            can_go_on.then(next).as_ref().and_then(announce)
        };
        let mut chunk = self.fetch_announcing(&jql, from, limit, &at.reconcile, &announce).await?;
        // An empty page may lead back to itself for a moment; one that holds something would be told for ever.
        let mut attempt = 1;
        while let (From::Token(sent), Some(next)) = (from, &chunk.token)
            && sent == next
        {
            if attempt == ATTEMPTS || !chunk.rows.is_empty() {
                return Err(broken("the site gave out the token that it was given: its pages go in circles"));
            }
            attempt += 1;
            chunk = self.fetch(&jql, from, limit, &at.reconcile).await?;
        }
        if at.early && chunk.rows.is_empty() {
            return Err(broken("a page that was asked for early is empty, and what was told before it is not known"));
        }
        let mut rows = chunk.rows;
        if let (true, Some(last)) = (at.again, &at.last) {
            rows.retain(|(key, _)| last.compare(key, self.sort) == Ordering::Less);
        }
        let mut place = at.place.clone();
        let last = match self.sort.is_empty() {
            true => rows.last().map(|(key, _)| key.clone()),
            false => {
                if at.token.is_none() {
                    place.begun = chunk.date;
                }
                rows.retain(|(key, _)| !place.passes_over(key.1));
                match self.changes {
                    true => place.last_settled(&rows).map(|nth| rows[nth].0.clone()),
                    false => place.told(&rows, at.early),
                }
            }
        };
        // An issue that was told may be touched, and stand behind what was told: nothing but one that was not touched ends that.
        let again = at.again && last.is_none();
        let last = last.or_else(|| at.last.clone());
        let ended = remedy::is_removed("jira.short_pages") && rows.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let chain = Chain { continues: at.token.clone(), mark: chunk.token.clone(), ahead: Vec::new() };
        let next = chunk.token.filter(|_| !ended).map(|token| Position {
            token: Some(token),
            early: false,
            again,
            last,
            place,
            ..at.clone()
        });
        Ok(Paged { items: rows, next, chain: Some(chain) })
    }

    /// Behind the last id, whatever has moved.
    async fn by_id(&self, at: &Position, limit: u64) -> Result<Paged> {
        let chunk = self.fetch(&self.jql(at.last.as_ref())?, From::Start, limit, &[]).await?;
        let last = chunk.rows.last().map(|(key, _)| key.clone());
        // A page may be capped in silence (wire A3.3): only an empty one is the end.
        let next = last.map(|last| Position { last: Some(last), ..at.clone() });
        Ok(Paged { items: chunk.rows, next, chain: None })
    }

    async fn by_offset(&self, at: &Position, limit: u64) -> Result<Paged> {
        let jql = self.jql(None)?;
        let Some(last) = &at.last else {
            let chunk = self.fetch(&jql, From::Start, limit, &[]).await?;
            return Ok(self.behind(at, chunk.rows, 0, 0));
        };
        let mut offset = at.offset;
        let mut back = 8;
        for _ in 0..STEPS_BACK {
            // One more, at the front: it shows whether anything has moved.
            let begin = offset.saturating_sub(1);
            let mut chunk = self.fetch(&jql, From::Offset(begin), limit + 1, &[]).await?;
            if chunk.start_at.is_some_and(|start| start != begin) {
                return Err(broken("the site ignored where the page begins"));
            }
            // Where it stood, not only the same issue: one that was touched stands elsewhere, before others that were told.
            let is_last = |key: &RowKey| key == last || (remedy::is_removed("jira.same_place") && key.1 == last.1);
            if chunk.rows.first().is_some_and(|(first, _)| is_last(first)) {
                chunk.rows.remove(0);
                // Capped to the one that was told (wire A3.3): that is no end.
                if chunk.rows.is_empty() && chunk.total.is_some_and(|total| total > begin + 1) && !trusts_any_page() {
                    continue;
                }
                return Ok(self.behind(at, chunk.rows, begin, 1));
            }
            let first_is_behind = |key: &RowKey| last.compare(key, self.sort) == Ordering::Less;
            match chunk.rows.first() {
                Some((first, _)) if begin > 0 && first_is_behind(first) => {
                    offset = offset.saturating_sub(back);
                    back *= 2;
                }
                None if begin > 0 => {
                    offset = further_up(offset, back, chunk.total);
                    back *= 2;
                }
                _ => {
                    let told = chunk.rows.iter().take_while(|(key, _)| !first_is_behind(key)).count();
                    let more = chunk.total.is_some_and(|total| total > begin + told as u64) && !trusts_any_page();
                    if told == chunk.rows.len() && (told > 1 || told == 1 && more) {
                        // All of it was told; on from its last one, which shows again whether anything has moved.
                        offset = begin + told as u64;
                        continue;
                    }
                    let rows: Vec<_> = chunk.rows.drain(..).skip(told).collect();
                    return Ok(self.behind(at, rows, begin, told as u64));
                }
            }
        }
        Err(broken("the issues move faster than they can be read in this order, or its pages hold one at most"))
    }

    /// The page of these rows; before them in the same answer stand as many that were told.
    fn behind(&self, at: &Position, rows: Vec<(RowKey, Ticket)>, begin: u64, told: u64) -> Paged {
        let next = rows.last().map(|(key, _)| Position {
            offset: begin + told + rows.len() as u64,
            last: Some(key.clone()),
            ..at.clone()
        });
        Paged { items: rows, next, chain: None }
    }

    /// The query, behind an issue where nothing but ids orders it.
    fn jql(&self, behind: Option<&RowKey>) -> Result<String> {
        let query = match behind.filter(|_| self.sort.is_empty()) {
            Some(last) => {
                let id = i64::try_from(last.1).unwrap_or(i64::MAX);
                self.base.clone().and(Clause::Number(Field::system("id"), Operator::Greater, id))
            }
            None => self.base.clone(),
        };
        Ok(query.encode_ordered(&order_of(self.sort)?))
    }

    /// One answer, asked for again where it cannot be right.
    async fn fetch(&self, jql: &str, from: From<'_>, limit: u64, reconcile: &[u64]) -> Result<Chunk> {
        self.fetch_announcing(jql, from, limit, reconcile, &|_| None).await
    }

    async fn fetch_announcing(
        &self,
        jql: &str,
        from: From<'_>,
        limit: u64,
        reconcile: &[u64],
        announce: &(dyn Fn(&str) -> Option<Cursor> + Sync),
    ) -> Result<Chunk> {
        let mut attempt = 1;
        loop {
            match self.fetch_once(jql, from, limit, reconcile, announce).await {
                Err(error)
                    if attempt < ATTEMPTS
                        && (error.kind() == ErrorKind::Integrity
                            || (error.kind() == ErrorKind::Decode && error.code() != Some("row"))) =>
                {
                    tracing::debug!(attempt, error = %error, "asking again");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// The tickets of an answer: read in one go where nothing is wrong with any, and else each by itself, so that the one
    /// that cannot be is named.
    fn tickets(&self, response: &Response) -> Result<IssuePage<Ticket>> {
        if !self.plan.raw
            && let Ok(page) = decode::<IssuePage<Issue<'_>>>(&response.body)
        {
            return page.made_into(|issue| self.plan.issue(&issue));
        }
        response.json::<IssuePage<Raw<'_>>>()?.made_into(|raw| self.plan.ticket(raw))
    }

    async fn fetch_once(
        &self,
        jql: &str,
        from: From<'_>,
        limit: u64,
        reconcile: &[u64],
        announce: &(dyn Fn(&str) -> Option<Cursor> + Sync),
    ) -> Result<Chunk> {
        let search = Search { jql, fields: &self.plan.fields, limit, from, reconcile };
        let response = self.connection.search(&search).await?;
        announce_next(|| announce(&last_token(&response.body)?)).await;
        let page = self.tickets(&response)?;
        if page.issues.len() as u64 > limit {
            return Err(broken("the site ignored how many issues a page may hold"));
        }
        // Said in two ways, which have to agree (wire A3.2).
        if page.is_last == Some(false) && page.next_page_token.is_none() {
            return Err(broken("the site says that there is more, and not where"));
        }
        // A Data Center's total is exact (wire A3.3): nothing, where there is something, is no end.
        let begin = page.start_at.unwrap_or_default();
        if page.issues.is_empty() && page.total.is_some_and(|total| total > begin) && !trusts_any_page() {
            return Err(broken("the site says that there are more issues, and gives none"));
        }
        let mut rows = Vec::with_capacity(page.issues.len());
        for ticket in page.issues {
            let key = RowKey::of(&ticket, self.sort, &self.ranks).ok_or_else(|| {
                Error::new(
                    ErrorKind::Decode,
                    format!("the id of `{}` is no number", ticketing_http::config::shown(&ticket.key)),
                )
                .with_code("row")
                .with_delivery(Delivery::Answered)
            })?;
            rows.push((key, ticket));
        }
        Ok(Chunk {
            rows,
            token: page.next_page_token,
            start_at: page.start_at,
            total: page.total,
            date: response.date().map(|at| at.timestamp_millis()),
        })
    }
}

/// The next page's token as it stands at the end of an answer, behind the issues; `None` where the end is another.
fn last_token(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct End {
        next_page_token: Option<String>,
    }
    let end = body.get(body.iter().rposition(|byte| *byte == b']')? + 1..)?.trim_ascii_start().strip_prefix(b",")?;
    serde_json::from_slice::<End>(&[b"{", end].concat()).ok()?.next_page_token
}

/// Where to look for a place that lies before an offset with nothing behind it: what there is ends at the total (wire A3.3),
/// however many went, or never were.
fn further_up(offset: u64, back: u64, total: Option<u64>) -> u64 {
    offset.saturating_sub(back).min(total.map_or(u64::MAX, |total| total.saturating_add(1)))
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, what)
        .with_delivery(Delivery::Answered)
        .with_retry_after(Duration::ZERO)
        .with_hint("begin the reading anew; where that stays, narrow the filter or leave out the sort")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_seen_at_the_end_alone() {
        let at_end = |json: &str| last_token(json.as_bytes());
        assert_eq!(at_end(r#"{"issues":[{"a":[1]}],"nextPageToken":"t","isLast":false}"#).as_deref(), Some("t"));
        assert_eq!(at_end(r#"{"issues":[], "isLast":true , "nextPageToken" : "u" } "#).as_deref(), Some("u"));
        for json in [
            r#"{"issues":[{"a":1}],"isLast":true}"#,
            r#"{"nextPageToken":"t","issues":[]}"#,
            r#"{"issues":[{"summary":"],\"nextPageToken\":\"x\"}"}"#,
            r#"{"issues":[],"nextPageToken":"a]b"}"#,
            "<html>]",
            "",
        ] {
            assert_eq!(at_end(json), None, "{json}");
        }
    }

    /// Found by fuzzing: from an offset that nothing is at, doubling steps take longer than anybody waits.
    #[test]
    fn a_place_is_looked_for_where_there_is_something() {
        assert_eq!(further_up(u64::MAX, 8, Some(12)), 13);
        assert_eq!(further_up(100, 8, Some(500)), 92);
        assert_eq!(further_up(4, 8, None), 0);
    }
}
