//! What of a text is still there after an edit.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Beyond this many pairs, only what the two share at their ends is looked for.
const PAIRS: usize = 4_000_000;

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is there, unchanged, at this place.
    Kept(usize),
    /// It is there, changed, at this place.
    Edited(usize),
    Gone,
}

impl Fate {
    pub(crate) fn place(self) -> Option<usize> {
        match self {
            Self::Kept(at) | Self::Edited(at) => Some(at),
            Self::Gone => None,
        }
    }
}

/// The pairs of equal elements that are in both, in order.
pub(crate) fn equal<T: Eq + Hash>(before: &[T], after: &[T]) -> Vec<Option<usize>> {
    let mut numbers: HashMap<&T, u32> = HashMap::new();
    let mut number = |element| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(element).or_insert(next)
    };
    let old: Vec<u32> = before.iter().map(&mut number).collect();
    let new: Vec<u32> = after.iter().map(&mut number).collect();
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut pairs = vec![None; old.len()];
    for (at, pair) in pairs.iter_mut().enumerate().take(head) {
        *pair = Some(at);
    }
    for back in 1..=tail {
        pairs[old.len() - back] = Some(new.len() - back);
    }
    let (old, new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    // The search takes its length times what differs, and that is the difference of the lengths at least.
    let differ = old.len().abs_diff(new.len()) + 1;
    let steps = (old.len() + new.len()).saturating_mul(differ);
    if old.len().saturating_mul(new.len()) <= PAIRS && steps <= PAIRS {
        for op in capture_diff_slices(Algorithm::Myers, old, new) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                for step in 0..len {
                    pairs[head + old_index + step] = Some(head + new_index + step);
                }
            }
        }
    }
    pairs
}

/// What became of each element: between those that were kept, likes are paired in order.
pub(crate) fn fates<T: Eq + Hash>(before: &[T], after: &[T], alike: impl Fn(&T, &T, bool) -> bool) -> Vec<Fate> {
    let pairs = equal(before, after);
    let mut fates: Vec<Fate> = pairs.iter().map(|pair| pair.map_or(Fate::Gone, Fate::Kept)).collect();
    let mut at = 0;
    let mut from = 0;
    while at < before.len() {
        if let Some(place) = pairs[at] {
            from = place + 1;
            at += 1;
            continue;
        }
        let end = pairs[at..].iter().position(Option::is_some).map_or(before.len(), |step| at + step);
        let until = pairs.get(end).copied().flatten().unwrap_or(after.len());
        pair(before, after, at..end, from..until, &alike, &mut fates);
        at = end;
    }
    fates
}

fn pair<T>(
    before: &[T],
    after: &[T],
    old: Range<usize>,
    new: Range<usize>,
    alike: &impl Fn(&T, &T, bool) -> bool,
    fates: &mut [Fate],
) {
    let only = old.len() == 1 && new.len() == 1;
    // Far apart is not alike, and looking there takes long.
    const AHEAD: usize = 64;
    let mut from = new.start;
    for at in old {
        let found = (from..new.end.min(from + AHEAD)).find(|place| alike(&before[at], &after[*place], only));
        if let Some(place) = found {
            fates[at] = Fate::Edited(place);
            from = place + 1;
        }
    }
}
