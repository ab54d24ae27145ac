//! Reading a list whole: offset pages that overlap by one row, keyset where rows have moved or are hidden, and a proof that
//! the end is the end (`wire/servicenow.md` §7).

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::time::Duration;
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};

use crate::api::{Api, Target, Window, total};
use crate::query::{Order, Query, RowKey};
use crate::wire::{Layout, Row, decode_list};

/// How often an answer that cannot be right is asked for again.
pub(crate) const ATTEMPTS: u32 = 3;
/// How many rows are looked at behind a short page.
const PROBE: u64 = 100;
/// How many rows are looked through at once for one that is not hidden.
const SEARCH: u64 = 10_000;
/// How many hidden rows are passed over in search of one that is not; a count may be any number, and is no reason to go on for ever.
const MOST_HIDDEN: u64 = 5_000_000;

/// A list: what, which rows, in which total order, and which fields of each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listing<'a> {
    pub(crate) api: &'a Api,
    pub(crate) target: Target<'a>,
    pub(crate) base: &'a Query,
    /// A total order: it ends in `sys_id`.
    pub(crate) order: &'a [Order],
    /// The fields, those of the order among them.
    pub(crate) layout: &'a Layout,
    /// True where pages go on by keyset alone: sync and census.
    pub(crate) keyset: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    /// The rows that count begin behind this one; `None`: with the first.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    behind: Option<RowKey>,
    /// True where they begin with that one.
    #[serde(rename = "i", default, skip_serializing_if = "std::ops::Not::not")]
    inclusive: bool,
    /// How many of them to pass over.
    #[serde(rename = "o", default)]
    offset: u64,
    /// The last of those; `None` with an offset: a guess.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    anchor: Option<RowKey>,
}

impl Position {
    /// Behind a row.
    pub(crate) fn behind(key: RowKey) -> Self {
        Self { behind: Some(key), ..Self::default() }
    }

    /// With a row.
    pub(crate) fn with(key: RowKey) -> Self {
        Self { behind: Some(key), inclusive: true, ..Self::default() }
    }

    /// Refuses a position that is not of this order, as far as that can be told.
    pub(crate) fn check(&self, order: &[Order]) -> Result<()> {
        if [&self.behind, &self.anchor].into_iter().flatten().all(|key| key.fits(order)) {
            return Ok(());
        }
        Err(Error::invalid("cursor", "the cursor does not fit the order it is for")
            .with_hint("start over without a cursor"))
    }
}

/// A page, and what surely follows.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    pub(crate) items: Vec<(RowKey, T)>,
    /// `None`: this is proved to be the end.
    pub(crate) next: Option<Position>,
    pub(crate) total: Option<u64>,
    /// The row before the first one, as seen in the same answer.
    pub(crate) continues: Option<String>,
    /// The last row.
    pub(crate) mark: Option<String>,
    /// Where the pages after the next one probably begin.
    pub(crate) ahead: Vec<Position>,
}

/// One answer.
struct Chunk<T> {
    items: Vec<(RowKey, T)>,
    received: u64,
    /// The first row's key, where it is not void.
    first: Option<RowKey>,
    /// The last row that is not void, and its place.
    last: Option<(u64, RowKey)>,
    total: Option<u64>,
}

/// Takes a row, or leaves it.
pub(crate) type Keep<'k, T> = dyn FnMut(&Row<'_, '_>) -> Result<Option<T>> + Send + 'k;

enum End {
    Proved,
    /// There is more behind the same row.
    More,
    /// There is more, and the first that may be read is this one.
    From(RowKey),
}

