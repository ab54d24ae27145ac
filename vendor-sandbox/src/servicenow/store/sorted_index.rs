//! An ordered list of row slots: four bytes a row, logarithmic search, fast access by rank.
//!
//! The order is that of the rows' values, which the index does not hold: callers pass a comparison.

use std::cmp::Ordering;

/// Number of a row in its table.
pub(crate) type Slot = u32;

/// Chunks are split when they reach this size.
const CHUNK: usize = 1024;

/// Slots in chunks, each chunk and the list of chunks in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct SortedIndex {
    chunks: Vec<Vec<Slot>>,
    len: usize,
}

impl SortedIndex {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Builds an index from slots that are already in order.
    pub(crate) fn from_sorted(slots: &[Slot]) -> Self {
        Self { chunks: slots.chunks(CHUNK / 2).map(<[Slot]>::to_vec).collect(), len: slots.len() }
    }

    /// Where the first slot lies for which `before` is false; `before` must be true for a prefix.
    fn partition(&self, mut before: impl FnMut(Slot) -> bool) -> (usize, usize) {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|slot| before(*slot)));
        let within = self.chunks.get(chunk).map_or(0, |slots| slots.partition_point(|slot| before(*slot)));
        (chunk, within)
    }

    /// The rank of the first slot for which `before` is false.
    pub(crate) fn rank(&self, before: impl FnMut(Slot) -> bool) -> usize {
        let (chunk, within) = self.partition(before);
        self.chunks[..chunk].iter().map(Vec::len).sum::<usize>() + within
    }

    /// The first slot that `compare` calls equal; `compare` says how a slot relates to the target.
    pub(crate) fn find(&self, mut compare: impl FnMut(Slot) -> Ordering) -> Option<Slot> {
        let (chunk, within) = self.partition(|slot| compare(slot) == Ordering::Less);
        let slot = *self.chunks.get(chunk)?.get(within)?;
        (compare(slot) == Ordering::Equal).then_some(slot)
    }

    /// Inserts a slot; `compare` says how an indexed slot relates to the new one.
    pub(crate) fn insert(&mut self, slot: Slot, mut compare: impl FnMut(Slot) -> Ordering) {
        let (mut chunk, mut within) = self.partition(|other| compare(other) == Ordering::Less);
        if chunk == self.chunks.len() {
            match self.chunks.last() {
                Some(last) => {
                    within = last.len();
                    chunk -= 1;
                }
                None => self.chunks.push(Vec::new()),
            }
        }
        let slots = &mut self.chunks[chunk];
        slots.insert(within, slot);
        self.len += 1;
        if slots.len() >= CHUNK {
            // Rows mostly arrive in order: leave the left half full, so that chunks stay dense.
            let keep = if within + 1 == slots.len() { CHUNK - 1 } else { CHUNK / 2 };
            let right = slots.split_off(keep);
            self.chunks.insert(chunk + 1, right);
        }
    }

    /// Removes a slot; `compare` says how an indexed slot relates to it, equal only for itself.
    pub(crate) fn remove(&mut self, slot: Slot, mut compare: impl FnMut(Slot) -> Ordering) {
        let (chunk, within) = self.partition(|other| compare(other) == Ordering::Less);
        let Some(slots) = self.chunks.get_mut(chunk) else {
            return;
        };
        if slots.get(within) == Some(&slot) {
            slots.remove(within);
            self.len -= 1;
            if slots.is_empty() {
                self.chunks.remove(chunk);
            }
        }
    }

    /// The slots from a rank on, in order.
    pub(crate) fn iter_from(&self, rank: usize) -> impl Iterator<Item = Slot> + '_ {
        let mut skip = rank;
        let mut first = self.chunks.len();
        for (at, chunk) in self.chunks.iter().enumerate() {
            if skip < chunk.len() {
                first = at;
                break;
            }
            skip -= chunk.len();
        }
        let start = if first == self.chunks.len() { 0 } else { skip };
        self.chunks[first..].iter().flatten().copied().skip(start)
    }

    /// The slots before a rank, last first.
    pub(crate) fn before_rank(&self, rank: usize) -> impl Iterator<Item = Slot> + '_ {
        let rank = rank.min(self.len);
        let mut drop = self.len - rank;
        let mut end = 0;
        for (at, chunk) in self.chunks.iter().enumerate().rev() {
            if drop < chunk.len() {
                end = at + 1;
                break;
            }
            drop -= chunk.len();
        }
        self.chunks[..end].iter().rev().flat_map(|chunk| chunk.iter().rev()).copied().skip(drop)
    }

    /// The slot of that rank.
    pub(crate) fn at(&self, rank: usize) -> Option<Slot> {
        self.iter_from(rank).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

    #[test]
    fn agrees_with_a_sorted_vector() {
        let mut random = SplitMix::new(3);
        let keys: Vec<u64> = (0..6000).map(|_| random.below(100_000)).collect();
        let order = |a: &Slot, b: &Slot| (keys[*a as usize], *a).cmp(&(keys[*b as usize], *b));
        let mut index = SortedIndex::default();
        let mut model: Vec<Slot> = Vec::new();
        for slot in 0..6000u32 {
            index.insert(slot, |other| order(&other, &slot));
            model.push(slot);
            if slot % 3 == 0 {
                let gone = model.swap_remove(random.below(model.len() as u64) as usize);
                index.remove(gone, |other| order(&other, &gone));
            }
        }
        model.sort_by(order);
        assert_eq!(index.iter_from(0).collect::<Vec<_>>(), model);
        assert_eq!(index.len(), model.len());
        for rank in [0, 1, 1023, 1024, 2500, model.len() - 1, model.len()] {
            assert_eq!(index.at(rank), model.get(rank).copied());
            assert_eq!(index.iter_from(rank).collect::<Vec<_>>(), model[rank..]);
            let mut head = model[..rank].to_vec();
            head.reverse();
            assert_eq!(index.before_rank(rank).collect::<Vec<_>>(), head);
        }
        for key in [0, 50_000, 99_999] {
            let rank = index.rank(|slot| keys[slot as usize] < key);
            assert_eq!(rank, model.iter().filter(|slot| keys[**slot as usize] < key).count());
        }
        let rebuilt = SortedIndex::from_sorted(&model);
        assert_eq!(rebuilt.iter_from(700).collect::<Vec<_>>(), model[700..]);
    }
}
