//! Which ticket, comment or attachment a key of the caller's made, as long as a connection lives: for vendors that have no
//! place to keep such a key, or none that their search is sure to see.

use std::collections::{HashMap, VecDeque};

/// Keys remembered.
const CAPACITY: usize = 10_000;

/// What was written under which key, the latest ones.
#[derive(Debug, Default)]
pub struct Written {
    writes: HashMap<String, Write>,
    order: VecDeque<String>,
}

#[derive(Debug)]
enum Write {
    /// This record.
    Done(String),
    /// Nobody knows; these were there before.
    Unclear(Vec<String>),
}

impl Written {
    /// What was written under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        match self.writes.get(key)? {
            Write::Done(id) => Some(id),
            Write::Unclear(_) => None,
        }
    }

    /// What was there before a write under a key whose outcome nobody knows.
    #[must_use]
    pub fn before(&self, key: &str) -> Option<&[String]> {
        match self.writes.get(key)? {
            Write::Done(_) => None,
            Write::Unclear(before) => Some(before),
        }
    }

    /// Notes that a write under a key begins, and what is there before it.
    pub fn begin(&mut self, key: &str, before: Vec<String>) {
        self.put(key.to_owned(), Write::Unclear(before));
    }

    /// Notes that the write under a key did not happen.
    pub fn forget(&mut self, key: &str) {
        self.writes.remove(key);
    }

    /// Notes what was written under a key.
    pub fn note(&mut self, key: String, id: String) {
        self.put(key, Write::Done(id));
    }

    fn put(&mut self, key: String, write: Write) {
        if self.writes.insert(key.clone(), write).is_none() {
            self.order.push_back(key);
            if self.order.len() > CAPACITY
                && let Some(oldest) = self.order.pop_front()
            {
                self.writes.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_keys_are_remembered() {
        let mut written = Written::default();
        for nth in 0..=CAPACITY {
            written.note(nth.to_string(), format!("id-{nth}"));
        }
        assert_eq!(written.get("0"), None);
        assert_eq!(written.get("1"), Some("id-1"));
    }
}