impl Listing<'_> {
    /// The page at a position.
    ///
    /// # Errors
    /// `Integrity` where the instance ignores a part of the query, so that going on would lose or repeat rows.
    pub(crate) async fn page<T: Send>(
        &self,
        position: &Position,
        limit: u64,
        count: bool,
        keep: &mut Keep<'_, T>,
    ) -> Result<Paged<T>> {
        let mut at = position.clone();
        loop {
            let query = self.query_at(&at)?;
            let overlaps = at.offset > 0;
            let window = Window { offset: at.offset - u64::from(overlaps), limit: limit + u64::from(overlaps), count };
            let floor = at.behind.as_ref().map(|key| (key, at.inclusive));
            let mut chunk = self.fetch(&query, floor, window, self.layout, keep).await?;
            if let Some(anchor) = &at.anchor
                && chunk.first.as_ref() != Some(anchor)
                && !remedy::is_removed("servicenow.anchor")
            {
                // Rows have moved, or that row is hidden now: its key still says where we were.
                at = Position::behind(anchor.clone());
                continue;
            }
            let mut continues = None;
            if overlaps {
                continues = chunk.first.as_ref().map(RowKey::mark);
                if chunk.items.first().is_some_and(|(key, _)| Some(key) == chunk.first.as_ref()) {
                    chunk.items.remove(0);
                }
            }
            return self.paged(at, chunk, window, limit, continues).await;
        }
    }

    fn query_at(&self, at: &Position) -> Result<Query> {
        Ok(match &at.behind {
            Some(key) => self.base.clone().and_query(&key.after(self.order, at.inclusive)?),
            None => self.base.clone(),
        })
    }

    async fn paged<T: Send>(
        &self,
        at: Position,
        chunk: Chunk<T>,
        window: Window,
        limit: u64,
        continues: Option<String>,
    ) -> Result<Paged<T>> {
        let is_guess = at.offset > 0 && at.anchor.is_none();
        let full = chunk.received >= window.limit;
        let mark = chunk.last.as_ref().map(|(_, key)| key.mark());
        let unseen = chunk.last.is_none();
        let paged = |next, ahead| Paged { items: chunk.items, next, total: chunk.total, continues, mark, ahead };
        if is_guess && chunk.received == 0 {
            // Beyond the end, as far as a guess can tell; nobody takes it for the end.
            return Ok(paged(None, Vec::new()));
        }
        let progressed = chunk.last.as_ref().is_some_and(|(place, _)| *place > 0 || window.offset == at.offset);
        if let (true, true, Some((place, key))) = (full, progressed, &chunk.last) {
            if self.keyset {
                return Ok(paged(Some(Position::behind(key.clone())), Vec::new()));
            }
            let offset = window.offset + place + 1;
            let next = Position { offset, anchor: Some(key.clone()), ..at.clone() };
            let guess = |nth: u64| Position { offset: offset + nth * limit, anchor: None, ..at.clone() };
            return Ok(paged(Some(next), (1..8).map(guess).collect()));
        }
        if remedy::is_removed("servicenow.probe_after_empty_page") {
            return Ok(paged(None, Vec::new()));
        }
        // A short page: rows are hidden after the limit was applied, or this is the end (wire §7).
        let last = chunk.last.map(|(_, key)| key).or(at.anchor).or(at.behind.clone());
        let nearly_full = chunk.received * 4 >= window.limit * 3 && window.limit > 8;
        if let (true, true, Some(key)) = (nearly_full, progressed, &last) {
            return Ok(paged(Some(Position::behind(key.clone())), Vec::new()));
        }
        let inclusive = at.inclusive && unseen && at.offset == 0;
        let next = match self.end(last.as_ref().map(|key| (key, inclusive))).await? {
            End::Proved => None,
            End::From(key) => Some(Position::with(key)),
            End::More => Some(Position { behind: last, inclusive, ..Position::default() }),
        };
        Ok(paged(next, Vec::new()))
    }

    /// Whether there is anything behind a row that we may read.
    async fn end(&self, behind: Option<(&RowKey, bool)>) -> Result<End> {
        let query = match behind {
            Some((key, inclusive)) => self.base.clone().and_query(&key.after(self.order, inclusive)?),
            None => self.base.clone(),
        };
        let mut layout = Layout::new(
            self.order.iter().map(|key| key.field.as_str()).chain(self.base.fields().map(|field| field.as_str())),
        );
        if behind.is_none() && layout.fields().count() == self.layout.fields().count() {
            // Nothing was seen, and nothing else was asked for. A further column tells rows that are hidden, `{}`, from ids
            // that are: an empty census would mean that everything is gone.
            layout.add("sys_mod_count");
        }
        // Not one row alone: a count may be wrong, and is believed only behind as many rows as this.
        let probe = Window { offset: 0, limit: PROBE, count: true };
        let chunk: Chunk<()> = self.fetch(&query, behind, probe, &layout, &mut |_| Ok(Some(()))).await?;
        if let Some((key, ())) = chunk.items.into_iter().next() {
            return Ok(End::From(key));
        }
        let total = match chunk.total {
            _ if chunk.last.is_some() => return Ok(End::More),
            Some(total) if total <= PROBE => return Ok(End::Proved),
            total => total.unwrap_or(SEARCH),
        };
        // Only hidden rows here. The windows overlap by half, so that rows which vanish meanwhile push none past us.
        let mut offset = 0;
        loop {
            let window = Window { offset, limit: SEARCH, count: false };
            let chunk: Chunk<()> = self.fetch(&query, behind, window, &layout, &mut |_| Ok(Some(()))).await?;
            if let Some(first) = chunk.items.into_iter().next() {
                return Ok(End::From(first.0));
            }
            if offset + SEARCH >= total {
                return Ok(End::Proved);
            }
            offset += SEARCH / 2;
            if offset >= MOST_HIDDEN && !remedy::is_removed("servicenow.most_hidden") {
                return Err(Error::new(
                    ErrorKind::Integrity,
                    format!(
                        "the instance counts {total} more rows on `{}`, and shows none of them",
                        self.target.name()
                    ),
                )
                .with_delivery(Delivery::Answered)
                .with_hint("let the integration user read them, or narrow the filter to what it may read"));
            }
        }
    }

    /// One answer, asked for again where it cannot be right.
    async fn fetch<T: Send>(
        &self,
        query: &Query,
        floor: Option<(&RowKey, bool)>,
        window: Window,
        layout: &Layout,
        keep: &mut Keep<'_, T>,
    ) -> Result<Chunk<T>> {
        let mut attempt = 1;
        loop {
            match self.fetch_once(query, floor, window, layout, keep).await {
                Err(error)
                    if attempt < ATTEMPTS
                        && (error.kind() == ErrorKind::Integrity
                            || (error.kind() == ErrorKind::Decode && error.code() != Some("row"))) =>
                {
                    tracing::debug!(attempt, table = self.target.name(), error = %error, "asking again");
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn fetch_once<T: Send>(
        &self,
        query: &Query,
        floor: Option<(&RowKey, bool)>,
        window: Window,
        layout: &Layout,
        keep: &mut Keep<'_, T>,
    ) -> Result<Chunk<T>> {
        let response = self.api.list(self.target, query, self.order, layout, window).await?;
        let mut chunk = Chunk { items: Vec::new(), received: 0, first: None, last: None, total: total(&response) };
        if !window.count {
            chunk.total = None;
        }
        decode_list(&response.body, layout, &mut |row| {
            let place = chunk.received;
            chunk.received += 1;
            if row.is_void() {
                return Ok(());
            }
            let key = RowKey::of(row, self.order)
                .filter(|key| !key.sys_id().is_empty())
                .ok_or_else(|| self.keyless(place))?;
            self.in_place(&key, chunk.last.as_ref().map(|(_, key)| key), floor)?;
            if self.base.accepts(row)?
                && let Some(item) = keep(row)?
            {
                chunk.items.push((key.clone(), item));
            }
            if place == 0 {
                chunk.first = Some(key.clone());
            }
            chunk.last = Some((place, key));
            Ok(())
        })?;
        if chunk.received > window.limit {
            return Err(self.ignored("`sysparm_limit`"));
        }
        Ok(chunk)
    }

    /// Refuses a row that stands before the one before it, or before the page's beginning: the instance ignored the order,
    /// or a part of the query.
    fn in_place(&self, key: &RowKey, last: Option<&RowKey>, floor: Option<(&RowKey, bool)>) -> Result<()> {
        if let Some(last) = last
            && last.compare(key, self.order).is_some_and(Ordering::is_ge)
        {
            return Err(self.ignored("the order"));
        }
        if let Some((floor, inclusive)) = floor {
            let too_early = |ordering: Ordering| if inclusive { ordering.is_gt() } else { ordering.is_ge() };
            if floor.compare(key, self.order).is_some_and(too_early) {
                return Err(self.ignored("where the page begins"));
            }
        }
        Ok(())
    }

    fn ignored(&self, what: &str) -> Error {
        let fields: Vec<_> = self.order.iter().map(|key| key.field.as_str()).collect();
        Error::new(
            ErrorKind::Integrity,
            format!("the instance ignored a part of the query on `{}`: {what}", self.target.name()),
        )
        .with_delivery(Delivery::Answered)
        .with_retry_after(Duration::ZERO)
        .with_hint(format!(
            "let the integration user read, sort and compare by {}: instances drop what a query ACL forbids",
            fields.join(", ")
        ))
    }

    fn keyless(&self, place: u64) -> Error {
        let fields: Vec<_> = self.order.iter().map(|key| key.field.as_str()).collect();
        Error::new(
            ErrorKind::Decode,
            format!("row {place} of `{}` does not say one of {}", self.target.name(), fields.join(", ")),
        )
        .with_code("row")
        .with_delivery(Delivery::Answered)
        .with_hint("let the integration user read these fields: without them no reading is sure to be whole")
    }

    /// Every row, by keyset.
    pub(crate) async fn all<T: Send>(&self, page_size: u64, keep: &mut Keep<'_, T>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut position = Position::default();
        loop {
            let page = self.page(&position, page_size, false, keep).await?;
            items.extend(page.items.into_iter().map(|(_, item)| item));
            match page.next {
                Some(next) => position = next,
                None => return Ok(items),
            }
        }
    }
}
