//! Finding, ordering and cutting out the rows of a page.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::compile::Filter;
use super::evaluate::{Path, Test, order_values};
use super::index_walk::IndexWalk;
use super::parse::Operator;
use crate::random::{SplitMix, hash_text};
use crate::servicenow::schema::{Kind, Schema, TableId, system};
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
