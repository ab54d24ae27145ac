//! Those who wait, by connection: within one the first comes first, between them each has its turn.

use std::collections::{HashMap, VecDeque};

/// Waiting tickets of lanes; lanes take turns.
#[derive(Debug, Default)]
pub(super) struct FairQueue<T> {
    lanes: HashMap<u64, VecDeque<(u64, T)>>,
    turns: VecDeque<u64>,
    last_ticket: u64,
}

impl<T> FairQueue<T> {
    /// Puts one at the end of its lane, and gives the ticket to leave it with.
    pub(super) fn join(&mut self, lane: u64, waiter: T) -> u64 {
        self.last_ticket += 1;
        let waiting = self.lanes.entry(lane).or_default();
        if waiting.is_empty() {
            self.turns.push_back(lane);
        }
        waiting.push_back((self.last_ticket, waiter));
        self.last_ticket
    }

    /// Takes out the next one whose turn it is.
    pub(super) fn next(&mut self) -> Option<(u64, T)> {
        let lane = self.turns.pop_front()?;
        let waiting = self.lanes.get_mut(&lane)?;
        let first = waiting.pop_front();
        if waiting.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        first
    }

    /// Takes out one who waits no longer.
    pub(super) fn leave(&mut self, lane: u64, ticket: u64) {
        let Some(waiting) = self.lanes.get_mut(&lane) else { return };
        waiting.retain(|(known, _)| *known != ticket);
        if waiting.is_empty() {
            self.lanes.remove(&lane);
            self.turns.retain(|turn| *turn != lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_take_turns_and_each_keeps_its_order() {
        let mut queue = FairQueue::default();
        for waiter in ["a1", "a2", "a3", "a4"] {
            queue.join(1, waiter);
        }
        let gone = queue.join(2, "b0");
        queue.join(2, "b1");
        queue.join(3, "c1");
        queue.leave(2, gone);
        queue.leave(2, gone);
        let order: Vec<_> = std::iter::from_fn(|| queue.next()).map(|(_, waiter)| waiter).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "a3", "a4"]);
    }

    #[test]
    fn a_lane_whose_last_one_leaves_is_forgotten() {
        let mut queue = FairQueue::default();
        let ticket = queue.join(1, ());
        queue.leave(1, ticket);
        assert!(queue.next().is_none() && queue.lanes.is_empty() && queue.turns.is_empty());
    }
}
