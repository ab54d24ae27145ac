//! Finding, ordering and cutting out the rows of a page.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::compile::Filter;
use super::evaluate::{Path, Test, order_values};
use super::parse::Operator;
use crate::random::{SplitMix, hash_text};
use crate::servicenow::schema::{ColumnId, Kind, Schema, TableId, system};
use crate::servicenow::store::{Row, Slot, Store};

/// One `ORDERBY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) path: Path,
    pub(crate) descending: bool,
}

/// Where rows stand that the query does not put in order (wire §7: unspecified).
#[derive(Debug, Clone, Copy)]
pub(crate) struct TieBreak {
    /// Seed of the order without any `ORDERBY`: another one for each request.
    pub(crate) shuffle: u64,
    /// Seed of the order among equal sort keys.
    pub(crate) ties: u64,
}

/// Rows `offset..offset + limit` of the ordered matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) rows: Vec<(TableId, Slot)>,
    /// All matches, counted only when asked for.
    pub(crate) total: Option<usize>,
}

/// Selects a page of a table and of everything that extends it.
pub(crate) fn select(
    store: &Store,
    table: TableId,
    filter: &Filter,
    offset: usize,
    limit: usize,
    count: bool,
    tie_break: TieBreak,
) -> Selection {
    if filter.matches_nothing {
        return Selection { rows: Vec::new(), total: count.then_some(0) };
    }
    let classes: Vec<TableId> =
        Schema::get().table(table).family.iter().copied().filter(|class| store.rows(*class).len() > 0).collect();
    let end = offset.saturating_add(limit);
    if let Some(pinned) = pinned(store, &classes, filter) {
        return ordered(store, filter, pinned, offset, end, count, tie_break);
    }
    if filter.order.is_empty() {
        return shuffled(store, &classes, filter, offset, end, count, tie_break);
    }
    let walks: Option<Vec<IndexWalk<'_>>> =
        classes.iter().map(|class| IndexWalk::plan(store, *class, filter)).collect();
    match walks.as_deref() {
        Some([walk]) => return walk.page(offset, end, count, tie_break),
        Some(walks) => {
            // The first `end` rows of each class hold the first `end` rows of all of them.
            let pages: Vec<_> = walks.iter().map(|walk| walk.page(0, end, count, tie_break)).collect();
            let total = pages.iter().map(|page| page.total).sum();
            let rows = pages.into_iter().flat_map(|page| page.rows).collect();
            let merged = ordered(store, filter, rows, offset, end, false, tie_break);
            return Selection { total, ..merged };
        }
        None => {}
    }
    let matches = matches(store, &classes, filter);
    ordered(store, filter, matches, offset, end, count, tie_break)
}

fn matches(store: &Store, classes: &[TableId], filter: &Filter) -> Vec<(TableId, Slot)> {
    let mut found = Vec::new();
    for class in classes {
        let rows = store.rows(*class);
        found.extend(rows.stored().filter(|(_, row)| filter.matches(store, row)).map(|(slot, _)| (*class, slot)));
    }
    found
}

