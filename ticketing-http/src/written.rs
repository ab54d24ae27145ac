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
        if self.writes.remove(key).is_some() {
            self.order.retain(|own| own != key);
        }
    }

    /// Forgets the keys, with what was written under them, that `is_gone` names.
    pub fn forget_where(&mut self, is_gone: impl Fn(&str, &str) -> bool) {
        self.writes.retain(|key, write| !matches!(write, Write::Done(id) if is_gone(key, id)));
        self.order.retain(|key| self.writes.contains_key(key));
    }

    /// Notes what was written under a key.
    pub fn note(&mut self, key: String, id: String) {
        self.put(key, Write::Done(id));
    }

    fn put(&mut self, key: String, write: Write) {
        if self.writes.insert(key.clone(), write).is_none() {
            self.order.push_back(key);
            if self.order.len() > CAPACITY {
                // What nobody knows the outcome of is forgotten last: it is what a second write would repeat.
                let is_done = |key: &String| matches!(self.writes.get(key), Some(Write::Done(_)));
                let oldest = self.order.iter().position(is_done).unwrap_or(0);
                if let Some(oldest) = self.order.remove(oldest) {
                    self.writes.remove(&oldest);
                }
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

    #[test]
    fn what_is_not_known_is_forgotten_last_and_a_forgotten_key_begins_anew() {
        let mut written = Written::default();
        written.begin("lost", Vec::new());
        written.begin("refused", Vec::new());
        written.forget("refused");
        for nth in 0..CAPACITY {
            written.note(nth.to_string(), format!("id-{nth}"));
        }
        assert!(written.before("lost").is_some());
        assert_eq!((written.get("0"), written.get("1")), (None, Some("id-1")));
        written.note("refused".to_owned(), "id".to_owned());
        assert_eq!((written.get("refused"), written.get("1")), (Some("id"), None));
    }
}