/// Matches of a query whose every group names rows by an indexed value.
fn pinned(store: &Store, classes: &[TableId], filter: &Filter) -> Option<Vec<(TableId, Slot)>> {
    let mut pins = Vec::new();
    for group in &filter.groups {
        let pin = group.iter().find_map(|any_of| match any_of.as_slice() {
            [Test::Compare(path, Operator::Equal, value)] if path.steps.is_empty() => {
                Some((path.column, vec![value.as_str()]))
            }
            [Test::OneOf(path, set, false)] if path.steps.is_empty() => {
                Some((path.column, set.iter().map(String::as_str).collect()))
            }
            _ => None,
        })?;
        pins.push(pin);
    }
    let mut found = HashSet::new();
    for class in classes {
        let rows = store.rows(*class);
        for (column, values) in &pins {
            for value in values {
                found.extend(
                    rows.equal(*column, value)?
                        .into_iter()
                        .filter(|slot| rows.row(*slot).is_some_and(|row| filter.matches(store, row)))
                        .map(|slot| (*class, slot)),
                );
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    Some(found)
}

/// No `ORDERBY`: a permutation that is another one at each request.
fn shuffled(
    store: &Store,
    classes: &[TableId],
    filter: &Filter,
    offset: usize,
    end: usize,
    count: bool,
    tie_break: TieBreak,
) -> Selection {
    let found = (!filter.matches_all()).then(|| matches(store, classes, filter));
    let total = match &found {
        Some(found) => found.len(),
        None => classes.iter().map(|class| store.rows(*class).len()).sum(),
    };
    let at = |rank: usize| match &found {
        Some(found) => found.get(rank).copied(),
        None => by_rank(store, classes, rank),
    };
    let permutation = Permutation::new(total, tie_break.shuffle);
    let rows = (offset.min(total)..end.min(total)).filter_map(|position| at(permutation.apply(position))).collect();
    Selection { rows, total: count.then_some(total) }
}

fn by_rank(store: &Store, classes: &[TableId], rank: usize) -> Option<(TableId, Slot)> {
    let mut rank = rank;
    for class in classes {
        let rows = store.rows(*class);
        if rank < rows.len() {
            let slot = rows.index(system::SYS_ID)?.at(rank)?;
            return Some((*class, slot));
        }
        rank -= rows.len();
    }
    None
}

/// `x -> (a x + b) mod n` with `a` coprime to `n`: a bijection without a table.
struct Permutation {
    factor: u128,
    shift: u128,
    size: u128,
}

impl Permutation {
    fn new(size: usize, seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let size = size.max(1) as u64;
        let shift = random.below(size);
        let mut factor = random.below(size).max(1);
        while gcd(factor, size) != 1 {
            factor += 1;
        }
        Self { factor: factor.into(), shift: shift.into(), size: size.into() }
    }

    fn apply(&self, position: usize) -> usize {
        ((self.factor * position as u128 + self.shift) % self.size) as usize
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Sorts only as much as the page needs.
fn ordered(
    store: &Store,
    filter: &Filter,
    found: Vec<(TableId, Slot)>,
    offset: usize,
    end: usize,
    count: bool,
    tie_break: TieBreak,
) -> Selection {
    let total = count.then_some(found.len());
    let mut keyed: Vec<Keyed<'_>> = found
        .into_iter()
        .filter_map(|(class, slot)| {
            let row = store.rows(class).row(slot)?;
            let key = filter.order.first().map_or("", |order| sort_key(store, &order.path, row));
            Some(Keyed { key, class, slot, row })
        })
        .collect();
    let salt = if filter.order.is_empty() { tie_break.shuffle } else { tie_break.ties };
    let compare = |a: &Keyed<'_>, b: &Keyed<'_>| a.compare(b, store, &filter.order, salt);
    let end = end.min(keyed.len());
    let offset = offset.min(end);
    if end < keyed.len() {
        keyed.select_nth_unstable_by(end, compare);
        keyed.truncate(end);
    }
    if 0 < offset && offset < keyed.len() {
        keyed.select_nth_unstable_by(offset, compare);
    }
    let mut page = keyed.split_off(offset);
    page.sort_unstable_by(compare);
    Selection { rows: page.into_iter().map(|keyed| (keyed.class, keyed.slot)).collect(), total }
}

/// What a row is sorted by; references by what they show.
fn sort_key<'a>(store: &'a Store, path: &Path, row: &'a Row) -> &'a str {
    let value = path.value(store, row);
    match (path.kind, path.target) {
        (Kind::Reference, Some(target)) => store.display(target, value),
        _ => value,
    }
}

struct Keyed<'a> {
    key: &'a str,
    class: TableId,
    slot: Slot,
    row: &'a Row,
}

impl Keyed<'_> {
    fn compare(&self, other: &Self, store: &Store, orders: &[Order], salt: u64) -> Ordering {
        for (position, order) in orders.iter().enumerate() {
            let found = if position == 0 {
                order_values(self.key, other.key, order.path.kind)
            } else {
                order_values(
                    sort_key(store, &order.path, self.row),
                    sort_key(store, &order.path, other.row),
                    order.path.kind,
                )
            };
            let found = if order.descending { found.reverse() } else { found };
            if found.is_ne() {
                return found;
            }
        }
        let tie = |row: &Row| hash_text(salt, row.get(system::SYS_ID));
        tie(self.row).cmp(&tie(other.row)).then_with(|| (self.class, self.slot).cmp(&(other.class, other.slot)))
    }
}

/// A page read along an index, from where the query's range starts to where it ends.
struct IndexWalk<'a> {
    store: &'a Store,
    class: TableId,
    filter: &'a Filter,
    column: ColumnId,
    descending: bool,
    /// The order among equal keys is given (or keys are unique).
    total_order: bool,
    /// Ranks that can match.
    start: usize,
    end: usize,
    /// Every rank in between does match.
    exact: bool,
}

impl<'a> IndexWalk<'a> {
    fn plan(store: &'a Store, class: TableId, filter: &'a Filter) -> Option<Self> {
        let first = filter.order.first()?;
        let own = |order: &Order| order.path.steps.is_empty().then_some(order.path.column);
        let column = own(first)?;
        let total_order = match filter.order.get(1) {
            _ if column == system::SYS_ID => true,
            None => false,
            Some(second) => {
                let exact = own(second) == Some(system::SYS_ID) && second.descending == first.descending;
                exact.then_some(true)?
            }
        };
        let rows = store.rows(class);
        let index = rows.index(column)?;
        let key = |slot| rows.row(slot).map_or("", |row| row.get(column));
        let mut start = index.len();
        let mut end = 0;
        let mut exact = filter.groups.len() == 1;
        for group in &filter.groups {
            let (mut low, mut high) = (0, index.len());
            for any_of in group {
                let range = match any_of.as_slice() {
                    [Test::Compare(path, operator, value)] if path.steps.is_empty() && path.column == column => {
                        let value = value.as_str();
                        let from = || index.rank(|slot| key(slot) < value);
                        let after = || index.rank(|slot| key(slot) <= value);
                        // Rows without a value come first and never match a comparison.
                        let filled = || index.rank(|slot| key(slot).is_empty());
                        match operator {
                            Operator::AtLeast => Some((from().max(filled()), high)),
                            Operator::Greater => Some((after().max(filled()), high)),
                            Operator::Less => Some((filled(), from())),
                            Operator::AtMost => Some((filled(), after())),
                            Operator::Equal => Some((from(), after())),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                match range {
                    Some((from, to)) => {
                        low = low.max(from);
                        high = high.min(to);
                    }
                    None => exact = false,
                }
            }
            start = start.min(low);
            end = end.max(high);
        }
        Some(Self {
            store,
            class,
            filter,
            column,
            descending: first.descending,
            total_order,
            start,
            end: end.max(start),
            exact,
        })
    }

    fn key(&self, slot: Slot) -> &'a str {
        self.row(slot).map_or("", |row| row.get(self.column))
    }

    fn row(&self, slot: Slot) -> Option<&'a Row> {
        self.store.rows(self.class).row(slot)
    }

    fn page(&self, offset: usize, end: usize, count: bool, tie_break: TieBreak) -> Selection {
        let window = self.end - self.start;
        // Counting goes through the rows as they are stored, which is much faster than in order.
        let total = count.then(|| match self.exact {
            true => window,
            false => {
                let rows = self.store.rows(self.class).stored();
                rows.filter(|(_, row)| self.filter.matches(self.store, row)).count()
            }
        });
        let mut skip = 0;
        if self.exact {
            skip = offset.min(window);
            if !self.total_order {
                skip = self.group_start(skip);
            }
        }
        let mut page = Page {
            rows: Vec::new(),
            position: skip,
            offset,
            end: end.max(offset),
            group: Vec::new(),
            salt: tie_break.ties,
        };
        let mut group_key = None;
        for slot in self.from(skip) {
            let Some(row) = self.row(slot) else {
                continue;
            };
            if !self.exact && !self.filter.matches(self.store, row) {
                continue;
            }
            if self.total_order {
                page.push(slot);
            } else {
                let key = row.get(self.column);
                if group_key.is_some_and(|current| current != key) {
                    page.flush(self.store, self.class);
                }
                group_key = Some(key);
                page.group.push(slot);
            }
            if page.position >= page.end {
                page.group.clear();
                break;
            }
        }
        page.flush(self.store, self.class);
        Selection { rows: page.rows.into_iter().map(|slot| (self.class, slot)).collect(), total }
    }

    /// How many of the window's rows come before the group of equal keys that `position` lies in.
    fn group_start(&self, position: usize) -> usize {
        let Some(slot) = self.from(position).next() else {
            return position;
        };
        let Some(index) = self.store.rows(self.class).index(self.column) else {
            return 0;
        };
        let key = self.key(slot);
        if self.descending {
            let after = index.rank(|slot| self.key(slot) <= key);
            self.end.saturating_sub(after)
        } else {
            let first = index.rank(|slot| self.key(slot) < key);
            first.saturating_sub(self.start)
        }
    }

    /// The window's slots in the query's order, without the first `skip`.
    fn from(&self, skip: usize) -> Box<dyn Iterator<Item = Slot> + 'a> {
        let Some(index) = self.store.rows(self.class).index(self.column) else {
            return Box::new(std::iter::empty());
        };
        let length = self.end - self.start;
        let skip = skip.min(length);
        if self.descending {
            Box::new(index.before_rank(self.end - skip).take(length - skip))
        } else {
            Box::new(index.from_rank(self.start + skip).take(length - skip))
        }
    }
}

/// Collects the rows `offset..end` of a stream of matches.
struct Page {
    rows: Vec<Slot>,
    /// Matches seen and settled.
    position: usize,
    offset: usize,
    end: usize,
    /// Matches with equal keys, not yet settled.
    group: Vec<Slot>,
    salt: u64,
}

impl Page {
    fn push(&mut self, slot: Slot) {
        if (self.offset..self.end).contains(&self.position) {
            self.rows.push(slot);
        }
        self.position += 1;
    }

    fn flush(&mut self, store: &Store, class: TableId) {
        let mut group = std::mem::take(&mut self.group);
        let touches = self.position < self.end && self.position + group.len() > self.offset;
        if touches && group.len() > 1 {
            let salt = self.salt;
            group.sort_by_cached_key(|slot| {
                let row = store.rows(class).row(*slot);
                hash_text(salt, row.map_or("", |row| row.get(system::SYS_ID)))
            });
        }
        for slot in group {
            self.push(slot);
        }
    }
}
